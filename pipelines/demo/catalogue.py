"""What every demo shop has in common: its categories, locations, demand patterns, lives and yearly campaigns."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "CAMPAIGNS",
    "CATEGORIES",
    "LIVES",
    "LOCATIONS",
    "PATTERNS",
    "Campaign",
    "Category",
    "DemandPattern",
    "Life",
    "Location",
]


@dataclass(frozen=True, slots=True)
class Category:
    """Items that share their seasons.

    Attributes
    ----------
    weekday : relative demand, Monday to Sunday; scaled to a mean of one together with the location's.
    season_strength : half the log-ratio of the year's peak to its trough.
    season_peak : day of the year of the peak, 1 to 365.
    unit_cost : median cost of an item in money per unit.
    holding_rate : per year; None where the shop's general rate holds.
    shelf_life_days : None for what keeps. max_cover_days : cover that the shelf space allows; None without a limit.
    """

    name: str
    weekday: tuple[float, ...]
    season_strength: float
    season_peak: int
    unit_cost: float
    holding_rate: float | None
    shelf_life_days: int | None = None
    max_cover_days: int | None = None


@dataclass(frozen=True, slots=True)
class Location:
    """A place with its own stock and customers.

    Attributes
    ----------
    code : the letter that order numbers begin with.
    weekday : relative demand, Monday to Sunday.
    size : demand relative to the average location.
    backorder_share : share of the unmet units whose customers wait; the others are lost.
    customers : customers at a time of each circle of twenty SKUs; key_customers : the first of them, priority 1.
    stays_days : mean time for which somebody remains a customer.
    channels : the ways in which they order, the most usual ones several times.
    returned_share : share of the shipped units that come back, sellable.
    ships_on_sunday : otherwise an order of a Sunday is allocated on that day and leaves on Monday.
    """

    name: str
    code: str
    weekday: tuple[float, ...]
    size: float
    backorder_share: float
    customers: int
    key_customers: int
    stays_days: float
    channels: tuple[str, ...]
    returned_share: float
    ships_on_sunday: bool


@dataclass(frozen=True, slots=True)
class DemandPattern:
    """A kind of demand: negative binomial counts whose rate differs from SKU to SKU.

    Attributes
    ----------
    share : share of the SKUs.
    rate_floor, rate_mean, rate_shape : units per day at an average location: the floor plus a gamma variable of
        that shape; ``rate_mean`` is the mean of the sum.
    dispersion : lowest and highest size parameter r of the negative binomial (variance = mean + mean**2 / r).
    """

    name: str
    share: float
    rate_floor: float
    rate_mean: float
    rate_shape: float
    dispersion: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Life:
    """When SKUs of this kind come and go.

    Attributes
    ----------
    share : share of the SKUs.
    launched, ended : range of the day as a share of the history; None for before it and never. A share above
        one lies after the history: announced, not yet due.
    handovers : ranges of the days on which the SKU that follows in the list takes over from this one, then the one
        after it from that: a chain of as many successors.
    """

    name: str
    share: float
    launched: tuple[float, float] | None = None
    ended: tuple[float, float] | None = None
    handovers: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Campaign:
    """What happens every year on the same days.

    Attributes
    ----------
    month, day, length : first day, and number of days.
    uplift : factor on the mean demand; zero on a closing day.
    discount : share taken off the price.
    category, location : None for all.
    """

    name: str
    month: int
    day: int
    length: int
    uplift: float
    discount: float = 0.0
    category: str | None = None
    location: str | None = None


CATEGORIES = (
    Category("fasteners", (1.3, 1.2, 1.2, 1.1, 1.1, 0.7, 0.4), 0.05, 150, 1.8, None),
    Category("garden", (0.8, 0.8, 0.8, 0.9, 1.2, 1.6, 0.9), 0.65, 140, 9.0, 0.30),
    Category("heating", (1.1, 1.1, 1.1, 1.1, 1.1, 0.9, 0.6), 0.60, 345, 32.0, 0.30),
    Category("lighting", (0.9, 0.9, 0.9, 1.0, 1.2, 1.3, 0.8), 0.30, 335, 7.0, None),
    Category("paint", (0.9, 0.9, 1.0, 1.0, 1.3, 1.4, 0.5), 0.30, 170, 6.0, None, 180, 90),
    Category("tools", (1.0, 1.0, 1.0, 1.0, 1.2, 1.3, 0.5), 0.15, 340, 18.0, None),
)

_TRADE = ("phone", "phone", "counter", "counter", "counter", "web", "web", "web")
_STORE = ("store", "store", "store", "store", "store", "web", "web")

LOCATIONS = (
    Location("north", "N", (1.2, 1.2, 1.2, 1.2, 1.1, 0.6, 0.5), 1.25, 0.75, 40, 6, 900.0, _TRADE, 0.01, False),
    Location("south", "S", (0.8, 0.8, 0.9, 0.9, 1.1, 1.5, 1.0), 0.75, 0.20, 240, 10, 200.0, _STORE, 0.03, True),
    Location("east", "E", (0.9, 0.9, 0.9, 1.0, 1.1, 1.3, 0.9), 0.60, 0.20, 200, 8, 200.0, _STORE, 0.03, True),
    Location("west", "W", (1.1, 1.1, 1.1, 1.1, 1.1, 0.9, 0.6), 0.90, 0.50, 60, 8, 500.0, _TRADE, 0.02, False),
)

PATTERNS = (
    DemandPattern("smooth", 0.32, 4.5, 9.0, 1.2, (10.0, 40.0)),
    DemandPattern("erratic", 0.20, 3.0, 9.0, 1.2, (0.9, 1.5)),
    DemandPattern("intermittent", 0.28, 0.02, 0.25, 1.5, (2.0, 6.0)),
    DemandPattern("lumpy", 0.20, 0.1, 0.8, 1.2, (0.06, 0.20)),
)

LIVES = (
    Life("established", 0.64),
    Life("launched", 0.09, launched=(0.15, 0.80)),
    Life("launched recently", 0.07, launched=(0.90, 0.985)),
    Life("launch announced", 0.03, launched=(1.004, 1.03)),
    Life("discontinued", 0.06, ended=(0.40, 0.95)),
    Life("superseded", 0.05, handovers=((0.45, 0.93),)),
    Life("superseded twice", 0.03, handovers=((0.35, 0.55), (0.70, 0.93))),
    Life("end announced", 0.03, ended=(1.02, 1.08)),
)

CAMPAIGNS = (
    Campaign("closed", 1, 1, 1, 0.0),
    Campaign("spring sale", 4, 10, 10, 1.5, 0.10, category="garden"),
    Campaign("trade days", 9, 14, 5, 1.3, 0.05, location="north"),
    Campaign("heating week", 10, 5, 7, 1.4, 0.10, category="heating"),
    Campaign("black week", 11, 23, 7, 1.6, 0.15),
    Campaign("closed", 12, 25, 2, 0.0),
)
