"""A policy written in Python is asked once a period, for all items and paths, and shown what is known then."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from replenishment.kernels.simulation.columns import COUNTS
from replenishment.kernels.simulation.steps import Worlds, look
from replenishment.simulation.policies import Seen
from replenishment.simulation.world import writable

__all__ = ["AskedOrders"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


class AskedOrders:
    """The orders that a function answers; see ``policies.PolicyFunction``.

    Parameters
    ----------
    reviews : (n, periods) whether an order can be placed.
    """

    def __init__(self, order: Callable[[Seen], npt.ArrayLike], reviews: Flags) -> None:
        self._order, self._reviews = order, reviews
        self._last: Mapping[str, Floats] = MappingProxyType({})

    def at_review(self, worlds: Worlds, t: int) -> Floats:
        """Ask.

        Raises
        ------
        ValueError
            Orders that are negative, unknown, or of another shape.
        """
        n, paths = worlds.states.shape
        stock, waiting, on_order, today = _records(worlds)
        seen = Seen(t, stock, waiting, on_order, self._last, today, self._reviews[:, t].copy())
        return _checked(self._order(seen), n, paths, t)

    def after(self, worlds: Worlds, t: int) -> None:
        """Keep what happened, to be shown in the next period."""
        self._last = _records(worlds)[3]


def _records(worlds: Worlds) -> tuple[Floats, Floats, Floats, Mapping[str, Floats]]:
    """Copies of what the records show: stock, what waits, what is on order, and what happened in the period so far."""
    shape = worlds.states.shape
    stock, waiting, on_order = np.empty(shape), np.empty(shape), np.empty(shape)
    columns = np.empty((len(COUNTS), *shape))
    look(worlds, stock, waiting, on_order, columns)
    return stock, waiting, on_order, MappingProxyType({name: columns[c].copy() for c, name in enumerate(COUNTS)})


def _checked(orders: npt.ArrayLike, n: int, paths: int, t: int) -> Floats:
    units = np.asarray(orders, dtype=np.float64)
    if units.shape == (n,) and n != paths:
        units = units[:, None]
    if units.ndim not in (0, 2) or units.shape not in ((), (n, 1), (1, paths), (1, 1), (n, paths)):
        raise ValueError(f"period {t}: orders have shape {units.shape}; expected ({n}, {paths})")
    if not (np.isfinite(units) & (units >= 0)).all():
        raise ValueError(f"period {t}: orders must be known, finite and at least 0")
    return writable(np.broadcast_to(units, (n, paths)))
