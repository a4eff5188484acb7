"""DemandForecaster: the face of this package for notebooks and for the planner."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from forecasting.choice import choose_models
from forecasting.cleaning import prepare
from forecasting.covariates import Covariates
from forecasting.distributions import LeadTimeDemand
from forecasting.kernels.paths import apply_ahead, sums_at
from forecasting.models import model_named
from forecasting.models.protocol import FitContext, FittedModel, Pools
from forecasting.panel import DemandPanel
from forecasting.seasonality import PooledSeasonality, fit_pooled_seasonality
from forecasting.segments import DemandSummary, syntetos_boylan_classes

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["DemandForecaster"]

Floats32 = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]
# A map over independent pieces of work: the built-in one, or a thread pool's.
Mapper = Callable[[Callable[[Any], Any], Iterable[Any]], Iterator[Any]]

_SERIES_A_PIECE = 1024


@dataclass(frozen=True)
class _Piece:
    """Some series fitted together."""

    rows: Integers
    model: FittedModel


class DemandForecaster:
    """Fit a panel, then draw paths or distributions of future demand.

    Parameters
    ----------
    model : name of a model of the zoo, or "auto": by class, with the reason in ``choice_``.
    seed : seed of the random streams; each series has a stream of its own.
    run : how independent pieces are run: the built-in ``map`` or a thread pool's; the result is the same.

    Attributes
    ----------
    panel_ : the cleaned panel. summary_ : facts of each series. season_ : pooled seasonal factors.
    choice_ : frame with sku, location, class, model, reason. cleaning_ : log of what was cleaned.
    """

    panel_: DemandPanel
    summary_: DemandSummary
    season_: PooledSeasonality
    choice_: pd.DataFrame
    cleaning_: pd.DataFrame

    def __init__(self, model: str = "auto", *, seed: int = 0, run: Mapper = map) -> None:
        self.model, self.seed, self._run = model, seed, run

    def fit(
        self,
        demand: DemandPanel | pd.DataFrame,
        *,
        groups: Sequence[str] | None = None,
        models: Sequence[str] | Callable[[npt.NDArray[np.str_]], Sequence[str]] | None = None,
        covariates: Covariates | None = None,
    ) -> Self:
        """Clean, classify, choose and fit.

        Parameters
        ----------
        demand : a panel of n series, or long rows (sku, date, quantity, ...).
        groups : n names of the groups that share seasons (categories); default: all together.
        models : n names, where the choice differs by series, or a function from the n Syntetos-Boylan classes to
            them; default: ``model`` for all.
        covariates : what is known ahead of time for the n series; only models that learn from them look at it.
        """
        import pandas as pd

        panel = demand if isinstance(demand, DemandPanel) else DemandPanel.from_frame(demand)
        n = len(panel)
        self.panel_, self.summary_, self.cleaning_ = prepare(panel)
        self.season_ = fit_pooled_seasonality(
            self.panel_, self.summary_, list(groups) if groups is not None else ["all"] * n
        )
        classes = syntetos_boylan_classes(self.summary_)
        wanted = models(classes) if callable(models) else models
        names, reasons = choose_models(
            [self.model] * n if wanted is None else list(wanted), classes, self.summary_, panel.calendar.frequency
        )
        self.choice_ = pd.DataFrame(
            {"sku": panel.skus, "location": panel.locations, "class": classes, "model": names, "reason": reasons}
        )
        self._keys = panel.stream_keys(self.seed)
        self._whole = panel.integral
        self.look_ahead(np.ones((n, 0), dtype=np.float32), np.zeros((n, 0), dtype=np.float32))
        self._covariates = covariates
        whole = FitContext(self.season_, self.season_.profile, covariates=covariates)
        self._pooled = {
            name: model.pool(self.panel_, whole)
            for name in sorted(set(names))
            if isinstance(model := model_named(name), Pools)
        }
        self._pieces = list(self._run(self._fit_piece, self._split(np.array(names))))
        self._piece_of = np.empty(n, dtype=np.int64)
        self._place = np.empty(n, dtype=np.int64)
        for k, piece in enumerate(self._pieces):
            self._piece_of[piece.rows] = k
            self._place[piece.rows] = np.arange(len(piece.rows))
        return self

    def _split(self, names: npt.NDArray[np.str_]) -> list[tuple[str, Integers]]:
        work = []
        for name in np.unique(names):
            rows = np.flatnonzero(names == name)
            work += [(str(name), rows[k : k + _SERIES_A_PIECE]) for k in range(0, len(rows), _SERIES_A_PIECE)]
        return work

    def _fit_piece(self, work: tuple[str, Integers]) -> _Piece:
        name, rows = work
        ahead = self._covariates.take(rows) if self._covariates is not None else None
        context = FitContext(self.season_, self.season_.profile[rows], self._pooled.get(name), ahead)
        return _Piece(rows, model_named(name).fit(self.panel_.take(rows), context))

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
        out = np.empty((len(chosen), count, horizon), dtype=np.float32)
        for piece, where in self._by_piece(chosen):
            out[where] = piece.model.paths(self._place[chosen[where]], self._keys[chosen[where]], horizon, count)
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

    def _by_piece(self, rows: Integers) -> Iterator[tuple[_Piece, Integers]]:
        of = self._piece_of[rows]
        for k in np.unique(of):
            yield self._pieces[k], np.flatnonzero(of == k)

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
        for first in range(0, len(chosen), _SERIES_A_PIECE):
            part = slice(first, first + _SERIES_A_PIECE)
            sums_at(self.paths(int(periods[part].max()), count, chosen[part]), periods[part], sums[part])
        return LeadTimeDemand.from_samples(sums, self.panel_.take(chosen).integral)

    def parameters(self) -> pd.DataFrame:
        """Return what was fitted: one row a series, one column a parameter (empty where a model has none)."""
        import pandas as pd

        parts = [pd.DataFrame(dict(piece.model.parameters()), index=piece.rows) for piece in self._pieces]
        fitted = pd.concat(parts).sort_index() if parts else pd.DataFrame()
        return pd.concat([self.choice_, fitted], axis=1)
