"""Item, supplier, class: what each counts for, and what becomes of a thin one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from replenishment.lead_times import ItemBases, LeadTimeFit, OpenDays, OrderRecords, fit_lead_times

AS_OF = 20_000
NAN = np.nan


def bases(supplier: list[int], stated: list[float] | None = None, sd: float = NAN, differs: Any = False) -> ItemBases:
    n = len(supplier)
    return ItemBases(
        np.array(supplier),
        np.full(n, NAN) if stated is None else np.array(stated, dtype=float),
        np.full(n, sd),
        np.broadcast_to(np.array(differs), (n,)).copy(),
    )


def records(supplier: np.ndarray, item: np.ndarray, days: np.ndarray, promised: np.ndarray | None = None) -> Any:
    """Orders a week apart for each supplier, the oldest first; a last one a day ago is open."""
    m = len(days)
    rank = np.zeros(m, dtype=np.int64)
    for number in np.unique(supplier):
        own = np.flatnonzero(supplier == number)
        rank[own] = np.arange(len(own))[::-1]
    ordered = AS_OF - 400 - 7 * rank
    return OrderRecords.from_days(
        supplier=np.append(supplier, supplier[0]),
        item=np.append(item, -1),
        order=np.arange(m + 1),
        ordered=np.append(ordered, AS_OF - 1),
        received_on=np.append(ordered + days.astype(float), NAN),
        promised_on=np.append(ordered + promised, NAN) if promised is not None else np.full(m + 1, NAN),
        as_of=AS_OF,
        clocks=[OpenDays()] * (int(supplier.max()) + 1),
    )


def mean(fit: LeadTimeFit, item: int) -> float:
    law = fit.laws[fit.rows.tolist().index(item)]
    return float(law @ np.arange(len(law)))


def test_the_weights_say_how_the_mean_comes_about() -> None:
    """Without open orders the law is the mean of own, supplier's and prior law with the weights of the output."""
    random = np.random.default_rng(0)
    days = np.concatenate([random.gamma(16, 2, 5), random.gamma(16, 1, 40)]).round()
    item = np.full(45, -1)
    item[::9] = 0
    days = np.concatenate([days[:5, None], days[5:].reshape(5, 8)], axis=1).ravel()
    own_days = days[::9]
    # The open order of a day ago is at risk before anything comes: it moves nothing.
    fit = fit_lead_times(records(np.zeros(45, dtype=np.int64), item, days), bases([0, 0], [20.0, 20.0]))
    own, theirs, prior = fit.own_weight, fit.supplier_weight, fit.prior_weight
    np.testing.assert_allclose(own + theirs + prior, 1.0)
    assert own[1] == 0
    assert own[0] > 0
    for i in range(2):
        expected = own[i] * own_days.mean() + theirs[i] * days.mean() + prior[i] * 20.0
        assert mean(fit, i) == pytest.approx(expected, rel=1e-9)


def shop(seed: int, suppliers: int = 30, promise: bool = True) -> tuple[Any, ...]:
    """Suppliers that take 0.9 to 1.5 times what they state, on the day in a third of the cases; the last is thin."""
    random = np.random.default_rng(seed)
    stated = random.integers(5, 60, suppliers).astype(float)
    orders = np.append(random.integers(20, 60, suppliers - 1), 2)
    supplier = np.repeat(np.arange(suppliers), orders)
    factor = random.uniform(0.9, 1.5, suppliers)[supplier]
    days = np.where(
        random.random(len(supplier)) < 1 / 3,
        stated[supplier],
        (stated[supplier] * factor * random.gamma(9, 1 / 9, len(supplier))).round(),
    )
    return supplier, days, stated


def test_a_thin_supplier_is_drawn_to_what_suppliers_make_of_their_word() -> None:
    """Two orders say little; the class knows that the stated day is kept in a third of the cases."""
    supplier, days, stated = shop(0)
    fit = fit_lead_times(records(supplier, np.full(len(days), -1), days), bases(list(range(30)), list(stated)))
    assert fit.prior_is_class.all()
    assert fit.prior_weight[29] > 0.6
    law = fit.laws[29]
    assert law[int(stated[29])] == pytest.approx(1 / 3, abs=0.12)
    assert (fit.prior_weight[:29] < fit.prior_weight[29]).all()
    # Quantiles beyond all that two orders have shown.
    assert np.argmax(np.cumsum(law) >= 0.95) > max(days[-2:].max(), stated[29])


@pytest.mark.parametrize("seed", range(5))
def test_pooled_laws_are_nearer_to_the_truth_than_the_orders_alone(seed: int) -> None:
    """Twenty items of one supplier with three orders each, all alike: absolute errors of the cumulated law."""
    random = np.random.default_rng(seed)
    item = np.repeat(np.arange(20), 3)
    days = random.gamma(16, 1.5, 60).round()
    fit = fit_lead_times(records(np.zeros(60, dtype=np.int64), item, days), bases([0] * 20))
    many = np.sort(np.random.default_rng(99).gamma(16, 1.5, 200_000).round())
    grid = np.arange(80)
    true = np.searchsorted(many, grid, side="right") / len(many)
    pooled = alone = 0.0
    for i in range(20):
        pooled += np.abs(np.cumsum(np.pad(fit.laws[i], (0, 200))[:80]) - true).sum()
        alone += np.abs(np.searchsorted(np.sort(days[item == i]), grid, side="right") / 3 - true).sum()
    assert pooled < 0.5 * alone


def test_items_that_differ_are_left_apart() -> None:
    random = np.random.default_rng(3)
    item = np.tile(np.arange(10), 12)
    days = (20 + 10 * item + random.integers(-1, 2, 120)).astype(float)
    fit = fit_lead_times(records(np.zeros(120, dtype=np.int64), item, days), bases([0] * 10))
    assert (fit.own_weight > 0.8).all()
    for i in range(10):
        # A fifth of the supplier's mean at most.
        assert abs(mean(fit, i) - (20 + 10 * i)) < 0.2 * abs(65 - (20 + 10 * i)) + 1


