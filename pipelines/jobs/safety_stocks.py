"""The safety stock of the plan beside those of the textbooks, each with what it assumes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from forecasting.panel import CellStatus, DemandPanel
from replenishment import safety_stock as book

if TYPE_CHECKING:
    import pandas as pd

    from pipelines.jobs.planning import Plan

__all__ = ["METHODS", "cumulative_errors", "safety_stock_frame"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

# Past origins whose errors are summed up; about a year of months, a quarter of weeks.
_ORIGINS: Final = 12
_FEWEST_ORIGINS: Final = 4
_PLAN_ASSUMES: Final = (
    "the forecast distribution of the demand over lead time and review, and the distribution of the lead time, hold"
)


@dataclass(frozen=True, eq=False)
class _Ground:
    """What the formulas take, (n,); demand in units a period, times in periods, review included.

    ``mean``, ``sd`` and ``most`` are those of the known periods of the history; ``interval_mean`` and ``interval_sd``
    those of the forecast over the protection interval; ``errors`` (n, m) of a running mean over that interval, NaN
    where the history is too short.
    """

    mean: Floats
    sd: Floats
    most: Floats
    review: Floats
    time: Floats
    time_sd: Floats
    longest: Floats
    interval_mean: Floats
    interval_sd: Floats
    level: Floats
    lot: Floats
    service: Floats
    errors: Floats


def _average_max(g: _Ground, r: Integers) -> book.SafetyStock:
    return book.average_max_method(
        average_demand=g.mean[r],
        maximum_demand=np.maximum(g.most, g.mean)[r],
        average_lead_time=g.time[r],
        maximum_lead_time=np.maximum(g.longest, g.time)[r],
    )


def _average_demand(g: _Ground, r: Integers) -> book.SafetyStock:
    return book.average_demand_method(average_demand=g.mean[r], days_of_cover=g.review[r], lead_time=g.time[r])


def _reorder_point(g: _Ground, r: Integers) -> book.SafetyStock:
    return book.reorder_point_method(reorder_point=g.level[r], average_demand=g.mean[r], lead_time=g.time[r])


def _root_lead_time(g: _Ground, r: Integers) -> book.SafetyStock:
    return book.root_lead_time_method(
        demand_mean=g.mean[r], demand_sd=g.sd[r], lead_time=g.time[r], cycle_service_level=g.service[r]
    )


def _random_lead_time(g: _Ground, r: Integers) -> book.SafetyStock:
    return book.random_lead_time_method(
        demand_mean=g.mean[r],
        demand_sd=g.sd[r],
        lead_time_mean=g.time[r],
        lead_time_sd=g.time_sd[r],
        cycle_service_level=g.service[r],
    )


def _cycle_service(g: _Ground, r: Integers) -> book.SafetyStock:
    return book.cycle_service_method(
        interval_mean=g.interval_mean[r], interval_sd=g.interval_sd[r], cycle_service_level=g.service[r]
    )


def _fill_rate(g: _Ground, r: Integers) -> book.SafetyStock:
    return book.fill_rate_method(
        interval_mean=g.interval_mean[r], interval_sd=g.interval_sd[r], order_quantity=g.lot[r], fill_rate=g.service[r]
    )


def _forecast_error(g: _Ground, r: Integers) -> book.SafetyStock:
    return book.forecast_error_method(
        g.errors[r], interval_mean=g.mean[r] * g.time[r], cycle_service_level=g.service[r]
    )


def _has_spread(g: _Ground) -> Flags:
    return g.interval_sd > 0


def _has_errors(g: _Ground) -> Flags:
    return np.asarray(np.isfinite(g.errors).all(axis=1)) if g.errors.shape[1] >= 2 else np.zeros(len(g.mean), np.bool_)


def _any(g: _Ground) -> Flags:
    return np.ones(len(g.mean), dtype=np.bool_)


# Name in the output, the formula, and for which items it can be computed.
METHODS: Final[dict[str, tuple[Callable[[_Ground, Integers], book.SafetyStock], Callable[[_Ground], Flags]]]] = {
    "average-max": (_average_max, _any),
    "average demand, one review of cover": (_average_demand, _any),
    "reorder point less average demand": (_reorder_point, _any),
    "z sigma root L": (_root_lead_time, _any),
    "z sigma, random lead time": (_random_lead_time, _any),
    "z sigma of the forecast": (_cycle_service, _any),
    "fill rate, normal": (_fill_rate, _has_spread),
    "z sigma of past forecast errors": (_forecast_error, _has_errors),
}


def safety_stock_frame(made: Plan) -> pd.DataFrame:
    """Compare the plan's safety stock with those of the textbooks.

    Returns
    -------
    One row an item and method: sku, location, method ("plan" first), safety_stock and reorder_point (units; NaN where
    a formula lacks what it needs, such as any demand), difference (to the plan's safety stock), assumes.

    Notes
    -----
    The service level of the formulas is the target where it is one of cycles, periods or units; 1 - target for a
    backorder rate, as is common practice although a share of units is no share of cycles; the plan's fractile where
    costs decide. Their lead time is the plan's, one review interval included.
    """
    import pandas as pd

    ground = _ground(made)
    known = (
        (ground.mean > 0) & (ground.time > 0) & (ground.interval_mean > 0) & (ground.service > 0) & (ground.service < 1)
    )
    plan = made.levels.policies.safety_stock
    columns = [("plan", plan, ground.level, _PLAN_ASSUMES)]
    for name, (formula, computable) in METHODS.items():
        rows = np.flatnonzero(known & computable(ground))
        stock, point = np.full(len(plan), np.nan), np.full(len(plan), np.nan)
        assumes = ""
        if len(rows):
            found = formula(ground, rows)
            stock[rows], point[rows], assumes = found.safety_stock, found.reorder_point, "; ".join(found.assumes)
        columns.append((name, stock, point, assumes))
    names = [name for name, *_ in columns]
    code = np.tile(np.arange(len(columns)), len(plan))
    said = list(dict.fromkeys(text for *_, text in columns))
    stock = np.stack([column[1] for column in columns], axis=1)
    return pd.DataFrame(
        {
            "sku": np.repeat(np.array(made.panel.skus, dtype=object), len(columns)),
            "location": np.repeat(np.array(made.panel.locations, dtype=object), len(columns)),
            "method": pd.Categorical.from_codes(code, pd.Index(names)),
            "safety_stock": stock.ravel(),
            "reorder_point": np.stack([column[2] for column in columns], axis=1).ravel(),
            "difference": (stock - plan[:, None]).ravel(),
            "assumes": pd.Categorical.from_codes(
                np.array([said.index(text) for *_, text in columns])[code], pd.Index(said)
            ),
        }
    )


def _ground(made: Plan) -> _Ground:
    levels, panel, policies = made.levels, made.panel, made.levels.policies
    known = panel.status == CellStatus.OBSERVED
    seen = np.maximum(known.sum(axis=1), 1)
    quantity = np.where(known, panel.quantity, 0.0).astype(np.float64)
    mean = quantity.sum(axis=1) / seen
    sd = np.sqrt(np.where(known, (quantity - mean[:, None]) ** 2, 0.0).sum(axis=1) / np.maximum(seen - 1, 1))
    review = np.maximum(made.facts.review_periods, 1).astype(np.float64)
    time = levels.lead_time_mean + review
    return _Ground(
        mean=mean,
        sd=sd,
        most=quantity.max(axis=1, initial=0.0),
        review=review,
        time=time,
        time_sd=made.lead_times.sd(),
        longest=made.lead_times.maximum + review,
        interval_mean=levels.demand_mean,
        interval_sd=levels.demand_sd,
        level=np.where(policies.kind == "order_up_to", policies.order_up_to, policies.reorder_point),
        lot=np.maximum(np.maximum(policies.lot, policies.minimum), mean * review),
        service=_service_level(made),
        errors=cumulative_errors(panel, np.maximum(np.rint(time), 1).astype(np.int64)),
    )


def _service_level(made: Plan) -> Floats:
    """The z of the formulas wants a share; see :func:`safety_stock_frame`."""
    measure, target = made.facts.measure, made.items["target"].to_numpy(float)
    by_cost = np.where(measure == "cost", made.levels.policies.fractile, target)
    return np.where(measure == "backorder_rate", 1.0 - by_cost, by_cost)


def cumulative_errors(panel: DemandPanel, periods: Integers) -> Floats:
    """Errors of the mean of all periods known before each of the last origins, summed over a protection interval.

    Parameters
    ----------
    periods : (n,) length of the interval, at least 1.

    Returns
    -------
    (n, 12) demand less forecast over ``periods`` periods, one column an origin; NaN throughout where fewer than 4
    origins have as many known periods before them. Origins lie one period apart and end with the history; the first
    ones are repeated where a history has fewer than 12. Unknown periods count as forecast.
    """
    known = panel.status == CellStatus.OBSERVED
    count = np.pad(np.cumsum(known, axis=1), ((0, 0), (1, 0))).astype(np.float64)
    total = np.pad(np.cumsum(np.where(known, panel.quantity, 0.0).astype(np.float64), axis=1), ((0, 0), (1, 0)))
    out = np.full((len(panel), _ORIGINS), np.nan)
    last = count.shape[1] - 1
    for k in range(_ORIGINS):
        origin = np.maximum(last - periods - k, 0)
        rows = np.arange(len(panel))
        end = np.minimum(origin + periods, last)
        before = count[rows, origin]
        mean = np.divide(total[rows, origin], before, out=np.zeros(len(panel)), where=before > 0)
        inside = count[rows, end] - count[rows, origin]
        demand = total[rows, end] - total[rows, origin]
        enough = (before >= periods) & (last - periods - k >= 0)
        out[enough, k] = (demand - mean * inside)[enough]
    usable = np.isfinite(out).sum(axis=1)
    filled = np.take_along_axis(out, np.arange(_ORIGINS)[None, :] % np.maximum(usable, 1)[:, None], axis=1)
    return np.where((usable >= _FEWEST_ORIGINS)[:, None], filled, np.nan)
