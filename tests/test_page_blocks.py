"""Every block of code on every page is run, or is of a kind that is checked in another way; none is forgotten."""

from __future__ import annotations

import importlib.util
import re
import shlex
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import click
import pandas as pd
import pytest

from pipelines import cli
from tests.pipelines.shop import only, small_shop, write_project

ROOT = Path(__file__).parents[1]
# Every block of the page on schedulers is checked in tests/test_scheduling_docs.py.
ELSEWHERE_WHOLE = ("CHANGELOG.md", "scheduling.md")
PAGES = sorted(
    path
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *ROOT.glob("*/README.md")]
    if path.name not in ELSEWHERE_WHOLE
)
# Commands of other programs, and those that .ci/run carries out.
FOREIGN = ("python3 -m venv", "python -m pip", "jupyter ", ".ci/run", "cd ")


class Block(NamedTuple):
    page: str
    language: str
    text: str

    @property
    def name(self) -> str:
        return f"{self.page}-{self.text.strip().splitlines()[0][:40]}"


def blocks_of(page: Path) -> list[Block]:
    found = re.findall(r"^```(\w*)\n(.*?)^```", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    return [Block(str(page.relative_to(ROOT)), language, text) for language, text in found]


BLOCKS = [block for page in PAGES for block in blocks_of(page)]


def commands_of(block: Block) -> list[str]:
    """The lines of a shell block as they would be typed; a prompt and a comment left out."""
    lines = [line.removeprefix("$ ") for line in block.text.splitlines() if line.strip()]
    return [re.sub(r"\s+#.*", "", line).strip() for line in lines]


def of(*languages: str) -> list[Block]:
    return [block for block in BLOCKS if block.language in languages]


def test_every_block_is_of_a_kind_that_is_checked() -> None:
    assert len(BLOCKS) > 25
    plain = {block.page for block in of("", "text")}
    assert {block.language for block in BLOCKS} <= {"sh", "console", "python", "toml", "text", ""}
    # Drawings and a call that needs a server of MLflow, which tests/pipelines/test_registry.py makes.
    assert plain <= {"README.md", "docs/tracking.md"}


@pytest.mark.parametrize("block", of("sh", "console"), ids=lambda block: block.name)
def test_every_command_is_one_that_the_program_takes(block: Block) -> None:
    """Parsed as typed: commands, options and choices exist; nothing is carried out."""
    for line in commands_of(block):
        if line.startswith(FOREIGN):
            continue
        words = shlex.split(line)
        if words[:2] == ["python", "-m"]:
            assert importlib.util.find_spec(words[2]) is not None, line
            continue
        assert words[0] == "restock", line
        _parse(cli.restock, words)


def _parse(command: click.Command, words: list[str]) -> None:
    # Files of a page need not be there to be parsed.
    words = [str(ROOT / "README.md") if word in ("edited.csv",) else word for word in words]
    while isinstance(command, click.Group):
        words = words[1:]
        assert words[0] in command.commands, words
        command = command.commands[words[0]]
    command.make_context(words[0], words[1:])


@pytest.mark.parametrize("block", of("toml"), ids=lambda block: block.name)
def test_every_piece_of_configuration_is_accepted(block: Block, tmp_path: Path) -> None:
    from pipelines.project import open_project
    from replenishment.simulation.scenarios import scenario_named

    file = write_project(tmp_path, only(small_shop(), "00123"))
    file.write_text(file.read_text("utf-8") + "\n" + block.text, encoding="utf-8")
    assert tomllib.loads(block.text)
    project = open_project(file)
    for name in project.scenarios:
        assert scenario_named(name, project.scenarios).name == name


@pytest.mark.thorough
def test_the_tour_runs_as_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("pipelines.cli.signal.signal", lambda *_: None)
    told = {}
    for line in [line for block in blocks_of(ROOT / "docs" / "tour.md") for line in commands_of(block)]:
        if line.startswith("cd "):
            monkeypatch.chdir(line.removeprefix("cd "))
            continue
        monkeypatch.setattr(sys, "argv", shlex.split(line))
        with pytest.raises(SystemExit) as ended:
            cli.main()
        spoken = capsys.readouterr()
        assert ended.value.code == 0, (line, spoken.err)
        told[line] = spoken.out
        assert spoken.out, line
    assert len(told) >= 15
    assert "00005" in told["restock explain 00005 --location south"]
    assert (tmp_path / "tour" / "my-shop" / "restock.toml").exists()
    assert list((tmp_path / "tour").glob("workspace/exports/*/excel/*.xlsx"))


def _readme(names: dict[str, Any]) -> None:
    sales = pd.read_csv("data/sales.csv", dtype={"sku": str, "location": str}, parse_dates=["date"])
    names["sales"] = sales[sales["sku"].isin(["00001", "00002"])]


def _simulation(names: dict[str, Any]) -> None:
    from matplotlib.figure import Figure

    from pipelines import open_workbench

    names |= {"case": open_workbench("data/restock.toml", skus=2).case(paths=3, days=60), "axes": Figure().subplots()}


def _nothing(_: dict[str, Any]) -> None: ...


# What a reader has at hand where a page begins to show Python, and what would take too long as it stands.
AT_HAND: dict[str, Callable[[dict[str, Any]], None]] = {
    "README.md": _readme,
    "docs/simulation.md": _simulation,
    "docs/demo.md": _nothing,
}
SMALLER = {
    "docs/demo.md": [("skus=400", "skus=3"), ('write_demo("shop", truth', 'write_demo("shop", skus=3, truth')],
    "README.md": [],
    "docs/simulation.md": [],
}
# Pages whose Python other tests run: tests/forecasting/test_documentation.py and test_own_model.py.
ELSEWHERE = ("docs/forecasting.md", "docs/own_model.md")


def test_every_page_with_python_is_run_somewhere() -> None:
    assert {block.page for block in of("python")} == set(AT_HAND) | set(ELSEWHERE)


@pytest.mark.parametrize("page", AT_HAND)
def test_the_python_of_a_page_runs(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All blocks of the page, one after the other, in one namespace; the README's first is run by itself elsewhere."""
    monkeypatch.chdir(ROOT)
    names: dict[str, Any] = {"__name__": "__main__"}
    AT_HAND[page](names)
    blocks = [block.text for block in of("python") if block.page == page]
    blocks = blocks[1:] if page == "README.md" else blocks
    for text in blocks:
        for long, short in SMALLER[page]:
            assert long in text, long
            text = text.replace(long, short)
        text = text.replace('"shop"', repr(str(tmp_path / "shop")))
        exec(compile(text, page, "exec"), names)  # noqa: S102
    assert len(names) > 2


def test_the_pictures_of_the_readme_are_there_and_small() -> None:
    shown = re.findall(r"!\[[^\]]+\]\((docs/pictures/\w+\.png)\)", (ROOT / "README.md").read_text("utf-8"))
    assert len(shown) == 2
    assert {ROOT / name for name in shown} == set((ROOT / "docs" / "pictures").iterdir())
    assert all((ROOT / name).stat().st_size < 150_000 for name in shown)
