"""Stock and open orders along time: against every path followed in a plain loop."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecasting.distributions import LeadTimeDemand
from replenishment.netting import NetPosition, net_along_time


@dataclass(frozen=True, eq=False)
class Case:
    """One item: 60 paths of demand, a lead time on each of them, and a level."""

    stock: float
    due: np.ndarray
    demand: np.ndarray  # (paths, horizon)
    lead_time: np.ndarray
    review: int
    level: float
    fractile: float = 0.9
    lost: bool = False
    whole: bool = True

    @property
    def expected(self) -> int:
        return int(np.rint(self.lead_time.mean()))

    @property
    def end(self) -> int:
        """The number of protected periods."""
        return min(self.expected + max(self.review, 1), self.demand.shape[1])

    def net(self) -> NetPosition:
        return net_along_time(
            np.array([float(self.stock)]),
            np.array([self.due], dtype=np.float64),
            self.demand.cumsum(axis=1, dtype=np.float32)[None].astype(np.float32),
            self.lead_time[None],
            np.array([self.expected]),
            self.review,
            np.array([float(self.level)]),
            np.array([self.fractile]),
            np.array([self.lost]),
            np.array([self.whole]),
        )

    def order(self) -> float:
        """Units up to the level."""
        return max(self.level - self.net().effective[0], 0.0)


def steady(due: list[float], stock: float = 10.0, level: float = 40.0, **changes: object) -> Case:
    """Five units every period, a lead time of three, reviews every other: H = 5."""
    case = Case(stock, np.array(due), np.full((60, 8), 5.0), np.full(60, 3), 2, level)
    return replace(case, **changes)


@st.composite
def cases(draw: st.DrawFn, lost: bool = False) -> Case:
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    longest, review = draw(st.integers(0, 5)), draw(st.integers(0, 3))
    horizon = longest + max(review, 1) + draw(st.integers(0, 2))
    lead_time = rng.integers(draw(st.integers(0, longest)), longest + 1, 60)
    due = rng.integers(0, 12, draw(st.integers(1, 12))) * (rng.random() < 0.8)
    demand = rng.poisson(rng.uniform(0.2, 5), (60, horizon)).astype(float)
    stock, level = draw(st.integers(-10, 30)), draw(st.integers(0, 50))
    return Case(stock, due, demand, lead_time, review, level, draw(st.floats(0.5, 0.99)), lost)


@given(case=cases())
def test_what_is_due_before_the_end_of_the_protection_interval_counts(case: Case) -> None:
    """Stock, backlog and the arrivals at openings 0 ... H - 1, the opening of the last protected period."""
    assert case.net().in_time[0] == case.stock + case.due[: case.end].sum()


@given(case=cases())
def test_risks_are_counted_path_by_path(case: Case) -> None:
    """Does stock run out before an order could arrive? What is short at the end if nothing is ordered?"""
    out, missing = 0, 0.0
    for path, lead in zip(case.demand, case.lead_time, strict=True):
        on_hand, ran_out = float(case.stock), False
        for k in range(int(lead)):
            on_hand += case.due[k] if k < len(case.due) else 0
            on_hand -= path[k]
            ran_out |= on_hand < 0
        out += ran_out
        missing += max(path[: case.end].sum() - case.stock - case.due[: case.end].sum(), 0.0)
    net = case.net()
    assert net.stock_out_probability[0] == pytest.approx(out / 60)
    assert net.units_at_risk[0] == pytest.approx(missing / 60, abs=1e-4)


@given(case=cases())
def test_an_order_bridges_the_time_until_a_late_arrival(case: Case) -> None:
    """Before each arrival that comes later than a new order would, the new order must cover demand as well."""
    effective = case.stock + case.due[: case.end].sum()
    for k in range(case.expected + 1, case.end):
        if k < len(case.due) and case.due[k] > 0:
            needed = LeadTimeDemand.from_samples(case.demand[:, :k].sum(axis=1), True).quantile(case.fractile)[0]
            effective = min(effective, case.stock + case.due[:k].sum() + case.level - needed)
    assert case.net().effective[0] == pytest.approx(effective)


@given(case=cases())
def test_without_open_orders_the_order_is_the_level_less_the_stock(case: Case) -> None:
    alone = replace(case, due=np.zeros(3))
    assert alone.net().in_time[0] == alone.net().effective[0] == alone.stock
    assert alone.order() == max(alone.level - alone.stock, 0)


@pytest.mark.parametrize("lost", [False, True])
@given(case=cases(), units=st.integers(1, 500), later=st.integers(0, 4))
def test_an_open_order_due_after_the_protection_interval_never_reduces_the_order(
    lost: bool, case: Case, units: int, later: int
) -> None:
    """On every path the interval has ended by then."""
    case = replace(case, lost=lost, lead_time=np.full(60, case.lead_time.max()))
    due = np.zeros(case.end + later + 1)
    due[: min(len(case.due), case.end)] = case.due[: case.end]
    before = replace(case, due=due.copy()).order()
    due[case.end + later] = units
    assert replace(case, due=due).order() == before


@given(case=cases(), units=st.integers(1, 200), opening=st.integers(0, 8))
def test_an_open_order_inside_the_interval_hides_no_stock_out_before_it(case: Case, units: int, opening: int) -> None:
    """With whatever is due at opening k, the risk of running out before k stays what it is without it."""
    due = np.zeros(9)
    due[: min(len(case.due), 9)] = case.due[:9]
    without = replace(case, due=due.copy(), lead_time=np.minimum(case.lead_time, opening))
    due[opening] += units
    with_it = replace(without, due=due)
    assert with_it.net().stock_out_probability[0] == without.net().stock_out_probability[0]
    lead_time = np.full(60, case.lead_time.max())
    sooner, full = replace(case, due=due, lead_time=lead_time), replace(case, due=without.due, lead_time=lead_time)
    assert sooner.net().stock_out_probability[0] <= full.net().stock_out_probability[0]


def at_its_quantile(case: Case) -> Case:
    """The level that covers the demand of the protection interval with the wanted probability."""
    total = case.demand[:, : case.end].sum(axis=1)
    return replace(case, level=LeadTimeDemand.from_samples(total, True).quantile(case.fractile)[0])


@given(case=cases(), more=st.integers(1, 50), opening=st.integers(0, 7), lost=st.booleans())
def test_more_stock_or_more_on_order_never_means_a_larger_order(
    case: Case, more: int, opening: int, lost: bool
) -> None:
    case = at_its_quantile(replace(case, lost=lost, due=np.r_[case.due, np.zeros(8)][:8].astype(float)))
    assert replace(case, stock=case.stock + more).order() <= case.order() + 1e-4
    assert replace(case, due=case.due + more * (np.arange(8) == opening)).order() <= case.order() + 1e-4


def test_an_order_on_time_is_netted_one_to_one() -> None:
    """Due at opening 3, when a new order would come: 20 units less to order."""
    assert steady([0, 0, 0, 0]).order() == 30
    assert steady([0, 0, 0, 20]).order() == 10
    assert steady([0, 0, 0, 100]).order() == 0
    assert steady([20, 0, 0, 0]).order() == 10


def test_a_late_order_is_netted_but_the_gap_before_it_is_ordered() -> None:
    """100 units at opening 4: the 20 units of four periods come before them, 10 of which are in stock."""
    assert steady([0, 0, 0, 0, 100]).order() == 10
    assert steady([0, 0, 0, 0, 100], stock=25.0).order() == 0
    assert steady([0, 0, 0, 0, 0, 100]).order() == 30  # after the protection interval of 5


def test_the_risk_before_the_first_arrival_is_certain_where_demand_is() -> None:
    """Ten units last two periods of three."""
    assert steady([0, 0, 0, 100]).net().stock_out_probability[0] == 1
    assert steady([0, 0, 1, 0]).net().stock_out_probability[0] == 1
    assert steady([0, 0, 5, 0]).net().stock_out_probability[0] == 0
    assert steady([0, 0, 0, 0]).net().units_at_risk[0] == 15


def need_when_lost(case: Case) -> float:
    """Follow the stock along each path; what is short before the order comes is gone and needs no replacement."""
    needs = []
    for path, lead in zip(case.demand, case.lead_time, strict=True):
        on_hand, need = max(case.stock, 0.0), -np.inf
        for k in range(int(lead) + max(case.review, 1)):
            on_hand += case.due[k] if k < len(case.due) else 0.0
            on_hand -= path[k]
            if k < lead:
                on_hand = max(on_hand, 0.0)
            else:
                need = max(need, -on_hand)
        needs.append(need)
    lowest = min(needs)
    quantile = LeadTimeDemand.from_samples(np.array(needs) - lowest, case.whole).quantile(case.fractile)[0]
    return quantile + lowest + max(-case.stock, 0.0)


@given(case=cases(lost=True))
def test_when_unmet_demand_is_lost_the_order_is_what_the_paths_still_need(case: Case) -> None:
    """The wanted quantile of the largest gap after the order's arrival, path by path; a backlog comes on top."""
    assert case.level - case.net().effective[0] == pytest.approx(need_when_lost(case), abs=1e-4)


