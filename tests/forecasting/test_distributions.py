"""LeadTimeDemand: against sums over an explicit distribution, numerical integrals and closed forms."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import integrate, stats

from forecasting.distributions import LeadTimeDemand

whole_draws = arrays(np.int64, st.integers(20, 60), elements=st.integers(0, 25))
any_draws = arrays(np.float32, st.integers(20, 60), elements=st.floats(0, 1000, width=32))
probabilities = st.floats(0, 0.9999)


def spread_draws(distribution, count: int) -> np.ndarray:
    """The quantiles at the middles of equal slices: a sample without chance."""
    return distribution.ppf((np.arange(count) + 0.5) / count)


def explicit_pmf(draws: np.ndarray) -> np.ndarray:
    """P(D = 0), P(D = 1), ...: the draws up to the threshold, then a geometric tail with the mean excess above it."""
    ordered = sorted(int(d) for d in draws)
    m = len(ordered)
    u = ordered[m - 1 - max(m // 20, 1)]
    above = [d - u for d in ordered if d > u]
    pmf = [sum(d == k for d in ordered) / m for k in range(u + 1)]
    if above:
        stop = len(above) / sum(above)
        pmf += [len(above) / m * stop * (1 - stop) ** k for k in range(3000)]
    return np.array(pmf)


@given(draws=whole_draws, units=st.integers(0, 60), p=probabilities)
def test_whole_units_follow_the_sample_and_then_a_geometric_tail(draws: np.ndarray, units: int, p: float) -> None:
    """Every function is a sum over an explicit list of probabilities."""
    demand = LeadTimeDemand.from_samples(draws, True)
    pmf = explicit_pmf(draws)
    values = np.arange(len(pmf))
    above = np.maximum(values - units, 0)
    assert demand.mean()[0] == pytest.approx((pmf * values).sum(), rel=1e-6)
    assert demand.pmf(units)[0] == pytest.approx(pmf[units] if units < len(pmf) else 0.0, abs=1e-12)
    assert demand.cdf(units)[0] == pytest.approx(pmf[: units + 1].sum(), abs=1e-12)
    assert demand.expected_shortage(units)[0] == pytest.approx((pmf * above).sum(), abs=1e-9)
    assert demand.second_order_loss(units)[0] == pytest.approx((pmf * above * (above - 1)).sum() / 2, abs=1e-8)
    covered = np.flatnonzero(pmf.cumsum() >= p - 1e-9)
    strictly = np.flatnonzero(pmf.cumsum() >= p + 1e-9)
    assert covered[0] <= demand.quantile(p)[0] <= (strictly[0] if len(strictly) else math.inf)


@given(draws=any_draws, units=st.floats(0, 1500))
def test_other_units_follow_the_sample_and_then_an_exponential_tail(draws: np.ndarray, units: float) -> None:
    """The losses are integrals of the survival function and of the first loss."""
    demand = LeadTimeDemand.from_samples(draws)
    ordered = np.sort(draws.astype(np.float64))
    u = ordered[len(ordered) - 1 - max(len(ordered) // 20, 1)]
    excess = ordered[ordered > u] - u
    share, mean = len(excess) / len(ordered), excess.mean() if len(excess) else 0.0

    def survival(x: float) -> float:
        if x < u:
            return float((ordered > x).mean())
        return share * math.exp(-(x - u) / mean) if share else 0.0

    def first_loss(x: float) -> float:
        steps = np.r_[x, ordered[(ordered > x) & (ordered < u)], max(u, x)]
        body = sum((b - a) * survival((a + b) / 2) for a, b in pairwise(steps))
        return body + mean * survival(max(u, x))

    assert demand.cdf(units)[0] == pytest.approx(1 - survival(units), abs=1e-9)
    assert demand.expected_shortage(units)[0] == pytest.approx(first_loss(units), rel=1e-6, abs=1e-6)
    top = max(u, units)
    inner = sorted({units, *ordered[(ordered > units) & (ordered < top)], top})
    second = sum(integrate.fixed_quad(np.vectorize(first_loss), a, b, n=2)[0] for a, b in pairwise(inner))
    second += mean * first_loss(top)
    assert demand.second_order_loss(units)[0] == pytest.approx(second, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize(
    "distribution",
    [stats.poisson(4.2), stats.poisson(60.0), stats.nbinom(2, 0.2), stats.nbinom(0.5, 0.1), stats.geom(0.3, loc=-1)],
    ids=["poisson 4.2", "poisson 60", "negative binomial 2", "negative binomial 0.5", "geometric"],
)
def test_counts_have_the_losses_of_their_exact_sums(distribution) -> None:
    """Poisson and negative binomial sums, level by level, up to the 95 % quantile and, in the tail, close to it."""
    demand = LeadTimeDemand.from_samples(spread_draws(distribution, 20_000), True)
    k = np.arange(3000)
    pmf = distribution.pmf(k)
    mean = (pmf * k).sum()
    top = int(distribution.ppf(0.95))
    # The tail keeps the mean excess but not its spread: the second loss is off by the same small amount everywhere.
    spread_of_tail = (pmf * np.maximum(k - top, 0) * (np.maximum(k - top, 0) - 1)).sum() / 2
    for level in range(top + 1):
        above = np.maximum(k - level, 0)
        assert demand.cdf(level)[0] == pytest.approx(distribution.cdf(level), abs=1e-4)
        assert demand.expected_shortage(level)[0] == pytest.approx((pmf * above).sum(), abs=1e-3 * mean)
        second = (pmf * above * (above - 1)).sum() / 2
        assert demand.second_order_loss(level)[0] == pytest.approx(second, rel=1e-3, abs=0.15 * spread_of_tail)
    for p in (0.96, 0.99, 0.999):
        exact = distribution.ppf(p)
        assert demand.quantile(p)[0] == pytest.approx(exact, abs=1 + 0.06 * exact), p


def test_a_tail_that_is_geometric_or_exponential_is_found_exactly() -> None:
    """Where the model of the tail is the truth, quantiles far beyond 400 draws are right."""
    geometric, exponential = stats.geom(0.05, loc=-1), stats.expon(scale=30.0)
    counts = LeadTimeDemand.from_samples(spread_draws(geometric, 400), True)
    amounts = LeadTimeDemand.from_samples(spread_draws(exponential, 400))
    for p in (0.97, 0.999, 0.99999):
        assert counts.quantile(p)[0] == pytest.approx(geometric.ppf(p), rel=0.03)
        assert amounts.quantile(p)[0] == pytest.approx(exponential.ppf(p), rel=0.03)
    assert amounts.expected_shortage(200.0)[0] == pytest.approx(30 * math.exp(-200 / 30), rel=0.15)


@given(draws=any_draws, p=st.lists(st.floats(0, 1, exclude_max=True), min_size=2, max_size=6), whole=st.booleans())
def test_quantiles_are_finite_and_never_fall_as_the_probability_rises(
    draws: np.ndarray, p: list[float], whole: bool
) -> None:
    demand = LeadTimeDemand.from_samples(np.rint(draws) if whole else draws, whole)
    levels = [demand.quantile(q)[0] for q in sorted(p)]
    assert np.isfinite(levels).all()
    assert levels[0] >= 0
    assert (np.diff(levels) >= 0).all()


@given(draws=whole_draws, p=probabilities)
def test_whole_demand_has_whole_quantiles_that_just_cover_it(draws: np.ndarray, p: float) -> None:
    demand = LeadTimeDemand.from_samples(draws, True)
    level = demand.quantile(p)[0]
    assert level == math.floor(level)
    assert demand.cdf(level)[0] >= p - 1e-9
    assert level == 0 or demand.cdf(level - 1)[0] < p + 1e-9


@given(draws=any_draws, p=probabilities)
def test_the_quantile_is_the_inverse_of_the_distribution_function(draws: np.ndarray, p: float) -> None:
    demand = LeadTimeDemand.from_samples(draws)
    level = demand.quantile(p)[0]
    assert demand.cdf(level * (1 + 1e-9) + 1e-9)[0] >= p - 1e-6
    if level > 1e-3:
        assert demand.cdf(level * (1 - 1e-6) - 1e-6)[0] <= p + 1e-6
    if level > demand.threshold[0]:
        assert demand.cdf(level)[0] == pytest.approx(p, abs=1e-9)


@given(draws=any_draws, whole=st.booleans())
def test_the_expected_shortage_falls_with_the_level_and_ever_more_slowly(draws: np.ndarray, whole: bool) -> None:
    """From the mean at level 0 towards 0: decreasing, convex, and by at most one unit a unit."""
    demand = LeadTimeDemand.from_samples(np.rint(draws) if whole else draws, whole)
    top = demand.quantile(0.9999)[0] + 10
    levels = np.unique(np.rint(np.linspace(0, top, 60)))
    loss = np.array([demand.expected_shortage(y)[0] for y in levels])
    slope = np.diff(loss) / np.diff(levels)
    assert loss[0] == pytest.approx(demand.mean()[0], rel=1e-6)
    assert (slope <= 1e-9).all()
    assert (slope >= -1 - 1e-6).all()
    assert (np.diff(slope) >= -1e-6).all()


@given(draws=whole_draws, level=st.integers(0, 30))
def test_for_whole_units_the_second_loss_is_the_sum_of_the_first_above_the_level(draws: np.ndarray, level: int) -> None:
    demand = LeadTimeDemand.from_samples(draws, True)
    first = sum(demand.expected_shortage(y)[0] for y in range(level + 1, level + 900))
    assert demand.second_order_loss(level)[0] == pytest.approx(first, abs=1e-6)


@pytest.mark.parametrize("value", [0.0, 7.0, 0.25])
def test_demand_that_never_varies_has_one_quantile_and_no_shortage_at_it(value: float) -> None:
    demand = LeadTimeDemand.from_samples(np.full(100, value), value != 0.25)
    assert [demand.quantile(p)[0] for p in (0.0, 0.5, 0.99999)] == [value] * 3
    assert demand.expected_shortage(value)[0] == 0
    assert demand.second_order_loss(value)[0] == 0
    assert demand.cdf(value)[0] == 1
    assert demand.pmf(value)[0] == 1
    assert demand.cdf(value - 0.01)[0] == 0
    assert demand.variance()[0] == 0


def test_a_quantile_beyond_the_sample_comes_from_the_tail_and_not_from_the_largest_draw() -> None:
    draws = np.random.default_rng(0).poisson(10, 100)
    demand = LeadTimeDemand.from_samples(draws, True)
    levels = [demand.quantile(1 - 10.0**-k)[0] for k in range(2, 9)]
    assert (np.diff(levels) > 0).all()
    assert levels[1] > draws.max()


def test_the_order_of_the_draws_is_of_no_importance() -> None:
    draws = np.random.default_rng(1).gamma(2, 3, 200)
    a, b = LeadTimeDemand.from_samples(draws), LeadTimeDemand.from_samples(draws[::-1].copy())
    assert a.samples.tobytes() == b.samples.tobytes()
    assert a.quantile(0.999)[0] == b.quantile(0.999)[0]


def test_series_do_not_mix() -> None:
    """Each row of a table of different series gives what it gives alone, bit by bit."""
    rng = np.random.default_rng(2)
    draws = np.stack([rng.poisson(2, 100), rng.gamma(1, 9, 100), np.zeros(100), rng.poisson(900, 100)])
    whole = np.array([True, False, True, True])
    together = LeadTimeDemand.from_samples(draws, whole)
    units = np.array([3.0, 20.5, 0.0, 950.0])
    for name, argument in [
        ("quantile", np.array([0.5, 0.999, 0.9, 0.96])),
        ("cdf", units),
        ("pmf", units),
        ("expected_shortage", units),
        ("second_order_loss", units),
    ]:
        result = getattr(together, name)(argument)
        for i in range(4):
            alone = LeadTimeDemand.from_samples(draws[i], whole[i])
            assert getattr(alone, name)(argument[i])[0] == result[i], (name, i)
            assert getattr(together.take(np.array([i])), name)(argument[i])[0] == result[i], (name, i)


def test_mean_and_variance_are_those_of_the_draws() -> None:
    draws = np.random.default_rng(3).gamma(2, 3, (3, 500)).astype(np.float32)
    demand = LeadTimeDemand.from_samples(draws)
    np.testing.assert_allclose(demand.mean(), draws.astype(float).mean(axis=1), rtol=1e-9)
    np.testing.assert_allclose(demand.variance(), draws.astype(float).var(axis=1), rtol=1e-6)
    assert len(demand) == 3
    assert repr(demand) == "LeadTimeDemand(3 series, 500 draws each)"


@given(draws=whole_draws)
def test_the_probabilities_of_whole_units_add_up_to_one(draws: np.ndarray) -> None:
    demand = LeadTimeDemand.from_samples(draws, True)
    pmf = np.array([demand.pmf(k)[0] for k in range(500)])
    assert (pmf >= -1e-12).all()
    assert pmf.sum() == pytest.approx(1.0, abs=1e-6)
    assert demand.pmf(-1)[0] == 0


def test_the_mass_of_other_units_is_the_share_of_draws_at_that_value() -> None:
    """Two of the values differ by a thousandth of a thousandth of a unit."""
    demand = LeadTimeDemand.from_samples(np.repeat([0.0, 0.5, 0.5 + 1e-6, 1.25, 8.0], [10, 20, 30, 30, 10]))
    values = np.float32([0.0, 0.5, 0.5 + 1e-6, 1.25, 0.7])
    assert [demand.pmf(x)[0] for x in values] == pytest.approx([0.1, 0.2, 0.3, 0.3, 0.0])


def test_whole_demand_is_never_two_and_a_half() -> None:
    assert LeadTimeDemand.from_samples(np.tile([1, 2, 3], 20), True).pmf(2.5)[0] == 0


def test_new_draws_have_the_distribution_they_are_drawn_from() -> None:
    """Shares below the quartiles and in the fitted tail, each within four standard errors."""
    demand = LeadTimeDemand.from_samples(np.random.default_rng(4).gamma(2, 10, (1, 400)))
    draws = demand.sample(4000, seed=1)[0]
    for p in (0.25, 0.5, 0.75, 0.99):
        error = math.sqrt(p * (1 - p) / 4000)
        assert (draws <= demand.quantile(p)[0] * (1 + 1e-6)).mean() == pytest.approx(p, abs=4 * error + 1 / 400)
    assert draws.max() > demand.samples.max()
    np.testing.assert_array_equal(draws, demand.sample(4000, seed=1)[0])
    assert (draws != demand.sample(4000, seed=2)[0]).any()


@pytest.mark.parametrize("p", [1.0, 1.5, -0.1, math.nan])
def test_certainty_needs_infinite_stock_and_is_refused(p: float) -> None:
    demand = LeadTimeDemand.from_samples(np.ones((2, 20)))
    with pytest.raises(ValueError, match="must lie in"):
        demand.quantile([0.5, p])


@pytest.mark.parametrize("bad", [-0.5, math.nan, math.inf, -math.inf])
def test_draws_that_are_negative_or_not_finite_are_refused(bad: float) -> None:
    draws = np.ones((2, 30))
    draws[1, 7] = bad
    with pytest.raises(ValueError, match="finite and at least 0"):
        LeadTimeDemand.from_samples(draws)


def test_nineteen_draws_carry_no_distribution() -> None:
    with pytest.raises(ValueError, match="19 draws"):
        LeadTimeDemand.from_samples(np.ones((2, 19)))
    assert len(LeadTimeDemand.from_samples(np.ones((0, 20)))) == 0


@pytest.mark.parametrize("scale", [1e9, 1e-6])
def test_very_large_and_very_small_units_stay_finite_and_in_order(scale: float) -> None:
    draws = np.random.default_rng(5).gamma(2, 1, 300) * scale
    demand = LeadTimeDemand.from_samples(draws)
    plain = LeadTimeDemand.from_samples(draws / scale)
    for p in (0.1, 0.5, 0.95, 0.999):
        assert demand.quantile(p)[0] == pytest.approx(plain.quantile(p)[0] * scale, rel=1e-5)
    assert demand.expected_shortage(3 * scale)[0] == pytest.approx(plain.expected_shortage(3)[0] * scale, rel=1e-4)
