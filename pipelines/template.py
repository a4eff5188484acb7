"""The configuration file that ``restock init`` writes: every setting, commented, with its default."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic_core import PydanticUndefined

from pipelines.config import PlanConfig
from pipelines.errors import ConfigurationError, UnavailableError
from pipelines.tables import TABLES, contract, required_columns

__all__ = ["template", "write_template"]


def template() -> str:
    """Return the text of a commented ``restock.toml``."""
    lines = ["# Configuration of restock. Paths are relative to this file.", "", "[plan]"]
    for name, field in PlanConfig.model_fields.items():
        if name in ("rules", "defaults"):
            continue
        default = None if field.default is PydanticUndefined else field.default
        shown = json.dumps(default) if default is not None else '"..."'
        lines.append(f"# {name} = {shown}  # {field.description}")
    lines += [
        "",
        "[plan.defaults]                  # values for item columns that the tables lack",
        "# lead_time_days = 14",
        "# holding_rate = 0.25            # share of the unit cost per year",
        "",
        "# [[plan.rules]]                 # the first rule that matches and sets a field wins",
        '# where = { category = "..." }   # class, category, supplier, location, sku',
        "# set = { target = 0.01 }        # measure, target, unmet_demand, policy, review_days, model",
        "",
        "[data]",
    ]
    for table in TABLES:
        mark = "" if table == "sales" else "# "
        needs = ", ".join(required_columns(table))
        lines.append(f'{mark}{table} = "{table}.csv"  # {contract(table).description}; needs {needs}')
    return "\n".join(lines) + "\n"


def write_template(folder: Path) -> Path:
    """Write ``restock.toml`` into a folder; an existing one is left alone.

    Raises
    ------
    ConfigurationError
        There is one already.
    """
    path = folder / "restock.toml"
    if path.exists():
        raise ConfigurationError(f"{path} exists already and was left as it is")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(template(), encoding="utf-8")
    except OSError as problem:
        raise UnavailableError(f"{path} can't be written: {problem.strerror}") from None
    return path
