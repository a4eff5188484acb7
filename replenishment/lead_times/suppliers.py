"""The lead-time law of each supplier: its own orders since its last break, drawn towards what suppliers keep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import gammainc

from replenishment.lead_times.breaks import Break, last_break
from replenishment.lead_times.distribution import gamma_reach
from replenishment.lead_times.hazards import Spells, posterior_laws
from replenishment.lead_times.pooling import count_cells, prior_strengths
from replenishment.lead_times.records import OrderRecords

__all__ = ["ItemBases", "SupplierLaw", "fit_suppliers", "shifted", "stated_laws", "typical_bases"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

# A class needs so many suppliers, each with so many orders received.
_SUPPLIERS_IN_A_CLASS: Final = 3
_ORDERS_IN_A_CLASS: Final = 8.0
_CLASS_POINTS: Final = 200
# Waits relative to each item's own statement are pooled where that makes them so much tighter.
_TIGHTER: Final = 0.9
# No law reaches further than this, in days.
_LONGEST: Final = 3650


@dataclass(frozen=True, eq=False)
class ItemBases:
    """What is stated of the n items to be planned; days on the clock of their supplier.

    Attributes
    ----------
    supplier : (n,) number of the supplier, -1 for none. stated, sd : (n,) days, NaN where nothing is stated.
    differs : (n,) the item states another lead time than its supplier.
    """

    supplier: Integers
    stated: Floats
    sd: Floats
    differs: Flags


@dataclass(frozen=True, eq=False)
class SupplierLaw:
    """The lead time of one supplier.

    Attributes
    ----------
    law : (d,) probabilities; place k is a wait of k - offset days, counted from ``base`` of the item where
        ``relative``, else from nothing. measured : (d,) the product-limit law of its own orders alone.
    rows : the lines behind it, those since ``change``. receipts : how many of them came. orders : how many purchase
        orders came, of these lines.
    weight : of its own orders in the law; the rest is the prior's. prior : "all suppliers" or "stated"; where there
        is neither, the orders stand alone ("").
    base : days that are stated or usually promised; the median where waits are not relative and nothing is stated,
        or no longer holds.
    """

    law: Floats
    measured: Floats
    offset: int
    relative: bool
    rows: Integers
    receipts: int
    orders: float
    weight: float
    prior: str
    base: float
    change: Break | None


@dataclass(frozen=True, eq=False)
class _Sample:
    """The spells of one supplier on its grid, before any prior. ``usual``: days stated or promised, NaN for none;
    ``base``: the same, or the median where they do not hold (any longer)."""

    rows: Integers
    spells: Spells
    offset: int
    relative: bool
    usual: float
    base: float
    sd: float
    stated: bool
    change: Break | None
    measured: Floats


def fit_suppliers(records: OrderRecords, bases: ItemBases) -> dict[int, SupplierLaw]:
    """Return the law of every supplier of which at least one order came.

    Notes
    -----
    The prior of a supplier is its class: waits of all suppliers (at least 3 with at least 8 orders) in multiples of
    what each states or promises, or of its median; with fewer of them, what it states. A ratio of exactly 1, "as
    promised", keeps its probability. How far its own orders may leave the prior: ``pooling``.
    """
    order = np.argsort(records.supplier, kind="stable")
    cuts = np.flatnonzero(np.diff(records.supplier[order])) + 1
    weight = records.weights(by_item=False)
    typical = typical_bases(records, bases)
    samples = {
        int(records.supplier[rows[0]]): _sample(records, bases, rows, weight, typical)
        for rows in np.split(order, cuts)
        if records.received[rows].any()
    }
    ratios = _class_ratios(list(samples.values()))
    priors = {number: _prior(sample, ratios) for number, sample in samples.items()}
    cells = [_cells(priors[number], sample.spells) for number, sample in samples.items()]
    if not cells:
        return {}
    strengths = prior_strengths(np.concatenate([c for c, _ in cells]), np.concatenate([e for _, e in cells]))
    return {
        number: _law(sample, priors[number], float(strength), "all suppliers" if len(ratios) else "stated")
        for (number, sample), strength in zip(samples.items(), strengths, strict=True)
    }


def typical_bases(records: OrderRecords, bases: ItemBases) -> Floats:
    """Return the days that each item is usually promised, or else stated; whole days, NaN where neither is known.

    Notes
    -----
    A promise is a base for the next order only where the supplier promises an item the same each time (half of the
    lines of items with several): the promise of an order not yet placed is not known.
    """
    out = np.rint(bases.stated)
    rows = np.flatnonzero((records.item >= 0) & np.isfinite(records.promised))
    rows = rows[np.lexsort((records.promised[rows], records.item[rows]))]
    item, first, which, count = np.unique(
        records.item[rows], return_index=True, return_inverse=True, return_counts=True
    )
    usual = records.promised[rows[first + (count - 1) // 2]]
    several = rows[count[which] > 1]
    if not len(several):
        return out
    same = np.abs(records.promised[several] - usual[which[count[which] > 1]]) <= 1
    number = records.supplier[several]
    steady = np.bincount(number[same], minlength=number.max() + 1) * 2 >= np.bincount(number)
    theirs = records.supplier[rows[first]]
    known = (theirs < len(steady)) & steady[np.minimum(theirs, len(steady) - 1)]
    known &= np.bincount(number, minlength=int(theirs.max()) + 1)[theirs] > 0
    out[item[known]] = usual[known]
    return out


def stated_laws(days: Floats, sd: Floats) -> Floats:
    """Return gamma-distributed whole days (one point where ``sd`` is 0 or NaN) of n statements; (n, d)."""
    spread = np.nan_to_num(sd)
    width = int(min(gamma_reach(days, spread).max(initial=0.0), _LONGEST)) + 2
    day = np.arange(width, dtype=np.float64)
    cumulative = (day >= np.rint(days)[:, None]).astype(np.float64)
    random = (spread > 1e-4) & (days > 1e-4)
    m, s = days[random, None], spread[random, None]
    cumulative[random] = gammainc((m / s) ** 2, (day + 0.5) * m / s**2)
    cumulative[:, -1] = 1.0
    return np.diff(cumulative, axis=1, prepend=0.0)


def _sample(records: OrderRecords, bases: ItemBases, rows: Integers, weight: Floats, typical: Floats) -> _Sample:
    usual, sd = _base(records, bases, rows, int(records.supplier[rows[0]]))
    own = np.where(records.item[rows] >= 0, typical[records.item[rows]], records.promised[rows])
    from_own = np.rint(np.where(np.isnan(own), usual, own))
    came = records.received[rows]
    relative = bool(np.isfinite(from_own).all()) and _tighter(records.waited[rows][came], from_own[came])
    shift = from_own.astype(np.int64) if relative else np.zeros(len(rows), dtype=np.int64)
    offset = int(shift.max(initial=0))
    # Relative waits are told as if everything had the supplier's usual base: another mix of items is no break.
    change = _change(records, rows, records.waited[rows] - shift + np.float64(usual if relative else 0.0))
    kept = records.ordered[rows] >= (change.day if change else records.ordered[rows].min())
    rows, shift = rows[kept], shift[kept]
    place = records.waited[rows] - shift + offset
    entry = np.where(records.entry[rows] > 0, np.maximum(records.entry[rows] - shift + offset, 0), 0)
    spells = Spells(np.zeros(len(rows), dtype=np.int64), place, records.received[rows], entry, weight[rows])
    measured = posterior_laws(np.zeros((1, int(place.max()) + 2)), 0.0, spells)[0]
    # After a break what was stated holds no longer; where nothing is stated the own median takes its place.
    stated = change is None and not np.isnan(usual)
    median = float(np.argmax(np.cumsum(measured) >= 0.5)) - offset + (usual if relative else 0.0)
    base = usual if stated else median
    return _Sample(rows, spells, offset, relative, usual, base, sd, stated, change, measured)


def _change(records: OrderRecords, rows: Integers, waited: Floats) -> Break | None:
    """The last break of a supplier, found on one wait a purchase order: that for its first receipt, if any came."""
    order, inverse = np.unique(records.order[rows], return_inverse=True)
    came = records.received[rows]
    # The mean of what has come so far would be short where lines of a young order are still open.
    first, longest = np.full(len(order), np.inf), np.full(len(order), -np.inf)
    np.minimum.at(first, inverse[came], waited[came])
    np.maximum.at(longest, inverse, waited)
    ordered = np.zeros(len(order), dtype=np.int64)
    ordered[inverse] = records.ordered[rows]
    return last_break(ordered, np.where(np.isfinite(first), first, longest), np.isfinite(first))


def _base(records: OrderRecords, bases: ItemBases, rows: Integers, number: int) -> tuple[float, float]:
    """What the supplier usually promises, or else states, and the spread it states."""
    promised = records.promised[rows]
    known = np.sort(promised[np.isfinite(promised)])
    plain = (bases.supplier == number) & np.isfinite(bases.stated) & ~bases.differs
    spread = bases.sd[plain]
    sd = float(np.median(spread[np.isfinite(spread)])) if np.isfinite(spread).any() else np.nan
    if len(known) and 2 * len(known) >= len(rows):
        return float(known[(len(known) - 1) // 2]), sd
    return (float(np.rint(np.median(bases.stated[plain]))), sd) if plain.any() else (np.nan, np.nan)


def _tighter(waited: Integers, base: Floats) -> bool:
    """Whether waits scatter less around each item's own base than by themselves."""
    left = waited - base
    return bool(np.abs(left - np.median(left)).mean() < _TIGHTER * np.abs(waited - np.median(waited)).mean())


