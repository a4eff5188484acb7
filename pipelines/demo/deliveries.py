"""From a purchase order to its deliveries: lead times, split lines, capacity and what is refused at the door."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipelines.demo.incidents import Cause, Incidents
from pipelines.demo.streams import keyed_stream
from pipelines.demo.suppliers import SUPPLIERS, draw_lead_times
from pipelines.demo.world import World

__all__ = ["Deliveries", "PurchaseOrders", "Supply", "draw_supply"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class PurchaseOrders:
    """Purchase order lines, arrays of equal length; days counted from the start of the history.

    Attributes
    ----------
    series, supplier : positions.
    proposed : first review at which the buyer's rule wanted this order; ordered : day on which it was placed.
    promised : day of arrival according to the supplier.
    quantity : units ordered; confirmed : of these, what the supplier has agreed to deliver.
    """

    series: Integers
    supplier: Integers
    proposed: Integers
    ordered: Integers
    promised: Integers
    quantity: Integers
    confirmed: Integers


@dataclass(frozen=True, eq=False)
class Deliveries:
    """Deliveries of order lines, arrays of equal length.

    Attributes
    ----------
    line : position of the order line. received : day; may lie after the history: still open.
    sent : units delivered; rejected : of these, refused at the door and sent back.
    """

    line: Integers
    received: Integers
    sent: Integers
    rejected: Integers


@dataclass(frozen=True, eq=False)
class Supply:
    """What the suppliers do, drawn beforehand.

    Attributes
    ----------
    lead_time : (days, suppliers, locations), days. luck : (weeks, series, 4), uniform numbers for each order line:
        is it split, where, how much later comes the rest, is anything refused.
    """

    lead_time: Integers
    luck: Floats

    def confirm(self, incidents: Incidents, day: int, which: Integers, quantity: Integers) -> Integers:
        """Units that the suppliers agree to deliver of an order of this day; all but where they are at capacity."""
        full = incidents.at_work(Cause.AT_CAPACITY, day, which)
        return np.where(full, np.ceil(quantity * incidents.strength[which]).astype(np.int64), quantity)

    def deliver(
        self, world: World, incidents: Incidents, day: int, which: Integers, supplier: Integers, confirmed: Integers
    ) -> Deliveries:
        """Schedule the deliveries of the order lines of one day.

        Parameters
        ----------
        which, supplier, confirmed : series, supplier and units of each line.

        Returns
        -------
        the deliveries, with ``line`` counted within this call.
        """
        location, extra = world.series.location[which], world.assortment.extra_lead_days[world.series.sku[which]]
        split, share, later, refused = self.luck[day // 7, which].T
        arrival = day + self.lead_time[day, supplier, location] + extra
        late = incidents.at_work(Cause.LATE_SUPPLIER, day, which)
        arrival = np.where(late, np.maximum(arrival, incidents.last[which]), arrival)
        partial = np.array([each.partial_share for each in SUPPLIERS])[supplier]
        rest = np.where(split < partial, (confirmed * (0.3 + 0.4 * share)).astype(np.int64), 0)

        line = np.arange(which.size)
        second = np.flatnonzero(rest)
        line = np.append(line, second)
        received = np.append(arrival, (arrival + 4 + (14 * later).astype(np.int64))[second])
        sent = np.append(confirmed - rest, rest[second])
        chance = np.array([each.rejected_share for each in SUPPLIERS])[supplier]
        # The luck that refuses also says how much: up to half of the delivery.
        usual = np.where(refused < chance, 0.1 + 0.4 * refused / np.maximum(chance, 1e-9), 0.0)[line]
        bad = incidents.at_work(Cause.QUALITY_REJECTED, received, which[line])
        rejected = np.ceil(sent * np.where(bad, incidents.strength[which[line]], usual)).astype(np.int64)
        kept = np.flatnonzero(sent)
        return Deliveries(line[kept], received[kept], sent[kept], rejected[kept])


def draw_supply(world: World) -> Supply:
    """Draw lead times and luck of all purchase orders that may ever be placed."""
    weeks = world.days // 7 + 1
    luck = np.empty((world.series.sku.size, weeks, 4))
    for k, (i, j) in enumerate(zip(world.series.sku, world.series.location, strict=True)):
        keyed_stream(world.seed, "deliveries", i, j).random(out=luck[k])
    lead_time = draw_lead_times(world.seed, world.days, len(world.locations))
    return Supply(lead_time, np.ascontiguousarray(luck.transpose(1, 0, 2)))
