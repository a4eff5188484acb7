"""What a table promises: its columns, their kinds and limits, and its key; and whether a frame keeps it.

pandera finds the rows that break a contract. Its import takes a third of a second, and hardly a table needs it: that a
sound one is sound is seen at a glance (:func:`surely_keeps`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    import pandera.pandas as pa

__all__ = ["Check", "Column", "Contract", "surely_keeps", "surely_within"]

_DTYPES: Final = {"identifier": "object", "flag": "object", "number": "float64", "date": "datetime64[ns]"}


@dataclass(frozen=True)
class Check:
    """A limit on the values of a column, by the name that pandera has for it; dates are ISO texts."""

    name: Literal["greater_than", "greater_than_or_equal_to", "less_than_or_equal_to", "in_range", "whole_number"]
    low: Any = None
    high: Any = None
    include_low: bool = True
    include_high: bool = True

    def for_pandera(self) -> pa.Check:
        """The same as pandera has it."""
        import pandera.pandas as pa

        if self.name == "whole_number":
            return pa.Check(lambda values: values == values.round(), name="whole_number")
        if self.name == "in_range":
            return pa.Check.in_range(self.low, self.high, self.include_low, self.include_high)
        return getattr(pa.Check, self.name)(self.low if self.low is not None else self.high)


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes
    ----------
    kind : how text becomes a value. empty_words : words, in small letters, that may stand where there is none.
    """

    kind: Literal["identifier", "number", "date", "flag"]
    description: str
    required: bool = False
    nullable: bool = True
    checks: tuple[Check, ...] = ()
    empty_words: tuple[str, ...] = ()

    def for_pandera(self) -> pa.Column:
        """The same as pandera has it."""
        import pandera.pandas as pa

        checks = [check.for_pandera() for check in self.checks]
        return pa.Column(_DTYPES[self.kind], checks, nullable=self.nullable, required=self.required)


@dataclass(frozen=True)
class Contract:
    """A table: its columns by name; ``key`` names those that no two rows may have in common."""

    name: str
    description: str
    key: list[str] | None
    columns: dict[str, Column]

    def for_pandera(self, names: Sequence[str]) -> pa.DataFrameSchema:
        """The same as pandera has it, of a frame with some of the columns."""
        import pandera.pandas as pa

        columns = {name: column.for_pandera() for name, column in self.columns.items() if name in names}
        key = [name for name in self.key or [] if name in names]
        return pa.DataFrameSchema(columns, name=self.name, unique=key or None, strict="filter", ordered=False)


def surely_keeps(contract: Contract, frame: pd.DataFrame) -> bool:
    """Whether a frame keeps a contract, seen at a glance; when in doubt, no: then pandera looks at every row.

    A pass over each column costs a tenth of what the full validation of a sound table does.
    """
    key = [name for name in contract.key or [] if name in frame.columns]
    if key and frame.duplicated(key).any():
        return False
    return all(surely_within(contract.columns[name], frame[name]) for name in frame.columns)


def surely_within(column: Column, values: pd.Series[Any]) -> bool:
    """Whether values keep the limits of their column, seen at a glance; when in doubt, no."""
    empty = values.isna().to_numpy()
    if not column.nullable and empty.any():
        return False
    known = values.to_numpy()[~empty]
    for check in column.checks:
        low, high = (
            np.datetime64(limit) if column.kind == "date" and limit is not None else limit
            for limit in (check.low, check.high)
        )
        if check.name == "whole_number" and not (known == np.rint(known)).all():
            return False
        above = check.include_low and check.name != "greater_than"
        if low is not None and not (known >= low if above else known > low).all():
            return False
        if high is not None and not (known <= high if check.include_high else known < high).all():
            return False
    return True
