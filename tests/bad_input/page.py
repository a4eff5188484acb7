"""The page docs/bad_input.md, made of the declarations of the tests so that it can't drift."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from tests.bad_input import injectors_files, injectors_keys, injectors_time, injectors_values
from tests.bad_input.declaring import CASES, TITLES, Case

__all__ = ["bad_input_page", "measured"]

assert injectors_files
assert injectors_keys
assert injectors_time
assert injectors_values


def bad_input_page() -> str:
    """Return the page: a line a class."""
    lines = [
        "# Bad input",
        "",
        "What restock does with each of the 81 classes of bad input that concern tables. Made of the tests in",
        "`tests/bad_input` by `python -m tests.bad_input.page`; each line is one or several tests that check the exit",
        "code, the code reported, the rows set aside (file, line, column, value, text, message and hint), that",
        "recommendations of other items stay the same bit by bit, and the invariants of what is published.",
        "",
        "Results: *refused* (exit 3; 2 for a configuration, 5 where trying again may help), *set aside* (the row,",
        "with its place, in `quarantine/<table>.csv`), *repaired* (and logged), *noted* (in the summary,",
        "in `restock check`, or as status and reason of the item), *accepted*. Where several are tested, their",
        "codes and results stand side by side.",
        "",
        "Time and memory are those of a plan of the spoilt shop of 480 rows of sales, as multiples of the clean one's,",
        "the largest where several are tested: measured once by `python -m tests.bad_input.measuring` (time of the",
        "processor, the least of several runs; libraries that only some doors or bad rows need are imported before).",
        "Twice the time and one and a half times the memory are allowed.",
        "",
        "| id | class | what restock does | code | result | time | memory |",
        "|---|---|---|---|---|---|---|",
    ]
    for id, title in TITLES.items():
        cases = [case for case in CASES if case.id == id]
        does = "; ".join(dict.fromkeys(case.does for case in cases if case.does))
        why = "; ".join(dict.fromkeys(case.decided for case in cases if case.decided))
        does += f" *({why})*" if why else ""
        cells = (_cell(does), _codes(cases), _results(cases), _most(cases, 0), _most(cases, 1))
        lines.append(f"| {id} | {title} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def _codes(cases: list[Case]) -> str:
    return ", ".join(dict.fromkeys(f"`{case.code}`" for case in cases if case.code))


def _most(cases: list[Case], which: int) -> str:
    """The largest time (0) or memory (1) of some cases."""
    figures = measured()
    return f"{max(figures[case.name][which] for case in cases):.1f}"


@cache
def measured() -> dict[str, list[float]]:
    """Time and memory of each case, as multiples of the clean shop's; see :mod:`tests.bad_input.measuring`."""
    return dict(json.loads(Path(__file__).with_name("measured.json").read_text(encoding="utf-8")))


def _results(cases: list[Case]) -> str:
    return ", ".join(dict.fromkeys(case.result for case in cases))


if __name__ == "__main__":
    Path("docs/bad_input.md").write_text(bad_input_page(), encoding="utf-8")
