"""Items without a history: their category's shares and sizes, and less the longer they stay silent."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from forecasting.fitted import fit_series
from forecasting.models.newcomers import CategoryPrior, LearnedPrior, NewcomerPaths, PriorShare, _shares
from forecasting.models.protocol import FitContext
from forecasting.panel import CellStatus, DemandPanel
from forecasting.seasonality import PooledSeasonality
from tests.forecasting.panels import context_of, panel_of

KEYS = np.arange(1, 2000, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
NO_DEMAND = np.zeros(60)


def grouped(panel: DemandPanel, profile: np.ndarray, groups: int) -> FitContext:
    """No season; the groups given."""
    names = tuple(f"g{g}" for g in range(groups))
    places = panel.calendar.frequency.periods_per_year
    season = PooledSeasonality(panel.calendar, names, profile, np.ones((groups, 7)), np.ones((groups, places)))
    return FitContext(season, profile)


def shop(seed: int, items: int, a: float = 0.5, b: float = 4.0, periods: int = 60) -> np.ndarray:
    """Items whose share of periods with demand is beta distributed; sizes 1 to 5."""
    rng = np.random.default_rng(seed)
    share = rng.beta(a, b, items)
    return (rng.random((items, periods)) < share[:, None]) * rng.integers(1, 6, (items, periods))


def prior_of(mean: float, strength: float) -> LearnedPrior:
    share = PriorShare(np.array([mean]), strength)
    sizes = np.array([[1, 2, 3, 4]], dtype=np.float32)
    return LearnedPrior(share, share, 13, sizes, np.array([4]), np.array([0]), np.array([1]))


def paths_of(prior: LearnedPrior, demand: np.ndarray, horizon: int, count: int) -> tuple[NewcomerPaths, np.ndarray]:
    panel = panel_of(demand)
    context = context_of(panel)
    fitted = CategoryPrior().fit(panel, FitContext(context.season, context.profile, pooled=prior))
    return fitted, fitted.paths(np.arange(len(panel)), KEYS[: len(panel)], horizon, count)


@pytest.mark.parametrize("silent", [0, 5, 60])
def test_the_number_of_demands_ahead_is_beta_binomial(silent: int) -> None:
    """SciPy's distribution with the posterior's parameters; 20,000 paths of 8 periods."""
    a, b = 0.12 * 4.0, 0.88 * 4.0
    status = np.where(np.arange(60) < silent, CellStatus.OBSERVED, CellStatus.MISSING)
    panel = panel_of(NO_DEMAND, status=status)
    context = context_of(panel)
    fitted = CategoryPrior().fit(panel, FitContext(context.season, context.profile, pooled=prior_of(0.12, 4.0)))
    number = (fitted.paths(np.array([0]), KEYS[:1], 8, 20_000)[0] > 0).sum(axis=1)
    expected = stats.betabinom.pmf(np.arange(9), 8, a, b + silent)
    seen = np.bincount(number, minlength=9) / 20_000
    np.testing.assert_allclose(seen, expected, atol=4 * np.sqrt(0.25 / 20_000))
    assert fitted.parameters()["level"][0] == pytest.approx(a / (a + b + silent) * 2.5)


@given(a=st.floats(0.05, 5), b=st.floats(0.05, 50))
@settings(max_examples=50, deadline=None)
def test_the_slices_of_the_share_keep_its_mean_and_rise(a: float, b: float) -> None:
    panel = panel_of(NO_DEMAND)
    fitted = NewcomerPaths(
        context_of(panel), prior_of(0.1, 1.0), np.array([a]), np.array([b]), np.zeros((1, 1), dtype=np.float32),
        np.zeros(1, dtype=np.int64), np.ones(1, dtype=np.bool_),
    )  # fmt: skip
    slices = fitted._slices(np.array([0]))[0]
    assert slices.mean() == pytest.approx(a / (a + b), rel=1e-6)
    assert (np.diff(slices) >= -1e-9).all()
    middle = stats.beta.ppf((np.arange(256) + 0.5) / 256, a, b)
    np.testing.assert_allclose(slices[5:-5], middle[5:-5], atol=0.03)


def test_the_shares_are_found_again() -> None:
    """4,000 items, beta(0.5, 4): mean 1/9, strength 4.5; never-sold items count."""
    demand = shop(1, 4000)
    found = _shares((demand > 0).sum(axis=1), np.full(4000, 60), np.zeros(4000, dtype=np.int64), 1)
    assert found.mean[0] == pytest.approx(1 / 9, rel=0.06)
    assert found.strength == pytest.approx(4.5, rel=0.15)


def test_among_items_of_one_kind_the_never_sold_sell_as_often_as_foreseen() -> None:
    """The share of never-sold items that sell in the next 20 periods, within three standard errors."""
    demand = shop(2, 3000, periods=80)
    past = panel_of(demand[:, :60])
    never = np.flatnonzero((demand[:, :60] > 0).sum(axis=1) == 0)
    fitted = fit_series(CategoryPrior(), past, never, context_of(past))
    keys = past.stream_keys(0)[never]
    foreseen = (fitted.paths(never, keys, 20, 200) > 0).any(axis=2).mean()
    actual = (demand[never, 60:] > 0).any(axis=1).mean()
    assert abs(foreseen - actual) < 3 * np.sqrt(actual * (1 - actual) / len(never))
    assert 0.01 < actual < 0.5


def test_the_longer_the_silence_the_less_is_expected() -> None:
    demand = np.vstack([shop(3, 200), np.zeros((3, 60))])
    status = np.zeros(demand.shape, dtype=np.uint8)
    status[200, :] = CellStatus.MISSING
    status[201, :40] = CellStatus.MISSING
    panel = panel_of(demand, status=status)
    fitted = fit_series(CategoryPrior(), panel, np.arange(200, 203), context_of(panel))
    level = fitted.parameters()[0][1]["level"]
    assert level[0] > level[1] > level[2] > 0


def test_a_category_lends_its_own_shares_and_sizes() -> None:
    often, rare = shop(4, 60, 8, 2), shop(5, 60, 1, 9) * 100
    demand = np.vstack([often, rare, np.zeros((2, 60))])
    status = np.zeros(demand.shape, dtype=np.uint8)
    status[120:] = CellStatus.MISSING
    panel = panel_of(demand, status=status)
    context = grouped(panel, np.r_[np.zeros(60), np.ones(60), 0, 1].astype(np.int64), 2)
    rows = np.array([120, 121])
    fitted = fit_series(CategoryPrior(), panel, rows, context)
    paths = fitted.paths(rows, KEYS[:2], 10, 500)
    assert set(np.unique(paths[0])) <= set(range(6))
    assert set(np.unique(paths[1])) <= {0, 100, 200, 300, 400, 500}
    assert (paths[0] > 0).mean() > 2 * (paths[1] > 0).mean()


def test_declared_launches_teach_and_inferred_ones_do_not() -> None:
    """Newcomers sell half as often as later; where each "launch" is a first demand it was read off the demand."""
    rng = np.random.default_rng(6)
    often = rng.random((60, 60)) < np.where(np.arange(60) < 33, 0.2, 0.6)
    demand = np.where(np.arange(60) < 20, 0, often)
    status = np.tile(np.where(np.arange(60) < 20, CellStatus.NOT_LAUNCHED, CellStatus.OBSERVED), (60, 1))
    panel = panel_of(demand, status=status)
    learned = CategoryPrior().pool(panel, context_of(panel))
    assert learned.early.mean[0] == pytest.approx(0.2, abs=0.05)
    assert learned.late.mean[0] > 0.4
    demand[:, 20] = 1
    panel = panel_of(demand, status=status)
    learned = CategoryPrior().pool(panel, context_of(panel))
    assert learned.early is learned.late


def test_few_items_that_sold_teach_nothing_and_an_ended_item_expects_nothing() -> None:
    panel = panel_of(np.vstack([shop(7, 4, 5, 5), np.zeros((1, 60))]))
    fitted = fit_series(CategoryPrior(), panel, np.array([4]), context_of(panel))
    assert fitted.paths(np.array([4]), KEYS[:1], 10, 100).sum() == 0
    demand = np.vstack([shop(7, 40, 5, 5), np.zeros((1, 60))])
    status = np.zeros(demand.shape, dtype=np.uint8)
    status[40] = CellStatus.DISCONTINUED
    panel = panel_of(demand, status=status)
    fitted = fit_series(CategoryPrior(), panel, np.array([40]), context_of(panel))
    assert fitted.paths(np.array([40]), KEYS[:1], 10, 100).sum() == 0


def test_neither_order_nor_company_changes_a_bit() -> None:
    demand = np.vstack([shop(8, 50), np.zeros((5, 60))])
    panel = panel_of(demand)
    rows = np.arange(45, 55)
    keys = panel.stream_keys(0)
    plain = fit_series(CategoryPrior(), panel, rows, context_of(panel)).paths(rows, keys[rows], 6, 50)
    alone = fit_series(CategoryPrior(), panel, rows[3:4], context_of(panel)).paths(rows[3:4], keys[rows[3:4]], 6, 50)
    np.testing.assert_array_equal(alone[0], plain[3])
    order = np.random.default_rng(0).permutation(55)
    turned = panel.take(order)
    place = np.flatnonzero(np.isin(order, rows))
    other = fit_series(CategoryPrior(), turned, place, context_of(turned)).paths(place, keys[order[place]], 6, 50)
    np.testing.assert_array_equal(other, plain[np.searchsorted(rows, order[place])])
