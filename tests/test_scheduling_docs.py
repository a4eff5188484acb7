"""The recipes of the page on scheduling, each checked as far as it can be without its scheduler.

Every command is held against the command line itself, and every recipe must try again where that helps (exit code 5)
and nowhere else.
"""

from __future__ import annotations

import ast
import configparser
import os
import re
import shlex
import shutil
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from pipelines.cli import restock
from pipelines.commands.exporting import export
from pipelines.errors import ConfigurationError, InputError, RestockError, UnavailableError
from tests.pipelines.shop import only, small_shop, write_project

PAGE = (Path(__file__).parents[1] / "docs" / "scheduling.md").read_text(encoding="utf-8")
AGAIN, NEVER, GO_ON = (5,), (1, 2, 3, 130, 143), (0, 4)


def section(heading: str) -> str:
    """What stands under a heading, down to the next one."""
    return PAGE.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]


def blocks(language: str, text: str = PAGE) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def python_commands(source: str) -> list[str]:
    """Every text of a program that is a command; what is put in at run time becomes a day."""
    tree = ast.parse(source)
    joined = [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]
    parts = {id(part) for node in joined for part in node.values}
    texts = [
        "".join(str(part.value) if isinstance(part, ast.Constant) else "2026-06-29" for part in node.values)
        for node in joined
    ]
    texts += [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in parts
    ]
    return [text for text in texts if text.startswith("restock ")]


def all_commands() -> list[list[str]]:
    """The arguments of every ``restock`` command that the page shows, wherever it stands."""
    lines = re.findall(r"`(restock [^`\n]+)`", PAGE)
    for text in (*blocks("sh"), *blocks("ini")):
        lines += [
            f"restock {rest}" for rest in re.findall(r"^\s*(?:ExecStart=-?\S*)?restock (?!-night)(.+)$", text, re.M)
        ]
    for text in blocks("python"):
        lines += python_commands(text)
    cut = [re.split(r"\s(?:>|\|\||&&|;)", line)[0] for line in lines]
    found = [shlex.split(line.replace("$day", "2026-06-29"))[1:] for line in cut]
    return [*found, *(step["command"][1:] for step in steps())]


