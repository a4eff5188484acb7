"""The zoo: one file a family, one protocol for all (``protocol.py``)."""

from __future__ import annotations

from typing import Final

from forecasting.models.aggregation import Adida, Imapa
from forecasting.models.boosting import Boosting
from forecasting.models.bootstrap import Bootstrap
from forecasting.models.classical import Ets, Sarimax, StlEts, UnobservedComponents
from forecasting.models.combined import CombinedSmoothing
from forecasting.models.counts import NegativeBinomial
from forecasting.models.exponential import Naive, NaturalSmoothing
from forecasting.models.intermittent import Croston, SyntetosBoylan, TeunterSyntetosBabai
from forecasting.models.markov import Willemain
from forecasting.models.naive import MovingAverage, SeasonalNaive
from forecasting.models.newcomers import CategoryPrior
from forecasting.models.protocol import DemandModel, FitContext, FittedModel
from forecasting.models.smoothing import ExponentialSmoothing
from forecasting.models.theta import Theta

__all__ = ["DEFAULT_MEMBERS", "DemandModel", "FitContext", "FittedModel", "model_named", "model_names"]

_ZOO: dict[str, DemandModel] = {
    model.name: model
    for model in (
        SeasonalNaive(),
        MovingAverage(),
        ExponentialSmoothing(),
        SyntetosBoylan(),
        Bootstrap(),
        NegativeBinomial(),
        Naive(),
        NaturalSmoothing("ses"),
        NaturalSmoothing("holt"),
        NaturalSmoothing("damped"),
        NaturalSmoothing("holt_winters"),
        NaturalSmoothing("holt_winters_multiplicative"),
        Croston(),
        TeunterSyntetosBabai(),
        Adida(),
        Imapa(),
        Willemain(),
        Theta(),
        CombinedSmoothing(),
        Boosting(),
        # Two with the same trees, which are learned once.
        Boosting("boosted_counts", base=NegativeBinomial(), weight=0.5, trees=100, rate=0.08, most_rows=120_000),
        Boosting("boosted_smoothing", weight=0.75, trees=100, rate=0.08, most_rows=120_000),
        Ets(),
        StlEts(),
        Sarimax(),
        UnobservedComponents(),
        CategoryPrior(),
    )
}


# The models whose quantiles the default forecast averages.
DEFAULT_MEMBERS: Final = ("boosted_counts", "boosted_smoothing", "seasonal_naive")


def model_names() -> tuple[str, ...]:
    """Names of the models that configuration may ask for, beside "auto"."""
    return tuple(_ZOO)


def model_named(name: str) -> DemandModel:
    """Return a model by its name.

    Raises
    ------
    ValueError
        An unknown name; the message lists the known ones.
    """
    try:
        return _ZOO[name]
    except KeyError:
        raise ValueError(f"there is no model {name!r}; known are auto, {', '.join(_ZOO)}") from None
