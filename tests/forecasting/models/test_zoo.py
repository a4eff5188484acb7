"""What every model of the zoo keeps to, on ordinary series and on odd ones."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from forecasting.forecaster import DemandForecaster
from forecasting.models import model_named, model_names
from forecasting.models.one_by_one import OneByOne
from forecasting.panel import CellStatus, DemandPanel
from tests.forecasting.panels import context_of, panel_of

PERIODS = 120
# What is fitted one by one takes too long for this; test_classical.py takes it through a few series.
FAST = [name for name in model_names() if not isinstance(model_named(name), OneByOne)]
every_model = pytest.mark.parametrize("name", FAST)
every_frequency = pytest.mark.parametrize("frequency", ["D", "W-SUN", "MS"])


def ordinary(series: int = 12, seed: int = 0, frequency: str = "W-MON") -> DemandPanel:
    """Smooth, intermittent, lumpy and fractional series with cells of every status."""
    rng = np.random.default_rng(seed)
    rate = np.exp(rng.normal(1.0, 1.5, series))[:, None]
    demand = rng.poisson(rate, (series, PERIODS)) * (rng.random((series, PERIODS)) < rng.random((series, 1)))
    demand = np.where(np.arange(series)[:, None] % 3 == 2, demand * 0.37, demand)
    status = rng.choice([0, 0, 0, 0, 0, 0, 1, 2, 3, 4], size=demand.shape)
    return panel_of(demand, frequency, status=status)


def odd(value: float) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Series at the edge: their cells and their status."""
    known, unknown = np.zeros(PERIODS, np.uint8), np.full(PERIODS, CellStatus.MISSING, np.uint8)
    once, at_the_end = np.zeros(PERIODS), np.zeros(PERIODS)
    once[40], at_the_end[-1] = value, value
    single = unknown.copy()
    single[-1] = CellStatus.OBSERVED
    growing = value * np.arange(PERIODS) / PERIODS
    return {
        "all zero": (np.zeros(PERIODS), known),
        "constant": (np.full(PERIODS, value), known),
        "one observation": (at_the_end, single),
        "one observation of zero": (np.zeros(PERIODS), single),
        "all missing": (np.full(PERIODS, value), unknown),
        "never in stock": (np.full(PERIODS, value), np.full(PERIODS, CellStatus.OUT_OF_STOCK, np.uint8)),
        "one demand": (once, known),
        "one demand at the end": (at_the_end, known),
        "growing": (growing, known),
        "huge or nothing": (np.where(np.arange(PERIODS) % 9 == 0, 1e9, 0.0), known),
    }


@every_model
@every_frequency
@pytest.mark.parametrize("value", [1.0, 1e9, 0.013, 1e-6])
def test_odd_series_have_finite_paths_that_are_not_negative(name: str, frequency: str, value: float) -> None:
    cells, status = zip(*odd(value).values(), strict=True)
    panel = panel_of(np.array(cells), frequency, status=np.array(status))
    paths = DemandForecaster(name).fit(panel).paths(30, 50)
    assert paths.shape == (len(cells), 50, 30)
    assert paths.dtype == np.float32
    assert np.isfinite(paths).all()
    assert (paths >= 0).all()
    assert paths.max() < 1e13


@every_model
@pytest.mark.parametrize("kind", ["all zero", "one observation of zero", "all missing", "never in stock"])
def test_without_evidence_of_demand_nothing_is_forecast(name: str, kind: str) -> None:
    cells, status = odd(5.0)[kind]
    assert (DemandForecaster(name).fit(panel_of(cells, status=status)).paths(6, 40) == 0).all()


@every_model
@pytest.mark.parametrize("value", [1.0, 4.0, 1e9])
def test_a_constant_series_has_constant_paths(name: str, value: float) -> None:
    """To the precision of 32 bits; Syntetos and Boylan's rate lies a hundredth below the truth, by its correction."""
    paths = DemandForecaster(name).fit(panel_of(np.full(PERIODS, value))).paths(6, 200)
    if name == "sba":
        assert set(np.unique(paths)) == {0, value}
        assert paths.mean() == pytest.approx(0.99 * value, rel=0.02)
    else:
        np.testing.assert_allclose(paths, value, rtol=1e-6)


