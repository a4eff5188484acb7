"""Rules of thumb in the place of the plan's levels: their formulas by hand, and the same shop around them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipelines import Inputs, ReplayResult, replay
from pipelines.jobs.baselines import Asked, LevelRule, MinMax, Textbook, WeeksOfCover
from pipelines.jobs.comparing import HINDSIGHT, Comparison, compare_rules, tune_textbook
from pipelines.jobs.stages import Knowledge, Levels
from tests.pipelines.shop import AS_OF, Tables, only, settings, small_shop

START, END = AS_OF - pd.Timedelta(weeks=16), AS_OF - pd.Timedelta(weeks=1)
# A look back before the replay would make as many reviews again; the rules don't look at it.
PLAIN: dict[str, Any] = {
    "frequency": "W-MON", "model": "moving_average", "target": 0.1, "simulation_paths": 0, "correction": "none",
}  # fmt: skip


@pytest.fixture(scope="module")
def tables() -> Tables:
    shop = only(small_shop(), "00123", "NA", "=1+1", "1E5")
    return {name: frame for name, frame in shop.items() if name != "stock"}


class Spy:
    """Asks another rule, and keeps what it saw and said."""

    def __init__(self, rule: LevelRule) -> None:
        self.rule = rule
        self.seen: list[tuple[Knowledge, Levels, Asked]] = []

    @property
    def name(self) -> str:
        return self.rule.name

    def asked(self, known: Knowledge, found: Levels) -> Asked:
        answer = self.rule.asked(known, found)
        self.seen.append((known, found, answer))
        return answer


def run(tables: Tables, rule: LevelRule | None, **more: Any) -> ReplayResult:
    changes = more.pop("changes", {})
    return replay(
        Inputs(**tables), settings(**{**PLAIN, **changes}), START.date(), END.date(), jobs=1, rule=rule, **more
    )


def history(tables: Tables, key: tuple[str, str], until: pd.Timestamp) -> pd.Series[float]:
    sales = tables["sales"]
    own = sales[(sales["sku"] == key[0]) & (sales["location"] == key[1]) & (sales["date"] < until)]
    return own.set_index("date")["quantity"].sort_index()


def test_levels_are_those_of_the_formulas(tables: Tables) -> None:
    """By hand, from the rows of the sales table, at two reviews."""
    rules = [Spy(Textbook()), Spy(Textbook(2.5)), Spy(WeeksOfCover(3.0)), Spy(MinMax())]
    reviewed: dict[int, Any] = {}
    for rule in rules:
        run(tables, rule, reviewed=reviewed)
    for at in (0, 7):
        known, found, _ = rules[0].seen[at]
        until = pd.Timestamp(known.panel.as_of)
        for i, key in enumerate(known.panel.keys):
            year = history(tables, key, until).iloc[-52:]
            interval = found.levels.lead_time_mean[i] + 1
            mean, sd = year.mean(), year.std(ddof=1)
            spread = np.sqrt(interval * sd**2 + (mean * found.lead_times.sd()[i]) ** 2)
            if mean == 0:
                assert np.isnan([rule.seen[at][2].level[i] for rule in rules[:3]]).all()
                continue
            z_of_a_tenth = 1.2815515655446004
            wanted = [mean * interval + z_of_a_tenth * spread, mean * interval + 2.5 * spread, mean * (interval + 3)]
            got = [rule.seen[at][2].level[i] for rule in rules[:3]]
            np.testing.assert_allclose(got, wanted, rtol=1e-6)


def test_min_max_fills_what_it_claims_over_its_own_history(tables: Tables) -> None:
    """One unit less than its order-up-to level would not have filled nine tenths of the windows it was set on."""
    sales = tables["sales"].copy()
    at_first = sales["date"] < sales["date"].min() + pd.Timedelta(weeks=1)
    sales.loc[sales["sku"] == "=1+1", "quantity"] = np.where(at_first, 7.0, 0.0)[sales["sku"] == "=1+1"]
    spy = Spy(MinMax())
    run({**tables, "sales": sales}, spy)
    known, found, asked = spy.seen[-1]
    # What sold in the first week only was demanded in no review that follows a lead time.
    assert np.isnan(asked.level).tolist() == [key[0] == "=1+1" for key in known.panel.keys]
    checked = 0
    for i, key in enumerate(known.panel.keys):
        if found.levels.policies.kind[i] != "order_up_to" or np.isnan(asked.level[i]):
            continue
        demand = history({"sales": sales}, key, pd.Timestamp(known.panel.as_of)).to_numpy()
        wait = round(float(found.levels.lead_time_mean[i]))

        def rate(level: float, demand: Any = demand, wait: int = wait) -> float:
            before = np.array([demand[k : k + wait].sum() for k in range(len(demand) - wait)])
            through = np.array([demand[k : k + wait + 1].sum() for k in range(len(demand) - wait)])
            short = np.maximum(through - level, 0).mean() - np.maximum(before - level, 0).mean()
            return float(short / demand[wait:].mean())

        assert rate(asked.level[i]) <= 0.1
        assert rate(asked.level[i] - 1) > 0.1
        checked += 1
    assert checked >= 3


def test_only_the_level_differs(tables: Tables) -> None:
    """Lots, packs, minimums, demand and lead times are the plan's: a rule that asks for its level is the plan."""

    class TheSame:
        name = "the same"

        def asked(self, known: Knowledge, found: Levels) -> Asked:
            policies = found.levels.policies
            level = np.where(policies.kind == "order_up_to", policies.order_up_to, policies.reorder_point)
            return Asked(level, policies.expected_backorder_rate)

    steady: dict[str, Any] = {
        "replay_lead_times": "planned",
        "lead_times": "stated",
        "defaults": {"lead_time_days": 21},
    }
    plain = {**tables, "items": tables["items"].assign(lead_time_days=21.0)}
    plan, same = (run(plain, rule, changes=steady) for rule in (None, TheSame()))
    pd.testing.assert_frame_equal(plan.items, same.items)
    textbook = run(plain, Textbook(), changes=steady)
    np.testing.assert_array_equal(textbook.trace.demanded, plan.trace.demanded)
    packs = tables["items"].set_index(["sku", "location"])["pack_size"]
    least = tables["items"].set_index(["sku", "location"])["moq"]
    for i, key in enumerate(textbook.trace.items[["sku", "location"]].itertuples(index=False, name=None)):
        orders = textbook.trace.ordered[i][textbook.trace.ordered[i] > 0]
        assert (orders % packs[key] == 0).all()
        assert (orders >= least[key]).all()


