"""How the shop buys: a buyer with a mediocre rule who respects what the suppliers demand.

The rule is meant to be improved upon: it looks back eight weeks, believes the stated lead time, takes demand for
Poisson and knows neither seasons nor promotions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipelines.demo.sourcing import Sourcing, stated_lead_time
from pipelines.demo.suppliers import SUPPLIERS
from pipelines.demo.world import DAYS_PER_YEAR, World

__all__ = ["LOOK_BACK_DAYS", "REVIEW_DAYS", "Buyer", "ValueRule", "open_buyer", "open_value_rule"]

Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

REVIEW_DAYS = 7  # every week, on the first weekday on which the supplier takes orders
HOLDING_RATE = 0.25  # per year, what the buyer reckons with
LOOK_BACK_DAYS = 56

_GUESS_WEIGHT_DAYS = 14
_MAX_COVER_DAYS = 60  # no order for longer than this, however cheap to hold
_LAUNCH_SLACK_DAYS = 14  # the first order of a new item is placed this early beyond the stated lead time
_STEP_REACH = 0.75  # from this share of a price step on, the buyer orders the step


@dataclass(frozen=True, eq=False)
class Buyer:
    """A periodic (R, s, S) rule: at a review, raise the inventory position to S when it is at or below s.

    All arrays have one value a series (``steps`` two).

    Attributes
    ----------
    weekday : of the reviews, Monday = 0.
    first, last : days between which orders are placed, both included.
    protection : stated lead time plus review, in days.
    guess : units per day, believed before there are sales.
    caution : safety stock in standard deviations of Poisson demand over the protection interval.
    lot_factor : 2 K / (h c) in days x units; the economic order quantity is the root of rate x this.
    moq, pack_size : units. steps : units from which a line is cheaper.
    weekly_capacity : most units of a weekly order. max_stock : largest inventory position wanted, units.
    """

    weekday: Integers
    first: Integers
    last: Integers
    protection: Integers
    guess: Floats
    caution: Floats
    lot_factor: Floats
    moq: Integers
    pack_size: Integers
    steps: Integers
    weekly_capacity: Integers
    max_stock: Integers

    def orders(
        self, which: Integers, day: int, position: Integers, sold: Integers, days_on_sale: Integers, caution: Floats
    ) -> Integers:
        """Decide the order quantities of one review.

        Parameters
        ----------
        which : the series reviewed; the following arrays have one value each.
        day : the opening at which the review is held.
        position : booked stock plus on order minus backlog, in units.
        sold, days_on_sale : units accepted, and days on sale, within the look-back before this opening.
        caution : safety stock as in ``self.caution``, or what somebody has made of it.

        Returns
        -------
        units; zero, or a multiple of the pack size of at least the minimum order.
        """
        rate = (self.guess[which] * _GUESS_WEIGHT_DAYS + sold) / (_GUESS_WEIGHT_DAYS + days_on_sale)
        mean = rate * self.protection[which]
        reorder_point = mean + caution * np.sqrt(mean)
        due = (position <= reorder_point) & (self.first[which] <= day) & (day <= self.last[which])
        lot = np.minimum(np.sqrt(rate * self.lot_factor[which]), rate * _MAX_COVER_DAYS)
        wanted = np.maximum(reorder_point + lot - position, self.moq[which])
        for step in self.steps[which].T:
            wanted = np.where((wanted >= _STEP_REACH * step) & (wanted < step), step, wanted)
        pack = self.pack_size[which]
        quantity = np.ceil(wanted / pack).astype(np.int64) * pack
        room = np.minimum(self.max_stock[which] - position, self.weekly_capacity[which])
        quantity = np.minimum(quantity, room // pack * pack)
        return np.where(due & (quantity >= self.moq[which]), quantity, 0)


@dataclass(eq=False)
class ValueRule:
    """The least value of an order that some suppliers demand.

    A smaller order waits for the next review, once; then its lines are raised until it is worth the minimum.

    Attributes
    ----------
    group : (series,), supplier and location of each series as one number. minimum : (groups,), money.
    unit_cost : (series,), money per unit. pack_size : (series,), units.
    has_waited : (groups,), whether the last review of the group put an order off.
    """

    group: Integers
    minimum: Floats
    unit_cost: Floats
    pack_size: Integers
    has_waited: Flags

    def apply(self, which: Integers, quantity: Integers) -> Integers:
        """Put off or raise the orders of one review; the arrays have one value a series reviewed."""
        group, cost, pack = self.group[which], self.unit_cost[which], self.pack_size[which]
        value = np.bincount(group, quantity * cost, self.minimum.size)
        short = (value > 0) & (value < self.minimum)
        wait = short & ~self.has_waited
        reviewed = np.unique(group)
        self.has_waited[reviewed] = wait[reviewed]
        raised = short & ~wait
        if not short.any():
            return quantity
        factor = np.ones(value.size)
        factor[raised] = self.minimum[raised] / value[raised]
        enough = np.ceil(quantity * factor[group] / pack).astype(np.int64) * pack
        return np.where(wait[group], 0, enough)


def open_buyer(world: World, sourcing: Sourcing) -> Buyer:
    """Set the buyer up for all series of a world."""
    series, assortment = world.series, world.assortment
    stated = stated_lead_time(world)
    yearly_holding = HOLDING_RATE * assortment.unit_cost
    lot_factor = 2.0 * assortment.order_cost * DAYS_PER_YEAR / yearly_holding
    weekday = np.array([supplier.weekdays[0] for supplier in SUPPLIERS])
    return Buyer(
        weekday=weekday[assortment.supplier[series.sku]],
        first=np.maximum(assortment.launch[series.sku] - stated - _LAUNCH_SLACK_DAYS, 0),
        # What would arrive after the end is not ordered any more.
        last=assortment.end[series.sku] - stated - REVIEW_DAYS,
        protection=stated + REVIEW_DAYS,
        guess=series.guess,
        caution=series.caution,
        lot_factor=lot_factor[series.sku],
        moq=assortment.moq[series.sku],
        pack_size=assortment.pack_size[series.sku],
        steps=sourcing.steps[series.sku],
        weekly_capacity=sourcing.capacity * REVIEW_DAYS,
        max_stock=sourcing.max_stock,
    )


def open_value_rule(world: World) -> ValueRule:
    """Set the suppliers' minimum values up for all series of a world."""
    series, places = world.series, len(world.locations)
    minimum = np.repeat([supplier.min_order_value for supplier in SUPPLIERS], places)
    return ValueRule(
        group=world.assortment.supplier[series.sku] * places + series.location,
        minimum=minimum,
        unit_cost=world.assortment.unit_cost[series.sku],
        pack_size=world.assortment.pack_size[series.sku],
        has_waited=np.zeros(minimum.size, dtype=bool),
    )
