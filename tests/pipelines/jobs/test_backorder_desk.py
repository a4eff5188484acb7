"""The backorder desk on small tables: who is covered by what, and when, worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipelines import BackorderResult, Inputs, PlanConfig, backorders, plan
from pipelines.jobs.backordering import tend_backorders
from pipelines.jobs.planning import make_plan
from pipelines.jobs.promising import promise_new_order
from pipelines.memory import Memory
from tests.pipelines.shop import AS_OF

QUICK: dict[str, Any] = {"frequency": "D", "paths": 100, "model": "naive"}


def days(*ahead: float) -> list[pd.Timestamp]:
    """Dates so many days after AS_OF; none for NaN."""
    return [AS_OF + pd.Timedelta(days=d) if d == d else pd.NaT for d in ahead]


NEVER = float("nan")


def tables(**more: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Item A of supplier S with a stated lead time of 10 days; 6 units on hand, two purchase orders under way."""
    sold = pd.date_range(end=AS_OF - pd.Timedelta(days=1), periods=60)
    return {
        "sales": pd.DataFrame({"sku": "A", "date": sold, "quantity": 1.0}),
        "items": pd.DataFrame({"sku": ["A"], "supplier": ["S"], "lead_time_days": [10.0], "unit_cost": [2.0]}),
        "stock": pd.DataFrame({"sku": ["A"], "on_hand": [6.0], "allocated": [2.0]}),
        "open_orders": pd.DataFrame(
            {
                "sku": "A", "po": ["P1", "P2"], "supplier": "S", "quantity": [5.0, 20.0],
                "ordered_on": days(-4, -1), "due_date": days(6, 9),
            }
        ),
        "customer_orders": orders([4, 5, 7]),
        **more,
    }  # fmt: skip


def orders(quantity: list[float], **more: Any) -> pd.DataFrame:
    """Lines 1, 2, ... of item A, ordered one a day, the last one yesterday."""
    n = len(quantity)
    frame = pd.DataFrame(
        {
            "order_id": [f"C{k}" for k in range(1, n + 1)],
            "sku": "A",
            "quantity": np.array(quantity, dtype=float),
            "ordered_on": days(*range(-n, 0)),
        }
    )
    return frame.assign(**more)


def tended(told: pd.DataFrame | None = None, config: dict[str, Any] | None = None, **more: Any) -> BackorderResult:
    return backorders(Inputs(**tables(**more)), PlanConfig(**QUICK, **(config or {})), told=told, jobs=1)


def by_order(found: BackorderResult) -> pd.DataFrame:
    return found.backorders.set_index("order_id")


def test_lines_are_covered_by_stock_then_by_what_comes_first() -> None:
    """On hand 6: all of C1 (2 of them set aside) and 2 of C2; 3 from P1, which leaves 2 for C3 and 5 to P2."""
    found = tended()
    lines = by_order(found)
    assert lines["status"].to_dict() == {"C1": "allocated", "C2": "backordered", "C3": "backordered"}
    assert lines["covered_by"].to_dict() == {"C1": "on hand", "C2": "on hand, P1", "C3": "P1, P2"}
    assert lines["quantity_waiting"].tolist() == [4, 5, 7]
    assert lines["age_days"].tolist() == [3, 2, 1]
    # What is stated has no spread: an order of four days ago comes in six days.
    assert lines["promise_date"].tolist() == days(0, 6, 9)
    assert lines["promise_probability"].tolist() == [1, 1, 1]
    assert found.coverage[["order_id", "source", "quantity"]].to_numpy().tolist() == [
        ["C1", "on hand", 2.0], ["C1", "on hand", 2.0], ["C2", "on hand", 2.0], ["C2", "P1", 3.0],
        ["C3", "P1", 2.0], ["C3", "P2", 5.0],
    ]  # fmt: skip
    served = found.purchase_orders.set_index("po")
    assert served["quantity_for_backorders"].to_dict() == {"P1": 5, "P2": 5}
    assert served["quantity_free"].to_dict() == {"P1": 0, "P2": 15}
    assert served["lines_served"].to_dict() == {"P1": 2, "P2": 1}
    assert found.summary["units_backordered"] == 10


