"""Incidents: what goes wrong on purpose, one cause a series, so that a planner's attribution can be measured."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from pipelines.demo.streams import keyed_stream
from pipelines.demo.world import World

__all__ = ["NO_CAUSE", "Cause", "Incidents", "no_incidents", "surged_demand"]

Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

NO_CAUSE = -1


class Cause(IntEnum):
    """Causes of a shortage, and what ``Incidents.strength`` means for each."""

    LATE_SUPPLIER = 0  # nothing ordered within the days arrives before the last of them; no strength
    DEMAND_SURGE = 1  # factor on the mean demand
    WRONG_RECORD = 2  # share of the shelf that is gone on the first day; a count on the last day finds it out
    LOW_SAFETY_STOCK = 3  # the buyer's caution, in standard deviations
    LATE_ORDER = 4  # the buyer forgets to order; no strength
    AT_CAPACITY = 5  # share of the order that the supplier confirms
    QUALITY_REJECTED = 6  # share of each delivery within the days that is refused
    LOW_TARGET = 7  # the buyer's caution, in standard deviations, that the low target of the item asks for


@dataclass(frozen=True, eq=False)
class Incidents:
    """At most one incident a series; arrays (series,).

    Attributes
    ----------
    cause : a Cause, or NO_CAUSE.
    first, last : days between which the cause works, ``last`` not included; zero without a cause.
    strength : see ``Cause``.
    """

    cause: Integers
    first: Integers
    last: Integers
    strength: Floats
    _where: dict[Cause, Flags] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_where", {cause: self.cause == cause for cause in Cause})

    def of(self, cause: Cause) -> Integers:
        """Series with this cause."""
        return np.flatnonzero(self._where[cause])

    def at_work(self, cause: Cause, day: npt.ArrayLike, which: Integers) -> Flags:
        """Whether the cause works on this day (or on each of these days) in each of these series."""
        moment = np.asarray(day)
        return np.asarray(self._where[cause][which] & (self.first[which] <= moment) & (moment < self.last[which]))

    def caution(self, day: int, which: Integers, usual: Floats) -> Floats:
        """The buyer's caution on this day, where ``usual`` is what it was meant to be."""
        low = self.at_work(Cause.LOW_SAFETY_STOCK, day, which) | self.at_work(Cause.LOW_TARGET, day, which)
        return np.where(low, self.strength[which], usual)


def no_incidents(count: int) -> Incidents:
    """Return the incidents of a shop in which nothing goes wrong on purpose."""
    zero = np.zeros(count, dtype=np.int64)
    return Incidents(zero + NO_CAUSE, zero, zero, np.zeros(count))


def surged_demand(world: World, incidents: Incidents, mean: Floats, demand: Integers) -> Integers:
    """Add what the surges add: negative binomial counts around the additional mean, (days, series), units."""
    surged = demand.copy()
    for k in incidents.of(Cause.DEMAND_SURGE):
        i, j = int(world.series.sku[k]), int(world.series.location[k])
        stream = keyed_stream(world.seed, "surge", i, j)
        span = slice(int(incidents.first[k]), int(incidents.last[k]))
        dispersion = world.assortment.dispersion[i]
        more = mean[span, k] * (incidents.strength[k] - 1.0)
        surged[span, k] += stream.poisson(more * stream.standard_gamma(dispersion, more.size) / dispersion)
    return surged
