"""The mean of several smoothing methods, some of them on logarithms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from forecasting.kernels.paths import apply_ahead
from forecasting.models.exponential import NaturalSmoothing
from forecasting.models.protocol import FitContext, Floats32, Integers, Keys
from forecasting.models.recursive import RecursionPaths
from forecasting.models.theta import Theta
from forecasting.panel import DemandPanel

__all__ = ["CombinedPaths", "CombinedSmoothing"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class CombinedSmoothing:
    """Equal weights on SES, Holt-Winters, and Holt-Winters and Theta on the logarithm of demand.

    The logarithm is that of 1 + demand / mean, in which a season is a ratio and a zero is no trouble. Each member
    uses the natural season only where its own rules find the evidence for it.

    Members share the random draws: a draw picks the error of the same past period in each of them, so that the mean
    of their paths is a path of their mean.

    References
    ----------
    Makridakis, Spiliotis and Assimakopoulos (2020), International Journal of Forecasting 36, 54-74: plain means of
    smoothing methods are hard to beat.
    """

    name: str = "combined_smoothing"

    def fit(self, panel: DemandPanel, context: FitContext) -> CombinedPaths:
        """See :class:`forecasting.models.protocol.DemandModel`."""
        known = panel.observed
        mean = np.where(known, panel.quantity, 0.0).sum(axis=1, dtype=np.float64) / np.maximum(known.sum(axis=1), 1)
        scale = np.where(mean > 0, mean, 1.0)
        logs = _logarithm(panel, scale)
        plain = [NaturalSmoothing(name).fit(panel, context) for name in ("ses", "holt_winters")]
        logged = [model.fit(logs, context) for model in (NaturalSmoothing("holt_winters"), Theta())]
        return CombinedPaths.of(plain, logged, scale, panel.integral)


def _logarithm(panel: DemandPanel, scale: Floats) -> DemandPanel:
    demand = np.where(panel.observed, np.maximum(panel.quantity, 0.0), 0.0)
    return replace(panel, quantity=np.log1p(demand / scale[:, None]).astype(np.float32))


@dataclass(frozen=True, eq=False)
class CombinedPaths:
    """The mean of fitted recursions.

    Attributes
    ----------
    plain, logged : members on demand, and on log(1 + demand / scale).
    scale : (n,) units. whole : bool (n,).
    """

    plain: tuple[RecursionPaths, ...]
    logged: tuple[RecursionPaths, ...]
    scale: Floats
    whole: npt.NDArray[np.bool_]

    @classmethod
    def of(
        cls,
        plain: list[RecursionPaths],
        logged: list[RecursionPaths],
        scale: Floats,
        whole: npt.NDArray[np.bool_],
    ) -> CombinedPaths:
        """Let members draw unrounded values, and those on logarithms keep to the ceiling of the plain ones."""
        unrounded = np.zeros(len(scale), dtype=np.bool_)
        ceiling = np.log1p(plain[0].ceiling / scale)
        return cls(
            tuple(replace(member, whole=unrounded) for member in plain),
            tuple(replace(member, whole=unrounded, ceiling=ceiling) for member in logged),
            scale,
            whole,
        )

    def paths(self, rows: Integers, keys: Keys, horizon: int, count: int) -> Floats32:
        """See :class:`forecasting.models.protocol.FittedModel`."""
        drawn = [member.paths(rows, keys, horizon, count) for member in self.plain]
        drawn += [self._demand(member.paths(rows, keys, horizon, count), rows) for member in self.logged]
        out: Floats32 = np.asarray(np.mean(drawn, axis=0, dtype=np.float32))
        nothing, one = np.zeros(horizon, dtype=np.float32), np.ones(horizon, dtype=np.float32)
        for k in np.flatnonzero(self.whole[rows]):
            apply_ahead(keys[k], one, nothing, True, out[k])
        return out

    def expected(self, rows: Integers, horizon: int) -> Floats32:
        """See :class:`forecasting.models.protocol.Expects`."""
        members = [member.expected(rows, horizon) for member in self.plain]
        members += [self._demand(member.expected(rows, horizon), rows) for member in self.logged]
        return np.asarray(np.mean(members, axis=0, dtype=np.float32))

    def follow(self, panel: DemandPanel, context: FitContext) -> CombinedPaths:
        """See :class:`forecasting.models.protocol.Follows`."""
        logs = _logarithm(panel, self.scale)
        return CombinedPaths.of(
            [member.follow(panel, context) for member in self.plain],
            [member.follow(logs, context) for member in self.logged],
            self.scale,
            panel.integral,
        )

    def parameters(self) -> Mapping[str, npt.NDArray[np.generic]]:
        """The level of the plain members' mean, the number of past errors and the fallback of Holt-Winters."""
        return {
            "level": np.mean([member.state[:, 0] for member in self.plain], axis=0),
            "past_values": self.plain[0].count,
            "fallback": self.plain[1].fit.fallback,
        }

    def _demand(self, logs: Floats32, rows: Integers) -> Floats32:
        """Back from logarithms to units; the first axis is that of the series."""
        scale = self.scale[rows].astype(np.float32).reshape((-1,) + (1,) * (logs.ndim - 1))
        return np.asarray(np.expm1(logs) * scale)
