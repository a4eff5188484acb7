"""What was learned about promised rates, applied to the targets and promises of a plan."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from pipelines.config import LearnedCorrection, PlanConfig
from pipelines.jobs.levels import ItemFacts, LevelResults
from replenishment.track_record import FACTORS, LARGEST_RATE, Asked
from replenishment.tuning import Correction

__all__ = ["Corrector", "corrector_of", "may_promise_rates", "promises_rates"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
# Measures that are rates of units.
_RATES: Final = ("backorder_rate", "fill_rate")


class Corrector(Protocol):
    """Says what to ask the forecast for, and what to promise of it."""

    def asked(self, facts: ItemFacts) -> ItemFacts:
        """Ask for the rates from which the wanted ones follow; measures other than rates of units stay."""

    def asked_of_all(self, rate: float) -> float:
        """The same for the rate of all items together."""

    def beside_of_all(self, rate: float) -> tuple[float, ...]:
        """Rates of all items together at which levels are set beside."""

    def promised(self, levels: LevelResults, facts: ItemFacts) -> LevelResults:
        """Promise what has followed from the rates that the forecast lets expect."""


def corrector_of(config: PlanConfig, classes: Any, asked: Asked | None) -> Corrector:
    """The correction that a configuration wants; ``classes`` : (n,) of the series. ``asked`` : by the record."""
    if isinstance(given := config.correction, LearnedCorrection):
        return _Learned(Correction(**given.model_dump()), np.asarray(classes, dtype=object))
    return _Nothing() if asked is None else _Online(asked)


def promises_rates(facts: ItemFacts) -> Flags:
    """Items of which a rate of units is wanted, and whose unmet demand waits: those that a record tells of; (n,)."""
    return np.isin(facts.measure, _RATES) & ~facts.lost


def may_promise_rates(config: PlanConfig) -> bool:
    """Whether a configuration wants rates of units of any item, and lets its unmet demand wait."""
    measures = {config.measure, *(rule.set.measure for rule in config.rules)}
    unmet = {config.unmet_demand, *(rule.set.unmet_demand for rule in config.rules)}
    return bool(measures & set(_RATES)) and bool(unmet - {None, "lost"})


class _Nothing:
    """No correction: everything stays as it is."""

    def asked(self, facts: ItemFacts) -> ItemFacts:
        return facts

    def asked_of_all(self, rate: float) -> float:
        return rate

    def beside_of_all(self, _rate: float) -> tuple[float, ...]:
        return ()

    def promised(self, levels: LevelResults, _facts: ItemFacts) -> LevelResults:
        return levels


@dataclass(frozen=True, eq=False)
class _Learned:
    """What replays of earlier windows taught, and the class of each series."""

    correction: Correction
    classes: npt.NDArray[np.object_]

    def asked(self, facts: ItemFacts) -> ItemFacts:
        rate = _rates(facts)
        rows = np.flatnonzero(~np.isnan(rate))
        rate[rows] = self.correction.asked(rate[rows], self.classes[facts.series[rows]])
        return _at_rates(facts, rate)

    def asked_of_all(self, rate: float) -> float:
        return float(self.correction.asked([rate], [""])[0])

    def beside_of_all(self, _rate: float) -> tuple[float, ...]:
        return ()

    def promised(self, levels: LevelResults, facts: ItemFacts) -> LevelResults:
        expected = levels.policies.expected_backorder_rate
        return _promise(levels, self.correction.promised(expected, self.classes[facts.series]))


@dataclass(frozen=True, eq=False)
class _Online:
    """What the record of earlier reviews says, of all items together."""

    made: Asked

    def asked(self, facts: ItemFacts) -> ItemFacts:
        told, rate = promises_rates(facts), _rates(facts)
        # Of other items the levels beside are set all the same, at rates that nobody will look at.
        beside = _within(np.where(told, rate, 0.5)[:, None], np.array(FACTORS))
        return replace(_at_rates(facts, np.where(told, _within(rate, self.made.factor), rate)), beside=beside)

    def asked_of_all(self, rate: float) -> float:
        return float(_within(np.array(rate), self.made.factor))

    def beside_of_all(self, rate: float) -> tuple[float, ...]:
        return tuple(_within(np.array(rate), np.array(FACTORS)).tolist())

    def promised(self, levels: LevelResults, facts: ItemFacts) -> LevelResults:
        expected = levels.policies.expected_backorder_rate
        followed = np.minimum(expected * self.made.followed, np.maximum(expected, LARGEST_RATE))
        return _promise(levels, np.where(promises_rates(facts), followed, expected))


def _rates(facts: ItemFacts) -> Floats:
    """Wanted backorder rates by unit; NaN where another measure is wanted."""
    rate = np.where(facts.measure == "fill_rate", 1.0 - facts.target, facts.target)
    return np.where(np.isin(facts.measure, _RATES), rate, np.nan)


def _at_rates(facts: ItemFacts, rate: Floats) -> ItemFacts:
    """The facts with other backorder rates wanted; NaN leaves a target as it is."""
    target = np.where(facts.measure == "fill_rate", 1.0 - rate, rate)
    return replace(facts, target=np.where(np.isnan(rate), facts.target, target))


def _within(rate: Floats, factor: float | Floats) -> Floats:
    """Multiples of rates that still are rates: none above 0.9 unless the rate itself is."""
    return np.asarray(np.minimum(rate * factor, np.maximum(rate, LARGEST_RATE)))


def _promise(levels: LevelResults, rate: Floats) -> LevelResults:
    return replace(levels, policies=replace(levels.policies, expected_backorder_rate=rate))
