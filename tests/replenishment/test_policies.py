"""Levels that just reach their targets, and rules that order as they say."""

from __future__ import annotations

from dataclasses import fields, replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from replenishment.constraints import order_quantity
from replenishment.lost_sales_orders import REVIEWS_AHEAD, DemandAhead
from replenishment.policies import LotRules, OrderingRule, Policies, Targets, reorder_points_at, set_policies
from replenishment.service import ProtectionDemand
from replenishment.simulation.engine import simulate

SERVICE = ("backorder_rate", "fill_rate", "cycle_service_level", "ready_rate")
# What a target of a measure means for the worse: the share short, or without it.
AMBITION = {"backorder_rate": (0.2, 0.05, 0.01), "fill_rate": (0.8, 0.95, 0.99)}


def demand_of(draws: np.ndarray, lead_time: int, whole: bool | np.ndarray = True) -> ProtectionDemand:
    """Draws (n, paths, lead time + review); one flag or (n,)."""
    cumulative = np.concatenate([np.zeros((*draws.shape[:2], 1)), draws.cumsum(axis=2)], axis=2).astype(np.float32)
    before, ends = (np.ascontiguousarray(a) for a in (cumulative[:, :, lead_time], cumulative[:, :, lead_time + 1 :]))
    return ProtectionDemand.from_sums(before, ends, np.broadcast_to(whole, len(draws)).copy())


def mixed(seed: int = 0, lead_time: int = 2, review: int = 1, paths: int = 300) -> ProtectionDemand:
    """Poisson, lumpy, slow and fractional demand; the last item has none."""
    rng = np.random.default_rng(seed)
    shape = (paths, lead_time + review)
    draws = np.stack(
        [
            rng.poisson(6.0, shape),
            rng.geometric(0.1, shape) * (rng.random(shape) < 0.3),
            rng.poisson(0.3, shape),
            rng.gamma(2.0, 1.7, shape),
            np.zeros(shape),
        ]
    )
    return demand_of(draws, lead_time, np.array([True, True, True, False, True]))


def targets(
    n: int, measure: str = "backorder_rate", target: float = 0.05, lost: bool = False, costs: tuple = (0.1, 5.0)
) -> Targets:
    ones = np.ones(n)
    return Targets(np.full(n, measure), target * ones, costs[0] * ones, costs[1] * ones, np.full(n, lost))


def lots(n: int, economic: float = np.nan, minimum: float = 0.0, pack: float = 1.0) -> LotRules:
    return LotRules(np.full(n, economic), np.full(n, minimum), np.full(n, pack))


def policies(demand: ProtectionDemand, wanted: Targets, rules: LotRules | None = None, kind: str = "auto") -> Policies:
    n = len(demand)
    return set_policies(np.full(n, kind), demand, wanted, rules or lots(n), demand.window_units)


def rate(measure: str, demand: ProtectionDemand, s: np.ndarray, lot: float | np.ndarray) -> np.ndarray:
    """How well a reorder point serves, the higher the better."""
    if measure == "ready_rate":
        return demand.ready_rate(s, lot)
    return 1 - demand.backorder_rate(s, lot)


@pytest.mark.parametrize("measure", ["backorder_rate", "fill_rate", "ready_rate"])
@pytest.mark.parametrize("ambition", [0.7, 0.95, 0.995])
@pytest.mark.parametrize("lot", [1.0, 8.0])
def test_a_level_reaches_its_target_and_a_unit_less_does_not(measure: str, ambition: float, lot: float) -> None:
    """Unless the level is already the lowest that is allowed: wait for one backordered unit."""
    demand = mixed().take(np.array([0, 1, 2, 4]))
    wanted = targets(4, measure, 1 - ambition if measure == "backorder_rate" else ambition)
    made = policies(demand, wanted, lots(4, pack=lot), "order_up_to")
    s = made.reorder_point
    assert (rate(measure, demand, s, lot) >= ambition - 1e-9).all()
    assert ((rate(measure, demand, s - 1, lot) < ambition) | (s == -1)).all()
    assert (s == np.rint(s)).all()


