"""Planting incidents: in a history in which nothing went wrong, find the days on which something would have hurt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipelines.demo.catalogue import PATTERNS
from pipelines.demo.history import History
from pipelines.demo.incidents import NO_CAUSE, Cause, Incidents
from pipelines.demo.sourcing import stated_lead_time
from pipelines.demo.streams import keyed_stream
from pipelines.demo.world import HAND, NEVER, World

__all__ = ["plant_incidents"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_LAST_YEAR_DAYS = 350  # incidents begin after this many days before the end ...
_SETTLED_DAYS = 80  # ... and before this many, so that their effects are over
_WARM_UP_DAYS = 120
_LEAST_RATE = 1.2  # units per day; what sells less shows no effect
_SUITED = ("smooth", "erratic")
_LONGEST_DAYS = 60
_LATE_DAYS = 4  # a delivery that misses its promise by more is a trouble of its own
# Share of the deliveries in trouble that a cause which lasts for months, or always, may share its days with.
_TROUBLED_SHARE, _ALWAYS_TROUBLED_SHARE = 0.1, 0.3

_Plan = tuple[int, int, float]  # first day, last day (not included), strength


@dataclass(frozen=True, eq=False)
class _Life:
    """One series in the history without incidents.

    Attributes
    ----------
    rate : units per day. stated : lead time that the buyer believes, days.
    demand, mean, received, available : units a day. ordered, arrived : days of its order lines and deliveries;
    sent : units of the deliveries, whose order was placed on ``placed``; troubled : those late or refused in part.
    stream : its own random numbers. earliest, latest : first and last day on which an incident may begin.
    """

    rate: float
    stated: int
    demand: Integers
    mean: Floats
    available: Integers
    ordered: Integers
    placed: Integers
    arrived: Integers
    sent: Integers
    troubled: npt.NDArray[np.bool_]
    stream: np.random.Generator
    earliest: int
    latest: int

    @property
    def need(self) -> float:
        """Units short that make an incident worth planting."""
        return max(4.0, 3.0 * self.rate)

    def starts(self) -> list[int]:
        """Days of orders in the time for incidents, in random order."""
        days = np.unique(self.ordered)
        return [int(day) for day in self.stream.permutation(days[(days >= self.earliest) & (days < self.latest)])]

    def runs_dry(self, day: int) -> int:
        """Day by which, without any order placed from ``day`` on, ``need`` units are short; NEVER."""
        stop = min(day + _LONGEST_DAYS + self.stated, self.demand.size)
        coming = np.zeros(stop - day)
        known = (self.placed < day) & (self.arrived >= day) & (self.arrived < stop)
        np.add.at(coming, self.arrived[known] - day, self.sent[known])
        left = self.available[day - 1] + np.cumsum(coming - self.demand[day:stop])
        short = np.flatnonzero(left < -self.need)
        return day + int(short[0]) if short.size else NEVER

    def calm(self, first: int, last: int) -> bool:
        """Whether no other trouble with deliveries touches these days or their aftermath."""
        return not self.troubled[self.near(first, last)].any()

    def near(self, first: int, last: int) -> npt.NDArray[np.bool_]:
        """Deliveries that come in these days or their aftermath, or shortly before."""
        return np.asarray((self.arrived >= first - 14) & (self.arrived < last + self.stated + 14))


def plant_incidents(world: World, history: History, mean: Floats) -> Incidents:
    """Plant at most one incident in each series.

    Parameters
    ----------
    history : what happens in this world without incidents. mean : its mean demand, (days, series), units per day.
    """
    count = world.series.sku.size
    cause, first, last = np.full(count, NO_CAUSE), np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
    strength = np.zeros(count)
    dealt = _deal_causes(world)
    for k in np.flatnonzero(_suited(world)):
        life = _life(world, history, mean, int(k))
        plan = _PLANS[Cause(dealt[k])](life)
        if plan is not None:
            cause[k] = dealt[k]
            first[k], last[k], strength[k] = plan
    return Incidents(cause, first, last, strength)


def _deal_causes(world: World) -> Integers:
    """Deal the causes to the SKUs of each hand; the locations of a SKU get different ones."""
    skus = world.assortment.sku.size
    place = np.concatenate(
        [keyed_stream(world.seed, "incidents", hand).permutation(HAND) for hand in range(-(-skus // HAND))]
    )[world.series.sku]
    return np.asarray((place + 3 * world.series.location) % len(Cause))


def _suited(world: World) -> npt.NDArray[np.bool_]:
    assortment, sku = world.assortment, world.series.sku
    regular = np.isin(assortment.pattern, [i for i, kind in enumerate(PATTERNS) if kind.name in _SUITED])
    stays = (assortment.launch < 0) & (assortment.end >= world.days)
    return np.asarray((regular & stays)[sku] & (world.series.rate >= _LEAST_RATE))


def _life(world: World, history: History, mean: Floats, k: int) -> _Life:
    mine = history.orders.series == k
    delivered = mine[history.deliveries.line]
    i, j = int(world.series.sku[k]), int(world.series.location[k])
    return _Life(
        rate=float(world.series.rate[k]),
        stated=int(stated_lead_time(world)[k]),
        demand=history.demand[:, k],
        mean=mean[:, k],
        available=history.available[:, k],
        ordered=history.orders.ordered[mine],
        placed=history.orders.ordered[history.deliveries.line[delivered]],
        arrived=history.deliveries.received[delivered],
        sent=history.deliveries.sent[delivered],
        troubled=(_delay(history) > _LATE_DAYS)[delivered] | (history.deliveries.rejected[delivered] > 0),
        stream=keyed_stream(world.seed, "incident", i, j),
        earliest=max(world.days - _LAST_YEAR_DAYS, _WARM_UP_DAYS),
        latest=world.days - _SETTLED_DAYS,
    )


def _delay(history: History) -> Integers:
    """Days by which each delivery has missed its promise, below zero where it came early."""
    return np.asarray(history.deliveries.received - history.orders.promised[history.deliveries.line])


def _late_supplier(life: _Life) -> _Plan | None:
    """Hold back what is ordered from an order day on, until the stock has run dry and some days more."""
    for day in life.starts():
        dry = life.runs_dry(day)
        until = dry + int(life.stream.integers(2, 8))
        if dry < NEVER and day + life.stated + 6 <= until <= day + life.stated + _LONGEST_DAYS:
            return day, until, 0.0
    return None


def _demand_surge(life: _Life) -> _Plan | None:
    """Two or three weeks in which customers want so much more that the shelf can't hold it."""
    length = int(life.stream.integers(12, 22))
    for day in life.stream.integers(life.earliest, life.latest, 30):
        span = slice(int(day), int(day) + length)
        usual = life.mean[span].sum()
        if usual > 0:
            factor = 1.5 + 1.3 * (life.available[span].max() + life.need) / usual
            if 2.5 <= factor <= 7.0 and life.calm(int(day), int(day) + length):
                return int(day), int(day) + length, round(float(factor), 2)
    return None


