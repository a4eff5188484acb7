"""Demand while there was nothing to sell: the neighbours' level, given what was sold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from forecasting.cleaning import prepare
from forecasting.forecaster import DemandForecaster
from forecasting.panel import CellStatus
from forecasting.seasonality import fit_pooled_seasonality
from forecasting.stock_outs import METHODS, estimate_stock_outs, expected_beyond, neighbouring_level
from tests.forecasting.panels import panel_of

OUT = CellStatus.OUT_OF_STOCK


@given(
    st.lists(st.tuples(st.floats(0, 50), st.booleans()), min_size=1, max_size=25),
    st.floats(0.05, 0.99),
)
def test_the_level_is_a_discounted_mean_of_the_others_and_of_all(cells: list[tuple[float, bool]], decay: float) -> None:
    value, known = np.array([c[0] for c in cells]), np.array([c[1] for c in cells])
    found = neighbouring_level(value[None, :], known[None, :], np.array([decay]))[0]
    mean = value[known].mean() if known.any() else 0.0
    for t in range(len(cells)):
        total, weight = mean, 1.0
        for u in range(len(cells)):
            if known[u] and u != t:
                total += decay ** abs(u - t) * value[u]
                weight += decay ** abs(u - t)
        assert found[t] == pytest.approx(total / weight, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("sold", [1, 3, 10, 40])
@pytest.mark.parametrize(("mean", "ratio"), [(4.0, 1.0), (4.0, 0.5), (4.0, 3.0), (0.3, 2.0)])
def test_the_expectation_beyond_sales_is_a_plain_sum(sold: int, mean: float, ratio: float) -> None:
    k = np.arange(sold, 2000)
    pmf = stats.poisson.pmf(k, mean) if ratio <= 1 else stats.nbinom.pmf(k, mean / (ratio - 1), 1 / ratio)
    found = expected_beyond(np.array([float(sold)]), np.array([mean]), np.array([ratio]), np.array([True]))
    assert found[0] == pytest.approx((k * pmf).sum() / pmf.sum(), rel=1e-8)


@pytest.mark.parametrize("sold", [0.2, 2.5, 12.0])
def test_of_measured_goods_it_is_an_integral(sold: float) -> None:
    law = stats.gamma(4.0 / 3.0, scale=3.0)
    found = expected_beyond(np.array([sold]), np.array([4.0]), np.array([3.0]), np.array([False]))
    assert found[0] == pytest.approx(law.expect(lambda x: x, lb=sold) / law.sf(sold), rel=1e-6)


@given(st.floats(0, 1e6), st.floats(0, 1e4), st.floats(0, 1e4), st.booleans())
@settings(deadline=None)
def test_it_is_finite_and_never_below_sales_nor_the_level(sold: float, mean: float, ratio: float, whole: bool) -> None:
    units = np.floor(sold) if whole else sold
    found = expected_beyond(np.array([units]), np.array([mean]), np.array([ratio]), np.array([whole]))[0]
    assert np.isfinite(found)
    assert found >= units
    assert found >= mean * (1 - 1e-6) or units > mean


def test_a_sold_out_week_is_estimated_and_stays_no_evidence() -> None:
    demand = np.full((2, 60), 10.0)
    demand[0, ::2], demand[1, 1::3] = 8, 12
    status = np.zeros(demand.shape, dtype=np.uint8)
    demand[0, 30], demand[0, 31], status[0, 30:32] = 0, 14, OUT
    panel = panel_of(demand, status=status)
    forecaster = DemandForecaster("bootstrap").fit(panel)
    frame = forecaster.stock_outs()
    assert frame["sku"].tolist() == ["s0000", "s0000"]
    assert frame["sold"].tolist() == [0, 14]
    assert frame["estimated_demand"].iloc[0] == pytest.approx(9, abs=0.3)
    assert frame["estimated_demand"].iloc[1] >= 14
    assert set(frame["method"]) == {METHODS[0]}
    assert forecaster.summary_.observed.tolist() == [58, 60]
    assert (forecaster.panel_.status[0, 30:32] == OUT).all()


def test_hidden_weeks_are_estimated_without_bias() -> None:
    """Poisson demand of many items, shelves empty at random: the mean estimate is the mean demand."""
    rng = np.random.default_rng(0)
    level = rng.uniform(0.2, 20, (200, 1))
    demand = rng.poisson(level, (200, 80)).astype(float)
    status = np.where(rng.random(demand.shape) < 0.11, OUT, CellStatus.OBSERVED)
    truth = demand[status == OUT]
    demand[status == OUT] = 0
    panel = panel_of(demand, status=status)
    cleaned, summary, _ = prepare(panel)
    season = fit_pooled_seasonality(cleaned, summary, ["all"] * 200)
    found = estimate_stock_outs(cleaned, summary, season)["estimated_demand"].to_numpy()
    gap = found - truth
    assert abs(gap.mean()) < 3 * gap.std() / np.sqrt(len(gap))


def test_where_nothing_was_observed_only_sales_are_known_and_it_says_so() -> None:
    panel = panel_of([3, 0, 5], status=OUT)
    frame = DemandForecaster("bootstrap").fit(panel).stock_outs()
    assert frame["estimated_demand"].tolist() == [3, 0, 5]
    assert set(frame["method"]) == {METHODS[1]}


def test_without_stock_outs_the_frame_is_empty_with_its_columns() -> None:
    frame = DemandForecaster("bootstrap").fit(panel_of([3, 0, 5])).stock_outs()
    assert list(frame.columns) == ["sku", "location", "date", "sold", "estimated_demand", "method"]
    assert frame.empty
