"""A workbook for planners: typed cells, text identifiers, and two columns of their own to fill in.

Every text is written as text: a cell that begins with ``=`` shows it and runs nothing.
"""

from __future__ import annotations

import datetime as dt
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pipelines.errors import ConfigurationError
from pipelines.exports.definitions import DEFINITIONS, Definition
from pipelines.exports.run_files import RunFiles
from pipelines.exports.suppliers import supplier_orders

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["OVERRIDES", "RUN_PROPERTY", "SHEET", "write_workbook"]

SHEET: Final = "recommendations"
RUN_PROPERTY: Final = "restock_run"
# The planner's own columns stand beside the quantity that they overrule.
OVERRIDES: Final = ("override_quantity", "override_note")
_MOST_ROWS: Final = 1_048_575
_MOST_CHARACTERS: Final = 32_767
# What a planner decides with comes first and is what is printed; how it came about follows to the right.
_FIRST: Final = (
    "sku", "location", "status", "priority", "order_quantity", *OVERRIDES, "order_date", "arrival_date", "supplier",
    "order_value", "on_hand", "on_order", "backordered", "days_of_cover", "reason",
)  # fmt: skip
_WIDTHS: Final = {"text": 14, "units": 11, "number": 9, "money": 12, "share": 9, "date": 11}
_WIDE: Final = {"reason": 100, "sentence": 110, "override_note": 30, "status": 20, "kind": 22, "sku": 18}
_FILTER_ARROW: Final = 4
_FORMATS: Final = {"text": "@", "money": "#,##0.00", "share": "0.0%", "date": "yyyy-mm-dd"}
_WHOLE, _TENTHS, _HUNDREDTHS = "#,##0", "#,##0.0", "#,##0.00"
_SEVERE: Final = {"now": "#F8CBAD", "soon": "#FFE699"}
_TO_READ: Final = (
    "Fill in override_quantity (units, 0 for no order) and override_note where you know better; all other cells are "
    "locked.",
    "Save, and bring it back with: restock overrides import FILE. The next plan shows what becomes of it.",
    "Quantities are in units, money in your currency, dates are days.",
)


