"""Inputs: the tables of a plan, from files or frames, and the same checked."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.checking import check_table
from pipelines.config import PlanConfig
from pipelines.errors import ConfigurationError, InputError
from pipelines.quarantine import Findings
from pipelines.readers import Source, open_table
from pipelines.sales import CheckedSales
from pipelines.tables import OPTIONAL, TABLES

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CheckedTables", "Inputs", "check_inputs"]


@dataclass(frozen=True, eq=False)
class Inputs:
    """The input tables of the contract: each a DataFrame or the path of a CSV or Parquet file, or None.

    Only ``sales`` is needed; without ``items`` every SKU that sold is planned with the defaults.
    """

    sales: Source = field(repr=False)
    items: Source | None = field(default=None, repr=False)
    suppliers: Source | None = field(default=None, repr=False)
    receipts: Source | None = field(default=None, repr=False)
    stock: Source | None = field(default=None, repr=False)
    open_orders: Source | None = field(default=None, repr=False)
    customer_orders: Source | None = field(default=None, repr=False)
    events: Source | None = field(default=None, repr=False)

    @classmethod
    def from_paths(cls, paths: dict[str, Any], base: Path) -> Inputs:
        """Build from the ``[data]`` section of a configuration file; relative paths start at ``base``."""
        unknown = sorted(set(paths) - set(TABLES))
        if unknown:
            raise ConfigurationError(f"[data] has no table {', '.join(unknown)}; known are {', '.join(TABLES)}")
        if "sales" not in paths:
            raise ConfigurationError('[data] must name the sales table, for example sales = "sales.csv"')
        return cls(**{name: base / str(path) for name, path in paths.items()})

    def given(self) -> dict[str, Source]:
        """Return the tables that are there, by name."""
        return {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name) is not None}


@dataclass(frozen=True, eq=False)
class CheckedTables:
    """The tables after the checks: frames with typed columns; sales as a stream of good rows.

    ``items_everywhere``: the items table names no location, so each row holds wherever its SKU is kept.
    """

    sales: CheckedSales
    frames: dict[str, pd.DataFrame]
    items_everywhere: bool
    findings: Findings

    def get(self, table: str) -> pd.DataFrame | None:
        """Return a checked table, or None where it was not given."""
        return self.frames.get(table)


def check_inputs(inputs: Inputs, config: PlanConfig) -> CheckedTables:
    """Open and check every table.

    Raises
    ------
    InputError
        A table that can't be used; see :mod:`pipelines.readers` and :mod:`pipelines.checking`.
    """
    findings = Findings()
    readers = {name: open_table(name, source) for name, source in inputs.given().items()}
    frames: dict[str, pd.DataFrame] = {
        name: check_table(readers[name], findings, config.max_quarantine_fraction)
        for name in OPTIONAL
        if name in readers
    }
    known = frozenset(frames["items"]["sku"]) if "items" in frames else None
    if known is not None and not known:
        raise InputError(f"items: {readers['items'].file} has no rows")
    everywhere = "items" in readers and "location" not in readers["items"].columns
    sales = CheckedSales(readers["sales"], findings, known, config.missing_quantity == "unknown")
    return CheckedTables(sales, frames, everywhere, findings)
