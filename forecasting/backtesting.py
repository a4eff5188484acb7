"""backtest: what would have been forecast at earlier origins, and how well it would have held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from forecasting.calendars import PeriodCalendar, day_to_date
from forecasting.fitted import Mapper
from forecasting.forecaster import DemandForecaster
from forecasting.metrics import clustered_se, expected_coverage, lead_time_probabilities, pinball, relative_bias, wape
from forecasting.models.protocol import DemandModel
from forecasting.panel import CellStatus, DemandPanel

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["BacktestResult", "backtest"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

LEVELS: Final = (0.5, 0.9, 0.95, 0.99)


@dataclass(frozen=True, eq=False)
class BacktestResult:
    """What rolling origins showed.

    Attributes
    ----------
    predictions : one row per series, origin and model: sku, location, origin (date of the first forecast period),
        model, forecast_by (the model that "auto" took), class, periods (of the sum), observed (demand was known in
        every one of them), actual, mean, one column a level (``q0.95``), ``cdf_below`` = P(D < actual), ``cdf_at`` =
        P(D = actual); units of the sum.
    scores : model, class ("all" first), level, windows, pinball (units) and coverage (by randomised PIT), each with its
        standard error clustered by origin; wape, bias and rmse of the mean. Windows not fully observed, and
        series without any demand before the origin, are left out.
    """

    predictions: pd.DataFrame
    scores: pd.DataFrame


def backtest(
    sales: pd.DataFrame | DemandPanel,
    *,
    frequency: str | None = None,
    protection_periods: int | npt.ArrayLike,
    origins: int,
    step: int = 1,
    levels: Sequence[float] = LEVELS,
    model: str | DemandModel | Sequence[str | DemandModel] = "auto",
    groups: Sequence[str] | None = None,
    paths: int = 400,
    seed: int = 0,
    run: Mapper = map,
) -> BacktestResult:
    """Forecast the sum of demand over the protection interval at rolling origins; nothing later is seen.

    Parameters
    ----------
    sales : long rows (sku, date, quantity and, if there, location, in_stock), or a panel of n series.
    frequency : of the rows; ignored for a panel.
    protection_periods : H, one for all or (n,), in the order of (sku, location).
    origins, step : how many, and periods between them; the last origin's longest window ends with the data.
    levels : quantile levels in (0, 1).
    model : a name, a model, or several; each is fitted anew at every origin to what was known then.
    groups : n names of groups that share seasons. paths : sample paths a series. seed, run : as in DemandForecaster.

    Raises
    ------
    ValueError
        Not enough history before the first origin, or a level or number outside its range.
    """
    import pandas as pd

    panel = sales if isinstance(sales, DemandPanel) else DemandPanel.from_frame(sales, frequency=frequency)
    length = np.broadcast_to(np.asarray(protection_periods, dtype=np.int64), (len(panel),)).copy()
    wanted = _checked_levels(levels)
    models = [model] if isinstance(model, str) or not isinstance(model, Sequence) else list(model)
    parts = [
        _predict(panel, origin, length, wanted, name, groups, paths, seed, run)
        for origin in rolling_origins(panel.calendar, int(length.max(initial=1)), origins, step)
        for name in models
    ]
    predictions = pd.concat(parts, ignore_index=True)
    return BacktestResult(predictions, score_predictions(predictions, wanted))


def rolling_origins(calendar: PeriodCalendar, longest: int, origins: int, step: int) -> list[int]:
    """Numbers of the first forecast periods, oldest first; the last window ends with the data.

    Raises
    ------
    ValueError
        Numbers below 1, or no period left before the first origin.
    """
    for name, value in (("protection_periods", longest), ("origins", origins), ("step", step)):
        if value < 1:
            raise ValueError(f"{name} is {value}; it must be at least 1")
    last = calendar.periods - longest
    first = last - step * (origins - 1)
    if first < 1:
        raise ValueError(
            f"{origins} origins {step} periods apart before windows of {longest} periods need a history of at least "
            f"{longest + step * (origins - 1) + 1} periods; there are {calendar.periods}"
        )
    return list(range(first, last + 1, step))


def _checked_levels(levels: Sequence[float]) -> tuple[float, ...]:
    for level in levels:
        if not 0.0 < level < 1.0:
            raise ValueError(f"level is {level}; it must lie between 0 and 1")
    return tuple(levels)


def _predict(
    panel: DemandPanel,
    origin: int,
    length: Integers,
    levels: tuple[float, ...],
    model: str | DemandModel,
    groups: Sequence[str] | None,
    paths: int,
    seed: int,
    run: Mapper,
) -> pd.DataFrame:
    import pandas as pd

    opening = day_to_date(int(panel.calendar.openings[origin]))
    forecaster = DemandForecaster(model, seed=seed, run=run).fit(panel.until(opening), groups=groups, protection=length)
    demand = forecaster.lead_time_demand(length, paths)
    actual, observed = actual_demand(panel, origin, length)
    below, at = lead_time_probabilities(demand, actual)
    columns = {
        "sku": panel.skus,
        "location": panel.locations,
        "origin": np.datetime64(opening, "s"),
        "model": model if isinstance(model, str) else model.name,
        "forecast_by": forecaster.choice_["model"],
        "class": forecaster.choice_["class"],
        "periods": length,
        "observed": observed,
        "sold_before": forecaster.summary_.demands > 0,
        "actual": actual,
        "mean": demand.mean(),
        **{f"q{level:g}": demand.quantile(level) for level in levels},
        "cdf_below": below,
        "cdf_at": at,
    }
    return pd.DataFrame(columns)


def actual_demand(panel: DemandPanel, origin: int, length: Integers) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Units demanded in the first ``length`` periods from an origin, and whether all of these were observed; (n,)."""
    window = np.arange(int(length.max(initial=0)))
    inside = window[None, :] < length[:, None]
    seen = panel.quantity[:, origin + window]
    observed = ((panel.status[:, origin + window] == CellStatus.OBSERVED) | ~inside).all(axis=1)
    return np.where(inside, seen, 0.0).sum(axis=1, dtype=np.float64), observed


def score_predictions(predictions: pd.DataFrame, levels: Sequence[float]) -> pd.DataFrame:
    """Score every model by class; see :class:`BacktestResult`."""
    import pandas as pd

    counted = predictions[predictions["observed"] & predictions["sold_before"]]
    rows = []
    for name in dict.fromkeys(predictions["model"]):
        own = counted[counted["model"] == name]
        for kind in ("all", *sorted(own["class"].unique())):
            part = own if kind == "all" else own[own["class"] == kind]
            rows += [{"model": name, "class": kind, "level": level, **_score(part, level)} for level in levels]
    return pd.DataFrame(rows)


def _score(part: pd.DataFrame, level: float) -> dict[str, float]:
    actual, mean = part["actual"].to_numpy(float), part["mean"].to_numpy(float)
    loss = pinball(actual, part[[f"q{level:g}"]].to_numpy(float), [level])[:, 0]
    covered = expected_coverage(part["cdf_below"].to_numpy(float), part["cdf_at"].to_numpy(float), level)
    origin = part["origin"].to_numpy()
    if not len(part):
        return {"windows": 0.0}
    return {
        "windows": float(len(part)),
        "pinball": float(loss.mean()),
        "pinball_se": float(clustered_se(loss, origin)),
        "coverage": float(covered.mean()),
        "coverage_se": float(clustered_se(covered, origin)),
        "wape": float(wape(actual, mean)),
        "bias": float(relative_bias(actual, mean)),
        "rmse": float(np.sqrt(((actual - mean) ** 2).mean())),
    }
