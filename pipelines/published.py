"""A run on disk, as commands and exporters are given it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["PublishedRun"]


@dataclass(frozen=True)
class PublishedRun:
    """A run on disk. ``repeated``: it had been there already and was not computed again."""

    run_id: str
    folder: Path
    summary: dict[str, Any]
    repeated: bool

    @property
    def backorders(self) -> dict[str, Any]:
        """The backorders in numbers."""
        found = json.loads((self.folder / "backorders.json").read_text(encoding="utf-8"))
        return dict(found)
