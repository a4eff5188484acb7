"""Weights of models whose quantiles are averaged: what was best on earlier origins, leaning on equal weights."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["LEVELS", "average_weights"]

Floats = npt.NDArray[np.float64]

# The probabilities whose pinball loss the weights minimise: the middle, and the tail where service levels live.
LEVELS: Final = (0.5, 0.8, 0.9, 0.95, 0.99)
_STEPS: Final = 150
_PACE: Final = 30.0


def average_weights(quantiles: Floats, actual: Floats, worth: Floats, toward: Floats, strength: float) -> Floats:
    """Weights, not negative and summing to 1, that minimise the pinball loss of the averaged quantiles.

    Parameters
    ----------
    quantiles : (j, n, l) of j models for n windows at ``LEVELS``. actual : (n,) what was demanded.
    worth : (n,) weight of a window in the loss. toward : (j,) weights that are kept where nothing speaks against them.
    strength : how much; the penalty is ``strength`` x the loss of ``toward`` x the relative entropy to ``toward``.

    Returns
    -------
    float64 (j,)

    Notes
    -----
    Averaging quantiles: Lichtendahl, Grushka-Cockayne and Winkler (2013), Management Science 59, 1594-1611. The loss
    is convex in the weights; it is minimised by exponentiated gradient steps (Kivinen and Warmuth 1997), the average
    of the second half of which is returned.
    """
    level = np.array(LEVELS)
    total = worth.sum()
    if total <= 0 or len(quantiles) == 1:
        return toward.copy()
    # Every level counts the same: the loss of the far tail is small in units.
    blend = np.tensordot(toward, quantiles, 1)
    over = actual[:, None] - blend
    by_level = (worth[:, None] * np.maximum(level * over, (level - 1.0) * over)).sum(axis=0) / total
    if not (by_level > 0).all():
        return toward.copy()
    share = worth[:, None] / total / by_level / len(level)
    log_toward = np.log(np.maximum(toward, 1e-12))
    log_weight = log_toward.copy()
    kept = np.zeros_like(toward)
    for step in range(_STEPS):
        weight = np.exp(log_weight - log_weight.max())
        weight /= weight.sum()
        if step >= _STEPS // 2:
            kept += weight
        blend = np.tensordot(weight, quantiles, 1)
        slope = np.where(actual[:, None] > blend, -level, 1.0 - level) * share
        pace = _PACE / np.sqrt(step + 4.0)
        # The penalty is taken at the new point (a proximal step), so that it can't make the steps swing.
        downhill = np.log(np.maximum(weight, 1e-12)) - pace * (quantiles * slope).sum(axis=(1, 2))
        log_weight = (downhill + pace * strength * log_toward) / (1.0 + pace * strength)
    found = kept / kept.sum()
    # Among few windows the last steps may still swing from kink to kink: what is no better is not taken.
    over = actual[:, None] - np.tensordot(found, quantiles, 1)
    relative = (np.maximum(level * over, (level - 1.0) * over) * share).sum()
    return np.asarray(found) if relative < 1.0 else toward.copy()
