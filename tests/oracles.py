"""
Run the reference answers: ``python -m tests.oracles FILE.json``.

One line a record (id, pass / FAIL / unsupported / disputed, largest difference), then
``N passed, M failed, K skipped``. Each kind of record is mapped to public functions in :mod:`tests.oracle_kinds`; every
entry of ``expected`` is compared within ``abs_tol``. Records of an unknown kind, and those named by a ``##`` heading in
``oracles_disputed.md`` beside this file, are skipped and say so. The exit code is 1 when a record fails.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.oracle_kinds import KINDS

DISPUTED = Path(__file__).with_name("oracles_disputed.md")


@dataclass(frozen=True)
class Verdict:
    """What came out of one record."""

    record: str
    status: str
    difference: float
    remark: str = ""

    def __str__(self) -> str:
        shown = "" if math.isnan(self.difference) else f"{self.difference:.3g}"
        return "  ".join(part for part in (self.record, self.status, shown, self.remark) if part)


def disputed_ids() -> set[str]:
    """Return the ids under the ``##`` headings of the list of disputed records."""
    if not DISPUTED.exists():
        return set()
    lines = DISPUTED.read_text(encoding="utf-8").splitlines()
    return {line.removeprefix("## ").strip() for line in lines if line.startswith("## ")}


def differences(expected: Any, computed: Any) -> Iterator[float]:
    """Yield the difference of every number in two nested values of the same shape; infinite where they can't agree."""
    if isinstance(expected, dict):
        for key, value in expected.items():
            yield from differences(value, computed[key]) if key in computed else (math.inf,)
    elif isinstance(expected, list):
        if len(expected) != len(computed):
            yield math.inf
        for left, right in zip(expected, computed, strict=False):
            yield from differences(left, right)
    elif isinstance(expected, bool) or isinstance(computed, bool):
        yield 0.0 if bool(expected) == bool(computed) else math.inf
    elif isinstance(expected, str) and not _is_number(expected):
        yield 0.0 if expected == str(computed) else math.inf
    else:
        left, right = math.inf if expected is None else float(expected), float(computed)
        difference = 0.0 if left == right else abs(left - right)
        yield math.inf if math.isnan(difference) else difference


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def judge(record: dict[str, Any], disputed: set[str]) -> Verdict:
    """Compute one record and compare every expected entry."""
    name, kind = str(record["id"]), str(record["kind"])
    if name in disputed:
        return Verdict(name, "skipped", math.nan, "disputed")
    if kind not in KINDS:
        return Verdict(name, "unsupported", math.nan, kind)
    try:
        computed = KINDS[kind](record["inputs"], record["expected"])
        largest = max(differences(record["expected"], computed), default=0.0)
    except Exception as error:
        return Verdict(name, "FAIL", math.nan, f"{type(error).__name__}: {error}")
    # what a file prints of its tolerance and of its numbers may be off by their own rounding
    allowed = float(record["abs_tol"]) * (1.0 + 1e-9)
    return Verdict(name, "pass" if largest <= allowed else "FAIL", largest)


def run(path: Path) -> list[Verdict]:
    """Return the verdicts on all records of a file."""
    records = json.loads(path.read_text(encoding="utf-8"))["oracles"]
    disputed = disputed_ids()
    return [judge(record, disputed) for record in records]


def main(arguments: list[str]) -> int:
    """Print the verdicts on a file and return the exit code."""
    if len(arguments) != 1:
        print("usage: python -m tests.oracles FILE.json", file=sys.stderr)
        return 2
    verdicts = run(Path(arguments[0]))
    for verdict in verdicts:
        print(verdict)
    passed, failed = (sum(v.status == status for v in verdicts) for status in ("pass", "FAIL"))
    print(f"{passed} passed, {failed} failed, {len(verdicts) - passed - failed} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
