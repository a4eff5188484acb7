"""No heuristic beats the optimum that it is held against, and none is worse than what the books say of it."""

from __future__ import annotations

from typing import Final

import pytest

from tests.benchmarks.heuristics import FAMILIES, measured

# Mean and largest gap over twelve instances; what each is held against is in the table of the benchmark.
_LIMITS: Final = {
    "silver meal": (0.05, 0.25),
    "least unit cost": (0.35, 1.0),
    "part period balancing": (0.15, 0.5),
    "Silver's joint replenishment": (0.02, 0.06),
    "power of two": (0.03, 0.0607),
    "(r, Q): EOQ with backorders": (0.02, 0.125),
    "(r, Q): loss function": (0.002, 0.02),
    "(r, Q): EOQ and safety stock": (0.2, 0.6),
    "(r, Q): expected shortage": (0.001, 0.01),
    "one-term fill rate: stock too many, in lots": (0.05, 0.25),
    "(s, S): power approximation": (0.08, 0.25),
    "(s, S): Tijms and Groenevelt's minimum, stock (either side)": (0.03, 0.15),
    "lost sales: level of the backorder model, stock": (0.4, 0.6),
    "lost sales: share lost by thinning (either side)": (0.35, 0.5),
    "serial: Shang and Song's heuristic": (0.01, 0.03),
    "newsvendors under a budget, whole units": (0.12, 0.4),
    "next packs under a budget, units short": (0.08, 0.4),
    "supplier minimum: money beyond the cheapest raise": (0.15, 0.4),
    "total target: stock value": (0.08, 0.4),
}


@pytest.mark.parametrize("name", list(FAMILIES))
def test_gaps_lie_between_none_and_what_is_known(name: str) -> None:
    found = measured(FAMILIES[name], 12, seed=7)
    assert found
    for heuristic, gaps in found.items():
        mean, worst = _LIMITS[heuristic]
        assert gaps.min() >= -1e-9, heuristic
        assert gaps.mean() <= mean, heuristic
        assert gaps.max() <= worst, heuristic
