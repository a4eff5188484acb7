"""DemandPanel: what was demanded, series by period, and how well each cell is known."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from forecasting.calendars import PeriodCalendar, date_to_day, day_to_date
from forecasting.identity import stream_keys

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["AssemblyReport", "CellStatus", "DemandPanel"]

Floats32 = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]
Integers = npt.NDArray[np.int64]


class CellStatus(IntEnum):
    """How the quantity of one series in one period is to be read.

    OBSERVED: the demand is known. OUT_OF_STOCK: the quantity is only what could be sold; demand was at
    least that. NOT_LAUNCHED and DISCONTINUED: there could be no demand. MISSING: nothing was recorded.
    Only observed cells count as evidence of zero demand.
    """

    OBSERVED = 0
    OUT_OF_STOCK = 1
    NOT_LAUNCHED = 2
    DISCONTINUED = 3
    MISSING = 4


@dataclass(frozen=True)
class AssemblyReport:
    """What happened to the rows on their way into the panel: nothing disappears unsaid."""

    rows_read: int = 0
    rows_used: int = 0
    rows_after_as_of: int = 0
    rows_in_partial_period: int = 0
    partial_period: dt.date | None = None
    duplicate_rows: int = 0
    duplicate_cells: int = 0
    cells_without_a_row: int = 0
    gaps_read_as: str = "zero"
    last_row_day: dt.date | None = None
    longest_silence: tuple[dt.date, dt.date] | None = None  # days with rows, months apart, with none between
    recorded_until: dt.date | None = None  # the opening after the last complete period


@dataclass(frozen=True, eq=False)
class DemandPanel:
    """Dense, regular demand of many series.

    Attributes
    ----------
    skus, locations : tuples of n identifiers, sorted by (sku, location), each pair once.
    calendar : PeriodCalendar of T periods; its end is the as-of opening.
    quantity : float32 (n, T), C-contiguous; units demanded (or sold, see ``status``); finite.
    status : uint8 (n, T); values of CellStatus.
    report : AssemblyReport
    """

    skus: tuple[str, ...]
    locations: tuple[str, ...]
    calendar: PeriodCalendar
    quantity: Floats32
    status: Bytes
    report: AssemblyReport = field(default_factory=AssemblyReport)

    def __post_init__(self) -> None:
        shape = (len(self.skus), self.calendar.periods)
        for name, array, dtype in (("quantity", self.quantity, np.float32), ("status", self.status, np.uint8)):
            if array.shape != shape or array.dtype != dtype or not array.flags.c_contiguous:
                raise ValueError(
                    f"{name} must be C-contiguous {np.dtype(dtype)} of shape {shape}, got {array.dtype} {array.shape}"
                )
        if len(self.locations) != len(self.skus):
            raise ValueError(f"{len(self.skus)} skus but {len(self.locations)} locations")

    def __len__(self) -> int:
        return len(self.skus)

    def __repr__(self) -> str:
        span = f"{day_to_date(self.calendar.first_day)} to {self.as_of} (open)"
        return f"DemandPanel({len(self)} series x {self.calendar.periods} periods {self.calendar.frequency}, {span})"

    @property
    def as_of(self) -> dt.date:
        """The opening of the first period not yet observed."""
        return day_to_date(self.calendar.end_day)

    @cached_property
    def keys(self) -> list[tuple[str, str]]:
        """The (sku, location) pairs in order; not to be changed."""
        return list(zip(self.skus, self.locations, strict=True))

    @property
    def observed(self) -> npt.NDArray[np.bool_]:
        """Where the demand is known; bool (n, T)."""
        return np.asarray(self.status == CellStatus.OBSERVED)

    @property
    def integral(self) -> npt.NDArray[np.bool_]:
        """Whether a series has only ever moved in whole units; bool (n,)."""
        whole = np.ones(len(self), dtype=np.bool_)
        for first in range(0, len(self), 1024):
            part = self.quantity[first : first + 1024]
            whole[first : first + 1024] = (part == np.rint(part)).all(axis=1)
        return whole

    def stream_keys(self, seed: int) -> npt.NDArray[np.uint64]:
        """One key a series for its random stream; uint64 (n,)."""
        return stream_keys(self.skus, self.locations, seed)

    def take(self, rows: Integers | slice) -> DemandPanel:
        """Return some series, in the order given; a contiguous slice shares memory."""
        index = np.arange(len(self))[rows]
        return replace(
            self,
            skus=tuple(self.skus[i] for i in index),
            locations=tuple(self.locations[i] for i in index),
            quantity=np.ascontiguousarray(self.quantity[rows]),
            status=np.ascontiguousarray(self.status[rows]),
        )

    def until(self, as_of: dt.date) -> DemandPanel:
        """Return what was known at an earlier opening: the periods before ``as_of``."""
        periods = int(self.calendar.index_of(date_to_day(as_of)))
        if not 0 <= periods <= self.calendar.periods:
            raise ValueError(f"as_of {as_of} lies outside the panel, which ends before {self.as_of}")
        return replace(
            self,
            calendar=self.calendar.until(periods),
            quantity=np.ascontiguousarray(self.quantity[:, :periods]),
            status=np.ascontiguousarray(self.status[:, :periods]),
        )

    def align(self, keys: Sequence[tuple[str, str]]) -> DemandPanel:
        """Return exactly the series ``keys``, sorted; those without a row get no evidence (all MISSING)."""
        wanted = sorted(set(keys))
        if wanted == self.keys:
            return self
        place = {key: i for i, key in enumerate(self.keys)}
        source = np.array([place.get(key, -1) for key in wanted], dtype=np.int64)
        known = source >= 0
        quantity = np.zeros((len(wanted), self.calendar.periods), dtype=np.float32)
        status = np.full(quantity.shape, CellStatus.MISSING, dtype=np.uint8)
        quantity[known] = self.quantity[source[known]]
        status[known] = self.status[source[known]]
        return replace(
            self,
            skus=tuple(k[0] for k in wanted),
            locations=tuple(k[1] for k in wanted),
            quantity=quantity,
            status=status,
        )

    def with_status(self, status: Bytes) -> DemandPanel:
        """Return the same demand read differently."""
        return replace(self, status=status)

    def mark_life(self, available_from: Integers, discontinued_on: Integers) -> DemandPanel:
        """Mark cells outside each item's declared life, unless something was demanded in them.

        Parameters
        ----------
        available_from, discontinued_on : int64 (n,), days since 1970-01-01; the smallest and the largest
            integer where nothing is declared. A period is before the launch when it ends by
            ``available_from``, and after the end when it opens on or after ``discontinued_on``.
        """
        openings = self.calendar.openings
        early = openings[None, 1:] <= np.asarray(available_from)[:, None]
        late = openings[None, :-1] >= np.asarray(discontinued_on)[:, None]
        if not (early.any() or late.any()):
            return self
        quiet = self.quantity == 0
        status = self.status.copy()
        status[early & quiet] = CellStatus.NOT_LAUNCHED
        status[late & quiet] = CellStatus.DISCONTINUED
        return self.with_status(status)

    def to_frame(self) -> pd.DataFrame:
        """Return long rows: sku, location, date, quantity, status (its name)."""
        import pandas as pd

        n, periods = self.quantity.shape
        names = np.array([status.name.lower() for status in CellStatus], dtype=object)
        return pd.DataFrame(
            {
                "sku": np.repeat(np.array(self.skus, dtype=object), periods),
                "location": np.repeat(np.array(self.locations, dtype=object), periods),
                "date": np.tile(self.calendar.dates.astype("datetime64[s]"), n),
                "quantity": self.quantity.ravel(),
                "status": names[self.status.ravel()],
            }
        )

    @classmethod
    def from_frame(
        cls,
        sales: pd.DataFrame,
        *,
        frequency: str | None = None,
        as_of: dt.date | None = None,
        duplicates: Literal["error", "sum", "last"] = "error",
        gaps: Literal["zero", "missing"] = "zero",
    ) -> DemandPanel:
        """Assemble a panel from long rows: sku, date, quantity and, if there, location and in_stock.

        Rows may be in any order. See :func:`forecasting.assembly.assembling.assemble_panel` for the rules.
        """
        from forecasting.assembly.assembling import assemble_panel
        from forecasting.assembly.rows import batches_of_frame
        from forecasting.assembly.rules import AssemblyRules

        rules = AssemblyRules(frequency=frequency, as_of=as_of, duplicates=duplicates, gaps=gaps)
        return assemble_panel(batches_of_frame(sales), rules)
