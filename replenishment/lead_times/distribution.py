"""The lead times of n items as distributions over openings waited."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt
from scipy.special import gammainc, gammaincinv

from replenishment.validation import checked

__all__ = ["LeadTimes", "gamma_reach", "summed"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

# A lead time's far tail is cut where less than this is left in all of it; the rest is rescaled.
NEGLIGIBLE: Final = 1e-6
# Below a ten-thousandth of a day a spread or a mean is none; the gamma's parameters would overflow.
_STEADY_DAYS: Final = 1e-4


@dataclass(frozen=True, eq=False)
class LeadTimes:
    """Lead times of n items in openings waited: an order placed at opening t is there at opening t + L.

    Attributes
    ----------
    probability : float64 (n, k); P(L = 0), P(L = 1), ... of each item; rows add up to 1.
    """

    probability: Floats

    def __post_init__(self) -> None:
        p = self.probability
        if p.ndim != 2 or not np.isfinite(p).all() or (p < 0).any() or not np.allclose(p.sum(axis=1), 1.0):
            raise ValueError("lead-time probabilities must be finite, at least 0 and add up to 1 for every item")

    def __len__(self) -> int:
        return len(self.probability)

    @classmethod
    def constant(cls, periods: npt.ArrayLike) -> Self:
        """Lead times that are always the same; ``periods`` (n,) whole numbers, at least 0."""
        length = np.atleast_1d(checked("periods", periods, "[0, inf)"))
        odd = length[length != np.rint(length)]
        if odd.size:
            raise ValueError(f"periods is {odd[0]:g}; it must be whole periods in [0, inf)")
        whole = length.astype(np.int64)
        probability = np.zeros((len(whole), int(whole.max(initial=0)) + 1))
        probability[np.arange(len(whole)), whole] = 1.0
        return cls(probability)

    @classmethod
    def from_days(cls, mean: npt.ArrayLike, sd: npt.ArrayLike, waits: Integers) -> Self:
        """Gamma-distributed days (constant where ``sd`` is 0), waited out at openings.

        Parameters
        ----------
        mean, sd : (n,) days; finite, at least 0.
        waits : (k,) days from the order to opening 0 (the ordering one: 0), 1, 2, ...; ascending, far enough, below 0
            at openings before the order is placed; or (n, k), where they differ between items.

        Notes
        -----
        P(L <= j) = P(days <= waits[j]): what arrives between two openings is available at the later one.
        """
        mu, sigma = np.broadcast_arrays(checked("mean", mean, "[0, inf)"), checked("sd", sd, "[0, inf)"))
        day = np.atleast_2d(np.asarray(waits, dtype=np.float64))
        steady = (sigma <= _STEADY_DAYS) | (mu <= _STEADY_DAYS)
        cumulative = (day >= mu[:, None] - 1e-9).astype(np.float64)
        if not steady.all():
            m, s = mu[~steady, None], sigma[~steady, None]
            own = day if len(day) == 1 else day[~steady]
            cumulative[~steady] = gammainc((m / s) ** 2, np.maximum(own, 0.0) * m / s**2)
        return cls.from_cumulative(cumulative)

    @classmethod
    def from_samples(cls, days: list[Floats], waits: Integers) -> Self:
        """Measured lead times, each as likely as the other; one array of days an item."""
        day = np.asarray(waits, dtype=np.float64)
        cumulative = np.stack([np.searchsorted(np.sort(d), day, side="right") / len(d) for d in days])
        return cls.from_cumulative(cumulative)

    @classmethod
    def from_cumulative(cls, cumulative: Floats) -> Self:
        """From P(L <= 0), P(L <= 1), ... of each item; (n, k), what little is missing at the end is rescaled."""
        return cls(_cut(np.diff(cumulative, axis=1, prepend=0.0)))

    @property
    def maximum(self) -> Integers:
        """The longest possible lead time of each item, in periods."""
        k = self.probability.shape[1]
        return np.asarray(k - 1 - np.argmax(self.probability[:, ::-1] > 0, axis=1), dtype=np.int64)

    def mean(self) -> Floats:
        """Expected periods; (n,)."""
        return summed(self.probability * np.arange(self.probability.shape[1]))

    def sd(self) -> Floats:
        """Standard deviation in periods; (n,)."""
        square = summed(self.probability * np.arange(self.probability.shape[1]) ** 2)
        return np.sqrt(np.maximum(square - self.mean() ** 2, 0.0))

    def quantile(self, uniform: Floats) -> Integers:
        """Turn uniform numbers (n, m) into lead times by inversion; int64 (n, m)."""
        cumulative = np.cumsum(self.probability, axis=1)
        cumulative[:, -1] = 1.0
        out = np.empty(uniform.shape, dtype=np.int64)
        for i in range(len(self)):
            out[i] = np.searchsorted(cumulative[i], uniform[i], side="right")
        return np.minimum(out, self.maximum[:, None])

    def take(self, rows: Integers | slice) -> LeadTimes:
        """Return the lead times of some items."""
        return LeadTimes(self.probability[rows])

    def joined(self, other: LeadTimes, rows: Integers) -> LeadTimes:
        """Return these lead times with those of ``rows`` replaced by ``other``'s."""
        width = max(self.probability.shape[1], other.probability.shape[1])
        probability = np.zeros((len(self), width))
        probability[:, : self.probability.shape[1]] = self.probability
        probability[rows] = 0.0
        probability[rows, : other.probability.shape[1]] = other.probability
        return LeadTimes(probability)


def gamma_reach(mean: npt.ArrayLike, sd: npt.ArrayLike) -> Floats:
    """Days beyond which less than a millionth of a gamma-distributed lead time lies; the mean where ``sd`` is 0."""
    mu, sigma = np.broadcast_arrays(checked("mean", mean, "[0, inf)"), checked("sd", sd, "[0, inf)"))
    reach = mu.astype(np.float64)
    random = (sigma > _STEADY_DAYS) & (mu > _STEADY_DAYS)
    m, s = mu[random], sigma[random]
    reach[random] = np.maximum(gammaincinv((m / s) ** 2, 1.0 - NEGLIGIBLE) * s**2 / m, m)
    return reach


def _cut(probability: Floats) -> Floats:
    """Cut the far tail of each item where less than ``NEGLIGIBLE`` is left in all of it, and rescale."""
    probability = np.maximum(probability, 0.0)
    total = probability.sum(axis=1)
    if total.size and total.min() < 0.5:
        worst = int(total.argmin())
        raise ValueError(
            f"item {worst}: only {total[worst]:.1%} of its lead time lies within the {probability.shape[1]} openings "
            "considered; it reaches far beyond the openings: check lead_time_days and lead_time_sd_days"
        )
    beyond = np.cumsum(probability[:, ::-1], axis=1)[:, ::-1]
    kept = np.where(beyond < NEGLIGIBLE, 0.0, probability)
    width = int(np.flatnonzero((kept > 0).any(axis=0)).max(initial=0)) + 1
    return np.asarray(kept[:, :width] / summed(kept)[:, None])


def summed(values: Floats) -> Floats:
    """Add up each row from left to right, so that the zeros of a wider table change no bit; (n,)."""
    return np.asarray(np.cumsum(values, axis=1)[:, -1])
