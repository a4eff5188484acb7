"""From rows to cells: against a dictionary filled row by row, and against pandas."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from forecasting.assembly.assembling import assemble, assemble_panel
from forecasting.assembly.rows import batches_of_frame
from forecasting.assembly.rules import AssemblyRules
from forecasting.panel import CellStatus, DemandPanel
from tests.forecasting.panels import FREQUENCIES

OBSERVED, OUT_OF_STOCK, MISSING = CellStatus.OBSERVED, CellStatus.OUT_OF_STOCK, CellStatus.MISSING
# Names that a spreadsheet or a reader would spoil, and ones that sort differently as numbers.
NAMES = ("00123", "123", "NA", "nan", "ä", "A", "a", "10", "9", "")


@dataclass(frozen=True)
class SmallBatches:
    """The rows of a frame in batches of a few, identifiers coded anew (or not at all) in each batch."""

    rows: pd.DataFrame
    size: int
    coded: bool = True

    @property
    def columns(self) -> frozenset[str]:
        return frozenset(self.rows.columns) | {"source_row"}

    def scan(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        table = pa.Table.from_pandas(self.rows.assign(source_row=np.arange(len(self.rows))), preserve_index=False)
        for first in range(0, len(self.rows), self.size):
            part = table.slice(first, self.size).select(list(columns))
            for i, name in enumerate(columns):
                if name in ("sku", "location"):
                    text = part.column(i).cast(pa.string())
                    part = part.set_column(i, name, text.dictionary_encode() if self.coded else text)
                elif name == "date":
                    part = part.set_column(i, name, part.column(i).cast(pa.timestamp("us")))
            yield from part.combine_chunks().to_batches()


def sales(rows: list[tuple], columns: str = "sku date quantity") -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=columns.split())
    frame["date"] = pd.to_datetime(frame["date"])
    return frame


def daily(start: str, days: int, quantity: float = 1.0, sku: str = "a") -> pd.DataFrame:
    return pd.DataFrame({"sku": sku, "date": pd.date_range(start, periods=days), "quantity": quantity})


def cells_of(panel: DemandPanel) -> dict[tuple[str, str, dt.date], tuple[float, int]]:
    dates = panel.calendar.dates.astype(object)
    return {
        (sku, location, dates[t]): (float(panel.quantity[i, t]), int(panel.status[i, t]))
        for i, (sku, location) in enumerate(panel.keys)
        for t in range(len(dates))
    }


rows_of_sales = st.lists(
    st.tuples(
        st.sampled_from(NAMES),
        st.sampled_from(["main", "Ulm", "00"]),
        st.integers(0, 60).map(lambda k: pd.Timestamp("2023-12-20") + pd.Timedelta(days=k)),
        st.one_of(st.integers(0, 10**6), st.floats(0, 1000).map(lambda x: round(x, 3))).map(float),
        st.booleans(),
    ),
    min_size=1,
    max_size=40,
)


def known_until(days: pd.Series, offset: pd.DateOffset) -> pd.Timestamp:
    """The end of the last period, or its opening if rows were still to come on a weekday that has seen some."""
    opening = offset.rollback(days.max())
    if (days.map(offset.rollback) == days).all():
        return opening + offset
    open_days = set(days.dt.day_of_week)
    rest = pd.date_range(days.max() + pd.Timedelta(days=1), opening + offset - pd.Timedelta(days=1))
    return opening if any(day.weekday() in open_days for day in rest) else opening + offset


def fill_cells(
    frame: pd.DataFrame, opening: pd.Series, complete: pd.Timestamp, dates: pd.DatetimeIndex, gaps: str
) -> dict[tuple[str, str, dt.date], tuple[float, int]]:
    """Add up the rows before ``complete`` in a dictionary, one after the other."""
    total, short = defaultdict(list), set()
    for row, first in zip(frame.itertuples(), opening, strict=True):
        if row.date < complete:
            key = (row.sku, row.location, first.date())
            total[key].append(row.quantity)
            if not row.in_stock:
                short.add(key)
    cells = {}
    for sku, location in {(row.sku, row.location) for row in frame.itertuples()}:
        for date in dates:
            key = (sku, location, date.date())
            status = OBSERVED if key in total or (gaps == "zero" and date < complete) else MISSING
            cells[key] = (float(np.float32(sum(total[key]))), int(OUT_OF_STOCK if key in short else status))
    return cells


@given(
    rows=rows_of_sales,
    frequency=st.sampled_from(FREQUENCIES),
    gaps=st.sampled_from(["zero", "missing"]),
    as_of=st.integers(1, 20),
)
def test_every_cell_is_the_sum_of_its_rows(rows: list[tuple], frequency: str, gaps: str, as_of: int) -> None:
    """Row by row into a dictionary: sums, gaps, out of stock, rows at or after as_of, an incomplete last period."""
    frame = sales(rows, "sku location date quantity in_stock")
    offset = pd.tseries.frequencies.to_offset(frequency)
    opening = frame["date"].map(offset.rollback)
    end = offset.rollback(frame["date"].min())
    for _ in range(as_of):
        end += offset
    used = frame["date"] < end
    complete = known_until(frame["date"][used], offset)
    dates = pd.date_range(opening.min(), end - pd.Timedelta(days=1), freq=offset)
    if complete <= opening.min():
        with pytest.raises(ValueError, match="no complete period"):
            DemandPanel.from_frame(frame, frequency=frequency, as_of=end.date(), duplicates="sum", gaps=gaps)
        return
    panel = DemandPanel.from_frame(frame, frequency=frequency, as_of=end.date(), duplicates="sum", gaps=gaps)

    expected = fill_cells(frame[used], opening[used], complete, dates, gaps)
    assert panel.report.recorded_until == complete.date()
    assert panel.keys == sorted({key[:2] for key in expected})
    found = cells_of(panel)
    assert {key: status for key, (_, status) in found.items()} == {key: status for key, (_, status) in expected.items()}
    np.testing.assert_allclose([found[key][0] for key in expected], [v for v, _ in expected.values()], rtol=1e-6)


@example(rows=[("a", "main", pd.Timestamp(f"2024-01-0{day}"), 1.0, True) for day in (1, 2, 4)], gaps="zero")
@given(rows=rows_of_sales, gaps=st.sampled_from(["zero", "missing"]))
def test_with_a_row_a_day_each_row_lies_in_the_cell_of_its_day(rows: list[tuple], gaps: str) -> None:
    frame = sales(rows, "sku location date quantity in_stock").drop_duplicates(["sku", "location", "date"])
    panel = DemandPanel.from_frame(frame, frequency="D", gaps=gaps)
    dates = pd.date_range(frame["date"].min(), frame["date"].max())
    expected = fill_cells(frame, frame["date"], dates[-1] + pd.Timedelta(days=1), dates, gaps)
    assert cells_of(panel) == expected


def assert_same_in_small_batches(frame: pd.DataFrame, rules: AssemblyRules, size: int, coded: bool, seed: int) -> None:
    try:
        reference, set_aside = assemble(batches_of_frame(frame), rules)
    except ValueError as problem:
        assert "no complete period" in str(problem)  # noqa: PT017
        return
    panel, other = assemble(SmallBatches(frame.sample(frac=1, random_state=seed), size, coded), rules)
    assert panel.keys == reference.keys
    assert panel.calendar == reference.calendar
    assert panel.quantity.tobytes() == reference.quantity.tobytes()
    assert panel.status.tobytes() == reference.status.tobytes()
    assert panel.report == reference.report
    assert other.num_rows == set_aside.num_rows


@given(
    rows=rows_of_sales,
    frequency=st.sampled_from(FREQUENCIES),
    size=st.integers(1, 9),
    coded=st.booleans(),
    seed=st.integers(0, 10**6),
)
def test_neither_the_order_of_rows_nor_the_size_of_batches_changes_a_bit(
    rows: list[tuple], frequency: str, size: int, coded: bool, seed: int
) -> None:
    frame = sales(rows, "sku location date quantity in_stock")
    last = pd.tseries.frequencies.to_offset(frequency).rollback("2024-03-31").date()
    assert_same_in_small_batches(frame, AssemblyRules(frequency, last, "sum"), size, coded, seed)


@example(
    rows=[("a", "main", pd.Timestamp(f"2024-01-0{day}"), k, True) for day, k in ((1, 0.0), (3, 0.0), (3, 1.0))],
    size=1,
    seed=1,
)
@given(rows=rows_of_sales, size=st.integers(1, 9), seed=st.integers(0, 10**6))
def test_which_rows_are_set_aside_depends_neither_on_their_order_nor_on_batches(
    rows: list[tuple], size: int, seed: int
) -> None:
    frame = sales(rows, "sku location date quantity in_stock")
    rules = AssemblyRules("D", dt.date(2024, 3, 1), duplicates="quarantine")
    assert_same_in_small_batches(frame, rules, size, True, seed)


def test_sums_of_fractions_are_the_same_bits_in_any_order() -> None:
    """Added up as 32-bit numbers, these quantities give different sums in different orders."""
    quantity = np.array([0.1, 1e6, 0.7, 123.456789, 3e-6] * 200)
    frame = daily("2024-01-01", 1).merge(pd.DataFrame({"quantity": quantity}), how="cross", suffixes=("_old", ""))
    rng = np.random.default_rng(3)
    sums = {
        float(DemandPanel.from_frame(frame.iloc[rng.permutation(1000)], frequency="D", duplicates="sum").quantity[0, 0])
        for _ in range(20)
    }
    naive = {float(rng.permutation(quantity).astype(np.float32).cumsum(dtype=np.float32)[-1]) for _ in range(20)}
    assert sums == {float(np.float32(200 * (0.1 + 1e6 + 0.7 + 123.456789 + 3e-6)))}
    assert len(naive) > 1


def test_thousandths_are_rounded_and_not_cut_off() -> None:
    """1.001 x 1,000,000 lies just below 1,001,000 in binary."""
    frame = pd.concat([daily("2024-01-01", 1, 1.001)] * 1000)
    assert DemandPanel.from_frame(frame, frequency="D", duplicates="sum").quantity[0, 0] == 1001


@pytest.mark.parametrize("frequency", [code for code in FREQUENCIES if code != "D"])
@pytest.mark.parametrize("start", ["2019-12-18", "2024-01-31", "2027-12-30", "2099-12-25"])
def test_days_become_weeks_and_months_as_in_pandas(frequency: str, start: str) -> None:
    """Across leap days (2020, 2024, 2028), the common year 2100 and the 53rd ISO week of 2020."""
    days = pd.date_range(start, periods=430)
    frame = pd.DataFrame({"sku": "a", "date": days, "quantity": np.random.default_rng(0).poisson(3, 430).astype(float)})
    panel = DemandPanel.from_frame(frame, frequency=frequency)
    sums = frame.set_index("date")["quantity"].resample(frequency, label="left", closed="left").sum()
    complete = sums.index + pd.tseries.frequencies.to_offset(frequency) <= days[-1] + pd.Timedelta(days=1)
    sums = sums[complete]
    np.testing.assert_array_equal(panel.calendar.dates, sums.index.to_numpy().astype("datetime64[D]"))
    np.testing.assert_array_equal(panel.quantity[0], sums.to_numpy())


def test_iso_week_53_and_the_first_week_are_two_weeks() -> None:
    panel = DemandPanel.from_frame(daily("2020-12-28", 14), frequency="W-MON")
    assert panel.calendar.dates.tolist() == [dt.date(2020, 12, 28), dt.date(2021, 1, 4)]
    np.testing.assert_array_equal(panel.quantity, [[7, 7]])


@pytest.mark.parametrize(("year", "days"), [(2024, 29), (2028, 29), (2100, 28)])
def test_february_sums_the_days_of_its_year(year: int, days: int) -> None:
    panel = DemandPanel.from_frame(daily(f"{year}-02-01", days + 31), frequency="MS")
    np.testing.assert_array_equal(panel.quantity, [[days, 31]])


@pytest.mark.parametrize(
    ("frequency", "first"), [("W-SUN", "2024-01-07"), ("W-MON", "2024-01-08"), ("MS", "2024-02-01")]
)
def test_the_frequency_is_read_off_dates_that_are_all_openings(frequency: str, first: str) -> None:
    dates = pd.date_range(first, periods=6, freq=frequency)
    panel = DemandPanel.from_frame(pd.DataFrame({"sku": "a", "date": dates, "quantity": 2.0}))
    assert panel.calendar.frequency.code == frequency
    np.testing.assert_array_equal(panel.quantity, [[2] * 6])


@given(rows=rows_of_sales, frequency=st.sampled_from(FREQUENCIES))
def test_what_was_sold_before_as_of_is_conserved(rows: list[tuple], frequency: str) -> None:
    """Whole units, so that the 32-bit cells hold them exactly."""
    frame = sales(rows, "sku location date quantity in_stock").assign(quantity=lambda f: f["quantity"].round())
    as_of = (frame["date"].max() + pd.tseries.frequencies.to_offset(frequency)).date()
    as_of = (pd.tseries.frequencies.to_offset(frequency).rollforward(pd.Timestamp(as_of))).date()
    try:
        panel = DemandPanel.from_frame(frame, frequency=frequency, as_of=as_of, duplicates="sum")
    except ValueError as problem:
        assert "no complete period" in str(problem)  # noqa: PT017
        return
    report = panel.report
    partial = frame["date"] >= str(report.partial_period) if report.partial_period else frame["date"].isna()
    assert panel.quantity.sum(dtype=np.float64) == frame["quantity"][~partial].sum()
    assert (report.rows_read, report.rows_used) == (len(frame), int((~partial).sum()))
    assert report.rows_in_partial_period == int(partial.sum())
    assert report.rows_after_as_of == 0
    assert report.last_row_day == frame["date"].max().date()


def test_an_incomplete_last_period_is_left_out() -> None:
    """Wednesday 17 January ends the rows: the week of the 15th is not known yet."""
    panel = DemandPanel.from_frame(daily("2024-01-01", 17), frequency="W-MON")
    assert panel.as_of == dt.date(2024, 1, 15)
    assert panel.report.partial_period == dt.date(2024, 1, 15)
    assert panel.report.rows_used == 14
    np.testing.assert_array_equal(panel.quantity, [[7, 7]])


@pytest.mark.parametrize(("last_day", "weeks"), [("2024-01-27", 4), ("2024-01-26", 3)])
def test_a_day_of_rest_does_not_leave_its_week_open(last_day: str, weeks: int) -> None:
    """The shop never opens on Sundays: the week is complete on Saturday 27 January, but not on Friday."""
    frame = daily("2024-01-01", 60)
    frame = frame[(frame["date"].dt.day_of_week < 6) & (frame["date"] <= last_day)]
    panel = DemandPanel.from_frame(frame, frequency="W-MON")
    np.testing.assert_array_equal(panel.quantity, [[6] * weeks])


def test_rows_of_an_incomplete_last_period_are_counted_as_such() -> None:
    report = DemandPanel.from_frame(daily("2024-01-01", 17), frequency="W-MON").report
    assert (report.rows_in_partial_period, report.rows_after_as_of) == (3, 0)


def test_an_incomplete_period_before_a_stated_as_of_is_missing() -> None:
    panel = DemandPanel.from_frame(daily("2024-01-01", 17), frequency="W-MON", as_of=dt.date(2024, 1, 22))
    np.testing.assert_array_equal(panel.quantity, [[7, 7, 0]])
    np.testing.assert_array_equal(panel.status, [[OBSERVED, OBSERVED, MISSING]])
    assert panel.report.rows_in_partial_period == 3


def test_a_week_ends_with_its_last_day_and_rows_on_openings_are_whole_periods() -> None:
    assert DemandPanel.from_frame(daily("2024-01-01", 14), frequency="W-MON").report.partial_period is None
    mondays = sales([("a", "2024-01-01", 1), ("a", "2024-01-08", 2)])
    np.testing.assert_array_equal(DemandPanel.from_frame(mondays, frequency="W-MON").quantity, [[1, 2]])


def test_rows_at_or_after_as_of_are_ignored_and_counted() -> None:
    """The future neither changes a cell nor the frequency, the span or the completeness of the past."""
    past = daily("2024-01-01", 14)
    future = pd.concat([past, daily("2024-01-15", 5, 99.0), daily("2024-03-05", 1, 99.0, sku="b")])
    panel = DemandPanel.from_frame(future, frequency="W-MON", as_of=dt.date(2024, 1, 15))
    assert panel.calendar == DemandPanel.from_frame(past, frequency="W-MON").calendar
    np.testing.assert_array_equal(panel.quantity[0], [7, 7])
    assert panel.report.rows_after_as_of == 6
    assert panel.report.rows_used == 14


@pytest.mark.parametrize("future", [daily("2024-01-15", 9, sku="a"), daily("2024-01-15", 1, sku="b")])
def test_without_a_stated_frequency_the_future_still_changes_nothing(future: pd.DataFrame) -> None:
    """Two Mondays before as_of; daily rows, or another item, at or after it."""
    past = sales([("a", "2024-01-01", 1.0), ("a", "2024-01-08", 2.0)])
    expected = DemandPanel.from_frame(past, frequency="W-MON")
    panel = DemandPanel.from_frame(pd.concat([past, future]), as_of=dt.date(2024, 1, 15))
    assert panel.calendar == expected.calendar
    assert panel.keys == expected.keys


def test_a_row_on_the_day_before_as_of_counts_and_one_on_the_day_does_not() -> None:
    panel = DemandPanel.from_frame(daily("2024-01-01", 9), frequency="D", as_of=dt.date(2024, 1, 8))
    assert (panel.report.rows_used, panel.report.rows_after_as_of) == (7, 2)


def test_periods_between_the_last_row_and_as_of_are_missing_not_zero() -> None:
    panel = DemandPanel.from_frame(daily("2024-01-01", 3), frequency="D", as_of=dt.date(2024, 1, 6))
    np.testing.assert_array_equal(panel.status, [[OBSERVED] * 3 + [MISSING] * 2])


@pytest.mark.parametrize(("gaps", "status"), [("zero", OBSERVED), ("missing", MISSING)])
def test_gaps_are_zero_or_missing_as_declared(gaps: str, status: CellStatus) -> None:
    rows = sales([("a", "2024-01-01", 5), ("b", "2024-01-02", 4), ("b", "2024-01-03", 0), ("a", "2024-01-04", 3)])
    panel = DemandPanel.from_frame(rows, frequency="D", gaps=gaps)
    np.testing.assert_array_equal(panel.quantity, [[5, 0, 0, 3], [0, 4, 0, 0]])
    np.testing.assert_array_equal(panel.status, [[0, status, status, 0], [status, 0, 0, status]])
    assert panel.report.cells_without_a_row == 4
    assert panel.report.gaps_read_as == gaps


@pytest.mark.parametrize("duplicates", ["error", "last", "quarantine"])
@pytest.mark.parametrize("frequency", ["D", "W-MON", "MS"])
def test_a_period_in_which_no_series_has_a_row_keeps_its_place(duplicates: str, frequency: str) -> None:
    """The shop was closed: what came later stays where it was."""
    dates = pd.date_range("2024-01-01", periods=5, freq=frequency)
    in_stock = [True, True, True, False, True]
    rows = pd.DataFrame({"sku": "a", "date": dates, "quantity": np.arange(1.0, 6.0), "in_stock": in_stock})
    panel = DemandPanel.from_frame(rows.drop(index=2), frequency=frequency, duplicates=duplicates)
    np.testing.assert_array_equal(panel.quantity, [[1, 2, 0, 4, 5]])
    np.testing.assert_array_equal(panel.status, [[OBSERVED, OBSERVED, OBSERVED, OUT_OF_STOCK, OBSERVED]])


def test_a_week_without_a_row_is_a_gap_whatever_its_neighbours_hold() -> None:
    rows = pd.concat([daily("2024-01-01", 7), daily("2024-01-15", 7)])
    panel = DemandPanel.from_frame(rows, frequency="W-MON", gaps="missing")
    np.testing.assert_array_equal(panel.status, [[OBSERVED, MISSING, OBSERVED]])


def test_a_period_is_out_of_stock_as_soon_as_one_of_its_rows_is() -> None:
    frame = daily("2024-01-01", 21).assign(in_stock=True)
    frame.loc[9, "in_stock"] = False
    panel = DemandPanel.from_frame(frame, frequency="W-MON")
    np.testing.assert_array_equal(panel.status, [[OBSERVED, OUT_OF_STOCK, OBSERVED]])
    np.testing.assert_array_equal(panel.quantity, [[7, 7, 7]])


def test_a_batch_that_knows_nothing_of_stock_counts_as_in_stock() -> None:
    frame = daily("2024-01-01", 3).assign(in_stock=pd.array([None, False, True], dtype="boolean"))
    panel = assemble_panel(SmallBatches(frame, 1), AssemblyRules(frequency="D"))
    np.testing.assert_array_equal(panel.status, [[OBSERVED, OUT_OF_STOCK, OBSERVED]])


@pytest.mark.parametrize("frequency", ["D", "W-MON"])
def test_two_rows_of_one_series_on_one_day_are_refused_by_name(frequency: str) -> None:
    frame = pd.concat([daily("2024-01-01", 14), daily("2024-01-03", 2), daily("2024-01-01", 14, sku="b")])
    with pytest.raises(ValueError, match=r"2 times .*sku 'a' at 'main' on 2024-01-03; .*on 2024-01-04.*duplicates = "):
        DemandPanel.from_frame(frame.sample(frac=1, random_state=1), frequency=frequency)


def test_duplicates_at_or_after_as_of_harm_nobody() -> None:
    frame = pd.concat([daily("2024-01-01", 14), daily("2024-01-10", 1)])
    panel = DemandPanel.from_frame(frame, frequency="D", as_of=dt.date(2024, 1, 10))
    np.testing.assert_array_equal(panel.quantity, [[1] * 9])


def test_transactions_add_up_and_are_counted() -> None:
    frame = sales([("a", "2024-01-01", 1), ("a", "2024-01-01", 2.5), ("a", "2024-01-02", 4)])
    panel = DemandPanel.from_frame(frame, frequency="D", duplicates="sum")
    np.testing.assert_array_equal(panel.quantity, [[3.5, 4]])
    assert (panel.report.duplicate_cells, panel.report.duplicate_rows, panel.report.rows_used) == (1, 2, 3)


def test_hundreds_of_transactions_on_one_day_add_up() -> None:
    frame = pd.concat([daily("2024-01-01", 1)] * 600)
    assert DemandPanel.from_frame(frame, frequency="D", duplicates="sum").quantity[0, 0] == 600


@pytest.mark.parametrize("duplicates", ["sum", "last"])
def test_hundreds_of_transactions_on_one_day_are_all_counted(duplicates: str) -> None:
    frame = pd.concat([daily("2024-01-01", 1)] * 600)
    assert DemandPanel.from_frame(frame, frequency="D", duplicates=duplicates).report.duplicate_rows == 600


@pytest.mark.parametrize("size", [1, 2, 100])
def test_the_last_row_wins_if_so_declared(size: int) -> None:
    frame = sales([("a", "2024-01-01", 1), ("b", "2024-01-01", 7), ("a", "2024-01-02", 4), ("a", "2024-01-01", 2)])
    panel = assemble_panel(SmallBatches(frame, size), AssemblyRules(frequency="D", duplicates="last"))
    np.testing.assert_array_equal(panel.quantity, [[2, 4], [7, 0]])


def test_the_last_row_also_says_whether_there_was_stock() -> None:
    frame = sales(
        [("a", "2024-01-01", 1, False), ("a", "2024-01-01", 2, True), ("a", "2024-01-02", 4, True)],
        "sku date quantity in_stock",
    )
    assert (DemandPanel.from_frame(frame, frequency="D", duplicates="last").status == OBSERVED).all()


def test_the_last_row_makes_no_sense_where_days_are_added_up() -> None:
    with pytest.raises(ValueError, match='several days in a period: use "sum"'):
        DemandPanel.from_frame(daily("2024-01-01", 14), frequency="W-MON", duplicates="last")


@pytest.mark.parametrize("size", [1, 3, 100])
@pytest.mark.parametrize("frequency", ["D", "W-MON"])
def test_rows_that_contradict_each_other_are_set_aside_together(size: int, frequency: str) -> None:
    """All rows of the doubled day are handed back with their places, and their period is missing."""
    frame = pd.concat([daily("2024-01-01", 14), daily("2024-01-10", 1, 5.0), daily("2024-01-01", 14, sku="b")])
    rules = AssemblyRules(frequency=frequency, duplicates="quarantine")
    panel, set_aside = assemble(SmallBatches(frame, size), rules)
    assert sorted(set_aside["source_row"].to_pylist()) == [9, 14]
    assert set_aside["sku"].to_pylist() == ["a", "a"]
    assert sorted(set_aside["quantity"].to_pylist()) == [1.0, 5.0]
    expected = np.zeros(panel.status.shape)
    expected[0, 9 if frequency == "D" else 1] = MISSING
    np.testing.assert_array_equal(panel.status, expected)
    assert (panel.quantity[expected == MISSING] == 0).all()
    assert (panel.report.duplicate_rows, panel.report.rows_used) == (2, 27)


@pytest.mark.parametrize(
    "coded",
    [True, False],
)
def test_rows_are_set_aside_although_later_rows_name_many_other_series(coded: bool) -> None:
    """A doubled day, and after as_of more locations than there is room for at first."""
    past = pd.concat([daily("2024-01-01", 14), daily("2024-01-03", 1, 5.0)]).assign(location="main")
    later = pd.concat([daily("2024-01-15", 1).assign(location=f"new {k}") for k in range(9)])
    rules = AssemblyRules("D", dt.date(2024, 1, 15), duplicates="quarantine")
    panel, set_aside = assemble(SmallBatches(pd.concat([past, later]), 4, coded), rules)
    assert panel.keys == [("a", "main")]
    assert sorted(set_aside["quantity"].to_pylist()) == [1.0, 5.0]


def test_identifiers_are_text_and_sort_as_text() -> None:
    frame = pd.concat([daily("2024-01-01", 2, k + 1.0, sku=name) for k, name in enumerate(NAMES)])
    panel = DemandPanel.from_frame(frame, frequency="D")
    assert panel.skus == tuple(sorted(NAMES))
    assert panel.locations == ("main",) * len(NAMES)
    assert [float(q) for q in panel.quantity[:, 0]] == [NAMES.index(name) + 1.0 for name in sorted(NAMES)]


def test_thousands_of_series_in_many_locations_find_their_cells() -> None:
    """More than the 1,024 series and 4 locations for which there is room at first; batches of odd sizes."""
    rng = np.random.default_rng(5)
    sku, place = (part.ravel() for part in np.meshgrid(np.arange(260), np.arange(9), indexing="ij"))
    chosen = rng.random(len(sku)) < 0.9
    frame = pd.DataFrame({"sku": sku[chosen], "location": place[chosen]}).astype(str)
    frame = frame.merge(pd.DataFrame({"date": pd.date_range("2024-02-27", periods=5)}), how="cross")
    frame["quantity"] = np.arange(len(frame), dtype=float)
    frame["in_stock"] = np.arange(len(frame)) % 7 > 0
    frame = frame.sample(frac=0.8, random_state=2)
    panel = assemble_panel(SmallBatches(frame, 997), AssemblyRules(frequency="D", gaps="missing"))
    wide = frame.pivot(index=["sku", "location"], columns="date", values="quantity").sort_index()
    assert panel.keys == list(wide.index)
    np.testing.assert_array_equal(panel.quantity, wide.fillna(0.0).to_numpy())
    stocked = frame.pivot(index=["sku", "location"], columns="date", values="in_stock").sort_index()
    expected = np.where(stocked.isna(), MISSING, np.where(stocked == True, OBSERVED, OUT_OF_STOCK))  # noqa: E712
    np.testing.assert_array_equal(panel.status, expected)


def test_nothing_gives_an_error_that_says_so() -> None:
    with pytest.raises(ValueError, match="no rows"):
        DemandPanel.from_frame(daily("2024-01-01", 0))
    with pytest.raises(ValueError, match=r"no row before as_of 2023-12-31; its first day is 2024-01-01"):
        DemandPanel.from_frame(daily("2024-01-01", 9), frequency="D", as_of=dt.date(2023, 12, 31))
    with pytest.raises(ValueError, match="no complete period of frequency MS: 2024-01-01 to 2024-01-09"):
        DemandPanel.from_frame(daily("2024-01-01", 9), frequency="MS")


def test_a_missing_column_is_named() -> None:
    with pytest.raises(ValueError, match=r"lacks the columns \['date', 'quantity'\]"):
        DemandPanel.from_frame(pd.DataFrame({"sku": ["a"], "qty": [1]}))


def test_an_as_of_inside_a_period_is_refused_with_its_neighbours() -> None:
    with pytest.raises(ValueError, match="2024-01-10 is no opening of frequency W-MON; use 2024-01-08 or 2024-01-15"):
        DemandPanel.from_frame(daily("2024-01-01", 21), frequency="W-MON", as_of=dt.date(2024, 1, 10))


@pytest.mark.parametrize("date", ["1899-12-31", "2200-01-01"])
def test_sentinel_dates_are_refused(date: str) -> None:
    with pytest.raises(ValueError, match="1 dates lie before 1900 or after 2199"):
        DemandPanel.from_frame(sales([("a", date, 1), ("a", "2024-01-01", 1)]))


@pytest.mark.parametrize(
    ("duplicates", "quantity"),
    [("error", np.nan), ("error", np.inf), ("sum", np.nan), ("sum", np.inf), ("sum", -np.inf), ("sum", 1e13)],
)
def test_a_quantity_that_a_cell_cannot_hold_is_refused(duplicates: str, quantity: float) -> None:
    frame = sales([("a", "2024-01-01", 1.0), ("a", "2024-01-02", quantity)])
    with pytest.raises(ValueError, match="quantity"):
        DemandPanel.from_frame(frame, frequency="D", duplicates=duplicates)


def test_a_sum_that_a_cell_cannot_hold_is_refused_or_right() -> None:
    """Ten rows of the largest quantity allowed on one day."""
    frame = pd.concat([daily("2024-01-01", 1, 1e12)] * 10)
    try:
        total = DemandPanel.from_frame(frame, frequency="D", duplicates="sum").quantity[0, 0]
    except ValueError:
        return
    assert total == np.float32(1e13)


def test_a_missing_date_is_refused() -> None:
    with pytest.raises(ValueError, match="date"):
        DemandPanel.from_frame(sales([("a", "2024-01-01", 1.0), ("a", None, 1.0)]), frequency="D")


def test_a_missing_sku_is_refused() -> None:
    with pytest.raises(ValueError, match="sku"):
        DemandPanel.from_frame(sales([("a", "2024-01-01", 1.0), (None, "2024-01-02", 1.0)]), frequency="D")


def test_a_missing_location_is_main() -> None:
    frame = daily("2024-01-01", 2).assign(location=["main", None])
    panel = DemandPanel.from_frame(frame, frequency="D")
    assert panel.keys == [("a", "main")]
    assert panel.quantity.sum() == frame["quantity"].sum()


@pytest.mark.parametrize("kind", ["object", "boolean"])
def test_an_unknown_in_stock_of_a_frame_counts_as_in_stock(kind: str) -> None:
    frame = daily("2024-01-01", 2).assign(in_stock=pd.array([True, None], dtype=kind))
    assert (DemandPanel.from_frame(frame, frequency="D").status == OBSERVED).all()


@pytest.mark.filterwarnings("ignore:no explicit representation of timezones")
def test_days_of_a_time_zone_stay_the_days_of_that_zone() -> None:
    frame = daily("2024-01-01", 3)
    frame["date"] = frame["date"].dt.tz_localize("Europe/Berlin")
    assert DemandPanel.from_frame(frame, frequency="D").calendar.dates[0] == np.datetime64("2024-01-01")
