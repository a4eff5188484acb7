"""The contracts as a page for people (docs/tables.md) and as JSON Schema, generated so that they can't drift."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pipelines.contracts import Check
from pipelines.tables import TABLES, contract

__all__ = ["json_schema", "tables_page", "write_docs"]

_WORDS = {"identifier": "text", "number": "number", "date": "date", "flag": "true or false"}


def tables_page() -> str:
    """Return the page that describes every table."""
    lines = [
        "# Input tables",
        "",
        "Generated from the contracts in `pipelines/tables.py` by `python -m pipelines.table_docs docs`.",
        "Only `sales` must be given. Identifiers are text; an empty `location` means `main`, in `events` and",
        "`known_ahead` every place. Headings, decimal sign, date format and encoding are declared for each table in",
        "`restock.toml` (`[data.sales]`); nothing is guessed.",
    ]
    for table in TABLES:
        schema = contract(table)
        key = schema.key
        lines += ["", f"## {table}", "", f"{schema.description}.", ""]
        lines += [f"One row for each {', '.join(key)}.", ""] if key else []
        lines += ["| column | needed | kind | meaning |", "|---|---|---|---|"]
        for name, column in schema.columns.items():
            limits = "; ".join(_limit(check) for check in column.checks)
            meaning = f"{column.description}{f' ({limits})' if limits else ''}"
            lines.append(f"| {name} | {'yes' if column.required else ''} | {_WORDS[column.kind]} | {meaning} |")
    return "\n".join(lines) + "\n"


def json_schema(table: str) -> dict[str, Any]:
    """Return the contract of one table as JSON Schema (draft 2020-12) of a row."""
    schema = contract(table)
    kinds: dict[str, dict[str, Any]] = {
        "identifier": {"type": "string", "maxLength": 128},
        "number": {"type": "number"},
    }
    kinds |= {"date": {"type": "string", "format": "date"}, "flag": {"type": "boolean"}}
    properties = {}
    for name, column in schema.columns.items():
        entry: dict[str, Any] = {"description": column.description, **kinds[column.kind]}
        if column.kind == "number":
            for check in column.checks:
                entry |= _json_limit(check)
        if column.nullable:
            entry["type"] = [entry["type"], "null"]
        properties[name] = entry
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": table,
        "description": schema.description,
        "type": "object",
        "properties": properties,
        "required": [name for name, column in schema.columns.items() if column.required],
    }


def write_docs(folder: Path) -> None:
    """Write ``tables.md`` and ``tables.schema.json`` into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tables.md").write_text(tables_page(), encoding="utf-8")
    schemas = {table: json_schema(table) for table in TABLES}
    (folder / "tables.schema.json").write_text(json.dumps(schemas, indent=1) + "\n", encoding="utf-8")


def _limit(check: Check) -> str:
    """A check in words."""
    if check.name == "in_range":
        return f"{check.low} to {check.high}{'' if check.include_low else ', both excluded'}"
    if check.name == "greater_than":
        return f"above {check.low:g}"
    if check.name == "greater_than_or_equal_to":
        return f"at least {check.low:g}"
    if check.name == "less_than_or_equal_to":
        return f"at most {check.high:g}"
    return check.name.replace("_", " ")


def _json_limit(check: Check) -> dict[str, float]:
    names = {
        "exclusiveMinimum" if check.name == "greater_than" else "minimum": check.low,
        "maximum": check.high,
    }
    return {name: float(value) for name, value in names.items() if value is not None}


if __name__ == "__main__":
    import sys

    write_docs(Path(sys.argv[1] if len(sys.argv) > 1 else "docs"))
