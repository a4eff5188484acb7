"""Suppliers that deliver otherwise than planned."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from replenishment.simulation.case import Case
from replenishment.simulation.scenarios.scenario import Scenario, Temporary, periods_of, whole_steps
from replenishment.simulation.sharing import SharedLimit
from replenishment.simulation.tables import yields_of

__all__ = ["LongerLeadTime", "RejectedQuality", "SupplierAtCapacity", "SupplierDelay", "SupplierFailure"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class SupplierDelay(Temporary):
    """What is ordered within ``days`` arrives ``late_days`` later than its lead time, in whole periods, rounded up."""

    late_days: float = 14.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self._least(late_days=0)

    def apply(self, case: Case) -> Case:
        """Add to the delay of what is shipped in the meantime."""
        late = periods_of(self.late_days, case)
        return _delayed(case, self.during(case, case.supply.delay, lambda delay: delay + late))


@dataclass(frozen=True, kw_only=True)
class LongerLeadTime(Temporary):
    """Lead times are ``factor`` times as long on average as the planner believes, from the first counted period on.

    The mean lead time times (factor - 1), in whole periods, rounded up, comes on top of every lead time.
    """

    begins: float = 0.0
    days: float = np.inf
    factor: float = 1.5

    def __post_init__(self) -> None:
        super().__post_init__()
        self._least(factor=1)

    def apply(self, case: Case) -> Case:
        """Add to the delay of every order."""
        p = case.lead_time.probability
        more = np.ceil((self.factor - 1.0) * (p @ np.arange(p.shape[1])) - 1e-9)
        more = more[case.hit(self.where), None]
        return _delayed(case, self.during(case, case.supply.delay, lambda delay: delay + more))


@dataclass(frozen=True, kw_only=True)
class SupplierFailure(Temporary):
    """The supplier ships nothing for ``days``; what was ordered meanwhile leaves when it is back.

    The lead time of such an order begins on the supplier's first day back; what is on its way arrives as it would have.
    """

    def apply(self, case: Case) -> Case:
        """Delay each order until the supplier is back."""
        when = self.span(case)
        left = when.stop - np.arange(when.start, when.stop)
        return _delayed(case, self.during(case, case.supply.delay, lambda delay: delay + left))


@dataclass(frozen=True, kw_only=True)
class SupplierAtCapacity(Temporary):
    """A supplier ships at most ``share`` of the mean demand of its items in a period; what is ordered beyond waits.

    Its items share what it can ship: who lacks cover most comes first (see ``SharedLimit``). An item whose supplier the
    case isn't told has one of its own. Of items in whole units it ships whole units: a capacity of half a unit is one
    unit every other period. What it doesn't use isn't saved.
    """

    days: float = 90.0
    share: float = 0.9

    def __post_init__(self) -> None:
        super().__post_init__()
        self._least(share=0)

    def apply(self, case: Case) -> Case:
        """Let the items of a supplier share what it can ship."""
        mean, when = case.planned("mean_demand"), self.span(case)
        if np.isinf(self.share):
            return case
        supplier = _suppliers(case)
        group = np.where(case.hit(self.where), supplier, -1)
        of_any = group >= 0
        usual = np.bincount(group[of_any], mean[of_any], minlength=len(case))
        broken = np.bincount(group[of_any], ~case.whole[of_any], minlength=len(case))
        most = np.full((len(case), case.periods), np.inf)
        steady = np.broadcast_to(self.share * usual[:, None], most[:, when].shape)
        most[:, when] = whole_steps(steady, broken == 0)
        limit = SharedLimit(most, group, np.ones(len(case)))
        return replace(case, supply=replace(case.supply, shared=(*case.supply.shared, limit)))


@dataclass(frozen=True, kw_only=True)
class RejectedQuality(Scenario):
    """Of every delivery a share is rejected and scrapped: uniform between 0 and twice ``share``, all the time.

    It holds during the warm-up too: this supplier has always been like that, and the planner doesn't allow for it. The
    next review sees the loss and orders again.
    """

    share: float = 0.1

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 0.5:
            raise ValueError(f"{self.name}: share is {self.share}; it must lie between 0 and 0.5")

    def apply(self, case: Case) -> Case:
        """Lower the yield."""
        least, most = yields_of(case.supply, len(case), case.periods)
        least = np.where(case.hit(self.where)[:, None], least * (1.0 - 2.0 * self.share), least)
        return replace(case, supply=replace(case.supply, least_yield=least, most_yield=most))


def _delayed(case: Case, delay: Floats) -> Case:
    return replace(case, supply=replace(case.supply, delay=delay))


def _suppliers(case: Case) -> npt.NDArray[np.int64]:
    """A number for each supplier, (n,): that of its first item."""
    labels = case.attributes.get("supplier", [None] * len(case))
    first: dict[object, int] = {}
    # An unknown label, such as not-a-number, isn't equal to itself.
    known = [label is not None and label == label for label in labels]
    return np.array(
        [first.setdefault(label, i) if k else i for i, (label, k) in enumerate(zip(labels, known, strict=True))]
    )
