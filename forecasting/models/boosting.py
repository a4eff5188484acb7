"""One gradient-boosted model for all series, trained on demand summed over blocks of coming periods."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from forecasting.kernels.paths import apply_ahead
from forecasting.models.block_rows import BlockLayout, build_rows, layout_of, training_pairs
from forecasting.models.protocol import (
    DemandModel,
    Expects,
    FitContext,
    FittedModel,
    Floats32,
    Follows,
    Integers,
    Keys,
    Pools,
)
from forecasting.models.smoothing import ExponentialSmoothing
from forecasting.models.trees import Trees, codes_of, quantile_edges
from forecasting.panel import DemandPanel

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

__all__ = ["BoostedPaths", "Boosting", "Learned"]

Floats = npt.NDArray[np.float64]

# Fewer rows than these teach nothing that a series' own history does not.
LEAST_ROWS: Final = 10_000
# So many series with demand are worth as much as the base model's own level.
PRIOR_SERIES: Final = 5.0
# A block's rate stays within this factor of the trailing level, either way.
LARGEST_CHANGE: Final = 20.0
# Paths of a base model whose mean is taken for its forecast, unless it knows that mean.
REFERENCE_PATHS: Final = 256
# Roundings after rescaling have a stream of their own: the forecaster rounds with the series' key.
_SALT: Final = np.uint64(0x6A09E667F3BCC909)


@runtime_checkable
class KnowsMean(Expects, Protocol):
    """A fitted model whose point forecast is the mean of its paths, as not every one's is."""

    expected_is_mean: ClassVar[bool]


@dataclass(frozen=True, eq=False)
class Learned:
    """What the whole panel taught.

    Attributes
    ----------
    layout : the blocks that could be learned. share : what the trees are worth beside a series' own level, 0 to 1.
    fallback : why nothing was learned, or "". trees : None then. base : what the base model's ``pool`` returned.
    """

    layout: BlockLayout
    share: float
    fallback: str
    trees: Trees | None = field(repr=False, default=None)
    base: Any = field(repr=False, default=None)

    def block_means(self, panel: DemandPanel, context: FitContext) -> Floats:
        """Forecast units a period at season 1 in each coming block; (n, blocks), NaN where there is no forecast."""
        n, blocks = len(panel), len(self.layout.ends)
        if self.trees is None or panel.calendar.periods < self.layout.short:
            return np.full((n, blocks), np.nan)
        at_the_end = np.full(n, panel.calendar.periods, dtype=np.int64)
        rows = build_rows(panel, context, self.layout, np.arange(n), at_the_end)
        change = np.clip(np.exp(self.trees.sums(rows.features)), 1.0 / LARGEST_CHANGE, LARGEST_CHANGE)
        mean = rows.scale[:, None] * change.reshape(n, blocks)
        return np.where(rows.scale[:, None] > 0.0, mean, np.nan)


@dataclass(frozen=True, eq=False)
class BoostedPaths:
    """Paths of a base model, rescaled block by block so that their mean follows the boosting.

    Attributes
    ----------
    base : the base model, fitted. factor : (n, blocks) on its paths. base_mean : (n, blocks) its mean, units a period
        at season 1. learned : what the panel taught. whole : bool (n,) series in whole units.
    """

    base: FittedModel
    model: Boosting
    context: FitContext
    learned: Learned
    factor: Floats
    base_mean: Floats
    whole: npt.NDArray[np.bool_]

    def paths(self, rows: Integers, keys: Keys, horizon: int, count: int) -> Floats32:
        """See :class:`forecasting.models.protocol.FittedModel`."""
        out = self.base.paths(rows, keys, horizon, count)
        factor = np.ascontiguousarray(self.learned.layout.spread(self.factor[rows], horizon), dtype=np.float32)
        nothing = np.zeros(horizon, dtype=np.float32)
        for k in np.flatnonzero((factor != 1).any(axis=1)):
            apply_ahead(keys[k] ^ _SALT, factor[k], nothing, self.whole[rows[k]], out[k])
        return out

    def expected(self, rows: Integers, horizon: int) -> Floats32:
        """Point forecasts without drawing, units; float32 (k, horizon)."""
        mean = self.learned.layout.spread((self.base_mean * self.factor)[rows], horizon)
        return (mean * self.context.future(horizon)[self.context.profile[rows]]).astype(np.float32)

    def parameters(self) -> Mapping[str, npt.NDArray[np.generic]]:
        """The base model's, and the factor on its paths in the first block."""
        return {**self.base.parameters(), "boosting_factor": self.factor[:, 0]}

    def follow(self, panel: DemandPanel, context: FitContext) -> BoostedPaths:
        """See :class:`forecasting.models.protocol.Follows`; a base model that can't follow is fitted again."""
        own = replace(context, pooled=self.learned.base)
        base = self.base.follow(panel, own) if isinstance(self.base, Follows) else self.model.base.fit(panel, own)
        return self.model.rescale(base, panel, context, self.learned)


