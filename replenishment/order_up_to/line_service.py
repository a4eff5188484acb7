"""Service by customer order line under an order-up-to policy: the whole line at once, or it counts as backordered."""

from __future__ import annotations

import numpy as np

from replenishment.base_stock.compound_poisson import CompoundPoisson
from replenishment.validation import FloatArray, as_floats, checked_whole

__all__ = ["line_fill_rate"]

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(24)


def line_fill_rate(demand: CompoundPoisson, lead_time: int, order_up_to: int, review: int = 1) -> float:
    """
    Return the share of customer order lines that are filled completely at once, under (R, S) with full backordering.

    1 minus it is the backorder rate by order line. Every customer order is one line; lines may be filled in part, which
    serves their units and still counts the line as backordered.

    Parameters
    ----------
    demand
        Orders at random moments, each for a random number of units; rates per period.
    lead_time, review
        L >= 0 and R >= 1 periods: order at the opening of a review period, receipt L periods later.
    order_up_to
        S >= 0.

    Notes
    -----
    A line for x units that comes u after the receipt (0 <= u < R) finds S less the demand of L + u, independent of
    itself, so that it is filled with P(D(L + u) <= S - x); u is uniform over the R periods. The integral over u is
    taken period by period with 24 Gauss points, the demands by Panjer's recursion.
    """
    level = checked_whole("order_up_to", order_up_to, "[0, inf)")
    wait, cycle = checked_whole("lead_time", lead_time, "[0, inf)"), checked_whole("review", review, "[1, inf)")
    sizes = demand.sizes.astype(np.int64)
    possible = sizes <= level
    if not possible.any():
        return 0.0

    def filled(time: float) -> float:
        covered: FloatArray = as_floats(np.cumsum(demand.pmf(time, level + 1)))
        return float(demand.probabilities[possible] @ covered[level - sizes[possible]])

    parts = [
        weight * filled(wait + period + (node + 1.0) / 2.0) / 2.0
        for period in range(cycle)
        for node, weight in zip(_NODES, _WEIGHTS, strict=True)
    ]
    return float(sum(parts)) / cycle