def test_what_nothing_covers_comes_with_the_next_order_and_is_named() -> None:
    found = tended(customer_orders=orders([4, 5, 30]))
    line = by_order(found).loc["C3"]
    assert (line["quantity_uncovered"], line["promise_date"]) == (8, days(10)[0])
    assert (found.summary["lines_uncovered"], found.summary["units_uncovered"]) == (1, 8)
    assert line["covered_by"] == "P1, P2"


@pytest.mark.parametrize(
    ("item", "status", "date"),
    [
        ({}, "backordered", 10),
        ({"hold": [True]}, "out of stock", NEVER),
        ({"discontinued_on": days(-1)}, "discontinued", NEVER),
        ({"available_from": days(12)}, "pre-order", 12),
    ],
)
def test_a_line_that_nothing_covers_is_told_apart(item: dict[str, Any], status: str, date: float) -> None:
    items = tables()["items"].assign(**item)
    found = tended(items=items, stock=None, open_orders=None, customer_orders=orders([3], promised_on=days(8)))
    line = found.backorders.iloc[0]
    assert line["status"] == status
    assert pd.Series([line["promise_date"]]).equals(pd.Series(days(date)).dt.as_unit("s"))
    assert line["change"] == ("no date" if date != date else "later")
    assert (line["promise_probability"] > 0.9) == (date == date)


def test_sentences_name_the_dates_as_the_customer_writes_them() -> None:
    told = by_order(tended(config={"language": "en_GB"}))["sentence"].to_dict()
    assert told == {
        "C1": "Ready to leave on 5 May.",
        "C2": "In parts: 2 of 5 expected by 5 May, 3 of 5 expected by 11 May; we will write again if this changes.",
        "C3": "In parts: 2 of 7 expected by 11 May, 5 of 7 expected by 14 May; we will write again if this changes.",
    }
    whole = by_order(tended(config={"language": "de", "whole_lines": True}))["sentence"]
    assert whole["C3"] == "Voraussichtlich am 14. Mai; wir schreiben Ihnen, falls sich das ändert."


def test_only_those_whose_date_has_changed_are_written_to() -> None:
    """Promised on the line: C1 as told, C2 later than told, C3 a week earlier; a later word on record wins."""
    lines = orders([4, 5, 7], promised_on=days(0, 5, 16))
    assert by_order(tended(customer_orders=lines))["change"].to_dict() == {"C1": "", "C2": "later", "C3": "earlier"}
    record = pd.DataFrame(
        {
            "order_id": ["C2", "C2", "C9"], "line": [None] * 3, "sku": "A", "location": "main",
            "told_on": days(-2, -1, -1), "promise_date": days(3, 6, 1), "promise_probability": 0.9,
        }
    )  # fmt: skip
    found = by_order(tended(told=record, customer_orders=lines))
    assert found["change"].to_dict() == {"C1": "", "C2": "", "C3": "earlier"}
    assert found["told_date"].tolist() == days(0, 6, 16)
    assert found["told_probability"].tolist() == [1, 1, 1]
    assert by_order(tended())["change"].tolist() == ["new"] * 3


def test_the_rule_of_allocation_is_configured() -> None:
    lines = orders([6, 6, 6], priority=[3.0, 1.0, 2.0], requested_on=days(-1, -1, -2))
    stock = pd.DataFrame({"sku": ["A"], "on_hand": [6.0]})

    def first(rule: str) -> str:
        found = tended(config={"allocation": rule}, customer_orders=lines, stock=stock).backorders
        return str(found.loc[found["quantity_on_hand"].idxmax(), "order_id"])

    assert [first(rule) for rule in ("order_date", "priority", "requested_date")] == ["C1", "C2", "C3"]
    shared = tended(config={"allocation": "fair_share"}, customer_orders=lines, stock=stock).backorders
    assert shared["quantity_on_hand"].tolist() == [2, 2, 2]


