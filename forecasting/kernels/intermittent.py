"""TSB and smoothed aggregates over many series, with candidate weights in the lanes of a vector.

Only observed cells (status 0) are evidence. A period whose season is f counts as f periods of exposure; without
seasons every formula is that of its paper. Each method comes in two parts: one chooses the weights by the squared
one-step error, the other runs the state along a history with given weights, so that a fitted series can be followed.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

__all__ = ["choose_tsb", "newest_sizes", "run_tsb", "smooth_aggregates", "transitions"]

Floats32 = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

# The initial level of an aggregate comes from filtering it backwards with this weight.
_BACKCAST_WEIGHT = 0.1


@njit(nogil=True, cache=True)
def _start(quantity: Floats32, status: Bytes, factors: Floats32) -> tuple[int, float, float]:
    """Number of demands, their mean size and the exposure of the observed periods."""
    demands = 0
    total = 0.0
    exposure = 0.0
    for t in range(quantity.size):
        if status[t] == 0:
            exposure += factors[t]
            if quantity[t] > 0:
                demands += 1
                total += quantity[t]
    return demands, total / max(demands, 1), exposure


@njit(nogil=True, cache=True)
def choose_tsb(
    quantity: Floats32,
    status: Bytes,
    season: Floats32,
    profile: Integers,
    weights: Floats,
    start: Floats,
    chosen: Floats,
) -> None:
    """Choose the weights of sizes and of the probability of demand jointly, by squared one-step error.

    Teunter, Syntetos and Babai (2011): the probability is smoothed in every period, the size in those with demand;
    the forecast is their product. ``start[i]`` and ``chosen[i]`` receive (size, probability) and their weights; 0
    without demand.
    """
    lanes = weights.size
    size = np.empty(lanes)
    chance = np.empty(lanes)
    squares = np.empty(lanes)
    loss = np.empty((lanes, lanes))
    for i in range(quantity.shape[0]):
        factors = season[profile[i]]
        demands, mean, exposure = _start(quantity[i], status[i], factors)
        start[i] = 0.0
        chosen[i] = 0.0
        if demands == 0:
            continue
        start[i, 0] = mean
        start[i, 1] = demands / exposure
        size[:] = mean
        chance[:] = demands / exposure
        squares[:] = 0.0
        loss[:] = 0.0
        for t in range(quantity.shape[1]):
            if status[i, t] != 0:
                continue
            factor = np.float64(factors[t])
            value = np.float64(quantity[i, t])
            for k in range(lanes):
                squares[k] += (chance[k] * factor) ** 2
            if value > 0:
                for j in range(lanes):
                    for k in range(lanes):
                        loss[j, k] += size[j] * (size[j] * squares[k] - 2.0 * value * factor * chance[k])
                for k in range(lanes):
                    squares[k] = 0.0
                    size[k] += weights[k] * (value - size[k])
            hit = 1.0 / factor if value > 0 else 0.0
            for k in range(lanes):
                chance[k] += min(weights[k] * factor, 1.0) * (hit - chance[k])
        for j in range(lanes):
            for k in range(lanes):
                loss[j, k] += size[j] * size[j] * squares[k]
        best = np.argmin(loss)
        chosen[i, 0] = weights[best // lanes]
        chosen[i, 1] = weights[best % lanes]


@njit(nogil=True, cache=True)
def run_tsb(
    quantity: Floats32,
    status: Bytes,
    season: Floats32,
    profile: Integers,
    start: Floats,
    chosen: Floats,
    state: Floats,
) -> None:
    """Run (size, probability at season 1) from ``start`` with the weights ``chosen``."""
    for i in range(quantity.shape[0]):
        factors = season[profile[i]]
        size, chance = start[i, 0], start[i, 1]
        for t in range(quantity.shape[1]):
            if status[i, t] == 0:
                factor = np.float64(factors[t])
                value = quantity[i, t]
                hit = 0.0
                if value > 0:
                    size += chosen[i, 0] * (value - size)
                    hit = 1.0 / factor
                chance += min(chosen[i, 1] * factor, 1.0) * (hit - chance)
        state[i, 0] = size
        state[i, 1] = chance


@njit(nogil=True, cache=True)
def smooth_aggregates(
    quantity: Floats32,
    status: Bytes,
    season: Floats32,
    profile: Integers,
    narrowest: Integers,
    widest: Integers,
    weights: Floats,
    choose: bool,
    chosen: Floats,
    rate: Floats,
) -> None:
    """Smooth sums over non-overlapping buckets of w observed periods; average the rates over w.

    ``rate[i]`` is the mean over the widths ``narrowest[i]`` ... ``widest[i]`` of the smoothed bucket, a period and at
    season 1 (bucket sum / exposure). Buckets end with the newest period. The smoothing starts from a backcast, which
    the oldest, incomplete bucket enters by its share of a whole one, and nothing else. With ``choose`` the weight of
    width w is the candidate with the least squared error and put into ``chosen[i, w - 1]``; otherwise it is read from
    there.
    """
    lanes = weights.size
    state = np.empty(lanes)
    loss = np.empty(lanes)
    total = np.empty(quantity.shape[1] + 1)
    exposure = np.empty(quantity.shape[1] + 1)
    for i in range(quantity.shape[0]):
        factors = season[profile[i]]
        seen = 0
        total[0] = 0.0
        exposure[0] = 0.0
        for t in range(quantity.shape[1] - 1, -1, -1):
            if status[i, t] == 0:
                total[seen + 1] = total[seen] + quantity[i, t]
                exposure[seen + 1] = exposure[seen] + factors[t]
                seen += 1
        rate[i] = 0.0
        if seen == 0 or total[seen] <= 0.0:
            continue
        levels = 0
        for width in range(narrowest[i], min(widest[i], seen) + 1):
            buckets = seen // width
            start = 0.0
            for b in range(buckets):
                start += max(_BACKCAST_WEIGHT, 1.0 / (b + 1)) * (
                    _bucket(total, exposure, b * width, (b + 1) * width) - start
                )
            rest = seen - buckets * width
            if rest > 0:
                share = max(_BACKCAST_WEIGHT, 1.0 / (buckets + 1)) * rest / width
                start += share * (_bucket(total, exposure, seen - rest, seen) - start)
            if choose:
                state[:] = start
                loss[:] = 0.0
                for b in range(buckets - 1, -1, -1):
                    value = _bucket(total, exposure, b * width, (b + 1) * width)
                    for k in range(lanes):
                        error = value - state[k]
                        loss[k] += error * error
                        state[k] += weights[k] * error
                chosen[i, width - 1] = weights[np.argmin(loss)]
            level = start
            for b in range(buckets - 1, -1, -1):
                level += chosen[i, width - 1] * (_bucket(total, exposure, b * width, (b + 1) * width) - level)
            rate[i] += level
            levels += 1
        rate[i] /= max(levels, 1)


@njit(nogil=True, cache=True)
def _bucket(total: Floats, exposure: Floats, first: int, last: int) -> float:
    """Return the rate of some neighbouring periods, from sums that run backwards."""
    value: float = (total[last] - total[first]) / (exposure[last] - exposure[first])
    return value


@njit(nogil=True, cache=True)
def transitions(quantity: Floats32, status: Bytes, counts: Integers, last: Integers, silence: Integers) -> None:
    """Count the steps between neighbouring observed periods without and with demand.

    ``counts[i, a, b]``: from state a to b (0 none, 1 demand). ``last[i]`` is the newest observed state, and
    ``silence[i]`` says for how many periods since nothing was observed.
    """
    for i in range(quantity.shape[0]):
        counts[i] = 0
        last[i] = 0
        silence[i] = 0
        before = -1
        for t in range(quantity.shape[1]):
            if status[i, t] != 0:
                silence[i] += 1
                before = -1
                continue
            now = 1 if quantity[i, t] > 0 else 0
            if before >= 0:
                counts[i, before, now] += 1
            before = now
            last[i] = now
            silence[i] = 0


@njit(nogil=True, cache=True)
def newest_sizes(quantity: Floats32, status: Bytes, table: Floats32, count: Integers) -> None:
    """Copy the newest observed demands into ``table`` (oldest first); ``count[i]`` says how many."""
    for i in range(quantity.shape[0]):
        demands = 0
        for t in range(quantity.shape[1]):
            if status[i, t] == 0 and quantity[i, t] > 0:
                demands += 1
        count[i] = _newest_positive(quantity[i], status[i], demands, table[i])


@njit(nogil=True, cache=True)
def _newest_positive(quantity: Floats32, status: Bytes, demands: int, table: Floats32) -> int:
    skipped = max(demands - table.size, 0)
    met = 0
    n = 0
    for t in range(quantity.size):
        if status[t] == 0 and quantity[t] > 0:
            if met >= skipped:
                table[n] = quantity[t]
                n += 1
            met += 1
    return n
