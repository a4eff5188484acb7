"""What sales mean: checked sales rows read as demand, with returns, channels and stock-outs as declared."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from forecasting.assembly.assembling import assemble
from forecasting.assembly.cells import PARTS_PER_UNIT
from forecasting.assembly.rules import AssemblyRules
from forecasting.panel import CellStatus, DemandPanel
from pipelines.checking import count_of
from pipelines.config import PlanConfig
from pipelines.errors import InputError
from pipelines.inputs import CheckedTables
from pipelines.jobs.accounting import sales_fates
from pipelines.jobs.parameters import item_parameters, ruled
from pipelines.jobs.supply import key_index
from pipelines.quarantine import BadRow, Findings
from pipelines.sales import CHANNEL_MARK

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Demand", "demand_from_sales"]

Integers = npt.NDArray[np.int64]
# So many demands on one weekday, and none on another, are hardly chance: at most 1 in 7 to the power of 9.
ENOUGH_WEEKS: Final = 10
_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_NO_CHANNELS: Final = ("sku", "location", "channel", "units")


@dataclass(frozen=True, eq=False)
class Demand:
    """Demand of every series, the units sold by channel (sku, location, channel, units), and the rows by their fate.

    ``fates``: see :func:`pipelines.jobs.accounting.sales_fates`.
    """

    panel: DemandPanel
    channels: pd.DataFrame
    fates: dict[str, int]


def demand_from_sales(tables: CheckedTables, config: PlanConfig) -> Demand:
    """Assemble the sales and read them as demand.

    Channels of one item are summed and kept apart beside. Shipments are moved to the day of their order where
    customer orders tell it. Returns are netted or only counted. Periods without stock stay censored only where demand
    was lost.

    Raises
    ------
    InputError
        Sales that can't be assembled, or that end too long before as_of.
    """
    panel, channels = _sum_channels(_assembled(tables, config))
    panel = _with_unknown_cells(panel, tables)
    _note_mixed_frequency(panel, tables.findings)
    fates = sales_fates(tables, panel)
    if config.quantity_basis == "shipped" and tables.get("customer_orders") is not None:
        panel = _ordered_not_shipped(panel, tables)
    panel = _without_returns(panel, tables, config)
    if config.quantity_basis == "ordered":
        # Orders were accepted all the same: such a period hides no demand.
        accepted = (panel.status == CellStatus.OUT_OF_STOCK) & ~_may_lose(panel, tables, config)[:, None]
        panel = panel.with_status(np.where(accepted, np.uint8(CellStatus.OBSERVED), panel.status))
    return Demand(panel, channels, fates)


def _assembled(tables: CheckedTables, config: PlanConfig) -> DemandPanel:
    rules = AssemblyRules(config.frequency, config.as_of, config.duplicates, config.gaps)
    try:
        panel, doubled = assemble(tables.sales, rules)
        if tables.sales.bad and not tables.sales.exact_dates:
            # The span was read from all dates; those of bad rows must not stretch it.
            tables.sales.exact_dates = True
            panel, doubled = assemble(tables.sales, rules)
        repeated = _repeated_rows(doubled) if config.exact_duplicates == "drop" else []
        if repeated:
            tables.sales.drop_rows(repeated)
            panel, doubled = assemble(tables.sales, rules)
    except ValueError as problem:
        # Where no row was usable, the rows set aside say more than the empty panel.
        tables.sales.finish(config.quarantine_limit("sales"))
        raise InputError(f"sales: {tables.sales.reader.file}: {problem}", code="no_usable_sales") from None
    _note_duplicates(tables, doubled)
    tables.sales.finish(config.quarantine_limit("sales"))
    _note_span(panel, config, tables.findings)
    return panel


def _repeated_rows(doubled: pa.Table) -> list[int]:
    """The rows of doubled days that repeat an earlier one in every column that is read, by their source row."""
    if not doubled.num_rows:
        return []
    rows = doubled.to_pandas().sort_values("source_row")
    return [int(row) for row in rows.loc[rows.drop(columns="source_row").duplicated(), "source_row"]]


def _note_duplicates(tables: CheckedTables, doubled: pa.Table) -> None:
    if not doubled.num_rows:
        return
    columns = (doubled[name].to_pylist() for name in ("source_row", "sku", "date", "quantity"))
    hint = 'set duplicates = "sum" if these are transactions, else keep one of them'
    tables.sales.bad += [
        BadRow(
            row,
            "date",
            str(day),
            "duplicate_key",
            f"sku {sku!r} has several rows on {day} (here {quantity:g} units)",
            hint,
        )
        for row, sku, day, quantity in zip(*columns, strict=True)
    ]


def _note_span(panel: DemandPanel, config: PlanConfig, findings: Findings) -> None:
    """Say which rows fell outside the panel; refuse sales that end too long before as_of, and note any gap."""
    report = panel.report
    if report.rows_after_as_of:
        findings.notice(
            "after_as_of", "sales", f"{report.rows_after_as_of} rows at or after as_of {panel.as_of} were left out"
        )
    if report.partial_period:
        findings.notice(
            "partial_period",
            "sales",
            f"the last period, from {report.partial_period}, is not complete and was left out "
            f"({report.rows_in_partial_period} rows)",
        )
    if report.longest_silence is not None:
        last, following = report.longest_silence
        findings.notice("silence", "sales", f"no row of any item lies between {last} and {following}: is a date wrong?")
    until = report.recorded_until
    gap = 0 if until is None else (panel.as_of - until).days
    if gap > config.max_data_age_days:
        raise InputError(
            f"sales are complete until {until}, {gap} days before as_of {panel.as_of}; "
            f"max_data_age_days = {config.max_data_age_days:g} allows no more: update the sales or as_of",
            code="sales_too_old",
        )
    if gap > 0:
        findings.notice(
            "late_feed",
            "sales",
            f"complete until {until}; the periods from then to as_of {panel.as_of} count as not recorded",
        )


def _may_lose(panel: DemandPanel, tables: CheckedTables, config: PlanConfig) -> npt.NDArray[np.bool_]:
    """Whether unmet demand of each series is lost; where that depends on its class, which follows later: perhaps."""
    if all(rule.set.unmet_demand in (None, config.unmet_demand) for rule in config.rules):
        return np.full(len(panel), config.unmet_demand == "lost")
    items = item_parameters(tables, config, list(zip(panel.skus, panel.locations, strict=True)))
    classes = {"", *(name for rule in config.rules for name in rule.where.conditions().get("class", ()))}
    lost = np.zeros(len(panel), dtype=np.bool_)
    for name in sorted(classes):
        lost |= ruled(items.assign(**{"class": name}), config, "unmet_demand") == "lost"
    return lost


def _note_mixed_frequency(panel: DemandPanel, findings: Findings) -> None:
    """Note items of a daily panel that only ever sell on one weekday: weekly totals among daily rows, perhaps."""
    if panel.calendar.frequency.code != "D":
        return
    sold = np.stack([(panel.quantity[:, day::7] > 0).sum(axis=1) for day in range(7)], axis=1)
    weekly = (sold.sum(axis=1) >= ENOUGH_WEEKS) & ((sold > 0).sum(axis=1) == 1)
    if not weekly.any() or weekly.all():
        return
    first = int(np.flatnonzero(weekly)[0])
    day = _WEEKDAYS[(int(panel.calendar.openings[0]) + 3 + int(sold[first].argmax())) % 7]
    findings.notice(
        "mixed_frequency",
        "sales",
        f"{count_of(int(weekly.sum()), 'item')} of {len(panel)} only ever sold on one weekday, first "
        f"{panel.skus[first]!r} on a {day}: weekly totals among daily rows? If so, set a weekly frequency",
    )


def _with_unknown_cells(panel: DemandPanel, tables: CheckedTables) -> DemandPanel:
    """Mark the cells of rows without a usable quantity as missing: what was set aside was not zero.

    One channel that is not known makes the item's period unknown: the others alone are not its demand. A return that
    was set aside spoils no cell in which something was sold.
    """
    rows = [row for batch in tables.sales.unknown for row in batch.to_pylist()]
    if not rows:
        return panel
    place = _places(panel, [r["sku"] for r in rows], [_place_name(r) for r in rows])
    period = panel.calendar.index_of(np.array([r["date"] for r in rows], dtype="datetime64[D]").astype(np.int64))
    inside = (place >= 0) & (period >= 0) & (period < panel.calendar.periods)
    sold = np.zeros(len(rows), dtype=np.bool_)
    sold[inside] = panel.quantity[place[inside], period[inside]] > 0
    inside &= ~(sold & np.array([r["returned"] for r in rows]))
    status = panel.status.copy()
    status[place[inside], period[inside]] = CellStatus.MISSING
    return panel.with_status(status)


def _sum_channels(panel: DemandPanel) -> tuple[DemandPanel, pd.DataFrame]:
    """Add up the channels of each item; a period is out of stock as soon as one of its channels is."""
    import pandas as pd

    parts = [location.split(CHANNEL_MARK, 1) for location in panel.locations]
    if all(len(part) == 1 for part in parts):
        return panel, pd.DataFrame(columns=list(_NO_CHANNELS))
    channels = pd.DataFrame(
        {
            "sku": panel.skus,
            "location": [part[0] for part in parts],
            "channel": [part[1] if len(part) > 1 else "" for part in parts],
            "units": panel.quantity.sum(axis=1, dtype=np.float64),
        }
    )
    keys = sorted(set(zip(channels["sku"], channels["location"], strict=True)))
    place = {key: i for i, key in enumerate(keys)}
    of = np.array([place[key] for key in zip(channels["sku"], channels["location"], strict=True)])
    quantity = np.zeros((len(keys), panel.calendar.periods))
    np.add.at(quantity, of, panel.quantity.astype(np.float64))
    status = np.full(quantity.shape, CellStatus.MISSING, dtype=np.uint8)
    for wanted in (CellStatus.OBSERVED, CellStatus.OUT_OF_STOCK):
        found = np.zeros(quantity.shape, dtype=np.bool_)
        np.logical_or.at(found, of, panel.status == wanted)
        status[found] = wanted
    summed = replace(
        panel,
        skus=tuple(sku for sku, _ in keys),
        locations=tuple(location for _, location in keys),
        quantity=quantity.astype(np.float32),
        status=status,
    )
    return summed, channels


def _ordered_not_shipped(panel: DemandPanel, tables: CheckedTables) -> DemandPanel:
    """Move what was shipped later to the period of its order, and add what was ordered and never shipped."""
    lines = tables.frames["customer_orders"]
    place = _places(panel, lines["sku"].tolist(), lines["location"].tolist())
    units = lines["quantity"].to_numpy(float)
    shipped = (
        np.minimum(lines["shipped_quantity"].fillna(0.0).to_numpy(float), units)
        if "shipped_quantity" in lines
        else units
    )
    ordered = panel.calendar.index_of(_days(lines["ordered_on"]))
    left = panel.calendar.index_of(_days(lines["shipped_on"])) if "shipped_on" in lines else ordered
    gone = lines["shipped_on"].notna().to_numpy() if "shipped_on" in lines else np.ones(len(lines), dtype=np.bool_)
    gone = gone & (left < panel.calendar.periods)  # what left at or after as_of is in no sale that is seen here
    shipped = np.where(gone, shipped, 0.0)
    inside = (place >= 0) & (ordered >= 0) & (ordered < panel.calendar.periods)
    moved = inside & gone & (left != ordered) & (left >= 0) & (left < panel.calendar.periods)
    change = np.zeros(panel.quantity.shape, dtype=np.int64)
    _add(change, place[moved], left[moved], -shipped[moved])
    _add(change, place[moved], ordered[moved], shipped[moved])
    _add(change, place[inside], ordered[inside], (units - shipped)[inside])
    tables.findings.notice(
        "shipments_redated",
        "sales",
        f"{shipped[moved].sum():,.0f} shipped units were moved to the period of their order, "
        f"{(units - shipped)[inside].sum():,.0f} ordered and not shipped units were added (customer_orders)",
    )
    quantity = np.maximum(panel.quantity + change / PARTS_PER_UNIT, 0.0).astype(np.float32)
    return replace(panel, quantity=quantity)


def _without_returns(panel: DemandPanel, tables: CheckedTables, config: PlanConfig) -> DemandPanel:
    """Take returns off the demand of their period, or only count them, as declared."""
    change = np.zeros(panel.quantity.shape, dtype=np.int64)
    units = outside = 0.0
    for batch in tables.sales.returned:
        rows = batch.to_pylist()
        place = _places(panel, [r["sku"] for r in rows], [_place_name(r) for r in rows])
        period = panel.calendar.index_of(np.array([r["date"] for r in rows], dtype="datetime64[D]").astype(np.int64))
        back = np.array([r["quantity"] for r in rows])
        units += (inside := _add(change, place, period, back))
        outside += float(back.sum()) - inside
    table = tables.get("returns")
    if table is not None:
        place = _places(panel, table["sku"].tolist(), table["location"].tolist())
        back = -table["quantity"].to_numpy(float)
        units += (inside := _add(change, place, panel.calendar.index_of(_days(table["date"])), back))
        outside += float(back.sum()) - inside
    if outside < 0:
        tables.findings.notice(
            "returns_outside",
            "sales",
            f"{-outside:,.0f} returned units are of articles that never sold, or lie outside the periods of the plan: "
            "they change nothing",
        )
    if not units:
        return panel
    if config.returns != "net":
        tables.findings.notice(
            "returns_apart", "sales", f"{-units:,.0f} returned units are counted apart and change no demand"
        )
        return panel
    netted = panel.quantity + change / PARTS_PER_UNIT
    beyond = -np.minimum(netted, 0.0).sum()
    tables.findings.notice(
        "returns_netted",
        "sales",
        f"{-units:,.0f} returned units were taken off demand; {beyond:,.0f} of them exceed the sales of their period",
    )
    return replace(panel, quantity=np.maximum(netted, 0.0).astype(np.float32))


def _place_name(row: dict[str, Any]) -> str:
    return str(row.get("location", "main")).split(CHANNEL_MARK, 1)[0]


def _places(panel: DemandPanel, skus: list[str], locations: list[str]) -> Integers:
    """Row of the panel of each (sku, location), -1 where it has none."""
    import pandas as pd

    named = pd.MultiIndex.from_arrays([skus, locations])
    return np.asarray(key_index(panel.keys).get_indexer(named), dtype=np.int64)


def _days(column: pd.Series[Any]) -> Integers:
    return column.to_numpy().astype("datetime64[D]").astype(np.int64)


def _add(change: Integers, place: Integers, period: Integers, units: npt.NDArray[np.float64]) -> float:
    """Add units to cells in whole parts, whatever the order of rows; return the units that fell inside."""
    inside = (place >= 0) & (period >= 0) & (period < change.shape[1])
    np.add.at(change, (place[inside], period[inside]), np.rint(units[inside] * PARTS_PER_UNIT).astype(np.int64))
    return float(units[inside].sum())
