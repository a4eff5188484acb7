"""The simulator against SimPy and vectorised NumPy, side by side in one run.

    python -m tests.benchmarks.simulator [--series 30490] [--periods 365] [--paths 100] [--jobs 2]

Prints one JSON object. (s, nQ) with gamma lead times, every backordered unit followed to its filling. Demand is drawn
inside the loops, from a table of probabilities of each SKU, and its time counts; the NumPy peer gets its demand ready
made and follows no ages, the SimPy peer gets demand and lead times ready made.

``sku_days_per_second``: wall clock, with ages; ``without_ages`` the same without. ``ratio_simpy``, ``ratio_numpy``:
SKU-days per processor second of one core, ours over theirs, the best of several turns in alternation.
``event_by_event``, ``shared_capacity``, ``policy_function``: SKU-days per processor second of one core where a supplier
may fail, where all SKUs share what their suppliers ship, and with the rule as a function in Python. ``growth``:
processor seconds for ten times the SKUs / ten times the processor seconds, at a tenth of the paths. ``input_mb``: peak
before the first simulation, and ``peak_mb`` after all.
"""

from __future__ import annotations

import argparse
import functools
import json
import resource
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import stats

from replenishment.lead_times import LeadTimes
from replenishment.policies import OrderingRule
from replenishment.simulation import PolicyFunction, SampledDemand, Seen, SharedLimit, Supply, simulate
from tests.benchmarks.measuring import identifiers
from tests.replenishment.simulation.simpy_shop import SimPyShop

MEAN_DAYS, SD_DAYS, PLACES = 10.0, 3.0, 64
TURNS = 3


class Shop:
    """SKUs with Poisson demand of gamma rates, an order for a fortnight at a 95 % reorder point."""

    def __init__(self, series: int, seed: int = 0) -> None:
        self.rate = np.minimum(np.random.default_rng(seed).gamma(0.6, 2.0, series), 20.0)
        tables = [self._probabilities(self.rate[k : k + 4096]) for k in range(0, series, 4096)]
        parts = [SampledDemand.from_probabilities(table).table for table in tables]
        self.demand = SampledDemand(type(parts[0])(*(np.concatenate(columns) for columns in zip(*parts, strict=True))))
        self.lead_time = LeadTimes.from_days(np.full(series, MEAN_DAYS), np.full(series, SD_DAYS), np.arange(40))
        self.point = np.floor(stats.poisson.ppf(0.95, self.rate * (MEAN_DAYS + 1)))
        self.lot = np.maximum(np.ceil(self.rate * 14), 1.0)
        none, every = np.zeros(series), np.ones(series, dtype=np.int64)
        skus, places = (tuple(names) for names in identifiers(series))
        self.policy = OrderingRule(
            skus, places, self.point, self.point + 1, self.lot, none, self.point + self.lot, every
        )

    @staticmethod
    def _probabilities(rate: np.ndarray) -> np.ndarray:
        pmf = stats.poisson.pmf(np.arange(PLACES), rate[:, None])
        return np.asarray(pmf / pmf.sum(axis=1, keepdims=True))

    def simulate(self, periods: int, paths: int, run: Any = map, ages: bool = True) -> Any:
        return simulate(self.policy, self.demand, self.lead_time, periods=periods, paths=paths, ages=ages, run=run)


def numpy_peer(shop: Shop, demand: np.ndarray, paths: int) -> float:
    """All SKUs and paths in one array, period by period; returns the backorder rate."""
    periods = len(demand)
    point, lot = np.repeat(shop.point, paths), np.repeat(shop.lot, paths)
    cumulative = np.cumsum(shop.lead_time.probability[0])
    rng = np.random.default_rng(1)
    net, on_order = point + lot, np.zeros(len(point))
    due = np.zeros((len(cumulative) + 1, len(point)))
    last = np.zeros(len(point), dtype=np.int64)
    short = wanted = 0.0
    for t in range(periods):
        slot = t % len(due)
        net += due[slot]
        on_order -= due[slot]
        due[slot] = 0.0
        who = np.flatnonzero(net + on_order <= point)
        units = np.ceil((point[who] + 1 - net[who] - on_order[who]) / lot[who]) * lot[who]
        on_order[who] += units
        last[who] = np.maximum(last[who], t + np.searchsorted(cumulative, rng.random(len(who)), side="right"))
        due[last[who] % len(due), who] += units
        short += float(np.maximum(demand[t] - np.maximum(net, 0.0), 0.0).sum())
        wanted += float(demand[t].sum())
        net -= demand[t]
    return short / wanted


