"""Trials at earlier origins: nothing later is seen, and what is summed is what a plain loop sums."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecasting.models import model_named
from forecasting.panel import CellStatus, DemandPanel
from forecasting.segments import CLASSES, summarise, syntetos_boylan_classes
from forecasting.trials import (
    DRAWS,
    LEAST_INTERVALS,
    LEAST_SHARE,
    MOST_ORIGINS,
    ORIGINS_A_LESSON,
    Trials,
    plan_trials,
    trial_origins,
)
from tests.forecasting.own_models import Last, Pupil, Spy
from tests.forecasting.panels import panel_of


@pytest.fixture(scope="module")
def panel() -> DemandPanel:
    """Eight series of all classes, some cells without stock."""
    rng = np.random.default_rng(0)
    demand = rng.poisson(np.exp(np.linspace(-2, 3, 8))[:, None], (8, 70)) * rng.integers(1, 9, (8, 70))
    return panel_of(demand, status=np.where(rng.random((8, 70)) < 0.02, CellStatus.OUT_OF_STOCK, 0))


def run_trials(*arguments: Any) -> Trials | None:
    """Learn and try, one step after the other."""
    planned = plan_trials(*arguments)
    if planned is None:
        return None
    lessons, tries, trials = planned.steps()
    for step in (*lessons, *tries):
        step()
    return trials


def tried(panel: DemandPanel, names: list[str], protection: list[int] | None = None) -> Trials:
    length = np.array(protection or [3, 1, 4, 2, 4, 3, 4, 2])
    classes = syntetos_boylan_classes(summarise(panel))
    models = [model_named(name) for name in names]
    found = run_trials(panel, models, ["all"] * len(panel), length, classes, panel.stream_keys(0))
    assert found is not None
    return found


@given(st.integers(1, 600), st.integers(1, 60), st.sampled_from([12, 52, 365]))
def test_origins_leave_enough_before_them_and_end_with_the_history(periods: int, longest: int, year: int) -> None:
    origins = trial_origins(periods, longest, 8, year)
    least = max(8, LEAST_INTERVALS * longest, int(LEAST_SHARE * periods))
    assert bool(origins) == (periods - longest >= least)
    if not origins:
        return
    assert origins[-1] == periods - longest
    assert origins[0] >= least
    assert len(origins) <= MOST_ORIGINS
    gaps = set(np.diff(origins).tolist())
    assert len(gaps) <= 1
    if periods - longest - longest * (MOST_ORIGINS - 1) >= least:
        assert len(origins) == MOST_ORIGINS
        assert longest <= min(gaps) <= max(longest, year / MOST_ORIGINS + 1)
    assert not gaps or gaps.pop() >= 1


@pytest.mark.parametrize(("periods", "longest", "year", "gap"), [(1400, 14, 365, 46), (150, 3, 52, 7), (60, 3, 12, 3)])
def test_origins_lie_over_a_whole_year_of_a_long_history(periods: int, longest: int, year: int, gap: int) -> None:
    origins = trial_origins(periods, longest, 8, year)
    assert set(np.diff(origins).tolist()) == {gap}
    assert origins[-1] + gap - origins[0] >= year


def test_actual_and_known_and_class_are_those_of_a_plain_loop(panel: DemandPanel) -> None:
    seen = tried(panel, ["bootstrap"])
    length = [3, 1, 4, 2, 4, 3, 4, 2]
    assert seen.sums.shape == (1, len(seen.origins), 8, DRAWS)
    for o, origin in enumerate(seen.origins):
        past = [
            [x for x, s in zip(q[:origin], t[:origin], strict=True) if s == 0]
            for q, t in zip(panel.quantity, panel.status, strict=True)
        ]
        for k, i in enumerate(seen.rows):
            window = slice(origin, origin + length[i])
            assert seen.actual[o, k] == sum(panel.quantity[i, window].tolist())
            assert seen.known[o, k] == (all(panel.status[i, window] == 0) and any(x > 0 for x in past[i]))
            assert CLASSES[seen.class_number[o, k]] in CLASSES
    assert not seen.known.all()
    assert (np.diff(seen.sums, axis=3) >= 0).all()


def test_what_comes_after_an_origin_changes_nothing_before_it(panel: DemandPanel) -> None:
    """Draws, classes and means at an origin are the same to the bit whatever follows."""
    names = ["bootstrap", "exponential_smoothing", "seasonal_naive", "boosted_counts"]
    seen = tried(panel, names)
    origin = seen.origins[2]
    quantity, status = panel.quantity.copy(), panel.status.copy()
    quantity[:, origin:] = quantity[:, origin:][:, ::-1] * 7 + 1
    status[:, origin:] = CellStatus.OBSERVED
    other = tried(replace(panel, quantity=quantity, status=status), names)
    np.testing.assert_array_equal(other.rows, seen.rows)
    for one, two in ((other.sums[:, :3], seen.sums[:, :3]), (other.mean[:3], seen.mean[:3])):
        assert one.tobytes() == two.tobytes()
    np.testing.assert_array_equal(other.class_number[:3], seen.class_number[:3])
    assert (other.sums[:, 3] != seen.sums[:, 3]).any()


def test_a_model_is_given_the_periods_before_the_origin_and_no_other(panel: DemandPanel) -> None:
    spy = Spy()
    seen = run_trials(
        panel, [spy], ["all"] * 8, np.full(8, 4), syntetos_boylan_classes(summarise(panel)), panel.stream_keys(0)
    )
    assert seen is not None
    assert [p.calendar.periods for p, _ in spy.seen] == list(seen.origins)
    assert [c.season.calendar.periods for _, c in spy.seen] == list(seen.origins)
    for (past, _), origin in zip(spy.seen, seen.origins, strict=True):
        np.testing.assert_array_equal(past.quantity, panel.take(seen.rows).quantity[:, :origin])


def test_lessons_come_from_more_series_than_are_tried_and_from_no_later_than_the_origin(
    panel: DemandPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("forecasting.trials.SERIES_A_CLASS", 1)
    monkeypatch.setattr("forecasting.trials.SERIES_TO_LEARN", 6)
    pupil, keys = Pupil(), panel.stream_keys(0)
    classes = syntetos_boylan_classes(summarise(panel))
    seen = run_trials(panel, [pupil], ["all"] * 8, np.full(8, 2), classes, keys)
    assert seen is not None
    assert len(seen.rows) < 6
    assert len(seen.origins) > ORIGINS_A_LESSON
    smallest = tuple(panel.skus[i] for i in sorted(np.argsort(keys)[:6]))
    taught_at = [max(seen.origins[k] for k in range(0, o + 1, ORIGINS_A_LESSON)) for o in range(len(seen.origins))]
    assert [context.pooled for _, context in pupil.seen] == [(smallest, period) for period in taught_at]


def test_draws_are_sums_over_each_series_own_interval(panel: DemandPanel) -> None:
    length = np.array([3, 1, 4, 2, 4, 3, 4, 2])
    classes = syntetos_boylan_classes(summarise(panel))
    seen = run_trials(panel, [Last()], ["all"] * 8, length, classes, panel.stream_keys(0))
    assert seen is not None
    for o, origin in enumerate(seen.origins):
        for k, i in enumerate(seen.rows):
            np.testing.assert_allclose(seen.sums[0, o, k], length[i] * panel.quantity[i, origin - 1])


def test_representatives_depend_on_no_order(panel: DemandPanel, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two of each class: the same ones, with the same draws, however the rows lie."""
    monkeypatch.setattr("forecasting.trials.SERIES_A_CLASS", 2)
    classes = syntetos_boylan_classes(summarise(panel))
    keys, length = panel.stream_keys(0), np.array([3, 1, 4, 2, 4, 3, 4, 2])
    order = np.random.default_rng(1).permutation(8)
    models = [model_named("bootstrap")]
    one = run_trials(panel, models, ["all"] * 8, length, classes, keys)
    two = run_trials(panel.take(order), models, ["all"] * 8, length[order], classes[order], keys[order])
    assert one is not None
    assert two is not None
    chosen = [panel.skus[i] for i in one.rows]
    others = [panel.skus[order[i]] for i in two.rows]
    assert len(chosen) < 8
    assert sorted(chosen) == sorted(others)
    place = [others.index(sku) for sku in chosen]
    assert two.sums[:, :, place].tobytes() == one.sums.tobytes()


@pytest.mark.parametrize("protection", [23, 24, 30])
def test_a_history_that_is_too_short_for_any_origin_gives_none(protection: int) -> None:
    panel = panel_of(np.random.default_rng(2).poisson(3, (2, 70)))
    classes = syntetos_boylan_classes(summarise(panel))
    seen = run_trials(panel, [Last()], ["all"] * 2, np.full(2, protection), classes, panel.stream_keys(0))
    assert (seen is None) == (protection > 23)


def test_series_without_demand_are_not_tried() -> None:
    panel = panel_of(np.zeros((3, 60)))
    assert (
        run_trials(panel, [Last()], ["all"] * 3, np.full(3, 2), np.full(3, "no demand"), panel.stream_keys(0)) is None
    )
