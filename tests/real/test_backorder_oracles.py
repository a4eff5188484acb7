"""The reference answers on time to fill, promise dates and order rules come out of the desk, too.

``tests.oracles`` asks closed forms; here the same records are orders, purchase orders and stock that go through
:mod:`replenishment.backorders` and the desk.
"""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy.stats import poisson

from pipelines import Inputs, PlanConfig, backorders
from pipelines.jobs.promising import promise_new_order
from replenishment.backorders.allocation import Supply, allocate
from replenishment.backorders.expediting import time_orders
from replenishment.backorders.promises import enough_has_come, first_day, promise_days
from tests.real.development_data import DATA
from tests.replenishment.backorders.lines import AS_OF, ledger

Floats = npt.NDArray[np.float64]
FILE = DATA.parent / "oracles" / "oracles.json"

pytestmark = pytest.mark.skipif(not FILE.is_file(), reason=f"the reference answers {FILE} are not here")


def records(kind: str) -> list[Any]:
    """The records of a kind as parameters of a test; none where the file is not here."""
    found = json.loads(FILE.read_text(encoding="utf-8"))["oracles"] if FILE.is_file() else []
    return [pytest.param(each, id=each["id"]) for each in found if each["kind"] == kind]


class Queue:
    """A shop that orders each unit it sells again, as a new customer finds it while ``ordered`` units are under way.

    Of the purchase orders under way nothing is known but that each was placed within the last lead time, at any moment
    with equal probability (orders of a Poisson process, given their number); the customer's own is placed now.
    """

    def __init__(self, base_stock: int, ordered: int, times: Floats, lead_time: float) -> None:
        self.lines = ledger([1.0] * (max(ordered - base_stock, 0) + 1))
        on_hand, count = float(max(base_stock - ordered, 0)), ordered + 1
        days = AS_OF + np.arange(count + 1)
        self.supply = Supply(
            np.zeros(count + 1, dtype=np.int64), days, np.append(on_hand, np.ones(count)), np.arange(count + 1),
            np.arange(count + 1) == 0,
        )  # fmt: skip
        under_way = np.tile(times / lead_time, (ordered, 1))
        self.arrival = np.concatenate([np.ones((1, len(times))), under_way, (times >= lead_time)[None] * 1.0])
        self.allocation = allocate(self.lines, self.supply, np.zeros(1))

    def filled(self) -> Floats:
        """P(the new customer's unit is there by each time), from the reach of its entry."""
        assert self.allocation.covered[-1] == 1.0
        last = self.allocation.reach[self.allocation.line == len(self.lines) - 1]
        return np.asarray(enough_has_come(self.supply.units, self.arrival, last)[0])

    def promised(self, asked: int) -> float:
        """The same by one time, as the promises tell it."""
        n, none = len(self.lines), np.zeros(len(self.lines), dtype=np.int64)
        found = promise_days(
            self.allocation, self.supply, self.arrival, self.lines.item, np.zeros(n), np.zeros((1, 1)), none,
            np.full(n, asked), (),
        )  # fmt: skip
        return float(found.asked_chance[-1])


def mixed(inputs: dict[str, Any], times: Floats) -> Floats:
    """P(a customer waits at most so long): queues of every length, weighted by how often a customer finds them."""
    mean, total = inputs["demand_rate"] * inputs["lead_time"], np.zeros(len(times))
    for ordered in range(int(poisson.isf(1e-12, mean)) + 1):
        queue = Queue(inputs["S"], ordered, times, inputs["lead_time"])
        total += poisson.pmf(ordered, mean) * queue.filled()
    return total


@pytest.mark.parametrize("record", records("waiting_time_base_stock_poisson"))
def test_the_wait_of_a_new_customer_behind_those_who_wait(record: dict[str, Any]) -> None:
    inputs, expected, near = record["inputs"], record["expected"], record["abs_tol"]
    lead_time = inputs["lead_time"]
    times = np.append(np.array(inputs["w"], dtype=float), lead_time)
    assert mixed(inputs, times)[:-1] == pytest.approx(expected["P_wait_le_w"], abs=near)
    mean = inputs["demand_rate"] * lead_time
    for k, told in enumerate(expected["P_wait_le_w"]):
        chance = [
            poisson.pmf(ordered, mean) * Queue(inputs["S"], ordered, times, lead_time).promised(k)
            for ordered in range(int(poisson.isf(1e-9, mean)) + 1)
        ]
        assert math.fsum(chance) == pytest.approx(told, abs=near)
    fine = np.linspace(0.0, lead_time, 201)
    by_time = mixed(inputs, fine)
    assert np.trapezoid(1.0 - by_time, fine) == pytest.approx(expected["mean_wait"], abs=near)
    # The 95 % promise, first within a coarse step, then within one of the record's own.
    first = int(first_day(by_time[None], 0.95)[0])
    finest = fine[first - 1] + np.arange(101) * lead_time / 20_000
    promised = finest[int(first_day(mixed(inputs, finest)[None], 0.95)[0])]
    assert promised == pytest.approx(expected["p95_promise"], abs=near)


