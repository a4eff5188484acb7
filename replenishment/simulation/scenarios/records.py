"""Stock that isn't where, or as much as, the system believes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from replenishment.simulation.case import Case
from replenishment.simulation.scenarios.scenario import Scenario
from replenishment.simulation.world import by_period, each

__all__ = ["MiscountedStock", "MisplacedStock"]

Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class MisplacedStock(Scenario):
    """Once in ``every_days`` on average, the share ``share`` of what is on the shelf is put elsewhere.

    The system still counts on it, nobody finds it until the next stocktake, held every ``stocktake_days``. It holds
    during the warm-up too. Misplaced units are stock: they are paid for.
    """

    share: float = 0.1
    every_days: float = 30.0
    stocktake_days: float = 180.0

    def __post_init__(self) -> None:
        self._share("share")
        self._least(every_days=1e-9, stocktake_days=1e-9)

    def apply(self, case: Case) -> Case:
        """Let units leave the shelf and be found again."""
        n, house = len(case), case.warehouse
        hit = case.hit(self.where) & (self.share > 0)
        chance = min(case.period_days / self.every_days, 1.0)

        def where_hit(name: str, value: float) -> Floats:
            return np.where(hit[:, None], value, by_period(name, getattr(house, name), n, case.periods, 0.0, 1.0))

        changed = replace(
            house,
            error_probability=where_hit("error_probability", chance),
            error_share=where_hit("error_share", self.share),
            misplaced=np.where(hit, True, house.misplaced),
            stocktake_every=_stocktakes(case, hit, self.stocktake_days),
        )
        return replace(case, warehouse=changed)


@dataclass(frozen=True, kw_only=True)
class MiscountedStock(Scenario):
    """The record shows ``surplus_days`` of mean demand more than is there; less, where that is below 0.

    It does so from the start of the warm-up until a stocktake ``stocktake_days`` after the counted periods begin.
    """

    surplus_days: float = 7.0
    stocktake_days: float = 90.0

    def __post_init__(self) -> None:
        self._least(stocktake_days=1e-9, surplus_days=-np.inf)

    def apply(self, case: Case) -> Case:
        """Make the record wrong."""
        n, house = len(case), case.warehouse
        surplus = self.surplus_days / case.period_days * case.planned("mean_demand")
        surplus = np.where(case.whole, np.floor(surplus + 0.5), surplus)
        hit = case.hit(self.where) & (surplus != 0)
        known = each("book_error", house.book_error, n, -np.inf)
        changed = replace(
            house,
            book_error=known + np.where(hit, surplus, 0.0),
            stocktake_every=_stocktakes(case, hit, self.stocktake_days + case.warm_up * case.period_days),
        )
        return replace(case, warehouse=changed)


def _stocktakes(case: Case, hit: Flags, days: float) -> Floats:
    """Periods between stocktakes, (n,); 0 for never. Of two intervals the shorter holds."""
    known = each("stocktake_every", case.warehouse.stocktake_every, len(case), 0)
    every = max(np.rint(days / case.period_days), 1.0) if np.isfinite(days) else 0.0
    both = np.where(known == 0, every, np.where(every == 0, known, np.minimum(known, every)))
    return np.where(hit, both, known)
