"""Fit negative-binomial exponential smoothing: candidates in the lanes of a vector, one pass over a series."""

from __future__ import annotations

from math import lgamma

import numpy as np
import numpy.typing as npt
from numba import njit

__all__ = ["choose_units", "find_grain", "fit_counts", "follow_counts"]

Floats32 = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

# A level may not fall below this share of the long-run mean: the next demand would be impossible.
LOWEST_SHARE = 1e-3
# The first dispersion is read at a level that is smoothed with this weight.
REFERENCE_WEIGHT = 0.1
# Dispersion is read from the newest periods only.
DISPERSION_PERIODS = 400
FIRST_PERIODS = 200
# Candidates are judged by the newest periods only (two years of days).
JUDGED_PERIODS = 728
# A unit is chosen from so many of the newest demands.
UNIT_DEMANDS = 128
UNIT_MARGIN = 4.0
# A run of zeros of less probability (its logarithm) is an interruption; dispersions are taken for no less than this.
INTERRUPTION = -9.0
LEAST_DISPERSION = 0.3
# Rising factorials are plain products up to so many factors (2^1023 must hold them).
MOST_FACTORS = 24.0
_ROOT_HALF_BITS = 4604544271217802189
_LOG_2 = 0.6931471805599453


@njit(nogil=True, cache=True)
def _add_logs(number: Floats, bits: Integers, times: Floats, out: Floats) -> None:
    """Add ``times`` x log(number) to ``out``; ``bits`` is the same memory as ``number``, which is overwritten.

    A logarithm that the compiler can put into vector lanes: the exponent, and 2 artanh((m - 1) / (m + 1)) of a
    mantissa m within a factor of sqrt(2) of 1; the error is below 1e-13.
    """
    for j in range(out.size):
        # Counted from sqrt(1/2), so that the mantissa lies around 1.
        exponent = (bits[j] - _ROOT_HALF_BITS) >> 52
        out[j] += times[j] * _LOG_2 * exponent
        bits[j] -= exponent << 52
    for j in range(out.size):
        z = (number[j] - 1.0) / (number[j] + 1.0)
        q = z * z
        series = 1 / 13 + q * (1 / 15 + q * (1 / 17))
        series = 1 / 7 + q * (1 / 9 + q * (1 / 11 + q * series))
        out[j] += times[j] * 2.0 * z * (1.0 + q * (1 / 3 + q * (1 / 5 + q * series)))


@njit(nogil=True, cache=True)
def _add_rising(
    count: float, dispersion: Floats, number: Floats, bits: Integers, times: Floats, out: Floats
) -> None:
    """Add log((1 + a) (1 + 2a) ... (1 + (count - 1) a)) to ``out``, with a the dispersion."""
    if count > MOST_FACTORS:
        for d in range(out.size):
            size = 1.0 / dispersion[d]
            out[d] += lgamma(size + count) - lgamma(size) + count * np.log(dispersion[d])
        return
    if count > 1.0:
        for d in range(out.size):
            number[d] = 1.0
            times[d] = 1.0
        for k in range(1, int(count)):
            for d in range(out.size):
                number[d] *= 1.0 + k * dispersion[d]
        _add_logs(number, bits, times, out)


@njit(nogil=True, cache=True)
def _dispersion_likelihood(
    value: Floats, expected: Floats, first: int, n: int, mean: float, unit: float, grain: float, power: float,
    dispersions: Floats, out: Floats,
) -> None:  # fmt: skip
    """Log likelihood of each dispersion, given the expected demand of periods ``first`` to ``n``.

    Terms that no parameter of the model changes are left out. Counts are negative-binomial with size 1 / dispersion;
    with unit 0 the Normal stands for a gamma variable that is rounded at random to multiples of ``grain``.
    """
    number, times, relative = np.empty(out.size), np.empty(out.size), np.empty(out.size)
    bits = number.view(np.int64)
    out[:] = 0.0
    for t in range(first, n):
        share = 1.0 if power == 2.0 else (expected[t] / mean) ** (power - 2.0)
        for d in range(out.size):
            relative[d] = dispersions[d] * share
        if unit > 0.0:
            count = np.rint(value[t] / unit)
            if value[t] > 0.0 and count < 1.0:
                count = 1.0
            counts = expected[t] / unit
            for d in range(out.size):
                number[d] = 1.0 + counts * relative[d]
                times[d] = -(count + 1.0 / relative[d])
            _add_logs(number, bits, times, out)
            _add_rising(count, relative, number, bits, times, out)
            if count > 0.0:
                out += count * np.log(counts)
        else:
            over = 0.0
            if grain > 0.0:
                over = expected[t] / grain - np.floor(expected[t] / grain)
            for d in range(out.size):
                number[d] = (relative[d] + 1e-12) * expected[t] ** 2 + grain * grain * over * (1.0 - over)
                out[d] -= 0.5 * (value[t] - expected[t]) ** 2 / number[d]
                times[d] = -0.5
            _add_logs(number, bits, times, out)


