"""The classical families, fitted by statsmodels, for what deserves one fit each.

All choose their form by AICc over a short list. statsmodels costs more than a second to import: only a fit imports it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from forecasting.models.one_by_one import FittedSeries, History, OneByOne

__all__ = ["Ets", "Sarimax", "StlEts", "UnobservedComponents"]

Floats = npt.NDArray[np.float64]

_ADDITIVE: Final = (("add", None, None), ("add", "add", None), ("add", None, "add"), ("add", "add", "add"))
_MULTIPLICATIVE: Final = (("mul", None, "mul"), ("mul", "add", "mul"))
# Forms with a state for every period of the season are for short seasons; a year of weeks has waves.
_LONGEST_SEASON: Final = 12
_WAVES: Final = 2
_STRONG_SEASON: Final = 0.64
_MOST_ITERATIONS: Final = 100


@dataclass(frozen=True)
class Ets(OneByOne):
    """Exponential smoothing in state space form: error, damped trend and season by AICc.

    Additive forms with and without damped trend and season, multiplicative ones where all values are positive;
    seasons of at most 12 periods. Gaps are filled along straight lines.

    References
    ----------
    Hyndman, Koehler, Ord and Snyder (2008), Forecasting with Exponential Smoothing, ch. 2, 5 and 7.
    """

    name: str = "ets"

    def fit_series(self, history: History) -> FittedSeries:
        """See :class:`forecasting.models.one_by_one.OneByOne`."""
        return _best_smoothing(history.filled(), history.season if history.season <= _LONGEST_SEASON else 1)


@dataclass(frozen=True)
class StlEts(OneByOne):
    """A steady season by a robust STL, whatever its length; the rest by exponential smoothing without season.

    The season is taken where it is worth a parameter for each of its periods but one, by AIC; a season free to
    change from year to year would fit the noise of short histories. Without two seasons of history there is none.

    References
    ----------
    Cleveland, Cleveland, McRae and Terpenning (1990), STL, J. Official Statistics 6, 3-73.
    """

    name: str = "stl_ets"

    def fit_series(self, history: History) -> FittedSeries:
        """See :class:`forecasting.models.one_by_one.OneByOne`."""
        from statsmodels.tsa.seasonal import STL

        values = history.filled()
        plain = _best_smoothing(values, 1)
        if history.season == 1:
            return plain
        steady = {"seasonal": 10 * len(values) + 1, "seasonal_deg": 0, "robust": True}
        season = np.asarray(STL(values, period=history.season, **steady).fit().seasonal)
        rest = _best_smoothing(values - season, 1, history.season - 1)
        shape = _Seasonal(rest.shape, season[-history.season :])
        return min(plain, FittedSeries(shape, rest.errors, f"STL + {rest.name}", rest.aicc), key=lambda f: f.aicc)


@dataclass(frozen=True)
class Sarimax(OneByOne):
    """Differenced once, where the season is strong also over the season: the airline model and its neighbours.

    A weak season has an autoregressive term; years of weeks have two pairs of sine and cosine as regressors, or none.
    Gaps are left to the Kalman filter.

    References
    ----------
    Box and Jenkins (1970), Time Series Analysis, ch. 9. The strength that calls for seasonal differences: Wang, Smith
    and Hyndman (2006), Data Min. Knowl. Discov. 13, 335-364, with the limit 0.64 of Hyndman's R package forecast.
    """

    name: str = "sarimax"

    def fit_series(self, history: History) -> FittedSeries:
        """See :class:`forecasting.models.one_by_one.OneByOne`."""
        from statsmodels.tsa.statespace.sarimax import SARIMAX

        season = history.season
        waves = _waves(np.arange(len(history.values)), season) if season > _LONGEST_SEASON else None
        parts: list[tuple[tuple[int, int, int, int], Floats | None]] = [((0, 0, 0, 0), None)]
        if waves is not None:
            parts.append(((0, 0, 0, 0), waves))
        elif season > 1 and _seasonal_strength(history) > _STRONG_SEASON:
            parts = [((0, 1, 1, season), None), ((1, 1, 0, season), None)]
        elif season > 1:
            parts.append(((1, 0, 0, season), None))

        def attempt(order: tuple[int, int, int], part: tuple[int, int, int, int], exog: Floats | None) -> Any:
            settings = {"exog": exog, "order": order, "seasonal_order": part, "concentrate_scale": True}
            # Differences taken beforehand leave a third of the states; the whole filter runs once, at the optimum.
            quick = SARIMAX(history.values, simple_differencing=True, **settings)
            fitted = quick.fit(disp=False, maxiter=_MOST_ITERATIONS, cov_type="none", low_memory=True)
            return float(fitted.aicc), (settings, np.asarray(fitted.params))

        forms = [(order, *part) for order in ((0, 1, 1), (1, 1, 1), (0, 1, 2)) for part in parts]
        aicc, (settings, params) = _least(forms, attempt)
        results = SARIMAX(history.values, **settings).filter(params)
        name = f"ARIMA{settings['order']}" + (f"{settings['seasonal_order']}" if settings["seasonal_order"][3] else "")
        wavy = settings["exog"] is not None
        name = name.replace(" ", "") + (" + waves" if wavy else "")
        return _linear(results, history, name, aicc, params[: 2 * _WAVES] if wavy else np.empty(0))


@dataclass(frozen=True)
class UnobservedComponents(OneByOne):
    """A local level, with or without trend, with or without season, each moving by itself.

    Short seasons have a factor each, years of weeks two waves. Gaps are left to the Kalman filter.

    References
    ----------
    Harvey (1989), Forecasting, Structural Time Series Models and the Kalman Filter, ch. 2 and 4.
    """

    name: str = "unobserved_components"

    def fit_series(self, history: History) -> FittedSeries:
        """See :class:`forecasting.models.one_by_one.OneByOne`."""
        from statsmodels.tsa.statespace.structural import UnobservedComponents as Components

        season: dict[str, Any] = {}
        if 1 < history.season <= _LONGEST_SEASON:
            season = {"seasonal": history.season}
        elif history.season > 1:
            season = {"freq_seasonal": [{"period": history.season, "harmonics": _WAVES}]}
        # States that start from nothing are learned from the first observations: all forms are compared on those
        # after the most that any needs, on which only the variances were fitted.
        start = 2 + (min(history.season - 1, _LONGEST_SEASON) if season else 0)

        def attempt(level: str, cycle: dict[str, Any]) -> tuple[float, Any]:
            model = Components(history.values, level=level, **cycle)
            results = model.fit(disp=False, maxiter=_MOST_ITERATIONS, cov_type="none")
            known = ~np.isnan(history.values[start:])
            likelihood = float(results.filter_results.llf_obs[start:][known].sum())
            criterion = _aicc(likelihood, int(known.sum()), len(results.params))
            return criterion, (results, level + (" + season" if cycle else ""))

        forms = [(level, cycle) for level in ("local level", "local linear trend") for cycle in ({}, season)]
        aicc, (results, name) = _least(forms if season else forms[::2], attempt)
        return _linear(results, history, name, aicc, np.empty(0))


@dataclass(frozen=True, eq=False)
class _Smoothing:
    """A fitted exponential smoothing of statsmodels, simulated from its last state."""

    results: Any

    def simulate(self, errors: Floats) -> Floats:
        """See :class:`forecasting.models.one_by_one.Shape`."""
        ahead = self.results.simulate(len(errors), anchor="end", repetitions=errors.shape[1], random_errors=errors)
        return np.asarray(ahead, dtype=np.float64).reshape(errors.shape)


@dataclass(frozen=True, eq=False)
class _Seasonal:
    """Another shape and a season that repeats."""

    rest: Any
    season: Floats

    def simulate(self, errors: Floats) -> Floats:
        """See :class:`forecasting.models.one_by_one.Shape`."""
        place = np.arange(len(errors)) % len(self.season)
        return np.asarray(self.rest.simulate(errors) + self.season[place, None])


@dataclass(frozen=True, eq=False)
class _Linear:
    """The innovations form of a linear state space model at the end of its history.

    y = design . state + regressors + error; next state = transition state + gain error (Durbin and Koopman 2012,
    sec. 4.3, with the gain of the last observation, to which the filter has converged).
    """

    design: Floats
    transition: Floats
    state: Floats
    gain: Floats
    periods: int
    season: int
    slopes: Floats

    def simulate(self, errors: Floats) -> Floats:
        """See :class:`forecasting.models.one_by_one.Shape`."""
        horizon = len(errors)
        mean, response = np.empty(horizon), np.ones(horizon)
        state, shock = self.state, self.gain
        for h in range(horizon):
            mean[h] = self.design @ state
            state = self.transition @ state
            if h + 1 < horizon:
                response[h + 1] = self.design @ shock
                shock = self.transition @ shock
        if len(self.slopes):
            mean += _waves(self.periods + np.arange(horizon), self.season) @ self.slopes
        out = np.repeat(mean[:, None], errors.shape[1], axis=1)
        for h in range(horizon):
            for past in range(h + 1):
                out[h] += response[h - past] * errors[past]
        return out


def _best_smoothing(values: Floats, season: int, spent: int = 0) -> FittedSeries:
    """The form with the least AICc; multiplicative ones only for values that are all positive.

    ``spent`` parameters went into the values beforehand; they cost 2 each, for the small-sample term would forbid
    any year of weeks that was seen three times.
    """
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    def attempt(error: str, trend: str | None, cycle: str | None) -> tuple[float, Any]:
        model = ETSModel(
            values,
            error=error,
            trend=trend,
            damped_trend=trend is not None,
            seasonal=cycle,
            seasonal_periods=season if cycle else None,
            initialization_method="heuristic",
        )
        results = model.fit(disp=False, maxiter=_MOST_ITERATIONS)
        # Initial states come from the data too, and a season has many: they count as parameters.
        used = len(results.params) + 1 + (trend is not None) + (season - 1 if cycle else 0)
        criterion = _aicc(float(results.llf), len(values), used + 1) + 2.0 * spent
        return criterion, (results, (error, trend, cycle), used + spent)

    forms = [*_ADDITIVE, *(_MULTIPLICATIVE if (values > 0).all() else ())]
    aicc, (results, form, used) = _least([f for f in forms if f[2] is None or season > 1], attempt)
    letter = {"add": "A", "mul": "M", None: "N"}
    error, trend, cycle = form
    name = f"ETS({letter[error]},{'Ad' if trend else 'N'},{letter[cycle]})"
    return FittedSeries(_Smoothing(results), _spread(np.asarray(results.resid), used), name, aicc)


def _linear(results: Any, history: History, name: str, aicc: float, slopes: Floats) -> FittedSeries:
    """Keep a few numbers of a fitted state space model; its whole filter takes megabytes."""
    filtered = results.filter_results
    known = np.flatnonzero(~np.isnan(history.values))
    shape = _Linear(
        np.array(filtered.design[0, :, -1]),
        np.array(filtered.transition[:, :, -1]),
        np.array(filtered.predicted_state[:, -1]),
        np.array(filtered.kalman_gain[:, 0, known[-1]]),
        len(history.values),
        history.season,
        np.array(slopes),
    )
    # The first errors are those of a filter that knew little: in units of their own variance all are alike.
    settled = known[known >= min(len(shape.state), len(history.values) // 2)]
    variance = filtered.forecasts_error_cov[0, 0, settled]
    errors = filtered.forecasts_error[0, settled] * np.sqrt(variance[-1] / variance)
    return FittedSeries(shape, _spread(errors, len(results.params)), name, aicc)


def _least(forms: Iterable[tuple[Any, ...]], attempt: Callable[..., tuple[float, Any]]) -> tuple[float, Any]:
    """Try all forms and return the one with the least finite AICc; the last error if none can be fitted."""
    best: tuple[float, Any] | None = None
    failure: Exception = ArithmeticError("no form has a finite AICc")
    for form in forms:
        try:
            aicc, result = attempt(*form)
        except (ValueError, ArithmeticError, np.linalg.LinAlgError, IndexError) as error:
            failure = error
            continue
        if np.isfinite(aicc) and (best is None or aicc < best[0]):
            best = aicc, result
    if best is None:
        raise failure
    return best


def _aicc(likelihood: float, count: int, parameters: int) -> float:
    """Akaike's criterion with the small-sample term (Hurvich and Tsai 1989); infinite without enough observations."""
    room = count - parameters - 1
    return -2.0 * likelihood + 2.0 * parameters * (1.0 + (parameters + 1) / room) if room > 0 else np.inf


def _seasonal_strength(history: History) -> float:
    """1 less the variance of the remainder over that of season and remainder, of an STL; 0 to 1."""
    from statsmodels.tsa.seasonal import STL

    parts = STL(history.filled(), period=history.season, robust=True).fit()
    varying = float(np.var(parts.seasonal + parts.resid))
    return max(0.0, 1.0 - float(np.var(parts.resid)) / varying) if varying > 0 else 0.0


def _spread(errors: Floats, parameters: int) -> Floats:
    """One-step errors in sample, widened for the parameters that were fitted to them."""
    count = len(errors)
    return np.asarray(errors * np.sqrt(count / max(count - parameters, 1)))


def _waves(place: npt.NDArray[np.int64], season: int) -> Floats:
    """Sine and cosine of the first waves of the season; (periods, 2 x waves)."""
    angle = 2.0 * np.pi * np.outer(place / season, np.arange(1, _WAVES + 1))
    return np.hstack([np.sin(angle), np.cos(angle)])
