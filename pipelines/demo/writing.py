"""A demo shop on disk: its tables, and the configuration that a user would write for them."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from pipelines.config import PlanConfig
from pipelines.demo.ledger import LEDGER_DAYS
from pipelines.demo.tables import DemoWorld, demo_tables

__all__ = ["demo_config", "write_demo", "write_shop"]

# A draw of 20 SKUs in which every kind of demand, life, supplier and incident occurs.
SHOP_SKUS, SHOP_YEARS, SHOP_SEED, SHOP_LEDGER_DAYS = 20, 2, 211, 90

# Tables of many rows, which a large shop keeps as Parquet.
_LARGE = ("sales", "customer_orders")

# Tables whose text holds commas: a list of weekdays.
_QUOTED = ("suppliers",)

_CONFIGURATION = """\
# Configuration of the demo shop. Paths are relative to this file.

[plan]
frequency = "D"                # the sales are daily
measure = "backorder_rate"     # what the target binds: share of units not filled from stock at once
target = 0.02
review_days = 7                # orders are placed once a week, on Mondays

[plan.defaults]                # for items whose own column is empty
holding_rate = 0.25            # per year

[[plan.rules]]                 # nobody waits for heating in winter
where = {{ category = "heating" }}
set = {{ target = 0.01 }}

[[plan.rules]]                 # small parts: a shortage is cheap
where = {{ category = "fasteners", location = "south" }}
set = {{ target = 0.04 }}

[data]
{data}
"""


def demo_config() -> PlanConfig:
    """The configuration of a demo shop, for those who plan its tables without a file."""
    import tomllib

    return PlanConfig.make(tomllib.loads(_CONFIGURATION.format(data=""))["plan"], "the demo shop")


def write_demo(
    folder: str | PathLike[str],
    skus: int = 400,
    locations: int = 2,
    years: int = 3,
    seed: int = 0,
    *,
    truth: bool = False,
    ledger_days: int = LEDGER_DAYS,
) -> Path:
    """Generate a shop and write it as a user would bring it: large tables as Parquet, the small ones as CSV.

    Parameters
    ----------
    folder : made if it does not exist; files of an earlier shop are overwritten.
    skus, locations, years, seed, ledger_days : as for ``demo_tables``.
    truth : whether to write what no shop would know as well, to ``truth/*.parquet`` in the folder.

    Returns
    -------
    the path of the configuration, ``restock.toml``; the same arguments write the same bytes.
    """
    shop = demo_tables(skus, locations, years, seed, ledger_days=ledger_days)
    configuration = _write(shop, Path(folder), _LARGE)
    if truth:
        _write_truth(shop, Path(folder) / "truth")
    return configuration


def write_shop(folder: str | PathLike[str]) -> Path:
    """Write the small shop of the repository, all tables as CSV; returns the path of its configuration."""
    return _write(demo_tables(SHOP_SKUS, 2, SHOP_YEARS, SHOP_SEED, ledger_days=SHOP_LEDGER_DAYS), Path(folder), ())


def _write(shop: DemoWorld, folder: Path, as_parquet: tuple[str, ...]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    files = {name: name + (".parquet" if name in as_parquet else ".csv") for name in shop.tables}
    for name, frame in shop.tables.items():
        table = _arrow(frame)
        if name in as_parquet:
            _write_parquet(table, folder / files[name])
        else:
            _write_csv(table, folder / files[name], quoted=name in _QUOTED)
    configuration = folder / "restock.toml"
    lines = [f'{name} = "{file}"' for name, file in files.items()]
    configuration.write_text(_CONFIGURATION.format(data="\n".join(lines)), encoding="utf-8", newline="\n")
    return configuration


def _write_truth(shop: DemoWorld, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for name, frame in shop.truth.items():
        _write_parquet(_arrow(frame), folder / f"{name}.parquet")


def _write_parquet(table: pa.Table, path: Path) -> None:
    pyarrow.parquet.write_table(table, path, compression="zstd", compression_level=1)


def _write_csv(table: pa.Table, path: Path, quoted: bool) -> None:
    """Write without quotes where the table needs none; a text that did need them would raise here."""
    with path.open("wb") as file:
        # Older versions of Arrow put quotes around the headings whatever the options.
        file.write(f"{','.join(table.column_names)}\n".encode())
        options = pyarrow.csv.WriteOptions(include_header=False, quoting_style="needed" if quoted else "none")
        pyarrow.csv.write_csv(table, file, options)


def _arrow(frame: pd.DataFrame) -> pa.Table:
    """Timestamps become dates; what would tie the bytes to a version of pandas (metadata, text type) is dropped."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    fields = []
    for field in table.schema:
        kind = field.type
        if pa.types.is_timestamp(kind):
            kind = pa.date32()
        elif pa.types.is_large_string(kind) or pa.types.is_null(kind):
            kind = pa.string()  # a column without any entry has no type of its own in pandas 2
        fields.append(pa.field(field.name, kind))
    return table.cast(pa.schema(fields))