def test_a_level_of_fractional_demand_reaches_its_target_to_a_millionth() -> None:
    demand = mixed().take(np.array([3]))
    made = policies(demand, targets(1, "backorder_rate", 0.02), lots(1, economic=20.0, pack=0.0), "reorder_point")
    s = made.reorder_point
    assert demand.backorder_rate(s, 20.0)[0] <= 0.02
    assert demand.backorder_rate(s * (1 - 1e-5), 20.0)[0] > 0.02


@pytest.mark.parametrize("target", [0.3, 0.1])
@pytest.mark.parametrize("lot", [1.0, 8.0])
def test_a_level_for_lost_demand_loses_its_target_and_a_unit_less_loses_more(target: float, lot: float) -> None:
    """Lower than the level for backordered demand where a lead time passes, for what was lost is not on order."""
    demand = mixed(lead_time=4).take(np.array([0, 1, 2]))
    made = policies(demand, targets(3, "backorder_rate", target, lost=True), lots(3, pack=lot), "order_up_to")
    s = made.reorder_point
    assert (demand.lost_rate(s, lot) <= target + 1e-5).all()
    assert ((demand.lost_rate(s - 1, lot) > target - 1e-5) | (s == -1)).all()
    waiting = policies(demand, targets(3, "backorder_rate", target), lots(3, pack=lot), "order_up_to")
    assert (s <= waiting.reorder_point).all()
    assert (s < waiting.reorder_point).any()


@pytest.mark.parametrize("target", [0.6, 0.9, 0.95])
def test_a_cycle_service_level_is_the_quantile_of_demand_over_the_protection_interval(target: float) -> None:
    """For Poisson demand with mean 6 over L + R = 3 periods, SciPy's quantile; with base stock that is S."""
    draws = stats.poisson(6).ppf(np.random.default_rng(0).random((1, 4000, 3)))
    demand = demand_of(draws, 2)
    base_stock = policies(demand, targets(1, "cycle_service_level", target), kind="order_up_to")
    in_lots = policies(demand, targets(1, "cycle_service_level", target), lots(1, economic=30.0), "reorder_point")
    exact = stats.poisson(18).ppf(target)
    assert base_stock.order_up_to[0] == pytest.approx(exact, abs=1)
    assert in_lots.reorder_point[0] == base_stock.order_up_to[0]


@pytest.mark.parametrize("target", [0.01, 0.05, 0.3])
def test_a_fill_rate_is_a_backorder_rate_seen_from_the_other_side(target: float) -> None:
    demand = mixed()
    waiting = policies(demand, targets(5, "backorder_rate", target))
    filled = policies(demand, targets(5, "fill_rate", 1 - target))
    np.testing.assert_allclose(waiting.reorder_point, filled.reorder_point, rtol=1e-5)


@given(
    seed=st.integers(0, 10**6),
    measure=st.sampled_from(SERVICE),
    steps=st.lists(st.floats(0.02, 0.999), min_size=2, max_size=4, unique=True),
    lost=st.booleans(),
    kind=st.sampled_from(["order_up_to", "reorder_point", "min_max", "auto"]),
    lot=st.sampled_from([1.0, 5.0]),
)
def test_more_service_never_means_lower_levels_or_less_stock(
    seed: int, measure: str, steps: list[float], lost: bool, kind: str, lot: float
) -> None:
    demand = mixed(seed, paths=60)
    rules = lots(5, economic=7.0, minimum=lot, pack=lot)
    made = []
    for ambition in sorted(steps):
        wanted = targets(5, measure, 1 - ambition if measure == "backorder_rate" else ambition, lost)
        made.append(policies(demand, wanted, rules, kind))
    for less, more in pairwise(made):
        for name in ("reorder_point", "raise_to", "order_up_to", "safety_stock", "fractile"):
            low, high = getattr(less, name), getattr(more, name)
            assert (high >= low - 1e-5 * np.maximum(np.abs(low), 1)).all(), name
        assert (more.expected_stock >= less.expected_stock - 1e-5 * (1 + less.expected_stock)).all()
        assert (more.expected_backorder_rate <= less.expected_backorder_rate + 1e-5).all()


