"""backtest: rolling origins against plain loops, and a model that looks at what it is given."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from forecasting import DemandForecaster, backtest
from forecasting.panel import CellStatus, DemandPanel
from tests.forecasting.own_models import Last, Spy
from tests.forecasting.panels import panel_of

PERIODS = 60


@pytest.fixture(scope="module")
def panel() -> DemandPanel:
    """Six series; one without stock now and then, one that sells for the first time near the end."""
    rng = np.random.default_rng(0)
    demand = rng.poisson(np.array([0.3, 1, 3, 8, 20, 5])[:, None], (6, PERIODS)).astype(float)
    demand[5, :54] = 0
    demand[2] *= 0.37
    status = np.zeros((6, PERIODS), dtype=np.uint8)
    status[1, [20, 51, 57]] = CellStatus.OUT_OF_STOCK
    return panel_of(demand, status=status)


def test_windows_origins_and_actuals_are_those_of_a_plain_loop(panel: DemandPanel) -> None:
    length = [1, 2, 3, 4, 5, 2]
    result = backtest(panel, protection_periods=length, origins=3, step=4, model="bootstrap", paths=30)
    rows = []
    for origin in (47, 51, 55):
        for i in range(6):
            cells = range(origin, origin + length[i])
            rows.append(
                {
                    "sku": panel.skus[i],
                    "location": "main",
                    "origin": pd.Timestamp(dt.date(2024, 1, 1) + dt.timedelta(weeks=origin)),
                    "periods": length[i],
                    "observed": all(panel.status[i, t] == 0 for t in cells),
                    "actual": float(sum(panel.quantity[i, t] for t in cells)),
                    "sold_before": any(panel.quantity[i, t] > 0 for t in range(origin)),
                }
            )
    wanted = pd.DataFrame(rows)
    got = result.predictions[wanted.columns]
    pd.testing.assert_frame_equal(got, wanted, check_dtype=False, rtol=1e-6)
    assert not wanted["observed"].all()
    assert not wanted["sold_before"].all()
    assert result.predictions["origin"].max() + pd.Timedelta(weeks=max(length)) == pd.Timestamp(panel.as_of)


def test_a_forecast_is_that_of_a_forecaster_who_knows_the_past_alone(panel: DemandPanel) -> None:
    result = backtest(panel, protection_periods=3, origins=2, step=5, levels=(0.5, 0.975), paths=40, seed=7)
    assert {"q0.5", "q0.975"} <= set(result.predictions)
    for origin, part in result.predictions.groupby("origin"):
        forecaster = DemandForecaster(seed=7).fit(panel.until(origin.date()), protection=3)
        demand = forecaster.lead_time_demand(3, 40)
        np.testing.assert_array_equal(part["mean"], demand.mean())
        np.testing.assert_array_equal(part["q0.975"], demand.quantile(0.975))
        np.testing.assert_allclose(part["cdf_below"] + part["cdf_at"], demand.cdf(part["actual"].to_numpy()), atol=1e-9)
        np.testing.assert_allclose(part["cdf_at"], demand.pmf(part["actual"].to_numpy()), atol=1e-6)
        assert part["forecast_by"].tolist() == forecaster.choice_["model"].tolist()
        assert part["class"].tolist() == forecaster.choice_["class"].tolist()


def test_no_model_is_shown_a_period_from_the_origin_on(panel: DemandPanel) -> None:
    spy = Spy()
    result = backtest(panel, protection_periods=4, origins=5, step=3, model=spy, paths=20)
    origins = [PERIODS - 4 - 3 * k for k in range(5)][::-1]
    assert [seen.calendar.periods for seen, _ in spy.seen] == origins
    assert [context.season.calendar.periods for _, context in spy.seen] == origins
    for seen, _ in spy.seen:
        np.testing.assert_array_equal(seen.quantity, panel.quantity[:, : seen.calendar.periods])
    expected = [4 * panel.quantity[i, o - 1] for o in origins for i in range(6)]
    own = result.predictions["forecast_by"] == "spy"
    np.testing.assert_allclose(result.predictions["mean"][own], np.array(expected)[own], rtol=1e-6)
    assert own.sum() >= 5 * 5


def test_what_comes_after_a_window_changes_no_forecast_before_it(panel: DemandPanel) -> None:
    one = backtest(panel, protection_periods=2, origins=3, step=6, paths=40).predictions
    quantity = panel.quantity.copy()
    quantity[:, 52:] = 900.0
    other = panel_of(quantity, status=panel.status)
    two = backtest(other, protection_periods=2, origins=3, step=6, paths=40).predictions
    forecast = [c for c in one if c.startswith("q") or c in ("mean", "class", "forecast_by")]
    before = one["origin"] <= pd.Timestamp(panel.calendar.dates[52])
    assert before.sum() == 12
    pd.testing.assert_frame_equal(one.loc[before, forecast], two.loc[before, forecast])
    assert (one.loc[~before, "mean"] != two.loc[~before, "mean"]).all()


def test_several_models_are_each_what_they_are_alone(panel: DemandPanel) -> None:
    options = {"protection_periods": 3, "origins": 2, "paths": 30}
    together = backtest(panel, model=["sba", Last()], **options)
    for model, name in (("sba", "sba"), (Last(), "last")):
        alone = backtest(panel, model=model, **options)
        for whole, part in ((together.predictions, alone.predictions), (together.scores, alone.scores)):
            pd.testing.assert_frame_equal(whole[whole["model"] == name].reset_index(drop=True), part)
    assert set(together.predictions["model"]) == {"sba", "last"}


def test_scores_are_those_of_a_plain_loop_without_censored_windows(panel: DemandPanel) -> None:
    levels = (0.5, 0.9)
    result = backtest(panel, protection_periods=2, origins=6, step=2, levels=levels, model="bootstrap", paths=50)
    windows = [w for w in result.predictions.to_dict("records") if w["observed"] and w["sold_before"]]
    assert len(windows) < len(result.predictions)
    classes = ["all", *sorted({w["class"] for w in windows})]
    assert list(zip(result.scores["class"], result.scores["level"], strict=True)) == [
        (c, v) for c in classes for v in levels
    ]
    for score in result.scores.to_dict("records"):
        part = [w for w in windows if score["class"] in ("all", w["class"])]
        level, n = score["level"], len(part)
        loss, covered = [], []
        for w in part:
            short = w["actual"] - w[f"q{level:g}"]
            loss.append(max(level * short, (level - 1) * short))
            room = level - w["cdf_below"]
            covered.append(min(max(room / w["cdf_at"], 0.0), 1.0) if w["cdf_at"] > 0 else float(room > 0))
        assert score["windows"] == n
        assert score["pinball"] == pytest.approx(sum(loss) / n)
        assert score["coverage"] == pytest.approx(sum(covered) / n)
        error = [w["actual"] - w["mean"] for w in part]
        assert score["rmse"] == pytest.approx((sum(e * e for e in error) / n) ** 0.5)
        assert score["wape"] == pytest.approx(sum(map(abs, error)) / sum(w["actual"] for w in part))
        assert score["bias"] == pytest.approx(-sum(error) / sum(w["actual"] for w in part))
        origins = sorted({w["origin"] for w in part})
        mean = sum(loss) / n
        sums = [sum(x - mean for x, w in zip(loss, part, strict=True) if w["origin"] == o) for o in origins]
        clustered = (sum(s * s for s in sums) / n**2 * len(origins) / (len(origins) - 1)) ** 0.5
        assert score["pinball_se"] == pytest.approx(clustered)


def test_rows_and_the_panel_made_of_them_give_the_same(panel: DemandPanel) -> None:
    frame = panel.to_frame().assign(in_stock=panel.status.ravel() == 0).drop(columns="status")
    options = {"protection_periods": 2, "origins": 2, "model": "sba", "paths": 30}
    shuffled = backtest(frame.sample(frac=1, random_state=1), frequency="W-MON", **options)
    pd.testing.assert_frame_equal(shuffled.predictions, backtest(panel, **options).predictions)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"protection_periods": 0}, "protection interval must have at least 1 period"),
        ({"origins": 0}, "origins is 0"),
        ({"step": 0}, "step is 0"),
        ({"levels": (0.5, 1.0)}, r"level is 1\.0"),
        ({"origins": 30, "step": 2}, "need a history of at least 61 periods; there are 60"),
        ({"model": "oracle"}, "no model 'oracle'"),
    ],
)
def test_what_can_not_be_tested_is_refused(panel: DemandPanel, options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        backtest(panel, **{"protection_periods": 2, "origins": 2, "model": "bootstrap", **options})


def test_the_first_origin_may_have_one_period_before_it(panel: DemandPanel) -> None:
    result = backtest(panel.take(slice(0, 2)), protection_periods=1, origins=30, step=2, model=Last(), paths=20)
    assert result.predictions["origin"].min() == pd.Timestamp(panel.calendar.dates[1])


def test_nothing_to_score_is_said_with_a_zero() -> None:
    result = backtest(panel_of(np.zeros((2, 30))), protection_periods=2, origins=2, model="bootstrap", paths=20)
    assert (result.scores["windows"] == 0).all()
    assert set(result.scores["class"]) == {"all"}
