"""Time and memory of a plan of each class of bad input beside those of the clean shop, for docs/bad_input.md.

``python -m tests.bad_input.measuring`` writes ``measured.json`` beside this file; no test measures anything. Time is
that of the processor, so that what else runs on the machine matters little: the least of some runs, each in a process
of its own that has everything imported and compiled already. Memory is the largest of the process.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
from pathlib import Path

import pytest

from pipelines import cli
from tests.bad_input import page
from tests.bad_input.clean import Shop, clean_shop
from tests.bad_input.declaring import CASES, Case
from tests.bad_input.test_bad_input import append_while_planning, locked

assert page  # which imports all the cases

FIGURES = Path(__file__).with_name("measured.json")
_LONGEST_SECONDS = 300


def measure(case: Case | None, repeat: int) -> tuple[float, float]:
    """Seconds of the processor and MiB of a plan of the shop, spoilt or clean; the least of several runs."""
    runs = []
    for _ in range(repeat):
        with tempfile.TemporaryDirectory() as folder:
            shop = clean_shop(Path(folder))
            if case is not None:
                case.inject(shop)
            runs.append(_in_a_child(shop, shop.write()))
    return min(seconds for seconds, _ in runs), min(memory for _, memory in runs)


def _in_a_child(shop: Shop, file: Path) -> tuple[float, float]:
    child = os.fork()
    if not child:
        _plan(shop, file)
    _, _, used = os.wait4(child, 0)
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def _plan(shop: Shop, file: Path) -> None:
    """Run the command line in silence and end this process."""
    signal.alarm(_LONGEST_SECONDS)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    sys.argv = ["restock", "plan", "--config", str(file), "--jobs", "1", "--json"]
    if shop.grows:
        append_while_planning(shop.folder / f"{shop.grows}.csv", pytest.MonkeyPatch())
    try:
        with locked(shop):
            cli.main()
    finally:
        os._exit(0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--again", type=float, default=0.0, help="only the cases that took at least so much time")
    options = parser.parse_args()
    repeat = options.repeat
    _warm_up()
    seconds, memory = measure(None, 3 * repeat)
    figures = json.loads(FIGURES.read_text(encoding="utf-8")) if FIGURES.exists() and options.again else {}
    for case in CASES:
        if figures.get(case.name, [options.again])[0] < options.again:
            continue
        own_seconds, own_memory = measure(case, repeat)
        figures[case.name] = [round(own_seconds / seconds, 2), round(own_memory / memory, 2)]
        print(case.name, *figures[case.name], flush=True)
    FIGURES.write_text(json.dumps(figures, indent=0, sort_keys=True) + "\n", encoding="utf-8")


def _warm_up() -> None:
    """Import and compile in this process, from which the others are forked; some doors import a library of theirs."""
    from pipelines.project import open_project, run_plan

    for name in ("", "V16", "K05-SQL", "K05-Excel", "K05-Parquet"):
        with tempfile.TemporaryDirectory() as folder:
            shop = clean_shop(Path(folder))
            for case in CASES:
                if case.name == name:
                    case.inject(shop)
            run_plan(open_project(shop.write()), jobs=1)


if __name__ == "__main__":
    main()