def test_waits_that_follow_what_each_item_is_promised_are_pooled_as_lateness() -> None:
    """Late by one to three days whatever was promised: so is an item without an order, from its own statement."""
    random = np.random.default_rng(4)
    item = np.repeat(np.arange(10), 8)
    stated = np.append(10.0 + 5 * np.arange(10), 100.0)
    promised = stated[item]
    days = promised + random.choice([0, 0, 1, 3], 80)
    fit = fit_lead_times(records(np.zeros(80, dtype=np.int64), item, days, promised), bases([0] * 11, list(stated)))
    assert fit.suppliers[0].relative
    assert mean(fit, 10) == pytest.approx(101.0, abs=0.4)
    assert fit.laws[10][100] == pytest.approx(0.5, abs=0.15)
    assert mean(fit, 0) == pytest.approx(11.0, abs=0.7)


def test_another_mix_of_items_is_no_break() -> None:
    """First the quick items are ordered, then the slow ones; each takes what is stated for it and a little more."""
    random = np.random.default_rng(8)
    item = np.repeat(np.arange(10), 8)
    stated = 10.0 + 5 * np.arange(10)
    days = stated[item] + random.choice([0, 0, 1, 3], 80)
    everything = records(np.zeros(80, dtype=np.int64), item, days)
    assert fit_lead_times(everything, bases([0] * 10, list(stated))).suppliers[0].change is None
    # As plain days it would have been one.
    assert fit_lead_times(everything, bases([0] * 10)).suppliers[0].change is not None


def test_an_item_that_states_something_else_keeps_it_until_it_has_orders() -> None:
    days = np.full(20, 30.0)
    item = np.append(np.full(12, 0), np.full(8, -1))
    fit = fit_lead_times(
        records(np.zeros(20, dtype=np.int64), item, days),
        bases([0, 0, 0], [10.0, 10.0, 30.0], differs=[True, True, False]),
    )
    assert fit.rows.tolist() == [0, 2]
    assert mean(fit, 0) > 25
    assert fit.supplier_weight[0] == 0


def test_after_a_break_only_the_newer_orders_count() -> None:
    random = np.random.default_rng(5)
    days = np.concatenate([random.gamma(36, 0.4, 60), random.gamma(36, 0.7, 20)]).round()
    fit = fit_lead_times(records(np.zeros(80, dtype=np.int64), np.zeros(80, dtype=np.int64), days), bases([0], [14.0]))
    change = fit.suppliers[0].change
    assert change is not None
    assert mean(fit, 0) == pytest.approx(25.2, abs=2)
    assert fit.receipts[0] <= 25


def test_without_statement_and_class_the_orders_stand_alone() -> None:
    days = np.array([5.0, 7.0, 7.0])
    fit = fit_lead_times(records(np.zeros(3, dtype=np.int64), np.full(3, -1), days), bases([0, -1]))
    assert fit.rows.tolist() == [0]
    assert fit.laws[0][[5, 7]] == pytest.approx([1 / 3, 2 / 3])
    assert (fit.supplier_weight[0], fit.prior_weight[1]) == (1.0, 1.0)
    assert (fit.measured_mean[0], fit.receipts[0]) == (pytest.approx(19 / 3), 3)


def test_a_supplier_that_has_only_open_orders_has_no_law() -> None:
    found = OrderRecords.from_days(
        supplier=np.zeros(2, dtype=np.int64), item=np.zeros(2, dtype=np.int64), order=np.arange(2),
        ordered=AS_OF - np.array([9, 5]), received_on=np.full(2, NAN), promised_on=np.full(2, NAN), as_of=AS_OF,
        clocks=[OpenDays()],
    )  # fmt: skip
    fit = fit_lead_times(found, bases([0], [10.0]))
    assert (len(fit.rows), fit.reach) == (0, 0)
    assert fit.prior_weight[0] == 1.0


def test_openings_wait_for_the_days_of_the_law() -> None:
    days = np.array([5.0, 7.0, 8.0, 14.0])
    fit = fit_lead_times(records(np.zeros(4, dtype=np.int64), np.full(4, -1), days), bases([0]))
    times = fit.lead_times(lambda rows: np.tile(np.arange(0, fit.reach + 14, 7), (len(rows), 1)))
    np.testing.assert_allclose(times.probability, [[0, 0.5, 0.5]])


def test_the_order_of_the_rows_changes_no_bit() -> None:
    random = np.random.default_rng(6)
    supplier, days, stated = shop(7, suppliers=8)
    item = random.integers(-1, 8, len(days))
    parts = {
        "supplier": supplier, "item": np.where(item >= 0, supplier, -1), "order": random.integers(0, 150, len(days)),
        "ordered": AS_OF - random.integers(1, 900, len(days)),
    }  # fmt: skip
    received = parts["ordered"] + days
    parts |= {
        "received_on": np.where(received < AS_OF, received, NAN),
        "promised_on": parts["ordered"] + stated[supplier],
    }
    laws = []
    for order in (np.arange(len(days)), random.permutation(len(days)), np.arange(len(days))[::-1]):
        mixed = {name: part[order] for name, part in parts.items()}
        fit = fit_lead_times(
            OrderRecords.from_days(**mixed, as_of=AS_OF, clocks=[OpenDays()] * 8), bases(list(range(8)), list(stated))
        )
        laws.append(b"".join(law.tobytes() for law in fit.laws) + fit.own_weight.tobytes())
    assert laws[0] == laws[1] == laws[2]
