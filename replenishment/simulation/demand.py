"""Where the demand of a simulation comes from: recorded, drawn by a function, or drawn from a distribution."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from replenishment.kernels.simulation.sampling import DemandTable, draw_demand, fill_table

__all__ = ["DemandSource", "SampledDemand", "recorded_demand"]

Floats = npt.NDArray[np.float64]
Floats32 = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]
Keys = npt.NDArray[np.uint64]
# Demand drawn when it is needed: (rows of the policy, paths, periods) -> float32 (rows, paths, periods). More paths or
# periods must begin with the same numbers.
DemandSource = Callable[[Integers, int, int], Floats32]

_CERTAIN = 1.0 - 1e-9


@dataclass(frozen=True, eq=False)
class SampledDemand:
    """Demand of every period drawn anew from a distribution of each item, independent of the other periods.

    Attributes
    ----------
    table : cumulative probabilities; (n, k).

    Notes
    -----
    The numbers come from the streams of the simulation, keyed by seed, SKU and location.
    """

    table: DemandTable

    @classmethod
    def from_probabilities(cls, probability: npt.ArrayLike, values: npt.ArrayLike | None = None) -> Self:
        """From the probabilities (n, m) of ``values`` (n, m) or (m,), units; default 0, 1, ..., m - 1.

        Raises
        ------
        ValueError
            Probabilities below 0 or that do not add up to 1 within a millionth, values below 0 or not known.
        """
        p = np.atleast_2d(np.asarray(probability, dtype=np.float64))
        units = np.broadcast_to(np.arange(p.shape[1]) if values is None else np.asarray(values), p.shape)
        if not (np.isfinite(p).all() and (p >= 0).all() and np.allclose(p.sum(axis=1), 1.0, atol=1e-6, rtol=0)):
            raise ValueError("probabilities of demand must be at least 0 and add up to 1 for every item")
        if not (np.isfinite(units).all() and (units >= 0).all()):
            raise ValueError("values of demand must be known and at least 0")
        table = DemandTable(np.empty(p.shape, np.uint32), np.empty(p.shape, np.float32))
        fill_table(p / p.sum(axis=1, keepdims=True), np.ascontiguousarray(units, dtype=np.float32), table)
        return cls(table)

    @classmethod
    def from_distribution(cls, demand: Any, certain: float = _CERTAIN) -> Self:
        """From a distribution of whole units with ``pmf`` and ``quantile``; cut where 1 - ``certain`` lies beyond.

        The classes of ``replenishment.demand_distributions`` and ``DiscreteDemand`` have both.
        """
        top = int(np.max(demand.quantile(certain)))
        p = np.stack([np.atleast_1d(demand.pmf(k)) for k in range(top + 1)], axis=-1)
        return cls.from_probabilities(p / p.sum(axis=1, keepdims=True))

    @classmethod
    def from_history(cls, demand: npt.NDArray[np.floating[Any]]) -> Self:
        """Each period one of the recorded ones (n, m), all equally likely."""
        return cls.from_probabilities(np.full(demand.shape, 1.0 / demand.shape[1]), np.sort(demand, axis=1))

    def __len__(self) -> int:
        return len(self.table.upto)

    def draw(self, keys: Keys, rows: Integers, paths: int, periods: int) -> Floats32:
        """Draw (rows, paths, periods) from the streams ``keys`` (rows,)."""
        out = np.empty((len(rows), paths, periods), dtype=np.float32)
        draw_demand(keys, np.asarray(rows, dtype=np.int64), self.table, out)
        return out


def recorded_demand(demand: npt.NDArray[np.floating[Any]], n: int, paths: int, periods: int) -> DemandSource:
    """Replay (n, periods) on every path, or (n, paths, periods).

    Raises
    ------
    ValueError
        Another shape.
    """
    if demand.ndim == 2:
        demand = demand[:, None, :]
    if demand.ndim != 3 or demand.shape[0] != n or demand.shape[2] != periods or demand.shape[1] not in (1, paths):
        raise ValueError(f"demand has shape {demand.shape}; expected ({n}, {periods}) or ({n}, {paths}, {periods})")
    return lambda rows, _paths, _periods: np.asarray(demand[rows], dtype=np.float32)
