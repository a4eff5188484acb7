"""Likelihoods of counts against SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.special import gammaln

from forecasting.kernels.count_likelihood import add_logs, add_rising, dispersion_likelihood

DISPERSIONS = np.geomspace(1e-4, 50, 9)


def test_logarithms_in_lanes_are_those_of_numpy() -> None:
    rng = np.random.default_rng(0)
    number = np.exp(rng.uniform(-300, 300, 500))
    number[:4] = 1.0, np.sqrt(0.5), np.nextafter(np.sqrt(0.5), 0), 1 + 1e-12
    times, out = rng.normal(0, 3, 500), rng.normal(0, 1, 500)
    expected = out + times * np.log(number)
    add_logs(number, number.view(np.int64), times, out)
    np.testing.assert_allclose(out, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("count", [0, 1, 2, 7, 24, 25, 300])
def test_rising_factorials_are_ratios_of_gamma_functions(count: int) -> None:
    number, times, out = np.empty(9), np.empty(9), np.zeros(9)
    add_rising(float(count), DISPERSIONS, number, number.view(np.int64), times, out)
    size = 1 / DISPERSIONS
    expected = gammaln(size + count) - gammaln(size) + count * np.log(DISPERSIONS)
    np.testing.assert_allclose(out, expected, rtol=1e-8, atol=2e-7)


@pytest.mark.parametrize("power", [1.0, 2.0])
@pytest.mark.parametrize("unit", [1.0, 6.0])
def test_dispersions_are_judged_by_the_negative_binomial_of_scipy(power: float, unit: float) -> None:
    """Up to terms without a dispersion; the variance of a count m is m + d x mean^(2 - power) x m^power."""
    rng = np.random.default_rng(1)
    expected = rng.uniform(0.2, 60, 40)
    value = unit * stats.nbinom(2, 2 / (2 + expected / unit)).rvs(random_state=rng).astype(float)
    out = np.zeros(9)
    dispersion_likelihood(value, expected, 5, 40, 9.0, unit, unit, power, DISPERSIONS, out)
    plain = []
    for dispersion in DISPERSIONS:
        size = (expected / 9.0) ** (2 - power) / dispersion
        plain.append(stats.nbinom(size, size / (size + expected / unit)).logpmf(value / unit)[5:].sum())
    np.testing.assert_allclose(out - out[0], np.array(plain) - plain[0], rtol=1e-6, atol=1e-5)


def test_a_rounded_gamma_variable_is_judged_by_its_first_two_moments() -> None:
    value, expected = np.array([3.0, 4.0, 4.0]), np.array([3.5, 3.5, 4.0])
    out = np.zeros(9)
    dispersion_likelihood(value, expected, 0, 3, 3.7, 0.0, 1.0, 2.0, DISPERSIONS, out)
    over = expected % 1
    plain = [
        stats.norm(expected, np.sqrt(d * expected**2 + over * (1 - over))).logpdf(value).sum() for d in DISPERSIONS
    ]
    np.testing.assert_allclose(out - out[0], np.array(plain) - plain[0], rtol=1e-6)
