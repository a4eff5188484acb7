"""The record of promises: positions against a world that is walked, evidence by hand, and the factor that follows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from replenishment import track_record
from replenishment.constraints import order_quantity
from replenishment.demand_distributions import PoissonDemand
from replenishment.simulation.stepping import World
from replenishment.track_record import FACTORS, Asked, ReviewLevels, SeenDemand, TrackRecord, _Closed

G = len(FACTORS)


def levels(n: int, reorder_point: Any, rate: Any = 0.1, **changes: Any) -> ReviewLevels:
    """Rules of n items; base stock with L = 2 and R = 1 unless said otherwise."""
    every = {"raise_by": 1.0, "lot": 1.0, "minimum": 0.0, "weight": 1.0}
    numbers = {name: np.full(n, changes.get(name, value)) for name, value in every.items()}
    whole = {name: np.full(n, changes.get(name, value)) for name, value in (("lead_time", 2), ("review", 1))}
    flags = {name: np.full(n, changes.get(name, True)) for name in ("orders", "counted")}
    grid = {"reorder_point": reorder_point, "rate": rate}
    arrays = {name: np.array(np.broadcast_to(value, (n, G)), dtype=np.float64) for name, value in grid.items()}
    return ReviewLevels(**arrays, **numbers, **whole, **flags, stands_for=changes.get("stands_for", 1.0))


def seen(demand: Any, until: int, known: Any = True) -> SeenDemand:
    return SeenDemand.of(demand[:, :until], np.broadcast_to(known, demand.shape)[:, :until])


@pytest.fixture
def lasting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Evidence that never fades, so that sums can be compared."""
    monkeypatch.setattr(track_record, "HALF_LIFE_INTERVALS", np.inf)


@pytest.mark.usefixtures("lasting")
@pytest.mark.parametrize(("lead_time", "review", "lot"), [(2, 1, 1.0), (0, 1, 1.0), (3, 2, 1.0), (2, 3, 7.0)])
def test_what_was_short_is_what_a_world_walked_at_each_factor_is_short_of(
    lead_time: int, review: int, lot: float
) -> None:
    random, n, periods = np.random.default_rng(3), 6, 60
    demand = random.poisson(2.5, (n, periods)).astype(float)
    # Levels that wander, as those of a forecast do: a position may stand above the level that was lowered since.
    points = random.integers(2, 14, (periods, n, 1)) + np.arange(G)[::-1]
    record, rows = TrackRecord(n), np.arange(n)
    worlds = [World.start(points[0][:, g] + 1.0) for g in range(G)]
    short = np.zeros((n, G, periods))
    for t in range(periods):
        for g, world in enumerate(worlds):
            now = world.open()
            if t % review == 0:
                s = points[t][:, g].astype(float)
                order = order_quantity(now.position, s, s + 1.0, np.full(n, lot), np.zeros(n))[1]
                world.order(order, lead_time)
            short[:, g, t] = world.close(demand[:, t]).short
        if t % review == 0:
            record.learn(rows, seen(demand, t))
            record.review(
                rows, seen(demand, t), levels(n, points[t], lot=lot, lead_time=lead_time, review=review, weight=review)
            )
    record.learn(rows, seen(demand, periods))
    # The windows of the reviews follow each other without a gap, from the first arrival on.
    reviews = [t for t in range(0, periods, review) if t + lead_time + review <= periods]
    window = slice(lead_time, reviews[-1] + lead_time + review)
    evidence = record._evidence
    np.testing.assert_allclose(evidence.short, short[:, :, window].sum(axis=2), atol=1e-9)
    np.testing.assert_allclose(evidence.demanded, demand[:, window].sum(axis=1), atol=1e-9)
    np.testing.assert_allclose(evidence.weight, review * len(reviews))
    np.testing.assert_allclose(evidence.expected, 0.1 * review * len(reviews))
    assert short[:, :, window].sum() > 0


