"""Worlds with the demo's suppliers: promised dates hold as often as they say, and the delivery dates are predicted.

What the desk knows are the receipts before the opening; what comes after it is drawn from the suppliers' real lead
times, one draw a purchase order. Two orders in three are of one item each, so that deliveries are independent.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from pipelines import Inputs, PlanConfig
from pipelines.demo.suppliers import SUPPLIERS, Supplier, lead_time_distribution
from pipelines.inputs import check_inputs
from pipelines.jobs.backorder_desk import BackorderDesk, items_of_knowledge, open_desk
from pipelines.jobs.demand import demand_from_sales
from pipelines.jobs.stages import gather_knowledge
from pipelines.jobs.supply import stock_position
from replenishment.backorders.promises import promise_days

pytestmark = pytest.mark.thorough

Floats = npt.NDArray[np.float64]
PROBABILITIES = (0.5, 0.8, 0.9, 0.95)
AS_OF = pd.Timestamp("2026-06-29")
ITEMS, HISTORY, SLOWER_SINCE = 400, 500, 150


def purchase_orders(supplier: Supplier, random: np.random.Generator) -> pd.DataFrame:
    """Orders of each item every five weeks or so, drawn with the supplier's real lead times."""
    laws = [lead_time_distribution(supplier, slower) for slower in (False, True)]
    rows = []
    for item in range(ITEMS):
        day = -HISTORY + int(random.integers(0, 40))
        while day < 0:
            law = laws[int(supplier.slower_days is not None and day >= -SLOWER_SINCE)]
            rows.append((f"{supplier.name}-{item:03}", day, day + int(random.choice(len(law), p=law))))
            day += int(random.integers(20, 50))
    frame = pd.DataFrame(rows, columns=["sku", "ordered", "comes"])
    return frame.assign(
        supplier=supplier.name,
        po=[f"{supplier.name}-{k}" for k in range(len(frame))],
        quantity=random.integers(2, 9, len(frame)),
        due=frame["ordered"] + supplier.stated_days,
    )


def date(days: pd.Series) -> pd.Series:
    return AS_OF + pd.to_timedelta(days, unit="D")


def world(seed: int) -> tuple[BackorderDesk, Floats]:
    """The desk at the opening, and the day after it on which each line is really filled."""
    random = np.random.default_rng(seed)
    orders = pd.concat([purchase_orders(each, random) for each in SUPPLIERS], ignore_index=True)
    past, coming = orders[orders["comes"] < 0], orders[orders["comes"] >= 0].reset_index(drop=True)
    asked = coming.groupby("sku", as_index=False)["quantity"].sum()
    # One or two customers wait for a part of what is under way.
    first = np.ceil(asked["quantity"] * random.uniform(0.1, 0.6, len(asked)))
    second = np.ceil((asked["quantity"] - first) * random.uniform(0.2, 1.0, len(asked)))
    lines = pd.concat([asked.assign(line=k + 1, quantity=q) for k, q in enumerate((first, second))], ignore_index=True)
    lines = lines[lines["quantity"] > 0].reset_index(drop=True)
    skus = np.unique(orders["sku"])
    sales = pd.DataFrame(
        {"sku": np.repeat(skus, 2), "date": np.tile([AS_OF - pd.Timedelta(days=d) for d in (9, 1)], len(skus))}
    )
    inputs = Inputs(
        sales=sales.assign(quantity=1.0),
        items=pd.DataFrame({"sku": skus, "supplier": [sku[:3] for sku in skus]}),
        suppliers=pd.DataFrame(
            {"supplier": [s.name for s in SUPPLIERS], "lead_time_days": [s.stated_days for s in SUPPLIERS]}
        ),
        receipts=past.assign(
            ordered_on=date(past["ordered"]), received_on=date(past["comes"]), promised_on=date(past["due"])
        )[["sku", "supplier", "po", "quantity", "ordered_on", "received_on", "promised_on"]],
        open_orders=coming.assign(ordered_on=date(coming["ordered"]), due_date=date(coming["due"]))[
            ["sku", "supplier", "po", "quantity", "ordered_on", "due_date"]
        ],
        customer_orders=lines.assign(order_id="C", ordered_on=AS_OF - pd.Timedelta(days=3)),
    )
    config = PlanConfig(frequency="D")
    tables = check_inputs(inputs, config)
    known = gather_knowledge(tables, config, demand_from_sales(tables, config).panel)
    stock = stock_position(tables, known.panel.keys, known.panel.calendar)
    desk = open_desk(items_of_knowledge(known), stock, tables, config)
    return desk, filled_on(desk, coming)


def filled_on(desk: BackorderDesk, coming: pd.DataFrame) -> Floats:
    """Day on which each line is filled when what comes serves the lines in turn, unit by unit."""
    shelf = {sku: np.sort(np.repeat(own["comes"], own["quantity"])) for sku, own in coming.groupby("sku")}
    taken = dict.fromkeys(shelf, 0)
    day = np.empty(len(desk.lines))
    for k in np.lexsort((desk.lines["line"].astype(int), desk.lines["sku"])).tolist():
        sku = desk.lines["sku"][k]
        taken[sku] += int(desk.lines["quantity"][k])
        day[k] = shelf[sku][taken[sku] - 1]
    return day


def promised(desk: BackorderDesk, asked: Floats) -> tuple[npt.NDArray[np.int64], Floats]:
    """Days promised with each probability, and the probability of being filled by the day asked for."""
    n = len(desk.ledger)
    found = promise_days(
        desk.allocation, desk.supply, desk.arrival, desk.ledger.item, desk.uncovered, desk.next_order,
        np.zeros(n, dtype=np.int64), asked.astype(np.int64), PROBABILITIES,
    )  # fmt: skip
    return found.line_day, found.asked_chance


@cache
def outcome(seed: int) -> tuple[Floats, npt.NDArray[np.int64], Floats, Floats]:
    """Real and promised days of a world, and the probabilities of the real day and of the day before."""
    desk, day = world(seed)
    dates, upto = promised(desk, day)
    return day, dates, upto, promised(desk, day - 1)[1]


SEEDS = (1, 2)


@pytest.mark.parametrize("probability", PROBABILITIES)
def test_promises_hold_as_often_as_they_say(probability: float) -> None:
    kept = np.concatenate(
        [day <= dates[:, PROBABILITIES.index(probability)] for day, dates, _, _ in map(outcome, SEEDS)]
    )
    assert len(kept) > 5000
    assert kept.mean() >= probability - 0.02


def test_delivery_dates_are_where_they_were_expected() -> None:
    """The randomised probability integral transform of the days is uniform within two points."""
    random = np.random.default_rng(0)
    pit = [before + random.random(len(day)) * (upto - before) for day, _, upto, before in map(outcome, SEEDS)]
    values = np.sort(np.concatenate(pit))
    distance = np.abs(values - (np.arange(len(values)) + 0.5) / len(values)).max()
    assert distance <= 0.02
