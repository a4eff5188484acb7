"""The order of events: which are possible, and what VN2's rules make of a week."""

from __future__ import annotations

import numpy as np
import pytest

from replenishment.simulation import CLOCKS, Clock, PlannedOrders, SampledDemand, simulate
from replenishment.simulation.clock import EVENTS
from tests.replenishment.simulation.rules import rule


def test_the_default_is_the_order_of_the_contract() -> None:
    assert Clock().events == ("receive", "fill_backorders", "review", "demand", "count")
    assert Clock() == CLOCKS["standard"]
    assert [EVENTS[code] for code in CLOCKS["vn2"].codes] == list(CLOCKS["vn2"].events)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"events": EVENTS[:4]}, "each of receive"),
        ({"events": (*EVENTS[:4], "receive")}, "each of receive"),
        ({"events": ("count", *EVENTS[:4])}, "counted after the demand"),
        ({"first_review": -1}, "at least 0"),
    ],
)
def test_an_impossible_clock_is_refused(change: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Clock(**change)


def test_a_vn2_game_by_hand() -> None:
    """Six orders, decided before weeks 1 to 6 and sold from the start of weeks 3 to 8; cost of weeks 3 to 8."""
    demand = np.array([[4.0, 6.0, 5.0, 7.0, 3.0, 8.0, 2.0, 6.0]])
    orders = np.array([[5.0, 6.0, 4.0, 6.0, 6.0, 3.0, 0.0, 0.0]])
    stock, on_order = 7.0, [0.0, 2.0]
    shelf, cost, sold = stock, 0.0, []
    for week in range(8):  # week 1 is number 0
        shelf += on_order[week] if week < 2 else orders[0, week - 2]
        sold.append(min(shelf, demand[0, week]))
        shelf -= sold[-1]
        if week >= 2:
            cost += 0.2 * shelf + 1.0 * (demand[0, week] - sold[-1])
    result = simulate(
        PlannedOrders(("a",), ("s",), orders), demand, 2, periods=8, unmet_demand="lost", clock=CLOCKS["vn2"],
        warm_up=2, initial_stock=stock, on_order=np.array([on_order]),
    )  # fmt: skip
    path = result.trajectory("a", "s")
    assert path["filled_at_once"].tolist() == sold
    assert path["received"].tolist() == [0, 2, 5, 6, 4, 6, 6, 3]
    assert path["waiting"].sum() == 0
    told = result.total
    assert 0.2 * told["mean_stock"] * 6 + told["lost_units"] == pytest.approx(cost)


def test_the_vn2_review_sees_neither_the_receipt_as_stock_nor_the_demand_of_its_week() -> None:
    """The position counts what is on the way either way: the game is the standard clock's in all but its story."""
    source = SampledDemand.from_probabilities(np.full((1, 9), 1 / 9))
    policy = rule(reorder_point=14.0, raise_to=15.0)
    told = [
        simulate(policy, source, 2, periods=60, paths=20, unmet_demand="lost", clock=CLOCKS[name]).total
        for name in ("vn2", "standard")
    ]
    np.testing.assert_equal(*told)
