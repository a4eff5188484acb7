"""Weekly store sales with empty shelves, stock and open orders; unmet demand is lost. Costs and clock: its RULES.md."""

from __future__ import annotations

import numpy as np
import pytest

from forecasting.panel import CellStatus
from pipelines import Inputs, PlanConfig
from replenishment.simulation.engine import simulate
from tests.real.development_data import DATA, KEY, Planned, check_conservation, check_no_row_is_lost, needs, read

pytestmark = [needs("vn2"), pytest.mark.thorough]
# 0.2 per unit and week; 1 per unit lost.
ITEM = {"unit_cost": 1.0, "holding_rate": 0.2 * 365 / 7, "shortage_cost": 1.0, "lead_time_days": 14}


def inputs() -> Inputs:
    folder = DATA / "vn2"
    return Inputs(
        sales=folder / "sales.parquet",
        items=read("vn2", "items")[KEY].assign(**ITEM),
        stock=folder / "stock.parquet",
        open_orders=folder / "open_orders.parquet",
    )


@pytest.fixture(scope="module")
def planned() -> Planned:
    """At least cost."""
    return Planned.of(inputs(), PlanConfig(frequency="W-MON", review_days=7, unmet_demand="lost", measure="cost"))


@pytest.fixture(scope="module")
def targeted() -> Planned:
    """At most one unit in twenty lost."""
    return Planned.of(inputs(), PlanConfig(frequency="W-MON", review_days=7, unmet_demand="lost", target=0.05))


def test_no_row_is_lost_and_every_item_has_one_line(planned: Planned) -> None:
    check_no_row_is_lost(planned, "vn2")
    assert len(planned.lines) == 599
    assert planned.result.summary["as_of"] == "2024-04-15"


def test_weeks_without_stock_are_censored_and_no_others(planned: Planned) -> None:
    panel, sales = planned.made.panel, read("vn2", "sales")
    censored = panel.status == CellStatus.OUT_OF_STOCK
    assert censored.sum() == (~sales["in_stock"]).sum()
    assert (panel.quantity[censored] == 0).all()


def test_stock_and_open_orders_are_those_of_the_tables(planned: Planned) -> None:
    lines = planned.lines.set_index(KEY)
    on_hand = read("vn2", "stock").set_index(KEY)["on_hand"]
    on_order = read("vn2", "open_orders").groupby(KEY)["quantity"].sum().reindex(lines.index).fillna(0.0)
    assert (lines["on_hand"] == on_hand.reindex(lines.index)).all()
    assert (lines["on_order"] == on_order).all()
    assert (planned.made.stock.arrivals[:, 0] == 0).all()
    assert (planned.made.stock.arrivals[:, 1] == on_order.to_numpy()).all()


def test_orders_are_whole_units_that_arrive_in_two_weeks(planned: Planned) -> None:
    order = planned.lines["order_quantity"].to_numpy()
    assert (order == np.rint(order)).all()
    dated = planned.lines[order > 0]
    assert (dated["arrival_date"].astype(str) == "2024-04-29").all()
    assert (planned.result.forecast["protection_periods"] == 3).all()


def test_the_costs_of_the_simulation_are_those_of_the_rules(planned: Planned) -> None:
    """0.2 per unit and week on the shelf at its end, 1 per unit lost, nothing per order."""
    total, weeks = planned.simulated.total, round(365 / 7)
    assert total["holding_cost"] == pytest.approx(0.2 * total["mean_stock"] * weeks)
    assert total["shortage_cost"] == pytest.approx(total["lost_units"])
    assert total["ordering_cost"] == 0


def test_the_levels_are_near_those_of_least_cost(planned: Planned) -> None:
    """Ten per cent higher or lower levels cost no less in simulation, within its error."""
    made = planned.made

    def cost(factor: float) -> tuple[float, float]:
        level = np.rint(made.rule.raise_to * factor)
        rule = type(made.rule)(
            made.rule.skus, made.rule.locations, level - 1, level, made.rule.lot, made.rule.minimum, level,
            made.rule.review_periods,
        )  # fmt: skip
        demand = made.forecaster.paths(60, 40)
        costs = np.full(599, 0.2), np.full(599, 1.0)
        result = simulate(
            rule, demand, 2, periods=60, paths=40, unmet_demand="lost", warm_up=4,
            costs=type(made_costs)(np.zeros(599), *costs),
        )  # fmt: skip
        return (
            result.total["holding_cost"] + result.total["shortage_cost"],
            result.total["holding_cost_se"] + result.total["shortage_cost_se"],
        )

    from replenishment.simulation.results import Costs

    made_costs = Costs(np.zeros(599), np.zeros(599), np.zeros(599))
    here, error = cost(1.0)
    assert cost(0.7)[0] > here - 2 * error
    assert cost(1.5)[0] > here - 2 * error


def test_nothing_waits_and_the_simulated_loss_keeps_the_target(targeted: Planned) -> None:
    total = targeted.simulated.total
    assert total["mean_backorders"] == 0
    assert total["backorder_rate"] <= 0.05 + 3 * total["backorder_rate_se"]
    assert total["backorder_rate"] > 0.02
    assert targeted.result.summary["expected_backorder_rate"] == pytest.approx(total["backorder_rate"], abs=0.02)


def test_a_tighter_target_holds_more_stock_than_least_cost(planned: Planned, targeted: Planned) -> None:
    assert targeted.simulated.total["mean_stock"] > planned.simulated.total["mean_stock"]
    assert targeted.simulated.total["lost_units"] < planned.simulated.total["lost_units"]


def test_units_are_conserved(planned: Planned) -> None:
    check_conservation(planned)


def test_units_are_conserved_at_a_target(targeted: Planned) -> None:
    check_conservation(targeted)
