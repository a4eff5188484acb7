"""Outside forecasts in a plan: complete ones take the place of ours, of the others it is said what they lack."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pipelines import PlanResult
from pipelines.errors import InputError
from pipelines.explaining import explain
from pipelines.jobs.planning import Plan
from pipelines.project import open_project, run_plan
from pipelines.trust import table_counts
from tests.pipelines.shop import AS_OF, Tables, examples, made, one_item, planned, write_csv, write_project

SALES = [5.0, 7.0, 4.0, 6.0, 8.0, 5.0, 6.0, 7.0, 5.0, 6.0] * 6
LEVELS = (0.1, 0.5, 0.9)
MONDAYS = [AS_OF + pd.Timedelta(days=7 * k) for k in range(6)]
BRIEF: dict[str, Any] = {"simulation_paths": 0}
HEADING = "sku level path period value"


def shop(**item: Any) -> Tables:
    """Item A with a lead time of two weeks and a weekly review (H = 3), and B like it."""
    one = one_item(SALES, **{"lead_time_days": 14.0, "unit_cost": 1.0, **item})
    return {name: pd.concat([frame, frame.assign(sku="B")], ignore_index=True) for name, frame in one.items()}


def table(*rows: tuple[Any, ...], columns: str = HEADING) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=columns.split())


def quantiles(sku: str = "A", periods: int = 3, factor: float = 1.0) -> pd.DataFrame:
    rows = [(sku, q, np.nan, MONDAYS[h], factor * (10 * q + h)) for h in range(periods) for q in LEVELS]
    return table(*rows)


def paths(sku: str = "A", periods: int = 3, count: int = 20) -> pd.DataFrame:
    return table(*((sku, np.nan, p + 1.0, MONDAYS[h], float(p + h)) for h in range(periods) for p in range(count)))


def sums(sku: str = "A", factor: float = 1.0) -> pd.DataFrame:
    return table(*((sku, q, np.nan, pd.NaT, factor * 60 * q) for q in LEVELS))


def told(result: PlanResult) -> dict[str, str]:
    return {notice["code"]: notice["message"] for notice in result.summary["notices"]}


def line(result: PlanResult, sku: str = "A") -> pd.Series[Any]:
    lines = result.recommendations
    return lines[lines["sku"] == sku].iloc[0]


# What a good one does


@pytest.mark.parametrize("make", [quantiles, paths, sums])
def test_only_the_items_of_the_table_follow_it(make: Any) -> None:
    plain, result = planned(shop()), planned({**shop(), "forecast": make()})
    assert result.recommendations["model"].tolist() == ["outside", plain.recommendations["model"][1]]
    assert result.forecast["reason"][0].startswith("an outside forecast was given")
    assert told(result) == told(plain)
    assert not len(result.quarantine)
    pd.testing.assert_series_equal(line(result, "B").drop("priority"), line(plain, "B").drop("priority"))
    assert result.summary["models"]["outside"] == 1


def test_a_forecast_twice_as_high_has_twice_the_mean_and_orders_more() -> None:
    once, twice = (planned({**shop(), "forecast": sums(factor=f)}, paths=400) for f in (1.0, 2.0))
    assert line(twice)["demand_mean"] == pytest.approx(2 * line(once)["demand_mean"], rel=0.02)
    assert line(twice)["order_quantity"] > line(once)["order_quantity"]


def test_the_quantile_of_the_sum_over_the_protection_interval_is_the_given_one() -> None:
    levels = np.array([0.05, 0.5, 0.9, 0.95, 0.99])
    given_sums = table(*(("A", q, np.nan, pd.NaT, float(v)) for q, v in zip(levels, [3, 17, 40, 55, 90], strict=True)))
    forecast = planned({**shop(), "forecast": given_sums}, paths=2000).forecast
    assert forecast.loc[0, ["q0.5", "q0.9", "q0.95"]].tolist() == pytest.approx([17, 40, 55], abs=1)
    assert forecast.loc[0, "q0.99"] == pytest.approx(90, rel=0.1)


def own_forecast(plan: Plan, kind: str) -> pd.DataFrame:
    """Our own forecast as a table, as if it came from elsewhere."""
    length = np.rint(plan.levels.lead_time_mean).astype(int) + plan.facts.review_periods
    levels, rows = np.round(np.arange(1, 100) / 100, 2), []
    for i, (sku, location) in enumerate(plan.panel.keys):
        drawn = plan.forecaster.paths(int(length[i]), 2000, np.array([i]))[0].astype(float)
        periods = [(MONDAYS[h], drawn[:, h]) for h in range(length[i])]
        parts = [(None, drawn.sum(axis=1))] if kind == "sums" else periods
        if kind == "paths":
            rows += [(sku, location, None, p + 1, day, units[p]) for day, units in parts for p in range(2000)]
        else:
            found = [(day, np.quantile(units, levels, method="inverted_cdf")) for day, units in parts]
            rows += [
                (sku, location, q, None, day, v) for day, values in found for q, v in zip(levels, values, strict=True)
            ]
    return table(*rows, columns="sku location level path period value").astype({"level": float, "path": float})


@pytest.mark.parametrize(("kind", "within"), [("paths", 0.05), ("sums", 0.05), ("quantiles", 0.12)])
def test_our_own_forecast_from_outside_gives_nearly_the_same_plan(kind: str, within: float) -> None:
    """Each period alone says less of a sum than the sum itself."""
    random = np.random.default_rng(5)
    tables = one_item(list(random.poisson(12.0, 104).astype(float)), lead_time_days=14.0, unit_cost=1.0)
    how: dict[str, Any] = {"paths": 2000, "simulation_paths": 0}
    own = made(tables, **how)
    plain = planned(tables, **how).recommendations.iloc[0]
    outside = planned({**tables, "forecast": own_forecast(own, kind)}, **how).recommendations.iloc[0]
    assert outside["model"] == "outside"
    assert outside["demand_mean"] == pytest.approx(plain["demand_mean"], rel=0.03)
    assert outside["order_up_to"] == pytest.approx(plain["order_up_to"], rel=within)


def test_an_item_that_never_sold_is_planned_with_its_outside_forecast() -> None:
    tables = shop()
    tables["items"] = pd.concat([tables["items"], tables["items"].iloc[[0]].assign(sku="N")], ignore_index=True)
    assert line(planned(tables), "N")["status"] == "new"
    result = planned({**tables, "forecast": quantiles("N")})
    assert line(result, "N")["status"] != "new"
    assert line(result, "N")["order_quantity"] > 0
    assert np.isfinite(result.summary["simulated_backorder_rate"])


def test_the_word_sum_may_stand_in_place_of_the_period(tmp_path: Path) -> None:
    usual = planned({**shop(), "forecast": sums()}, **BRIEF)
    for word in ("sum", " Sum over H "):
        file = write_csv(sums().assign(period=word), tmp_path / "forecast.csv")
        pd.testing.assert_frame_equal(
            planned({**shop(), "forecast": file}, **BRIEF).recommendations, usual.recommendations, check_exact=True
        )


def test_the_order_of_rows_changes_no_bit() -> None:
    both = pd.concat([quantiles(), paths("B")], ignore_index=True)
    usual = planned({**shop(), "forecast": both}, **BRIEF)
    mixed = planned({**shop(), "forecast": both.sample(frac=1, random_state=1)}, **BRIEF)
    pd.testing.assert_frame_equal(mixed.recommendations, usual.recommendations, check_exact=True)


def test_a_published_run_and_its_explanation_say_where_the_forecast_came_from(tmp_path: Path) -> None:
    project = open_project(write_project(tmp_path, {**shop(), "forecast": quantiles()}))
    run = run_plan(project)
    assert run.summary["models"]["outside"] == 1
    assert "Model: outside, because an outside forecast was given: 3 quantiles of each of 3 periods" in explain(
        run.folder, "A"
    )


# What a bad one does


def spoil(frame: pd.DataFrame, row: int, **values: Any) -> pd.DataFrame:
    changed = frame.astype({"value": object})
    for name, value in values.items():
        changed.loc[row, name] = value
    return changed


def with_row(frame: pd.DataFrame, **values: Any) -> pd.DataFrame:
    return pd.concat([frame, frame.iloc[[0]].assign(**values)], ignore_index=True)


Q, P, S = quantiles(), paths(), sums()
EARLIER = AS_OF - pd.Timedelta(days=7)


@pytest.mark.parametrize(
    ("forecast", "code", "lines"),
    [
        (spoil(Q, 4, value=-1.0), "out_of_range", [6]), (spoil(Q, 4, value=None), "missing_value", [6]),
        (spoil(Q, 4, level=1.0), "out_of_range", [6]), (spoil(Q, 4, level=0.0), "out_of_range", [6]),
        (spoil(Q, 4, value="x"), "not_a_number", [6]),
        (spoil(P, 4, path=0.0), "out_of_range", [6]), (spoil(P, 4, path=2.5), "out_of_range", [6]),
        (spoil(Q, 4, level=np.nan), "level_or_path", [6]), (spoil(Q, 4, path=3.0), "level_or_path", [6]),
        (spoil(Q, 4, value=0.1), "quantiles_cross", [6]), (with_row(Q), "duplicate_key", [2, 11]),
        (with_row(Q, period=MONDAYS[0] + pd.Timedelta(days=2)), "duplicate_key", [2, 11]),
        (with_row(Q, period=EARLIER), "other_as_of", [11]),
        (Q.assign(made_on=[EARLIER - pd.Timedelta(days=1)] + [AS_OF] * 8), "other_as_of", [2]),
        (Q.assign(made_on=[AS_OF + pd.Timedelta(days=1)] + [EARLIER] * 8), "other_as_of", [2]),
        (with_row(Q, sku="B", location="annex"), "unknown_item", [11]),
    ],
)  # fmt: skip
def test_a_row_at_fault_is_set_aside_and_its_item_keeps_our_forecast(
    forecast: pd.DataFrame, code: str, lines: list[int]
) -> None:
    check_unused(forecast, code, lines, spoils="A" if code != "unknown_item" else None)


@pytest.mark.parametrize(
    ("forecast", "code", "words"),
    [
        (Q.drop(index=[3, 4, 5]), "missing_period", "lacks the period 2025-05-12"),
        (Q.drop(index=[0, 1, 2]), "missing_period", "lacks the period 2025-05-05"),
        (Q.drop(index=[4]), "missing_value", "has 2 of 3 values in the period 2025-05-12"),
        (Q.iloc[:6], "too_short", "covers 2 periods, and its protection interval has 3"),
        (pd.concat([Q, P]), "mixed_forecast", "mixes quantiles and paths"),
        (pd.concat([Q, S]), "mixed_forecast", "mixes periods and sums over H"),
        (P[P["path"] != 7], "missing_path", "lacks path 7 and goes up to path 20"),
        (P.drop(index=[25]), "missing_value", "has 19 of 20 values in the period 2025-05-12"),
        (P[P["path"] < 20], "too_few_paths", "has 19 paths"),
        (Q[Q["level"] == 0.5], "too_few_levels", "has 1 level"),
        (Q[Q["level"] < 0.5].assign(level=0.2), "too_few_levels", "reach the median"),
        (S[S["level"] == 0.9], "too_few_levels", "has 1 level"),
    ],
)  # fmt: skip
def test_of_a_forecast_that_lacks_something_all_rows_are_set_aside(
    forecast: pd.DataFrame, code: str, words: str
) -> None:
    result = check_unused(forecast.reset_index(drop=True), code, list(range(2, len(forecast) + 2)), spoils="A")
    assert words in told(result)["outside_forecast_unused"]
    assert result.quarantine["message"].str.contains(words).all()


@cache
def only_b() -> PlanResult:
    """The plan in which A has no outside forecast at all."""
    return planned({**shop(), "forecast": quantiles("B", factor=2.0)}, **BRIEF)


def check_unused(forecast: pd.DataFrame, code: str, lines: list[int], spoils: str | None) -> PlanResult:
    """A has a bad forecast and B a good one: just these rows are set aside, and A is planned as without any."""
    both = pd.concat([forecast, quantiles("B", factor=2.0)], ignore_index=True)
    result = planned({**shop(), "forecast": both}, max_quarantine_fraction={"forecast": 0.5}, **BRIEF)
    found = result.quarantine
    assert set(found["table"]) == {"forecast"}
    assert found["line"].tolist() == lines
    assert set(found["code"]) == {code}
    assert (found["hint"] != "").all()
    assert (found["raw"] != "").all()
    if spoils:
        assert "'A' at 'main'" in told(result)["outside_forecast_unused"]
        pd.testing.assert_frame_equal(result.recommendations, only_b().recommendations, check_exact=True)
    else:
        assert result.recommendations["model"].tolist() == ["outside", "outside"]
    return result


def test_a_row_that_names_no_sku_leaves_its_forecast_incomplete() -> None:
    result = planned({**shop(), "forecast": spoil(Q, 4, sku=None)}, max_quarantine_fraction=1.0, **BRIEF)
    assert result.quarantine["code"].tolist() == ["missing_value"] * 9
    assert line(result)["model"] != "outside"


def test_rows_of_unknown_skus_are_set_aside_with_the_known_one_that_they_look_like() -> None:
    result = planned(
        {**shop(), "forecast": pd.concat([quantiles(), quantiles("a").iloc[:1]], ignore_index=True)}, **BRIEF
    )
    assert result.quarantine[["code", "line"]].values.tolist() == [["unknown_sku", 11]]
    assert "'A'" in result.quarantine["hint"][0]
    assert line(result)["model"] == "outside"


def test_a_table_made_for_another_opening_is_refused() -> None:
    with pytest.raises(InputError, match=r"9 of 9 rows are bad.*made for as_of 2025-05-05"):
        planned({**shop(), "forecast": Q.assign(period=Q["period"] - pd.Timedelta(days=70))})


def test_a_table_of_which_no_row_is_good_leaves_every_item_its_own_forecast() -> None:
    """Where that many bad rows are allowed; found by the fuzzer."""
    frame = Q.assign(period=Q["period"] - pd.Timedelta(days=70))
    result = planned({**shop(), "forecast": frame}, max_quarantine_fraction=1.0, **BRIEF)
    assert result.quarantine["code"].tolist() == ["other_as_of"] * 9
    assert "outside" not in result.summary["models"]


def test_good_rows_of_a_spoiled_forecast_are_counted() -> None:
    result = planned({**shop(), "forecast": pd.concat([spoil(Q, 4, value=-1.0), quantiles("B")])},
                     max_quarantine_fraction=0.1, **BRIEF)  # fmt: skip
    assert told(result)["outside_forecast_unused"].endswith("8 good rows of them were left out")


def test_the_rows_that_are_used_are_counted() -> None:
    frame = pd.concat([spoil(Q, 4, value=-1.0), quantiles("B"), quantiles("Z")], ignore_index=True)
    plan = made({**shop(), "forecast": frame}, max_quarantine_fraction=0.1, **BRIEF)
    counts = table_counts(plan).set_index("table").loc["forecast", ["rows_used", "rows_set_aside"]]
    assert counts.tolist() == [9, 10]


def test_a_forecast_without_any_spread_is_used_and_said() -> None:
    result = planned({**shop(), "forecast": Q.assign(value=7.0)}, **BRIEF)
    assert line(result)["demand_mean"] == 21
    assert "'A' at 'main'" in told(result)["outside_forecast_certain"]


# Any table

FAST = settings(
    max_examples=examples(12),
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)
amounts = st.one_of(st.integers(0, 20).map(float), st.floats(0, 1e6), st.just(0.0))


@st.composite
def forecasts(draw: st.DrawFn, sku: str) -> pd.DataFrame:
    """A forecast that passes: quantiles or paths, of periods or of the sum."""
    kind = draw(st.sampled_from(["quantiles", "paths", "sums"]))
    periods = 1 if kind == "sums" else draw(st.integers(3, 6))
    if kind == "paths":
        count = draw(st.integers(20, 130))
        pattern = draw(st.lists(amounts, min_size=1, max_size=40))
        values = np.resize(np.array(pattern), (periods, count))
        rungs = np.arange(1.0, count + 1)
    else:
        levels = st.floats(0.001, 0.999).map(lambda q: round(q, 3))
        rungs = np.array(sorted(draw(st.sets(levels, min_size=1, max_size=5)) | {0.5, 0.95}))
        values = np.array(
            [sorted(draw(st.lists(amounts, min_size=len(rungs), max_size=len(rungs)))) for _ in range(periods)]
        )
    days = [pd.NaT] if kind == "sums" else MONDAYS[:periods]
    name = "path" if kind == "paths" else "level"
    frames = [
        pd.DataFrame({"sku": sku, name: rungs, "period": pd.Timestamp(day), "value": values[h]})
        for h, day in enumerate(days)
    ]
    return pd.concat(frames, ignore_index=True)


@FAST
@given(forecasts("A"), forecasts("B"), st.sampled_from(["auto", "order_up_to", "reorder_point", "min_max"]))
def test_any_forecast_that_passes_gives_a_plan_that_keeps_its_invariants(
    a: pd.DataFrame, b: pd.DataFrame, policy: str
) -> None:
    tables = {**shop(), "forecast": pd.concat([a, b], ignore_index=True)}
    result = planned(tables, policy=policy, simulation_paths=2, simulation_days=35)
    assert result.recommendations["model"].tolist() == ["outside", "outside"]
    assert not len(result.quarantine)


@FAST
@given(st.data())
def test_any_damage_to_a_forecast_loses_no_row_unsaid(data: st.DataObject) -> None:
    """Rows dropped, doubled or changed: each row is used, set aside, or counted as left out."""
    whole = pd.concat([quantiles(), sums("B")], ignore_index=True)
    picked = data.draw(st.lists(st.integers(0, len(whole) - 1), min_size=1, max_size=20))
    frame = whole.iloc[picked].reset_index(drop=True)
    column = data.draw(st.sampled_from(["level", "path", "period", "value"]))
    row = data.draw(st.integers(0, len(frame) - 1))
    odd = {"period": MONDAYS[data.draw(st.integers(0, 5))]}.get(column, data.draw(st.sampled_from([0.5, 1.0, 7.0])))
    frame.loc[row, column] = odd
    result = planned({**shop(), "forecast": frame}, max_quarantine_fraction={"forecast": 1.0}, simulation_paths=0)
    lines = result.recommendations.set_index("sku")["model"]
    used = sum(int((frame["sku"] == sku).sum()) for sku in lines.index[lines == "outside"])
    notice = told(result).get("outside_forecast_unused", "")
    left = int(notice.rsplit("; ", 1)[1].split(" ")[0]) if "left out" in notice else 0
    assert used + left + len(result.quarantine) == len(frame)
