"""Digests of values: of arrays, frames, dataclasses and plain values, as a whole or row by row.

Equal values have equal digests on every machine; what differs in a bit has another. Nothing is written down first: a
digest says what a stage of a plan reads (:mod:`pipelines.stage_store`).
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

__all__ = ["digest_of", "row_digests"]

_SIZE: Final = 16


def digest_of(*values: Any) -> str:
    """32 hexadecimal digits of some values, nested as they like.

    Raises
    ------
    TypeError
        A value of which there is no telling when it is the same.
    """
    hasher = hashlib.blake2b(digest_size=_SIZE)
    _feed(hasher.update, values)
    return hasher.hexdigest()


def row_digests(rows: int, *values: Any) -> list[str]:
    """One digest for each of n rows of arrays and sequences whose first axis is n long.

    Matrices are read without the zeros at the end of a row: there they fill up to the longest row, so that a row does
    not depend on the others.
    """
    columns = [np.ascontiguousarray(value) for value in values if _is_column(value)]
    hasher = hashlib.blake2b("".join(f"column{column.dtype.str}" for column in columns).encode(), digest_size=_SIZE)
    hashers = [hasher.copy() for _ in range(rows)]
    for value in values:
        if len(value) != rows:
            raise ValueError(f"{len(value)} values for {rows} rows")
        if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
            if not _is_column(value):
                _feed_rows(hashers, value)
            continue
        for hasher, item in zip(hashers, value, strict=True):
            if isinstance(item, str):
                hasher.update(f"str{len(item)}:{item}".encode())
            else:
                _feed(hasher.update, item)
    if columns and rows:
        # All single numbers of a row at once.
        for hasher, row in zip(hashers, np.hstack([c.view(np.uint8).reshape(rows, -1) for c in columns]), strict=True):
            hasher.update(row)
    return [hasher.hexdigest() for hasher in hashers]


def _is_column(value: Any) -> bool:
    """Whether a value is an array with one number a row."""
    return isinstance(value, np.ndarray) and value.dtype.kind in "biuf" and value.ndim == 1


def _feed_rows(hashers: list[Any], array: npt.NDArray[Any]) -> None:
    if not len(array):
        return
    flat = np.ascontiguousarray(array).reshape(len(array), -1)
    filled = (flat != 0)[:, ::-1]
    used = (
        np.where(filled.any(axis=1), flat.shape[1] - filled.argmax(axis=1), 0) if flat.shape[1] else np.zeros(len(flat))
    )
    for hasher, row, end in zip(hashers, flat, used.astype(np.int64).tolist(), strict=True):
        hasher.update(f"{array.dtype.str}{end}:".encode())
        hasher.update(row[:end])


def _feed(update: Callable[[Any], None], value: Any) -> None:
    """Tell a hasher one value: its kind, its size, then what it holds, so that no two run into one another."""
    if value is None or isinstance(value, str | int | float | np.generic):
        plain = value.item() if isinstance(value, np.generic) else value
        text = plain.hex() if isinstance(plain, float) else str(plain)
        update(f"{type(plain).__name__}{len(text)}:{text}".encode())
        return
    import pandas as pd

    if isinstance(value, np.ndarray) and value.dtype.kind in "biufM":
        update(f"array{value.dtype.str}{value.shape}".encode())
        update(np.ascontiguousarray(value).view(np.uint8))
    elif isinstance(value, list | tuple | np.ndarray):
        update(f"list{len(value)}".encode())
        for item in value:
            _feed(update, item)
    elif isinstance(value, dict):
        _feed(update, [[key, value[key]] for key in value])
    elif isinstance(value, pd.DataFrame):
        _feed(update, [[str(name), value[name].tolist()] for name in value.columns])
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = [f.name for f in dataclasses.fields(value) if f.init]
        _feed(update, [type(value).__qualname__, [[name, getattr(value, name)] for name in fields]])
    elif hasattr(value, "isoformat"):
        text = str(value)
        update(f"{type(value).__name__}{len(text)}:{text}".encode())
    else:
        raise TypeError(f"a {type(value).__name__} has no digest")
