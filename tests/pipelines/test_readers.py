"""From CSV, Parquet and frames to Arrow: identifiers stay the text they were, and broken files are refused."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.errors import ConfigurationError, InputError
from pipelines.readers import TableReader, open_table
from pipelines.readers.reader import ignored_headings
from tests.pipelines.shop import SKUS, write_csv, write_parquet

CSV = "sku,date,quantity\n00123,2025-04-28,1\nNA,2025-04-28,2\n"


def text_file(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read(table: str, source: Any) -> pa.Table:
    """All columns of a table in memory."""
    reader = open_table(table, source)
    batches = list(reader.scan(list(reader.columns)))
    return (
        pa.Table.from_batches(batches)
        if batches
        else pa.table({name: pa.array([], pa.string()) for name in reader.columns})
    )


def texts(reader: TableReader, column: str = "sku") -> list[str | None]:
    return [v for batch in reader.scan([column]) for v in batch.column(0).to_pylist()]


def refused(source: Any, table: str = "sales") -> str:
    """The message with which a source is refused, always with exit code 3 and the table's name."""
    with pytest.raises(InputError) as problem:
        read(table, source)
    assert problem.value.exit_code == 3
    text = str(problem.value)
    assert text.startswith(table)
    if isinstance(source, Path):
        assert str(source) in text
    return text


@pytest.fixture
def names() -> pd.DataFrame:
    return pd.DataFrame({"sku": SKUS, "date": pd.Timestamp("2025-04-28"), "quantity": 1.0})


@pytest.mark.parametrize("kind", ["csv", "parquet", "frame", "category", "object"])
def test_identifiers_arrive_exactly_as_they_were_written(names: pd.DataFrame, tmp_path: Path, kind: str) -> None:
    sources: dict[str, Any] = {
        "csv": lambda: write_csv(names, tmp_path / "sales.csv"),
        "parquet": lambda: write_parquet(names, tmp_path / "sales.parquet"),
        "frame": lambda: names,
        "category": lambda: names.astype({"sku": "category"}),
        "object": lambda: names.astype({"sku": object}),
    }
    assert texts(open_table("sales", sources[kind]())) == list(SKUS)


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())], ids=str)
def test_every_kind_of_text_in_parquet_is_understood(tmp_path: Path, kind: pa.DataType) -> None:
    table = pa.table({"sku": pa.array(SKUS).cast(kind), "on_hand": [1.0] * len(SKUS)})
    pq.write_table(table, tmp_path / "stock.parquet")
    assert texts(open_table("stock", tmp_path / "stock.parquet")) == list(SKUS)


def test_an_empty_identifier_in_csv_is_empty_and_not_a_word(tmp_path: Path) -> None:
    file = text_file(tmp_path / "stock.csv", "sku,location,on_hand\nA,,1\n,B,2\n")
    assert texts(open_table("stock", file)) == ["A", ""]
    assert texts(open_table("stock", file), "location") == ["", "B"]


def test_whole_numbers_as_identifiers_of_a_frame_become_text() -> None:
    assert texts(open_table("stock", pd.DataFrame({"sku": [123, 7], "on_hand": 1.0}))) == ["123", "7"]


def test_fractions_as_identifiers_of_a_frame_are_refused_with_a_remedy() -> None:
    """A frame read without dtype=str has lost zeros already, and a gap has turned 123 into 123.0."""
    frame = pd.DataFrame({"sku": [123.0, np.nan], "on_hand": 1.0})
    assert "dtype=str" in refused(frame, "stock")


def test_fractions_as_identifiers_of_parquet_are_refused_like_those_of_a_frame(tmp_path: Path) -> None:
    frame = pd.DataFrame({"sku": [123.0, 7.5], "on_hand": 1.0})
    refused(write_parquet(frame, tmp_path / "stock.parquet"), "stock")


