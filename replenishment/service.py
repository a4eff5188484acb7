"""Service measures of a policy whose inventory position is spread evenly over a lot.

Under the (R, s, nQ) rule the inventory position after a review is uniform on s + 1 ... s + Q (on (s, s + Q] when
demand is not in whole units), whatever the distribution of demand (Hadley and Whitin 1963, Analysis of Inventory
Systems, sec. 5-3). Every measure below is an average over that position; base stock is the lot of one unit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from forecasting.distributions import LeadTimeDemand
from replenishment.kernels.exposure import position_loss, window_sums
from replenishment.kernels.level_search import smallest_reorder_points

__all__ = ["ProtectionDemand", "smallest_level"]

Floats = npt.NDArray[np.float64]
Floats32 = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]

# The tail of the unit positions is fitted beyond the demand that this share of paths stays below.
TAIL_FROM: Final = 0.95
OUT_OF_REACH: Final = "a target can't be reached by any level; check the targets and the demand"


@dataclass(frozen=True, eq=False)
class ProtectionDemand:
    """Demand of n series around one review cycle, path by path.

    Attributes
    ----------
    window_from, window_to : float32 (n, m); the places in the queue of cumulative demand between which the units
        stand whose waiting is counted: demand over the lead time L and over L + R of each path.
    over_protection : LeadTimeDemand of the demand over L + R.
    at_ends : LeadTimeDemand of the demand up to the end of each period that the review protects (L + 1 ... L + R).
    review_periods : R, the same for all n series; 0 is continuous review.
    threshold, loss_there, decay : (n,) fitted tail of the units' places.
    """

    window_from: Floats32
    window_to: Floats32
    over_protection: LeadTimeDemand
    at_ends: LeadTimeDemand
    review_periods: int
    threshold: Floats
    loss_there: Floats
    decay: Floats

    @classmethod
    def along_paths(
        cls, cumulative: Floats32, lead_time: npt.NDArray[np.int64], review: int, integral: Flags
    ) -> ProtectionDemand:
        """Build from whole paths.

        Parameters
        ----------
        cumulative : float32 (n, m, h); demand up to the end of period 1, ..., h.
        lead_time : int64 (n, m) periods, at most h - R. review : R, the same for all. integral : bool (n,).
        """
        before, ends = window_sums(cumulative, lead_time, review)
        return cls.from_sums(before, ends, integral)

    @classmethod
    def from_sums(cls, before: Floats32, ends: Floats32, integral: Flags) -> ProtectionDemand:
        """Build from cumulative demand along paths.

        Parameters
        ----------
        before : float32 (n, m); demand over the lead time.
        ends : float32 (n, m, R); demand up to the end of period L + 1, ..., L + R; R = 0 is continuous review.
        integral : bool (n,); series in whole units.
        """
        n, reviews = len(before), ends.shape[2]
        through = before if reviews == 0 else np.ascontiguousarray(ends[:, :, -1])
        whole = LeadTimeDemand.from_samples(through, integral)
        at_ends = whole if reviews <= 1 else LeadTimeDemand.from_samples(ends.reshape(n, -1), integral)
        # Under continuous review a unit meets the demand of one lead time: its window is the unit itself.
        unit = np.where(integral, 1.0, np.maximum(1e-3 * np.sqrt(whole.variance()), 1e-3)).astype(np.float32)
        end = before + unit[:, None] if reviews == 0 else through
        threshold = whole.quantile(TAIL_FROM) if n else np.zeros(0)
        return cls(before, end, whole, at_ends, reviews, threshold, *_window_tail(before, end, integral, threshold))

    def __len__(self) -> int:
        return len(self.window_from)

    @property
    def integral(self) -> Flags:
        """Whether a series moves in whole units; (n,)."""
        return self.over_protection.integral

    def backorder_rate(self, reorder_point: npt.ArrayLike, lot: npt.ArrayLike) -> Floats:
        """Share of units not filled from stock in the period in which they are demanded; (n,).

        Parameters
        ----------
        reorder_point : s (n,); an order is due when the position is at or below it.
        lot : Q (n,) > 0; the position after a review is spread over (s, s + Q].

        Notes
        -----
        A unit demanded in the review window waits when its place in the queue of cumulative demand lies beyond the
        position. Its place is a random variable of its own; the rate is that variable's survival function,
        averaged over the lot: (loss(s) - loss(s + Q)) / Q. Demand that already waited at the start of the window
        is not counted again (Silver, Pyke and Thomas 2017, Inventory and Production Management, sec. 6.9).
        """
        s, q = self._each(reorder_point), self._each(lot)
        units = np.where(self.window_units > 0, self.window_units, 1.0)
        return np.clip((self._loss(s) - self._loss(s + q)) / (q * units), 0.0, 1.0)

    def smallest_reorder_points(self, rates: Floats, lot: npt.ArrayLike, start: Floats) -> tuple[Floats, Floats]:
        """The smallest reorder points at which no more than some backorder rates wait.

        Parameters
        ----------
        rates : (n, k) by unit, rising along each row. lot : Q (n,) > 0. start : (n, k) a first guess.

        Returns
        -------
        reorder_point, rate : (n, k); never below -1 (whole units) or 0; exact for whole units, else to a relative
            precision of 1e-6. The rate is what is kept, which whole units and lots leave below what was wanted.

        Raises
        ------
        ValueError
            Where no point up to about 2^60 times the guess keeps a rate.
        """
        units = np.where(self.window_units > 0, self.window_units, 1.0)
        tail = self.threshold, self.loss_there, self.decay
        points, kept = smallest_reorder_points(
            self.window_from,
            self.window_to,
            self.integral,
            *tail,
            units,
            self._each(lot),
            np.ascontiguousarray(rates),
            np.ascontiguousarray(start),
        )
        if np.isnan(points).any():
            raise ValueError(OUT_OF_REACH)
        return points, kept

    def lost_rate(self, reorder_point: npt.ArrayLike, lot: npt.ArrayLike) -> Floats:
        """Share of units lost when what can't be filled at once is lost; (n,).

        Notes
        -----
        What was lost is not on order: the demand of the lead time that still holds stock back is thinned by the
        rate itself, so the rate solves rate = backorder rate(lead-time demand x (1 - rate)). An approximation in
        the spirit of Bijvank and Vis (2011), European Journal of Operational Research 215, 1-13, sec. 3; the
        simulator measures what it leaves out.
        """
        s, q = self._each(reorder_point), self._each(lot)
        low, high = np.zeros(len(self)), self.backorder_rate(s, q)
        for _ in range(20):
            middle = (low + high) / 2.0
            above = self.thinned(middle).backorder_rate(s, q) > middle
            low, high = np.where(above, middle, low), np.where(above, high, middle)
        return (low + high) / 2.0

    def thinned(self, share: npt.ArrayLike) -> ProtectionDemand:
        """Return the same window after a lead-time demand of which ``share`` (n,) was lost."""
        kept = self.window_from * (1.0 - self._each(share)[:, None])
        # Whole units are rounded by a fixed, evenly spread sequence: the same bits on every machine, no bias.
        spread = (np.arange(kept.shape[1]) * 0.6180339887498949) % 1.0
        start = np.where(self.integral[:, None], np.floor(kept + spread), kept).astype(np.float32)
        end = start + (self.window_to - self.window_from)
        loss_there, decay = _window_tail(start, end, self.integral, self.threshold)
        return replace(self, window_from=start, window_to=end, loss_there=loss_there, decay=decay)

    def ready_rate(self, reorder_point: npt.ArrayLike, lot: npt.ArrayLike) -> Floats:
        """Share of periods that end with stock > 0; (n,)."""
        s, q = self._each(reorder_point), self._each(lot)
        short = (self.at_ends.expected_shortage(s) - self.at_ends.expected_shortage(s + q)) / q
        return np.clip(1.0 - short, 0.0, 1.0)

    def mean_stock(self, reorder_point: npt.ArrayLike, lot: npt.ArrayLike) -> Floats:
        """Expected units on hand at the end of a period; (n,)."""
        s, q = self._each(reorder_point), self._each(lot)
        step = np.where(self.integral, 1.0, 0.0)
        waiting = (self.at_ends.second_order_loss(s) - self.at_ends.second_order_loss(s + q)) / q
        return np.maximum(s + (q + step) / 2.0 - self.at_ends.mean() + waiting, 0.0)

    def take(self, rows: npt.NDArray[np.int64]) -> ProtectionDemand:
        """Return some of the series."""
        return ProtectionDemand(
            self.window_from[rows],
            self.window_to[rows],
            self.over_protection.take(rows),
            self.at_ends.take(rows),
            self.review_periods,
            self.threshold[rows],
            self.loss_there[rows],
            self.decay[rows],
        )

    @cached_property
    def window_units(self) -> Floats:
        """Expected units in the window: those demanded in a review interval (continuous review: one unit); (n,)."""
        return np.asarray((self.window_to - self.window_from).mean(axis=1, dtype=np.float64))

    def _loss(self, level: Floats) -> Floats:
        """Window loss with its fitted tail: beyond the threshold it decays geometrically."""
        inside = self._window_loss(np.minimum(level, self.threshold))
        beyond = np.maximum(level - self.threshold, 0.0)
        falling = np.exp(np.multiply(self.decay, beyond, out=np.zeros_like(beyond), where=beyond > 0))
        return np.where(level > self.threshold, self.loss_there * falling, inside)

    def _window_loss(self, level: Floats) -> Floats:
        return np.asarray(position_loss(self.window_from, self.window_to, self.integral, level))

    def _each(self, value: npt.ArrayLike) -> Floats:
        return np.ascontiguousarray(np.broadcast_to(np.asarray(value, dtype=np.float64), (len(self),)))


def _window_tail(start: Floats32, end: Floats32, integral: Flags, threshold: Floats) -> tuple[Floats, Floats]:
    """Loss of the window at the threshold and the rate at which it decays beyond: a geometric (exponential) tail."""
    at = position_loss(start, end, integral, threshold)
    beyond = position_loss(start, end, integral, threshold + 1.0)
    level = threshold[:, None]
    survival = (np.maximum(end - level, 0.0) - np.maximum(start - level, 0.0)).mean(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        decay = np.where(integral, np.log(beyond / at), -survival / at)
    return at, np.where(at > 0, decay, -np.inf)


def smallest_level(
    falls: Callable[[Floats], Floats], target: Floats, integral: Flags, low: Floats, start: Floats
) -> Floats:
    """Find, for each series, the smallest level at which a falling measure is at or below its target.

    Parameters
    ----------
    falls : the measure of every series at a level each, not increasing in the level.
    target : (n,) to be reached. integral : (n,) levels in whole units.
    low : (n,) the smallest level allowed. start : (n,) a first guess of a level that is high enough.

    Returns
    -------
    float64 (n,); exact for whole units, else to a relative precision of 1e-6.

    Raises
    ------
    ValueError
        Where no level up to about 2^60 times the guess reaches the target.
    """
    floor = np.array(low, dtype=np.float64)
    bottom = np.where(integral, np.floor(floor), floor)
    top = np.maximum(np.where(integral, np.ceil(start), start), bottom + 1.0)
    for _ in range(60):
        high = falls(top) > target
        if not high.any():
            break
        top = np.where(high, bottom + 2.0 * (top - bottom), top)
    else:
        raise ValueError(OUT_OF_REACH)
    top = np.where(falls(bottom) <= target, bottom, top)
    while True:
        wide = np.where(integral, top - bottom > 1.0, top - bottom > 1e-6 * np.maximum(np.abs(top), 1.0))
        if not wide.any():
            return top
        middle = np.where(integral, np.floor((bottom + top) / 2.0), (bottom + top) / 2.0)
        enough = falls(middle) <= target
        top = np.where(wide & enough, middle, top)
        bottom = np.where(wide & ~enough, middle, bottom)
