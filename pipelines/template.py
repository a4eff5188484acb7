"""The configuration file that ``restock init`` writes: every setting, commented, with its default."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from pydantic_core import PydanticUndefined

from pipelines.config import PlanConfig
from pipelines.errors import ConfigurationError, UnavailableError
from pipelines.proposing import look_at, proposal_lines
from pipelines.tables import TABLES, contract, required_columns

__all__ = ["template", "write_template"]


def template(proposed: Sequence[str] = ()) -> str:
    """Return the text of a commented ``restock.toml``.

    ``proposed``: lines of sections ``[data.TABLE]`` that take the place of the example's tables.
    """
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
        "# set = { target = 0.01 }        # measure, target, unmet_demand, patience_days, policy, review_days, model",
        "",
        "[data]",
    ]
    for table in TABLES:
        mark = "" if table == "sales" and not proposed else "# "
        needs = ", ".join(required_columns(table))
        lines.append(f'{mark}{table} = "{table}.csv"  # {contract(table).description}; needs {needs}')
    if proposed:
        lines += ["", "# Proposed from the files that were looked at; nothing commented out is in force. Look it over."]
    return "\n".join([*lines, *proposed]) + "\n"


def write_template(folder: Path, files: Sequence[Path] = ()) -> Path:
    """Write ``restock.toml`` into a folder; an existing one is left alone.

    ``files``: tables to look at; what they seem to be is proposed in the file, commented out where it is a guess.

    Raises
    ------
    ConfigurationError
        There is one already, or a file to look at does not exist.
    """
    path = folder / "restock.toml"
    if path.exists():
        raise ConfigurationError(f"{path} exists already and was left as it is")
    try:
        proposed = proposal_lines([look_at(file) for file in files], folder)
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(template(proposed), encoding="utf-8")
    except OSError as problem:
        raise UnavailableError(f"{path} can't be written: {problem.strerror}") from None
    return path