@pytest.mark.parametrize(
    "content",
    [
        "\ufeff" + CSV,
        CSV.replace("\n", "\r\n"),
        CSV.replace("\n", "\r"),
        CSV.rstrip("\n"),
        CSV.replace("\n", "\n\n"),
        '"sku","date","quantity"\n"00123","2025-04-28","1"\n"NA","2025-04-28","2"\n',
    ],
    ids=["byte-order mark", "CRLF", "CR", "no final newline", "blank lines", "all quoted"],
)
def test_ways_to_write_the_same_csv_read_the_same(tmp_path: Path, content: str) -> None:
    found = read("sales", text_file(tmp_path / "sales.csv", content))
    assert {name: found[name].to_pylist() for name in found.schema.names} == {
        "sku": ["00123", "NA"],
        "date": ["2025-04-28", "2025-04-28"],
        "quantity": ["1", "2"],
    }


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty (0 bytes)"),
        ("sku;date;quantity\nA;2025-04-28;1\n", 'declare delimiter = ";"'),
        ("sku\tdate\tquantity\nA\t2025-04-28\t1\n", 'declare delimiter = "\\t"'),
        ("sku,date\nA,2025-04-28\n", "lacks the column quantity"),
        ("name\nA\n", "lacks the columns sku, date, quantity"),
        ("sku,date,quantity,sku\nA,2025-04-28,1,B\n", "heading 'sku' more than once"),
        (CSV.encode("utf-16"), 'declare encoding = "utf-16"'),
        ("sku,date,quantity\nSchläfer,2025-04-28,1\n".encode("latin-1"), "line 2: byte 22 is no UTF-8"),
        (CSV + '"A,2025-04-28,1\n', "line 4: a quote that opens there is not closed"),
    ],
    ids=[
        "empty", "semicolons", "tabs", "missing column", "missing columns", "heading twice", "UTF-16", "Latin-1",
        "open quote",
    ],
)  # fmt: skip
def test_a_broken_csv_is_refused_and_the_reason_is_said(tmp_path: Path, content: str | bytes, words: str) -> None:
    assert words in refused(text_file(tmp_path / "sales.csv", content))


def test_rows_of_another_length_are_left_out_and_can_be_found_again(tmp_path: Path) -> None:
    file = text_file(tmp_path / "sales.csv", CSV + "A,2025-04-28,1,extra\nB,2025-04-28\nTRUE,2025-04-28,3\n")
    reader = open_table("sales", file)
    assert texts(reader) == ["00123", "NA", "TRUE"]
    assert [(row.code, row.place.file, row.place.line, row.place.raw) for row in reader.broken] == [
        ("row_too_long", str(file), 4, "A,2025-04-28,1,extra"),
        ("row_too_short", str(file), 5, "B,2025-04-28"),
    ]
    assert reader.locate([2])[0].line == 6


def test_a_missing_column_is_named_beside_those_that_are_there(tmp_path: Path) -> None:
    text = refused(text_file(tmp_path / "sales.csv", "sku,date,qty\nA,2025-04-28,1\n"))
    assert "lacks the column quantity; it has sku, date, qty" in text


def test_a_table_of_headings_alone_is_empty_with_or_without_a_line_end(tmp_path: Path) -> None:
    for content in ("sku,on_hand\n", "sku,on_hand"):
        assert read("stock", text_file(tmp_path / "stock.csv", content)).num_rows == 0


def test_unknown_columns_are_left_out_and_listed(tmp_path: Path) -> None:
    reader = open_table("stock", text_file(tmp_path / "stock.csv", "shelf,sku,on_hand,note\n1,A,2,x\n"))
    assert reader.columns == {"sku": "sku", "on_hand": "on_hand"}
    assert ignored_headings(reader) == ["shelf", "note"]


@pytest.mark.parametrize(
    ("name", "words"),
    [("folder", "holds no .parquet file"), ("book.xlsx", "no readable Excel workbook"), ("table.doc", "ends in .doc")],
)
def test_a_path_that_is_no_table_is_refused(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "book.xlsx").write_text("x")
    (tmp_path / "table.doc").write_text("x")
    assert words in refused(tmp_path / name)


def test_a_path_that_leads_nowhere_is_a_mistake_in_the_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"sales: there is no file .*absent\.csv"):
        open_table("sales", tmp_path / "absent.csv")


def test_something_that_is_neither_frame_nor_path_is_refused_with_its_type() -> None:
    assert "is a dict" in refused({"sku": ["A"]})


