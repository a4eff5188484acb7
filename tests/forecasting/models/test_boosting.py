"""What the boosted model learns, and that it does no harm where it can't learn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from forecasting import models
from forecasting.covariates import Covariate, Covariates
from forecasting.forecaster import DemandForecaster
from forecasting.models.boosting import BoostedPaths, Boosting, KnowsMean, Learned
from forecasting.models.counts import NegativeBinomial
from forecasting.models.protocol import FitContext, Follows, Pools
from forecasting.models.smoothing import ExponentialSmoothing
from forecasting.panel import CellStatus, DemandPanel
from tests.forecasting.panels import context_of, panel_of

SERIES, PERIODS, AHEAD = 60, 110, 17
SMALL = Boosting(trees=40)


def promoted_world(seed: int = 0, series: int = SERIES, periods: int = PERIODS) -> tuple[DemandPanel, Covariates]:
    """Weeks of Poisson demand that a promotion doubles; it is announced for one series in two, week 1 ahead."""
    rng = np.random.default_rng(seed)
    promotion = (rng.random((series, periods + AHEAD)) < 0.15).astype(np.float32)
    promotion[:, periods:] = 0
    promotion[::2, periods] = 1
    rate = rng.uniform(3, 30, (series, 1))
    demand = rng.poisson(rate * (1 + promotion[:, :periods]))
    panel = panel_of(demand)
    column = Covariate("promotion", "share", promotion, np.arange(series))
    return panel, Covariates(panel.calendar, (column,))


def context_with(panel: DemandPanel, covariates: Covariates | None) -> FitContext:
    return replace(context_of(panel), covariates=covariates)


def fitted(model: Boosting, panel: DemandPanel, context: FitContext) -> BoostedPaths:
    return model.fit(panel, replace(context, pooled=model.pool(panel, context)))


@pytest.fixture(scope="module")
def promoted() -> tuple[DemandPanel, FitContext, BoostedPaths]:
    panel, covariates = promoted_world()
    context = context_with(panel, covariates)
    return panel, context, fitted(SMALL, panel, context)


def test_a_promotion_that_doubles_demand_is_learned(
    promoted: tuple[DemandPanel, FitContext, BoostedPaths],
) -> None:
    """The announced week lies near twice the usual one; the weeks after it, and other series, do not."""
    panel, _, model = promoted
    mean = model.expected(np.arange(SERIES), 4) / panel.quantity.mean(axis=1, keepdims=True)
    usual = 1 / 1.15
    assert mean[::2, 0].mean() == pytest.approx(2 * usual, rel=0.15)
    assert mean[1::2, 0].mean() == pytest.approx(usual, rel=0.1)
    assert mean[:, 1:].mean() == pytest.approx(usual, rel=0.1)
    without = fitted(SMALL, panel, context_of(panel)).expected(np.arange(SERIES), 1)
    assert (without[::2] / panel.quantity[::2].mean(axis=1, keepdims=True)).mean() < 1.2


def test_paths_have_the_boosted_mean_and_stay_whole(promoted: tuple[DemandPanel, FitContext, BoostedPaths]) -> None:
    panel, _, model = promoted
    rows = np.arange(SERIES)
    paths = model.paths(rows, panel.stream_keys(0), 6, 1500)
    assert (paths == np.rint(paths)).all()
    error = paths.mean(axis=1) / model.expected(rows, 6) - 1
    assert np.abs(error.mean(axis=0)).max() < 0.02
    assert np.abs(error).max() < 0.25


def test_a_base_that_knows_the_mean_of_its_paths_is_not_drawn_to_find_it() -> None:
    """The rescaled paths of counts have the boosted mean, though no path was drawn to learn the factors."""
    panel, _ = promoted_world(seed=3)
    model = fitted(Boosting(base=NegativeBinomial(), trees=20), panel, context_of(panel))
    assert isinstance(model.base, KnowsMean)
    rows = np.arange(SERIES)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(model.base), "paths", None)
        again = model.model.rescale(model.base, panel, model.context, model.learned)
    np.testing.assert_array_equal(again.factor, model.factor)
    drawn = model.paths(rows, panel.stream_keys(0), 6, 2000).mean(axis=(1, 2))
    error = drawn / model.expected(rows, 6).mean(axis=1) - 1
    assert abs(error.mean()) < 0.01
    assert np.abs(error).max() < 0.06
    assert not isinstance(ExponentialSmoothing().fit(panel, context_of(panel)), KnowsMean)


def test_a_total_is_hit() -> None:
    """The next weeks of a world without change: the sum over all series, to three standard errors of the truth."""
    rng = np.random.default_rng(5)
    rate = rng.gamma(0.5, 4.0, (80, 1))
    demand = rng.poisson(rate, (80, 120))
    panel = panel_of(demand)
    total = fitted(SMALL, panel, context_of(panel)).expected(np.arange(80), 4).sum()
    truth = 4 * rate.sum()
    assert total == pytest.approx(truth, abs=3 * np.sqrt(truth) + 0.02 * truth)


def test_the_order_of_series_changes_no_bit() -> None:
    panel, covariates = promoted_world(3, 40)
    rows = np.arange(40)
    order = np.random.default_rng(2).permutation(40)
    straight = fitted(SMALL, panel, context_with(panel, covariates))
    other = panel.take(order)
    shuffled = fitted(SMALL, other, context_with(other, covariates.take(order)))
    assert straight.learned.trees is not None
    assert shuffled.learned.trees is not None
    assert shuffled.learned.trees.value.tobytes() == straight.learned.trees.value.tobytes()
    again = shuffled.paths(rows, other.stream_keys(1), 5, 30)
    there = straight.paths(rows, panel.stream_keys(1), 5, 30)
    assert again.tobytes() == np.ascontiguousarray(there[order]).tobytes()


def test_what_is_no_evidence_changes_nothing() -> None:
    """Quantities in cells that are not observed are not read, neither when learning nor when forecasting."""
    panel, _ = promoted_world(4, 40)
    rng = np.random.default_rng(1)
    status = rng.choice([0, 0, 0, 0, 1, 2, 3, 4], panel.quantity.shape).astype(np.uint8)
    gaps = panel.with_status(status)
    other = replace(gaps, quantity=np.where(status == CellStatus.OBSERVED, panel.quantity, 77).astype(np.float32))
    a, b = (fitted(SMALL, each, context_of(each)).expected(np.arange(40), 6) for each in (gaps, other))
    np.testing.assert_array_equal(a, b)


def test_an_earlier_opening_sees_nothing_of_what_came_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two histories that part at an opening: cut there, they give the same forecast."""
    monkeypatch.setitem(models._ZOO, "boosting", SMALL)
    panel, covariates = promoted_world(6, 40, 130)
    other = replace(panel, quantity=panel.quantity.copy())
    other.quantity[:, 110:] = other.quantity[:, 110:] * 2 + 1
    opening = panel.calendar.dates[110].astype(object)
    forecasts = []
    for each in (panel, other):
        cut = each.until(opening)
        known = replace(covariates, calendar=cut.calendar)
        forecasts.append(DemandForecaster("boosting").fit(cut, covariates=known).paths(1, 20))
    assert forecasts[0].tobytes() == forecasts[1].tobytes()
    promoted = DemandForecaster("boosting").fit(cut).paths(1, 20)
    assert promoted.tobytes() != forecasts[0].tobytes()


