"""From a need in units to a quantity that can be ordered."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from replenishment.validation import checked, checked_or_none

__all__ = ["cap_at_maximum", "cap_at_shelf_life", "order_quantity", "round_to_load_units"]

Floats = npt.NDArray[np.float64]


def _check_lots(lot: Floats, minimum: Floats) -> None:
    checked("lot", lot, "[0, inf)")
    checked("minimum", minimum, "[0, inf)")


def _check_order(quantity: Floats, position: Floats) -> None:
    checked("quantity", quantity, "[0, inf)")
    checked("position", position, "(-inf, inf)")


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
    _check_lots(lot, minimum)
    for name, levels in (("position", position), ("reorder_point", reorder_point), ("raise_to", raise_to)):
        checked(name, levels, "(-inf, inf)")
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
    _check_order(quantity, position)
    _check_lots(lot, minimum)
    room = np.where(np.isnan(checked_or_none("maximum", maximum, "[0, inf]")), np.inf, maximum - position)
    size = np.where(lot > 0, lot, 1.0)
    fits = np.where(lot > 0, np.floor(np.where(np.isfinite(room), room, 0.0) / size + 1e-9) * size, room)
    least = np.maximum(minimum, lot)
    capped = np.where(quantity > room, np.maximum(np.maximum(fits, 0.0), np.minimum(least, quantity)), quantity)
    return capped, (capped > 0) & (capped > room + 1e-9)


def cap_at_shelf_life(
    quantity: Floats, position: Floats, sold: Floats, lot: Floats, minimum: Floats
) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Cut orders to what can be sold before it perishes, in whole lots; nothing where not even the smallest order can.

    Parameters
    ----------
    position : (n,) units on hand and on order, which are sold first. sold : (n,) units that will be sold until the
        order perishes, at the chosen quantile; NaN where nothing perishes. lot : (n,) units a pack, 0 for any quantity.
    minimum : (n,) the least order, units.

    Returns
    -------
    quantity, cut : units; whether the order is smaller than it was.
    """
    _check_order(quantity, position)
    _check_lots(lot, minimum)
    lasts = np.isnan(checked_or_none("sold", sold, "[0, inf]"))
    room = np.where(lasts, np.inf, np.maximum(sold - position, 0.0))
    size = np.where(lot > 0, lot, 1.0)
    fits = np.where(lot > 0, np.floor(np.where(np.isfinite(room), room, 0.0) / size + 1e-9) * size, room)
    capped = np.where(quantity > room + 1e-9, np.where(fits >= minimum - 1e-9, fits, 0.0), quantity)
    return capped, capped < quantity


def round_to_load_units(quantity: Floats, sizes: Floats, lot: Floats, room: Floats, share: float) -> Floats:
    """Fill up layers, pallets and containers where little is missing.

    From the smallest load unit to the largest: an order is raised to whole ones where that adds no more than a share of
    what the policy wanted and where it stays within the room.

    Parameters
    ----------
    quantity : (n,) units. sizes : (n, k) units a layer, a pallet, a container; NaN for none. One that is no whole
        number of lots can't be filled with them and is passed over.
    lot : (n,) units a pack, 0 for any quantity. room : (n,) units that an order may have, infinite without a limit.
    share : at least 0; 0.1 raises an order by a tenth at most, 0 never.

    Raises
    ------
    ValueError
        For a number out of its range.
    """
    checked("share", share, "[0, inf)")
    checked("quantity", quantity, "[0, inf)")
    checked("lot", lot, "[0, inf)")
    checked("room", room, "[-inf, inf]")
    checked_or_none("sizes", sizes, "[0, inf]")
    result, most = quantity.copy(), np.minimum(quantity * (1.0 + share), room) + 1e-9
    for size in sizes.T:
        packs = size / np.where(lot > 0, lot, 1.0)
        usable = (size > 0) & ((lot <= 0) | (np.abs(packs - np.rint(packs)) < 1e-9))
        whole = np.where(
            usable, np.ceil(result / np.where(usable, size, 1.0) - 1e-9) * np.where(usable, size, 1.0), 0.0
        )
        result = np.where(usable & (whole <= most), np.maximum(whole, result), result)
    return result
