"""How long the customers of an order-up-to policy wait, and the date that may be promised."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from replenishment.demand_distributions import Demand
from replenishment.validation import FloatArray, as_floats, checked, checked_whole

__all__ = ["periods_to_promise", "waiting_time_distribution"]


def _units_missing(demand: Demand, periods: int, level: FloatArray) -> FloatArray:
    """Return E[(demand over some periods - level)+]; nothing is demanded over no period."""
    return demand.sum_over(periods).loss(level) if periods > 0 else as_floats(np.maximum(-level, 0.0))


def waiting_time_distribution(
    per_period: Demand, lead_time: int, order_up_to: ArrayLike, review: int = 1
) -> FloatArray:
    """
    Return P(W <= k), k = 0, 1, ... L + R periods, of a unit demanded under an (R, S) policy.

    Parameters
    ----------
    per_period
        Demand of one period, independent from period to period; one item or many.
    lead_time, review
        L >= 0 and R >= 1, whole numbers of periods.
    order_up_to
        S >= 0.

    Returns
    -------
    ndarray
        Shape (L + R + 1, ...). W = 0 means filled in the period of demand, so the first row is the fill rate; a unit
        never waits longer than L + R periods (its order is placed at the next review and takes L).

    Notes
    -----
    First come, first served. A unit demanded in a period at the offset i (0 ... R - 1) after a review is delivered
    by the end of the period k later if and only if the demand since the last review whose order has arrived by
    then, the unit included, is at most S. With n periods between that review and the end of the unit's period, the
    units of that period still waiting are ``loss_n(S) - loss_{n-1}(S)``.
    """
    wait = checked_whole("lead_time", lead_time, "[0, inf)")
    cycle = checked_whole("review", review, "[1, inf)")
    level = checked("order_up_to", order_up_to, "[0, inf)")
    rows = []
    for periods_later in range(wait + cycle + 1):
        waiting = np.zeros(np.broadcast(level, per_period.mean).shape)
        for offset in range(cycle):
            last_arrived = cycle * ((offset + periods_later - wait) // cycle)
            since = offset - last_arrived + 1
            if since > 0:
                waiting = (
                    waiting + _units_missing(per_period, since, level) - _units_missing(per_period, since - 1, level)
                )
        rows.append(1.0 - waiting / (cycle * per_period.mean))
    return as_floats(np.stack(rows))


def periods_to_promise(
    per_period: Demand, lead_time: int, order_up_to: ArrayLike, probability: float, review: int = 1
) -> FloatArray:
    """
    Return the smallest number of periods within which a unit is delivered with a given probability.

    The promise for a new customer order is the opening of its period plus this many periods. Parameters and
    convention as in :func:`waiting_time_distribution`; ``probability`` in (0, 1).
    """
    wanted = checked("probability", probability, "(0, 1)")
    kept = np.asarray(waiting_time_distribution(per_period, lead_time, order_up_to, review)) >= wanted
    kept[-1] = True
    return as_floats(np.argmax(kept, axis=0))
