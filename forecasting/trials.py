"""Trials: how several models would have forecast at earlier origins, over the interval that matters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from forecasting.calendars import day_to_date
from forecasting.cleaning import prepare
from forecasting.cleaning_rules import CleaningRules
from forecasting.fitted import Mapper, fit_series, pool_all
from forecasting.models.protocol import DemandModel, FitContext
from forecasting.panel import CellStatus, DemandPanel
from forecasting.seasonality import fit_pooled_seasonality
from forecasting.segments import CLASSES, syntetos_boylan_classes

__all__ = ["Trials", "run_trials", "trial_origins"]

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


def run_trials(
    panel: DemandPanel,
    models: Sequence[DemandModel],
    groups: Sequence[str],
    protection: Integers,
    classes: npt.NDArray[np.str_],
    keys: npt.NDArray[np.uint64],
    run: Mapper = map,
    rules: CleaningRules | None = None,
) -> Trials | None:
    """Let models forecast the sum over each series' protection interval at earlier origins.

    Parameters
    ----------
    panel : n series as recorded. groups : n names (shared seasons). protection : (n,) periods, at least 1.
    classes : n names as of now; each class is represented by at most 150 series, chosen by their random key.
    keys : uint64 (n,), random streams. rules : how history is cleaned.
    run : how the later origins are run: the built-in ``map`` or a thread pool's; the result is the same.

    Returns
    -------
    Trials, or None where the history is too short for any.
    """
    rows = _representatives(classes, keys)
    if not len(rows):
        return None
    length = protection[rows]
    longest = int(length.max())
    frequency = panel.calendar.frequency
    least = LEAST_PERIODS.get(frequency.code, LEAST_WEEKS)
    origins = trial_origins(panel.calendar.periods, longest, least, frequency.periods_per_year)
    if not origins:
        return None
    chosen, names = panel.take(rows), [groups[i] for i in rows]
    window = np.arange(longest)
    inside = window[None, :] < length[:, None]
    sums = np.empty((len(models), len(origins), len(rows), DRAWS), dtype=np.float32)
    actual, known, mean = (np.empty((len(origins), len(rows))) for _ in range(3))
    number = np.empty((len(origins), len(rows)), dtype=np.int64)
    everything = np.arange(len(rows))

    # What the panel taught at one origin serves at the next ones, too: it changes little, and costs most.
    def learn_at(o: int) -> list[Any]:
        return _lessons(panel, models, groups, classes, keys, origins[o], rules or CleaningRules())

    lessons = list(run(learn_at, range(0, len(origins), ORIGINS_A_LESSON)))

    def try_at(o: int) -> None:
        origin = origins[o]
        past = chosen.until(day_to_date(int(chosen.calendar.openings[origin])))
        cleaned, summary, _ = prepare(past, rules or CleaningRules())
        season = fit_pooled_seasonality(cleaned, summary, names)
        context = FitContext(season, season.profile)
        pooled = lessons[o // ORIGINS_A_LESSON]
        for j, model in enumerate(models):
            fitted = fit_series(model, cleaned, everything, context, pooled=pooled[j])
            sums[j, o] = fitted.sums(everything, keys[rows], length, DRAWS)
        seen = chosen.quantity[:, origin + window]
        actual[o] = np.where(inside, seen, 0.0).sum(axis=1, dtype=np.float64)
        observed = ((chosen.status[:, origin + window] == CellStatus.OBSERVED) | ~inside).all(axis=1)
        known[o] = observed & (summary.demands > 0)
        mean[o] = summary.mean
        number[o] = [CLASSES.index(name) for name in syntetos_boylan_classes(summary)]

    list(run(try_at, range(len(origins))))
    sums.sort(axis=3)
    return Trials(tuple(origins), rows, sums, actual, known.astype(np.bool_), number, mean, chosen.integral)


def _lessons(
    panel: DemandPanel,
    models: Sequence[DemandModel],
    groups: Sequence[str],
    classes: npt.NDArray[np.str_],
    keys: npt.NDArray[np.uint64],
    origin: int,
    rules: CleaningRules,
) -> list[Any]:
    """What each model learned from the panel as it was known at an origin, from the series with the smallest keys."""
    alive = np.flatnonzero(classes != "no demand")
    rows = np.sort(alive[np.argsort(keys[alive], kind="stable")[:SERIES_TO_LEARN]])
    past = panel.take(rows).until(day_to_date(int(panel.calendar.openings[origin])))
    cleaned, summary, _ = prepare(past, rules)
    season = fit_pooled_seasonality(cleaned, summary, [groups[i] for i in rows])
    return pool_all(models, cleaned, FitContext(season, season.profile))


def _representatives(classes: npt.NDArray[np.str_], keys: npt.NDArray[np.uint64]) -> Integers:
    """Of each class with demand the series with the smallest keys: a choice that no order of rows changes."""
    chosen = []
    for name in CLASSES:
        if name == "no demand":
            continue
        members = np.flatnonzero(classes == name)
        chosen.append(members[np.argsort(keys[members], kind="stable")[:SERIES_A_CLASS]])
    return np.sort(np.concatenate(chosen))
