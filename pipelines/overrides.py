"""Overrides: quantities that planners know better, imported from an edited export; who, when and why are kept.

A record to which rows are only ever added. An override holds for plans of the opening that it was made for and of
``override_days`` after it, until an order of the item is released or a later override takes its place.
"""

from __future__ import annotations

import datetime as dt
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pipelines.errors import InputError
from pipelines.exports.run_files import RunFiles
from pipelines.records import add_to_record, read_record
from pipelines.workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["COLUMNS", "RECORD", "in_force", "read_edited", "record_overrides", "recorded_overrides"]

RECORD: Final = "overrides"
COLUMNS: Final = (
    "sku", "location", "quantity", "recommended", "why", "by", "at", "run_id", "as_of", "order_date",
)  # fmt: skip
_KEY: Final = ["sku", "location"]
_QUANTITY: Final = "override_quantity"
_NOTE: Final = "override_note"
_LONGEST_NOTE: Final = 500


def recorded_overrides(space: Workspace) -> pd.DataFrame | None:
    """All overrides, oldest first; None before the first."""
    return read_record(space, RECORD)


def record_overrides(space: Workspace, changes: pd.DataFrame, run: RunFiles, by: str, when: dt.datetime) -> int:
    """Keep the changes of a planner; those that are in force already are not kept twice. Returns how many are new.

    Parameters
    ----------
    changes : as :func:`read_edited` returns them. The caller holds the lock of the workspace.
    """
    import pandas as pd

    lines = run.frame("recommendations").set_index(_KEY)
    of = pd.MultiIndex.from_frame(changes[_KEY])
    rows = changes.assign(
        recommended=lines.loc[of, "order_quantity"].to_numpy(float),
        by=by,
        at=when.astimezone(dt.UTC).isoformat(timespec="microseconds"),
        run_id=run.run_id,
        as_of=pd.Timestamp(run.as_of).as_unit("s"),
        order_date=lines.loc[of, "order_date"].to_numpy(),
    )[list(COLUMNS)]
    known = read_record(space, RECORD)
    if known is not None:
        last = known.drop_duplicates(_KEY, keep="last")
        same = [*_KEY, "quantity", "why", "run_id"]
        rows = rows[~pd.MultiIndex.from_frame(rows[same]).isin(pd.MultiIndex.from_frame(last[same]))]
    add_to_record(space, RECORD, rows.reset_index(drop=True))
    return len(rows)


def in_force(
    overrides: pd.DataFrame | None, released: pd.DataFrame | None, as_of: dt.date, days: int
) -> pd.DataFrame | None:
    """The overrides that a plan of ``as_of`` must carry out, one an item; None where there is none."""
    import pandas as pd

    if overrides is None:
        return None
    age = (pd.Timestamp(as_of) - pd.to_datetime(overrides["as_of"])).dt.days
    found = overrides[(age >= 0) & (age <= days)].drop_duplicates(_KEY, keep="last")
    if released is not None and len(released) and len(found):
        since = released.groupby(_KEY)["released_at"].max()
        then = since.reindex(pd.MultiIndex.from_frame(found[_KEY])).fillna("").to_numpy(str)
        found = found[then < found["at"].to_numpy(str)]
    return found.reset_index(drop=True) if len(found) else None