def test_a_frame_with_a_column_twice_is_refused(names: pd.DataFrame) -> None:
    assert "'sku' more than once" in refused(pd.concat([names, names[["sku"]]], axis=1))


def test_a_cut_parquet_file_is_refused(names: pd.DataFrame, tmp_path: Path) -> None:
    file = write_parquet(names, tmp_path / "sales.parquet")
    file.write_bytes(file.read_bytes()[:-20])
    assert "no readable Parquet file" in refused(file)


def test_a_flipped_bit_in_a_page_of_parquet_is_noticed(tmp_path: Path) -> None:
    """The values of an uncompressed page are found in the file and one bit of them is turned."""
    frame = pd.DataFrame({"sku": ["A"] * 64, "on_hand": np.arange(64) + 0.5})
    file = write_parquet(
        frame, tmp_path / "stock.parquet", compression="none", use_dictionary=["sku"], write_page_checksum=True
    )
    content = bytearray(file.read_bytes())
    content[content.find(np.float64(31.5).tobytes())] ^= 1
    file.write_bytes(content)
    assert "is damaged" in refused(file, "stock")


def test_nested_identifiers_of_parquet_are_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"sku": [["A"]], "on_hand": [1.0]}), tmp_path / "stock.parquet")
    refused(tmp_path / "stock.parquet", "stock")


def test_dates_of_a_frame_may_be_dates_timestamps_or_text() -> None:
    frame = pd.DataFrame({"sku": "A", "quantity": 1.0}, index=range(1))
    for value in (dt.date(2025, 4, 28), pd.Timestamp("2025-04-28"), "2025-04-28"):
        found = read("sales", frame.assign(date=[value]))["date"][0].as_py()
        assert str(found)[:10] == "2025-04-28"


@pytest.mark.parametrize("text", ["2026-02-30", "03/04/2026", "soon"])
def test_text_that_is_no_date_survives_the_way_into_arrow(text: str) -> None:
    """The check must see it: an item with discontinued_on = "soon" is not one without an end."""
    frame = pd.DataFrame({"sku": ["A"], "discontinued_on": pd.Series([text], dtype=object)})
    assert str(read("items", frame)["discontinued_on"][0].as_py()) == text


def test_numbers_and_text_mixed_in_a_frame_reach_the_check() -> None:
    frame = pd.DataFrame({"sku": ["A", "B"], "on_hand": pd.Series(["12 pcs", 3.0], dtype=object)})
    assert read("stock", frame).num_rows == 2


def test_a_table_can_be_read_again_and_again_and_column_by_column(names: pd.DataFrame, tmp_path: Path) -> None:
    for source in (names, write_csv(names, tmp_path / "s.csv"), write_parquet(names, tmp_path / "s.parquet")):
        reader = open_table("sales", source)
        first = read("sales", source)
        assert first.equals(read("sales", source))
        assert texts(reader) == texts(reader)
        assert texts(reader) == first["sku"].to_pylist()
        assert [c for batch in reader.scan(["quantity", "sku"]) for c in batch.schema.names][:2] == ["quantity", "sku"]


def test_an_empty_table_reads_as_no_rows(names: pd.DataFrame, tmp_path: Path) -> None:
    none = names.iloc[:0]
    for source in (none, write_csv(none, tmp_path / "s.csv"), write_parquet(none, tmp_path / "s.parquet")):
        assert read("sales", source).num_rows == 0


@pytest.mark.parametrize(
    ("kind", "words"),
    [(pa.int64(), "what it counts"), (pa.timestamp("us", tz="Europe/Berlin"), "declare time_zone")],
    ids=["counts", "time zone"],
)
def test_dates_that_would_have_to_be_guessed_are_refused(tmp_path: Path, kind: pa.DataType, words: str) -> None:
    """Seconds since 1970 and times with a zone must be declared before they can be read."""
    table = pa.table({"sku": ["A"], "date": pa.array([1], pa.int64()).cast(kind), "quantity": [1.0]})
    pq.write_table(table, tmp_path / "sales.parquet")
    assert words in refused(tmp_path / "sales.parquet")
