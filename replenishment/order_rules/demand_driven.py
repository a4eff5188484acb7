"""Demand-driven MRP: the red, yellow and green zones of a stock buffer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from replenishment.validation import FloatArray, as_floats, checked

__all__ = ["BufferZones", "buffer_zones"]


@dataclass(frozen=True)
class BufferZones:
    """
    The zones of a buffer in units, red at the bottom.

    Attributes
    ----------
    red, yellow, green
        Safety, demand during the lead time, and the usual order.
    """

    red: FloatArray
    yellow: FloatArray
    green: FloatArray

    @property
    def top_of_red(self) -> FloatArray:
        """Red alone."""
        return self.red

    @property
    def top_of_yellow(self) -> FloatArray:
        """Red and yellow: the reorder point."""
        return as_floats(self.red + self.yellow)

    @property
    def top_of_green(self) -> FloatArray:
        """All three: the order-up-to level."""
        return as_floats(self.red + self.yellow + self.green)

    def order(self, net_flow: ArrayLike) -> FloatArray:
        """
        Return the order for a net flow position: up to the top of green, when it is **below** the top of yellow.

        Net flow position = on hand + on order - qualified demand (due by today, or spikes ahead).
        """
        flow = checked("net_flow", net_flow, "(-inf, inf)")
        return as_floats(np.where(flow < self.top_of_yellow, self.top_of_green - flow, 0.0))

    def priority(self, net_flow: ArrayLike) -> FloatArray:
        """Return the net flow position as a share of the top of green; the smallest is the most urgent."""
        return as_floats(checked("net_flow", net_flow, "(-inf, inf)") / self.top_of_green)


def buffer_zones(
    *,
    average_daily_usage: ArrayLike,
    lead_time_days: ArrayLike,
    lead_time_factor: ArrayLike,
    variability_factor: ArrayLike,
    order_cycle_days: ArrayLike = 0.0,
    minimum_quantity: ArrayLike = 0.0,
) -> BufferZones:
    """
    Return the zones of a stock buffer.

    Parameters
    ----------
    average_daily_usage, lead_time_days
        Above 0; the decoupled lead time.
    lead_time_factor, variability_factor
        Shares that the planner assigns to the item, at least 0.
    order_cycle_days, minimum_quantity
        The other two candidates for the green zone, at least 0.

    Notes
    -----
    Yellow = usage x lead time; red = yellow x lead time factor x (1 + variability factor); green = the largest of usage
    x order cycle, the minimum quantity and yellow x lead time factor. Source: C. Ptak and C. Smith, *Demand Driven
    Material Requirements Planning*, chapter on buffer profiles and levels.
    """
    usage = checked("average_daily_usage", average_daily_usage, "(0, inf)")
    yellow = as_floats(usage * checked("lead_time_days", lead_time_days, "(0, inf)"))
    base = yellow * checked("lead_time_factor", lead_time_factor, "[0, inf)")
    red = base * (1.0 + checked("variability_factor", variability_factor, "[0, inf)"))
    cycle = usage * checked("order_cycle_days", order_cycle_days, "[0, inf)")
    green = np.maximum(np.maximum(cycle, checked("minimum_quantity", minimum_quantity, "[0, inf)")), base)
    return BufferZones(as_floats(red), yellow, as_floats(green))
