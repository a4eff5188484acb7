"""Reconciliation: dense textbook formulas on small trees, quadratic programs by brute force, and what must hold."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import nnls

from forecasting.hierarchy import Hierarchy
from forecasting.identity import stream_keys
from forecasting.reconciliation import (
    ErrorCovariance,
    average_proportions,
    bottom_up,
    forecast_proportions,
    minimum_trace,
    proportions_of_averages,
    reconcile_paths,
    top_down,
)

KINDS = ("identity", "structural", "variances", "shrinkage")
every_kind = pytest.mark.parametrize("kind", KINDS)
seeds = st.integers(0, 10_000)


def tree(rng: np.random.Generator, n: int = 6) -> Hierarchy:
    """Groups that do not nest: a category and a location."""
    attributes = {name: [f"{k}" for k in rng.integers(0, 3, n)] for name in ("category", "location")}
    return Hierarchy.from_attributes(attributes)


def covariance_of(kind: str, hierarchy: Hierarchy, errors: np.ndarray) -> ErrorCovariance:
    return getattr(ErrorCovariance, kind)(hierarchy if kind in ("identity", "structural") else errors)


def dense_covariance(kind: str, hierarchy: Hierarchy, errors: np.ndarray) -> np.ndarray:
    """The whole table, with the shrinkage intensity by loops over pairs of rows."""
    if kind == "identity":
        return np.eye(len(hierarchy))
    if kind == "structural":
        return np.diag(hierarchy.summing.toarray().sum(axis=1))
    rows, periods = errors.shape
    full = errors @ errors.T / periods
    if kind == "variances":
        return np.diag(np.diag(full))
    x = errors / np.sqrt(np.diag(full))[:, None]
    above = below = 0.0
    for i, j in product(range(rows), range(rows)):
        if i != j:
            w = x[i] * x[j]
            above += ((w - w.mean()) ** 2).sum() / periods / (periods - 1)
            below += w.mean() ** 2
    intensity = min(max(above / below, 0.0), 1.0)
    assert 0 < intensity <= 1
    return intensity * np.diag(np.diag(full)) + (1 - intensity) * full


def textbook(summing: np.ndarray, w: np.ndarray, base: np.ndarray) -> np.ndarray:
    """S (S' W^-1 S)^-1 S' W^-1 y."""
    inverse = np.linalg.inv(w)
    return summing @ np.linalg.solve(summing.T @ inverse @ summing, summing.T @ inverse @ base)


def scene(seed: int, low: float) -> tuple[Hierarchy, np.ndarray, np.ndarray]:
    """A small tree, base forecasts that do not add up, and past errors that hang together."""
    rng = np.random.default_rng(seed)
    hierarchy = tree(rng)
    base = hierarchy.aggregate(rng.uniform(low, 9, (6, 2))) + rng.normal(0, 2, (len(hierarchy), 2))
    errors = hierarchy.aggregate(rng.normal(0, 1, (6, 14)) + rng.normal(0, 0.5, 14))
    return hierarchy, base, errors + rng.normal(0, 0.3, errors.shape)


@every_kind
@given(seed=seeds)
def test_minimum_trace_is_the_textbook_formula(kind: str, seed: int) -> None:
    hierarchy, base, errors = scene(seed, 0)
    w = dense_covariance(kind, hierarchy, errors)
    covariance = covariance_of(kind, hierarchy, errors)
    dense = np.diag(covariance.diagonal) + covariance.factors @ covariance.factors.T
    np.testing.assert_allclose(dense, w, rtol=1e-9, atol=1e-12)
    result = minimum_trace(hierarchy, base, covariance, nonnegative=False)
    np.testing.assert_allclose(result.table, textbook(hierarchy.summing.toarray(), w, base), rtol=1e-6, atol=1e-6)
    assert result.exact.all()


@every_kind
@given(seed=seeds)
def test_without_negative_demand_it_is_the_best_of_all_such_tables(kind: str, seed: int) -> None:
    """Lawson and Hanson's non-negative least squares on the whitened dense problem."""
    hierarchy, base, errors = scene(seed, -4)
    whitener = np.linalg.inv(np.linalg.cholesky(dense_covariance(kind, hierarchy, errors)))
    result = minimum_trace(hierarchy, base, covariance_of(kind, hierarchy, errors))
    assert result.exact.all()
    assert (result.table >= 0).all()
    for period in range(2):
        best = nnls(whitener @ hierarchy.summing.toarray(), whitener @ base[:, period])[0]
        np.testing.assert_allclose(result.table[hierarchy.aggregates :, period], best, rtol=1e-5, atol=1e-5)


@every_kind
@given(seed=seeds)
def test_reconciled_forecasts_add_up_and_stay_when_reconciled_again(kind: str, seed: int) -> None:
    hierarchy, base, errors = scene(seed, -2)
    covariance = covariance_of(kind, hierarchy, errors)
    once = minimum_trace(hierarchy, base, covariance).table
    np.testing.assert_allclose(once, hierarchy.aggregate(once[hierarchy.aggregates :]), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(minimum_trace(hierarchy, once, covariance).table, once, rtol=1e-6, atol=1e-6)


@every_kind
@given(seed=seeds)
def test_the_bound_changes_nothing_where_it_does_not_bind(kind: str, seed: int) -> None:
    hierarchy, base, errors = scene(seed, 4)
    covariance = covariance_of(kind, hierarchy, errors)
    free, bound = (minimum_trace(hierarchy, base, covariance, nonnegative=b).table for b in (False, True))
    periods = (free >= 0).all(axis=0)
    np.testing.assert_array_equal(free[:, periods], bound[:, periods])
    assert ((free < 0).any(axis=0) == (free != bound).any(axis=0)).all()


def test_periods_do_not_mix() -> None:
    hierarchy, base, _ = scene(3, -4)
    covariance = ErrorCovariance.structural(hierarchy)
    both = minimum_trace(hierarchy, base, covariance).table
    assert minimum_trace(hierarchy, base[:, 1:], covariance).table.tobytes() == both[:, 1:].copy().tobytes()


def test_a_row_without_any_error_is_believed() -> None:
    """An item that was always forecast right keeps its forecast, whatever the total says."""
    hierarchy = Hierarchy.from_attributes({"category": ["a", "a"]}, [()])
    errors = np.array([[1.0, -1.0, 2.0], [0.0, 0.0, 0.0], [1.0, -1.0, 1.0]])
    for covariance in (ErrorCovariance.variances(errors), ErrorCovariance.shrinkage(errors)):
        table = minimum_trace(hierarchy, np.array([[20.0], [3.0], [9.0]]), covariance).table
        assert table[1, 0] == pytest.approx(3.0, abs=1e-3)
        assert table[0, 0] == pytest.approx(3.0 + table[2, 0])
    # Mean squared errors 2 and 1: the gap of 8 is shared 2 to 1.
    plain = minimum_trace(hierarchy, np.array([[20.0], [3.0], [9.0]]), ErrorCovariance.variances(errors)).table
    assert plain[2, 0] == pytest.approx(9 + 8 / 3, abs=1e-3)


def test_errors_of_zero_everywhere_count_alike() -> None:
    hierarchy, base, _ = scene(1, 2)
    nothing = np.zeros((len(hierarchy), 5))
    plain = minimum_trace(hierarchy, base, ErrorCovariance.identity(hierarchy)).table
    for covariance in (ErrorCovariance.variances(nothing), ErrorCovariance.shrinkage(nothing)):
        np.testing.assert_allclose(minimum_trace(hierarchy, base, covariance).table, plain, rtol=1e-7)


def test_a_larger_tree_meets_the_conditions_of_the_optimum() -> None:
    """1,200 series in three crossed groups, many held at zero: the slope is 0 where free and not below elsewhere."""
    rng = np.random.default_rng(5)
    attributes = {name: [f"{v}" for v in rng.integers(0, k, 1200)] for name, k in (("a", 5), ("b", 40), ("c", 200))}
    hierarchy = Hierarchy.from_attributes(attributes)
    rate = rng.gamma(0.3, 3, 1200)
    base = hierarchy.aggregate(rate)[:, None] + rng.normal(0, 1, (len(hierarchy), 1))
    past = rng.normal(0, 1, (len(hierarchy), 30)) * np.sqrt(np.asarray(hierarchy.summing.sum(axis=1)))
    for covariance in (ErrorCovariance.identity(hierarchy), ErrorCovariance.shrinkage(past)):
        table, exact = minimum_trace(hierarchy, base, covariance)
        assert exact.all()
        w = np.diag(covariance.diagonal) + covariance.factors @ covariance.factors.T
        slope = hierarchy.summing.T @ np.linalg.solve(w, table - base)[:, 0]
        bottom = table[hierarchy.aggregates :, 0]
        assert 0.1 < (bottom == 0).mean() < 0.6
        assert np.abs(slope[bottom > 0]).max() < 1e-6
        assert slope[bottom == 0].min() > -1e-6


def test_a_search_that_stops_early_says_so_and_still_adds_up(monkeypatch: pytest.MonkeyPatch) -> None:
    hierarchy, base, _ = scene(3, -9)
    monkeypatch.setattr("forecasting.reconciliation._MOST_EXCHANGES", 1)
    table, exact = minimum_trace(hierarchy, base, ErrorCovariance.identity(hierarchy))
    assert not exact.all()
    assert (table >= 0).all()
    np.testing.assert_allclose(table, hierarchy.aggregate(table[hierarchy.aggregates :]))


def test_bottom_up_and_top_down_by_hand() -> None:
    hierarchy = Hierarchy.from_attributes({"category": ["a", "a", "b"]})
    assert hierarchy.labels == ("category=a", "category=b", "total")
    base = np.array([[30.0, 1.0], [50.0, 2.0], [100.0, 10.0], [4.0, 0.0], [6.0, 0.0], [10.0, 0.0]])
    np.testing.assert_array_equal(bottom_up(hierarchy, base)[:, 0], [10, 10, 20, 4, 6, 10])
    history = np.array([[1.0, 0.0, 3.0], [1.0, 0.0, 1.0], [2.0, 0.0, 12.0]])
    # Shares by period: (1/4, 1/4, 1/2), none, (3/16, 1/16, 3/4).
    average = average_proportions(hierarchy, history)
    np.testing.assert_allclose(average, [7 / 32, 5 / 32, 5 / 8])
    np.testing.assert_allclose(proportions_of_averages(hierarchy, history), [4 / 20, 2 / 20, 14 / 20])
    split = top_down(hierarchy, base, average)
    np.testing.assert_allclose(split[:, 0], np.array([12, 20, 32, 7, 5, 20]) * 100 / 32)
    np.testing.assert_allclose(proportions_of_averages(hierarchy, history, "category"), [2 / 3, 1 / 3, 1])
    middle = top_down(hierarchy, base, proportions_of_averages(hierarchy, history, "category"), "category")
    np.testing.assert_allclose(middle[:, 0], [30, 50, 80, 20, 10, 50])
    # From the total over categories to items: 30 of 80 and then 4 of 10; where all is 0, equal shares.
    shares = forecast_proportions(hierarchy, base, ("total", "category"))
    np.testing.assert_allclose(shares[:, 0], [3 / 8 * 0.4, 3 / 8 * 0.6, 5 / 8])
    np.testing.assert_allclose(shares[:, 1], [1 / 3 * 0.5, 1 / 3 * 0.5, 2 / 3])
    np.testing.assert_allclose(top_down(hierarchy, base, shares)[2], base[2])


@given(seed=seeds)
def test_proportions_sum_to_one_in_every_group(seed: int) -> None:
    rng = np.random.default_rng(seed)
    hierarchy = tree(rng, 9)
    history = rng.poisson(0.3, (9, 5)).astype(float)
    base = hierarchy.aggregate(rng.poisson(0.5, (9, 4)))
    for level in ("total", "location"):
        groups = hierarchy.members(level)
        for shares in (
            average_proportions(hierarchy, history, level)[:, None],
            proportions_of_averages(hierarchy, history, level)[:, None],
            forecast_proportions(hierarchy, base, (level,)),
        ):
            assert (shares >= 0).all()
            for column in shares.T:
                np.testing.assert_allclose(np.bincount(groups, column)[np.unique(groups)], 1.0)


def test_what_does_not_fit_is_refused() -> None:
    hierarchy, base, errors = scene(0, 0)
    with pytest.raises(ValueError, match="do not nest"):
        forecast_proportions(
            Hierarchy.from_attributes({"a": list("xxyy"), "b": list("xyxy")}), np.ones((9, 1)), ("a", "b")
        )
    with pytest.raises(ValueError, match="must have"):
        bottom_up(hierarchy, base[:-1])
    with pytest.raises(ValueError, match="finite"):
        minimum_trace(hierarchy, np.full_like(base, np.nan), ErrorCovariance.identity(hierarchy))
    with pytest.raises(ValueError, match="the covariance has"):
        minimum_trace(hierarchy, base, ErrorCovariance.of_variances(np.ones(3)))
    errors[0, 0] = np.nan
    with pytest.raises(ValueError, match="at least 3 periods"):
        ErrorCovariance.shrinkage(errors)
    assert (ErrorCovariance.variances(errors).diagonal > 0).all()


def test_paths_follow_the_reconciled_means_and_keep_their_shape() -> None:
    rng = np.random.default_rng(0)
    paths = rng.poisson(4, (4, 4000, 3)).astype(np.float32)
    paths[2] *= 0.37
    paths[3, :, 1] = 0
    mean = paths.mean(axis=1, dtype=np.float64) * np.array([1.0, 0.6, 2.5, 1.3])[:, None]
    mean[3] = [2.0, 1.5, 4 * 9.0]
    keys, whole = stream_keys(list("abcd"), ["main"] * 4, 0), np.array([True, True, False, True])
    out = reconcile_paths(paths, mean, keys, whole)
    np.testing.assert_allclose(out.mean(axis=1), mean, rtol=0.02)
    np.testing.assert_array_equal(out[0], paths[0])
    np.testing.assert_allclose(out[2], paths[2] * 2.5, rtol=1e-5)
    assert (out[whole] == np.rint(out[whole])).all()
    assert np.corrcoef(out[1, :, 0], paths[1, :, 0])[0, 1] > 0.9
    # Demand where no path has any is spread over all of them; a factor above 4 is not used.
    assert set(np.unique(out[3, :, 1])) == {1.0, 2.0}
    assert out[3, :, 2].min() >= 4 * 9.0 - 4 * paths[3, :, 2].mean() - 1
    order = np.array([2, 0, 3, 1])
    again = reconcile_paths(paths[order], mean[order], keys[order], whole[order])
    assert again.tobytes() == out[order].tobytes()
    few = reconcile_paths(paths[:, :50], paths[:, :50].mean(axis=1), keys, whole)
    np.testing.assert_allclose(few.mean(axis=1), paths[:, :50].mean(axis=1), rtol=1e-4)
