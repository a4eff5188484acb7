"""The notebooks run on a slice, draw what they promise, and are committed clean."""

from __future__ import annotations

import ast
import importlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import pytest

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PACKAGES = ("forecasting", "replenishment", "pipelines")
SHOP = str(ROOT / "data" / "restock.toml")
Cell = dict[str, Any]


def cells_of(notebook: Path) -> list[Cell]:
    found: list[Cell] = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return found


def code_of(notebook: Path) -> list[tuple[str, str]]:
    return [(cell["id"], "".join(cell["source"])) for cell in cells_of(notebook) if cell["cell_type"] == "code"]


def trees_of(notebook: Path) -> Iterator[ast.AST]:
    for name, code in code_of(notebook):
        yield from ast.walk(ast.parse(code, name))


def run_notebook(notebook: Path, **switches: object) -> tuple[dict[str, Any], list[tuple[str, Any]]]:
    """Run the cells one after the other, as a kernel would; return their names and the pictures that they drew."""
    names: dict[str, Any] = {"__name__": "__main__"}
    pictures: list[tuple[str, Any]] = []
    for name, code in code_of(notebook):
        tree = ast.parse(code, name)
        shown = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, name, "exec"), names)  # noqa: S102
        if shown is not None:
            value = eval(compile(ast.Expression(shown.value), name, "eval"), names)  # noqa: S307
            assert repr(value), name
        if name == "parameters":
            assert set(switches) <= set(names), "a switch that the first cell doesn't have"
            names.update(switches)
        for number in plt.get_fignums():
            figure = plt.figure(number)
            figure.canvas.draw()
            pictures += [(name, axes) for axes in figure.axes]
        plt.close("all")
    return names, pictures


def test_there_are_seven_in_reading_order() -> None:
    assert [path.name[:3] for path in NOTEBOOKS] == [f"0{k}_" for k in range(1, 8)]
    readme = (ROOT / "notebooks" / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"\]\((\w+\.ipynb)\)", readme) == [path.name for path in NOTEBOOKS]


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_clean_and_tells_a_story(notebook: Path) -> None:
    whole = json.loads(notebook.read_text(encoding="utf-8"))
    assert (whole["nbformat"], whole["nbformat_minor"]) == (4, 5)
    assert whole["metadata"]["kernelspec"]["name"] == "python3"
    cells = whole["cells"]
    ids = [cell["id"] for cell in cells]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z0-9-]{1,64}", name) for name in ids)
    for cell in cells:
        wanted = {"cell_type", "id", "metadata", "source"}
        if cell["cell_type"] == "code":
            assert (cell["outputs"], cell["execution_count"]) == ([], None), cell["id"]
            wanted |= {"outputs", "execution_count"}
            assert len(cell["source"]) <= 45, f"{cell['id']} is long: it belongs into a package"
        assert set(cell) == wanted
    assert "".join(cells[0]["source"]).startswith(f"# {notebook.name[1]} · ")
    assert cells[-1]["cell_type"] == "markdown"
    assert "".join(cells[-1]["source"]).startswith("## What a planner does next\n")
    assert cells[1]["metadata"] == {"tags": ["parameters"]}
    assert "".join(cells[1]["source"]).startswith("CONFIG = None  # ")


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_only_what_is_public_is_used(notebook: Path) -> None:
    for node in trees_of(notebook):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in PACKAGES:
            assert not any(part.startswith("_") for part in node.module.split("."))
            public = importlib.import_module(node.module).__all__ if node.module != "replenishment" else ["plots"]
            submodules = ["plots"]
            assert [name.name for name in node.names if name.name not in [*public, *submodules]] == []
        elif isinstance(node, ast.Attribute):
            assert not node.attr.startswith("_"), ast.unparse(node)


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_names_what_is_there(notebook: Path) -> None:
    """Other notebooks, pages and commands that the text speaks of."""
    from pipelines.cli import restock

    text = "\n".join("".join(cell["source"]) for cell in cells_of(notebook) if cell["cell_type"] == "markdown")
    assert [name for name in re.findall(r"`(\d\d_\w+\.ipynb)`", text) if not (ROOT / "notebooks" / name).exists()] == []
    assert [name for name in re.findall(r"`(docs/[\w.]+)`", text) if not (ROOT / name).exists()] == []
    assert [name for name in re.findall(r"`restock (\w+)", text) if name not in restock.commands] == []


@pytest.mark.parametrize(
    "notebook",
    [
        pytest.param(path, id=path.stem, marks=[pytest.mark.thorough] if path.name[:2] in ("05", "06") else [])
        for path in NOTEBOOKS
    ],
)
def test_a_notebook_runs_on_a_slice(notebook: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the demo shop; every picture has a title and labelled axes."""
    monkeypatch.chdir(ROOT)
    switches: dict[str, object] = {"SKUS": 12}
    if notebook.name.startswith("06"):
        switches["WEEKS"] = 14
    _, pictures = run_notebook(notebook, **switches)
    assert len(pictures) >= 2
    for name, axes in pictures:
        assert axes.get_title(loc="left"), name
        assert axes.get_xlabel() or axes.get_ylabel(), name
        assert axes.has_data(), name
    assert not plt.get_fignums()


@pytest.mark.parametrize("notebook", [path for path in NOTEBOOKS if path.name[:2] in ("01", "04", "07")])
def test_one_switch_takes_a_users_tables(notebook: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    names, _ = run_notebook(notebook, CONFIG=SHOP, SKUS=6)
    bench = names["bench"]
    assert set(bench.panel.locations) == {"north", "south"}
    assert 6 <= len(set(bench.panel.skus)) < 20
    assert bench.panel.calendar.periods == 730
