"""What a forecast was fitted to, as digests: of all series together, and of each.

Two forecasts of one identity are the same to the bit, so that one of them can be taken up for the other. Prices, stock
and open orders are not in it: no forecast looks at them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from forecasting.cleaning_rules import CleaningRules
from forecasting.forecaster import DemandForecaster
from forecasting.panel import DemandPanel
from forecasting.storage import read_tree, write_tree
from pipelines.digests import digest_of, row_digests
from pipelines.stage_store import StageStore, code_digest

__all__ = ["FORECAST", "ForecastIdentity", "KeptForecast", "KeptForecasts", "forecast_identity"]

Integers = npt.NDArray[np.int64]

# The name of the stage in the cache.
FORECAST: Final = "forecast"
_IDENTITY: Final = "identity"


@dataclass(frozen=True)
class ForecastIdentity:
    """What a forecast of n series was fitted to.

    Attributes
    ----------
    shared : digest of what all series share: the calendar, their names and groups, the seed, this program.
    series : (n,) digest of what is known of each series. taught : key of the forecast that taught what all share.
    """

    shared: str
    series: tuple[str, ...]
    taught: str = ""

    @cached_property
    def key(self) -> str:
        """The name of the forecast among finished stages."""
        return digest_of(self.shared, self.series, self.taught)

    @property
    def rows(self) -> list[str]:
        """(n,) digest of all that the forecast of a series follows from, the other series included."""
        return [f"{self.taught or self.key}{own}" for own in self.series]

    def changed(self, now: ForecastIdentity) -> Integers:
        """The series of which something else is known now."""
        pairs = zip(self.series, now.series, strict=True)
        return np.flatnonzero([before != after for before, after in pairs]).astype(np.int64)

    def refitted(self, now: ForecastIdentity, rows: Integers) -> ForecastIdentity:
        """The identity once some series have been fitted to what is known of them now."""
        fitted = set(rows.tolist())
        # A series fitted on account of others, as its own record is the same, has a digest of its own.
        series = tuple(
            own if i not in fitted else now.series[i] if now.series[i] != own else digest_of(own, now.key)
            for i, own in enumerate(self.series)
        )
        return ForecastIdentity(self.shared, series, self.key) if fitted else self


def forecast_identity(
    panel: DemandPanel,
    rules: CleaningRules,
    groups: Sequence[str],
    models: Sequence[Sequence[str]],
    protection: Integers,
    seed: int,
) -> ForecastIdentity:
    """Digest what :meth:`DemandForecaster.fit` reads.

    Parameters
    ----------
    groups : (n,). models : (c, n) the model asked for should a series be of class c.
    """
    shared = digest_of(code_digest(), panel.calendar, panel.skus, panel.locations, groups, seed)
    asked = list(zip(*models, strict=True)) if models else [()] * len(panel)
    names = {each: digest_of(each) for each in set(asked)}
    told = _told(panel, rules)
    return ForecastIdentity(
        shared,
        tuple(row_digests(len(panel), panel.quantity, panel.status, [names[each] for each in asked], protection, told)),
    )


def _told(panel: DemandPanel, rules: CleaningRules) -> list[str]:
    """Digest of what the cleaning rules say of each series; the order of order lines does not matter."""
    kept = [
        [k for k in rules.keep if k.sku in ("", sku) and k.location in ("", location)] for sku, location in panel.keys
    ]
    lines = rules.lines
    of = lines.rows(panel)
    order = np.lexsort((lines.units, lines.days, of))
    cuts = np.searchsorted(of[order], np.arange(len(panel) + 1)).tolist()
    parts = [order[begin:end] for begin, end in pairwise(cuts)]
    return [digest_of(keep, lines.days[part], lines.units[part]) for keep, part in zip(kept, parts, strict=True)]


@dataclass(frozen=True)
class KeptForecast:
    """A forecast that was taken up, and what it was fitted to."""

    forecaster: DemandForecaster
    identity: ForecastIdentity


@dataclass(frozen=True)
class KeptForecasts:
    """The forecasts among the finished stages of a workspace; ``run`` maps pieces of work."""

    store: StageStore
    run: Any = map

    def find(self, key: str) -> KeptForecast | None:
        """The forecast of this key."""

        def read(folder: Path) -> KeptForecast:
            told = read_tree(folder / _IDENTITY)
            return KeptForecast(DemandForecaster.load(folder, run=self.run), ForecastIdentity(**told))

        found = self.store.find(FORECAST, key, read)
        return None if found is None else replace(found, forecaster=found.forecaster.copy(run=self.run))

    def once(self, identity: ForecastIdentity, fit: Callable[[], DemandForecaster]) -> DemandForecaster:
        """The forecast of this identity: taken up where it has been fitted, else fitted and kept."""
        found = self.find(identity.key)
        if found is not None:
            return found.forecaster
        forecaster = fit()

        def write(folder: Path, kept: KeptForecast) -> None:
            kept.forecaster.save(folder)
            write_tree(folder / _IDENTITY, {"shared": identity.shared, "series": identity.series})

        self.store.keep(FORECAST, identity.key, KeptForecast(forecaster.copy(), identity), write)
        return forecaster
