"""The supplier: fails and recovers, ships what its capacity allows, and delivers a share of it in good order."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from replenishment.kernels.simulation.chance import (
    LEAD_TIMES,
    SUPPLIER,
    YIELD,
    chosen,
    place,
    share_of,
    stream,
    uniform,
)
from replenishment.kernels.simulation.columns import CYCLES, RECEIVED, SCRAPPED, SHORT_CYCLES
from replenishment.kernels.simulation.settings import CAPACITY, DELAY, LEAST_YIELD, MOST_YIELD
from replenishment.kernels.simulation.shelf import put

__all__ = ["fail_or_recover", "receive", "ship"]

Floats = npt.NDArray[np.float64]


@njit(nogil=True, cache=True, _nrt=False, forceinline=True)
def fail_or_recover(state: Any, item: Any, path: int, t: int) -> None:
    """Before a period: a supplier that ships may fail, one that doesn't may recover."""
    if item.failure > 0.0:
        number = uniform(stream(item.key, SUPPLIER), place(path, t))
        if state.supplier_up:
            state.supplier_up = number >= item.failure
        else:
            state.supplier_up = number < item.recovery


@njit(nogil=True, cache=True, _nrt=False, forceinline=True)
def ship(state: Any, due: Floats, item: Any, rules: Floats, lead_time: Floats, path: int, t: int) -> bool:
    """After a review: ship what is owed as far as capacity reaches; say whether it is there in this very period."""
    units = min(state.owed, rules[t, CAPACITY]) if state.supplier_up else 0.0
    if units <= 0.0:
        return False
    state.owed -= units
    number = uniform(item.key, place(path, LEAD_TIMES + t))
    arrival = t + chosen(number, lead_time) + int(rules[t, DELAY])
    if not item.crossing:
        arrival = max(arrival, state.last_arrival)
        state.last_arrival = arrival
    due[arrival % due.size] += units
    return bool(arrival == t)


@njit(nogil=True, cache=True, _nrt=False, forceinline=True)
def receive(
    state: Any, batches: Floats, due: Floats, item: Any, rules: Floats, path: int, t: int, today: Floats
) -> None:
    """Take in what is due; reject what is not good."""
    came = due[t % due.size]
    if came <= 0.0:
        return
    due[t % due.size] = 0.0
    state.on_order -= came
    good = came
    least, most = rules[t, LEAST_YIELD], rules[t, MOST_YIELD]
    if least < 1.0:
        number = uniform(stream(item.key, YIELD), place(path, t))
        good = share_of(came, least + (most - least) * number)
    put(state, batches, item, good)
    today[RECEIVED] += came
    today[SCRAPPED] += came - good
    today[CYCLES] += 1.0
    today[SHORT_CYCLES] += 1.0 if state.short_since_receipt else 0.0
    state.short_since_receipt = False
