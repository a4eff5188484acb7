"""How far the tables can be trusted: what was set aside, and what is in them but can hardly be true; worst first."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from forecasting.panel import CellStatus

if TYPE_CHECKING:
    import pandas as pd

    from pipelines.jobs.planning import Plan

__all__ = ["Concern", "concerns_of", "dead_stock", "table_counts"]

SEVERITIES: Final = ("wrong", "doubtful", "worth knowing")
_SHOWN: Final = 5
# A change of the mean demand by this factor from one year to the next looks like another unit of measure.
UNIT_JUMP: Final = 8.0
# Stock that no demand touched for so many days is dead.
DEAD_DAYS: Final = 180


@dataclass(frozen=True)
class Concern:
    """One thing that a planner should know before trusting a plan.

    Attributes
    ----------
    severity : wrong, doubtful or worth knowing. code : a stable name.
    message : what was found, in plain words. count : how many rows or items it is about.
    """

    severity: str
    code: str
    message: str
    count: int


def table_counts(made: Plan) -> pd.DataFrame:
    """Rows of each table: used and set aside."""
    import pandas as pd

    tables = made.tables
    aside = Counter(row.table for row in tables.findings.rows)
    used = {name: len(frame) for name, frame in tables.frames.items()} | {"sales": made.panel.report.rows_used}
    return pd.DataFrame(
        [(name, used[name], aside.get(name, 0), tables.readers[name].file) for name in tables.readers],
        columns=["table", "rows_used", "rows_set_aside", "file"],
    )


def concerns_of(made: Plan) -> list[Concern]:
    """Collect everything that weakens a plan, the worst first."""
    found = [
        *_set_aside(made),
        *_noticed(made),
        *_suppliers_against_their_word(made),
        *_stock(made),
        *_orders(made),
        *_demand(made),
    ]
    return sorted(found, key=lambda concern: (SEVERITIES.index(concern.severity), -concern.count, concern.code))


def _set_aside(made: Plan) -> list[Concern]:
    kinds = Counter((row.table, row.code) for row in made.tables.findings.rows)
    first = {(row.table, row.code): row for row in reversed(made.tables.findings.rows)}
    return [
        Concern(
            "wrong",
            code,
            f"{table}: {count} rows set aside ({code}); "
            f"first {first[table, code].file}, line {first[table, code].line}: "
            f"{first[table, code].message}. {first[table, code].hint[:1].upper()}{first[table, code].hint[1:]}.",
            count,
        )
        for (table, code), count in kinds.items()
    ]


def _noticed(made: Plan) -> list[Concern]:
    """What the plan noticed, but for what is told at greater length elsewhere."""
    notices = [n for n in made.tables.findings.notices if n.code not in ("negative_stock", "lead_time_drift")]
    return [Concern("worth knowing", notice.code, f"{notice.table}: {notice.message}", 1) for notice in notices]


def _suppliers_against_their_word(made: Plan) -> list[Concern]:
    items = made.items
    out = []
    for drift in made.drifting:
        gap = drift.measured - drift.stated
        since = "" if np.isnat(drift.since) else f" since {drift.since}"
        out.append(
            Concern(
                "doubtful",
                "lead_time_drift",
                f"supplier {drift.supplier} states {drift.stated:.0f} days and takes {drift.measured:.0f}{since}: "
                f"{abs(gap):.0f} days {'later' if gap > 0 else 'earlier'} ({drift.items} items); the plan uses what "
                "was measured as far as there is evidence",
                drift.items,
            )
        )
    missing = items.loc[items["lead_time_source"] == "unknown", "sku"]
    if len(missing):
        out.append(
            Concern("wrong", "no_lead_time", f"{len(missing)} items have no lead time: {_some(missing)}", len(missing))
        )
    without = items.loc[items["supplier"].isna(), "sku"]
    if len(without) and items["supplier"].notna().any():
        out.append(
            Concern("doubtful", "no_supplier", f"{len(without)} items have no supplier: {_some(without)}", len(without))
        )
    return out


def _stock(made: Plan) -> list[Concern]:
    out = []
    stock = made.tables.get("stock")
    if stock is not None:
        negative = stock.loc[stock["on_hand"] < 0, "sku"]
        if len(negative):
            text = (
                f"{len(negative)} items have a negative stock, read as units that customers wait for: {_some(negative)}"
            )
            out.append(Concern("doubtful", "negative_stock", text, len(negative)))
    dead = _names(made, dead_stock(made))
    if len(dead):
        units = float(made.stock.on_hand[dead_stock(made)].sum())
        text = f"{len(dead)} items hold {units:,.0f} units that nobody asked for in {DEAD_DAYS} days: {_some(dead)}"
        out.append(Concern("worth knowing", "dead_stock", text, len(dead)))
    return out


def dead_stock(made: Plan) -> npt.NDArray[np.bool_]:
    """Items with stock that no demand touched for DEAD_DAYS; (n,)."""
    periods = max(round(DEAD_DAYS / made.panel.calendar.frequency.mean_days), 1)
    recent = made.panel.quantity[:, -periods:].sum(axis=1) == 0
    known = (made.panel.status[:, -periods:] == CellStatus.OBSERVED).sum(axis=1) >= periods / 2
    return np.asarray(recent & known & (made.stock.on_hand > 0))


def _orders(made: Plan) -> list[Concern]:
    out = []
    orders = made.tables.get("open_orders")
    if orders is not None and len(orders):
        same = [c for c in ("sku", "location", "quantity", "due_date") if c in orders.columns]
        twice = orders.loc[orders.duplicated(same, keep=False), "sku"]
        if len(twice):
            text = (
                f"{len(twice)} open orders repeat the item, quantity and date of another: entered twice? {_some(twice)}"
            )
            out.append(Concern("doubtful", "order_twice", text, len(twice)))
        late = made.stock.overdue > 0
        if late.any():
            text = f"{int(late.sum())} items wait for orders that are overdue, {made.stock.overdue.sum():,.0f} units: "
            out.append(Concern("doubtful", "order_overdue", text + _some(_names(made, late)), int(late.sum())))
    return out


def _demand(made: Plan) -> list[Concern]:
    year = made.panel.calendar.frequency.periods_per_year
    quantity, known = made.panel.quantity, made.panel.status == CellStatus.OBSERVED
    if quantity.shape[1] < 2 * year:
        return []
    now, before = (
        np.where(known[:, part], quantity[:, part], 0).sum(axis=1) / np.maximum(known[:, part].sum(axis=1), 1)
        for part in (slice(-year, None), slice(-2 * year, -year))
    )
    busy = (np.maximum(now, before) * year > 50) & (np.minimum(now, before) > 0)
    jumped = busy & ((now > UNIT_JUMP * before) | (before > UNIT_JUMP * now))
    if not jumped.any():
        return []
    text = f"{int(jumped.sum())} items sell {UNIT_JUMP:g} times more or less than a year ago: another unit of measure? "
    return [Concern("doubtful", "unit_jump", text + _some(_names(made, jumped)), int(jumped.sum()))]


def _names(made: Plan, chosen: npt.NDArray[np.bool_]) -> list[str]:
    return [made.panel.skus[i] for i in np.flatnonzero(chosen)]


def _some(names: pd.Series[str] | list[str]) -> str:
    distinct = sorted({str(name) for name in names})
    return ", ".join(distinct[:_SHOWN]) + (f" and {len(distinct) - _SHOWN} more" if len(distinct) > _SHOWN else "")
