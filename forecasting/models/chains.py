"""The fitted form of the intermittent family: occurrence and size, each with what is not known of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

from forecasting.kernels.chains import chain_means, sample_chain
from forecasting.models.pooled import thin_evidence
from forecasting.models.protocol import FitContext, Floats32, Integers, Keys
from forecasting.models.sampled import _NORMAL
from forecasting.models.sizes import DemandSizes
from forecasting.panel import DemandPanel
from forecasting.segments import summarise

__all__ = ["Chain", "ChainPaths", "Rule", "drift_of", "leaning", "relative_error"]

Floats = npt.NDArray[np.float64]
# Beyond this relative standard error of a rate there is nothing more to be unsure of.
LARGEST_ERROR = 1.5
_SHARE_FACTOR = "share_factor"


@dataclass(frozen=True, eq=False)
class Chain:
    """When demand comes; arrays of shape (n,).

    Attributes
    ----------
    rate : units a period at season 1.
    error : relative standard error of the rate.
    persistence : autocorrelation of the occurrences from period to period.
    last : occurrence in the period before the first (1 or 0, or what is expected of it).
    feedback : weight with which the probability of demand follows drawn demand.
    """

    rate: Floats
    error: Floats
    persistence: Floats
    last: Floats
    feedback: Floats

    @classmethod
    def steady(cls, rate: Floats, error: Floats) -> Chain:
        """Occurrences that know nothing of each other, with a probability that stays."""
        nothing = np.zeros(len(rate))
        return cls(rate, error, nothing, nothing, nothing)


class Rule(Protocol):
    """How a method turns a history and its chosen parameters into a chain."""

    def run(self, panel: DemandPanel, context: FitContext, chosen: Mapping[str, Floats]) -> tuple[Chain, DemandSizes]:
        """Run the states along the history."""


@dataclass(frozen=True, eq=False)
class ChainPaths:
    """Demand comes with a probability; its size is one of the past or, while these are few, one of all series'.

    Attributes
    ----------
    rule : the method. chosen : its parameters, arrays with n rows.
    chain, sizes : what they came to at the end of the history.
    jitter : (n,) standard deviation of the error added to a size, units.
    """

    context: FitContext
    rule: Rule
    chosen: Mapping[str, Floats]
    chain: Chain
    sizes: DemandSizes
    jitter: Floats

    @classmethod
    def fitted(
        cls, rule: Rule, panel: DemandPanel, context: FitContext, chosen: Mapping[str, Floats], *, jitter: bool = False
    ) -> ChainPaths:
        """Run a rule along a history; with ``jitter`` sizes move by up to their standard deviation.

        How far the rate leans on that of all series is a parameter, too: were it reckoned anew, an item that is
        followed through a silence could be expected to sell more.
        """
        if _SHARE_FACTOR not in chosen:
            chosen = {**chosen, _SHARE_FACTOR: thin_evidence(summarise(panel), context.pooled)}
        chain, sizes = rule.run(panel, context, chosen)
        chain = replace(chain, rate=chain.rate * chosen[_SHARE_FACTOR])
        return cls(context, rule, chosen, chain, sizes, sizes.sd if jitter else np.zeros(len(panel)))

    @property
    def occurrence(self) -> Floats:
        """Probability of demand in a period at season 1: rate / mean size; above 1 sizes grow."""
        return np.asarray(self.chain.rate / np.where(self.sizes.mean > 0, self.sizes.mean, 1.0))

    def paths(self, rows: Integers, keys: Keys, horizon: int, count: int) -> Floats32:
        """See :class:`forecasting.models.protocol.FittedModel`."""
        out = np.empty((len(rows), count, horizon), dtype=np.float32)
        sample_chain(
            keys,
            self.occurrence[rows],
            self.chain.persistence[rows],
            self.chain.last[rows],
            self.chain.feedback[rows],
            np.sqrt(np.log1p(self.chain.error[rows] ** 2)),
            self.context.future(horizon),
            self.context.profile[rows],
            self.sizes.table[rows],
            self.sizes.count[rows],
            self.sizes.pooled[rows],
            self.sizes.prior,
            self.jitter[rows],
            self.sizes.unit[rows],
            _NORMAL,
            0,
            out,
        )
        return out

    def expected(self, rows: Integers, horizon: int) -> Floats32:
        """Return the point forecast of each period without drawing; float32 (k, horizon), units."""
        out = np.empty((len(rows), horizon), dtype=np.float32)
        chain_means(
            self.occurrence[rows],
            self.chain.persistence[rows],
            self.chain.last[rows],
            self.sizes.mean[rows],
            self.context.future(horizon),
            self.context.profile[rows],
            out,
        )
        return out

    def follow(self, panel: DemandPanel, context: FitContext) -> ChainPaths:
        """See :class:`forecasting.models.protocol.Follows`; what was pooled stays, too."""
        kept = replace(context, pooled=self.context.pooled)
        return ChainPaths.fitted(self.rule, panel, kept, self.chosen, jitter=bool((self.jitter > 0).any()))

    def parameters(self) -> Mapping[str, npt.NDArray[np.generic]]:
        """Level, its relative standard error, number of past sizes, occurrence, mean size and the method's own."""
        own = {name: values for name, values in self.chosen.items() if values.ndim == 1}
        return {
            "level": self.chain.rate,
            "level_sd": self.chain.error,
            "past_values": self.sizes.count,
            "occurrence": self.occurrence,
            "mean_size": self.sizes.mean,
            "persistence": self.chain.persistence,
            **own,
        }


def relative_error(
    occurrence: Floats, periods: Floats, cv2: Floats, demands: Floats, drift: float, longest: Floats
) -> Floats:
    """Relative standard error of probability x mean size, smoothed over so many periods and so many demands.

    The squares add up: (1 - p) / (p x periods) of a share, cv^2 / demands of a mean (Prak and Teunter 2019,
    International Journal of Forecasting 35, 454-461), and for a level that moves what a mean over n periods lags
    behind, drift x n / 3 (n the periods, but no more than the ``longest``). At most 1.5.
    """
    p = np.clip(occurrence, 1e-12, 1.0)
    square = (1.0 - p) / (p * np.maximum(periods, 1.0)) + cv2 / np.maximum(demands, 1.0)
    square += drift * np.minimum(periods, longest) / 3.0
    return np.asarray(np.minimum(np.sqrt(square), LARGEST_ERROR))


def leaning(rate: Floats, periods: Floats, long_run: Floats) -> Floats:
    """Let a rate smoothed over so many periods lean on the mean of the history as if that were one period more.

    A rate that has been smoothed to nothing by a long silence would otherwise deny that demand may return.
    """
    return np.asarray((periods * rate + long_run) / (periods + 1.0))


def drift_of(context: FitContext) -> float:
    """Return the pooled drift, 0 where nothing was pooled."""
    return context.pooled.drift if context.pooled is not None else 0.0
