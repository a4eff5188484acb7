"""A replay written down: promised and achieved by group, items, periods, reviews and cost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from forecasting.identity import stream_keys
from pipelines.config import PlanConfig
from pipelines.jobs.replay_trace import ReplayTrace
from replenishment.clustered_bootstrap import FEWEST_BLOCKS, rate_interval, sum_blocks

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "cost_frame",
    "describe_replay",
    "item_frame",
    "measured_units",
    "period_frame",
    "review_frame",
    "service_frame",
]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
_SERVICE: Final = (
    "group", "value", "promised", "achieved", "difference", "low", "high",
    "units_demanded", "units_backordered", "items",
)  # fmt: skip
_GROUPS: Final = ("class", "category", "supplier", "location")


def service_frame(trace: ReplayTrace, config: PlanConfig) -> pd.DataFrame:
    """Promised and achieved, one row a group: total, record, class, category, supplier, location, and those apart.

    By record: items of which every period was recorded, and those of whose demand some was estimated, as they were out
    of stock, or is not known. What was estimated is not measured, but it takes from the stock that later demand meets.

    Units lost count as backordered here: what could not be filled in the period of its demand.
    """
    import pandas as pd

    keys, short, demanded = measured_units(trace, config.seed)
    promise, weight = _promises(trace)
    rows = []
    for group, value, members in _groups(trace):
        low, high = rate_interval(short[members], demanded[members], keys[members])
        units, missed = float(demanded[members].sum()), float(short[members].sum())
        promised = _ratio(float(promise[members].sum()), float(weight[members].sum()))
        achieved = _ratio(missed, units)
        rows.append(
            (group, value, promised, achieved, achieved - promised, low, high, units, missed, int(members.sum()))
        )
    return pd.DataFrame(rows, columns=list(_SERVICE))


def measured_units(trace: ReplayTrace, seed: int) -> tuple[npt.NDArray[np.uint64], Floats, Floats]:
    """Units short and demanded in the periods that are measured, in blocks of time: (n, b), after the items' keys."""
    length = _block_length(trace)
    short = sum_blocks(np.where(trace.measured, trace.short, 0.0), length)
    demanded = sum_blocks(np.where(trace.measured, trace.demanded, 0.0), length)
    return stream_keys(trace.items["sku"].tolist(), trace.items["location"].tolist(), seed), short, demanded


def _block_length(trace: ReplayTrace) -> int:
    """Periods of a block: two protection intervals where they leave ten blocks, else one.

    Periods of one interval share demand; in blocks of one interval neighbours still share much of it.
    """
    length = int(trace.protection.max(initial=1))
    return 2 * length if len(trace.dates) >= 2 * FEWEST_BLOCKS * 2 * length else length


def _groups(trace: ReplayTrace) -> Iterator[tuple[str, str, Flags]]:
    """The groups of items with demand before the replay, then the others."""
    items = trace.items
    before = items["demanded_before"].to_numpy(np.bool_)
    yield "total", "all", before
    gaps = trace.censored.any(axis=1)
    if (before & gaps).any() and (before & ~gaps).any():
        yield "record", "whole", before & ~gaps
        yield "record", "with gaps", before & gaps
    for name in _GROUPS:
        values = np.array([v if isinstance(v, str) else "" for v in items[name]], dtype=object)
        known = sorted(set(values[before]) - {""})
        if len(known) > 1 or (name == "class" and known):
            for value in known:
                yield name, value, before & (values == value)
    if not before.all():
        yield "history", "no demand before the replay", ~before


def _promises(trace: ReplayTrace) -> tuple[Floats, Floats]:
    """Units short that were promised, and units that they were promised of, by item; reviews after the warm-up."""
    counted = trace.after_warm_up & (trace.weight > 0)
    weight = np.where(counted, trace.weight, 0.0)
    return np.where(counted, trace.promised * weight, 0.0).sum(axis=1), weight.sum(axis=1)


def item_frame(trace: ReplayTrace) -> pd.DataFrame:
    """One row an item, over the periods that are measured; stock, orders and their money after the warm-up."""
    import pandas as pd

    measured, after = trace.measured, trace.after_warm_up
    promise, weight = _promises(trace)
    demanded, short, backordered, lost = (
        np.where(measured, units, 0.0).sum(axis=1)
        for units in (trace.demanded, trace.short, trace.backordered, trace.lost)
    )
    mean_stock = np.where(after, trace.stock, 0.0).sum(axis=1) / np.maximum(after.sum(axis=1), 1)
    items = trace.items
    return pd.DataFrame(
        {
            "sku": items["sku"],
            "location": items["location"],
            "class": items["class"],
            "category": items["category"],
            "supplier": items["supplier"],
            "promised": _divided(promise, weight),
            "achieved": _divided(short, demanded),
            "units_forecast": weight,
            "units_demanded": demanded,
            "units_backordered": backordered,
            "units_lost": lost,
            "mean_stock": mean_stock,
            "mean_stock_value": mean_stock * items["unit_cost"].to_numpy(float),
            "orders": np.where(after, trace.lines, 0).sum(axis=1),
            "periods_measured": measured.sum(axis=1),
            "periods_censored": (after & trace.censored).sum(axis=1),
            "demanded_before": items["demanded_before"],
        }
    )


