"""The whole forecasting engine on generated counts of the M5's shape, from panel to sample paths.

    python -m tests.benchmarks.engine [--series 30490] [--periods 1941] [--jobs 2]

Prints one JSON object: ``seconds`` for everything in a process that has compiled already, and ``stages``: cleaning and
season, the fit of each fast member of the zoo and of boosting, the combination with its trials and calibration, and
200 paths of 28 days for every series, of which no more than a piece is kept. ``processor_seconds`` of all threads,
for a look at a busy machine. ``forecast.py`` runs it in a process of its own and takes its figures over.
"""

from __future__ import annotations

import argparse
import functools
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from tests.benchmarks.measuring import FIRST_DAY, generate, identifiers, report

MEMBERS = ("ses", "croston", "tsb", "negative_binomial", "exponential_smoothing", "holt_winters", "boosting")
PROTECTION, HORIZON, PATHS = 17, 28, 200
SERIES_A_PIECE = 256


def panel_of(counts: np.ndarray) -> Any:
    """Make a panel of daily counts, all of them observed."""
    from forecasting.calendars import Frequency, PeriodCalendar
    from forecasting.panel import DemandPanel

    skus, locations = identifiers(len(counts))
    calendar = PeriodCalendar(Frequency("D"), FIRST_DAY, counts.shape[1])
    return DemandPanel(tuple(skus), tuple(locations), calendar, counts, np.zeros(counts.shape, dtype=np.uint8))


def draw_all(forecaster: Any, run: Any) -> float:
    """Draw the paths of every series, piece by piece; return the total, so that nothing is left undone."""

    def draw(first: int) -> float:
        rows = np.arange(first, min(first + SERIES_A_PIECE, len(forecaster.panel_)))
        return float(forecaster.paths(HORIZON, PATHS, rows).sum(dtype=np.float64))

    return sum(run(draw, range(0, len(forecaster.panel_), SERIES_A_PIECE)))


def measure(counts: np.ndarray, jobs: int) -> dict[str, float]:
    """Wall seconds of each stage."""
    from forecasting.cleaning import prepare
    from forecasting.fitted import fit_series
    from forecasting.forecaster import DemandForecaster
    from forecasting.models import model_named
    from forecasting.models.protocol import FitContext
    from forecasting.seasonality import fit_pooled_seasonality
    from pipelines.execution import thread_mapper

    run, stages = thread_mapper(jobs), {}

    def timed(name: str, work: Callable[[], Any]) -> Any:
        began = time.perf_counter()
        result = work()
        stages[name] = round(time.perf_counter() - began, 3)
        return result

    panel = panel_of(counts)
    cleaned, summary = timed("clean", lambda: prepare(panel)[:2])
    season = timed("season", functools.partial(fit_pooled_seasonality, cleaned, summary, ["all"] * len(panel)))
    context, everything = FitContext(season, season.profile), np.arange(len(panel))
    for name in MEMBERS:
        timed(f"fit_{name}", functools.partial(fit_series, model_named(name), cleaned, everything, context, run))
    del cleaned, context
    forecaster = DemandForecaster("auto", run=run)
    timed("combination", lambda: forecaster.fit(panel, protection=PROTECTION))
    timed("paths", lambda: draw_all(forecaster, run))
    return stages


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=30_490)
    parser.add_argument("--periods", type=int, default=1_941)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    compiling = measure(generate(64, options.periods, seed=1), options.jobs)
    counts = generate(options.series, options.periods)
    used = time.process_time()
    stages = measure(counts, options.jobs)
    report(
        benchmark="engine",
        series=options.series,
        rows=counts.size,
        seconds=round(sum(stages.values()), 3),
        stages={"compile": round(sum(compiling.values()), 3), **stages},
        processor_seconds=round(time.process_time() - used, 3),
    )


if __name__ == "__main__":
    main()
