"""What weakens a plan is found and told, the worst first."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pipelines import Inputs, PlanConfig
from pipelines.jobs.planning import make_plan
from pipelines.trust import SEVERITIES, concerns_of, table_counts

DATES = pd.date_range("2023-01-02", periods=120, freq="7D")
AS_OF = DATES[-1] + pd.Timedelta(days=7)


def shop() -> dict[str, pd.DataFrame]:
    """Three items, of which each table has something wrong with one."""
    rng = np.random.default_rng(0)
    quantity = {"A": rng.poisson(5, 120), "B": rng.poisson(5, 120), "C": np.r_[rng.poisson(2, 68), rng.poisson(90, 52)]}
    quantity["B"][-40:] = 0
    sales = pd.concat(
        [pd.DataFrame({"sku": k, "date": DATES, "quantity": q.astype(float)}) for k, q in quantity.items()]
    )
    ordered = pd.date_range("2024-01-01", periods=10, freq="7D")
    return {
        "sales": sales,
        "items": pd.DataFrame(
            {"sku": ["A", "B", "C"], "supplier": ["S", "S", None], "lead_time_days": [10.0, 10.0, 7.0]}
        ),
        "suppliers": pd.DataFrame({"supplier": ["S"], "lead_time_days": [10.0]}),
        "receipts": pd.DataFrame(
            {"supplier": "S", "ordered_on": ordered, "received_on": ordered + pd.Timedelta(days=21)}
        ),
        "stock": pd.DataFrame({"sku": ["A", "B", "C"], "on_hand": [-4.0, 50.0, 9.0]}),
        "open_orders": pd.DataFrame(
            {
                "sku": ["A", "A", "C"],
                "quantity": [6.0, 6.0, 5.0],
                "due_date": [AS_OF, AS_OF, AS_OF - pd.Timedelta(days=9)],
            }
        ),
    }


def codes(tables: dict[str, pd.DataFrame]) -> list[str]:
    return [concern.code for concern in concerns_of(make_plan(Inputs(**tables), PlanConfig(frequency="W-MON")))]


def test_each_planted_weakness_is_named() -> None:
    wanted = {
        "negative_stock",
        "dead_stock",
        "order_twice",
        "order_overdue",
        "unit_jump",
        "lead_time_drift",
        "no_supplier",
    }
    assert wanted <= set(codes(shop()))


def test_a_supplier_that_does_not_keep_its_word_is_named_once_with_both_numbers() -> None:
    concerns = concerns_of(make_plan(Inputs(**shop()), PlanConfig(frequency="W-MON")))
    (drift,) = [c for c in concerns if c.code == "lead_time_drift"]
    assert drift.severity == "doubtful"
    assert "supplier S states 10 days and takes 21: 11 days later (2 items)" in drift.message


def test_a_supplier_that_has_become_slower_is_named_with_the_day() -> None:
    tables = shop()
    ordered = pd.date_range("2023-01-02", periods=80, freq="7D")
    days = pd.to_timedelta([10] * 55 + [11] * 5 + [21] * 20, unit="D")
    tables["receipts"] = pd.DataFrame({"supplier": "S", "ordered_on": ordered, "received_on": ordered + days})
    concerns = concerns_of(make_plan(Inputs(**tables), PlanConfig(frequency="W-MON")))
    told = {c.code: c.message for c in concerns}
    since = f"{ordered[60]:%Y-%m-%d}"
    assert f"become slower since {since}: 21.0 days on average, 10.1 before" in told["lead_time_break"]
    assert f"takes 21 since {since}" in told["lead_time_drift"]


def test_a_sound_shop_gives_no_cause_for_concern() -> None:
    tables = shop()
    sound = tables["sales"][tables["sales"]["sku"] == "A"]
    items = tables["items"].iloc[[0]]
    assert codes({"sales": sound, "items": items, "stock": tables["stock"].iloc[[0]].assign(on_hand=30.0)}) == []


def test_rows_set_aside_come_first_with_place_and_remedy() -> None:
    tables = shop()
    tables["stock"] = pd.concat([tables["stock"], pd.DataFrame({"sku": ["Z"], "on_hand": [1.0]})], ignore_index=True)
    made = make_plan(Inputs(**tables), PlanConfig(frequency="W-MON", max_quarantine_fraction=0.5))
    concerns = concerns_of(made)
    assert concerns[0].severity == "wrong"
    assert "line 5" in concerns[0].message
    assert "'Z'" in concerns[0].message
    order = [SEVERITIES.index(concern.severity) for concern in concerns]
    assert order == sorted(order)
    counts = table_counts(made).set_index("table")
    assert counts.loc["stock", "rows_set_aside"] == 1
    assert counts.loc["sales", "rows_used"] == 360
