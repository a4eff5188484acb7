"""Leading zeros: not launched yet, or just quiet?"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from forecasting.cleaning import mark_launches, prepare, tame_spikes
from forecasting.panel import CellStatus
from forecasting.segments import summarise
from tests.forecasting.panels import panel_of

NOT_LAUNCHED, OBSERVED = CellStatus.NOT_LAUNCHED, CellStatus.OBSERVED


@given(
    lead=st.integers(0, 40),
    later=arrays(np.int64, 14, elements=st.sampled_from([0, 0, 1, 4])),
    status=arrays(np.uint8, 54, elements=st.sampled_from([0, 0, 0, 0, 4])),
)
def test_leading_zeros_are_marked_where_chance_explains_them_with_less_than_one_in_a_thousand(
    lead: int, later: np.ndarray, status: np.ndarray
) -> None:
    """Multiply, leading period by leading period, the share of later periods without demand."""
    cells = np.r_[np.zeros(lead), later]
    status = status[: len(cells)]
    cells[status != OBSERVED] = 0
    panel = panel_of(cells, status=status)
    cleaned, log = mark_launches(panel, summarise(panel))

    sold = [t for t in range(len(cells)) if cells[t] > 0 and status[t] == 0]
    expected = status.copy()
    if len(sold) > 1:
        later_known = [t for t in range(sold[0] + 1, len(cells)) if status[t] == 0]
        quiet = 1.0 - (len(sold) - 1) / len(later_known)
        before = [t for t in range(sold[0]) if status[t] == 0]
        chance = max(quiet, 1e-12) ** len(before)
        if before and chance < 0.001:
            expected[before] = NOT_LAUNCHED
            assert log["periods_marked"].tolist() == [len(before)]
            assert log["probability"].iloc[0] == pytest.approx(chance, rel=1e-6)
            assert log["launched_on"].iloc[0] == pd.Timestamp(panel.calendar.dates[sold[0]])
            assert log[["sku", "location"]].to_numpy().tolist() == [["s0000", "main"]]
    np.testing.assert_array_equal(cleaned.status[0], expected)
    assert len(log) == (expected == NOT_LAUNCHED).any()


@pytest.mark.parametrize(("lead", "marked"), [(9, False), (10, True)])
def test_ten_heads_in_a_row_are_one_too_many(lead: int, marked: bool) -> None:
    """With demand in every other later period, nine leading zeros have chance 1/512 and ten 1/1,024."""
    panel = panel_of([0] * lead + [1] + [1, 0] * 20)
    cleaned, log = mark_launches(panel, summarise(panel))
    assert (cleaned.status[0, :lead] == NOT_LAUNCHED).all() == marked
    assert len(log) == marked


def test_what_was_demanded_and_the_original_panel_stay_as_they_are() -> None:
    panel = panel_of([0] * 30 + [3] * 20)
    cleaned, _ = mark_launches(panel, summarise(panel))
    assert (panel.status == OBSERVED).all()
    np.testing.assert_array_equal(cleaned.quantity, panel.quantity)
    assert (cleaned.status[0, 30:] == OBSERVED).all()


@pytest.mark.parametrize("demand", [[0] * 50, [0] * 49 + [1], [0] * 25 + [9] + [0] * 24])
def test_no_sale_or_a_single_one_tells_nothing(demand: list[int]) -> None:
    panel = panel_of(demand)
    cleaned, log = mark_launches(panel, summarise(panel))
    assert cleaned is panel
    assert log.empty
    assert list(log.columns) == ["sku", "location", "launched_on", "periods_marked", "probability"]


def test_cells_that_were_no_evidence_before_keep_their_own_status() -> None:
    status = np.zeros(50, dtype=np.uint8)
    status[[3, 7]] = CellStatus.OUT_OF_STOCK, CellStatus.MISSING
    panel = panel_of([0] * 30 + [3] * 20, status=status)
    cleaned, log = mark_launches(panel, summarise(panel))
    assert cleaned.status[0, 3] == CellStatus.OUT_OF_STOCK
    assert cleaned.status[0, 7] == CellStatus.MISSING
    assert log["periods_marked"].tolist() == [28]


def test_an_item_that_sold_until_it_ran_out_had_been_launched() -> None:
    status = np.zeros(81, dtype=np.uint8)
    status[0] = CellStatus.OUT_OF_STOCK
    panel = panel_of([10] + [0] * 30 + [5] * 50, status=status)
    assert not (mark_launches(panel, summarise(panel))[0].status == NOT_LAUNCHED).any()


def test_a_first_sale_out_of_stock_is_not_taken_off_the_observed_demands() -> None:
    """Ten leading zeros, then demand in ten of twenty observed periods: a chance of 1/1,024."""
    status = np.zeros(31, dtype=np.uint8)
    status[10] = CellStatus.OUT_OF_STOCK
    panel = panel_of([0] * 10 + [5] + [1, 0] * 10, status=status)
    log = mark_launches(panel, summarise(panel))[1]
    assert log["probability"].tolist() == [pytest.approx(1 / 1024)]


def test_each_series_is_judged_by_itself() -> None:
    demand = np.array([[0] * 30 + [3] * 20, [1] * 50, [0] * 5 + [1, 0, 0, 0, 0] * 9])
    panel = panel_of(demand)
    cleaned, log = mark_launches(panel, summarise(panel))
    assert log["sku"].tolist() == ["s0000"]
    assert (cleaned.status[1:] == OBSERVED).all()


def test_facts_are_those_of_the_cleaned_panel() -> None:
    cleaned, summary, log = prepare(panel_of([0] * 30 + [3] * 20, "MS", dt.date(2020, 1, 1)))
    assert summary.observed[0] == 20
    assert summary.mean[0] == 3
    assert log[["code", "date", "periods"]].values.tolist() == [["launch_marked", pd.Timestamp("2022-07-01"), 30]]
    assert (cleaned.status[0, :30] == NOT_LAUNCHED).all()


# Spikes

USUAL = [3, 5, 4, 6, 0, 2, 5, 4, 7, 3]


def spiked(at: dict[int, float], more: int = 0) -> list[float]:
    """Forty periods of the usual demand with other values in some places."""
    demand = [float(units + more) for units in USUAL * 4]
    for place, units in at.items():
        demand[place] = units
    return demand


def test_a_lonely_demand_beyond_a_hundred_times_the_usual_is_brought_down_to_it() -> None:
    panel = panel_of([spiked({13: 4000.0}), spiked({})])
    tamed, log = tame_spikes(panel, summarise(panel))
    usual = np.quantile([u for u in spiked({13: 4000.0}) if u > 0], 0.95, method="lower")
    assert log[["sku", "before", "after", "kept"]].values.tolist() == [["s0000", 4000.0, usual, False]]
    assert log["date"].iloc[0] == pd.Timestamp(panel.calendar.dates[13])
    assert tamed.quantity[0, 13] == usual
    tamed.quantity[0, 13] = 4000.0
    np.testing.assert_array_equal(tamed.quantity, panel.quantity)


@pytest.mark.parametrize("units", [600.0, 700.0])
def test_a_demand_of_no_more_than_a_hundred_times_the_usual_is_left_alone(units: float) -> None:
    """The usual largest one is 7."""
    panel = panel_of(spiked({13: units}))
    tamed, log = tame_spikes(panel, summarise(panel))
    assert tamed is panel
    assert log.empty


@pytest.mark.parametrize(("second", "kept"), [(390.0, False), (400.0, True), (4000.0, True)])
def test_a_peak_that_is_not_the_only_one_of_its_kind_is_kept(second: float, kept: bool) -> None:
    """A tenth of it at another time, such as last Christmas, makes it a season or a customer who comes again."""
    panel = panel_of(spiked({13: 4000.0, 37: second}))
    tamed, log = tame_spikes(panel, summarise(panel))
    assert log.loc[log["before"] == 4000, "kept"].tolist() == [kept] * (2 if second == 4000 else 1)
    assert (tamed.quantity[0, 13] == 4000) == kept


@pytest.mark.parametrize(("series", "kept"), [(1, False), (2, False), (3, True), (5, True)])
def test_spikes_of_several_articles_in_one_period_are_an_order_and_kept(series: int, kept: bool) -> None:
    panel = panel_of([spiked({13: 4000.0 + k}) for k in range(series)] + [spiked({20: 9000.0})])
    tamed, log = tame_spikes(panel, summarise(panel))
    assert log["kept"].tolist() == [kept] * series + [False]
    assert (tamed.quantity[:series, 13] >= 4000).tolist() == [kept] * series


def test_a_season_beyond_a_hundred_times_the_rest_of_the_year_is_kept() -> None:
    """Christmas trees: four weeks a year, for three years."""
    demand = np.tile(np.r_[np.ones(48), 150.0, 400.0, 900.0, 300.0], 3)
    panel = panel_of(demand)
    assert tame_spikes(panel, summarise(panel))[0] is panel


def test_the_log_tells_spikes_that_were_tamed_from_those_that_were_kept() -> None:
    rows = [spiked({13: 4000.0}), spiked({20: 9000.0, 30: 8000.0})]
    _, _, log = prepare(panel_of(rows))
    assert log["code"].tolist() == ["spike_tamed", "spike_kept", "spike_kept"]


def test_no_spike_is_overlooked_however_large_the_rest() -> None:
    """Every quantile and comparison written out; usual demands as unequal as they may be beside the spike."""
    rng = np.random.default_rng(0)
    demand = np.zeros((400, 60))
    for i in range(len(demand)):
        sold = int(rng.integers(5, 60))
        demand[i, :sold] = rng.choice([1, 1, rng.integers(1, 30)], sold)
        # As many others near the spike as may be, for a tenth of them makes it no slip.
        demand[i, : sold // 20] = rng.integers(90, 120)
        demand[i, 0] = rng.integers(90, 120) * demand[i, :sold].max() if i % 2 else rng.integers(95, 110)
    panel = panel_of(demand)
    expected = set()
    for i, row in enumerate(panel.quantity):
        known = sorted(value for value in row if value > 0)
        usual = known[int(0.95 * (len(known) - 1))]
        expected |= {(f"s{i:04d}", t) for t in range(60) if len(known) >= 8 and row[t] > 100 * usual}
    log = tame_spikes(panel, summarise(panel))[1]
    day = pd.to_datetime(log["date"]).to_numpy().astype("datetime64[D]").astype(np.int64)
    assert set(zip(log["sku"], panel.calendar.index_of(day).tolist(), strict=True)) == expected
    assert 100 < len(expected) < 390
