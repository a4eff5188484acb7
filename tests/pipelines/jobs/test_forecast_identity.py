"""What a forecast was fitted to has one name; what no forecast looks at is not in it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from forecasting.cleaning_rules import CleaningRules, Keep, OrderLines
from forecasting.panel import DemandPanel
from pipelines.jobs.forecast_identity import ForecastIdentity, forecast_identity
from tests.forecasting.panels import panel_of

LINES = OrderLines(
    ("s0000", "s0002"), ("main",) * 2, np.array([0, 1, 1]), np.array([20000, 20001, 20002]), np.array([1.0, 2.0, 3.0])
)


def told(panel: DemandPanel | None = None, **other: Any) -> ForecastIdentity:
    panel = panel_of(np.arange(12.0).reshape(4, 3)) if panel is None else panel
    usual: dict[str, Any] = {
        "rules": CleaningRules(lines=LINES),
        "groups": ["a", "a", "b", "b"],
        "models": [["auto"] * 4, ["ses"] * 4],
        "protection": np.array([2, 3, 3, 3]),
        "seed": 0,
    }
    return forecast_identity(panel, **{**usual, **other})


def test_the_same_has_the_same_name_in_any_order_of_the_order_lines() -> None:
    back = replace(LINES, item=LINES.item[::-1], days=LINES.days[::-1], units=LINES.units[::-1])
    assert told(rules=CleaningRules(lines=back)) == told()
    turned = replace(LINES, skus=LINES.skus[::-1], item=1 - LINES.item)
    assert told(rules=CleaningRules(lines=turned)) == told()


PANEL = panel_of(np.arange(12.0).reshape(4, 3))
SOLD = PANEL.quantity.copy()
SOLD[1, 2] += 1
EMPTY = PANEL.status.copy()
EMPTY[1, 2] = 1


@pytest.mark.parametrize(
    "other",
    [
        {"panel": replace(PANEL, quantity=SOLD)},
        {"panel": replace(PANEL, status=EMPTY)},
        {"protection": np.array([2, 4, 3, 3])},
        {"models": [["auto"] * 4, ["ses", "croston", "ses", "ses"]]},
        {"rules": CleaningRules((Keep(sku="s0001"),), LINES)},
        {"rules": CleaningRules(lines=replace(LINES, skus=("s0000", "s0001")))},
    ],
    ids=["quantity", "status", "protection", "models", "keep", "lines"],
)
def test_what_is_known_of_one_series_changes_that_series(other: dict[str, Any]) -> None:
    before, now = told(), told(**other)
    assert now.shared == before.shared
    assert {1} <= set(before.changed(now).tolist()) <= {1, 2}
    assert now.key != before.key


@pytest.mark.parametrize("other", [{"seed": 1}, {"groups": ["a", "b", "b", "b"]}, {"panel": panel_of(np.ones((4, 3)))}])
def test_what_all_share_changes_the_name(other: dict[str, Any]) -> None:
    assert told(**other).key != told().key
    if "panel" not in other:
        assert told(**other).shared != told().shared


def test_the_rows_of_a_full_fit_follow_from_all_series_and_those_left_alone_stay() -> None:
    before, now = told(), told(panel=replace(PANEL, quantity=SOLD))
    assert not set(before.rows) & set(now.rows)
    refitted = before.refitted(now, np.array([1]))
    assert [a == b for a, b in zip(before.rows, refitted.rows, strict=True)] == [True, False, True, True]
    assert (refitted.taught, refitted.shared) == (before.key, before.shared)
    assert refitted.key not in (before.key, now.key)


def test_a_series_fitted_on_account_of_others_has_a_row_of_its_own() -> None:
    before, now = told(), told(panel=replace(PANEL, quantity=SOLD))
    refitted = before.refitted(now, np.array([1, 2]))
    assert refitted.rows[2] != before.rows[2]
    assert before.refitted(before, np.empty(0, dtype=np.int64)) == before
