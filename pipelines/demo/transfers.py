"""Transfers: once a week the first location helps out where the others have nothing left."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipelines.demo.incidents import Cause, Incidents
from pipelines.demo.world import World

__all__ = ["TRANSFER_COST", "TRANSFER_DAYS", "TRANSFER_WEEKDAY", "TransferDesk", "Transfers"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

TRANSFER_DAYS = 2
TRANSFER_COST = 8.0  # money a transfer
TRANSFER_WEEKDAY = 3  # Thursdays: nothing is on the road on a Monday morning

_ENOUGH_DAYS = 45  # the sender keeps this cover
_HELP_DAYS = 14  # and gives no more than this cover to one location
_QUIET_DAYS = 30  # around an incident there is no help, so that its effect is its own


@dataclass(frozen=True, eq=False)
class Transfers:
    """Transfers, arrays of equal length: day sent, sending and receiving series, units."""

    sent: Integers
    source: Integers
    target: Integers
    quantity: Integers


class TransferDesk:
    """Decides what the first location gives to the others.

    Attributes
    ----------
    arriving : (days + TRANSFER_DAYS, series), units.
    """

    def __init__(self, world: World, incidents: Incidents) -> None:
        places = len(world.locations)
        self.arriving = np.zeros((world.days + TRANSFER_DAYS, world.series.sku.size), dtype=np.int64)
        self.source = np.arange(0, world.series.sku.size, places)
        self.places = places
        struck = (incidents.cause >= 0) & (incidents.cause != Cause.LOW_TARGET)
        first = np.where(struck, incidents.first - _QUIET_DAYS, world.days).reshape(-1, places)
        last = np.where(struck, incidents.last + 2 * _QUIET_DAYS, 0).reshape(-1, places)
        self.quiet_first, self.quiet_last = first.min(axis=1), last.max(axis=1)
        self._made: list[tuple[Integers, Integers, Integers, Integers]] = []

    def send(self, day: int, shelf: Integers, backlog: Integers, rate: Floats) -> Integers:
        """Decide the transfers of this day.

        Parameters
        ----------
        shelf, backlog : units. rate : accepted demand of the last weeks, units per day. All (series,).

        Returns
        -------
        units that leave each series, (series,); they arrive TRANSFER_DAYS later.
        """
        leaving = np.zeros_like(shelf)
        quiet = (self.quiet_first <= day) & (day < self.quiet_last)
        spare = np.where(quiet, 0, shelf[self.source] - np.ceil(_ENOUGH_DAYS * rate[self.source]).astype(np.int64))
        for place in range(1, self.places):
            target = self.source + place
            need = np.ceil(_HELP_DAYS * rate[target]).astype(np.int64) + backlog[target]
            units = np.where(shelf[target] == 0, np.minimum(need, spare), 0)
            helped = np.flatnonzero(units > 0)
            if helped.size:
                source, target, units = self.source[helped], target[helped], units[helped]
                self.arriving[day + TRANSFER_DAYS, target] += units
                leaving[source] += units
                spare[helped] -= units
                self._made.append((np.full(helped.size, day), source, target, units))
        return leaving

    def transfers(self) -> Transfers:
        """Collect all transfers so far."""
        empty = (np.zeros(0, dtype=np.int64),) * 4
        return Transfers(*(np.concatenate(column) for column in zip(empty, *self._made, strict=True)))
