"""The command line: exit codes, one JSON object, silence in a pipe, and what happens when it is cut short."""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import filelock
import pandas as pd
import pytest

from pipelines import cli
from pipelines.project import PublishedRun, open_project, run_plan
from pipelines.workspace import Workspace
from replenishment.simulation.scenarios import SCENARIOS
from tests.pipelines.shop import bytes_of, only, small_shop, write_project

ROOT = Path(__file__).resolve().parents[2]
SUBPROCESS = [sys.executable, "-m", "pipelines.cli"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one JSON object that standard output must be, and nothing else."""
        value = json.loads(self.out)
        assert isinstance(value, dict)
        assert self.out.count("\n") == 1
        return value


Command = Callable[..., Outcome]


@pytest.fixture
def restock(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Command]:
    """Run the command line in this process, through the same function as the console script."""
    before = signal.getsignal(signal.SIGTERM)

    def run(*arguments: object) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["restock", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        told = capsys.readouterr()
        return Outcome(int(ended.value.code or 0), told.out, told.err)

    yield run
    signal.signal(signal.SIGTERM, before)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a published run; tests that write use a workspace of their own."""
    tables = only(small_shop(), "NA", "00123", "-7", "=1+1")
    file = write_project(tmp_path_factory.mktemp("shop"), tables, model="auto")
    run_plan(open_project(file), jobs=1)
    return file


@pytest.fixture(scope="module")
def run(file: Path) -> PublishedRun:
    return run_plan(open_project(file), jobs=1)


def project_with(tmp_path: Path, plan: str = "", data: str = 'sales = "sales.csv"', sales: str = "") -> Path:
    rows = sales or "sku,date,quantity\n" + "".join(f"A,2025-{m:02}-01,{m}\n" for m in range(1, 13))
    (tmp_path / "sales.csv").write_text(rows)
    (tmp_path / "restock.toml").write_text(f"[plan]\npaths = 100\nsimulation_paths = 0\n{plan}\n[data]\n{data}\n")
    return tmp_path / "restock.toml"


def test_every_file_of_a_run_is_on_its_page(run: PublishedRun) -> None:
    page = (Path(__file__).parents[2] / "docs" / "run_folder.md").read_text(encoding="utf-8")
    written = sorted({path.relative_to(run.folder).parts[0] for path in run.folder.rglob("*") if path.is_file()})
    assert [name for name in written if f"`{name}`" not in page and f"`{name}/`" not in page] == []


def test_help_of_every_command_is_there(restock: Command) -> None:
    for command in ("demo", "init", "plan", "simulate", "explain", "doctor"):
        assert command in restock("--help").out
        told = restock(command, "--help")
        assert told.code == 0
        assert f"restock {command} [OPTIONS]" in told.out.splitlines()[0]


def test_help_waits_for_no_heavy_package() -> None:
    """A quarter of a second is no time to import NumPy or pandas in."""
    told = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "pipelines.cli", "--help"],
        capture_output=True, text=True, check=True, env=ENVIRONMENT,
    )  # fmt: skip
    loaded = {line.rsplit("|", 1)[-1].strip().split(".")[0] for line in told.stderr.splitlines()}
    assert {"click", "pipelines"} <= loaded
    assert not loaded & {"numpy", "pandas", "pyarrow", "numba", "scipy", "pandera", "pydantic", "sklearn", "mlflow"}
    assert told.stdout.startswith("Usage:")


def test_version_is_told(restock: Command) -> None:
    assert restock("--version").out.endswith(f", version {version('restock')}\n")


