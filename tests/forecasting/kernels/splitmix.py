"""SplitMix64 in plain integers, and draws of paths from it: slow, and written apart from the kernels."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

MASK = 2**64 - 1
STRIDE = 2**20


def bits(key: int, counter: int) -> int:
    """The ``counter``-th output of the generator that starts at ``key``."""
    z = (key + (counter + 1) * 0x9E3779B97F4A7C15) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def entry_and_fraction(key: int, path: int, period: int, entries: int) -> tuple[int, float]:
    """The upper half of the bits chooses an entry of a table, the lower half is a number in [0, 1)."""
    drawn = bits(key, path * STRIDE + period)
    return (drawn >> 32) * entries >> 32, (drawn & 0xFFFFFFFF) / 2**32


def level_factor(key: int, path: int, sd: float, normal: Sequence[float]) -> float:
    """One lognormal factor with mean 1 a path."""
    if sd == 0:
        return 1.0
    drawn = bits(key, path * STRIDE + STRIDE - 1)
    return math.exp(sd * normal[(drawn >> 32) * len(normal) >> 32] - sd * sd / 2)


def float32(value: float) -> float:
    """Round to 32 bits."""
    return float(np.float32(value))
