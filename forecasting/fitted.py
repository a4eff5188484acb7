"""One model fitted to some series of a panel, piece by piece."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from forecasting.kernels.paths import sums_at
from forecasting.models.protocol import DemandModel, FitContext, FittedModel, Follows, Pools, Readies, SharesLesson
from forecasting.panel import DemandPanel

__all__ = ["FittedSeries", "Mapper", "fit_series", "pool_all", "ready_all", "side_by_side"]

Floats32 = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]
Keys = npt.NDArray[np.uint64]
# A map over independent pieces of work: the built-in one, or a thread pool's.
Mapper = Callable[[Callable[[Any], Any], Iterable[Any]], Iterator[Any]]

SERIES_A_PIECE = 1024
_SUMMED_TOGETHER = 64


@dataclass(frozen=True, eq=False)
class FittedSeries:
    """A model that has seen the history of some series.

    Attributes
    ----------
    model : the model. rows : int64 (n,), ascending; its series in the panel.
    pieces : the fitted models of ``SERIES_A_PIECE`` series each. pooled : what the model learned from the whole panel.
    """

    model: DemandModel
    rows: Integers
    pieces: tuple[FittedModel, ...]
    piece_size: int
    pooled: Any = None

    def paths(self, rows: Integers, keys: Keys, horizon: int, count: int) -> Floats32:
        """Draw paths for some of its series, told by their rows in the panel; float32 (k, count, horizon)."""
        at = np.searchsorted(self.rows, rows)
        piece, place = at // self.piece_size, at % self.piece_size
        numbers = np.unique(piece)
        if len(numbers) == 1:
            return self.pieces[int(numbers[0])].paths(place, keys, horizon, count)
        out = np.empty((len(rows), count, horizon), dtype=np.float32)
        for number in numbers:
            where = np.flatnonzero(piece == number)
            out[where] = self.pieces[int(number)].paths(place[where], keys[where], horizon, count)
        return out

    def sums(self, rows: Integers, keys: Keys, length: Integers, count: int) -> Floats32:
        """Draw the demand of each series over its own ``length`` of periods; float32 (k, count)."""
        out = np.empty((len(rows), count), dtype=np.float32)
        # A path is as long as the longest drawn with it: those of like length together.
        order = np.argsort(length, kind="stable")
        for part in (order[k : k + _SUMMED_TOGETHER] for k in range(0, len(order), _SUMMED_TOGETHER)):
            periods = np.repeat(length[part][:, None], count, axis=1)
            drawn = np.empty((len(part), count), dtype=np.float32)
            sums_at(self.paths(rows[part], keys[part], int(length[part].max()), count), periods, drawn)
            out[part] = drawn
        return out

    def parameters(self) -> list[tuple[Integers, Mapping[str, npt.NDArray[np.generic]]]]:
        """What was fitted, piece by piece, with the rows of each."""
        cuts = range(0, len(self.rows), self.piece_size)
        return [
            (self.rows[cut : cut + self.piece_size], piece.parameters())
            for cut, piece in zip(cuts, self.pieces, strict=True)
        ]

    def follow(self, panel: DemandPanel, context: FitContext, run: Mapper) -> FittedSeries:
        """Take in a longer history of the whole panel; a model that can't follow is fitted again."""

        def further(work: tuple[FittedModel, Integers]) -> FittedModel:
            piece, rows = work
            own = context.of(rows, self.pooled)
            if isinstance(piece, Follows):
                return piece.follow(panel.take(rows), own)
            return self.model.fit(panel.take(rows), own)

        cuts = range(0, len(self.rows), self.piece_size)
        work = [(p, self.rows[c : c + self.piece_size]) for p, c in zip(self.pieces, cuts, strict=True)]
        return FittedSeries(self.model, self.rows, tuple(run(further, work)), self.piece_size, self.pooled)


def fit_series(
    model: DemandModel,
    panel: DemandPanel,
    rows: Integers,
    context: FitContext,
    run: Mapper = map,
    pooled: Any = None,
) -> FittedSeries:
    """Fit a model to some series of a panel.

    Parameters
    ----------
    panel, context : of all series. rows : int64, ascending; those to be fitted.
    run : how the pieces are run: the built-in ``map`` or a thread pool's; the result is the same.
    pooled : what the model's ``pool`` learned before; default: it learns from this panel.
    """
    if pooled is None and isinstance(model, Pools) and len(rows):
        pooled = model.pool(panel, context)

    def fit(part: Integers) -> FittedModel:
        return model.fit(panel.take(part), context.of(part, pooled))

    parts = [rows[k : k + SERIES_A_PIECE] for k in range(0, len(rows), SERIES_A_PIECE)]
    return FittedSeries(model, rows, tuple(run(fit, parts)), SERIES_A_PIECE, pooled)


def side_by_side(run: Mapper, series: int) -> tuple[Mapper, Mapper]:
    """How several models and how the pieces of each are run: models side by side where one piece holds all series."""
    return (run, map) if series <= SERIES_A_PIECE else (map, run)


def ready_all(models: Sequence[DemandModel]) -> None:
    """Let models load what they need before several threads learn at once."""
    for model in models:
        if isinstance(model, Readies):
            model.ready()


def pool_all(models: Sequence[DemandModel], panel: DemandPanel, context: FitContext) -> list[Any]:
    """Let several models learn from the whole panel, those with the same lesson once; None for one without ``pool``."""
    taught: dict[Hashable, Any] = {}
    pooled: list[Any] = []
    for model in models:
        if isinstance(model, SharesLesson):
            if model.lesson not in taught:
                taught[model.lesson] = model.learn(panel, context)
            pooled.append(model.pool_with(taught[model.lesson], panel, context))
        else:
            pooled.append(model.pool(panel, context) if isinstance(model, Pools) else None)
    return pooled
