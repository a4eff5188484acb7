"""Tables that were checked before: the same bytes under the same rules are not read and checked again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from forecasting.storage import read_tree, write_tree
from pipelines.digests import digest_of
from pipelines.quarantine import Findings, Notice, Quarantined, Repair
from pipelines.readers import TableReader
from pipelines.stage_store import FORGETFUL, StageStore, code_digest

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["KeptTables"]

_CLASSES = (Notice, Quarantined, Repair)


@dataclass(frozen=True, eq=False)
class _Checked:
    """The good rows of a table, and what was noticed of it."""

    frame: pd.DataFrame
    findings: Findings


@dataclass(frozen=True)
class KeptTables:
    """The checked tables among the finished stages of a workspace; new ones are kept when :meth:`keep` is called."""

    store: StageStore = FORGETFUL
    _new: list[tuple[str, str, _Checked]] = field(default_factory=list)

    def keep(self) -> None:
        """Keep what was checked: inputs that are refused leave the workspace as it was."""
        for stage, key, checked in self._new:
            self.store.keep(stage, key, checked, _write)
        self._new.clear()

    def once(
        self, reader: TableReader, findings: Findings, rules: object, check: Callable[[Findings], pd.DataFrame]
    ) -> pd.DataFrame:
        """The good rows of a table: taken up where it was checked before, else checked.

        Parameters
        ----------
        findings : are told what was noticed, now or before. rules : all that the check depends on beside the table.
        check : checks the table, and tells what it notices.
        """
        prints = reader.fingerprints()
        if self.store.root is None or not prints:
            return check(findings)
        stage = f"table-{reader.table}"
        # Findings name the file, so that its path is part of what they follow from.
        key = digest_of(code_digest(), reader.file, prints, reader.source.model_dump_json(exclude={"url"}), rules)
        found = self.store.find(stage, key, _read)
        if found is None:
            own = Findings()
            found = _Checked(check(own), own)
            # A file that was written to in between holds other rows than its digest says.
            if reader.fingerprints() == prints:
                self._new.append((stage, key, found))
        findings.absorb(found.findings)
        return found.frame.copy()


def _write(folder: Path, checked: _Checked) -> None:
    own = checked.findings
    told = {"rows": own.rows, "repairs": own.repairs, "notices": own.notices}
    sets = {"items_set_aside": sorted(own.items_set_aside), "forecasts_spoiled": sorted(own.forecasts_spoiled)}
    write_tree(folder, {"frame": checked.frame, **told, **sets})


def _read(folder: Path) -> _Checked:
    tree = read_tree(folder, _CLASSES)
    rows, repairs, notices = (list(tree[name]) for name in ("rows", "repairs", "notices"))
    skus, spoiled = (frozenset(tree[name]) for name in ("items_set_aside", "forecasts_spoiled"))
    return _Checked(tree["frame"], Findings(rows, repairs, notices, skus, spoiled))
