"""Time statsforecast on the counts of a file; run by ``forecast.py`` in the peer's own environment.

Prints one JSON object: CPU seconds and mean squared one-step errors, one a series, by method.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import numpy as np


def time_of_forecasts(make: Any, counts: np.ndarray) -> list[float]:
    """As ``run``, without values within the sample, which this method finds by fitting once for every period."""
    seconds = []
    make().forecast(counts[0], h=1)
    for values in counts:
        began = time.process_time()
        make().forecast(values, h=1)
        seconds.append(time.process_time() - began)
    return seconds


def run(make: Any, counts: np.ndarray) -> tuple[list[float], list[float]]:
    """Fit every series after one for compilation."""
    seconds, losses = [], []
    make().forecast(counts[0], h=1, fitted=True)
    for values in counts:
        began = time.process_time()
        fitted = make().forecast(values, h=1, fitted=True)["fitted"]
        seconds.append(time.process_time() - began)
        losses.append(float(np.nanmean((values - fitted) ** 2)))
    return seconds, losses


def main() -> None:
    from statsforecast.models import AutoETS, CrostonOptimized, CrostonSBA, SimpleExponentialSmoothingOptimized

    methods = {
        "ses": SimpleExponentialSmoothingOptimized,
        "croston_sba": CrostonSBA,
        "holt_winters_7": lambda: AutoETS(season_length=7, model="AAA"),
    }
    counts = np.load(sys.argv[1])
    results = {name: run(make, counts) for name, make in methods.items()}
    seconds = {name: spent for name, (spent, _) in results.items()}
    print(
        json.dumps(
            {
                "seconds": {**seconds, "croston_optimized": time_of_forecasts(CrostonOptimized, counts)},
                "losses": {name: losses for name, (_, losses) in results.items()},
            }
        )
    )


if __name__ == "__main__":
    main()
