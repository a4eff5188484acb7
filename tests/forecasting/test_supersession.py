"""Chains of successors: units are summed, evidence counts once, circles are refused."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from forecasting.cleaning_rules import CleaningRules, Keep
from forecasting.panel import CellStatus, DemandPanel
from forecasting.supersession import join_chains
from tests.forecasting.panels import panel_of

A, B, C, D = (("s000" + n, "main") for n in "0123")
NONE, OUT, OBSERVED, LOST = CellStatus.MISSING, CellStatus.OUT_OF_STOCK, CellStatus.OBSERVED, CellStatus.DISCONTINUED


def chain() -> DemandPanel:
    """A sells to period 20, B from 18 to 40, C from 40 on."""
    demand = np.zeros((4, 60))
    demand[0, :20], demand[1, 18:40], demand[2, 40:], demand[3] = 5, 4, 3, 9
    return panel_of(demand)


def test_a_chain_of_three_is_summed_and_its_first_two_forecast_nothing() -> None:
    panel = chain()
    joined, replaced, log = join_chains(panel, {C: ["s0001"], B: ["s0000"]}, {})
    np.testing.assert_array_equal(joined.quantity[2], panel.quantity[:3].sum(axis=0))
    assert (joined.status[:2] == LOST).all()
    assert (joined.status[2] == OBSERVED).all()
    np.testing.assert_array_equal(joined.quantity[[0, 1, 3]], panel.quantity[[0, 1, 3]])
    openings = [dt.date(2024, 1, 1) + dt.timedelta(weeks=w) for w in (18, 40)]
    assert replaced == {A: ("s0001", openings[0]), B: ("s0002", openings[1])}
    assert log["code"].tolist() == ["history_joined", "superseded"] * 2
    assert log.loc[log["sku"] == "s0002", ["before", "after"]].values.tolist() == [[60, 100 + 88 + 60]]


@given(arrays(np.int64, (3, 12), elements=st.integers(0, 9)))
def test_no_unit_is_lost_or_counted_twice(demand: np.ndarray) -> None:
    panel = panel_of(demand)
    joined, replaced, _ = join_chains(panel, {C: ["s0000", "s0001"]}, {C: dt.date(2024, 2, 5)})
    seen = joined.quantity[(joined.status == OBSERVED).any(axis=1)]
    assert seen.sum() == demand.sum()
    assert set(replaced) == {A, B}


def test_before_the_change_the_old_item_tells_what_is_known_and_after_it_the_new_one() -> None:
    demand, status = np.ones((2, 6)), np.zeros((2, 6), dtype=np.uint8)
    status[0] = [OBSERVED, OUT, NONE, OBSERVED, OUT, OUT]
    status[1] = [NONE, NONE, NONE, OUT, OBSERVED, NONE]
    panel = panel_of(demand, status=status)
    joined = join_chains(panel, {B: ["s0000"]}, {B: panel.calendar.dates[3].item()})[0]
    assert joined.status[1].tolist() == [OBSERVED, OUT, NONE, OUT, OBSERVED, OUT]


def test_a_change_ahead_leaves_the_predecessor_its_demand() -> None:
    panel = chain()
    ahead = panel.as_of + dt.timedelta(days=30)
    joined, replaced, _ = join_chains(panel, {C: ["s0003"]}, {C: ahead})
    assert (joined.status[3] == OBSERVED).all()
    assert replaced == {D: ("s0002", ahead)}
    np.testing.assert_array_equal(joined.quantity[2], panel.quantity[2] + panel.quantity[3])


def test_locations_are_joined_apart() -> None:
    panel = replace(chain(), skus=("x", "x", "y", "y"), locations=("n", "s", "n", "s"))
    joined, replaced, _ = join_chains(panel, {("y", "n"): ["x"]}, {})
    np.testing.assert_array_equal(joined.quantity[2], panel.quantity[0] + panel.quantity[2])
    np.testing.assert_array_equal(joined.quantity[3], panel.quantity[3])
    assert set(replaced) == {("x", "n")}


@pytest.mark.parametrize("links", [{A: ["s0000"]}, {A: ["s0001"], B: ["s0002"], C: ["s0000"]}])
def test_a_circle_is_refused_by_name(links: dict[tuple[str, str], list[str]]) -> None:
    with pytest.raises(ValueError, match=r"circle at 'main': s0000 -> .*s0000; an item can't replace itself"):
        join_chains(chain(), links, {})


def test_two_successors_of_one_item_are_refused() -> None:
    with pytest.raises(ValueError, match="'s0000' at 'main' is replaced by both 's0001' and 's0002'"):
        join_chains(chain(), {B: ["s0000"], C: ["s0000"]}, {})


def test_a_planner_can_leave_them_apart_and_unknown_items_join_nothing() -> None:
    panel = chain()
    rules = CleaningRules((Keep("history_joined", "s0001"),))
    for joined, replaced, log in (join_chains(panel, {B: ["s0000"]}, {}, rules), join_chains(panel, {B: ["?"]}, {})):
        assert joined is panel
        assert not replaced
        assert log.empty


def test_a_very_long_chain_needs_no_deep_stack() -> None:
    panel = panel_of(np.ones((1500, 3)))
    links = {panel.keys[i]: [panel.skus[i - 1]] for i in range(1, 1500)}
    assert join_chains(panel, links, {})[0].quantity[-1].tolist() == [1500] * 3
