"""Orders of the coming weeks: against a plain loop, and by hand where demand is steady, seasonal or promoted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from replenishment.planned_orders import CurrentPolicy, level_shifts, plan_orders, shown_mean


def policy(n: int, **changes: Any) -> CurrentPolicy:
    values: dict[str, Any] = {
        "reorder_point": 29.0, "raise_to": 30.0, "lot": 1.0, "minimum": 0.0, "maximum": np.nan, "pack": 1.0,
        "integral": True, "review": 1, "lead_time": 2, "ordering": True, **changes,
    }  # fmt: skip
    kinds = {"integral": np.bool_, "ordering": np.bool_, "review": np.int64, "lead_time": np.int64}
    return CurrentPolicy(**{k: np.broadcast_to(np.array(v, kinds.get(k, np.float64)), (n,)) for k, v in values.items()})


def by_hand(p: CurrentPolicy, i: int, shifts: Any, demand: Any, net: float, arrivals: Any, first: float) -> Any:
    """One item, one opening after the other, with lists and ifs."""
    pipeline = {k: float(units) for k, units in enumerate(arrivals)}
    stock, orders, ends = net, [], []
    for k, wanted in enumerate(demand):
        step = round(shifts[k]) if p.integral[i] else shifts[k]
        stock += pipeline.pop(k, 0.0)
        position = stock + sum(pipeline.values())
        order = 0.0
        if k == 0:
            order = first
        elif k % p.review[i] == 0 and position <= p.reorder_point[i] + step:
            need = max(p.raise_to[i] + step - position, 0.0)
            while order < need - 1e-9 or 0 < order < p.minimum[i]:
                order += p.lot[i]
            while order > p.lot[i] and order > p.minimum[i] and position + order > p.maximum[i]:
                order -= p.pack[i]
        if order:
            pipeline[k + p.lead_time[i]] = pipeline.get(k + p.lead_time[i], 0.0) + order
            if p.lead_time[i] == 0:
                stock += pipeline.pop(k)
        stock -= wanted
        orders.append(order)
        ends.append(stock)
    return orders, ends


def test_it_is_the_plain_loop() -> None:
    random = np.random.default_rng(5)
    n, t = 40, 30
    lot = random.choice([1.0, 6.0], n)
    reorder = random.integers(5, 40, n).astype(float)
    p = policy(
        n,
        reorder_point=reorder,
        raise_to=reorder + random.integers(1, 30, n),
        lot=lot,
        pack=lot,
        minimum=lot * random.integers(0, 3, n),
        review=random.integers(1, 5, n),
        lead_time=random.integers(0, 6, n),
        maximum=np.where(random.random(n) < 0.3, reorder + 40, np.nan),
    )
    shifts, demand = random.normal(0, 4, (n, t)), random.integers(0, 9, (n, t)).astype(float)
    net, arrivals = random.integers(-5, 30, n).astype(float), random.integers(0, 9, (n, 4)).astype(float)
    first = lot * random.integers(0, 4, n)
    found = plan_orders(p, shifts, demand, net, arrivals, first)
    for i in range(n):
        orders, ends = by_hand(p, i, shifts[i], demand[i], net[i], arrivals[i], first[i])
        np.testing.assert_allclose(found.orders[i], orders)
        np.testing.assert_allclose(found.stock[i], ends)


def test_steady_demand_is_ordered_review_by_review() -> None:
    """5 a day, reviewed every 7 days with a lead time of 2: 35 at each review, the level never moves."""
    demand = np.full((1, 28), 5.0)
    found = plan_orders(
        policy(1, reorder_point=59.0, raise_to=60.0, review=7),
        np.zeros((1, 28)), demand, np.array([20.0]), np.zeros((1, 1)), np.array([40.0]),
    )  # fmt: skip
    assert found.orders[0, ::7].tolist() == [40.0, 35.0, 35.0, 35.0]
    assert found.orders.sum() == 145
    assert (found.raise_to == 60).all()
    # Just before an arrival 60 less the demand of nine days is left.
    assert found.stock[0, 7:].min() == 60 - 9 * 5


def test_no_order_is_planned_for_a_held_item() -> None:
    held = policy(1, ordering=False)
    found = plan_orders(held, np.zeros((1, 9)), np.ones((1, 9)), np.array([3.0]), np.zeros((1, 1)), np.array([5.0]))
    assert not found.orders.any()
    assert found.stock[0, -1] == 3 - 9


def test_levels_follow_a_promotion_within_the_protection_interval() -> None:
    """Twice the demand in periods 6 to 8, protected over 3: levels rise from opening 4 to 6 and fall again."""
    demand = np.ones(16) * 10
    demand[6:9] *= 2
    mean = np.array([[demand[k : k + 3].sum() for k in range(13)]])
    shifts = level_shifts(mean, np.array([np.sqrt(30.0)]), np.array([12.0]))
    assert shifts[0, :4].tolist() == [0.0, 0.0, 0.0, 0.0]
    # Twice the mean of a Poisson demand: its standard deviation grows by the root of two.
    assert shifts[0, 6] == pytest.approx(30 + 12 * (np.sqrt(2) - 1))
    assert shifts[0, 4] < shifts[0, 5] < shifts[0, 6] > shifts[0, 7] > shifts[0, 8]


@pytest.mark.parametrize("times", [0.5, 2.0, 3.0])
def test_the_standard_deviation_is_that_of_a_negative_binomial_of_the_same_dispersion(times: float) -> None:
    size, mean = 4.0, 25.0
    now = stats.nbinom(size, size / (size + mean)).std()
    then = stats.nbinom(size, size / (size + times * mean)).std()
    shift = level_shifts(np.array([[mean, times * mean]]), np.array([now]), np.array([10.0]))[0, 1]
    assert shift == pytest.approx(mean * (times - 1) + 10.0 * (then / now - 1))


def test_sampling_noise_moves_no_level_and_a_season_does() -> None:
    random = np.random.default_rng(1)
    sums = random.poisson(20.0, (200, 400, 10)).astype(float)
    sums[:, :, 5] += random.poisson(4.0, (200, 400))
    mean = shown_mean(sums)
    assert (mean[:, 5] > mean[:, 0]).all()
    steady = np.delete(mean, 5, axis=1)
    assert (steady == steady[:, :1]).mean() > 0.99
