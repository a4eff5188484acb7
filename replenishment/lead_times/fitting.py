"""From records to a lead-time distribution of each item: item, supplier, class, each weighted by its evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from replenishment.lead_times.distribution import LeadTimes, summed
from replenishment.lead_times.hazards import Spells, posterior_laws
from replenishment.lead_times.pooling import count_cells, prior_strengths
from replenishment.lead_times.records import OrderRecords
from replenishment.lead_times.suppliers import (
    ItemBases,
    SupplierLaw,
    fit_suppliers,
    shifted,
    stated_laws,
    typical_bases,
)

__all__ = ["ItemBases", "LeadTimeFit", "fit_lead_times"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_ITEMS_AT_ONCE: Final = 1024
# With so many receipts of its own an item's measure is shown in place of its supplier's.
_ENOUGH: Final = 8


@dataclass(frozen=True, eq=False)
class LeadTimeFit:
    """Lead-time laws of n items, of those whose supplier has delivered at least once.

    Attributes
    ----------
    rows : (r,) items with a law; the others have what is stated, or nothing. laws : theirs, P(0 days), P(1 day), ...
    suppliers : the law of each supplier by its number.
    own_weight, supplier_weight, prior_weight : (n,) what an item's own orders, its supplier's, and the prior (the
        class of all suppliers, or what is stated) count for in the law; they add up to 1, prior alone where no law is.
    prior_is_class : (n,) the prior is the class of all suppliers, relative to what each states.
    receipts : (n,) lines received behind the measure: the item's own from 8 on, else its supplier's.
    measured_mean, measured_sd : (n,) days of these, open orders counted as such, NaN without any.
    """

    rows: Integers
    suppliers: dict[int, SupplierLaw]
    own_weight: Floats
    supplier_weight: Floats
    prior_weight: Floats
    prior_is_class: Flags
    receipts: Integers
    measured_mean: Floats
    measured_sd: Floats
    laws: list[Floats]

    @property
    def reach(self) -> int:
        """Days of the longest law."""
        return max((len(law) for law in self.laws), default=1) - 1

    def lead_times(self, waits: Callable[[Integers], Integers]) -> LeadTimes:
        """Return the lead times of ``rows`` in openings.

        Parameters
        ----------
        waits : gives for items (r,) the days (on the clock of the supplier) from the order to openings 0, 1, 2, ...,
            as far as ``reach``, below 0 before the order is placed; int64 (r, k).
        """
        day = waits(self.rows)
        cumulative = np.empty(day.shape)
        for k, law in enumerate(self.laws):
            cumulative[k] = np.where(day[k] < 0, 0.0, np.cumsum(law)[np.clip(day[k], 0, len(law) - 1)])
        return LeadTimes.from_cumulative(cumulative)


def fit_lead_times(records: OrderRecords, bases: ItemBases) -> LeadTimeFit:
    """Fit the law of every item from all records.

    Notes
    -----
    The law of an item is its own orders around the law of its supplier, which is the supplier's orders around its
    class or what it states: twice the same step (``hazards``, ``pooling``). An item that states another lead time
    than its supplier keeps its statement as its prior, unless the supplier's waits follow the items' statements.
    Lines of items outside the plan, or without an item, speak for their supplier only.
    """
    suppliers = fit_suppliers(records, bases)
    typical = typical_bases(records, bases)
    weight = records.weights(by_item=True)
    parts = [
        part
        for number, law in suppliers.items()
        for part in _parts(law, np.flatnonzero(bases.supplier == number), records, bases, typical, weight)
    ]
    n = len(bases.supplier)
    own, theirs, receipts = np.zeros(n), np.zeros(n), np.zeros(n, dtype=np.int64)
    measured_mean, measured_sd = np.full(n, np.nan), np.full(n, np.nan)
    of_class = np.zeros(n, dtype=np.bool_)
    laws: dict[int, Floats] = {}
    for part in parts:
        items = part.items
        own[items], theirs[items], receipts[items] = part.own_weight, part.supplier_weight, part.receipts
        measured_mean[items], measured_sd[items] = part.measured
        of_class[items] = part.of_class
        laws |= dict(zip(items[part.has_law].tolist(), part.laws, strict=True))
    rows = np.array(sorted(laws), dtype=np.int64)
    return LeadTimeFit(
        rows=rows,
        suppliers=suppliers,
        own_weight=own,
        supplier_weight=theirs,
        prior_weight=1.0 - own - theirs,
        prior_is_class=of_class,
        receipts=receipts,
        measured_mean=measured_mean,
        measured_sd=measured_sd,
        laws=[laws[item] for item in rows.tolist()],
    )


@dataclass(frozen=True, eq=False)
class _Part:
    """Some items of one supplier; ``laws`` of those that have one, ``measured`` mean and sd."""

    items: Integers
    has_law: Flags
    laws: list[Floats]
    own_weight: Floats
    supplier_weight: Floats
    of_class: Flags
    receipts: Integers
    measured: tuple[Floats, Floats]


def _parts(
    law: SupplierLaw, items: Integers, records: OrderRecords, bases: ItemBases, typical: Floats, weight: Floats
) -> Iterator[_Part]:
    """Fit the items of a supplier: those it has orders of in pieces, the others together."""
    item = records.item[law.rows]
    rows = law.rows[(item >= 0) & (bases.supplier[item] == records.supplier[law.rows])]
    known = np.unique(records.item[rows])
    others = np.setdiff1d(items, known)
    if len(others):
        yield _without_orders(law, others, bases, typical)
    pieces = []
    for k in range(0, len(known), _ITEMS_AT_ONCE):
        piece = known[k : k + _ITEMS_AT_ONCE]
        own = rows[(records.item[rows] >= piece[0]) & (records.item[rows] <= piece[-1])]
        group = np.searchsorted(piece, records.item[own])
        pieces.append(
            (piece, Spells(group, records.waited[own], records.received[own], records.entry[own], weight[own]))
        )
    if not pieces:
        return
    cells = [_cells(_priors(law, piece, spells, bases, typical), spells) for piece, spells in pieces]
    counts, expected = (np.concatenate(part) for part in zip(*cells, strict=True))
    # Learnt from all items of the supplier at once: the result does not depend on the size of the pieces.
    strength, done = prior_strengths(counts, expected), 0
    for piece, spells in pieces:
        here = slice(done, done + len(piece))
        yield _with_orders(law, piece, spells, counts[here].sum(axis=1), strength[here], bases, typical)
        done += len(piece)


def _cells(prior: Floats, spells: Spells) -> tuple[Floats, Floats]:
    came = spells.received
    return count_cells(prior, spells.group[came], spells.place[came], spells.weight[came])


def _later(law: SupplierLaw, items: Integers, typical: Floats) -> Integers:
    """By how many days each item's law lies behind the supplier's grid."""
    if not law.relative:
        return np.zeros(len(items), dtype=np.int64)
    base = np.where(np.isnan(typical[items]), law.base, typical[items])
    return np.rint(base).astype(np.int64) - law.offset


def _without_orders(law: SupplierLaw, items: Integers, bases: ItemBases, typical: Floats) -> _Part:
    """Items that only their supplier's orders speak for; one that states something else keeps its statement."""
    by = _later(law, items, typical)
    has = ~bases.differs[items] | law.relative
    steps, which = np.unique(by, return_inverse=True)
    table = shifted(law.law[None], steps, len(law.law) + max(int(steps.max()), 0))
    measured = shifted(law.measured[None], steps, len(law.measured) + max(int(steps.max()), 0))
    mean, sd = _moments(measured)
    return _Part(
        items=items,
        has_law=has,
        laws=[table[k] for k in which[has]],
        own_weight=np.zeros(len(items)),
        supplier_weight=np.where(has, law.weight, 0.0),
        of_class=has & (law.prior == "all suppliers"),
        receipts=np.full(len(items), law.receipts),
        measured=(mean[which], sd[which]),
    )


