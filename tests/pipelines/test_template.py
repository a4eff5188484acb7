"""The configuration file that ``restock init`` writes is true: every setting, its real default, valid TOML."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from pipelines.config import PlanConfig
from pipelines.errors import ConfigurationError, UnavailableError
from pipelines.inputs import Inputs
from pipelines.tables import TABLES
from pipelines.template import template, write_template


def uncommented() -> str:
    """The template with every line of a setting, rule or table switched on; placeholders for values stay out."""
    lines = []
    for line in template().splitlines():
        bare = line.removeprefix("# ")
        lines.append(line if bare == line or ' = "..."  #' in bare or bare[0].isupper() else bare)
    return "\n".join(lines)


def test_as_it_stands_it_is_valid_and_sets_nothing() -> None:
    values = tomllib.loads(template())
    assert PlanConfig.make(dict(values["plan"]), "template") == PlanConfig()
    assert values["data"] == {"sales": "sales.csv"}


def test_switched_on_every_setting_shows_its_default() -> None:
    plan = tomllib.loads(uncommented())["plan"]
    rules, defaults = plan.pop("rules"), plan.pop("defaults")
    assert PlanConfig.make(plan, "template") == PlanConfig()
    for name, value in plan.items():
        default = PlanConfig.model_fields[name].default
        assert (type(value), value) == (type(default), default), name
    shown = set(plan) | {"rules", "defaults"}
    assert shown == {name for name, field in PlanConfig.model_fields.items() if field.default is not None}
    assert PlanConfig.make({"defaults": defaults, "rules": rules}, "template").defaults == defaults


def test_every_setting_and_table_is_named_with_its_meaning() -> None:
    for name, field in PlanConfig.model_fields.items():
        assert name in template()
        if name not in ("rules", "defaults"):
            assert str(field.description) in template()
    data = tomllib.loads(uncommented())["data"]
    assert list(data) == list(TABLES)
    assert set(Inputs.from_configuration(data, Path()).given()) == set(TABLES)


def test_it_is_written_once_and_never_over_an_existing_file(tmp_path: Path) -> None:
    path = write_template(tmp_path / "new" / "project")
    assert path.read_text(encoding="utf-8") == template()
    path.write_text("mine")
    with pytest.raises(ConfigurationError, match="exists already and was left as it is"):
        write_template(path.parent)
    assert path.read_text() == "mine"


def test_a_folder_that_can_t_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UnavailableError, match="can't be written"):
        write_template(tmp_path / "file" / "project")
