"""What is proposed for files: commented out where it is a guess, and right once it is uncommented."""

from __future__ import annotations

import datetime as dt
import tomllib
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.errors import ConfigurationError, InputError
from pipelines.inputs import Inputs
from pipelines.proposing import Proposal, look_at, proposal_lines
from pipelines.template import template
from tests.pipelines.readers.reading import checked, text_file
from tests.pipelines.shop import SKUS, only, small_shop, write_csv, write_parquet

GERMAN = "Artikel;Datum;Menge;Lager;Notiz\n007;05.03.2026;1.234,5;Köln;x\n008;25.03.2026;2,0;Köln;y\n"


def settings_of(proposal: Proposal) -> dict[str, Any]:
    return {name: value for name, (value, _) in proposal.settings.items()}


def in_force(lines: list[str]) -> dict[str, Any]:
    return tomllib.loads("\n".join(lines)).get("data", {})


def uncommented(lines: list[str]) -> dict[str, Any]:
    """What is said once every proposal is switched on."""
    on = [line.removeprefix("# ") for line in lines]
    return in_force([line for line in on if line.startswith(("[data", "columns.")) or " = " in line.split("#")[0]])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_a_german_export_is_read_as_it_is_proposed(tmp_path: Path, encoding: str) -> None:
    path = text_file(tmp_path / "umsatz.csv", GERMAN.encode(encoding))
    proposal = look_at(path)
    named = {"cp1252": "cp1252", "utf-16": "utf-16"}.get(encoding)
    formats = {"delimiter": ";", "decimal": ",", "thousands": ".", "date_format": "%d.%m.%Y"}
    assert proposal.table == "sales"
    assert settings_of(proposal) == formats | ({"encoding": named} if named else {})
    lines = proposal_lines([proposal], tmp_path)
    assert in_force(lines) == {}
    data = uncommented(lines)
    assert data["sales"]["columns"] == {"sku": "Artikel", "date": "Datum", "quantity": "Menge", "location": "Lager"}
    frame, bad, _ = checked(Inputs.from_configuration(data, tmp_path).sales, "sales")
    assert bad == []
    assert frame["sku"].tolist() == ["007", "008"]
    assert frame["quantity"].tolist() == [1234.5, 2.0]
    assert frame["date"].tolist() == [pd.Timestamp("2026-03-05"), pd.Timestamp("2026-03-25")]
    assert frame["location"].tolist() == ["Köln", "Köln"]
    assert any(line == "# not read: Notiz" for line in lines)


def test_every_commented_line_says_what_it_rests_on(tmp_path: Path) -> None:
    lines = proposal_lines([look_at(text_file(tmp_path / "umsatz.csv", GERMAN.encode("cp1252")))], tmp_path)
    text = "\n".join(lines)
    for words in ("byte 67 is no UTF-8", "stands 4 times in the first line", "2 of 2 numbers seen", "all 2 dates seen"):
        assert words in text.replace(f"byte {GERMAN.encode('cp1252').index(bytes([0xF6]))}", "byte 67")
    assert all(line.startswith("# ") for line in lines if line)


@pytest.mark.parametrize("write", [write_csv, write_parquet])
def test_tables_with_the_names_of_the_contract_are_in_force_as_they_are(tmp_path: Path, write: Any) -> None:
    ending = {write_csv: "csv", write_parquet: "parquet"}[write]
    shop = only(small_shop(), *SKUS[:2])
    proposals = [look_at(write(frame, tmp_path / f"{name}.{ending}")) for name, frame in shop.items()]
    assert [p.table for p in proposals] == list(shop)
    data = in_force(proposal_lines(proposals, tmp_path))
    assert data == {name: {"path": f"{name}.{ending}"} for name in shop}
    assert tomllib.loads(template(proposal_lines(proposals, tmp_path)))["data"] == data


def test_dates_that_fit_two_ways_are_left_to_be_decided(tmp_path: Path) -> None:
    path = text_file(tmp_path / "sales.csv", "sku,date,quantity\nA,03/04/2026,1\n")
    value, why = look_at(path).settings["date_format"]
    assert value == "%d/%m/%Y"
    assert "%m/%d/%Y would fit, too: decide" in why
    path = text_file(tmp_path / "sales.csv", "sku,date,quantity\nA,03/04/2026,1\nA,03/24/2026,1\n")
    assert look_at(path).settings["date_format"][0] == "%m/%d/%Y"
    assert not look_at(path).certain


def test_a_comma_between_thousands_is_no_decimal_comma(tmp_path: Path) -> None:
    path = text_file(tmp_path / "sales.csv", 'sku,date,quantity\nA,2026-03-04,"1,234"\nA,2026-03-05,2.5\n')
    assert settings_of(look_at(path)) == {"thousands": ","}


def test_sheet_and_row_of_the_headings_are_found(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["Some words"])
    sheet = book.create_sheet("Bestände")
    for row in (["Report of today"], [], ["Artikel", "Bestand", "Stichtag"], ["007", 5, dt.datetime(2026, 3, 4)]):
        sheet.append(row)
    book.save(tmp_path / "export.xlsx")
    proposal = look_at(tmp_path / "export.xlsx")
    assert proposal.table == "stock"
    assert settings_of(proposal) == {"sheet": "Bestände", "header_row": 3}
    data = uncommented(proposal_lines([proposal], tmp_path))
    frame, bad, _ = checked(Inputs.from_configuration(data | {"sales": "s.csv"}, tmp_path).stock, "stock")
    assert bad == []
    assert frame[["sku", "on_hand", "as_of"]].values.tolist() == [["007", 5.0, pd.Timestamp("2026-03-04")]]


def test_two_files_of_one_table_and_a_file_of_none_are_told(tmp_path: Path) -> None:
    files = {"sales-1.csv": "sku,date,quantity\n", "sales-2.csv": "sku,date,quantity\n", "foo.csv": "foo,bar\n1,2\n"}
    found = [look_at(text_file(tmp_path / name, text)) for name, text in files.items()]
    text = "\n".join(proposal_lines(found, tmp_path))
    assert 'path = ["sales-1.csv", "sales-2.csv"] reads both' in text
    assert '# "foo.csv" seems to be no table that is known; its headings: foo, bar' in text
    assert in_force(text.splitlines()) == {"sales": {"path": "sales-1.csv"}}


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=12), min_size=1, max_size=5))
def test_no_heading_makes_the_file_invalid(headings: list[str]) -> None:
    """Whatever stands in a heading, it stays within its comment or its quotes."""
    columns = {"sku": headings[0]}
    proposal = Proposal(Path("a\n.csv"), "items", tuple(headings), columns, {"sheet": (headings[0], headings[-1])})
    lines = proposal_lines([proposal, Proposal(Path("b.csv"), None, tuple(headings))], Path())
    assert in_force(lines) == {}
    switched = [
        line.removeprefix("# ") for line in lines if line.startswith(("# [", "# path", "# sheet", "# columns."))
    ]
    assert in_force(switched)["items"]["columns"] == columns
    assert in_force(switched)["items"]["sheet"] == headings[0]


def test_what_can_t_be_looked_at_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="there is no file"):
        look_at(tmp_path / "absent.csv")
    with pytest.raises(ConfigurationError, match=r"ends in \.doc"):
        look_at(text_file(tmp_path / "a.doc", "x"))
    with pytest.raises(InputError, match="is empty"):
        look_at(text_file(tmp_path / "a.csv", ""))
    for name in ("a.parquet", "a.xlsx"):
        with pytest.raises(InputError, match="no readable"):
            look_at(text_file(tmp_path / name, "nonsense"))
