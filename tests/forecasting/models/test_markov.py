"""Willemain's bootstrap: the chain of a series, shrunk to that of all series."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from forecasting.models.markov import Willemain
from forecasting.panel import CellStatus
from tests.forecasting.panels import context_of, panel_of


def chains(series: int, share: float, persistence: float, periods: int = 156, seed: int = 0) -> np.ndarray:
    """Sizes 1 ... 9 at the steps of a two-state chain."""
    rng = np.random.default_rng(seed)
    state = rng.random(series) < share
    demand = np.zeros((series, periods))
    for t in range(periods):
        state = rng.random(series) < share + persistence * (state - share)
        demand[:, t] = state * rng.integers(1, 10, series)
    return demand


@pytest.mark.parametrize("persistence", [0.5, 0.0, -0.2])
def test_the_pooled_autocorrelation_is_that_of_the_chains(persistence: float) -> None:
    panel = panel_of(chains(300, 0.3, persistence))
    assert Willemain().pool(panel, context_of(panel)).persistence == pytest.approx(persistence, abs=0.02)


def test_an_autocorrelation_is_shrunk_by_twenty_demands() -> None:
    """Own: the correlation of neighbours; weights are the series' demands and 20."""
    panel = panel_of(chains(5, 0.3, 0.4))
    context = context_of(panel)
    pooled = replace(Willemain().pool(panel, context), demands=0.0, periods=0.0, persistence=0.1)
    fitted = Willemain().fit(panel, replace(context, pooled=pooled))
    for i in range(5):
        y = (panel.quantity[i] > 0).astype(float)
        own, n = np.corrcoef(y[:-1], y[1:])[0, 1], y.sum()
        assert fitted.chain.persistence[i] == pytest.approx((n * own + 20 * 0.1) / (n + 20), rel=1e-9)
        assert fitted.occurrence[i] == pytest.approx(y.mean())


def test_paths_are_like_the_chain_they_came_from() -> None:
    """Share of demand and autocorrelation of long paths, with the level's own error out of the way."""
    panel = panel_of(chains(40, 0.3, 0.5))
    context = context_of(panel)
    fitted = Willemain().fit(panel, replace(context, pooled=Willemain().pool(panel, context)))
    fitted.chain.error[:] = 0
    paths = fitted.paths(np.arange(40), panel.stream_keys(0), 600, 40) > 0
    late = paths[:, :, 50:].astype(float)
    for i in range(40):
        share, r = fitted.occurrence[i], fitted.chain.persistence[i]
        error = np.sqrt(share * (1 - share) * (1 + r) / (1 - r) / late[i].size)
        assert late[i].mean() == pytest.approx(share, abs=5 * error)
        away = late[i] - late[i].mean()
        assert (away[:, 1:] * away[:, :-1]).mean() / away.var() == pytest.approx(r, abs=0.06)


def test_the_first_period_knows_the_last_state_and_a_silence_blurs_it() -> None:
    """After demand p + r (1 - p), after none p (1 - r); three periods unobserved leave r^4 in place of r."""
    base = chains(1, 0.3, 0.5)[0]
    demand = np.stack([np.r_[base[:-4], 5, 0, 0, 0], np.r_[base[:-4], 0, 0, 0, 0], np.r_[base[:-4], 0, 0, 0, 5]])
    status = np.zeros(demand.shape)
    status[:2, -3:] = CellStatus.MISSING
    panel = panel_of(demand, status=status)
    fitted = Willemain().fit(panel, context_of(panel))
    first = fitted.expected(np.arange(3), 1)[:, 0] / fitted.sizes.mean
    p, r = fitted.occurrence, fitted.chain.persistence
    expected = [p[0] + r[0] ** 4 * (1 - p[0]), p[1] * (1 - r[1] ** 4), p[2] + r[2] * (1 - p[2])]
    np.testing.assert_allclose(first, expected, rtol=1e-6)
    assert (r > 0.2).all()


def test_neighbours_that_resemble_each_other_make_the_rate_less_certain() -> None:
    """(1 - p) / p over the periods times (1 - r) / (1 + r), and cv^2 over the demands."""
    panel = panel_of(chains(6, 0.3, 0.5))
    fitted = Willemain().fit(panel, context_of(panel))
    for i in range(6):
        sizes, r = panel.quantity[i][panel.quantity[i] > 0].astype(float), fitted.chain.persistence[i]
        p = len(sizes) / 156
        variance = (1 - p) / p / 156 * (1 + r) / (1 - r) + sizes.var() / sizes.mean() ** 2 / len(sizes)
        assert fitted.chain.error[i] == pytest.approx(np.sqrt(variance), rel=1e-4)


def test_only_the_memory_counts() -> None:
    demand = np.r_[np.full(300, 5.0), np.zeros(155), 5.0]
    panel = panel_of(demand)
    fitted = Willemain().fit(panel, context_of(panel))
    assert fitted.occurrence[0] == pytest.approx(1 / 156)
