"""The command line ``restock``: human text on standard output, logs on standard error, one JSON object with --json."""

from __future__ import annotations

import datetime as dt
import os
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, NoReturn

import click

from pipelines.commands.alerting import alerts
from pipelines.commands.backtesting import backtest
from pipelines.commands.exporting import export, released
from pipelines.commands.logs import is_logged, logs_as, say
from pipelines.commands.options import AS_OF as _AS_OF
from pipelines.commands.options import JOBS as _JOBS
from pipelines.commands.options import JSON as _JSON
from pipelines.commands.options import PROJECT as _PROJECT
from pipelines.commands.options import RUN as _RUN
from pipelines.commands.options import WORKSPACE as _WORKSPACE
from pipelines.commands.output import chosen_run, workspace_of
from pipelines.commands.output import note as _note
from pipelines.commands.output import print_json as _print_json
from pipelines.commands.output import progress as _progress
from pipelines.commands.overriding import overrides
from pipelines.commands.promoting import promote, register
from pipelines.commands.replaying import replay
from pipelines.commands.runs import runs
from pipelines.commands.simulating import simulate
from pipelines.commands.tracked import TRACK as _TRACK
from pipelines.commands.tracked import telling as _telling
from pipelines.commands.tuning import tune
from pipelines.errors import RestockError
from pipelines.execution import WORKER, rare_collections

if TYPE_CHECKING:
    from pipelines.project import Project, PublishedRun

__all__ = ["main", "restock"]

# The exit code of a plan that was published, but in which too many items fell back.
FLAGGED: Final = 4
# Exit codes of who was stopped, by SIGINT or SIGTERM.
_STOPPED: Final = (130, 143)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="restock")
@click.option(
    "--log",
    type=click.Choice(["text", "json"]),
    envvar="RESTOCK_LOG",
    help="Log every stage and failure to standard error, dated, a line or JSON object each; default: stages on a "
    "terminal only. Also $RESTOCK_LOG.",
)
def restock(log: Literal["text", "json"] | None) -> None:
    """Forecast demand, plan replenishment, and keep the promised backorder rate."""
    logs_as(log)


restock.add_command(backtest)
restock.add_command(promote)
restock.add_command(register)
restock.add_command(replay)
restock.add_command(simulate)
restock.add_command(tune)


@restock.command()
@click.argument("folder", type=click.Path(path_type=Path), default=Path("restock-demo"))
@click.option("--skus", type=click.IntRange(min=1), default=400, show_default=True, help="SKUs of the generated shop.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of the generated shop.")
@click.option(
    "--truth", is_flag=True, help="Also write what the shop is made of: rates, lead times, planted incidents."
)
@_JOBS
@_JSON
def demo(folder: Path, skus: int, seed: int, truth: bool, jobs: int | None, as_json: bool) -> None:
    """Generate a demo shop in FOLDER and plan it."""
    from pipelines.demo import write_demo
    from pipelines.project import open_project, run_plan

    progress = _progress()
    progress(f"generating {skus} SKUs at two locations over three years")
    # A quarter of customer orders shows the shop; whoever asks for the truth wants the year in which things went wrong.
    file = write_demo(folder, skus=skus, seed=seed, truth=truth, ledger_days=365 if truth else 90)
    project = open_project(file)
    _tell(project, run_plan(project, jobs=jobs, progress=progress), as_json)


@restock.command()
@click.argument("folder", type=click.Path(path_type=Path), required=False)
@click.option(
    "--from", "first", metavar="FILE...", type=click.Path(path_type=Path), help="Look at these files and propose."
)
@click.argument("more", metavar="", type=click.Path(path_type=Path), nargs=-1)
def init(folder: Path | None, first: Path | None, more: tuple[Path, ...]) -> None:
    """Write a commented restock.toml into FOLDER.

    With --from FILE... the headings and first rows of CSV, Parquet and Excel files are looked at, and how to read them
    is proposed in it, commented out wherever it is a guess.
    """
    from pipelines.template import write_template

    given = [path for path in (folder, *more) if path is not None]
    files = [path for path in given if path.is_file()] if first else []
    folders = [path for path in given if path not in files]
    if len(folders) > 1:
        raise click.UsageError(f"one folder at a time, got {', '.join(map(str, folders))}: is there such a file?")
    path = write_template(folders[0] if folders else Path(), [first, *files] if first else [])
    what = "look over what it proposes" if first else "name your tables in it"
    click.echo(f"{path} written: {what}, then run `restock plan`")


