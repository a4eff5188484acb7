"""A second process that loads MLflow while a plan is made, and tells it of the run when it is published.

To load MLflow takes as long as half a plan does; beside the plan it costs no waiting. The plan's process writes one
line to the other, the folder of the run, and reads one back: what is to be said of it. Without such a line (a plan that
failed or was killed) nothing is told; nothing is written to MLflow's store before.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

from pipelines.errors import UnavailableError
from pipelines.tracking import Tracking, load_mlflow, track_run

if TYPE_CHECKING:
    from pipelines.project import Project
    from pipelines.published import PublishedRun

__all__ = ["Teller", "teller"]

_LAST_WORDS: Final = 3.0


class Teller:
    """The plan's end of it."""

    def __init__(self, project: Project, process: subprocess.Popen[str] | None, warn: Callable[[str], None]) -> None:
        self._project, self._process, self._warn = project, process, warn

    def tell(self, run: PublishedRun) -> str | None:
        """Tell MLflow of a run; see :func:`track_run`. Where there is no second process this one does it."""
        answer = None
        with contextlib.suppress(OSError, ValueError):
            if self._process is not None and self._process.stdin is not None and self._process.stdout is not None:
                self._process.stdin.write(json.dumps({"run_id": run.run_id, "folder": str(run.folder)}) + "\n")
                self._process.stdin.flush()
                # Its answer is waited for and not its end, which takes as long as MLflow needs to tidy up.
                answer = json.loads(self._process.stdout.readline())
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
        if process is not None:
            _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    """End the second process; while it tells something it may say first that it broke off."""
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_LAST_WORDS)
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()


def main() -> None:
    """The other end: load, wait for a line, tell, answer."""
    from pipelines.published import PublishedRun
    from pipelines.workspace import Workspace

    # Cancelled at a terminal, the plan's process ends this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    telling = False

    def ended(*_: object) -> NoReturn:
        if telling:
            sys.exit(1)
        os._exit(0)

    signal.signal(signal.SIGTERM, ended)
    # What is loaded stays until the end, which is near: to search it for garbage takes a tenth of the time.
    gc.disable()
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
        telling = True
        told = track_run(run, space, tracking, warnings.append)
        telling = False
    sys.stdout.write(json.dumps({"told": told, "warnings": warnings}) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
