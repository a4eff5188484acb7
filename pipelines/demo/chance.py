"""All that is left to chance in a history, drawn before its first day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipelines.demo.deliveries import Supply, draw_supply
from pipelines.demo.records import unrecorded_moves
from pipelines.demo.streams import keyed_stream
from pipelines.demo.world import World

__all__ = ["Chance", "draw_chance"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Chance:
    """All that is drawn before the first day, so that two histories differ only where something was changed.

    Attributes
    ----------
    accept, cancel, bring_back : uniform numbers (days, series) that turn shares of units into whole units without
        bias: floor(share + u).
    moves : units that leave the shelf unrecorded, (days, series).
    supply : what the suppliers do.
    """

    accept: Floats
    cancel: Floats
    bring_back: Floats
    moves: Integers
    supply: Supply


def draw_chance(world: World) -> Chance:
    """Draw what the history of a world needs."""
    series = world.series
    drawn = np.empty((series.sku.size, 3, world.days))
    for k, (i, j) in enumerate(zip(series.sku, series.location, strict=True)):
        keyed_stream(world.seed, "customers' patience", i, j).random(out=drawn[k])
    accept, cancel, bring_back = np.ascontiguousarray(drawn.transpose(1, 2, 0))
    return Chance(accept, cancel, bring_back, unrecorded_moves(world), draw_supply(world))
