"""An inventory told event by event, in plain Python, from the definition of the clock; not from the engine.

At each opening: what is due is received, the longest-waiting demand is filled first, a review that is due may
order; then demand comes, and what stock can't serve waits or is lost; then the period is counted.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field


@dataclass
class Order:
    due: int
    units: float


@dataclass
class Shop:
    stock: float
    reorder_point: float
    raise_to: float
    lot: float
    minimum: float
    review: int
    lost: bool
    first_review: int = 0
    orders: list[Order] = field(default_factory=list)
    waiting: deque[list[float]] = field(default_factory=deque)  # [period of the demand, units]
    last_arrival: int = 0
    waits: list[tuple[int, int, float]] = field(default_factory=list)  # demand period, periods waited, units

    def receive(self, now: int) -> float:
        came = sum(order.units for order in self.orders if order.due == now)
        self.orders = [order for order in self.orders if order.due != now]
        self.stock += came
        return came

    def fill(self, now: int) -> float:
        filled = 0.0
        while self.waiting and self.stock > 0:
            period, units = self.waiting[0]
            took = min(units, self.stock)
            self.stock -= took
            filled += took
            self.waits.append((int(period), now - int(period), took))
            if took == units:
                self.waiting.popleft()
            else:
                self.waiting[0][1] = units - took
        return filled

    def order(self, now: int, lead_time: int) -> float:
        if now < self.first_review or (now - self.first_review) % self.review:
            return 0.0
        backlog = sum(units for _, units in self.waiting)
        position = self.stock + sum(order.units for order in self.orders) - backlog
        if position > self.reorder_point or position >= self.raise_to:
            return 0.0
        units = self.raise_to - position
        if self.lot:
            units = math.ceil(units / self.lot) * self.lot
        units = max(units, self.minimum)
        # Orders do not cross: none arrives before an earlier one.
        self.last_arrival = max(self.last_arrival, now + lead_time)
        self.orders.append(Order(self.last_arrival, units))
        return units

    def serve(self, now: int, demand: float) -> tuple[float, float]:
        at_once = min(self.stock, demand)
        self.stock -= at_once
        short = demand - at_once
        if short and not self.lost:
            self.waiting.append([now, short])
        return at_once, short

    def live(self, demand: list[float], lead_times: list[int]) -> list[dict[str, float]]:
        """Return one record a period; ``lead_times[t]`` is that of an order placed at opening t."""
        record = []
        for now, wanted in enumerate(demand):
            opening = self.stock
            received = self.receive(now)
            late = self.fill(now)
            ordered = self.order(now, lead_times[now])
            received += self.receive(now)
            late += self.fill(now)
            at_once, short = self.serve(now, wanted)
            record.append(
                {
                    "opening_stock": opening,
                    "received": received,
                    "ordered": ordered,
                    "demanded": wanted,
                    "filled_at_once": at_once,
                    "filled_later": late,
                    "lost": short if self.lost else 0.0,
                    "stock": self.stock,
                    "waiting": sum(units for _, units in self.waiting),
                }
            )
        return record
