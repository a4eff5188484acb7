"""The commands of the pages on exports and alerts, run one after the other as a planner's day."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

import pytest

from pipelines import cli
from pipelines.exports.definitions import DEFINITIONS
from pipelines.jobs.alerting import SEVERITIES
from tests.pipelines.shop import only, small_shop, write_project

DOCS = Path(__file__).parents[2] / "docs"


def commands(page: str) -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


@pytest.mark.parametrize(("page", "least"), [("exports.md", 15), ("alerts.md", 4)])
def test_every_command_of_the_page_works(
    page: str, least: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_project(tmp_path, only(small_shop(), "00123", "-7", "=1+1"), model="moving_average", simulation_paths=0)
    (tmp_path / "edited.csv").write_text("sku,location,override_quantity,override_note\n-7,007,60,fair\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("pipelines.cli.signal.signal", lambda *_: None)
    run = commands(page)
    assert len(run) >= least
    for line in run:
        assert line.startswith("restock "), line
        monkeypatch.setattr(sys, "argv", shlex.split(line))
        with pytest.raises(SystemExit) as ended:
            cli.main()
        told = capsys.readouterr()
        assert ended.value.code == 0, (line, told.err)
        assert told.out, line


def test_the_page_names_every_kind_of_alert() -> None:
    text = (DOCS / "alerts.md").read_text(encoding="utf-8")
    source = (Path(cli.__file__).parent / "jobs" / "alerting.py").read_text(encoding="utf-8")
    kinds = set(re.findall(r'_Alert\("([a-z ]+)"', source)) | {
        "stocked out", "expedite", "potential stock-out", "order", "cancel", "defer", "excess", "dead stock",
    }  # fmt: skip
    assert len(kinds) >= 13
    for kind in kinds:
        assert f"| {kind} |" in text, kind
    assert all(name in text for name in SEVERITIES)
    assert "override_quantity" in DEFINITIONS
