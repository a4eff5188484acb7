"""Replay the plan: M5 series over one year with weekly reviews, or generated series of the M5's shape over 13 weeks.

    python -m tests.benchmarks.replay [--m5] [--series 30490] [--periods 1941] [--weeks 13] [--paths 400] [--jobs 2]

Prints one JSON object: ``seconds`` from tables to frames, compilation done before on a small shop; ``cpu_seconds`` of
the same, ``fits`` and ``reviews``, and how long the longest review took. The generated file is written by another
process first; ``--m5`` reads the development set, a year that ends before its last window.
"""

from __future__ import annotations

import argparse
import datetime as dt
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from forecasting.calendars import day_to_date
from tests.benchmarks.measuring import FIRST_DAY, report, write_sales
from tests.benchmarks.plan import _items
from tests.benchmarks.promised import config_of, inputs_of

_M5_YEAR = dt.date(2015, 1, 5), dt.date(2016, 1, 3)


def _replay(inputs: Any, config: Any, start: dt.date, end: dt.date, jobs: int) -> dict[str, Any]:
    from pipelines import replay

    times: list[float] = []
    began, cpu = time.perf_counter(), time.process_time()
    result = replay(inputs, config, start, end, jobs=jobs, progress=lambda _: times.append(time.perf_counter()))
    seconds = time.perf_counter() - began
    summary = result.summary
    return {
        "seconds": round(seconds, 1),
        "cpu_seconds": round(time.process_time() - cpu, 1),
        "series": summary["items"],
        "periods": summary["periods"],
        "reviews": summary["reviews"],
        "fits": summary["fits"],
        "longest_review": round(float(np.diff(times).max()), 1),
        "backorder_rate": {name: round(summary[name], 5) for name in ("promised", "achieved", "low", "high")},
    }


def _generated(path: Path, series: int, periods: int, weeks: int, paths: int | None, jobs: int) -> dict[str, Any]:
    from pipelines import Inputs, PlanConfig

    end = FIRST_DAY + periods - 1
    start = end - 7 * weeks + 1
    config = PlanConfig(frequency="D", review_days=7, replay_paths=paths)
    return _replay(Inputs(sales=path, items=_items(series)), config, day_to_date(start), day_to_date(end), jobs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--m5", action="store_true")
    parser.add_argument("--series", type=int, default=30_490)
    parser.add_argument("--periods", type=int, default=1_941)
    parser.add_argument("--weeks", type=int, default=13)
    parser.add_argument("--paths", type=int, help="a series, of those generated; default: as the replay chooses")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--measure", nargs=2, type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        large, small = options.measure
        _generated(small, 40, 300, 3, options.paths, options.jobs)
        if options.m5:
            figures = _replay(inputs_of("m5"), config_of("m5"), *_M5_YEAR, options.jobs)
        else:
            figures = _generated(large, options.series, options.periods, options.weeks, options.paths, options.jobs)
        report(
            benchmark="replay",
            data="m5" if options.m5 else "generated",
            jobs=options.jobs,
            paths=options.paths,
            **figures,
        )
        return
    with tempfile.TemporaryDirectory() as folder:
        large, small = Path(folder) / "sales.parquet", Path(folder) / "small.parquet"
        if not options.m5:
            write_sales(large, options.series, options.periods, shuffled=False)
        write_sales(small, 40, 300, shuffled=False)
        again = [sys.executable, "-m", "tests.benchmarks.replay", *sys.argv[1:], "--measure", str(large), str(small)]
        print(subprocess.run(again, check=True, capture_output=True, text=True).stdout.strip())


if __name__ == "__main__":
    main()
