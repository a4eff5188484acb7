"""Echelon base stocks: the recursion agrees with units that travel through the stages."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replenishment.demand_distributions import GammaDemand, NegativeBinomialDemand, NormalDemand, PoissonDemand
from replenishment.networks.serial import SerialSystem, optimal_echelon_base_stock, shang_song_bounds
from replenishment.newsvendor import newsvendor_level


def _travel(system: SerialSystem, rate: float, echelon: np.ndarray, count: int = 60_000) -> tuple[float, float]:
    """Return the cost per unit of time of a policy and its standard error, following every unit through the stages."""
    stages = system.lead_times.size
    # without loss an upstream echelon stock holds at least that of the stage below
    local = np.diff(np.minimum.accumulate(echelon[::-1])[::-1], prepend=0.0).astype(int)
    moments = np.cumsum(np.random.default_rng(61).exponential(1 / rate, count))
    shipped, received, sent = moments, np.empty((stages, count)), np.empty((stages, count))
    for j in range(stages - 1, -1, -1):
        received[j] = shipped + system.lead_times[j]
        available = np.concatenate([np.zeros(local[j]), received[j]])[:count]
        shipped = sent[j] = np.maximum(moments, available)
    waits = sent[0] - moments
    local_costs = np.cumsum(system.echelon_holding_costs[::-1])[::-1]
    cost = np.full(count, 0.0) + system.stockout_cost * waits
    for j in range(stages):
        kept = count - local[j]
        held = np.zeros(count)
        held[local[j] :] = sent[j][local[j] :] - received[j][:kept]
        cost += local_costs[j] * held
        if j > 0:
            # what is under way to a stage is charged at the rate of the stage that sent it
            cost += local_costs[j] * system.lead_times[j - 1]
    batches = cost[2_000:].reshape(-1, 1_000).mean(axis=1) * rate
    return float(batches.mean()), float(batches.std(ddof=1) / batches.size**0.5)


SYSTEMS = [
    (SerialSystem(echelon_holding_costs=[0.25] * 4, lead_times=[0.25] * 4, stockout_cost=9), 16.0),
    (SerialSystem(echelon_holding_costs=[1.0, 0.5], lead_times=[1.0, 2.0], stockout_cost=20), 3.0),
    (SerialSystem(echelon_holding_costs=[0.2, 1.0, 0.4], lead_times=[0.5, 1.0, 0.5], stockout_cost=10), 5.0),
]


@pytest.mark.parametrize(("system", "rate"), SYSTEMS)
def test_the_optimal_cost_agrees_with_travelling_units(system: SerialSystem, rate: float) -> None:
    best = optimal_echelon_base_stock(system, PoissonDemand(rate))
    seen, error = _travel(system, rate, best.echelon_base_stock)
    assert abs(best.cost - seen) < 4 * error


def _evaluate(system: SerialSystem, demand: PoissonDemand, levels: tuple[int, ...]) -> float:
    """Return the exact cost of echelon base stocks, by following the distribution of the echelon position."""
    full = system.stockout_cost + system.echelon_holding_costs.sum()
    position, cost = {int(levels[-1]): 1.0}, 0.0
    for j in range(len(levels) - 1, -1, -1):
        law = demand.sum_over(float(system.lead_times[j]))
        pmf = np.asarray(law.pmf(np.arange(60)))
        stock: dict[int, float] = {}
        for at, chance in position.items():
            for used, share in enumerate(pmf):
                stock[at - used] = stock.get(at - used, 0.0) + chance * float(share)
        cost += system.echelon_holding_costs[j] * sum(x * p for x, p in stock.items())
        if j > 0:
            position = {}
            for at, chance in stock.items():
                capped = min(at, int(levels[j - 1]))
                position[capped] = position.get(capped, 0.0) + chance
    return float(cost + full * sum(max(-x, 0) * p for x, p in stock.items()))


def test_no_other_base_stocks_are_cheaper() -> None:
    for system, rate in SYSTEMS[1:]:
        best = optimal_echelon_base_stock(system, PoissonDemand(rate))
        levels = best.echelon_base_stock.astype(int)
        tried = {
            shift: _evaluate(system, PoissonDemand(rate), tuple(levels + np.array(shift)))
            for shift in itertools.product((-1, 0, 1), repeat=levels.size)
        }
        assert tried[(0,) * levels.size] == pytest.approx(best.cost, rel=1e-9)
        assert best.cost <= min(tried.values()) + 1e-9


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), stages=st.integers(1, 4))
def test_the_bounds_hold_and_the_heuristic_is_close(seed: int, stages: int) -> None:
    rng = np.random.default_rng(seed)
    system = SerialSystem(
        echelon_holding_costs=rng.uniform(0.1, 2, stages),
        lead_times=rng.uniform(0.2, 2, stages),
        stockout_cost=rng.uniform(5, 60),
    )
    for demand in (PoissonDemand(rng.uniform(1, 20)), NegativeBinomialDemand(4.0, 12.0)):
        bounds, best = shang_song_bounds(system, demand), optimal_echelon_base_stock(system, demand)
        assert np.all(bounds.lower <= best.echelon_base_stock)
        assert np.all(best.echelon_base_stock <= bounds.upper)
        assert np.all((bounds.lower <= bounds.heuristic) & (bounds.heuristic <= bounds.upper))


def test_one_stage_is_the_newsvendor() -> None:
    system = SerialSystem(echelon_holding_costs=[2.0], lead_times=[3.0], stockout_cost=18.0)
    for demand in (PoissonDemand(4.0), NormalDemand(20, 5), GammaDemand(10, 5)):
        level = newsvendor_level(demand.sum_over(3.0), overage=2.0, underage=18.0)
        found = optimal_echelon_base_stock(system, demand)
        assert found.echelon_base_stock[0] == pytest.approx(float(level.level), abs=2e-3)
        assert found.cost == pytest.approx(float(level.cost), rel=1e-5)


def test_continuous_demand_agrees_with_finer_whole_demand() -> None:
    system = SerialSystem(echelon_holding_costs=[3, 2, 2], lead_times=[1, 1, 2], stockout_cost=37.12)
    normal = optimal_echelon_base_stock(system, NormalDemand(400.0, 20.0))
    poisson = optimal_echelon_base_stock(system, PoissonDemand(400.0))
    assert normal.echelon_base_stock == pytest.approx(poisson.echelon_base_stock, abs=3)
    assert normal.cost == pytest.approx(poisson.cost, rel=3e-3)


def test_a_stage_without_a_lead_time_only_owns_what_is_under_way_from_it() -> None:
    plain = SerialSystem(echelon_holding_costs=[1.5], lead_times=[2.0], stockout_cost=20.0)
    split = SerialSystem(echelon_holding_costs=[1.0, 0.5], lead_times=[2.0, 0.0], stockout_cost=20.0)
    alone, together = (optimal_echelon_base_stock(system, PoissonDemand(3.0)) for system in (plain, split))
    assert together.cost == pytest.approx(alone.cost + 0.5 * 3.0 * 2.0)
    assert together.echelon_base_stock.min() == alone.echelon_base_stock[0]


def test_dearer_shortages_and_longer_lead_times_need_more() -> None:
    def levels(p: float, wait: float) -> np.ndarray:
        system = SerialSystem(echelon_holding_costs=[1.0, 0.5], lead_times=[wait, 2.0], stockout_cost=p)
        return optimal_echelon_base_stock(system, PoissonDemand(3.0)).echelon_base_stock

    assert np.all(levels(10, 1) <= levels(50, 1))
    assert np.all(levels(10, 1) <= levels(10, 3))


@pytest.mark.parametrize(
    ("name", "keywords"),
    [
        ("echelon_holding_costs", {"echelon_holding_costs": [1.0, 0.0]}),
        ("lead_times", {"lead_times": [1.0, -1.0]}),
        ("lead_times", {"lead_times": [1.0]}),
        ("stockout_cost", {"stockout_cost": 0.0}),
    ],
)
def test_impossible_systems_are_refused(name: str, keywords: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=rf"^{name}"):
        SerialSystem(
            **{
                "echelon_holding_costs": [1.0, 1.0],
                "lead_times": [1.0, 1.0],  # type: ignore[arg-type]
                "stockout_cost": 9.0,
                **keywords,
            }
        )
