"""Does demand fall below a stated quantile as often as stated?

Demand in whole units, or zero for most of the time, sits on points with mass: "below or at the quantile" then happens
too often even for a perfect forecast. The randomised probability integral transform spreads each point evenly over its
mass: V = P(D < actual) + U x P(D = actual) is uniform for a perfect forecast (Czado, Gneiting and Held 2009,
Predictive model assessment for count data, Biometrics 65, 1254-1261). Its expectation over U needs no chance at all.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from forecasting.distributions import LeadTimeDemand
from forecasting.kernels.random import uniforms
from forecasting.metrics.point import observed_mean
from forecasting.metrics.value import clustered_se

__all__ = [
    "calibration_curve",
    "expected_coverage",
    "lead_time_probabilities",
    "pit_histogram",
    "randomised_pit",
]

Floats = npt.NDArray[np.float64]


def lead_time_probabilities(demand: LeadTimeDemand, actual: npt.ArrayLike) -> tuple[Floats, Floats]:
    """P(D < actual) and P(D = actual) of each distribution; NaN where the actual sum (n,) is."""
    # The draws are float32: a sum computed otherwise must meet its own draw.
    truth = np.broadcast_to(np.asarray(actual, dtype=np.float32), (len(demand),)).astype(np.float64)
    known = ~np.isnan(truth)
    units = np.where(known, truth, 0.0)
    mass = np.maximum(demand.pmf(units), 0.0)
    below = np.maximum(demand.cdf(units) - mass, 0.0)
    return np.where(known, below, np.nan), np.where(known, mass, np.nan)


def expected_coverage(cdf_below: npt.ArrayLike, cdf_at: npt.ArrayLike, level: npt.ArrayLike) -> Floats:
    """Probability that the randomised PIT is at most ``level``: 0, 1, or the share of the actual's mass below it.

    Its mean over forecasts is the coverage of the quantile; a perfect forecast has mean ``level``, an all-zero series
    with an all-zero forecast has it each time.

    Parameters
    ----------
    cdf_below : P(D < actual). cdf_at : P(D = actual). level : in [0, 1]; all of one shape by broadcasting.

    Returns
    -------
    Floats in [0, 1]; NaN where an argument is.
    """
    below, at, p = (np.asarray(x, dtype=np.float64) for x in (cdf_below, cdf_at, level))
    room = p - below
    share = np.where(at > 0, np.clip(room / np.where(at > 0, at, 1.0), 0.0, 1.0), room > 0)
    return np.where(np.isnan(room + at), np.nan, share)


def calibration_curve(
    cdf_below: npt.ArrayLike, cdf_at: npt.ArrayLike, levels: npt.ArrayLike, cluster: npt.ArrayLike | None = None
) -> tuple[Floats, Floats]:
    """Mean coverage at each level and its standard error, clustered by ``cluster`` (the origin).

    Parameters
    ----------
    cdf_below, cdf_at : (n,), forecasts with NaN are left out. levels : (k,). cluster : (n,) labels; default: none.

    Returns
    -------
    coverage, standard error : (k,) each.
    """
    below, at = (np.asarray(x, dtype=np.float64)[:, None] for x in (cdf_below, cdf_at))
    covered = expected_coverage(below, at, np.atleast_1d(np.asarray(levels, dtype=np.float64)))
    labels = np.arange(len(covered)) if cluster is None else np.unique(np.asarray(cluster), return_inverse=True)[1]
    error = np.array([clustered_se(column, labels) for column in covered.T])
    return observed_mean(covered, covered, axis=0), error


def pit_histogram(cdf_below: npt.ArrayLike, cdf_at: npt.ArrayLike, bins: int = 10) -> Floats:
    """Expected share of randomised PITs in each of ``bins`` equal bins of [0, 1]; 1 / bins each if perfect.

    Parameters
    ----------
    cdf_below, cdf_at : (n,), forecasts with NaN are left out.

    Returns
    -------
    (bins,), of sum 1; NaN without any forecast.
    """
    below, at = (np.asarray(x, dtype=np.float64) for x in (cdf_below, cdf_at))
    known = ~np.isnan(below + at)
    if not known.any():
        return np.full(bins, np.nan)
    edges = np.linspace(0.0, 1.0, bins + 1)
    share = expected_coverage(below[known, None], at[known, None], edges[None, :])
    # The ends take everything, also a PIT of exactly 0 or, by rounding, just above 1.
    share[:, 0], share[:, -1] = 0.0, 1.0
    return np.asarray(np.diff(share, axis=1).mean(axis=0))


def randomised_pit(cdf_below: npt.ArrayLike, cdf_at: npt.ArrayLike, keys: npt.NDArray[np.uint64]) -> Floats:
    """P(D < actual) + U x P(D = actual), each U from the stream of its row.

    Parameters
    ----------
    cdf_below, cdf_at : (n,) or (n, origins).
    keys : uint64 (n,), one stream a row, each used once: for rows of several origins take the origin into the seed
        of ``forecasting.identity.stream_keys`` or the second axis.

    Returns
    -------
    The shape of ``cdf_below``, in [0, 1]; NaN where an argument is.
    """
    below, at = (np.asarray(x, dtype=np.float64) for x in (cdf_below, cdf_at))
    uniform = np.empty((len(keys), below.shape[1] if below.ndim == 2 else 1))
    uniforms(keys, 0, uniform)
    return np.asarray(np.minimum(below + uniform.reshape(below.shape) * at, 1.0))
