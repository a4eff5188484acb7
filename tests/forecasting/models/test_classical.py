"""The classical families against statsmodels itself, and what is common to models that fit one series at a time."""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from statsmodels.tsa.exponential_smoothing.ets import ETSModel
from statsmodels.tsa.seasonal import STL
from statsmodels.tsa.statespace.sarimax import SARIMAX
from statsmodels.tsa.statespace.structural import UnobservedComponents as Components
from threadpoolctl import threadpool_limits

from forecasting.forecaster import DemandForecaster
from forecasting.models import model_named, model_names
from forecasting.models.classical import Ets, Sarimax, StlEts, UnobservedComponents
from forecasting.models.one_by_one import FittedOneByOne, FittedSeries, History, Level, OneByOne
from forecasting.panel import CellStatus, DemandPanel
from tests.forecasting.panels import context_of, panel_of

NAMES = ("ets", "stl_ets", "sarimax", "unobserved_components")
every_model = pytest.mark.parametrize("name", NAMES)
MONTHS = np.arange(72)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """The witnesses' small matrices are slow on several threads of BLAS."""
    with threadpool_limits(1):
        yield


def seasonal(seed: int = 0, level: float = 50.0) -> np.ndarray:
    """A level that drifts a little, a season of twelve months and noise."""
    rng = np.random.default_rng(seed)
    drift = np.cumsum(rng.normal(0, 0.3, len(MONTHS)))
    return level + drift + 12 * np.sin(2 * np.pi * MONTHS / 12) + rng.normal(0, 2, len(MONTHS))


def fitted(name: str, panel: DemandPanel) -> FittedOneByOne:
    model = model_named(name).fit(panel, context_of(panel))
    assert isinstance(model, FittedOneByOne)
    return model


def paths_of(name: str, panel: DemandPanel, horizon: int, count: int) -> np.ndarray:
    return fitted(name, panel).paths(np.arange(len(panel)), panel.stream_keys(0), horizon, count)


def test_exponential_smoothing_forecasts_what_statsmodels_does() -> None:
    """The form with a season is chosen; its forecasts, its paths and its criterion, initial states counted."""
    panel = panel_of(seasonal(), "MS")
    model = fitted("ets", panel)
    assert model.parameters()["form"][0] == "ETS(A,N,A)"
    values = panel.quantity[0].astype(float)
    scale = values.mean()
    witness = ETSModel(
        values / scale, error="add", seasonal="add", seasonal_periods=12, initialization_method="heuristic"
    ).fit(disp=False)
    np.testing.assert_allclose(model.expected(np.array([0]), 20)[0], witness.forecast(20) * scale, rtol=1e-3)
    used = len(witness.params) + 1 + 11 + 1
    expected = -2 * witness.llf + 2 * used + 2 * used * (used + 1) / (72 - used - 1)
    assert model.parameters()["aicc"][0] == pytest.approx(expected, rel=1e-3)
    paths = model.paths(np.array([0]), panel.stream_keys(0), 20, 4000)[0]
    np.testing.assert_allclose(paths.mean(axis=0), witness.forecast(20) * scale, rtol=0.02)
    spread = witness.resid[-60:].std() * scale * np.sqrt(72 / (72 - used + 1))
    assert paths[:, 0].std() == pytest.approx(spread, rel=0.05)
    alpha = witness.smoothing_level
    assert paths[:, 11].std() == pytest.approx(spread * np.sqrt(1 + 11 * alpha**2), rel=0.05)


def test_multiplicative_forms_serve_a_season_that_grows_with_the_level() -> None:
    rng = np.random.default_rng(1)
    growing = np.linspace(20, 200, 72) * (1 + 0.5 * np.sin(2 * np.pi * MONTHS / 12)) * rng.lognormal(0, 0.05, 72)
    model = fitted("ets", panel_of(growing, "MS"))
    assert model.parameters()["form"][0] == "ETS(M,Ad,M)"
    ahead = model.expected(np.array([0]), 12)[0]
    assert np.ptp(ahead) > 150


