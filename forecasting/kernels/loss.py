"""Distribution and loss functions of sorted samples with a fitted tail."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

__all__ = ["distribution_function", "fit_tails", "loss", "quantile"]

Floats32 = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@njit(nogil=True, cache=True)
def fit_tails(samples: Floats32, share: float, threshold: Floats, survival: Floats, excess: Floats) -> None:
    """Threshold: the largest draw below the top ``share``; survival and mean excess of the draws strictly above it."""
    n, m = samples.shape
    place = m - 1 - max(int(share * m), 1)
    for i in range(n):
        u = samples[i, place]
        above = 0
        total = 0.0
        for k in range(place + 1, m):
            if samples[i, k] > u:
                above += 1
                total += samples[i, k] - u
        threshold[i] = u
        survival[i] = above / m
        excess[i] = total / above if above > 0 else 0.0


@njit(nogil=True, cache=True)
def _tail_survival(x: float, whole: bool, survival: float, excess: float) -> float:
    """P(D > threshold + x) for x >= 0."""
    if survival == 0.0:
        return 0.0
    if whole:
        steps: float = np.floor(x + 1e-9)
        if excess <= 1.0:
            return survival if steps < 1.0 else 0.0
        faded: float = (1.0 - 1.0 / excess) ** steps
    else:
        faded = np.exp(-x / excess)
    return survival * faded


@njit(nogil=True, cache=True)
def distribution_function(
    samples: Floats32, integral: Flags, threshold: Floats, survival: Floats, excess: Floats, units: Floats
) -> Floats:
    """P(D <= units) of each series."""
    n, m = samples.shape
    out = np.empty(n)
    for i in range(n):
        if units[i] >= threshold[i]:
            out[i] = 1.0 - _tail_survival(units[i] - threshold[i], integral[i], survival[i], excess[i])
        else:
            out[i] = np.searchsorted(samples[i], units[i], side="right") / m
    return out


@njit(nogil=True, cache=True)
def quantile(
    samples: Floats32, integral: Flags, threshold: Floats, survival: Floats, excess: Floats, probability: Floats
) -> Floats:
    """Smallest x with P(D <= x) >= probability."""
    n, m = samples.shape
    out = np.empty(n)
    for i in range(n):
        p = probability[i]
        if p <= 1.0 - survival[i] + 1e-12:
            place = min(max(int(np.ceil(p * m - 1e-9)) - 1, 0), m - 1)
            out[i] = min(np.float64(samples[i, place]), threshold[i])
            continue
        ratio = (1.0 - p) / survival[i]
        if integral[i]:
            steps = 1.0
            if excess[i] > 1.0:
                steps = max(np.ceil(np.log(ratio) / np.log(1.0 - 1.0 / excess[i]) - 1e-9), 1.0)
            out[i] = threshold[i] + steps
        else:
            out[i] = threshold[i] - excess[i] * np.log(ratio)
    return out


@njit(nogil=True, cache=True)
def loss(
    samples: Floats32, integral: Flags, threshold: Floats, survival: Floats, excess: Floats, units: Floats, order: int
) -> Floats:
    """First-order (1) or second-order (2) loss of each series at ``units``.

    With a = (D - units)+: order 1 is E[a]; order 2 is E[a^2] / 2, for whole numbers E[a (a - 1)] / 2.
    """
    n, m = samples.shape
    out = np.empty(n)
    for i in range(n):
        y = units[i]
        total = 0.0
        for k in range(np.searchsorted(samples[i], y, side="right"), m):
            if samples[i, k] > threshold[i]:
                break
            a = samples[i, k] - y
            total += a if order == 1 else 0.5 * a * (a - 1.0 if integral[i] else a)
        out[i] = total / m + _tail_loss(y - threshold[i], integral[i], survival[i], excess[i], order)
    return out


@njit(nogil=True, cache=True)
def _tail_loss(x: float, whole: bool, survival: float, excess: float, order: int) -> float:
    """Loss at threshold + x that stems from demand above the threshold."""
    if survival == 0.0:
        return 0.0
    if x > 0.0:
        # Beyond the threshold the excess forgets where it started.
        reached = np.floor(x + 1e-9) if whole else x
        survival = _tail_survival(reached, whole, survival, excess)
        if survival == 0.0:
            return 0.0
        x = x - reached
    # The overshoot J over the threshold has mean ``excess``; a = J - x.
    if order == 1:
        return survival * (excess - x)
    square = excess * (2.0 * excess - 1.0) if whole else 2.0 * excess * excess
    second = square - 2.0 * x * excess + x * x
    return survival * 0.5 * (second - (excess - x) if whole else second)
