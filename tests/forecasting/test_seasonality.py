"""Pooled seasons: known factors are found again, noise is not taken for a season."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from statsmodels.tsa.seasonal import seasonal_decompose

from forecasting.panel import CellStatus, DemandPanel
from forecasting.seasonality import PooledSeasonality, fit_pooled_seasonality
from forecasting.segments import summarise
from tests.forecasting.panels import panel_of

FIRST = dt.date(2020, 1, 6)  # a Monday; 2020 and 2024 are leap years
WEEK = np.array([0.7, 0.8, 0.9, 1.0, 1.2, 1.5, 0.9])


def fit(panel: DemandPanel, groups: list[str] | None = None) -> PooledSeasonality:
    return fit_pooled_seasonality(panel, summarise(panel), groups or ["all"] * len(panel))


def year_shape(panel: DemandPanel, strength: float = 0.5) -> np.ndarray:
    """A smooth year with mean 1 over whole years."""
    day_of_year = (panel.calendar.dates - panel.calendar.dates.astype("datetime64[Y]")).astype(float)
    return 1.0 + strength * np.sin(2 * np.pi * day_of_year / 365.25)


def noisy(rng: np.random.Generator, series: int, shape: np.ndarray, level: float = 20.0) -> np.ndarray:
    return rng.poisson(level * shape, (series, len(shape)))


@pytest.mark.parametrize(
    ("frequency", "periods", "tolerance"),
    [("D", 1500, 0.04), ("W-MON", 215, 0.08), ("W-SUN", 215, 0.08), ("MS", 60, 0.04)],
)
def test_a_true_year_is_found_again(frequency: str, periods: int, tolerance: float) -> None:
    """Forty series share a sine; the factors of the next year follow it (a week may begin six days late)."""
    shape = year_shape(panel_of(np.zeros((1, periods + 40)), frequency, FIRST))[:periods]
    panel = panel_of(noisy(np.random.default_rng(1), 40, shape), frequency, FIRST)
    season = fit(panel)
    year = panel.calendar.frequency.periods_per_year
    future = year_shape(panel_of(np.zeros((1, periods + year)), frequency, FIRST))[periods:]
    np.testing.assert_allclose(season.factors(periods, year)[0], future, atol=tolerance)
    assert np.corrcoef(season.factors(periods, year)[0], future)[0, 1] > 0.99


def test_a_true_week_is_found_again_on_the_right_days() -> None:
    panel = panel_of(np.zeros((1, 200)), "D", FIRST)
    weekday = np.array([date.weekday() for date in panel.calendar.dates.tolist()])
    panel = panel_of(noisy(np.random.default_rng(2), 30, WEEK[weekday]), "D", FIRST)
    season = fit(panel)
    np.testing.assert_allclose(season.weekly[0], WEEK, atol=0.03)
    np.testing.assert_allclose(season.factors(0, 14)[0], season.weekly[0][weekday[:14]], rtol=1e-6)


def test_the_factors_of_a_group_without_noise_are_those_of_statsmodels() -> None:
    """Classical multiplicative decomposition of a monthly series that repeats exactly."""
    shape = np.array([0.5, 0.6, 0.8, 1.0, 1.1, 1.3, 1.6, 1.5, 1.2, 1.0, 0.8, 0.6])
    demand = 1e5 * np.tile(shape / shape.mean(), 6)
    panel = panel_of(demand, "MS", dt.date(2020, 1, 1))
    witness = seasonal_decompose(panel.quantity[0].astype(float), model="multiplicative", period=12).seasonal[:12]
    np.testing.assert_allclose(fit(panel).yearly[0], witness, rtol=1e-5)


@pytest.mark.parametrize(("frequency", "periods"), [("D", 1200), ("W-MON", 215), ("MS", 60)])
def test_factors_have_mean_one_and_stay_within_their_bounds(frequency: str, periods: int) -> None:
    rng = np.random.default_rng(3)
    spiky = np.where(np.arange(periods) % 12 == 3, 400.0, 1.0)
    panel = panel_of(rng.poisson(spiky, (15, periods)), frequency, FIRST)
    season = fit(panel, [f"g{i % 3}" for i in range(15)])
    for factors in (season.weekly, season.yearly):
        np.testing.assert_allclose(factors.mean(axis=1), 1.0, rtol=1e-9)
        assert np.isfinite(factors).all()
        assert (factors > 0).all()


def test_noise_alone_is_hardly_taken_for_a_season() -> None:
    """Of factors estimated by plain means a year of noise spreads more than three times as much."""
    panel = panel_of(noisy(np.random.default_rng(4), 10, np.ones(36 * 2), 3.0), "MS", dt.date(2018, 1, 1))
    pooled = panel.quantity.mean(axis=0)
    plain = np.array([pooled[k::12].mean() for k in range(12)]) / pooled.mean()
    assert fit(panel).yearly[0].std() < plain.std() / 3


@pytest.mark.parametrize(
    ("frequency", "short", "long"), [("D", 2 * 365 - 1, 2 * 365), ("W-MON", 103, 105), ("MS", 23, 24)]
)
def test_a_year_needs_two_years_of_history(frequency: str, short: int, long: int) -> None:
    for periods, expected in ((short, False), (long, True)):
        shape = year_shape(panel_of(np.zeros((1, periods)), frequency, FIRST))
        season = fit(panel_of(np.rint(1000 * shape)[None, :].repeat(3, axis=0), frequency, FIRST))
        assert (season.yearly != 1).any() == expected


def test_a_week_needs_four_weeks_of_days_and_weeks_have_none() -> None:
    for periods, expected in ((27, False), (28, True)):
        demand = np.tile(np.rint(1000 * WEEK), 5)[:periods]
        assert (fit(panel_of(np.tile(demand, (2, 1)), "D", FIRST)).weekly != 1).any() == expected
    assert (fit(panel_of(np.tile(np.rint(1000 * WEEK), 30), "W-MON", FIRST)).weekly == 1).all()


def test_two_years_of_a_growing_group_tell_its_year_and_two_years_of_noise_hardly_one() -> None:
    """A straight line takes out the growth; plain means of noise spread more than twice as much as its factors."""
    rng = np.random.default_rng(10)
    shape = year_shape(panel_of(np.zeros((1, 24)), "MS", FIRST))
    growing = noisy(rng, 40, shape * np.linspace(0.7, 1.3, 24), 50.0)
    np.testing.assert_allclose(fit(panel_of(growing, "MS", FIRST)).yearly[0], shape[:12] / shape[:12].mean(), atol=0.06)
    noise = noisy(rng, 10, np.ones(24), 3.0)
    plain = noise.mean(axis=0).reshape(2, 12).mean(axis=0)
    assert fit(panel_of(noise, "MS", FIRST)).yearly[0].std() < (plain / plain.mean()).std() / 2


def test_a_group_that_hardly_sells_knows_no_year_after_two() -> None:
    demand = np.zeros((3, 104))
    demand[:, [10, 11, 60]] = 4
    assert (fit(panel_of(demand, "W-MON", FIRST)).yearly == 1).all()


@pytest.mark.parametrize(("year", "leap"), [(2024, True), (2028, True), (2100, False), (2023, False)])
def test_the_last_day_of_a_leap_year_has_the_factor_of_the_day_before(year: int, leap: bool) -> None:
    """Days are counted from New Year's Day, so that the 366th day shares the last of 365 places."""
    panel = panel_of(np.zeros((1, 1)), "D", dt.date(year, 1, 1))
    season = PooledSeasonality(panel.calendar, ("all",), np.zeros(1, int), np.ones((1, 7)), np.arange(1.0, 366.0)[None])
    factors = season.factors(0, 366 if leap else 365)[0]
    expected = np.arange(1, 366) if not leap else np.r_[np.arange(1, 366), 365]
    np.testing.assert_array_equal(factors, expected)
    assert season.factors(366 if leap else 365, 1)[0, 0] == 1