def read_edited(path: Path, run: RunFiles) -> pd.DataFrame:
    """The lines of an edited workbook or CSV file in which a planner changed the quantity.

    Returns
    -------
    sku, location, quantity, why.

    Raises
    ------
    InputError
        A file that is no edited export, of another run, or with a quantity that can't be ordered; all that is wrong
        is said, and nothing is taken.
    """
    import pandas as pd

    rows = _workbook_rows(path, run) if path.suffix.lower() == ".xlsx" else _csv_rows(path)
    missing = [name for name in (*_KEY, _QUANTITY) if rows and name not in rows[0][1]]
    if not rows or missing:
        raise InputError(
            f"{path}: {'no rows' if not rows else 'the column ' + missing[0] + ' is missing'}; edit what "
            "`restock export --to excel` writes",
            code="no_overrides",
        )
    terms = _terms(run)
    found: dict[tuple[str, str], dict[str, Any]] = {}
    problems: list[str] = []
    for number, row in rows:
        text = row.get(_QUANTITY)
        if text is None or text == "":
            continue
        key = (str(row["sku"]), str(row["location"]))
        problem = _problem(key, text, row.get(_NOTE), terms)
        if key in found:
            problem = "the item has two rows; keep one"
        if problem:
            problems.append(f"row {number}, sku {key[0]!r} at {key[1]!r}: {problem}")
            continue
        found[key] = {"sku": key[0], "location": key[1], "quantity": float(text), "why": str(row.get(_NOTE) or "")}
    if problems:
        raise InputError(f"{path}: nothing was imported: {'; '.join(problems)}", code="bad_override")
    changed = [row for key, row in found.items() if row["quantity"] != terms[key].recommended]
    return pd.DataFrame(changed, columns=["sku", "location", "quantity", "why"])


class _Terms(NamedTuple):
    """What an order of an item must look like: units recommended, a pack (0 for any quantity), least order."""

    recommended: float
    pack: float
    minimum: float


def _terms(run: RunFiles) -> dict[tuple[str, str], _Terms]:
    """The terms of every item of a run."""
    made = run.frame("decisions")
    columns = (made[name].tolist() for name in ("sku", "location", "ordered", "pack", "minimum"))
    return {(sku, place): _Terms(*terms) for sku, place, *terms in zip(*columns, strict=True)}


def _problem(key: tuple[str, str], text: Any, note: Any, terms: dict[tuple[str, str], _Terms]) -> str:
    """Why an override can't be carried out; empty where it can."""
    if key not in terms:
        return "is not in the run"
    try:
        units = float(text)
    except (TypeError, ValueError):
        return f"override_quantity {text!r} is no number"
    if not math.isfinite(units) or units < 0:
        return f"override_quantity {text!r} must be 0 or more"
    if note is not None and len(str(note)) > _LONGEST_NOTE:
        return f"the note has {len(str(note))} characters; {_LONGEST_NOTE} are kept"
    size, minimum = terms[key].pack, terms[key].minimum
    if units > 0 and size > 0 and abs(units / size - round(units / size)) > 1e-9:
        return (
            f"{units:g} are no whole packs of {size:g}; {math.floor(units / size) * size:g} or "
            f"{math.ceil(units / size) * size:g} are"
        )
    if 0 < units < minimum - 1e-9:
        return f"{units:g} are below the minimum of {minimum:g}"
    return ""


def _workbook_rows(path: Path, run: RunFiles) -> list[tuple[int, dict[str, Any]]]:
    import zipfile

    import openpyxl

    from pipelines.exports.excel import RUN_PROPERTY, SHEET

    try:
        book, formulas = (openpyxl.load_workbook(path, data_only=values) for values in (True, False))
    except (zipfile.BadZipFile, KeyError, OSError, ValueError) as problem:
        raise InputError(f"{path} is no readable workbook: {problem}", code="unreadable_workbook") from None
    made_of = {p.name: p.value for p in book.custom_doc_props.props}.get(RUN_PROPERTY)
    if SHEET not in book.sheetnames:
        raise InputError(f"{path} has no sheet {SHEET!r}; edit what `restock export --to excel` writes")
    if made_of not in (None, run.run_id):
        raise InputError(f"{path} was exported from run {made_of}, not {run.run_id}: name it with --run {made_of}")
    # A formula whose value was never computed is empty: its text must not pass for an empty cell.
    rows = [
        [found if found is not None else text for found, text in zip(values, texts, strict=True)]
        for values, texts in zip(*(b[SHEET].iter_rows(values_only=True) for b in (book, formulas)), strict=True)
    ]
    heading = [str(name) for name in rows[0]] if rows else []
    return [(k, dict(zip(heading, row, strict=True))) for k, row in enumerate(rows[1:], start=2)]


def _csv_rows(path: Path) -> list[tuple[int, dict[str, Any]]]:
    import csv

    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, strict=True)
            return [(reader.line_num, dict(row)) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as problem:
        raise InputError(f"{path} can't be read: {problem}", code="unreadable_overrides") from None
