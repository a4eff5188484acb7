"""Service of a policy: against direct sums over Poisson probabilities and against stock kept period by period."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from replenishment.service import ProtectionDemand, smallest_level

DRAWS = 20_000
# Mean demand a period, lead time and review interval in periods.
SETTINGS = [(3.0, 2, 1), (0.4, 5, 3), (10.0, 0, 1), (2.0, 4, 7)]


def window(demand: np.ndarray, lead_time: int, review: int) -> tuple[np.ndarray, np.ndarray]:
    """Cumulative demand before and at the ends of the review interval; from (paths, lead time + review)."""
    cumulative = np.concatenate([np.zeros((len(demand), 1)), demand.cumsum(axis=1)], axis=1)
    return cumulative[:, lead_time], cumulative[:, lead_time + 1 : lead_time + review + 1]


def protection(demand: np.ndarray, lead_time: int, review: int, whole: bool = True) -> ProtectionDemand:
    before, ends = (part.astype(np.float32)[None] for part in window(demand, lead_time, review))
    return ProtectionDemand.from_sums(before, np.ascontiguousarray(ends), np.array([whole]))


def poisson_draws(rate: float, lead_time: int, review: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).poisson(rate, (DRAWS, lead_time + review))


@cache
def exact_service(levels: range, rate: float, lead_time: int, review: int) -> tuple[float, float, float]:
    """Backorder rate, ready rate and mean stock, averaged over position and the periods of a review interval.

    Straight from the clock: with ``a`` units demanded since the order, ``level - a`` are on hand; of ``d`` units
    that then come, what exceeds them waits.
    """
    a, d = np.arange(250)[:, None], np.arange(80)[None, :]
    short = ready = stock = 0.0
    for position in levels:
        for k in range(lead_time, lead_time + review):
            probability = stats.poisson.pmf(a, rate * k) * stats.poisson.pmf(d, rate)
            on_hand = np.maximum(position - a, 0)
            short += (probability * np.maximum(d - on_hand, 0)).sum()
            ready += (probability * (a + d < position)).sum()
            stock += (probability * np.maximum(position - a - d, 0)).sum()
    cases = len(levels) * review
    return short / (cases * rate), ready / cases, stock / cases


@pytest.mark.parametrize(("rate", "lead_time", "review"), SETTINGS)
@pytest.mark.parametrize("lot", [1, 6])
def test_service_under_poisson_demand_is_the_direct_sum_over_its_probabilities(
    rate: float, lead_time: int, review: int, lot: int
) -> None:
    """Base stock (a lot of one) and lots of six, level by level, within four standard errors of 20,000 paths."""
    draws = poisson_draws(rate, lead_time, review)
    before, ends = window(draws, lead_time, review)
    demand = protection(draws, lead_time, review)
    for s in range(0, int(demand.threshold[0]) - lot + 1, max(int(rate), 1)):
        levels = range(s + 1, s + lot + 1)
        short, ready, stock = exact_service(levels, rate, lead_time, review)
        on_path = np.mean([np.maximum(ends[:, -1] - y, 0) - np.maximum(before - y, 0) for y in levels], axis=0)
        error = on_path.std() / np.sqrt(DRAWS) / (rate * review) + 1e-4
        assert demand.backorder_rate(s, lot)[0] == pytest.approx(short, abs=4 * error)
        assert demand.ready_rate(s, lot)[0] == pytest.approx(ready, abs=4 * 0.5 / np.sqrt(DRAWS))
        assert demand.mean_stock(s, lot)[0] == pytest.approx(stock, abs=4 * ends.std() / np.sqrt(DRAWS))


def promises(
    rate: float, lead_time: int, review: int, target: float, samples: int = 60, paths: int = 400
) -> tuple[float, float]:
    """The mean rate promised at the smallest level that the paths find good enough, and the mean exact rate there."""
    promised, exact = [], []
    for seed in range(samples):
        demand = protection(poisson_draws(rate, lead_time, review, seed)[:paths], lead_time, review)
        one, low, start = np.array([True]), np.array([-1.0]), np.array([3.0])
        s = smallest_level(partial(demand.backorder_rate, lot=1), np.array([target]), one, low, start)
        promised.append(demand.backorder_rate(s, 1)[0])
        exact.append(exact_service(range(int(s[0]) + 1, int(s[0]) + 2), rate, lead_time, review)[0])
    return float(np.mean(promised)), float(np.mean(exact))


@pytest.mark.parametrize(("rate", "lead_time", "review"), SETTINGS)
@pytest.mark.parametrize("target", [0.02, 0.005])
def test_what_400_paths_promise_is_kept_on_the_average_of_many_items(
    rate: float, lead_time: int, review: int, target: float
) -> None:
    """The level is sought on the sample; under the true Poisson demand it still serves as wanted, or nearly."""
    promised, exact = promises(rate, lead_time, review, target)
    assert promised <= target
    assert exact <= 1.1 * target
    assert exact <= 2.5 * promised


@pytest.mark.parametrize("s", [0, 3, 6, 9])
def test_under_continuous_review_a_unit_waits_if_its_lead_time_demand_takes_the_stock(s: int) -> None:
    """Base stock s + 1 with Poisson lead-time demand D: the share of units that wait is P(D > s)."""
    before = np.random.default_rng(1).poisson(4.0, (1, DRAWS)).astype(np.float32)
    demand = ProtectionDemand.from_sums(before, np.empty((1, DRAWS, 0), dtype=np.float32), np.array([True]))
    exact = stats.poisson.sf(s, 4.0)
    assert demand.window_units[0] == 1
    assert demand.backorder_rate(s, 1)[0] == pytest.approx(exact, abs=4 * np.sqrt(exact / DRAWS))
    spread = np.mean([stats.poisson.sf(s + k, 4.0) for k in range(5)])
    assert demand.backorder_rate(s, 5)[0] == pytest.approx(spread, abs=4 * np.sqrt(exact / DRAWS))


@dataclass
class Ledger:
    """What a shop that orders in lots counts, period by period."""

    short: list[float]
    stock: list[float]

    def shares(self, demand: np.ndarray, batches: int = 40) -> dict[str, tuple[float, float]]:
        """Each measure with the standard error of batch means."""
        short, stock, asked = (np.array_split(np.array(x), batches) for x in (self.short, self.stock, demand))
        measures = {
            "backorder_rate": [a.sum() / b.sum() for a, b in zip(short, asked, strict=True)],
            "ready_rate": [(part > 0).mean() for part in stock],
            "mean_stock": [part.mean() for part in stock],
        }
        return {name: (float(np.mean(x)), float(np.std(x) / np.sqrt(batches))) for name, x in measures.items()}


def keep_shop(demand: np.ndarray, s: float, lot: float, lead_time: int, review: int, lost: bool = False) -> Ledger:
    """Receive, review, then demand: an order of whole lots lifts the position just above ``s``."""
    on_hand, due, ledger = s + lot, [0.0] * (len(demand) + lead_time + 1), Ledger([], [])
    on_order = 0.0
    for t, wanted in enumerate(demand.tolist()):
        on_hand += due[t]
        on_order -= due[t]
        if t % review == 0:
            ordered = 0.0
            while on_hand + on_order + ordered <= s:
                ordered += lot
            if lead_time:
                due[t + lead_time] += ordered
                on_order += ordered
            else:
                on_hand += ordered
        short = max(wanted - max(on_hand, 0.0), 0.0)
        on_hand -= wanted - short if lost else wanted
        ledger.short.append(short)
        ledger.stock.append(max(on_hand, 0.0))
    return ledger


@pytest.mark.parametrize(
    ("kind", "s", "lot", "lead_time", "review"),
    [("poisson", 9, 12, 2, 1), ("lumpy", 20, 7, 3, 2), ("poisson", 4, 25, 0, 3), ("gamma", 9.0, 5.5, 1, 2)],
)
def test_orders_in_lots_are_served_as_in_a_shop_kept_for_thousands_of_periods(
    kind: str, s: float, lot: float, lead_time: int, review: int
) -> None:
    """The position is even over the lot (Hadley and Whitin): a plain loop agrees within both standard errors."""
    rng = np.random.default_rng(3)

    def draw(shape: int | tuple[int, int]) -> np.ndarray:
        if kind == "gamma":
            return rng.gamma(1.5, 2.0, shape)
        return rng.poisson(3.0, shape) if kind == "poisson" else rng.geometric(0.25, shape) * (rng.random(shape) < 0.6)

    history = draw(60_000 // review * review)
    kept = keep_shop(history, s, lot, lead_time, review).shares(history)
    draws = draw((DRAWS, lead_time + review))
    demand = protection(draws, lead_time, review, kind != "gamma")
    spread = draws.sum(axis=1).std() / np.sqrt(DRAWS)
    for name, scale in (("backorder_rate", 1 / draws.mean() / review), ("ready_rate", 0.5), ("mean_stock", 1.0)):
        value, error = kept[name]
        own_error = scale * spread if name != "ready_rate" else 0.5 / np.sqrt(DRAWS)
        assert getattr(demand, name)(s, lot)[0] == pytest.approx(value, abs=4 * np.hypot(error, own_error)), name


def test_without_a_lead_time_a_lost_unit_is_like_a_backordered_one() -> None:
    """Reviewed every period, stock starts each period at its level whatever happened before."""
    demand = protection(poisson_draws(5.0, 0, 1), 0, 1)
    for s in (3, 5, 8):
        assert demand.lost_rate(s, 1)[0] == pytest.approx(demand.backorder_rate(s, 1)[0], abs=1e-6)


@pytest.mark.parametrize(("s", "lot"), [(8, 1), (10, 1), (6, 10)])
def test_lost_units_are_about_as_many_as_in_a_shop_that_loses_them(s: int, lot: int) -> None:
    """An approximation by its own account: within a fifth of the share lost in a plain loop, and below backorders."""
    history = np.random.default_rng(4).poisson(3.0, 40_000)
    lost, error = keep_shop(history, s, lot, 2, 1, lost=True).shares(history)["backorder_rate"]
    demand = protection(poisson_draws(3.0, 2, 1), 2, 1)
    assert demand.lost_rate(s, lot)[0] == pytest.approx(lost, rel=0.2, abs=4 * error)
    assert demand.lost_rate(s, lot)[0] < demand.backorder_rate(s, lot)[0]


def test_the_lost_rate_reproduces_itself_when_so_much_demand_is_taken_away() -> None:
    demand = protection(poisson_draws(3.0, 4, 2), 4, 2)
    for s in (4, 9, 14):
        rate = demand.lost_rate(s, 3)
        assert demand.thinned(rate).backorder_rate(s, 3)[0] == pytest.approx(rate[0], abs=0.002)


def test_thinning_takes_its_share_of_the_lead_time_and_nothing_of_the_review_interval() -> None:
    demand = protection(poisson_draws(3.0, 4, 2), 4, 2)
    thinned = demand.thinned(0.3)
    assert thinned.window_from.mean() == pytest.approx(0.7 * demand.window_from.mean(), rel=0.005)
    np.testing.assert_array_equal(thinned.window_to - thinned.window_from, demand.window_to - demand.window_from)
    assert (thinned.window_from == np.rint(thinned.window_from)).all()
    nothing = demand.thinned(0.0)
    assert nothing.window_from.tobytes() == demand.window_from.tobytes()
    assert nothing.backorder_rate(9, 2)[0] == demand.backorder_rate(9, 2)[0]


whole_demand = st.integers(0, 2**31).map(
    lambda seed: np.random.default_rng(seed).negative_binomial(0.7, 0.2, (60, 5)).astype(float)
)


@given(draws=whole_demand, review=st.integers(1, 3), lot=st.integers(1, 20), whole=st.booleans())
def test_a_higher_reorder_point_never_serves_worse(draws: np.ndarray, review: int, lot: int, whole: bool) -> None:
    """Rates lie between 0 and 1, fall or rise with the level, and stock grows by at most a unit a unit."""
    levels = np.arange(-1.0, 90.0)
    demand = protection(draws if whole else draws * 0.7, 5 - review, review, whole)
    demand = demand.take(np.zeros(len(levels), dtype=np.int64))
    short, lost = demand.backorder_rate(levels, lot), demand.lost_rate(levels, lot)
    ready, stock = demand.ready_rate(levels, lot), demand.mean_stock(levels, lot)
    for rate in (short, ready, lost):
        assert np.isfinite(rate).all()
        assert rate.min() >= 0
        assert rate.max() <= 1
    assert (np.diff(short) <= 1e-9).all()
    assert (np.diff(lost) <= 1e-5).all()
    assert (lost <= short + 1e-9).all()
    assert (np.diff(ready) >= -1e-9).all()
    assert (np.diff(stock) >= -1e-6).all()
    assert (np.diff(stock) <= 1 + 1e-6).all()


@given(draws=whole_demand)
def test_a_larger_lot_on_the_same_reorder_point_never_serves_worse(draws: np.ndarray) -> None:
    demand = protection(draws, 3, 2)
    rates = [[demand.backorder_rate(s, lot)[0] for lot in (1, 2, 5, 30)] for s in (0, 4, 20)]
    assert (np.diff(rates, axis=1) <= 1e-9).all()


def test_without_demand_nothing_is_short_and_the_stock_is_the_position() -> None:
    demand = protection(np.zeros((50, 3)), 2, 1)
    assert demand.backorder_rate(0, 1)[0] == 0
    assert demand.lost_rate(0, 1)[0] == 0
    assert demand.ready_rate(0, 1)[0] == 1
    assert demand.ready_rate(-1, 1)[0] == 0
    assert demand.mean_stock(0, 1)[0] == 1
    assert demand.mean_stock(3, 4)[0] == 5.5  # the mean of 4, 5, 6 and 7


def test_each_series_is_measured_as_if_it_were_alone() -> None:
    rng = np.random.default_rng(5)
    before = rng.poisson([[2.0], [9.0], [0.3]], (3, 400)).astype(np.float32)
    before[1] *= 0.37
    ends = before[:, :, None] + np.cumsum(rng.poisson(2.0, (3, 400, 2)), axis=2).astype(np.float32)
    whole = np.array([True, False, True])
    together = ProtectionDemand.from_sums(before, ends, whole)
    s, lot = np.array([3.0, 4.4, 12.0]), np.array([1.0, 2.5, 6.0])
    assert len(together) == 3
    np.testing.assert_array_equal(together.integral, whole)
    for i in range(3):
        rows = np.array([i])
        alone = ProtectionDemand.from_sums(before[rows], ends[rows], whole[rows])
        for part in (alone, together.take(rows)):
            for name in ("backorder_rate", "lost_rate", "ready_rate", "mean_stock"):
                assert getattr(part, name)(s[i], lot[i])[0] == getattr(together, name)(s, lot)[i], name


@given(
    values=st.lists(st.floats(0, 1), min_size=30, max_size=30),
    target=st.floats(0.01, 1),
    low=st.integers(-2, 5),
    start=st.floats(-5, 60),
)
def test_the_smallest_whole_level_is_the_first_that_a_scan_would_find(
    values: list[float], target: float, low: int, start: float
) -> None:
    table = np.r_[np.sort(values)[::-1], 0.0]

    def falls(level: np.ndarray) -> np.ndarray:
        return table[np.clip(level.astype(int) + 2, 0, 30)]

    one = np.array([True])
    found = smallest_level(falls, np.array([target]), one, np.array([float(low)]), np.array([start]))[0]
    assert found == next(level for level in range(low, 60) if falls(np.array([level]))[0] <= target)


def test_a_level_that_is_not_whole_is_found_to_a_millionth() -> None:
    scale = np.array([1.0, 40.0, 1e6])
    target = np.array([0.5, 0.01, 1e-4])
    none = np.zeros(3, dtype=bool)
    found = smallest_level(lambda y: np.exp(-y / scale), target, none, np.zeros(3), np.ones(3))
    np.testing.assert_allclose(found, -scale * np.log(target), rtol=2e-6)
    assert (np.exp(-found / scale) <= target).all()


def test_a_target_that_no_level_reaches_is_an_error() -> None:
    with pytest.raises(ValueError, match="can't be reached"):
        smallest_level(lambda y: np.ones(1), np.array([0.5]), np.array([True]), np.zeros(1), np.ones(1))
