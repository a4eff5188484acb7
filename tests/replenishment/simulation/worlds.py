"""Worlds drawn at random, told to the reference and to the engine."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from hypothesis import strategies as st

from forecasting.identity import stream_keys
from replenishment.kernels.simulation.columns import COLUMNS, COUNTS
from replenishment.lead_times import LeadTimes
from replenishment.simulation import simulate
from replenishment.simulation.clock import Clock
from replenishment.simulation.policies import LevelsByPeriod, PlannedOrders
from replenishment.simulation.world import Customers, OrderLimits, OrderSizes, Supply, Warehouse
from tests.replenishment.simulation.reference import FOREVER, Chance, Shop
from tests.replenishment.simulation.rules import rule

STANDARD = ("receive", "fill_backorders", "review", "demand", "count")
ORDERS_OF_EVENTS = st.permutations(STANDARD).filter(lambda e: e.index("count") > e.index("demand")).map(tuple)


def cumulative(weights: list[int]) -> list[float]:
    return [float(p) for p in np.cumsum(np.array(weights) / sum(weights))]


@st.composite
def ordinary_worlds(draw: Any) -> dict[str, Any]:
    """Default clock, a supplier that delivers, customers who wait or leave: what the fast loop tells."""
    periods = draw(st.integers(3, 40))
    lot, s, step = draw(st.sampled_from([0.0, 1.0, 3.0, 7.0])), draw(st.integers(-1, 15)), draw(st.integers(1, 15))
    halves = draw(st.sampled_from([1.0, 0.5]))
    units = st.integers(0, 12).map(lambda d: d * halves)
    # Not both: with stock on hand nobody waits at the default clock's opening.
    stock, waiting = draw(st.sampled_from([(1, 0), (0, 1)]))
    by_period = draw(st.booleans())
    # Powers of two keep sums of halves exact.
    weights = draw(st.lists(st.integers(1, 4), min_size=3, max_size=3))
    return {
        "sizes": draw(st.sampled_from([[], [], list(zip([1.0, 2.0, 5.0], cumulative(weights), strict=True))])),
        "demand": draw(st.lists(units, min_size=periods, max_size=periods)),
        "stock": float(stock * draw(st.integers(0, 25))),
        "waiting": float(waiting * draw(st.integers(0, 9))),
        "reorder_point": [float(s + draw(st.integers(-2, 2))) for _ in range(periods)] if by_period else float(s),
        "raise_to": [float(s + step + t % 3) for t in range(periods)] if by_period else float(s + step),
        "lot": lot,
        "minimum": draw(st.integers(0, 4)) * (lot or 2.0),
        "maximum": draw(st.sampled_from([FOREVER, FOREVER, 14.0, 25.0])),
        "max_stock": draw(st.sampled_from([FOREVER, FOREVER, 12.0, 30.0])),
        "review": draw(st.integers(1, 5)),
        "first_review": draw(st.integers(0, 3)),
        "order_days": draw(st.one_of(st.just(True), st.lists(st.booleans(), min_size=periods, max_size=periods))),
        "lead_time": cumulative([*draw(st.lists(st.integers(0, 3), max_size=5)), 1]),
        "delay": draw(st.one_of(st.just(0), st.lists(st.integers(0, 3), min_size=periods, max_size=periods))),
        "crossing": draw(st.booleans()),
        "on_order": draw(st.lists(st.integers(0, 9).map(float), max_size=5)),
        "lost_share": draw(st.sampled_from([0.0, 0.0, 1.0])),
        "warm_up": draw(st.integers(0, periods - 1)),
    }


def by_period(value: Any, periods: int) -> Any:
    """One number for all periods, or one for each."""
    return st.one_of(value, st.lists(value, min_size=periods, max_size=periods))


@st.composite
def worlds(draw: Any) -> dict[str, Any]:
    """Every clock, mode and mishap."""
    world = draw(ordinary_worlds())
    periods = len(world["demand"])
    world["stock"] += draw(st.sampled_from([0.0, 5.0]))
    world["events"] = draw(ORDERS_OF_EVENTS)
    seldom = [False, False, True]
    # Shares of fractions would round differently in another order of adding up.
    whole = all(units == int(units) for units in world["demand"])
    if draw(st.sampled_from(seldom)):
        world["planned"] = draw(st.lists(st.integers(0, 6).map(float), min_size=periods, max_size=periods))
    if draw(st.sampled_from(seldom)):
        limit = st.sampled_from([0.0, 2.0, 5.0, FOREVER])
        world["capacity"] = draw(st.one_of(limit, st.lists(limit, min_size=periods, max_size=periods)))
    if draw(st.sampled_from(seldom)):
        world |= {"failure": draw(st.sampled_from([0.1, 0.5])), "recovery": draw(st.sampled_from([0.3, 1.0]))}
    if whole and draw(st.sampled_from(seldom)):
        share = st.sampled_from([(0.5, 1.0), (0.0, 0.9), (0.75, 0.75), (1.0, 1.0)])
        world["yields"] = draw(by_period(share, periods))
    if draw(st.sampled_from(seldom)):
        world["patience"] = float(draw(st.integers(0, 5)))
        world["lost_share"] = draw(st.sampled_from([0.0, 1.0] if whole else [0.0, 0.5, 1.0]))
    world["complete"] = draw(st.sampled_from(seldom))
    if world["sizes"] and draw(st.booleans()):
        world["priorities"] = draw(st.sampled_from([[1.0], cumulative([1, 2]), cumulative([2, 1, 1])]))
    if draw(st.sampled_from(seldom)):
        world["shelf_life"] = float(draw(st.integers(1, 6)))
    if whole and draw(st.sampled_from(seldom)):
        world |= {
            "error_probability": draw(by_period(st.sampled_from([0.0, 0.2, 1.0]), periods)),
            "error_share": draw(by_period(st.sampled_from([0.25, 1.0]), periods)),
            "misplaced": "shelf_life" not in world and draw(st.booleans()),
            "stocktake_every": draw(st.integers(0, 5)),
            "book_error": float(draw(st.integers(-4, 4))),
        }
    return world


def tell(world: dict[str, Any], paths: int) -> list[Shop]:
    """Live through the world in the reference; one shop a path, its record in ``days``."""
    key = int(stream_keys(("00000",), ("main",), 7)[0])
    shops = []
    for path in range(paths):
        shop = Shop(**{name: value for name, value in world.items() if name != "demand"}, chance=Chance(key, path))
        shop.days = shop.live(list(world["demand"]))  # type: ignore[attr-defined]
        shops.append(shop)
    return shops


def simulated(world: dict[str, Any], paths: int, **more: Any) -> tuple[Any, Any]:
    """Simulate the world, or another policy in it; return the result and what the engine counted."""
    shop = Shop(**{name: value for name, value in world.items() if name != "demand"})
    periods = len(world["demand"])

    def table(value: Any) -> Any:
        return np.array(value)[None, :periods] if isinstance(value, list) else value

    first = [v[0] if isinstance(v, list) else v for v in (shop.reorder_point, shop.raise_to)]
    policy: Any = rule(
        reorder_point=first[0], raise_to=first[1], lot=shop.lot, minimum=shop.minimum, review=shop.review
    )
    if isinstance(shop.reorder_point, list):
        policy = LevelsByPeriod(policy, table(shop.reorder_point), table(shop.raise_to))
    if shop.planned is not None:
        policy = PlannedOrders(("00000",), ("main",), table(shop.planned))
    mixed = shop.patience < FOREVER or shop.lost_share not in (0.0, 1.0)
    sizes = None
    if shop.sizes:
        values, upto = np.array(shop.sizes).T
        sizes = OrderSizes(values[None], np.diff(upto, prepend=0.0)[None])
    policy = more.pop("policy", policy)
    yields = (
        [list(column) for column in zip(*shop.yields, strict=True)] if isinstance(shop.yields, list) else shop.yields
    )
    captured: list[Any] = []

    def spy(work: Any, pieces: Any) -> Any:
        for piece in pieces:
            captured.append(work(piece))
            yield captured[-1]

    result = simulate(
        policy,
        np.array([world["demand"]], dtype=np.float32),
        LeadTimes(np.diff(np.array([shop.lead_time]), prepend=0.0)),
        periods=periods,
        paths=paths,
        unmet_demand="mixed" if mixed else ("lost" if shop.lost_share else "backorder"),
        clock=Clock(shop.events, shop.first_review),
        warm_up=shop.warm_up,
        seed=7,
        initial_stock=shop.stock,
        backordered=shop.waiting,
        on_order=np.array([shop.on_order]) if shop.on_order else None,
        supply=Supply(
            crossing=shop.crossing, delay=table(shop.delay), capacity=table(shop.capacity), failure=shop.failure,
            recovery=shop.recovery, least_yield=table(yields[0]), most_yield=table(yields[1]),
        ),
        customers=Customers(
            patience=shop.patience if mixed else FOREVER, lost_share=shop.lost_share if mixed else 0.0,
            shipment="complete" if shop.complete else "partial", order_sizes=sizes,
            priorities=np.diff(shop.priorities, prepend=0.0),
        ),
        warehouse=Warehouse(
            shelf_life=shop.shelf_life, error_probability=table(shop.error_probability),
            error_share=table(shop.error_share),
            misplaced=shop.misplaced, stocktake_every=shop.stocktake_every, book_error=shop.book_error,
        ),
        limits=OrderLimits(open=table(shop.order_days), maximum=table(shop.maximum), max_stock=shop.max_stock),
        run=spy,
        **more,
    )  # fmt: skip
    return result, captured[0][0] if captured else None


def told_counts(shop: Shop) -> dict[str, float]:
    """What the reference counted on its path, under the names of the engine."""
    counts = {name: float(shop.tally[name]) for name in COUNTS}
    ages: Counter[int] = shop.ages
    counts["counted_waits"] = float(sum(ages.values()))
    counts["counted_wait_periods"] = float(sum(wait * units for wait, units in ages.items()))
    return counts


def engine_counts(piece: Any, path: int) -> dict[str, float]:
    """What the engine counted on a path of its only item."""
    return {name: float(piece.counts[0, COLUMNS.index(name), path]) for name in COUNTS}
