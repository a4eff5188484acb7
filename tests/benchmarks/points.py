"""Point forecasts of 28 single days on the M5's series, the default beside the benchmarks of that competition.

    python -m tests.benchmarks.points [--models auto,ses,sba,tsb,exponential_smoothing,holt_winters] [--origins 3]

Rolling origins whose windows end before the last 28 days of the set; only ``--last`` opens those, and those alone.
RMSSE is the mean over the series of one origin, WAPE is of all their days together. Prints both by model, the ratio of
the first model's to it with the standard error of the paired difference over origins, and one JSON object last. A
model's forecast is its own point forecast where it states one, else the mean of its paths.

Weekly series of the M4: ``tests/real/test_m4_weekly.py``.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecasting import DemandForecaster, DemandPanel
from forecasting.calendars import day_to_date
from forecasting.cleaning import prepare
from forecasting.fitted import fit_series
from forecasting.metrics import average, rmsse, wape
from forecasting.models import model_named
from forecasting.models.protocol import Expects, FitContext
from forecasting.seasonality import fit_pooled_seasonality
from pipelines.execution import default_jobs, thread_mapper
from tests.benchmarks.accuracy import development_set

HORIZON, PATHS = 28, 400
Floats = npt.NDArray[np.float64]


def point_forecast(name: str, panel: DemandPanel, groups: Sequence[str]) -> Floats:
    """Forecast each of the coming days; (n, 28) units."""
    run, rows = thread_mapper(default_jobs()), np.arange(len(panel))
    if name == "auto":
        forecaster = DemandForecaster(name, run=run).fit(panel, groups=groups, protection=HORIZON)
        return np.asarray(forecaster.paths(HORIZON, PATHS).mean(axis=1, dtype=np.float64))
    cleaned, summary, _ = prepare(panel)
    season = fit_pooled_seasonality(cleaned, summary, groups)
    fitted = fit_series(model_named(name), cleaned, rows, FitContext(season, season.profile), run)
    pieces = [p.expected(np.arange(len(panel)), HORIZON) for p in fitted.pieces if isinstance(p, Expects)]
    if len(fitted.pieces) == len(pieces) == 1:
        return pieces[0].astype(np.float64)
    drawn = fitted.paths(rows, panel.stream_keys(0), HORIZON, PATHS)
    return np.asarray(drawn.mean(axis=1, dtype=np.float64))


def measure(models: Sequence[str], origins: Sequence[int]) -> pd.DataFrame:
    """One row an origin and model: origin, model, rmsse, wape."""
    given = development_set("m5")
    assert given.groups is not None
    rows = []
    for origin in origins:
        past = given.panel.until(day_to_date(int(given.panel.calendar.openings[origin])))
        sold = np.flatnonzero((past.quantity > 0).any(axis=1))
        past, groups = past.take(sold), [given.groups[i] for i in sold]
        actual = given.panel.quantity[sold, origin : origin + HORIZON].astype(np.float64)
        for name in models:
            guess = point_forecast(name, past, groups)
            scaled = rmsse(actual, guess, past.quantity)
            rows.append((origin, name, average(scaled).value, float(wape(actual, guess))))
    return pd.DataFrame(rows, columns=["origin", "model", "rmsse", "wape"])


def compare(scores: pd.DataFrame, models: Sequence[str]) -> pd.DataFrame:
    """Mean by model, and the first model's over it with the standard error of that."""
    rows = []
    for name in models:
        row: dict[str, float | str] = {"model": name}
        for measured in ("rmsse", "wape"):
            by_origin = scores.pivot(index="origin", columns="model", values=measured)
            own, first = by_origin[name].to_numpy(), by_origin[models[0]].to_numpy()
            row |= {measured: own.mean(), f"{measured}_ratio": first.mean() / own.mean()}
            row[f"{measured}_se"] = (first - own).std(ddof=1) / np.sqrt(len(own)) / own.mean() if len(own) > 1 else 0.0
        rows.append(row)
    return pd.DataFrame(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", default="auto,ses,sba,tsb,exponential_smoothing,holt_winters")
    parser.add_argument("--origins", type=int, default=3)
    parser.add_argument("--last", action="store_true", help="the last 28 days, and nothing else")
    options = parser.parse_args()
    models, end = options.models.split(","), development_set("m5").panel.calendar.periods - HORIZON
    origins = [end] if options.last else [end - HORIZON * k for k in range(1, options.origins + 1)]
    table = compare(measure(models, origins), models)
    print(table.round(4).to_string(index=False), flush=True)
    scores = json.loads(table.to_json(orient="records"))
    print(json.dumps({"benchmark": "points", "last": options.last, "origins": len(origins), "scores": scores}))


if __name__ == "__main__":
    main()
