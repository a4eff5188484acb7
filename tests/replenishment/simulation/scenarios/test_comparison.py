"""The table of scenarios: its figures, differences and intervals, from the results of single simulations."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pipelines.execution import thread_mapper
from replenishment.simulation.scenarios import KPIS, DemandSurge, SupplierFailure, SystemOutage, compare_scenarios
from replenishment.simulation.scenarios.comparison import RememberedDemand
from tests.replenishment.simulation.scenarios.shops import COUNTED, PATHS, WARM_UP, poisson, shop


def counted(case: object, path: int) -> np.ndarray:
    """Units short, demanded and held of one path, from the trajectories of all items."""
    result = case.simulate()  # type: ignore[attr-defined]
    ways = [result.trajectory(sku, path=path)[WARM_UP:] for sku in result.kpis["sku"]]
    short = sum((way["demanded"] - way["filled_at_once"]).sum() for way in ways)
    return np.array([short, sum(way["demanded"].sum() for way in ways), sum(way["stock"].sum() for way in ways)])


def test_differences_and_intervals_are_those_of_paired_paths() -> None:
    """The witness adds up trajectories and takes the textbook's error of a difference of two ratios."""
    from scipy import stats

    case, surge = shop(), DemandSurge()
    told = compare_scenarios(case, [surge]).table.set_index(["scenario", "kpi"]).loc["demand_surge"]
    paths = np.array([[counted(c, p) for p in range(PATHS)] for c in (case, surge.apply(case))])
    short, demanded, stock = np.moveaxis(paths, 2, 0)
    rate = short.sum(axis=1) / demanded.sum(axis=1)
    residual = (short - rate[:, None] * demanded) / demanded.mean(axis=1, keepdims=True)
    for kpi, value, by_path in (
        ("backorder_rate", rate, residual),
        ("mean_stock", stock.mean(axis=1) / COUNTED, stock / COUNTED),
    ):
        error = np.std(by_path[1] - by_path[0], ddof=1) / np.sqrt(PATHS)
        half = stats.t.ppf(0.975, PATHS - 1) * error
        row = told.loc[kpi]
        assert row["value"] == pytest.approx(value[1], rel=1e-6)
        assert row["difference"] == pytest.approx(value[1] - value[0], rel=1e-6)
        assert [row["low"], row["high"]] == pytest.approx([value[1] - value[0] - half, value[1] - value[0] + half])


def test_the_figures_are_those_of_the_simulation() -> None:
    compared = compare_scenarios(shop(), [SystemOutage()])
    assert list(compared.table["scenario"].unique()) == ["base", "system_outage"]
    for (name, mode), result in compared.results.items():
        told = compared.table[compared.table["scenario"] == name].set_index("kpi")
        assert mode == "own"
        for kpi in set(KPIS) - {"cost"}:
            assert told.loc[kpi, "value"] == pytest.approx(result.total[kpi], rel=1e-9)
            assert told.loc[kpi, "se"] == pytest.approx(result.total[f"{kpi}_se"], rel=1e-6)
        costs = ("ordering_cost", "holding_cost", "shortage_cost")
        assert told.loc["cost", "value"] == pytest.approx(sum(result.total[cost] for cost in costs))
    base = compared.table[compared.table["scenario"] == "base"]
    assert (base[["difference", "low", "high"]] == 0.0).all(axis=None)
    wide = compared.wide()
    assert wide["scenario"].tolist() == ["base", "system_outage"]
    assert wide["backorder_rate"].tolist() == compared.table.query("kpi == 'backorder_rate'")["value"].tolist()


def test_each_mode_of_unmet_demand_has_a_base_of_its_own() -> None:
    case = shop()
    compared = compare_scenarios(case, [SupplierFailure()], modes=("backorder", "lost"))
    told = compared.table.set_index(["unmet_demand", "scenario", "kpi"])
    assert list(compared.results) == [
        ("base", "backorder"), ("supplier_failure", "backorder"), ("base", "lost"), ("supplier_failure", "lost"),
    ]  # fmt: skip
    for mode in ("backorder", "lost"):
        rates = [told.loc[(mode, name, "backorder_rate")] for name in ("base", "supplier_failure")]
        assert rates[1]["difference"] == pytest.approx(rates[1]["value"] - rates[0]["value"])
    assert told.loc[("lost", "supplier_failure", "lost_units"), "difference"] > 0
    assert told.loc[("backorder", "supplier_failure", "lost_units"), "value"] == 0
    # Lost demand is not on order for anybody: more of what comes stays as stock.
    values = [told.loc[(mode, "supplier_failure", "stock_value"), "value"] for mode in ("backorder", "lost")]
    assert values[1] > values[0]


def test_the_table_does_not_depend_on_threads() -> None:
    case = shop(paths=3)
    told = [compare_scenarios(case, [DemandSurge()], run=run).table for run in (map, thread_mapper(2))]
    pd.testing.assert_frame_equal(*told, check_exact=True)


def test_demand_is_drawn_once_for_all_scenarios() -> None:
    drawn = []

    def source(*wanted: object) -> object:
        drawn.append(wanted)
        return poisson(*wanted)

    compare_scenarios(shop(demand=source, paths=2), [DemandSurge(), SystemOutage(), SupplierFailure()])
    assert len(drawn) == 1


def test_what_does_not_fit_into_memory_is_drawn_again() -> None:
    rows, drawn = np.arange(4), []

    def source(*wanted: object) -> object:
        drawn.append(wanted)
        return poisson(*wanted)

    remembered = RememberedDemand(source, most_bytes=4 * 2 * 10 * 4)
    for _ in range(2):
        np.testing.assert_array_equal(remembered(rows, 2, 10), poisson(rows, 2, 10))
        np.testing.assert_array_equal(remembered(rows, 2, 11), poisson(rows, 2, 11))
    assert len(drawn) == 3


def test_a_single_path_has_no_interval() -> None:
    told = compare_scenarios(shop(paths=1), [DemandSurge()]).table
    assert told["difference"].notna().all()
    assert told[["se", "low", "high"]].isna().all(axis=None)


def test_two_scenarios_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="two scenarios are called 'demand_surge'"):
        compare_scenarios(shop(), [DemandSurge(), DemandSurge(factor=2.0)])
