"""Who orders: circles of customers who come, order again for a while, and leave; sooner after they had to wait.

Each circle of twenty SKUs has its own customers at each location, so that an order does not depend on how many other
SKUs there are. A place in a circle is taken by one person after the other.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipelines.demo.streams import keyed_stream
from pipelines.demo.world import World

__all__ = ["Circle", "open_circles"]

Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_LEAVES_AFTER_WAITING = 0.45  # share of the lines that waited whose customer was about to leave
_NEXT_TO_LEAVE = 5


@dataclass(frozen=True, eq=False)
class Circle:
    """The places of one location's circles; the same comings and goings in each circle.

    Attributes
    ----------
    persons : number of persons that a place may see one after the other.
    ends : (places, persons), day on which each person leaves, ascending.
    band : more than any day; the ends of a place lie in a band of their own in ``_ladder``.
    """

    persons: int
    ends: Floats
    band: float

    def choose(self, day: Integers, waited: Flags, uniform: Floats) -> Integers:
        """Choose the customer of each order line.

        Parameters
        ----------
        day : of the order. waited : whether it was to wait. uniform : (2, n), uniform numbers.

        Returns
        -------
        place x persons + person.
        """
        places = self.ends.shape[0]
        # The square makes the first places of the list the frequent ones.
        place = (places * uniform[0] ** 2).astype(np.int64)
        leaving = np.flatnonzero(waited & (uniform[1] < _LEAVES_AFTER_WAITING))
        by_end = np.argsort(self.ends, axis=None)
        following = np.searchsorted(self.ends.ravel()[by_end], day[leaving], side="right")
        following += (uniform[0][leaving] * _NEXT_TO_LEAVE).astype(np.int64)
        place[leaving] = by_end[np.minimum(following, by_end.size - 1)] // self.persons
        ladder = (self.ends + self.band * np.arange(places)[:, None]).ravel()
        person = np.searchsorted(ladder, day + self.band * place, side="right") - place * self.persons
        return np.asarray(place * self.persons + np.minimum(person, self.persons - 1))


def open_circles(world: World) -> list[Circle]:
    """Draw the comings and goings of each location's customers."""
    circles = []
    for j, location in enumerate(world.locations):
        persons = math.ceil(2 * world.days / location.stays_days) + 8
        stream = keyed_stream(world.seed, "customers' lives", j)
        ends = np.cumsum(stream.standard_exponential((location.customers, persons)) * location.stays_days, axis=1)
        circles.append(Circle(persons, ends, float(ends.max()) + world.days + 1.0))
    return circles
