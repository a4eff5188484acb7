"""Relief for those who wait: units of a substitute, or of the same item from another place, each given once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Relief", "Way", "find_relief"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Way:
    """A way to serve an item from another one: a substitute, or the same SKU elsewhere.

    Attributes
    ----------
    giver : row of the item that gives. ratio : its units for one unit. days : until they are there.
    """

    giver: int
    ratio: float
    days: int


@dataclass(frozen=True)
class Relief:
    """Units that a way saves a line; ``units`` of what the line wants."""

    line: int
    way: Way
    units: float


def find_relief(
    lines: Integers, item: Integers, units: Floats, wait: Floats, ways: dict[int, list[Way]], spare: Floats
) -> list[Relief]:
    """Help each line in turn from the first way that has something to spare and is quicker than waiting.

    Parameters
    ----------
    lines : rows of the lines in the order in which they are served. item, units, wait : of each of them; days until
        they are served otherwise, infinite where never.
    ways : of each item, the best first. spare : (n,) units that each item can do without; whole units are given.

    Returns
    -------
    no unit of what is spare is given twice.
    """
    left, found = spare.copy(), []
    for line, row, needed, days in zip(lines.tolist(), item.tolist(), units.tolist(), wait.tolist(), strict=True):
        for way in ways.get(row, []):
            given = min(needed, float(np.floor(left[way.giver] / way.ratio + 1e-9)))
            if given <= 0 or way.days >= days:
                continue
            found.append(Relief(line, way, given))
            left[way.giver] -= given * way.ratio
            needed -= given
            if needed <= 0:
                break
    return found
