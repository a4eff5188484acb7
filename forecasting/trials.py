"""Trials: how several models would have forecast at earlier origins, over the interval that matters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from forecasting.calendars import day_to_date
from forecasting.cleaning import clean
from forecasting.cleaning_rules import CleaningRules
from forecasting.fitted import fit_series, pool_all
from forecasting.models.protocol import DemandModel, FitContext
from forecasting.panel import CellStatus, DemandPanel
from forecasting.seasonality import fit_pooled_seasonality
from forecasting.segments import CLASSES, DemandSummary, syntetos_boylan_classes

__all__ = ["TrialPlan", "Trials", "plan_trials", "trial_origins"]

Floats32 = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

MOST_ORIGINS: Final = 8
# So many series speak for all others of their class; weights and calibration are pooled anyway.
SERIES_A_CLASS: Final = 150
# What models learn from all series together, they learn from so many: trees need more than the trials themselves.
SERIES_TO_LEARN: Final = 1500
# Trees that are a year old err more than those of a forecast will.
ORIGINS_A_LESSON: Final = 4
DRAWS: Final = 200
# Shortest history that a trial may start from, in periods, in protection intervals and as a share of today's: models
# that know much less than today err in another way.
LEAST_PERIODS: Final = {"D": 56, "MS": 12}
LEAST_WEEKS: Final = 26
LEAST_INTERVALS: Final = 2
LEAST_SHARE: Final = 0.5


@dataclass(frozen=True, eq=False)
class Trials:
    """Sums over the protection interval at o earlier origins, of j models and k series.

    Attributes
    ----------
    origins : the periods' numbers, ascending. rows : int64 (k,) places of the series in the panel.
    sums : float32 (j, o, k, m), ascending draws. actual : float64 (o, k) what was demanded.
    known : bool (o, k); demand was observed in every period of the window, and was known before it.
    class_number : int64 (o, k) place of the class at that origin in ``CLASSES``.
    mean : float64 (o, k) demand a period known at the origin. whole : bool (k,) series in whole units.
    """

    origins: tuple[int, ...]
    rows: Integers
    sums: Floats32
    actual: Floats
    known: Flags
    class_number: Integers
    mean: Floats
    whole: Flags


def trial_origins(periods: int, longest: int, least: int, year: int) -> list[int]:
    """Choose origins whose windows end with the history at the latest, newest last.

    Origins lie over a whole year where that much history can be spared: what was best in one season need not be in
    another. Else windows follow each other without overlap where at least half of the wanted number fits, else closer.

    Parameters
    ----------
    periods : of the history. longest : window. least : periods that must lie before the first origin.
    year : periods in a year.
    """
    first = max(least, LEAST_INTERVALS * longest, int(LEAST_SHARE * periods))
    span = periods - longest - first
    if span < 0:
        return []
    if span >= longest * (MOST_ORIGINS - 1):
        gap = min(max(longest, -(-year // MOST_ORIGINS)), span // (MOST_ORIGINS - 1))
    else:
        gap = longest if span >= longest * (MOST_ORIGINS // 2) else max(span // (MOST_ORIGINS // 2), 1)
    number = min(MOST_ORIGINS, span // gap + 1)
    return [periods - longest - gap * k for k in range(number)][::-1]


@dataclass(frozen=True, eq=False)
class TrialPlan:
    """Which series are tried at which origins, before anything is fitted; see :func:`plan_trials`.

    Attributes
    ----------
    rows : int64 (k,), ascending; the series that are tried, of n in the panel. origins : periods, ascending.
    """

    panel: DemandPanel
    models: Sequence[DemandModel]
    groups: Sequence[str]
    protection: Integers
    classes: npt.NDArray[np.str_]
    keys: npt.NDArray[np.uint64]
    rules: CleaningRules
    rows: Integers
    origins: tuple[int, ...]

    def steps(self) -> tuple[list[Callable[[], object]], list[Callable[[], object]], Trials]:
        """What is to be done, in any number of threads, the first steps begun before the others.

        Returns
        -------
        lessons : what the models must learn from the panel. What it taught at one origin serves at the next ones, too:
            it changes little, and costs most. tries : at each origin; they wait for their lesson, and need nothing of
            each other. trials : complete when all of them are done.
        """
        taught: list[Future[list[Any]]] = [Future() for _ in self.origins[::ORIGINS_A_LESSON]]
        lessons = [partial(self._teach, k * ORIGINS_A_LESSON, lesson) for k, lesson in enumerate(taught)]
        trials = self._empty()
        tries = [partial(self._try_at, o, taught[o // ORIGINS_A_LESSON], trials) for o in range(len(self.origins))]
        return [*lessons], [*tries], trials

    def _empty(self) -> Trials:
        shape = (len(self.origins), len(self.rows))
        return Trials(
            origins=self.origins,
            rows=self.rows,
            sums=np.empty((len(self.models), *shape, DRAWS), dtype=np.float32),
            actual=np.empty(shape),
            known=np.empty(shape, dtype=np.bool_),
            class_number=np.empty(shape, dtype=np.int64),
            mean=np.empty(shape),
            whole=self.panel.integral[self.rows],
        )

    def _teach(self, o: int, lesson: Future[list[Any]]) -> None:
        """Let each model learn from the panel as known at an origin, from the series with the smallest keys."""
        try:
            lesson.set_result(self._learned_at(self.origins[o]))
        except BaseException as problem:
            lesson.set_exception(problem)  # or those that wait for it would wait for ever
            raise

    def _learned_at(self, origin: int) -> list[Any]:
        alive = np.flatnonzero(self.classes != "no demand")
        rows = np.sort(alive[np.argsort(self.keys[alive], kind="stable")[:SERIES_TO_LEARN]])
        cleaned, _, context = self._known_at(origin, rows)
        return pool_all(self.models, cleaned, context)

    def _known_at(self, origin: int, rows: Integers) -> tuple[DemandPanel, DemandSummary, FitContext]:
        """Some series as they were known at an origin."""
        past = self.panel.take(rows).until(day_to_date(int(self.panel.calendar.openings[origin])))
        cleaned, summary = clean(past, self.rules)
        season = fit_pooled_seasonality(cleaned, summary, [self.groups[i] for i in rows])
        return cleaned, summary, FitContext(season, season.profile)

    def _try_at(self, o: int, lesson: Future[list[Any]], trials: Trials) -> None:
        """Forecast at an origin, and write down what was forecast and what came."""
        origin, rows = self.origins[o], self.rows
        length = self.protection[rows]
        cleaned, summary, context = self._known_at(origin, rows)
        everything = np.arange(len(rows))
        taught = lesson.result()
        for j, model in enumerate(self.models):
            fitted = fit_series(model, cleaned, everything, context, pooled=taught[j])
            trials.sums[j, o] = np.sort(fitted.sums(everything, self.keys[rows], length, DRAWS), axis=1)
        window = np.arange(int(length.max()))
        inside = window[None, :] < length[:, None]
        coming = np.ix_(rows, origin + window)
        trials.actual[o] = np.where(inside, self.panel.quantity[coming], 0.0).sum(axis=1, dtype=np.float64)
        observed = ((self.panel.status[coming] == CellStatus.OBSERVED) | ~inside).all(axis=1)
        trials.known[o] = observed & (summary.demands > 0)
        trials.mean[o] = summary.mean
        trials.class_number[o] = [CLASSES.index(name) for name in syntetos_boylan_classes(summary)]


def plan_trials(
    panel: DemandPanel,
    models: Sequence[DemandModel],
    groups: Sequence[str],
    protection: Integers,
    classes: npt.NDArray[np.str_],
    keys: npt.NDArray[np.uint64],
    rules: CleaningRules | None = None,
) -> TrialPlan | None:
    """Choose series and earlier origins at which models shall forecast the sum over each protection interval.

    Parameters
    ----------
    panel : n series as recorded. groups : n names (shared seasons). protection : (n,) periods, at least 1.
    classes : n names as of now; each class is represented by at most 150 series, chosen by their random key.
    keys : uint64 (n,), random streams. rules : how history is cleaned.

    Returns
    -------
    TrialPlan, or None where the history is too short for any.
    """
    rows = _representatives(classes, keys)
    if not len(rows):
        return None
    frequency = panel.calendar.frequency
    least = LEAST_PERIODS.get(frequency.code, LEAST_WEEKS)
    longest = int(protection[rows].max())
    origins = trial_origins(panel.calendar.periods, longest, least, frequency.periods_per_year)
    if not origins:
        return None
    rules = rules or CleaningRules()
    return TrialPlan(panel, models, groups, protection, classes, keys, rules, rows, tuple(origins))


def _representatives(classes: npt.NDArray[np.str_], keys: npt.NDArray[np.uint64]) -> Integers:
    """Of each class with demand the series with the smallest keys: a choice that no order of rows changes."""
    chosen = []
    for name in CLASSES:
        if name == "no demand":
            continue
        members = np.flatnonzero(classes == name)
        chosen.append(members[np.argsort(keys[members], kind="stable")[:SERIES_A_CLASS]])
    return np.sort(np.concatenate(chosen))
