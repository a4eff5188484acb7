"""The causes planted in the demo shop are found again from the tables that a planner sees."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pipelines import Inputs, PlanConfig
from pipelines.demo import demo_tables
from pipelines.inputs import check_inputs
from pipelines.jobs.backorder_causes import BooksOfItems, cause_frame

PLANTED = {
    "late_supplier": "supplier late",
    "demand_surge": "demand above forecast",
    "wrong_record": "stock record wrong",
    "low_safety_stock": "safety stock low",
    "late_order": "order placed late",
    "at_capacity": "supplier at capacity",
    "quality_rejected": "quality rejected",
    "low_target": "target low",
}
DAY = pd.Timestamp("1970-01-01")


def days(dates: pd.Series) -> np.ndarray:
    return (pd.to_datetime(dates) - DAY).dt.days.to_numpy()


def found_causes(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Every shortage of the last year: lines not shipped when they were wanted, and days that closed without stock."""
    checked = check_inputs(
        Inputs(**{name: tables[name] for name in ("sales", "items", "receipts", "stock_counts")}), PlanConfig()
    )
    items, sales, orders = tables["items"], tables["sales"], tables["customer_orders"]
    suppliers = tables["suppliers"].set_index("supplier")["lead_time_days"]
    keys = list(zip(items["sku"], items["location"], strict=True))
    number = {key: k for k, key in enumerate(keys)}

    def place(frame: pd.DataFrame) -> np.ndarray:
        return np.array([number[key] for key in zip(frame["sku"], frame["location"], strict=True)])

    begins = int(days(sales["date"]).min())
    demand = np.zeros((len(keys), int(days(sales["date"]).max()) - begins + 1))
    demand[place(sales), days(sales["date"]) - begins] = sales["quantity"]
    facts = pd.DataFrame(
        {
            "lead_time": items["lead_time_days"].fillna(items["supplier"].map(suppliers)),
            "review": 7.0,
            "target": items["target"].fillna(0.02),
        }
    )
    shipped, wanted = pd.to_datetime(orders["shipped_on"]), pd.to_datetime(orders["requested_on"])
    as_of = pd.to_datetime(sales["date"]).max() + pd.Timedelta(days=1)
    late = orders[(shipped > wanted) | shipped.isna() & (wanted < as_of)]
    empty = sales[~sales["in_stock"].astype(bool) & (pd.to_datetime(sales["date"]) >= as_of - pd.Timedelta(days=365))]
    books = BooksOfItems(checked, keys, facts, begins, demand, 0.02)
    return cause_frame(
        books,
        keys,
        np.concatenate([place(late), place(empty)]),
        np.concatenate([days(late["requested_on"]), days(empty["date"])]),
        np.concatenate([late["quantity"].to_numpy(float), np.zeros(len(empty))]),
    )


def test_nine_in_ten_planted_causes_are_found() -> None:
    """A case is an incident that customers felt; its cause is the one that holds on most of its days of shortage.

    Seen on shops of 400 SKUs over three years: 95 % of 174 (seed 0, on which the rules were made), 92 % of 191
    (seed 1), 94 % of 168 (seed 2); least for a low safety stock, three in four.
    """
    shop = demo_tables(skus=160, locations=2, years=2, seed=5, ledger_days=365)
    causes = found_causes(shop.tables)
    length = (causes["last"] - causes["first"]).dt.days + 1
    right = []
    for case in shop.truth["incidents"].query("units > 0").itertuples():
        near = (causes["sku"] == case.sku) & (causes["location"] == case.location)
        near &= causes["last"] >= pd.Timestamp(str(case.short_from))
        near &= causes["first"] <= pd.Timestamp(str(case.short_to))
        by_cause = length[near].groupby(causes["cause"][near]).sum()
        right.append(len(by_cause) > 0 and by_cause.idxmax() == PLANTED[str(case.kind)])
    assert len(right) >= 40
    assert np.mean(right) >= 0.9
