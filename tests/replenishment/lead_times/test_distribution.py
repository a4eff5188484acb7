"""Lead times: against SciPy's gamma distribution, plain counting and the rule of the clock."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from forecasting.calendars import Frequency, PeriodCalendar, date_to_day
from replenishment.lead_times import LeadTimes, gamma_reach

WEEKLY = np.arange(0, 400, 7)


def test_a_constant_lead_time_has_all_its_probability_in_one_place() -> None:
    times = LeadTimes.constant([2, 0, 5])
    np.testing.assert_array_equal(times.probability, np.eye(6)[[2, 0, 5]])
    np.testing.assert_array_equal(times.maximum, [2, 0, 5])
    np.testing.assert_array_equal(times.mean(), [2, 0, 5])
    assert len(times) == 3


@pytest.mark.parametrize("periods", [[1.5], [-1], [2, -3]])
def test_constant_lead_times_are_whole_and_not_negative(periods: list[float]) -> None:
    with pytest.raises(ValueError, match=r"^periods.* is"):
        LeadTimes.constant(periods)


@pytest.mark.parametrize(("mean", "sd"), [(10.0, 3.0), (2.5, 2.0), (49.0, 20.0), (30.0, 0.5)])
def test_gamma_days_are_waited_out_at_openings(mean: float, sd: float) -> None:
    """P(L <= j) is SciPy's probability that the delivery comes by the j-th opening, the first a day later here."""
    waits = WEEKLY + np.r_[0, np.ones(len(WEEKLY) - 1, dtype=int)]
    times = LeadTimes.from_days([mean], [sd], waits)
    exact = np.diff(stats.gamma.cdf(waits, a=(mean / sd) ** 2, scale=sd**2 / mean), prepend=0.0)
    np.testing.assert_allclose(times.probability[0], exact[: times.probability.shape[1]], atol=2e-6)
    assert exact[times.probability.shape[1] :].sum() < 1e-5


@given(
    mean=st.integers(0, 2000).map(lambda tenths: tenths / 10),
    variation=st.sampled_from([0.0, 0.05, 0.3, 1.0, 1.5]),
    step=st.integers(1, 31),
)
def test_the_mean_wait_is_that_of_the_days_plus_less_than_one_period(mean: float, variation: float, step: int) -> None:
    """Arrivals between openings are there at the later one: rounding up adds between nothing and a period."""
    sd = variation * mean
    waits = np.arange(0, 6000, step)
    times = LeadTimes.from_days([mean], [sd], waits)
    assert (times.probability >= 0).all()
    np.testing.assert_allclose(times.probability.sum(axis=1), 1.0)
    # What is cut off from the far tail moves the mean a little.
    assert 0.995 * mean / step - 1e-9 <= times.mean()[0] <= mean / step + 1


@given(days=st.integers(0, 200), code=st.sampled_from(["D", "W-MON", "W-SUN", "MS"]))
def test_steady_days_wait_for_the_opening_that_the_calendar_names(days: int, code: str) -> None:
    """The one-point distribution lies at the opening that ``PeriodCalendar.openings_to_wait`` gives."""
    first = date_to_day(dt.date(2024, 1, 1))
    frequency = Frequency(code)
    calendar = PeriodCalendar(frequency, int(frequency.opening(frequency.period_number(first))), 3)
    openings = calendar.openings_from(calendar.periods, 220)
    times = LeadTimes.from_days([days], [0.0], openings - openings[0])
    assert times.maximum[0] == calendar.openings_to_wait(days)
    assert times.probability[0, times.maximum[0]] == 1


def test_a_delivery_on_the_day_of_an_opening_is_there_at_that_opening() -> None:
    times = LeadTimes.from_days([0.0, 7.0, 7.5, 14.0], [0.0] * 4, WEEKLY)
    np.testing.assert_array_equal(times.maximum, [0, 1, 2, 2])


def test_certain_and_uncertain_items_stand_side_by_side() -> None:
    """Each as if it were alone."""
    mean, sd = np.array([10.0, 21.0, 0.0]), np.array([4.0, 0.0, 3.0])
    together = LeadTimes.from_days(mean, sd, WEEKLY)
    for i in range(3):
        alone = LeadTimes.from_days(mean[i : i + 1], sd[i : i + 1], WEEKLY).probability[0]
        np.testing.assert_array_equal(together.probability[i, : len(alone)], alone)
        assert not together.probability[i, len(alone) :].any()


@pytest.mark.parametrize(("mean", "sd"), [(-1, 0), (np.nan, 1), (np.inf, 1), (5, -1), (5, np.nan)])
def test_days_that_are_negative_or_not_finite_are_refused(mean: float, sd: float) -> None:
    with pytest.raises(ValueError, match=r"it must lie in \[0, inf\)"):
        LeadTimes.from_days([10.0, mean], [1.0, sd], WEEKLY)


