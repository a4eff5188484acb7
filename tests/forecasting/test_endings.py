"""A silence too long for chance, and bulk orders: both told, one acted upon; both can be undone."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecasting.bulk_orders import tame_bulk_orders
from forecasting.cleaning import prepare
from forecasting.cleaning_rules import LOG_COLUMNS, CleaningRules, Keep, OrderLines
from forecasting.endings import suspect_ends
from forecasting.panel import CellStatus, DemandPanel
from tests.forecasting.panels import panel_of


def test_the_probability_counts_the_ways_to_place_the_demands() -> None:
    """Every way to place the later demands on the periods since the first, one by one."""
    demand = [1, 1, 0, 1, 1, 0, 1, 1, 1] + [0] * 14
    log = suspect_ends(panel_of(demand))
    ways = list(itertools.combinations(range(1, 23), 6))
    early = sum(max(way) <= 8 for way in ways)
    assert log["probability"].tolist() == [pytest.approx(early / len(ways))]
    assert log["silent_periods"].tolist() == [14]
    assert log["ended_on"].iloc[0] == pd.Timestamp("2024-03-04")


@given(st.lists(st.sampled_from([0, 0, 1, 3]), min_size=10, max_size=60), st.integers(0, 60))
def test_only_a_long_unlikely_silence_is_flagged(later: list[int], silent: int) -> None:
    demand = [1, *later, 2] + [0] * silent
    log = suspect_ends(panel_of(demand))
    at = [t for t, units in enumerate(demand) if units]
    gap = max(b - a - 1 for a, b in itertools.pairwise(at))
    k, n = len(at) - 1, at[-1]
    chance = math.comb(n, k) / math.comb(n + silent, k)
    expected = len(at) >= 5 and silent * 7 >= 91 and silent >= 2 * max(gap, 1) and chance < 0.001
    assert len(log) == expected


def test_a_yearly_silence_is_no_end_and_the_panel_stays_as_it_is() -> None:
    christmas = np.tile(np.r_[np.zeros(44), np.full(8, 5.0)], 3)
    panel = panel_of(np.r_[christmas, np.zeros(40)])
    assert suspect_ends(panel).empty
    ended = panel_of([4, 5] * 20 + [0] * 30)
    cleaned, _, log = prepare(ended)
    assert log["code"].tolist() == ["end_suspected"]
    assert "may have ended on 2024-10-07" in log["reason"].iloc[0]
    np.testing.assert_array_equal(cleaned.status, ended.status)
    assert prepare(ended, CleaningRules((Keep("end_suspected", "s0000"),)))[2].empty


def test_periods_without_stock_are_no_silence_and_ended_items_are_not_flagged() -> None:
    status = np.zeros(70, dtype=np.uint8)
    status[40:] = CellStatus.OUT_OF_STOCK
    assert suspect_ends(panel_of([4, 5] * 20 + [0] * 30, status=status)).empty
    status[40:] = CellStatus.DISCONTINUED
    assert suspect_ends(panel_of([4, 5] * 20 + [0] * 30, status=status)).empty


def bulky(units: float = 90.0, again: float = 0.0) -> DemandPanel:
    demand = np.array([3.0, 5, 4, 6, 0, 2, 5, 4, 7, 3] * 4)
    demand[13], demand[30] = units, max(again, demand[30])
    return panel_of(demand)


def lines(panel: DemandPanel, period: int, units: float) -> OrderLines:
    day = int(panel.calendar.openings[period]) + 2
    return OrderLines(("s0000",), ("main",), np.array([0, 0]), np.array([day, day]), np.array([units, 1.0]))


@pytest.mark.parametrize(
    ("units", "line", "again", "tamed"),
    [
        (90, 85, 0, True),
        (90, 60, 0, False),
        (35, 35, 0, False),
        (36, 36, 0, True),
        (90, 90, 45, False),
        (90, 90, 44, True),
    ],
)
def test_one_line_that_makes_an_extreme_period_is_a_bulk_order(
    units: float, line: float, again: float, tamed: bool
) -> None:
    """The usual largest demand is 7; five times it, four fifths of the period, no second of half its size."""
    panel = bulky(units, again)
    cleaned, log = tame_bulk_orders(panel, CleaningRules(lines=lines(panel, 13, line)))
    assert (cleaned.quantity[0, 13] == 7) == tamed
    assert len(log) == tamed
    if tamed:
        assert log[["before", "after", "line"]].values.tolist() == [[units, 7, line]]


def test_a_row_of_the_log_given_back_as_keep_undoes_its_repair() -> None:
    panel = bulky()
    rules = CleaningRules(lines=lines(panel, 13, 90))
    cleaned, _, log = prepare(panel, rules)
    assert list(log.columns[: len(LOG_COLUMNS)]) == list(LOG_COLUMNS)
    row = log.iloc[0]
    day = int(row["date"].to_datetime64().astype("datetime64[D]").astype(int))
    for keep in (Keep(row["code"], row["sku"], row["location"], day), Keep(sku="s0000"), Keep(day=day)):
        again, _, left = prepare(panel, CleaningRules((keep,), rules.lines))
        assert again.quantity[0, 13] == 90
        assert "bulk_order_tamed" not in set(left["code"])
    other = CleaningRules((Keep(sku="s0001"), Keep(day=day + 7), Keep(code="spike_tamed")), rules.lines)
    np.testing.assert_array_equal(prepare(panel, other)[0].quantity, cleaned.quantity)


def test_a_launch_and_a_spike_can_be_kept_too() -> None:
    panel = panel_of([0] * 30 + [3] * 20)
    assert (prepare(panel, CleaningRules((Keep("launch_marked"),)))[0].status == CellStatus.OBSERVED).all()
    spike = bulky(4000.0)
    assert prepare(spike)[0].quantity[0, 13] == 7
    kept, _, log = prepare(spike, CleaningRules((Keep("spike_tamed"),)))
    assert kept.quantity[0, 13] == 4000
    assert log["code"].tolist() == ["spike_kept"]


def test_lines_of_an_earlier_origin_are_not_seen_before_their_day() -> None:
    panel = bulky()
    rules = CleaningRules(lines=lines(panel, 13, 90))
    past = panel.until(panel.calendar.dates[13].item())
    assert prepare(past, rules)[2].empty