@njit(nogil=True, cache=True)
def find_grain(quantity: Floats32, status: Bytes, grain: Floats) -> None:
    """Find the largest amount of which all known demands of a series are multiples; 0 where there is none.

    Whole numbers by Euclid's algorithm. Others are multiples of a twelfth or more of the smallest demand, within
    the precision of 32 bits, or of nothing.
    """
    for i in range(quantity.shape[0]):
        whole, divisor, least = True, 0, np.inf
        for t in range(quantity.shape[1]):
            amount = np.float64(quantity[i, t])
            if status[i, t] == 0 and amount > 0.0:
                least = min(least, amount)
                whole = whole and amount == np.rint(amount) and amount < 2.0**53
                if whole:
                    a = np.int64(amount)
                    while divisor:
                        a, divisor = divisor, a % divisor
                    divisor = a
        if whole:
            grain[i] = divisor
            continue
        grain[i] = 0.0
        for parts in range(1, 13):
            worst = 0.0
            for t in range(quantity.shape[1]):
                if status[i, t] == 0 and quantity[i, t] > 0.0:
                    ratio = np.float64(quantity[i, t]) / least * parts
                    worst = max(worst, abs(ratio - np.rint(ratio)) - 4e-7 * ratio)
            if worst < 1e-3:
                grain[i] = least / parts
                break


@njit(nogil=True, cache=True)
def choose_units(
    quantity: Floats32, status: Bytes, mean: Floats, smallest: Floats, dispersions: Floats, unit: Floats
) -> None:
    """Choose the unit in which each series is counted: ``smallest`` times a power of 2, by likelihood.

    Demand that comes in lots is no Poisson process of single pieces. A unit u stands for demands within u/2 of its
    multiples, so that the likelihood of a positive demand is the probability of its multiple divided by u. Level
    and season are left aside (the mean is constant), the dispersion is the best of ``dispersions``.
    """
    sizes = np.empty(UNIT_DEMANDS)
    number, times, likelihood = (np.empty(dispersions.size), np.empty(dispersions.size), np.empty(dispersions.size))
    bits = number.view(np.int64)
    for i in range(quantity.shape[0]):
        unit[i] = smallest[i]
        n, periods = 0, 0
        for t in range(quantity.shape[1] - 1, -1, -1):
            if status[i, t] == 0:
                periods += 1
                if quantity[i, t] > 0.0:
                    sizes[n] = quantity[i, t]
                    n += 1
                    if n == UNIT_DEMANDS:
                        break
        if n < 2 or mean[i] <= 0.0 or smallest[i] <= 0.0:
            continue
        middle = np.median(sizes[:n])
        average = sizes[:n].sum() / periods
        candidate = smallest[i]
        best = -np.inf
        for _ in range(24):
            likelihood[:] = 0.0
            counted, rest = 0.0, n * np.log(candidate)
            for k in range(n):
                count = max(np.rint(sizes[k] / candidate), 1.0)
                counted += count
                rest += lgamma(count + 1.0)
                _add_rising(count, dispersions, number, bits, times, likelihood)
            for d in range(dispersions.size):
                number[d] = 1.0 + average / candidate * dispersions[d]
                times[d] = -(counted + periods / dispersions[d])
            _add_logs(number, bits, times, likelihood)
            top = likelihood.max() + counted * np.log(average / candidate) - rest
            # A coarser unit has to be better beyond doubt.
            if top > best + UNIT_MARGIN:
                best = top
                unit[i] = candidate
            candidate *= 2.0
            if candidate > 1.01 * middle:
                break