def test_elapsed_time_counts_and_closed_suppliers_wait() -> None:
    """Receipts after 8 or 12 days: an order of nine days ago takes 12; announced closing days come on top."""
    past = [8, 12] * 20
    ordered = [AS_OF - pd.Timedelta(days=400 - 9 * k) for k in range(len(past))]
    receipts = pd.DataFrame(
        {"supplier": "S", "ordered_on": ordered, "sku": "A", "po": [f"R{k}" for k in range(len(past))]}
    ).assign(received_on=[on + pd.Timedelta(days=took) for on, took in zip(ordered, past, strict=True)])
    open_orders = tables()["open_orders"].head(1).assign(ordered_on=days(-9), due_date=days(-1), quantity=20.0)
    one = {"receipts": receipts, "open_orders": open_orders, "config": {"promise_probability": 0.8}}
    found = tended(**one)  # type: ignore[arg-type]
    assert by_order(found).loc["C3", "promise_date"] == days(3)[0]
    assert found.purchase_orders["late_probability"].tolist() == [1.0]
    shut = {"closed": [{"first": "2025-05-06", "last": "2025-05-09"}]}
    later = tended(**{**one, "config": {**shut, "promise_probability": 0.8}})  # type: ignore[arg-type]
    assert by_order(later).loc["C3", "promise_date"] == days(7)[0]


def test_processing_takes_days_of_its_own() -> None:
    found = by_order(tended(config={"processing_days": 2}))
    assert found["promise_date"].tolist() == days(2, 8, 11)


def test_the_plan_nets_what_the_ledger_says() -> None:
    more = tables(customer_orders=orders([4, 5, 7], cancelled_on=days(NEVER, -1, NEVER), shipped_quantity=[0, 0, 2.0]))
    found = plan(Inputs(**more), PlanConfig(**QUICK, simulation_paths=0), jobs=1).recommendations.iloc[0]
    assert found["backordered"] == 9
    assert found["inventory_position"] == 6 - 9 + 25


def test_rows_in_any_order_say_the_same() -> None:
    lines = orders([3, 4, 5, 2, 6], priority=[2.0, 1.0, 2.0, 1.0, 1.0]).assign(order_id="C", line=list("12345"))
    one = tended(customer_orders=lines, config={"allocation": "priority"})
    mixed = {name: table.iloc[::-1].reset_index(drop=True) for name, table in tables(customer_orders=lines).items()}
    other = backorders(Inputs(**mixed), PlanConfig(**QUICK, allocation="priority"), jobs=2)
    for name, frame in one.files().items():
        pd.testing.assert_frame_equal(frame, other.files()[name])


def test_promises_on_record_are_held_against_what_happened() -> None:
    """Six were promised at 90 %: three kept, one late, one still waits; one was cancelled, one is not due yet."""
    lines = orders(
        [1.0] * 7,
        ordered_on=days(*[-20] * 7),
        shipped_on=days(-10, -9, -8, -2, NEVER, NEVER, NEVER),
        shipped_quantity=[1.0] * 4 + [0.0] * 3,
        cancelled_on=days(*[NEVER] * 5, -9, NEVER),
    )
    record = pd.DataFrame(
        {
            "order_id": [f"C{k}" for k in range(1, 8)], "line": None, "sku": "A", "location": "main",
            "told_on": days(*[-15] * 7), "promise_date": days(*[-8] * 6, 3), "promise_probability": [0.9] * 7,
        }
    )  # fmt: skip
    found = tended(told=record, customer_orders=lines)
    row = found.promises.iloc[0]
    assert (row["promises"], row["promised"], row["kept"]) == (5, 0.9, 0.6)
    assert row["low"] < 0.6 < row["high"]
    total = found.kpis.iloc[0]
    assert (total["group"], total["value"], total["lines"]) == ("total", "all", 7)
    assert total["cancellation_rate"] == 1 / 7
    assert set(found.kpis["group"]) == {"total", "location", "supplier", "sku", "month", "month_shipped"}
    assert len(found.causes) == 1


def test_stock_is_followed_back_to_a_turnover() -> None:
    """60 were sold at one a day, 30 are left and none was received: 60 days with 60.5 on average, 2 money each."""
    stock = pd.DataFrame({"sku": ["A"], "on_hand": [30.0]})
    total = tended(stock=stock, open_orders=None).kpis.iloc[0]
    assert total["turnover"] == pytest.approx(365 / 60.5)


