"""The same shop as a SimPy model: processes and events of another engine, fed with the same draws."""

from __future__ import annotations

from collections import deque

import simpy


class SimPyShop:
    """An (s, nQ) or (s, S) policy reviewed every period, customers who wait in turn or leave.

    Within a period the order of events is kept by their times: receipts at t, review at t + 0.25, demand at t + 0.5,
    count at t + 0.75.
    """

    def __init__(
        self, demand: list[float], lead_times: list[int], *, stock: float, rule: tuple[float, float, float], lost: bool
    ) -> None:
        self.env = simpy.Environment()
        self.demand, self.lead_times, self.rule, self.lost = demand, lead_times, rule, lost
        self.stock, self.on_order, self.latest = stock, 0.0, 0.0
        self.queue: deque[list[float]] = deque()  # [period of the demand, units]
        self.short = self.orders = self.stock_sum = self.waiting_sum = 0.0
        self.ages: dict[int, float] = {}
        self.env.process(self._planner())
        self.env.process(self._customers())
        self.env.process(self._clerk())

    def run(self) -> SimPyShop:
        self.env.run(until=len(self.demand))
        return self

    def _planner(self):  # type: ignore[no-untyped-def]
        yield self.env.timeout(0.25)
        for lead_time in self.lead_times:
            point, level, lot = self.rule
            position = self.stock + self.on_order - sum(units for _, units in self.queue)
            if position <= point:
                units = -(-(level - position) // lot) * lot
                self.on_order += units
                self.orders += 1
                self.latest = max(self.latest, int(self.env.now) + lead_time)
                self.env.process(self._delivery(units, self.latest))
            yield self.env.timeout(1)

    def _delivery(self, units: float, at: float):  # type: ignore[no-untyped-def]
        if at > self.env.now:
            yield self.env.timeout(at - self.env.now)
        self.stock += units
        self.on_order -= units
        while self.queue and self.stock:
            took = min(self.stock, self.queue[0][1])
            age = int(self.env.now) - int(self.queue[0][0])
            self.ages[age] = self.ages.get(age, 0.0) + took
            self.stock -= took
            self.queue[0][1] -= took
            if not self.queue[0][1]:
                self.queue.popleft()

    def _customers(self):  # type: ignore[no-untyped-def]
        yield self.env.timeout(0.5)
        for period, wanted in enumerate(self.demand):
            at_once = min(self.stock, wanted)
            self.stock -= at_once
            self.short += wanted - at_once
            if wanted > at_once and not self.lost:
                self.queue.append([period, wanted - at_once])
            yield self.env.timeout(1)

    def _clerk(self):  # type: ignore[no-untyped-def]
        yield self.env.timeout(0.75)
        while True:
            self.stock_sum += self.stock
            self.waiting_sum += sum(units for _, units in self.queue)
            yield self.env.timeout(1)
