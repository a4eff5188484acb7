"""Find the smallest level that is good enough, for one item or for thirty thousand at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from replenishment.validation import FloatArray, as_floats

__all__ = ["smallest_integer", "smallest_level", "smallest_real"]

Condition: TypeAlias = Callable[[FloatArray], NDArray[np.bool_]]


_FARTHEST = 1e150


def _grown(step: FloatArray) -> FloatArray:
    if not np.all(step < _FARTHEST):
        raise ValueError("no finite level meets the condition; check the target and the demand")
    return step * 2.0


def _bracket(holds: Condition, guess: FloatArray, spread: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return (low, high) with holds(low) false and holds(high) true, galloping away from the guess."""
    low, high, step = guess, guess, spread
    while (short := ~np.asarray(holds(high))).any():
        low, high, step = np.where(short, high, low), np.where(short, high + step, high), _grown(step)
    step = spread
    while (ample := np.asarray(holds(low))).any():
        high, low, step = np.where(ample, low, high), np.where(ample, low - step, low), _grown(step)
    return low, high


def smallest_integer(holds: Condition, guess: ArrayLike, spread: ArrayLike) -> FloatArray:
    """
    Return, entry by entry, the smallest integer at which a monotone condition holds.

    Parameters
    ----------
    holds
        Takes an array of whole levels, gives an array of truth values; false below some level and true
        from it on, independently for each entry.
    guess, spread
        Where to look first and how far the truth may plausibly be (for example half a standard deviation);
        they change the time, never the answer.

    Returns
    -------
    ndarray of float64
        Whole numbers, in the common shape of ``guess`` and ``spread``.

    Raises
    ------
    ValueError
        When no finite level holds.
    """
    start, reach = np.broadcast_arrays(
        np.floor(np.asarray(guess, dtype=np.float64)), np.ceil(np.maximum(np.asarray(spread, dtype=np.float64), 1.0))
    )
    low, high = _bracket(holds, start, reach)
    while (wide := high - low > 1.0).any():
        middle = np.floor((low + high) / 2.0)
        good = np.asarray(holds(middle))
        low, high = np.where(wide & ~good, middle, low), np.where(wide & good, middle, high)
    return as_floats(high)


def smallest_real(holds: Condition, guess: ArrayLike, spread: ArrayLike) -> FloatArray:
    """
    Return, entry by entry, the smallest real level at which a monotone condition holds.

    Bisects down to neighbouring floating-point numbers (or 1e-15 of the spread), so that the answer is as
    exact as the condition itself. Parameters, result and errors as in :func:`smallest_integer`.
    """
    start, reach = np.broadcast_arrays(
        np.asarray(guess, dtype=np.float64), np.maximum(np.asarray(spread, dtype=np.float64), 1e-300)
    )
    low, high = _bracket(holds, start, reach)
    while True:
        middle = low + (high - low) / 2.0
        wide = (middle > low) & (middle < high) & (high - low > 1e-15 * reach)
        if not wide.any():
            return as_floats(high)
        good = np.asarray(holds(middle))
        low, high = np.where(wide & ~good, middle, low), np.where(wide & good, middle, high)


def smallest_level(
    holds: Condition, guess: ArrayLike, spread: ArrayLike, *, whole: bool | NDArray[np.bool_]
) -> FloatArray:
    """
    Return the smallest level at which the condition holds: a whole number where ``whole`` says so.

    Parameters, result and errors as in :func:`smallest_integer`.
    """
    if np.all(whole):
        return smallest_integer(holds, guess, spread)
    real = smallest_real(holds, guess, spread)
    return as_floats(np.where(whole, smallest_integer(holds, guess, spread), real)) if np.any(whole) else real