@restock.command()
@_PROJECT
@_AS_OF
@_JOBS
@_JSON
def check(file: Path, as_of: dt.datetime | None, jobs: int | None, as_json: bool) -> None:
    """Read all tables and say how far they can be trusted, worst first."""
    from pipelines.execution import default_jobs, thread_mapper
    from pipelines.jobs.planning import make_plan
    from pipelines.project import open_project
    from pipelines.showing import show_concerns
    from pipelines.trust import concerns_of, table_counts

    project = open_project(file, as_of=as_of.date() if as_of else None)
    made = make_plan(project.inputs, project.config, run=thread_mapper(jobs or default_jobs()), progress=_progress())
    counts, concerns = table_counts(made), concerns_of(made)
    if as_json:
        tables = counts.drop(columns="file").to_dict("records")
        _print_json(
            {"schema": 1, "status": "ok", "tables": tables, "concerns": [vars(concern) for concern in concerns]}
        )
    else:
        show_concerns(counts, concerns)


@restock.command()
@_PROJECT
@_WORKSPACE
@_AS_OF
@click.option("--dry-run", is_flag=True, help="Plan and show it, and write nothing.")
@click.option(
    "--refit",
    type=click.Choice(["full", "changed"]),
    default=None,
    help="Fit all series, or on top of the latest plan only those that changed; default: as [plan] says.",
)
@_TRACK
@_JOBS
@_JSON
def plan(
    file: Path,
    workspace: Path | None,
    as_of: dt.datetime | None,
    dry_run: bool,
    refit: str | None,
    track: bool | None,
    jobs: int | None,
    as_json: bool,
) -> None:
    """Recommend what to order, and write the run to the workspace."""
    from pipelines.project import open_project, preview_plan, run_plan

    settings = {} if refit is None else {"refit": refit}
    project = open_project(file, workspace=workspace, as_of=as_of.date() if as_of else None, settings=settings)
    if dry_run:
        with preview_plan(project, jobs=jobs, progress=_progress()) as previewed:
            _tell(project, previewed, as_json, dry=True)
        return
    with _telling(project, track) as told:
        run = run_plan(project, jobs=jobs, progress=_progress(), tell=_note)
        told(run)
    _tell(project, run, as_json)


@restock.command()
@_PROJECT
@_WORKSPACE
@_AS_OF
@click.option("--told", is_flag=True, help="Record that all customers with a changed date have been told the new one.")
@_JOBS
@_JSON
def backorders(
    file: Path, workspace: Path | None, as_of: dt.datetime | None, told: bool, jobs: int | None, as_json: bool
) -> None:
    """Show who waits, what covers them and what to tell them; written to the run of the plan."""
    from pipelines.project import open_project, run_plan

    project = open_project(file, workspace=workspace, as_of=as_of.date() if as_of else None)
    run = run_plan(project, jobs=jobs, progress=_progress(), tell=_note)
    recorded = _record_told(project, run) if told else 0
    if as_json:
        counts = run.backorders | {"lines_told": recorded}
        files = sorted(str(p) for p in run.folder.glob("*.*") if "backorder" in p.name or p.stem == "purchase_orders")
        _print_json({"schema": 1, "status": "ok", "run_id": run.run_id, "counts": counts, "outputs": files})
        return
    from pipelines.showing_backorders import show_backorders

    show_backorders(run, recorded)


def _record_told(project: Project, run: PublishedRun) -> int:
    """Write down that the customers with a changed date were told."""
    import pandas as pd

    from pipelines.promise_record import record_promises

    lines = pd.read_parquet(run.folder / "backorders.parquet")
    changed = lines[lines["change"] != ""]
    return record_promises(project.workspace, changed, dt.date.fromisoformat(run.summary["as_of"]))


@restock.command()
@click.option("--sku", required=True)
@click.option("--quantity", type=float, required=True, help="Units of the new order.")
@click.option("--location", default=None, help="Needed where the SKU is kept at several.")
@_PROJECT
@_WORKSPACE
@_AS_OF
@_JSON
def promise(
    sku: str,
    quantity: float,
    location: str | None,
    file: Path,
    workspace: Path | None,
    as_of: dt.datetime | None,
    as_json: bool,
) -> None:
    """Say when a new order of QUANTITY of SKU can be delivered."""
    from pipelines.jobs.promising import promise_new_order
    from pipelines.memory import remember
    from pipelines.project import open_project
    from pipelines.showing_promise import describe_promise, show_promise

    project = open_project(file, workspace=workspace, as_of=as_of.date() if as_of else None)
    memory = remember(project.workspace)
    found = promise_new_order(project.inputs, project.config, sku, quantity, location, memory)
    if as_json:
        _print_json({"schema": 1, "status": "ok", **describe_promise(found)})
    else:
        show_promise(found)


