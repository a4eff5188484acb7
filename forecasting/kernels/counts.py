"""Filter counts with every candidate of negative-binomial exponential smoothing, in the lanes of a vector."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from forecasting.kernels.count_likelihood import dispersion_likelihood

__all__ = ["LOWEST_SHARE", "filter_counts"]

Floats32 = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Integers32 = npt.NDArray[np.int32]
Bytes = npt.NDArray[np.uint8]

# A level may not fall below this share of the long-run mean: the next demand would be impossible.
LOWEST_SHARE = 1e-3
# The first dispersion is read at a level that is smoothed with this weight, from so many of the newest periods.
REFERENCE_WEIGHT = 0.1
FIRST_PERIODS = 200
# A level with that weight rests on so many periods: (2 - weight) / weight.
REFERENCE_PERIODS = 19.0
# The dispersion and the candidates are judged by the newest periods only.
DISPERSION_PERIODS = 400
JUDGED_PERIODS = 728
# A run of zeros of less probability (its logarithm) is an interruption; dispersions are taken for no less than this.
INTERRUPTION = -7.0
LEAST_DISPERSION = 0.3
# The bits of sqrt(1/2) in 32 bits.
ROOT_HALF = 1060439283
LOG_2 = 0.6931471805599453


@njit(nogil=True, cache=True)
def filter_counts(
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
    judge: bool,
    mean: Floats,
    level: Floats,
    long_level: Floats,
    absence: Floats,
    lane_scores: Floats,
    dispersion_scores: Floats,
) -> None:
    """Run the level of each series with every candidate (weight, persistence), and judge the candidates.

    With the demand y of a period, its season s, the level l and the long-run level c:
    l <- l + weight (y / s - l) + (1 - persistence) (c - l), c <- c + long_weight (y / s - c). All start where
    smoothing the reversed series with their own weight ends. Only observed cells (status 0) count.

    Parameters
    ----------
    unit, grain : (n,) see :func:`forecasting.kernels.count_paths.sample_counts`.
    power : the variance of a count is m + dispersion x mean^(2 - power) x m^power at an expected count m.
    lane_prior, dispersion_prior : (n, lanes) and (n, dispersions), logarithms.
    judge : whether scores are wanted; if not, only the states are run.

    Notes
    -----
    Results: ``mean`` (n,) of demand at season 1, ``level`` (n, lanes), ``long_level`` (n,), ``absence`` (n, 4) (see
    ``_drop_interruptions``), and the log likelihood of each lane and of each dispersion. That of the lanes is a
    quasi-likelihood: sizes are those of a level with weight 0.1 and of the best of every fourth dispersion.
    Out-of-stock cells are passed over; their censored likelihood, P(D >= quantity sold), would enter in ``_judge``.
    """
    lanes, periods = weights.size, quantity.shape[1]
    value, factor, expected = np.empty(periods), np.empty(periods), np.empty(periods)
    state, number = np.empty(lanes), np.empty(lanes, np.float32)
    bits = number.view(np.int32)
    coarse = dispersions[::4].copy()
    rough = np.empty(coarse.size)
    for i in range(quantity.shape[0]):
        n = _gather(quantity[i], status[i], season[profile[i]], unit[i], value, factor, absence[i])
        lane_scores[i], dispersion_scores[i], level[i] = 0.0, 0.0, 0.0
        long_level[i] = 0.0
        mean[i] = _start(value, factor, n, 0.0)
        if n == 0 or mean[i] <= 0.0:
            mean[i] = 0.0
            continue
        long_start = _start(value, factor, n, long_weight)
        for j in range(lanes):
            state[j] = 0.0
        for k in range(n):
            plain = value[n - 1 - k] / factor[n - 1 - k]
            for j in range(lanes):
                state[j] += max(weights[j], 1.0 / (k + 1)) * (plain - state[j])
        dispersion = 0.0
        if judge:
            start = _start(value, factor, n, REFERENCE_WEIGHT)
            _means(value, factor, n, REFERENCE_WEIGHT, 1.0, long_weight, mean[i], start, long_start, expected)
            first = max(n - FIRST_PERIODS, 0)
            dispersion_likelihood(value, expected, first, n, mean[i], unit[i], grain[i], power, coarse, rough)
            dispersion = coarse[np.argmax(rough + dispersion_prior[i, ::4])]
        long = long_start
        for t in range(n):
            if judge and t >= n - JUDGED_PERIODS:
                relative = dispersion if power == 2.0 else dispersion * mean[i] / expected[t]
                _judge(
                    value[t], factor[t], expected[t], relative, unit[i], grain[i], LOWEST_SHARE * mean[i], state,
                    number, bits, lane_scores[i],
                )  # fmt: skip
            plain = value[t] / factor[t]
            for j in range(lanes):
                state[j] += weights[j] * (plain - state[j]) + (1.0 - persistence[j]) * (long - state[j])
            long += long_weight * (plain - long)
        for j in range(lanes):
            level[i, j] = state[j]
        long_level[i] = long
        if judge:
            best = np.argmax(lane_scores[i] + lane_prior[i])
            start = _start(value, factor, n, weights[best])
            _means(
                value, factor, n, weights[best], persistence[best], long_weight, mean[i], start, long_start, expected
            )
            first = max(n - DISPERSION_PERIODS, 0)
            dispersion_likelihood(
                value, expected, first, n, mean[i], unit[i], grain[i], power, dispersions, dispersion_scores[i]
            )


@njit(nogil=True, cache=True)
def _judge(
    value: float, factor: float, expected: float, dispersion: float, unit: float, grain: float, lowest: float,
    state: Floats, number: Floats32, bits: Integers32, scores: Floats,
) -> None:  # fmt: skip
    """Add to ``scores`` what one demand says for the level of each lane, given its dispersion.

    Likelihoods of counts are relative to that of the expected demand, whose logarithms need only 32 bits; ``bits`` is
    the memory of ``number``.
    """
    if unit > 0.0:
        count, size, counts = value / unit, 1.0 / dispersion, factor / unit
        usual = 1.0 / (1.0 + expected / unit * dispersion)
        for j in range(scores.size):
            number[j] = (1.0 + max(state[j], lowest) * (counts * dispersion)) * usual
        _add_logs32(number, bits, -(count + size), scores)
        if count > 0.0:
            share = factor / expected
            for j in range(scores.size):
                number[j] = max(state[j], lowest) * share
            _add_logs32(number, bits, count, scores)
    else:
        # What random rounding adds is a sixth of the grain squared on the average of all fractions.
        variance = (dispersion + 1e-12) * expected**2 + grain**2 / 6.0
        for j in range(scores.size):
            error = value - max(state[j], lowest) * factor
            scores[j] -= 0.5 * error * error / variance


@njit(nogil=True, cache=True)
def _add_logs32(number: Floats32, bits: Integers32, times: float, scores: Floats) -> None:
    """Add ``times`` x log(number); see :func:`forecasting.kernels.count_likelihood.add_logs`."""
    one = np.float32(1.0)
    for j in range(scores.size):
        exponent = np.int32((bits[j] - ROOT_HALF) >> 23)
        bits[j] -= exponent << 23
        scores[j] += times * LOG_2 * np.float64(exponent)
    for j in range(scores.size):
        z = (number[j] - one) / (number[j] + one)
        q = z * z
        series = np.float32(1 / 5) + q * (np.float32(1 / 7) + q * np.float32(1 / 9))
        scores[j] += times * np.float64(np.float32(2.0) * z * (one + q * (np.float32(1 / 3) + q * series)))


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
    level before it, with the dispersion of the whole series, is below INTERRUPTION. That level is itself uncertain:
    a gamma variable that rests on some counts, which makes the run's probability (1 + exposure / counts)^-counts.

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
        exposure = 0.0
        while end < n and value[end] == 0.0:
            exposure += np.log1p(level * factor[end] * dispersion) / dispersion
            end += 1
        counts = REFERENCE_PERIODS * level / (1.0 + dispersion * level)
        chance = -counts * np.log1p(exposure / counts) if exposure > 0.0 else 0.0
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