@njit(nogil=True, cache=True)
def _gather(
    quantity: Floats32, status: Bytes, factors: Floats32, unit: float, value: Floats, factor: Floats, absence: Floats
) -> int:
    """Copy the known demands and their factors, less interruptions; return how many. See ``_drop_interruptions``."""
    n = 0
    for t in range(quantity.size):
        if status[t] == 0:
            value[n] = quantity[t]
            factor[n] = factors[t]
            n += 1
    absence[:] = 0.0
    return _drop_interruptions(value, factor, n, unit, absence) if unit > 0.0 else n


@njit(nogil=True, cache=True)
def _drop_interruptions(value: Floats, factor: Floats, n: int, unit: float, absence: Floats) -> int:
    """Take out runs of zeros that chance can't explain: then nothing was on offer.

    Sales feeds record neither delistings nor empty shelves. A run is an interruption when its probability under the
    level before it, with the dispersion of the whole series, is below INTERRUPTION.

    ``absence`` receives: the logarithm of the probability of the run of zeros at the end (0 without one), the
    number of interruptions, how many of them have ended, and how many periods all of them took.
    """
    total, squares = 0.0, 0.0
    for t in range(n):
        plain = value[t] / (factor[t] * unit)
        total += plain
        squares += plain * plain
    mean = total / max(n, 1)
    if mean <= 0.0:
        return n
    dispersion = max(squares / n / (mean * mean) - 1.0 - 1.0 / mean, LEAST_DISPERSION)
    level = mean
    kept, t = 0, 0
    while t < n:
        end = t
        chance = 0.0
        while end < n and value[end] == 0.0:
            chance -= np.log1p(level * factor[end] * dispersion) / dispersion
            end += 1
        if end == n:
            absence[0] = chance
        if chance < INTERRUPTION:
            absence[1] += 1.0
            absence[2] += end < n
            absence[3] += end - t
            t = end
        end = min(max(end, t + 1), n)
        for k in range(t, end):
            value[kept], factor[kept] = value[k], factor[k]
            level += REFERENCE_WEIGHT * (value[k] / (factor[k] * unit) - level)
            kept += 1
        t = end
    return kept


@njit(nogil=True, cache=True)
def _start(value: Floats, factor: Floats, n: int, weight: float) -> float:
    """Smooth backwards: a running mean until ``weight`` is larger."""
    state = 0.0
    for k in range(n):
        t = n - 1 - k
        state += max(weight, 1.0 / (k + 1)) * (value[t] / factor[t] - state)
    return state


@njit(nogil=True, cache=True)
def _means(
    value: Floats, factor: Floats, n: int, weight: float, persistence: float, long_weight: float, mean: float,
    start: float, long_start: float, out: Floats,
) -> tuple[float, float]:  # fmt: skip
    """Run one filter; ``out`` receives the expected demand of each period. Returns level and long-run level."""
    state, long = start, long_start
    for t in range(n):
        out[t] = max(state, LOWEST_SHARE * mean) * factor[t]
        plain = value[t] / factor[t]
        state += weight * (plain - state) + (1.0 - persistence) * (long - state)
        long += long_weight * (plain - long)
    return state, long