def write_workbook(run: RunFiles, path: Path) -> None:
    """Write recommendations, a summary by supplier, alerts and definitions as one workbook.

    Raises
    ------
    ConfigurationError
        More lines than a sheet has rows.
    """
    import xlsxwriter

    lines = _lines(run)
    if len(lines) > _MOST_ROWS:
        raise ConfigurationError(f"{len(lines):,} lines are more than a sheet holds; export them as csv or sql")
    book = xlsxwriter.Workbook(
        str(path), {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    )
    # The day of the plan, not of the export: the same run gives the same bytes.
    book.set_properties({"title": f"Plan of {run.as_of}", "created": dt.datetime.fromisoformat(run.as_of)})
    book.set_custom_property(RUN_PROPERTY, run.run_id)
    writer = _Book(book, f"Plan of {run.as_of}, run {run.run_id}")
    sheets = {SHEET: lines, "suppliers": supplier_orders(run)}
    if run.has("alerts"):
        sheets["alerts"] = run.frame("alerts")
    for name, frame in sheets.items():
        writer.sheet(name, frame)
    writer.read_me(run, sheets)
    book.close()


def _lines(run: RunFiles) -> pd.DataFrame:
    """The recommendations as the sheet has them: what is ordered first, the planner's columns beside the quantity."""
    lines = run.frame("recommendations").assign(**dict.fromkeys(OVERRIDES))
    lines = lines.assign(nothing=lines["order_quantity"] == 0).sort_values(["nothing", "priority"], kind="stable")
    others = [name for name in lines.columns if name not in (*_FIRST, "nothing")]
    return lines[[*(name for name in _FIRST if name in lines), *others]]


class _Book:
    """Writes frames as sheets of one look."""

    def __init__(self, book: Any, footer: str) -> None:
        self.book = book
        self.footer = footer
        self.own: dict[str, Any] = {"locked": False, "bg_color": "#FFF8DC", "border": 4}
        look = {"bold": True, "bottom": 1, "bg_color": "#DDEBF7"}
        self.heading = book.add_format({**look, "indent": 1})
        # To the right as its numbers are, and clear of the arrow of the filter.
        self.heading_of_numbers = book.add_format({**look, "align": "right", "indent": 2})
        self.title = book.add_format({"bold": True, "font_size": 14})
        self.wrapped = book.add_format({"text_wrap": True, "valign": "top", "indent": 1})
        self.formats: dict[tuple[str, bool], Any] = {}

    def sheet(self, name: str, frame: pd.DataFrame) -> None:
        """Write a frame: headings with filters, frozen panes, each column by its kind."""
        page = self.book.add_worksheet(name)
        keys = 2 if list(frame.columns[:2]) == ["sku", "location"] else 1
        page.freeze_panes(1, keys)
        page.set_row(0, 18)
        last = len(frame.columns) - 1
        printed = list(frame.columns).index(_FIRST[-1]) if name == SHEET else last
        page.print_area(0, 0, len(frame), printed)
        self._printed(page)
        for k, column in enumerate(frame.columns):
            self._column(page, k, str(column), frame[column].tolist())
        page.autofilter(0, 0, max(len(frame), 1), last)
        page.ignore_errors({"number_stored_as_text": f"A1:XFD{len(frame) + 1}"})
        if name == SHEET:
            self._protect(page, list(frame.columns), len(frame))
        if "severity" in frame:
            self._colour(page, list(frame.columns).index("severity"), len(frame))

    def _printed(self, page: Any) -> None:
        """As wide as a page, the headings on each, the run at its foot."""
        page.set_landscape()
        page.set_paper(9)
        page.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        page.fit_to_pages(1, 0)
        page.repeat_rows(0)
        page.set_footer(f"&L{self.footer}&R&P / &N")

    def _column(self, page: Any, k: int, name: str, values: list[Any]) -> None:
        definition = DEFINITIONS.get(name, Definition("text", ""))
        style = self._format(_code(definition.kind, values), own=name in OVERRIDES)
        width = _WIDE.get(name, _WIDTHS[definition.kind])
        page.set_column(k, k, max(width, len(name) + _FILTER_ARROW))
        page.write_string(0, k, name, self.heading if definition.kind == "text" else self.heading_of_numbers)
        if definition.meaning:
            page.write_comment(0, k, definition.meaning, {"x_scale": 2})
        for row, value in enumerate(values, start=1):
            _write(page, row, k, value, style)

    def _format(self, code: str, *, own: bool) -> Any:
        """The style of a column; a text keeps away from the number to its left."""
        if (code, own) not in self.formats:
            indent = {"indent": 1} if code == _FORMATS["text"] else {}
            self.formats[code, own] = self.book.add_format({"num_format": code, **indent, **(self.own if own else {})})
        return self.formats[code, own]

    def _colour(self, page: Any, column: int, rows: int) -> None:
        for severity, colour in _SEVERE.items():
            look = {"type": "cell", "criteria": "==", "value": f'"{severity}"'}
            page.conditional_format(
                1, column, max(rows, 1), column, {**look, "format": self.book.add_format({"bg_color": colour})}
            )

    def _protect(self, page: Any, columns: list[str], rows: int) -> None:
        """Lock all but the planner's own cells; no password: it guards against slips, not against people."""
        page.protect("", {"autofilter": True, "sort": True, "format_columns": True, "format_rows": True})
        quantity, note = (columns.index(name) for name in OVERRIDES)
        page.data_validation(
            1,
            quantity,
            max(rows, 1),
            quantity,
            {
                "validate": "decimal",
                "criteria": ">=",
                "value": 0,
                "error_title": "override_quantity",
                "error_message": "Units to order, 0 or more.",
            },
        )
        page.data_validation(
            1, note, max(rows, 1), note, {"validate": "length", "criteria": "<=", "value": 500, "ignore_blank": True}
        )

    def read_me(self, run: RunFiles, sheets: dict[str, pd.DataFrame]) -> None:
        """What the workbook is, how to use it, and what each column means."""
        page = self.book.add_worksheet("read me")
        self._printed(page)
        page.set_column(0, 0, 26)
        page.set_column(1, 1, 24)
        page.set_column(2, 2, 100)
        page.write_string(0, 0, f"Plan of {run.as_of}", self.title)
        page.write_string(1, 0, "run")
        page.write_string(1, 1, run.run_id)
        for k, sentence in enumerate(_TO_READ):
            page.write_string(2 + k, 0, sentence)
        top = 3 + len(_TO_READ)
        for k, heading in enumerate(("sheet", "column", "meaning")):
            page.write_string(top, k, heading, self.heading)
        rows = [(name, str(column)) for name, frame in sheets.items() for column in frame.columns]
        for row, (name, column) in enumerate(rows, start=top + 1):
            meaning = DEFINITIONS[column].meaning if column in DEFINITIONS else ""
            for k, text in enumerate((name, column, meaning)):
                page.write_string(row, k, text, self.wrapped)


def _code(kind: str, values: list[Any]) -> str:
    """How the cells of a column look: as many decimals as its numbers need, the same ones in all of them."""
    if kind in _FORMATS:
        return _FORMATS[kind]
    sizes = [abs(value) for value in values if isinstance(value, int | float) and math.isfinite(value)]
    if not sizes:
        return "General"
    if all(size == round(size) for size in sizes):
        return _WHOLE
    return _HUNDREDTHS if min(size for size in sizes if size > 0) < 1 else _TENTHS


def _write(page: Any, row: int, column: int, value: Any, style: Any) -> None:
    """Write one cell by its type; what is unknown stays empty."""
    import pandas as pd

    if value is None or value is pd.NaT or (isinstance(value, float) and not math.isfinite(value)):
        page.write_blank(row, column, None, style)
    elif isinstance(value, str):
        page.write_string(row, column, value[:_MOST_CHARACTERS], style)
    elif isinstance(value, pd.Timestamp):
        page.write_datetime(row, column, value.to_pydatetime(), style)
    elif isinstance(value, dt.date):
        page.write_datetime(row, column, value, style)
    elif isinstance(value, bool):
        page.write_boolean(row, column, value, style)
    else:
        page.write_number(row, column, value, style)
