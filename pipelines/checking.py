"""Check a table against its contract: typed values out, bad rows into quarantine, repairs into the log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.contracts import surely_keeps
from pipelines.errors import InputError
from pipelines.quarantine import BadRow, Findings, Quarantined, Repair
from pipelines.readers.reader import TableReader, as_text, ignored_headings, near_headings
from pipelines.tables import LONGEST_IDENTIFIER, contract, kinds
from pipelines.values import IdentifierError, hint_for, judge_identifier, parse_column

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["IdentifierBook", "check_table", "count_of", "note_headings", "quarantine", "refuse_above"]


# Tables in which an empty location means every place.
EVERYWHERE: Final = ("events", "known_ahead")


class IdentifierBook:
    """Judges each distinct identifier of a column once: what it will be, and which can't be used."""

    def __init__(self, reader: TableReader, column: str) -> None:
        self.reader, self.column = reader, column
        self.clean: dict[str, str] = {}
        self.problems: dict[str, IdentifierError] = {}
        self.rows: dict[str, int] = {}

    def look(self, text: str) -> str | None:
        """Return the identifier to use for a text, or None where it can't be used."""
        if text in self.clean:
            return self.clean[text]
        if text in self.problems:
            return None
        try:
            self.clean[text] = judge_identifier(text)
        except IdentifierError as problem:
            self.problems[text] = problem
            return None
        return self.clean[text]

    def log(self, findings: Findings) -> None:
        """Write down which identifiers were brought into normal form."""
        for before, after in sorted(self.clean.items()):
            if before != after:
                findings.repairs.append(
                    Repair(
                        self.reader.table,
                        self.reader.file,
                        self.column,
                        before,
                        after,
                        "unicode_normalised",
                        self.rows.get(before, 0),
                    )
                )


def check_table(reader: TableReader, findings: Findings, max_fraction: float, drop_exact: bool = False) -> pd.DataFrame:
    """Read a table whole, set bad rows aside and return the good ones, typed.

    Identifiers are text (``None`` where empty), numbers float64, dates datetime64, flags booleans or None.
    Columns of the contract that the table lacks are left out; ``location`` becomes "main" where it is empty. The
    index of the frame is the row's number in the source. With ``drop_exact`` rows that repeat another in every
    column are dropped and counted.

    Raises
    ------
    InputError
        A larger share of bad rows than ``max_fraction``.
    """
    note_headings(reader, findings)
    batches = list(reader.scan(list(reader.columns)))
    raw = (
        # The files of a folder may hold whole numbers here and fractions there.
        pa.concat_tables([pa.Table.from_batches([batch]) for batch in batches], promote_options="permissive")
        if batches
        else pa.table({name: pa.array([], pa.string()) for name in reader.columns})
    )
    if not raw.num_rows:
        findings.notice("empty_table", reader.table, f"{reader.file} has headings and no rows")
    frame, bad = _typed_frame(reader, raw, findings)
    if drop_exact:
        frame = _without_exact_duplicates(reader, frame, {case.row for case in bad}, findings)
    bad += _violations(reader, frame, raw)
    worst: dict[int, BadRow] = {}
    for case in bad:
        worst.setdefault(case.row, case)
    quarantine(reader, list(worst.values()), len(frame), findings, max_fraction)
    good = frame.drop(index=list(worst))
    if reader.table == "items":
        findings.items_set_aside = frozenset(frame["sku"].dropna()) - frozenset(good["sku"])
    if reader.table == "forecast":
        findings.forecasts_spoiled = frozenset(frame.loc[list(worst), ["sku", "location"]].itertuples(False, None))
    return good


def _without_exact_duplicates(
    reader: TableReader, frame: pd.DataFrame, bad: set[int], findings: Findings
) -> pd.DataFrame:
    """Keep the first of good rows that agree in every column, and count the others."""
    good = frame.drop(index=list(bad))
    twins = good.index[good.duplicated()]
    if len(twins):
        findings.notice(
            "exact_duplicate", reader.table, f"{count_of(len(twins), 'row')} that repeat another were dropped"
        )
    return frame.drop(index=twins)