@dataclass(frozen=True)
class Boosting:
    """Histogram gradient boosting with a Poisson loss, direct on each block's demand over the trailing level.

    Parameters
    ----------
    base : the model whose paths are rescaled. weight : of the boosting in the logarithm of the level, 0 to 1.
    """

    name: str = "boosting"
    base: DemandModel = field(default_factory=ExponentialSmoothing)
    weight: float = 1.0
    trees: int = 150
    leaves: int = 31
    rate: float = 0.06
    least_leaf: int = 300
    penalty: float = 50.0
    most_rows: int = 400_000

    def pool(self, panel: DemandPanel, context: FitContext) -> Learned:
        """See :class:`forecasting.models.protocol.Pools`."""
        return self.pool_with(self.learn(panel, context), panel, context)

    @property
    def lesson(self) -> Hashable:
        """See :class:`forecasting.models.protocol.SharesLesson`."""
        return type(self), self.trees, self.leaves, self.rate, self.least_leaf, self.penalty, self.most_rows

    def pool_with(self, learned: Learned, panel: DemandPanel, context: FitContext) -> Learned:
        """See :class:`forecasting.models.protocol.SharesLesson`: the trees, and what the base model learns."""
        return replace(learned, base=self.base.pool(panel, context) if isinstance(self.base, Pools) else None)

    def ready(self) -> None:
        """See :class:`forecasting.models.protocol.Readies`."""
        _openmp()

    def learn(self, panel: DemandPanel, context: FitContext) -> Learned:
        """See :class:`forecasting.models.protocol.SharesLesson`: the trees alone."""
        from sklearn.ensemble import HistGradientBoostingRegressor

        panel, context = _by_key(panel, context)
        layout = layout_of(panel.calendar.frequency)
        series, origin = training_pairs(panel, layout, self.most_rows // len(layout.ends))
        rows = build_rows(panel, context, layout, series, origin)
        usable = np.flatnonzero(rows.weight > 0)
        if len(usable) < LEAST_ROWS:
            return Learned(layout, 0.0, f"{len(usable)} rows to learn from")
        booster = HistGradientBoostingRegressor(
            loss="poisson",
            max_iter=self.trees,
            max_leaf_nodes=self.leaves,
            learning_rate=self.rate,
            min_samples_leaf=self.least_leaf,
            l2_regularization=self.penalty,
            early_stopping=False,
            random_state=0,
        )
        features = rows.features[usable]
        edges = quantile_edges(features)
        # OpenMP's threads spin at a barrier a split: on a busy machine two took five times as long as one.
        with _openmp().limit(limits=1):
            booster.fit(codes_of(features, edges), rows.target[usable], np.sqrt(rows.weight[usable]))
        alive = len(np.unique(series[rows.scale > 0]))
        return Learned(layout, alive / (alive + PRIOR_SERIES), "", Trees.of(booster, edges))

    def fit(self, panel: DemandPanel, context: FitContext) -> BoostedPaths:
        """See :class:`forecasting.models.protocol.DemandModel`."""
        learned = context.pooled or Learned(layout_of(panel.calendar.frequency), 0.0, "nothing pooled")
        base = self.base.fit(panel, replace(context, pooled=learned.base))
        return self.rescale(base, panel, context, learned)

    def rescale(self, base: FittedModel, panel: DemandPanel, context: FitContext, learned: Learned) -> BoostedPaths:
        """Compare the base model's mean in each block with the boosting's and keep the ratio."""
        base_mean = _reference(base, panel, context, learned.layout)
        wanted = learned.block_means(panel, context)
        known = np.isfinite(wanted) & (base_mean > 0)
        ratio = np.where(known, wanted, 1.0) / np.where(known, base_mean, 1.0)
        factor = ratio ** (self.weight * learned.share)
        return BoostedPaths(base, self, context, learned, factor, base_mean, panel.integral)


@cache
def _openmp() -> ThreadpoolController:
    """The OpenMP that scikit-learn brings, found once.

    To look for it is to hold the lock of the dynamic loader while Python's is asked for; another thread that imports a
    compiled module holds them in the other order.
    """
    import sklearn.ensemble  # noqa: F401 - brings the library that is looked for
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def _by_key(panel: DemandPanel, context: FitContext) -> tuple[DemandPanel, FitContext]:
    """Sort the series: sums over rows of a booster depend in their last bits on the order of the rows."""
    order = sorted(range(len(panel)), key=panel.keys.__getitem__)
    if order == list(range(len(panel))):
        return panel, context
    rows = np.array(order)
    ahead = context.covariates.take(rows) if context.covariates is not None else None
    return panel.take(rows), replace(context, profile=context.profile[rows], covariates=ahead)


def _reference(base: FittedModel, panel: DemandPanel, context: FitContext, layout: BlockLayout) -> Floats:
    """The mean of the base model's paths in each block, units a period at season 1; (n, blocks)."""
    reach = layout.ends[-1]
    rows = np.arange(len(panel))
    if isinstance(base, KnowsMean):
        drawn = base.expected(rows, reach).astype(np.float64)
    else:
        drawn = base.paths(rows, panel.stream_keys(0), reach, REFERENCE_PATHS).mean(axis=1, dtype=np.float64)
    season = context.future(reach)[context.profile]
    starts = [0, *layout.ends[:-1]]
    return np.asarray(np.add.reduceat(drawn, starts, axis=1) / np.add.reduceat(season, starts, axis=1))
