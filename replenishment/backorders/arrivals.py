"""When an open purchase order comes, given how long it has been waited for already."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["arrival_distribution"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

# Where less than this of a law is left, the order is later than anything known of its like.
_BEYOND: Final = 1e-3


def arrival_distribution(law: Floats, gone: int, ahead: Integers) -> Floats:
    """Return P(the order has come by each day ahead), given that it had not come by yesterday.

    Parameters
    ----------
    law : P(0 days), P(1 day), ... from the order to its arrival, on the clock of the supplier.
    gone : days of that clock from the order to the eve of the as-of opening; below 0 where it was placed at it.
    ahead : (t,) days of that clock from the order to each of the days asked for, ascending, at least ``gone``.

    Notes
    -----
    P(L <= a | L > g) = (F(a) - F(g)) / (1 - F(g)). An order later than all but a thousandth of its like is taken for
    placed again at the opening: what is known of the others says nothing about it any more.
    """
    cumulative = np.minimum(np.cumsum(law), 1.0)
    last = len(law) - 1

    def by(days: Integers) -> Floats:
        return np.where(days < 0, 0.0, cumulative[np.clip(days, 0, last)] / cumulative[last])

    before = float(by(np.asarray(gone)))
    if 1.0 - before <= _BEYOND:
        return by(ahead - gone - 1)
    return np.asarray((by(ahead) - before) / (1.0 - before))