def test_the_fifty_third_week_of_a_year_shares_the_place_of_the_fifty_second() -> None:
    """31 December 2029 is a Monday and the 53rd of its year: places 0 ... 51 by day of the year, never beyond."""
    panel = panel_of(np.zeros((1, 1)), "W-MON", dt.date(2029, 1, 1))
    season = PooledSeasonality(panel.calendar, ("all",), np.zeros(1, int), np.ones((1, 7)), np.arange(52.0)[None])
    np.testing.assert_array_equal(season.factors(0, 54)[0], [*range(52), 51, 0])


def test_months_have_the_factor_of_their_month_wherever_the_history_begins() -> None:
    panel = panel_of(np.zeros((1, 3)), "MS", dt.date(2023, 11, 1))
    season = PooledSeasonality(panel.calendar, ("all",), np.zeros(1, int), np.ones((1, 7)), np.arange(1.0, 13.0)[None])
    np.testing.assert_array_equal(season.factors(0, 5)[0], [11, 12, 1, 2, 3])
    np.testing.assert_array_equal(season.factors(3, 2)[0], [2, 3])


def test_days_have_both_factors_at_once() -> None:
    panel = panel_of(np.zeros((1, 1)), "D", dt.date(2024, 1, 1))
    yearly = np.linspace(0.5, 1.5, 365)
    season = PooledSeasonality(panel.calendar, ("all",), np.zeros(1, int), WEEK[None, :], yearly[None, :])
    weekday = np.arange(400) % 7  # 1 January 2024 is a Monday
    place = np.r_[np.arange(365), 364, np.arange(34)]
    np.testing.assert_allclose(season.factors(0, 400)[0], yearly[place] * WEEK[weekday], rtol=1e-6)


