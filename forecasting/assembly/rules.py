"""The declared rules by which rows become cells."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

__all__ = ["AssemblyRules"]


@dataclass(frozen=True)
class AssemblyRules:
    """The declared rules by which rows become cells.

    Attributes
    ----------
    frequency : code of a Frequency; None: inferred from the dates.
    as_of : the opening of the first period not yet observed; None: after the last complete period.
    duplicates : several rows of one series on one day: ``error`` refuses them, ``quarantine`` sets all of them
        aside (their cell is then missing), ``sum`` adds them up, ``last`` keeps the last.
    gaps : a period without any row is ``zero`` (nothing was demanded) or ``missing`` (nothing was recorded).
    """

    frequency: str | None = None
    as_of: dt.date | None = None
    duplicates: Literal["error", "quarantine", "sum", "last"] = "error"
    gaps: Literal["zero", "missing"] = "zero"
