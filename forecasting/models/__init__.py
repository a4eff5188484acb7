"""The zoo: one file a family, one protocol for all (``protocol.py``)."""

from __future__ import annotations

from forecasting.models.boosting import Boosting
from forecasting.models.bootstrap import Bootstrap
from forecasting.models.intermittent import SyntetosBoylan
from forecasting.models.naive import MovingAverage, SeasonalNaive
from forecasting.models.protocol import DemandModel, FitContext, FittedModel
from forecasting.models.smoothing import ExponentialSmoothing

__all__ = ["DemandModel", "FitContext", "FittedModel", "model_named", "model_names"]

_ZOO: dict[str, DemandModel] = {
    model.name: model
    for model in (SeasonalNaive(), MovingAverage(), ExponentialSmoothing(), SyntetosBoylan(), Bootstrap(), Boosting())
}


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
