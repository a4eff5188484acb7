"""The coming weeks of a plan: mean demand, moving levels, planned orders, and the money that goes with them.

Money leaves when goods arrive (no terms of payment are known); revenue waits while customers do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from pipelines.digests import row_digests
from pipelines.jobs.kept_rows import KeptRows
from pipelines.jobs.rows import join_rows
from pipelines.stage_store import FORGETFUL, StageStore
from replenishment.planned_orders import CurrentPolicy, PlannedOrders, level_shifts, plan_orders, shown_mean

if TYPE_CHECKING:
    import pandas as pd

    from pipelines.jobs.planning import Plan

__all__ = ["Projection", "money_frame", "planned_levels_frame", "planned_orders_frame", "project"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_ITEMS_A_PIECE: Final = 64
# A mean needs fewer paths than a tail.
_PATHS: Final = 100


@dataclass(frozen=True, eq=False)
class Projection:
    """What is expected of n items at the t openings from as_of on; see :class:`PlannedOrders`.

    Attributes
    ----------
    openings : (t + 1,) days since 1970-01-01. demand : (n, t) mean of each period, units.
    lead_time : (n,) expected, in periods.
    """

    openings: Integers
    demand: Floats
    lead_time: Integers
    planned: PlannedOrders


@dataclass(frozen=True, eq=False)
class _MeanDemand:
    """Of each item and coming period: mean demand, and its mean over the protection interval from there; (n, t)."""

    period: Floats
    interval: Floats


def project(made: Plan, days: float, run: Any = map, store: StageStore = FORGETFUL) -> Projection:
    """Follow each item's policy along its mean demand over the coming ``days``.

    ``store`` : where means that have been taken before are taken up.
    """
    calendar, levels, facts = made.panel.calendar, made.levels, made.facts
    periods = max(round(days / calendar.frequency.mean_days), 1)
    lead_time = np.rint(levels.lead_time_mean).astype(np.int64)
    review = np.maximum(facts.review_periods, 1)
    mean = _mean_demand(made, lead_time + review, periods, run, store)
    policies = levels.policies
    policy = CurrentPolicy(
        policies.reorder_point,
        policies.raise_to,
        policies.lot,
        policies.minimum,
        facts.maximum,
        facts.pack,
        facts.integral,
        review,
        lead_time,
        ~made.held,
    )
    shifts = level_shifts(mean.interval, levels.demand_sd, policies.safety_stock)
    planned = plan_orders(policy, shifts, mean.period, made.stock.net, made.stock.arrivals, made.orders.quantity)
    return Projection(calendar.openings_from(calendar.periods, periods + 1), mean.period, lead_time, planned)


def _mean_demand(made: Plan, protection: Integers, periods: int, run: Any, store: StageStore) -> _MeanDemand:
    """Means of all items, ``periods`` ahead; those of items of which nothing has changed are taken up."""

    def find(rows: Integers) -> _MeanDemand:
        pieces = [rows[k : k + _ITEMS_A_PIECE] for k in range(0, len(rows), _ITEMS_A_PIECE)]
        parts = list(run(lambda piece: _means_of(made, piece, protection[piece], periods), pieces))
        return join_rows(parts, np.arange(len(rows))) if parts else _MeanDemand(*np.zeros((2, 0, periods)))

    if store.root is None:
        return find(np.arange(len(protection)))
    rows = row_digests(len(protection), made.drawn_from, protection)
    return KeptRows[_MeanDemand](store, "demand-ahead", (_MeanDemand,)).once(rows, periods, find)


def _means_of(made: Plan, rows: Integers, protection: Integers, periods: int) -> _MeanDemand:
    paths = made.forecaster.paths(periods + int(protection.max()), _PATHS, rows).astype(np.float64)
    until = np.cumsum(paths, axis=2)
    begun = np.concatenate([np.zeros((*paths.shape[:2], 1)), until], axis=2)[:, :, :periods]
    ends = np.arange(periods)[None, :] + protection[:, None] - 1
    sums = np.take_along_axis(until, ends[:, None, :], axis=2) - begun
    return _MeanDemand(paths[:, :, :periods].mean(axis=1), shown_mean(sums))


def planned_orders_frame(made: Plan, seen: Projection) -> pd.DataFrame:
    """One row an expected order: item, supplier, days, units and money, the ones of today first."""
    import pandas as pd

    opening, item = np.nonzero(seen.planned.orders.T > 0)
    units = seen.planned.orders[item, opening]
    price = made.items["unit_cost"].to_numpy(float)[item]
    wait = made.sources.days.delay[made.sources.choice.chosen][item]
    return pd.DataFrame(
        {
            "sku": np.array(made.panel.skus, dtype=object)[item],
            "location": np.array(made.panel.locations, dtype=object)[item],
            "supplier": made.items["supplier"].to_numpy()[item],
            "order_date": _dates(seen.openings[opening] + wait),
            "arrival_date": _dates(_openings(made, opening + seen.lead_time[item])),
            "quantity": units,
            "value": units * price,
            "decided": opening == 0,
        }
    )


def planned_levels_frame(made: Plan, seen: Projection) -> pd.DataFrame:
    """One row an item and week (or longer period): the levels in force, mean demand and expected stock."""
    import pandas as pd

    starts = _weekly(made, seen)
    n, weeks = len(made.panel.skus), len(starts)
    ends = np.append(starts[1:], seen.demand.shape[1])
    demand = np.add.reduceat(seen.demand, starts, axis=1) if n else np.zeros((0, weeks))
    step = seen.planned.raise_to - made.levels.policies.raise_to[:, None]
    return pd.DataFrame(
        {
            "sku": np.repeat(np.array(made.panel.skus, dtype=object), weeks),
            "location": np.repeat(np.array(made.panel.locations, dtype=object), weeks),
            "supplier": np.repeat(made.items["supplier"].to_numpy(), weeks),
            "date": np.tile(_dates(seen.openings[starts]), n),
            "reorder_point": seen.planned.reorder_point[:, starts].ravel(),
            "order_up_to": (made.levels.policies.order_up_to[:, None] + step)[:, starts].ravel(),
            "demand_mean": demand.ravel(),
            "stock": seen.planned.stock[:, ends - 1].ravel(),
        }
    )


def money_frame(made: Plan, seen: Projection) -> pd.DataFrame:
    """One row a supplier and week: orders placed, money that leaves when goods arrive, revenue that waits.

    ``ordered_value`` : of the orders placed in the week. ``cash_out`` : of what arrives in it, open orders included.
    ``revenue_waiting`` : price of the units that customers are expected to wait for at its end, so not a flow.
    """
    import pandas as pd

    starts, t = _weekly(made, seen), seen.demand.shape[1]
    cost = np.nan_to_num(made.items["unit_cost"].to_numpy(float))
    price = made.items["unit_price"].fillna(made.items["unit_cost"]).fillna(0.0).to_numpy(float)
    orders = seen.planned.orders
    arriving = np.zeros((len(cost), t + int(seen.lead_time.max(initial=0)) + made.stock.arrivals.shape[1]))
    arriving[:, : made.stock.arrivals.shape[1]] += made.stock.arrivals
    for k in range(t):
        arriving[np.arange(len(cost)), k + seen.lead_time] += orders[:, k]
    ends = np.append(starts[1:], t)
    waiting = np.maximum(-seen.planned.stock[:, ends - 1], 0.0) * price[:, None]
    supplier = made.items["supplier"].fillna("").astype(str).to_numpy()
    weeks = list(zip(starts.tolist(), ends.tolist(), strict=True))
    frame = pd.DataFrame(
        {
            "week": np.repeat(_dates(seen.openings[starts]), len(cost)),
            "supplier": np.tile(supplier, len(weeks)),
            "ordered_value": np.concatenate([orders[:, start:end].sum(axis=1) * cost for start, end in weeks]),
            "cash_out": np.concatenate([arriving[:, start:end].sum(axis=1) * cost for start, end in weeks]),
            "revenue_waiting": waiting.T.ravel(),
        }
    )
    return frame.groupby(["week", "supplier"], sort=True, as_index=False).sum()


def _weekly(made: Plan, seen: Projection) -> Integers:
    """The openings that begin a week, counted from as_of; all of them where periods are weeks or longer."""
    step = 7 if made.panel.calendar.frequency.code == "D" else 1
    return np.arange(0, seen.demand.shape[1], step)


def _openings(made: Plan, ahead: Integers) -> Integers:
    """The days of openings that lie so many periods after as_of."""
    calendar = made.panel.calendar
    return calendar.openings_from(calendar.periods, int(ahead.max(initial=0)) + 1)[ahead]


def _dates(days: Integers) -> npt.NDArray[np.datetime64]:
    return days.astype("datetime64[D]").astype("datetime64[s]")