@given(seed=st.integers(0, 10**6), measure=st.sampled_from(SERVICE), target=st.floats(0.02, 0.98))
def test_a_longer_lead_time_never_means_a_lower_level(seed: int, measure: str, target: float) -> None:
    """The same demand, period by period, with one more period before each review."""
    rng = np.random.default_rng(seed)
    draws = rng.negative_binomial(1, 0.2, (1, 200, 5)).astype(float)
    shorter, longer = demand_of(draws[:, :, 1:], 3), demand_of(draws, 4)
    wanted = targets(1, measure, target)
    assert policies(longer, wanted).reorder_point[0] >= policies(shorter, wanted).reorder_point[0]


@pytest.mark.parametrize("measure", SERVICE)
@pytest.mark.parametrize("scale", [12.0, 0.001])
def test_the_unit_of_measure_scales_levels_and_leaves_rates_alone(measure: str, scale: float) -> None:
    """Demand that is not in whole units: pieces or dozens, kilograms or tonnes."""
    rng = np.random.default_rng(1)
    draws = rng.gamma(1.0, 5.0, (1, 400, 4))
    wanted = targets(1, measure, 0.001 if measure == "backorder_rate" else 0.999)
    plain = policies(demand_of(draws, 3, False), wanted, lots(1, 25.0, 4.0, 2.0), "reorder_point")
    scaled_lots = lots(1, 25 * scale, 4 * scale, 2 * scale)
    scaled = policies(demand_of(draws * scale, 3, False), wanted, scaled_lots, "reorder_point")
    np.testing.assert_allclose(scaled.expected_backorder_rate, plain.expected_backorder_rate, rtol=1e-3)
    for name in ("reorder_point", "raise_to", "order_up_to", "lot", "minimum", "safety_stock", "expected_stock"):
        np.testing.assert_allclose(getattr(scaled, name), scale * getattr(plain, name), rtol=1e-4, err_msg=name)


def excess_cost(made: Policies, demand: ProtectionDemand, lot: float, holding: float, shortage: float) -> np.ndarray:
    """Cost per period over that of the best level, scanned from waiting for a backorder to plenty."""

    def cost(s: np.ndarray) -> np.ndarray:
        waiting = demand.window_units / demand.review_periods * demand.backorder_rate(s, lot)
        return holding * demand.mean_stock(s, lot) + shortage * waiting

    best = np.min([cost(np.full(len(demand), float(s))) for s in range(-1, 200)], axis=0)
    return cost(made.reorder_point) / best - 1


@pytest.mark.parametrize(("shortage", "lot"), [(0.5, 1.0), (5.0, 1.0), (100.0, 1.0), (100.0, 10.0)])
def test_the_cheapest_level_costs_no_more_than_any_other(shortage: float, lot: float) -> None:
    """Holding per unit and period and shortage per unit, to two per cent."""
    demand = mixed(lead_time=3, review=2).take(np.array([0, 1, 2]))
    made = policies(demand, targets(3, "cost", costs=(0.25, shortage)), lots(3, pack=lot), "order_up_to")
    assert excess_cost(made, demand, lot, 0.25, shortage).max() < 0.02


@pytest.mark.parametrize("shortage", [0.5, 5.0])
def test_the_cheapest_level_may_be_to_wait_for_a_backorder(shortage: float) -> None:
    """In lots of ten, for an item that sells 0.3 units a period, ordering at 0 costs up to a fifth more."""
    demand = mixed(lead_time=3, review=2).take(np.array([2]))
    made = policies(demand, targets(1, "cost", costs=(0.25, shortage)), lots(1, pack=10.0), "order_up_to")
    assert excess_cost(made, demand, 10.0, 0.25, shortage)[0] < 0.02


