"""Exceptions: one item of each kind by hand, deadlines against a plain loop."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from replenishment.alerts import NO_DEADLINE, Exceptions, Outlook, find_exceptions, runs_out_at, tracking_signal

T = 20


def outlook(*items: dict[str, Any]) -> Outlook:
    """Items that sell 5 a period, with 50 on hand, a lead time of 4 and a review of 1, but for the changes."""
    usual: dict[str, Any] = {
        "net_stock": 50.0, "on_hand": 50.0, "excess": 0.0, "order": 0.0, "lot": 1.0, "safety_stock": 5.0,
        "lead_time": 4, "review": 1, "stock_out_probability": 0.0, "units_at_risk": 0.0, "wanted": True, "dead": False,
    }  # fmt: skip
    rows = [{**usual, **item} for item in items]
    arrivals = np.zeros((len(rows), T + 5))
    demand = np.full((len(rows), T), 5.0)
    for i, row in enumerate(rows):
        for opening, units in row.pop("due", {}).items():
            arrivals[i, opening] = units
        demand[i] = row.pop("demand", 5.0)
    columns = {name: np.array([row[name] for row in rows]) for name in usual}
    return Outlook(demand, arrivals, **columns)


def found(*items: dict[str, Any]) -> dict[str, Exceptions]:
    return {each.kind: each for each in find_exceptions(outlook(*items)) if len(each.items)}


@pytest.mark.parametrize(
    ("item", "kind", "units", "last", "until"),
    [
        # 3 wait and 4 periods pass until an order placed now arrives.
        ({"net_stock": -3.0}, "stocked out", 3 + 4 * 5, 0, 0),
        ({"net_stock": -3.0, "due": {2: 9.0}}, "stocked out", 3 + 2 * 5, 0, 0),
        # 12 last through periods 0 and 1; the open order comes at opening 4, when 8 are missing.
        ({"net_stock": 12.0, "due": {4: 30.0}}, "expedite", 8, 2, 2),
        ({"net_stock": 12.0, "due": {4: 3.0}}, "expedite", 3, 2, 2),
        # A new order would be there before the open one: nothing to expedite.
        ({"net_stock": 12.0, "due": {6: 30.0}, "stock_out_probability": 0.9, "units_at_risk": 7.0},
         "potential stock-out", 7, 2, 2),
        # 50 last through period 9; what is ordered at opening 6 is there at opening 10.
        ({"order": 40.0}, "order", 40, 6, 10),
        ({"net_stock": 12.0, "order": 40.0}, "order", 40, 0, 2),
        ({"excess": 30.0, "due": {3: 20.0}}, "cancel", 20, 3, NO_DEADLINE),
        ({"excess": 10.0, "due": {3: 20.0}}, "cancel", 10, 3, NO_DEADLINE),
        # Without it stock falls below its safety of 5 in period 9; it comes at 3.
        ({"due": {3: 20.0}}, "defer", 20, 3, 9),
        ({"excess": 30.0}, "excess", 30, NO_DEADLINE, NO_DEADLINE),
        ({"dead": True, "excess": 30.0, "wanted": False, "demand": 0.0}, "dead stock", 50, NO_DEADLINE, NO_DEADLINE),
    ],
)  # fmt: skip
def test_each_kind_with_its_units_and_deadline(
    item: dict[str, Any], kind: str, units: float, last: int, until: int
) -> None:
    each = found(item)
    assert list(each) == [kind]
    only = each[kind]
    assert (only.items.tolist(), only.units.tolist()) == ([0], [units])
    assert (only.last.tolist(), only.until.tolist()) == ([last], [until])


@pytest.mark.parametrize(
    "item",
    [{}, {"due": {9: 50.0}}, {"due": {10: 20.0}}, {"excess": 1.0}, {"net_stock": 0.0, "wanted": False, "demand": 0.0}],
)
def test_nothing_is_said_of_what_is_fine(item: dict[str, Any]) -> None:
    assert not found(item)


def test_when_stock_runs_out_is_the_plain_loop() -> None:
    random = np.random.default_rng(3)
    items = [
        {"net_stock": float(random.integers(-3, 60)), "demand": random.integers(0, 9, T).astype(float),
         "due": {int(random.integers(0, T + 5)): float(random.integers(1, 40)) for _ in range(2)}}
        for _ in range(60)
    ]  # fmt: skip
    seen = outlook(*(dict(item) for item in items))
    for i, at in enumerate(runs_out_at(seen)):
        stock, expected = items[i]["net_stock"], T
        for k in range(T):
            stock += items[i]["due"].get(k, 0.0) - items[i]["demand"][k]
            if stock < 0:
                expected = k
                break
        assert at == expected


def test_an_order_at_its_last_opening_arrives_in_time_and_one_later_does_not() -> None:
    seen = outlook({"order": 40.0})
    only = next(each for each in find_exceptions(seen) if each.kind == "order")
    for opening, short in ((only.last[0], False), (only.last[0] + 1, True)):
        arrivals = seen.arrivals.copy()
        arrivals[0, opening + seen.lead_time[0]] += 40
        stock = 50 + np.cumsum(arrivals[0, :T] - seen.demand[0])
        assert (stock[: only.until[0] + 1] < 0).any() == short


def test_the_tracking_signal_is_standard_without_bias_and_grows_with_it() -> None:
    random = np.random.default_rng(0)
    mean = np.full((20_000, 5), 30.0)
    actual = random.poisson(mean).astype(float)
    actual[:, 4] = np.nan
    signal = tracking_signal(actual, mean, np.sqrt(mean))
    assert abs(signal.mean()) < 0.03
    assert signal.std() == pytest.approx(1.0, abs=0.02)
    biased = tracking_signal(actual * 1.3, mean, np.sqrt(mean))
    assert biased.mean() == pytest.approx(4 * 9 / np.sqrt(4 * 30), abs=0.05)
    assert tracking_signal(np.full((1, 2), np.nan), mean[:1, :2], mean[:1, :2]).tolist() == [0.0]
