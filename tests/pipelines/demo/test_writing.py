"""A shop on disk."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pyarrow.csv
import pyarrow.parquet
import pytest

from pipelines.demo import DemoWorld, write_demo, write_shop
from tests.pipelines.demo.conftest import LOCATIONS, SEED, SKUS, YEARS

DATA = Path(__file__).parents[3] / "data"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_demo(tmp_path_factory.mktemp("a shop"), SKUS, LOCATIONS, YEARS, SEED).parent


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def documented() -> dict[str, list[str]]:
    """Columns that data/README.md explains, by the file in whose section they stand."""
    sections = re.split(r"^## ", (DATA / "README.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {
        section.split("\n", 1)[0]: re.findall(r"^\| `(\w+)` \| [^|]+ \| [^|]+ \|$", section, flags=re.MULTILINE)
        for section in sections
        if section.split("\n", 1)[0].endswith(".csv")
    }


def test_the_same_seed_writes_the_same_bytes(written: Path, tmp_path: Path) -> None:
    again = write_demo(tmp_path / "new" / "folder", SKUS, LOCATIONS, YEARS, SEED).parent
    assert contents(again) == contents(written)


def test_writing_over_an_older_shop_leaves_nothing_of_it(written: Path, tmp_path: Path) -> None:
    write_demo(tmp_path, 5, 1, 1, 9)
    write_demo(tmp_path, SKUS, LOCATIONS, YEARS, SEED)
    assert contents(tmp_path) == contents(written)


def test_the_configuration_names_every_file(written: Path) -> None:
    for folder in (written, DATA):
        configuration = tomllib.loads((folder / "restock.toml").read_text(encoding="utf-8"))
        assert set(configuration) == {"plan", "data"}
        files = set(configuration["data"].values())
        assert files == {path.name for path in folder.iterdir()} - {"restock.toml", "README.md"}
        assert configuration["plan"]["frequency"] == "D"
        assert configuration["plan"]["rules"][0]["set"] == {"target": 0.01}


def test_what_is_read_back_is_what_was_generated(written: Path, shop: DemoWorld) -> None:
    for name, frame in shop.tables.items():
        if name in ("sales", "customer_orders"):
            table = pyarrow.parquet.read_table(written / f"{name}.parquet")
        else:
            texts = ("sku", "po", "location", "successor_of", "substitute", "category")
            text = {column: "string" for column in texts if column in frame.columns}
            convert = pyarrow.csv.ConvertOptions(column_types=text, strings_can_be_null=True)
            table = pyarrow.csv.read_csv(written / f"{name}.csv", convert_options=convert)
        assert table.column_names == list(frame.columns)
        for column in frame.columns:
            expected = frame[column]
            if expected.dtype.kind == "M":
                expected = expected.dt.date
            missing = expected.isna()
            read = table[column].to_pylist()
            assert [value is None for value in read] == missing.tolist(), (name, column)
            assert [value for value in read if value is not None] == expected[~missing].tolist(), (name, column)


def test_the_truth_is_written_only_when_asked_for(written: Path, tmp_path: Path) -> None:
    assert not (written / "truth").exists()
    with_truth = write_demo(tmp_path, 5, 2, 1, SEED, truth=True).parent
    names = {path.name for path in (with_truth / "truth").iterdir()}
    known = ("days", "events", "incidents", "lead_times", "series", "suppliers", "transfers")
    assert names == {f"{name}.parquet" for name in known}
    assert pyarrow.parquet.read_table(with_truth / "truth" / "days.parquet").num_rows == 5 * 2 * 365


def test_a_shorter_ledger_has_fewer_lines(written: Path, tmp_path: Path) -> None:
    write_demo(tmp_path, SKUS, LOCATIONS, YEARS, SEED, ledger_days=30)
    short = pyarrow.parquet.read_table(tmp_path / "customer_orders.parquet")
    full = pyarrow.parquet.read_table(written / "customer_orders.parquet")
    assert 0 < short.num_rows < full.num_rows / 5
    assert contents(tmp_path).keys() == contents(written).keys()


def test_dates_are_dates_and_identifiers_text_in_the_parquet_file(written: Path) -> None:
    schema = pyarrow.parquet.read_schema(written / "sales.parquet")
    assert {name: str(schema.field(name).type) for name in schema.names} == {
        "sku": "string",
        "location": "string",
        "date": "date32[day]",
        "quantity": "int64",
        "in_stock": "bool",
        "price": "double",
    }
    assert schema.metadata is None


def test_the_shop_in_the_repository_is_what_the_code_makes(tmp_path: Path) -> None:
    write_shop(tmp_path)
    kept = contents(DATA)
    kept.pop("README.md")
    made = contents(tmp_path)
    assert sorted(kept) == sorted(made)
    for name, content in made.items():
        assert kept[name] == content, f"data/{name} is stale: python -m pipelines.demo --shop data"
    assert sum(map(len, kept.values())) < 1_600_000


def test_every_column_of_the_shop_is_explained_in_its_order() -> None:
    explained = documented()
    for path in sorted(DATA.glob("*.csv")):
        header = path.read_text(encoding="utf-8").split("\n", 1)[0].split(",")
        assert explained.pop(path.name) == header, path.name
    assert not explained
