"""Lead times from the nearest information: who counts how much, what is told, and which days stand still."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest

from forecasting.calendars import Frequency, PeriodCalendar, date_to_day
from pipelines.config import PlanConfig
from pipelines.inputs import CheckedTables, Inputs, check_inputs
from pipelines.jobs.lead_times import LEAD_TIME_FACTS, drifting_suppliers, resolve_lead_times
from pipelines.jobs.parameters import item_parameters
from replenishment.lead_times import LeadTimes
from tests.pipelines.shop import AS_OF, day, receipts

SALES = pd.DataFrame({"sku": ["A"], "date": ["2025-04-28"], "quantity": [1.0]})
WEEKS = PeriodCalendar(Frequency("W-MON"), date_to_day(day("2025-01-06")), 17)  # ends at AS_OF, a Monday
DAYS = PeriodCalendar(Frequency("D"), date_to_day(day("2025-01-06")), 119)
NAN = float("nan")


def checked(**tables: pd.DataFrame) -> CheckedTables:
    return check_inputs(Inputs(**{"sales": SALES, **tables}), PlanConfig(max_quarantine_fraction=1))


def lead_times(
    item: dict[str, Any],
    config: PlanConfig | None = None,
    calendar: PeriodCalendar = DAYS,
    delay: int = 0,
    **tables: pd.DataFrame,
) -> tuple[LeadTimes, pd.Series, CheckedTables]:
    """Lead time and its facts of one item of supplier S."""
    tables = {"items": pd.DataFrame([{"sku": "A", "supplier": "S", **item}]), **tables}
    known, config = checked(**tables), config or PlanConfig()
    parameters = item_parameters(known, config, [("A", "main")])
    waits, facts, _ = resolve_lead_times(parameters, known, config, calendar, np.array([delay]))
    assert list(facts.columns) == list(LEAD_TIME_FACTS)
    return waits, facts.iloc[0], known


SUPPLIER = pd.DataFrame({"supplier": ["S"], "lead_time_days": [14.0]})
THEIRS = receipts("S", [20, 20, 20, 20, 22, 22, 22, 22])
OWN = receipts("S", [30] * 8, sku="A", location="main")
# Ordered half a day's march after theirs: orders of their own.
OWN["ordered_on"] -= pd.Timedelta(days=3)
OWN["received_on"] -= pd.Timedelta(days=3)


@pytest.mark.parametrize(
    ("item", "tables", "source", "near"),
    [
        ({"lead_time_days": 10.0}, [SUPPLIER, pd.concat([THEIRS, OWN])], "measured, item", (25, 30)),
        ({"lead_time_days": 10.0}, [SUPPLIER, THEIRS], "stated, item", (10, 10)),
        ({"lead_time_days": 14.0}, [SUPPLIER, THEIRS], "measured, supplier", (18, 21)),
        ({}, [SUPPLIER, THEIRS], "measured, supplier", (18, 21)),
        ({}, [SUPPLIER, pd.concat([THEIRS, OWN.iloc[:2]])], "measured, supplier", (20, 25)),
        ({}, [SUPPLIER, THEIRS.iloc[:1]], "stated, supplier", (14.3, 17)),
        ({}, [SUPPLIER, None], "stated, supplier", (14, 14)),
        ({}, [None, THEIRS], "measured, supplier", (21, 21)),
        ({}, [None, None], "stated, defaults", (5, 5)),
        ({"supplier": "other"}, [SUPPLIER, THEIRS], "stated, defaults", (5, 5)),
        ({"lead_time_periods": 3.0, "lead_time_days": 10.0}, [SUPPLIER, OWN], "stated in periods", (3, 3)),
    ],
    ids=[
        "own receipts", "own statement that differs", "own statement that repeats the supplier's",
        "supplier's receipts", "few receipts of its own", "one receipt", "supplier's statement",
        "receipts of a supplier without a row", "defaults", "another supplier", "exact periods",
    ],
)  # fmt: skip
def test_the_heaviest_information_about_a_lead_time_is_named(
    item: dict[str, Any], tables: list[pd.DataFrame | None], source: str, near: tuple[float, float]
) -> None:
    given = {name: t for name, t in zip(("suppliers", "receipts"), tables, strict=True) if t is not None}
    default = {} if given and "receipts" in given and "suppliers" not in given else {"lead_time_days": 5}
    waits, facts, _ = lead_times(item, PlanConfig(defaults=default), **given)
    assert facts["lead_time_source"] == source
    assert near[0] - 1e-9 <= waits.mean()[0] <= near[1] + 1e-9
    weights = facts[["lead_time_own_weight", "lead_time_supplier_weight", "lead_time_prior_weight"]].astype(float)
    assert weights.sum() == pytest.approx(1.0)


def test_the_law_is_the_mixture_that_the_weights_tell() -> None:
    waits, facts, _ = lead_times({}, suppliers=SUPPLIER, receipts=THEIRS)
    weight = facts["lead_time_supplier_weight"]
    assert waits.probability[0, [14, 20, 22]] == pytest.approx([1 - weight, weight / 2, weight / 2])
    assert facts["lead_time_prior"] == "stated"


def test_without_any_information_the_lead_time_is_unknown() -> None:
    _, facts, _ = lead_times({})
    assert facts["lead_time_source"] == "unknown"
    assert np.isnan(facts["stated_lead_time_days"])


def test_receipts_can_be_kept_from_replacing_what_is_stated() -> None:
    waits, facts, _ = lead_times({}, PlanConfig(lead_times="stated"), suppliers=SUPPLIER, receipts=THEIRS)
    assert facts["lead_time_source"] == "stated, supplier"
    assert waits.mean()[0] == 14.0
    assert facts["measured_lead_time_days"] == pytest.approx(21.0)
    assert facts["lead_time_prior_weight"] == 1.0


def test_stated_and_measured_are_both_shown_with_their_spread() -> None:
    _, facts, _ = lead_times({"lead_time_days": 10.0, "lead_time_sd_days": 2.0}, suppliers=SUPPLIER, receipts=THEIRS)
    assert (facts["stated_lead_time_days"], facts["stated_lead_time_sd_days"]) == (10.0, 2.0)
    assert facts["measured_lead_time_days"] == pytest.approx(21.0)
    assert facts["measured_lead_time_sd_days"] == pytest.approx(1.0)
    assert (facts["receipts"], facts["purchase_orders"]) == (8, 8)


def test_an_order_still_open_counts_as_longer_than_so_far() -> None:
    """A ninth order, open for 21 days: the product limit puts the half that has not come by then later."""
    waiting = THEIRS.iloc[:1].assign(ordered_on=AS_OF - pd.Timedelta(days=21), received_on=pd.NaT)
    waits, facts, _ = lead_times({}, receipts=pd.concat([THEIRS, waiting]))
    assert facts["receipts"] == 8
    # 4 of 9 came after 20 days; of the rest the open one is as likely as the others to come after 22.
    assert waits.probability[0, [20, 22]] == pytest.approx([4 / 9, 5 / 9])


def test_an_order_in_both_tables_counts_once() -> None:
    line = {"sku": "A", "location": "main", "supplier": "S", "ordered_on": AS_OF - pd.Timedelta(days=21)}
    as_receipt = pd.DataFrame([{**line, "received_on": pd.NaT}])
    as_order = pd.DataFrame([{**line, "quantity": 5.0, "due_date": AS_OF}])
    one, _, _ = lead_times({}, receipts=pd.concat([THEIRS, as_receipt]))
    both, _, _ = lead_times({}, receipts=pd.concat([THEIRS, as_receipt]), open_orders=as_order)
    other, _, _ = lead_times({}, receipts=THEIRS, open_orders=as_order.drop(columns="supplier"))
    np.testing.assert_array_equal(one.probability, both.probability)
    np.testing.assert_allclose(one.probability, other.probability)


def test_what_comes_at_or_after_as_of_is_still_open_and_what_is_ordered_then_unknown() -> None:
    later = THEIRS.assign(ordered_on=AS_OF - pd.Timedelta(days=5), received_on=AS_OF + pd.Timedelta(days=3))
    future = THEIRS.assign(ordered_on=AS_OF, received_on=AS_OF + pd.Timedelta(days=3))
    _, facts, _ = lead_times({}, suppliers=SUPPLIER, receipts=pd.concat([THEIRS, later]))
    assert facts["receipts"] == 8
    waits, _, _ = lead_times({}, receipts=pd.concat([THEIRS, future]))
    alone, _, _ = lead_times({}, receipts=THEIRS)
    np.testing.assert_array_equal(waits.probability, alone.probability)


def test_days_are_waited_out_at_the_openings_of_weeks() -> None:
    """Ordered on a Monday: 7 days are there the next Monday, 8 days the one after."""
    for days, weeks in ((0.0, 0), (1.0, 1), (7.0, 1), (8.0, 2), (14.0, 2)):
        waits, _, _ = lead_times({"lead_time_days": days}, calendar=WEEKS)
        assert waits.mean()[0] == weeks
    waits, _, _ = lead_times({}, calendar=WEEKS, receipts=receipts("S", [7, 7, 7, 7, 8, 8, 8, 8]))
    np.testing.assert_allclose(waits.probability, [[0.0, 0.5, 0.5]])


def test_a_stated_spread_makes_the_lead_time_random() -> None:
    waits, _, _ = lead_times({"lead_time_days": 20.0, "lead_time_sd_days": 5.0})
    length = np.arange(waits.probability.shape[1])
    assert waits.mean()[0] == pytest.approx(20.5, abs=0.05)  # waited out to the next opening
    assert np.sqrt(waits.probability @ (length - waits.mean()[0]) ** 2)[0] == pytest.approx(5.0, abs=0.1)


def test_a_very_wide_stated_spread_is_planned_too() -> None:
    waits, _, _ = lead_times({"lead_time_days": 300.0, "lead_time_sd_days": 900.0}, calendar=WEEKS)
    assert waits.mean()[0] == pytest.approx(300 / 7, rel=0.05)


def test_items_of_one_supplier_keep_their_own_lead_times_in_a_table_of_many() -> None:
    items = pd.DataFrame({"sku": list("ABCDE"), "supplier": ["S", "T", "S", None, "T"]})
    items["lead_time_days"] = [NAN, NAN, 3.0, NAN, NAN]
    items["lead_time_periods"] = [NAN, NAN, NAN, NAN, 9.0]
    known = checked(items=items, receipts=pd.concat([THEIRS, receipts("T", [40] * 9)]))
    config = PlanConfig()
    frame = item_parameters(known, config, [(sku, "main") for sku in "ABCDE"])
    waits, facts, _ = resolve_lead_times(frame, known, config, DAYS)
    np.testing.assert_allclose(waits.mean(), [21.0, 40.0, 3.0, 0.0, 9.0])
    assert facts["lead_time_source"].tolist() == [
        "measured, supplier", "measured, supplier", "stated, item", "unknown", "stated in periods"
    ]  # fmt: skip
    np.testing.assert_allclose(waits.probability.sum(axis=1), 1.0)


def slower() -> pd.DataFrame:
    """Sixty weekly orders of about 14 days, then twenty of about 22, promised in 14."""
    days = [14 + k % 3 - 1 for k in range(60)] + [22 + k % 3 - 1 for k in range(20)]
    frame = receipts("S", days[::-1])
    return frame.assign(promised_on=frame["ordered_on"] + pd.Timedelta(days=14))


def test_a_supplier_that_has_become_slower_is_named_with_date_and_both_means() -> None:
    waits, facts, known = lead_times({}, suppliers=SUPPLIER, receipts=slower())
    changed = facts["lead_time_changed_on"]
    assert abs(changed - (AS_OF - pd.Timedelta(days=60 + 7 * 19))) <= pd.Timedelta(days=7)
    before, after = facts["lead_time_days_before"], facts["lead_time_days_after"]
    assert (before, after) == (pytest.approx(14, abs=0.1), pytest.approx(22, abs=0.5))
    assert waits.mean()[0] == pytest.approx(22, abs=0.5)
    assert abs(facts["receipts"] - 20) <= 1
    assert facts["promised_day_kept"] < 0.1
    notices = {n.code: n.message for n in known.findings.notices}
    assert (
        f"has become slower since {changed.date()}: {after:.1f} days on average, {before:.1f} before"
        in notices["lead_time_break"]
    )
    assert notices["lead_time_drift"] == "supplier S states 14 days and takes 22"


def test_suppliers_that_keep_their_word_or_are_hardly_known_do_not_drift() -> None:
    for days, stated in (([14] * 8, 14.0), ([15] * 8, 14.0), ([40, 40], 14.0), ([2, 40, 2, 40], 14.0)):
        supplier = pd.DataFrame({"supplier": ["S"], "lead_time_days": [stated]})
        _, facts, _ = lead_times({}, suppliers=supplier, receipts=receipts("S", days))
        assert drifting_suppliers(pd.Series(["S"]), facts.to_frame().T.infer_objects()) == []


def working_days() -> pd.DataFrame:
    """Ordered on every weekday and received five working days later, a week to the day; 150 orders."""
    ordered = pd.bdate_range(end=AS_OF - pd.Timedelta(days=40), periods=150)
    return pd.DataFrame({"supplier": "S", "ordered_on": ordered, "received_on": ordered + pd.tseries.offsets.BDay(4)})


def test_weekends_without_receipts_are_waited_out() -> None:
    """Four working days from Monday are Friday; as calendar days they were four or six, by the day of the order."""
    waits, facts, known = lead_times({}, receipts=working_days())
    assert waits.mean()[0] == 4.0
    assert facts["measured_lead_time_days"] == pytest.approx(4 * 7 / 5)
    assert "nothing is received on Saturday and Sunday" in known.findings.warnings[0]


@pytest.mark.parametrize(("supplier", "expected"), [(None, 14.0), ("S", 14.0), ("T", 4.0)])
def test_an_announced_shutdown_is_waited_out(supplier: str | None, expected: float) -> None:
    """Closed from Wednesday for ten days: two working days before it, two after the weekend that follows."""
    first = (AS_OF + pd.Timedelta(days=2)).date()
    shut = [{"first": first, "last": first + dt.timedelta(days=8), "supplier": supplier}]
    waits, _, _ = lead_times({}, PlanConfig(closed=shut), receipts=working_days())
    # Tuesday, then Friday of the week after next's Monday: counted on a calendar by hand.
    day_of = pd.bdate_range(AS_OF + pd.Timedelta(days=1), periods=20)
    if supplier != "T":
        day_of = day_of[(day_of.date < first) | (day_of.date > shut[0]["last"])]
    assert waits.mean()[0] == (day_of[3] - AS_OF).days
    stated, _, _ = lead_times({"lead_time_days": 6.0}, PlanConfig(closed=shut))
    assert stated.mean()[0] == (6.0 if supplier == "T" else 15.0)
    assert (waits.mean()[0] > 4) == (expected > 4)


def test_a_shutdown_of_the_past_does_not_make_its_orders_slow() -> None:
    shut = [{"first": day("2025-02-03"), "last": day("2025-02-23")}]
    frame = receipts("S", [10] * 12)
    over = (frame["ordered_on"] < "2025-02-03") & (frame["received_on"] >= "2025-02-03")
    frame["received_on"] += pd.to_timedelta(np.where(over, 21, 0), unit="D")
    inside = (frame["ordered_on"] >= "2025-02-03") & (frame["ordered_on"] <= "2025-02-23")
    frame = frame[~inside]
    assert over.any()
    waits, _, _ = lead_times({}, PlanConfig(closed=shut), receipts=frame)
    assert waits.mean()[0] == pytest.approx(10.0)


@pytest.mark.parametrize("delay", [0, 1, 4])
@pytest.mark.parametrize(
    ("item", "tables"),
    [
        ({"lead_time_days": 9.0, "lead_time_sd_days": 3.0}, {}),
        ({"lead_time_days": 0.0}, {}),
        ({"lead_time_periods": 2.0}, {}),
        ({}, {"suppliers": SUPPLIER, "receipts": THEIRS}),
    ],
    ids=["random, stated", "none at all", "exact", "measured"],
)
def test_an_order_that_is_placed_later_comes_as_much_later(
    item: dict[str, Any], tables: dict[str, pd.DataFrame], delay: int
) -> None:
    at_once, told, _ = lead_times(item, **tables)
    later, facts, _ = lead_times(item, delay=delay, **tables)
    assert not later.probability[0, :delay].any()
    np.testing.assert_allclose(later.probability[0, delay:], at_once.probability[0], rtol=1e-12)
    pd.testing.assert_series_equal(facts, told)


@pytest.mark.parametrize(("delay", "expected"), [(1, 7), (2, 8), (3, 9), (4, 10), (5, 10), (6, 10)])
def test_four_working_days_are_counted_from_the_order_day(delay: int, expected: int) -> None:
    """AS_OF is a Monday: from Tuesday they end on the Monday after, at day 7; over a weekend on Thursday, at day 10."""
    waits, _, _ = lead_times({}, delay=delay, receipts=working_days())
    assert waits.mean()[0] == expected
    weekly, _, _ = lead_times({}, calendar=WEEKS, delay=delay, receipts=working_days())
    assert weekly.mean()[0] == -(-expected // 7)


def test_nothing_arrives_before_it_is_ordered_while_the_supplier_s_clock_stands_still() -> None:
    shut = [{"first": AS_OF.date(), "last": (AS_OF + pd.Timedelta(days=5)).date()}]
    waits, _, _ = lead_times({"lead_time_days": 0.0}, PlanConfig(closed=shut), delay=3)
    assert waits.probability[0].tolist() == [0, 0, 0, 1]


def test_forgotten_lines_and_files_of_deliveries_only_are_told() -> None:
    old = THEIRS.iloc[:1].assign(ordered_on=AS_OF - pd.Timedelta(days=900), received_on=pd.NaT)
    young = THEIRS.iloc[:1].assign(ordered_on=AS_OF - pd.Timedelta(days=9), received_on=AS_OF - pd.Timedelta(days=5))
    _, facts, known = lead_times({}, receipts=pd.concat([THEIRS, young, old]))
    assert [n.code for n in known.findings.notices] == ["forgotten_orders", "delivered_orders_only"]
    assert facts["receipts"] == 8
    _, _, known = lead_times({}, receipts=THEIRS)
    assert known.findings.notices == []


def test_the_order_of_the_rows_changes_no_bit() -> None:
    frame = pd.concat([slower(), OWN, THEIRS], ignore_index=True)
    one, _, _ = lead_times({}, suppliers=SUPPLIER, receipts=frame)
    other, _, _ = lead_times({}, suppliers=SUPPLIER, receipts=frame.sample(frac=1, random_state=3))
    assert one.probability.tobytes() == other.probability.tobytes()
