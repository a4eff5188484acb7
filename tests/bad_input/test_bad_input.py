"""Every class of bad input: exit code, code, rows set aside, blast radius, invariants, and a message that helps."""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pipelines import PlanConfig, PlanResult, cli
from pipelines.config import read_toml
from pipelines.jobs import planning
from pipelines.workspace import Workspace
from tests.bad_input.clean import Shop, clean_shop
from tests.bad_input.declaring import CASES, TITLES, Aside, Case
from tests.bad_input.page import bad_input_page, measured
from tests.pipelines.invariants import check_plan

DOCS = Path(__file__).parents[2] / "docs"
NOBODY = 65534


@dataclass(frozen=True)
class Ran:
    """What came of a command: exit code, JSON object, standard error, and the run that was published."""

    code: int
    answer: dict[str, Any]
    err: str
    result: PlanResult | None
    folder: Path | None

    def line(self, sku: str, location: str = "main") -> pd.Series[Any]:
        """The recommendation of an item."""
        assert self.result is not None
        lines = self.result.recommendations
        found = lines[(lines["sku"] == sku) & (lines["location"] == location)]
        assert len(found) == 1, f"{len(found)} lines of {sku!r}"
        return found.iloc[0]


def command(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """Run the command line in this process, through the function of the console script."""
    before, argv = signal.getsignal(signal.SIGTERM), sys.argv
    sys.argv = ["restock", *map(str, arguments)]
    capsys.readouterr()
    try:
        with pytest.raises(SystemExit) as ended:
            cli.main()
    finally:
        sys.argv = argv
        signal.signal(signal.SIGTERM, before)
    told = capsys.readouterr()
    code = ended.value.code
    assert isinstance(code, int)
    return code, told.out, told.err


def run(capsys: pytest.CaptureFixture[str], file: Path) -> Ran:
    """Plan, and read what was published back from its files."""
    code, out, err = command(capsys, "plan", "--config", file, "--jobs", 1, "--json")
    assert out.count("\n") == 1
    answer = json.loads(out)
    if code:
        return Ran(code, answer, err, None, None)
    folder = Workspace(file.parent / "workspace").folder(answer["run_id"])
    return Ran(code, answer, err, _published(folder), folder)


def _published(folder: Path) -> PlanResult:
    names = ["recommendations", "policy", "forecast", "safety_stock", "simulation", "log", "stock_outs", "repairs"]
    names += ["order_lines", "next_packs"]
    frames = {name: pd.read_parquet(folder / f"{name}.parquet") for name in names}
    parts = [
        pd.read_csv(path, dtype=str, keep_default_na=False).astype({"line": int})
        for path in sorted((folder / "quarantine").iterdir())
    ]
    empty = pd.DataFrame(columns=["table", "file", "line", "column", "value", "code", "message", "hint", "raw"])
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    quarantine = pd.concat(parts, ignore_index=True) if parts else empty
    return PlanResult(**frames, quarantine=quarantine, channels=pd.DataFrame(), summary=summary)


def rows_of(result: PlanResult) -> dict[str, str]:
    """What is published of each SKU, as text, bit by bit; the rank among all items is about the others, too."""
    out: dict[str, str] = {}
    for frame in (result.recommendations.drop(columns="priority"), result.policy, result.forecast):
        for row in frame.astype(object).where(frame.notna(), None).to_dict("records"):
            told = {name: value for name, value in row.items() if value is not None}
            out[row["sku"]] = out.get(row["sku"], "") + f"{told}\n"
    return out


@pytest.fixture(scope="session")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clean_shop(tmp_path_factory.mktemp("clean")).write()


_CLEAN: dict[str, tuple[dict[str, str], set[str]]] = {}


def clean_rows(capsys: pytest.CaptureFixture[str], file: Path) -> tuple[dict[str, str], set[str]]:
    """The published rows and the notices of the clean shop; planned once a process."""
    if not _CLEAN:
        ran = run(capsys, file)
        assert ran.result is not None, ran.err
        assert not len(ran.result.quarantine)
        _CLEAN["it"] = rows_of(ran.result), {notice["code"] for notice in ran.result.summary["notices"]}
    return _CLEAN["it"]


def test_the_clean_shop_has_nothing_to_complain_about(capsys: pytest.CaptureFixture[str], clean: Path) -> None:
    assert clean_rows(capsys, clean)[1] == set()


def test_every_class_is_declared() -> None:
    assert {case.id for case in CASES} == set(TITLES)
    assert len({case.name for case in CASES}) == len(CASES)


def test_the_committed_page_is_the_one_that_the_tests_make() -> None:
    page = bad_input_page()
    assert (DOCS / "bad_input.md").read_text(encoding="utf-8") == page
    assert sum(line[:4] in {f"| {id[:2]}" for id in TITLES} for line in page.splitlines()) == 81


def test_every_class_was_measured_and_costs_at_most_twice_the_time_and_half_more_memory() -> None:
    """The figures on the page; nothing is measured here."""
    figures = measured()
    assert set(figures) == {case.name for case in CASES}
    assert max(time for time, _ in figures.values()) <= 2.0
    assert max(memory for _, memory in figures.values()) <= 1.5


def once() -> Iterator[Any]:
    """All cases; to the thorough run are left those that plan to end like another one of their class."""
    seen = set()
    for case in CASES:
        ending = (case.id, case.code, case.result)
        again = ending in seen and case.result != "refused"
        seen.add(ending)
        yield pytest.param(case, id=case.name, marks=[pytest.mark.thorough] if again else [])


@pytest.mark.parametrize("case", list(once()))
def test_bad_input(
    case: Case, capsys: pytest.CaptureFixture[str], clean: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual, _ = clean_rows(capsys, clean)
    shop = clean_shop(tmp_path)
    expected = case.inject(shop)
    if shop.locked:
        ran = run_without_permission(capsys, shop)
    else:
        file = shop.write()
        if shop.grows:
            append_while_planning(shop.folder / f"{shop.grows}.csv", monkeypatch)
        ran = run(capsys, file)
    assert "Traceback" not in ran.err
    assert ran.code == expected.exit, ran.answer.get("error", ran.err)
    if expected.exit:
        assert not Workspace(tmp_path / "workspace").latest()
        check_refusal(ran, expected.refused, expected.says)
        return
    assert ran.result is not None
    assert ran.err == ""
    check_set_aside(ran.result, expected.aside, shop)
    told = {notice["code"] for notice in ran.result.summary["notices"]}
    assert set(expected.notices) == told, ran.result.summary["warnings"]
    assert all(words in " ".join(ran.answer["warnings"]) for words in expected.says), ran.answer["warnings"]
    repairs = list(ran.result.repairs[["before", "after"]].itertuples(index=False, name=None))
    assert repairs == expected.repairs
    check_plan(ran.result, config_of(file))
    if expected.touched is not None:
        check_blast_radius(rows_of(ran.result), usual, expected.touched)
    if expected.concerns:
        _, out, _ = command(capsys, "check", "--config", file, "--jobs", 1, "--json")
        assert set(expected.concerns) <= {concern["code"] for concern in json.loads(out)["concerns"]}
    if expected.look is not None:
        expected.look(ran)


def run_without_permission(capsys: pytest.CaptureFixture[str], shop: Shop) -> Ran:
    """Plan as a user who may look into the folder and not read one of its files; root may read everything."""
    with tempfile.TemporaryDirectory() as folder:
        shop.folder = Path(folder)
        file = shop.write()
        with locked(shop):
            return run(capsys, file)


@contextmanager
def locked(shop: Shop) -> Iterator[None]:
    """Be, for a while, a user who may not read the file of the locked table; nothing where none is."""
    was = os.geteuid()
    if shop.locked:
        shop.folder.chmod(0o755)
        (shop.folder / f"{shop.locked}.csv").chmod(0)
    try:
        if shop.locked and was == 0:
            os.seteuid(NOBODY)
        yield
    finally:
        os.seteuid(was)


def append_while_planning(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the file grow between the reading of the tables and the end of the plan."""
    original = planning.check_inputs

    def read_and_append(*arguments: Any) -> Any:
        checked = original(*arguments)
        with path.open("a", encoding="utf-8") as file:
            file.write("B2,main,2026-02-23,1\n")
        return checked

    monkeypatch.setattr(planning, "check_inputs", read_and_append)


def config_of(file: Path) -> PlanConfig:
    return PlanConfig.make(read_toml(file)["plan"], str(file))


def check_refusal(ran: Ran, code: str, says: tuple[str, ...]) -> None:
    """One line with a stable code and the words that help."""
    assert ran.answer["code"] == code, ran.answer
    assert ran.err == f"restock: {ran.answer['error']}\n"
    assert ran.err.count("\n") == 1
    for words in says:
        assert words in ran.answer["error"], ran.answer["error"]


def check_set_aside(result: PlanResult, expected: list[Aside], shop: Shop) -> None:
    """Exactly the injected rows, each with its place, its value, its text, and what to do about it."""
    found = result.quarantine
    rows = [Aside(*row) for row in found[["table", "line", "column", "value", "code"]].itertuples(index=False)]
    key = lambda row: (row.table, row.line)  # noqa: E731
    assert sorted(rows, key=key) == sorted((replace(a, value=a.value[:200]) for a in expected), key=key), found[
        "message"
    ].tolist()
    for row in found.to_dict("records"):
        assert Path(row["file"].split(", sheet")[0]).parent == shop.folder
        assert row["message"]
        assert row["hint"]
        if row["value"]:
            assert row["value"][:40] in row["message"] or repr(row["value"][:40]) in row["message"]
        if row["file"].endswith(f"{row['table']}.csv") and row["table"] not in shop.instead:
            raw = shop.text(row["table"]).split("\n")[row["line"] - 1]
            assert row["raw"].split("\n")[0] == raw[:1000]


def check_blast_radius(rows: dict[str, str], usual: dict[str, str], touched: set[str]) -> None:
    """What is published of an untouched SKU is, bit by bit, what a clean run publishes."""
    for sku, text in usual.items():
        if sku not in touched:
            assert rows.get(sku) == text, f"{sku!r} changed"
    assert set(rows) - set(usual) <= touched
