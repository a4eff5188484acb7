"""
Plain loops that follow every unit: the independent witnesses of the closed forms.

Nothing here is clever. Each simulation returns estimates with standard errors from batch means, and ``agrees`` compares
them with a formula.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np


@dataclass
class Estimates:
    """Ratios of totals by name, with standard errors from batches."""

    batches: list[dict[str, tuple[float, float]]] = field(default_factory=list)

    def add(self, **ratios: tuple[float, float]) -> None:
        """Add a batch of (numerator, denominator) pairs."""
        self.batches.append(ratios)

    def of(self, name: str) -> tuple[float, float]:
        """Return the estimate and its standard error."""
        top = np.array([batch[name][0] for batch in self.batches])
        bottom = np.array([batch[name][1] for batch in self.batches])
        ratio = top.sum() / bottom.sum()
        error = np.sqrt(np.sum((top - ratio * bottom) ** 2) * len(top) / (len(top) - 1)) / bottom.sum()
        return float(ratio), float(error)

    def agrees(self, name: str, formula: float, width: float = 4.0) -> None:
        """Fail unless the formula lies within some standard errors of the estimate."""
        ratio, error = self.of(name)
        assert abs(ratio - formula) <= width * error + 1e-9, f"{name}: {formula} against {ratio} +- {error}"


def periodic(
    draw: Callable[[int], np.ndarray],
    order: Callable[[float], float],
    lead_time: int,
    review: int = 1,
    batches: int = 40,
    length: int = 2_000,
) -> Estimates:
    """
    Simulate periodic review with full backordering, period by period.

    Opening of a period: receive, review (every ``review`` periods) and order by the position, then demand, then count.
    """
    found, net, position, period = Estimates(), 0.0, 0.0, 0
    pipeline = [0.0] * (lead_time + 1)
    warm = 50 + 5 * (lead_time + review)
    for batch in range(-1, batches):
        count = warm if batch < 0 else -(-length // review) * review
        demands = draw(count)
        filled = demanded = backorders = on_hand = orders = cycles = good = positive = clean = 0.0
        for quantity in demands:
            arrived = pipeline[period % (lead_time + 1)]
            pipeline[period % (lead_time + 1)] = 0.0
            if arrived > 0:
                # the cycle that this arrival ends was good when the net stock had not fallen below zero
                cycles += 1
                good += net >= -1e-9
            net += arrived
            if period % review == 0:
                placed = order(position)
                if placed > 0:
                    orders += 1
                    position += placed
                    if lead_time == 0:
                        cycles += 1
                        good += net >= -1e-9
                        net += placed
                    else:
                        pipeline[(period + lead_time) % (lead_time + 1)] = placed
            filled += min(max(net, 0.0), quantity)
            demanded += quantity
            net -= quantity
            position -= quantity
            backorders += max(-net, 0.0)
            on_hand += max(net, 0.0)
            positive += net > 1e-9
            clean += net >= -1e-9
            period += 1
        if batch >= 0:
            found.add(
                fill_rate=(filled, demanded),
                expected_backorders=(backorders, count),
                expected_on_hand=(on_hand, count),
                ready_rate=(positive, count),
                no_backorder_rate=(clean, count),
                order_frequency=(orders, count),
                cycle_service_level=(good, max(cycles, 1e-12)),
                mean_wait=(backorders, demanded),
            )
    return found


def _customers(
    rng: np.random.Generator, rate: float, sizes: Callable[[], int], count: int
) -> Iterator[tuple[float, int]]:
    for gap in rng.exponential(1.0 / rate, count):
        yield gap, sizes()


def continuous(
    rng: np.random.Generator,
    order_rate: float,
    sizes: Callable[[], int],
    lead_time: Callable[[], float],
    reorder_point: int,
    order_quantity: int,
    *,
    lost: bool = False,
    batches: int = 40,
    length: int = 2_000,
) -> Estimates:
    """
    Simulate continuous review, customer by customer; orders may cross when lead times are random.

    With ``lost`` every unit that finds no stock is lost and not reordered.
    """
    found = Estimates()
    now, net, position = 0.0, 0, reorder_point + order_quantity
    net = position
    arrivals: list[tuple[float, int]] = []
    for batch in range(-1, batches):
        held = backlog = ready = clean = demanded = filled = lines = complete = orders = 0.0
        outstanding = 0.0
        start = now
        for gap, size in _customers(rng, order_rate, sizes, length // 2 if batch < 0 else length):
            moment = now + gap
            while arrivals and arrivals[0][0] <= moment:
                due, quantity = heapq.heappop(arrivals)
                span = due - now
                held, backlog = held + max(net, 0) * span, backlog + max(-net, 0) * span
                ready, clean = ready + (net > 0) * span, clean + (net >= 0) * span
                outstanding += (position - net) * span
                now, net = due, net + quantity
            span = moment - now
            held, backlog = held + max(net, 0) * span, backlog + max(-net, 0) * span
            ready, clean = ready + (net > 0) * span, clean + (net >= 0) * span
            outstanding += (position - net) * span
            now = moment
            served = min(max(net, 0), size)
            demanded, filled, lines, complete = demanded + size, filled + served, lines + 1, complete + (served == size)
            taken = served if lost else size
            net, position = net - taken, position - taken
            while position <= reorder_point:
                position += order_quantity
                orders += 1
                heapq.heappush(arrivals, (now + lead_time(), order_quantity))
        if batch >= 0:
            time = now - start
            found.add(
                fill_rate=(filled, demanded),
                complete_order_fill_rate=(complete, lines),
                ready_rate=(ready, time),
                no_backorder_rate=(clean, time),
                expected_backorders=(backlog, time),
                expected_on_hand=(held, time),
                order_frequency=(orders, time),
                mean_wait=(backlog, demanded),
                outstanding=(outstanding, time),
            )
    return found
