"""Who delivers: seven suppliers as they present themselves and as they are, and the lead times drawn from that."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from pipelines.demo.streams import keyed_stream

__all__ = ["SUPPLIERS", "Supplier", "draw_lead_times", "lead_time_distribution"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")


@dataclass(frozen=True, slots=True)
class Supplier:
    """A supplier.

    Attributes
    ----------
    stated_days, stated_sd_days : lead time according to the supplier; the sd may be unknown (None).
    mean_days, sd_days : real lead time, gamma distributed, drawn once a purchase order.
    order_cost : money per order line.
    weekdays : days on which it takes orders, Monday = 0; the shop orders on the first of them.
    min_order_value : least value of a purchase order in money; 0 without.
    on_time_share : share of the orders that arrive exactly on the stated day; the others come later by a lognormal
        number of days with the median ``tail_days`` and the shape ``tail_shape``. With 0 the gamma holds.
    slower_days : mean of the real lead time since ``slower_since`` days before the end of the history.
    partial_share : share of the order lines that come in two deliveries.
    rejected_share : share of the deliveries of which a part is refused at the door.
    price_steps : whether larger orders are cheaper. capacity : units a day that it can make of an item, in
        multiples of the item's demand; None without a limit.
    """

    name: str
    stated_days: int
    stated_sd_days: float | None
    mean_days: float
    sd_days: float
    order_cost: float
    weekdays: tuple[int, ...] = (0,)
    min_order_value: float = 0.0
    on_time_share: float = 0.0
    tail_days: float = 0.0
    tail_shape: float = 0.0
    slower_days: float | None = None
    slower_since: int = 0
    partial_share: float = 0.0
    rejected_share: float = 0.0
    price_steps: bool = False
    capacity: float | None = None

    @property
    def order_weekdays(self) -> str:
        """Days on which it takes orders, such as ``MON,THU``."""
        return ",".join(_WEEKDAYS[day] for day in self.weekdays)


SUPPLIERS = (
    # Near and reliable: takes orders every working day, hence also the second source of what others deliver.
    Supplier("S01", 5, 1.0, 5.0, 1.0, 15.0, weekdays=(0, 1, 2, 3, 4)),
    Supplier("S02", 12, 2.0, 12.0, 2.5, 25.0, partial_share=0.06, price_steps=True),
    Supplier("S03", 25, None, 25.5, 5.0, 45.0, weekdays=(0, 3), min_order_value=600.0, partial_share=0.25),
    # The one that promises more than it keeps.
    Supplier("S04", 45, None, 54.0, 10.0, 70.0, min_order_value=1500.0, partial_share=0.10, price_steps=True),
    # The one that has become slower and has told nobody.
    Supplier("S05", 14, 2.0, 14.0, 2.5, 25.0, weekdays=(1,), slower_days=22.0, slower_since=150, partial_share=0.05),
    # The one that is on time to the day, or else very late.
    Supplier("S06", 10, 1.0, 13.0, 9.0, 20.0, weekdays=(2,), min_order_value=300.0, on_time_share=0.72, tail_days=6.0,
             tail_shape=1.0, partial_share=0.05),
    # The one with a small factory and a generous idea of quality.
    Supplier("S07", 18, 3.0, 18.5, 3.5, 30.0, rejected_share=0.08, partial_share=0.08, price_steps=True, capacity=4.0),
)  # fmt: skip


def draw_lead_times(seed: int, days: int, locations: int) -> Integers:
    """Draw the real lead times of the orders of each day.

    Returns
    -------
    (days, suppliers, locations), whole days, >= 1; all lines of one purchase order (day, supplier, location) share one.
    """
    drawn = np.empty((days, len(SUPPLIERS), locations))
    for i, supplier in enumerate(SUPPLIERS):
        for j in range(locations):
            stream = keyed_stream(seed, "lead times", i, j)
            shape = (supplier.mean_days / supplier.sd_days) ** 2
            gamma = stream.standard_gamma(shape, days) * supplier.mean_days / shape
            if supplier.slower_days is not None:
                gamma[days - supplier.slower_since :] *= supplier.slower_days / supplier.mean_days
            late = supplier.stated_days + supplier.tail_days * np.exp(
                supplier.tail_shape * stream.standard_normal(days)
            )
            on_time = stream.random(days) < supplier.on_time_share
            if supplier.on_time_share > 0:
                drawn[:, i, j] = np.where(on_time, supplier.stated_days, np.ceil(late))
            else:
                drawn[:, i, j] = gamma
    return np.maximum(np.rint(drawn), 1.0).astype(np.int64)


def lead_time_distribution(supplier: Supplier, slower: bool = False) -> Floats:
    """Probability of each lead time 0, 1, 2, ... days, exact up to the last ten-thousandth.

    Parameters
    ----------
    slower : the distribution since the supplier has become slower.
    """
    day = np.arange(400)
    if supplier.on_time_share > 0:
        with np.errstate(divide="ignore"):
            late = np.log(np.maximum(day - supplier.stated_days, 0) / supplier.tail_days)
        below = special.ndtr(late / supplier.tail_shape) * (1.0 - supplier.on_time_share)
        below += supplier.on_time_share * (day >= supplier.stated_days)
    else:
        mean = supplier.mean_days if not slower or supplier.slower_days is None else supplier.slower_days
        shape = (supplier.mean_days / supplier.sd_days) ** 2
        below = special.gammainc(shape, (day + 0.5) * shape / mean)
        below[0] = 0.0
    last = int(np.argmax(below > 1.0 - 1e-4))
    probability = np.diff(below[: last + 1], prepend=0.0)
    return np.asarray(probability / probability.sum())
