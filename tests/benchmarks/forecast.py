"""Fit smoothing methods to generated counts of the M5's shape, side by side with a peer.

    python -m tests.benchmarks.forecast --against statsforecast [--series 30490] [--periods 1941] [--sample 24]

Prints one JSON object last. ``ratios``: the peer's CPU time a series divided by ours, for ses (weight optimised),
croston_sba, holt_winters_7 (against its AutoETS with model AAA and season 7) and origins_10_refit (damped Holt-Winters
refitted at ten origins, against one fit of AutoETS). ``loss_ratios``: our mean squared one-step error within the
sample divided by the peer's, median over the series that both fitted. The peer fits a sample of the series, in an
environment of its own that the first run makes (it pins an older pandas); its Croston has constants that are given,
ours chooses them, as its ``CrostonOptimized`` does, whose time is in ``stages``, too.

``seconds``: the whole engine from panel to paths (``engine.py``), wall time in a process that has compiled already;
``stages``: the engine's, CPU seconds of our methods for all series (``kernel_...``) and the peer's microseconds a
series. ``--without-engine`` leaves the engine out; ``seconds`` are then those of the methods.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.measuring import SERIES_A_PIECE, generate, report

WEIGHTS = np.array([0.02, 0.07, 0.15, 0.3])
PEER = Path(__file__).with_name("statsforecast_peer.py")


def fit_ses(counts: np.ndarray, status: np.ndarray) -> np.ndarray:
    """Return parameters and start of each series."""
    from forecasting.kernels.level_candidates import fit_level_weight

    n = len(counts)
    weight, start, one = np.zeros(n), np.zeros(n), np.ones((n, 1))
    fit_level_weight(counts, status, 0 * one, one, np.zeros(n), weight, start)
    nothing = np.zeros(n)
    return np.column_stack([weight, nothing, nothing, nothing + 1, start])


def fit_holt_winters(counts: np.ndarray, status: np.ndarray) -> np.ndarray:
    """Return parameters and start of each series; additive, undamped."""
    from forecasting.kernels.trend_refinement import fit_trend_and_season

    parameters, start = np.zeros((len(counts), 4)), np.zeros((len(counts), 9))
    fit_trend_and_season(counts, status, True, np.ones(2), parameters, start)
    return np.column_stack([parameters, start])


def smoothing_losses(counts: np.ndarray, fitted: np.ndarray) -> np.ndarray:
    """Mean squared one-step error of each series, given rows of four parameters and a start."""
    from forecasting.kernels.recursions import run_states

    n = len(counts)
    status, parameters = np.zeros(counts.shape, dtype=np.uint8), np.ascontiguousarray(fitted[:, :4])
    state, loss = np.zeros((n, max(fitted.shape[1] - 4, 3))), np.zeros(n)
    state[:, : fitted.shape[1] - 4] = fitted[:, 4:]
    table, count = np.zeros((n, 364), dtype=np.float32), np.zeros(n, dtype=np.int64)
    run_states(counts, status, np.zeros(n, np.int64), parameters, np.full(n, -np.inf), state, table, count, loss)
    return loss


def fit_sba(counts: np.ndarray, status: np.ndarray) -> np.ndarray:
    """Return the weights of sizes and of intervals of each series."""
    from forecasting.kernels.croston import choose_croston

    n, periods = counts.shape
    start, weights, profile = np.zeros((n, 2)), np.zeros((n, 2)), np.zeros(n, dtype=np.int64)
    choose_croston(counts, status, np.ones((1, periods), np.float32), profile, WEIGHTS, 0.5, start, weights)
    return weights


def fit_origins(counts: np.ndarray, status: np.ndarray) -> np.ndarray:
    """Refit at ten origins, four weeks apart; return their weights."""
    from forecasting.kernels.trend_candidates import origins_of_trend_and_season

    n, periods = counts.shape
    parameters, state = np.zeros((n, 10, 4)), np.zeros((n, 10, 9))
    origins = periods - 28 * np.arange(10, 0, -1)
    origins_of_trend_and_season(counts, status, origins, True, np.array([0.8, 0.98]), parameters, state)
    return parameters


def sba_loss(values: np.ndarray, weights: np.ndarray) -> float:
    """Mean squared one-step error of Croston's method with the correction, from the means of sizes and intervals."""
    demands = values[values > 0]
    size, interval, since, total = demands.mean(), len(values) / len(demands), 0, 0.0
    for value in values:
        since += 1
        total += (value - (1 - weights[1] / 2) * size / interval) ** 2
        if value > 0:
            size += weights[0] * (value - size)
            interval += weights[1] * (since - interval)
            since = 0
    return float(total) / len(values)