@pytest.mark.parametrize(("holding", "shortage"), [(0.25, 1.0), (0.1, 9.0)])
def test_the_cheapest_level_of_lost_demand_lies_below_that_of_the_newsvendor(holding: float, shortage: float) -> None:
    """What is lost on the way is not on order; the simulator says what a level costs."""
    periods = 2 + 3 * REVIEWS_AHEAD
    draws = np.random.default_rng(0).poisson(6.0, (1, 300, periods))
    demand, whole = demand_of(draws[:, :, :5], 2), np.ones(1, dtype=np.bool_)
    ahead = DemandAhead(draws.astype(np.float32), np.full((1, 300), 2), 3, whole)
    wanted = targets(1, "cost", lost=True, costs=(holding, shortage))
    made = set_policies(np.array(["order_up_to"]), demand, wanted, lots(1), demand.window_units, ahead)
    assert made.order_up_to <= demand.over_protection.quantile(shortage / (shortage + holding))
    long = draws[:, :, :6].reshape(1, -1)

    def cost(level: float) -> float:
        rule = replace(made.rule(("a",), ("main",), np.array([3])), reorder_point=np.array([level - 1]),
                       raise_to=np.array([level]), highest=np.array([level]))  # fmt: skip
        seen = simulate(rule, long, 2, periods=1800, unmet_demand="lost", initial_stock=level).total
        return float(holding * seen["mean_stock"] + shortage * seen["lost_units"] / 1800)

    levels = np.arange(5.0, 50.0)
    assert levels[np.argmin([cost(level) for level in levels])] == made.order_up_to


def test_least_cost_of_lost_demand_needs_it_period_by_period() -> None:
    with pytest.raises(ValueError, match="period by period"):
        policies(mixed(), targets(5, "cost", lost=True))


def test_order_cost_makes_least_cost_a_minimum_and_a_maximum() -> None:
    """(s, S) where the economic quantity decides the lot; minimums make lots, small quantities and packs a level."""
    demand = mixed().take(np.array([0]))
    cases = {"min_max": lots(1, 20.0), "reorder_point": lots(1, 20.0, minimum=25.0), "order_up_to": lots(1, 3.0)}
    for kind, rules in (*cases.items(), ("order_up_to", lots(1, 20.0, pack=30.0))):
        assert policies(demand, targets(1, "cost"), rules).kind[0] == kind
    assert policies(demand, targets(1), lots(1, 20.0)).kind[0] == "reorder_point"


def test_a_promise_is_the_rate_of_its_own_rule() -> None:
    """By unit and at the lot that is ordered; of lost units where unmet demand is lost."""
    demand = mixed()
    for lost in (False, True):
        made = policies(demand, targets(5, "backorder_rate", 0.03, lost), lots(5, economic=9.0), "reorder_point")
        measure = demand.lost_rate if lost else demand.backorder_rate
        np.testing.assert_allclose(made.expected_backorder_rate, measure(made.reorder_point, made.lot), atol=1e-6)
        np.testing.assert_allclose(made.expected_ready_rate, demand.ready_rate(made.reorder_point, made.lot))
        np.testing.assert_allclose(made.expected_stock, demand.mean_stock(made.reorder_point, made.lot))
        assert (made.expected_backorder_rate <= 0.03 + 1e-6).all()


def test_safety_stock_is_the_level_less_the_mean_demand_and_the_fractile_its_probability() -> None:
    demand = mixed()
    mean = demand.over_protection.samples.mean(axis=1, dtype=np.float64)
    for kind, name in (("order_up_to", "order_up_to"), ("reorder_point", "reorder_point")):
        made = policies(demand, targets(5), lots(5, economic=9.0), kind)
        level = getattr(made, name)
        np.testing.assert_allclose(made.safety_stock, level - mean, rtol=1e-6)
        np.testing.assert_allclose(made.fractile, np.minimum(demand.over_protection.cdf(level), 1 - 1e-9))


