"""What an exporter sees: the files of one published run."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["RunFiles"]


@dataclass(frozen=True)
class RunFiles:
    """A run's folder, read piece by piece."""

    folder: Path

    @property
    def run_id(self) -> str:
        """The id of the run."""
        return self.folder.name

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """What is recorded of the run: inputs and outputs with digests, configuration, versions."""
        return dict(json.loads((self.folder / "manifest.json").read_text(encoding="utf-8")))

    @cached_property
    def summary(self) -> dict[str, Any]:
        """The plan in numbers."""
        return dict(json.loads((self.folder / "summary.json").read_text(encoding="utf-8")))

    @property
    def as_of(self) -> str:
        """The opening that the plan decided at, as YYYY-MM-DD."""
        return str(self.summary["as_of"])

    def has(self, name: str) -> bool:
        """Whether the run holds a table."""
        return (self.folder / f"{name}.parquet").is_file()

    def frame(self, name: str) -> pd.DataFrame:
        """One table of the run."""
        import pandas as pd

        return pd.read_parquet(self.folder / f"{name}.parquet")
