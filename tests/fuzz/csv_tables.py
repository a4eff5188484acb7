"""Damage CSV tables at random: no damage may end in a traceback, and no row may get lost or change unsaid.

``python -m tests.fuzz.csv_tables --seconds 600 --seed 1`` prints what it found and ends with 1 if it found anything;
with ``--table forecast`` only that table is damaged.
The rows of a damaged file are counted and read by Python's own csv module, which the package's fast way does not use.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import re
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from pipelines import Inputs, PlanConfig, plan
from pipelines.errors import RestockError
from pipelines.inputs import CheckedTables, check_inputs
from pipelines.jobs.demand import demand_from_sales
from pipelines.jobs.planning import Plan, make_plan
from tests.pipelines.invariants import check_plan
from tests.pipelines.shop import AS_OF, LOCATIONS, QUICK, only, small_shop, write_csv

SKUS = ("00123", "NA", "naïve Ä 日本", 'a,"b"', "[/i]")
# What tears tables apart more often than a random byte does.
TOKENS = (
    b'"', b'""', b",", b";", b"\n", b"\r", b"\r\n", b"\x00", b"\xff", b"\xef\xbb\xbf", b"-", b"1e400", b"nan", b"inf",
    b" ", b"\t", b"\xc3", "\u200b".encode(), "\u2028".encode(), b"9999-12-31", b"1900-01-01", b"0", b"=", b"'", b"\x1a",
    b"\x0b", b"\x0c", b"\x1c", b"\xc2\x85", b"99999999999999", b"1,5", b"2025-02-30", b"main", b"\\", b"#",
)  # fmt: skip
SETTINGS = (
    {}, {"duplicates": "sum"}, {"returns": "net"}, {"returns": "separate", "duplicates": "sum"},
    {"missing_quantity": "unknown"}, {"gaps": "missing"}, {"frequency": "W-MON", "as_of": "2025-03-31"},
    {"frequency": "D", "duplicates": "sum"},
)  # fmt: skip


@dataclass
class Tally:
    """What happened: outcomes by name, and the findings with what is needed to see them again."""

    outcomes: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)


def damaged(content: bytes, chance: random.Random) -> bytes:
    """The content with one to six random changes of bytes or lines."""
    data = bytearray(content)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 6))):
        at = chance.randrange(len(data) + 1)
        kind = chance.randrange(8)
        if kind == 0 and at < len(data):
            data[at] ^= 1 << chance.randrange(8)
        elif kind == 1:
            data[at:at] = bytes([chance.randrange(256)])
        elif kind == 2:
            del data[at : at + chance.choice((1, 1, 2, 9, 200))]
        elif kind in (3, 4):
            data[at : at + chance.randrange(2)] = chance.choice(TOKENS)
        else:
            data = bytearray(_lines_damaged(bytes(data), kind, chance))
    return bytes(data)


def _lines_damaged(data: bytes, kind: int, chance: random.Random) -> bytes:
    lines = data.splitlines(keepends=True) or [b""]
    a, b = chance.randrange(len(lines)), chance.randrange(len(lines))
    if kind == 5:
        lines[a], lines[b] = lines[b], lines[a]
    elif kind == 6:
        lines.insert(b, lines[a])
    else:
        cells = lines[a].split(b",")
        cells[chance.randrange(len(cells))] = chance.choice((*TOKENS, b"", b"x", b"-3", b"2.5", b"1"))
        lines[a] = b",".join(cells)
    return b"".join(lines)


def rows_in(path: Path) -> list[list[str]]:
    """The rows below the heading that are not blank, as Python's csv module reads them."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        text = file.read().replace("\r\n", "\n").replace("\r", "\n")
    rows = [row for row in csv.reader(text.split("\n") if '"' not in text else _quoted(text)) if row]
    return rows[1:]


def _quoted(text: str) -> list[str]:
    return [line + "\n" for line in text.split("\n")]


def check_tables(tables: CheckedTables, table: str, path: Path, config: PlanConfig) -> None:
    """Every row of the damaged table is there once: used, or set aside with its reason; and none was misread."""
    demand = demand_from_sales(tables, config)
    rows = rows_in(path)
    reader = tables.readers[table]
    aside = sum(row.table == table for row in tables.findings.rows)
    if table == "sales":
        assert sum(demand.fates.values()) == len(rows), f"{demand.fates} are not {len(rows)} rows"
    else:
        assert len(tables.frames[table]) + aside == len(rows), (
            f"{len(tables.frames[table])} + {aside} are not {len(rows)} rows"
        )
    whole = [row for row in rows if len(row) == len(reader.headings)]
    at = {name: reader.headings.index(heading) for name, heading in reader.columns.items()}
    read = [batch.to_pydict() for batch in reader.scan(list(reader.columns))]
    for name, place in at.items():
        # A line end within a quoted value is one, however it is written; such a row is set aside anyway.
        found = [(value or "").replace("\r\n", "\n").replace("\r", "\n") for part in read for value in part[name]]
        assert found == [row[place] for row in whole], f"column {name} was misread"


