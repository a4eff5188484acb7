"""From what was counted piece by piece to a result: figures of items, of groups, of all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from replenishment.kernels.simulation.columns import COLUMNS, COUNTS
from replenishment.kernels.simulation.summary import accumulate, weigh
from replenishment.simulation.measures import WEIGHTED, Costs, figures, path_figures, weights_of
from replenishment.simulation.results import SimulationResult, Sums
from replenishment.simulation.setting import Piece

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Collector"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

# A difference of units above this share of all that was moved is an error of the engine and not of rounding.
_ROUNDING = 1e-9
_SOURCES = np.array([COUNTS.index(source) for _, source, _ in WEIGHTED], dtype=np.int64)


class _GroupSums:
    """Sums over the items of each group; counts (groups, columns, paths), waits (groups, path groups, bins)."""

    def __init__(self, labels: Sequence[object], columns: int, paths: int, wait_shape: tuple[int, int]) -> None:
        names: dict[object, int] = {}
        self.group = np.array([names.setdefault(label, len(names)) for label in labels], dtype=np.int64)
        self.names = list(names)
        self.counts = np.zeros((len(names), columns, paths))
        self.waits = np.zeros((len(names), *wait_shape))

    def add(self, rows: Integers, counts: Floats, waits: Floats) -> None:
        accumulate(counts, waits, self.group[rows], self.counts, self.waits)

    def of(self, group: int) -> Sums:
        """The sums of a group; nothing where it has no items."""
        if group < len(self.counts):
            return Sums(self.counts[group], self.waits[group])
        return Sums(np.zeros(self.counts.shape[1:]), np.zeros(self.waits.shape[1:]))

    @property
    def items(self) -> Floats:
        return np.bincount(self.group, minlength=len(self.names)).astype(np.float64)


class Collector:
    """Takes pieces in their order and makes a result of them.

    Parameters
    ----------
    keys : sku and location of the n items. wait_shape : of an item.
        groups : attribute -> (n,) labels. counted_periods : after the warm-up.
    """

    def __init__(
        self,
        keys: pd.DataFrame,
        *,
        paths: int,
        wait_shape: tuple[int, int],
        counted_periods: int,
        period_days: float,
        costs: Costs | None,
        groups: Mapping[str, Sequence[object]],
    ) -> None:
        n = len(keys)
        for name, labels in groups.items():
            if len(labels) != n:
                raise ValueError(f"groups: {name} has {len(labels)} labels for {n} items")
        self._keys, self._costs, self._paths = keys, costs, paths
        self._counted_periods, self._period_days = counted_periods, period_days
        self._weights = weights_of(costs, n)
        shape = len(COLUMNS) + (0 if costs is None else len(WEIGHTED)), paths, wait_shape
        self._all = _GroupSums([0] * n, *shape)
        self._groups = {name: _GroupSums(list(labels), *shape) for name, labels in groups.items()}
        self._parts: list[tuple[Integers, dict[str, Floats]]] = []

    def tell(self, rows: Integers, piece: Piece) -> dict[str, Floats]:
        """The figures of the items of a piece; may run in any thread.

        Raises
        ------
        RuntimeError
            Units came from nowhere or went nowhere.
        """
        moved = 1.0 + piece.counts[:, : len(COUNTS)].max(axis=(1, 2), initial=0.0)
        wrong = piece.imbalance > _ROUNDING * moved
        if wrong.any():
            sku, location = self._keys.iloc[int(rows[int(np.argmax(wrong))])]
            raise RuntimeError(f"units of sku {sku!r} at {location!r} are not conserved: an error of the simulator")
        if self._costs is not None:
            weigh(piece.counts, _SOURCES, self._weights[rows], len(COLUMNS))
        return self._figures(piece.counts, piece.waits, np.ones(len(rows)))

    def add(self, rows: Integers, piece: Piece, told: dict[str, Floats]) -> None:
        """Add a piece to the sums; pieces must come in the same order whatever their size."""
        for sums in (self._all, *self._groups.values()):
            sums.add(rows, piece.counts, piece.waits)
        self._parts.append((rows, told))

    def result(self, notes: Iterable[str], trace: Callable[[int], Floats]) -> SimulationResult:
        """Return the figures of all items, in the caller's order."""
        import pandas as pd

        total = self._of(self._all)
        columns = {name: np.empty(len(self._keys)) for name in total}
        for rows, told in self._parts:
            for name, values in told.items():
                columns[name][rows] = values
        groups = {
            name: pd.DataFrame({name: sums.names, **self._of(sums)}).sort_values(name, ignore_index=True)
            for name, sums in self._groups.items()
        }
        kpis = pd.concat([self._keys, pd.DataFrame(columns)], axis=1)
        first = {name: float(value[0]) if len(value) else float("nan") for name, value in total.items()}
        sums = self._all.of(0)
        by_path = path_figures(
            sums.counts,
            items=len(self._keys),
            counted_periods=self._counted_periods,
            period_days=self._period_days,
            costs=self._costs,
        )
        return SimulationResult(kpis, first, tuple(notes), self._paths, by_path, sums, trace, groups)

    def _of(self, sums: _GroupSums) -> dict[str, Floats]:
        return self._figures(sums.counts, sums.waits, sums.items)

    def _figures(self, counts: Floats, waits: Floats, items: Floats) -> dict[str, Floats]:
        return figures(
            counts,
            waits,
            items=items,
            counted_periods=self._counted_periods,
            period_days=self._period_days,
            costs=self._costs,
        )