@given(case=cases())
def test_lost_demand_never_asks_for_more_than_backordered_demand(case: Case) -> None:
    """With the level at the quantile of the protection interval, and nothing waiting or on order."""
    steady = np.full(60, case.lead_time.max())
    case = at_its_quantile(replace(case, stock=max(case.stock, 0), due=np.zeros(1), lead_time=steady))
    assert replace(case, lost=True).order() <= case.order() + 1e-4


def test_items_are_netted_one_by_one() -> None:
    rng = np.random.default_rng(0)
    n, lead_time = 6, rng.integers(1, 4, (6, 60))
    stock, due = rng.integers(-5, 20, n).astype(float), rng.integers(0, 9, (n, 7)).astype(float)
    cumulative = rng.poisson(3, (n, 60, 6)).cumsum(axis=2).astype(np.float32)
    expected = np.rint(lead_time.mean(axis=1)).astype(np.int64)
    level, fractile = rng.integers(5, 40, n).astype(float), rng.uniform(0.6, 0.99, n)
    lost, whole = rng.random(n) < 0.5, rng.random(n) < 0.7
    together = net_along_time(stock, due, cumulative, lead_time, expected, 2, level, fractile, lost, whole)
    for i in range(n):
        r = slice(i, i + 1)
        alone = net_along_time(
            stock[r], due[r], cumulative[r], lead_time[r], expected[r], 2, level[r], fractile[r], lost[r], whole[r]
        )
        for name in ("in_time", "effective", "stock_out_probability", "units_at_risk"):
            assert getattr(alone, name)[0] == getattr(together, name)[i], (i, name)
    assert lost.any()
    assert not lost.all()
