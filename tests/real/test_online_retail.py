"""Half a million raw lines of a gift wholesaler: every line has a fate, and the panel agrees with a count by pandas.

Chen, D. (2012), Online Retail II, UCI Machine Learning Repository, CC BY 4.0.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipelines import Inputs, PlanConfig, plan
from pipelines.inputs import check_inputs
from pipelines.jobs.demand import Demand, demand_from_sales
from pipelines.sources import TableSource
from tests.pipelines.invariants import check_plan
from tests.real.development_data import DATA, needs, read

pytestmark = needs("online_retail")

LINES = 522_570
SOURCE = TableSource(
    path=(DATA / "online_retail" / "transactions.parquet",),
    columns={"sku": "sku", "date": "datetime", "quantity": "quantity"},
)
# Frequency, last complete period's end: a Wednesday ends the table, so its week is left out.
ENDS = {"D": pd.Timestamp("2010-12-09"), "W-MON": pd.Timestamp("2010-12-06"), "MS": pd.Timestamp("2010-12-01")}


every_frequency = pytest.mark.parametrize(
    "frequency", ["W-MON", *(pytest.param(name, marks=pytest.mark.thorough) for name in ("D", "MS"))]
)


@pytest.fixture(scope="module")
def lines() -> pd.DataFrame:
    """The table as pandas sees it, with the day of each line and whether its article was ever sold."""
    frame = read("online_retail", "transactions")
    frame["day"] = frame["datetime"].dt.normalize()
    frame["back"] = frame["quantity"] < 0
    frame["ever_sold"] = frame["sku"].isin(frame.loc[~frame["back"], "sku"])
    return frame


@cache
def demand(frequency: str, returns: str) -> tuple[Demand, list[str]]:
    """The demand that the file tells; made once a process."""
    return demand_of(SOURCE, frequency, returns)


def demand_of(source: Any, frequency: str, returns: str) -> tuple[Demand, list[str]]:
    config = PlanConfig(frequency=frequency, duplicates="sum", returns=returns, max_quarantine_fraction=1.0)  # type: ignore[arg-type]
    tables = check_inputs(Inputs(sales=source), config)
    return demand_from_sales(tables, config), tables.findings.warnings


def by_period(lines: pd.DataFrame, frequency: str) -> pd.DataFrame:
    """Units of every article and period, added up by pandas alone."""
    period = {
        "D": lines["day"],
        "W-MON": lines["day"] - pd.to_timedelta(lines["day"].dt.dayofweek, unit="D"),
        "MS": lines["day"].dt.to_period("M").dt.to_timestamp(),
    }[frequency]
    return lines.groupby(["sku", period.rename("period")])["quantity"].sum().unstack(fill_value=0.0)


def of_panel(found: Demand) -> pd.DataFrame:
    dates = pd.DatetimeIndex(found.panel.calendar.dates.astype("datetime64[ns]"))
    return pd.DataFrame(found.panel.quantity.astype(float), index=list(found.panel.skus), columns=dates)


def agree(found: Demand, expected: pd.DataFrame) -> None:
    """Cell for cell the same; what pandas does not have is zero."""
    panel = of_panel(found)
    wanted = expected.reindex(index=panel.index, columns=panel.columns, fill_value=0.0)
    np.testing.assert_array_equal(panel.to_numpy(), wanted.to_numpy())
    assert panel.to_numpy().sum() == expected.loc[expected.index.isin(panel.index)].to_numpy().sum()


@every_frequency
@pytest.mark.parametrize("returns", ["net", "separate", "quarantine"])
def test_every_line_has_one_fate(lines: pd.DataFrame, frequency: str, returns: str) -> None:
    """The fates add up to the lines, and each is what pandas counts."""
    end = ENDS[frequency]
    early, back, sold = lines["day"] < end, lines["back"], lines["ever_sold"]
    expected = {"used": int((~back & early).sum()), "partial period": int((~back & ~early).sum())}
    if returns == "quarantine":
        expected["set aside: negative_quantity"] = int(back.sum())
    else:
        expected |= {
            "returned": int((back & sold & early).sum()),
            "returned, never sold": int((back & ~sold).sum()),
            "returned, outside": int((back & sold & ~early).sum()),
        }
    found, _ = demand(frequency, returns)
    assert found.fates == {name: count for name, count in expected.items() if count}
    assert sum(found.fates.values()) == len(lines) == LINES


@every_frequency
def test_sales_without_their_returns_agree_with_pandas_cell_by_cell(lines: pd.DataFrame, frequency: str) -> None:
    kept = lines[~lines["back"] & (lines["day"] < ENDS[frequency])]
    for returns in ("separate", "quarantine"):
        found, _ = demand(frequency, returns)
        agree(found, by_period(kept, frequency))
        assert set(found.panel.skus) == set(lines.loc[~lines["back"], "sku"])


@every_frequency
def test_netted_sales_agree_with_pandas_cell_by_cell(lines: pd.DataFrame, frequency: str) -> None:
    """Returns are taken off the period in which they came back, down to zero and no further."""
    kept = lines[lines["ever_sold"] & (lines["day"] < ENDS[frequency])]
    found, _ = demand(frequency, "net")
    agree(found, by_period(kept, frequency).clip(lower=0.0))


def test_what_returns_could_not_take_off_is_told_in_units(lines: pd.DataFrame) -> None:
    """Most units come back in a later week than they were sold in, and some were never sold at all."""
    kept = lines[lines["ever_sold"] & (lines["day"] < ENDS["W-MON"])]
    netted = by_period(kept, "W-MON").to_numpy()
    beyond, back = -netted[netted < 0].sum(), -kept.loc[kept["back"], "quantity"].sum()
    outside = -lines.loc[lines["back"], "quantity"].sum() - back
    text = " ".join(demand("W-MON", "net")[1])
    assert f"{back:,.0f} returned units were taken off demand; {beyond:,.0f} of them exceed" in text
    assert f"{outside:,.0f} returned units are of articles that never sold, or lie outside" in text


def test_a_frame_and_the_file_are_the_same_demand(lines: pd.DataFrame) -> None:
    frame = lines[["sku", "datetime", "quantity"]].rename(columns={"datetime": "date"})
    for returns in ("net", "separate"):
        a, b = demand("W-MON", returns)[0], demand_of(frame, "W-MON", returns)[0]
        assert a.panel.keys == b.panel.keys
        assert a.fates == b.fates
        assert (a.panel.quantity == b.panel.quantity).all()
        assert (a.panel.status == b.panel.status).all()


@pytest.mark.thorough
def test_transactions_without_a_rule_for_duplicates_are_not_added_up_unasked() -> None:
    """By default, several rows of an article and day are set aside: far too many, and the table is refused."""
    config = PlanConfig(frequency="W-MON", returns="net")
    with pytest.raises(Exception, match=r'rows are bad.*duplicates = "sum" if these are transactions'):
        demand_from_sales(check_inputs(Inputs(sales=SOURCE), config), config)


@pytest.mark.thorough
def test_the_demand_of_half_a_million_lines_can_be_planned() -> None:
    """What a planner sees: a plan of every article, postage and fees among them, for nobody said what an item is."""
    config = PlanConfig(
        frequency="W-MON", duplicates="sum", returns="net", defaults={"lead_time_days": 14}, paths=100,
        simulation_paths=0,
    )  # fmt: skip
    result = plan(Inputs(sales=SOURCE), config)
    check_plan(result, config)
    assert sum(result.summary["sales_rows_by_fate"].values()) == LINES
    assert {"POST", "M", "DOT"} <= set(result.recommendations["sku"])
    items = read("online_retail", "transactions")["sku"]
    goods = pd.DataFrame({"sku": sorted(set(items[items.str.match(r"[0-9]{5}")]))})
    found = plan(Inputs(sales=SOURCE, items=goods), config.model_copy(update={"max_quarantine_fraction": 0.05}))
    assert found.summary["sales_rows_by_fate"]["set aside: unknown_sku"] == int((~items.isin(goods["sku"])).sum())
    assert sum(found.summary["sales_rows_by_fate"].values()) == LINES
    assert not {"POST", "M", "DOT"} & set(found.recommendations["sku"])
