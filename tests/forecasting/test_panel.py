"""DemandPanel: a container that keeps its promises."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import forecasting
from forecasting.calendars import Frequency, date_to_day
from forecasting.identity import stream_keys
from forecasting.panel import CellStatus, DemandPanel
from tests.forecasting.panels import panel_of

NO_LIMIT = np.iinfo(np.int64)


@pytest.fixture
def panel() -> DemandPanel:
    """Three series in ten weeks; every cell differs."""
    return panel_of(np.arange(30).reshape(3, 10), status=np.arange(30).reshape(3, 10) % 5)


def test_the_package_offers_the_names_it_promises_and_no_others() -> None:
    for name in forecasting.__all__:
        assert getattr(forecasting, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'Panel'"):
        _ = forecasting.Panel


@pytest.mark.parametrize("name", ["quantity", "status"])
@pytest.mark.parametrize(
    "spoil",
    [lambda a: a[:, :-1], lambda a: a[:-1], lambda a: a.astype(np.float64), np.asfortranarray, lambda a: a.ravel()],
    ids=["too few periods", "too few series", "other type", "other order", "other dimension"],
)
def test_cells_of_another_shape_type_or_order_are_refused(panel: DemandPanel, name: str, spoil) -> None:
    with pytest.raises(ValueError, match=f"{name} must be C-contiguous"):
        replace(panel, **{name: spoil(getattr(panel, name))})


def test_every_series_needs_a_location(panel: DemandPanel) -> None:
    with pytest.raises(ValueError, match="3 skus but 2 locations"):
        replace(panel, locations=("main", "main"))


def test_it_says_what_it_is(panel: DemandPanel) -> None:
    assert repr(panel) == "DemandPanel(3 series x 10 periods W-MON, 2024-01-01 to 2024-03-11 (open))"
    assert len(panel) == 3
    assert panel.keys == [("s0000", "main"), ("s0001", "main"), ("s0002", "main")]


@pytest.mark.parametrize(
    ("frequency", "as_of"),
    [
        ("D", dt.date(2024, 3, 1)),
        ("W-MON", dt.date(2025, 2, 24)),
        ("W-SUN", dt.date(2025, 2, 23)),
        ("MS", dt.date(2029, 1, 1)),
    ],
)
def test_as_of_is_the_opening_after_the_last_period(frequency: str, as_of: dt.date) -> None:
    """Sixty periods from January 2024; with days the leap day is one of them."""
    assert panel_of(np.zeros((1, 60)), frequency).as_of == as_of


def test_only_observed_cells_are_evidence(panel: DemandPanel) -> None:
    np.testing.assert_array_equal(panel.observed, panel.status == 0)


def test_a_series_moves_in_whole_units_if_all_its_cells_do() -> None:
    """One fractional cell far down a large panel makes that series, and no other, fractional."""
    cells = np.tile(np.arange(4), (2049, 1)).astype(float)
    cells[[0, 1023, 1024, 2048], 3] = 2.5
    np.testing.assert_array_equal(np.flatnonzero(~panel_of(cells).integral), [0, 1023, 1024, 2048])


def test_streams_belong_to_the_identity_of_a_series(panel: DemandPanel) -> None:
    np.testing.assert_array_equal(panel.stream_keys(5), stream_keys(panel.skus, panel.locations, 5))


@pytest.mark.parametrize("rows", [np.array([2, 0]), slice(1, 3), np.array([], dtype=np.int64)])
def test_taking_series_keeps_each_with_its_name_and_cells(panel: DemandPanel, rows) -> None:
    part = panel.take(rows)
    for place, i in enumerate(np.arange(3)[rows]):
        assert part.keys[place] == panel.keys[i]
        np.testing.assert_array_equal(part.quantity[place], panel.quantity[i])
        np.testing.assert_array_equal(part.status[place], panel.status[i])
    assert len(part) == len(np.arange(3)[rows])


def test_an_earlier_opening_knows_the_periods_before_it(panel: DemandPanel) -> None:
    earlier = panel.until(dt.date(2024, 2, 5))
    assert earlier.as_of == dt.date(2024, 2, 5)
    np.testing.assert_array_equal(earlier.quantity, panel.quantity[:, :5])
    np.testing.assert_array_equal(earlier.status, panel.status[:, :5])
    assert panel.until(panel.as_of).calendar == panel.calendar
    assert panel.until(dt.date(2024, 1, 1)).calendar.periods == 0


@pytest.mark.parametrize("as_of", [dt.date(2023, 12, 25), dt.date(2024, 3, 18)])
def test_an_opening_outside_the_panel_is_refused(panel: DemandPanel, as_of: dt.date) -> None:
    with pytest.raises(ValueError, match=f"as_of {as_of} lies outside the panel"):
        panel.until(as_of)


def test_a_wanted_series_without_a_row_is_there_without_evidence(panel: DemandPanel) -> None:
    aligned = panel.align([("new", "main"), ("s0002", "main"), ("s0000", "main"), ("s0000", "main")])
    assert aligned.keys == [("new", "main"), ("s0000", "main"), ("s0002", "main")]
    np.testing.assert_array_equal(aligned.quantity[1:], panel.quantity[[0, 2]])
    np.testing.assert_array_equal(aligned.status[1:], panel.status[[0, 2]])
    assert (aligned.quantity[0] == 0).all()
    assert (aligned.status[0] == CellStatus.MISSING).all()


def test_aligning_a_panel_with_itself_copies_nothing(panel: DemandPanel) -> None:
    assert panel.align(panel.keys[::-1]) is panel


@pytest.mark.parametrize("frequency", ["D", "W-SUN", "MS"])
def test_quiet_cells_outside_a_declared_life_are_no_evidence(frequency: str) -> None:
    """Cell by cell: before the launch if the period ends by it, after the end if it opens on or after it."""
    panel = panel_of(np.tile([0, 0, 3, 0, 0, 0, 0, 2, 0, 0, 0, 0], (2, 1)), frequency)
    openings = panel.calendar.openings
    launch = np.array([openings[4] + (frequency != "D"), NO_LIMIT.min])
    end = np.array([openings[6] + (frequency != "D"), openings[9]])
    marked = panel.mark_life(launch, end)
    for i in range(2):
        for t in range(12):
            expected = CellStatus.OBSERVED
            if panel.quantity[i, t] == 0 and openings[t + 1] <= launch[i]:
                expected = CellStatus.NOT_LAUNCHED
            elif panel.quantity[i, t] == 0 and openings[t] >= end[i]:
                expected = CellStatus.DISCONTINUED
            assert marked.status[i, t] == expected, (i, t)
    assert (panel.status == CellStatus.OBSERVED).all()
    np.testing.assert_array_equal(marked.quantity, panel.quantity)


def test_a_panel_without_any_declared_life_stays_itself(panel: DemandPanel) -> None:
    assert panel.mark_life(np.full(3, NO_LIMIT.min), np.full(3, NO_LIMIT.max)) is panel


def test_long_rows_name_every_cell_once(panel: DemandPanel) -> None:
    frame = panel.to_frame()
    wide = frame.pivot(index="sku", columns="date", values="quantity")
    np.testing.assert_array_equal(wide.to_numpy(), panel.quantity)
    np.testing.assert_array_equal(wide.columns.to_numpy().astype("datetime64[D]"), panel.calendar.dates)
    names = frame.pivot(index="sku", columns="date", values="status").to_numpy()
    assert names[1].tolist() == [CellStatus(value).name.lower() for value in panel.status[1]]


def test_a_panel_written_as_rows_and_read_again_is_the_same(panel: DemandPanel) -> None:
    back = DemandPanel.from_frame(panel.to_frame().sample(frac=1, random_state=0), frequency="W-MON")
    assert back.keys == panel.keys
    assert back.calendar == panel.calendar
    assert back.quantity.tobytes() == panel.quantity.tobytes()


def test_a_status_can_be_read_differently_without_touching_demand(panel: DemandPanel) -> None:
    other = panel.with_status(np.full_like(panel.status, CellStatus.MISSING))
    assert other.quantity is panel.quantity
    assert not other.observed.any()


def test_a_frame_with_pandas_timestamps_as_as_of_is_cut_there() -> None:
    frame = pd.DataFrame({"sku": "a", "date": pd.date_range("2024-01-01", periods=10), "quantity": 1.0})
    panel = DemandPanel.from_frame(frame, as_of=pd.Timestamp("2024-01-06"))
    assert panel.calendar.frequency == Frequency("D")
    assert panel.calendar.end_day == date_to_day(dt.date(2024, 1, 6))
