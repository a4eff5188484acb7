"""Inputs: the tables of a plan, from files, databases or frames, and the same checked."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.checking import check_table
from pipelines.config import PlanConfig
from pipelines.errors import ConfigurationError, InputError
from pipelines.kept_tables import KeptTables
from pipelines.quarantine import Findings
from pipelines.readers import Source, TableReader, open_table
from pipelines.relations import check_relations
from pipelines.sales import CheckedSales, SalesRules
from pipelines.sources import TableSource
from pipelines.tables import OPTIONAL, PIECES, TABLES

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CheckedTables", "Inputs", "check_inputs"]


@dataclass(frozen=True, eq=False)
class Inputs:
    """The input tables of the contract: each a DataFrame, a path, several paths or a TableSource, or None.

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
    item_suppliers: Source | None = field(default=None, repr=False)
    substitutes: Source | None = field(default=None, repr=False)
    transfers: Source | None = field(default=None, repr=False)
    stock_counts: Source | None = field(default=None, repr=False)
    known_ahead: Source | None = field(default=None, repr=False)
    returns: Source | None = field(default=None, repr=False)
    forecast: Source | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.sales is None:
            raise InputError("sales is missing: there is no demand to plan for")

    @classmethod
    def from_configuration(cls, tables: dict[str, Any], base: Path) -> Inputs:
        """Build from the ``[data]`` section of a configuration file; relative paths start at ``base``."""
        unknown = sorted(set(tables) - set(TABLES))
        if unknown:
            raise ConfigurationError(f"[data] has no table {', '.join(unknown)}; known are {', '.join(TABLES)}")
        if "sales" not in tables:
            raise ConfigurationError('[data] must name the sales table, for example sales = "sales.csv"')
        return cls(**{name: TableSource.make(value, base, name) for name, value in tables.items()})

    def given(self) -> dict[str, Source]:
        """Return the tables that are there, by name."""
        return {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name) is not None}


@dataclass(frozen=True, eq=False)
class CheckedTables:
    """The tables after the checks: frames with typed columns; sales as a stream of good rows.

    ``items_everywhere``: the items table names no location, so each row holds wherever its SKU is kept.
    """

    sales: CheckedSales
    readers: dict[str, TableReader]
    frames: dict[str, pd.DataFrame]
    items_everywhere: bool
    findings: Findings

    def get(self, table: str) -> pd.DataFrame | None:
        """Return a checked table, or None where it was not given."""
        return self.frames.get(table)


def check_inputs(inputs: Inputs, config: PlanConfig, kept: KeptTables | None = None) -> CheckedTables:
    """Open and check every table, by itself and against the others.

    ``kept`` : where tables that have been checked before are taken up; sales are read anew.

    Raises
    ------
    InputError
        A table that can't be used; see :mod:`pipelines.readers`, :mod:`pipelines.checking` and
        :mod:`pipelines.relations`.
    """
    findings = Findings()
    readers = {name: open_table(name, source) for name, source in inputs.given().items()}
    kept, drop = kept or KeptTables(), config.exact_duplicates == "drop"
    frames: dict[str, pd.DataFrame] = {}
    for name in (name for name in OPTIONAL if name in readers):
        limit = config.quarantine_limit(name)
        check = partial(check_table, readers[name], max_fraction=limit, drop_exact=drop)
        frames[name] = kept.once(readers[name], findings, (limit, drop), check)
    if "items" in frames and not len(frames["items"]):
        raise InputError(f"items: {readers['items'].file} has no usable rows", code="no_usable_rows")
    check_relations(readers, frames, findings)
    everywhere = "items" in readers and "location" not in readers["items"].columns
    rules = _sales_rules(frames.get("items"), config, findings.items_set_aside)
    sales = CheckedSales(readers["sales"], findings, rules)
    return CheckedTables(sales, readers, frames, everywhere, findings)


def _sales_rules(items: pd.DataFrame | None, config: PlanConfig, left_out: frozenset[str]) -> SalesRules:
    whole: frozenset[str] = frozenset()
    if items is not None and "uom" in items.columns:
        whole = frozenset(items.loc[items["uom"].str.casefold().isin(PIECES), "sku"])
    known = frozenset(items["sku"]) if items is not None else None
    return SalesRules(known, whole, config.missing_quantity, config.returns, left_out)
