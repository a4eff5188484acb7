"""The power approximation: (s, S) from two moments, in closed form."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from replenishment.validation import FloatArray, as_floats, checked

__all__ = ["MinMaxLevels", "power_approximation_levels"]


@dataclass(frozen=True)
class MinMaxLevels:
    """Reorder level s and order-up-to level S, real numbers or arrays over items."""

    reorder_point: FloatArray
    order_up_to: FloatArray


def power_approximation_levels(
    *,
    demand_mean: ArrayLike,
    demand_sd: ArrayLike,
    fixed_cost: ArrayLike,
    holding_cost: ArrayLike,
    stockout_cost: ArrayLike,
    lead_time: ArrayLike = 0.0,
    capped: bool = True,
) -> MinMaxLevels:
    """
    Return an (s, S) policy that typically costs within a few per cent of the optimum; broadcasts over items.

    Parameters
    ----------
    demand_mean, demand_sd
        Of one period's demand, above 0.
    fixed_cost, holding_cost, stockout_cost
        Per order, above 0; per unit on hand and per unit backordered at the end of each period.
    lead_time
        L >= 0 in periods; L + 1 periods are protected.
    capped
        Whether, where Q <= 1.5 mu, both levels are capped by the newsvendor level over L + 1 periods, as the paper
        has it; Snyder and Shen print the formulas without the cap.

    Notes
    -----
    With mu_L and sigma_L over L + 1 periods: Q = 1.30 mu**0.494 (K / h)**0.506 (1 + sigma_L**2 / mu**2)**0.116,
    z = sqrt(Q h / (sigma_L p)), s = 0.973 mu_L + sigma_L (0.183 / z + 1.063 - 2.192 z), S = s + Q. Source: R. Ehrhardt
    and C. Mosier (1984), "A revision of the power approximation for computing (s, S) policies", *Management Science*
    30(5), 618-622.
    """
    mean, sd = checked("demand_mean", demand_mean, "(0, inf)"), checked("demand_sd", demand_sd, "(0, inf)")
    k, h = checked("fixed_cost", fixed_cost, "(0, inf)"), checked("holding_cost", holding_cost, "(0, inf)")
    p = checked("stockout_cost", stockout_cost, "(0, inf)")
    protected = checked("lead_time", lead_time, "[0, inf)") + 1.0
    mean_protected, sd_protected = mean * protected, sd * np.sqrt(protected)
    quantity = 1.30 * mean**0.494 * (k / h) ** 0.506 * (1.0 + (sd_protected / mean) ** 2) ** 0.116
    z = np.sqrt(quantity * h / (sd_protected * p))
    s = 0.973 * mean_protected + sd_protected * (0.183 / z + 1.063 - 2.192 * z)
    newsvendor_cap = mean_protected + sd_protected * ndtri(p / (p + h))
    cap = np.where(capped & (quantity <= 1.5 * mean), newsvendor_cap, np.inf)
    return MinMaxLevels(as_floats(np.minimum(s, cap)), as_floats(np.minimum(s + quantity, cap)))
