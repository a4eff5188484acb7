"""A simulation in parts: a few items each, simulated by themselves and added up.

What was found of a part is good for as long as nothing about its items changes, so that of a large simulation only
those parts need be carried out again that have changed. Sums over the items of a part are formed first, then those over
parts: the figures of the total are those of one simulation but for rounding, those of each item to the bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from forecasting.identity import stream_keys
from replenishment.simulation.case import Case
from replenishment.simulation.engine import Mapper, notes_of
from replenishment.simulation.measures import figures, path_figures
from replenishment.simulation.results import SimulationResult, Sums

__all__ = ["PartFigures", "add_up", "parts_of", "simulate_parts"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class PartFigures:
    """What was found of p parts of up to m items.

    Attributes
    ----------
    items : (p, m, f) the figures of each item, those of ``kpis`` in their order; NaN where a part has fewer items.
    counts, waits : (p, ...) sums over the items of each; see :class:`Sums`.
    """

    items: Floats
    counts: Floats
    waits: Floats


def parts_of(case: Case, count: int) -> list[Integers]:
    """Split the items of a case into at most ``count`` parts by their identity, whatever their order.

    Returns
    -------
    The rows of each part in the order of their identities; none is empty.
    """
    skus, locations = case.policy.skus, case.policy.locations
    ranked = np.array(sorted(range(len(case)), key=lambda i: (skus[i], locations[i])), dtype=np.int64)
    number = (stream_keys(skus, locations, 0) % np.uint64(count)).astype(np.int64)[ranked]
    return [ranked[number == k] for k in np.unique(number)]


def simulate_parts(case: Case, parts: Sequence[Integers], chosen: Integers, run: Mapper = map) -> PartFigures:
    """Simulate the chosen ones of the parts of a case, at least one."""
    results = list(run(lambda k: case.take(parts[k]).simulate(), chosen.tolist()))
    names = results[0].kpis.columns[2:]
    items = np.full((len(results), max(len(part) for part in parts), len(names)), np.nan)
    for k, result in enumerate(results):
        items[k, : len(result.kpis)] = result.kpis[names].to_numpy(float)
    counts, waits = (np.stack([getattr(result.sums, name) for result in results]) for name in ("counts", "waits"))
    return PartFigures(items, counts, waits)


def add_up(case: Case, parts: Sequence[Integers], found: PartFigures) -> SimulationResult:
    """Put together what was found of all parts."""
    import pandas as pd

    counts, waits = np.zeros(found.counts.shape[1:]), np.zeros(found.waits.shape[1:])
    for k in range(len(parts)):
        counts += found.counts[k]
        waits += found.waits[k]
    measured: dict[str, Any] = {
        "counted_periods": case.periods - case.warm_up,
        "period_days": case.period_days,
        "costs": case.costs,
    }
    total = figures(counts[None], waits[None], items=np.array([float(len(case))]), **measured)
    items = np.empty((len(case), len(total)))
    for part, own in zip(parts, found.items, strict=True):
        items[part] = own[: len(part)]
    keys = pd.DataFrame({"sku": list(case.policy.skus), "location": list(case.policy.locations)})
    return SimulationResult(
        pd.concat([keys, pd.DataFrame({name: items[:, k] for k, name in enumerate(total)})], axis=1),
        {name: float(value[0]) for name, value in total.items()},
        notes_of(case.customers),
        case.paths,
        path_figures(counts, items=len(case), **measured),
        Sums(counts, waits),
        lambda row: case.take(np.array([row])).simulate().trace(0),
    )
