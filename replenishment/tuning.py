"""Promised and achieved: what earlier replays say of the rates that a plan promises, and the correction that follows.

A promise rests on a forecast, and a forecast errs in its tails, in its level, in the lead times behind it. Replays of
earlier windows show by how much: ``achieved`` against ``promised``, each with its interval. On a logarithmic scale

    log(achieved) = log(promised) + level + slope x (log(promised) - center) + own level of the class,

each term drawn towards 0 as far as the evidence is thin (a normal prior, the posterior mean). A plan that is corrected
asks for the rate from which the wanted one has followed, and promises what has followed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Correction", "learn_correction"]

Floats = npt.NDArray[np.float64]

# Standard deviations of the priors: of the level and slope of all items, and of a class around them.
LEVEL_SD: Final = 0.4
SLOPE_SD: Final = 0.25
CLASS_SD: Final = 0.25
# By how much one window differs from the next beyond the noise of either: on weekly, daily and monthly sets half a year
# was seen to run short of half of what was promised, and the next half year of all of it.
WINDOW_SD: Final = 0.35
# What is asked for stays within these multiples of what is wanted.
LEAST_SHARE: Final = 1 / 8
LARGEST_SHARE: Final = 4.0
_LARGEST_RATE: Final = 0.9
_STEEPEST: Final = 0.7
# Half the width of a 95 % interval, in standard deviations.
_HALF: Final = 1.959964


@dataclass(frozen=True)
class Correction:
    """By how much promised rates have been missed.

    Attributes
    ----------
    level : log(achieved / promised) at the rate exp(``center``). slope : how it changes per unit of log(promised).
    classes : what is added for the items of a class. windows : earlier windows behind it; 0: nothing is known.
    level_sd : standard deviation of ``level`` given the evidence.
    """

    level: float = 0.0
    slope: float = 0.0
    center: float = 0.0
    classes: Mapping[str, float] = field(default_factory=dict)
    windows: int = 0
    level_sd: float = LEVEL_SD

    def __post_init__(self) -> None:
        numbers = [self.level, self.slope, self.center, self.level_sd, *self.classes.values()]
        if not np.isfinite(numbers).all():
            raise ValueError(f"a correction has numbers that are not known: {numbers}")
        if abs(self.slope) > _STEEPEST:
            raise ValueError(f"slope is {self.slope}; it must lie between {-_STEEPEST} and {_STEEPEST}")

    def promised(self, rate: npt.ArrayLike, classes: Iterable[str]) -> Floats:
        """What has followed where ``rate`` was expected; (n,) for n items of these classes.

        A rate of 0 stays 0, and none exceeds 1.
        """
        expected = np.asarray(rate, dtype=np.float64)
        with np.errstate(divide="ignore"):
            logs = np.log(expected)
        followed = np.exp(logs + self._own(classes) + self.slope * np.where(expected > 0, logs - self.center, 0.0))
        return np.minimum(np.where(expected > 0, followed, 0.0), 1.0)

    def asked(self, target: npt.ArrayLike, classes: Iterable[str]) -> Floats:
        """The rate to ask for, so that ``target`` follows; (n,) for n items of these classes.

        Within an eighth and four times the target, and never above 0.9 unless the target is.
        """
        wanted = np.asarray(target, dtype=np.float64)
        logs = (np.log(wanted) - self._own(classes) + self.slope * self.center) / (1.0 + self.slope)
        most = np.maximum(np.minimum(LARGEST_SHARE * wanted, _LARGEST_RATE), wanted)
        return np.clip(np.exp(logs), LEAST_SHARE * wanted, most)

    def _own(self, classes: Iterable[str]) -> Floats:
        return self.level + np.array([self.classes.get(str(name), 0.0) for name in classes])


def learn_correction(evidence: pd.DataFrame) -> Correction:
    """Estimate a correction from replays of earlier windows.

    Parameters
    ----------
    evidence : one row a window, class and target: ``window`` (a name), ``class`` ("" for all items together),
        ``promised``, ``achieved``, ``low`` and ``high`` (the 95 % interval of achieved); the rows of a replay's
        ``service``, made without a correction. Rows without demand (NaN) or without a promise say nothing.

    Returns
    -------
    Correction; without any evidence the one that corrects nothing.

    Notes
    -----
    The rows of one window share its demand: each counts for its part of the window. Windows differ from each other by
    more than their intervals say, so that even a wide window counts for no more than its variance plus ``WINDOW_SD``
    squared. The level and slope are the posterior means of a regression with normal priors (Hoerl and Kennard 1970 for
    the estimate, Lindley and Smith 1972, Journal of the Royal Statistical Society B 34, 1-41, for the two stages).
    """
    usable = evidence[(evidence["promised"] > 0) & evidence["high"].notna() & (evidence["high"] > 0)]
    together = usable[usable["class"] == ""]
    if not len(together):
        return Correction()
    gap, variance = _log_gap(together)
    x = np.log(together["promised"].to_numpy(float))
    center = float(x.mean())
    design = np.column_stack([np.ones(len(x)), x - center])
    precision = design.T @ (design / variance[:, None]) + np.diag([LEVEL_SD**-2.0, SLOPE_SD**-2.0])
    level, slope = np.linalg.solve(precision, design.T @ (gap / variance))
    slope = float(np.clip(slope, -_STEEPEST, _STEEPEST))
    classes = {}
    for name, rows in usable[usable["class"] != ""].groupby("class", sort=True):
        own, own_variance = _log_gap(rows)
        left = own - level - slope * (np.log(rows["promised"].to_numpy(float)) - center)
        weight = 1.0 / own_variance
        classes[str(name)] = float((weight * left).sum() / (weight.sum() + CLASS_SD**-2.0))
    sd = float(np.sqrt(np.linalg.inv(precision)[0, 0]))
    return Correction(float(level), slope, center, classes, int(together["window"].nunique()), sd)


def _log_gap(rows: pd.DataFrame) -> tuple[Floats, Floats]:
    """log(achieved / promised) of each row, and its variance."""
    achieved, low, high = (rows[name].to_numpy(float) for name in ("achieved", "low", "high"))
    seen = achieved > 0
    # Of nothing achieved only the upper end is known: taken for that of a lognormal with a deviation of 1.
    sd = np.ones(len(rows))
    upper = np.log(high[seen] / achieved[seen])
    lower = np.log(achieved[seen] / np.maximum(low[seen], achieved[seen] ** 2 / high[seen]))
    sd[seen] = np.maximum(upper + lower, 1e-6) / (2.0 * _HALF)
    rate = np.where(seen, achieved, high * np.exp(-_HALF))
    together = rows.groupby("window")["promised"].transform("size").to_numpy(float)
    return np.log(rate / rows["promised"].to_numpy(float)), (sd**2 + WINDOW_SD**2) * together
