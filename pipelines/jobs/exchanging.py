"""The exchange curve of an assortment: where its stock value stands, and the cheapest way to a wanted total."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from forecasting.forecaster import DemandForecaster
from pipelines.jobs.levels import ItemFacts, LevelResults
from pipelines.jobs.total_target import item_curves, prices
from replenishment.exchange_curve import exchange_curve
from replenishment.lead_times import LeadTimes
from replenishment.total_target import points_for_total

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Exchange", "trade_stock_for_service"]

Floats = npt.NDArray[np.float64]
_POINTS: Final = 200


@dataclass(frozen=True, eq=False)
class Exchange:
    """Stock value against backorder rate.

    Attributes
    ----------
    curve : frame of points: point ("curve", "now", "wanted"), backorder_rate, stock_value, multiplier (backorders per
        period that the last unit of money avoids). "now" is what the levels of the plan promise and hold; "wanted" is
        the cheapest way to the wanted total, in whole units and packs.
    classes : one row a class, then the total: class, items, demand (units a period), backorder_rate_now,
        stock_value_now, backorder_rate_wanted, stock_value_wanted.
    reached : whether the wanted total can be met.
    """

    curve: pd.DataFrame
    classes: pd.DataFrame
    reached: bool


def trade_stock_for_service(
    items: pd.DataFrame,
    facts: ItemFacts,
    levels: LevelResults,
    lead_times: LeadTimes,
    held: npt.NDArray[np.bool_],
    forecaster: DemandForecaster,
    wanted: float | None = None,
    run: Any = map,
) -> Exchange | None:
    """Trace the exchange curve of a plan's items, whatever their own measures and targets are.

    Items for which no order is proposed or nothing is demanded stay out of it; without a unit cost an item counts with
    the median of the others. Demand, lead times and lots are those of the plan.

    Parameters
    ----------
    wanted : demand-weighted backorder rate by unit; default: the one that the plan promises now, at less stock.

    Returns
    -------
    None where no item is left.
    """
    demand = levels.demand_mean / np.maximum(levels.lead_time_mean + facts.review_periods, 1.0)
    rows = np.flatnonzero(~held & (demand > 0))
    if not len(rows):
        return None
    weight = demand[rows]
    price = prices(items, rows)
    rate, stock = item_curves(rows, facts, forecaster, lead_times, run)
    value = stock * price[:, None]
    now_rate = levels.policies.expected_backorder_rate[rows]
    now_value = levels.policies.expected_stock[rows] * price
    total = float(now_rate @ weight / weight.sum()) if wanted is None else wanted
    shared = points_for_total(rate, value, weight, max(total, 1e-9))
    classes = forecaster.choice_["class"].to_numpy(str)[rows]
    found = _Assortment(classes, weight, now_rate, now_value, shared.rate, shared.value)
    return Exchange(_curve_frame(rate, value, weight, found, shared.multiplier), found.frame(), shared.reached)


@dataclass(frozen=True, eq=False)
class _Assortment:
    """What each item has now and would get; arrays (n,)."""

    classes: npt.NDArray[np.str_]
    weight: Floats
    now_rate: Floats
    now_value: Floats
    wanted_rate: Floats
    wanted_value: Floats

    def row(self, name: str, members: npt.NDArray[np.bool_]) -> dict[str, Any]:
        """One row of the table of classes."""
        weight = self.weight[members]
        return {
            "class": name,
            "items": int(members.sum()),
            "demand": float(weight.sum()),
            "backorder_rate_now": float(self.now_rate[members] @ weight / weight.sum()),
            "stock_value_now": float(self.now_value[members].sum()),
            "backorder_rate_wanted": float(self.wanted_rate[members] @ weight / weight.sum()),
            "stock_value_wanted": float(self.wanted_value[members].sum()),
        }

    def frame(self) -> pd.DataFrame:
        """One row a class, then the total."""
        import pandas as pd

        every = np.ones(len(self.weight), dtype=np.bool_)
        rows = [self.row(str(name), self.classes == name) for name in np.unique(self.classes)]
        return pd.DataFrame([*rows, self.row("total", every)])


def _curve_frame(rate: Floats, value: Floats, weight: Floats, found: _Assortment, multiplier: float) -> pd.DataFrame:
    import pandas as pd

    curve = exchange_curve(rate, value, weight).thinned(_POINTS)
    total = found.frame().iloc[-1]
    points = pd.DataFrame(
        {
            "point": "curve",
            "backorder_rate": curve.rate,
            "stock_value": curve.value,
            "multiplier": np.where(np.isfinite(curve.multiplier), curve.multiplier, np.nan),
        }
    )
    ends = pd.DataFrame(
        {
            "point": ["now", "wanted"],
            "backorder_rate": [total["backorder_rate_now"], total["backorder_rate_wanted"]],
            "stock_value": [total["stock_value_now"], total["stock_value_wanted"]],
            "multiplier": [np.nan, multiplier],
        }
    )
    return pd.concat([points, ends], ignore_index=True)
