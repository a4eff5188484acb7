"""The zones of a demand-driven buffer."""

from __future__ import annotations

import pytest

from replenishment.order_rules.demand_driven import buffer_zones


def test_zones_orders_and_priorities() -> None:
    zones = buffer_zones(average_daily_usage=4, lead_time_days=10, lead_time_factor=0.5, variability_factor=0.5)
    assert [float(zone) for zone in (zones.red, zones.yellow, zones.green)] == [30, 40, 20]
    assert [float(top) for top in (zones.top_of_red, zones.top_of_yellow, zones.top_of_green)] == [30, 70, 90]
    assert zones.order([50, 70, 69, -10]).tolist() == [40, 0, 21, 100]
    assert zones.priority(50) == pytest.approx(0.5556, abs=1e-4)


def test_green_is_the_largest_of_three() -> None:
    common = {"average_daily_usage": 4, "lead_time_days": 10, "lead_time_factor": 0.5, "variability_factor": 0.5}
    assert buffer_zones(**common, order_cycle_days=7).green == 28
    assert buffer_zones(**common, order_cycle_days=7, minimum_quantity=[10, 50]).green.tolist() == [28, 50]


def test_longer_and_wilder_means_more() -> None:
    def top(time: float, variability: float) -> float:
        return float(
            buffer_zones(
                average_daily_usage=4, lead_time_days=time, lead_time_factor=0.5, variability_factor=variability
            ).top_of_green
        )

    assert top(10, 0.5) < top(15, 0.5)
    assert top(10, 0.5) < top(10, 0.8)
    with pytest.raises(ValueError, match="average_daily_usage is 0"):
        buffer_zones(average_daily_usage=0, lead_time_days=1, lead_time_factor=1, variability_factor=1)
