"""Counter-based random numbers: draw number ``counter`` of stream ``key``, without any state.

A draw depends on its key and counter alone, so that neither chunk size nor threads nor the order of series
change a result. The mixing function is the finaliser of SplitMix64 (Steele, Lea and Flood 2014, OOPSLA, fig. 15).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

__all__ = ["GOLDEN", "PATH_STRIDE", "draw", "mix", "uniforms"]

# Counters of one path: steps 0 ... PATH_STRIDE - 1 (the last ones are kept for draws made once a path).
PATH_STRIDE = 1 << 20
# From one counter to the next, 2^64 over the golden ratio: ``draw(key, c)`` is ``mix(key + (c + 1) * GOLDEN)``.
GOLDEN = np.uint64(0x9E3779B97F4A7C15)


@njit(nogil=True, cache=True, inline="always")
def mix(z: np.uint64) -> np.uint64:
    """Scramble 64 bits."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@njit(nogil=True, cache=True, inline="always")
def draw(key: np.uint64, counter: np.uint64) -> np.uint64:
    """Return 64 random bits."""
    bits: np.uint64 = mix(key + (counter + np.uint64(1)) * GOLDEN)
    return bits


@njit(nogil=True, cache=True)
def uniforms(keys: npt.NDArray[np.uint64], step: int, out: npt.NDArray[np.float64]) -> None:
    """Fill ``out[i, p]`` with a number in [0, 1): the draw of place ``step`` of path p in the stream of series i."""
    for i in range(out.shape[0]):
        for p in range(out.shape[1]):
            bits = draw(keys[i], np.uint64(p) * np.uint64(PATH_STRIDE) + np.uint64(step))
            out[i, p] = np.float64(bits >> np.uint64(11)) * 2.0**-53
