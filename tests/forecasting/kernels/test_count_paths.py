"""Sample paths of counts against SciPy's distributions and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from forecasting.kernels.count_paths import path_tables, sample_counts
from forecasting.kernels.counts import LOWEST_SHARE


def draw(
    level: float, dispersion: float, count: int, *, weight: float = 0.0, persistence: float = 1.0, long: float = 0.0,
    unit: float = 1.0, grain: float = 1.0, power: float = 2.0, sd: float = 0.0, absent: float = 0.0,
    season: tuple[float, ...] = (1.0,),
) -> np.ndarray:  # fmt: skip
    """Paths of one series with one candidate; ``mean`` is the level, so that both powers begin alike."""
    out = np.empty((1, count, len(season)), dtype=np.float32)
    one = np.ones((1, 1), dtype=np.float32)
    sample_counts(
        np.array([7], dtype=np.uint64), np.array([level]), np.array([[level]]), np.array([long or level]),
        np.array([sd]), np.array([unit]), np.array([grain]), np.zeros(1), np.array([absent]), 0.25, one, one,
        np.array([weight]), np.array([persistence]), 0.01, power, np.array([dispersion]), LOWEST_SHARE,
        np.array([season], dtype=np.float32), np.zeros(1, np.int64), *path_tables(), out,
    )  # fmt: skip
    return out[0].astype(np.float64)


@pytest.mark.parametrize("power", [1.0, 2.0])
@pytest.mark.parametrize(("mean", "dispersion"), [(0.05, 2.0), (0.7, 0.3), (3.0, 1.5), (12.0, 0.02), (90.0, 0.4)])
def test_a_constant_level_gives_the_negative_binomial_of_scipy(mean: float, dispersion: float, power: float) -> None:
    """Also its far tail: 200,000 draws, within four standard errors of the probability at every quantile."""
    count = 200_000
    drawn = np.sort(draw(mean, dispersion, count, power=power)[:, 0])
    truth = stats.nbinom(1 / dispersion, 1 / (1 + mean * dispersion))
    for probability in (0.1, 0.5, 0.9, 0.99, 0.999, 0.9999):
        at = truth.ppf(probability)
        above = truth.sf(at)
        seen = 1 - np.searchsorted(drawn, at, side="right") / count
        assert seen == pytest.approx(above, abs=4.5 * np.sqrt(above * (1 - above) / count) + 1e-3 * above)
    assert drawn.mean() == pytest.approx(mean, abs=4 * truth.std() / np.sqrt(count))
    assert drawn.var() == pytest.approx(truth.var(), rel=0.05)


def test_the_level_follows_what_is_drawn() -> None:
    """Linear variance: that of the sum is mean x factor x the sum of (1 + weight x periods to come)^2."""
    season = (1.0,) * 12
    drawn = draw(20.0, 0.1, 60_000, weight=0.15, power=1.0, season=season).sum(axis=1)
    carried = (1 + 0.15 * np.arange(12)) ** 2
    assert drawn.mean() == pytest.approx(240, rel=0.005)
    assert drawn.var() == pytest.approx(20 * (1 + 20 * 0.1) * carried.sum(), rel=0.04)


def test_the_level_returns_to_its_long_run_mean() -> None:
    """By a fifth a period, from 4 to 40, while that itself learns a hundredth of each period's demand."""
    drawn = draw(4.0, 0.01, 20_000, persistence=0.8, long=40.0, season=(1.0,) * 10).mean(axis=0)
    level, long, plain = 4.0, 40.0, []
    for _ in range(10):
        plain.append(level)
        level, long = level + 0.2 * (long - level), long + 0.01 * (level - long)
    np.testing.assert_allclose(drawn, plain, rtol=0.02)


def test_seasons_multiply_the_mean_and_not_the_level() -> None:
    season = (0.5, 2.0, 1.0)
    np.testing.assert_allclose(draw(10.0, 0.1, 60_000, weight=0.3, season=season).mean(axis=0), [5, 20, 10], rtol=0.02)


def test_lots_and_grains_keep_the_mean() -> None:
    """Lots of about 16 in whole pieces; a gamma variable in steps of a quarter."""
    lots = draw(4.0, 0.5, 100_000, unit=16.0)
    assert (lots == np.rint(lots)).all()
    assert ((lots == 0) | (lots >= 8)).all()
    assert lots.mean() == pytest.approx(4, rel=0.03)
    steps = draw(3.3, 0.04, 100_000, unit=0.0, grain=0.25)
    assert (steps * 4 == np.rint(steps * 4)).all()
    assert steps.mean() == pytest.approx(3.3, rel=0.005)
    assert steps.var() == pytest.approx(0.04 * 3.3**2 + 0.25**2 / 6, rel=0.03)


def test_an_absence_ends_by_chance() -> None:
    """Half the paths begin without an offer, which returns with chance 1/4 at each period."""
    silent = draw(400.0, 0.01, 40_000, absent=0.5, season=(1.0,) * 5) == 0
    np.testing.assert_allclose(silent.mean(axis=0), 0.5 * 0.75 ** np.arange(1, 6), atol=0.01)
    assert not (silent[:, 1:] & ~silent[:, :-1]).any()


def test_an_uncertain_level_is_one_lognormal_draw_a_path() -> None:
    drawn = draw(1e4, 1e-4, 20_000, sd=0.5, season=(1.0, 1.0))
    assert drawn.mean() == pytest.approx(1e4, rel=0.02)
    assert np.log(drawn[:, 0]).std() == pytest.approx(0.5, rel=0.03)
    assert np.corrcoef(np.log(drawn.T))[0, 1] > 0.99