def test_a_steady_season_repeats_around_smoothing_of_the_rest() -> None:
    panel = panel_of(seasonal(), "MS")
    values = panel.quantity[0].astype(float)
    season = STL(values, period=12, seasonal=721, seasonal_deg=0, robust=True).fit().seasonal
    np.testing.assert_allclose(season[:12], season[-12:], atol=0.05)
    rest = ETSModel(values - season, error="add", initialization_method="heuristic").fit(disp=False)
    model = fitted("stl_ets", panel)
    assert model.parameters()["form"][0] == "STL + ETS(A,N,N)"
    expected = rest.forecast(24) + np.tile(season[-12:], 2)
    np.testing.assert_allclose(model.expected(np.array([0]), 24)[0], expected, rtol=1e-3)


def test_the_airline_model_forecasts_and_spreads_as_statsmodels_does() -> None:
    """Form, forecast and the response to one shock: 1 and then the weights of the past error in all later periods."""
    panel = panel_of(seasonal(), "MS")
    model = fitted("sarimax", panel)
    assert model.parameters()["form"][0] == "ARIMA(0,1,1)(0,1,1,12)"
    values = panel.quantity[0].astype(float)
    witness = SARIMAX(values / values.mean(), order=(0, 1, 1), seasonal_order=(0, 1, 1, 12)).fit(disp=False)
    ahead = model.expected(np.array([0]), 30)[0]
    np.testing.assert_allclose(ahead, witness.forecast(30) * values.mean(), rtol=0.02)
    shape = model.series[0].fitted.shape
    impulse = np.zeros((30, 1))
    impulse[0] = 1.0
    response = (shape.simulate(impulse) - shape.simulate(np.zeros((30, 1))))[:, 0]
    # Of (1 - B)(1 - B^12) y = (1 + a B)(1 + b B^12) e, with a and b from the response itself.
    a, b = response[1] - 1, response[12] - response[11] - 1
    polynomial = np.zeros(30)
    polynomial[[0, 1, 12, 13]] = [1, a, b, a * b]
    weights = np.cumsum(polynomial)
    for h in range(12, 30):
        weights[h] += weights[h - 12]
    np.testing.assert_allclose(response, weights, atol=1e-3)
    assert a == pytest.approx(witness.params[0], abs=0.05)


def test_components_forecast_and_spread_as_statsmodels_does() -> None:
    """Forecast and standard errors, which grow as the level wanders and jump where the season comes round."""
    panel = panel_of(seasonal(), "MS")
    model = fitted("unobserved_components", panel)
    assert model.parameters()["form"][0] == "local level + season"
    values = panel.quantity[0].astype(float)
    scale = values.mean()
    witness = Components(values / scale, level="local level", seasonal=12).fit(disp=False).get_forecast(24)
    np.testing.assert_allclose(model.expected(np.array([0]), 24)[0], witness.predicted_mean * scale, rtol=0.01)
    paths = model.paths(np.array([0]), panel.stream_keys(0), 24, 4000)[0]
    growth = paths.std(axis=0) / paths[:, 0].std()
    np.testing.assert_allclose(growth, witness.se_mean / witness.se_mean[0], rtol=0.06)
    # Some months are left of six years less a year to start: the spread is right to a third.
    assert paths[:, 0].std() == pytest.approx(witness.se_mean[0] * scale, rel=0.33)


def test_a_year_of_weeks_has_waves_and_a_season_of_its_own() -> None:
    rng = np.random.default_rng(2)
    week = np.arange(160)
    panel = panel_of(60 + 20 * np.sin(2 * np.pi * week / 52) + rng.normal(0, 2, 160), "W-MON")
    truth = 60 + 20 * np.sin(2 * np.pi * (160 + np.arange(40)) / 52)
    forms = {}
    for name in ("stl_ets", "sarimax", "unobserved_components"):
        model = fitted(name, panel)
        forms[name] = model.parameters()["form"][0]
        np.testing.assert_allclose(model.expected(np.array([0]), 40)[0], truth, atol=8)
    assert forms["stl_ets"].startswith("STL + ETS")
    assert forms["sarimax"].endswith(" + waves")
    assert forms["unobserved_components"].endswith(" + season")
    # Without a state for each week, exponential smoothing follows the level alone.
    assert fitted("ets", panel).parameters()["form"][0].endswith(",N)")


