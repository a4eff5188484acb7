"""A forecast of the sum over an interval can be handed to every policy."""

from __future__ import annotations

import numpy as np
import pytest

from replenishment.cycle_demand import CycleDemand
from replenishment.demand_distributions import Demand, PoissonDemand
from replenishment.forecast_demand import ForecastDemand
from replenishment.newsvendor import newsvendor_level
from replenishment.order_up_to.targets import order_up_to_for
from replenishment.reorder_point.targets import reorder_point_for

forecasting = pytest.importorskip("forecasting", reason="the forecasting storey is not there")


@pytest.fixture(scope="module")
def demands() -> tuple[ForecastDemand, ForecastDemand]:
    """Forecasts of Poisson demand over three and four periods, two series each."""
    rng = np.random.default_rng(3)
    build = forecasting.LeadTimeDemand.from_samples
    three, four = (build(rng.poisson([[n * 2.0], [n * 9.0]], (2, 20_000)), integral=True) for n in (3, 4))
    return ForecastDemand(three), ForecastDemand(four)


def test_it_is_a_demand(demands: tuple[ForecastDemand, ForecastDemand]) -> None:
    assert isinstance(demands[0], Demand)
    assert demands[0].mean == pytest.approx([6.0, 27.0], rel=0.02)
    assert demands[0].survival(6.0) == pytest.approx(1.0 - demands[0].cdf(6.0))
    with pytest.raises(ValueError, match="periods is 2"):
        demands[0].sum_over(2)


def test_policies_find_the_levels_of_the_true_demand(demands: tuple[ForecastDemand, ForecastDemand]) -> None:
    before, through = demands
    true = PoissonDemand([2.0, 9.0])
    level = newsvendor_level(before, overage=1.0, underage=9.0).level
    assert level == pytest.approx(true.sum_over(3).quantile(0.9), abs=1)
    found = order_up_to_for(CycleDemand(before, (through,)), "fill_rate", 0.97)
    exact = order_up_to_for(CycleDemand.independent(true, 3), "fill_rate", 0.97)
    assert found == pytest.approx(exact, abs=1)
    assert reorder_point_for(before, 20.0, "fill_rate", 0.97) == pytest.approx(
        reorder_point_for(true.sum_over(3), 20.0, "fill_rate", 0.97), abs=1
    )