@pytest.mark.parametrize(
    ("economic", "minimum", "pack", "kind"),
    [
        (np.nan, 0.0, 1.0, "order_up_to"),  # nothing asks for more than a unit
        (6.0, 0.0, 1.0, "order_up_to"),  # no more than the demand of a review interval
        (7.0, 0.0, 1.0, "reorder_point"),
        (np.nan, 7.0, 1.0, "reorder_point"),
        (np.nan, 0.0, 12.0, "order_up_to"),  # a pack of twelve is the smallest order there is
        (13.0, 0.0, 12.0, "reorder_point"),  # two packs
        (2.0, 6.5, 4.0, "reorder_point"),  # two packs of four
    ],
)
def test_left_to_itself_a_policy_orders_in_lots_where_the_sensible_lot_exceeds_a_review_intervals_demand(
    economic: float, minimum: float, pack: float, kind: str
) -> None:
    """An item that sells exactly six units between reviews."""
    demand = demand_of(np.full((1, 50, 3), 6.0), 2)
    assert policies(demand, targets(1), lots(1, economic, minimum, pack)).kind[0] == kind


@pytest.mark.parametrize("kind", ["order_up_to", "reorder_point", "min_max"])
def test_a_kind_that_was_asked_for_is_used(kind: str) -> None:
    assert (policies(mixed(), targets(5), lots(5, economic=9.0), kind).kind == kind).all()


kinds = st.sampled_from(["order_up_to", "reorder_point", "min_max"])


@given(
    kind=kinds,
    economic=st.one_of(st.just(np.nan), st.floats(0.5, 60)),
    packs=st.integers(0, 5),
    pack=st.sampled_from([1.0, 6.0, 7.0]),
    below=st.one_of(st.integers(0, 6), st.integers(0, 60)),
)
def test_a_due_order_is_whole_packs_at_least_the_minimum_and_lifts_the_position_above_the_reorder_point(
    kind: str, economic: float, packs: int, pack: float, below: int
) -> None:
    demand = mixed(paths=40).take(np.array([0, 1, 2, 4]))
    made = policies(demand, targets(4), lots(4, economic, packs * pack, pack), kind)
    position = made.reorder_point - below
    _, ordered = order_quantity(position, made.reorder_point, made.raise_to, made.lot, made.minimum)
    assert (ordered >= max(packs, 1) * pack).all()
    assert not (ordered % pack).any()
    assert (position + ordered > made.reorder_point).all()
    assert (position + ordered >= made.raise_to).all()
    if kind == "reorder_point":
        assert (made.lot >= np.nan_to_num(economic)).all()
        assert not (ordered % made.lot).any()
    if kind == "min_max":
        assert (made.raise_to - made.reorder_point >= np.nan_to_num(economic)).all()
    not_due = order_quantity(made.reorder_point + 1, made.reorder_point, made.raise_to, made.lot, made.minimum)
    assert not not_due[1].any()


@pytest.mark.parametrize(
    "kind",
    [
        "order_up_to",
        "reorder_point",
        "min_max",
    ],
)
def test_what_is_used_in_fractions_is_still_ordered_in_packs(kind: str) -> None:
    """Paint by the litre, in buckets of six."""
    made = policies(mixed().take(np.array([3])), targets(1), lots(1, economic=20.0, pack=6.0), kind)
    for below in (0.5, 7.0, 25.0):
        position = made.reorder_point - below
        _, ordered = order_quantity(position, made.reorder_point, made.raise_to, made.lot, made.minimum)
        assert ordered[0] > 0
        assert ordered[0] / 6 == pytest.approx(np.rint(ordered[0] / 6))


@pytest.mark.parametrize("kind", ["order_up_to", "reorder_point", "min_max"])
def test_the_highest_position_after_an_order_is_named(kind: str) -> None:
    """One order after the other from every position at most a lot below the reorder point; units in ones."""
    made = policies(mixed(), targets(5), lots(5, economic=9.0), kind)
    rows = np.array([0, 1, 2])
    highest = np.full(3, -np.inf)
    for below in range(9):
        position = made.reorder_point[rows] - below
        rule = (made.reorder_point[rows], made.raise_to[rows], made.lot[rows], made.minimum[rows])
        highest = np.maximum(highest, position + order_quantity(position, *rule)[1])
    np.testing.assert_array_equal(made.highest[rows], highest)


