"""
How far each heuristic lies above the optimum: ``python -m tests.benchmarks.heuristics [INSTANCES]``.

Every heuristic of ``replenishment`` is held against the exact optimum of the same package (each of which has a witness
of its own in the tests) or against the best of all choices, on instances drawn from one seed. Prints a line a
heuristic (what it is held against, mean, 90th percentile and largest gap, share of instances without a gap) and one
JSON object last.
"""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from replenishment.cycle_demand import CycleDemand
from replenishment.demand_distributions import NegativeBinomialDemand, NormalDemand, PoissonDemand
from replenishment.lost_sales import lost_sales_measures, lost_sales_order_up_to_for
from replenishment.lot_sizing.dynamic_lot_size import cheapest_lot_sizes
from replenishment.lot_sizing.joint_replenishment import (
    JointItems,
    optimal_joint_policy,
    power_of_two_policy,
    silver_joint_policy,
)
from replenishment.lot_sizing.lot_size_heuristics import least_unit_cost, part_period_balancing, silver_meal
from replenishment.min_max.cost import MinMaxCosts, min_max_cost, optimal_min_max
from replenishment.min_max.measures import min_max_for, min_max_measures
from replenishment.min_max.power_approximation import power_approximation_levels
from replenishment.min_max.tijms_groenevelt import approximate_min_for
from replenishment.networks.serial import SerialSystem, optimal_echelon_base_stock, shang_song_bounds
from replenishment.newsvendor import newsvendor_measures
from replenishment.newsvendor_budget import newsvendor_levels_under_budget
from replenishment.next_packs import rank_packs
from replenishment.order_up_to.targets import order_up_to_for
from replenishment.reorder_point.approximations import (
    economic_quantity_with_backorders_policy,
    economic_quantity_with_safety_stock_policy,
    expected_shortage_policy,
    loss_function_policy,
)
from replenishment.reorder_point.cost import ReorderPointCosts, optimal_reorder_point
from replenishment.reorder_point.targets import reorder_point_for
from replenishment.service import ProtectionDemand
from replenishment.supplier_minimum import meet_minimum_value
from replenishment.total_target import points_for_total
from tests.benchmarks.measuring import report

Gaps = Iterator[tuple[str, float]]


@dataclass(frozen=True)
class Family:
    """Heuristics for one problem: what they are held against, and their gaps on a random instance."""

    against: str
    gaps: Callable[[np.random.Generator], Gaps]


def lot_sizes(rng: np.random.Generator) -> Gaps:
    """Twelve periods, lumpy to smooth, a set-up worth one to four periods of demand."""
    demand = rng.gamma(rng.uniform(0.5, 4.0), 50.0, 12) * (rng.random(12) < rng.uniform(0.5, 1.0))
    demand[0] += 1.0
    costs = {"fixed_cost": float(demand.mean() * rng.uniform(0.5, 8.0)), "holding_cost": 1.0}
    best = cheapest_lot_sizes(demand, **costs).cost
    for heuristic in (silver_meal, least_unit_cost, part_period_balancing):
        yield heuristic.__name__.replace("_", " "), heuristic(demand, **costs).cost / best - 1.0


def joint_orders(rng: np.random.Generator) -> Gaps:
    """Six items that share a set-up."""
    items = JointItems(
        shared_fixed_cost=rng.uniform(1, 50),
        individual_fixed_costs=rng.uniform(0, 100, 6) ** 1.2,
        holding_costs=rng.uniform(0.1, 5, 6),
        demand_rates=rng.uniform(1, 100, 6),
    )
    best = optimal_joint_policy(items)
    yield "Silver's joint replenishment", silver_joint_policy(items).cost / best.cost - 1.0
    yield "power of two", power_of_two_policy(items, best.base_cycle / 1_000.0).cost / best.cost - 1.0


