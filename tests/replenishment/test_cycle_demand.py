"""The protected periods are counted from the decision on."""

from __future__ import annotations

import numpy as np
import pytest

from replenishment.cycle_demand import CycleDemand, probability_below
from replenishment.demand_distributions import NormalDemand, PoissonDemand


def test_lead_time_and_review_add_up() -> None:
    demand = CycleDemand.independent(PoissonDemand(2.0), lead_time=3, review=4)
    assert [float(part.mean) for part in demand.through] == [8.0, 10.0, 12.0, 14.0]
    assert demand.before.mean == 6.0
    assert demand.mean_per_cycle == 8.0
    assert demand.horizon is demand.through[-1]
    assert demand.average(lambda part: part.mean) == 11.0


def test_without_a_lead_time_nothing_is_missing_before_the_order() -> None:
    demand = CycleDemand.independent(PoissonDemand([2.0, 2.0]), lead_time=[0, 1])
    assert demand.loss_before([3.0, 3.0])[0] == 0.0
    assert demand.loss_before([-2.0, -2.0]) == pytest.approx([2.0, 4.0])
    assert demand.second_loss_before([-3.0, -3.0])[0] == pytest.approx(3.0)
    assert demand.cdf_before([0.0, 0.0]) == pytest.approx([1.0, np.exp(-2.0)])
    assert demand.mean_per_cycle == pytest.approx([2.0, 2.0])
    continuous = CycleDemand.independent(NormalDemand(10, 2), 0)
    assert continuous.second_loss_before(-3.0) == pytest.approx(4.5)


def test_below_is_strict() -> None:
    assert probability_below(PoissonDemand(3.0), 4.0) == pytest.approx(PoissonDemand(3.0).cdf(3.0))
    assert probability_below(NormalDemand(10, 2), 11.0) == pytest.approx(NormalDemand(10, 2).cdf(11.0))


@pytest.mark.parametrize(
    ("lead_time", "review", "name"),
    [(-1, 1, "lead_time"), (np.inf, 1, "lead_time"), (np.nan, 1, "lead_time"), (2, 0, "review"), (2, 1.5, "review")],
)
def test_impossible_intervals_are_refused(lead_time: float, review: float, name: str) -> None:
    with pytest.raises(ValueError, match=rf"^{name} is"):
        CycleDemand.independent(PoissonDemand(2.0), lead_time, review)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="through is empty"):
        CycleDemand(PoissonDemand(1.0), ())