@every_model
def test_noise_without_a_season_is_given_none(name: str) -> None:
    noise = np.random.default_rng(4).normal(40, 5, 72)
    form = str(fitted(name, panel_of(noise, "MS")).parameters()["form"][0])
    assert form in {"ETS(A,N,N)", "ARIMA(0,1,1)", "ARIMA(1,1,1)", "local level"}


def odd() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Series at the edge and the status of their cells."""
    known, unknown = np.zeros(72, np.uint8), np.full(72, CellStatus.MISSING, np.uint8)
    short, one = unknown.copy(), unknown.copy()
    short[-11:], one[-1] = CellStatus.OBSERVED, CellStatus.OBSERVED
    once = np.zeros(72)
    once[40] = 5.0
    late = known.copy()
    late[:60] = CellStatus.NOT_LAUNCHED
    return {
        "all zero": (np.zeros(72), known),
        "constant": (np.full(72, 1e9), known),
        "one observation": (np.full(72, 7.0), one),
        "all missing": (np.full(72, 9.0), unknown),
        "eleven observations": (seasonal(5), short),
        "a year only": (seasonal(6), late),
        "one demand": (once, known),
        "huge or nothing": (np.where(MONTHS % 9 == 0, 1e12, 0.0), known),
    }


@every_model
def test_odd_series_have_paths_and_named_fallbacks(name: str) -> None:
    cells, status = zip(*odd().values(), strict=True)
    panel = panel_of(np.array(cells), "MS", status=np.array(status))
    model = fitted(name, panel)
    rows = np.arange(len(panel))
    paths = model.paths(rows, panel.stream_keys(0), 24, 60)
    assert np.isfinite(paths).all()
    assert (paths >= 0).all()
    assert (paths.max(axis=(1, 2)) <= 10 * panel.quantity.max(axis=1) + 1).all()
    fallback = dict(zip(odd(), model.parameters()["fallback"], strict=True))
    assert fallback["all zero"] == fallback["all missing"] == "no demand"
    assert fallback["constant"] == fallback["one observation"] == "constant"
    assert fallback["eleven observations"] == "short history"
    assert fallback["a year only"] == ""
    assert (paths[:4] == np.array([0, 1e9, 7, 0])[:, None, None]).all()
    # Eleven observations are a mean and their own deviations from it.
    observed = seasonal(5)[-11:].astype(np.float32)
    np.testing.assert_allclose(model.expected(rows[4:5], 3), observed.mean(), rtol=1e-5)
    assert np.isclose(paths[4][..., None], observed, rtol=1e-4).any(axis=-1).all()


@every_model
def test_what_was_not_observed_is_no_evidence(name: str) -> None:
    """Whatever stands in cells out of stock, missing or before launch."""
    status = np.zeros(72, np.uint8)
    status[:6], status[30:33], status[-2:] = CellStatus.NOT_LAUNCHED, CellStatus.MISSING, CellStatus.OUT_OF_STOCK
    wild = np.where(status == 0, seasonal(), 500.0)
    empty = np.where(status == 0, seasonal(), 0.0)
    first, second = (paths_of(name, panel_of(cells, "MS", status=status), 12, 50) for cells in (wild, empty))
    assert first.tobytes() == second.tobytes()
    assert first.mean() == pytest.approx(50, rel=0.15)


@every_model
def test_paths_depend_on_their_series_and_stream_alone(name: str) -> None:
    """Alone or together, in any order, shorter or fewer: the same bits; whole units stay whole, mean kept."""
    counts = np.random.default_rng(3).poisson(np.maximum(seasonal(1, 20.0), 1) / 4)
    panel = panel_of(np.stack([seasonal(), counts, np.linspace(5, 40, 72)]), "MS")
    keys, model = panel.stream_keys(7), fitted(name, panel)
    rows = np.arange(3)
    paths = model.paths(rows, keys, 14, 40)
    np.testing.assert_array_equal(model.paths(rows, keys, 5, 40), paths[:, :, :5])
    np.testing.assert_array_equal(model.paths(rows, keys, 14, 9), paths[:, :9])
    order = np.array([2, 0, 1])
    again = fitted(name, panel.take(order)).paths(rows, keys[order], 14, 40)
    assert again.tobytes() == np.ascontiguousarray(paths[order]).tobytes()
    alone = model.paths(order[:1], keys[order[:1]], 14, 40)
    assert alone.tobytes() == np.ascontiguousarray(paths[2:]).tobytes()
    assert (paths[1] == np.rint(paths[1])).all()
    assert (paths[0] != np.rint(paths[0])).any()
    many = model.paths(rows[1:2], keys[1:2], 3, 4000)[0]
    np.testing.assert_allclose(many.mean(axis=0), model.expected(rows[1:2], 3)[0], rtol=0.08)


def test_models_are_known_by_name_and_take_a_limited_panel() -> None:
    assert set(NAMES) <= set(model_names())
    for kind in (Ets, StlEts, Sarimax, UnobservedComponents):
        assert isinstance(model_named(kind().name), kind)
    panel = panel_of(np.ones((3, 20)))
    with pytest.raises(ValueError, match="'ets' fits one series at a time and takes 2 at most, not 3"):
        Ets(largest_panel=2).fit(panel, context_of(panel))
    assert Ets().largest_panel == 200


def test_the_forecaster_takes_them_by_name() -> None:
    forecaster = DemandForecaster("ets").fit(panel_of(np.stack([seasonal(), seasonal(1)]), "MS"))
    demand = forecaster.lead_time_demand(3, 200)
    assert demand.mean()[0] == pytest.approx(forecaster.paths(3, 200)[0].sum(axis=1).mean(), rel=1e-5)
    assert {"form", "fallback", "warnings", "aicc"} <= set(forecaster.parameters().columns)


@dataclass(frozen=True)
class Troubled(OneByOne):
    """Does what it is told, and warns."""

    trouble: str = ""
    name: str = "troubled"

    def fit_series(self, history: History) -> FittedSeries:
        warnings.warn("this is doubtful", stacklevel=1)
        np.log(np.zeros(1))
        if self.trouble == "raises":
            raise np.linalg.LinAlgError("singular")
        if self.trouble == "explodes":
            return FittedSeries(Level(40.0), np.ones(3), "level")
        if self.trouble == "nan":
            return FittedSeries(Level(np.nan), np.ones(3), "level")
        return FittedSeries(Level(1.0), np.array([-9.0, 0.0, 9.0, 1e9]), "level")


@pytest.mark.parametrize(
    ("trouble", "fallback"),
    [("raises", "failed: LinAlgError"), ("explodes", "runs away"), ("nan", "runs away"), ("", "")],
)
def test_trouble_has_a_name_and_warnings_are_told_not_shown(trouble: str, fallback: str) -> None:
    panel = panel_of(seasonal(), "MS")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = Troubled(trouble=trouble).fit(panel, context_of(panel))
    told = model.parameters()
    assert (told["fallback"][0], told["warnings"][0]) == (fallback, 2)
    paths = model.paths(np.array([0]), panel.stream_keys(0), 5, 200)
    assert paths.max() <= 10 * panel.quantity.max() * (1 + 1e-6)
    if fallback:
        np.testing.assert_allclose(model.expected(np.array([0]), 2), seasonal()[-12:].mean(), rtol=1e-5)
        assert paths.std() == pytest.approx(seasonal()[-12:].std(), rel=0.1)
    else:
        assert paths.min() == 0


def test_statsmodels_is_not_imported_before_a_fit() -> None:
    code = "import sys, forecasting.models; sys.exit(any(m.startswith('statsmodels') for m in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
