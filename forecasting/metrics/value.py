"""What a forecast added to a naive one, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["clustered_se", "forecast_value_added"]

Floats = npt.NDArray[np.float64]
_COLUMNS = [
    "segment",
    "model",
    "metric",
    "value",
    "benchmark",
    "benchmark_value",
    "added",
    "share",
    "se",
    "forecasts",
]


def clustered_se(
    values: npt.ArrayLike,
    cluster: npt.ArrayLike,
    second: npt.ArrayLike | None = None,
    *,
    per: npt.ArrayLike | None = None,
) -> float:
    """Standard error of a mean whose values hang together within clusters.

    All series share the luck of an origin: their errors are not so many independent ones.

    Parameters
    ----------
    values : (n,); NaN is left out.
    cluster : (n,) labels of what shares its luck, such as the origin.
    second : (n,) labels of a second way, such as the series; the two-way error is the root of V1 + V2 - V12, and not
        below either of the one-way errors where the sum is (thin data can even make it negative).
    per : (n,) denominators: the standard error of sum(values) / sum(per), as of a WAPE, by its linearisation.
        Default: 1 each, the mean.

    Returns
    -------
    float; NaN with fewer than two clusters (of either way), or where ``per`` sums to 0.

    References
    ----------
    Cameron, Gelbach and Miller (2011), Robust inference with multiway clustering, J. Bus. Econ. Stat. 29, 238-249,
    with G / (G - 1) for G clusters.
    """
    value = np.asarray(values, dtype=np.float64)
    each = np.ones_like(value) if per is None else np.asarray(per, dtype=np.float64)
    known = ~np.isnan(value + each)
    value, each = value[known], each[known]
    total = each.sum()
    if total == 0:
        return float("nan")
    residual = (value - value.sum() / total * each) / total
    first = np.unique(np.asarray(cluster)[known], return_inverse=True)[1]
    one_way = _variance(residual, first)
    if second is None:
        return float(np.sqrt(one_way))
    other = np.unique(np.asarray(second)[known], return_inverse=True)[1]
    other_way = _variance(residual, other)
    both = _variance(residual, first * (int(other.max()) + 1) + other)
    return float(np.sqrt(np.maximum(one_way + other_way - both, np.maximum(one_way, other_way))))


def _variance(residual: Floats, cluster: npt.NDArray[np.intp]) -> float:
    groups = np.unique(cluster, return_inverse=True)[1]
    count = int(groups.max()) + 1
    if count < 2:
        return float("nan")
    sums = np.bincount(groups, weights=residual)
    return count / (count - 1) * float((sums**2).sum())


def forecast_value_added(
    scores: pd.DataFrame,
    metrics: Sequence[str],
    *,
    benchmarks: Sequence[str] = ("naive", "seasonal_naive", "moving_average"),
    segment: str = "class",
) -> pd.DataFrame:
    """Compare each model with the naive ones on the same forecasts, segment by segment.

    Parameters
    ----------
    scores : one row a model and forecast: ``model``, ``sku``, ``location``, ``origin``, the column ``segment`` and one
        column of losses (less is better) a metric. Each model has a forecast at most once.
    metrics : names of the columns of losses. benchmarks : models to compare with; those absent are passed over.
    segment : column to split by; all together come first, as segment "all".

    Returns
    -------
    One row a segment, model, metric and benchmark: segment, model, metric, value (the model's mean loss), benchmark
    (its name), benchmark_value, added (benchmark_value - value: positive if the model is better), share (added /
    benchmark_value; NaN where that is 0), se (of ``added``, clustered by origin and series; with one origin NaN),
    forecasts (pairs compared: where both losses are known).

    Raises
    ------
    ValueError
        No benchmark is there, or a model has one forecast twice.

    References
    ----------
    Gilliland (2010), The Business Forecasting Deal, ch. 4: forecast value added analysis.
    """
    import pandas as pd

    key = ["sku", "location", "origin"]
    present = [name for name in benchmarks if (scores["model"] == name).any()]
    if not present:
        raise ValueError(f"none of {', '.join(benchmarks)} is among the models: nothing to compare with")
    twice = scores.duplicated(["model", *key])
    if twice.any():
        first = scores.loc[twice, ["model", *key]].iloc[0].tolist()
        raise ValueError(f"{int(twice.sum())} forecasts are there twice; the first is {first}")
    rows = []
    for benchmark in present:
        theirs = scores.loc[scores["model"] == benchmark, [*key, *metrics]]
        pairs = scores[scores["model"] != benchmark].merge(theirs, on=key, suffixes=("", "_benchmark"))
        pairs["_series"] = pairs.groupby(["sku", "location"], sort=False).ngroup()
        parts = [("all", pairs), *((str(name), part) for name, part in pairs.groupby(segment, sort=True))]
        for name, part in parts:
            for model, own in part.groupby("model", sort=True):
                rows += [{"segment": name, "model": model, **_compare(own, m), "benchmark": benchmark} for m in metrics]
    return pd.DataFrame(rows, columns=_COLUMNS)


def _compare(pairs: pd.DataFrame, metric: str) -> dict[str, object]:
    ours = pairs[metric].to_numpy(np.float64)
    theirs = pairs[f"{metric}_benchmark"].to_numpy(np.float64)
    known = ~np.isnan(ours + theirs)
    value, other = (float(x[known].mean()) if known.any() else float("nan") for x in (ours, theirs))
    return {
        "metric": metric,
        "value": value,
        "benchmark_value": other,
        "added": other - value,
        "share": (other - value) / other if other > 0 else float("nan"),
        "se": clustered_se(theirs - ours, pairs["origin"].to_numpy(), pairs["_series"].to_numpy()),
        "forecasts": int(known.sum()),
    }
