"""From a need to an order quantity that the supplier accepts: minimum quantities and packs."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from replenishment.validation import FloatArray, as_floats, checked

__all__ = ["raise_to_minimum", "round_up_to_packs", "round_with_tolerance"]

# quotients this close to a whole number are that whole number: 0.3 / 0.1 is 3 packs, not 4
_NEARLY_WHOLE = 1e-9


def raise_to_minimum(need: ArrayLike, minimum_quantity: ArrayLike) -> FloatArray:
    """
    Return the need, or the minimum order quantity where the need is above 0 and smaller.

    A minimum alone is no reason to order: no need, no order.
    """
    wanted = checked("need", need, "[0, inf)")
    least = checked("minimum_quantity", minimum_quantity, "[0, inf)")
    return as_floats(np.where(wanted > 0, np.maximum(wanted, least), 0.0))


def round_up_to_packs(need: ArrayLike, pack_size: ArrayLike) -> FloatArray:
    """
    Return the smallest multiple of the pack size that covers the need.

    A pack that is opened can't be bought, so that the multiple also beats a maximum stock: a need of 8 with packs of 6
    is 12, even where the maximum is 8 (check the maximum afterwards and flag it).
    """
    wanted, pack = checked("need", need, "[0, inf)"), checked("pack_size", pack_size, "(0, inf)")
    return as_floats(np.maximum(np.ceil(wanted / pack - _NEARLY_WHOLE), 0.0) * pack)


def round_with_tolerance(need: ArrayLike, pack_size: ArrayLike, tolerance: ArrayLike) -> FloatArray:
    """
    Return a multiple of the pack size: up when the remainder exceeds a share of the pack, else down.

    Parameters
    ----------
    need
        Units, at least 0.
    pack_size
        Units per pack, above 0.
    tolerance
        Share of a pack in [0, 1] that may be left out: 0.1 for 10 %. A remainder *equal* to the tolerance goes down.
    """
    wanted, pack = checked("need", need, "[0, inf)"), checked("pack_size", pack_size, "(0, inf)")
    share = checked("tolerance", tolerance, "[0, 1]")
    packs = np.floor(wanted / pack + _NEARLY_WHOLE)
    remainder = wanted / pack - packs
    return as_floats((packs + (remainder > share + _NEARLY_WHOLE)) * pack)