def steps() -> list[dict[str, Any]]:
    """The containers of the CronJob, in the order in which they run."""
    (text,) = blocks("yaml")
    pod = yaml.safe_load(text)["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    return [*pod["initContainers"], *pod["containers"]]


def parsed(arguments: list[str]) -> click.Context:
    """Take arguments through the options of their command, and run nothing."""
    context = restock.make_context("restock", list(arguments))
    command: click.Command = restock
    while isinstance(command, click.Group):
        name, found, rest = command.resolve_command(context, [*context._protected_args, *context.args])
        assert found is not None
        command, context = found, found.make_context(name, rest, parent=context)
    return context


def test_every_command_of_the_page_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    found = all_commands()
    assert len(found) > 25
    for arguments in found:
        parsed(arguments)
    names = {parsed(arguments).info_name for arguments in found}
    assert {"plan", "export", "prune", "list", "alerts"} <= names
    for wrong in (["plan", "--as-off", "2026-06-29"], ["--log", "xml", "plan"], ["export", "--to", "pdf"], ["plans"]):
        with pytest.raises(click.UsageError):
            parsed(wrong)
    assert export.name == "export"


def test_the_exit_codes_of_the_page_are_those_of_the_command_line() -> None:
    rows = dict(re.findall(r"^\| ([0-9, ]+) \|[^|]+\| ?([^|]*)\|", section("Exit codes"), re.M))
    assert [int(code) for text in rows for code in text.split(",")] == [0, 1, 2, 3, 4, 5, 130, 143]
    codes = {kind.exit_code for kind in (RestockError, ConfigurationError, InputError, UnavailableError)}
    assert codes == {1, 2, 3, 5}
    assert [text for text, again in rows.items() if again.startswith("yes")] == [str(UnavailableError.exit_code)]


@pytest.fixture
def stand_in(tmp_path: Path) -> Path:
    """A ``restock`` that writes down how it was called and ends with the codes of ``codes``, one plan after another."""
    program = tmp_path / "bin" / "restock"
    program.parent.mkdir()
    program.write_text(
        f"""#!/bin/sh
echo "$@" >> {tmp_path}/calls
case "$*" in *plan*) ;; *) exit 0 ;; esac
code=$(head -n 1 {tmp_path}/codes); sed -i 1d {tmp_path}/codes; exit "$code"
""",
        encoding="utf-8",
    )
    program.chmod(0o755)
    (tmp_path / "bin" / "sleep").symlink_to("/bin/true")
    return tmp_path


@pytest.mark.parametrize(
    ("codes", "ended", "ran"),
    [
        ([0], 0, ["plan", "sql", "purchase-orders", "prune"]),
        ([4], 4, ["plan", "sql", "prune"]),
        ([3], 3, ["plan"]),
        ([143], 143, ["plan"]),
        ([5, 5, 0], 0, ["plan", "plan", "plan", "sql", "purchase-orders", "prune"]),
        ([5, 5, 5], 5, ["plan", "plan", "plan"]),
        ([5, 2], 2, ["plan", "plan"]),
    ],
    ids=str,
)
def test_the_script_tries_again_what_is_worth_it(stand_in: Path, codes: list[int], ended: int, ran: list[str]) -> None:
    (script,) = blocks("sh")
    (stand_in / "codes").write_text("".join(f"{code}\n" for code in codes))
    text = script.replace("cd /srv/shop", f"cd {shlex.quote(str(stand_in))}")
    environment = {"PATH": f"{stand_in / 'bin'}:{os.environ['PATH']}", "PLANS_URL": "sqlite:///s3cret.db"}
    done = subprocess.run(["/bin/sh", "-c", text], env=environment, check=False, capture_output=True, text=True)
    calls = (stand_in / "calls").read_text().splitlines()
    assert (done.returncode, [next(w for w in ran if w in call) for call, w in zip(calls, ran, strict=True)]) == (
        ended,
        ran,
    )
    assert "s3cret" not in "".join(calls)


def fields_are_in_range(schedule: str) -> bool:
    """Whether five fields are what cron takes: minute, hour, day, month, day of the week."""
    fields = schedule.split()
    limits = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
    return len(fields) == 5 and all(
        low <= int(number) <= high
        for field, (low, high) in zip(fields, limits, strict=True)
        for number in re.findall(r"\d+", field)
    )


def test_the_line_of_cron_is_one() -> None:
    (table,) = blocks("crontab")
    (line,) = [line for line in table.splitlines() if not re.match(r"[A-Z]+=", line)]
    *when, command = line.split(maxsplit=5)
    assert fields_are_in_range(" ".join(when))
    assert not fields_are_in_range("60 3 * * *")
    assert "%" not in command, "cron takes it for the end of the line"
    assert command.split()[0] == "restock-night"
    assert "# restock-night" in blocks("sh")[0]
    subprocess.run(["/bin/sh", "-n", "-c", command], check=True)


def test_the_units_of_systemd_are_sound(tmp_path: Path) -> None:
    units = {}
    for text in blocks("ini"):
        name = text.splitlines()[0].rsplit("/", 1)[1]
        units[name] = configparser.RawConfigParser(strict=False, delimiters=("=",), comment_prefixes=("#",))
        units[name].optionxform = str  # type: ignore[assignment,method-assign]
        units[name].read_string(text)
        (tmp_path / name).write_text(text.replace("/opt/restock/bin/restock", "/bin/true"), encoding="utf-8")
    assert set(units) == {"restock.service", "restock.timer"}
    service = units["restock.service"]["Service"]
    assert (service["Type"], service["Restart"]) == ("oneshot", "on-failure")
    prevented = [int(code) for code in service["RestartPreventExitStatus"].split()]
    assert set(prevented) == {1, 2, 3, 4, 130}
    assert not set(prevented) & set(AGAIN)
    assert service["SuccessExitStatus"] == "143"
    assert "$$PLANS_URL" in blocks("ini")[0]
    analyse = shutil.which("systemd-analyze")
    if analyse is None:
        return
    done = subprocess.run(
        [analyse, "verify", *(str(tmp_path / name) for name in units)], capture_output=True, text=True, check=False
    )
    assert not [line for line in done.stderr.splitlines() if "restock" in line], done.stderr
    when = units["restock.timer"]["Timer"]["OnCalendar"]
    assert subprocess.run([analyse, "calendar", when], capture_output=True, check=False).returncode == 0


class EndedError(Exception):
    """What a scheduler's own exception says: whether the step is tried again."""

    again: bool

    def __init__(self, *_: Any, allow_retries: bool = True, **__: Any) -> None:
        super().__init__()
        self.again = type(self).again and allow_retries


class AgainError(EndedError):
    again = True


class NeverError(EndedError):
    again = False


class FailedState:
    """A failed state of Prefect: whoever asks for its result gets the exception."""

    def __init__(self, problem: Exception) -> None:
        self.problem = problem

    def result(self) -> None:
        raise self.problem


def passed_through(*given: Any, **_: Any) -> Any:
    """A decorator with or without arguments that changes nothing."""
    return given[0] if given and callable(given[0]) else lambda function: function


def not_run(*_: Any, **__: Any) -> Any:
    """A decorator whose function is never called."""
    return lambda _function: lambda: None


STAND_INS: dict[str, dict[str, dict[str, Any]]] = {
    "Airflow": {
        "pendulum": {"datetime": lambda *_, **__: None},
        "airflow": {},
        "airflow.exceptions": {"AirflowException": AgainError, "AirflowFailException": NeverError},
        "airflow.sdk": {"dag": not_run, "task": passed_through},
    },
    "Prefect": {"prefect": {"flow": passed_through, "task": passed_through}},
    "Dagster": {
        "dagster": {
            **dict.fromkeys(("job", "schedule"), not_run),
            "op": passed_through,
            "Definitions": lambda **_: None,
            "RunRequest": dict,
            "Failure": AgainError,
            "RetryRequested": AgainError,
        }
    },
}


@pytest.mark.parametrize("scheduler", STAND_INS)
def test_a_program_tries_again_what_is_worth_it_and_nothing_else(
    scheduler: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The recipe is run with stand-ins of its scheduler's names, and ``restock`` ending with every code in turn."""
    (source,) = blocks("python", section(scheduler))
    for name, values in STAND_INS[scheduler].items():
        module = types.ModuleType(name)
        vars(module).update(values)
        monkeypatch.setitem(sys.modules, name, module)
    if scheduler == "Dagster":
        # @job is used bare: it must not run its body.
        vars(sys.modules["dagster"])["job"] = lambda _function: None
    program: dict[str, Any] = {"__name__": "recipe"}
    exec(compile(source, f"{scheduler} recipe", "exec"), program)  # noqa: S102 - a block of our own page

    def outcome(code: int) -> str:
        ended = types.SimpleNamespace(returncode=code)
        monkeypatch.setattr(subprocess, "run", lambda command, **_: ended)
        try:
            assert program["run"]("restock plan") == code
        except Exception as problem:
            if "worth_another_try" in program:
                return "again" if program["worth_another_try"](None, None, FailedState(problem)) else "never"
            return "again" if getattr(problem, "again", None) else "never"
        return "goes on"

    assert {code: outcome(code) for code in (*GO_ON, *NEVER, *AGAIN)} == {
        **dict.fromkeys(GO_ON, "goes on"),
        **dict.fromkeys(NEVER, "never"),
        **dict.fromkeys(AGAIN, "again"),
    }


def test_the_cron_job_of_kubernetes_has_what_its_schema_needs() -> None:
    (text,) = blocks("yaml")
    found = yaml.safe_load(text)
    assert (found["apiVersion"], found["kind"], found["metadata"]["name"]) == ("batch/v1", "CronJob", "restock")
    spec = found["spec"]
    assert fields_are_in_range(spec["schedule"])
    assert spec["concurrencyPolicy"] == "Forbid"
    job = spec["jobTemplate"]["spec"]
    pod = job["template"]["spec"]
    # A failure policy is taken only with pods that are never started again in place.
    assert pod["restartPolicy"] == "Never"
    failed, _ = job["podFailurePolicy"]["rules"]
    assert failed["action"] == "FailJob"
    assert failed["onExitCodes"]["operator"] == "In"
    assert not {0, *AGAIN, 143} & set(failed["onExitCodes"]["values"])
    assert {1, 2, 3, 4} == set(failed["onExitCodes"]["values"])
    volumes = {volume["name"] for volume in pod["volumes"]}
    names = [step["name"] for step in steps()]
    assert names == ["plan", "publish", "order", "prune"]
    for step in steps():
        assert {"name", "image", "command"} <= set(step)
        assert all(isinstance(word, str) for word in step["command"])
        assert {mount["name"] for mount in step["volumeMounts"]} <= volumes


def test_a_service_that_plans_again_says_what_a_plan_made_from_nothing_says(tmp_path: Path) -> None:
    (source,) = blocks("python", section("Planning again"))
    program: dict[str, Any] = {}
    exec(compile(source, "docs/scheduling.md", "exec"), program)  # noqa: S102 - a block of our own page
    tables = only(small_shop(), "00123", "NA")
    settings = {"frequency": "W-MON", "model": "moving_average", "simulation_paths": 2}
    write_project(tmp_path / "shop", tables, **settings)
    answers = program["answers"](tmp_path / "shop" / "restock.toml", range(2))
    before = next(answers)
    stock = tables["stock"].assign(on_hand=tables["stock"]["on_hand"] + 40.0)
    changed = {**tables, "stock": stock}
    write_project(tmp_path / "shop", changed, **settings)
    after = next(answers)
    alone = next(program["answers"](write_project(tmp_path / "other", changed, **settings), range(1)))
    figures = ("items", "order_units", "order_value", "expected_backorder_rate", "simulated_backorder_rate")
    assert [after[name] for name in figures] == [alone[name] for name in figures]
    assert after["order_units"] != before["order_units"]
