"""The engine against an event-by-event reference, closed forms, and what must always hold."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from replenishment.lead_times import LeadTimes
from replenishment.simulation import Customers, OrderSizes, SampledDemand, Supply, Warehouse, simulate
from replenishment.simulation.results import Costs
from tests.replenishment.simulation.rules import rule


@pytest.mark.parametrize(("rate", "lead_time", "level"), [(0.7, 3, 4), (4.0, 2, 15), (2.5, 6, 20), (9.0, 0, 11)])
def test_base_stock_under_poisson_demand_meets_its_closed_form(rate, lead_time, level):
    """E[(D_H - S)+ - (D_L - S)+] / E[D_R] within three standard errors, and the ready rate P(D_H < S)."""

    def shortage(periods):
        units = np.arange(0, 400)
        return float((np.maximum(units - level, 0) * stats.poisson.pmf(units, rate * periods)).sum())

    demand = np.random.default_rng(5).poisson(rate, (1, 200, 420)).astype(np.float32)
    result = simulate(
        rule(reorder_point=level - 1.0, raise_to=float(level)), demand, lead_time, periods=420, paths=200, warm_up=20
    )
    expected = (shortage(lead_time + 1) - shortage(lead_time)) / rate
    assert abs(result.total["backorder_rate"] - expected) < 3 * result.total["backorder_rate_se"]
    ready = stats.poisson.cdf(level - 1, rate * (lead_time + 1))
    assert abs(result.total["ready_rate"] - ready) < 3 * result.total["ready_rate_se"]
    assert result.total["mean_backorders"] == pytest.approx(
        shortage(lead_time + 1), abs=3 * result.total["mean_backorders_se"]
    )


def test_mean_wait_obeys_littles_law():
    """Units waiting on average = rate of backordered units x their mean wait (all waits end inside the horizon)."""
    demand = np.random.default_rng(2).poisson(3.0, (1, 50, 3000)).astype(np.float32)
    result = simulate(rule(reorder_point=11.0, raise_to=12.0), demand, 3, periods=3000, paths=50)
    backordered_a_period = result.total["backorder_rate"] * result.total["demand"] / 3000
    assert result.total["mean_backorders"] == pytest.approx(
        backordered_a_period * result.total["time_to_fill_mean"], rel=2e-3
    )


def test_standard_errors_cover_the_truth():
    """Over 200 repetitions 95 % intervals hold the long-run rate in 90 to 99 % of cases."""
    rng = np.random.default_rng(11)
    policy = rule(reorder_point=9.0, raise_to=10.0)
    truth = simulate(policy, rng.poisson(3.0, (1, 2000, 220)), 2, periods=220, paths=2000, warm_up=20).total[
        "backorder_rate"
    ]
    inside = 0
    for _ in range(200):
        total = simulate(policy, rng.poisson(3.0, (1, 40, 220)), 2, periods=220, paths=40, warm_up=20).total
        inside += abs(total["backorder_rate"] - truth) < 1.96 * total["backorder_rate_se"]
    assert 180 <= inside <= 198


def test_orders_with_random_lead_times_do_not_cross_and_all_arrive():
    lead = LeadTimes(np.array([[0.0, 0.3, 0.0, 0.3, 0.0, 0.4]]))
    demand = np.random.default_rng(0).poisson(4.0, (1, 1, 400)).astype(np.float32)
    path = simulate(rule(reorder_point=19.0, raise_to=20.0), demand, lead, periods=400, seed=3).trajectory("00000")
    ordered, received = path["ordered"].cumsum(), path["received"].cumsum()
    assert (received <= ordered + 20).all()
    assert ordered.iloc[-6] <= received.iloc[-1] <= ordered.iloc[-1]
    wait = [
        np.argmax(received.to_numpy() >= units - 1e-9) - t
        for t, units in enumerate(ordered)
        if path["ordered"][t] > 0 and t < 380
    ]
    assert min(wait) >= 1
    assert max(wait) <= 5
    assert len(set(wait)) > 1


TROUBLE = {
    "ordinary": {},
    "mixed": {"unmet_demand": "mixed", "customers": Customers(patience=3, priorities=(0.3, 0.7))},
    "mishaps": {
        "supply": Supply(failure=0.05, recovery=0.4, least_yield=0.7, crossing=True),
        "warehouse": Warehouse(error_probability=0.1, error_share=0.2, stocktake_every=20),
    },
}


@pytest.mark.parametrize("trouble", list(TROUBLE))
@pytest.mark.parametrize("drawn", [True, False])
def test_pieces_threads_and_order_of_items_change_no_bit(monkeypatch, trouble, drawn):
    rng = np.random.default_rng(4)
    n, paths, periods = 23, 70, 60
    levels = rng.integers(5, 30, n).astype(float)
    policy = rule(n, reorder_point=levels - 1, raise_to=levels)
    lead = LeadTimes(np.tile([0.0, 0.5, 0.25, 0.25], (n, 1)))
    # Fractions: sums in another order would show.
    demand = rng.gamma(2.0, 1.5, (n, paths, periods)).astype(np.float32)
    costs = rng.random((3, n))
    labels = rng.choice(["a", "b", "c"], n)

    def run(rows, mapper=map):
        source = SampledDemand.from_history(demand[:, 0])
        return simulate(
            policy.take(rows),
            SampledDemand(type(source.table)(*(t[rows] for t in source.table))) if drawn else demand[rows],
            lead.take(rows),
            periods=periods,
            paths=paths,
            warm_up=10,
            seed=9,
            costs=Costs(*costs[:, rows]),
            groups={"label": labels[rows]},
            run=mapper,
            **TROUBLE[trouble],
        )

    whole = run(np.arange(n))
    monkeypatch.setattr("replenishment.simulation.engine._CELLS_A_PIECE", 1)
    small = run(np.arange(n))
    with ThreadPoolExecutor(3) as pool:
        threaded = run(np.arange(n), pool.map)
    mixed = run(rng.permutation(n))
    assert whole.total["backorder_rate"] > 0.01
    for other in (small, threaded, mixed):
        kpis = other.kpis.sort_values("sku").reset_index(drop=True)
        pd.testing.assert_frame_equal(whole.kpis, kpis, rtol=0, atol=0)
        pd.testing.assert_frame_equal(whole.aggregate("label"), other.aggregate("label"), rtol=0, atol=0)
        np.testing.assert_equal(other.total, whole.total)


def test_groups_add_up_to_the_total_and_hold_the_items_own_figures():
    rng = np.random.default_rng(6)
    policy = rule(4, reorder_point=np.array([3.0, 8.0, 5.0, 9.0]), raise_to=np.array([4.0, 9.0, 6.0, 10.0]))
    demand = rng.poisson(2.5, (4, 30, 80)).astype(np.float32)
    ones = np.ones(4)
    result = simulate(
        policy, demand, 1, periods=80, paths=30, costs=Costs(ones, ones, ones, 2.0 * ones, 5.0 * ones),
        groups={"own": list("dcba"), "pair": list("xxyy")},
    )  # fmt: skip
    own = result.aggregate("own").set_index("own").loc[list("dcba")].reset_index(drop=True)
    pd.testing.assert_frame_equal(own, result.kpis[own.columns], check_exact=False, rtol=1e-12)
    pair = result.aggregate("pair")
    for name in ("mean_stock", "mean_backorders", "demand", "orders", "stock_value", "purchase_cost", "lost_value"):
        assert pair[name].sum() == pytest.approx(result.total[name])
    weighted = (pair["backorder_rate"] * pair["demand"]).sum() / pair["demand"].sum()
    assert weighted == pytest.approx(result.total["backorder_rate"])
    with pytest.raises(KeyError, match="own, pair"):
        result.aggregate("colour")


def test_money_and_cover_are_counted_from_the_trajectory():
    demand = np.array([[3, 0, 9, 2, 5, 0, 7, 1]], dtype=np.float32)
    ones = np.ones(1)
    costs = Costs(ones, ones, ones, unit_cost=4.0 * ones, unit_price=10.0 * ones)
    result = simulate(
        rule(reorder_point=4.0, raise_to=8.0), demand, 4, periods=8, initial_stock=6.0, costs=costs, period_days=7,
        unmet_demand="mixed", customers=Customers(patience=1, lost_share=0.5),
    )  # fmt: skip
    path, told = result.trajectory("00000"), result.total
    assert path["cancelled"].sum() > 0
    assert path["lost"].sum() > 0
    shipped = path["filled_at_once"].sum() + path["filled_later"].sum()
    assert told["cancellation_rate"] == pytest.approx(path["cancelled"].sum() / path["demanded"].sum())
    assert told["purchase_cost"] == 4.0 * path["received"].sum()
    assert told["stock_value"] == 4.0 * path["stock"].mean()
    assert told["lost_value"] == 10.0 * (path["lost"].sum() + path["cancelled"].sum())
    a_year = shipped * 4.0 / (8 * 7) * 365
    assert told["turnover"] == pytest.approx(a_year / (4.0 * path["stock"].mean()))
    assert told["days_of_cover"] == pytest.approx(path["stock"].mean() / (path["demanded"].sum() / (8 * 7)))


def test_paths_are_added_until_the_precision_is_reached():
    source = SampledDemand.from_probabilities([[0.3, 0.2, 0.2, 0.1, 0.1, 0.1]])
    wide = simulate(rule(), source, 3, periods=100, paths=10)
    assert 1.96 * wide.total["backorder_rate_se"] > 0.004
    fine = simulate(rule(), source, 3, periods=100, paths=10, precision=0.004)
    assert 1.96 * fine.total["backorder_rate_se"] <= 0.004
    same = simulate(rule(), source, 3, periods=100, paths=fine.paths)
    np.testing.assert_equal(same.total, fine.total)


def test_more_trouble_meets_the_same_demand_and_lead_times():
    """Common random numbers: a supplier who may fail changes neither demand nor the lead times drawn."""
    source = SampledDemand.from_probabilities([[0.3, 0.2, 0.2, 0.1, 0.1, 0.1]])
    lead = LeadTimes(np.array([[0.0, 0.4, 0.3, 0.3]]))
    calm = simulate(rule(), source, lead, periods=50, paths=4)
    for trouble in (Supply(failure=1e-12), Supply(capacity=1e9), Supply(least_yield=1.0 - 1e-15)):
        other = simulate(rule(), source, lead, periods=50, paths=4, supply=trouble)
        for path in range(4):
            pd.testing.assert_frame_equal(other.trajectory("00000", path=path), calm.trajectory("00000", path=path))


def test_sampled_demand_has_its_distribution():
    probability = np.array([[0.5, 0.125, 0.25, 0.125, 0.0], [0.05, 0.15, 0.2, 0.25, 0.35]])
    source = SampledDemand.from_probabilities(probability, [0.0, 1.0, 2.5, 4.0, 8.0])
    drawn = source.draw(np.array([11, 12], dtype=np.uint64), np.arange(2), 200, 500)
    for i in range(2):
        seen = np.array([(drawn[i] == value).sum() for value in (0.0, 1.0, 2.5, 4.0, 8.0)])
        assert seen.sum() == drawn[i].size
        possible = probability[i] > 0
        assert stats.chisquare(seen[possible], drawn[i].size * probability[i, possible]).pvalue > 1e-3
    assert np.array_equal(source.draw(np.array([11, 12], dtype=np.uint64), np.arange(2), 3, 9), drawn[:, :3, :9])


def test_lines_are_told_by_the_sizes_of_customer_orders():
    """Ten units in lines of five, seven on the shelf: one line of two is short, not the only one of the period."""
    demand = np.array([[10.0]])
    one = simulate(rule(reorder_point=0.0), demand, 9, periods=1, initial_stock=7.0)
    sizes = OrderSizes.from_samples([[5.0, 5.0]])
    two = simulate(
        rule(reorder_point=0.0), demand, 9, periods=1, initial_stock=7.0, customers=Customers(order_sizes=sizes)
    )
    whole = simulate(
        rule(reorder_point=0.0), demand, 9, periods=1, initial_stock=7.0,
        customers=Customers(order_sizes=sizes, shipment="complete"),
    )  # fmt: skip
    assert one.total["line_backorder_rate"] == 1.0
    assert two.total["line_backorder_rate"] == whole.total["line_backorder_rate"] == 0.5
    assert two.total["backorder_rate"] == 0.3
    assert whole.total["backorder_rate"] == 0.5
    assert "no customer order lines" in one.notes[0]
    assert "split by the sizes" in two.notes[0]


def test_demand_drawn_on_request_equals_the_same_demand_given():
    demand = np.random.default_rng(1).poisson(2.0, (4, 5, 60)).astype(np.float32)
    given_all = simulate(rule(4), demand, 2, periods=60, paths=5)
    drawn = simulate(rule(4), lambda rows, paths, periods: demand[rows][:, :paths, :periods], 2, periods=60, paths=5)
    pd.testing.assert_frame_equal(given_all.kpis, drawn.kpis)


def test_costs_are_counted_from_the_trajectory():
    demand = np.array([[3, 0, 9, 2, 5, 0, 7, 1]], dtype=np.float32)
    costs = Costs(np.array([10.0]), np.array([0.5]), np.array([4.0]))
    result = simulate(rule(reorder_point=4.0, raise_to=8.0), demand, 1, periods=8, initial_stock=6.0, costs=costs)
    path = result.trajectory("00000")
    assert result.total["ordering_cost"] == 10.0 * (path["ordered"] > 0).sum()
    assert result.total["holding_cost"] == 0.5 * path["stock"].sum()
    assert result.total["shortage_cost"] == 4.0 * (path["demanded"] - path["filled_at_once"]).sum()


def test_lost_demand_never_waits_and_backordered_demand_is_never_lost():
    demand = np.random.default_rng(8).poisson(6.0, (1, 20, 100)).astype(np.float32)
    lost = simulate(rule(), demand, 3, periods=100, paths=20, unmet_demand="lost").total
    waits = simulate(rule(), demand, 3, periods=100, paths=20).total
    assert lost["mean_backorders"] == 0
    assert lost["lost_units"] > 0
    assert waits["lost_units"] == 0
    assert waits["mean_backorders"] > 0


def test_paths_start_where_the_rule_may_leave_the_position():
    """Without an initial stock the first period's stock spreads over the lot, so that large lots need no warm-up."""
    policy = rule(reorder_point=0.0, raise_to=1.0, lot=50.0, highest=50.0)
    result = simulate(policy, np.zeros((1, 300, 1), dtype=np.float32), 1, periods=1, paths=300)
    stocks = [result.trajectory("00000", path=p)["stock"].iloc[0] for p in range(300)]
    assert min(stocks) == 1
    assert max(stocks) == 50
    assert np.mean(stocks) == pytest.approx(25.5, abs=2.5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"periods": 5, "warm_up": 5}, "nothing would be counted"),
        ({"paths": 0}, "nothing would be counted"),
        ({"unmet_demand": "shared"}, "allowed are backorder, lost and mixed"),
        ({"initial_stock": -1.0}, "give what waits as backordered"),
        ({"lead_time": [1, 2]}, "2 lead times for 1 items"),
        ({"lead_time": 1.5}, "must be whole"),
        ({"demand": np.zeros((1, 4))}, "expected (1, 5)"),
        ({"unmet_demand": "mixed", "customers": Customers(patience=0.5)}, "whole periods"),
        ({"customers": Customers(patience=2)}, "are for unmet_demand"),
        ({"customers": Customers(priorities=(0.5, 0.6))}, "add up to 1"),
        ({"supply": Supply(capacity=-1.0)}, "capacity is -1.0"),
        ({"supply": Supply(failure=1.5)}, "failure is 1.5"),
        ({"supply": Supply(delay=[[1, 2]])}, "delay has shape (1, 2)"),
        ({"supply": Supply(least_yield=0.9, most_yield=0.5)}, "above most_yield"),
        ({"warehouse": Warehouse(shelf_life=3, misplaced=True)}, "isn't modelled"),
        ({"precision": 0.01}, "at least 2 paths"),
        ({"groups": {"a": [1, 2]}}, "2 labels for 1 items"),
        ({"on_order": np.array([[-1.0]])}, "on_order"),
        ({"demand": np.full((1, 5), np.nan)}, "known and at least 0"),
        ({"demand": np.full((1, 5), -1.0)}, "known and at least 0"),
    ],
)
def test_what_makes_no_sense_is_refused(change, message):
    arguments = {"demand": np.zeros((1, 5)), "lead_time": 1, "periods": 5} | change
    demand, lead_time = arguments.pop("demand"), arguments.pop("lead_time")
    if isinstance(lead_time, list):
        lead_time = LeadTimes.constant(lead_time)
    with pytest.raises(ValueError, match=r"(?s).*") as refused:
        simulate(rule(), demand, lead_time, **arguments)
    assert message in str(refused.value)


def test_an_unknown_item_has_no_trajectory():
    result = simulate(rule(), np.zeros((1, 5)), 1, periods=5)
    with pytest.raises(KeyError, match="was not simulated"):
        result.trajectory("unknown")


def test_lead_times_are_drawn_from_their_distribution():
    """Reviews further apart than the longest lead time: each order's wait is a draw of its own."""
    probability = np.array([[0.1, 0.3, 0.0, 0.4, 0.2]])
    demand = np.full((1, 1, 20_000), 5.0, dtype=np.float32)
    path = simulate(
        rule(reorder_point=1e9, raise_to=1e9 + 1, review=10), demand, LeadTimes(probability), periods=20_000
    ).trajectory("00000")
    placed = np.flatnonzero(path["ordered"] > 0)
    came = np.flatnonzero(path["received"] > 0)
    waits = came[: len(placed)] - placed[: len(came)]
    seen = np.bincount(waits, minlength=5)
    assert seen[2] == 0
    assert stats.chisquare(seen[[0, 1, 3, 4]], len(waits) * probability[0, [0, 1, 3, 4]]).pvalue > 1e-3