def _priors(law: SupplierLaw, items: Integers, spells: Spells, bases: ItemBases, typical: Floats) -> Floats:
    """The law of each item before its own orders: its supplier's, or its own statement where that differs."""
    by = _later(law, items, typical)
    width = max(len(law.law) + max(int(by.max()), 0), int(spells.place.max()) + 2)
    stated = bases.differs[items] & (not law.relative)
    prior = shifted(np.broadcast_to(law.law, (len(items), len(law.law))), by, width)
    if stated.any():
        own = stated_laws(bases.stated[items[stated]], bases.sd[items[stated]])
        prior = shifted(prior, np.zeros(len(items), dtype=np.int64), max(width, own.shape[1]))
        prior[stated] = shifted(own, np.zeros(len(own), dtype=np.int64), prior.shape[1])
    return prior


def _with_orders(
    law: SupplierLaw,
    items: Integers,
    spells: Spells,
    orders: Floats,
    strength: Floats,
    bases: ItemBases,
    typical: Floats,
) -> _Part:
    """Items with orders of their own, around their supplier's law or their own statement."""
    prior, by, group = _priors(law, items, spells, bases, typical), _later(law, items, typical), spells.group
    stated, came = bases.differs[items] & (not law.relative), spells.received
    laws = posterior_laws(prior, strength, spells)
    # An item whose own statement is its prior needs an order of its own to leave it.
    has = ~stated | (orders > 0)
    own_weight = orders / (orders + strength)
    supplier_weight = np.where(stated, 0.0, (1.0 - own_weight) * law.weight)
    receipts = np.bincount(group[came], minlength=len(items))
    alone = posterior_laws(np.zeros((len(items), int(spells.place.max()) + 2)), 0.0, spells)
    theirs = shifted(law.measured[None], by, len(law.measured) + max(int(by.max()), 0))
    enough = receipts >= _ENOUGH
    mean, sd = (np.where(enough, own, other) for own, other in zip(_moments(alone), _moments(theirs), strict=True))
    return _Part(
        items=items,
        has_law=has,
        laws=list(laws[has]),
        own_weight=own_weight,
        supplier_weight=supplier_weight,
        of_class=~stated & (law.prior == "all suppliers"),
        receipts=np.where(enough, receipts, law.receipts),
        measured=(mean, sd),
    )


def _moments(laws: Floats) -> tuple[Floats, Floats]:
    """Mean and standard deviation of laws (n, d) in days."""
    day = np.arange(laws.shape[1])
    mean = summed(laws * day)
    return mean, np.sqrt(np.maximum(summed(laws * day**2) - mean**2, 0.0))