@njit(nogil=True, cache=True)
def fit_counts(
    quantity: Floats32,
    status: Bytes,
    season: Floats32,
    profile: Integers,
    unit: Floats,
    grain: Floats,
    weights: Floats,
    persistence: Floats,
    long_weight: float,
    power: float,
    dispersions: Floats,
    lane_prior: Floats,
    dispersion_prior: Floats,
    mean: Floats,
    level: Floats,
    long_level: Floats,
    lane_likelihood: Floats,
    dispersion_likelihood: Floats,
    absence: Floats,
) -> None:
    """Filter each series with every candidate (weight, persistence).

    ``lane_prior`` (n, lanes) and ``dispersion_prior`` (n, dispersions) are logarithms. Results: ``mean`` (n,) of
    demand at season 1, ``level`` (n, lanes), ``long_level`` (n,), and the logarithms of the likelihood of each
    candidate and each dispersion. ``absence`` (n, 4): see ``_drop_interruptions``.
    """
    lanes = weights.size
    periods = quantity.shape[1]
    value, factor, expected = np.empty(periods), np.empty(periods), np.empty(periods)
    state, loss, seen = np.empty(lanes), np.empty(lanes), np.empty(lanes)
    bits, times = seen.view(np.int64), np.empty(lanes)
    coarse = dispersions[::4].copy()
    rough = np.empty(coarse.size)
    for i in range(quantity.shape[0]):
        n = _gather(quantity[i], status[i], season[profile[i]], unit[i], value, factor, absence[i])
        lane_likelihood[i] = 0.0
        dispersion_likelihood[i] = 0.0
        level[i] = 0.0
        long_level[i] = 0.0
        mean[i] = _start(value, factor, n, 0.0)
        if n == 0 or mean[i] <= 0.0:
            mean[i] = 0.0
            continue
        long_start = _start(value, factor, n, long_weight)
        start = _start(value, factor, n, REFERENCE_WEIGHT)
        _means(value, factor, n, REFERENCE_WEIGHT, 1.0, long_weight, mean[i], start, long_start, expected)
        _dispersion_likelihood(
            value, expected, max(n - FIRST_PERIODS, 0), n, mean[i], unit[i], grain[i], power, coarse, rough
        )
        dispersion = coarse[np.argmax(rough + dispersion_prior[i, ::4])]
        # Every lane starts where smoothing backwards with its own weight ends.
        state[:] = 0.0
        for k in range(n):
            plain = value[n - 1 - k] / factor[n - 1 - k]
            for j in range(lanes):
                state[j] += max(weights[j], 1.0 / (k + 1)) * (plain - state[j])
        loss[:] = 0.0
        long = long_start
        lowest = LOWEST_SHARE * mean[i]
        for t in range(n):
            plain = value[t] / factor[t]
            if t >= n - JUDGED_PERIODS:
                relative = 1.0 if power == 2.0 else (expected[t] / mean[i]) ** (2.0 - power)
                size = relative / dispersion
                if unit[i] > 0.0:
                    count = value[t] / unit[i]
                    counted = factor[t] / unit[i]
                    for j in range(lanes):
                        seen[j] = 1.0 + max(state[j], lowest) * counted / size
                        times[j] = -(count + size)
                    _add_logs(seen, bits, times, loss)
                    if count > 0.0:
                        for j in range(lanes):
                            seen[j] = max(state[j], lowest) * counted
                            times[j] = count
                        _add_logs(seen, bits, times, loss)
                else:
                    spread = (dispersion / relative + 1e-12) * expected[t] ** 2 + grain[i] ** 2 / 6.0
                    for j in range(lanes):
                        error = value[t] - max(state[j], lowest) * factor[t]
                        loss[j] -= 0.5 * error * error / spread
            for j in range(lanes):
                state[j] += weights[j] * (plain - state[j]) + (1.0 - persistence[j]) * (long - state[j])
            long += long_weight * (plain - long)
        level[i] = state
        long_level[i] = long
        lane_likelihood[i] = loss
        best = np.argmax(loss + lane_prior[i])
        start = _start(value, factor, n, weights[best])
        _means(
            value, factor, n, weights[best], persistence[best], long_weight, mean[i], start, long_start, expected
        )
        _dispersion_likelihood(
            value, expected, max(n - DISPERSION_PERIODS, 0), n, mean[i], unit[i], grain[i], power, dispersions,
            dispersion_likelihood[i],
        )  # fmt: skip


@njit(nogil=True, cache=True)
def follow_counts(
    quantity: Floats32,
    status: Bytes,
    season: Floats32,
    profile: Integers,
    weights: Floats,
    persistence: Floats,
    long_weight: float,
    level: Floats,
    long_level: Floats,
) -> None:
    """Run the levels (n, lanes) and the long-run levels (n,) along the given periods, in place."""
    for i in range(quantity.shape[0]):
        for t in range(quantity.shape[1]):
            if status[i, t] == 0:
                plain = quantity[i, t] / season[profile[i], t]
                for j in range(weights.size):
                    level[i, j] += weights[j] * (plain - level[i, j])
                    level[i, j] += (1.0 - persistence[j]) * (long_level[i] - level[i, j])
                long_level[i] += long_weight * (plain - long_level[i])
