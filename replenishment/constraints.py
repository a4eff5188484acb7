"""From a need in units to a quantity that can be ordered."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["cap_at_maximum", "order_quantity"]

Floats = npt.NDArray[np.float64]


def order_quantity(
    position: Floats, reorder_point: Floats, raise_to: Floats, lot: Floats, minimum: Floats
) -> tuple[Floats, Floats]:
    """Apply the ordering rule of :mod:`replenishment.policies` at one review.

    Parameters
    ----------
    position : (n,) inventory position in units. The other arrays: (n,) units; a lot of 0 means any quantity.

    Returns
    -------
    need : (n,) units up to ``raise_to``, before lots and minimum; 0 where no order is due.
    quantity : (n,) units to order: a multiple of the lot, at least the minimum, or 0.
    """
    due = position <= reorder_point
    need = np.where(due, np.maximum(raise_to - position, 0.0), 0.0)
    size = np.where(lot > 0, lot, 1.0)
    rounded = np.where(lot > 0, np.ceil(need / size - 1e-9) * size, need)
    least = np.where(lot > 0, np.ceil(minimum / size - 1e-9) * size, minimum)
    return need, np.where(need > 0, np.maximum(rounded, least), 0.0)


def cap_at_maximum(
    quantity: Floats, position: Floats, maximum: Floats, lot: Floats, minimum: Floats
) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Cut orders so that position + order stays within a maximum stock, in whole lots.

    Where not even the minimum order (or one lot) fits, the smallest possible order is kept and flagged: too much
    stock is a nuisance, a stock-out by rule a loss. Whether to order at all was decided by the reorder point.

    Parameters
    ----------
    maximum : (n,) units, NaN for none.

    Returns
    -------
    quantity, exceeds : units; whether position + order lies above the maximum all the same.
    """
    room = np.where(np.isnan(maximum), np.inf, maximum - position)
    size = np.where(lot > 0, lot, 1.0)
    fits = np.where(lot > 0, np.floor(np.where(np.isfinite(room), room, 0.0) / size + 1e-9) * size, room)
    least = np.maximum(minimum, lot)
    capped = np.where(quantity > room, np.maximum(np.maximum(fits, 0.0), np.minimum(least, quantity)), quantity)
    return capped, (capped > 0) & (capped > room + 1e-9)
