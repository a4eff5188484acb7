"""A supplier that changed is found, one that didn't is left in peace as often as promised."""

from __future__ import annotations

import numpy as np
import pytest

from replenishment.lead_times.breaks import FALSE_ALARM, last_break


def history(days: np.ndarray, as_of: int, gap: int = 7, begin: int = 1000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Orders every ``gap`` days; what would come at ``as_of`` or later is still open."""
    ordered = begin + gap * np.arange(len(days))
    received = ordered + days < as_of
    keep = ordered < as_of
    waited = np.where(received, days, as_of - ordered).astype(float)
    return ordered[keep], waited[keep], received[keep]


def lognormal(random: np.random.Generator, orders: int, median: float = 14.0) -> np.ndarray:
    """On the day in half of the cases, else late with a heavy tail."""
    late = np.ceil(median + 6 * np.exp(random.standard_normal(orders)))
    return np.where(random.random(orders) < 0.5, median, late)


@pytest.mark.parametrize("orders", [25, 60, 150])
def test_a_supplier_that_never_changed_is_accused_in_one_case_of_a_hundred_at_most(orders: int) -> None:
    """Skewed days with many ties, the youngest orders open. 600 histories; the bound is three standard errors up."""
    random = np.random.default_rng(0)
    alarms = 0
    for _ in range(600):
        days = lognormal(random, orders)
        alarms += last_break(*history(days, 1000 + 7 * orders)) is not None
    assert alarms / 600 <= FALSE_ALARM + 3 * np.sqrt(FALSE_ALARM * (1 - FALSE_ALARM) / 600)


def test_the_test_at_a_tenth_raises_about_one_alarm_in_ten() -> None:
    """So that the bound above is not kept by never saying anything."""
    random = np.random.default_rng(1)
    found = [
        last_break(*history(random.gamma(25, 1.0, 150).round(), 1000 + 7 * 150), false_alarm=0.1) for _ in range(300)
    ]
    assert 0.03 <= np.mean([f is not None for f in found]) <= 0.13


def test_a_slower_supplier_is_found_with_date_and_both_means() -> None:
    random = np.random.default_rng(2)
    days = np.concatenate([random.gamma(31, 14 / 31, 80), random.gamma(31, 22 / 31, 22)]).round()
    found = last_break(*history(days, 1000 + 7 * 102))
    assert found is not None
    assert abs(found.day - (1000 + 7 * 80)) <= 21
    assert found.before == pytest.approx(14.0, abs=0.7)
    assert found.after == pytest.approx(22.0, abs=1.5)
    assert found.probability < FALSE_ALARM


def test_a_few_very_late_orders_are_no_break() -> None:
    random = np.random.default_rng(3)
    days = random.gamma(31, 14 / 31, 100).round()
    days[[91, 95]] = 300.0
    assert last_break(*history(days, 2000)) is None


def test_young_open_orders_do_not_look_slow_or_fast() -> None:
    """Of the last orders only the fast ones have come; a test on receipts alone calls that a change."""
    random = np.random.default_rng(4)
    days = random.exponential(120, 150).round()
    ordered, waited, received = history(days, 1000 + 2 * 150, gap=2)
    assert (~received).sum() > 30
    assert last_break(ordered, waited, received) is None
    only = last_break(ordered[received], waited[received], received[received])
    assert only is not None
    assert only.after < only.before


def test_the_latest_of_several_breaks_counts() -> None:
    random = np.random.default_rng(5)
    days = np.concatenate([random.gamma(50, m / 50, 60) for m in (10, 20, 14)]).round()
    found = last_break(*history(days, 5000))
    assert found is not None
    assert abs(found.day - (1000 + 7 * 120)) <= 21
    assert (found.before, found.after) == (pytest.approx(20, abs=1), pytest.approx(14, abs=1))


@pytest.mark.parametrize("orders", [0, 5, 15])
def test_too_few_orders_show_no_break(orders: int) -> None:
    days = np.where(np.arange(orders) < orders // 2, 5.0, 50.0)
    assert last_break(*history(days, 5000)) is None


def test_orders_that_all_take_as_long_show_no_break() -> None:
    assert last_break(*history(np.full(50, 14.0), 5000)) is None


def test_the_order_of_the_rows_does_not_matter() -> None:
    random = np.random.default_rng(6)
    parts = history(np.concatenate([random.gamma(9, 1.5, 40), random.gamma(9, 3, 40)]).round(), 5000)
    mixed = random.permutation(80)
    assert last_break(*parts) == last_break(*(part[mixed] for part in parts))
