"""Allocate a large ledger: a million open lines over 50,000 SKUs, every rule.

    python -m tests.benchmarks.allocation

Prints one JSON object last: lines, skus, seconds (of the slowest rule, the first call of each left out), stages
(seconds of each rule), peak_mb.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from replenishment.backorders.allocation import RULES, Supply, allocate
from replenishment.backorders.ledger import NEVER, OrderLedger
from tests.benchmarks.measuring import report

AS_OF = 20_000
SOURCES = 4


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--skus", type=int, default=50_000)
    chosen = parser.parse_args()
    allocate_all(chosen.lines // 1000, chosen.skus // 1000)
    stages = allocate_all(chosen.lines, chosen.skus)
    report(lines=chosen.lines, skus=chosen.skus, seconds=max(stages.values()), stages=stages)


def allocate_all(lines: int, skus: int) -> dict[str, float]:
    """Seconds of each rule; lines of 1 to 9 units, stock on hand and three purchase orders a SKU."""
    ledger, supply, reserved = case(lines, skus)
    stages = {}
    for rule in RULES:
        for whole in (False, True):
            if whole and rule == "fair_share":
                continue
            began = time.perf_counter()
            allocate(ledger, supply, reserved, rule=rule, whole_lines=whole)
            stages[f"{rule}{', whole lines' if whole else ''}"] = round(time.perf_counter() - began, 3)
    return stages


def case(lines: int, skus: int) -> tuple[OrderLedger, Supply, np.ndarray]:
    random = np.random.default_rng(0)
    never = np.full(lines, NEVER)
    ledger = OrderLedger(
        as_of=AS_OF,
        item=random.integers(0, skus, lines),
        rank=random.permutation(lines),
        quantity=random.integers(1, 10, lines).astype(float),
        shipped=np.zeros(lines),
        ordered=AS_OF - random.integers(1, 200, lines),
        wanted=AS_OF + np.maximum(random.integers(-60, 30, lines), 0),
        shipped_on=never,
        cancelled_on=never,
        priority=random.integers(1, 5, lines).astype(float),
        reserved=np.zeros(lines),
    )
    item = np.repeat(np.arange(skus), SOURCES)
    supply = Supply(
        item=item,
        day=AS_OF + np.tile([0, 5, 20, 40], skus),
        units=random.integers(0, 40, len(item)).astype(float),
        rank=np.tile(np.arange(SOURCES), skus),
        on_hand=np.tile(np.arange(SOURCES) == 0, skus),
    )
    return ledger, supply, random.integers(0, 5, skus).astype(float)


if __name__ == "__main__":
    main()