@pytest.mark.usefixtures("lasting")
@pytest.mark.parametrize("true_mean", [18.5, 20.0, 22.0])
def test_a_forecast_that_is_wrong_is_asked_for_what_gives_the_target(true_mean: float) -> None:
    """Poisson demand of another mean than the forecast's: at the asked rate the true loss must be the target."""
    random, n, periods, target, lead_time = np.random.default_rng(11), 40, 260, 0.05, 2
    demand = random.poisson(true_mean, (n, periods)).astype(float)
    grid = np.arange(400.0)
    rate = _rate(20.0, lead_time, grid)
    s = np.array([np.argmax(rate <= target * factor) for factor in FACTORS]) - 1.0
    record, rows = TrackRecord(n), np.arange(n)
    for t in range(periods):
        record.learn(rows, seen(demand, t))
        record.review(rows, seen(demand, t), levels(n, s, rate[s.astype(int) + 1], weight=20.0))
    asked = record.asked()
    level = np.interp(np.log(target * asked.factor), np.log(rate[::-1] + 1e-12), grid[::-1])
    truth = np.interp(level, grid, _rate(true_mean, lead_time, grid))
    assert truth == pytest.approx(target, rel=0.15)
    assert asked.factor * asked.followed == pytest.approx(1.0, rel=1e-6)
    assert (asked.factor - 1.0) * (20.0 - true_mean) >= 0.0


def _rate(mean: float, lead_time: int, grid: Any) -> Any:
    """Backorder rate of base stock with R = 1: what D(L + 1) exceeds the level by, less what D(L) did."""
    through, before = (PoissonDemand(np.array(mean * k)).loss(grid) for k in (lead_time + 1, lead_time))
    return (through - before) / mean


def test_nothing_is_asked_for_before_a_window_is_over() -> None:
    demand = np.full((3, 9), 4.0)
    record, rows = TrackRecord(3), np.arange(3)
    record.review(rows, seen(demand, 4), levels(3, 6.0))
    for t in (4, 5, 6):
        record.learn(rows, seen(demand, t))
        assert record.asked() == Asked()
    record.learn(rows, seen(demand, 7))
    # A level of 7 against 8 and 12 units: all of the 4 units of the window were short.
    told = record.asked()
    assert (told.units, told.short, told.expected) == pytest.approx((12.0, 12.0, 1.2))
    # One of three equal items is the forecast's: (12 + 0.4) / (1.2 + 0.4) of what it expects has followed.
    assert told.factor == pytest.approx(1.6 / 12.4)


@pytest.mark.parametrize("why", ["not recorded", "not ordered", "not counted"])
def test_windows_that_say_nothing_are_left_out(why: str) -> None:
    demand, known = np.full((2, 9), 4.0), np.ones((2, 9), dtype=bool)
    known[1, 6] = why != "not recorded"
    silent = {"not ordered": "orders", "not counted": "counted"}.get(why)
    written = levels(2, 6.0)
    if silent:
        getattr(written, silent)[1] = False
    record, rows = TrackRecord(2), np.arange(2)
    record.review(rows, seen(demand, 4, known), written)
    record.learn(rows, seen(demand, 9, known))
    np.testing.assert_allclose(record._evidence.demanded > 0, [True, False])


def test_evidence_counts_half_after_six_protection_intervals() -> None:
    demand = np.full((1, 40), 4.0)
    record, rows = TrackRecord(1), np.arange(1)
    record.review(rows, seen(demand, 0), levels(1, 6.0))
    record.learn(rows, seen(demand, 3))
    fresh = record.asked().units
    record.learn(rows, seen(demand, 21))
    assert fresh == 4.0
    assert record.asked().units == pytest.approx(2.0)


