"""
When shipped systems order, and how much: the same words, different signs.

Two families. *Below the minimum* (``<``): Odoo and its kin order only when the forecast stock has fallen below the
minimum. *At or below the level* (``<=``): ERPNext, and the textbooks' reorder point, order when it is reached. One unit
of difference is one unit of safety stock. All functions broadcast over items.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from replenishment.order_rules.rounding import raise_to_minimum, round_up_to_packs
from replenishment.validation import FloatArray, as_floats, checked

__all__ = ["order_at_or_below_level", "order_below_minimum", "phased_out_order", "projected_quantity"]

_NEARLY = 1e-9


def projected_quantity(
    *,
    on_hand: ArrayLike,
    planned: ArrayLike = 0.0,
    requested: ArrayLike = 0.0,
    ordered: ArrayLike = 0.0,
    reserved: ArrayLike = 0.0,
) -> FloatArray:
    """Return on hand + planned + requested + ordered - reserved: the inventory position under an ERP's names."""
    parts = {"planned": planned, "requested": requested, "ordered": ordered}
    incoming = [checked(name, value, "[0, inf)") for name, value in parts.items()]
    held = checked("on_hand", on_hand, "(-inf, inf)")
    return as_floats(held + incoming[0] + incoming[1] + incoming[2] - checked("reserved", reserved, "[0, inf)"))


def order_below_minimum(
    position: ArrayLike,
    *,
    minimum: ArrayLike,
    maximum: ArrayLike,
    multiple: ArrayLike | None = None,
    supplier_minimum: ArrayLike = 0.0,
) -> FloatArray:
    """
    Return the order of a min-max rule that acts only when the position is **strictly below** the minimum.

    Parameters
    ----------
    position
        Forecast stock, or on hand + on order - backordered.
    minimum, maximum
        Order up to the larger of the two; a maximum below the minimum is read as no maximum.
    multiple
        The order is rounded **up** to it; None for no rounding.
    supplier_minimum
        Smallest order the supplier takes; it enlarges an order and never creates one.
    """
    have = checked("position", position, "(-inf, inf)")
    low, high = checked("minimum", minimum, "(-inf, inf)"), checked("maximum", maximum, "(-inf, inf)")
    below = have < low - _NEARLY * np.maximum(np.abs(low), 1.0)
    need = as_floats(np.where(below, np.maximum(np.maximum(low, high) - have, 0.0), 0.0))
    order = raise_to_minimum(need, checked("supplier_minimum", supplier_minimum, "[0, inf)"))
    return order if multiple is None else round_up_to_packs(order, checked("multiple", multiple, "(0, inf)"))


def order_at_or_below_level(position: ArrayLike, *, level: ArrayLike, quantity: ArrayLike) -> FloatArray:
    """
    Return the order of a rule that acts when the position is **at or below** a level.

    It is the fixed quantity, or the gap up to the level where that is larger.
    """
    have, trigger = checked("position", position, "(-inf, inf)"), checked("level", level, "(-inf, inf)")
    fixed = checked("quantity", quantity, "[0, inf)")
    reached = have <= trigger + _NEARLY * np.maximum(np.abs(trigger), 1.0)
    return as_floats(np.where(reached, np.maximum(fixed, trigger - have), 0.0))


def phased_out_order(net_stock: ArrayLike, *, phased_out: ArrayLike = True, order_up_to: ArrayLike = 0.0) -> FloatArray:
    """
    Return what an item still needs: exactly its backorders when it is phased out, else up to its level.

    ``net_stock`` is on hand + on order - backordered; ``order_up_to`` counts only for items that go on.
    """
    have, level = checked("net_stock", net_stock, "(-inf, inf)"), checked("order_up_to", order_up_to, "(-inf, inf)")
    return as_floats(np.maximum(np.where(np.asarray(phased_out, dtype=np.bool_), 0.0, level) - have, 0.0))
