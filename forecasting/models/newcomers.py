"""Items of whose demand little or nothing is known: what the items of their category did at first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.special import betaincinv, betaln, expit

from forecasting.kernels.random import PATH_STRIDE, uniforms
from forecasting.models.pooled import a_sample, past_sizes
from forecasting.models.protocol import FitContext, Floats32, Integers, Keys
from forecasting.panel import CellStatus, DemandPanel

__all__ = ["CategoryPrior", "LearnedPrior", "NewcomerPaths", "PriorShare"]

Floats = npt.NDArray[np.float64]

# A quarter of a year after the launch is "at first": days, weeks or months.
_FIRST: Final = {"D": 91, "MS": 3}
_USUAL_FIRST: Final = 13
# So many launches at least tell how newcomers differ from the others.
LEAST_LAUNCHES: Final = 20
# The share of a category counts against that of all like so many series; its sizes alone from so many donors on.
CATEGORY_COUNTS: Final = 10.0
LEAST_DONORS: Final = 5
# Newest sizes that are kept of a donor, and donors of a category.
SIZES: Final = 32
MOST_DONORS: Final = 500
# One path in so many takes a share from the far end of its distribution.
SLICES: Final = 256
_LONGEST: Final = 200.0
_SIZE_STEP: Final = PATH_STRIDE // 2
_SHARE_STEP: Final = PATH_STRIDE - 1
_DONOR_STEP: Final = PATH_STRIDE - 2


@dataclass(frozen=True, eq=False)
class PriorShare:
    """Beta distribution of the share of periods with demand: ``mean`` (groups,), ``strength`` in periods."""

    mean: Floats
    strength: float

    @classmethod
    def nothing(cls, groups: int) -> PriorShare:
        """No demand is expected, and any that was seen says more than this."""
        return cls(np.zeros(groups), 1e-9)


@dataclass(frozen=True, eq=False)
class LearnedPrior:
    """What the panel teaches of items not seen before.

    Attributes
    ----------
    early : shares in the first quarter after the launch. late : in all observed periods, never-sold items included.
    first : periods up to which an item is new.
    sizes : float32 (donors, 32), demand sizes of series that sold; count : (donors,) how many are in use.
    begin, end : int64 (groups,), the donors of each group.
    """

    early: PriorShare
    late: PriorShare
    first: int
    sizes: Floats32
    count: Integers
    begin: Integers
    end: Integers


@dataclass(frozen=True)
class CategoryPrior:
    """Demand comes with a share of periods that is beta distributed over the items of a category.

    The shares of all items, those that never sold included, give the beta distribution (by maximum likelihood of the
    beta-binomial counts of demands); the item's own periods, mostly silent, turn it into its posterior: a new item is
    expected to sell like others at their launch, one that has been silent for years hardly ever. Categories with few
    items lean on all. A path draws its share, and one item of the category whose past sizes are its sizes; an item's
    own sizes count with those of two donors.

    References
    ----------
    Skellam (1948), J. R. Stat. Soc. B 10, 257-261 (beta-binomial). Carlin and Louis (2000), Bayes and Empirical Bayes
    Methods for Data Analysis, sec. 3.3.
    """

    name: str = "category_prior"

    def pool(self, panel: DemandPanel, context: FitContext) -> LearnedPrior:
        """Learn shares and sizes; periods before launch, after the end or out of stock are no evidence."""
        panel, context = a_sample(panel, context)
        known, sold = panel.observed, (panel.quantity > 0) & panel.observed
        groups = len(context.season.groups)
        late = _shares(sold.sum(axis=1), known.sum(axis=1), context.profile, groups)
        first = _FIRST.get(panel.calendar.frequency.code, _USUAL_FIRST)
        demands, periods, at_once = _early(panel, known, sold, first)
        launched = np.flatnonzero(periods > 0)
        told = len(launched) >= LEAST_LAUNCHES and _declared(demands[launched], periods[launched], at_once[launched])
        early = _shares(demands[launched], periods[launched], context.profile[launched], groups) if told else late
        table, count = past_sizes(panel, context)
        kept = min(table.shape[1], SIZES)
        order = np.argsort(panel.stream_keys(1), kind="stable")
        donors = order[count[order] > 0]
        by_group = [donors[context.profile[donors] == g][:MOST_DONORS] for g in range(groups)]
        common = donors[:MOST_DONORS]
        chosen = [own if len(own) >= LEAST_DONORS else common for own in by_group]
        end = np.cumsum([len(own) for own in chosen], dtype=np.int64)
        rows = np.concatenate([*chosen, np.empty(0, dtype=np.int64)]).astype(np.int64)
        return LearnedPrior(
            early,
            late,
            first,
            np.ascontiguousarray(table[rows, :kept]),
            np.minimum(count[rows], kept),
            np.ascontiguousarray(end - [len(own) for own in chosen]).astype(np.int64),
            end,
        )

    def fit(self, panel: DemandPanel, context: FitContext) -> NewcomerPaths:
        """See :class:`forecasting.models.protocol.DemandModel`."""
        prior: LearnedPrior = context.pooled or _ignorance(len(context.season.groups))
        observed, demands = panel.observed.sum(axis=1), ((panel.quantity > 0) & panel.observed).sum(axis=1)
        new = observed <= prior.first
        share = np.where(new, prior.early.mean[context.profile], prior.late.mean[context.profile])
        strength = np.where(new, prior.early.strength, prior.late.strength)
        share = np.where((panel.status[:, -1:] == CellStatus.DISCONTINUED).any(axis=1), 0.0, share)
        table, count = past_sizes(panel, context)
        own = np.minimum(count, SIZES)
        return NewcomerPaths(
            context,
            prior,
            share * strength + demands,
            (1.0 - share) * strength + observed - demands,
            np.ascontiguousarray(table[:, :SIZES]),
            own,
            panel.integral,
        )


def _ignorance(groups: int) -> LearnedPrior:
    """What is known where no panel was pooled: a series speaks for itself alone."""
    nothing, nobody = PriorShare.nothing(groups), np.zeros(groups, dtype=np.int64)
    sizes = np.zeros((0, SIZES), dtype=np.float32)
    return LearnedPrior(nothing, nothing, 0, sizes, np.zeros(0, dtype=np.int64), nobody, nobody)


def _early(
    panel: DemandPanel, known: npt.NDArray[np.bool_], sold: npt.NDArray[np.bool_], first: int
) -> tuple[Floats, Floats, npt.NDArray[np.bool_]]:
    """Demands and periods observed in the first quarter after launches in the window, the very first period left out.

    Also whether that first one, where "not launched" ends, had demand; (n,) each.
    """
    if not panel.calendar.periods:
        return np.zeros(len(panel)), np.zeros(len(panel)), np.zeros(len(panel), dtype=np.bool_)
    waiting = panel.status == CellStatus.NOT_LAUNCHED
    start = np.where(waiting.any(axis=1), panel.calendar.periods - waiting[:, ::-1].argmax(axis=1), -1)
    place = np.arange(panel.calendar.periods)[None, :]
    inside = (start[:, None] >= 0) & (place > start[:, None]) & (place < start[:, None] + first) & known
    opening = np.clip(start, 0, panel.calendar.periods - 1)
    at_once = (start >= 0) & (start < panel.calendar.periods) & sold[np.arange(len(panel)), opening]
    return (inside & sold).sum(axis=1).astype(np.float64), inside.sum(axis=1).astype(np.float64), at_once


def _declared(demands: Floats, periods: Floats, at_once: npt.NDArray[np.bool_]) -> bool:
    """Whether the launches are no work of hindsight.

    A launch that was inferred begins with a demand, and only items that sell often show one: they tell nothing of the
    others. Declared launches sell in their first period about as often as in the next ones.
    """
    share = demands / periods
    return bool(at_once.sum() <= share.sum() + 2.0 * np.sqrt((share * (1.0 - share)).sum()))


def _shares(
    demands: npt.NDArray[np.number[Any]], observed: npt.NDArray[np.number[Any]], group: Integers, groups: int
) -> PriorShare:
    """Fit a beta distribution to the shares of all series; each group's mean leans on it.

    Fewer than 5 series with demand teach nothing: nothing is expected of the others.
    """
    from scipy.optimize import minimize

    n = np.minimum(observed.astype(np.float64), _LONGEST)
    d = np.where(observed > 0, demands * n / np.maximum(observed, 1), 0.0)
    used = n > 0
    if (d[used] > 0).sum() < LEAST_DONORS:
        return PriorShare.nothing(groups)
    pairs, times = np.unique(np.stack([np.rint(d[used]), n[used]], axis=1), axis=0, return_counts=True)

    def loss(place: Floats) -> float:
        a, b = expit(place[0]) * np.exp(place[1]), expit(-place[0]) * np.exp(place[1])
        return -float(np.sum(times * (betaln(pairs[:, 0] + a, pairs[:, 1] - pairs[:, 0] + b) - betaln(a, b))))

    best = minimize(loss, np.array([0.0, 0.0]), method="Nelder-Mead", bounds=[(-12.0, 12.0), (-5.0, 7.0)])
    common = float(expit(best.x[0]))
    # Counted in order of the pairs, so that the sums don't depend on the order of the series.
    mean = np.empty(groups)
    for g in range(groups):
        mine = used & (group == g)
        mean[g] = (np.sort(d[mine] / n[mine]).sum() + CATEGORY_COUNTS * common) / (mine.sum() + CATEGORY_COUNTS)
    return PriorShare(np.clip(mean, 1e-9, 1.0 - 1e-9), float(np.exp(best.x[1])))


@dataclass(frozen=True, eq=False)
class NewcomerPaths:
    """Demand comes with a share drawn once a path; its sizes are those of one donor, or the item's own.

    Attributes
    ----------
    a, b : (n,) posterior beta distribution of the share. own : float32 (n, k) own sizes, own_count : (n,) in use.
    whole : bool (n,) series in whole units; what donors sold in parts is rounded, to 1 at least.
    """

    context: FitContext
    prior: LearnedPrior
    a: Floats
    b: Floats
    own: Floats32
    own_count: Integers
    whole: npt.NDArray[np.bool_]

    def paths(self, rows: Integers, keys: Keys, horizon: int, count: int) -> Floats32:
        """See :class:`forecasting.models.protocol.FittedModel`."""
        out = np.zeros((len(rows), count, horizon), dtype=np.float32)
        group = self.context.profile[rows]
        begin, donors = self.prior.begin[group], (self.prior.end - self.prior.begin)[group]
        season = self.context.future(horizon)[group]
        drawn = np.empty((len(rows), count))
        uniforms(keys, _SHARE_STEP, drawn)
        share = np.take_along_axis(self._slices(rows), (drawn * SLICES).astype(np.int64), axis=1)
        uniforms(keys, _DONOR_STEP, drawn)
        # Own sizes count with those of two donors: c sizes win in c of c + 2 paths.
        own = self.own_count[rows, None] / (self.own_count[rows, None] + 2.0)
        own = np.where(donors[:, None] > 0, own, 1.0)
        mine = drawn < own
        place = (drawn - own) / np.maximum(1.0 - own, 1e-12)
        donor = begin[:, None] + np.clip(
            (place * donors[:, None]).astype(np.int64), 0, np.maximum(donors - 1, 0)[:, None]
        )
        silent = (donors == 0) & (self.own_count[rows] == 0)
        size = np.empty((len(rows), count))
        for h in range(horizon):
            uniforms(keys, h, drawn)
            uniforms(keys, _SIZE_STEP + h, size)
            k, p = np.nonzero((drawn < share * season[:, h, None]) & ~silent[:, None])
            if not len(k):
                continue
            source = donor[k, p]
            theirs = ~mine[k, p]
            units = np.empty(len(k), dtype=np.float32)
            their_place = (size[k, p] * self.prior.count[source] if len(self.prior.count) else np.zeros(len(k))).astype(
                np.int64
            )
            own_place = (size[k, p] * self.own_count[rows[k]]).astype(np.int64)
            units[theirs] = self.prior.sizes[source[theirs], their_place[theirs]]
            units[~theirs] = self.own[rows[k[~theirs]], own_place[~theirs]]
            out[k, p, h] = np.where(self.whole[rows[k]], np.maximum(np.rint(units), 1.0), units)
        return out

    def _slices(self, rows: Integers) -> Floats:
        """Means of the share within slices of equal probability; (k, 256). They average to its mean exactly."""
        pairs, inverse = np.unique(np.stack([self.a[rows], self.b[rows]], axis=1), axis=0, return_inverse=True)
        a, b = np.maximum(pairs[:, :1], 1e-12), pairs[:, 1:]
        edges = np.arange(1, SLICES) / SLICES
        low, high = betaincinv(a, b, edges), betaincinv(b, a, 1.0 - edges)
        # I(a + 1, b) = I(a, b) less x^a (1 - x)^b / (a B(a, b)); x and 1 - x each from its exact side.
        with np.errstate(divide="ignore"):
            log_x = np.where(low < 0.5, np.log(low), np.log1p(-high))
            log_rest = np.where(low < 0.5, np.log1p(-low), np.log(high))
        less = np.exp(a * log_x + b * log_rest - np.log(a) - betaln(a, b))
        upper = np.where(low > 0, edges - less, 0.0)
        ends = np.zeros((len(pairs), 1)), np.ones((len(pairs), 1))
        slices = np.diff(np.concatenate([ends[0], upper, ends[1]], axis=1), axis=1) * SLICES * pairs[:, :1] / (a + b)
        return np.asarray(np.clip(slices, 0.0, 1.0)[inverse.reshape(-1)])

    def parameters(self) -> Mapping[str, npt.NDArray[np.generic]]:
        """The level, the expected share of periods with demand, and its evidence in periods."""
        group = self.context.profile
        used = np.arange(self.prior.sizes.shape[1])[None, :] < self.prior.count[:, None]
        mean = np.where(used, self.prior.sizes, 0.0).sum(axis=1, dtype=np.float64) / np.maximum(self.prior.count, 1)
        running = np.concatenate([[0.0], np.cumsum(mean)])
        donors = self.prior.end - self.prior.begin
        theirs = ((running[self.prior.end] - running[self.prior.begin]) / np.maximum(donors, 1))[group]
        filled = np.arange(self.own.shape[1])[None, :] < self.own_count[:, None]
        own = np.where(filled, self.own, 0.0).sum(axis=1, dtype=np.float64) / np.maximum(self.own_count, 1)
        weight = np.where(donors[group] > 0, self.own_count / (self.own_count + 2.0), 1.0)
        share = self.a / (self.a + self.b)
        return {
            "level": share * (weight * own + (1.0 - weight) * theirs),
            "occurrence": share,
            "mean_size": weight * own + (1.0 - weight) * theirs,
            "past_values": self.own_count,
        }