@pytest.mark.parametrize("minimum", [0.0, 10.0, 12.0])
def test_the_promise_of_an_order_up_to_level_is_made_for_the_smallest_order(minimum: float) -> None:
    """In packs of six: an order lifts the position from the reorder point to its highest place."""
    made = policies(mixed().take(np.array([0, 1, 2])), targets(3), lots(3, minimum=minimum, pack=6.0), "order_up_to")
    s = made.reorder_point
    smallest = order_quantity(s, s, made.raise_to, made.lot, made.minimum)[1]
    np.testing.assert_array_equal(smallest, max(6.0, 6 * np.ceil(minimum / 6)))
    np.testing.assert_array_equal(made.highest, s + smallest)
    demand = mixed().take(np.array([0, 1, 2]))
    np.testing.assert_allclose(made.expected_backorder_rate, demand.backorder_rate(s, smallest))


@pytest.mark.parametrize("kind", ["order_up_to", "min_max"])
def test_the_highest_position_after_an_order_in_packs_is_named(kind: str) -> None:
    """In packs of six the position comes to lie up to five units above the level it is raised to."""
    made = policies(mixed(), targets(5), lots(5, economic=9.0, pack=6.0), kind)
    for below in range(18):
        position = made.reorder_point - below
        ordered = order_quantity(position, made.reorder_point, made.raise_to, made.lot, made.minimum)[1]
        assert (position + ordered <= made.highest + 1e-9).all()


def test_fractional_units_may_be_ordered_in_any_quantity() -> None:
    made = policies(mixed().take(np.array([3])), targets(1), lots(1, pack=0.0), "order_up_to")
    assert made.lot[0] == 0
    assert made.raise_to[0] == made.order_up_to[0] == made.reorder_point[0]
    need, ordered = order_quantity(made.raise_to - 1.234, made.reorder_point, made.raise_to, made.lot, made.minimum)
    assert need[0] == ordered[0] == pytest.approx(1.234)


def test_an_item_without_demand_keeps_nothing_in_stock() -> None:
    """It waits for a backordered unit and then orders that one."""
    made = policies(mixed().take(np.array([4])), targets(1))
    assert made.reorder_point[0] == -1
    assert made.order_up_to[0] == 0
    assert made.expected_backorder_rate[0] == 0


def test_each_item_gets_what_it_would_get_alone() -> None:
    """Different measures, targets, costs, lots and kinds side by side; bit by bit."""
    demand = mixed()
    wanted = Targets(
        np.array(["backorder_rate", "cost", "ready_rate", "fill_rate", "cycle_service_level"]),
        np.array([0.01, 0.5, 0.9, 0.97, 0.9]),
        np.array([0.1, 0.2, 0.3, 0.4, 0.5]),
        np.array([1.0, 20.0, 3.0, 4.0, 5.0]),
        np.array([True, False, False, True, False]),
    )
    rules = LotRules(np.array([np.nan, 40, 3, 9, 5]), np.array([0.0, 6, 0, 4, 0]), np.array([1.0, 6, 1, 0, 1]))
    kinds = np.array(["auto", "min_max", "order_up_to", "reorder_point", "auto"])
    together = set_policies(kinds, demand, wanted, rules, demand.window_units)
    for i in range(5):
        row = np.array([i])
        alone = set_policies(
            kinds[row],
            demand.take(row),
            Targets(*(getattr(wanted, f.name)[row] for f in fields(Targets))),
            LotRules(*(getattr(rules, f.name)[row] for f in fields(LotRules))),
            demand.window_units[row],
        )
        for f in fields(Policies):
            assert getattr(alone, f.name)[0] == getattr(together, f.name)[i], (i, f.name)


@pytest.mark.parametrize("target", [0.0, 1.0, -0.1, 95.0, np.nan])
@pytest.mark.parametrize("measure", SERVICE)
def test_a_target_outside_0_and_1_is_refused(measure: str, target: float) -> None:
    with pytest.raises(ValueError, match=r"target\[0\] is .*; it must lie in \(0, 1\)"):
        targets(2, measure, target)


