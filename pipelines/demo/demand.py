"""True demand: its mean on each day, and the counts drawn around it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pipelines.demo.catalogue import CATEGORIES
from pipelines.demo.streams import keyed_stream
from pipelines.demo.world import DAYS_PER_YEAR, World

__all__ = ["PREORDER_DAYS", "draw_demand", "draw_preorders", "mean_demand", "on_sale"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

# A new item starts at this share of its demand and closes the gap with this time constant in days.
_LAUNCH_SHARE, _LAUNCH_DAYS = 0.4, 25.0

PREORDER_DAYS = 30  # so long before its first day an item can be ordered
_PREORDERED_DAYS = 4.0  # mean of the units ordered ahead, in days of the item's usual demand


def on_sale(world: World) -> npt.NDArray[np.bool_]:
    """Days between launch and end, shape (days, series)."""
    day = np.arange(world.days)[:, None]
    launch, end = (bound[world.series.sku] for bound in (world.assortment.launch, world.assortment.end))
    return (launch <= day) & (day < end)


def mean_demand(world: World, uplift: Floats) -> Floats:
    """Multiply rate, week, year, growth, launch and occasions.

    Parameters
    ----------
    uplift : (days, series), factor of the occasions.

    Returns
    -------
    (days, series), units per day; zero where the item is not on sale.
    """
    series, assortment = world.series, world.assortment
    category = assortment.category[series.sku]
    day = np.arange(world.days)

    week = np.array([kind.weekday for kind in CATEGORIES])[:, None] * [place.weekday for place in world.locations]
    week = week / week.mean(axis=2, keepdims=True)
    season = _year(world)[:, :, None] * week[:, :, world.weekdays(day)].transpose(2, 0, 1)
    mean: Floats = season[:, category, series.location]

    mean *= series.rate
    mean *= np.exp(np.outer((day - world.days / 2) / DAYS_PER_YEAR, assortment.growth[series.sku]))
    launched = np.flatnonzero(assortment.launch[series.sku] >= 0)
    age = day[:, None] - assortment.launch[series.sku[launched]]
    mean[:, launched] *= 1.0 - (1.0 - _LAUNCH_SHARE) * np.exp(-np.maximum(age, 0) / _LAUNCH_DAYS)
    mean *= uplift
    mean *= on_sale(world)
    return mean


def draw_demand(world: World, mean: Floats) -> npt.NDArray[np.int64]:
    """Draw negative binomial counts as Poisson counts with gamma distributed rates.

    Parameters
    ----------
    mean : (days, series), units per day.

    Returns
    -------
    (days, series), units.
    """
    series = world.series
    by_series = np.ascontiguousarray(mean.T)
    demand = np.empty(by_series.shape, dtype=np.int64)
    for k, (i, j) in enumerate(zip(series.sku, series.location, strict=True)):
        stream = keyed_stream(world.seed, "demand", i, j)
        dispersion = world.assortment.dispersion[i]
        demand[k] = stream.poisson(by_series[k] * stream.standard_gamma(dispersion, world.days) / dispersion)
    return np.ascontiguousarray(demand.T)


def draw_preorders(world: World) -> Integers:
    """Draw the units that customers order before an item is available, (series,).

    Only items without a predecessor are waited for. They are demanded on the first day on sale; of an item that is
    announced for the time after the history they are open orders at its end.
    """
    series, assortment = world.series, world.assortment
    preordered = np.zeros(series.sku.size, dtype=np.int64)
    new = (assortment.launch >= PREORDER_DAYS) & (assortment.predecessor < 0)
    for k in np.flatnonzero(new[series.sku]):
        stream = keyed_stream(world.seed, "pre-orders", int(series.sku[k]), int(series.location[k]))
        preordered[k] = stream.poisson(_PREORDERED_DAYS * series.rate[k])
    return preordered


def _year(world: World) -> Floats:
    """Seasonal factor of each category with a mean of one over the year, shape (days, categories)."""
    date = world.dates(np.arange(world.days))
    day_of_year = (date - date.astype("datetime64[Y]")).astype(np.int64) + 1
    strength = np.array([kind.season_strength for kind in CATEGORIES])
    peak = np.array([kind.season_peak for kind in CATEGORIES])

    def wave(days: npt.NDArray[np.int64]) -> Floats:
        return np.asarray(np.exp(strength * np.cos(2 * np.pi * (days[:, None] - peak) / DAYS_PER_YEAR)))

    return np.asarray(wave(day_of_year) / wave(np.arange(1, DAYS_PER_YEAR + 1)).mean(axis=0))
