"""Sums of series by any attribute: which aggregates there are and which series they hold.

Rows of a hierarchy are its a aggregates, in the order of their labels, and then its n bottom series, in the order
given. Its summing matrix S (a + n, n) is sparse; y = S b holds for every coherent table (Hyndman and Athanasopoulos
2021, Forecasting: Principles and Practice, 3rd ed., ch. 11).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import sparse

from forecasting.panel import CellStatus, DemandPanel

__all__ = ["Hierarchy", "aggregate_panel"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Hierarchy:
    """A table of sums.

    Attributes
    ----------
    labels : names of the a aggregates, sorted: "total", "category=B", "category=B, location=main".
    membership : for each level ("total", "category", "category, location") the row of the aggregate that holds each
        bottom series; int64 (n,).
    summing : CSR (a + n, n) of 0 and 1; the last n rows are the identity.
    """

    labels: tuple[str, ...]
    membership: Mapping[str, Integers]
    summing: sparse.csr_matrix

    @classmethod
    def from_attributes(
        cls, attributes: Mapping[str, Sequence[str]], levels: Sequence[Sequence[str]] | None = None
    ) -> Hierarchy:
        """Build from the attributes of the bottom series.

        Parameters
        ----------
        attributes : for each name n values, one a series: {"category": [...], "location": [...]}.
        levels : the attributes that each level is split by; () is the total. Default: the total and each attribute
            by itself. Levels need not nest.

        Raises
        ------
        ValueError
            Columns of different length, no attribute at all, or a level that names an unknown one.
        """
        lengths = {name: len(values) for name, values in attributes.items()}
        if len(set(lengths.values())) != 1:
            raise ValueError(f"attributes must have one value a series, all of the same length; got {lengths}")
        n = next(iter(lengths.values()))
        wanted = [(), *((name,) for name in attributes)] if levels is None else [tuple(level) for level in levels]
        unknown = sorted({name for level in wanted for name in level} - set(attributes))
        if unknown:
            raise ValueError(f"levels name {', '.join(unknown)}; known attributes are {', '.join(attributes)}")
        named = {", ".join(level) or "total": _labels(attributes, level, n) for level in wanted}
        labels = tuple(sorted({str(label) for column in named.values() for label in np.unique(column)}))
        membership = {name: np.searchsorted(labels, column).astype(np.int64) for name, column in named.items()}
        rows = np.concatenate([*membership.values(), len(labels) + np.arange(n)])
        columns = np.tile(np.arange(n), len(membership) + 1)
        shape = (len(labels) + n, n)
        return cls(labels, membership, sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=shape))

    @property
    def aggregates(self) -> int:
        """How many aggregates there are, a."""
        return len(self.labels)

    @property
    def bottom(self) -> int:
        """How many bottom series there are, n."""
        return int(self.summing.shape[1])

    def __len__(self) -> int:
        return self.aggregates + self.bottom

    def __repr__(self) -> str:
        return f"Hierarchy({self.aggregates} aggregates of {self.bottom} series by {'; '.join(self.membership)})"

    def aggregate(self, bottom: npt.ArrayLike) -> Floats:
        """Sum bottom series (n, ...) to all rows; (a + n, ...)."""
        values = np.asarray(bottom, dtype=np.float64)
        flat = self.summing @ values.reshape(self.bottom, -1)
        return np.asarray(flat.reshape(len(self), *values.shape[1:]))

    def level(self, name: str) -> Integers:
        """Return the rows of a level's aggregates, ascending.

        Raises
        ------
        ValueError
            An unknown level.
        """
        return np.unique(self.members(name))

    def members(self, name: str) -> Integers:
        """Return the row of the aggregate of a level that holds each bottom series; (n,). Errors as in ``level``."""
        if name not in self.membership:
            raise ValueError(f"there is no level {name!r}; known are {'; '.join(self.membership)}")
        return self.membership[name]


def aggregate_panel(hierarchy: Hierarchy, panel: DemandPanel, largest_gap: float = 0.2) -> DemandPanel:
    """Return the aggregates as a panel of their own: sku is the label, location "all".

    What was not observed of a member is estimated from the others: the sum of the observed members is scaled up by
    the mean demand of the members that lived then over that of the observed ones. Where more than ``largest_gap`` of
    that mean demand is not observed, the cell is no evidence: OUT_OF_STOCK if a member was, else MISSING. Before the
    first launch and after the last end it is NOT_LAUNCHED or DISCONTINUED.

    Parameters
    ----------
    hierarchy : of the n series of ``panel``, in their order.
    largest_gap : share of the mean demand, in [0, 1).

    Raises
    ------
    ValueError
        The panel has another number of series than the hierarchy.
    """
    if len(panel) != hierarchy.bottom:
        raise ValueError(f"the hierarchy has {hierarchy.bottom} bottom series and the panel {len(panel)}")
    sums = hierarchy.summing[: hierarchy.aggregates]
    known = panel.observed
    demand = np.where(known, panel.quantity, 0.0)
    mean = (demand.sum(axis=1) / np.maximum(known.sum(axis=1), 1))[:, None]
    started, ended = panel.status != CellStatus.NOT_LAUNCHED, panel.status == CellStatus.DISCONTINUED
    living = started & ~ended
    expected, seen = sums @ np.where(living, mean, 0.0), sums @ np.where(known, mean, 0.0)
    complete = sums @ (living & ~known).astype(np.float64) == 0
    usable = complete | ((seen > 0) & (seen >= (1.0 - largest_gap) * expected))
    scale = np.where(complete | (seen <= 0), 1.0, expected / np.where(seen > 0, seen, 1.0))
    short = sums @ (panel.status == CellStatus.OUT_OF_STOCK).astype(np.float64) > 0
    none_lives = sums @ living.astype(np.float64) == 0
    none_started = sums @ started.astype(np.float64) == 0
    status = np.select(
        [none_started, none_lives, usable, short],
        [CellStatus.NOT_LAUNCHED, CellStatus.DISCONTINUED, CellStatus.OBSERVED, CellStatus.OUT_OF_STOCK],
        CellStatus.MISSING,
    )
    # Where it is no evidence, the quantity is what was recorded, as in every panel.
    quantity = np.where(usable, (sums @ demand) * scale, sums @ panel.quantity.astype(np.float64))
    whole = np.array([panel.integral[sums[i].indices].all() for i in range(hierarchy.aggregates)], dtype=np.bool_)
    quantity = np.where(whole[:, None], np.rint(quantity), quantity)
    return replace(
        panel,
        skus=hierarchy.labels,
        locations=("all",) * hierarchy.aggregates,
        quantity=np.ascontiguousarray(quantity, dtype=np.float32),
        status=np.ascontiguousarray(status, dtype=np.uint8),
    )


def _labels(attributes: Mapping[str, Sequence[str]], level: tuple[str, ...], n: int) -> npt.NDArray[np.str_]:
    if not level:
        return np.full(n, "total")
    parts = [[f"{name}={value}" for value in attributes[name]] for name in level]
    return np.array([", ".join(pieces) for pieces in zip(*parts, strict=True)])
