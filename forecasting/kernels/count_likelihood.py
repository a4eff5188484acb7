"""Log likelihoods of counts for many candidates at once, in the lanes of a vector."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

__all__ = ["add_logs", "add_rising", "dispersion_likelihood"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

# Rising factorials are plain products up to so many factors (2^1023 must hold them).
MOST_FACTORS = 24.0
# Logarithms are taken of products up to e to this power.
LARGEST_PRODUCT = 600.0
# The bits of sqrt(1/2).
_ROOT_HALF = 4604544271217802189
_LOG_2 = 0.6931471805599453


@njit(nogil=True, cache=True)
def add_logs(number: Floats, bits: Integers, times: Floats, out: Floats) -> None:
    """Add ``times`` x log(number) to ``out``; ``bits`` is the same memory as ``number``, which is overwritten.

    A logarithm that the compiler can put into vector lanes: the exponent, and 2 artanh((m - 1) / (m + 1)) of a
    mantissa m within a factor of sqrt(2) of 1; the error is below 1e-13.
    """
    for j in range(out.size):
        # Counted from sqrt(1/2), so that the mantissa lies around 1.
        exponent = (bits[j] - _ROOT_HALF) >> 52
        out[j] += times[j] * _LOG_2 * np.float64(np.int32(exponent))
        bits[j] -= exponent << 52
    for j in range(out.size):
        z = (number[j] - 1.0) / (number[j] + 1.0)
        q = z * z
        series = 1 / 13 + q * (1 / 15 + q * (1 / 17))
        series = 1 / 7 + q * (1 / 9 + q * (1 / 11 + q * series))
        out[j] += times[j] * 2.0 * z * (1.0 + q * (1 / 3 + q * (1 / 5 + q * series)))


@njit(nogil=True, cache=True)
def add_rising(count: float, dispersion: Floats, number: Floats, bits: Integers, times: Floats, out: Floats) -> None:
    """Add log((1 + a) (1 + 2a) ... (1 + (count - 1) a)) to ``out``, with a the dispersion."""
    factors = min(count, MOST_FACTORS)
    if factors > 1.0:
        for d in range(out.size):
            number[d] = 1.0
            times[d] = 1.0
        for k in range(1, int(factors)):
            for d in range(out.size):
                number[d] *= 1.0 + k * dispersion[d]
        add_logs(number, bits, times, out)
    if count > factors:
        # The rest by Stirling's series about size + factors and size + count.
        for d in range(out.size):
            size = 1.0 / dispersion[d]
            number[d] = 1.0 + count * dispersion[d]
            times[d] = size + count - 0.5
            out[d] += factors - count + _remainder(size + count) - _remainder(size + factors)
        add_logs(number, bits, times, out)
        for d in range(out.size):
            number[d] = 1.0 + factors * dispersion[d]
            times[d] = 0.5 - factors - 1.0 / dispersion[d]
        add_logs(number, bits, times, out)


@njit(nogil=True, cache=True, inline="always")
def _remainder(x: float) -> float:
    """What Stirling's formula lacks of log gamma(x); from 24 on the error is below 1e-13."""
    q = 1.0 / (x * x)
    return (1 / 12 - q * (1 / 360 - q / 1260)) / x


@njit(nogil=True, cache=True)
def dispersion_likelihood(
    value: Floats, expected: Floats, first: int, n: int, mean: float, unit: float, grain: float, power: float,
    dispersions: Floats, out: Floats,
) -> None:  # fmt: skip
    """Log likelihood of each dispersion, given the expected demand of periods ``first`` to ``n``.

    Terms that no parameter of the model changes are left out. Counts are negative-binomial with size 1 / dispersion;
    with unit 0 the Normal stands for a gamma variable that is rounded at random to multiples of ``grain``.
    """
    number, times = np.empty(out.size), np.empty(out.size)
    out[:] = 0.0
    if unit > 0.0:
        _counts(value, expected, first, n, mean, unit, power, dispersions, number, times, out)
        return
    for t in range(first, n):
        share = 1.0 if power == 2.0 else (expected[t] / mean) ** (power - 2.0)
        over = 0.0
        if grain > 0.0:
            over = expected[t] / grain - np.floor(expected[t] / grain)
        for d in range(out.size):
            number[d] = (dispersions[d] * share + 1e-12) * expected[t] ** 2 + grain * grain * over * (1.0 - over)
            out[d] -= 0.5 * (value[t] - expected[t]) ** 2 / number[d]
            times[d] = -0.5
        add_logs(number, number.view(np.int64), times, out)


@njit(nogil=True, cache=True)
def _counts(
    value: Floats, expected: Floats, first: int, n: int, mean: float, unit: float, power: float,
    dispersions: Floats, number: Floats, times: Floats, out: Floats,
) -> None:  # fmt: skip
    """Counts of ``dispersion_likelihood``, with few logarithms: those of products over many periods.

    With power 1, 1 + mean x dispersion is the same in all periods. With power 2 the size is.
    """
    bits = number.view(np.int64)
    largest = 0.0
    relative, sizes_down = np.empty(out.size), np.empty(out.size)
    ones, single, sized = np.empty(out.size), np.empty(out.size), np.empty(out.size)
    for d in range(out.size):
        largest = max(largest, dispersions[d])
        sizes_down[d] = -1.0 / dispersions[d]
        ones[d] = single[d] = sized[d] = 1.0
    room, counted, sizes, rest = LARGEST_PRODUCT, 0.0, 0.0, 0.0
    for t in range(first, n):
        count, counts = np.rint(value[t] / unit), expected[t] / unit
        if value[t] > 0.0 and count < 1.0:
            count = 1.0
        share = 1.0 if power == 2.0 else mean / expected[t]
        counted += count
        sizes += 1.0 / share
        rest += count * np.log(counts) if count > 0.0 else 0.0
        few = min(count, MOST_FACTORS)
        # An upper bound of the logarithm of what the products grow by, either way.
        need = (few + 1.0) * np.log(1.0 + max(counts, few * share) * largest)
        room -= need
        if room < 0.0:
            _take_logs(single, ones, number, bits, out)
            _take_logs(sized, sizes_down, number, bits, out)
            room = LARGEST_PRODUCT - need
        if power == 2.0:
            for d in range(out.size):
                number[d] = 1.0 + counts * dispersions[d]
                sized[d] *= number[d]
        if count == 0.0:
            continue
        for d in range(out.size):
            relative[d] = dispersions[d] * share
        if count > MOST_FACTORS:
            if power == 2.0:
                for d in range(out.size):
                    times[d] = -count
                add_logs(number, bits, times, out)
            add_rising(count, relative, number, bits, times, out)
            continue
        for d in range(out.size):
            times[d] = 1.0 / number[d] if power == 2.0 else 1.0
        for k in range(int(count)):
            for d in range(out.size):
                single[d] *= (1.0 + k * relative[d]) * times[d]
    _take_logs(single, ones, number, bits, out)
    _take_logs(sized, sizes_down, number, bits, out)
    for d in range(out.size):
        out[d] += rest
        if power != 2.0:
            out[d] -= (counted + sizes / dispersions[d]) * np.log(1.0 + dispersions[d] * (mean / unit))


@njit(nogil=True, cache=True)
def _take_logs(product: Floats, times: Floats, number: Floats, bits: Integers, out: Floats) -> None:
    """Add ``times`` x log(product) to ``out``, and begin the products again.  Whole-array forms compile slowly."""
    for d in range(out.size):
        number[d] = product[d]
        product[d] = 1.0
    add_logs(number, bits, times, out)
