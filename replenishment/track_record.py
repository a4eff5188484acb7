"""What the promises of the past have come to, had a plan asked for more or for less: the record that corrects the next.

Beside a plan its record carries the inventory positions on which the same plan would stand had it always asked for f
times its targets, for a few factors f. At each review the ordering rule of that factor raises a position, and demand
lowers it. Once the demand is known that came over the protection interval of a review, it is known as well which units
of the window that the review protects were short: those that stand beyond the position P in the queue of demand,

    short = (D(L + R) - P)+ - (D(L) - P)+

(Silver, Pyke and Thomas 2017, Inventory and Production Management, sec. 6.9). What they make of the demand of the
window, held against what the forecast had let expect, says by which factor to ask, so that what is wanted follows.

The idea is that of adaptive conformal inference (Gibbs and Candes 2021, Advances in Neural Information Processing
Systems 34; 2024, Journal of Machine Learning Research 25): ask for another level according to what earlier ones gave,
whatever the distribution of the errors. As orders are backordered here, never lost, the outcome is known of every
factor and not only of the one that was used, so that the factor is solved for and not stepped towards.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from replenishment.constraints import order_quantity

__all__ = ["FACTORS", "LARGEST_RATE", "Asked", "ReviewLevels", "SeenDemand", "TrackRecord"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

# What is asked for lies between these multiples of the target; between two of them the record is interpolated.
FACTORS: Final = tuple(2.0**k for k in range(-5, 3))
LARGEST_RATE: Final = 0.9
# After so many protection intervals evidence counts half.
HALF_LIFE_INTERVALS: Final = 6.0
# The forecast itself counts as much as so many items that were short by exactly what it let expect.
PRIOR_ITEMS: Final = 1.0
# Before there is a record, what follows is thought to differ so much from what is expected: sd of its logarithm.
PRIOR_SD: Final = 0.5


@dataclass(frozen=True, eq=False)
class ReviewLevels:
    """The ordering rules of k items at a review, at each of the G factors.

    Attributes
    ----------
    reorder_point, rate : (k, G) units; backorder rate by unit that the forecast lets expect.
    raise_by : (k,) units from reorder point to the level that an order raises to. lot, minimum : (k,) units.
    lead_time, review : int (k,) L and R, periods. weight : (k,) units that the forecast means for the window.
    orders : (k,) whether a review is due and orders may be proposed. counted : (k,) whether the item says anything of
        promises: it had been demanded, its target is a rate of units and what is short waits.
    stands_for : how many items each of them speaks for, itself included.
    """

    reorder_point: Floats
    rate: Floats
    raise_by: Floats
    lot: Floats
    minimum: Floats
    lead_time: Integers
    review: Integers
    weight: Floats
    orders: Flags
    counted: Flags
    stands_for: float = 1.0


@dataclass(frozen=True, eq=False)
class SeenDemand:
    """Demand of k items as it is known at an opening.

    Attributes
    ----------
    before : (k, m + 1) units demanded from opening ``first`` to each of the openings first, ..., first + m; the last of
        them is now.
    gaps : int (k, m + 1) periods from ``first`` to each of them whose demand was not fully recorded.
    """

    before: Floats
    gaps: Integers
    first: int = 0

    @classmethod
    def of(cls, quantity: npt.ArrayLike, observed: npt.ArrayLike, first: int = 0) -> SeenDemand:
        """Add up demand (k, m) and the periods that were not observed (k, m), from opening ``first`` on."""
        units, seen = np.asarray(quantity, dtype=np.float64), np.asarray(observed, dtype=np.bool_)
        nothing = np.zeros((len(units), 1))
        before = np.concatenate([nothing, np.cumsum(units, axis=1)], axis=1)
        gaps = np.concatenate([nothing.astype(np.int64), np.cumsum(~seen, axis=1)], axis=1)
        return cls(before, gaps, first)

    @property
    def opening(self) -> int:
        """Now."""
        return self.first + int(self.before.shape[1]) - 1

    def units(self, rows: Integers, start: Integers, stop: Integers) -> Floats:
        """Units demanded from opening ``start`` to opening ``stop`` of some items."""
        return np.asarray(self.before[rows, stop - self.first] - self.before[rows, start - self.first])

    def complete(self, rows: Integers, start: int, stop: Integers) -> Flags:
        """Whether all periods between two openings were fully recorded."""
        return np.asarray(self.gaps[rows, stop - self.first] == self.gaps[rows, start - self.first])


@dataclass(frozen=True)
class Asked:
    """What a plan asks for, in multiples of its targets, and what follows, in multiples of what the forecast expects.

    Attributes
    ----------
    factor, followed : both 1 where nothing is known. units : demanded in the windows behind it, newer ones more.
    short : of them, those that would have been short at a factor of 1. expected : that the forecast had expected.
    """

    factor: float = 1.0
    followed: float = 1.0
    units: float = 0.0
    short: float = 0.0
    expected: float = 0.0


@dataclass(eq=False)
class _Open:
    """A review whose windows are not over yet; arrays of the items in ``rows``, see :class:`ReviewLevels`."""

    opening: int
    rows: Integers
    position: Floats
    levels: ReviewLevels
    left: Flags


@dataclass(eq=False)
class _Evidence:
    """Sums over windows that are over, by item: short (n, G), expected (n, G), demanded (n,), weight (n,)."""

    short: Floats
    expected: Floats
    demanded: Floats
    weight: Floats

    def fade(self, by: Floats) -> None:
        """Let what is there count less; ``by`` (n,)."""
        self.short *= by[:, None]
        self.expected *= by[:, None]
        self.demanded *= by
        self.weight *= by


@dataclass(frozen=True, eq=False)
class _Closed:
    """What windows that were over at an opening have come to, all items together: short and expected, (G,) units."""

    opening: int
    short: Floats
    expected: Floats


@dataclass(eq=False)
class TrackRecord:
    """The record of n items; see the module. Rows of items are given by number, in any order and number of items."""

    items: int
    factors: Floats = field(default_factory=lambda: np.array(FACTORS))
    position: Floats = field(init=False)
    _evidence: _Evidence = field(init=False)
    _open: list[_Open] = field(init=False, default_factory=list)
    _closed: list[_Closed] = field(init=False, default_factory=list)
    _reviewed: Integers = field(init=False)
    _interval: Floats = field(init=False)
    _now: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        n, g = self.items, len(self.factors)
        self.position = np.full((n, g), np.nan)
        self._evidence = _Evidence(np.zeros((n, g)), np.zeros((n, g)), np.zeros(n), np.zeros(n))
        self._reviewed = np.zeros(n, dtype=np.int64)
        self._interval = np.ones(n)

    @property
    def since(self) -> int | None:
        """The opening from which on demand must be known to go on; None before the first review."""
        reviewed = self._reviewed[~np.isnan(self.position[:, 0])]
        return int(min([reviewed.min(), *(review.opening for review in self._open)])) if len(reviewed) else None

    def learn(self, rows: Integers, seen: SeenDemand) -> None:
        """Take in the windows that are over.

        Parameters
        ----------
        rows : int (k,) numbers of the items. seen : their demand up to now.
        """
        self._fade(seen.opening)
        place = np.full(self.items, -1, dtype=np.int64)
        place[rows] = np.arange(len(rows))
        for review in self._open:
            self._close(review, place, seen)
        self._open = [review for review in self._open if review.left.any()]

    def asked(self) -> Asked:
        """By which factor to ask now: the one that would have given what the targets want.

        Evidence is thin where few items were short: to both sides of the ratio is added what the forecast expected
        of ``PRIOR_ITEMS`` items as they are met by a unit short (the mean of a gamma distribution, Gelman and others
        2013, Bayesian Data Analysis, sec. 2.6). And it is luck as far as it differs from one protection interval to
        the next: the logarithm of what has followed has the mean and the variance of a normal posterior (sec. 2.5), and
        half of that variance is added, as the mean of a lognormal rate lies above its median.
        """
        seen = self._evidence
        demanded, weight = float(seen.demanded.sum()), float(seen.weight.sum())
        if demanded <= 0 or weight <= 0:
            return Asked()
        expected = seen.expected * (demanded / weight)
        total, short = expected.sum(axis=0), seen.short.sum(axis=0)
        prior = PRIOR_ITEMS * (expected**2).sum(axis=0) / np.maximum(total, 1e-300)
        ratio = (short + prior + 1e-300) / (total + prior + 1e-300)
        noise = self._deviation(ratio, demanded / weight) / (short + prior + 1e-300) ** 2
        luck = np.log1p(noise)
        followed = PRIOR_SD**2 / (PRIOR_SD**2 + luck) * (np.log(ratio) + luck / 2.0)
        logs = np.log(self.factors)
        # A higher rate that is asked for never gives a lower one.
        factor = float(np.interp(0.0, np.maximum.accumulate(logs + followed), logs))
        stated = int(np.argmin(np.abs(logs)))
        return Asked(
            float(np.exp(factor)),
            float(np.exp(np.interp(factor, logs, followed))),
            demanded,
            float(short[stated]),
            float(total[stated]),
        )

    def _deviation(self, ratio: Floats, scale: float) -> Floats:
        """Variance of what was short around ``ratio`` (G,) times what was expected, from blocks of time; (G,) units^2.

        A block is one protection interval, within which windows overlap. Of a single block nothing is known.
        """
        interval = float(np.median(self._interval))
        ages = np.array([self._now - closed.opening for closed in self._closed])
        block, count = np.unique(ages // interval, return_inverse=True)
        if len(block) < 2:
            return np.zeros_like(ratio)
        off = np.array([closed.short - ratio * scale * closed.expected for closed in self._closed])
        sums = np.zeros((len(block), len(ratio)))
        np.add.at(sums, count, off * 0.5 ** (ages / (HALF_LIFE_INTERVALS * interval))[:, None])
        return np.asarray((sums**2).sum(axis=0) * len(block) / (len(block) - 1))

    def review(self, rows: Integers, seen: SeenDemand, levels: ReviewLevels) -> None:
        """Raise the positions of some items by the rules of a review, and remember what it protects.

        Parameters
        ----------
        rows : int (k,) numbers of the items. seen, levels : of the same items, at the same opening.
        """
        now = seen.opening
        everyone = np.arange(len(rows))
        highest = levels.reorder_point + levels.raise_by[:, None]
        new = np.isnan(self.position[rows, 0])
        demanded = seen.units(everyone, np.where(new, now, self._reviewed[rows]), np.full(len(rows), now))
        # An item that is new to the record begins at its level, as a replay does.
        position = np.where(new[:, None], np.maximum(highest, 0.0), self.position[rows] - demanded[:, None])
        every = [np.broadcast_to(a[:, None], position.shape).ravel() for a in (levels.lot, levels.minimum)]
        _, order = order_quantity(position.ravel(), levels.reorder_point.ravel(), highest.ravel(), *every)
        position = position + np.where(levels.orders[:, None], order.reshape(position.shape), 0.0)
        self.position[rows] = position
        self._reviewed[rows] = now
        self._interval[rows] = np.maximum(levels.lead_time + levels.review, 1)
        self._open.append(_Open(now, rows.copy(), position, levels, levels.orders & levels.counted))

    def _close(self, review: _Open, place: Integers, seen: SeenDemand) -> None:
        """Count the windows of a review that are over now."""
        levels, at = review.levels, place[review.rows]
        ends = review.opening + levels.lead_time + levels.review
        over = np.flatnonzero(review.left & (ends <= seen.opening) & (at >= 0))
        review.left[over] = False
        whole = over[seen.complete(at[over], review.opening, ends[over])]
        rows, item, start = review.rows[whole], at[whole], np.full(len(whole), review.opening)
        before = seen.units(item, start, start + levels.lead_time[whole])
        through = seen.units(item, start, ends[whole])
        position, sums, each = review.position[whole], self._evidence, levels.stands_for
        short = each * (np.maximum(through[:, None] - position, 0.0) - np.maximum(before[:, None] - position, 0.0))
        expected = each * levels.rate[whole] * levels.weight[whole, None]
        sums.short[rows] += short
        sums.expected[rows] += expected
        sums.demanded[rows] += each * (through - before)
        sums.weight[rows] += each * levels.weight[whole]
        if len(whole):
            self._closed.append(_Closed(seen.opening, short.sum(axis=0), expected.sum(axis=0)))

    def _fade(self, now: int) -> None:
        """Let time pass: evidence of an item counts half after some of its protection intervals."""
        self._evidence.fade(0.5 ** ((now - self._now) / (HALF_LIFE_INTERVALS * self._interval)))
        self._now = now
