"""Where a table is and how it is written: declared, never guessed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from pipelines.errors import ConfigurationError

__all__ = ["TableSource"]


class TableSource(BaseModel):
    """One table's place, format and headings.

    In ``restock.toml`` either a path, ``sales = "sales.csv"``, or a section::

        [data.sales]
        path = "export/umsatz.csv"      # or several, or a folder of Parquet files; or query and url
        delimiter = ";"
        decimal = ","
        date_format = "%d.%m.%Y"
        columns = { sku = "Artikel", date = "Datum", quantity = "Menge" }
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: tuple[Path, ...] = Field((), description="a file, several files of one heading, or a folder of Parquet files")
    query: str | None = Field(None, description="an SQL query (in place of a path)")
    url: str | None = Field(
        None, description="SQLAlchemy address of the database; $NAME is taken from the environment", repr=False
    )
    columns: dict[str, str] = Field(
        default_factory=dict, description="heading of each column: name of the contract = heading in the file"
    )
    delimiter: str = Field(",", min_length=1, max_length=1, description="between the columns of a CSV file")
    encoding: str = Field("utf-8", description="of a CSV file")
    decimal: str = Field(".", description="decimal sign of numbers written as text: . or ,")
    thousands: str = Field("", max_length=1, description="sign between thousands in numbers written as text")
    date_format: str | None = Field(None, description="of dates written as text, such as %d.%m.%Y; default: YYYY-MM-DD")
    time_zone: str | None = Field(None, description="zone whose calendar days count where timestamps carry one")
    sheet: str | None = Field(None, description="of an Excel file; default: its only one")
    header_row: int = Field(1, ge=1, le=1000, description="row of an Excel file that holds the headings")

    @field_validator("path", mode="before")
    @classmethod
    def _several(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str | Path) else value

    @field_validator("decimal")
    @classmethod
    def _point_or_comma(cls, value: str) -> str:
        if value not in (".", ","):
            raise ValueError("the decimal sign must be . or ,")
        return value

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, value: str) -> str:
        import codecs

        try:
            return codecs.lookup(value).name
        except LookupError:
            raise ValueError("unknown encoding; try utf-8, cp1252 or utf-16") from None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if bool(self.path) == (self.query is not None):
            raise ValueError("give either path or query")
        if (self.query is None) != (self.url is None):
            raise ValueError("query and url belong together")
        if self.decimal == self.thousands:
            raise ValueError("decimal and thousands must differ")
        return self

    @classmethod
    def make(cls, value: Any, base: Path, name: str) -> TableSource:
        """Build from what a configuration says; relative paths start at ``base``."""
        given = {"path": value} if isinstance(value, str | Path | list) else value
        try:
            source = cls(**given)
        except (ValidationError, TypeError) as problem:
            from pipelines.config import describe_problem

            if isinstance(problem, ValidationError):
                text = describe_problem(problem, cls.model_fields)
            else:
                text = f"{value!r} names no table"
            raise ConfigurationError(f"[data] {name}: {text}") from None
        return source.model_copy(update={"path": tuple(base / p for p in source.path)})

    def address(self) -> str:
        """The database address with ``$NAME`` filled from the environment, so that no secret stands in a file."""
        filled = os.path.expandvars(self.url or "")
        if "$" in filled:
            raise ConfigurationError(f"the database address {self.url} names an environment variable that is not set")
        return filled
