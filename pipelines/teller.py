"""A second process that loads MLflow while a plan is made, and tells it of the run when it is published.

To load MLflow takes as long as half a plan does; beside the plan it costs no waiting. The plan's process writes one
line to the other, the folder of the run, and reads one back: what is to be said of it. Without such a line (a plan that
failed or was killed) nothing is told; MLflow's store is not touched before.
"""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.errors import UnavailableError
from pipelines.tracking import Tracking, load_mlflow, track_run

if TYPE_CHECKING:
    from pipelines.project import Project, PublishedRun

__all__ = ["Teller", "teller"]


class Teller:
    """The plan's end of it."""

    def __init__(self, project: Project, process: subprocess.Popen[str] | None, warn: Callable[[str], None]) -> None:
        self._project, self._process, self._warn = project, process, warn

    def tell(self, run: PublishedRun) -> str | None:
        """Tell MLflow of a run; see :func:`track_run`. Where there is no second process this one does it."""
        answer = None
        with contextlib.suppress(OSError, ValueError):
            if self._process is not None:
                out, _ = self._process.communicate(json.dumps({"run_id": run.run_id, "folder": str(run.folder)}) + "\n")
                answer = json.loads(out)
        if answer is None:
            return track_run(run, self._project.workspace, self._project.tracking, self._warn)
        for words in answer["warnings"]:
            self._warn(words)
        return None if answer["told"] is None else str(answer["told"])


@contextlib.contextmanager
def teller(project: Project, warn: Callable[[str], None]) -> Iterator[Teller]:
    """Start the second process, and end it when there is nothing to tell."""
    process = None
    with contextlib.suppress(OSError):
        process = subprocess.Popen(  # noqa: S603 - this very program, no shell
            [sys.executable, "-m", "pipelines.teller", str(project.workspace.root), project.tracking.model_dump_json()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
    try:
        yield Teller(project, process, warn)
    finally:
        if process is not None and process.poll() is None:
            process.kill()
        if process is not None:
            process.wait()


def main() -> None:
    """The other end: load, wait for a line, tell, answer."""
    from pipelines.project import PublishedRun
    from pipelines.workspace import Workspace

    # Cancelled at a terminal, the plan's process ends this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    space, tracking = Workspace(Path(sys.argv[1])), Tracking.model_validate_json(sys.argv[2])
    told, warnings = None, list[str]()
    try:
        load_mlflow(space)
    except UnavailableError as problem:
        # Found out while the plan was made: to knock again would only let it wait.
        warnings.append(f"not tracked: {problem}")
    line = sys.stdin.readline()
    if not line:
        return
    asked = json.loads(line)
    folder = Path(asked["folder"])
    if not warnings:
        summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
        run = PublishedRun(asked["run_id"], folder, summary, repeated=False)
        told = track_run(run, space, tracking, warnings.append)
    sys.stdout.write(json.dumps({"told": told, "warnings": warnings}) + "\n")


if __name__ == "__main__":
    main()