def period_frame(trace: ReplayTrace) -> pd.DataFrame:
    """One row a period, all items together, units; the warm-up too.

    ``measured_demanded`` and ``measured_short`` add up to what the service of all items is measured on.
    """
    import pandas as pd

    names = ("ordered", "received", "demanded", "filled", "backordered", "lost", "stock", "waiting")
    sums = {name: getattr(trace, name).sum(axis=0) for name in names}
    counted = trace.measured & trace.items["demanded_before"].to_numpy(np.bool_)[:, None]
    measured = {
        "items_measured": trace.measured.sum(axis=0),
        "measured_demanded": np.where(counted, trace.demanded, 0.0).sum(axis=0),
        "measured_short": np.where(counted, trace.short, 0.0).sum(axis=0),
    }
    return pd.DataFrame({"date": trace.dates.astype("datetime64[s]"), **sums, **measured})


def cost_frame(trace: ReplayTrace) -> pd.DataFrame:
    """Money after the warm-up, one row: ordering, holding, shortage, purchase, total; an unknown cost is 0."""
    import pandas as pd

    after, items = trace.after_warm_up, trace.items

    def money(units: npt.NDArray[Any], price: str) -> float:
        return float((np.where(after, units, 0.0).sum(axis=1) * np.nan_to_num(items[price].to_numpy(float))).sum())

    parts = {
        "ordering": money(trace.lines, "order_cost"),
        "holding": money(trace.stock, "holding_cost"),
        "shortage": money(trace.short, "shortage_cost"),
        "purchase": float(np.where(after, trace.spent, 0.0).sum()),
    }
    return pd.DataFrame({**{k: [v] for k, v in parts.items()}, "total": [sum(parts.values())]})


def review_frame(reviews: list[dict[str, Any]]) -> pd.DataFrame:
    """One row a review: when, whether the forecast was fitted anew, what was promised and ordered."""
    import pandas as pd

    frame = pd.DataFrame(reviews)
    return frame.assign(date=frame["date"].astype("datetime64[s]"))


def describe_replay(
    trace: ReplayTrace, config: PlanConfig, service: pd.DataFrame, reviews: list[dict[str, Any]], notes: list[str]
) -> dict[str, Any]:
    """The replay in numbers, and what a reader must know of them."""
    total = service.iloc[0].to_dict()
    before = trace.items["demanded_before"].to_numpy(np.bool_)
    after = trace.after_warm_up & before[:, None]
    value = trace.items["unit_cost"].to_numpy(float)[:, None] * trace.stock
    return {
        "from": str(trace.dates[0]),
        "to": str(trace.dates[-1]),
        "periods": len(trace.dates),
        "items": len(trace.items),
        "items_without_demand_before": int((~before).sum()),
        "reviews": len(reviews),
        "fits": sum(review["fitted"] for review in reviews),
        "longest_warm_up": int(trace.warm_up.max(initial=0)),
        "target": None if config.measure == "cost" else config.target,
        **{name: total[name] for name in ("promised", "achieved", "difference", "low", "high")},
        **{name: total[name] for name in ("units_demanded", "units_backordered")},
        "units_not_measured": float(np.where(after & ~trace.measured, trace.demanded, 0.0).sum()),
        "mean_stock": float(np.where(after, trace.stock, 0.0).sum(axis=0).mean()),
        "mean_stock_value": float(np.nansum(np.where(after, value, 0.0), axis=0).mean()),
        "order_lines": int(trace.lines.sum()),
        "order_value": float(trace.spent.sum()) if trace.spent.any() else None,
        "notes": [*_gaps(trace), *_asked(reviews, config), *notes],
    }


def _gaps(trace: ReplayTrace) -> list[str]:
    """What limits the measure."""
    notes = []
    if not trace.measured.any():
        notes.append("nothing is measured: the replay is no longer than its warm-up, or nothing is planned")
    periods, length = len(trace.dates), int(trace.protection.max(initial=1))
    if periods // length < FEWEST_BLOCKS:
        notes.append(
            f"the {periods} periods hold fewer than {FEWEST_BLOCKS} protection intervals of {length}: the interval of "
            "achieved knows of what SKUs, not of what seasons have in common, and may be too narrow"
        )
    held = trace.after_warm_up & ~trace.planned & (trace.demanded > 0)
    if held.any():
        units = trace.demanded[held].sum()
        notes.append(
            f"{units:,.0f} units were demanded of items while no order was proposed for them (on hold, discontinued, "
            "without a lead time or any demand yet): they are not measured"
        )
    return notes


def _asked(reviews: list[dict[str, Any]], config: PlanConfig) -> list[str]:
    """By how much the targets were corrected on the way, and what a plan must be told to do the same."""
    asked = [review["asked"] for review in reviews if review["asked"] != 1.0]
    if not asked:
        return []
    return [
        f"{len(asked)} of {len(reviews)} reviews asked for {min(asked):.2f} to {max(asked):.2f} times the targets, as "
        "earlier reviews would have kept them only so"
        + ('; a plan asks so with correction = "online" under [plan]' if config.correction == "auto" else "")
    ]


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole > 0 else float("nan")


def _divided(part: Floats, whole: Floats) -> Floats:
    return np.asarray(np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0))
