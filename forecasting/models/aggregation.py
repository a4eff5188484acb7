"""Demand smoothed over buckets of several periods: ADIDA and IMAPA, as distributions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from forecasting.kernels.intermittent import smooth_aggregates
from forecasting.models.chains import Chain, ChainPaths, drift_of, leaning, relative_error
from forecasting.models.pooled import PooledDemand, pool_demand
from forecasting.models.protocol import FitContext
from forecasting.models.sizes import DemandSizes, demand_sizes
from forecasting.panel import DemandPanel
from forecasting.segments import summarise

__all__ = ["Adida", "Imapa"]

Floats = npt.NDArray[np.float64]
_WEIGHTS = (0.01, 0.02, 0.03, 0.04, 0.06, 0.08, 0.1, 0.13, 0.16, 0.2, 0.25, 0.3)
# No bucket is wider; rarer demand leaves some of them empty.
WIDEST = 60


@dataclass(frozen=True)
class Adida:
    """Buckets as wide as the mean interval between demands, smoothed, spread equally over their periods.

    The rate is the method's, leaning on the mean of the history as if that were one more period. Its distribution is
    that of the family: past sizes at the probability that gives the rate. (Past errors of whole buckets know nothing
    of horizons other than the bucket.)

    References
    ----------
    Nikolopoulos, Syntetos, Boylan, Petropoulos and Assimakopoulos (2011), Journal of the Operational Research
    Society 62, 544-554.
    """

    name: str = "adida"
    weights: tuple[float, ...] = _WEIGHTS
    from_one: bool = False

    def pool(self, panel: DemandPanel, context: FitContext) -> PooledDemand:
        """See :class:`forecasting.models.protocol.Pools`."""
        return pool_demand(panel, context)

    def fit(self, panel: DemandPanel, context: FitContext) -> ChainPaths:
        """See :class:`forecasting.models.protocol.DemandModel`."""
        summary = summarise(panel)
        width = np.rint(np.clip(summary.mean_interval, 1.0, np.clip(summary.observed, 1.0, WIDEST)))
        chosen = {"width": width, "smoothing": np.zeros((len(panel), WIDEST))}
        self._smooth(panel, context, chosen, choose=True)
        return ChainPaths.fitted(self, panel, context, chosen)

    def run(self, panel: DemandPanel, context: FitContext, chosen: Mapping[str, Floats]) -> tuple[Chain, DemandSizes]:
        """See :class:`forecasting.models.chains.Rule`."""
        rate = self._smooth(panel, context, chosen, choose=False)
        sizes, summary = demand_sizes(panel, context, context.pooled), summarise(panel)
        # The newest buckets of every width tell of the same demands: the mean of the evidence, not its sum.
        width = np.arange(1, WIDEST + 1)
        weight = chosen["smoothing"]
        used = weight > 0
        periods = np.where(used, (2.0 - weight) / np.where(used, weight, 1.0) * width, 0.0)
        periods = np.minimum(periods, summary.observed[:, None]).sum(axis=1) / np.maximum(used.sum(axis=1), 1)
        share = summary.demands / np.maximum(summary.observed, 1.0)
        error = relative_error(share, periods, sizes.cv2, periods * share, drift_of(context), summary.observed)
        season = np.where(panel.observed, context.past()[context.profile], 0.0).sum(axis=1, dtype=np.float64)
        mean = summary.mean * summary.observed / np.maximum(season, 1e-12)
        return Chain.steady(leaning(rate, periods, mean), error), sizes

    def _smooth(self, panel: DemandPanel, context: FitContext, chosen: Mapping[str, Floats], *, choose: bool) -> Floats:
        rate = np.zeros(len(panel))
        widest = chosen["width"].astype(np.int64)
        smooth_aggregates(
            panel.quantity,
            panel.status,
            context.past(),
            context.profile,
            np.ones_like(widest) if self.from_one else widest,
            widest,
            np.array(self.weights),
            choose,
            chosen["smoothing"],
            rate,
        )
        return rate


@dataclass(frozen=True)
class Imapa(Adida):
    """The mean of the rates from buckets of 1, 2, ... periods, up to the mean interval between demands.

    References
    ----------
    Petropoulos and Kourentzes (2015), Journal of the Operational Research Society 66, 914-924.
    """

    name: str = "imapa"
    from_one: bool = True
