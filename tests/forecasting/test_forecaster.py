"""DemandForecaster: from a panel to paths and distributions."""

from __future__ import annotations

import datetime as dt
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from forecasting import DemandForecaster, DemandPanel
from forecasting.distributions import LeadTimeDemand
from forecasting.models import DEFAULT_MEMBERS
from forecasting.models.protocol import FitContext
from forecasting.panel import CellStatus
from forecasting.segments import summarise, syntetos_boylan_classes
from tests.forecasting.panels import panel_of


def shop(series: int = 30, days: int = 200, seed: int = 0) -> pd.DataFrame:
    """Rows of a small shop: two locations, rates from once a month to forty a day, a stock-out now and then."""
    rng = np.random.default_rng(seed)
    rate = np.exp(rng.uniform(-3, 3.7, series))
    frame = pd.DataFrame({"sku": [f"{i:03d}" for i in range(series)], "location": ["a", "b"] * (series // 2)})
    frame = frame.merge(pd.DataFrame({"date": pd.date_range("2024-01-01", periods=days)}), how="cross")
    frame["quantity"] = rng.poisson(np.repeat(rate, days)).astype(float)
    frame["in_stock"] = rng.random(len(frame)) > 0.03
    return frame[(frame["quantity"] > 0) | ~frame["in_stock"] | (frame["sku"] == "000")]


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return shop()


@pytest.fixture(scope="module")
def fitted(frame: pd.DataFrame) -> DemandForecaster:
    return DemandForecaster(seed=1).fit(frame)


def test_the_order_of_rows_and_the_number_of_threads_change_no_bit(
    frame: pd.DataFrame, fitted: DemandForecaster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("forecasting.fitted.SERIES_A_PIECE", 4)
    monkeypatch.setattr("forecasting.forecaster.SERIES_A_PIECE", 3)
    with ThreadPoolExecutor(2) as pool:
        other = DemandForecaster(seed=1, run=pool.map).fit(frame.sample(frac=1, random_state=3))
    pd.testing.assert_frame_equal(other.parameters(), fitted.parameters())
    assert other.season_.weekly.tobytes() == fitted.season_.weekly.tobytes()
    assert other.paths(15, 50).tobytes() == fitted.paths(15, 50).tobytes()
    assert other.lead_time_demand(15, 50).samples.tobytes() == fitted.lead_time_demand(15, 50).samples.tobytes()


def test_rows_are_drawn_in_the_order_asked_for_and_as_often(fitted: DemandForecaster) -> None:
    everything = fitted.paths(6, 30)
    rows = np.array([29, 4, 4, 0])
    assert fitted.paths(6, 30, rows).tobytes() == np.ascontiguousarray(everything[rows]).tobytes()
    assert fitted.paths(6, 30, np.array([], dtype=np.int64)).shape == (0, 30, 6)


def test_the_seed_changes_the_draws_and_not_what_was_fitted(frame: pd.DataFrame) -> None:
    """The weights of a combination rest on draws at earlier origins; a model by itself rests on none."""
    one, other = (DemandForecaster("exponential_smoothing", seed=seed).fit(frame) for seed in (1, 2))
    pd.testing.assert_frame_equal(other.parameters(), one.parameters())
    assert (other.paths(6, 50) != one.paths(6, 50)).any()


def test_another_sku_draws_other_numbers_from_the_same_history() -> None:
    panel = panel_of(np.tile(np.random.default_rng(0).poisson(5, 100), (2, 1)))
    paths = DemandForecaster("bootstrap").fit(panel).paths(10, 50)
    assert (paths[0] != paths[1]).any()


def test_demand_over_an_interval_is_the_sum_along_each_path(fitted: DemandForecaster) -> None:
    """One length for all, one a series, or one a path; a plain sum of the periods of the paths."""
    n = len(fitted.panel_)
    paths = fitted.paths(12, 40).astype(np.float64)
    rng = np.random.default_rng(0)
    for protection in (5, rng.integers(1, 13, n), rng.integers(1, 13, (n, 40))):
        length = np.broadcast_to(np.reshape(protection, (-1, 1)) if np.ndim(protection) == 1 else protection, (n, 40))
        demand = fitted.lead_time_demand(protection, 40)
        sums = np.array([[paths[i, p, : length[i, p]].sum() for p in range(40)] for i in range(n)])
        np.testing.assert_allclose(demand.samples, np.sort(sums, axis=1), rtol=1e-6)
        np.testing.assert_array_equal(demand.integral, fitted.panel_.integral)


def test_the_demand_of_some_series_is_theirs_among_all(fitted: DemandForecaster) -> None:
    rows, length = np.array([7, 0, 22]), np.array([3, 9, 1])
    some = fitted.lead_time_demand(length, 60, rows)
    for place, (row, periods) in enumerate(zip(rows, length, strict=True)):
        alone = fitted.lead_time_demand(int(periods), 60).take(np.array([row]))
        assert some.take(np.array([place])).samples.tobytes() == alone.samples.tobytes()


def test_the_forecast_of_steady_demand_covers_what_comes() -> None:
    """Sixty Poisson series: of 60 x 4 disjoint weeks that follow, about 90 % lie at or below the 90 % quantile."""
    rng = np.random.default_rng(4)
    rate = np.exp(rng.uniform(0, 3, 60))[:, None]
    demand = rng.poisson(rate, (60, 300 + 28))
    fitted = DemandForecaster().fit(panel_of(demand[:, :300], "D"))
    weeks = demand[:, 300:].reshape(60, 4, 7).sum(axis=2)
    level = fitted.lead_time_demand(7).quantile(0.9)
    covered = (weeks <= level[:, None]).mean()
    assert 0.85 <= covered <= 0.97
    np.testing.assert_allclose(fitted.lead_time_demand(7).mean(), 7 * rate[:, 0], rtol=0.35)


def test_auto_averages_models_and_says_how_much_of_each(fitted: DemandForecaster) -> None:
    """The shares in the reason are the weights of the series' class, to the per cent."""
    choice = fitted.choice_
    classes = syntetos_boylan_classes(summarise(fitted.panel_))
    assert choice["class"].tolist() == classes.tolist()
    assert choice[["sku", "location"]].to_numpy().tolist() == [list(key) for key in fitted.panel_.keys]
    assert set(choice["model"]) == {"combination"}
    parameters = fitted.parameters()
    assert parameters["sku"].tolist() == choice["sku"].tolist()
    assert parameters["level"].notna().all()
    weights = parameters[[f"weight_{name}" for name in DEFAULT_MEMBERS]].to_numpy()
    np.testing.assert_allclose(weights.sum(axis=1), 1.0)
    for reason, own in zip(choice["reason"], weights, strict=True):
        told = dict(re.findall(r"(\w+) (\d+)%", reason))
        assert told == {n: f"{w:.0%}"[:-1] for n, w in zip(DEFAULT_MEMBERS, own, strict=True) if w >= 0.005}
        assert f"{fitted.blending_.origins} earlier origins" in reason


def test_models_may_differ_by_series_or_be_chosen_from_the_classes() -> None:
    rng = np.random.default_rng(5)
    panel = panel_of(np.vstack([rng.poisson(9, (2, 80)), rng.poisson(0.1, (2, 80))]))
    by_list = DemandForecaster().fit(panel, models=["sba", "auto", "bootstrap", "moving_average"])
    assert by_list.choice_["model"].tolist() == ["sba", "combination", "bootstrap", "moving_average"]
    by_class = DemandForecaster().fit(panel, models=lambda c: ["sba" if k == "smooth" else "bootstrap" for k in c])
    assert by_class.choice_["model"].tolist() == ["sba", "sba", "bootstrap", "bootstrap"]
    same = DemandForecaster("sba").fit(panel)
    np.testing.assert_array_equal(same.paths(5, 20)[:2], by_class.paths(5, 20)[:2])


def test_the_launch_is_marked_before_anything_is_fitted() -> None:
    """Thirty periods before the launch would halve the mean of the thirty after it."""
    forecaster = DemandForecaster("bootstrap").fit(panel_of([0] * 30 + [8] * 30))
    assert forecaster.lead_time_demand(2).mean()[0] == pytest.approx(16, rel=1e-4)
    assert forecaster.cleaning_["periods"].tolist() == [30]
    assert (forecaster.panel_.status[0, :30] == CellStatus.NOT_LAUNCHED).all()


def test_groups_share_their_season_and_hardly_that_of_others() -> None:
    """December over January is 5.7 in one group and 1 in the other; each leans a little on all series."""
    rng = np.random.default_rng(6)
    season = np.tile(np.linspace(0.3, 1.7, 12), 5)
    demand = np.vstack([rng.poisson(60 * season, (25, 60)), rng.poisson(60.0, (25, 60))])
    panel = panel_of(demand, "MS", dt.date(2020, 1, 1))
    forecaster = DemandForecaster().fit(panel, groups=["b"] * 25 + ["a"] * 25)
    means = forecaster.paths(12, 200).mean(axis=1)
    assert forecaster.season_.groups == ("a", "b")
    assert np.corrcoef(means[:25].mean(axis=0), season[:12])[0, 1] > 0.99
    december_over_january = means[:, 11] / means[:, 0]
    assert december_over_january[:25].min() > 2.5
    assert december_over_january[25:].max() < 1.7


def test_seasons_continue_at_the_first_period_not_observed() -> None:
    """A history that ends in March is followed by April, on every model's path."""
    factors = np.linspace(0.4, 1.6, 12)
    demand = np.tile(100 * factors, 6)[: 12 * 5 + 3]
    panel = panel_of(np.tile(demand, (12, 1)), "MS", dt.date(2020, 1, 1))
    for model in ("exponential_smoothing", "moving_average", "bootstrap", "seasonal_naive"):
        means = DemandForecaster(model).fit(panel).paths(12, 50).mean(axis=(0, 1))
        np.testing.assert_allclose(means, np.tile(100 * factors, 2)[3:15], rtol=0.05)


def test_what_is_known_ahead_changes_the_paths_of_its_series_and_periods_alone() -> None:
    """A promotion that doubles the second period of one series and an order of 40 units in the first of another."""
    panel = panel_of(np.random.default_rng(8).poisson(6, (4, 80)))
    forecaster = DemandForecaster().fit(panel)
    before = forecaster.paths(5, 200)
    factor, extra = np.ones((4, 3), dtype=np.float32), np.zeros((4, 3), dtype=np.float32)
    factor[1, 1], extra[3, 0] = 2.0, 40.0
    forecaster.look_ahead(factor, extra)
    expected = before.copy()
    expected[1, :, 1] *= 2
    expected[3, :, 0] += 40
    np.testing.assert_array_equal(forecaster.paths(5, 200), expected)
    np.testing.assert_array_equal(forecaster.paths(2, 200, np.array([3, 1])), expected[[3, 1], :, :2])
    np.testing.assert_array_equal(
        forecaster.lead_time_demand(3, 200).samples, np.sort(expected[:, :, :3].sum(axis=2), axis=1)
    )


@pytest.mark.parametrize(
    ("factor", "extra"),
    [(np.ones((2, 3)), np.zeros((2, 2))), (np.ones((3, 1)), np.zeros((3, 1))), (-np.ones((2, 1)), 0)],
)
def test_what_is_known_ahead_must_fit_the_panel(factor: np.ndarray, extra: np.ndarray) -> None:
    forecaster = DemandForecaster().fit(panel_of(np.ones((2, 30))))
    with pytest.raises(ValueError, match="factor and extra must be of shape"):
        forecaster.look_ahead(factor.astype(np.float32), np.broadcast_to(extra, np.shape(extra) or (2, 1)))


def test_no_demand_becomes_negative_by_what_is_known_ahead() -> None:
    forecaster = DemandForecaster().fit(panel_of(np.ones((2, 30))))
    try:
        forecaster.look_ahead(np.ones((2, 1), dtype=np.float32), np.full((2, 1), -6, dtype=np.float32))
    except ValueError:
        return
    assert (forecaster.paths(3, 20) >= 0).all()


@pytest.mark.parametrize(("horizon", "count"), [(0, 10), (5, 0), (-1, 10)])
def test_no_periods_or_no_paths_are_refused(fitted: DemandForecaster, horizon: int, count: int) -> None:
    with pytest.raises(ValueError, match="both must be at least 1"):
        fitted.paths(horizon, count)


@pytest.mark.parametrize("protection", [0, [1, 0]])
def test_an_interval_without_a_period_is_refused(protection) -> None:
    forecaster = DemandForecaster().fit(panel_of(np.ones((2, 30))))
    with pytest.raises(ValueError, match="at least 1 period"):
        forecaster.lead_time_demand(protection)


def test_an_unknown_model_is_refused_before_anything_is_fitted() -> None:
    with pytest.raises(ValueError, match="no model 'oracle'"):
        DemandForecaster("oracle").fit(panel_of(np.ones((2, 30))))


def test_a_panel_without_series_is_fitted_and_forecasts_nothing() -> None:
    empty = panel_of(np.zeros((1, 30))).take(slice(0, 0))
    forecaster = DemandForecaster().fit(empty)
    assert forecaster.paths(3, 20).shape == (0, 20, 3)
    assert len(forecaster.lead_time_demand(3)) == 0
    assert len(forecaster.parameters()) == 0


def test_a_panel_without_a_period_forecasts_nothing() -> None:
    """What ``until`` gives at the first opening of all."""
    panel = panel_of(np.ones((2, 30))).until(dt.date(2024, 1, 1))
    assert (DemandForecaster().fit(panel).paths(3, 20) == 0).all()


@pytest.mark.parametrize("frequency", ["D", "W-SUN", "MS"])
def test_one_period_of_history_is_enough_for_a_forecast(frequency: str) -> None:
    demand = DemandForecaster().fit(panel_of([[5], [0]], frequency)).lead_time_demand(3)
    assert isinstance(demand, LeadTimeDemand)
    np.testing.assert_allclose(demand.mean(), [15, 0])


def test_a_frame_and_the_panel_made_of_it_give_the_same(frame: pd.DataFrame, fitted: DemandForecaster) -> None:
    other = DemandForecaster(seed=1).fit(DemandPanel.from_frame(frame))
    assert other.paths(4, 30).tobytes() == fitted.paths(4, 30).tobytes()


@pytest.mark.parametrize("model", ["auto", "exponential_smoothing", "negative_binomial", "bootstrap"])
def test_update_is_what_the_models_make_of_the_longer_history(model: str) -> None:
    """Member by member and piece by piece; weights, calibration and seasons are those of before."""
    rng = np.random.default_rng(0)
    panel = panel_of(rng.poisson(np.linspace(0.2, 15, 8)[:, None], (8, 100)))
    past = panel.until(dt.date(2025, 9, 1))
    before = DemandForecaster(model, seed=2).fit(past)
    now = DemandForecaster(model, seed=2).fit(past).update(panel)
    assert now.blending_.weights.tobytes() == before.blending_.weights.tobytes()
    assert now.season_.yearly.tobytes() == before.season_.yearly.tobytes()
    assert now.panel_.calendar.periods == 100
    context = FitContext(now.season_, now.season_.profile)
    for old, new in zip(before._fitted, now._fitted, strict=True):
        ran_on = old.follow(now.panel_, context, map)
        keys = panel.stream_keys(2)
        assert ran_on.paths(old.rows, keys, 6, 50).tobytes() == new.paths(old.rows, keys, 6, 50).tobytes()
    assert (now.paths(6, 50) != before.paths(6, 50)).any()
    steps = DemandForecaster(model, seed=2).fit(past).update(panel.until(dt.date(2025, 10, 6))).update(panel)
    np.testing.assert_allclose(steps.paths(6, 50), now.paths(6, 50), rtol=1e-4, atol=1.0)


def test_update_by_nothing_changes_nothing(frame: pd.DataFrame, fitted: DemandForecaster) -> None:
    same = DemandForecaster(seed=1).fit(frame).update(frame)
    np.testing.assert_allclose(same.paths(5, 50), fitted.paths(5, 50), rtol=1e-5)


def test_update_takes_the_same_series_from_the_same_period_on_alone() -> None:
    panel = panel_of(np.ones((3, 40)))
    forecaster = DemandForecaster("bootstrap").fit(panel)
    others = [
        panel.take(slice(0, 2)),
        panel.until(dt.date(2024, 5, 6)),
        panel_of(np.ones((3, 40)), first=dt.date(2024, 1, 8)),
        replace(panel, skus=("s0000", "s0001", "s0009")),
    ]
    for other in others:
        with pytest.raises(ValueError, match="update needs the same series from the same first period on"):
            forecaster.update(other)
    assert forecaster.panel_.as_of == panel.as_of
