"""Figures agree with a loop over the lines of each group."""

from __future__ import annotations

import numpy as np
import pytest

from replenishment.backorders.kpis import group_kpis, line_fates, ordered_again
from replenishment.backorders.ledger import NEVER, OrderLedger
from tests.replenishment.backorders.lines import AS_OF, ledger


def history(seed: int, n: int = 400) -> tuple[OrderLedger, np.ndarray]:
    random = np.random.default_rng(seed)
    quantity = random.integers(1, 9, n).astype(float)
    shipped = np.where(random.random(n) < 0.8, quantity, np.floor(quantity * random.random(n)))
    ordered = AS_OF - random.integers(-2, 90, n)
    shipped_on = np.where(shipped > 0, ordered + random.integers(0, 12, n) * (random.random(n) < 0.3), NEVER)
    cancelled = np.where((shipped < quantity) & (random.random(n) < 0.4), ordered + 5, NEVER)
    promised = np.where(random.random(n) < 0.7, ordered + random.integers(0, 9, n), NEVER)
    lines = ledger(
        quantity.tolist(),
        shipped=shipped,
        ordered=ordered,
        wanted=ordered,
        shipped_on=shipped_on,
        cancelled_on=cancelled,
    )
    return lines, promised


def test_figures_of_each_group() -> None:
    lines, promised = history(4)
    random = np.random.default_rng(5)
    n = len(lines)
    group, order, price = random.integers(-1, 3, n), random.integers(0, 90, n), random.uniform(1, 9, n)
    found = group_kpis(lines, line_fates(lines, promised), order, price, group, 4)
    for g in range(4):
        due = [k for k in range(n) if group[k] == g and lines.ordered[k] < AS_OF]
        left = {k: min(lines.shipped[k], lines.quantity[k]) if lines.shipped_on[k] < AS_OF else 0.0 for k in due}
        full = {k for k in due if left[k] == lines.quantity[k]}
        late = [k for k in due if not (k in full and lines.shipped_on[k] <= lines.wanted[k])]
        assert found["lines"][g] == len(due)
        if not due:
            assert np.isnan(found["backorder_rate_lines"][g])
            continue
        money = {k: lines.quantity[k] * price[k] for k in due}
        assert found["backorder_rate_lines"][g] == len(late) / len(due)
        assert found["backorder_rate_orders"][g] == len({order[k] for k in late}) / len({order[k] for k in due})
        assert found["backorder_rate_value"][g] == pytest.approx(sum(money[k] for k in late) / sum(money.values()))
        waits = [lines.shipped_on[k] - lines.wanted[k] for k in late if k in full]
        assert found["time_to_fill_mean"][g] == pytest.approx(np.mean(waits))
        assert found["time_to_fill_median"][g] == np.quantile(waits, 0.5, method="inverted_cdf")
        assert found["time_to_fill_q90"][g] == np.quantile(waits, 0.9, method="inverted_cdf")
        gone = [k for k in late if lines.cancelled_on[k] < AS_OF and k not in full]
        assert found["cancellation_rate"][g] == len(gone) / len(late)
        parts = [found[f"revenue_{name}"][g] for name in ("earned", "cancelled", "waiting")]
        assert sum(parts) == pytest.approx(found["revenue_on_backorder"][g])
        assert parts[1] == pytest.approx(sum((lines.quantity[k] - left[k]) * price[k] for k in gone))
        judged = [
            k
            for k in due
            if promised[k] < AS_OF and k not in gone and not (lines.cancelled_on[k] < AS_OF and k not in full)
        ]
        kept = [k for k in judged if k in full and lines.shipped_on[k] <= promised[k]]
        assert found["promise_kept"][g] == pytest.approx(len(kept) / len(judged))
        of_late = len(set(kept) & set(late)) / len(set(judged) & set(late))
        assert found["promise_kept_backordered"][g] == pytest.approx(of_late)


def test_customers_who_come_back_are_counted_once_it_can_be_known() -> None:
    """Customer 0 orders on days 10, 10 (the same order), 25 and 80; customer 1 once; an unknown one twice."""
    customer, order = np.array([0, 0, 0, 0, 1, -1, -1]), np.array([5, 5, 6, 7, 8, 9, 3])
    day = np.array([10, 10, 25, 80, 12, 14, 15])
    found = ordered_again(customer, order, day, 100, 30)
    assert found[:5].tolist() == [1, 1, 0, pytest.approx(np.nan, nan_ok=True), 0]
    assert np.isnan(found[5:]).all()