def shop(as_of: pd.Timestamp, **tables: dict[str, Any]) -> Inputs:
    """Item A with the given tables, which sold one unit a day until the opening."""
    sold = pd.date_range(end=as_of - pd.Timedelta(days=1), periods=60)
    frames = {name: pd.DataFrame({"sku": ["A"], **columns}) for name, columns in tables.items()}
    return Inputs(sales=pd.DataFrame({"sku": "A", "date": sold, "quantity": 1.0}), **frames)


def waiting(as_of: pd.Timestamp, units: float) -> dict[str, Any]:
    return {"order_id": ["C"], "quantity": [units], "ordered_on": [as_of - pd.Timedelta(days=1)]}


QUICK: dict[str, Any] = {"frequency": "D", "paths": 100, "model": "naive"}


@pytest.mark.parametrize("record", records("promise_date_with_buffer"))
def test_a_promise_is_the_day_of_the_units_and_the_days_to_process_them(record: dict[str, Any]) -> None:
    """Nothing is on hand and one order comes on the first day with stock: for who waits, and for a new order."""
    first, buffer = pd.Timestamp(record["inputs"]["first_positive"]), record["inputs"]["buffer_days"]
    as_of, config = first - pd.Timedelta(days=10), PlanConfig(**QUICK, processing_days=buffer)
    coming = {"quantity": [5.0], "due_date": [first]}
    told = backorders(
        shop(as_of, open_orders=coming, customer_orders=waiting(as_of, 2.0)), config, jobs=1
    ).backorders.iloc[0]
    assert str(told["promise_date"].date()) == record["expected"]["promise"]
    new = promise_new_order(shop(as_of, open_orders=coming), config, "A", 3.0)
    assert {str(date)[:10] for date in new.dates.values()} == {record["expected"]["promise"]}


@pytest.mark.parametrize("record", records("phased_out_with_backorders"))
def test_what_waits_of_a_phased_out_item_is_proposed_and_no_more(record: dict[str, Any]) -> None:
    as_of, net = pd.Timestamp("2025-05-05"), record["inputs"]["net_stock"]
    ended = {"discontinued_on": [as_of - pd.Timedelta(days=1)]} if record["inputs"]["phased_out"] else {}
    items = {"lead_time_days": [10.0], "unit_cost": [2.0], **ended}
    inputs = shop(as_of, items=items, customer_orders=waiting(as_of, -net))
    proposed = backorders(inputs, PlanConfig(**QUICK), jobs=1).proposals
    assert proposed[["action", "quantity"]].to_numpy().tolist() == [["order", record["expected"]["order"]]]


@pytest.mark.parametrize("record", records("net_along_time"))
def test_a_far_purchase_order_does_not_hide_what_runs_short_before_it(record: dict[str, Any]) -> None:
    """The order is to come sooner, and the item is sure to run short before it."""
    given, as_of = record["inputs"], pd.Timestamp("2025-05-05")
    assert given["daily_demand"] == 1  # as the shop sells
    inputs = shop(
        as_of,
        items={"lead_time_days": [float(given["lead_time_days"])], "unit_cost": [2.0]},
        stock={"on_hand": [float(given["on_hand"])]},
        open_orders={
            "quantity": [float(given["open_po"]["qty"])],
            "due_date": [as_of + pd.Timedelta(days=given["open_po"]["due_in_days"])],
            "supplier": ["far away"],
        },
    )
    found = backorders(inputs, PlanConfig(**QUICK), jobs=1)
    must = bool(found.risk["probability_before_receipt"].iloc[0] > 0.99)
    assert must == record["expected"]["must_order_now"]
    assert ("expedite" in set(found.proposals["action"])) == must


@pytest.mark.parametrize("record", records("sells_out_in_days"))
def test_stock_runs_dry_before_the_first_delivery(record: dict[str, Any]) -> None:
    given = record["inputs"]
    day, units = (np.array([float(each[name]) for each in given["inbound"]]) for name in ("day", "qty"))
    timing = time_orders(
        np.zeros(len(day), dtype=np.int64), day, units, np.array([float(given["on_hand"])]),
        np.array([float(given["daily_demand"])]), np.zeros(1), np.full(1, np.inf),
    )  # fmt: skip
    assert day[0] - timing.short_days[0] == record["expected"]["sells_out_in_first"]


@pytest.mark.parametrize("record", records("projected_quantity"))
def test_what_is_reserved_for_those_who_wait_is_subtracted_once(record: dict[str, Any]) -> None:
    given, as_of = record["inputs"], pd.Timestamp("2025-05-05")
    under_way = float(given["ordered"] + given["planned"] + given["requested"])
    coming = {"open_orders": {"quantity": [under_way], "due_date": [as_of + pd.Timedelta(days=3)]}}
    inputs = shop(
        as_of,
        items={"lead_time_days": [10.0], "unit_cost": [2.0]},
        stock={"on_hand": [float(given["actual"])], "allocated": [float(min(given["actual"], given["reserved"]))]},
        customer_orders=waiting(as_of, float(given["reserved"])),
        **(coming if under_way else {}),
    )
    risk = backorders(inputs, PlanConfig(**QUICK), jobs=1).risk.iloc[0]
    assert risk["on_hand"] - risk["backordered"] + risk["on_order"] == record["expected"]["projected"]