def test_an_unknown_measure_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"unknown measure .*service.*; allowed are backorder_rate"):
        targets(1, "service")


@pytest.mark.parametrize(("costs", "name"), [((0.0, 1.0), "holding_cost"), ((1.0, np.nan), "shortage_cost")])
def test_a_cost_must_be_known_where_cost_decides(costs: tuple[float, float], name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} of measure"):
        targets(1, "cost", costs=costs)
    assert targets(1, "fill_rate", costs=costs).target[0] == 0.05


@given(quantity=st.floats(0, 1000), pack=st.sampled_from([0.0, 1.0, 6.0, 0.25]))
def test_packs_are_rounded_up(quantity: float, pack: float) -> None:
    rounded = lots(1, pack=pack).in_packs(np.array([quantity]))[0]
    assert rounded >= quantity - 1e-6
    if pack == 0:
        assert rounded == quantity
    else:
        assert rounded - quantity < pack + 1e-6
        assert rounded / pack == pytest.approx(np.rint(rounded / pack))


def a_rule(**changes: object) -> OrderingRule:
    three = np.array([1.0, 2.0, 3.0])
    rule = OrderingRule(("a", "b", "c"), ("m",) * 3, three, three + 1, three, three, three + 1, np.array([1, 2, 3]))
    return replace(rule, **changes)


def test_the_rule_of_some_items_is_theirs() -> None:
    part = a_rule().take(np.array([2, 0]))
    assert part.skus == ("c", "a")
    assert len(part) == 2
    for name in ("reorder_point", "raise_to", "lot", "minimum", "highest", "review_periods"):
        np.testing.assert_array_equal(getattr(part, name), getattr(a_rule(), name)[[2, 0]])


@pytest.mark.parametrize(
    "changes",
    [
        {"lot": np.array([1.0, -1.0, 0.0])},
        {"minimum": np.array([1.0, -1.0, 0.0])},
        {"review_periods": np.array([1, 0, 1])},
        {"raise_to": np.array([1.0, np.nan, 0.0])},
        {"highest": np.array([1.0, 2.0])},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_rule_that_no_system_could_apply_is_refused(changes: dict[str, np.ndarray]) -> None:
    with pytest.raises(ValueError, match="must be"):
        a_rule(**changes)


def test_the_rule_of_a_policy_reviews_at_least_every_period() -> None:
    made = policies(mixed(), targets(5))
    rule = made.rule(tuple("abcde"), ("m",) * 5, np.array([0, 1, 2, 3, 7]))
    np.testing.assert_array_equal(rule.review_periods, [1, 1, 2, 3, 7])
    np.testing.assert_array_equal(rule.highest, made.highest)
    for name in ("reorder_point", "raise_to", "lot", "minimum"):
        np.testing.assert_array_equal(getattr(rule, name), getattr(made, name))


@pytest.mark.parametrize(("kind", "rules"), [("order_up_to", {}), ("auto", {"economic": 40.0, "pack": 6.0})])
def test_reorder_points_of_several_rates_are_those_of_each_alone(kind: str, rules: dict[str, float]) -> None:
    demand, rates = mixed(), np.array([0.001, 0.02, 0.05, 0.4, 0.9])
    n = len(demand)
    grid, wanted = np.tile(rates, (n, 1)), np.full(n, kind)
    points, kept = reorder_points_at(grid, wanted, demand, lots(n, **rules), demand.window_units)
    for k, rate in enumerate(rates):
        alone = set_policies(wanted, demand, targets(n, target=rate), lots(n, **rules), demand.window_units)
        np.testing.assert_allclose(points[:, k], alone.reorder_point, rtol=2e-6, atol=2e-6)
        np.testing.assert_allclose(kept[:, k], alone.expected_backorder_rate, rtol=1e-4, atol=1e-9)
    assert (np.diff(points, axis=1) <= 0).all()
    assert (kept <= grid + 1e-12).all()
