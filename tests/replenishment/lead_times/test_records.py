"""Purchase-order lines become spells of waiting: nothing from the future, nothing twice, nothing that misleads."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from replenishment.lead_times import OpenDays, OrderRecords

AS_OF = 20_000
NAN = np.nan


def records(ordered: list[int], received: list[float], as_of: int = AS_OF, **more: Any) -> OrderRecords:
    """Lines of one supplier; days are counted back from 20,000."""
    m = len(ordered)
    given: dict[str, Any] = {
        "supplier": np.zeros(m, dtype=np.int64),
        "item": np.full(m, -1),
        "order": np.arange(m),
        "promised_on": np.full(m, NAN),
        "clocks": [OpenDays()],
        **more,
    }
    return OrderRecords.from_days(
        ordered=AS_OF - np.array(ordered), received_on=AS_OF - np.array(received, dtype=float), as_of=as_of, **given
    )


def test_an_order_has_come_is_open_or_is_not_known_yet() -> None:
    found = records([50, 40, 30, -3], [40, NAN, 12, -9])
    assert found.waited.tolist() == [10, 40, 18]
    assert found.received.tolist() == [True, False, True]
    assert found.too_young == 0


def test_what_came_later_than_as_of_is_still_open_then() -> None:
    """A plan for a day of the past sees the order and not its receipt."""
    found = records([50, 40, 5], [40, 20, 1], as_of=AS_OF - 20)
    assert found.waited.tolist() == [10, 20]
    assert found.received.tolist() == [True, False]


def test_a_receipt_before_its_order_is_no_record() -> None:
    assert len(records([50, 40, 30], [60, 35, NAN])) == 2


def test_a_line_open_far_longer_than_anything_ever_took_is_forgotten_paper() -> None:
    came = list(range(100, 200, 10))
    found = records([*came, 300, 29], [*(day - 10 for day in came), NAN, NAN])
    assert found.forgotten == 1
    assert (~found.received).sum() == 1


def test_where_only_deliveries_are_on_file_young_orders_are_left_out() -> None:
    """Of the orders of the last weeks only the fast ones are there; the 0.98 quantile says which weeks."""
    random = np.random.default_rng(0)
    ordered = random.integers(0, 700, 4000)
    days = random.gamma(4, 10, 4000).round()
    seen = days < ordered
    found = records(list(ordered[seen]), list((ordered - days)[seen].astype(float)))
    assert found.too_young == seen.sum() - len(found)
    age = AS_OF - found.ordered
    assert age.min() > np.quantile(days, 0.97)
    young = ordered[seen] <= age.min()
    # What was left out is too short, what is left is right.
    assert days[seen][young].mean() < 0.9 * days.mean()
    assert found.waited.mean() == pytest.approx(days.mean(), rel=0.03)


def test_where_a_file_begins_with_a_day_of_receipt_old_orders_count_from_then_on() -> None:
    random = np.random.default_rng(1)
    ordered = random.integers(0, 1000, 5000)
    days = random.gamma(4, 10, 5000).round()
    received = np.where(days < ordered, ordered - days, NAN)
    late_enough = ~(received > 800)  # the export holds what came in the last 800 days, or is open
    cut = records(list(ordered[late_enough]), list(received[late_enough]))
    assert (cut.entry > 0).any()
    old = cut.ordered < AS_OF - 800
    np.testing.assert_array_equal(cut.entry[old & cut.received], (AS_OF - 800 - cut.ordered)[old & cut.received])
    whole = records(list(ordered), list(received))
    assert (whole.entry == 0).all()


def test_lines_of_one_order_count_once_together() -> None:
    found = records([50, 50, 50, 40], [40, 40, 38, NAN], order=np.array([7, 7, 7, 9]), item=np.array([0, 0, 1, 0]))
    np.testing.assert_allclose(found.weights(by_item=False), [1 / 3, 1 / 3, 1 / 3, 1])
    np.testing.assert_allclose(found.weights(by_item=True), [1 / 2, 1 / 2, 1, 1])


def test_promises_are_waits_and_their_breach_calendar_days() -> None:
    """Day 20,000 is a Friday; ordered on the Wednesday nine days before, promised and received the next week."""
    promised = AS_OF - np.array([2.0, NAN])
    found = records([9, 9], [1, NAN], promised_on=promised, clocks=[OpenDays((5, 6))])
    assert found.waited.tolist() == [6, 7]
    np.testing.assert_array_equal(found.promised, [5, NAN])
    np.testing.assert_array_equal(found.late, [1, NAN])