def reorder_points(rng: np.random.Generator) -> Gaps:
    """Normal demand of the lead time, a cost per unit backordered and unit of time; exact costs compared."""
    rate, wait = rng.uniform(100, 5_000), rng.uniform(0.02, 0.3)
    demand = NormalDemand(rate * wait, rate * wait * rng.uniform(0.1, 0.45))
    hold = rng.uniform(0.1, 3.0)
    costs = ReorderPointCosts(
        demand_rate=rate, fixed_cost=rng.uniform(5, 80), holding_cost=hold, stockout_cost=hold * rng.uniform(4, 60)
    )
    best = float(optimal_reorder_point(demand, costs).cost)
    for name, heuristic in (
        ("(r, Q): EOQ with backorders", economic_quantity_with_backorders_policy),
        ("(r, Q): loss function", loss_function_policy),
        ("(r, Q): EOQ and safety stock", economic_quantity_with_safety_stock_policy),
    ):
        yield name, float(heuristic(demand, costs).cost) / best - 1.0


def per_unit_short(rng: np.random.Generator) -> Gaps:
    """A cost once per unit short: Hadley and Whitin's policy against the best of a fine grid of exact costs."""
    mean = rng.uniform(50, 500)
    demand, rate, hold = NormalDemand(mean, mean * rng.uniform(0.1, 0.4)), mean * rng.uniform(4, 20), 1.0
    setup, short = rng.uniform(20, 400), rng.uniform(3, 30)
    found = expected_shortage_policy(
        demand, demand_rate=rate, fixed_cost=setup, holding_cost=hold, cost_per_unit_short=short
    )

    def cost(r: np.ndarray, q: np.ndarray) -> np.ndarray:
        late = (demand.loss(r) - demand.loss(r + q)) / q
        waiting = (demand.second_loss(r) - demand.second_loss(r + q)) / q
        return setup * rate / q + hold * (r + q / 2 - demand.mean + waiting) + short * rate * late

    r, q = found.reorder_point, found.order_quantity
    spread = float(np.sqrt(demand.variance))
    grid = np.meshgrid(r + spread * np.linspace(-2.5, 0.5, 301), q * np.linspace(0.6, 1.6, 201))
    yield "(r, Q): expected shortage", float(cost(r, q)) / float(min(cost(*grid).min(), cost(r, q))) - 1.0


def fill_rate_points(rng: np.random.Generator) -> Gaps:
    """Stock beyond what the exact (two-term) fill rate needs, as a share of a lot."""
    mean = rng.uniform(20, 200)
    demand, lot = NormalDemand(mean, mean * rng.uniform(0.2, 0.5)), mean * rng.uniform(0.3, 2.0)
    near, exact = (
        float(reorder_point_for(demand, lot, "fill_rate", 0.95, shortage=term)) for term in ("one_term", "two_term")
    )
    yield "one-term fill rate: stock too many, in lots", (near - exact) / lot


def min_max(rng: np.random.Generator) -> Gaps:
    """Poisson demand: the power approximation's cost; Tijms and Groenevelt's minimum, in units of the order-up-to."""
    mean, wait = rng.uniform(5, 60), int(rng.integers(0, 5))
    demand = PoissonDemand(mean)
    costs = MinMaxCosts(fixed_cost=rng.uniform(10, 100), holding_cost=1.0, stockout_cost=rng.uniform(4, 99))
    levels = power_approximation_levels(
        demand_mean=mean,
        demand_sd=mean**0.5,
        fixed_cost=costs.fixed_cost,
        holding_cost=1.0,
        stockout_cost=costs.stockout_cost,
        lead_time=wait,
    )
    s = round(float(levels.reorder_point))
    cost = min_max_cost(demand, costs, s, max(round(float(levels.order_up_to)), s + 1), wait)
    yield "(s, S): power approximation", cost / optimal_min_max(demand, costs, wait).cost - 1.0


def min_max_service(rng: np.random.Generator) -> Gaps:
    """Negative-binomial demand, fill rate 97 %: stock on hand against that of the exact minimum."""
    mean = rng.uniform(1, 12)
    demand, wait = NegativeBinomialDemand(mean, mean * rng.uniform(1.3, 4.0)), int(rng.integers(1, 5))
    gap = int(np.ceil(mean * rng.uniform(2, 6)))
    near = int(approximate_min_for(CycleDemand.independent(demand, wait), demand, gap, 0.03))
    exact = min_max_for(demand, gap, "fill_rate", 0.97, wait)[0]
    stock = [float(min_max_measures(demand, s, s + gap, wait).expected_on_hand) for s in (near, exact)]
    yield "(s, S): Tijms and Groenevelt's minimum, stock (either side)", abs(stock[0] / stock[1] - 1.0)


