"""Models that are not in the zoo: the least that the protocol asks for, and one that tells what it saw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from forecasting.models.protocol import FitContext
from forecasting.panel import DemandPanel


@dataclass(frozen=True, eq=False)
class SamePaths:
    """Every path is one number a series."""

    level: npt.NDArray[np.float32]

    def paths(
        self, rows: npt.NDArray[np.int64], keys: npt.NDArray[np.uint64], horizon: int, count: int
    ) -> npt.NDArray[np.float32]:
        """See :class:`forecasting.models.protocol.FittedModel`."""
        return np.repeat(self.level[rows], count * horizon).reshape(len(rows), count, horizon)

    def parameters(self) -> Mapping[str, npt.NDArray[np.generic]]:
        """The number."""
        return {"level": self.level}


@dataclass(frozen=True)
class Last:
    """What was demanded in the newest period comes again."""

    name: str = "last"

    def fit(self, panel: DemandPanel, context: FitContext) -> SamePaths:
        """See :class:`forecasting.models.protocol.DemandModel`."""
        return SamePaths(np.ascontiguousarray(panel.quantity[:, -1]))


@dataclass(frozen=True)
class Spy(Last):
    """Keeps every panel and context that it is given."""

    name: str = "spy"
    seen: list[tuple[DemandPanel, FitContext]] = field(default_factory=list)

    def fit(self, panel: DemandPanel, context: FitContext) -> SamePaths:
        """See :class:`forecasting.models.protocol.DemandModel`."""
        self.seen.append((panel, context))
        return super().fit(panel, context)


@dataclass(frozen=True)
class Pupil(Spy):
    """Learns nothing from the whole panel but which one it was: its identifiers and its periods."""

    name: str = "pupil"

    def pool(self, panel: DemandPanel, context: FitContext) -> tuple[tuple[str, ...], int]:
        """See :class:`forecasting.models.protocol.Pools`."""
        return panel.skus, panel.calendar.periods
