"""
The words for service, and what a target in one of them asks of a policy.

===================== =====================================================================================
cycle_service_level   share of replenishment cycles without a stock-out (type 1, P1)
fill_rate             units filled from stock in the period in which they were demanded / units demanded (type 2)
backorder_rate        1 - fill_rate, by unit
ready_rate            share of periods that end with stock > 0
no_backorder_rate     share of periods that end with nothing backordered (net stock >= 0)
expected_backorders   units backordered at the end of a period, on average over time
===================== =====================================================================================

For continuous demand ready_rate and no_backorder_rate agree; for whole units the difference is the probability of
ending with exactly nothing. Under continuous review of demand that comes unit by unit at random, fill rate and
ready rate agree.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from replenishment.validation import FloatArray, as_floats, checked, checked_choice

__all__ = ["MEASURES", "ServiceMeasures", "allowed_shortfall"]

MEASURES = (
    "cycle_service_level",
    "fill_rate",
    "backorder_rate",
    "ready_rate",
    "no_backorder_rate",
    "expected_backorders",
)


def allowed_shortfall(measure: str, target: ArrayLike) -> FloatArray:
    """
    Return the target as the largest tolerable shortfall, so that less is always better.

    Parameters
    ----------
    measure
        A word of the table above.
    target
        For a backorder rate the tolerable share in (0, 1); for expected backorders the tolerable units, above 0;
        for the others the share wanted, in (0, 1).

    Returns
    -------
    ndarray
        1 - target for the measures of which more is better, else the target.

    Raises
    ------
    ValueError
        For an unknown measure, or a target outside its range: 1.0 would take infinite stock, and 95 is not 0.95.
    """
    checked_choice("measure", measure, MEASURES)
    if measure == "expected_backorders":
        return checked("target", target, "(0, inf)")
    share = checked("target", target, "(0, 1)")
    return share if measure == "backorder_rate" else as_floats(1.0 - share)


@dataclass(frozen=True)
class ServiceMeasures:
    """
    What a policy achieves in steady state; each entry a number or an array over items.

    ``mean_wait`` is the average time from demand to delivery over all units, filled at once or not, in the time unit
    of the demand rate (Little's law: expected backorders / demand rate).
    """

    cycle_service_level: FloatArray
    fill_rate: FloatArray
    ready_rate: FloatArray
    no_backorder_rate: FloatArray
    expected_backorders: FloatArray
    expected_on_hand: FloatArray
    order_frequency: FloatArray
    mean_wait: FloatArray

    @property
    def backorder_rate(self) -> FloatArray:
        """1 - fill_rate, by unit."""
        return as_floats(1.0 - self.fill_rate)

    @property
    def mean_wait_of_backordered(self) -> FloatArray:
        """The average wait of the units that do wait; NaN where none does."""
        rate = np.asarray(self.backorder_rate)
        return as_floats(np.where(rate > 0, self.mean_wait / np.where(rate > 0, rate, 1.0), np.nan))