def test_a_lead_time_beyond_the_openings_considered_is_refused() -> None:
    with pytest.raises(ValueError, match=r"item 0: only 0\.0% of its lead time lies within .* far beyond the openings"):
        LeadTimes.from_days([1000.0], [10.0], WEEKLY)


@given(days=st.lists(st.integers(0, 60), min_size=1, max_size=20))
def test_measured_lead_times_are_each_as_likely_as_the_other(days: list[int]) -> None:
    """Counted one by one: how many wait for the j-th weekly opening."""
    times = LeadTimes.from_samples([np.array(days, dtype=float)], WEEKLY)
    for j, share in enumerate(times.probability[0]):
        assert share == pytest.approx(sum(-(-d // 7) == j for d in days) / len(days))
    assert times.mean()[0] == pytest.approx(np.mean([-(-d // 7) for d in days]))


@given(
    weights=st.lists(st.integers(0, 9), min_size=1, max_size=6).filter(any),
    uniform=st.floats(0, 1, exclude_max=True),
)
def test_a_uniform_number_becomes_the_lead_time_on_whose_step_it_lies(weights: list[int], uniform: float) -> None:
    total = sum(weights)
    times = LeadTimes(np.array([weights]) / total)
    found = int(times.quantile(np.array([[uniform]]))[0, 0])
    below, through = sum(weights[:found]) / total, sum(weights[: found + 1]) / total
    assert weights[found] > 0
    assert below - 1e-12 <= uniform <= through + 1e-12


def test_many_uniform_numbers_have_the_shares_of_the_distribution() -> None:
    times = LeadTimes(np.array([[0.2, 0.0, 0.5, 0.3], [0.0, 1.0, 0.0, 0.0]]))
    draws = times.quantile(np.tile((np.arange(1000) + 0.5) / 1000, (2, 1)))
    np.testing.assert_array_equal(np.bincount(draws[0]), [200, 0, 500, 300])
    assert (draws[1] == 1).all()


@pytest.mark.parametrize("p", [[[0.5, 0.4]], [[1.5, -0.5]], [[np.nan, 1.0]], [1.0]])
def test_probabilities_must_be_probabilities(p: list) -> None:
    with pytest.raises(ValueError, match="add up to 1"):
        LeadTimes(np.array(p))


def test_some_items_can_be_taken_and_replaced() -> None:
    """The replacement may be longer or shorter than what was there; the other items keep theirs."""
    times = LeadTimes.constant([1, 4, 2])
    longer = times.joined(LeadTimes(np.eye(8)[[7]]), np.array([1]))
    shorter = times.joined(LeadTimes(np.array([[0.5, 0.5]])), np.array([1]))
    np.testing.assert_array_equal(longer.mean(), [1, 7, 2])
    np.testing.assert_array_equal(shorter.mean(), [1, 0.5, 2])
    np.testing.assert_array_equal(times.take(np.array([2, 0])).mean(), [2, 1])
    np.testing.assert_array_equal(times.mean(), [1, 4, 2])


def test_a_spread_or_a_mean_of_next_to_nothing_is_none() -> None:
    """Neither a mean nor a spread that is only rounding dust may overflow the gamma's parameters."""
    dust = 1e-300
    out = LeadTimes.from_days([dust, dust, 10.0, 1e-5], [60.0, dust, dust, 60.0], np.arange(60))
    np.testing.assert_array_equal(out.mean(), [0.0, 0.0, 10.0, 1.0])


@pytest.mark.parametrize(("mean", "sd"), [(3650.0, 3650.0), (900.0, 3000.0), (40.0, 0.0), (0.0, 5.0)])
def test_a_very_wide_spread_keeps_its_tail_cell_by_cell(mean: float, sd: float) -> None:
    """Each day of a wide lead time has next to no probability; together they are all of it. SciPy knows the shares."""
    reach = float(gamma_reach([mean], [sd])[0])
    times = LeadTimes.from_days([mean], [sd], np.arange(int(reach) + 2))
    assert times.probability.sum() == pytest.approx(1.0)
    if sd and mean:
        gamma = stats.gamma(a=(mean / sd) ** 2, scale=sd**2 / mean)
        assert gamma.sf(reach) == pytest.approx(1e-6, rel=1e-3)
        cumulative = np.cumsum(times.probability[0])
        np.testing.assert_allclose(cumulative, gamma.cdf(np.arange(len(cumulative))), atol=2e-6)
    else:
        assert reach == mean


def test_openings_may_differ_between_items() -> None:
    """As if each were alone with its own openings."""
    waits = np.stack([np.arange(0, 400, 7), np.arange(0, 580, 10)])[:, :58]
    together = LeadTimes.from_days([20.0, 20.0], [5.0, 5.0], waits)
    for i in range(2):
        alone = LeadTimes.from_days([20.0], [5.0], waits[i]).probability[0]
        np.testing.assert_array_equal(together.probability[i, : len(alone)], alone)