def test_a_plan_prints_exactly_one_json_object_and_is_silent_on_standard_error(
    restock: Command, file: Path, run: PublishedRun, tmp_path: Path
) -> None:
    told = restock("plan", "--config", file, "--workspace", tmp_path, "--json")
    assert told.code == 0
    assert told.err == ""
    answer = told.json
    assert set(answer) == {
        "schema", "status", "run_id", "counts", "backorder_rate", "order_value", "outputs", "warnings"
    }  # fmt: skip
    assert (answer["schema"], answer["status"], answer["run_id"]) == (1, "ok", run.run_id)
    assert answer["counts"]["items"] == 8
    assert answer["counts"]["order_lines"] == run.summary["order_lines"]
    assert answer["backorder_rate"]["promised"] == run.summary["expected_backorder_rate"]
    assert answer["backorder_rate"]["target"] == run.summary["target_backorder_rate"]
    assert answer["order_value"] == run.summary["order_value"]
    assert {Path(p).name for p in answer["outputs"]} >= {"recommendations.csv", "manifest.json", "summary.json"}
    assert all(Path(p).is_file() for p in answer["outputs"])


def test_a_plan_for_people_names_its_lines_its_place_and_the_next_question(
    restock: Command, file: Path, run: PublishedRun
) -> None:
    told = restock("plan", "--config", file)
    assert told.code == 0
    assert told.err == ""
    for words in ("Plan of 2025-05-05", "made before", "order lines", str(run.folder), "restock explain", "=1+1"):
        assert words in told.out, words
    promised = f"promised {run.summary['expected_backorder_rate']:.2%}"
    assert f"Backorder rate by unit: target 2.00%, {promised}" in told.out


def test_the_command_that_a_plan_suggests_works(restock: Command, tmp_path: Path) -> None:
    """Also where the most urgent SKU has a space in its name."""
    import shlex

    file = write_project(tmp_path / "my shop", only(small_shop(), "naïve Ä 日本"))
    suggested = next(line for line in restock("plan", "--config", file).out.splitlines() if "restock explain" in line)
    told = restock(*shlex.split(suggested[suggested.index("restock explain") :])[1:])
    assert told.code == 0
    assert told.out.startswith("SKU naïve Ä 日本 at ")


def test_identifiers_that_look_like_markup_are_shown_as_they_are(restock: Command, tmp_path: Path) -> None:
    told = restock("plan", "--config", write_project(tmp_path, only(small_shop(), "[/i]", "<b>")))
    assert told.code == 0
    assert "[/i]" in told.out
    assert "<b>" in told.out


def test_simulate_prints_one_json_object_with_the_measures(restock: Command, file: Path) -> None:
    answers = [
        restock("simulate", "--config", file, "--json", *more).json
        for more in ([], ["--paths", 20, "--days", 70], ["--unmet-demand", "lost"], ["--recorded"])
    ]
    for answer in answers:
        assert answer["status"] == "ok"
        assert answer["items"] == 8
        assert 0 <= answer["backorder_rate"] <= 1
    assert answers[2]["lost_units"] > 0 == answers[0]["lost_units"]
    assert len({answer["backorder_rate"] for answer in answers}) == 4
    told = restock("simulate", "--config", file)
    assert "backorder rate" in told.out
    assert told.err == ""


def test_scenarios_stand_beside_the_plan_and_in_a_file(restock: Command, file: Path, tmp_path: Path) -> None:
    table = tmp_path / "scenarios.csv"
    few = ["--config", file, "--paths", 5, "--days", 70]
    told = restock("simulate", *few, "--scenario", "demand_surge", "supplier_delay+system_outage", "--output", table)
    assert told.code == 0, told.err
    lines = {line.split()[0]: line for line in told.out.splitlines() if line.strip()}
    assert "±" in lines["demand_surge"]
    assert "±" in lines["supplier_delay+system_outage"]
    assert "±" not in lines["base"]
    answer = restock("simulate", *few, "--scenario", "all", "--json").json
    assert answer["status"] == "ok"
    assert [told["scenario"] for told in answer["scenarios"]] == ["base", *SCENARIOS]
    assert answer["scenarios"][0]["kpis"]["backorder_rate"]["value"] == pytest.approx(answer["backorder_rate"])
    written = pd.read_csv(table)
    row = written[(written["scenario"] == "demand_surge") & (written["kpi"] == "backorder_rate")].iloc[0]
    kpi = answer["scenarios"][1]["kpis"]["backorder_rate"]
    assert row[["value", "difference", "low", "high"]].tolist() == pytest.approx(
        [kpi[name] for name in ("value", "difference", "low", "high")]
    )


