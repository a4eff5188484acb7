"""DemandForecaster: the face of this package for notebooks and for the planner."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from forecasting.blended import BlendedSeries, Blending, describe_weights, learn_blending
from forecasting.choice import COMBINATION, choose_models
from forecasting.cleaning import prepare
from forecasting.cleaning_rules import CleaningRules
from forecasting.covariates import Covariates
from forecasting.distributions import LeadTimeDemand
from forecasting.fitted import SERIES_A_PIECE, FittedSeries, Mapper, fit_series, pool_all, ready_all, side_by_side
from forecasting.kernels.paths import apply_ahead, sums_at
from forecasting.models import DEFAULT_MEMBERS, model_named
from forecasting.models.protocol import DemandModel, FitContext
from forecasting.outside import OutsideForecast
from forecasting.panel import DemandPanel
from forecasting.seasonality import PooledSeasonality, fit_pooled_seasonality
from forecasting.segments import CLASSES, DemandSummary, syntetos_boylan_classes
from forecasting.stock_outs import estimate_stock_outs
from forecasting.storage import read_tree, write_tree
from forecasting.trials import plan_trials

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["DemandForecaster"]

Floats32 = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]
# What is saved.
_STATE = (
    "model",
    "seed",
    "panel_",
    "summary_",
    "season_",
    "choice_",
    "cleaning_",
    "blending_",
    "_rules",
    "_groups",
    "_protection",
    "_keys",
    "_whole",
    "_factor",
    "_extra",
    "_covariates",
    "_fitted",
    "_fitted_by",
)
# Without a protection interval quantiles are averaged and corrected over two weeks, four weeks or three months.
_USUAL_INTERVAL = {"D": 14, "MS": 3}


class DemandForecaster:
    """Fit a panel, then draw paths or distributions of future demand.

    Parameters
    ----------
    model : a model of the zoo by name, a model of your own (``forecasting.models.protocol``), or "auto": several
        models whose quantiles are averaged, by what earlier origins showed; see ``choice_`` for the reason.
    seed : seed of the random streams; each series has a stream of its own.
    run : how independent pieces are run: the built-in ``map`` or a thread pool's; the result is the same.

    Attributes
    ----------
    panel_ : the cleaned panel. summary_ : facts of each series. season_ : pooled seasonal factors.
    choice_ : frame with sku, location, class, model, reason. cleaning_ : log of what was cleaned.
    blending_ : weights by class and calibration, where any series is forecast by several models.
    """

    panel_: DemandPanel
    summary_: DemandSummary
    season_: PooledSeasonality
    choice_: pd.DataFrame
    cleaning_: pd.DataFrame
    blending_: Blending

    def __init__(self, model: str | DemandModel = "auto", *, seed: int = 0, run: Mapper = map) -> None:
        self.model, self.seed, self._run = model, seed, run

    def fit(
        self,
        demand: DemandPanel | pd.DataFrame,
        *,
        groups: Sequence[str] | None = None,
        models: Sequence[str] | Callable[[npt.NDArray[np.str_]], Sequence[str]] | None = None,
        protection: int | npt.ArrayLike | None = None,
        blending: Blending | None = None,
        covariates: Covariates | None = None,
        rules: CleaningRules | None = None,
    ) -> Self:
        """Clean, classify, choose and fit.

        Parameters
        ----------
        demand : a panel of n series, or long rows (sku, date, quantity, ...).
        groups : n names of the groups that share seasons (categories); default: all together.
        models : n names, where the choice differs by series, or a function from the n Syntetos-Boylan classes to
            them; default: ``model`` for all.
        protection : periods over which the sum of demand matters (lead time plus review), one number or (n,); the
            combination of models and its calibration are made for it. Default: 14 days, 4 weeks or 3 months.
        blending : weights and calibration learned before, to be used as they are; default: learned here.
        covariates : what is known ahead of time for the n series; only models that learn from them look at it.
        rules : repairs of the history to leave undone, and order lines that tell bulk orders.
        """
        import pandas as pd

        recorded = demand if isinstance(demand, DemandPanel) else DemandPanel.from_frame(demand)
        n = len(recorded)
        self._rules = rules or CleaningRules()
        self.panel_, self.summary_, self.cleaning_ = prepare(recorded, self._rules)
        self._groups = tuple(groups) if groups is not None else ("all",) * n
        self.season_ = fit_pooled_seasonality(self.panel_, self.summary_, self._groups)
        classes = syntetos_boylan_classes(self.summary_)
        names, reasons = self._choose(models, classes)
        self._keys = recorded.stream_keys(self.seed)
        self._whole = recorded.integral
        length = _USUAL_INTERVAL.get(recorded.calendar.frequency.code, 4) if protection is None else protection
        self._protection = np.broadcast_to(np.asarray(length, dtype=np.int64), (n,)).copy()
        self.look_ahead(np.ones((n, 0), dtype=np.float32), np.zeros((n, 0), dtype=np.float32))
        self._covariates = covariates
        self._outside: dict[int, OutsideForecast] = {}
        self._fit_series(recorded, np.array(names), classes, blending)
        told = describe_blending(self.blending_, classes) if COMBINATION in names else {}
        self.choice_ = pd.DataFrame(
            {
                "sku": recorded.skus,
                "location": recorded.locations,
                "class": classes,
                "model": names,
                "reason": [
                    told[str(c)] if name == COMBINATION else why
                    for name, c, why in zip(names, classes, reasons, strict=True)
                ],
            }
        )
        return self

    def _choose(
        self,
        models: Sequence[str] | Callable[[npt.NDArray[np.str_]], Sequence[str]] | None,
        classes: npt.NDArray[np.str_],
    ) -> tuple[list[str], list[str]]:
        """A model and a reason for each series; ``models`` as for :meth:`fit`."""
        wanted = models(classes) if callable(models) else models
        own = [] if isinstance(self.model, str) else [self.model.name]
        usual = self.model if isinstance(self.model, str) else self.model.name
        asked = [usual] * len(classes) if wanted is None else list(wanted)
        return choose_models(asked, self.summary_, self.panel_.calendar.frequency, own)

    def _fit_series(
        self,
        recorded: DemandPanel,
        names: npt.NDArray[np.str_],
        classes: npt.NDArray[np.str_],
        blending: Blending | None,
    ) -> None:
        """Fit each model to its series, and the members of the combination to the series that it forecasts."""
        context = FitContext(self.season_, self.season_.profile, covariates=self._covariates)
        fitted: list[FittedSeries | BlendedSeries] = []
        self._fitted_by = np.empty(len(names), dtype=np.int64)
        self.blending_ = blending or Blending.unknown(len(DEFAULT_MEMBERS))
        for k, name in enumerate(np.unique(names)):
            rows = np.flatnonzero(names == name)
            self._fitted_by[rows] = k
            if name != COMBINATION:
                fitted.append(fit_series(self._model(str(name)), self.panel_, rows, context, self._run))
                continue
            pooled = self._learn(recorded, rows, classes, context, tried=blending is None)
            fitted.append(self._blend(rows, classes, context, pooled))
        self._fitted = tuple(fitted)

    def _model(self, name: str) -> DemandModel:
        return self.model if not isinstance(self.model, str) and self.model.name == name else model_named(name)

    def _learn(
        self, recorded: DemandPanel, rows: Integers, classes: npt.NDArray[np.str_], context: FitContext, *, tried: bool
    ) -> list[Any]:
        """Return what the members of the combination learn from all of history; try them at earlier origins first."""
        models = [model_named(name) for name in DEFAULT_MEMBERS]
        ready_all(models)
        planned = None
        if tried:
            groups = [self._groups[i] for i in rows]
            facts = (self._protection[rows], classes[rows], self._keys[rows])
            planned = plan_trials(recorded.take(rows), models, groups, *facts, self._rules)
        pooled: list[Any] = []
        lessons, tries, trials = planned.steps() if planned else ([], [], None)
        # What is learned at earlier origins and what is learned from all of history need nothing of each other.
        steps = [*lessons, lambda: pooled.extend(pool_all(models, self.panel_, context)), *tries]
        list(self._run(lambda step: step(), steps))
        if trials is not None:
            self.blending_ = learn_blending(trials, self._protection[rows][trials.rows])
        return pooled

    def _blend(
        self, rows: Integers, classes: npt.NDArray[np.str_], context: FitContext, pooled: Sequence[Any]
    ) -> BlendedSeries:
        number = np.array([CLASSES.index(name) for name in classes[rows]], dtype=np.int64)
        run_models, run_pieces = side_by_side(self._run, len(rows))

        def fit(taught: tuple[str, Any]) -> FittedSeries:
            name, learned = taught
            return fit_series(model_named(name), self.panel_, rows, context, run_pieces, learned)

        members = tuple(run_models(fit, zip(DEFAULT_MEMBERS, pooled, strict=True)))
        length = self._protection[rows]
        pool = self.blending_.pool(self.summary_.mean[rows] * length)
        return BlendedSeries(
            members, rows, self.blending_.weights[number], pool, length, self.blending_.calibration, self._whole[rows]
        )

    def paths(self, horizon: int, count: int, rows: Integers | None = None) -> Floats32:
        """Draw sample paths from the as-of opening on.

        Parameters
        ----------
        horizon : periods. count : paths a series.
        rows : which series, in any order; default: all.

        Returns
        -------
        float32 (k, count, horizon), units a period.
        """
        if horizon < 1 or count < 1:
            raise ValueError(f"horizon is {horizon} and count {count}; both must be at least 1")
        chosen = np.arange(len(self.panel_)) if rows is None else np.asarray(rows, dtype=np.int64)
        outside = [(k, self._outside[row]) for k, row in enumerate(chosen.tolist()) if row in self._outside]
        # The spread of a sum over periods can only be seen on paths that are as long.
        drawn = self._own_paths(max([horizon, *(forecast.needed(horizon) for _, forecast in outside)]), count, chosen)
        out = np.ascontiguousarray(drawn[:, :, :horizon])
        for k, forecast in outside:
            key, whole = self._keys[chosen[k]], self._whole[chosen[k]]
            out[k] = forecast.paths(drawn[k], horizon, key, whole, self._season_length)
        return out

    def _own_paths(self, horizon: int, count: int, chosen: Integers) -> Floats32:
        """Draw from the fitted models, with what is known of the future."""
        out = np.empty((len(chosen), count, horizon), dtype=np.float32)
        for fitted, where in self._by_model(chosen):
            if len(where) == len(chosen):
                out = fitted.paths(chosen, self._keys[chosen], horizon, count)
                continue
            out[where] = fitted.paths(chosen[where], self._keys[chosen[where]], horizon, count)
        ahead = min(horizon, self._factor.shape[1])
        touched = (self._factor[chosen, :ahead] != 1).any(axis=1) | (self._extra[chosen, :ahead] != 0).any(axis=1)
        for k in np.flatnonzero(touched):
            row = chosen[k]
            apply_ahead(self._keys[row], self._factor[row, :ahead], self._extra[row, :ahead], self._whole[row], out[k])
        return out

    def look_ahead(self, factor: Floats32, extra: Floats32) -> None:
        """Tell what is known of the future; every path drawn from now on follows it.

        Parameters
        ----------
        factor, extra : float32 (n, h); demand of the first h periods is multiplied and raised by so many units.
        """
        if factor.shape != extra.shape or factor.shape[0] != len(self.panel_) or not (factor >= 0).all():
            raise ValueError(f"factor and extra must be of shape ({len(self.panel_)}, h) and factors at least 0")
        self._factor, self._extra = factor, extra

    def take_outside(self, forecasts: Mapping[int, OutsideForecast]) -> None:
        """Let some series, by their row, follow forecasts from elsewhere: every path drawn from now on does.

        What is known of the future (:meth:`look_ahead`) is taken to be in them already.
        """
        self._outside = dict(forecasts)
        own = self.choice_["model"]
        self.choice_["reason"] = [
            f"an outside forecast was given: {self._outside[i]}; ours would be {own[i]}" if i in self._outside else why
            for i, why in enumerate(self.choice_["reason"])
        ]
        self.choice_["model"] = ["outside" if i in self._outside else name for i, name in enumerate(own)]

    @property
    def ahead(self) -> tuple[Floats32, Floats32, Mapping[int, OutsideForecast]]:
        """What is known of the future: factor and extra (see :meth:`look_ahead`), and outside forecasts by row."""
        return self._factor, self._extra, self._outside

    @property
    def _season_length(self) -> int:
        """Periods after which demand repeats itself: a week of days, else a year."""
        frequency = self.panel_.calendar.frequency
        return 7 if frequency.code == "D" else frequency.periods_per_year

    def _by_model(self, rows: Integers) -> Iterator[tuple[FittedSeries | BlendedSeries, Integers]]:
        of = self._fitted_by[rows]
        for k in np.unique(of):
            yield self._fitted[k], np.flatnonzero(of == k)

    def lead_time_demand(
        self, protection: int | npt.ArrayLike, count: int = 400, rows: Integers | None = None
    ) -> LeadTimeDemand:
        """Return the distribution of demand summed over a protection interval.

        Parameters
        ----------
        protection : periods, at least 1: one number for all, (k,) one a series, or (k, count) one a path,
            which is how a random interval enters.
        count : paths a series.
        rows : which k series; default: all.
        """
        chosen = np.arange(len(self.panel_)) if rows is None else np.asarray(rows, dtype=np.int64)
        length = np.asarray(protection, dtype=np.int64)
        if length.ndim == 1:
            length = length[:, None]
        periods = np.ascontiguousarray(np.broadcast_to(length, (len(chosen), count)))
        if periods.size and periods.min() < 1:
            raise ValueError("a protection interval must have at least 1 period")
        sums = np.empty((len(chosen), count), dtype=np.float32)
        for first in range(0, len(chosen), SERIES_A_PIECE):
            part = slice(first, first + SERIES_A_PIECE)
            sums_at(self.paths(int(periods[part].max()), count, chosen[part]), periods[part], sums[part])
        return LeadTimeDemand.from_samples(sums, self.panel_.take(chosen).integral)

    def update(self, demand: DemandPanel | pd.DataFrame) -> Self:
        """Take in a longer history of the same series: states run on, parameters, weights and seasons stay.

        Parameters
        ----------
        demand : panel of the same series, or long rows, from the same first period on, with further periods.

        Raises
        ------
        ValueError
            Other series, another first period, or fewer periods than before.
        """
        recorded = demand if isinstance(demand, DemandPanel) else DemandPanel.from_frame(demand)
        before, now = self.panel_.calendar, recorded.calendar
        if recorded.keys != self.panel_.keys or now.first_day != before.first_day or now.periods < before.periods:
            raise ValueError(
                f"update needs the same series from the same first period on, and no fewer periods: the forecaster "
                f"knows {self.panel_!r}, got {recorded!r}"
            )
        self.panel_, self.summary_, self.cleaning_ = prepare(recorded, self._rules)
        self.season_ = replace(self.season_, calendar=now)
        context = FitContext(self.season_, self.season_.profile, covariates=self._covariates)
        self._fitted = tuple(fitted.follow(self.panel_, context, self._run) for fitted in self._fitted)
        return self

    def refit(
        self,
        demand: DemandPanel,
        rows: Integers,
        *,
        models: Sequence[str] | Callable[[npt.NDArray[np.str_]], Sequence[str]] | None = None,
        protection: int | npt.ArrayLike | None = None,
        rules: CleaningRules | None = None,
    ) -> Integers:
        """Fit some series anew, and those whose cleaned demand differs on their account; all others stay.

        What all series taught stays as well: pooled models, seasons, weights and calibration. So the result is near
        that of :meth:`fit`, not the same.

        Parameters
        ----------
        demand : panel of the same series and periods. rows : int64, series of which something changed.
        models, protection, rules : as for :meth:`fit`, of all series; default: as they were.

        Returns
        -------
        The series that were fitted, ascending.

        Raises
        ------
        ValueError
            Other series or periods.
        """
        if demand.keys != self.panel_.keys or demand.calendar != self.panel_.calendar:
            raise ValueError(
                f"refit needs the same series and periods: the forecaster knows {self.panel_!r}, got {demand!r}"
            )
        before = self.panel_
        self._rules = rules or self._rules
        self.panel_, self.summary_, self.cleaning_ = prepare(demand, self._rules)
        differs = (self.panel_.quantity != before.quantity) | (self.panel_.status != before.status)
        chosen = np.union1d(rows, np.flatnonzero(differs.any(axis=1))).astype(np.int64)
        classes = syntetos_boylan_classes(self.summary_)
        names, reasons = self._choose(models, classes)
        if protection is not None:
            self._protection[chosen] = np.broadcast_to(np.asarray(protection, dtype=np.int64), len(demand))[chosen]
        self._whole[chosen] = demand.integral[chosen]
        self._refit_series(chosen, np.array(names), classes)
        told = describe_blending(self.blending_, classes) if COMBINATION in names else {}
        choice = self.choice_.copy()
        for name, values in (("class", classes), ("model", names)):
            choice.loc[chosen, name] = np.array(values, dtype=object)[chosen]
        choice.loc[chosen, "reason"] = [
            told[str(classes[i])] if names[i] == COMBINATION else reasons[i] for i in chosen.tolist()
        ]
        self.choice_ = choice
        return chosen

    def _refit_series(self, chosen: Integers, names: npt.NDArray[np.str_], classes: npt.NDArray[np.str_]) -> None:
        """Fit some series with what the models have learned from all; the others' fits are left alone."""
        context = FitContext(self.season_, self.season_.profile, covariates=self._covariates)
        of_model = {f.model.name: f for f in self._fitted if isinstance(f, FittedSeries)}
        blended = next((f for f in self._fitted if isinstance(f, BlendedSeries)), None)
        for name in np.unique(names[chosen]):
            rows = chosen[names[chosen] == name]
            made: FittedSeries | BlendedSeries
            if name != COMBINATION:
                pooled = of_model[str(name)].pooled if str(name) in of_model else None
                made = fit_series(self._model(str(name)), self.panel_, rows, context, self._run, pooled)
            else:
                models = [model_named(member) for member in DEFAULT_MEMBERS]
                known = [m.pooled for m in blended.members] if blended else pool_all(models, self.panel_, context)
                made = self._blend(rows, classes, context, known)
            self._fitted_by[rows] = len(self._fitted)
            self._fitted = (*self._fitted, made)

    def copy(self, *, run: Mapper | None = None) -> Self:
        """Return a forecaster that goes its own way from here; ``run`` as for the class, default: as here."""
        twin = copy(self)
        twin._run = run or self._run
        # All else is replaced as a whole where it changes.
        twin.choice_ = self.choice_.copy()
        for name in ("_protection", "_whole", "_fitted_by"):
            setattr(twin, name, getattr(self, name).copy())
        return twin

    def save(self, folder: Path) -> None:
        """Write everything that :meth:`load` needs to draw the same numbers: Parquet and JSON, no pickle.

        Raises
        ------
        TypeError
            A model that is fitted one by one with statsmodels, or one of your own that holds more than arrays, plain
            values and dataclasses; nothing is written.
        """
        state = {name: getattr(self, name) for name in _STATE}
        write_tree(Path(folder), {**state, "_outside": tuple(self._outside.items())})

    @classmethod
    def load(cls, folder: Path, *, run: Mapper = map, classes: tuple[type, ...] = ()) -> Self:
        """Read a forecaster that was saved; its paths and quantiles are the same to the bit.

        Parameters
        ----------
        classes : dataclasses of models of your own, if the files hold any.
        """
        loaded = cls(run=run)
        for name, value in read_tree(Path(folder), classes).items():
            setattr(loaded, name, dict(value) if name == "_outside" else value)
        return loaded

    def stock_outs(self) -> pd.DataFrame:
        """Estimate the demand of periods out of stock, beside what was sold; see :func:`estimate_stock_outs`."""
        return estimate_stock_outs(self.panel_, self.summary_, self.season_)

    def parameters(self) -> pd.DataFrame:
        """Return what was fitted: one row a series, one column a parameter (empty where a model has none).

        Of a combination: the weighted mean of its members' levels, and the weight of each member.
        """
        import pandas as pd

        parts = [
            pd.DataFrame(dict(values), index=rows) for fitted in self._fitted for rows, values in fitted.parameters()
        ]
        fitted = pd.concat(parts).sort_index() if parts else pd.DataFrame()
        # Counts would be whole numbers only while no series has a model without them.
        fitted = fitted.astype(dict.fromkeys(fitted.select_dtypes("number").columns, np.float64))
        return pd.concat([self.choice_, fitted], axis=1)


def describe_blending(blending: Blending, classes: npt.NDArray[np.str_]) -> dict[str, str]:
    """Say for each class which models are averaged, and why."""
    if blending.origins == 0:
        return dict.fromkeys(
            (str(c) for c in np.unique(classes)),
            f"the quantiles of {', '.join(DEFAULT_MEMBERS)} are averaged; the history is too short to weigh them",
        )
    why = f"least loss at {blending.origins} earlier origins"
    return {
        str(
            c
        ): f"quantiles averaged: {describe_weights(DEFAULT_MEMBERS, blending.weights[CLASSES.index(str(c))])}; {why}"
        for c in np.unique(classes)
    }