def _class_ratios(samples: list[_Sample]) -> Floats:
    """Waits of all suppliers in multiples of their base, as equally likely points; empty without a class."""
    ratio, mass = [], []
    for sample in samples:
        count = _orders(sample.spells)
        if count >= _ORDERS_IN_A_CLASS:
            # Every supplier counts about the same: the class is one of suppliers, not of orders.
            days = np.arange(len(sample.measured)) - sample.offset + (sample.usual if sample.relative else 0.0)
            ratio.append(np.maximum(days, 0.0) / max(sample.base, 1.0))
            mass.append(sample.measured * count / (count + _ORDERS_IN_A_CLASS))
    if len(ratio) < _SUPPLIERS_IN_A_CLASS:
        return np.empty(0)
    points, weights = np.concatenate(ratio), np.concatenate(mass)
    order = np.lexsort((weights, points))
    cumulative = np.cumsum(weights[order])
    wanted = (np.arange(_CLASS_POINTS) + 0.5) / _CLASS_POINTS * cumulative[-1]
    return np.asarray(points[order][np.minimum(np.searchsorted(cumulative, wanted), len(points) - 1)])


def _prior(sample: _Sample, ratios: Floats) -> Floats:
    """The law of a supplier before its own orders are seen; (1, d)."""
    least = len(sample.measured)
    # On a grid of lateness a law of days moves back by the base; after a break that is the level since.
    by = sample.offset - round(sample.usual) if sample.relative else 0
    if len(ratios):
        days = np.minimum(np.rint(ratios * max(sample.base, 1.0)), _LONGEST).astype(np.int64)
        law = np.bincount(days)[None] / len(days)
    elif sample.stated:
        law = stated_laws(np.array([sample.base]), np.array([sample.sd]))
    else:
        return sample.measured[None]
    return shifted(law, np.array([by]), max(least, law.shape[1] + max(by, 0)))


