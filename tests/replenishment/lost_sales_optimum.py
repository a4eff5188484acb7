"""The optimum of the lost-sales problem by dynamic programming over stock and every order under way.

The witness of ``replenishment.lost_sales_orders``: it knows the demand distribution and nothing of paths. State at a
review: stock on hand after the receipt, then what is due at the openings 1 ... L - 1; axes (X + 1, a, ..., a) where a
order sizes are allowed. One review a period, lead time L >= 1, holding cost 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import stats


@dataclass(frozen=True)
class LostSalesWorld:
    """Whole demand of a period, shortage cost per unit lost, lead time, allowed order sizes, cost of an order."""

    demand: stats.rv_discrete
    shortage: float
    lead_time: int
    orders: tuple[int, ...]
    most: int
    order_cost: float = 0.0

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.most + 1, *[len(self.orders)] * (self.lead_time - 1))

    @cached_property
    def chances(self) -> np.ndarray:
        sizes = np.arange(int(self.demand.ppf(1 - 1e-7)) + 2)
        return np.append(self.demand.pmf(sizes[:-1]), self.demand.sf(sizes[-2]))

    @cached_property
    def period_cost(self) -> np.ndarray:
        """Expected holding and shortage cost of a period by the stock at its beginning."""
        left = np.arange(self.most + 1)[:, None] - np.arange(len(self.chances))
        return np.where(left > 0, left, -self.shortage * left) @ self.chances

    def states(self) -> tuple[np.ndarray, np.ndarray]:
        """Stock on hand (n,) and arrivals (n, L) of every state, flat."""
        places = np.indices(self.shape).reshape(len(self.shape), -1)
        due = np.array(self.orders)[places[1:].T] if self.lead_time > 1 else np.empty((places.shape[1], 0))
        return places[0].astype(float), np.concatenate([np.zeros((places.shape[1], 1)), due], axis=1).astype(float)

    def optimum(self) -> float:
        """Least cost per period."""
        return self._iterate(None)

    def cost_of(self, quantity: np.ndarray) -> float:
        """Cost per period of the orders (n,) placed in the states, in their order."""
        place = np.searchsorted(self.orders, np.minimum(quantity, self.orders[-1]))
        return self._iterate(place.reshape(self.shape))

    def _iterate(self, place: np.ndarray | None) -> float:
        """Relative value iteration, damped, to four digits."""
        left = np.maximum(np.arange(self.most + 1)[:, None] - np.arange(len(self.chances)), 0)
        following = np.minimum(left[:, :, None] + np.array(self.orders), self.most)
        own = self.period_cost.reshape(-1, *[1] * (self.lead_time - 1))
        fixed = self.order_cost * (np.array(self.orders) > 0)
        value = np.zeros(self.shape)
        while True:
            # Axes: stock, what arrives next, ..., what is ordered now.
            ahead = np.einsum("d,xd...->x...", self.chances, value[following]) + fixed
            best = ahead.min(axis=-1) if place is None else np.take_along_axis(ahead, place[..., None], -1)[..., 0]
            change = own + best - value
            if np.ptp(change) < 1e-4 * change.max():
                return float((change.max() + change.min()) / 2)
            value += 0.7 * change
            value -= value.flat[0]
