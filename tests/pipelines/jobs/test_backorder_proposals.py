"""Proposals on small tables: what to order, call for, move or stop, with units, money and the last day."""

from __future__ import annotations

import pandas as pd

from tests.pipelines.jobs.test_backorder_desk import days, orders, tables, tended


def actions(frame: pd.DataFrame) -> dict[str, pd.Series]:
    return {str(row["action"]): row for _, row in frame.iterrows()}


def test_what_nothing_covers_is_ordered_once() -> None:
    """8 units are uncovered: the plan's order for A covers them, and what is on order is not ordered again."""
    found = tended(customer_orders=orders([4, 5, 30]))
    order = actions(found.proposals)["order"]
    assert order["quantity"] >= 8
    assert (order["supplier"], order["date"], order["last_date"]) == ("S", days(10)[0], days(0)[0])
    assert order["money"] == order["quantity"] * 2.0
    assert "8 units wait that nothing covers" in order["reason"]


def test_a_held_item_needs_a_planner() -> None:
    items = tables()["items"].assign(hold=[True])
    order = actions(tended(customer_orders=orders([4, 5, 30]), items=items).proposals)["order"]
    assert order["quantity"] == 8
    assert "does not order them: items.hold is set" in order["reason"]


def test_late_orders_are_called_for_first() -> None:
    """10 wait beyond the stock of 6, and one a day is sold: P1 in six days finds 10 + 6 missing, gives its 5."""
    call = tended().proposals.query("action == 'expedite'").set_index("po")
    assert call.loc["P1", "quantity"] == 5
    assert call.loc["P1", "money"] == 10.0
    # P2 comes in nine days: 10 + 9 - 5 are missing by then.
    assert call.loc["P2", "quantity"] == 14
    assert call.loc["P2", "last_date"] == days(0)[0]


def test_orders_that_are_not_needed_are_deferred_or_cancelled() -> None:
    """100 on hand last 100 days: 20 units in nine days can wait, and of 500 most is never used within a year."""
    coming = tables()["open_orders"].assign(quantity=[20.0, 500.0])
    stock = pd.DataFrame({"sku": ["A"], "on_hand": [116.0]})
    found = tended(open_orders=coming, stock=stock).proposals.set_index("po")
    assert found.loc["P1", "action"] == "defer"
    assert found.loc["P1", "last_date"] == days(5)[0]
    assert found.loc["P2", "action"] == "cancel"
    assert 200 < found.loc["P2", "quantity"] < 300


def test_substitutes_and_other_places_help_with_what_they_can_spare() -> None:
    """10 late units of A: B at the same place is no longer planned and has 8, two of them for one."""
    items = pd.concat([tables()["items"], pd.DataFrame({"sku": ["B"], "supplier": ["S"], "lead_time_days": [10.0]})])
    items = items.assign(discontinued_on=[pd.NaT, *days(-5)])
    stock = pd.DataFrame({"sku": ["A", "B"], "on_hand": [6.0, 8.0], "allocated": [2.0, 0.0]})
    substitutes = pd.DataFrame({"sku": ["A"], "substitute": ["B"], "ratio": [2.0]})
    found = tended(items=items.reset_index(drop=True), stock=stock, substitutes=substitutes)
    row = actions(found.proposals)["substitute"]
    assert (row["quantity"], row["from"], row["date"]) == (4, "B at main", days(0)[0])
    offers = found.backorders.set_index("order_id")["alternative"].to_dict()
    assert offers["C1"] == ""
    assert offers["C2"] == "2 of 5 at once; 6 of B instead at once; wait or cancel"
    assert offers["C3"] == "2 of B instead at once; wait or cancel"


def test_what_is_about_to_run_short_stands_first() -> None:
    """One a day is sold without a doubt. A has 100 units free; B has 3, and an order of it comes after 10 days."""
    sales = pd.concat([tables()["sales"], tables()["sales"].assign(sku="B")], ignore_index=True)
    items = pd.concat([tables()["items"], tables()["items"].assign(sku="B", unit_price=5.0)], ignore_index=True)
    stock = pd.DataFrame({"sku": ["A", "B"], "on_hand": [100.0, 3.0]})
    risk = tended(sales=sales, items=items, stock=stock, open_orders=None, customer_orders=None).risk.set_index("sku")
    assert list(risk.index) == ["B", "A"]
    assert risk["probability"].tolist() == [1, 0]
    assert risk["probability_before_receipt"].tolist() == [1, 0]
    # The protection interval is 11 days: ten of lead time, one of review; three are served.
    assert risk.loc["B", "expected_units"] == 8
    assert risk.loc["B", "revenue_at_risk"] == 40
