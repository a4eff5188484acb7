"""Identifiers numbered in order of appearance."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["Numbering"]

Codes = npt.NDArray[np.int32]


class Numbering:
    """Text values numbered in order of appearance."""

    def __init__(self) -> None:
        self.values: list[str] = []
        self._code: dict[str, int] = {}
        self._last: tuple[pa.Array, Codes] | None = None

    def __len__(self) -> int:
        return len(self.values)

    def code(self, value: str) -> int:
        """Return the code of one value, a new one where it is met for the first time."""
        if value not in self._code:
            self._code[value] = len(self.values)
            self.values.append(value)
        return self._code[value]

    def codes(self, column: pa.Array) -> Codes:
        """Return the code of every row."""
        if not pa.types.is_dictionary(column.type):
            column = pc.dictionary_encode(column)
        dictionary = column.dictionary
        if self._last is None or not self._last[0].equals(dictionary):
            numbers = np.fromiter(
                (self.code(str(v)) for v in dictionary.to_pylist()), dtype=np.int32, count=len(dictionary)
            )
            self._last = (dictionary, numbers)
        return np.asarray(self._last[1][column.indices.to_numpy(zero_copy_only=False)])