def lost_sales(rng: np.random.Generator) -> Gaps:
    """Poisson demand, lead time 1 or 2: the backorder level and the plan's approximation against the Markov chain."""
    mean, wait, wanted = rng.uniform(0.5, 4.0), int(rng.integers(1, 3)), 0.95
    demand = PoissonDemand(mean)
    exact = lost_sales_order_up_to_for(demand, wait, wanted)
    held = lost_sales_measures(demand, exact, wait).end_on_hand
    backorder = int(order_up_to_for(CycleDemand.independent(demand, wait), "fill_rate", wanted))
    yield (
        "lost sales: level of the backorder model, stock",
        (lost_sales_measures(demand, max(backorder, 1), wait).end_on_hand / held - 1.0),
    )
    draws = rng.poisson(mean, (1, 4_000, wait + 1)).astype(np.float32)
    sums = np.cumsum(draws, axis=2, dtype=np.float32)
    sampled = ProtectionDemand.from_sums(sums[:, :, wait - 1].copy(), sums[:, :, wait:].copy(), np.array([True]))
    share = 1.0 - lost_sales_measures(demand, exact, wait).fill_rate
    yield (
        "lost sales: share lost by thinning (either side)",
        abs(float(sampled.lost_rate(exact - 1, 1)[0]) / share - 1.0),
    )


def serial_systems(rng: np.random.Generator) -> Gaps:
    """Three stages, Poisson demand: the mean of Shang and Song's bounds, priced by the decomposition."""
    system = SerialSystem(
        echelon_holding_costs=rng.uniform(0.2, 1.0, 3),
        lead_times=rng.uniform(0.3, 1.5, 3),
        stockout_cost=rng.uniform(5, 40),
    )
    demand = PoissonDemand(rng.uniform(4, 16))
    best = optimal_echelon_base_stock(system, demand)
    levels = np.floor(shang_song_bounds(system, demand).heuristic)
    yield "serial: Shang and Song's heuristic", _echelon_cost(system, demand, levels) / best.cost - 1.0


def _echelon_cost(system: SerialSystem, demand: PoissonDemand, levels: np.ndarray) -> float:
    """Return what echelon base stocks cost, stage by stage from the last: a plain sum over all demands."""
    low, high = -250, int(levels.max()) + 1
    stocks = np.arange(low, high + 1)
    value = system.full_cost * np.maximum(-stocks, 0.0)
    for hold, wait, level in zip(system.echelon_holding_costs, system.lead_times, levels, strict=True):
        law = demand.sum_over(wait).pmf(np.arange(120))
        place = np.maximum(stocks[:, None] - np.arange(120) - low, 0)
        after = hold * (stocks - float(demand.mean) * wait) + value[place] @ law
        value = after[np.minimum(stocks, int(level)) - low]
    return float(value[int(levels[-1]) - low])


def budgets(rng: np.random.Generator) -> Gaps:
    """Three items of whole demand under a budget: one multiplier, and the pack list, against all choices."""
    means, price = rng.uniform(1, 4, 3), rng.uniform(1, 9, 3)
    under, over = price * rng.uniform(1.0, 4.0, 3), price * rng.uniform(0.1, 0.5, 3)
    laws = [PoissonDemand(mean) for mean in means]
    budget = float(price @ means) * rng.uniform(0.5, 1.2)
    costs = [
        np.asarray(newsvendor_measures(law, np.arange(13.0), overage=o, underage=u).cost)
        for law, o, u in zip(laws, over, under, strict=True)
    ]
    choices = [c for c in itertools.product(range(13), repeat=3) if price @ c <= budget]
    best = min(sum(costs[i][units] for i, units in enumerate(choice)) for choice in choices)
    found = newsvendor_levels_under_budget(
        PoissonDemand(means), unit_cost=price, overage=over, underage=under, budget=budget
    )
    chosen = sum(float(costs[i][min(int(units), 12)]) for i, units in enumerate(found.levels))
    yield "newsvendors under a budget, whole units", chosen / best - 1.0
    short = [np.asarray(law.loss(np.arange(13.0))) for law in laws]
    least = min(sum(short[i][units] for i, units in enumerate(choice)) for choice in choices)
    item = np.repeat(np.arange(3), 12)
    ranked = rank_packs(item, np.ones(36), np.repeat(price, 12), -np.diff(short, axis=1).ravel(), budget)
    left = sum(float(short[i][int(units)]) for i, units in enumerate(ranked.bought(3)))
    yield "next packs under a budget, units short", left / least - 1.0


