"""Croston's method, with the correction of Syntetos and Boylan, and TSB, as distributions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from forecasting.kernels.croston import choose_croston, run_croston
from forecasting.kernels.intermittent import choose_tsb, run_tsb
from forecasting.models.chains import Chain, ChainPaths, drift_of, leaning, relative_error
from forecasting.models.pooled import PooledDemand, pool_demand
from forecasting.models.protocol import FitContext
from forecasting.models.sizes import DemandSizes, demand_sizes
from forecasting.panel import DemandPanel
from forecasting.segments import summarise

__all__ = ["Croston", "SyntetosBoylan", "TeunterSyntetosBabai"]

Floats = npt.NDArray[np.float64]

# Candidate weights of Croston's sizes and intervals.
_WEIGHTS: Floats = np.array([0.02, 0.07, 0.15, 0.3])


@dataclass(frozen=True)
class Croston:
    """Size over interval, each smoothed with a weight of its own; both carry their standard error.

    References
    ----------
    Croston (1972), Operational Research Quarterly 23, 289-303. That the estimate itself is uncertain: Prak and
    Teunter (2019), International Journal of Forecasting 35, 454-461.
    """

    name: str = "croston"
    correction: float = 0.0

    def pool(self, panel: DemandPanel, context: FitContext) -> PooledDemand:
        """See :class:`forecasting.models.protocol.Pools`."""
        return pool_demand(panel, context)

    def fit(self, panel: DemandPanel, context: FitContext) -> ChainPaths:
        """See :class:`forecasting.models.protocol.DemandModel`."""
        start, chosen = np.zeros((len(panel), 2)), np.zeros((len(panel), 2))
        choose_croston(
            panel.quantity,
            panel.status,
            context.past(),
            context.profile,
            _WEIGHTS,
            self.correction,
            start,
            chosen,
        )
        return ChainPaths.fitted(self, panel, context, _named("interval", start, chosen))

    def run(self, panel: DemandPanel, context: FitContext, chosen: Mapping[str, Floats]) -> tuple[Chain, DemandSizes]:
        """See :class:`forecasting.models.chains.Rule`."""
        start, weights = _unnamed("interval", chosen)
        state = np.zeros_like(start)
        run_croston(panel.quantity, panel.status, context.past(), context.profile, start, weights, state)
        size, interval = state[:, 0], np.where(state[:, 1] > 0, state[:, 1], np.inf)
        sizes, summary = demand_sizes(panel, context, context.pooled), summarise(panel)
        known = _evidence(weights, summary.demands[:, None])
        periods = known[:, 1] * state[:, 1]
        error = relative_error(1.0 / interval, periods, sizes.cv2, known[:, 0], drift_of(context), summary.observed)
        return Chain.steady((1.0 - self.correction * weights[:, 1]) * size / interval, error), sizes


@dataclass(frozen=True)
class SyntetosBoylan(Croston):
    """Croston's rate less its bias: times 1 - half of the interval's weight.

    References
    ----------
    Syntetos and Boylan (2005), International Journal of Forecasting 21, 303-314.
    """

    name: str = "sba"
    correction: float = 0.5


@dataclass(frozen=True)
class TeunterSyntetosBabai:
    """The probability of demand is smoothed in every period, the size in those with demand.

    Without demand the probability falls, in the history and along each path: items that nobody wants any more fade.
    The rate leans on the mean of the history as if that were one more period.

    References
    ----------
    Teunter, Syntetos and Babai (2011), European Journal of Operational Research 214, 606-615.
    """

    name: str = "tsb"
    weights: tuple[float, ...] = (0.005, 0.01, 0.02, 0.03, 0.04, 0.06, 0.08, 0.1)

    def pool(self, panel: DemandPanel, context: FitContext) -> PooledDemand:
        """See :class:`forecasting.models.protocol.Pools`."""
        return pool_demand(panel, context)

    def fit(self, panel: DemandPanel, context: FitContext) -> ChainPaths:
        """See :class:`forecasting.models.protocol.DemandModel`."""
        start, chosen = np.zeros((len(panel), 2)), np.zeros((len(panel), 2))
        choose_tsb(panel.quantity, panel.status, context.past(), context.profile, np.array(self.weights), start, chosen)
        return ChainPaths.fitted(self, panel, context, _named("probability", start, chosen))

    def run(self, panel: DemandPanel, context: FitContext, chosen: Mapping[str, Floats]) -> tuple[Chain, DemandSizes]:
        """See :class:`forecasting.models.chains.Rule`."""
        start, weights = _unnamed("probability", chosen)
        state = np.zeros_like(start)
        run_tsb(panel.quantity, panel.status, context.past(), context.profile, start, weights, state)
        sizes, summary = demand_sizes(panel, context, context.pooled), summarise(panel)
        known = _evidence(weights, np.stack([summary.demands, summary.observed], axis=1))
        error = relative_error(state[:, 1], known[:, 1], sizes.cv2, known[:, 0], drift_of(context), summary.observed)
        rate = leaning(state[:, 0] * state[:, 1], known[:, 1], start[:, 0] * start[:, 1])
        nothing = np.zeros(len(panel))
        return Chain(rate, error, nothing, nothing, weights[:, 1]), sizes


def _evidence(weights: Floats, most: Floats) -> Floats:
    """An average with weight w rests on about (2 - w) / w values, and on no more than there were."""
    return np.minimum((2.0 - weights) / np.where(weights > 0, weights, 1.0), most)


def _named(second: str, start: Floats, weights: Floats) -> dict[str, Floats]:
    return {
        "size_smoothing": weights[:, 0].copy(),
        f"{second}_smoothing": weights[:, 1].copy(),
        "size_start": start[:, 0].copy(),
        f"{second}_start": start[:, 1].copy(),
    }


def _unnamed(second: str, chosen: Mapping[str, Floats]) -> tuple[Floats, Floats]:
    start = np.stack([chosen["size_start"], chosen[f"{second}_start"]], axis=1)
    return start, np.stack([chosen["size_smoothing"], chosen[f"{second}_smoothing"]], axis=1)