@pytest.mark.thorough
def test_reviews_that_are_shared_change_nothing(tables: Tables) -> None:
    reviewed: dict[int, Any] = {}
    online = {"correction": "online"}
    run(tables, None, reviewed=reviewed, changes=online)
    for rule in (Textbook(1.0), WeeksOfCover(2.0)):
        shared, alone = run(tables, rule, reviewed=reviewed, changes=online), run(tables, rule, changes=online)
        pd.testing.assert_frame_equal(shared.items, alone.items)
        pd.testing.assert_frame_equal(shared.service, alone.service)
        pd.testing.assert_frame_equal(shared.reviews, alone.reviews)


def test_a_rule_sees_nothing_that_comes_later(tables: Tables) -> None:
    as_of = START + pd.Timedelta(weeks=6)
    spoilt = {**tables, "sales": tables["sales"].copy()}
    spoilt["sales"].loc[spoilt["sales"]["date"] >= as_of, "quantity"] = 9_999.0
    shared: tuple[dict[int, Any], dict[int, Any]] = ({}, {})
    for rule in (Textbook(), WeeksOfCover(), MinMax()):
        a, b = (
            run(each, rule, reviewed=reviewed).trace.ordered
            for each, reviewed in zip((tables, spoilt), shared, strict=True)
        )
        assert np.array_equal(a[:, :7], b[:, :7])
        assert not np.array_equal(a, b)


@pytest.fixture(scope="module")
def comparison(tables: Tables) -> Comparison:
    config = settings(**{**PLAIN, "correction": "auto"})
    return compare_rules(Inputs(**tables), config, START.date(), END.date(), jobs=1)


def test_the_table_says_what_each_replay_found(comparison: Comparison) -> None:
    table = comparison.table.set_index("rule")
    assert list(table.index) == ["plan", "textbook", "weeks_of_cover", "min_max", HINDSIGHT]
    for name, result in comparison.results.items():
        assert table["achieved"][name] == result.service["achieved"][0]
        assert table["total"][name] == result.cost["total"][0]
        after = result.trace.after_warm_up & result.trace.items["demanded_before"].to_numpy(bool)[:, None]
        stock = np.where(after, result.trace.stock, 0.0).sum(axis=0).mean()
        assert table["mean_stock"][name] == pytest.approx(stock)
    assert table["units_demanded"].nunique() == 1
    assert table["promised"][["textbook", "min_max"]].tolist() == pytest.approx([0.1, 0.1])


def test_hindsight_finds_the_least_factor_that_achieves_the_rate_of_the_plan(
    tables: Tables, comparison: Comparison
) -> None:
    table = comparison.table.set_index("rule")
    z, plan = table["z"][HINDSIGHT], table["achieved"]["plan"]
    assert table["achieved"][HINDSIGHT] <= plan
    assert run(tables, Textbook(z - 0.02)).summary["achieved"] > plan
    assert table["z"].drop(HINDSIGHT).isna().all()


def test_hindsight_says_so_where_no_factor_will_do(comparison: Comparison) -> None:
    result = comparison.results["plan"]
    assert tune_textbook(lambda _: result, float(result.summary["achieved"]) / 2) is None
    assert tune_textbook(lambda _: result, float("nan")) is None