def supplier_minimums(rng: np.random.Generator) -> Gaps:
    """Money by which a raised order exceeds the cheapest raise that reaches the minimum, as a share of the minimum."""
    price = rng.uniform(1, 12, 4).round(1)
    item, cost = np.repeat(np.arange(4), 3), np.repeat(price, 3)
    value, minimum = 20.0, 20.0 + float(rng.uniform(2, 40))
    found = meet_minimum_value(value, minimum, True, item, np.ones(12), cost, np.sort(rng.random(12))[::-1], 4)
    raises = [float(price @ units) for units in itertools.product(range(4), repeat=4)]
    cheapest = min((added for added in raises if added >= minimum - value - 1e-9), default=np.inf)
    if found.decision == "raised":
        yield "supplier minimum: money beyond the cheapest raise", (found.value - value - cheapest) / minimum


def total_targets(rng: np.random.Generator) -> Gaps:
    """Four items with five levels each: one multiplier against all combinations, in stock value."""
    rates = np.sort(rng.uniform(0, 0.4, (4, 5)), axis=1)[:, ::-1]
    values = np.sort(rng.uniform(1, 50, (4, 5)), axis=1)
    weight, target = rng.uniform(1, 20, 4), 0.15
    found = points_for_total(rates, values, weight, target)
    best = min(
        (
            sum(values[i, k] for i, k in enumerate(points))
            for points in itertools.product(range(5), repeat=4)
            if sum(weight[i] * rates[i, k] for i, k in enumerate(points)) <= target * weight.sum()
        ),
        default=np.inf,
    )
    if found.reached:
        yield "total target: stock value", float(found.value.sum()) / best - 1.0


FAMILIES: Final[dict[str, Family]] = {
    "lot sizes": Family("Wagner-Whitin", lot_sizes),
    "joint orders": Family("the best strict policy", joint_orders),
    "reorder points": Family("the exact optimum", reorder_points),
    "per unit short": Family("the best of a grid", per_unit_short),
    "fill-rate points": Family("the exact reorder point", fill_rate_points),
    "min-max": Family("Zheng-Federgruen", min_max),
    "min-max service": Family("the exact minimum", min_max_service),
    "lost sales": Family("the Markov chain", lost_sales),
    "serial systems": Family("Clark-Scarf", serial_systems),
    "budgets": Family("all choices", budgets),
    "supplier minimums": Family("all raises", supplier_minimums),
    "total targets": Family("all combinations", total_targets),
}


def measured(family: Family, instances: int, seed: int = 0) -> dict[str, np.ndarray]:
    """Return the gaps of each heuristic of a family over random instances."""
    rng = np.random.default_rng(seed)
    found: dict[str, list[float]] = {}
    for _ in range(instances):
        for name, gap in family.gaps(rng):
            found.setdefault(name, []).append(gap)
    return {name: np.array(gaps) for name, gaps in found.items()}


def main(arguments: list[str]) -> int:
    """Print the gap of every heuristic."""
    instances = int(arguments[0]) if arguments else 200
    begin, figures = time.perf_counter(), {}
    print(f"{'heuristic':<60}{'against':<26}{'mean':>8}{'90 %':>8}{'worst':>8}{'none':>7}")
    for family in FAMILIES.values():
        for name, gaps in measured(family, instances).items():
            mean, high, worst = float(gaps.mean()), float(np.quantile(gaps, 0.9)), float(gaps.max())
            none = float((gaps <= 1e-9).mean())
            print(f"{name:<60}{family.against:<26}{mean:>8.2%}{high:>8.2%}{worst:>8.2%}{none:>7.0%}")
            figures[name] = {"against": family.against, "mean": mean, "q90": high, "worst": worst, "none": none}
    report(instances=instances, heuristics=figures, seconds=round(time.perf_counter() - begin, 2))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
