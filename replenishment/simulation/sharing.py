"""What items share in a period: the money for their orders, or what their supplier can ship."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from replenishment.kernels.simulation.sharing import Limits, hand_out, mark_scarce

__all__ = ["SharedLimit", "Sharing"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_LEAST_DEMAND: Final = 1e-300


@dataclass(frozen=True, eq=False)
class SharedLimit:
    """How much there is in a period, on each path, for all items of a group together.

    Attributes
    ----------
    most : (groups,) or (groups, periods), at least 0. What isn't used in a period is not saved.
    group : (n,) whole numbers, the row of an item's group; -1 where an item shares nothing.
    weight : (n,) how much of it a unit takes: its cost where money is scarce, 1 where units are.

    Notes
    -----
    Least cover first: where items want more than there is, they are served in the order of their cover (position /
    mean demand), equal ones in that of their SKU and location. Each takes what is left up to what it wants; an order
    that doesn't fit is cut to as many whole lots as do, to none where these are less than its minimum, and the next
    item may take the rest. What is wanted in whole units is granted in whole units. Several limits hold at once.
    """

    most: Floats
    group: Integers
    weight: Floats

    def __post_init__(self) -> None:
        n = len(self.group)
        if np.ndim(self.most) not in (1, 2) or not (self.most >= 0).all():
            raise ValueError("most must be at least 0 and of shape (groups,) or (groups, periods)")
        if n and not ((self.group >= -1) & (self.group < len(self.most))).all():
            raise ValueError(f"group must lie between -1 and {len(self.most) - 1}, the rows of most")
        if np.shape(self.weight) != (n,) or not ((self.weight >= 0) & np.isfinite(self.weight)).all():
            raise ValueError(f"weight must be known, at least 0 and of shape ({n},), got shape {np.shape(self.weight)}")

    @classmethod
    def budget(cls, money: npt.ArrayLike, unit_cost: Floats) -> Self:
        """Money for all orders of an opening, one number or (periods,), at what a unit costs; (n,)."""
        most = np.atleast_1d(np.asarray(money, dtype=np.float64))
        return cls(most if most.size == 1 else most[None], np.zeros(len(unit_cost), dtype=np.int64), unit_cost)

    @classmethod
    def of_suppliers(cls, units: Mapping[Any, npt.ArrayLike], supplier: Sequence[object]) -> Self:
        """Units that each supplier can ship in a period, one number or (periods,); other suppliers' have no limit."""
        place = {name: g for g, name in enumerate(units)}
        rows = np.broadcast_arrays(*(np.atleast_1d(np.asarray(u, dtype=np.float64)) for u in units.values()))
        most = np.stack(rows)
        group = np.array([place.get(name, -1) for name in supplier], dtype=np.int64)
        return cls(most if most.shape[1] > 1 else most[:, 0], group, np.ones(len(group)))


class Sharing:
    """Several limits that hold at once for n items.

    Parameters
    ----------
    mean_demand : (n,) units a period, for days of cover. rank : (n,) the items in the order of their identities.

    Raises
    ------
    ValueError
        A limit for other items or periods, or an unknown mean demand.
    """

    def __init__(
        self, limits: Sequence[SharedLimit], mean_demand: npt.ArrayLike | None, rank: Integers, periods: int
    ) -> None:
        n = len(rank)
        mean = np.asarray(np.nan if mean_demand is None else mean_demand, dtype=np.float64)
        if mean.shape != (n,) or not ((mean >= 0) & np.isfinite(mean)).all():
            raise ValueError(f"items that share something need a known mean_demand, at least 0 and of shape ({n},)")
        for limit in limits:
            if len(limit.group) != n:
                raise ValueError(f"a shared limit for {len(limit.group)} items; there are {n}")
            if limit.most.ndim == 2 and limit.most.shape[1] != periods:
                raise ValueError(f"a shared limit for {limit.most.shape[1]} periods; the simulation has {periods}")
        self._mean, self._rank = np.maximum(mean, _LEAST_DEMAND)[:, None], rank
        self._group = np.array([limit.group for limit in limits], dtype=np.int64)
        self._weight = np.array([limit.weight for limit in limits], dtype=np.float64)
        self._most = np.full((periods, len(limits), max(len(limit.most) for limit in limits)), np.inf)
        for m, limit in enumerate(limits):
            self._most[:, m, : len(limit.most)] = limit.most if limit.most.ndim == 1 else limit.most.T

    def cut(self, wanted: Floats, position: Floats, t: int, lot: Floats, minimum: Floats) -> Floats:
        """Cut what is wanted in a period to what there is.

        Parameters
        ----------
        wanted, position : (n, paths) units. lot, minimum : (n,) what is cut keeps to them.
        """
        limits = Limits(self._group, self._weight, self._most[t])
        scarce, units = np.empty(wanted.shape[1], dtype=np.bool_), wanted.copy()
        mark_scarce(limits, wanted, self._rank, scarce)
        if scarce.any():
            with np.errstate(over="ignore"):
                cover = position[:, scarce] / self._mean
            claims = self._rank[np.argsort(cover[self._rank], axis=0, kind="stable")]
            hand_out(limits, claims, np.flatnonzero(scarce), lot, minimum, units)
        return units
