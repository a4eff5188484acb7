"""From whom each SKU comes: first and second source, price steps, capacity and shelf space."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipelines.demo.catalogue import CATEGORIES
from pipelines.demo.streams import keyed_stream
from pipelines.demo.suppliers import SUPPLIERS
from pipelines.demo.world import NEVER, World

__all__ = ["NO_SOURCE", "STEP_DISCOUNTS", "Sourcing", "draw_sourcing", "stated_lead_time"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

NO_SOURCE = -1
STEP_DISCOUNTS = (0.04, 0.08)  # off the unit cost from the first and from the second step on

_STEP_DAYS = (30, 75)  # the steps in days of demand of an average location
_SECOND_SHARE = 0.30
_SECOND_SUPPLIER = 0  # the near one
_SHELF_SLACK = 1.5


@dataclass(frozen=True, eq=False)
class Sourcing:
    """Sources of the SKUs; arrays of one value a SKU, or a series where it says so.

    Attributes
    ----------
    second : position of the second supplier, or NO_SOURCE; second_cost : money per unit from it.
    steps : (skus, 2), units from which a line is cheaper; NEVER without.
    capacity : a series, units a day that the first supplier can deliver; NEVER without a limit.
    max_stock : a series, units that fit on the shelf; NEVER without a limit.
    """

    second: Integers
    second_cost: Floats
    steps: Integers
    capacity: Integers
    max_stock: Integers


def draw_sourcing(world: World) -> Sourcing:
    """Draw the second sources and derive the steps and limits from the rates."""
    assortment, series = world.assortment, world.series
    roots, where = np.unique(assortment.root, return_inverse=True)
    uniform = np.array([keyed_stream(world.seed, "sourcing", i).random(2) for i in roots])[where]
    has_second = (uniform[:, 0] < _SECOND_SHARE) & (assortment.supplier != _SECOND_SUPPLIER)
    pack, stepped = assortment.pack_size, np.array([supplier.price_steps for supplier in SUPPLIERS])
    steps = np.ceil(np.outer(assortment.rate, _STEP_DAYS) / pack[:, None]).astype(np.int64) * pack[:, None]
    steps = np.maximum(steps, assortment.moq[:, None] + pack[:, None] * np.array([1, 3]))

    per_day = np.array([supplier.capacity or 0.0 for supplier in SUPPLIERS])[assortment.supplier[series.sku]]
    cover = np.array([kind.max_cover_days or 0 for kind in CATEGORIES])[assortment.category[series.sku]]
    lot = assortment.moq[series.sku] + pack[series.sku]
    shelf = np.ceil(_SHELF_SLACK * series.rate * np.maximum(cover, stated_lead_time(world) + 30)).astype(np.int64) + lot
    return Sourcing(
        second=np.where(has_second, _SECOND_SUPPLIER, NO_SOURCE),
        second_cost=np.round(assortment.unit_cost * (1.10 + 0.15 * uniform[:, 1]), 2),
        steps=np.where(stepped[assortment.supplier][:, None], steps, NEVER),
        capacity=np.where(per_day > 0, np.maximum(np.ceil(per_day * series.rate), lot), NEVER).astype(np.int64),
        max_stock=np.where(cover > 0, shelf, NEVER),
    )


def stated_lead_time(world: World) -> Integers:
    """What the first supplier states plus what the item needs more, in days, one value a series."""
    assortment = world.assortment
    stated = np.array([supplier.stated_days for supplier in SUPPLIERS])[assortment.supplier]
    return np.asarray((stated + assortment.extra_lead_days)[world.series.sku])