def timed(fit: Callable[[np.ndarray, np.ndarray], np.ndarray], counts: np.ndarray) -> tuple[float, np.ndarray]:
    """CPU seconds of this thread for all series, in pieces as the forecaster makes them, and the results."""
    status = np.zeros(counts[:SERIES_A_PIECE].shape, dtype=np.uint8)
    fit(counts[:2], status[:2])
    began = time.thread_time()
    parts = []
    for first in range(0, len(counts), SERIES_A_PIECE):
        piece = counts[first : first + SERIES_A_PIECE]
        parts.append(fit(piece, status[: len(piece)]))
    return time.thread_time() - began, np.concatenate(parts)


def measure_ours(counts: np.ndarray, sample: int) -> tuple[dict[str, float], dict[str, np.ndarray]]:
    """Seconds a series by method, and the losses of the sample."""
    fits = {
        "ses": fit_ses,
        "croston_sba": fit_sba,
        "holt_winters_7": fit_holt_winters,
        "origins_10_refit": fit_origins,
    }
    seconds, losses = {}, {}
    for name, fit in fits.items():
        spent, found = timed(fit, counts)
        seconds[name] = spent / len(counts)
        if name == "croston_sba":
            pairs = zip(counts[:sample], found[:sample], strict=True)
            losses[name] = np.array([sba_loss(values, weights) if values.any() else 0.0 for values, weights in pairs])
        elif name != "origins_10_refit":
            losses[name] = smoothing_losses(counts[:sample], found[:sample])
    return seconds, losses


def peer_python(folder: Path) -> Path:
    """Return the interpreter of the peer's environment; make the environment where it is not there yet."""
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", "statsforecast"], check=True)
        (folder / "ready").touch()
    return python


def measure_peer(counts: np.ndarray, folder: Path) -> dict[str, dict[str, list[float]]]:
    """Seconds and losses of the peer, one a series."""
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "counts.npy"
        np.save(path, counts)
        threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
        done = subprocess.run(
            [str(peer_python(folder)), str(PEER), str(path)],
            check=True, capture_output=True, text=True, env={**os.environ, **threads},
        )  # fmt: skip
    return json.loads(done.stdout.strip().splitlines()[-1])  # type: ignore[no-any-return]


def compare(counts: np.ndarray, sample: int, folder: Path) -> dict[str, Any]:
    """All figures of the smoothing methods."""
    peer = measure_peer(counts[:sample], folder)
    ours, losses = measure_ours(counts, sample)
    theirs = {name: float(np.mean(seconds)) for name, seconds in peer["seconds"].items()}
    theirs["origins_10_refit"] = theirs["holt_winters_7"]
    loss_ratios = {}
    for name, loss in losses.items():
        against = np.array(peer["losses"][name])
        both = np.isfinite(against) & (against > 0) & (loss > 0)
        loss_ratios[name] = round(float(np.median(loss[both] / against[both])), 4)
    stages = {f"kernel_{name}": round(seconds * len(counts), 3) for name, seconds in ours.items()}
    return {
        "ratios": {name: round(theirs[name] / seconds, 1) for name, seconds in ours.items()},
        "loss_ratios": loss_ratios,
        "seconds": round(sum(stages.values()), 3),
        "stages": stages | {f"peer_{k}_microseconds_a_series": round(v * 1e6, 1) for k, v in theirs.items()},
    }


def measure_engine(series: int, periods: int) -> dict[str, Any]:
    """Run the engine in a process of its own; return ``seconds``, ``stages`` and ``processor_seconds``."""
    sizes = ["--series", str(series), "--periods", str(periods)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.engine", *sizes], check=True, capture_output=True, text=True
    )
    figures = json.loads(done.stdout.strip().splitlines()[-1])
    return {name: figures[name] for name in ("seconds", "stages", "processor_seconds")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--against", choices=["statsforecast"], required=True)
    parser.add_argument("--series", type=int, default=30_490)
    parser.add_argument("--periods", type=int, default=1_941)
    parser.add_argument("--sample", type=int, default=24, help="series that the peer fits")
    parser.add_argument(
        "--environment", type=Path, default=Path.home() / ".cache" / "restock" / "statsforecast",
        help="folder of the peer's environment",
    )  # fmt: skip
    parser.add_argument("--without-engine", action="store_true", help="only the methods and their peer")
    options = parser.parse_args()
    counts = generate(options.series, options.periods)
    figures = compare(counts, min(options.sample, options.series), options.environment)
    if not options.without_engine:
        engine = measure_engine(options.series, options.periods)
        figures |= engine | {"stages": {**engine["stages"], **figures["stages"]}}
    report(benchmark="forecast", series=options.series, rows=counts.size, **figures)


if __name__ == "__main__":
    sys.exit(main())
