"""The page docs/bad_input.md, made of the declarations of the tests so that it can't drift."""

from __future__ import annotations

from pathlib import Path

from tests.bad_input import injectors_files, injectors_keys, injectors_time, injectors_values
from tests.bad_input.declaring import CASES, TITLES, Case

__all__ = ["bad_input_page"]

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
        "| id | class | what restock does | code | result |",
        "|---|---|---|---|---|",
    ]
    for id, title in TITLES.items():
        cases = [case for case in CASES if case.id == id]
        does = "; ".join(dict.fromkeys(case.does for case in cases if case.does))
        why = "; ".join(dict.fromkeys(case.decided for case in cases if case.decided))
        does += f" *({why})*" if why else ""
        lines.append(f"| {id} | {title} | {_cell(does)} | {_codes(cases)} | {_results(cases)} |")
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def _codes(cases: list[Case]) -> str:
    return ", ".join(dict.fromkeys(f"`{case.code}`" for case in cases if case.code))


def _results(cases: list[Case]) -> str:
    return ", ".join(dict.fromkeys(case.result for case in cases))


if __name__ == "__main__":
    Path("docs/bad_input.md").write_text(bad_input_page(), encoding="utf-8")
