"""Purchase-order lines as spells of waiting: what came, what is still open, and what the file cannot show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from replenishment.lead_times.open_days import OpenDays

__all__ = ["OrderRecords"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

# Where a file shows what was delivered only, orders younger than this quantile of the lead times are left out.
_OLD_ENOUGH: Final = 0.98
# An order that is open so many times longer than the longest lead time ever seen was forgotten in the books.
_FORGOTTEN: Final = 3.0
# ... and at least so many days.
_PATIENCE: Final = 30.0
_ENOUGH: Final = 8
# So few orders before the first receipt, as a share of the usual, show that the file begins with a day of receipt.
_THIN: Final = 0.5


@dataclass(frozen=True, eq=False)
class OrderRecords:
    """Purchase-order lines, arrays (m,); waits are counted on a clock of open days.

    Attributes
    ----------
    supplier : number of the supplier. item : number of the item, -1 where the line names none.
    order : number of the purchase order; its lines share one fate and count as one order.
    ordered : day of the order since 1970-01-01.
    waited : days from the order to the receipt, or so far. received : came; else still open.
    entry : days after the order from which on the file could show the receipt; 0 unless it begins later.
    promised : days promised, NaN where nothing was. late : calendar days after the promised day, NaN likewise.
    too_young : how many lines were left out because the file shows no open order and they were placed lately.
    forgotten : how many open lines were set aside as forgotten.
    """

    supplier: Integers
    item: Integers
    order: Integers
    ordered: Integers
    waited: Integers
    received: Flags
    entry: Integers
    promised: Floats
    late: Floats
    too_young: int = 0
    forgotten: int = 0

    @classmethod
    def from_days(
        cls,
        *,
        supplier: Integers,
        item: Integers,
        order: Integers,
        ordered: Integers,
        received_on: Floats,
        promised_on: Floats,
        as_of: int,
        clocks: Sequence[OpenDays],
    ) -> Self:
        """Build from days since 1970-01-01 as they are known at the opening ``as_of``.

        Parameters
        ----------
        received_on, promised_on : (m,) NaN where there is none; what was received at ``as_of`` or later is still open.
        clocks : one for each supplier number.

        Notes
        -----
        Left out: orders from ``as_of`` on, receipts before their order, and open lines three times older than the
        longest lead time of their supplier (with at least 8 receipts, else of all). Where a file begins with a day of
        receipt, an older order is on file only because it was still open then: it counts from that wait on (delayed
        entry). So it is where fewer than half as many orders a day were placed before the first receipt as after it.
        Where no order is open the file shows deliveries only, and long lead times of young orders are missing from it
        (right truncation): orders younger than the 0.98 quantile of their supplier's lead times are left out.
        """
        came = received_on < as_of
        known = (ordered < as_of) & ~(came & (received_on < ordered))
        until = np.where(came, received_on, float(as_of))
        known &= ~_forgotten(supplier, until - ordered, came & known, known)
        forgotten = int((~known & ~came & (ordered < as_of)).sum())
        too_young = 0
        if came[known].all():
            old = _old_enough(supplier, ordered, until - ordered, as_of, known)
            too_young = int((known & ~old).sum())
            known &= old
        rows = np.flatnonzero(known)
        supplier, ordered, came = supplier[rows], ordered[rows], came[rows]
        last = until[rows].astype(np.int64)
        first = _begins(order[rows], ordered, last[came], as_of)
        promise = promised_on[rows]
        has = np.isfinite(promise)
        days = np.stack([ordered, last, np.maximum(ordered, first), np.where(has, promise, ordered).astype(np.int64)])
        for clock in dict.fromkeys(clocks):
            own = np.array([each == clock for each in clocks])[supplier]
            days[:, own] = clock.reading(days[:, own])
        waited = days[1] - days[0]
        return cls(
            supplier=supplier,
            item=item[rows],
            order=order[rows],
            ordered=ordered,
            waited=waited,
            received=came,
            entry=np.minimum(days[2] - days[0], waited),
            promised=np.where(has, np.maximum(days[3] - days[0], 0), np.nan),
            late=np.where(has & came, last - promise, np.nan),
            too_young=too_young,
            forgotten=forgotten,
        )

    def __len__(self) -> int:
        return len(self.supplier)

    def weights(self, *, by_item: bool) -> Floats:
        """What each line counts, so that each purchase order (of each item) counts once; (m,)."""
        key = np.stack([self.order, self.item]) if by_item else self.order[None]
        _, inverse, count = np.unique(key, axis=1, return_inverse=True, return_counts=True)
        return np.asarray(1.0 / count[inverse.reshape(-1)])


def _begins(order: Integers, ordered: Integers, received: Integers, as_of: int) -> int:
    """The day from which on the file shows receipts; before all orders where it begins with a day of order."""
    if not len(received):
        return as_of
    first, oldest = int(received.min()), int(ordered.min())
    early = len(np.unique(order[ordered < first]))
    rate = (len(np.unique(order)) - early) / max(as_of - first, 1)
    return first if early < _THIN * rate * (first - oldest) else oldest


def _forgotten(supplier: Integers, waited: Floats, came: Flags, known: Flags) -> Flags:
    """Open lines that have waited far beyond everything that ever came."""
    longest = np.zeros(int(supplier.max(initial=-1)) + 1)
    np.maximum.at(longest, supplier[came], waited[came])
    receipts = np.bincount(supplier[came], minlength=len(longest))
    of_all = longest.max(initial=0.0) if receipts.sum() >= _ENOUGH else np.inf
    limit = np.maximum(_FORGOTTEN * np.where(receipts >= _ENOUGH, longest, of_all), _PATIENCE)
    return np.asarray(known & ~came & (waited > limit[supplier]))


def _old_enough(supplier: Integers, ordered: Integers, waited: Floats, as_of: int, known: Flags) -> Flags:
    """Lines that were ordered so long ago that next to all of their like have come by now."""
    age = as_of - ordered
    keep = np.zeros(len(supplier), dtype=np.bool_)
    for number in np.unique(supplier[known]):
        own = known & (supplier == number)
        keep[own] = age[own] > np.quantile(waited[own], _OLD_ENOUGH, method="inverted_cdf")
    return keep
