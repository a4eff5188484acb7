"""The tables of a plan together."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from pipelines.config import PlanConfig
from pipelines.errors import ConfigurationError, InputError
from pipelines.inputs import Inputs, check_inputs
from pipelines.sources import TableSource
from pipelines.tables import TABLES
from tests.pipelines.shop import only, small_shop

SALES = pd.DataFrame({"sku": ["A"], "date": ["2025-04-28"], "quantity": [1.0]})


def test_paths_start_at_the_folder_of_the_configuration() -> None:
    inputs = Inputs.from_configuration({"sales": "s.csv", "stock": "/abs/stock.csv"}, Path("/project"))
    assert inputs.given() == {
        "sales": TableSource(path=("/project/s.csv",)), "stock": TableSource(path=("/abs/stock.csv",))
    }  # fmt: skip


def test_an_unknown_table_is_named_beside_those_that_are_known() -> None:
    with pytest.raises(ConfigurationError, match="no table price, prices; known are sales, items"):
        Inputs.from_configuration({"sales": "s.csv", "prices": "r.csv", "price": "p.csv"}, Path())


def test_sales_must_be_named() -> None:
    with pytest.raises(ConfigurationError, match="must name the sales table, for example sales = "):
        Inputs.from_configuration({"items": "items.csv"}, Path())


def test_only_the_tables_that_are_there_are_given() -> None:
    assert list(Inputs(sales=SALES).given()) == ["sales"]
    assert set(Inputs(**dict.fromkeys(TABLES, SALES)).given()) == set(TABLES)


def test_all_tables_of_a_shop_pass_the_checks() -> None:
    tables = only(small_shop(), "NA", "00123")
    checked = check_inputs(Inputs(**tables), PlanConfig())
    assert set(checked.frames) == set(tables) - {"sales"}
    assert checked.get("events") is None
    assert checked.findings.rows == []
    assert checked.sales.rules.known_skus == {"NA", "00123"}
    assert not checked.items_everywhere


def test_items_without_locations_hold_everywhere() -> None:
    items = pd.DataFrame({"sku": ["A"]})
    assert check_inputs(Inputs(sales=SALES, items=items), PlanConfig()).items_everywhere


def test_an_items_table_without_rows_is_refused() -> None:
    with pytest.raises(InputError, match="items: a data frame has no usable rows"):
        check_inputs(Inputs(sales=SALES, items=pd.DataFrame({"sku": []}, dtype=object)), PlanConfig())


def test_inputs_without_sales_are_refused_with_a_message() -> None:
    with pytest.raises((InputError, ConfigurationError), match="sales"):
        Inputs(sales=None)


def test_an_optional_table_without_rows_is_accepted_with_a_warning() -> None:
    none = pd.DataFrame({"sku": [], "on_hand": []}, dtype=object)
    assert any("stock" in w for w in check_inputs(Inputs(sales=SALES, stock=none), PlanConfig()).findings.warnings)