@pytest.mark.parametrize("panel", [panel_of(np.ones((1, 90))), panel_of(np.ones((30, 9)) * np.arange(9))])
def test_too_little_to_learn_from_leaves_the_base_model(panel: DemandPanel) -> None:
    """One series, or a history shorter than two blocks; the fallback says why."""
    context = context_of(panel)
    rows, keys = np.arange(len(panel)), panel.stream_keys(0)
    model = fitted(Boosting(), panel, context)
    assert "rows to learn from" in model.learned.fallback
    base = ExponentialSmoothing().fit(panel, context).paths(rows, keys, 20, 30)
    np.testing.assert_array_equal(model.paths(rows, keys, 20, 30), base)


def test_odd_series_among_ordinary_ones_stay_finite() -> None:
    """Dead, new, huge, tiny and returning series beside those that teach."""
    panel, _ = promoted_world(8, 50)
    cells, status = panel.quantity.copy(), panel.status.copy()
    cells[0], cells[1, :-1], cells[2], cells[3], cells[4, 5:-1] = 0, 0, 1e9, 1e-6, 0
    status[1, :-1], status[5], status[6, :-30] = CellStatus.NOT_LAUNCHED, CellStatus.MISSING, CellStatus.NOT_LAUNCHED
    odd = replace(panel, quantity=cells, status=status)
    model = fitted(SMALL, odd, context_of(odd))
    mean = model.expected(np.arange(50), 30)
    paths = model.paths(np.arange(50), odd.stream_keys(0), 30, 50)
    assert np.isfinite(mean).all()
    assert np.isfinite(paths).all()
    assert (paths >= 0).all()
    assert mean[0].max() == mean[5].max() == 0
    assert mean[2].mean() == pytest.approx(1e9, rel=0.2)


def test_following_predicts_from_the_new_opening_with_the_same_trees() -> None:
    panel, covariates = promoted_world(9, 50, 130)
    early = panel.until(panel.calendar.dates[110].astype(object))
    context = context_with(early, replace(covariates, calendar=early.calendar))
    model = fitted(SMALL, early, context)
    assert isinstance(model, Follows)
    assert isinstance(SMALL, Pools)
    later = context_with(panel, covariates)
    followed = model.follow(panel, later)
    assert followed.learned is model.learned
    expected = SMALL.fit(panel, replace(later, pooled=model.learned)).expected(np.arange(50), 5)
    np.testing.assert_allclose(followed.expected(np.arange(50), 5), expected, rtol=0.05)


def test_what_is_learned_is_plain_arrays(promoted: tuple[DemandPanel, FitContext, BoostedPaths]) -> None:
    """Rebuilt from its arrays and numbers alone, the model forecasts the same."""
    panel, context, model = promoted
    trees = model.learned.trees
    assert trees is not None
    arrays = {name: np.array(value) for name, value in vars(trees).items() if isinstance(value, np.ndarray)}
    assert all(values.dtype.kind in "bif" for values in arrays.values())
    rebuilt = Learned(model.learned.layout, model.learned.share, "", replace(trees, **arrays))
    again = SMALL.fit(panel, replace(context, pooled=rebuilt))
    np.testing.assert_array_equal(again.factor, model.factor)
