"""From what is stated and what was measured to a lead-time distribution in periods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

import numpy as np
import numpy.typing as npt
from scipy.special import gammainc

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["LeadTimes", "measure_receipts"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

# A lead time's far tail is cut where less than this is left; the rest is rescaled.
NEGLIGIBLE: Final = 1e-6
# So many receipts must be on record before a measured distribution replaces a stated one.
ENOUGH_RECEIPTS: Final = 8


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
        length = np.atleast_1d(np.asarray(periods))
        if length.size and (not np.equal(length, np.rint(length)).all() or length.min() < 0):
            raise ValueError(
                f"constant lead times must be whole periods of at least 0, got {length.min()} to {length.max()}"
            )
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
        waits : (k,) days from the ordering opening to opening 0 (itself: 0), 1, 2, ...; ascending, far enough.

        Notes
        -----
        P(L <= j) = P(days <= waits[j]): what arrives between two openings is available at the later one.
        """
        mu, sigma = np.broadcast_arrays(np.asarray(mean, dtype=np.float64), np.asarray(sd, dtype=np.float64))
        if mu.size and not (np.isfinite(mu).all() and np.isfinite(sigma).all() and mu.min() >= 0 and sigma.min() >= 0):
            raise ValueError("lead_time_days and lead_time_sd_days must be finite and at least 0")
        day = np.asarray(waits, dtype=np.float64)
        # Below a ten-thousandth of a day a spread or a mean is none; the gamma's parameters would overflow.
        steady = (sigma <= 1e-4) | (mu <= 1e-4)
        cumulative = (day[None, :] >= mu[:, None] - 1e-9).astype(np.float64)
        if not steady.all():
            m, s = mu[~steady, None], sigma[~steady, None]
            cumulative[~steady] = gammainc((m / s) ** 2, day[None, :] * m / s**2)
        return cls(_cut(np.diff(cumulative, axis=1, prepend=0.0)))

    @classmethod
    def from_samples(cls, days: list[Floats], waits: Integers) -> Self:
        """Measured lead times, each as likely as the other; one array of days an item."""
        day = np.asarray(waits, dtype=np.float64)
        cumulative = np.stack([np.searchsorted(np.sort(d), day, side="right") / len(d) for d in days])
        return cls(_cut(np.diff(cumulative, axis=1, prepend=0.0)))

    @property
    def maximum(self) -> Integers:
        """The longest possible lead time of each item, in periods."""
        k = self.probability.shape[1]
        return np.asarray(k - 1 - np.argmax(self.probability[:, ::-1] > 0, axis=1), dtype=np.int64)

    def mean(self) -> Floats:
        """Expected periods; (n,)."""
        return np.asarray(self.probability @ np.arange(self.probability.shape[1]))

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


def _cut(probability: Floats) -> Floats:
    """Cut off what is negligible and rescale."""
    probability = np.maximum(probability, 0.0)
    total = probability.sum(axis=1)
    if total.size and total.min() < 0.5:
        raise ValueError("a lead time reaches far beyond the openings considered; check lead_time_days")
    probability[probability < NEGLIGIBLE] = 0.0
    width = int(np.flatnonzero((probability > 0).any(axis=0)).max(initial=0)) + 1
    kept = probability[:, :width]
    return np.asarray(kept / kept.sum(axis=1, keepdims=True))


def measure_receipts(receipts: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Measure lead times from receipts: days from ``ordered_on`` to ``received_on``.

    Parameters
    ----------
    receipts : the receipts table; lines still open (no ``received_on``) are left out.
    by : the columns that name a group, e.g. ["supplier"] or ["supplier", "sku", "location"].

    Returns
    -------
    One row a group: ``by``, receipts (count), measured_days (mean), measured_sd_days, days (array of the group).
    """
    import pandas as pd

    done = receipts.dropna(subset=["received_on"])
    days = (done["received_on"] - done["ordered_on"]).dt.days.astype(float)
    grouped = days.groupby([done[column] for column in by], sort=True)
    out = grouped.agg(receipts="size", measured_days="mean", measured_sd_days=lambda d: d.std(ddof=0)).reset_index()
    out["days"] = pd.Series([np.sort(part.to_numpy()) for _, part in grouped], index=out.index, dtype=object)
    return out
