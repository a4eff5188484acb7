"""The truth behind a demo shop: its SKUs, how each sells at each location, and when it comes and goes."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipelines.demo.catalogue import CATEGORIES, LIVES, LOCATIONS, PATTERNS, Location
from pipelines.demo.streams import keyed_stream
from pipelines.demo.suppliers import SUPPLIERS

__all__ = ["AS_OF", "DAYS_PER_YEAR", "HAND", "NEVER", "SUCCESSOR", "Assortment", "Series", "World", "draw_world"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

AS_OF = dt.date(2026, 6, 29)  # a Monday: the weekly review of that day has not yet been held
DAYS_PER_YEAR = 365
NEVER = 1_000_000  # a day that no history reaches
SUCCESSOR = len(LIVES)  # the life of a SKU that begins when its predecessor's ends

# SKUs are dealt out in hands of this size, each with the same mix: a shop of 20 has one of everything.
HAND = 20

_PACKS = np.array([1, 2, 5, 6, 10, 12, 20, 24, 50])


@dataclass(frozen=True, eq=False)
class Assortment:
    """The SKUs: arrays of length n, days counted from the start of the history.

    Attributes
    ----------
    sku : identifiers, text with leading zeros.
    category, supplier, pattern, life : positions in the tuples of the catalogue; ``life`` may be SUCCESSOR.
    rate : mean demand in units per day at an average location, before seasons and growth.
    dispersion : size parameter r of the negative binomial.
    growth : per year, of the logarithm of demand.
    launch, end : first day on sale and first day no longer on sale; below zero and NEVER where there is none.
    predecessor : position of the SKU that this one replaces, or -1; root : first of its chain, itself without one.
    unit_cost, unit_price, shortage_cost : money per unit; order_cost : money per order line.
    moq, pack_size : units.
    extra_lead_days : what this SKU needs beyond its supplier's lead time, in days.
    target : backorder rate that the shop wants for this SKU; NaN where the general one holds.
    """

    sku: npt.NDArray[np.object_]
    category: Integers
    supplier: Integers
    pattern: Integers
    life: Integers
    rate: Floats
    dispersion: Floats
    growth: Floats
    launch: Integers
    end: Integers
    predecessor: Integers
    root: Integers
    unit_cost: Floats
    unit_price: Floats
    shortage_cost: Floats
    order_cost: Floats
    moq: Integers
    pack_size: Integers
    extra_lead_days: Integers
    target: Floats


@dataclass(frozen=True, eq=False)
class Series:
    """The SKU-locations: arrays of length k, ordered by SKU and then by location.

    Attributes
    ----------
    sku, location : positions in the assortment and in ``World.locations``.
    rate : mean demand in units per day before seasons and growth.
    guess : what the buyer believed the rate to be before the first sale, in units per day.
    caution : how many standard deviations of a Poisson demand the buyer keeps as safety stock.
    """

    sku: Integers
    location: Integers
    rate: Floats
    guess: Floats
    caution: Floats


@dataclass(frozen=True, eq=False)
class World:
    """All that is decided before the first day: the assortment, the series and the calendar.

    Attributes
    ----------
    seed : all streams begin with it.
    days : length of the history; it ends with the day before ``AS_OF``.
    locations : the locations of this shop, in the order of the catalogue.
    """

    seed: int
    days: int
    locations: tuple[Location, ...]
    assortment: Assortment
    series: Series

    @property
    def start(self) -> dt.date:
        """The first day of the history."""
        return AS_OF - dt.timedelta(days=self.days)

    def dates(self, days: npt.ArrayLike) -> npt.NDArray[np.datetime64]:
        """Turn day numbers into dates with the unit of a day."""
        return np.datetime64(self.start, "D") + np.asarray(days).astype("timedelta64[D]")

    def weekdays(self, days: npt.ArrayLike) -> Integers:
        """Turn day numbers into weekdays, Monday = 0."""
        return (np.asarray(days) + self.start.weekday()) % 7


def draw_world(skus: int, locations: int, years: int, seed: int) -> World:
    """Draw the truth.

    Parameters
    ----------
    skus : number of SKUs, >= 1.
    locations : number of locations, 1 to 4.
    years : length of the history in years of 365 days, >= 1.
    seed : >= 0; the same seed gives the same world, and a larger world contains the smaller one.

    Raises
    ------
    ValueError
        If an argument is out of its range.
    """
    for name, value, low, high in (
        ("skus", skus, 1, math.inf),
        ("locations", locations, 1, len(LOCATIONS)),
        ("years", years, 1, math.inf),
        ("seed", seed, 0, math.inf),
    ):
        if not low <= value <= high:
            raise ValueError(f"demo shop: {name}={value}, but it must be at least {low} and at most {high}")
    days = years * DAYS_PER_YEAR
    places = LOCATIONS[:locations]
    assortment = _draw_assortment(skus, days, seed)
    return World(seed, days, places, assortment, _draw_series(assortment, places, seed))


def _draw_assortment(skus: int, days: int, seed: int) -> Assortment:
    position = np.arange(skus)
    category_mix, supplier_mix, pattern_mix, life_mix = _deal(skus, seed).T
    life = _pick(life_mix, [kind.share for kind in LIVES])
    origin = _chains(life)
    replaces = origin < position

    uniform = np.empty((skus, 10))
    normal = np.empty((skus, 4))
    gamma = np.empty(skus)
    pattern = _pick(pattern_mix, [kind.share for kind in PATTERNS])
    for i in range(skus):
        stream = keyed_stream(seed, "item", i)
        uniform[i], normal[i] = stream.random(10), stream.standard_normal(4)
        gamma[i] = stream.standard_gamma(PATTERNS[pattern[i]].rate_shape)

    # The successor serves the same customers from the same supplier; only its life and its price are its own.
    uniform[:, :8], normal[:, :3] = uniform[origin, :8], normal[origin, :3]
    gamma, pattern = gamma[origin], pattern[origin]
    category = (category_mix[origin] * len(CATEGORIES)).astype(np.int64)
    supplier = (supplier_mix[origin] * len(SUPPLIERS)).astype(np.int64)
    floor, mean, shape = (
        np.array([getattr(kind, name) for kind in PATTERNS])[pattern]
        for name in ("rate_floor", "rate_mean", "rate_shape")
    )
    rate = floor + gamma * (mean - floor) / shape
    low, high = np.array([kind.dispersion for kind in PATTERNS])[pattern].T
    launch, end = _draw_lives(life, origin, uniform[:, 8:], days)

    unit_cost = np.array([kind.unit_cost for kind in CATEGORIES])[category] * np.exp(0.8 * normal[:, 0])
    # What sells slowly is expensive more often than not.
    unit_cost = np.round(np.maximum(unit_cost * (1.0 + 1.5 * np.exp(-rate)), 0.05), 2)
    unit_price = np.floor(unit_cost * (1.3 + 0.8 * uniform[:, 0]) * np.exp(0.03 * normal[:, 3])) + 0.99
    pack_size = _PACKS[np.searchsorted(_PACKS, np.minimum(rate * (0.5 + 3.0 * uniform[:, 1]), _PACKS[-1]))]
    return Assortment(
        sku=np.array([f"{i + 1:05d}" for i in range(skus)], dtype=object),
        category=category,
        supplier=supplier,
        pattern=pattern,
        life=np.where(replaces, SUCCESSOR, life),
        rate=rate,
        dispersion=low * (high / low) ** uniform[:, 2],
        growth=0.02 + 0.10 * normal[:, 1],
        launch=launch,
        end=end,
        predecessor=np.where(replaces, position - 1, -1),
        root=origin,
        unit_cost=unit_cost,
        unit_price=unit_price,
        shortage_cost=np.round((unit_price - unit_cost) * (0.5 + uniform[:, 3]), 2),
        order_cost=np.round(np.array([kind.order_cost for kind in SUPPLIERS])[supplier], 2),
        moq=pack_size * (1 + (uniform[:, 4] < 0.4) + 2 * (uniform[:, 4] < 0.15)),
        pack_size=pack_size,
        extra_lead_days=np.where(uniform[:, 5] < 0.06, 7, 0),
        target=np.where(uniform[:, 6] < 0.05, 0.005, np.nan),
    )


def _deal(skus: int, seed: int) -> Floats:
    """Uniform numbers (skus, 4) that fall once into each of ``HAND`` equal intervals in each hand and column."""
    hands = []
    for hand in range(-(-skus // HAND)):
        stream = keyed_stream(seed, "mix", hand)
        interval = stream.permuted(np.tile(np.arange(HAND), (4, 1)), axis=1).T
        hands.append((interval + stream.random((HAND, 4))) / HAND)
    return np.concatenate(hands)[:skus]


def _chains(life: Integers) -> Integers:
    """First SKU of the chain that each SKU belongs to: as many rows follow a superseded one as it has handovers."""
    root = np.arange(life.size)
    for i in range(1, life.size):
        before = root[i - 1]
        if i - before <= len(LIVES[life[before]].handovers):
            root[i] = before
    return root


def _draw_lives(life: Integers, root: Integers, uniform: Floats, days: int) -> tuple[Integers, Integers]:
    """First day on sale and first day no longer on sale of each SKU; a successor starts when the row before ends."""
    launch = np.full(life.size, -1)
    end = np.full(life.size, NEVER)
    for i, start in enumerate(root):
        kind, place = LIVES[life[start]], i - start
        launched = kind.launched if place == 0 else None
        ended = kind.handovers[place] if place < len(kind.handovers) else kind.ended
        for bound, limits, draw in ((launch, launched, uniform[i, 0]), (end, ended, uniform[i, 1])):
            if limits is not None:
                bound[i] = int(days * (limits[0] + (limits[1] - limits[0]) * draw))
        if place > 0:
            launch[i] = end[i - 1]
    return launch, end


def _draw_series(assortment: Assortment, places: tuple[Location, ...], seed: int) -> Series:
    sku = np.repeat(np.arange(assortment.sku.size), len(places))
    location = np.tile(np.arange(len(places)), assortment.sku.size)
    # A successor takes over the customers of its predecessor, hence its draws.
    origin = assortment.root[sku]
    normal = np.array(
        [keyed_stream(seed, "series", i, j).standard_normal(3) for i, j in zip(origin, location, strict=True)]
    )
    size = np.array([place.size for place in places])[location]
    rate = assortment.rate[sku] * size * np.exp(0.25 * normal[:, 0])
    return Series(
        sku=sku,
        location=location,
        rate=rate,
        guess=rate * np.exp(0.35 * normal[:, 1]),
        caution=np.maximum(2.1 + 0.8 * normal[:, 2], 0.2),
    )


def _pick(uniform: Floats, shares: list[float]) -> Integers:
    """Positions of the kinds whose cumulative share covers each uniform number; the shares sum to one."""
    return np.minimum(np.searchsorted(np.cumsum(shares), uniform, side="right"), len(shares) - 1)
