"""Log likelihoods of counts for many candidates at once, in the lanes of a vector."""

from __future__ import annotations

from math import lgamma

import numpy as np
import numpy.typing as npt
from numba import njit

__all__ = ["add_logs", "add_rising", "dispersion_likelihood"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

# Rising factorials are plain products up to so many factors (2^1023 must hold them).
MOST_FACTORS = 24.0
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
        out[j] += times[j] * _LOG_2 * exponent
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
        add_logs(number, bits, times, out)


@njit(nogil=True, cache=True)
def dispersion_likelihood(
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
            add_logs(number, bits, times, out)
            add_rising(count, relative, number, bits, times, out)
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
            add_logs(number, bits, times, out)
