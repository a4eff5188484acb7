"""LeadTimeDemand: the distribution of the sum of demand over a protection interval.

Per-period quantiles don't add up; sums of sampled paths do. The body of the distribution is the sample, its tail
is fitted, and a quantile beyond the sample comes from that tail: never a silent clamp at the largest draw.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from forecasting.kernels.loss import distribution_function, fit_tails, loss, quantile

__all__ = ["LeadTimeDemand"]

Floats = npt.NDArray[np.float64]
Floats32 = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]

# The largest twentieth of the draws makes way for the fitted tail.
TAIL_SHARE: Final = 0.05


@dataclass(frozen=True, eq=False)
class LeadTimeDemand:
    """Demand of n series over a protection interval, each a distribution of its own.

    Attributes
    ----------
    samples : float32 (n, m), ascending along each row, not negative; m >= 20.
    integral : bool (n,); whether the series moves in whole units.
    threshold, survival, excess : float64 (n,); beyond ``threshold`` u the survival function P(D > u + x) is
        ``survival`` x exp(-x / ``excess``), and for whole numbers ``survival`` x (1 - 1 / ``excess``)^x.

    Notes
    -----
    The tail is the peaks-over-threshold model with shape 0 (Coles 2001, An Introduction to Statistical Modeling
    of Extreme Values, ch. 4): its mean excess is that of the sample, so that expected shortages below u are
    exactly the sample's.
    """

    samples: Floats32
    integral: Flags
    threshold: Floats
    survival: Floats
    excess: Floats

    @classmethod
    def from_samples(cls, samples: npt.NDArray[np.floating], integral: npt.ArrayLike = False) -> LeadTimeDemand:
        """Build from draws of the sum.

        Parameters
        ----------
        samples : (n, m) or (m,), draws in any order, finite and not negative; at least 20 a series.
        integral : (n,) or one flag; whether demand moves in whole units.

        Raises
        ------
        ValueError
            Too few draws, negative or not finite.
        """
        ordered = np.sort(np.atleast_2d(np.asarray(samples, dtype=np.float32)), axis=1)
        n, m = ordered.shape
        if m < 20:
            raise ValueError(f"{m} draws can't carry a distribution; at least 20 are needed")
        if n and (not np.isfinite(ordered[:, -1]).all() or ordered[:, 0].min() < 0):
            raise ValueError("draws of demand must be finite and at least 0")
        whole = np.broadcast_to(np.asarray(integral, dtype=np.bool_), (n,)).copy()
        threshold, survival, excess = (np.empty(n) for _ in range(3))
        fit_tails(ordered, TAIL_SHARE, threshold, survival, excess)
        return cls(ordered, whole, threshold, survival, excess)

    def __len__(self) -> int:
        return len(self.samples)

    def __repr__(self) -> str:
        return f"LeadTimeDemand({len(self)} series, {self.samples.shape[1]} draws each)"

    def mean(self) -> Floats:
        """Expected units; (n,)."""
        return np.asarray(self.samples.mean(axis=1, dtype=np.float64))

    def variance(self) -> Floats:
        """Variance of the units; (n,)."""
        return np.asarray(self.samples.var(axis=1, dtype=np.float64))

    def quantile(self, probability: npt.ArrayLike) -> Floats:
        """The smallest number of units that covers demand with at least ``probability``; (n,).

        Parameters
        ----------
        probability : one for all or (n,), in [0, 1); whole units for whole-number demand.

        Raises
        ------
        ValueError
            A probability outside [0, 1): certainty needs infinite stock.
        """
        p = np.broadcast_to(np.asarray(probability, dtype=np.float64), (len(self),))
        if not ((p >= 0) & (p < 1)).all():
            raise ValueError(f"probability is {probability!r}; it must lie in [0, 1)")
        return np.asarray(quantile(*self._arrays(), np.ascontiguousarray(p)))

    def cdf(self, units: npt.ArrayLike) -> Floats:
        """P(D <= units); (n,)."""
        return np.asarray(distribution_function(*self._arrays(), self._each(units)))

    def pmf(self, units: npt.ArrayLike) -> Floats:
        """P(D = units); (n,). For demand that is not in whole units: the mass of the draws at that value."""
        x = self._each(units)
        below = np.where(self.integral, x - 1.0, np.nextafter(x.astype(np.float32), np.float32(-np.inf)))
        mass = self.cdf(x) - self.cdf(below)
        return np.where(self.integral & (x != np.rint(x)), 0.0, mass)

    def expected_shortage(self, units: npt.ArrayLike) -> Floats:
        """E[(D - units)+], the first-order loss function; (n,)."""
        return np.asarray(loss(*self._arrays(), self._each(units), 1))

    def second_order_loss(self, units: npt.ArrayLike) -> Floats:
        """Sum of the expected shortages above a level; (n,).

        For whole numbers the sum of E[(D - y)+] over y = units + 1, units + 2, ... = E[a (a - 1)] / 2 with
        a = (D - units)+; otherwise the integral above ``units``, E[a^2] / 2 (Zipkin 2000, Foundations of
        Inventory Management, sec. C.2 and C.3).
        """
        return np.asarray(loss(*self._arrays(), self._each(units), 2))

    def sample(self, count: int, seed: int = 0) -> Floats32:
        """Draw ``count`` values a series by inversion of the distribution, tail included; (n, count)."""
        uniform = np.random.default_rng(seed).random((count, len(self)))
        return np.stack([self.quantile(u) for u in uniform], axis=1).astype(np.float32)

    def take(self, rows: npt.NDArray[np.int64] | slice) -> LeadTimeDemand:
        """Return the distributions of some series."""
        return LeadTimeDemand(
            self.samples[rows], self.integral[rows], self.threshold[rows], self.survival[rows], self.excess[rows]
        )

    def _arrays(self) -> tuple[Floats32, Flags, Floats, Floats, Floats]:
        return self.samples, self.integral, self.threshold, self.survival, self.excess

    def _each(self, units: npt.ArrayLike) -> Floats:
        return np.ascontiguousarray(np.broadcast_to(np.asarray(units, dtype=np.float64), (len(self),)))