def test_thin_evidence_is_drawn_towards_the_forecast() -> None:
    def told(items: int) -> Asked:
        demand = np.full((items, 9), 4.0)
        record, rows = TrackRecord(items), np.arange(items)
        rates = 0.2 * np.array(FACTORS)
        record.review(rows, seen(demand, 0), levels(items, 20.0 - np.arange(G), rates))
        record.learn(rows, seen(demand, 3))
        return record.asked()

    # Nothing was short of few items or of many: the more there are, the more may be asked for.
    few, many = told(1), told(100)
    assert 1.0 < few.factor <= many.factor
    assert many.followed < few.followed < 1.0


@pytest.mark.usefixtures("lasting")
def test_a_level_that_is_asked_for_on_noisy_evidence_keeps_its_target_in_the_mean() -> None:
    """Worlds with good years and bad ones: what is asked after a few of them must not promise too little in the mean.

    Each window's rate is the expected one times a luck of mean 1 that all its items share.
    """
    target, windows, items, worlds = 0.05, 6, 400, 400
    random = np.random.default_rng(3)
    luck = random.gamma(2.0, 0.5, (worlds, windows))
    rates = target * np.array(FACTORS)
    achieved = []
    for row in luck:
        record = TrackRecord(items)
        for k, shared in enumerate(row):
            record._closed.append(_Closed(k, items * rates * shared, items * rates))
            record._evidence.short += rates * shared
            record._evidence.expected += rates
            record._evidence.demanded += 1.0
            record._evidence.weight += 1.0
        record._now = windows
        achieved.append(record.asked().factor)
    plain = 1.0 / luck.mean(axis=1)
    # The next window's luck has mean 1: what follows is the factor itself.
    assert plain.mean() > 1.07
    assert np.mean(achieved) == pytest.approx(1.0, abs=0.03)


def test_no_more_demand_is_needed_than_since_the_oldest_open_review() -> None:
    random = np.random.default_rng(2)
    demand = random.poisson(5.0, (3, 30)).astype(float)
    whole, part, rows = TrackRecord(3), TrackRecord(3), np.arange(3)
    assert part.since is None
    for t in range(30):
        first = t if part.since is None else part.since
        assert first >= t - 3
        late = SeenDemand.of(demand[:, first:t], np.ones((3, t - first)), first)
        for record, known in ((whole, seen(demand, t)), (part, late)):
            record.learn(rows, known)
            record.review(rows, known, levels(3, 14.0))
    assert whole.asked() == part.asked()
    assert part.asked().short > 0


def test_rows_may_come_in_any_order_and_items_may_come_later() -> None:
    random = np.random.default_rng(1)
    demand = random.poisson(5.0, (4, 30)).astype(float)
    points = np.arange(4.0)[:, None] + 12.0
    one, two = TrackRecord(4), TrackRecord(4)
    for t in range(30):
        rows = np.arange(4) if t > 10 else np.arange(3)
        other = rows[::-1]
        for record, who in ((one, rows), (two, other)):
            record.learn(who, seen(demand[who], t))
            record.review(who, seen(demand[who], t), levels(len(who), points[who]))
    assert one.asked() == two.asked()
    assert one.asked().units > 0


def test_an_item_that_speaks_for_three_counts_as_three_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """But for the prior, which counts items as they are met."""
    monkeypatch.setattr(track_record, "PRIOR_ITEMS", 0.0)
    random = np.random.default_rng(5)
    one = np.repeat(random.poisson(4.0, (1, 40)).astype(float), 3, axis=0)
    points = np.arange(G)[::-1] + 6.0
    told = []
    for items, stands_for in ((3, 1.0), (1, 3.0)):
        record, rows = TrackRecord(items), np.arange(items)
        for t in range(40):
            record.learn(rows, seen(one[:items], t))
            record.review(rows, seen(one[:items], t), levels(items, points, weight=4.0, stands_for=stands_for))
        told.append(record.asked())
    three, single = told
    assert three.short > 0
    for name in ("units", "short", "expected", "factor", "followed"):
        assert getattr(single, name) == pytest.approx(getattr(three, name)), name
