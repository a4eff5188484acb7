"""The undershoot is what a renewal process leaves below a distant level."""

from __future__ import annotations

import numpy as np
import pytest

from replenishment.demand_distributions import GammaDemand, NegativeBinomialDemand, PoissonDemand
from replenishment.discrete_demand import DiscreteDemand
from replenishment.undershoot import mean_undershoot, support_size, undershoot_distribution


@pytest.mark.parametrize(
    "demand", [PoissonDemand(3.0), NegativeBinomialDemand(2.0, 9.0), DiscreteDemand([0, 1, 6], [0.5, 0.3, 0.2])]
)
def test_the_distribution_agrees_with_walks(demand: PoissonDemand | NegativeBinomialDemand | DiscreteDemand) -> None:
    pmf = np.asarray(demand.pmf(np.arange(support_size(demand))))
    rng, seen = np.random.default_rng(5), []
    for steps in rng.choice(pmf.size, (20_000, 200), p=pmf / pmf.sum()):
        fallen = np.cumsum(steps)
        if fallen[-1] >= 60:
            # ordering at or below the reorder point: the first position 60 or more below the start
            seen.append(int(fallen[np.argmax(fallen >= 60)]) - 60)
    exact = undershoot_distribution(demand)
    assert exact.mean == pytest.approx(np.mean(seen), abs=0.06)
    assert exact.mean == pytest.approx(float(mean_undershoot(demand)))
    assert exact.cdf(2) == pytest.approx(np.mean(np.array(seen) <= 2), abs=0.015)


def test_continuous_demand_undershoots_by_half_its_size_biased_mean() -> None:
    assert mean_undershoot(GammaDemand(10.0, 10.0)) == pytest.approx(10.0)
    assert mean_undershoot(GammaDemand(10.0, 0.01)) == pytest.approx(5.0, rel=1e-5)
