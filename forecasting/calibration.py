"""Calibration: how often past demand stayed within what was forecast, and what to ask for instead.

A forecast distribution is calibrated when demand stays at or below its p-quantile with probability p. Rolling
origins show what really happened; the map from the probability wanted to the probability to ask for is estimated in
pools of series, shrunk to the identity as far as the origins disagree.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, Self

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit

from forecasting.metrics import expected_coverage

__all__ = ["KNOTS", "Calibration"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]

# Probabilities at which the map is estimated; between them it is linear in the logit, beyond them a constant shift.
KNOTS: Final = (0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99)
# How far a map may lie from the identity before anything was seen: standard deviations on the logit scale, of the
# map of all series together and of a pool's own deviation from it.
PRIOR_SPREAD: Final = 0.4
PRIOR_SPREAD_POOL: Final = 0.25
# A pool with fewer windows has nothing of its own to say.
LEAST_WINDOWS: Final = 50
# After so many newer origins one counts half.
HALF_LIFE: Final = 4.0


@dataclass(frozen=True, eq=False)
class Calibration:
    """Coverage at the knots, origin by origin and pool by pool, and the map that follows.

    Attributes
    ----------
    hits : float64 (o, s, k) windows covered at each knot, by origin (oldest first) and pool.
    windows : float64 (o, s) how many there were.

    Notes
    -----
    A conformal prediction on the scale of the probability integral transform (Chernozhukov, Wuthrich and Zhu 2021,
    PNAS 118, "Distributional conformal prediction"), with errors of the cumulative demand. The variance between
    origins, not the number of series, says how much an observed coverage is worth: what moves all series together
    is one observation. Windows that overlap are counted in full: forecasts far ahead from a short history cover too
    little, and to discount what few origins show of it left that standing.
    """

    hits: Floats
    windows: Floats

    @classmethod
    def nothing_seen(cls, pools: int) -> Self:
        """The identity."""
        return cls(np.zeros((0, pools, len(KNOTS))), np.zeros((0, pools)))

    def after(self, below: Floats, at: Floats, known: Flags, pool: Integers) -> Calibration:
        """Add the windows of one more origin: (n,) arrays, ``pool`` numbers below the number of pools."""
        pools = self.windows.shape[1]
        covered = expected_coverage(below[known, None], at[known, None], np.array(KNOTS))
        hits = np.stack([np.bincount(pool[known], covered[:, k], pools) for k in range(len(KNOTS))], axis=1)
        windows = np.bincount(pool[known], minlength=pools).astype(np.float64)
        return replace(
            self, hits=np.concatenate([self.hits, hits[None]]), windows=np.concatenate([self.windows, windows[None]])
        )

    def shift(self) -> Floats:
        """How much more (logit) was covered than asked for, shrunk to 0; (s, k)."""
        return self._shift

    @cached_property
    def _shift(self) -> Floats:
        pools = self.windows.shape[1]
        if len(self.windows) < 2 or self.windows.sum() == 0:
            return np.zeros((pools, len(KNOTS)))
        newer = np.arange(len(self.windows))[::-1]
        worth = 0.5 ** (newer / HALF_LIFE)
        hits, windows = self.hits * worth[:, None, None], self.windows * worth[:, None]
        start = np.zeros(len(KNOTS))
        common = _shrunk(hits.sum(axis=1), windows.sum(axis=1), start, PRIOR_SPREAD)
        own = [_shrunk(hits[:, s], windows[:, s], common, PRIOR_SPREAD_POOL) for s in range(pools)]
        return np.array(own)

    def asked(self, pool: Integers, wanted: Floats) -> Floats:
        """Return the probability to ask the forecast for, so that demand is covered as often as wanted.

        Parameters
        ----------
        pool : (n,) numbers. wanted : (m,) probabilities in (0, 1).

        Returns
        -------
        float64 (n, m), increasing along each row.
        """
        knots, wanted_logit = logit(np.array(KNOTS)), logit(wanted)
        curves = []
        for shift in self.shift():
            seen = np.maximum.accumulate(knots + shift)
            seen += 1e-9 * np.arange(len(seen))
            inside = np.interp(wanted_logit, seen, knots)
            low, high = wanted_logit < seen[0], wanted_logit > seen[-1]
            curves.append(
                expit(
                    np.where(low, wanted_logit - shift[0], np.where(high, wanted_logit - seen[-1] + knots[-1], inside))
                )
            )
        return np.asarray(np.array(curves)[pool])


def _shrunk(hits: Floats, windows: Floats, toward: Floats, spread: float) -> Floats:
    """Posterior mean of the logit shift of one pool: (o, k) hits of (o,) windows."""
    used = windows > 0
    if used.sum() < 2 or windows.sum() < LEAST_WINDOWS:
        return toward
    hits, windows = hits[used], windows[used]
    total = windows.sum()
    knots = np.array(KNOTS)
    covered = hits.sum(axis=0) / total
    # Clustered by origin: residual hits of each origin (Liang and Zeger 1986), and never less than the binomial's.
    residual = hits - windows[:, None] * covered
    origins = len(windows)
    clustered = (residual**2).sum(axis=0) / total**2 * origins / (origins - 1)
    variance = np.maximum(clustered, knots * (1.0 - knots) / total) / (knots * (1.0 - knots)) ** 2
    # Half a window either way keeps the logit finite.
    observed = logit((covered * total + 0.5) / (total + 1.0)) - logit(knots)
    return np.asarray(toward + (observed - toward) * spread**2 / (spread**2 + variance))
