"""How the shop buys: a buyer with a mediocre rule, and suppliers who keep their word more or less.

The rule is meant to be improved upon: it looks back eight weeks, believes the stated lead time, takes demand for
Poisson and knows neither seasons nor promotions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipelines.demo.catalogue import SUPPLIERS
from pipelines.demo.streams import keyed_stream
from pipelines.demo.world import DAYS_PER_YEAR, World

__all__ = ["REVIEW_DAYS", "Buyer", "PurchaseOrders", "draw_lead_times", "open_buyer", "stated_lead_time"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

REVIEW_DAYS = 7  # every Monday
HOLDING_RATE = 0.25  # per year, what the buyer reckons with

_LOOK_BACK_DAYS = 56
_GUESS_WEIGHT_DAYS = 14
_MAX_COVER_DAYS = 60  # no order for longer than this, however cheap to hold
_LAUNCH_SLACK_DAYS = 14  # the first order of a new item is placed this early beyond the stated lead time


@dataclass(frozen=True, eq=False)
class PurchaseOrders:
    """Purchase order lines, arrays of equal length; days counted from the start of the history.

    Attributes
    ----------
    series : position of the SKU-location.
    ordered, promised, received : days; ``received`` may lie after the history: still open.
    quantity : units.
    """

    series: Integers
    ordered: Integers
    promised: Integers
    received: Integers
    quantity: Integers


@dataclass(frozen=True, eq=False)
class Buyer:
    """A periodic (R, s, S) rule: at a review, raise the inventory position to S when it is at or below s.

    All arrays have one value a series.

    Attributes
    ----------
    first, last : days between which orders are placed, both included.
    protection : stated lead time plus review, in days.
    guess : units per day, believed before there are sales.
    caution : safety stock in standard deviations of Poisson demand over the protection interval.
    lot_factor : 2 K / (h c) in days x units; the economic order quantity is the root of rate x this.
    moq, pack_size : units.
    """

    first: Integers
    last: Integers
    protection: Integers
    guess: Floats
    caution: Floats
    lot_factor: Floats
    moq: Integers
    pack_size: Integers

    def orders(self, day: int, position: Integers, recent_sales: Integers, recent_days: Integers) -> Integers:
        """Decide the order quantities of one review.

        Parameters
        ----------
        day : the opening at which the review is held.
        position : on hand plus on order minus backlog, in units.
        recent_sales, recent_days : units sold, and days on sale, within the look-back before this opening.

        Returns
        -------
        units; zero, or a multiple of the pack size of at least the minimum order.
        """
        rate = (self.guess * _GUESS_WEIGHT_DAYS + recent_sales) / (_GUESS_WEIGHT_DAYS + recent_days)
        mean = rate * self.protection
        reorder_point = mean + self.caution * np.sqrt(mean)
        lot = np.minimum(np.sqrt(rate * self.lot_factor), rate * _MAX_COVER_DAYS)
        wanted = np.maximum(reorder_point + lot - position, self.moq)
        due = (position <= reorder_point) & (self.first <= day) & (day <= self.last)
        return np.where(due, np.ceil(wanted / self.pack_size).astype(np.int64) * self.pack_size, 0)

    @staticmethod
    def look_back(day: int) -> int:
        """First day that the buyer takes into account at the opening of ``day``."""
        return max(day - _LOOK_BACK_DAYS, 0)


def open_buyer(world: World) -> Buyer:
    """Set the buyer up for all series of a world."""
    series, assortment = world.series, world.assortment
    stated = stated_lead_time(world)
    yearly_holding = HOLDING_RATE * assortment.unit_cost
    lot_factor = 2.0 * assortment.order_cost * DAYS_PER_YEAR / yearly_holding
    return Buyer(
        first=np.maximum(assortment.launch[series.sku] - stated - _LAUNCH_SLACK_DAYS, 0),
        # What would arrive after the end is not ordered any more.
        last=assortment.end[series.sku] - stated - REVIEW_DAYS,
        protection=stated + REVIEW_DAYS,
        guess=series.guess,
        caution=series.caution,
        lot_factor=lot_factor[series.sku],
        moq=assortment.moq[series.sku],
        pack_size=assortment.pack_size[series.sku],
    )


def stated_lead_time(world: World) -> Integers:
    """What the supplier states plus what the item needs more, in days, one value a series."""
    assortment = world.assortment
    stated = np.array([supplier.stated_days for supplier in SUPPLIERS])[assortment.supplier]
    return np.asarray((stated + assortment.extra_lead_days)[world.series.sku])


def draw_lead_times(world: World) -> Integers:
    """Draw the real lead times.

    All lines of one purchase order (supplier, location, day) share one draw.

    Returns
    -------
    (days, series), whole days, >= 1, of an order placed on that day.
    """
    assortment, series = world.assortment, world.series
    drawn = np.empty((world.days, len(SUPPLIERS), len(world.locations)))
    for i, supplier in enumerate(SUPPLIERS):
        shape = (supplier.mean_days / supplier.sd_days) ** 2
        for j in range(len(world.locations)):
            stream = keyed_stream(world.seed, "lead times", i, j)
            drawn[:, i, j] = stream.standard_gamma(shape, world.days) * supplier.mean_days / shape
    days = np.maximum(np.rint(drawn), 1.0).astype(np.int64)
    return days[:, assortment.supplier[series.sku], series.location] + assortment.extra_lead_days[series.sku]
