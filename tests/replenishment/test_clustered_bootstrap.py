"""The interval of an achieved rate: checked where the truth is known."""

from __future__ import annotations

import os

import numpy as np
import pytest

from replenishment.clustered_bootstrap import FEWEST_BLOCKS, rate_interval, sum_blocks

PERIODS, LEAD_TIME = 104, 3
H = LEAD_TIME + 1
# A thousand worlds with RESTOCK_WORLDS=1000; everyday as many as tell a broken interval from a sound one.
WORLDS = int(os.environ.get("RESTOCK_WORLDS", "200"))


def world(rng: np.random.Generator, skus: int, shock: float) -> tuple[np.ndarray, np.ndarray]:
    """Units short and demanded, (skus, PERIODS), of base-stock policies, in closed form.

    Rates and dispersions differ by SKU; what the common ``shock`` of a period raises, it raises for all. With base
    stock S and lead time L the net stock at the end of period t is S less the demand of t - L ... t.
    """
    rate, dispersion = 3.0 * rng.gamma(1.0, 1.0, skus), rng.uniform(1.0, 4.0, skus)
    periods = PERIODS + LEAD_TIME
    common = np.exp(shock * rng.standard_normal(periods) - shock**2 / 2)
    shape = 1.0 / np.maximum(dispersion - 1.0, 1e-3)[:, None]
    demand = rng.poisson(rate[:, None] * common * rng.gamma(shape, 1.0 / shape, (skus, periods)))
    stock = np.ceil(rate * H + 2.0 * np.sqrt(rate * H * dispersion))
    before = np.cumsum(np.pad(demand, ((0, 0), (1, 0))), axis=1)
    over = before[:, H:] - before[:, :-H] - stock[:, None]
    own = demand[:, LEAD_TIME:].astype(float)
    return np.clip(over, 0.0, own), own


@pytest.mark.parametrize(("skus", "shock"), [pytest.param(300, 0.0, marks=pytest.mark.thorough), (300, 0.15)])
def test_the_interval_holds_the_truth_in_nineteen_worlds_of_twenty(skus: int, shock: float) -> None:
    rng = np.random.default_rng(11)
    many = [world(rng, 2000, shock) for _ in range(100)]
    truth = sum(short.sum() for short, _ in many) / sum(demand.sum() for _, demand in many)
    held = []
    for _ in range(WORLDS):
        short, demand = (sum_blocks(units, 2 * H) for units in world(rng, skus, shock))
        low, high = rate_interval(short, demand, rng.integers(0, 2**63, skus).astype(np.uint64), draws=400)
        held.append(low <= truth <= high)
    # Three standard errors of so many worlds around the 93 to 97 % that a thousand must show.
    slack = 3.0 * np.sqrt(0.95 * 0.05 / WORLDS) if WORLDS < 1000 else 0.0
    assert 0.93 - slack <= np.mean(held) <= 0.97 + slack, np.mean(held)


def test_units_are_no_independent_trials() -> None:
    """What whole SKUs or whole seasons have in common widens the interval; pairs of twins say no more than one."""
    rng = np.random.default_rng(2)
    short, demand = (sum_blocks(units, 2 * H) for units in world(rng, 200, 0.0))
    keys = rng.integers(0, 2**63, 200).astype(np.uint64)
    low, high = rate_interval(short, demand, keys)
    rate = short.sum() / demand.sum()
    binomial = 2 * 1.96 * np.sqrt(rate * (1 - rate) / demand.sum())
    assert high - low > 2.0 * binomial
    shaken = (sum_blocks(units, 2 * H) for units in world(rng, 200, 0.5))
    wide_low, wide_high = rate_interval(*shaken, keys)
    assert wide_high - wide_low > 1.5 * (high - low)


def test_the_standard_error_is_that_of_two_way_clusters() -> None:
    """Against the sandwich formula written out, on smooth data where the studentised bootstrap adds little."""
    rng = np.random.default_rng(4)
    n, b = 400, 40
    demand = np.full((n, b), 50.0)
    rates = 0.3 + 0.05 * rng.standard_normal((n, 1)) + 0.02 * rng.standard_normal((1, b))
    short = rng.binomial(50, np.clip(rates, 0, 1)).astype(float)
    low, high = rate_interval(short, demand, rng.integers(0, 2**63, n).astype(np.uint64), draws=4000)
    rate = short.sum() / demand.sum()
    e = (short - rate * demand) / demand.sum()
    sku = n / (n - 1) * (e.sum(axis=1) ** 2).sum()
    block = b / (b - 1) * ((e.sum(axis=0) ** 2).sum() - ((e - e.mean(axis=1, keepdims=True)) ** 2).sum())
    assert (high - low) / (2 * 1.96) == pytest.approx(np.sqrt(sku + block), rel=0.06)


def test_the_draws_of_a_sku_do_not_depend_on_the_order_of_rows() -> None:
    rng = np.random.default_rng(5)
    short, demand = (sum_blocks(units, 2 * H) for units in world(rng, 50, 0.1))
    keys = rng.integers(0, 2**63, 50).astype(np.uint64)
    back = np.arange(50)[::-1]
    assert rate_interval(short, demand, keys) == pytest.approx(
        rate_interval(short[back], demand[back], keys[back]), abs=1e-12
    )


def test_few_blocks_leave_the_skus_alone_as_clusters() -> None:
    rng = np.random.default_rng(6)
    short, demand = (units[:, :40] for units in world(rng, 80, 0.3))
    keys = rng.integers(0, 2**63, 80).astype(np.uint64)
    few = rate_interval(*(sum_blocks(units, 40 // (FEWEST_BLOCKS - 1)) for units in (short, demand)), keys)
    one = rate_interval(*(sum_blocks(units, 40) for units in (short, demand)), keys)
    assert few == pytest.approx(one)


def test_the_ends_of_the_scale() -> None:
    demand, keys = np.full((10, 2), 5.0), np.arange(10, dtype=np.uint64)
    low, high = rate_interval(np.zeros((10, 2)), demand, keys)
    # Twenty equal cells without a failure: 1 - 0.025 ** (1 / 20).
    assert (low, high) == pytest.approx((0.0, 0.16843), abs=1e-5)
    low, high = rate_interval(demand, demand, keys)
    assert (low, high) == pytest.approx((1 - 0.16843, 1.0), abs=1e-5)
    assert rate_interval(demand[:1] / 2, demand[:1], keys[:1]) == (0.0, 1.0)
    assert np.isnan(rate_interval(np.zeros((3, 2)), np.zeros((3, 2)), keys[:3])).all()


def test_blocks_end_with_the_last_period() -> None:
    values = np.arange(11.0)[None, :]
    assert sum_blocks(values, 4).tolist() == [[0 + 1 + 2 + 3 + 4 + 5 + 6, 7 + 8 + 9 + 10]]
    assert sum_blocks(values, 30).tolist() == [[55.0]]
