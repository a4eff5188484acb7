"""How far an order may differ from what was planned before, and how nervous a plan is.

A plan that changes its mind every night costs trust and telephone calls. Two remedies of production planning hold for
purchase orders too: a frozen horizon, within which the earlier plan stands, and a threshold below which a change is not
worth making (Blackburn, Kropp and Millen 1986, Management Science 32, 413-429).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Nervousness", "keep_earlier", "measure_nervousness"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Nervousness:
    """How much of an earlier plan changed.

    Attributes
    ----------
    lines : orders planned before or now. changed : of these, with another quantity.
    units : planned before. units_changed : sum of the absolute differences. share : of the latter in the former, NaN
        where nothing was planned before (the measure of Sridharan, Berry and Udayabhanu 1988, Decision Sciences 19).
    """

    lines: int
    changed: int
    units: float
    units_changed: float
    share: float


def keep_earlier(
    new: Floats, earlier: Floats, frozen: Flags, threshold: float, pack: Floats, minimum: Floats, room: Floats
) -> tuple[Floats, Flags]:
    """Keep quantities of an earlier plan where they are frozen or little would change, and can still be ordered.

    Parameters
    ----------
    new : (n,) units decided now. earlier : (n,) units that were planned for the same day, NaN where nothing is known.
    frozen : bool (n,) the day lies within the frozen horizon. threshold : share of the earlier quantity up to which a
        change is not made; an order that was not planned is never a small change.
    pack : (n,) units, 0 for any quantity. minimum, room : (n,) least and most units of an order.

    Returns
    -------
    quantity, kept : units; where the earlier quantity took the place of another one.
    """
    known = np.isfinite(earlier)
    before = np.where(known, earlier, 0.0)
    size = np.where(pack > 0, pack, 1.0)
    packs = before / size
    whole = (pack <= 0) | (np.abs(packs - np.rint(packs)) < 1e-6)
    feasible = (before <= 0) | (whole & (before >= minimum - 1e-9) & (before <= room + 1e-9))
    small = (before > 0) & (np.abs(new - before) <= threshold * before + 1e-9)
    kept = known & feasible & (frozen | small) & (np.abs(new - before) > 1e-9)
    return np.where(kept, before, new), kept


def measure_nervousness(before: Floats, now: Floats) -> Nervousness:
    """Compare the orders of two plans cell by cell; arrays of one shape, units by item and week."""
    planned = (before > 0) | (now > 0)
    changes = np.abs(now - before)
    units, moved = float(before.sum()), float(changes.sum())
    return Nervousness(
        int(planned.sum()),
        int((changes > 1e-6).sum()),
        units,
        moved,
        moved / units if units > 0 else float("nan"),
    )