def _wrong_record(life: _Life) -> _Plan | None:
    """The shelf is emptied, the record isn't; a count some weeks later finds it out."""
    for day in life.stream.integers(life.earliest, life.latest, 60):
        shelf = life.available[day - 1]
        share = float(life.stream.uniform(0.85, 1.0))
        following = life.arrived[life.arrived >= day]
        pause = int(following.min()) - int(day) if following.size else _LONGEST_DAYS
        lost_sales = life.demand[day : day + min(pause, 35)].sum() - (1.0 - share) * shelf
        until = int(day) + min(max(pause, 8), 35) + int(life.stream.integers(0, 8))
        if shelf >= 4 * life.rate and lost_sales >= life.need and life.calm(int(day), until):
            return int(day), until, share
    return None


def _low_safety_stock(life: _Life) -> _Plan | None:
    """For half a year somebody has taken the safety stock away, and a part of the mean with it."""
    day = int(life.stream.integers(life.earliest, life.earliest + 60))
    until = day + int(life.stream.integers(150, 200))
    if np.sum(life.troubled[life.near(day, until)]) > _TROUBLED_SHARE * np.sum(life.near(day, until)):
        return None
    protected = life.rate * (life.stated + 7)
    return day, until, -0.12 * float(np.sqrt(protected)) - 1.0


def _late_order(life: _Life) -> _Plan | None:
    """No order from an order day on until what comes of the next one comes too late."""
    for day in life.starts():
        dry = life.runs_dry(day)
        until = max(dry - life.stated + int(life.stream.integers(3, 10)), day + 15)
        if dry < NEVER and until <= day + _LONGEST_DAYS and life.calm(day, until):
            return day, until, 0.0
    return None


def _at_capacity(life: _Life) -> _Plan | None:
    """The supplier confirms a small share of each order, for longer than the stock lasts."""
    for day in life.starts():
        dry = life.runs_dry(day)
        until = max(dry - life.stated + 21, day + 28)
        if dry < NEVER and until <= day + _LONGEST_DAYS and life.calm(day, until):
            return day, until, round(float(life.stream.uniform(0.06, 0.12)), 2)
    return None


def _quality_rejected(life: _Life) -> _Plan | None:
    """What arrives is refused, from one delivery on until the stock has run dry."""
    for day in life.starts():
        arrivals = life.arrived[life.placed == day]
        dry = life.runs_dry(day)
        if arrivals.size and dry < NEVER:
            first = int(arrivals.min())
            until = max(dry, first) + int(life.stream.integers(1, 4))
            if until <= first + 40 and life.calm(day, until):
                return first, until, round(float(life.stream.uniform(0.8, 1.0)), 2)
    return None


def _low_target(life: _Life) -> _Plan | None:
    """The target itself allows for shortages, all the time."""
    if np.sum(life.troubled) > _ALWAYS_TROUBLED_SHARE * life.troubled.size:
        return None
    protected = life.rate * (life.stated + 7)
    return 0, life.demand.size, -0.10 * float(np.sqrt(protected)) - 0.8


_PLANS: dict[Cause, Callable[[_Life], _Plan | None]] = {
    Cause.LATE_SUPPLIER: _late_supplier,
    Cause.DEMAND_SURGE: _demand_surge,
    Cause.WRONG_RECORD: _wrong_record,
    Cause.LOW_SAFETY_STOCK: _low_safety_stock,
    Cause.LATE_ORDER: _late_order,
    Cause.AT_CAPACITY: _at_capacity,
    Cause.QUALITY_REJECTED: _quality_rejected,
    Cause.LOW_TARGET: _low_target,
}
