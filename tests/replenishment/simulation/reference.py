"""An inventory told event by event, in plain Python, from the definition of the clock; not from the engine.

One item on one path. Batches, orders, shipments and order lines are objects in lists; every event is a method, and a
period calls them in the order of its clock.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.forecasting.kernels.splitmix import STRIDE, bits

FOREVER = math.inf
SUBJECTS = {"yield": 1, "lines": 2, "records": 3, "supplier": 4}


@dataclass
class Chance:
    """The random numbers of one item on one path, from their definition: a stream a subject, a place a period."""

    key: int = 0
    path: int = 0

    def uniform(self, subject: str, now: int) -> float:
        return self._number(self._stream(subject), self.path * STRIDE + now)

    def lead_time(self, now: int) -> float:
        return self._number(self.key, self.path * STRIDE + STRIDE // 2 + now)

    def of_line(self, now: int, place: int) -> float:
        return self._number(bits(self._stream("lines"), self.path * STRIDE + now), place)

    def _stream(self, subject: str) -> int:
        return bits(self.key, 2**63 + SUBJECTS[subject])

    @staticmethod
    def _number(key: int, counter: int) -> float:
        return (bits(key, counter) >> 11) * 2.0**-53


def chosen(uniform: float, cumulative: list[float]) -> int:
    """The place of a uniform number among cumulative probabilities; the last takes the rest."""
    return next((k for k, p in enumerate(cumulative[:-1]) if uniform < p), len(cumulative) - 1)


def share_of(units: float, share: float) -> float:
    """A share; of whole units the nearest whole number."""
    return float(math.floor(units * share + 0.5)) if units == math.floor(units) else units * share


@dataclass
class Line:
    """Units of one customer, demanded in a period."""

    period: int
    left: float
    priority: int = 0


@dataclass
class Batch:
    units: float
    counts_left: float


@dataclass
class Shop:
    """One item. Lists by period may be given as one number where all periods are alike."""

    stock: float = 0.0
    # the ordering rule and what an order must look like
    reorder_point: Any = 5.0
    raise_to: Any = 6.0
    lot: float = 1.0
    minimum: float = 0.0
    maximum: Any = FOREVER
    max_stock: float = FOREVER
    planned: list[float] | None = None
    review: int = 1
    order_days: Any = True
    # the clock
    events: tuple[str, ...] = ("receive", "fill_backorders", "review", "demand", "count")
    first_review: int = 0
    # the supplier
    lead_time: list[float] = field(default_factory=lambda: [1.0])  # cumulative probabilities of 0, 1, 2, ... periods
    delay: Any = 0
    capacity: Any = FOREVER
    failure: float = 0.0
    recovery: float = 1.0
    yields: Any = (1.0, 1.0)
    crossing: bool = False
    on_order: list[float] = field(default_factory=list)
    # the customers
    lost_share: float = 0.0
    patience: float = FOREVER
    complete: bool = False
    sizes: list[tuple[float, float]] = field(default_factory=list)  # size of a line, cumulative probability
    priorities: list[float] = field(default_factory=lambda: [1.0])  # cumulative probabilities of 0, 1, ...
    waiting: float = 0.0
    # the warehouse
    shelf_life: float = FOREVER
    error_probability: Any = 0.0
    error_share: Any = 0.0
    misplaced: bool = False
    stocktake_every: int = 0
    book_error: float = 0.0
    warm_up: int = 0
    chance: Chance = field(default_factory=Chance)

    def __post_init__(self) -> None:
        self.batches = [Batch(self.stock, self.shelf_life)]
        self.hidden = 0.0
        self.phantom = self.book_error
        self.arrivals = [(due, units) for due, units in enumerate(self.on_order)]
        self.owed = 0.0  # what the supplier has yet to ship
        self.supplier_up = True
        self.last_arrival = 0
        self.next_review = self.first_review
        self.queue = [Line(-1, self.waiting)] if self.waiting else []
        self.short_since_receipt = False
        self.tally: Counter[str] = Counter()
        self.ages: Counter[int] = Counter()  # units filled later by the periods that they waited

    # -- state in one word
    @property
    def on_shelf(self) -> float:
        return sum(batch.units for batch in self.batches)

    @property
    def backlog(self) -> float:
        return sum(line.left for line in self.queue)

    @property
    def outstanding(self) -> float:
        return sum(units for _, units in self.arrivals) + self.owed

    def at(self, value: Any) -> Any:
        return value[self.now] if isinstance(value, list) else value

    # -- the warehouse
    def take(self, units: float) -> None:
        for batch in self.batches:
            took = min(batch.units, units)
            batch.units -= took
            units -= took

    def open(self) -> None:
        """Before the first event: the supplier fails or recovers, the records drift, a stocktake puts them right."""
        if self.failure:
            drawn = self.chance.uniform("supplier", self.now)
            self.supplier_up = drawn >= self.failure if self.supplier_up else drawn < self.recovery
        error = self.at(self.error_probability)
        if error and self.chance.uniform("records", self.now) < error:
            gone = share_of(self.on_shelf, self.at(self.error_share))
            self.take(gone)
            if self.misplaced:
                self.hidden += gone
            else:
                self.phantom += gone
                self.happened["scrapped"] += gone
        if self.stocktake_every and self.now and self.now % self.stocktake_every == 0:
            self.batches.append(Batch(self.hidden, self.shelf_life))
            self.hidden = self.phantom = 0.0

    def receive(self) -> None:
        came = sum(units for due, units in self.arrivals if due == self.now)
        self.arrivals = [(due, units) for due, units in self.arrivals if due != self.now]
        if not came:
            return
        low, high = self.at(self.yields)
        good = came
        if low < 1.0:
            good = share_of(came, low + (high - low) * self.chance.uniform("yield", self.now))
        self.batches.append(Batch(good, self.shelf_life))
        self.happened["received"] += came
        self.happened["scrapped"] += came - good
        self.happened["cycles"] += 1
        self.happened["short_cycles"] += self.short_since_receipt
        self.short_since_receipt = False

    # -- the customers
    def ship(self, lines: list[Line]) -> float:
        """Give stock to lines by priority, then in their order; whole lines only where these are wanted whole."""
        shipped = 0.0
        for line in sorted(lines, key=lambda line: line.priority):
            units = min(line.left, self.on_shelf)
            if units < line.left and self.complete:
                continue
            self.take(units)
            line.left -= units
            shipped += units
            wait = self.now - line.period
            if line in self.queue and units:
                self.happened["waited_periods"] += wait * units
                if line.period >= self.warm_up:
                    self.ages[wait] += units
        return shipped

    def fill_backorders(self) -> None:
        self.happened["filled_later"] += self.ship(self.queue)
        self.queue = [line for line in self.queue if line.left]

    def demand(self) -> None:
        lines, rest = [], self.wanted
        while rest:
            place = 2 * len(lines)
            size = rest
            if self.sizes:
                which = chosen(self.chance.of_line(self.now, place), [p for _, p in self.sizes])
                size = min(self.sizes[which][0], rest)
            priority = 0
            if len(self.priorities) > 1:
                priority = chosen(self.chance.of_line(self.now, place + 1), self.priorities)
            lines.append(Line(self.now, size, priority))
            rest -= size
        self.happened["filled_at_once"] += self.ship(lines)
        self.happened["lines"] += len(lines)
        for line in lines:
            if line.left:
                self.happened["short_lines"] += 1
                self.short_since_receipt = True
                lost = line.left if self.patience == 0 else line.left * self.lost_share
                self.happened["lost"] += lost
                line.left -= lost
        self.queue += [line for line in lines if line.left]

    # -- the planner and the supplier
    @property
    def position(self) -> float:
        return self.on_shelf + self.hidden + self.phantom + self.outstanding - self.backlog

    def review_event(self) -> None:
        self.place(self.due_order())
        self.dispatch(self.shippable())

    def due_order(self) -> float:
        if self.planned is not None:
            return self.planned[self.now] if self.at(self.order_days) else 0.0
        if self.now >= self.next_review and self.at(self.order_days):
            self.next_review = self.now + self.review
            return self.quantity(self.position)
        return 0.0

    def place(self, ordered: float) -> None:
        self.happened["ordered"] += ordered
        self.owed += ordered

    def shippable(self) -> float:
        return min(self.owed, self.at(self.capacity)) if self.supplier_up else 0.0

    def dispatch(self, shipped: float) -> None:
        if not shipped:
            return
        self.owed -= shipped
        arrival = self.now + chosen(self.chance.lead_time(self.now), self.lead_time) + self.at(self.delay)
        if not self.crossing:
            self.last_arrival = arrival = max(arrival, self.last_arrival)
        self.arrivals.append((arrival, shipped))
        if arrival == self.now and "receive" in self.passed:
            self.receive()
            if "fill_backorders" in self.passed:
                self.fill_backorders()

    def quantity(self, position: float) -> float:
        target = self.at(self.raise_to)
        if position > self.at(self.reorder_point) or position >= target:
            return 0.0
        units = target - position
        if self.lot:
            units = math.ceil(units / self.lot) * self.lot
        units = max(units, self.minimum)
        most = min(self.at(self.maximum), self.max_stock - position)
        if units > most:
            units = math.floor(most / self.lot) * self.lot if self.lot else most
            if units < self.minimum:
                return 0.0
        return max(units, 0.0)

    # -- the period
    def count(self) -> None:
        for batch in self.batches:
            batch.counts_left -= 1
            if batch.counts_left <= 0:
                self.happened["scrapped"] += batch.units
                batch.units = 0.0
        self.batches = [batch for batch in self.batches if batch.units]
        for line in self.queue:
            if self.now - line.period >= self.patience:
                self.happened["cancelled"] += line.left
                line.left = 0.0
        self.queue = [line for line in self.queue if line.left]
        self.happened.update(
            {
                "stock": self.on_shelf + self.hidden,
                "waiting": self.backlog,
                "on_order": self.outstanding,
                "ready_periods": float(self.on_shelf > 0),
            }
        )

    def live(self, demand: list[float]) -> list[dict[str, float]]:
        """Return one record a period."""
        record = []
        for now, wanted in enumerate(demand):
            self.begin(now, wanted)
            for event in self.events:
                self.let(event)
            record.append(self.end())
        return record

    def begin(self, now: int, wanted: float) -> None:
        self.now, self.wanted = now, wanted
        self.passed: set[str] = set()
        self.happened: Counter[str] = Counter({"opening_stock": self.on_shelf + self.hidden})
        self.open()

    def let(self, event: str) -> None:
        """One event happens."""
        if event == "review":
            self.review_event()
        else:
            getattr(self, event)()
        self.passed.add(event)

    def end(self) -> dict[str, float]:
        """The record of the period."""
        short = self.wanted - self.happened["filled_at_once"]
        self.happened.update({"demanded": self.wanted, "short": short})
        if self.now >= self.warm_up:
            self.tally["orders"] += self.happened["ordered"] > 0
            self.tally["demand_periods"] += self.wanted > 0
            self.tally["short_periods"] += short > 0
            self.tally.update(self.happened)
        return dict(self.happened)
