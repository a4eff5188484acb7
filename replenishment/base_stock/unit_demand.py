"""
Base stock under continuous review, (S - 1, S): every unit demanded is reordered at once. Poisson demand, unit by unit.

Full backordering, first come, first served. Source: G. J. Feeney and C. C. Sherbrooke (1966), "The (s - 1, s)
inventory policy under compound Poisson demand", *Management Science* 12(5), 391-411; P. H. Zipkin, *Foundations of
Inventory Management* (2000), chapters 6 and 7.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammainccinv

from replenishment.count_probabilities import poisson_cdf
from replenishment.demand_distributions import PoissonDemand
from replenishment.root_finding import smallest_integer
from replenishment.service_measures import ServiceMeasures, allowed_shortfall
from replenishment.validation import FloatArray, as_floats, checked, checked_total, checked_whole

__all__ = [
    "BaseStockQueue",
    "base_stock_for",
    "base_stock_measures",
    "mean_lead_time",
    "promised_wait",
    "waiting_time_distribution",
]


@dataclass(frozen=True)
class BaseStockQueue(ServiceMeasures):
    """The service measures together with ``outstanding``, the average number of units on order."""

    outstanding: FloatArray


def mean_lead_time(values: ArrayLike, probabilities: ArrayLike) -> float:
    """Return the mean of a lead time that takes some values (at least 0) with given probabilities."""
    times, weights = np.atleast_1d(checked("values", values, "[0, inf)")), checked_total("probabilities", probabilities)
    if times.shape != weights.shape:
        raise ValueError(f"values has shape {times.shape} and probabilities {weights.shape}; they must agree")
    return float(times @ weights)


def base_stock_measures(demand_rate: ArrayLike, lead_time: ArrayLike, base_stock: ArrayLike) -> BaseStockQueue:
    """
    Return the exact measures of a base stock S under Poisson demand.

    Parameters
    ----------
    demand_rate
        Units per unit of time, above 0.
    lead_time
        Constant, **or the mean** of lead times that are independent from order to order, so that orders may cross:
        by Palm's theorem the number outstanding is Poisson all the same.
    base_stock
        S, a whole number of at least 0.

    Returns
    -------
    BaseStockQueue
        The fill rate is P(on hand > 0) = P(N <= S - 1), N the number outstanding. ``cycle_service_level`` is the
        probability that the cycle of one order sees no backorder, P(N <= S - 1) as well: every unit is a cycle.
    """
    rate = checked("demand_rate", demand_rate, "(0, inf)")
    outstanding = PoissonDemand(rate * checked("lead_time", lead_time, "(0, inf)"))
    level = checked("base_stock", base_stock, "[0, inf)")
    if np.any(level != np.round(level)):
        raise ValueError(f"base_stock is {base_stock!r}; it must be whole and in [0, inf)")
    backorders = outstanding.loss(level)
    filled = outstanding.cdf(level - 1.0)
    return BaseStockQueue(
        cycle_service_level=filled,
        fill_rate=filled,
        ready_rate=filled,
        no_backorder_rate=outstanding.cdf(level),
        expected_backorders=backorders,
        expected_on_hand=as_floats(level - outstanding.mean + backorders),
        order_frequency=rate,
        mean_wait=as_floats(backorders / rate),
        outstanding=outstanding.mean,
    )


def base_stock_for(demand_rate: ArrayLike, lead_time: ArrayLike, measure: str, target: ArrayLike) -> FloatArray:
    """
    Return the smallest base stock that meets a target in a measure of :mod:`replenishment.service_measures`.

    Parameters as in :func:`base_stock_measures`; ``target`` as in
    :func:`replenishment.service_measures.allowed_shortfall`.
    """
    outstanding = PoissonDemand(
        checked("demand_rate", demand_rate, "(0, inf)") * checked("lead_time", lead_time, "(0, inf)")
    )
    allowed = allowed_shortfall(measure, target)
    guess, spread = np.broadcast_arrays(outstanding.mean, allowed)[0], np.sqrt(outstanding.mean)
    if measure == "expected_backorders":
        return smallest_integer(lambda s: (outstanding.loss(s) <= allowed) & (s >= 0), guess, spread)
    shift = 0.0 if measure == "no_backorder_rate" else 1.0
    return smallest_integer(lambda s: (outstanding.survival(s - shift) <= allowed) & (s >= 0), guess, spread)


def waiting_time_distribution(wait: ArrayLike, *, demand_rate: float, lead_time: float, base_stock: int) -> FloatArray:
    """
    Return P(W <= w) of a customer's waiting time with a **constant** lead time L.

    A customer is served within w if and only if at most S - 1 units were demanded in the L - w before him:
    P(W <= w) = P(Poisson(rate (L - w)) <= S - 1); 1 from w = L on. w = 0 means filled at once; without any base stock
    everybody waits L.
    """
    rate, time = checked("demand_rate", demand_rate, "(0, inf)"), checked("lead_time", lead_time, "(0, inf)")
    level = checked_whole("base_stock", base_stock, "[0, inf)")
    left = time - checked("wait", wait, "[0, inf)")
    return as_floats(np.where(left > 0, poisson_cdf(level - 1.0, rate * np.maximum(left, 0.0)), 1.0))


def promised_wait(
    probability: ArrayLike, *, demand_rate: float, lead_time: float, base_stock: int, step: float | None = None
) -> FloatArray:
    """
    Return the shortest wait that can be promised with a probability in (0, 1): the quantile of the waiting time.

    Parameters
    ----------
    probability
        Share of the customers for whom the promise is kept.
    demand_rate, lead_time, base_stock
        As in :func:`waiting_time_distribution`.
    step
        When given, the promise is rounded up to a multiple of it (days, shifts).

    Notes
    -----
    Closed form: the Poisson probability P(N <= S - 1) is an incomplete gamma function of its mean, which is inverted.
    """
    wanted = checked("probability", probability, "(0, 1)")
    rate, time = checked("demand_rate", demand_rate, "(0, inf)"), checked("lead_time", lead_time, "(0, inf)")
    level = checked_whole("base_stock", base_stock, "[0, inf)")
    covered = gammainccinv(level, wanted) / rate if level else np.zeros_like(wanted)
    wait = np.maximum(time - covered, 0.0)
    if step is None:
        return as_floats(wait)
    grid = checked("step", step, "(0, inf)")
    return as_floats(np.minimum(np.ceil(wait / grid - 1e-9), np.ceil(time / grid)) * grid)
