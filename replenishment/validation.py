"""One door for numbers: every parameter is checked here, and every refusal reads alike."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "FloatArray",
    "IntArray",
    "as_floats",
    "checked",
    "checked_choice",
    "checked_level",
    "checked_or_none",
    "checked_total",
    "checked_whole",
]

FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.int64]


def as_floats(value: ArrayLike) -> FloatArray:
    """Return float64 values; a scalar stays a scalar (``np.float64``, which is also a Python float)."""
    result: FloatArray = np.asarray(value, dtype=np.float64)[()]
    return result


class _Interval(NamedTuple):
    low: float
    high: float
    low_open: bool
    high_open: bool

    def accepts(self, values: FloatArray) -> NDArray[np.bool_]:
        """Say for each value whether it lies inside; NaN never does."""
        above = values > self.low if self.low_open else values >= self.low
        below = values < self.high if self.high_open else values <= self.high
        return np.asarray(above & below)


@lru_cache(maxsize=64)
def _interval(allowed: str) -> _Interval:
    low, high = allowed[1:-1].split(",")
    return _Interval(float(low), float(high), allowed[0] == "(", allowed[-1] == ")")


def _hint(allowed: str, value: float) -> str:
    if allowed == "(0, 1)" and 1 < value < 100:
        return f"; a share, not a percentage: write {value / 100:g} for {value:g} %"
    return ""


def checked(name: str, value: ArrayLike, allowed: str) -> FloatArray:
    """
    Return a parameter as float64 after checking that every entry lies in a range.

    Parameters
    ----------
    name
        The parameter as the caller knows it; it opens the message.
    value
        A number or an array of any shape.
    allowed
        The range in interval notation, for example ``"(0, 1)"`` or ``"[0, inf)"``. A round bracket at
        infinity asks for a finite number.

    Returns
    -------
    ndarray of float64
        The same shape; a scalar becomes a zero-dimensional value.

    Raises
    ------
    ValueError
        Naming the parameter, its first offending value (and its place in an array) and the range.
    """
    try:
        values: FloatArray = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{name} is {value!r}; it must be a number in {allowed}") from None
    bad = ~_interval(allowed).accepts(values)
    if bad.any():
        place = np.unravel_index(int(np.argmax(bad)), values.shape)
        offender = float(values[place])
        where = f"[{', '.join(str(int(i)) for i in place)}]" if values.ndim else ""
        raise ValueError(f"{name}{where} is {offender:g}; it must lie in {allowed}{_hint(allowed, offender)}")
    return as_floats(values)


def checked_level(value: ArrayLike, name: str = "x") -> FloatArray:
    """Return a level that a demand is compared with: any number, infinite ones included; NaN is refused."""
    return checked(name, value, "[-inf, inf]")


def checked_or_none(name: str, value: ArrayLike, allowed: str) -> FloatArray:
    """Return numbers of which NaN means "none" or "not known", after checking that all others lie in a range."""
    values = np.asarray(value, dtype=np.float64)
    checked(name, values[~np.isnan(values)], allowed)
    return as_floats(values)


def checked_whole(name: str, value: float, allowed: str) -> int:
    """
    Return a scalar parameter as an int after checking that it is whole and in a range.

    Raises
    ------
    ValueError
        Naming the parameter, its value and the allowed range.
    """
    number = checked(name, value, allowed)
    if number.ndim or number != np.round(number):
        raise ValueError(f"{name} is {value!r}; it must be a whole number in {allowed}")
    return int(number)


def checked_choice(name: str, value: str, allowed: tuple[str, ...]) -> str:
    """
    Return a word after checking that it is one of a few.

    Raises
    ------
    ValueError
        Naming the parameter, its value and the words it may be.
    """
    if value not in allowed:
        raise ValueError(f"{name} is {value!r}; it must be one of {', '.join(allowed)}")
    return value


def checked_total(name: str, weights: ArrayLike) -> FloatArray:
    """
    Return probabilities after checking that they lie in [0, 1] and add up to one (within 1e-9).

    Raises
    ------
    ValueError
        Naming the parameter and its sum.
    """
    values = np.atleast_1d(checked(name, weights, "[0, 1]"))
    total = float(values.sum())
    if abs(total - 1.0) > 1e-9:
        raise ValueError(f"{name} adds up to {total:.12g}; probabilities must add up to 1")
    return values / total
