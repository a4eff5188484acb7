"""A model fitted piece by piece is the model fitted at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from forecasting.fitted import FittedSeries, fit_series, pool_all
from forecasting.models import DEFAULT_MEMBERS, model_named
from forecasting.models.boosting import Boosting
from forecasting.models.protocol import Follows
from forecasting.panel import DemandPanel
from tests.forecasting.own_models import Last, Spy
from tests.forecasting.panels import context_of, panel_of

ROWS = np.array([0, 2, 3, 5, 8, 9, 10])


@pytest.fixture(scope="module")
def panel() -> DemandPanel:
    rng = np.random.default_rng(0)
    return panel_of(rng.poisson(np.linspace(0.2, 12, 12)[:, None], (12, 80)))


def fitted(panel: DemandPanel, name: str, size: int, monkeypatch: pytest.MonkeyPatch) -> FittedSeries:
    monkeypatch.setattr("forecasting.fitted.SERIES_A_PIECE", size)
    with ThreadPoolExecutor(2) as pool:
        return fit_series(model_named(name), panel, ROWS, context_of(panel), pool.map)


@pytest.mark.parametrize("name", ["exponential_smoothing", "negative_binomial"])
def test_pieces_are_the_model_fitted_to_these_series_at_once(
    panel: DemandPanel, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = panel.stream_keys(0)
    model, part = model_named(name), panel.take(ROWS)
    pooled = model.pool(panel, context_of(panel)) if hasattr(model, "pool") else None
    whole = model.fit(part, context_of(panel).of(ROWS, pooled))
    cut = fitted(panel, name, 3, monkeypatch)
    assert [len(rows) for rows, _ in cut.parameters()] == [3, 3, 1]
    wanted = np.array([9, 0, 0, 5])
    place = np.array([5, 0, 0, 3])
    paths = cut.paths(wanted, keys[wanted], 5, 30)
    assert paths.tobytes() == whole.paths(place, keys[wanted], 5, 30).tobytes()
    for name_, values in whole.parameters().items():
        pieces = np.concatenate([np.asarray(told[name_]) for _, told in cut.parameters()])
        np.testing.assert_array_equal(pieces, values)
    np.testing.assert_array_equal(np.concatenate([rows for rows, _ in cut.parameters()]), ROWS)


def test_a_piece_sees_its_own_series_and_groups(panel: DemandPanel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forecasting.fitted.SERIES_A_PIECE", 4)
    spy, context = Spy(), context_of(panel)
    fit_series(spy, panel, ROWS, context)
    assert [p.skus for p, _ in spy.seen] == [tuple(panel.skus[i] for i in rows) for rows in (ROWS[:4], ROWS[4:])]
    assert [len(c.profile) for _, c in spy.seen] == [4, 3]


def test_what_was_pooled_before_is_used_as_it_is(panel: DemandPanel) -> None:
    context = context_of(panel)
    other = panel_of(np.random.default_rng(9).poisson(40, (12, 80)))
    model = model_named("negative_binomial")
    lesson = fit_series(model, other, np.arange(12), context).pooled
    again = fit_series(model, panel, ROWS, context, pooled=lesson)
    assert again.pooled is lesson
    assert fit_series(model, panel, ROWS, context).pooled is not lesson


def test_models_with_the_same_lesson_learn_it_once_and_the_same_as_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    panel = panel_of(rng.poisson(np.linspace(1, 12, 50)[:, None], (50, 110)))
    context, keys = context_of(panel), panel.stream_keys(0)
    models = [*map(model_named, DEFAULT_MEMBERS), Boosting("fewer", trees=3)]
    boosters = [model for model in models if isinstance(model, Boosting)]
    assert boosters[0].lesson == boosters[1].lesson != boosters[2].lesson
    alone = [fit_series(model, panel, ROWS, context).paths(ROWS, keys[ROWS], 6, 30) for model in models]
    taught = []
    learn = Boosting.learn
    monkeypatch.setattr(Boosting, "learn", lambda self, *seen: (taught.append(self.name), learn(self, *seen))[1])
    pooled = pool_all(models, panel, context)
    assert taught == [boosters[0].name, "fewer"]
    assert pooled[0].trees is pooled[1].trees is not None
    assert pooled[2] is None
    for model, lesson, paths in zip(models, pooled, alone, strict=True):
        again = fit_series(model, panel, ROWS, context, pooled=lesson).paths(ROWS, keys[ROWS], 6, 30)
        assert again.tobytes() == paths.tobytes()
    assert alone[0].tobytes() != alone[1].tobytes()


def test_no_series_are_no_pieces(panel: DemandPanel) -> None:
    nothing = fit_series(model_named("boosting"), panel, ROWS[:0], context_of(panel))
    assert nothing.pieces == ()
    assert nothing.parameters() == []


@pytest.mark.parametrize("name", ["bootstrap", "exponential_smoothing", "negative_binomial"])
def test_following_is_running_on_or_fitting_again(
    panel: DemandPanel, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a piece does by itself, and a fit anew for a model that can't follow."""
    past = panel.until(panel.calendar.dates[70].astype(object))
    start = fitted(past, name, 3, monkeypatch)
    now = start.follow(panel, context_of(panel), map)
    keys = panel.stream_keys(0)
    for k, piece in enumerate(start.pieces):
        rows = ROWS[3 * k : 3 * k + 3]
        own = context_of(panel).of(rows, start.pooled)
        alone = (
            piece.follow(panel.take(rows), own)
            if isinstance(piece, Follows)
            else start.model.fit(panel.take(rows), own)
        )
        wanted = alone.paths(np.arange(len(rows)), keys[rows], 4, 30)
        assert now.paths(rows, keys[rows], 4, 30).tobytes() == wanted.tobytes()
    assert (now.paths(ROWS, keys[ROWS], 4, 30) != start.paths(ROWS, keys[ROWS], 4, 30)).any()


def test_a_model_that_can_not_follow_sees_the_longer_history(panel: DemandPanel) -> None:
    past = panel.until(panel.calendar.dates[70].astype(object))
    followed = fit_series(Last(), past, ROWS, context_of(past)).follow(panel, context_of(panel), map)
    np.testing.assert_array_equal(
        followed.paths(ROWS, panel.stream_keys(0)[ROWS], 1, 1)[:, 0, 0], panel.quantity[ROWS, -1]
    )
