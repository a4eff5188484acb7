"""Daily sales of a food department in two stores: lead time 10 days, review every 7."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines import Inputs, PlanConfig
from tests.real.development_data import DATA, Planned, check_conservation, check_no_row_is_lost, needs

pytestmark = [needs("m5"), pytest.mark.thorough]


@pytest.fixture(scope="module")
def planned() -> Planned:
    inputs = Inputs(sales=DATA / "m5" / "sales.parquet", items=DATA / "m5" / "items.parquet")
    config = PlanConfig(frequency="D", review_days=7, defaults={"lead_time_days": 10}, simulation_paths=40)
    return Planned.of(inputs, config)


def test_no_row_is_lost_and_every_item_has_one_line(planned: Planned) -> None:
    check_no_row_is_lost(planned, "m5")
    assert len(planned.lines) == 432
    assert planned.made.panel.calendar.periods == 1913
    assert planned.result.summary["as_of"] == "2016-04-25"


def test_the_protection_interval_is_17_days(planned: Planned) -> None:
    assert (planned.result.forecast["protection_periods"] == 17).all()
    ordered = planned.lines[planned.lines["order_quantity"] > 0]
    assert ((ordered["arrival_date"] - ordered["order_date"]).dt.days == 10).all()


def test_the_forecast_of_the_department_is_of_the_size_of_its_newest_sales(planned: Planned) -> None:
    """Mean demand over 17 days against the last year's: the same order of magnitude in total and for most items."""
    panel = planned.made.panel
    recent = panel.quantity[:, -364:].mean(axis=1, dtype=np.float64) * 17
    assert planned.lines["demand_mean"].sum() == pytest.approx(recent.sum(), rel=0.25)
    seen = recent > 5
    ratio = planned.lines["demand_mean"].to_numpy()[seen] / recent[seen]
    assert np.median(ratio) == pytest.approx(1.0, abs=0.25)


def test_the_simulated_backorder_rate_is_near_the_target(planned: Planned) -> None:
    total = planned.simulated.total
    assert total["backorder_rate"] == pytest.approx(0.02, abs=0.004)
    assert planned.result.summary["expected_backorder_rate"] == pytest.approx(0.02, abs=0.004)


def test_units_are_conserved(planned: Planned) -> None:
    check_conservation(planned)
