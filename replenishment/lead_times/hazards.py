"""Distributions of days from records of which some are still open: discrete hazards around a prior law."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["Spells", "posterior_laws"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


class Spells(NamedTuple):
    """Waits of m orders on a grid of whole days, arrays (m,).

    Attributes
    ----------
    group : row of the law that the order belongs to. place : day on which it came, or up to which it is known not
        to have come. received : came; else still open. entry : first day on which it could have been seen to come
        (0 unless the file begins later). weight : how much it counts; lines of one purchase order share one.
    """

    group: Integers
    place: Integers
    received: npt.NDArray[np.bool_]
    entry: Integers
    weight: Floats


def posterior_laws(prior: Floats, strength: npt.ArrayLike, spells: Spells) -> Floats:
    """Return the law of each group: the product-limit law of its spells, drawn towards its prior.

    Parameters
    ----------
    prior : (g, d) probability of each day 0 ... d - 1; rows add up to 1.
    strength : orders that the prior counts for; one number or (g,), at least 0. With 0 the law is the product-limit
        estimate of Kaplan and Meier alone.
    spells : places below d.

    Returns
    -------
    (g, d) probabilities; rows add up to 1. What is still open after the last known place lies on the last day.

    Notes
    -----
    The prior is a Dirichlet process with ``strength`` times ``prior`` as its measure; on a grid its hazards are
    independent beta variables, and the posterior hazard of a day is (strength x prior + orders that came that day) /
    (strength x prior from that day on + orders at risk). An order open for t days is at risk up to and on day t; one
    that could only be seen from its entry on, not before (delayed entry). Sources: Susarla and Van Ryzin (1976),
    Journal of the American Statistical Association 71, 897-902; Kaplan and Meier (1958), same journal 53, 457-481.
    """
    groups, days = prior.shape
    kappa = np.broadcast_to(np.asarray(strength, dtype=np.float64), (groups,))[:, None]
    # Sums of shares depend on their order: a fixed one makes the law independent of the order of the rows.
    order = np.lexsort((spells.weight, spells.entry, spells.received, spells.place, spells.group))
    group, weight = spells.group[order], spells.weight[order]

    def added(at: Integers, units: Floats) -> Floats:
        counts = np.bincount(group * days + at[order], weights=units, minlength=groups * days)
        return np.asarray(counts.reshape(groups, days), dtype=np.float64)

    came = added(spells.place, np.where(spells.received[order], weight, 0.0))
    left = added(spells.place, weight)
    at_risk = np.cumsum(added(spells.entry, weight), axis=1) - np.cumsum(left, axis=1) + left
    ahead = np.cumsum(prior[:, ::-1], axis=1)[:, ::-1]
    alive = kappa * ahead + at_risk
    hazard = np.divide(kappa * prior + came, alive, out=np.zeros_like(alive), where=alive > 1e-9)
    hazard = np.minimum(hazard, 1.0)
    hazard[:, -1] = 1.0
    survival = np.cumprod(1.0 - hazard, axis=1)
    before = np.concatenate([np.ones((groups, 1)), survival[:, :-1]], axis=1)
    return np.asarray(hazard * before)
