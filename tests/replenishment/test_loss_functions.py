"""Loss functions agree with summation, with numerical integration and with their own inverse."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from replenishment import loss_functions as losses
from replenishment.count_probabilities import negative_binomial_pmf, poisson_pmf


@pytest.mark.parametrize("mean", [0.3, 6.0, 150.0])
@pytest.mark.parametrize("deviations", [-9.0, -1.0, 0.0, 2.0, 5.0])
def test_poisson_losses_are_the_sums(mean: float, deviations: float) -> None:
    x, k = np.floor(mean + deviations * mean**0.5), np.arange(2_000)
    pmf, excess = poisson_pmf(k, mean), np.maximum(k - x, 0.0)
    assert losses.poisson_loss(x, mean) == pytest.approx(pmf @ excess, rel=1e-12, abs=1e-15)
    assert losses.poisson_loss(x + 0.3, mean) == pytest.approx(pmf @ np.maximum(k - x - 0.3, 0), rel=1e-12, abs=1e-15)
    second = pmf @ (excess * np.maximum(excess - 1.0, 0.0)) / 2.0
    assert losses.poisson_second_loss(x, mean) == pytest.approx(second, rel=1e-11, abs=1e-15)


@pytest.mark.parametrize(("mean", "variance"), [(0.3, 0.6), (6, 20), (150, 151), (300, 2_000)])
@pytest.mark.parametrize("deviations", [-9.0, -1.0, 0.0, 2.0, 5.0])
def test_negative_binomial_losses_are_the_sums(mean: float, variance: float, deviations: float) -> None:
    x, k = np.floor(mean + deviations * variance**0.5), np.arange(4_000)
    pmf, excess = negative_binomial_pmf(k, mean, variance), np.maximum(k - x, 0.0)
    assert losses.negative_binomial_loss(x, mean, variance) == pytest.approx(pmf @ excess, rel=1e-10, abs=1e-15)
    second = pmf @ (excess * np.maximum(excess - 1.0, 0.0)) / 2.0
    assert losses.negative_binomial_second_loss(x, mean, variance) == pytest.approx(second, rel=1e-9, abs=1e-15)


def test_the_second_loss_of_counts_sums_the_first_above_the_level() -> None:
    above = np.arange(13, 400)
    assert losses.poisson_second_loss(12, 10.0) == pytest.approx(losses.poisson_loss(above, 10.0).sum(), rel=1e-12)
    total = losses.negative_binomial_loss(np.arange(13, 4_000), 10.0, 40.0).sum()
    assert losses.negative_binomial_second_loss(12, 10.0, 40.0) == pytest.approx(total, rel=1e-11)


def _integrals(survival: stats.rv_continuous, x: float, top: float) -> tuple[float, float]:
    first = integrate.quad(survival.sf, x, top, epsabs=1e-12, limit=300)[0]
    second = integrate.quad(lambda t: (t - x) * survival.sf(t), x, top, epsabs=1e-12, limit=300)[0]
    return first, second


@pytest.mark.parametrize(("mean", "sd"), [(100.0, 60.0), (5.0, 9.0), (40.0, 4.0)])
@pytest.mark.parametrize("factor", [0.2, 1.0, 2.5])
def test_gamma_losses_are_the_integrals(mean: float, sd: float, factor: float) -> None:
    law = stats.gamma((mean / sd) ** 2, scale=sd**2 / mean)
    first, second = _integrals(law, factor * mean, mean + 60 * sd)
    assert losses.gamma_loss(factor * mean, mean, sd) == pytest.approx(first, rel=1e-8, abs=1e-11)
    assert losses.gamma_second_loss(factor * mean, mean, sd) == pytest.approx(second, rel=1e-8, abs=1e-10)


@pytest.mark.parametrize(("mu", "sigma"), [(6.0, 0.3), (1.0, 0.9), (0.0, 0.5)])
@pytest.mark.parametrize("factor", [0.2, 1.0, 2.5])
def test_lognormal_losses_are_the_integrals(mu: float, sigma: float, factor: float) -> None:
    law = stats.lognorm(sigma, scale=np.exp(mu))
    x = factor * float(np.exp(mu))
    first, second = _integrals(law, x, float(np.exp(mu + 11 * sigma)))
    assert losses.lognormal_loss(x, mu, sigma) == pytest.approx(first, rel=1e-7, abs=1e-11)
    assert losses.lognormal_second_loss(x, mu, sigma) == pytest.approx(second, rel=1e-7, abs=1e-10)


@pytest.mark.parametrize("z", [-8.0, -1.4, 0.0, 0.5, 3.1, 8.0])
def test_normal_losses_are_the_integrals(z: float) -> None:
    first, second = _integrals(stats.norm(), z, 40.0)
    assert losses.standard_normal_loss(z) == pytest.approx(first, rel=1e-9, abs=1e-16)
    assert losses.standard_normal_second_loss(z) == pytest.approx(second, rel=1e-8, abs=1e-16)


def test_the_far_normal_tail_keeps_its_digits() -> None:
    # leading terms of the asymptotic series at z = 30: phi(z) / z**2 (1 - 3 / z**2 + 15 / z**4) and phi(z) / z**3 ...
    density = np.exp(-450.0) / np.sqrt(2 * np.pi)
    series = density / 900 * (1 - 3 / 900 + 15 / 900**2 - 105 / 900**3)
    assert losses.standard_normal_loss(30.0) == pytest.approx(series, rel=1e-7)


def test_certain_demand_has_the_loss_of_a_number() -> None:
    assert losses.normal_loss([3.0, 7.0], 5.0, 0.0) == pytest.approx([2.0, 0.0])
    assert losses.normal_second_loss([3.0, 7.0], 5.0, 0.0) == pytest.approx([2.0, 0.0])


@given(st.floats(-8.0, 6.0))
def test_the_inverse_undoes_the_loss(z: float) -> None:
    assert losses.standard_normal_loss_inverse(losses.standard_normal_loss(z)) == pytest.approx(z, abs=1e-7)


@pytest.mark.parametrize("value", [0.0, -1.0, np.nan, np.inf])
def test_the_inverse_refuses_what_no_loss_can_be(value: float) -> None:
    with pytest.raises(ValueError, match=r"loss is .*\(0, inf\)"):
        losses.standard_normal_loss_inverse(value)


@given(st.floats(0.1, 500.0), st.floats(-50.0, 700.0), st.floats(0.0, 30.0))
def test_losses_fall_with_slope_at_most_one(mean: float, x: float, step: float) -> None:
    pair = np.array([x, x + step])
    for loss in (
        losses.poisson_loss(pair, mean),
        losses.normal_loss(pair, mean, mean / 3),
        losses.gamma_loss(pair, mean, mean / 2),
        losses.negative_binomial_loss(pair, mean, 3 * mean),
    ):
        assert -1e-9 <= loss[0] - loss[1] <= step + 1e-9