def count_of(number: int, noun: str) -> str:
    """``1 row``, ``2 rows``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def note_headings(reader: TableReader, findings: Findings) -> None:
    """Name the headings that nothing reads."""
    ignored = [heading or "(empty)" for heading in ignored_headings(reader)]
    if not ignored:
        return
    # Only another case or spaces: a vaguer likeness would suggest columns that are something else.
    free = [name for name in kinds(reader.table) if name not in reader.columns]
    near = {n: h for n, h in near_headings(free, ignored).items() if h.strip().casefold() == n}
    declared = ", ".join(f'{name} = "{heading}"' for name, heading in near.items())
    hint = f"; if meant, declare columns = {{ {declared} }}" if near else ""
    findings.notice(
        "unknown_column", reader.table, f"{reader.file}: columns that nothing reads: {', '.join(ignored)}{hint}"
    )


def quarantine(reader: TableReader, bad: Sequence[BadRow], rows: int, findings: Findings, max_fraction: float) -> None:
    """Set bad and broken rows aside with their places; refuse the table when they are too many."""
    ordered = sorted(bad, key=lambda case: case.row)
    found: list[Quarantined] = []
    for case, place in zip(ordered, reader.locate([case.row for case in ordered]), strict=True):
        found.append(
            Quarantined(
                reader.table,
                place.file,
                place.line,
                case.column,
                case.value[:200],
                case.code,
                case.message,
                case.hint,
                place.raw[:1000],
            )
        )
    for broken in reader.broken:
        hint = "quote values that hold the delimiter, and give every row as many columns as the heading"
        place = broken.place
        found.append(
            Quarantined(
                reader.table, place.file, place.line, "", "", broken.code, broken.message, hint, place.raw[:1000]
            )
        )
    found.sort(key=lambda row: (row.file, row.line))
    findings.set_aside(found)
    refuse_above(max_fraction, rows + len(reader.broken), found, reader)


def refuse_above(limit: float, rows: int, found: Sequence[Quarantined], reader: TableReader) -> None:
    """Refuse a table with too many bad rows, naming the first."""
    if found and len(found) > limit * rows:
        first = found[0]
        raise InputError(
            f"{reader.table}: {reader.file}: {len(found)} of {rows} rows are bad, more than "
            f"max_quarantine_fraction = {limit:g} allows; "
            f"first {first.file}, line {first.line}: {first.message}; {first.hint}",
            code="too_many_bad_rows",
        )


def _typed_frame(reader: TableReader, raw: pa.Table, findings: Findings) -> tuple[pd.DataFrame, list[BadRow]]:
    import pandas as pd

    columns: dict[str, Any] = {}
    bad: list[BadRow] = []
    for name in reader.columns:
        kind = kinds(reader.table)[name]
        if kind == "identifier":
            columns[name] = _identifiers(reader, name, raw.column(name), findings, bad)
            continue
        values, unreadable = parse_column(_without_words(raw.column(name), reader.table, name), kind, reader.source)
        if kind == "flag":
            columns[name] = np.array(values.to_pylist(), dtype=object)
        elif kind == "date":
            columns[name] = _dates(values)
        else:
            columns[name] = values.to_numpy(zero_copy_only=False).astype(np.float64)
        wrong = np.flatnonzero(unreadable.to_numpy(zero_copy_only=False)).tolist()
        bad += [unreadable_row(reader, row, name, as_text(raw.column(name)[row].as_py())) for row in wrong]
    frame = pd.DataFrame(columns, columns=list(reader.columns))
    if "location" in contract(reader.table).columns and reader.table not in EVERYWHERE:
        frame["location"] = frame["location"].fillna("main") if "location" in frame else "main"
    return frame, bad


def _without_words(column: pa.ChunkedArray, table: str, name: str) -> pa.ChunkedArray:
    """Leave cells empty in which a word stands that means that nothing is there."""
    words = contract(table).columns[name].empty_words
    if not words or not pa.types.is_string(column.type):
        return column
    said = pc.is_in(pc.utf8_lower(pc.utf8_trim_whitespace(column)), pa.array(words))
    return pc.if_else(said, pa.scalar(None, pa.string()), column)


def _dates(values: pa.Array) -> npt.NDArray[np.datetime64]:
    """Days as nanoseconds, as pandas wants them; years that do not fit become a day that the contract refuses."""
    days = values.to_numpy(zero_copy_only=False).astype("datetime64[D]")
    beyond = (days > np.datetime64("2261-12-31")) | (days < np.datetime64("1678-01-01"))
    return np.where(beyond, np.datetime64("1700-01-01"), days).astype("datetime64[ns]")


def _identifiers(
    reader: TableReader, name: str, column: pa.ChunkedArray, findings: Findings, bad: list[BadRow]
) -> npt.NDArray[np.object_]:
    """Identifiers in normal form, None where empty or unusable; each distinct text is judged once."""
    coded = pc.dictionary_encode(column.cast(pa.string())).combine_chunks()
    if isinstance(coded, pa.ChunkedArray):
        coded = coded.chunk(0)
    texts = coded.dictionary.to_pylist()
    book = IdentifierBook(reader, name)
    # Most are plain, and need no book.
    known = coded.dictionary
    length = pc.binary_length(known)
    within = pc.and_(pc.greater(length, 0), pc.less_equal(length, LONGEST_IDENTIFIER))
    odd = set(known.filter(pc.invert(pc.and_(within, pc.ascii_is_printable(known)))).to_pylist())
    clean = np.array([(book.look(text) if text else None) if text in odd else text for text in texts] + [None], object)
    # The last place stands for an empty cell.
    place = pc.fill_null(coded.indices, len(texts)).to_numpy(zero_copy_only=False)
    counts = np.bincount(place, minlength=len(texts) + 1)
    book.rows = {text: int(counts[k]) for k, text in enumerate(texts) if text in odd}
    unusable = np.array([text in book.problems for text in texts] + [False], dtype=np.bool_)
    for row in np.flatnonzero(unusable[place]).tolist():
        text = texts[place[row]]
        problem, hint = book.problems[text], hint_for("identifier", text, reader.source)
        bad.append(BadRow(row, name, text, problem.code, f"{name} {text[:40]!r} {problem.message}", hint))
    book.log(findings)
    return np.asarray(clean[place], dtype=object)


def unreadable_row(reader: TableReader, row: int, name: str, value: str) -> BadRow:
    """Describe a value that is not of its column's kind."""
    kind = kinds(reader.table)[name]
    return BadRow(
        row, name, value, f"not_a_{kind}", f"{name} {value[:80]!r} is no {kind}", hint_for(kind, value, reader.source)
    )


