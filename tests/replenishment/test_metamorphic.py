"""What must happen to every policy when the question changes: service, time, variance, units, the cost of an order."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Final

import numpy as np
import pytest

from replenishment.base_stock.unit_demand import base_stock_for
from replenishment.cycle_demand import CycleDemand
from replenishment.demand_distributions import GammaDemand, NegativeBinomialDemand, NormalDemand, PoissonDemand
from replenishment.lost_sales import erlang_loss_base_stock, lost_sales_order_up_to_for
from replenishment.lot_sizing.dynamic_lot_size import cheapest_lot_sizes
from replenishment.lot_sizing.economic_order_quantity import economic_order
from replenishment.min_max.cost import MinMaxCosts, optimal_min_max
from replenishment.min_max.measures import min_max_for
from replenishment.min_max.power_approximation import power_approximation_levels
from replenishment.min_max.tijms_groenevelt import approximate_min_for
from replenishment.networks.guaranteed_service import ServiceStage, guaranteed_service_times
from replenishment.networks.serial import SerialSystem, optimal_echelon_base_stock
from replenishment.newsvendor import newsvendor_level
from replenishment.order_up_to.targets import cheapest_order_up_to, cheapest_order_up_to_per_unit_short, order_up_to_for
from replenishment.reorder_point.cost import ReorderPointCosts, optimal_reorder_point
from replenishment.reorder_point.periodic import periodic_reorder_point_for
from replenishment.reorder_point.targets import reorder_point_for
from replenishment.safety_stock import cycle_service_method, fill_rate_method, random_lead_time_method

SHARES: Final = ("cycle_service_level", "fill_rate", "ready_rate", "no_backorder_rate")
MEAN: Final = 5.0

# A level from a share of service, a lead time in whole periods and a variance (of a period, at a mean of 5).
Level = Callable[[float, int, float], float]


def _demand(variance: float) -> NegativeBinomialDemand:
    return NegativeBinomialDemand(MEAN, variance)


def _cycle(wait: int, variance: float) -> CycleDemand:
    return CycleDemand.independent(_demand(variance), wait, 2)


def _levels(measure: str) -> dict[str, Level]:
    return {
        f"(R, S) {measure}": lambda p, wait, v: float(order_up_to_for(_cycle(wait, v), measure, p)),
        f"(R, s, nQ) {measure}": lambda p, wait, v: float(
            periodic_reorder_point_for(_cycle(wait, v), 12.0, measure, p, between_reviews=_demand(v).sum_over(2))
        ),
        f"(s, Q) {measure}": lambda p, wait, v: float(reorder_point_for(_demand(v).sum_over(wait), 12.0, measure, p)),
        f"(R, s, S) {measure}": lambda p, wait, v: float(min_max_for(_demand(v), 15, measure, p, wait, 2)[0]),
    }


LEVELS: Final[dict[str, Level]] = {
    **{name: level for measure in SHARES for name, level in _levels(measure).items()},
    "(s, Q) one term": lambda p, wait, v: float(
        reorder_point_for(_demand(v).sum_over(wait), 12.0, "fill_rate", p, shortage="one_term")
    ),
    "(R, s, S) Tijms and Groenevelt": lambda p, wait, v: float(
        approximate_min_for(_cycle(wait, v), _demand(v).sum_over(2), 15.0, 1.0 - p)
    ),
    "(R, S) cost": lambda p, wait, v: float(cheapest_order_up_to(_cycle(wait, v), 1.0 - p, p)),
    "(R, S) cost per unit short": lambda p, wait, v: float(
        cheapest_order_up_to_per_unit_short(_cycle(wait, v), 1.0 - p, 4.0 * p)
    ),
    "newsvendor": lambda p, wait, v: float(
        newsvendor_level(_demand(v).sum_over(wait), overage=1.0 - p, underage=p).level
    ),
    "lost sales": lambda p, wait, v: float(
        lost_sales_order_up_to_for(NegativeBinomialDemand(2.0, v / 2.0), wait % 3, p)
    ),
    "cycle service method": lambda p, wait, v: float(
        cycle_service_method(
            interval_mean=MEAN * wait, interval_sd=(v * wait) ** 0.5, cycle_service_level=p
        ).reorder_point
    ),
    "random lead time method": lambda p, wait, v: float(
        random_lead_time_method(
            demand_mean=MEAN, demand_sd=v**0.5, lead_time_mean=wait, lead_time_sd=1.0, cycle_service_level=p
        ).reorder_point
    ),
    "fill rate method": lambda p, wait, v: float(
        fill_rate_method(
            interval_mean=MEAN * wait, interval_sd=(v * wait) ** 0.5, order_quantity=12.0, fill_rate=p
        ).reorder_point
    ),
}


def _rises(levels: list[float]) -> None:
    assert all(later >= earlier for earlier, later in pairwise(levels)), levels
    assert levels[-1] > levels[0], levels


@pytest.mark.parametrize("name", LEVELS)
def test_service_up_means_stock_up(name: str) -> None:
    _rises([LEVELS[name](share, 2, 12.0) for share in (0.8, 0.9, 0.95, 0.99)])


@pytest.mark.parametrize("name", [name for name in LEVELS if name != "lost sales"])
def test_lead_time_up_means_level_up(name: str) -> None:
    _rises([LEVELS[name](0.95, wait, 12.0) for wait in (1, 2, 4, 7)])


@pytest.mark.parametrize("name", LEVELS)
def test_variance_up_means_safety_stock_up(name: str) -> None:
    """The mean stays, so that the level rises by what the safety stock does."""
    _rises([LEVELS[name](0.95, 2, variance) for variance in (6.0, 12.0, 25.0)])


def test_lost_sales_and_unit_demand_follow_the_lead_time() -> None:
    _rises([float(lost_sales_order_up_to_for(PoissonDemand(2.0), wait, 0.95)) for wait in (0, 1, 2)])
    _rises([float(erlang_loss_base_stock(2.0 * wait, 0.95)) for wait in (1, 2, 5)])
    _rises([float(base_stock_for(2.0, wait, "fill_rate", 0.95)) for wait in (1, 2, 5)])
    _rises([float(erlang_loss_base_stock(4.0, share)) for share in (0.5, 0.9, 0.99)])
    _rises([float(base_stock_for(2.0, 2.0, "fill_rate", share)) for share in (0.5, 0.9, 0.99)])


@pytest.mark.parametrize("measure", SHARES)
def test_dozens_need_a_twelfth_of_the_units(measure: str) -> None:
    """Continuous demand knows no unit: levels, lots and money follow it."""
    for one, twelve in (
        (NormalDemand(240.0, 60.0), NormalDemand(20.0, 5.0)),
        (GammaDemand(240.0, 120.0), GammaDemand(20.0, 10.0)),
    ):
        by_piece, by_dozen = CycleDemand.independent(one, 2, 2), CycleDemand.independent(twelve, 2, 2)
        for share in (0.9, 0.98):
            near = pytest.approx(12.0, rel=1e-9)
            assert order_up_to_for(by_piece, measure, share) / order_up_to_for(by_dozen, measure, share) == near
            points = [reorder_point_for(d, q, measure, share) for d, q in ((one, 360.0), (twelve, 30.0))]
            assert points[0] / points[1] == near
            both = [
                periodic_reorder_point_for(c, q, measure, share, between_reviews=d.sum_over(2))
                for c, d, q in ((by_piece, one, 360.0), (by_dozen, twelve, 30.0))
            ]
            assert both[0] / both[1] == near


def test_money_in_cents_changes_no_quantity() -> None:
    demand = NormalDemand(100.0, 25.0)
    euros, cents = (
        optimal_reorder_point(
            demand,
            ReorderPointCosts(demand_rate=900.0, fixed_cost=40.0 * c, holding_cost=2.0 * c, stockout_cost=30.0 * c),
        )
        for c in (1.0, 100.0)
    )
    assert cents.order_quantity == pytest.approx(float(euros.order_quantity), rel=1e-6)
    assert cents.reorder_point == pytest.approx(float(euros.reorder_point), rel=1e-6)
    assert cents.cost == pytest.approx(100.0 * float(euros.cost))


def test_order_cost_to_zero_means_lots_to_the_minimum() -> None:
    quantities = [
        float(economic_order(fixed_cost=k, holding_cost=2.0, demand_rate=100.0).quantity) for k in (9, 1, 1e-8)
    ]
    _rises(quantities[::-1])
    assert quantities[-1] < 1e-2
    demand, costs = PoissonDemand(6.0), {"holding_cost": 1.0, "stockout_cost": 9.0}
    widths = []
    for setup in (60.0, 10.0, 0.0):
        found = optimal_min_max(demand, MinMaxCosts(fixed_cost=setup, **costs), 1)
        widths.append(float(found.order_up_to - found.reorder_point))
        units = optimal_reorder_point(demand, ReorderPointCosts(demand_rate=6.0, fixed_cost=setup, **costs))
    _rises(widths[::-1])
    assert widths[-1] == 1
    assert units.order_quantity == 1
    needs = [5.0, 0.0, 7.0, 3.0]
    assert cheapest_lot_sizes(needs, fixed_cost=0.0, holding_cost=1.0).orders.tolist() == needs
    small = power_approximation_levels(demand_mean=50.0, demand_sd=8.0, fixed_cost=1e-6, **costs)
    assert small.order_up_to - small.reorder_point < 1.0


def test_networks_hold_more_when_shortages_or_waits_cost_more() -> None:
    def echelons(late: float, wait: float) -> float:
        system = SerialSystem(echelon_holding_costs=[1.0, 0.5], lead_times=[1.0, wait], stockout_cost=late)
        return float(optimal_echelon_base_stock(system, PoissonDemand(5.0)).echelon_base_stock.sum())

    _rises([echelons(late, 1.0) for late in (2.0, 9.0, 40.0)])
    _rises([echelons(9.0, wait) for wait in (0.5, 1.0, 3.0)])

    def placed(wait: float, sd: float) -> float:
        stages = {
            "plant": ServiceStage(processing_time=wait, holding_cost=1.0),
            "shop": ServiceStage(processing_time=1.0, holding_cost=3.0, demand_sd=sd, external_outbound=0.0),
        }
        return guaranteed_service_times(stages, [("plant", "shop")]).cost

    _rises([placed(wait, 10.0) for wait in (1.0, 2.0, 6.0)])
    _rises([placed(2.0, sd) for sd in (5.0, 10.0, 20.0)])
    assert np.isclose(placed(2.0, 20.0), 2.0 * placed(2.0, 10.0))
