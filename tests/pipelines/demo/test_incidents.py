"""Incidents."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.demo.incidents import NO_CAUSE, Cause, Incidents, no_incidents, surged_demand
from tests.pipelines.demo.conftest import Stages


@pytest.fixture
def three() -> Incidents:
    """A late supplier on days 5 and 6, low safety stock on day 5, and nothing."""
    cause = np.array([Cause.LATE_SUPPLIER, Cause.LOW_SAFETY_STOCK, NO_CAUSE])
    return Incidents(cause, np.array([5, 5, 0]), np.array([7, 6, 0]), np.array([0.0, -1.5, 0.0]))


@pytest.mark.parametrize(("day", "works"), [(4, False), (5, True), (6, True), (7, False)])
def test_an_incident_works_from_its_first_day_until_the_one_before_its_last(
    three: Incidents, day: int, works: bool
) -> None:
    every = np.arange(3)
    assert three.at_work(Cause.LATE_SUPPLIER, day, every).tolist() == [works, False, False]
    assert not three.at_work(Cause.DEMAND_SURGE, day, every).any()


def test_the_buyer_is_less_cautious_only_while_the_incident_works(three: Incidents) -> None:
    usual = np.array([2.0, 2.0, 2.0])
    assert three.caution(5, np.arange(3), usual).tolist() == [2.0, -1.5, 2.0]
    assert three.caution(6, np.arange(3), usual).tolist() == [2.0, 2.0, 2.0]


def test_a_surge_multiplies_the_demand_of_its_days_and_of_no_others(stages: Stages) -> None:
    world, incidents = stages.world, stages.incidents
    demand = stages.undisturbed.demand
    surged = stages.history.demand
    inside = np.zeros(demand.shape, dtype=bool)
    for k in incidents.of(Cause.DEMAND_SURGE):
        inside[incidents.first[k] : incidents.last[k], k] = True
    np.testing.assert_array_equal(surged[~inside], demand[~inside])
    assert surged[inside].sum() == pytest.approx(stages.true_mean[inside].sum(), rel=0.1)
    np.testing.assert_array_equal(surged_demand(world, incidents, stages.mean, demand), surged)
    quiet = no_incidents(demand.shape[1])
    np.testing.assert_array_equal(surged_demand(world, quiet, stages.mean, demand), demand)
