"""Names that attack whoever reads them, through every way out: they arrive exactly, and nothing runs."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
import sqlalchemy as sa

from tests.end_to_end.conftest import Restock
from tests.pipelines.shop import KEY, bytes_of, only, small_shop, write_project
from tests.postgresql import postgresql

HOSTILE = "\"a\",'b'; DROP TABLE restock_runs; -- 😀 ../x"
SUPPLIER = "../../x/=cmd|' /C calc'!A0, \"S\"; DROP TABLE restock_latest; -- 😀"
NOTE = '=1+1,"two"\nlines\'; DROP TABLE restock_runs; -- 😀'
TEXTS = [*KEY, "supplier", "reason"]


@pytest.fixture
def project(tmp_path: Path, migrated: Path) -> Path:
    """Three items under hostile names, and a rule about them."""
    shop = only(small_shop(), "00123", "=1+1", 'a,"b"')
    for frame in shop.values():
        for name in {"sku", "supplier"} & set(frame):
            frame[name] = frame[name].replace({'a,"b"': HOSTILE, "S1": SUPPLIER})
    shop["items"] = shop["items"].assign(moq=0.0, pack_size=1.0)
    rule = f"[[plan.rules]]\nwhere = {{ sku = {json.dumps([HOSTILE], ensure_ascii=False)} }}\nset = {{ target = 0.05 }}"
    file = write_project(
        tmp_path / "shop", shop, frequency="W-MON", model="moving_average", simulation_paths=0, rules=rule
    )
    (file.parent / "workspace").mkdir()
    shutil.copy(migrated, file.parent / "workspace" / "mlflow.db")
    return file


def in_csv(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, strict=True))


def in_sheet(path: Path) -> list[dict[str, Any]]:
    book = openpyxl.load_workbook(path)
    assert not [cell for page in book for row in page.iter_rows() for cell in row if cell.data_type == "f"]
    heading, *rows = book["recommendations"].iter_rows(values_only=True)
    return [dict(zip(map(str, heading), row, strict=True)) for row in rows]


def in_database(address: str) -> list[dict[str, Any]]:
    engine = sa.create_engine(address)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM restock_runs").scalar() == 1
        found = [dict(row) for row in connection.exec_driver_sql("SELECT * FROM restock_latest").mappings()]
    engine.dispose()
    return found


def texts_of(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return sorted(tuple(row[name] for name in TEXTS) for row in rows)


def test_hostile_names_arrive_exactly_and_run_nowhere(
    restock: Restock, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = ("--config", project)
    restock("plan", *shop)
    edited = tmp_path / "edited.csv"
    pd.DataFrame(
        {"sku": [HOSTILE], "location": ["007"], "override_quantity": [77], "override_note": [NOTE]}
    ).to_csv(edited, index=False)  # fmt: skip
    assert restock("overrides", "import", edited, "--by", "=Ada", *shop)["counts"]["new"] == 1
    told = restock("plan", *shop, "--track")
    folder = project.parent / "workspace" / "runs" / told["run_id"]
    frame = pd.read_parquet(folder / "recommendations.parquet")
    wanted = texts_of(frame.to_dict("records"))
    assert set(frame["sku"]) == {"00123", "=1+1", HOSTILE}
    assert SUPPLIER in set(frame["supplier"])
    assert [reason for _, _, _, reason in wanted if "=Ada set 77 in place of" in reason and NOTE in reason]

    assert texts_of(in_csv(folder / "recommendations.csv")) == wanted
    for more in ((), ("--spreadsheet-safe",)):
        out = tmp_path / f"csv{len(more)}"
        restock("export", "--to", "csv", "--output", out, *more, *shop)
        rows = in_csv(out / "recommendations.csv")
        if more:
            active = [v for row in rows for k, v in row.items() if k in TEXTS and v.startswith(("=", "+", "-", "@"))]
            assert active == []
            rows = [{k: v.removeprefix("'") for k, v in row.items()} for row in rows]
        assert texts_of(rows) == wanted

    restock("export", "--to", "excel", "--output", tmp_path / "excel", *shop)
    assert texts_of(in_sheet(next((tmp_path / "excel").glob("*.xlsx")))) == wanted

    with postgresql(tmp_path / "postgresql") as server:
        for address in (f"sqlite:///{tmp_path / 'plans.db'}", server):
            monkeypatch.setenv("PLANS_URL", address)
            restock("export", "--to", "sql", "--url", "$PLANS_URL", *shop)
            assert texts_of(in_database(address)) == wanted

    import mlflow

    client = mlflow.MlflowClient(f"sqlite:///{(project.parent / 'workspace' / 'mlflow.db').resolve()}")
    experiment = client.get_experiment_by_name("restock")
    (run,) = client.search_runs([experiment.experiment_id])
    assert json.loads(run.data.params["rules"])[0]["where"]["sku"] == [HOSTILE]
    back = Path(client.download_artifacts(run.info.run_id, "run", str(tmp_path)))
    assert bytes_of(back) == bytes_of(folder)

    # No name of a file is made of more than letters and digits of a supplier's, and none leaves its folder.
    before = {path for path in tmp_path.rglob("*") if path.is_file()}
    for kind in ("purchase-orders", "planned-orders"):
        restock("export", "--to", kind, "--output", tmp_path / "out" / kind, *shop)
        files = set(tmp_path.rglob("*")) - before
        made = [path for path in files if path.suffix == ".csv" and "out" in path.parts]
        assert {path.parent for path in made} <= {tmp_path / "out" / k for k in ("purchase-orders", "planned-orders")}
        assert all(path.stem.replace("-", "").replace("_", "").isalnum() and path.stem.isascii() for path in made)
        assert SUPPLIER in {row["supplier"] for path in made for row in in_csv(path) if "supplier" in row}
