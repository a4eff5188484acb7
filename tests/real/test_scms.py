"""Lead times of real purchase orders of medicines: earlier orders foretell those of the year that follows.

Run as a module, this prints the table: ``python -m tests.real.test_scms``.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from replenishment.lead_times import ItemBases, LeadTimeFit, OpenDays, OrderRecords, fit_lead_times
from tests.real.development_data import needs, read

pytestmark = needs("scms")

# Orders before each day foretell those of the year from it on; the file ends with 2012.
SPLITS = ("2009-01-01", "2010-01-01", "2011-01-01")
DAYS = 1000
COVERED = (0.5, 0.8, 0.9, 0.95)
PINBALL = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)


@cache
def orders() -> pd.DataFrame:
    """Order lines with a known lead time of at least 0 days; days since 1970-01-01."""
    lines = read("scms", "shipments")
    lines = lines[lines["lead_time_days"] >= 0].reset_index(drop=True)
    days = {
        short: pd.to_datetime(lines[name]).to_numpy().astype("datetime64[D]").astype(np.int64)
        for short, name in (("ordered", "order_date"), ("received", "delivered_date"), ("promised", "scheduled_date"))
    }
    item = lines["supplier"] + "|" + lines["sku"] + "|" + lines["location"]
    numbers = {"supplier": lines["supplier"], "item": item, "order": lines["order_number"]}
    return pd.DataFrame(days | {name: pd.factorize(texts, sort=True)[0] for name, texts in numbers.items()})


def day_number(day: str) -> int:
    return int(np.datetime64(day, "D").astype(np.int64))


def fitted(before: pd.DataFrame, as_of: int) -> LeadTimeFit:
    """What is known at the opening of a day; nothing is stated, orders have promised days."""
    supplier = orders().groupby("item")["supplier"].first().to_numpy()
    nothing = np.full(len(supplier), np.nan)
    records = OrderRecords.from_days(
        supplier=before["supplier"].to_numpy(),
        item=before["item"].to_numpy(),
        order=before["order"].to_numpy(),
        ordered=before["ordered"].to_numpy(),
        received_on=before["received"].to_numpy(float),
        promised_on=before["promised"].to_numpy(float),
        as_of=as_of,
        clocks=[OpenDays()] * (int(orders()["supplier"].max()) + 1),
    )
    return fit_lead_times(records, ItemBases(supplier, nothing, nothing, np.zeros(len(supplier), dtype=bool)))


def shares(days: np.ndarray) -> np.ndarray:
    return np.bincount(np.clip(days, 0, DAYS - 1).astype(np.int64), minlength=DAYS) / len(days)


def padded(law: np.ndarray) -> np.ndarray:
    """A law up to the last day of the table; what lies beyond is put there."""
    out = np.zeros(DAYS)
    out[: min(len(law), DAYS)] = law[:DAYS]
    out[-1] += law[DAYS:].sum()
    return out


def score(laws: np.ndarray, days: np.ndarray) -> dict[str, float]:
    """Coverage of quantiles, mean pinball loss, and the log score of fortnights (a hundredth spread over all)."""
    cumulative = np.cumsum(laws, axis=1)
    quantile = {p: np.argmax(cumulative >= p - 1e-12, axis=1) for p in {*COVERED, *PINBALL}}
    out = {f"covered {p:g}": float((days <= quantile[p]).mean()) for p in COVERED}
    loss = [np.maximum(p * (days - quantile[p]), (p - 1) * (days - quantile[p])).mean() for p in PINBALL]
    out["pinball"] = float(np.mean(loss))
    out["pinball 0.95"] = float(loss[-1])
    cells = np.add.reduceat(laws, np.arange(0, DAYS, 14), axis=1)
    cells = 0.99 * cells + 0.01 / cells.shape[1]
    out["log score"] = float(-np.log(cells[np.arange(len(days)), days // 14]).mean())
    return out


def compare(split: str) -> tuple[pd.DataFrame, int]:
    """Scores of the ways to foretell, on one line an order of suppliers that have delivered before."""
    as_of, lines = day_number(split), orders()
    before = lines[lines["ordered"] < as_of]
    come = before[before["received"] < as_of].assign(days=lambda d: d["received"] - d["ordered"])
    later = lines[(lines["ordered"] >= as_of) & (lines["ordered"] < as_of + 365)].drop_duplicates("order")
    fit = fitted(before, as_of)
    later = later[later["supplier"].isin(list(fit.suppliers))]
    law = dict(zip(fit.rows.tolist(), fit.laws, strict=True))
    theirs = {number: shares(part["days"].to_numpy()) for number, part in come.groupby("supplier")}
    own = {i: shares(part["days"].to_numpy()) for i, part in come.groupby("item") if len(part) >= 8}
    stated = come.assign(wait=come["promised"] - come["ordered"]).groupby("supplier")["wait"].median()
    point = np.eye(DAYS)
    found = {
        "promised of the supplier, median": [point[int(stated[s])] for s in later["supplier"]],
        "scheduled for the order itself": [point[max(d, 0)] for d in (later["promised"] - later["ordered"])],
        "receipts of all suppliers": [shares(come["days"].to_numpy())] * len(later),
        "receipts of the supplier": [theirs[s] for s in later["supplier"]],
        "own receipts from 8 on, else the supplier's": [
            own.get(i, theirs[s]) for i, s in zip(later["item"], later["supplier"], strict=True)
        ],
        "by evidence": [padded(law[i]) for i in later["item"]],
    }
    days = (later["received"] - later["ordered"]).to_numpy()
    return pd.DataFrame({name: score(np.stack(laws), days) for name, laws in found.items()}).T, len(later)


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return summed()


@cache
def summed() -> pd.DataFrame:
    """Scores over all splits, each order counting once."""
    parts = [compare(split) for split in SPLITS]
    return sum((scores * count for scores, count in parts), start=0.0) / sum(count for _, count in parts)


def test_weighing_by_evidence_foretells_better_than_any_one_source(table: pd.DataFrame) -> None:
    """Ours against each other way that can be had before the order is placed: pinball loss and log score."""
    ours = table.loc["by evidence"]
    others = table.drop(index=["by evidence", "scheduled for the order itself"])
    for name in ("pinball", "pinball 0.95", "log score"):
        assert (ours[name] < others[name]).all(), name
    assert ours["pinball"] < 0.93 * table.loc["receipts of the supplier", "pinball"]
    assert ours["log score"] < 0.75 * table.loc["receipts of the supplier", "log score"]


def test_high_quantiles_hold_better_than_those_of_the_receipts_alone(table: pd.DataFrame) -> None:
    """Far from perfect (suppliers became slower in 2010), but most of the way from 0.77 to 0.95."""
    ours, theirs = table.loc["by evidence"], table.loc["receipts of the supplier"]
    for p in (0.8, 0.9, 0.95):
        assert abs(ours[f"covered {p:g}"] - p) < 0.75 * abs(theirs[f"covered {p:g}"] - p)
    assert ours["covered 0.95"] > 0.88
    # What a supplier usually promises is kept by the faster half of its orders only.
    assert table.loc["promised of the supplier, median", "covered 0.95"] < 0.5


def test_orders_still_open_make_lead_times_longer() -> None:
    """On the last day of 2010 what has come by then is a biased sample: those still open belong to it."""
    as_of, lines = day_number("2011-01-01"), orders()
    before = lines[lines["ordered"] < as_of]
    young = before[before["ordered"] >= as_of - 365]
    true = (young["received"] - young["ordered"]).mean()
    come = young[young["received"] < as_of]
    naive = (come["received"] - come["ordered"]).mean()
    fit = fitted(young, as_of)
    censored = np.average(
        [law.measured @ (np.arange(len(law.measured)) - law.offset + (law.base if law.relative else 0))
         for law in fit.suppliers.values()],
        weights=[young["supplier"].eq(number).sum() for number in fit.suppliers],
    )  # fmt: skip
    assert naive < 0.85 * true
    assert abs(censored - true) < 0.6 * abs(naive - true)


def main() -> None:
    """Print the table of every split and of all."""
    shown: dict[str, Any] = {split: compare(split)[0] for split in SPLITS}
    for name, scores in (shown | {"all": summed()}).items():
        print(f"{name}\n{scores.round(3).to_string()}\n")


if __name__ == "__main__":
    main()