def released(**more: Any) -> Memory:
    """A line of 20 units of A that was released to S today, to come in ten days."""
    line = {
        "po": ["PO-7"], "supplier": ["S"], "sku": ["A"], "location": ["main"], "quantity": [20.0], "unit_cost": [2.0],
        "order_date": days(0), "arrival_date": days(10), "as_of": days(0), "run_id": ["r"], "released_at": ["now"],
        "forgotten": [False],
    }  # fmt: skip
    return Memory(released=pd.DataFrame({**line, **more}))


def remembering(memory: Memory, **more: Any) -> BackorderResult:
    return tend_backorders(make_plan(Inputs(**tables(**more)), PlanConfig(**QUICK), memory=memory))


def test_what_was_released_and_is_not_seen_yet_covers_lines_too() -> None:
    """Of 30 units for C3 two come with P1, 20 with P2, and 8 with the order released today; nothing is left bare."""
    shop = {"customer_orders": orders([4, 5, 30])}
    found = remembering(released(), **shop)
    line = by_order(found).loc["C3"]
    assert (line["covered_by"], line["quantity_uncovered"]) == ("P1, P2, PO-7 (released)", 0)
    assert line["promise_date"] == days(10)[0]
    served = found.purchase_orders.set_index("po")
    assert served["released"].to_dict() == {"P1": False, "P2": False, "PO-7": True}
    assert served.loc["PO-7", ["quantity", "quantity_for_backorders", "lines_served"]].tolist() == [20, 8, 1]
    assert "order" not in set(found.proposals["action"])
    assert by_order(remembering(Memory(), **shop)).loc["C3", "quantity_uncovered"] == 8


def test_what_was_released_counts_once_when_the_tables_show_it() -> None:
    shop = {"customer_orders": orders([4, 5, 30])}
    seen = pd.DataFrame({"sku": ["A"], "po": ["PO-7"], "quantity": [20.0], "due_date": days(10)})
    orders_now = pd.concat([tables()["open_orders"], seen], ignore_index=True)
    found = remembering(released(), **shop, open_orders=orders_now)
    assert by_order(found).loc["C3", "covered_by"] == "P1, P2, PO-7"
    assert found.purchase_orders["quantity"].tolist() == [5, 20, 20]


def test_an_order_released_for_a_later_day_comes_so_much_later() -> None:
    """Released for the order day in four days, with a lead time of ten, before anything else is on order."""
    later = released(order_date=days(4), arrival_date=days(14))
    found = remembering(later, stock=None, open_orders=None, customer_orders=orders([3]))
    line = found.backorders.iloc[0]
    assert (line["covered_by"], line["promise_date"]) == ("PO-7 (released)", days(14)[0])


def test_a_new_order_is_promised_from_what_was_released() -> None:
    shop = Inputs(**tables(customer_orders=orders([4, 5, 20])))
    found = promise_new_order(shop, PlanConfig(**QUICK), "A", 15.0, memory=released())
    rows = found.deliveries[["source", "quantity", "delivery_date"]].to_numpy().tolist()
    assert rows == [["P2", 2, days(9)[0]], ["PO-7 (released)", 13, days(10)[0]]]


def test_revenue_is_accepted_in_one_month_and_earned_in_another() -> None:
    """Of two lines of April, 2 units at 5 are shipped late in May, 3 still wait; a line of May leaves at once."""
    lines = orders(
        [2.0, 3.0, 1.0],
        ordered_on=days(-15, -15, -3),
        shipped_on=days(-1, NEVER, -3),
        shipped_quantity=[2.0, 0.0, 1.0],
        unit_price=5.0,
    )
    kpis = tended(customer_orders=lines).kpis.set_index(["group", "value"])
    assert kpis.loc[("month", "2025-04"), ["revenue_on_backorder", "revenue_waiting"]].tolist() == [25, 15]
    assert kpis.loc["month_shipped", "revenue_earned"].to_dict() == {"2025-05": 10}
