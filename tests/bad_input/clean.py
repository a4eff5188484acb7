"""A clean small shop as text, so that a test can spoil it cell by cell, line by line or byte by byte."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

SKUS = ("00123", "A-1", "B2", "C3", "D4", "E5", "NA", "x Ä")
WEEKS = 60
AS_OF = dt.date(2026, 3, 2)
# Demand is drawn as it was, and each item has a category of its own: what happens to one tells nothing of another.
PLAN: dict[str, Any] = {
    "frequency": "W-MON",
    "as_of": AS_OF,
    "model": "bootstrap",
    "paths": 100,
    "simulation_paths": 5,
    "simulation_days": 70,
    "max_quarantine_fraction": {"sales": 0.05, "items": 0.5, "stock": 0.5, "open_orders": 0.5, "suppliers": 0.5},
}


@dataclass
class Shop:
    """The tables as cells of text, the heading first, and ``restock.toml`` as values; written by ``write``.

    ``instead`` holds, by table, what writes the file in place of CSV: bytes, or a function of the path.
    ``data`` holds entries of the [data] section that differ from ``"<table>.csv"``.
    """

    folder: Path
    tables: dict[str, list[list[str]]]
    plan: dict[str, Any] = field(default_factory=lambda: dict(PLAN))
    data: dict[str, Any] = field(default_factory=dict)
    instead: dict[str, bytes | Callable[[Path], None]] = field(default_factory=dict)
    grows: str = ""  # the table that another program appends to while it is read
    locked: str = ""  # the table whose file may not be read

    def column(self, table: str, name: str) -> int:
        return self.tables[table][0].index(name)

    def lines_of(self, table: str, sku: str) -> list[int]:
        """The lines (the heading is line 1) on which a SKU stands."""
        at = self.column(table, "sku")
        return [k + 1 for k, row in enumerate(self.tables[table]) if k and row[at] == sku]

    def put(self, table: str, line: int, name: str, value: str) -> int:
        """Write a value into a cell; return its line."""
        self.tables[table][line - 1][self.column(table, name)] = value
        return line

    def spoil(self, table: str, sku: str, name: str, value: str, which: int = -1) -> int:
        """Write a value into one of a SKU's rows; return its line."""
        return self.put(table, self.lines_of(table, sku)[which], name, value)

    def add(self, table: str, **cells: str) -> int:
        """Append a row; return its line."""
        self.tables[table].append([cells.get(name, "") for name in self.tables[table][0]])
        return len(self.tables[table])

    def again(self, table: str, line: int, **changes: str) -> int:
        """Append a copy of a row with changes; return its line."""
        cells = dict(zip(self.tables[table][0], self.tables[table][line - 1], strict=True))
        return self.add(table, **{**cells, **changes})

    def add_column(self, table: str, name: str, value: str = "") -> None:
        for k, row in enumerate(self.tables[table]):
            row.append(value if k else name)

    def text(self, table: str, delimiter: str = ",", end: str = "\n") -> str:
        """The table as CSV."""
        out = io.StringIO()
        csv.writer(out, delimiter=delimiter, lineterminator=end).writerows(self.tables[table])
        return out.getvalue()

    def records(self, table: str) -> list[dict[str, str]]:
        heading, *rows = self.tables[table]
        return [dict(zip(heading, row, strict=True)) for row in rows]

    def write(self) -> Path:
        """Write every table and ``restock.toml``; return the path of the latter."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for table in self.tables:
            path = self.folder / f"{table}.csv"
            given = self.instead.get(table)
            if callable(given):
                given(path)
            else:
                path.write_bytes(self.text(table).encode() if given is None else given)
        data = {table: f"{table}.csv" for table in self.tables} | self.data
        plan = [f"{name} = {_toml(value)}" for name, value in self.plan.items()]
        lines = ["[plan]", *plan, "[data]", *(f"{name} = {_toml(value)}" for name, value in data.items())]
        file = self.folder / "restock.toml"
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return file


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(k)} = {_toml(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, dt.date):
        return value.isoformat()
    return repr(value) if isinstance(value, float) else json.dumps(value, ensure_ascii=False)


def clean_shop(folder: Path) -> Shop:
    """Eight items, fast and slow, with all that a plan needs and nothing to complain about."""
    random = np.random.default_rng(7)
    weeks = [AS_OF - dt.timedelta(days=7 * (WEEKS - k)) for k in range(WEEKS)]
    rates = np.geomspace(0.4, 30.0, len(SKUS))
    sales = [["sku", "location", "date", "quantity"]]
    for sku, rate in zip(SKUS, rates, strict=True):
        sales += [[sku, "main", str(week), str(random.poisson(rate))] for week in weeks]
    heading = "sku,location,supplier,lead_time_days,unit_cost,order_cost,moq,pack_size,max_stock,category,uom,currency"
    items = [heading.split(",")]
    for k, sku in enumerate(SKUS):
        supplier = ("S1", "S2")[k % 2]
        own = "10" if k == 3 else ""
        items.append([sku, "main", supplier, own, f"{2 + k}.5", "15", "12", "6", "5000", f"group {k}", "pcs", "EUR"])
    day = dt.timedelta(days=1)
    receipts = [["supplier", "ordered_on", "received_on"]]
    receipts += [["S1", str(AS_OF - (100 + k) * day), str(AS_OF - (88 + k % 3) * day)] for k in range(10)]
    stock = [["sku", "location", "on_hand", "as_of"]]
    stock += [[sku, "main", str(round(2 * rate)), str(AS_OF)] for sku, rate in zip(SKUS, rates, strict=True)]
    orders = [["sku", "location", "quantity", "due_date"]]
    orders += [[sku, "main", "12", str(AS_OF + (3 + k) * day)] for k, sku in enumerate(SKUS[:4])]
    tables = {
        "sales": sales,
        "items": items,
        "suppliers": [["supplier", "lead_time_days"], ["S1", "14"], ["S2", "21"]],
        "receipts": receipts,
        "stock": stock,
        "open_orders": orders,
    }
    return Shop(folder, tables)