def test_what_was_simulated_is_not_simulated_again(
    restock: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write_project(tmp_path, only(small_shop(), "NA"))
    few = ["simulate", "--config", file, "--paths", 3, "--days", 70]
    questions = ([*few, "--json"], [*few, "--scenario", "system_outage", "--json"])
    first = [restock(*question).json for question in questions]
    monkeypatch.setattr("pipelines.jobs.planning.make_plan", None)
    assert [restock(*question).json for question in questions] == first
    assert first[0]["run_id"] != first[1]["run_id"]
    # Another question, or other inputs, are another run: it would have to be planned.
    assert restock(*few, "--scenario", "demand_surge", "--json").code == 1
    stock = file.parent / "stock.csv"
    stock.write_text(stock.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert restock(*questions[0]).code == 1


def test_backorders_and_lost_sales_stand_side_by_side(restock: Command, file: Path) -> None:
    told = restock("simulate", "--config", file, "--paths", 5, "--days", 70, "--compare", "unmet_demand")
    assert told.code == 0, told.err
    assert "backorder: stock value" in told.out
    assert "lost: stock value" in told.out


def test_the_configuration_may_describe_scenarios(restock: Command, tmp_path: Path) -> None:
    described = """
[scenarios.strike]
cause = "supplier_failure"
days = 21
where = { supplier = "S1" }
[scenarios.oops]
cause = "strike"
"""
    file = write_project(tmp_path, only(small_shop(), "NA", "TRUE", "123"))
    file.write_text(file.read_text(encoding="utf-8") + described, encoding="utf-8")
    few = ["--config", file, "--paths", 5, "--days", 70, "--json"]
    answer = restock("simulate", *few, "--scenario", "strike").json
    assert [told["scenario"] for told in answer["scenarios"]] == ["base", "strike"]
    assert answer["scenarios"][1]["kpis"]["backorder_rate"]["difference"] > 0
    told = restock("simulate", *few, "--scenario", "oops")
    assert told.code == 2
    assert "scenario oops: cause is 'strike'; known are demand_surge" in told.err
    told = restock("simulate", *few, "--scenario", "fire")
    assert told.code == 2
    assert "there is no scenario 'fire'; known are strike, oops, demand_surge" in told.err


def test_explain_tells_the_latest_run_or_the_one_that_is_named(restock: Command, file: Path, run: PublishedRun) -> None:
    told = restock("explain", "NA", "--location", "007", "--config", file)
    assert told.code == 0
    assert told.out.startswith("SKU NA at 007")
    assert restock("explain", "NA", "--location", "007", "--config", file, "--run", run.run_id).out == told.out
    assert restock("explain", "NA", "--location", "007", "--workspace", file.parent / "workspace").out == told.out
    assert restock("explain", "--config", file, "--location", "007", "--", "-7").out.startswith("SKU -7 at 007")


def test_explain_without_a_sound_run_says_how_to_make_one(restock: Command, file: Path, tmp_path: Path) -> None:
    for more, words in (
        (["--workspace", tmp_path], "there is no run"),
        (["--run", "0123456789abcdef"], "is not in"),
        (["--run", "../../x"], "is no run id"),
        (["--location", "nowhere"], "is not in the run"),
    ):
        told = restock("explain", "NA", "--config", file, *more)
        assert told.code == 2
        assert words in told.err
        assert told.out == ""


def test_demo_twice_computes_once(restock: Command, tmp_path: Path) -> None:
    first = restock("demo", tmp_path / "demo", "--skus", 6, "--json")
    before = bytes_of(tmp_path)
    second = restock("demo", tmp_path / "demo", "--skus", 6)
    assert first.json["counts"]["items"] == 12
    assert bytes_of(tmp_path) == before
    assert "made before" in second.out
    assert first.err == second.err == ""


def test_init_writes_a_file_once(restock: Command, tmp_path: Path) -> None:
    assert restock("init", tmp_path).code == 0
    again = restock("init", tmp_path)
    assert again.code == 2
    assert "exists already" in again.err


def test_doctor_says_whether_the_installation_is_sound(
    restock: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = restock("doctor", "--workspace", tmp_path)
    assert told.code == 0
    assert told.out.endswith("The installation is sound.\n")
    assert restock("doctor", "--workspace", tmp_path, "--json").json["status"] == "ok"
    monkeypatch.setattr("pipelines.doctor.sys.version_info", (3, 10))
    told = restock("doctor", "--workspace", tmp_path)
    assert told.code == 5
    assert "BAD  python" in told.out


SALES = "sku,date,quantity\n"
FAILURES: dict[str, tuple[int, str, dict[str, str]]] = {
    "target in per cent": (2, "did you mean 0.95?", {"plan": "target = 95"}),
    "target 0": (2, "must lie between 0 and 1", {"plan": "target = 0"}),
    "target 1": (2, "must lie between 0 and 1", {"plan": "target = 1"}),
    "unknown setting": (2, "tarket is no setting", {"plan": "tarket = 0.02"}),
    "unknown rule key": (2, "rules.0.where.suplier", {"plan": 'rules = [{ where = { suplier = "S1" }, set = {} }]'}),
    "unknown table": (2, "no table sails", {"data": 'sails = "sales.csv"'}),
    "absent file": (2, "no file", {"data": 'sales = "absent.csv"'}),
    "no TOML": (2, "restock.toml", {"plan": "target = "}),
    "empty file": (3, "has no rows", {"sales": SALES}),
    "missing column": (3, "lacks the column quantity", {"sales": "sku,date,qty\nA,2025-01-01,1\n"}),
    "heading twice": (3, "more than once", {"sales": "sku,sku,date,quantity\nA,B,2025-01-01,1\n"}),
    "wrong delimiter": (3, "declare delimiter", {"sales": "sku;date;quantity\nA;2025-01-01;1\n"}),
    "bad numbers": (3, "line 2: quantity '1,5'", {"sales": SALES + 'A,2025-01-01,"1,5"\nA,2025-02-01,2\n'}),
    "stale sales": (3, "max_data_age_days", {"plan": "as_of = 2027-01-01"}),
    "as_of before the sales": (3, "no row before as_of", {"plan": "as_of = 2020-01-01"}),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_has_its_exit_code_one_line_and_with_json_one_object(
    restock: Command, tmp_path: Path, name: str
) -> None:
    code, words, parts = FAILURES[name]
    file = project_with(tmp_path, **parts)
    told = restock("plan", "--config", file)
    assert (told.code, told.out) == (code, "")
    assert words in told.err
    assert told.err.startswith("restock: ")
    assert told.err.count("\n") == 1
    told = restock("plan", "--config", file, "--json")
    assert told.code == code
    failure = told.json
    assert failure.pop("code").isidentifier()
    assert failure == {"schema": 1, "status": "failed", "exit_code": code, "error": told.err[9:-1]}
    assert Workspace(tmp_path / "workspace").latest() is None


def test_an_empty_sales_file_is_called_empty(restock: Command, tmp_path: Path) -> None:
    file = project_with(tmp_path)
    (tmp_path / "sales.csv").write_bytes(b"")
    told = restock("plan", "--config", file)
    assert told.code == 3
    assert "sales.csv is empty" in told.err


@pytest.mark.parametrize(
    ("date", "hint"),
    [("03/04/2026", "date_format"), ("2026-02-30", "no such day"), ("45000", "spreadsheet")],
)
def test_sales_without_any_readable_date_are_refused_naming_the_date(
    restock: Command, tmp_path: Path, date: str, hint: str
) -> None:
    told = restock("plan", "--config", project_with(tmp_path, sales=SALES + f"A,{date},1\nB,{date},2\n"))
    assert told.code == 3
    assert f"line 2: date '{date}' is no date" in told.err
    assert hint in told.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["plan", "--bogus"], ["fly"], ["plan", "--as-of", "2026-02-30"], ["plan", "--jobs", "0"],
        ["demo", "--skus", "x"], ["simulate", "--unmet-demand", "mixed"],
        ["simulate", "demand_surge"], ["simulate", "--scenario", "all", "--output", "table.txt"],
        ["simulate", "--compare", "unmet_demand", "--unmet-demand", "lost"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_a_usage_error_is_exit_code_2_also_as_json(restock: Command, arguments: list[str]) -> None:
    told = restock(*arguments)
    assert (told.code, told.out) == (2, "")
    assert told.err.startswith("Usage: ")
    assert "\nError: " in told.err
    told = restock(*arguments, "--json")
    assert told.code == 2
    assert told.json["exit_code"] == 2


def test_init_looks_at_files_and_proposes(restock: Command, tmp_path: Path) -> None:
    """With or without a folder before them; several folders are a mistake."""
    files = [tmp_path / "umsatz.csv", tmp_path / "stock.csv"]
    files[0].write_text("Artikel;Datum;Menge\n007;05.03.2026;1,5\n", encoding="utf-8")
    files[1].write_text("sku,on_hand\n007,3\n", encoding="utf-8")
    told = restock("init", tmp_path / "new", "--from", *files)
    assert told.code == 0
    text = (tmp_path / "new" / "restock.toml").read_text(encoding="utf-8")
    assert '# columns.sku = "Artikel"' in text
    assert "\n[data.stock]" in text
    assert 'path = "../stock.csv"' in text
    assert "look over what it proposes" in told.out
    assert restock("init", tmp_path / "b", tmp_path / "c", "--from", *files).code == 2
    assert restock("init", tmp_path / "d", "--from", tmp_path / "absent.csv").code == 2
    assert not (tmp_path / "d").exists()


def test_a_missing_configuration_points_to_init(restock: Command, tmp_path: Path) -> None:
    told = restock("plan", "--config", tmp_path / "restock.toml")
    assert told.code == 2
    assert "restock init" in told.err


def test_a_bug_is_exit_code_1_and_still_one_json_object(
    restock: Command, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("pipelines.project.run_plan", broken)
    told = restock("plan", "--config", file, "--json")
    assert told.code == 1
    assert told.json["exit_code"] == 1


def test_an_input_that_can_t_be_read_is_said(restock: Command, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(_: Path) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pipelines.workspace.digest_file", denied)
    assert restock("plan", "--config", file, "--json").code in (2, 5)


def test_a_demo_that_can_t_be_written_is_exit_code_5(restock: Command, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert restock("demo", tmp_path / "file", "--skus", 2, "--json").code == 5


def test_out_of_memory_is_exit_code_5(restock: Command, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def hungry(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr("pipelines.project.run_plan", hungry)
    told = restock("plan", "--config", file, "--json")
    assert told.code == 5
    assert "memory" in told.json["error"]


def test_ctrl_c_is_exit_code_130(restock: Command, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def cancelled(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("pipelines.project.run_plan", cancelled)
    told = restock("plan", "--config", file, "--json")
    assert told.code == 130
    assert told.json["error"] == "cancelled"


def test_a_held_lock_is_exit_code_5_and_changes_nothing(restock: Command, file: Path) -> None:
    space = open_project(file).workspace
    before = bytes_of(space.root)
    with filelock.FileLock(space.root / ".lock"):
        told = restock("plan", "--config", file, "--json")
    assert told.code == 5
    assert "another run holds the workspace" in told.json["error"]
    assert bytes_of(space.root) == before


def start(file: Path, *more: str, **how: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*SUBPROCESS, "plan", "--config", str(file), *more],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT, **how,
    )  # fmt: skip


def test_another_locale_time_zone_and_hash_seed_write_the_same_bytes(
    file: Path, run: PublishedRun, tmp_path: Path
) -> None:
    strange = {"LC_ALL": "C", "TZ": "Pacific/Kiritimati", "PYTHONHASHSEED": "3", "OMP_NUM_THREADS": "1"}
    told = subprocess.run(
        [*SUBPROCESS, "plan", "--config", str(file), "--workspace", str(tmp_path), "--json", "--jobs", "2"],
        capture_output=True, text=True, check=False, env={**ENVIRONMENT, **strange},
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    assert told.stderr == ""
    assert Outcome(0, told.stdout, "").json["run_id"] == run.run_id
    assert bytes_of(tmp_path / "runs" / run.run_id) == bytes_of(run.folder)


def small_files() -> None:
    """As on a full disk: no file may grow beyond 4 kB."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))


def test_a_full_disk_is_exit_code_5_with_the_old_run_intact(tmp_path: Path) -> None:
    tables = only(small_shop(), "NA", "00123", "null", "TRUE")
    run_plan(open_project(write_project(tmp_path, tables)), jobs=1)
    space = Workspace(tmp_path / "workspace")
    before = bytes_of(space.root)
    process = start(write_project(tmp_path, tables, target=0.05), "--json", preexec_fn=small_files)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 5, err
    answer = Outcome(5, out, err).json
    assert "File too large" in answer["error"]
    assert "MiB free" in answer["error"]
    assert bytes_of(space.root) == before
    assert space.complete(str(space.latest()))


def test_sigterm_is_143_with_no_staging_left(file: Path, tmp_path: Path) -> None:
    """The signal comes while a long plan is being computed; the command ends within 5 seconds."""
    tables = only(small_shop(), "NA", "null")
    slow = write_project(tmp_path, tables, paths=40_000, simulation_paths=10_000, simulation_days=20_000)
    process = start(slow)
    lock = tmp_path / "workspace" / ".lock"
    deadline = time.monotonic() + 60
    while not lock.exists():
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.02)
    time.sleep(0.7)
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    began = time.monotonic()
    out, err = process.communicate(timeout=60)
    assert time.monotonic() - began < 30, "five seconds are wanted; a busy machine gets more"
    assert (process.returncode, out, err) == (143, "", "")
    assert list((tmp_path / "workspace" / "runs").iterdir()) == []
    assert Workspace(tmp_path / "workspace").latest() is None


KILLS = """
import os, random, shutil, signal, sys, time
from pathlib import Path
import pipelines.cli
from pipelines.project import open_project, run_plan
from pipelines.workspace import Workspace

file, root, seed, kills = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
random.seed(seed)
run_plan(open_project(file, workspace=root / "warm"), jobs=1)  # loads what is compiled
began = time.monotonic()
run_plan(open_project(file, workspace=root / "timed"), jobs=1)
took = time.monotonic() - began
space = Workspace(root / "w")
for k in range(kills):
    child = os.fork()
    if child == 0:
        run_plan(open_project(file, workspace=space.root), jobs=1)
        os._exit(0)
    time.sleep(took * (0.1 + 1.1 * (k + random.random()) / kills))  # early, later, and perhaps too late
    os.kill(child, signal.SIGKILL)
    killed = os.WIFSIGNALED(os.waitpid(child, 0)[1])
    latest = space.latest()
    print("killed" if killed else "ended", "nothing" if latest is None else space.complete(latest), flush=True)
    if latest is not None:
        shutil.rmtree(space.root)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
@pytest.mark.parametrize("kills", [3, pytest.param(12, marks=pytest.mark.thorough)])
def test_killed_at_random_moments_the_next_run_writes_the_very_bytes(
    file: Path, run: PublishedRun, tmp_path: Path, kills: int
) -> None:
    """Children are killed while they plan and publish; what they leave never passes for a run, and is swept away."""
    told = subprocess.run(
        [sys.executable, "-c", KILLS, str(file), str(tmp_path), str(random.randrange(2**32)), str(kills)],
        capture_output=True, text=True, check=False, timeout=120, env=ENVIRONMENT,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    outcomes = told.stdout.splitlines()
    assert len(outcomes) == kills
    assert set(outcomes) <= {"killed nothing", "killed True", "ended True"}, outcomes
    assert "killed nothing" in outcomes
    again = run_plan(open_project(file, workspace=tmp_path / "w"), jobs=1)
    assert bytes_of(again.folder) == bytes_of(run.folder)
    assert [p.name for p in (tmp_path / "w" / "runs").iterdir()] == [run.run_id]