@restock.command()
@click.argument("sku")
@click.option("--location", default=None, help="Needed where the SKU is planned at several.")
@_RUN
@_PROJECT
@_WORKSPACE
def explain(sku: str, location: str | None, run_id: str, file: Path, workspace: Path | None) -> None:
    """Tell how the recommended quantity of SKU came about."""
    from pipelines.explaining import explain as story

    space = workspace_of(file, workspace)
    click.echo(story(space.folder(chosen_run(space, run_id)), sku, location))


@restock.command()
@click.option("--workspace", type=click.Path(path_type=Path), default=Path("workspace"), show_default=True)
@_JSON
def doctor(workspace: Path, as_json: bool) -> None:
    """Say whether the installation is sound."""
    from pipelines.doctor import examine

    checks = examine(workspace)
    sound = all(check.sound for check in checks)
    if as_json:
        _print_json({"schema": 1, "status": "ok" if sound else "unsound", "checks": [vars(check) for check in checks]})
    else:
        for check in checks:
            mark, remedy = ("ok ", "") if check.sound else ("BAD", f" -> {check.remedy}")
            click.echo(f"{mark}  {check.name}: {check.found}{remedy}")
        click.echo("The installation is sound." if sound else "The installation is not sound.")
    if not sound:
        sys.exit(5)


for _command in (alerts, export, overrides, released, runs):
    restock.add_command(_command)


def main() -> NoReturn:
    """Run the command line and turn failures into messages and exit codes."""
    signal.signal(signal.SIGTERM, _terminated)
    try:
        _run()
    except SystemExit as end:
        if end.code in _STOPPED:
            _leave(int(end.code))
        raise


def _run() -> NoReturn:
    try:
        with rare_collections():
            code = restock.main(standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except RestockError as problem:
        _fail(str(problem), problem.exit_code, problem.code)
    except click.ClickException as problem:
        if "--json" in sys.argv or is_logged():
            _fail(problem.format_message(), problem.exit_code)
        problem.show()
        sys.exit(problem.exit_code)
    except (click.Abort, KeyboardInterrupt):
        _fail("cancelled", 130)
    except OSError as problem:
        _fail(f"{problem.filename or 'a file'}: {problem.strerror or problem}", 5)
    except MemoryError:
        _fail("not enough memory; plan fewer SKUs at a time or lower paths", 5)
    except Exception:
        _report_bug()


def _leave(code: int) -> None:
    """Leave at once where threads still compute for nobody; Python would wait for them."""
    if any(thread.name.startswith(WORKER) for thread in threading.enumerate()):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _report_bug() -> NoReturn:
    import traceback

    traceback.print_exc()
    _fail("this is a mistake of restock's own; please report it with the lines above", 1)


def _terminated(_number: int, _frame: object) -> NoReturn:
    raise SystemExit(143)


def _fail(message: str, code: int, name: str = "failed") -> NoReturn:
    say("error", message, code=name, exit_code=code)
    if "--json" in sys.argv:
        _print_json({"schema": 1, "status": "failed", "exit_code": code, "code": name, "error": message})
    sys.exit(code)


def _tell(project: Project, run: PublishedRun, as_json: bool, *, dry: bool = False) -> None:
    if as_json:
        _print_json(_answer(run, dry))
    else:
        from pipelines.showing import show_run

        show_run(project, run)
    if run.summary["flagged"]:
        sys.exit(FLAGGED)


def _answer(run: PublishedRun, dry: bool) -> dict[str, Any]:
    summary = run.summary
    flagged = {"exit_code": FLAGGED} if summary["flagged"] else {}
    return {
        "schema": 1,
        "status": "flagged" if summary["flagged"] else "ok",
        **flagged,
        "run_id": run.run_id,
        "counts": {
            k: summary[k]
            for k in (
                "items",
                "items_fallen_back",
                "order_lines",
                "order_units",
                "sales_rows",
                "rows_quarantined",
                "backordered_units",
            )
        },
        "backorder_rate": {
            "target": summary["target_backorder_rate"],
            "promised": summary["expected_backorder_rate"],
            "simulated": summary["simulated_backorder_rate"],
        },
        "order_value": summary["order_value"],
        "outputs": [] if dry else sorted(str(p) for p in run.folder.rglob("*") if p.is_file()),
        "warnings": summary["warnings"],
        **({"dry_run": True} if dry else {}),
    }


if __name__ == "__main__":
    main()
