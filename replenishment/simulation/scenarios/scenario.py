"""What a scenario is: a named change of a simulation's arguments, for some items and some time; and how two combine."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from replenishment.simulation.case import Case, Conditions
from replenishment.simulation.world import by_period

__all__ = ["Combined", "Scenario", "Temporary", "periods_of", "whole_steps"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Scenario(ABC):
    """Something that goes otherwise than planned.

    A member is a frozen class of a few numbers with defaults and says in ``apply`` what it changes. ``a | b`` applies
    first a, then b. Members change what they find, and each other's order makes no difference unless two set the same
    numbers: delays add up; demand factors, yields and shares multiply; of two capacities or budgets both hold, of two
    intervals between stocktakes the smaller one; closed days are closed by either.

    Attributes
    ----------
    where : the items it hits, as conditions on their attributes; default: all.
    """

    where: Conditions = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name of the class, in words joined by underscores."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", type(self).__name__).lower()

    @abstractmethod
    def apply(self, case: Case) -> Case:
        """Return the case as this scenario makes it."""

    def __or__(self, other: Scenario) -> Combined:
        return Scenario.combine(self, other)

    @staticmethod
    def combine(*scenarios: Scenario, name: str | None = None) -> Combined:
        """Return one scenario that applies all in this order."""
        return Combined(scenarios, name)

    def named(self, name: str) -> Combined:
        """Return the scenario under another name."""
        return Combined((self,), name)

    def _least(self, **limits: float) -> None:
        """Refuse parameters below their limit, or unknown."""
        for name, least in limits.items():
            if not getattr(self, name) >= least:
                raise ValueError(f"{self.name}: {name} is {getattr(self, name)}; it must be at least {least:g}")

    def _share(self, *names: str) -> None:
        """Refuse parameters outside [0, 1]."""
        for name in names:
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{self.name}: {name} is {getattr(self, name)}; it must lie between 0 and 1")


class Combined(Scenario):
    """Scenarios one after the other, under one name."""

    def __init__(self, parts: tuple[Scenario, ...], name: str | None = None) -> None:
        object.__setattr__(self, "where", {})
        object.__setattr__(self, "parts", parts)
        object.__setattr__(self, "_name", name or "+".join(part.name for part in parts) or "base")

    parts: tuple[Scenario, ...]
    _name: str

    @property
    def name(self) -> str:
        """The name given, or the names of the parts joined by +."""
        return self._name

    def apply(self, case: Case) -> Case:
        """Apply all parts in their order."""
        for part in self.parts:
            case = part.apply(case)
        return case

    def __repr__(self) -> str:
        return f"Combined({self.parts!r}, {self._name!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Combined) and (self.parts, self._name) == (other.parts, other._name)

    def __hash__(self) -> int:
        return hash(self._name)


@dataclass(frozen=True, kw_only=True)
class Temporary(Scenario):
    """A scenario that begins and ends.

    Attributes
    ----------
    begins : share of the counted periods that has passed when it begins.
    days : how long it lasts, in whole periods, rounded up; it ends with the simulation at the latest.
    """

    begins: float = 0.25
    days: float = 30.0

    def __post_init__(self) -> None:
        if not 0 <= self.begins < 1:
            raise ValueError(f"{self.name}: begins is {self.begins}; it must be at least 0 and below 1")
        self._least(days=0)

    def span(self, case: Case, after: float = 0.0) -> slice:
        """The periods in which it holds; ``after`` so many days later."""
        first = case.warm_up + int(self.begins * (case.periods - case.warm_up)) + periods_of(after, case)
        return slice(min(first, case.periods), min(first + periods_of(self.days, case), case.periods))

    def during(
        self, case: Case, old: npt.ArrayLike, change: Callable[[Floats], npt.ArrayLike], span: slice | None = None
    ) -> Floats:
        """Change a table by period for the items hit while the scenario holds; (n, periods).

        ``change`` takes what held before of the items hit, (h, m), and returns what holds now.
        """
        hit, when = case.hit(self.where), self.span(case) if span is None else span
        table = by_period(self.name, np.asarray(old, dtype=np.float64), len(case), case.periods, 0.0)
        table = np.broadcast_to(table, (len(case), case.periods)).copy()
        table[hit, when] = change(table[hit, when])
        return table


def periods_of(days: float, case: Case) -> int:
    """Whole periods that days last, rounded up; all periods where they don't end."""
    return int(min(np.ceil(days / case.period_days - 1e-9), case.periods))


def whole_steps(units: Floats, whole: npt.NDArray[np.bool_]) -> Floats:
    """Round units by period (n, ..., periods) of items that come in whole units; what is left over is carried on."""
    out = units.astype(np.float64, copy=True)
    reached = np.floor(np.cumsum(out[whole], axis=-1) + 0.5 + 1e-9)
    out[whole] = np.diff(reached, axis=-1, prepend=0.0)
    return out
