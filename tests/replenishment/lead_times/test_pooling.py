"""How far groups are pooled: SciPy's Dirichlet-multinomial is the witness."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from replenishment.lead_times.pooling import USUAL_STRENGTH, _log_likelihood, count_cells, prior_strengths

PRIOR = stats.binom.pmf(np.arange(60), 59, 0.4)


def test_the_likelihood_differs_from_scipys_by_the_number_of_arrangements_only() -> None:
    counts, expected = np.array([[3.0, 0.0, 5.0]]), np.array([[0.2, 0.3, 0.5]])
    found = [float(_log_likelihood(counts, expected, s)[0]) for s in (0.5, 4.0, 64.0)]
    exact = [stats.dirichlet_multinomial(s * expected[0], 8).logpmf(counts[0].astype(int)) for s in (0.5, 4.0, 64.0)]
    np.testing.assert_allclose(np.diff(found), np.diff(exact))


def test_cells_divide_the_prior_evenly_and_count_every_order_once() -> None:
    place = np.random.default_rng(0).integers(0, 60, 500)
    counts, expected = count_cells(PRIOR[None], np.zeros(500, dtype=np.int64), place, np.full(500, 0.5))
    assert counts.sum() == 250
    assert expected.sum() == pytest.approx(1.0)
    # An eighth each, as far as whole days allow (the largest has 0.11), with the far ends apart.
    assert expected[0, 2:8] == pytest.approx(np.full(6, 1 / 8), abs=0.11)
    assert max(expected[0, 0], expected[0, -1]) < 0.05


def drawn(groups: int, orders: int, strength: float, seed: int = 0) -> np.ndarray:
    """Strengths found where each group's law is drawn around the prior with a known one."""
    random = np.random.default_rng(seed)
    laws = random.dirichlet(strength * PRIOR + 1e-12, groups)
    place = np.concatenate([random.choice(60, orders, p=law) for law in laws])
    group = np.repeat(np.arange(groups), orders)
    counts, expected = count_cells(np.tile(PRIOR, (groups, 1)), group, place, np.ones(len(place)))
    return prior_strengths(counts, expected)


@pytest.mark.parametrize("strength", [1.0, 8.0, 64.0])
def test_the_strength_behind_many_groups_is_found_again(strength: float) -> None:
    assert np.median(drawn(200, 10, strength)) == pytest.approx(strength, rel=1.01)


def test_alike_groups_are_pooled_and_one_that_differs_frees_itself() -> None:
    random = np.random.default_rng(1)
    place = np.concatenate([random.choice(60, 300, p=PRIOR), np.full(10, 50)])
    group = np.concatenate([np.repeat(np.arange(30), 10), np.full(10, 30)])
    found = prior_strengths(*count_cells(np.tile(PRIOR, (31, 1)), group, place, np.ones(310)))
    assert found[:30].min() >= 16
    assert found[30] <= 1


def test_one_order_a_group_says_nothing_about_the_strength() -> None:
    place = np.arange(10, 40)
    found = prior_strengths(*count_cells(np.tile(PRIOR, (30, 1)), np.arange(30), place, np.ones(30)))
    assert (found == USUAL_STRENGTH).all()
    assert len(prior_strengths(np.zeros((0, 10)), np.zeros((0, 10)))) == 0
