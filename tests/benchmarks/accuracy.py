"""Coverage and pinball loss of the demand over lead time plus review, on the development sets.

    python -m tests.benchmarks.accuracy [--sets m5,vn2] [--models auto,ses] [--origins 6] [--last]

Rolling origins whose windows end before the last window of each set; only ``--last`` opens that one, and that one
alone. Prints a table a set (each model's loss as a ratio to the first one's, with the standard error of the paired
difference, clustered by origin) and one JSON object last.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecasting import DemandPanel, backtest
from forecasting.calendars import day_to_date
from forecasting.metrics import clustered_se, expected_coverage, pinball
from pipelines.execution import default_jobs, thread_mapper
from tests.real.development_data import DATA, read

LEVELS = (0.5, 0.9, 0.95, 0.99)
# Frequency, protection interval and periods from one origin to the next.
SETS = {
    "vn2": ("W-MON", 3, 3),
    "m5": ("D", 17, 17),
    "man_spare_parts": ("W-MON", None, 5),
    "auto_spare_parts": ("MS", 3, 1),
    "carparts": ("MS", 3, 2),
    "store_item": ("D", 14, 28),
}
GROUPED_BY = {"vn2": "department", "m5": "location"}
MODELS = (
    "auto,boosted_counts,boosted_smoothing,negative_binomial,boosting,exponential_smoothing,ses,holt,damped,"
    "holt_winters,theta,combined_smoothing,croston,sba,tsb,adida,imapa,willemain,bootstrap,naive,seasonal_naive,"
    "moving_average"
)


@dataclass(frozen=True, eq=False)
class DevelopmentSet:
    """A real set as a panel, with the protection interval and the season group of each series."""

    panel: DemandPanel
    protection: npt.NDArray[np.int64]
    groups: list[str] | None
    step: int


def development_set(name: str) -> DevelopmentSet:
    """Read a set; series that never sell before its last window are left out."""
    frequency, length, step = SETS[name]
    sales = read(name, "sales").dropna(subset=["quantity"])
    columns = [c for c in ("sku", "location", "date", "quantity", "in_stock") if c in sales]
    gaps: Any = "missing" if name == "carparts" else "zero"
    panel = DemandPanel.from_frame(sales[columns], frequency=frequency, gaps=gaps)
    items = read(name, "items").set_index(["sku", "location"]) if (DATA / name / "items.parquet").exists() else None
    keys = pd.MultiIndex.from_tuples(panel.keys)
    if length is None:
        assert items is not None
        lead_time = items["lead_time_days"].reindex(keys).to_numpy()
        protection = panel.calendar.openings_to_wait(lead_time) + 1
    else:
        protection = np.full(len(panel), length)
    grouped = GROUPED_BY.get(name)
    groups = None
    if grouped == "location":
        groups = list(panel.locations)
    elif grouped is not None and items is not None:
        groups = [str(value) for value in items[grouped].reindex(keys)]
    sold = np.flatnonzero((panel.quantity[:, : -int(protection.max())] > 0).any(axis=1))
    return DevelopmentSet(panel.take(sold), protection[sold], [groups[i] for i in sold] if groups else None, step)


def measure(name: str, models: Sequence[str], origins: int, last: bool) -> dict[str, Any]:
    """Backtest one set and print its table."""
    given = development_set(name)
    panel, longest = given.panel, int(given.protection.max())
    if not last:
        panel = panel.until(day_to_date(int(panel.calendar.openings[panel.calendar.periods - longest])))
    began = time.perf_counter()
    result = backtest(
        panel,
        protection_periods=given.protection,
        origins=1 if last else origins,
        step=given.step,
        levels=LEVELS,
        model=list(models),
        groups=given.groups,
        run=thread_mapper(default_jobs()),
    )
    seconds = time.perf_counter() - began
    table = _compare(result.predictions, models)
    print(f"\n{name}: {len(panel)} series, {1 if last else origins} origins, {seconds:.0f} s", flush=True)
    print(table.round(4).to_string(index=False), flush=True)
    return {"set": name, "seconds": round(seconds, 1), "scores": json.loads(table.to_json(orient="records"))}


def _compare(predictions: pd.DataFrame, models: Sequence[str]) -> pd.DataFrame:
    """Coverage of each model, and its pinball loss over the first model's."""
    counted = predictions[predictions["observed"] & predictions["sold_before"]]
    rows = []
    losses = {}
    for model in models:
        own = counted[counted["model"] == model]
        actual = own["actual"].to_numpy(float)
        losses[model] = pinball(actual, own[[f"q{p:g}" for p in LEVELS]].to_numpy(float), LEVELS)
        reference = losses[models[0]]
        row: dict[str, Any] = {"model": model}
        for level in LEVELS:
            covered = expected_coverage(own["cdf_below"].to_numpy(float), own["cdf_at"].to_numpy(float), level)
            row[f"cov{level:g}"] = covered.mean()
            row[f"se{level:g}"] = clustered_se(covered, own["origin"].to_numpy())
        for k, level in enumerate(LEVELS):
            base = reference[:, k].mean()
            row[f"loss{level:g}"] = losses[model][:, k].mean() / base
            difference = losses[model][:, k] - reference[:, k]
            row[f"dse{level:g}"] = clustered_se(difference, own["origin"].to_numpy()) / base
        row["loss_of_first"] = reference[:, 2].mean()
        rows.append(row)
    return pd.DataFrame(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--models", default=MODELS)
    parser.add_argument("--origins", type=int, default=6)
    parser.add_argument("--last", action="store_true", help="the last window of each set, and nothing else")
    options = parser.parse_args()
    names = options.models.split(",")
    results = [measure(name, names, options.origins, options.last) for name in options.sets.split(",")]
    print(json.dumps({"benchmark": "accuracy", "last": options.last, "sets": results}))


if __name__ == "__main__":
    main()
