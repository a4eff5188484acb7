"""How long the customers of a reorder-point policy wait, and the date that may be promised."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from replenishment.demand_distributions import Demand
from replenishment.reorder_point.measures import mean_of_cdf
from replenishment.root_finding import smallest_real
from replenishment.validation import FloatArray, as_floats, checked

__all__ = ["promised_wait", "waiting_time_distribution"]


def waiting_time_distribution(
    wait: ArrayLike, per_time: Demand, lead_time: ArrayLike, reorder_point: ArrayLike, order_quantity: ArrayLike
) -> FloatArray:
    """
    Return P(W <= w) of a unit's waiting time under continuous-review (r, Q) with a constant lead time L.

    Parameters
    ----------
    wait
        w >= 0; w = 0 gives the fill rate, from w = L on the answer is 1.
    per_time
        Demand of one unit of time, unit by unit (Poisson) or flowing (normal, gamma).
    lead_time
        L > 0.
    reorder_point, order_quantity
        r and Q > 0.

    Notes
    -----
    First come, first served: a unit is there within w if and only if the demand of the L - w before it lies below the
    inventory position of then, which is uniform on r + 1 ... r + Q. Source: P. H. Zipkin, *Foundations of Inventory
    Management* (2000), chapter 6.
    """
    q = checked("order_quantity", order_quantity, "(0, inf)")
    r, time = checked("reorder_point", reorder_point, "(-inf, inf)"), checked("lead_time", lead_time, "(0, inf)")
    left = time - checked("wait", wait, "[0, inf)")
    inside = mean_of_cdf(per_time.sum_over(np.where(left > 0, left, time)[()]), r, q)
    return as_floats(np.where(left > 0, inside, 1.0))


def promised_wait(
    probability: ArrayLike, per_time: Demand, lead_time: ArrayLike, reorder_point: ArrayLike, order_quantity: ArrayLike
) -> FloatArray:
    """
    Return the shortest wait that can be promised with a probability in (0, 1), at least 0 and at most L.

    Parameters as in :func:`waiting_time_distribution`.
    """
    wanted = checked("probability", probability, "(0, 1)")
    time = checked("lead_time", lead_time, "(0, inf)")

    def kept(wait: FloatArray) -> NDArray[np.bool_]:
        share = waiting_time_distribution(np.maximum(wait, 0.0), per_time, time, reorder_point, order_quantity)
        return np.asarray((share >= wanted) & (wait >= 0))

    start = np.broadcast_arrays(time / 2.0, wanted, np.asarray(per_time.mean, dtype=np.float64))[0]
    return as_floats(np.minimum(smallest_real(kept, start, time / 4.0), time))
