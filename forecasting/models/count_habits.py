"""What the series of a panel teach each other about counts: how levels move, how demand scatters, when it pauses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from forecasting.models.protocol import Integers

__all__ = ["DISPERSIONS", "PERSISTENCE", "WEIGHTS", "CountHabits", "normalise", "volume_class"]

Floats = npt.NDArray[np.float64]

# Smoothing weights by persistence: the level returns to its long-run mean by 1 - persistence a period.
_CANDIDATES = {
    1.0: (0.0, 0.01, 0.02, 0.04, 0.07, 0.11, 0.17, 0.25, 0.4),
    0.98: (0.02, 0.04, 0.07, 0.11, 0.17, 0.25),
    0.93: (0.04, 0.07, 0.12, 0.2, 0.35),
    0.8: (0.1, 0.2, 0.35),
    0.5: (0.25,),
}
WEIGHTS: Floats = np.array([weight for weights in _CANDIDATES.values() for weight in weights])
PERSISTENCE: Floats = np.array([persistence for persistence, weights in _CANDIDATES.items() for _ in weights])
# Variance beyond a Poisson count's at the series' mean, in parts of the squared mean: 1 / size.
DISPERSIONS: Floats = np.geomspace(1e-4, 50.0, 25)
# Series of similar volume: mean counts a period up to these.
_VOLUMES = np.array([0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0])
# A class leans on all series as if they were so many of its own.
_PRIOR_SERIES = 10.0
_ROUNDS = 30


@dataclass(frozen=True, eq=False)
class CountHabits:
    """Prior probabilities of what a series can't tell alone.

    Attributes
    ----------
    power : the excess variance of a count grows with this power of its mean: 1, or 2.
    lanes : (classes, lanes), log probability of each (WEIGHTS, PERSISTENCE) by class of volume.
    dispersions : (classes, dispersions), likewise of DISPERSIONS.
    absence : chance that an absence begins, a period. resumption : chance that it ends.
    """

    power: float
    lanes: Floats
    dispersions: Floats
    absence: float
    resumption: float

    @classmethod
    def unknown(cls, power: float = 2.0) -> CountHabits:
        """Every candidate is as likely as any other; absences are rare."""
        classes = len(_VOLUMES) + 1
        return cls(power, np.zeros((classes, len(WEIGHTS))), np.zeros((classes, len(DISPERSIONS))), 1e-4, 0.01)

    @classmethod
    def learn(
        cls, power: float, lane_scores: Floats, dispersion_scores: Floats, volume: Integers, absence: Floats,
        periods: float,
    ) -> CountHabits:  # fmt: skip
        """Learn from log likelihoods (n, candidates) of n series of known class and from their absences.

        ``absence`` and ``periods``: see ``filter_counts``. A hundredth of an absence in 100 periods and a resumption
        in 100 stand for a panel that has none.
        """
        begun, ended, length = absence[:, 1:4].sum(axis=0)
        return cls(
            power,
            _mixture(lane_scores, volume),
            _mixture(dispersion_scores, volume),
            float((begun + 0.01) / (periods + 100.0)),
            float((ended + 0.1) / (length + 10.0)),
        )


def volume_class(mean: Floats, unit: Floats) -> Integers:
    """Class of each series by its mean count a period; series that are not counted are of the largest."""
    counts = np.where(unit > 0, mean / np.where(unit > 0, unit, 1.0), np.inf)
    return np.searchsorted(_VOLUMES, counts).astype(np.int64)


def normalise(logs: Floats) -> Floats:
    """Turn each row of logarithms into probabilities."""
    share = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(share / share.sum(axis=1, keepdims=True))


def _mixture(scores: Floats, volume: Integers) -> Floats:
    """Find by expectation-maximisation how often each candidate is the true one, by class; logarithms.

    Empirical Bayes with the nonparametric mixing distribution of Laird (1978), J. Am. Stat. Assoc. 73, 805-811.
    """
    candidates = scores.shape[1]
    common = _rounds(scores, np.full(candidates, 1.0 / candidates))
    return np.log([_rounds(scores[volume == c], common) for c in range(len(_VOLUMES) + 1)])


def _rounds(scores: Floats, prior: Floats) -> Floats:
    share = prior
    for _ in range(_ROUNDS):
        belief = normalise(scores + np.log(share)).sum(axis=0)
        share = (belief + _PRIOR_SERIES * prior) / (len(scores) + _PRIOR_SERIES)
    return share
