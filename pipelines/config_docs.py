"""The settings as a page for people (docs/configuration.md), generated from PlanConfig so that it can't drift."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

from pipelines.config import Closed, Hold, Keep, LearnedCorrection, PlanConfig, Settings, Where

__all__ = ["configuration_page", "write_docs"]

_HEAD: Final = """\
# Configuration

Generated from `pipelines/config.py` by `python -m pipelines.config_docs docs`. The same names stand in `restock.toml`
under `[plan]` and in `PlanConfig(...)`. `restock init` writes a file with every one of them, commented out. An unknown
name, or a value out of its limits, is refused with the name, the value and what is allowed.
"""

_PARTS: Final[tuple[tuple[str, str, type[BaseModel]], ...]] = (
    (
        "rules: where",
        "The items that a rule is about; every condition given must hold, a list means any of them.",
        Where,
    ),
    (
        "rules: set",
        "What a rule may set. The first rule that matches an item and sets a field wins that field.",
        Settings,
    ),
    ("correction", "What earlier replays say of promised rates; `restock tune` writes it.", LearnedCorrection),
    ("keep", "Repairs of the history to leave undone, as rows of the plan's log.", Keep),
    ("holds", "Items that are not ordered up to and with a day.", Hold),
    ("closed", "Shutdowns in which lead times stand still.", Closed),
)


def configuration_page() -> str:
    """Return the page that describes every setting with its default and limits."""
    lines = [_HEAD, *_table(PlanConfig)]
    for title, told, part in _PARTS:
        lines += ["", f"## {title}", "", told, "", *_table(part)]
    return "\n".join(lines) + "\n"


def write_docs(folder: Path) -> None:
    """Write ``configuration.md`` into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "configuration.md").write_text(configuration_page(), encoding="utf-8")


def _table(model: type[BaseModel]) -> list[str]:
    schema = model.model_json_schema(by_alias=True)
    required = set(schema.get("required", ()))
    lines = ["| name | default | allowed | meaning |", "|---|---|---|---|"]
    for name, facts in schema["properties"].items():
        default = "needed" if name in required else _default(facts.get("default"))
        meaning = str(facts.get("description", "")).replace("|", "\\|")
        lines.append(f"| `{name}` | {default} | {_allowed(facts)} | {meaning} |")
    return lines


def _default(value: Any) -> str:
    return "" if value is None or value in ({}, []) else f"`{json.dumps(value)}`"


def _allowed(facts: dict[str, Any]) -> str:
    """The kinds and limits of a setting, in words."""
    choices = [part for part in facts.get("anyOf", [facts]) if part.get("type") != "null"]
    return ", or ".join(dict.fromkeys(_one(part) for part in choices))


def _one(part: dict[str, Any]) -> str:
    if "enum" in part:
        return ", ".join(f"`{value}`" for value in part["enum"])
    kind = {"string": "text", "number": "number", "integer": "whole number", "boolean": "true or false"}
    words = kind.get(str(part.get("type")), "")
    if part.get("format") == "date":
        words = "date"
    if part.get("type") == "array":
        words = f"list of {_one(part['items'])}"
    if part.get("type") == "object" or "$ref" in part:
        words = "a table"
    limits = [
        f"{sign} {part[name]:g}"
        for name, sign in (("minimum", "at least"), ("exclusiveMinimum", "above"), ("maximum", "at most"))
        if name in part
    ]
    limits += [f"below {part['exclusiveMaximum']:g}"] if "exclusiveMaximum" in part else []
    return " ".join([words, *limits])


if __name__ == "__main__":
    import sys

    write_docs(Path(sys.argv[1] if len(sys.argv) > 1 else "docs"))
