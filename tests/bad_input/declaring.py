"""How a class of bad input is declared: what spoils the shop, and all that must follow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.bad_input.clean import Shop

__all__ = ["CASES", "TITLES", "Aside", "Case", "Outcome", "bad_input"]


@dataclass(frozen=True)
class Aside:
    """A row that must be set aside."""

    table: str
    line: int
    column: str
    value: str
    code: str


@dataclass
class Outcome:
    """What must follow from an injection.

    Attributes
    ----------
    exit : of the command line. refused : code of the failure, where it does not plan. says : words of its message.
    aside : exactly the rows set aside. notices : codes that must be among the notices, beside those of a clean run.
    concerns : codes that ``restock check`` must list. repairs : (before, after) of the repairs.
    touched : SKUs whose recommendations may differ from the clean run; None: all (the class is about the whole).
    look : looks closer at the published run.
    """

    exit: int = 0
    refused: str = ""
    says: tuple[str, ...] = ()
    aside: list[Aside] = field(default_factory=list)
    notices: tuple[str, ...] = ()
    concerns: tuple[str, ...] = ()
    repairs: list[tuple[str, str]] = field(default_factory=list)
    touched: set[str] | None = field(default_factory=set)
    look: Callable[[Any], None] | None = None


@dataclass(frozen=True)
class Case:
    """One way to inject a class. ``does`` says in words what restock does; ``decided`` why otherwise than usual."""

    id: str
    variant: str
    does: str
    code: str
    result: str
    decided: str
    inject: Callable[[Shop], Outcome]

    @property
    def name(self) -> str:
        return f"{self.id}-{self.variant}" if self.variant else self.id


CASES: list[Case] = []


def bad_input(
    id: str, does: str, code: str, result: str, *, variant: str = "", decided: str = ""
) -> Callable[[Callable[[Shop], Outcome]], Callable[[Shop], Outcome]]:
    """Declare an injector.

    Parameters
    ----------
    result : refused, set aside, repaired, noted or accepted. decided : why otherwise than the list of classes asks.
    """
    assert id in TITLES, id
    assert result in ("refused", "set aside", "repaired", "noted", "accepted"), result

    def declare(inject: Callable[[Shop], Outcome]) -> Callable[[Shop], Outcome]:
        CASES.append(Case(id, variant, does, code, result, decided, inject))
        return inject

    return declare


TITLES = {
    "F01": "empty file, 0 bytes",
    "F02": "heading only",
    "F03": "needed column missing",
    "F04": "unknown further column",
    "F05": "heading that occurs twice",
    "F06": "heading in another case, with a space, or by another name",
    "F07": "another delimiter",
    "F08": "decimal comma",
    "F09": "sign between thousands",
    "F10": "UTF-8 with a byte-order mark",
    "F11": "Latin-1 or cp1252 bytes",
    "F12": "UTF-16",
    "F13": "quote that is never closed",
    "F14": "row too long",
    "F15": "row too short",
    "F16": "NUL and control characters",
    "F17": "CRLF, lone CR, no last line end, blank lines",
    "F18": "Parquet cut short",
    "F19": "Parquet with a flipped bit",
    "F20": "Parquet with other types",
    "F21": "Excel with banner rows or several sheets",
    "F22": "spreadsheet day numbers as dates",
    "F23": "identifiers mangled by a spreadsheet",
    "F24": "decompression bomb, endless line, too many columns",
    "F25": "path missing, a folder, a dangling link",
    "F26": "file still being written",
    "F27": "the same extract twice",
    "K01": "exact duplicate of a row",
    "K02": "key twice with different values",
    "K03": "empty SKU",
    "K04": "SKU that reads like a missing value, a truth value or a number",
    "K05": "SKU with leading zeros",
    "K06": "SKU with another case or a trailing space",
    "K07": "Unicode: composed or not, zero-width, look-alikes",
    "K08": "SKU that begins like a formula",
    "K09": "SKU of 10,000 characters",
    "K10": "SKU that reads like a path",
    "K11": "SKU that reads like HTML",
    "K12": "quotes, commas, line ends and SQL in a SKU",
    "K13": "sales of an unknown SKU",
    "K14": "item without any sales",
    "K15": "supplier missing, unknown or twice",
    "K16": "stock of an unknown SKU or location",
    "V01": "negative demand",
    "V02": "empty quantity",
    "V03": "infinite quantity",
    "V04": "spike of a thousand times the usual",
    "V05": "quantity beyond what sums can hold",
    "V06": "integer beyond 2^53",
    "V07": "fraction of a piece",
    "V08": "text in place of a number",
    "V09": "nothing but zeros",
    "V10": "a single observation",
    "V11": "every quantity missing",
    "V12": "demand that never varies",
    "V13": "very rare demand",
    "V14": "negative stock",
    "V15": "stock counted too early or in the future",
    "V16": "unit cost 0, negative or empty",
    "V17": "order cost or holding rate 0",
    "V18": "lead time 0, negative, empty, text or ten years",
    "V19": "spread of the lead time negative or huge",
    "V20": "minimum, pack and maximum that contradict each other",
    "V21": "target in per cent, 0, 1 or none",
    "V22": "several currencies or units of measure",
    "V23": "open order overdue, negative or nothing left",
    "T01": "sales at or after as_of",
    "T02": "date that may mean two days",
    "T03": "day that does not exist",
    "T04": "29 February",
    "T05": "time zones, mixed or not",
    "T06": "days of 23 and 25 hours",
    "T07": "weeks without a row",
    "T08": "daily and weekly rows mixed",
    "T09": "last period not complete",
    "T10": "rows in any order",
    "T11": "placeholder dates",
    "T12": "weeks that begin on another day, ISO week 53",
    "T13": "seconds or milliseconds since 1970",
    "T14": "history shorter than a season",
    "T15": "item at its end, or with a successor",
}
assert len(TITLES) == 81
