"""Risk from one snapshot of stock: a ranking that needs no training, and a classifier that learns from past ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingClassifier

__all__ = ["SnapshotRisk", "StockSnapshot", "need_over_cover"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

# So many items without a backorder are learnt from for each one with: more adds time and next to no skill.
_WITHOUT_FOR_EACH: Final = 20


@dataclass(frozen=True, eq=False)
class StockSnapshot:
    """What is known of n items on one day.

    Attributes
    ----------
    on_hand : (n,) units, negative is backlog. on_order : (n,) units under way.
    forecast, sold : (n, k) units over k horizons ahead and back. other : (n, j) whatever else is known (lead time,
        overdue units, supplier performance, flags as 0 and 1), NaN where it is not.
    """

    on_hand: Floats
    on_order: Floats
    forecast: Floats
    sold: Floats
    other: Floats

    def features(self) -> Floats:
        """All columns, and the log ratio of each need to each cover."""
        cover = np.stack([self.on_hand + self.on_order, self.on_hand], axis=1)
        needs = np.concatenate([self.forecast, self.sold], axis=1)
        ratios = [log_ratio(needs, cover[:, [k]]) for k in range(2)]
        return np.concatenate([self.on_hand[:, None], self.on_order[:, None], needs, self.other, *ratios], axis=1)


def need_over_cover(on_hand: Floats, on_order: Floats, forecast: Floats, sold: Floats) -> Floats:
    """Rank items by log((1 + need) / (1 + cover)); the larger, the sooner they run short.

    Parameters
    ----------
    on_hand : units, negative is backlog. on_order : units under way. forecast, sold : units over one horizon, ahead
        and back; the larger is the need, as a forecast of nothing for an item that sells is mostly a missing one.
    """
    return log_ratio(np.maximum(forecast, sold), on_hand + on_order)


def log_ratio(need: Floats, cover: Floats) -> Floats:
    """Return log((1 + need) / (1 + cover)), a negative cover as none."""
    return np.asarray(np.log1p(need) - np.log1p(np.maximum(cover, 0.0)))


class SnapshotRisk:
    """Gradient-boosted trees on past snapshots of which the outcome is known.

    Notes
    -----
    Backorders are rare: the trees see all of them and 20 times as many other items; the odds are then divided by what
    that makes them larger, so that probabilities are those of the whole (King and Zeng 2001, Political Analysis 9,
    137-163, equation 7).
    """

    model_: HistGradientBoostingClassifier
    inflation_: float

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed

    def fit(self, snapshot: StockSnapshot, backordered: Flags) -> Self:
        """Learn from a snapshot and what became of it; (n,) true where the item went on backorder.

        Raises
        ------
        ValueError
            Without any item that went on backorder, or without any that did not.
        """
        from sklearn.ensemble import HistGradientBoostingClassifier

        hit, other = np.flatnonzero(backordered), np.flatnonzero(~backordered)
        if not len(hit) or not len(other):
            raise ValueError("to learn from a snapshot some of its items must have gone on backorder, and some not")
        kept = min(_WITHOUT_FOR_EACH * len(hit), len(other))
        drawn = np.random.default_rng(self.seed).choice(other, kept, replace=False)
        rows = np.concatenate([hit, drawn])
        self.model_ = HistGradientBoostingClassifier(
            learning_rate=0.05, max_iter=150, max_leaf_nodes=15, l2_regularization=1.0, max_features=0.5,
            random_state=self.seed,
        )  # fmt: skip
        self.model_.fit(snapshot.features()[rows], backordered[rows])
        self.inflation_ = len(other) / kept
        return self

    def probability(self, snapshot: StockSnapshot) -> Floats:
        """Return the probability of each item to go on backorder; (n,)."""
        share = self.model_.predict_proba(snapshot.features())[:, 1]
        odds = share / np.maximum(1.0 - share, 1e-12) / self.inflation_
        return np.asarray(odds / (1.0 + odds))