def shifted(laws: Floats, by: Integers, width: int) -> Floats:
    """Return laws whose places lie ``by`` (n,) places later (earlier where negative, none before 0); (n, width)."""
    cumulative = np.cumsum(laws, axis=1)
    at = np.arange(width)[None, :] - by[:, None]
    source = np.arange(len(by))[:, None] if len(laws) > 1 else np.zeros((len(by), 1), dtype=np.int64)
    moved = np.where(at >= 0, cumulative[source, np.minimum(np.maximum(at, 0), laws.shape[1] - 1)], 0.0)
    moved[:, -1] = 1.0
    return np.maximum(np.diff(moved, axis=1, prepend=0.0), 0.0)


def _orders(spells: Spells) -> float:
    """How many orders came; summed in one order, whatever that of the rows."""
    return float(np.sort(spells.weight[spells.received]).sum())


def _cells(prior: Floats, spells: Spells) -> tuple[Floats, Floats]:
    came = spells.received
    return count_cells(prior, spells.group[came], spells.place[came], spells.weight[came])


def _law(sample: _Sample, prior: Floats, strength: float, kind: str) -> SupplierLaw:
    spells = sample.spells
    orders = _orders(spells)
    alone = kind == "stated" and not sample.stated
    return SupplierLaw(
        law=sample.measured if alone else posterior_laws(prior, strength, spells)[0],
        measured=sample.measured,
        offset=sample.offset,
        relative=sample.relative,
        rows=sample.rows,
        receipts=int(spells.received.sum()),
        orders=orders,
        weight=1.0 if alone else orders / (orders + strength),
        prior="" if alone else kind,
        base=sample.usual if sample.relative else sample.base,
        change=sample.change,
    )
