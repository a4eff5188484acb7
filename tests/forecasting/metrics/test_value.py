"""Standard errors against loops, statsmodels and simulation; value added against pairs compared one by one."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st

from forecasting.metrics import clustered_se, forecast_value_added

NAN = math.nan


def grouped(seed: int, n: int = 120) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    first, second = rng.integers(0, 7, n), rng.integers(0, 11, n)
    return rng.normal(size=n) + rng.normal(size=7)[first] + rng.normal(size=11)[second], first, second


@given(seed=st.integers(0, 1000))
def test_one_way_errors_are_the_spread_of_group_sums(seed: int) -> None:
    values, first, _ = grouped(seed)
    mean = sum(values) / len(values)
    sums = [sum(v - mean for v, g in zip(values, first, strict=True) if g == k) for k in set(first)]
    expected = math.sqrt(len(sums) / (len(sums) - 1) * sum(s * s for s in sums)) / len(values)
    assert clustered_se(values, first) == pytest.approx(expected)


def test_errors_are_those_of_a_regression_on_a_constant() -> None:
    """statsmodels' clustered covariance, whose correction also has (N - 1) / (N - K), here 1."""
    values, first, second = grouped(5)
    ols = sm.OLS(values, np.ones(len(values)))
    one = ols.fit(cov_type="cluster", cov_kwds={"groups": first})
    assert clustered_se(values, first) == pytest.approx(one.bse[0])
    two = ols.fit(cov_type="cluster", cov_kwds={"groups": np.column_stack([first, second])})
    assert clustered_se(values, first, second) == pytest.approx(two.bse[0])


def test_with_one_value_a_cluster_it_is_the_textbook_error() -> None:
    values, *_ = grouped(1)
    expected = values.std(ddof=1) / math.sqrt(len(values))
    assert clustered_se(values, np.arange(len(values))) == pytest.approx(expected)


def test_the_error_of_a_ratio_is_what_simulation_shows() -> None:
    """A WAPE over 40 origins that share their luck, many times over."""
    rng = np.random.default_rng(2)
    origin = np.repeat(np.arange(40), 15)
    ratios, errors = [], []
    for _ in range(400):
        luck = np.repeat(rng.gamma(8, 1 / 8, 40), 15)
        actual = rng.poisson(6, 600)
        missed = luck * rng.poisson(2, 600)
        ratios.append(missed.sum() / actual.sum())
        errors.append(clustered_se(missed, origin, per=actual))
    assert np.mean(errors) == pytest.approx(np.std(ratios), rel=0.12)
    assert clustered_se([1.0, 3.0], [0, 1], per=[1, 1]) == clustered_se([1.0, 3.0], [0, 1])


def test_two_ways_are_never_surer_than_one() -> None:
    """Values that alternate within clusters have a negative two-way variance; the larger one-way error stands."""
    values = np.array([1.0, -1.0, -1.0, 1.0])
    first, second = [0, 0, 1, 1], [0, 1, 0, 1]
    assert clustered_se(values, first, second) == 0.0
    uneven, labels, others = grouped(9)
    both = clustered_se(uneven, labels, others)
    assert both >= max(clustered_se(uneven, labels), clustered_se(uneven, others))


def test_what_has_no_error() -> None:
    assert math.isnan(clustered_se([1.0, 2.0], [0, 0]))
    assert math.isnan(clustered_se([], []))
    assert math.isnan(clustered_se([NAN, NAN], [0, 1]))
    assert math.isnan(clustered_se([1.0, 2.0], [0, 1], per=[0.0, 0.0]))
    assert math.isnan(clustered_se([1.0, 2.0, 3.0], [0, 1, 1], ["a", "a", "a"]))
    assert clustered_se([1.0, NAN, 3.0], ["a", "b", "c"]) == clustered_se([1.0, 3.0], ["a", "c"])


def scores(seed: int = 0) -> pd.DataFrame:
    """Three models on six SKUs and five origins; "good" loses half of what "naive" does, more or less."""
    rng = np.random.default_rng(seed)
    rows = []
    for model, level in (("naive", 2.0), ("moving_average", 1.5), ("good", 1.0)):
        for sku in range(6):
            for origin in range(5):
                loss = level * rng.gamma(5, 0.2)
                rows.append((model, "AB"[sku % 2], f"{sku}", "main", origin, loss, 10 * loss))
    return pd.DataFrame(rows, columns=["model", "class", "sku", "location", "origin", "pinball", "error"])


def test_value_added_is_the_mean_difference_of_pairs() -> None:
    frame = scores()
    frame.loc[3, "pinball"] = NAN
    table = forecast_value_added(frame, ["pinball", "error"])
    assert set(table["benchmark"]) == {"naive", "moving_average"}
    row = table.query("segment == 'B' and model == 'good' and benchmark == 'naive' and metric == 'pinball'").iloc[0]
    wide = frame[frame["class"] == "B"].pivot(index=["sku", "origin"], columns="model", values="pinball")
    pairs = wide[["naive", "good"]].dropna()
    assert row["forecasts"] == len(pairs)
    assert row["value"] == pytest.approx(pairs["good"].mean())
    assert row["benchmark_value"] == pytest.approx(pairs["naive"].mean())
    assert row["added"] == pytest.approx((pairs["naive"] - pairs["good"]).mean())
    assert row["share"] == pytest.approx(1 - pairs["good"].mean() / pairs["naive"].mean())
    keys = pairs.index.to_frame()
    expected = clustered_se(pairs["naive"] - pairs["good"], keys["origin"], keys["sku"])
    assert row["se"] == pytest.approx(expected)


def test_the_table_has_all_segments_and_does_not_depend_on_the_order_of_rows() -> None:
    frame = scores()
    table = forecast_value_added(frame, ["pinball"])
    assert table["segment"].drop_duplicates().tolist()[:1] == ["all"]
    assert len(table) == 3 * (2 + 2)
    assert table.query("segment == 'all' and model == 'good'")["forecasts"].tolist() == [30, 30]
    shuffled = forecast_value_added(frame.sample(frac=1, random_state=1), ["pinball"])
    pd.testing.assert_frame_equal(shuffled, table)


def test_a_missing_benchmark_or_a_forecast_made_twice_is_refused() -> None:
    frame = scores()
    with pytest.raises(ValueError, match="nothing to compare"):
        forecast_value_added(frame, ["pinball"], benchmarks=["no_such"])
    with pytest.raises(ValueError, match="there twice"):
        forecast_value_added(pd.concat([frame, frame.iloc[[4]]]), ["pinball"])