@every_model
def test_whole_series_have_whole_paths_and_fractional_ones_do_not(name: str) -> None:
    panel = ordinary()
    paths = DemandForecaster(name).fit(panel).paths(10, 50)
    whole = (paths == np.rint(paths)).all(axis=(1, 2))
    with_demand = (paths > 0).any(axis=(1, 2))
    assert whole[panel.integral].all()
    assert not whole[~panel.integral & with_demand].any()
    assert (with_demand & panel.integral).any()
    assert (with_demand & ~panel.integral).any()


@every_model
def test_a_path_does_not_depend_on_how_long_or_how_many_the_paths_are(name: str) -> None:
    """The first periods of long paths are the short paths, the first of many paths are the few; bit by bit."""
    forecaster = DemandForecaster(name).fit(ordinary())
    many = forecaster.paths(40, 60)
    np.testing.assert_array_equal(forecaster.paths(7, 60), many[:, :, :7])
    np.testing.assert_array_equal(forecaster.paths(40, 9), many[:, :9])


@every_model
def test_a_series_does_not_depend_on_the_series_fitted_with_it(name: str) -> None:
    """Fitted alone, in another order or all together, given the same seasons: the same bits."""
    panel = ordinary()
    context = context_of(panel, np.linspace(0.5, 1.5, 52))
    keys, model = panel.stream_keys(3), model_named(name)
    together = model.fit(panel, context).paths(np.arange(len(panel)), keys, 8, 30)
    order = np.random.default_rng(1).permutation(len(panel))
    shuffled = model.fit(panel.take(order), context).paths(np.arange(len(panel)), keys[order], 8, 30)
    assert shuffled.tobytes() == np.ascontiguousarray(together[order]).tobytes()
    for i in range(len(panel)):
        rows = np.array([i])
        alone = model.fit(panel.take(rows), context).paths(np.array([0]), keys[rows], 8, 30)
        assert alone.tobytes() == np.ascontiguousarray(together[rows]).tobytes()


@every_model
def test_neither_threads_nor_the_size_of_pieces_change_a_bit(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    panel = ordinary(40)
    reference = DemandForecaster(name, seed=5).fit(panel)
    monkeypatch.setattr("forecasting.fitted.SERIES_A_PIECE", 7)
    with ThreadPoolExecutor(2) as pool:
        threaded = DemandForecaster(name, seed=5, run=pool.map).fit(panel)
    assert threaded.paths(9, 40).tobytes() == reference.paths(9, 40).tobytes()
    assert threaded.lead_time_demand(4).samples.tobytes() == reference.lead_time_demand(4).samples.tobytes()
    rows = np.array([31, 2, 2, 17])
    assert threaded.paths(9, 40, rows).tobytes() == np.ascontiguousarray(reference.paths(9, 40)[rows]).tobytes()


@every_model
def test_cells_that_are_no_evidence_have_no_influence(name: str) -> None:
    panel = ordinary()
    other = np.where(panel.observed, panel.quantity, panel.quantity * 3 + 8).astype(np.float32)
    whole = panel.integral
    changed = panel_of(other, "W-MON", status=panel.status)
    context = context_of(panel)
    for part in np.flatnonzero(whole):
        rows, keys = np.array([part]), panel.stream_keys(0)[[part]]
        a = model_named(name).fit(panel.take(rows), context).paths(np.array([0]), keys, 6, 30)
        b = model_named(name).fit(changed.take(rows), context).paths(np.array([0]), keys, 6, 30)
        np.testing.assert_array_equal(a, b)


@every_model
def test_what_was_fitted_is_shown_for_every_series(name: str) -> None:
    panel = ordinary()
    fitted = model_named(name).fit(panel, context_of(panel)).parameters()
    assert {"level", "past_values"} <= set(fitted)
    for values in fitted.values():
        assert values.shape == (len(panel),)
        assert values.dtype.kind == "U" or np.isfinite(values).all()


def test_models_are_found_by_name_and_no_other_name_is_accepted() -> None:
    assert [model_named(name).name for name in model_names()] == list(model_names())
    with pytest.raises(ValueError, match=r"no model 'arima'; known are auto, seasonal_naive"):
        model_named("arima")