def test_each_series_belongs_to_its_group_and_groups_are_sorted() -> None:
    season = fit(panel_of(np.ones((4, 10))), ["b", "a", "b", ""])
    assert season.groups == ("", "a", "b")
    np.testing.assert_array_equal(season.profile, [2, 1, 2, 0])


def test_groups_with_opposite_years_get_opposite_factors() -> None:
    rng = np.random.default_rng(6)
    base = year_shape(panel_of(np.zeros((1, 60)), "MS", FIRST))
    demand = np.vstack([noisy(rng, 40, base, 50.0), noisy(rng, 40, 2 - base, 50.0)])
    season = fit(panel_of(demand, "MS", FIRST), ["a"] * 40 + ["b"] * 40)
    assert np.corrcoef(season.yearly[0], season.yearly[1])[0, 1] < -0.9


def test_a_small_group_leans_on_all_series_and_a_large_one_on_itself() -> None:
    """Two members count for two sixths against the ten that the common factors are worth."""
    rng = np.random.default_rng(7)
    base = year_shape(panel_of(np.zeros((1, 60)), "MS", FIRST))
    demand = np.vstack([noisy(rng, 60, base, 100.0), noisy(rng, 2, 2 - base, 100.0)])
    season = fit(panel_of(demand, "MS", FIRST), ["large"] * 60 + ["small"] * 2)
    alone = fit(panel_of(demand[60:], "MS", FIRST)).yearly[0]
    common = fit(panel_of(demand, "MS", FIRST)).yearly[0]
    mixed = np.exp(2 / 12 * np.log(alone) + 10 / 12 * np.log(common))
    np.testing.assert_allclose(season.yearly[1], mixed / mixed.mean(), rtol=1e-9)
    assert np.corrcoef(season.yearly[0], base[:12])[0, 1] > 0.99


def test_cells_that_are_no_evidence_do_not_make_a_season() -> None:
    """Every summer out of stock: the zeros there say nothing, the others agree on no season."""
    rng = np.random.default_rng(8)
    demand = noisy(rng, 20, np.ones(72), 40.0).astype(float)
    status = np.zeros(demand.shape, dtype=np.uint8)
    summer = np.isin(np.arange(72) % 12, [6, 7])
    demand[:10, summer], status[:10, summer] = 0.0, CellStatus.OUT_OF_STOCK
    np.testing.assert_allclose(fit(panel_of(demand, "MS", FIRST, status)).yearly[0, 6:8], 1.0, atol=0.03)
    assert fit(panel_of(demand, "MS", FIRST)).yearly[0, 6:8].max() < 0.93


@pytest.mark.parametrize("cells", [np.zeros((3, 160)), np.full((3, 160), 5.0), np.eye(3, 160)])
def test_series_that_know_no_season_get_factors_of_one(cells: np.ndarray) -> None:
    season = fit(panel_of(cells))
    assert (season.yearly == 1).all()
    assert (season.weekly == 1).all()


def test_a_steady_series_leaves_the_season_of_its_group_alone() -> None:
    shape = year_shape(panel_of(np.zeros((1, 211)), "W-MON", FIRST))
    demand = noisy(np.random.default_rng(9), 20, shape, 30.0)
    steady = np.vstack([demand, np.full((1, 211), 3.0)])
    np.testing.assert_allclose(
        fit(panel_of(steady, "W-MON", FIRST)).yearly, fit(panel_of(demand, "W-MON", FIRST)).yearly, rtol=1e-12
    )


def test_a_steady_fractional_series_leaves_the_season_of_its_group_alone() -> None:
    shape = year_shape(panel_of(np.zeros((1, 211)), "W-MON", FIRST))
    demand = noisy(np.random.default_rng(9), 20, shape, 30.0)
    steady = np.vstack([demand, np.full((1, 211), 1.563)])
    np.testing.assert_allclose(
        fit(panel_of(steady, "W-MON", FIRST)).yearly, fit(panel_of(demand, "W-MON", FIRST)).yearly, atol=0.01
    )
