"""What every door has in common: identifiers as they were written, headings that are declared, named and unique."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pipelines.errors import ConfigurationError
from pipelines.readers import open_table
from pipelines.readers.reader import ignored_headings
from pipelines.sources import TableSource
from tests.pipelines.readers.reading import column_of, declared, refused, rows_of, text_file
from tests.pipelines.shop import SKUS, write_csv, write_parquet


@pytest.fixture
def names() -> pd.DataFrame:
    return pd.DataFrame({"sku": SKUS, "date": pd.Timestamp("2025-04-28"), "quantity": 1.0})


def written(names: pd.DataFrame, folder: Path, kind: str) -> Any:
    if kind == "csv":
        return write_csv(names, folder / "sales.csv")
    if kind == "parquet":
        return write_parquet(names, folder / "sales.parquet")
    if kind == "excel":
        names.to_excel(folder / "sales.xlsx", index=False)
        return folder / "sales.xlsx"
    if kind == "query":
        import sqlite3

        with sqlite3.connect(folder / "shop.db") as database:
            names.to_sql("sales", database, index=False)
        return TableSource(query="SELECT sku, date, quantity FROM sales", url=f"sqlite:///{folder / 'shop.db'}")
    return names.astype({"sku": {"frame": "str", "category": "category", "object": object}[kind]})


@pytest.mark.parametrize("kind", ["csv", "parquet", "excel", "query", "frame", "category", "object"])
def test_identifiers_arrive_exactly_as_they_were_written(names: pd.DataFrame, tmp_path: Path, kind: str) -> None:
    if kind == "excel":
        # A text that begins with "=" is a formula to Excel's writers; all others stay text.
        names = names[names["sku"] != "=1+1"]
    assert column_of(open_table("sales", written(names, tmp_path, kind))) == names["sku"].tolist()


@pytest.mark.parametrize("kind", ["csv", "parquet", "excel", "query", "frame"])
def test_a_table_can_be_read_again_and_again_and_column_by_column(
    names: pd.DataFrame, tmp_path: Path, kind: str
) -> None:
    reader = open_table("sales", written(names, tmp_path, kind))
    first = rows_of(reader)
    assert len(first["sku"]) == len(names)
    assert rows_of(reader) == first
    for column, values in first.items():
        assert column_of(reader, column) == values
    assert all(batch.schema.names == ["quantity", "sku"] for batch in reader.scan(["quantity", "sku"]))


@pytest.mark.parametrize("kind", ["csv", "parquet", "excel", "query", "frame"])
def test_an_empty_table_reads_as_no_rows(names: pd.DataFrame, tmp_path: Path, kind: str) -> None:
    assert rows_of(open_table("sales", written(names.iloc[:0], tmp_path, kind))) == {
        "sku": [], "date": [], "quantity": []
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["csv", "parquet", "excel", "query"])
def test_a_changed_source_has_another_fingerprint_and_the_same_source_the_same(
    names: pd.DataFrame, tmp_path: Path, kind: str
) -> None:
    """A plan is known by these digests: were one to miss a change, an old plan would be published as a new one."""

    def prints(name: str, quantity: float) -> list[str]:
        (tmp_path / name).mkdir()
        reader = open_table("sales", written(names.assign(quantity=quantity), tmp_path / name, kind))
        return [digest for _, digest in reader.fingerprints()]

    source = written(names, tmp_path, kind)
    once, again = (open_table("sales", source).fingerprints() for _ in range(2))
    assert once == again
    assert len(once) == 1
    assert prints("a", 1.0) != prints("b", 2.0)


def test_a_frame_has_no_file_and_no_fingerprint(names: pd.DataFrame) -> None:
    assert open_table("sales", names).fingerprints() == []


@pytest.mark.parametrize("kind", ["csv", "parquet", "excel"])
def test_declared_headings_stand_for_the_names_of_the_contract(tmp_path: Path, kind: str) -> None:
    """The declared heading wins over one that bears the name of the contract."""
    frame = pd.DataFrame({"Artikel": ["00123"], "sku": ["old"], "Menge": [3.0], "Datum": ["2025-04-28"]})
    file = written(frame, tmp_path, kind)
    reader = open_table("sales", declared(file, columns={"sku": "Artikel", "quantity": "Menge", "date": "Datum"}))
    assert rows_of(reader)["sku"] == ["00123"]
    assert list(reader.columns) == ["sku", "date", "quantity"]
    assert [float(v) for v in column_of(reader, "quantity")] == [3.0]
    assert ignored_headings(reader) == ["sku"]


def test_one_heading_may_serve_two_columns(tmp_path: Path) -> None:
    file = text_file(tmp_path / "open_orders.csv", "sku,quantity,day\nA,1,2025-05-05\n")
    reader = open_table("open_orders", declared(file, columns={"due_date": "day", "ordered_on": "day"}))
    assert rows_of(reader)["due_date"] == rows_of(reader)["ordered_on"] == ["2025-05-05"]


def test_a_declared_heading_that_is_not_there_is_named_with_its_likeness(tmp_path: Path) -> None:
    file = text_file(tmp_path / "stock.csv", "Artikel,on_hand\nA,1\n")
    with pytest.raises(Exception, match=r"no heading 'Artikle', declared for sku; did you mean 'Artikel'\?") as problem:
        open_table("stock", declared(file, columns={"sku": "Artikle"}))
    assert getattr(problem.value, "exit_code", 0) == 3


def test_a_declaration_for_a_column_that_is_not_in_the_contract_is_a_mistake_in_the_configuration(
    tmp_path: Path,
) -> None:
    file = text_file(tmp_path / "stock.csv", "sku,on_hand\nA,1\n")
    with pytest.raises(ConfigurationError, match=r"\[data.stock.columns\] price is no column of stock; known are sku"):
        open_table("stock", declared(file, columns={"price": "on_hand"}))


def test_a_missing_column_is_named_beside_those_that_are_there(tmp_path: Path) -> None:
    text = refused(text_file(tmp_path / "sales.csv", "sku,date,qty\nA,2025-04-28,1\n"))
    assert "lacks the column quantity; it has sku, date, qty" in text
    assert 'columns = { quantity = "..." }' in text


@pytest.mark.parametrize("heading", ["Quantity", " quantity ", "QUANTITY", "quantities"])
def test_a_heading_that_is_nearly_right_is_offered_and_not_taken(tmp_path: Path, heading: str) -> None:
    text = refused(text_file(tmp_path / "sales.csv", f"sku,date,{heading}\nA,2025-04-28,1\n"))
    assert f'columns = {{ quantity = "{heading}" }}' in text


def test_unknown_columns_are_left_out_and_listed(tmp_path: Path) -> None:
    reader = open_table("stock", text_file(tmp_path / "stock.csv", "shelf,sku,on_hand,note\n1,A,2,x\n"))
    assert list(reader.columns) == ["sku", "on_hand"]
    assert ignored_headings(reader) == ["shelf", "note"]
    assert rows_of(reader) == {"sku": ["A"], "on_hand": ["2"]}


def test_an_unknown_heading_may_occur_twice_but_a_known_one_may_not(tmp_path: Path) -> None:
    file = text_file(tmp_path / "stock.csv", "sku,on_hand,note,note\nA,2,x,y\n")
    assert rows_of(open_table("stock", file)) == {"sku": ["A"], "on_hand": ["2"]}
    assert "heading 'sku' more than once" in refused(text_file(file, "sku,on_hand,sku\nA,2,x\n"), "stock")


@pytest.mark.parametrize(
    ("name", "words", "code"),
    [("absent.csv", "no file", 2), ("folder", "no .parquet file", 3), ("book.ods", "ends in .ods; known are", 3)],
)
def test_a_path_that_is_no_table_is_refused(tmp_path: Path, name: str, words: str, code: int) -> None:
    from pipelines.errors import InputError

    (tmp_path / "folder").mkdir()
    (tmp_path / "book.ods").write_text("x")
    error = ConfigurationError if code == 2 else InputError
    assert words in refused(tmp_path / name, error=error, code=code)


def test_files_of_several_kinds_are_refused(names: pd.DataFrame, tmp_path: Path) -> None:
    paths = [write_csv(names, tmp_path / "a.csv"), write_parquet(names, tmp_path / "b.parquet")]
    assert "one kind, got CSV, Parquet" in refused(paths)


def test_something_that_is_neither_frame_nor_path_is_refused_with_its_type() -> None:
    assert "is a dict" in refused({"sku": [1]})
    with pytest.raises(ConfigurationError, match="sales"):
        open_table("sales", [1, 2])
