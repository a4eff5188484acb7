"""Rows in, a panel out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa

from forecasting.assembly.cells import Cells
from forecasting.assembly.rows import RowSource
from forecasting.assembly.rules import AssemblyRules
from forecasting.assembly.span import scan_dates
from forecasting.panel import DemandPanel

__all__ = ["assemble", "assemble_panel"]


def assemble_panel(source: RowSource, rules: AssemblyRules) -> DemandPanel:
    """Assemble a panel; see :func:`assemble` for what is raised and for the rows that were set aside."""
    return assemble(source, rules)[0]


def assemble(source: RowSource, rules: AssemblyRules) -> tuple[DemandPanel, pa.Table]:
    """Assemble a panel from rows in any order.

    Returns
    -------
    panel : DemandPanel, its series sorted by (sku, location).
    set_aside : table of the rows that ``duplicates="quarantine"`` kept out, with the source's columns.

    Raises
    ------
    ValueError
        No rows; an as-of date that is no opening; duplicates under ``duplicates="error"``; ``last`` where
        several days share a period.
    """
    span = scan_dates(source, rules)
    cells = Cells(span, rules)
    wanted = [c for c in ("sku", "location", "date", "quantity", "in_stock") if c in source.columns]
    with ThreadPoolExecutor(cells.workers) as pool:
        for batch in source.scan(wanted):
            cells.add(batch, pool)
        cells.settle()
    order = cells.sorted_series()
    set_aside = cells.resolve_duplicates(source, order)
    return cells.panel(order), set_aside