def _violations(reader: TableReader, frame: pd.DataFrame, raw: pa.Table) -> list[BadRow]:
    """Ask the contract which rows break it."""
    promised = contract(reader.table)
    if surely_keeps(promised, frame):
        return []
    import pandas as pd
    import pandera.errors

    textual = ("identifier", "flag")
    checked = frame.astype({n: "object" for n in frame.columns if promised.columns[n].kind in textual})
    try:
        promised.for_pandera(list(frame.columns)).validate(checked, lazy=True)
        return []
    except pandera.errors.SchemaErrors as problem:
        cases = problem.failure_cases
    found = []
    for case in cases.to_dict("records"):
        if case["index"] is None or pd.isna(case["index"]):
            raise InputError(f"{reader.table}: {reader.file}: {case['check']} fails for column {case['column']}")
        row, name = int(case["index"]), str(case["column"])
        value = as_text(raw.column(name)[row].as_py() if name in raw.schema.names else frame[name].loc[row])
        found.append(_violation(row, name, value, str(case["check"]), promised.key))
    return found


def _violation(row: int, name: str, value: str, check: str, key: list[str] | None) -> BadRow:
    if check.startswith("not_nullable"):
        return BadRow(
            row, name, value, "missing_value", f"{name} is empty but needed", f"fill in {name}, or remove the row"
        )
    if "uniqueness" in check:
        message = f"the same {' and '.join(key or [])} stand in another row, too (here {name} {value[:80]!r})"
        return BadRow(row, name, value, "duplicate_key", message, "keep one of the rows")
    limit = check.replace("greater_than_or_equal_to", "at least ").replace("less_than_or_equal_to", "at most ")
    limit = limit.replace("greater_than", "above ").replace("(", "").replace(")", "")
    return BadRow(
        row,
        name,
        value,
        "out_of_range",
        f"{name} {value[:80]!r} is out of range: {limit}",
        _range_hint(name, value, limit),
    )


def _range_hint(name: str, value: str, limit: str) -> str:
    """What to do about a value out of range; some mistakes are well known."""
    if name == "target" and value.strip().replace(".", "", 1).isdigit() and 1 < float(value) < 100:
        return f"did you mean {float(value) / 100:g}? it must be {limit}"
    if value.strip()[:4] in ("1900", "9999", "1899", "0001"):
        return f"a placeholder for no date? leave {name} empty; it must be {limit}"
    return f"correct {name}; it must be {limit}"
