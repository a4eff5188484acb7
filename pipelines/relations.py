"""What only shows when tables are held against each other: references, near-duplicates, money, the same file twice."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from pipelines.errors import InputError
from pipelines.quarantine import BadRow, Findings, Quarantined
from pipelines.readers.reader import TableReader, as_text
from pipelines.tables import PIECES

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["check_relations", "likely_skus", "near_duplicates"]

_SHOWN: Final = 5
# A stated lead time beyond two years, or a spread beyond twice the mean, deserves a look.
LONG_LEAD_TIME_DAYS: Final = 730.0
_REFERRING: Final = ("stock", "open_orders", "customer_orders", "item_suppliers", "stock_counts", "returns", "forecast")


def check_relations(readers: dict[str, TableReader], frames: dict[str, pd.DataFrame], findings: Findings) -> None:
    """Check the tables against each other; rows of unknown SKUs are set aside, the rest is noted.

    Raises
    ------
    InputError
        Money in several currencies, which can't be added up; the same file given for the same table twice.
    """
    _same_file_twice(readers, findings)
    items = frames.get("items")
    if items is None:
        return
    _one_currency(items, readers["items"])
    _near_duplicate_skus(items, findings)
    _odd_looking_skus(items, findings)
    _unknown_suppliers(items, frames.get("suppliers"), findings)
    items = frames["items"] = _one_unit_a_sku(items, readers["items"], findings)
    _suspicious_values("items", "sku", items, findings)
    if "suppliers" in frames:
        _suspicious_values("suppliers", "supplier", frames["suppliers"], findings)
    known = frozenset(items["sku"])
    for table in _REFERRING:
        if table in frames:
            frames[table] = _without_unknown(frames[table], readers[table], known, findings)


def near_duplicates(names: Iterable[str]) -> list[list[str]]:
    """Group identifiers that differ only in case, spaces or letters that look alike."""
    groups: dict[str, list[str]] = defaultdict(list)
    for name in sorted(set(names)):
        groups[_skeleton(name)].append(name)
    return [group for group in groups.values() if len(group) > 1]


# Cyrillic and Greek capitals and small letters that look like Latin ones.
_LOOK_ALIKE: Final = str.maketrans(
    "АВЕКМНОРСТУХІЈЅаеорсухіјѕΑΒΕΖΗΙΚΜΝΟΡΤΥΧο", "ABEKMHOPCTYXIJSaeopcyxijsABEZHIKMNOPTYXo"
)


def _skeleton(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).translate(_LOOK_ALIKE).casefold().split())


def _near_duplicate_skus(items: pd.DataFrame, findings: Findings) -> None:
    groups = near_duplicates(items["sku"])
    for group in groups[:_SHOWN]:
        findings.notice(
            "near_duplicate_sku", "items", f"SKUs that look alike are planned apart: {', '.join(map(repr, group))}"
        )
    if len(groups) > _SHOWN:
        findings.notice("near_duplicate_sku", "items", f"{len(groups) - _SHOWN} further groups of SKUs look alike")


def _odd_looking_skus(items: pd.DataFrame, findings: Findings) -> None:
    scientific = sorted(set(items.loc[items["sku"].str.fullmatch(r"[0-9](\.[0-9]+)?E\+[0-9]+", case=False), "sku"]))
    if scientific:
        findings.notice(
            "spreadsheet_sku",
            "items",
            f"{len(scientific)} SKUs look like numbers mangled by a spreadsheet: {', '.join(scientific[:_SHOWN])}",
        )


def _unknown_suppliers(items: pd.DataFrame, suppliers: pd.DataFrame | None, findings: Findings) -> None:
    if suppliers is None or "supplier" not in items.columns:
        return
    named = items["supplier"].dropna()
    unknown = sorted(set(named[~named.isin(suppliers["supplier"])]))
    if unknown:
        lines = int(named.isin(unknown).sum())
        findings.notice(
            "unknown_supplier",
            "items",
            f"{lines} items name suppliers that are not in suppliers: {', '.join(unknown[:_SHOWN])}; "
            "they are planned with what the item itself states",
        )


def _one_currency(items: pd.DataFrame, reader: TableReader) -> None:
    if "currency" in items.columns:
        found = sorted(set(items["currency"].dropna()))
        if len(found) > 1:
            raise InputError(
                f"items: {reader.file}: money in {', '.join(found)} can't be added up; convert it to one currency",
                code="mixed_currency",
            )


def _one_unit_a_sku(items: pd.DataFrame, reader: TableReader, findings: Findings) -> pd.DataFrame:
    """Set aside SKUs that are counted in several units: in which of them they sold, nothing says.

    Units of pieces are the same whatever their name.
    """
    if "uom" not in items.columns:
        return items
    unit = items["uom"].str.casefold()
    units = unit.mask(unit.isin(PIECES), "piece").groupby(items["sku"]).nunique()
    mixed = items[items["sku"].isin(units.index[units > 1])]
    for place, (sku, uom) in zip(
        reader.locate([int(row) for row in mixed.index]), zip(mixed["sku"], mixed["uom"], strict=True), strict=True
    ):
        named = sorted(set(mixed.loc[mixed["sku"] == sku, "uom"].dropna()))
        message = f"sku {sku!r} is counted in {' and '.join(named)} at different locations (here {as_text(uom)!r})"
        hint = "convert all its tables to one unit, or give it another sku"
        findings.set_aside(
            [Quarantined("items", place.file, place.line, "uom", as_text(uom), "mixed_units", message, hint, place.raw)]
        )
    findings.items_set_aside |= frozenset(mixed["sku"])
    return items.drop(index=mixed.index)


def _suspicious_values(table: str, name: str, items: pd.DataFrame, findings: Findings) -> None:
    """Note values that are possible and unlikely; ``name`` is the column that names a row of the table."""
    cases: list[tuple[str, Any, str]] = []
    if "lead_time_days" in items.columns:
        cases.append(
            (
                "long_lead_time",
                items["lead_time_days"] > LONG_LEAD_TIME_DAYS,
                f"a lead time beyond {LONG_LEAD_TIME_DAYS:g} days",
            )
        )
        if "lead_time_sd_days" in items.columns:
            cases.append(
                (
                    "wide_lead_time",
                    items["lead_time_sd_days"] > 2 * items["lead_time_days"],
                    "a lead time that varies by more than twice its mean",
                )
            )
    if {"moq", "max_stock"} <= set(items.columns):
        cases.append(
            ("minimum_above_maximum", items["moq"] > items["max_stock"], "a minimum order above the maximum stock")
        )
    if {"moq", "pack_size"} <= set(items.columns):
        odd = (items["moq"] % items["pack_size"]).fillna(0) > 1e-9
        cases.append(
            ("minimum_not_in_packs", odd, "a minimum order that is no whole number of packs: it is rounded up")
        )
    for code, flags, words in cases:
        found = items.loc[flags.fillna(False), name]
        if len(found):
            findings.notice(code, table, f"{len(found)} {table} have {words}: {', '.join(sorted(set(found))[:_SHOWN])}")


def _without_unknown(
    frame: pd.DataFrame, reader: TableReader, known: frozenset[str], findings: Findings
) -> pd.DataFrame:
    frame = _without_items_set_aside(frame, reader.table, findings)
    unknown = frame[~frame["sku"].isin(known)]
    if not len(unknown):
        return frame
    hints = likely_skus(set(unknown["sku"]), known)
    for place, (row, sku) in zip(reader.locate(list(unknown.index)), unknown["sku"].items(), strict=True):
        case = BadRow(
            int(str(row)),
            "sku",
            sku,
            "unknown_sku",
            f"sku {sku!r} is not in the items table",
            hints.get(sku, "add it to items, or remove the row"),
        )
        findings.set_aside(
            [
                Quarantined(
                    reader.table,
                    place.file,
                    place.line,
                    case.column,
                    case.value,
                    case.code,
                    case.message,
                    case.hint,
                    place.raw,
                )
            ]
        )
    findings.notice("unknown_sku", reader.table, f"{len(unknown)} rows of SKUs that are not in items were set aside")
    return frame.drop(index=unknown.index)


def _without_items_set_aside(frame: pd.DataFrame, table: str, findings: Findings) -> pd.DataFrame:
    """Leave out, and count, the rows of SKUs whose row in items was set aside: they are not wrong themselves."""
    gone = frame["sku"].isin(findings.items_set_aside)
    if gone.any():
        findings.left_out(table, int(gone.sum()))
    return frame[~gone]


def likely_skus(unknown: set[str], known: frozenset[str]) -> dict[str, str]:
    """For unknown identifiers that may have lost their leading zeros, or look like known ones: a hint at those."""
    stripped: dict[str, list[str]] = defaultdict(list)
    alike: dict[str, list[str]] = defaultdict(list)
    for sku in sorted(known):
        stripped[sku.lstrip("0")].append(sku)
        alike[_skeleton(sku)].append(sku)
    hints = {}
    for sku in unknown:
        if sku.lstrip("0") in stripped:
            hints[sku] = f"leading zeros lost? items has {', '.join(stripped[sku.lstrip('0')][:3])}"
        elif _skeleton(sku) in alike:
            hints[sku] = f"written differently? items has {', '.join(map(repr, alike[_skeleton(sku)][:3]))}"
    return hints


def _same_file_twice(readers: dict[str, TableReader], findings: Findings) -> None:
    seen: dict[str, tuple[str, str]] = {}
    for table, reader in readers.items():
        for file, digest in reader.fingerprints():
            if digest in seen and seen[digest][0] == table:
                raise InputError(
                    f"{table}: {file} and {seen[digest][1]} hold the same bytes: "
                    "the same extract given twice; remove one",
                    code="same_extract",
                )
            if digest in seen:
                findings.notice(
                    "same_extract", table, f"{file} is the same file as {seen[digest][1]}, given for {seen[digest][0]}"
                )
            seen[digest] = (table, file)
