"""Results of n items, arrays held together by dataclasses: some of them taken, parts of them put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, TypeVar, cast

import numpy as np
import numpy.typing as npt

__all__ = ["join_rows", "take_rows"]

T = TypeVar("T")

Integers = npt.NDArray[np.int64]


def take_rows(value: T, rows: Integers) -> T:
    """Return some rows of an array, or of every array of a dataclass, nested as they like."""
    return cast(T, _taken(value, rows))


def join_rows(parts: Sequence[T], order: Integers) -> T:
    """Put parts together; ``order[k]`` is the row that the k-th of all their rows becomes."""
    return cast(T, _joined(parts, np.argsort(order, kind="stable")))


def _taken(value: Any, rows: Integers) -> Any:
    if isinstance(value, np.ndarray):
        return value[rows]
    return type(value)(*(_taken(getattr(value, f.name), rows) for f in fields(value)))


def _joined(parts: Sequence[Any], back: Integers) -> Any:
    if isinstance(parts[0], np.ndarray):
        return np.concatenate(parts)[back]
    kind = type(parts[0])
    return kind(*(_joined([getattr(part, f.name) for part in parts], back) for f in fields(kind)))
