"""On which days each item can be ordered: the order date, what it adds to the lead time, and the review interval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from forecasting.calendars import WEEKDAYS, PeriodCalendar
from pipelines.inputs import CheckedTables
from replenishment.order_rules.order_days import days_between_orders, days_to_order_day

__all__ = ["OrderDays", "order_days"]

Integers = npt.NDArray[np.int64]

_SHOWN: Final = 5


@dataclass(frozen=True, eq=False)
class OrderDays:
    """When items can be ordered.

    Attributes
    ----------
    delay : (n,) days from as_of to the order day. weekdays : bool (n, 7), Monday first; a row of none: any day.
    """

    delay: Integers
    weekdays: npt.NDArray[np.bool_]

    def review_days(self, wanted: Integers, calendar: PeriodCalendar) -> Integers:
        """Days that the next order must last; only daily plans can review on any day, others at their openings."""
        if calendar.frequency.code != "D":
            return wanted
        between = days_between_orders(calendar.end_day + self.delay, self.weekdays, wanted)
        return np.where(self.weekdays.any(axis=1), between, wanted)


def order_days(suppliers: npt.NDArray[np.object_], tables: CheckedTables, calendar: PeriodCalendar) -> OrderDays:
    """Return the order days of each item's supplier; weekdays that can't be read are noted and don't bind."""
    table = tables.get("suppliers")
    known: dict[str, list[bool]] = {}
    if table is not None and "order_weekdays" in table.columns:
        stated = dict(zip(table["supplier"], table["order_weekdays"], strict=True))
        known = {name: _parsed(text) for name, text in stated.items() if isinstance(text, str)}
        unread = sorted(name for name, days in known.items() if not any(days))
        if unread:
            tables.findings.notice(
                "order_weekdays",
                "suppliers",
                f"order_weekdays of {', '.join(unread[:_SHOWN])} can't be read (write MON,THU); they order on any day",
            )
    weekdays = np.array([known.get(name, [False] * 7) for name in suppliers], dtype=np.bool_).reshape(-1, 7)
    return OrderDays(days_to_order_day(calendar.end_day, weekdays), weekdays)


def _parsed(text: str) -> list[bool]:
    """Flags of the weekdays named in a text such as "MON,THU"; none where a name is not known."""
    names = [name[:3].upper() for name in text.replace(";", ",").replace(" ", ",").split(",") if name]
    return [day in names and set(names) <= set(WEEKDAYS) for day in WEEKDAYS]
