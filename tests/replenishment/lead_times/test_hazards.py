"""Laws from orders of which some are open: against SciPy's product limit, plain loops and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from replenishment.lead_times.hazards import Spells, posterior_laws

DAYS = 40


def spells(places: list[int], received: list[bool], entries: list[int] | None = None, weights=None) -> Spells:
    m = len(places)
    return Spells(
        np.zeros(m, dtype=np.int64),
        np.array(places, dtype=np.int64),
        np.array(received, dtype=bool),
        np.zeros(m, dtype=np.int64) if entries is None else np.array(entries, dtype=np.int64),
        np.ones(m) if weights is None else np.array(weights, dtype=float),
    )


records = st.lists(st.tuples(st.integers(0, DAYS - 2), st.booleans()), min_size=1, max_size=30)


@given(records)
def test_without_a_prior_it_is_the_product_limit_of_scipy(rows: list[tuple[int, bool]]) -> None:
    places, received = [p for p, _ in rows], [r for _, r in rows]
    law = posterior_laws(np.zeros((1, DAYS)), 0.0, spells(places, received))[0]
    survival = 1.0 - np.cumsum(law)
    came, still = ([float(p) for p, r in rows if r == known] for known in (True, False))
    witness = stats.ecdf(stats.CensoredData(uncensored=came, right=still)).sf
    # SciPy's curve is defined up to the last wait seen.
    seen = np.arange(max(places) + 1)
    np.testing.assert_allclose(survival[seen], witness.evaluate(seen), atol=1e-12)
    assert law.sum() == pytest.approx(1.0)


@given(
    records,
    st.floats(0.1, 50.0),
    st.lists(st.integers(0, 9), min_size=DAYS, max_size=DAYS).filter(lambda w: sum(w) > 0),
)
def test_with_a_prior_it_is_the_estimate_of_susarla_and_van_ryzin(
    rows: list[tuple[int, bool]], strength: float, shares: list[int]
) -> None:
    """Their formula (1976, eq. 2.1), written out: orders beyond t, and a factor for every open order up to t."""
    prior = np.array(shares) / sum(shares)
    law = posterior_laws(prior[None], strength, spells([p for p, _ in rows], [r for _, r in rows]))[0]
    for t in range(DAYS - 1):
        beyond = strength * prior[t + 1 :].sum() + sum(p > t for p, _ in rows)
        expected = beyond / (strength + len(rows))
        for place in sorted({p for p, r in rows if not r and p <= t}):
            # What is open at a day is seen to be so at its end: it lies beyond that day.
            later = strength * prior[place + 1 :].sum() + sum(p > place for p, _ in rows)
            open_here = sum(p == place and not r for p, r in rows)
            expected *= (later + open_here) / later if later > 1e-12 else 0.0
        if beyond > 1e-12:
            assert 1.0 - law[: t + 1].sum() == pytest.approx(expected, abs=1e-9)
    assert law.sum() == pytest.approx(1.0)


@given(st.lists(st.integers(0, DAYS - 2), min_size=1, max_size=30), st.floats(0.0, 100.0))
def test_where_all_came_it_is_the_weighted_mean_of_prior_and_shares(places: list[int], strength: float) -> None:
    prior = stats.binom.pmf(np.arange(DAYS), DAYS - 1, 0.4)
    law = posterior_laws(prior[None], strength, spells(places, [True] * len(places)))[0]
    shares = np.bincount(places, minlength=DAYS) / len(places)
    weight = len(places) / (len(places) + strength)
    np.testing.assert_allclose(law, weight * shares + (1 - weight) * prior, atol=1e-9)


def test_orders_seen_only_from_some_day_on_do_not_make_lead_times_long() -> None:
    """A file that begins with a day of receipt holds the slow old orders and not the fast ones."""
    random = np.random.default_rng(0)
    days = random.geometric(0.15, 20_000)
    entry = np.where(np.arange(20_000) < 10_000, random.integers(0, 25, 20_000), 0)
    seen = days >= entry
    law = posterior_laws(
        np.zeros((1, 200)), 0.0, spells(list(days[seen]), [True] * int(seen.sum()), list(entry[seen]))
    )[0]
    exact = stats.geom.pmf(np.arange(200), 0.15)
    assert np.abs(np.cumsum(law) - np.cumsum(exact)).max() < 0.01
    naive = np.bincount(days[seen], minlength=200) / seen.sum()
    assert np.abs(np.cumsum(naive) - np.cumsum(exact)).max() > 0.05


@given(st.permutations(range(12)))
def test_the_order_of_the_rows_changes_no_bit(order: list[int]) -> None:
    random = np.random.default_rng(1)
    given_ = Spells(
        random.integers(0, 2, 12),
        random.integers(0, 6, 12),
        random.random(12) < 0.7,
        np.zeros(12, dtype=np.int64),
        1.0 / random.integers(1, 8, 12),
    )
    prior = np.full((2, 9), 1 / 9)
    mixed = Spells(*(part[list(order)] for part in given_))
    assert posterior_laws(prior, 3.0, given_).tobytes() == posterior_laws(prior, 3.0, mixed).tobytes()


def test_what_is_still_open_after_the_last_known_wait_lies_on_the_last_day() -> None:
    law = posterior_laws(np.zeros((1, 20)), 0.0, spells([3, 5, 9], [True, True, False]))[0]
    assert law[[3, 5, 19]] == pytest.approx([1 / 3] * 3)
