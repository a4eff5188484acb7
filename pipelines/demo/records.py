"""What the stock record does not know: units that vanish or turn up, until somebody counts."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pipelines.demo.demand import on_sale
from pipelines.demo.incidents import Cause, Incidents
from pipelines.demo.streams import keyed_stream
from pipelines.demo.world import DAYS_PER_YEAR, World

__all__ = ["count_days", "unrecorded_moves"]

Flags = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]

_MOVES_PER_YEAR = 3.0
_VANISHING_SHARE = 0.7
_COUNT_EVERY_DAYS = 91
_COUNT_WEEKDAYS = (1, 2, 3)


def unrecorded_moves(world: World) -> Integers:
    """Units that leave the shelf without a record on each day, below zero where some turn up, (days, series)."""
    moves = np.zeros((world.days, world.series.sku.size), dtype=np.int64)
    for k, (i, j) in enumerate(zip(world.series.sku, world.series.location, strict=True)):
        stream = keyed_stream(world.seed, "unrecorded moves", i, j)
        count = stream.poisson(_MOVES_PER_YEAR * world.days / DAYS_PER_YEAR)
        day, size, sign = stream.random((3, count))
        units = np.ceil(world.series.rate[k] * (0.05 + 0.6 * size)).astype(np.int64)
        np.add.at(moves[:, k], (day * world.days).astype(np.int64), np.where(sign < _VANISHING_SHARE, units, -units))
    return moves * on_sale(world)


def count_days(world: World, incidents: Incidents) -> Flags:
    """Evenings on which each series is counted, (days, series): once a quarter, and at the end of a wrong record."""
    counts = np.zeros((world.days, world.series.sku.size), dtype=bool)
    for k, (i, j) in enumerate(zip(world.series.sku, world.series.location, strict=True)):
        # Thirteen weeks from count to count, on a Tuesday, Wednesday or Thursday.
        first = (i * 37 + j * 11) % _COUNT_EVERY_DAYS
        first += (_COUNT_WEEKDAYS[(i + j) % len(_COUNT_WEEKDAYS)] - world.weekdays(first)) % 7
        counts[first::_COUNT_EVERY_DAYS, k] = True
    for k in incidents.of(Cause.WRONG_RECORD):
        counts[incidents.first[k] : incidents.last[k], k] = False
        counts[incidents.last[k] - 1, k] = True
    return counts
