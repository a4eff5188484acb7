"""A shop in which every unit of stock and of demand is an object of its own: the slow witness of the stepping world."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field


@dataclass
class UnitShop:
    """One item. ``patience``: periods that a customer waits for a unit."""

    stock: int
    patience: float
    queue: list[int] = field(default_factory=list)  # the period of each waiting unit's demand, first come first
    on_the_way: list[tuple[int, int]] = field(default_factory=list)  # for each unit: due, expected
    latest: int = -1
    now: int = -1

    def open(self) -> None:
        self.now += 1
        self.ages: Counter[int] = Counter()
        self.received = self.ordered = 0
        self._arrive()

    def _arrive(self) -> None:
        here = [unit for unit in self.on_the_way if unit[0] <= self.now]
        self.on_the_way = [unit for unit in self.on_the_way if unit[0] > self.now]
        self.received += len(here)
        for _ in here:
            self.stock += 1
        while self.queue and self.stock:
            self.ages[self.now - self.queue.pop(0)] += 1
            self.stock -= 1

    def order(self, units: int, lead_time: int, expected: int) -> None:
        for _ in range(units):
            self.latest = max(self.latest, self.now + lead_time)
            self.on_the_way.append((self.latest, self.now + expected))
        self.ordered += units
        self._arrive()

    def close(self, demand: int) -> dict[str, int]:
        filled = backordered = lost = 0
        for _ in range(demand):
            if self.stock:
                self.stock -= 1
                filled += 1
            elif self.patience > 0:
                self.queue.append(self.now)
                backordered += 1
            else:
                lost += 1
        stays = [period for period in self.queue if self.now - period < self.patience]
        lost += len(self.queue) - len(stays)
        self.queue = stays
        return {
            "received": self.received,
            "ordered": self.ordered,
            "demanded": demand,
            "filled": filled,
            "backordered": backordered,
            "lost": lost,
            "filled_later": sum(self.ages.values()),
            "stock": self.stock,
            "waiting": len(self.queue),
        }

    def expected_arrivals(self, reach: int) -> list[int]:
        out = [0] * reach
        for _, expected in self.on_the_way:
            out[1 if expected <= self.now else expected - self.now] += 1
        return out


PATIENCE = (math.inf, 0.0, 1.0, 3.0)
