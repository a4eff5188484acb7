"""A shop small enough to be planned in a blink, whose identifiers are what careless readers mangle."""

from __future__ import annotations

import datetime as dt
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines import Inputs, PlanConfig, PlanResult, plan
from pipelines.jobs.planning import Plan, make_plan
from pipelines.workspace import digest_file
from tests.pipelines.invariants import check_plan

Tables = dict[str, pd.DataFrame]

KEY = ["sku", "location"]
# Each of these is another text, a number, a truth value or a missing value to some reader, and [/] is markup.
SKUS = (
    "00123",
    "123",
    "NA",
    "null",
    "TRUE",
    "nan",
    "=1+1",
    "-7",
    "1E5",
    "naïve Ä 日本",
    'a,"b"',
    "../x",
    "<b>",
    "[/i]",
)
LOCATIONS = ("007", "NULL")
WEEKS = 70
AS_OF = pd.Timestamp("2025-05-05")
# Few paths and a plain model: enough for what these tests look at. RESTOCK_MODEL=auto in the environment lets every
# plan choose its models by trials at earlier origins, which takes twice the time.
MODEL = os.environ.get("RESTOCK_MODEL", "moving_average")
QUICK: dict[str, Any] = {"model": MODEL, "paths": 100, "simulation_paths": 10, "simulation_days": 140}


def small_shop(seed: int = 0) -> Tables:
    """Tables of 28 items with sales over 70 weeks up to AS_OF: fast ones, slow ones and one that never sold."""
    random = np.random.default_rng(seed)
    keys = pd.DataFrame([(sku, place) for sku in SKUS for place in LOCATIONS], columns=KEY)
    n = len(keys)
    rate = np.geomspace(0.08, 40.0, n)[random.permutation(n)]
    weeks = pd.date_range(end=AS_OF - pd.Timedelta(days=7), periods=WEEKS, freq="7D")
    sold = random.poisson(rate[:, None], (n, WEEKS)) * (1.0 + 4.0 * (random.random((n, WEEKS)) < 0.05))
    sold[SKUS.index("[/i]") * 2] = 0.0
    sales = keys.loc[keys.index.repeat(WEEKS)].assign(date=np.tile(weeks, n), quantity=np.rint(sold).ravel())
    items = keys.assign(
        category=[("tools", "paint", "NA")[k // 2 % 3] for k in range(n)],
        supplier=[("S1", "S1", "None")[k % 3] for k in range(n)],
        lead_time_days=[(np.nan, 10.0, np.nan, 21.0)[k % 4] for k in range(n)],
        unit_cost=np.round(random.uniform(0.5, 40.0, n), 2),
        order_cost=np.where(np.arange(n) % 3 == 0, 15.0, 0.0),
        moq=[(0.0, 12.0, 5.0)[k % 3] for k in range(n)],
        pack_size=[(1.0, 6.0)[k % 2] for k in range(n)],
    )
    return {
        "sales": sales.reset_index(drop=True),
        "items": items,
        "suppliers": pd.DataFrame({"supplier": ["S1", "None"], "lead_time_days": [14.0, 28.0]}),
        "receipts": receipts("S1", [12, 13, 14, 14, 15, 15, 16, 17, 18, 25]),
        "stock": keys.assign(on_hand=np.rint(rate * random.uniform(-0.2, 6.0, n)).clip(-3)),
        "open_orders": keys.iloc[::2].assign(
            quantity=np.rint(rate[::2] + 1), due_date=AS_OF + pd.to_timedelta(np.arange(0, n, 2) - 4, unit="D")
        ),
    }


def receipts(supplier: str, days: list[int], **more: Any) -> pd.DataFrame:
    """Receipts that took so many days, ordered week by week before AS_OF."""
    ordered = AS_OF - pd.to_timedelta(60 + 7 * np.arange(len(days)), unit="D")
    received = ordered + pd.to_timedelta(days, unit="D")
    return pd.DataFrame({"supplier": supplier, "ordered_on": ordered, "received_on": received, **more})


def examples(usual: int) -> int:
    """How many examples Hypothesis tries; ``RESTOCK_EXAMPLES=10`` in the environment tries ten times as many."""
    return usual * int(os.environ.get("RESTOCK_EXAMPLES", "1"))


def settings(**changes: Any) -> PlanConfig:
    """A quick configuration with some changes."""
    return PlanConfig(**{**QUICK, **changes})


def planned(tables: dict[str, Any], jobs: int = 1, **changes: Any) -> PlanResult:
    """Plan, and check what must hold of every plan."""
    config = settings(**changes)
    result = plan(Inputs(**tables), config, jobs=jobs)
    check_plan(result, config, tables.get("items"))
    return result


def auto_planned(tables: dict[str, Any], jobs: int = 1, **changes: Any) -> PlanResult:
    """The same with models chosen by trials at earlier origins."""
    return planned(tables, jobs, **{"model": "auto", **changes})


def made(tables: dict[str, Any], **changes: Any) -> Plan:
    """The plan before it is written down, for a look inside."""
    return make_plan(Inputs(**tables), settings(**changes))


def only(tables: Tables, *skus: str) -> Tables:
    """The rows of some SKUs, and all of the tables that name none."""
    return {
        name: frame[frame["sku"].isin(skus)].reset_index(drop=True) if "sku" in frame else frame
        for name, frame in tables.items()
    }


def one_item(quantities: list[float], **item: Any) -> Tables:
    """Weekly sales of one SKU up to AS_OF, and its row of items."""
    weeks = pd.date_range(end=AS_OF - pd.Timedelta(days=7), periods=len(quantities), freq="7D")
    return {
        "sales": pd.DataFrame({"sku": "A", "date": weeks, "quantity": np.asarray(quantities, dtype=float)}),
        "items": pd.DataFrame({"sku": ["A"], **{name: [value] for name, value in item.items()}}),
    }


def write_csv(frame: pd.DataFrame, path: Path) -> Path:
    frame.to_csv(path, index=False, date_format="%Y-%m-%d")
    return path


def write_parquet(frame: pd.DataFrame, path: Path, **how: Any) -> Path:
    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), path, **how)
    return path


def write_project(folder: Path, tables: Tables, *, suffix: str = ".csv", rules: str = "", **changes: Any) -> Path:
    """Write the tables and a ``restock.toml`` into a folder; return the path of the latter."""
    folder.mkdir(parents=True, exist_ok=True)
    write = write_csv if suffix == ".csv" else write_parquet
    for name, frame in tables.items():
        write(frame, folder / f"{name}{suffix}")
    values = {**QUICK, **changes}
    lines = ["[plan]", *(f"{name} = {json.dumps(value)}" for name, value in values.items()), rules, "[data]"]
    lines += [f'{name} = "{name}{suffix}"' for name in tables]
    file = folder / "restock.toml"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def same_plan(a: PlanResult, b: PlanResult) -> bool:
    """Whether two plans agree in every bit of every frame that they publish."""
    names = ("recommendations", "policy", "forecast", "safety_stock", "simulation", "log")
    for name in names:
        pd.testing.assert_frame_equal(getattr(a, name), getattr(b, name), check_exact=True, obj=name)
    return True


def bytes_of(folder: Path) -> dict[str, str]:
    """The digest of every file of a folder."""
    return {p.relative_to(folder).as_posix(): digest_file(p) for p in sorted(folder.rglob("*")) if p.is_file()}


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)
