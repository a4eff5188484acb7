"""Willemain's bootstrap: occurrences from a two-state Markov chain, sizes from the past, jittered."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from forecasting.kernels.intermittent import transitions
from forecasting.models.chains import Chain, ChainPaths, drift_of, relative_error
from forecasting.models.pooled import PooledDemand, a_sample, pool_demand
from forecasting.models.protocol import FitContext, memory_periods
from forecasting.models.sizes import DemandSizes, demand_sizes
from forecasting.panel import DemandPanel

__all__ = ["PooledChains", "Willemain"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
_CHOSEN = "autocorrelation"
# A chain that never left or never kept its state in so few periods may yet do so.
LARGEST = 0.9


@dataclass(frozen=True, eq=False)
class PooledChains(PooledDemand):
    """What the series of a panel have in common, the autocorrelation of their occurrences included."""

    persistence: float


@dataclass(frozen=True)
class Willemain:
    """Demand follows demand, or its absence, as often as in the past; it starts from the newest period.

    The chain is that of the transition counts, written as a probability p and an autocorrelation r: demand follows
    demand with p + r (1 - p) and none with p (1 - r). The few transitions of a series are shrunk to all series'
    autocorrelation, which counts as ``prior`` demands. Sizes are jittered, but with no more than their own standard
    deviation and so that the mean stays (the original, 1 + INT(X + Z sqrt(X)), adds half a unit and tears the items
    apart that always sell by the dozen).

    References
    ----------
    Willemain, Smart and Schwarz (2004), International Journal of Forecasting 20, 375-387.
    """

    name: str = "willemain"
    prior: float = 20.0

    def pool(self, panel: DemandPanel, context: FitContext) -> PooledChains:
        """See :class:`forecasting.models.protocol.Pools`."""
        common = pool_demand(panel, context)
        moment, spread = _autocovariance(_remembered(*a_sample(panel, context)).steps)
        # Exact sums do not depend on the order of the series.
        persistence = math.fsum(moment) / max(math.fsum(spread), 1e-12)
        return PooledChains(common.ratio, common.drift, common.demands, common.periods, persistence)

    def fit(self, panel: DemandPanel, context: FitContext) -> ChainPaths:
        """See :class:`forecasting.models.protocol.DemandModel`."""
        past = _remembered(panel, context)
        pooled = context.pooled.persistence if isinstance(context.pooled, PooledChains) else 0.0
        moment, spread = _autocovariance(past.steps)
        own = np.clip(moment / np.where(spread > 0, spread, 1.0), -1.0, 1.0)
        persistence = (past.demands * own + self.prior * pooled) / (past.demands + self.prior)
        persistence = np.where(spread > 0, np.clip(persistence, -LARGEST, LARGEST), 0.0)
        return ChainPaths.fitted(self, panel, context, {_CHOSEN: persistence}, jitter=True)

    def run(self, panel: DemandPanel, context: FitContext, chosen: Mapping[str, Floats]) -> tuple[Chain, DemandSizes]:
        """See :class:`forecasting.models.chains.Rule`."""
        past, sizes, r = _remembered(panel, context), demand_sizes(panel, context, context.pooled), chosen[_CHOSEN]
        share = past.demands / np.maximum(past.exposure, 1e-12)
        usual = np.minimum(share, 1.0)
        last = usual + r**past.silence * (past.newest - usual)
        # Neighbours that resemble each other are worth less than as many independent periods.
        periods = past.observed * (1.0 - r) / (1.0 + r)
        occurrence = past.demands / np.maximum(past.observed, 1)
        error = relative_error(occurrence, periods, sizes.cv2, past.demands, drift_of(context), past.observed)
        return Chain(share * sizes.mean, error, r, last, np.zeros(len(panel))), sizes


@dataclass(frozen=True, eq=False)
class _Past:
    """The periods that are remembered: their transitions, how they end, and how many they are; arrays of n rows."""

    steps: Integers
    newest: Integers
    silence: Integers
    observed: Floats
    demands: Floats
    exposure: Floats


def _remembered(panel: DemandPanel, context: FitContext) -> _Past:
    first = max(panel.calendar.periods - memory_periods(context), 0)
    quantity = np.ascontiguousarray(panel.quantity[:, first:])
    status = np.ascontiguousarray(panel.status[:, first:])
    n = len(panel)
    steps, newest, silence = (np.zeros(shape, dtype=np.int64) for shape in ((n, 2, 2), (n,), (n,)))
    transitions(quantity, status, steps, newest, silence)
    known = panel.observed[:, first:]
    season = context.past()[context.profile, first:]
    return _Past(
        steps,
        newest,
        silence,
        known.sum(axis=1).astype(np.float64),
        (known & (quantity > 0)).sum(axis=1).astype(np.float64),
        np.where(known, season, 0.0).sum(axis=1, dtype=np.float64),
    )


def _autocovariance(steps: Integers) -> tuple[Floats, Floats]:
    """Autocovariance and variance of the occurrences at a lag of one period, each times the number of steps."""
    total = np.maximum(steps.sum(axis=(1, 2)), 1).astype(np.float64)
    before, after = steps[:, 1].sum(axis=1) / total, steps[:, :, 1].sum(axis=1) / total
    moment = steps[:, 1, 1] - total * before * after
    spread = total * np.sqrt(before * (1.0 - before) * after * (1.0 - after))
    return moment, spread
