"""Economic lot sizes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["economic_order_quantity"]


def economic_order_quantity(
    demand_rate: npt.ArrayLike, order_cost: npt.ArrayLike, holding_cost: npt.ArrayLike
) -> npt.NDArray[np.float64]:
    """The lot that balances ordering and holding cost: sqrt(2 K d / h).

    Parameters
    ----------
    demand_rate : units a year, at least 0. order_cost : money an order, at least 0.
    holding_cost : money per unit and year, above 0; NaN where unknown (the result is then NaN).

    References
    ----------
    Harris (1913), Factory, The Magazine of Management 10, 135-136, 152.
    """
    demand, order, holding = (np.asarray(a, dtype=np.float64) for a in (demand_rate, order_cost, holding_cost))
    if (demand < 0).any() or (order < 0).any() or (holding <= 0).any():
        raise ValueError("demand_rate and order_cost must be at least 0 and holding_cost above 0")
    return np.asarray(np.sqrt(2.0 * order * demand / holding))
