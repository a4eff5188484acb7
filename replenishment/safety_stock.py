"""
The textbook formulas for safety stock, under the names that planners know.

They are here for reference and comparison: each returns the safety stock, the reorder point that goes with it and
*what it assumes*. The plan itself takes its stock from the distribution of the demand over the protection interval.
All functions broadcast over items. ``interval`` and ``lead_time`` are in the same periods as the demand; under periodic
review add the review interval to the lead time.

Sources: Silver, Pyke and Thomas, *Inventory and Production Management in Supply Chains* (4th ed.), chapter on single
items under probabilistic demand; S. Nahmias, *Production and Operations Analysis*, chapter on stochastic inventory;
the average-max and days-of-cover rules are common practice without an author.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from replenishment.demand_distributions import NormalDemand
from replenishment.loss_functions import standard_normal_loss_inverse
from replenishment.reorder_point.targets import reorder_point_for
from replenishment.validation import FloatArray, as_floats, checked

__all__ = [
    "SafetyStock",
    "average_demand_method",
    "average_max_method",
    "cycle_service_method",
    "fill_rate_method",
    "forecast_error_method",
    "random_lead_time_method",
    "reorder_point_method",
    "root_lead_time_method",
]


@dataclass(frozen=True)
class SafetyStock:
    """
    A safety stock by one of the formulas.

    Attributes
    ----------
    safety_stock
        Units beyond the mean demand of the interval; may be negative where a formula says so.
    reorder_point
        Mean demand of the interval plus safety stock.
    sd
        Standard deviation of the demand over the interval that was used; NaN where the formula has none.
    assumes
        What must hold for the formula to keep its promise.
    """

    safety_stock: FloatArray
    reorder_point: FloatArray
    sd: FloatArray
    assumes: tuple[str, ...]


_NORMAL = "demand over the interval is normal"
_INDEPENDENT = "demands of different periods are independent and alike"
_NO_UNDERSHOOT = "the order is placed exactly at the reorder point"
_NO_CROSSING = "orders arrive in the sequence in which they were placed"


def _result(stock: FloatArray, mean: FloatArray, sd: FloatArray, *assumes: str) -> SafetyStock:
    return SafetyStock(as_floats(stock), as_floats(mean + stock), as_floats(sd), assumes)


def average_max_method(
    *,
    average_demand: ArrayLike,
    maximum_demand: ArrayLike,
    average_lead_time: ArrayLike,
    maximum_lead_time: ArrayLike,
) -> SafetyStock:
    """
    Return (maximum demand x maximum lead time) - (average demand x average lead time).

    No service level goes in, so none comes out: the more history, the larger the maxima and the stock.

    Raises
    ------
    ValueError
        When a maximum lies below its average.
    """
    mean, time = (
        checked("average_demand", average_demand, "(0, inf)"),
        checked("average_lead_time", average_lead_time, "(0, inf)"),
    )
    most = checked("maximum_demand", maximum_demand, "(0, inf)")
    longest = checked("maximum_lead_time", maximum_lead_time, "(0, inf)")
    if np.any(most < mean):
        raise ValueError(
            f"maximum_demand is {maximum_demand!r}; it must lie in [average_demand, inf), and that is "
            f"{average_demand!r}"
        )
    if np.any(longest < time):
        raise ValueError(
            f"maximum_lead_time is {maximum_lead_time!r}; it must lie in [average_lead_time, inf), and "
            f"that is {average_lead_time!r}"
        )
    return _result(
        most * longest - mean * time,
        as_floats(mean * time),
        as_floats(np.nan * mean),
        "the largest demand and the longest lead time seen so far are never exceeded",
        "both may happen at once, in every period of the lead time",
    )


def average_demand_method(*, average_demand: ArrayLike, days_of_cover: ArrayLike, lead_time: ArrayLike) -> SafetyStock:
    """Return the average demand times a number of periods of cover that somebody has chosen."""
    mean, cover = (
        checked("average_demand", average_demand, "(0, inf)"),
        checked("days_of_cover", days_of_cover, "[0, inf)"),
    )
    time = checked("lead_time", lead_time, "(0, inf)")
    return _result(
        as_floats(mean * cover),
        as_floats(mean * time),
        as_floats(np.nan * mean),
        "the same cover suits steady and erratic items",
    )


def reorder_point_method(*, reorder_point: ArrayLike, average_demand: ArrayLike, lead_time: ArrayLike) -> SafetyStock:
    """Return what a given reorder point leaves as safety stock: reorder point - average demand x lead time."""
    level = checked("reorder_point", reorder_point, "(-inf, inf)")
    mean, time = checked("average_demand", average_demand, "(0, inf)"), checked("lead_time", lead_time, "(0, inf)")
    return _result(
        as_floats(level - mean * time), as_floats(mean * time), as_floats(np.nan * mean), "the reorder point was right"
    )


def cycle_service_method(
    *, interval_mean: ArrayLike, interval_sd: ArrayLike, cycle_service_level: ArrayLike
) -> SafetyStock:
    """
    Return z sigma, z the normal quantile of a cycle service level (type 1) in (0, 1).

    ``interval_mean`` and ``interval_sd`` are those of the demand over the whole lead time (or protection interval).
    """
    mean, sd = checked("interval_mean", interval_mean, "(0, inf)"), checked("interval_sd", interval_sd, "[0, inf)")
    z = ndtri(checked("cycle_service_level", cycle_service_level, "(0, 1)"))
    return _result(
        as_floats(z * sd),
        mean,
        sd,
        _NORMAL,
        _NO_UNDERSHOOT,
        "the target is the share of cycles without a stock-out, not of units",
    )


def root_lead_time_method(
    *, demand_mean: ArrayLike, demand_sd: ArrayLike, lead_time: ArrayLike, cycle_service_level: ArrayLike
) -> SafetyStock:
    """
    Return z sigma sqrt(L) with the standard deviation of one period's demand.

    The root holds for independent periods around a *known* mean. The error of a forecast is common to all periods of
    the lead time: use :func:`forecast_error_method`.
    """
    mean, sd = checked("demand_mean", demand_mean, "(0, inf)"), checked("demand_sd", demand_sd, "[0, inf)")
    time = checked("lead_time", lead_time, "(0, inf)")
    z = ndtri(checked("cycle_service_level", cycle_service_level, "(0, 1)"))
    spread = as_floats(sd * np.sqrt(time))
    return _result(
        as_floats(z * spread),
        as_floats(mean * time),
        spread,
        _NORMAL,
        _INDEPENDENT,
        _NO_UNDERSHOOT,
        "the mean demand and the lead time are known",
    )


def random_lead_time_method(
    *,
    demand_mean: ArrayLike,
    demand_sd: ArrayLike,
    lead_time_mean: ArrayLike,
    lead_time_sd: ArrayLike,
    cycle_service_level: ArrayLike,
) -> SafetyStock:
    """
    Return z sqrt(L sigma**2 + mean**2 sigma_L**2), for a lead time that varies.

    Source: Hadley and Whitin (1963), chapter 3. When orders may overtake each other the second term is too large:
    :func:`replenishment.base_stock.random_lead_time.variance_with_crossing`.
    """
    mean, sd = checked("demand_mean", demand_mean, "(0, inf)"), checked("demand_sd", demand_sd, "[0, inf)")
    time = checked("lead_time_mean", lead_time_mean, "(0, inf)")
    time_sd = checked("lead_time_sd", lead_time_sd, "[0, inf)")
    z = ndtri(checked("cycle_service_level", cycle_service_level, "(0, 1)"))
    spread = as_floats(np.sqrt(time * sd * sd + mean * mean * time_sd * time_sd))
    return _result(
        as_floats(z * spread),
        as_floats(mean * time),
        spread,
        _NORMAL,
        _INDEPENDENT,
        _NO_UNDERSHOOT,
        _NO_CROSSING,
        "lead time and demand are independent of each other",
    )


def fill_rate_method(
    *,
    interval_mean: ArrayLike,
    interval_sd: ArrayLike,
    order_quantity: ArrayLike,
    fill_rate: ArrayLike,
    shortage: str = "one_term",
) -> SafetyStock:
    """
    Return k sigma with G(k) = Q (1 - fill rate) / sigma, G the unit normal loss.

    ``shortage="two_term"`` solves the exact equation, which credits that a backorder is counted in one cycle only.
    Source: Silver, Pyke and Thomas, the (s, Q) rule for a specified fraction of demand satisfied from the shelf (P2).
    """
    mean, sd = checked("interval_mean", interval_mean, "(0, inf)"), checked("interval_sd", interval_sd, "(0, inf)")
    q, share = checked("order_quantity", order_quantity, "(0, inf)"), checked("fill_rate", fill_rate, "(0, 1)")
    if shortage == "one_term":
        stock = as_floats(standard_normal_loss_inverse(q * (1.0 - share) / sd) * sd)
    else:
        stock = as_floats(reorder_point_for(NormalDemand(mean, sd), q, "fill_rate", share, shortage=shortage) - mean)
    return _result(
        stock,
        mean,
        sd,
        _NORMAL,
        _NO_UNDERSHOOT,
        "the target is the share of units filled at once, not of cycles",
        "a unit short is backordered, and "
        + ("never stays short into the next cycle" if shortage == "one_term" else "counted once"),
    )


def forecast_error_method(
    errors: ArrayLike, *, interval_mean: ArrayLike, cycle_service_level: ArrayLike
) -> SafetyStock:
    """
    Return z times the root mean square of **cumulative** forecast errors over the interval.

    Parameters
    ----------
    errors
        Actual minus forecast, both summed over the whole protection interval, one a past origin; shape (..., n),
        n >= 2. Errors of single periods scaled up by a root of the lead time are too small: they forget that a level
        that is misjudged is misjudged in all periods.
    interval_mean
        The forecast over the interval to come.
    cycle_service_level
        In (0, 1).
    """
    past = np.atleast_1d(checked("errors", errors, "(-inf, inf)"))
    if past.shape[-1] < 2:
        raise ValueError(f"errors has {past.shape[-1]} entries; it must have at least 2 origins")
    mean = checked("interval_mean", interval_mean, "(0, inf)")
    z = ndtri(checked("cycle_service_level", cycle_service_level, "(0, 1)"))
    spread = as_floats(np.sqrt(np.mean(past * past, axis=-1)))
    return _result(
        as_floats(z * spread),
        mean,
        spread,
        "forecast errors over the interval are normal",
        _NO_UNDERSHOOT,
        "future errors are like the past ones, bias included",
    )
