"""Errors of a point forecast, plain and scaled by the naive forecast's errors in the past."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = [
    "Average",
    "average",
    "bias",
    "mase",
    "naive_scale",
    "observed_mean",
    "owa",
    "relative_bias",
    "rmsse",
    "smape",
    "tracking_signal",
    "wape",
    "wrmsse",
]

Floats = npt.NDArray[np.float64]
Axis = int | tuple[int, ...] | None


class Average(NamedTuple):
    """A mean over series, of how many, and how many were left out because theirs is not defined."""

    value: float
    used: int
    left_out: int


def average(values: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> Average:
    """Average over series; NaN is left out and counted, the weights of the others are scaled to sum to 1.

    Parameters
    ----------
    values : (n,). weights : (n,), finite and not negative; default: equal.

    Returns
    -------
    Average, whose value is NaN where no weight is left.

    Raises
    ------
    ValueError
        A weight that is negative or not finite.
    """
    value = np.asarray(values, dtype=np.float64)
    weight = np.ones_like(value) if weights is None else np.asarray(weights, dtype=np.float64)
    if not (np.isfinite(weight) & (weight >= 0)).all():
        raise ValueError("weights must be finite and at least 0")
    known = ~np.isnan(value)
    total = weight[known].sum()
    mean = float((value[known] * weight[known]).sum() / total) if total > 0 else np.nan
    return Average(mean, int(known.sum()), int((~known).sum()))


def naive_scale(
    history: npt.ArrayLike, *, season: int = 1, power: Literal[1, 2] = 1, from_first_demand: bool = False
) -> Floats:
    """Mean error of the (seasonal) naive forecast along the history, the yardstick of the scaled errors.

    Parameters
    ----------
    history : (n, T) units; NaN where nothing was observed. Pairs with a NaN are left out.
    season : periods between a value and the one that it is compared with, m.
    power : 1 for mean absolute differences, 2 for mean squared ones.
    from_first_demand : leave out what lies before the first value that is not 0, as the M5 did.

    Returns
    -------
    (n,); NaN where there is no pair or all differences are 0 (an all-zero or constant series).
    """
    past = np.atleast_2d(np.asarray(history, dtype=np.float64))
    if season < 1:
        raise ValueError(f"season is {season}; it must be at least 1")
    if from_first_demand:
        begun = np.maximum.accumulate(np.nan_to_num(past) != 0, axis=1)
        past = np.where(begun, past, np.nan)
    step = np.abs(past[:, season:] - past[:, :-season]) ** power
    scale = observed_mean(step, step, axis=-1)
    return np.where(scale > 0, scale, np.nan)


def mase(actual: npt.ArrayLike, forecast: npt.ArrayLike, history: npt.ArrayLike, *, season: int = 1) -> Floats:
    """Mean absolute scaled error of each series (Hyndman and Koehler 2006, Int. J. Forecasting 22, 679-688).

    Parameters
    ----------
    actual, forecast : (n, h) units. history : (n, T), see :func:`naive_scale`.

    Returns
    -------
    (n,); NaN where the scale is not defined.
    """
    truth, error = _error(actual, forecast)
    return observed_mean(np.abs(error), truth, axis=-1) / naive_scale(history, season=season)


def rmsse(actual: npt.ArrayLike, forecast: npt.ArrayLike, history: npt.ArrayLike) -> Floats:
    """Root mean squared scaled error of each series; the scale begins with the first demand.

    Parameters and result as in :func:`mase`.

    References
    ----------
    Makridakis, Spiliotis and Assimakopoulos (2022), M5 accuracy competition, Int. J. Forecasting 38, 1346-1364.
    """
    truth, error = _error(actual, forecast)
    squared = observed_mean(error**2, truth, axis=-1)
    return np.asarray(np.sqrt(squared / naive_scale(history, power=2, from_first_demand=True)))


def wrmsse(actual: npt.ArrayLike, forecast: npt.ArrayLike, history: npt.ArrayLike, weights: npt.ArrayLike) -> Average:
    """Average of RMSSE weighted by ``weights`` (n,), in the M5 the money of the last 28 days.

    The M5's figure over the levels of a hierarchy is this one over the rows of all levels, the weights of each level
    scaled to the same sum.
    """
    return average(rmsse(actual, forecast, history), weights)


def smape(actual: npt.ArrayLike, forecast: npt.ArrayLike) -> Floats:
    """Symmetric mean absolute percentage error of each series, 0 to 200; (n,). A forecast of 0 for 0 has error 0."""
    truth, error = _error(actual, forecast)
    size = np.abs(truth) + np.abs(truth + error)
    return observed_mean(200.0 * np.abs(error) / np.where(size == 0, 1.0, size), truth, axis=-1)


def owa(
    actual: npt.ArrayLike, forecast: npt.ArrayLike, benchmark: npt.ArrayLike, history: npt.ArrayLike, *, season: int = 1
) -> float:
    """Overall weighted average of the M4: mean of relative sMAPE and relative MASE; 1 is as good as the benchmark.

    Each is averaged over the series before it is divided by the benchmark's. Series whose scale is not defined are
    left out of both MASEs.

    Parameters
    ----------
    actual, forecast : (n, h). benchmark : (n, h) forecasts of the benchmark (in the M4 Naive 2).
    history, season : see :func:`naive_scale`.

    Returns
    -------
    float; NaN where the benchmark made no error at all.

    References
    ----------
    Makridakis, Spiliotis and Assimakopoulos (2020), The M4 competition, Int. J. Forecasting 36, 54-74.
    """
    percent = _relative(smape(actual, forecast), smape(actual, benchmark))
    scaled = _relative(mase(actual, forecast, history, season=season), mase(actual, benchmark, history, season=season))
    return 0.5 * (percent + scaled)


def wape(actual: npt.ArrayLike, forecast: npt.ArrayLike, axis: Axis = None) -> Floats:
    """Sum of absolute errors over sum of actuals, along ``axis`` (default: all); NaN where nothing was demanded."""
    truth, error = _error(actual, forecast)
    return _share(np.abs(error), truth, axis)


def bias(actual: npt.ArrayLike, forecast: npt.ArrayLike, axis: Axis = None) -> Floats:
    """Mean error, forecast - actual, units a cell; along ``axis`` (default: all)."""
    truth, error = _error(actual, forecast)
    return observed_mean(error, truth, axis)


def relative_bias(actual: npt.ArrayLike, forecast: npt.ArrayLike, axis: Axis = None) -> Floats:
    """Sum of errors over sum of actuals, along ``axis`` (default: all); NaN where nothing was demanded."""
    truth, error = _error(actual, forecast)
    return _share(error, truth, axis)


def tracking_signal(actual: npt.ArrayLike, forecast: npt.ArrayLike) -> Floats:
    """Sum of the errors so far over their mean absolute value so far, along the last axis.

    Between -k and k after k observations; beyond 4 to 6 either way the forecast is biased. 0 as long as there was
    no error at all, NaN before the first observation; an unobserved period repeats the value before it.

    References
    ----------
    Brown (1959), Statistical Forecasting for Inventory Control. Trigg (1964), Operational Research Quarterly 15,
    271-274.
    """
    truth, error = _error(actual, forecast)
    known = ~np.isnan(truth)
    error = np.where(known, error, 0.0)
    count = known.cumsum(axis=-1)
    deviation = np.abs(error).cumsum(axis=-1) / np.maximum(count, 1)
    signal = np.where(deviation == 0, 0.0, error.cumsum(axis=-1) / np.where(deviation == 0, 1.0, deviation))
    return np.where(count > 0, signal, np.nan)


def observed_mean(values: npt.ArrayLike, actual: npt.ArrayLike, axis: Axis = None) -> Floats:
    """Mean of ``values`` over the cells where ``actual`` (same shape) is not NaN; NaN where there are none."""
    known = ~np.isnan(actual)
    total = np.where(known, values, 0.0).sum(axis=axis)
    count = known.sum(axis=axis)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _error(actual: npt.ArrayLike, forecast: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Actuals and errors in one shape."""
    truth, guess = np.broadcast_arrays(np.asarray(actual, dtype=np.float64), np.asarray(forecast, dtype=np.float64))
    return truth, guess - truth


def _relative(ours: Floats, theirs: Floats) -> float:
    base = average(theirs).value
    return average(ours).value / base if base > 0 else float("nan")


def _share(error: Floats, truth: Floats, axis: Axis) -> Floats:
    known = ~np.isnan(truth)
    demanded = np.where(known, truth, 0.0).sum(axis=axis)
    missed = np.where(known, error, 0.0).sum(axis=axis)
    return np.where(demanded > 0, missed / np.where(demanded > 0, demanded, 1.0), np.nan)
