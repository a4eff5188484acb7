"""Parquet: text of every kind, folders of parts, and damage that is noticed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.readers import open_table
from tests.pipelines.readers.reading import checked, column_of, refused, rows_of
from tests.pipelines.shop import SKUS, write_parquet


@pytest.mark.parametrize(
    "kind",
    [pa.string(), pa.large_string(), *(pa.dictionary(i, pa.string()) for i in (pa.int8(), pa.int32(), pa.int64()))],
    ids=str,
)
def test_every_kind_of_text_in_parquet_is_understood(tmp_path: Path, kind: pa.DataType) -> None:
    table = pa.table({"sku": pa.array(SKUS).cast(kind), "on_hand": [1.0] * len(SKUS)})
    pq.write_table(table, tmp_path / "stock.parquet")
    assert column_of(open_table("stock", tmp_path / "stock.parquet")) == list(SKUS)


def test_whole_numbers_as_identifiers_become_text(tmp_path: Path) -> None:
    frame = pd.DataFrame({"sku": [123, 7], "on_hand": 1.0})
    assert column_of(open_table("stock", write_parquet(frame, tmp_path / "stock.parquet"))) == ["123", "7"]


def test_fractions_as_identifiers_of_parquet_are_refused_like_those_of_a_frame(tmp_path: Path) -> None:
    frame = pd.DataFrame({"sku": [123.0, 7.5], "on_hand": 1.0})
    assert "identifiers must be text" in refused(write_parquet(frame, tmp_path / "stock.parquet"), "stock")


@pytest.mark.parametrize("sku", [[["A"]], pa.array([{"a": 1}]), pa.array([b"A"])], ids=["list", "struct", "bytes"])
def test_nested_identifiers_of_parquet_are_refused(tmp_path: Path, sku: pa.Array) -> None:
    pq.write_table(pa.table({"sku": sku, "on_hand": [1.0]}), tmp_path / "stock.parquet")
    assert "column 'sku' holds" in refused(tmp_path / "stock.parquet", "stock")


def test_a_cut_parquet_file_is_refused(tmp_path: Path) -> None:
    file = write_parquet(pd.DataFrame({"sku": SKUS, "on_hand": 1.0}), tmp_path / "stock.parquet")
    file.write_bytes(file.read_bytes()[:-20])
    assert "no readable Parquet file" in refused(file, "stock")


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


def partitioned(folder: Path) -> Path:
    """Two places, each a folder of its own, one in two parts."""
    for place, part, skus in (("007", "a", ["A", "B"]), ("007", "b", ["C"]), ("NULL", "a", ["A", "00123"])):
        (folder / f"location={place}").mkdir(parents=True, exist_ok=True)
        frame = pd.DataFrame({"sku": skus, "on_hand": [1.0, None][: len(skus)]})
        write_parquet(frame, folder / f"location={place}" / f"{part}.parquet")
    return folder


def test_a_folder_of_parts_is_one_table_with_its_folders_as_a_column(tmp_path: Path) -> None:
    reader = open_table("stock", partitioned(tmp_path / "stock"))
    assert rows_of(reader) == {
        "sku": ["A", "B", "C", "A", "00123"],
        "on_hand": [1.0, None, 1.0, 1.0, None],
        "location": ["007", "007", "007", "NULL", "NULL"],
    }
    assert column_of(reader, "location") == ["007", "007", "007", "NULL", "NULL"]
    assert len(reader.fingerprints()) == 3


def test_a_bad_row_of_a_folder_is_found_in_its_part(tmp_path: Path) -> None:
    folder = partitioned(tmp_path / "stock")
    frame, bad, _ = checked(folder)
    assert frame[["sku", "location"]].values.tolist() == [["A", "007"], ["C", "007"], ["A", "NULL"]]
    assert [(r.file, r.line, r.code) for r in bad] == [
        (str(folder / f"location={place}" / "a.parquet"), 3, "missing_value") for place in ("007", "NULL")
    ]
    assert "sku=00123" in bad[1].raw


def test_parts_may_hold_whole_numbers_here_and_fractions_there(tmp_path: Path) -> None:
    (tmp_path / "stock").mkdir()
    for name, value in (("a", 1), ("b", 1.5)):
        pq.write_table(pa.table({"sku": [name], "on_hand": [value]}), tmp_path / "stock" / f"{name}.parquet")
    assert checked(tmp_path / "stock")[0]["on_hand"].tolist() == [1.0, 1.5]


def test_parts_of_other_columns_are_refused(tmp_path: Path) -> None:
    (tmp_path / "stock").mkdir()
    for name in ("on_hand", "allocated"):
        pq.write_table(pa.table({"sku": ["A"], name: [1.0]}), tmp_path / "stock" / f"{name}.parquet")
    assert "has other columns than" in refused(tmp_path / "stock", "stock")


def test_rows_are_located_across_files_and_row_groups(tmp_path: Path) -> None:
    files = []
    for name, count in (("a", 10), ("b", 7)):
        frame = pd.DataFrame({"sku": [f"{name}{k}" for k in range(count)], "on_hand": 1.0})
        files.append(write_parquet(frame, tmp_path / f"{name}.parquet", row_group_size=3))
    found = open_table("stock", files).locate([0, 4, 9, 10, 16])
    assert [(Path(p.file).stem, p.line, p.raw) for p in found] == [
        ("a", 2, "sku=a0, on_hand=1.0"), ("a", 6, "sku=a4, on_hand=1.0"), ("a", 11, "sku=a9, on_hand=1.0"),
        ("b", 2, "sku=b0, on_hand=1.0"), ("b", 8, "sku=b6, on_hand=1.0"),
    ]  # fmt: skip
