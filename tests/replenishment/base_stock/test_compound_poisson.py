"""Compound Poisson demand agrees with a loop over customers, for base stock and batches."""

from __future__ import annotations

import numpy as np
import pytest

from replenishment.base_stock.compound_poisson import CompoundPoisson, compound_poisson_measures
from replenishment.demand_distributions import PoissonDemand
from replenishment.reorder_point.measures import reorder_point_measures
from tests.replenishment.brute_force import continuous

SIZES = CompoundPoisson(2.0, [1, 2, 5], [0.5, 0.3, 0.2])


@pytest.mark.parametrize(("lead_time", "r", "q"), [(3.0, 11, 1), (3.0, 15, 8), (0.5, 2, 4), (1.0, -3, 5)])
def test_every_measure_agrees_with_the_loop(lead_time: float, r: int, q: int) -> None:
    rng = np.random.default_rng(17)
    exact = compound_poisson_measures(SIZES, lead_time, r, q)
    sizes = iter(rng.choice([1, 2, 5], 200_000, p=[0.5, 0.3, 0.2]).tolist())
    seen = continuous(rng, 2.0, lambda: next(sizes), lambda: lead_time, r, q, length=3_000)
    for name in (
        "complete_order_fill_rate",
        "ready_rate",
        "no_backorder_rate",
        "expected_backorders",
        "expected_on_hand",
    ):
        seen.agrees(name, getattr(exact, name))
    seen.agrees("fill_rate", exact.unit_fill_rate)
    ratio, error = seen.of("mean_wait")
    assert abs(exact.mean_wait - ratio) < 5 * error + 0.02 * ratio


def test_single_units_are_plain_poisson() -> None:
    exact = reorder_point_measures(PoissonDemand(3.0), 1.5, 3, 5)
    found = compound_poisson_measures(CompoundPoisson(1.5, [1], [1.0]), 2.0, 3, 5)
    assert found.unit_fill_rate == pytest.approx(float(exact.fill_rate))
    assert found.complete_order_fill_rate == pytest.approx(float(exact.fill_rate))
    assert found.no_backorder_rate == pytest.approx(float(exact.no_backorder_rate))
    assert found.expected_backorders == pytest.approx(float(exact.expected_backorders))


def test_the_pmf_agrees_with_convolutions_and_survives_many_orders() -> None:
    base = np.zeros(60)
    base[[1, 2, 5]] = SIZES.probabilities
    power, total = np.eye(1, 60)[0], np.zeros(60)
    for n in range(60):
        total += PoissonDemand(2.0).pmf(n) * power
        power = np.convolve(power, base)[:60]
    assert SIZES.pmf(1.0, 60) == pytest.approx(total, abs=1e-14)
    many = SIZES.pmf(1_000.0, 6_000)
    assert many.sum() == pytest.approx(1.0, abs=1e-11)
    assert many @ np.arange(6_000) == pytest.approx(2_000 * SIZES.mean_size, rel=1e-11)


@pytest.mark.parametrize(
    ("build", "name"),
    [
        (lambda: CompoundPoisson(0.0, [1], [1.0]), "order_rate"),
        (lambda: CompoundPoisson(1.0, [0], [1.0]), "sizes"),
        (lambda: CompoundPoisson(1.0, [1.5], [1.0]), "sizes"),
        (lambda: CompoundPoisson(1.0, [1], [0.5]), "probabilities"),
        (lambda: compound_poisson_measures(SIZES, 0.0, 3), "lead_time"),
        (lambda: compound_poisson_measures(SIZES, 1.0, -9, 3), "reorder_point"),
    ],
)
def test_impossible_parameters_are_refused(build: object, name: str) -> None:
    with pytest.raises(ValueError, match=rf"^{name}"):
        build()  # type: ignore[operator]