def simpy_peer(shop: Shop, periods: int, count: int) -> None:
    """One SKU after the other."""
    rng = np.random.default_rng(2)
    for i in range(count):
        demand = rng.poisson(shop.rate[i], periods).astype(float).tolist()
        leads = np.searchsorted(np.cumsum(shop.lead_time.probability[i]), rng.random(periods)).tolist()
        rule = (shop.point[i], shop.point[i] + 1, shop.lot[i])
        SimPyShop(demand, leads, stock=shop.point[i] + shop.lot[i], rule=rule, lost=False).run()


def unusual(periods: int) -> dict[str, int]:
    """SKU-days per processor second of one core outside the fast loop, the best of several turns each."""
    shop, paths = Shop(200), 20
    skus, places = shop.policy.skus, shop.policy.locations
    point, lot = shop.point[:, None], shop.lot[:, None]

    def order(seen: Seen) -> np.ndarray:
        units = np.ceil((point + 1 - seen.position) / lot) * lot
        return np.where(seen.position <= point, units, 0.0)

    function = PolicyFunction(skus, places, order)
    shared = SharedLimit.of_suppliers({"S": 1.02 * shop.rate.sum()}, ["S"] * len(skus))
    told = {"demand": shop.demand, "lead_time": shop.lead_time, "periods": periods, "paths": paths}
    works = {
        "event_by_event": lambda: simulate(shop.policy, **told, supply=Supply(failure=0.01, recovery=0.2)),
        "shared_capacity": lambda: simulate(shop.policy, **told, supply=Supply(shared=[shared]), mean_demand=shop.rate),
        "policy_function": lambda: simulate(function, **told, initial_stock=shop.point + shop.lot),
    }
    for work in works.values():
        work()
    seconds = {name: min(clocked(work) for _ in range(TURNS)) for name, work in works.items()}
    return {name: round(len(skus) * periods * paths / least) for name, least in seconds.items()}


def clocked(work: Callable[[], Any], clock: Callable[[], float] = time.process_time) -> float:
    began = clock()
    work()
    return clock() - began


def ratios(periods: int) -> dict[str, float]:
    """SKU-days per processor second of one core: ours over each peer's, in alternation; the best turn of each."""
    shop, paths, singles = Shop(1000), 100, 10
    few = Shop(40)
    demand = np.random.default_rng(3).poisson(np.repeat(few.rate, paths), (periods, 40 * paths)).astype(np.float64)
    ours, numpys, simpys = [], [], []
    for _ in range(TURNS):
        ours.append(clocked(lambda: shop.simulate(periods, paths)) / (1000 * paths * periods))
        numpys.append(clocked(lambda: numpy_peer(few, demand, paths)) / demand.size)
        simpys.append(clocked(lambda: simpy_peer(few, periods, singles)) / (singles * periods))
    return {
        "ratio_simpy": round(min(simpys) / min(ours), 1),
        "ratio_numpy": round(min(numpys) / min(ours), 2),
        "nanoseconds": {
            "ours": round(min(ours) * 1e9, 2),
            "numpy": round(min(numpys) * 1e9, 2),
            "simpy": round(min(simpys) * 1e9, 1),
        },
    }


def peak_mb() -> float:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


def growth(shop: Shop, paths: int, periods: int, run: Any) -> float:
    """Seconds for ten times as many SKUs over ten times the seconds."""
    many = Shop(10 * len(shop.policy))
    turns = [
        (clocked(lambda: shop.simulate(periods, paths, run)), clocked(lambda: many.simulate(periods, paths, run)))
        for _ in range(2)
    ]
    return round(min(t[1] for t in turns) / (10 * min(t[0] for t in turns)), 3)


def main() -> None:
    from pipelines.execution import thread_mapper

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=30_490)
    parser.add_argument("--periods", type=int, default=365)
    parser.add_argument("--paths", type=int, default=100)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    run = thread_mapper(options.jobs)
    compiling = clocked(lambda: Shop(8).simulate(options.periods, options.paths), time.perf_counter)
    shop = Shop(options.series)
    days = options.series * options.periods * options.paths
    before = peak_mb()
    seconds = {
        ages: clocked(functools.partial(shop.simulate, options.periods, options.paths, run, ages), time.perf_counter)
        for ages in (True, False)
    }
    after = peak_mb()
    compared = ratios(options.periods)
    print(
        json.dumps(
            {
                "benchmark": "simulator",
                "sku_days": days,
                "seconds": round(seconds[True], 3),
                "sku_days_per_second": round(days / seconds[True]),
                "without_ages": round(days / seconds[False]),
                **compared,
                **unusual(options.periods),
                "stages": {"compile": round(compiling, 3)},
                "growth": growth(shop, max(options.paths // 10, 1), options.periods, run),
                "input_mb": before,
                "peak_mb": after,
            }
        )
    )


if __name__ == "__main__":
    main()
