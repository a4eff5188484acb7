"""The order of events in a period, written down once.

At the opening of a period what is due by then is received, waiting backorders are filled, and a review that is due
may order. Then demand comes. At the end the period's stock and backorders are counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["EVENTS", "Clock"]

EVENTS: Final = ("receive", "fill_backorders", "review", "demand", "count")


@dataclass(frozen=True)
class Clock:
    """When things happen.

    Attributes
    ----------
    events : the order of events in a period. This is the only order so far; it is an argument so that closed
        forms, simulator and replays can say which one they mean.
    first_review : the opening of the first review; later ones follow every review interval.

    Notes
    -----
    An order placed at opening t with a lead time of L openings is received at opening t + L; with L = 0 it is
    received in the opening in which it was placed, before demand comes.
    """

    events: tuple[str, ...] = EVENTS
    first_review: int = 0

    def __post_init__(self) -> None:
        if self.events != EVENTS:
            raise ValueError(f"events is {self.events}; the order known so far is {EVENTS}")
        if self.first_review < 0:
            raise ValueError(f"first_review is {self.first_review}; it must be at least 0")
