"""Probabilities of counts agree with exact arithmetic and with SciPy."""

from __future__ import annotations

from decimal import Decimal, localcontext

import numpy as np
import pytest
from scipy import stats

from replenishment.count_probabilities import (
    negative_binomial_cdf,
    negative_binomial_pmf,
    negative_binomial_survival,
    poisson_cdf,
    poisson_pmf,
    poisson_survival,
)


def _exact_poisson(k: int, mean: float) -> float:
    with localcontext() as context:
        context.prec = 50
        term = (-Decimal(mean)).exp()
        for i in range(1, k + 1):
            term = term * Decimal(mean) / i
        return float(term)


def _exact_negative_binomial(k: int, mean: float, variance: float) -> float:
    with localcontext() as context:
        context.prec = 50
        mu, var = Decimal(mean), Decimal(variance)
        size, success = mu * mu / (var - mu), mu / var
        term = (success.ln() * size).exp()
        for i in range(1, k + 1):
            term = term * (size + i - 1) / i * (1 - success)
        return float(term)


@pytest.mark.parametrize("mean", [0.3, 5.0, 50.0, 1_000.0, 20_000.0])
@pytest.mark.parametrize("deviations", [0.0, 3.0, 6.0])
def test_poisson_pmf_keeps_thirteen_digits(mean: float, deviations: float) -> None:
    k = int(mean + deviations * mean**0.5)
    assert float(poisson_pmf(k, mean)) == pytest.approx(_exact_poisson(k, mean), rel=2e-13)


@pytest.mark.parametrize(("mean", "variance"), [(5, 15), (0.1, 0.4), (1_000, 1_500), (20_000, 20_001), (300, 30_000)])
@pytest.mark.parametrize("deviations", [0.0, 3.0, 6.0])
def test_negative_binomial_pmf_keeps_twelve_digits(mean: float, variance: float, deviations: float) -> None:
    k = int(mean + deviations * variance**0.5)
    exact = _exact_negative_binomial(k, mean, variance)
    assert float(negative_binomial_pmf(k, mean, variance)) == pytest.approx(exact, rel=1e-12)


@pytest.mark.parametrize("mean", [0.2, 7.0, 400.0])
def test_poisson_tails_agree_with_scipy(mean: float) -> None:
    k = np.arange(-2, int(mean + 12 * mean**0.5) + 5)
    assert poisson_cdf(k, mean) == pytest.approx(stats.poisson.cdf(k, mean), rel=1e-11)
    assert poisson_survival(k, mean) == pytest.approx(stats.poisson.sf(k, mean), rel=1e-11)


@pytest.mark.parametrize(("mean", "variance"), [(0.2, 0.5), (7, 30), (400, 900)])
def test_negative_binomial_tails_agree_with_scipy(mean: float, variance: float) -> None:
    k = np.arange(-2, int(mean + 12 * variance**0.5) + 5)
    law = stats.nbinom(mean**2 / (variance - mean), mean / variance)
    assert negative_binomial_cdf(k, mean, variance) == pytest.approx(law.cdf(k), rel=1e-10)
    assert negative_binomial_survival(k, mean, variance) == pytest.approx(law.sf(k), rel=1e-10)


def test_zero_and_negative_counts() -> None:
    assert poisson_pmf([-1, 0], 3.0) == pytest.approx([0.0, np.exp(-3.0)])
    assert poisson_pmf(0, 0.0) == 1.0
    assert poisson_pmf(2, 0.0) == 0.0
    assert negative_binomial_pmf([-1, 0], 3.0, 6.0) == pytest.approx([0.0, 0.5**3])