def check_forecast(made: Plan, path: Path) -> None:
    """Every row of an outside forecast is used, set aside, or counted as left out with its item."""
    rows, findings = len(rows_in(path)), made.tables.findings
    items = {
        key for key, model in zip(made.panel.keys, made.forecaster.choice_["model"], strict=True) if model == "outside"
    }
    frame = made.tables.frames["forecast"]
    assert set(zip(frame["sku"], frame["location"], strict=True)) == items
    aside = sum(row.table == "forecast" for row in findings.rows)
    said = [re.search(r"; ([0-9,]+) good rows? of them", notice.message) for notice in findings.notices]
    left = sum(int(found[1].replace(",", "")) for found in said if found)
    left += sum(
        int(notice.message.split(" ")[0].replace(",", ""))
        for notice in findings.notices
        if (notice.code, notice.table) == ("item_set_aside", "forecast")
    )
    assert len(frame) + aside + left == rows, f"{len(frame)} + {aside} + {left} are not {rows} rows"


def attempt(
    folder: Path, clean: dict[str, bytes], number: int, seed: int, tally: Tally, tables: tuple[str, ...]
) -> None:
    """Damage one of the tables of the clean shop, read it, and note what happened."""
    chance = random.Random(f"{seed}/{number}")
    table = chance.choice(tables)
    data = damaged(clean[table], chance)
    path = folder / f"{table}-damaged.csv"
    path.write_bytes(data)
    given = {name: folder / f"{name}.csv" for name in ("sales", "items", table)} | {table: path}
    changes = chance.choice(SETTINGS)
    config = PlanConfig(**{**QUICK, "simulation_paths": 0, "max_quarantine_fraction": 1.0, **changes})  # type: ignore[arg-type]
    try:
        checked = check_inputs(Inputs(**given), config)
        check_tables(checked, table, path, config)
        if table == "forecast":
            check_forecast(make_plan(Inputs(**given), config), path)
        tally.outcomes["read"] += 1
        if chance.random() < 0.05:
            chosen = config.model_copy(update={"model": "auto"})
            check_plan(plan(Inputs(**given), chosen, jobs=1), chosen)
            tally.outcomes["planned"] += 1
    except RestockError as problem:
        if "\n" in str(problem) or problem.exit_code not in (2, 3):
            tally.findings.append(f"{seed}/{number} {table} {changes}: exit code or message: {problem!r}")
        tally.outcomes[f"refused ({problem.exit_code})"] += 1
    except Exception as problem:
        last = traceback.extract_tb(problem.__traceback__)[-1]
        tally.outcomes["failed"] += 1
        tally.findings.append(
            f"{seed}/{number} {table} {changes}: {type(problem).__name__}: {str(problem)[:300]} "
            f"({Path(last.filename).name}:{last.lineno})"
        )


def outside_forecast() -> pd.DataFrame:
    """Three weeks or days of quantiles, paths and sums, one kind an article."""
    days = [str(AS_OF + pd.Timedelta(days=7 * k))[:10] for k in range(5)]
    rows = [("00123", place, q, "", day, 10 * q) for place in LOCATIONS for day in days for q in (0.1, 0.5, 0.9)]
    rows += [("NA", "007", "", p + 1, day, p % 7) for day in days for p in range(20)]
    rows += [(SKUS[2], "007", q, "", "sum", 30 * q) for q in (0.25, 0.5, 0.75)]
    return pd.DataFrame(rows, columns=["sku", "location", "level", "path", "period", "value"])


def fuzz(
    *, seed: int, first: int = 0, count: int | None = None, seconds: float | None = None, table: str | None = None
) -> Tally:
    """Damage tables, or one of them, until so many attempts are made or so much time has passed."""
    tally, end = Tally(), time.monotonic() + (seconds or float("inf"))
    with tempfile.TemporaryDirectory() as name, warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        folder = Path(name)
        shop = only(small_shop(), *SKUS)
        clean = {table: write_csv(frame, folder / f"{table}.csv").read_bytes() for table, frame in shop.items()}
        often = (table,) if table else ("sales", "sales", "sales", *clean)
        clean["forecast"] = write_csv(outside_forecast(), folder / "forecast.csv").read_bytes()
        number = first
        while time.monotonic() < end and (count is None or number < first + count):
            attempt(folder, clean, number, seed, tally, often)
            number += 1
    tally.outcomes["attempts"] = number - first
    return tally


def main() -> None:
    """Read the arguments, fuzz, and say what was found; the last line is one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="number of the first attempt, to see one again")
    parser.add_argument("--count", type=int, default=None, help="most attempts")
    parser.add_argument("--table", default=None, help="damage only this table, which may be forecast, too")
    given = parser.parse_args()
    tally = fuzz(seed=given.seed, first=given.first, count=given.count, seconds=given.seconds, table=given.table)
    for finding in tally.findings:
        print(finding)
    print(json.dumps({**tally.outcomes, "findings": len(tally.findings)}))
    sys.exit(1 if tally.findings else 0)


if __name__ == "__main__":
    main()
