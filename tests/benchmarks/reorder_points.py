"""
Reorder points of many items at once: ``python -m tests.benchmarks.reorder_points [ITEMS]``.

Prints one JSON object: ``items``, ``seconds`` (reorder points for a fill-rate target under negative-binomial demand
over the lead time, exact two-term shortage), ``stages`` (that, the periodic reorder point with its undershoot, and the
order-up-to level) and ``peak_mb``. One core does it all; means a period run from 0.01 to 500 units.
"""

from __future__ import annotations

import json
import resource
import sys
import time

import numpy as np

from replenishment.cycle_demand import CycleDemand
from replenishment.demand_distributions import NegativeBinomialDemand
from replenishment.order_up_to.targets import order_up_to_for
from replenishment.reorder_point.periodic import periodic_reorder_point_for
from replenishment.reorder_point.targets import reorder_point_for


def main(arguments: list[str]) -> int:
    """Time the three kinds of level and print them."""
    count = int(arguments[0]) if arguments else 30_000
    rng = np.random.default_rng(0)
    mean = np.exp(rng.normal(0.5, 1.5, count))
    demand = NegativeBinomialDemand(mean, mean * (1.0 + np.exp(rng.normal(0.0, 1.0, count))))
    lead_time = rng.integers(1, 20, count).astype(float)
    quantity = np.ceil(mean * rng.integers(1, 15, count))
    stages = {}

    def timed(name: str, levels: object) -> None:
        begin = time.perf_counter()
        assert np.all(np.isfinite(levels()))  # type: ignore[operator]
        stages[name] = round(time.perf_counter() - begin, 3)

    timed("reorder_point", lambda: reorder_point_for(demand.sum_over(lead_time), quantity, "fill_rate", 0.98))
    protected = CycleDemand.independent(demand, lead_time)
    timed("periodic_reorder_point", lambda: periodic_reorder_point_for(protected, quantity, "fill_rate", 0.98))
    timed("order_up_to", lambda: order_up_to_for(protected, "fill_rate", 0.98))
    print(
        json.dumps(
            {
                "items": count,
                "seconds": stages["reorder_point"],
                "stages": stages,
                "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
            }
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
