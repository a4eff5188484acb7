"""Tables that were checked before: the same bytes under the same rules are not read and checked again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from forecasting.storage import read_tree, write_tree
from pipelines.digests import digest_of
from pipelines.quarantine import Findings, Notice, Quarantined, Repair
from pipelines.readers import TableReader
from pipelines.stage_store import StageStore, code_digest

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["KeptTables"]

_CLASSES = (Notice, Quarantined, Repair)


@dataclass(frozen=True)
class KeptTables:
    """The checked tables among the finished stages of a workspace."""

    store: StageStore

    def once(
        self, reader: TableReader, findings: Findings, rules: object, check: Callable[[Findings], pd.DataFrame]
    ) -> pd.DataFrame:
        """The good rows of a table: taken up where it was checked before, else checked and kept.

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
            found = (check(own), own)
            # A file that was written to in between holds other rows than its digest says.
            if reader.fingerprints() == prints:
                self.store.keep(stage, key, found, _write)
        findings.absorb(found[1])
        return found[0].copy()


def _write(folder: Path, kept: tuple[pd.DataFrame, Findings]) -> None:
    frame, own = kept
    told = {"rows": own.rows, "repairs": own.repairs, "notices": own.notices}
    sets = {"items_set_aside": sorted(own.items_set_aside), "forecasts_spoiled": sorted(own.forecasts_spoiled)}
    write_tree(folder, {"frame": frame, **told, **sets})


def _read(folder: Path) -> tuple[pd.DataFrame, Findings]:
    tree = read_tree(folder, _CLASSES)
    rows, repairs, notices = (list(tree[name]) for name in ("rows", "repairs", "notices"))
    skus, spoiled = (frozenset(tree[name]) for name in ("items_set_aside", "forecasts_spoiled"))
    return tree["frame"], Findings(rows, repairs, notices, skus, spoiled)
