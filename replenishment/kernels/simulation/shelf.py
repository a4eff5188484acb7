"""Stock on the shelf, in batches by age where it perishes, and the record that drifts from it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from replenishment.kernels.simulation.chance import RECORDS, place, share_of, stream, uniform
from replenishment.kernels.simulation.columns import SCRAPPED
from replenishment.kernels.simulation.settings import ERROR_PROBABILITY, ERROR_SHARE

__all__ = ["drift", "put", "scrap_expired", "take"]

Floats = npt.NDArray[np.float64]

# ``batches[c % shelf_life]`` holds what was put on the shelf when c counts had been taken.


@njit(nogil=True, cache=True, _nrt=False, forceinline=True)
def put(state: Any, batches: Floats, item: Any, units: float) -> None:
    """Put fresh units on the shelf."""
    state.shelf += units
    if item.shelf_life > 0:
        batches[state.counts_taken % item.shelf_life] += units


@njit(nogil=True, cache=True, _nrt=False, forceinline=True)
def take(state: Any, batches: Floats, item: Any, units: float) -> None:
    """Take units from the shelf, the oldest first."""
    state.shelf = max(state.shelf - units, 0.0)
    for k in range(item.shelf_life):
        oldest = (state.counts_taken + 1 + k) % item.shelf_life
        took = min(batches[oldest], units)
        batches[oldest] -= took
        units -= took


@njit(nogil=True, cache=True, _nrt=False, forceinline=True)
def scrap_expired(state: Any, batches: Floats, item: Any, today: Floats) -> None:
    """At a count: scrap the units that have seen as many counts as their shelf life."""
    state.counts_taken += 1
    if item.shelf_life > 0:
        slot = state.counts_taken % item.shelf_life
        today[SCRAPPED] += batches[slot]
        state.shelf = max(state.shelf - batches[slot], 0.0)
        batches[slot] = 0.0


@njit(nogil=True, cache=True, _nrt=False, forceinline=True)
def drift(state: Any, batches: Floats, item: Any, rules: Floats, path: int, t: int, today: Floats) -> None:
    """Before a period: units leave the shelf unnoticed; a stocktake finds them, or that they are gone."""
    if rules[t, ERROR_PROBABILITY] > 0.0:
        hit = uniform(stream(item.key, RECORDS), place(path, t))
        if hit < rules[t, ERROR_PROBABILITY]:
            gone = share_of(state.shelf, rules[t, ERROR_SHARE])
            take(state, batches, item, gone)
            if item.misplaced:
                state.hidden += gone
            else:
                state.phantom += gone
                today[SCRAPPED] += gone
    if item.stocktake_every > 0 and t > 0 and t % item.stocktake_every == 0:
        put(state, batches, item, state.hidden)
        state.hidden = 0.0
        state.phantom = 0.0
