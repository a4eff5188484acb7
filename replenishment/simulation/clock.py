"""The order of events in a period, written down once.

By default, at the opening of a period what is due by then is received, waiting backorders are filled, and a review
that is due may order. Then demand comes. At the end the period's stock and backorders are counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["CLOCKS", "EVENTS", "Clock"]

EVENTS: Final = ("receive", "fill_backorders", "review", "demand", "count")


@dataclass(frozen=True)
class Clock:
    """When things happen.

    Attributes
    ----------
    events : the order of events in a period: EVENTS, each once, with the count after the demand.
    first_review : the period of the first review. The next one is held a review interval after the last; where the
        supplier takes no orders then, in the first period in which it does.

    Notes
    -----
    ``receive``: what is due in this period comes in. ``fill_backorders``: stock goes to waiting demand, by priority,
    then oldest first. ``review``: an order may be placed and the supplier ships. ``demand``: demand of the period is
    filled from stock at once, or is short: it then waits or is lost. ``count``: what is past its shelf life is
    scrapped, customers whose patience is over cancel, then stock and backorders are counted.

    An order shipped in period t with a lead time of L periods is received in period t + L. With L = 0, or wherever
    period t + L is this one and its receipt has passed, it is received at the review, and if waiting demand was
    filled before the review, that happens once more. Demand is short when stock doesn't cover it as it comes, also
    where a later event of the same period fills it: it then has waited for 0 periods.
    """

    events: tuple[str, ...] = EVENTS
    first_review: int = 0

    def __post_init__(self) -> None:
        if sorted(self.events) != sorted(EVENTS):
            raise ValueError(f"events is {self.events}; it must hold each of {', '.join(EVENTS)} once")
        if self.events.index("count") < self.events.index("demand"):
            raise ValueError(f"events is {self.events}; stock is counted after the demand of the period")
        if self.first_review < 0:
            raise ValueError(f"first_review is {self.first_review}; it must be at least 0")

    @property
    def is_standard(self) -> bool:
        """Whether the events come in the default order."""
        return self.events == EVENTS

    @property
    def codes(self) -> tuple[int, ...]:
        """The events as places in EVENTS, for the compiled loops."""
        return tuple(EVENTS.index(event) for event in self.events)

    @property
    def lead_time_shift(self) -> int:
        """The demands that come between a review and its receipt are those of L + this number of periods.

        0 by default; 1 where the review comes before the demand of a period and the receipt after it, -1 where the
        review comes after and the receipt before. Closed forms take L + this number in the place of L.
        """
        place = self.events.index
        return int(place("receive") > place("demand")) - int(place("review") > place("demand"))


CLOCKS: Final = {
    "standard": Clock(),
    # The review sees the demand of its period; what it orders leaves in the evening.
    "review_at_end": Clock(("receive", "fill_backorders", "demand", "review", "count")),
    # Goods come in the evening: demand is met from what was there in the morning.
    "demand_before_receipt": Clock(("demand", "receive", "fill_backorders", "review", "count")),
    # Ordered in the morning, received in the evening.
    "receipt_at_end": Clock(("review", "demand", "receive", "fill_backorders", "count")),
    # Customers of today are served before those who wait.
    "new_demand_first": Clock(("receive", "review", "demand", "fill_backorders", "count")),
    # The VN2 game: orders are decided between two weeks, before the receipt of the next one. What is decided before
    # week X + 1 begins is sold from the start of week X + 3 (L = 2); unmet demand is lost, so nothing waits.
    "vn2": Clock(("review", "receive", "fill_backorders", "demand", "count")),
}
