"""The truth behind a shop, as tables: what no shop would know of itself."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipelines.demo.catalogue import LIVES, PATTERNS
from pipelines.demo.frames import dates, keys, names, names_or_empty
from pipelines.demo.history import History
from pipelines.demo.incidents import NO_CAUSE, Cause, Incidents
from pipelines.demo.ledger import units_in_dispatch
from pipelines.demo.sourcing import stated_lead_time
from pipelines.demo.suppliers import SUPPLIERS, lead_time_distribution
from pipelines.demo.world import World

__all__ = [
    "true_days",
    "true_incidents",
    "true_lead_times",
    "true_series",
    "true_suppliers",
    "true_transfers",
]

Floats = npt.NDArray[np.float64]

_AFTERMATH_DAYS = 21  # beyond the lead time and the review after an incident, its effect is looked for


def true_days(world: World, history: History, mean: Floats) -> pd.DataFrame:
    """Each SKU, location and day: mean demand, demand, what became of it, and the stock at the close.

    ``mean`` : (days, series), units per day, surges included.
    """
    series = np.repeat(np.arange(world.series.sku.size), world.days)
    dispatch = units_in_dispatch(world, history)
    by_series = {
        "mean_demand": mean,
        "demand": history.demand,
        "preordered": history.preordered,
        "shipped": history.shipped,
        "backordered": history.backordered,
        "lost": history.lost,
        "filled": history.filled,
        "cancelled": history.cancelled,
        "received": history.received,
        "returned": history.returned,
        "transferred": history.transferred,
        "scrapped": history.scrapped,
        "vanished": history.vanished,
        "on_hand": history.available + dispatch,
        "booked": history.booked + dispatch,
    }
    return pd.DataFrame(
        {
            **keys(world, series),
            "date": dates(world, np.tile(np.arange(world.days), world.series.sku.size)),
            **{name: values.T.ravel() for name, values in by_series.items()},
        }
    )


def true_series(world: World, history: History) -> pd.DataFrame:
    """Parameters of each SKU and location."""
    assortment, sku = world.assortment, world.series.sku
    return pd.DataFrame(
        {
            **keys(world, np.arange(sku.size)),
            "pattern": names([kind.name for kind in PATTERNS], assortment.pattern[sku]),
            "life": names([*(kind.name for kind in LIVES), "successor"], assortment.life[sku]),
            "rate": world.series.rate,
            "dispersion": assortment.dispersion[sku],
            "growth": assortment.growth[sku],
            "caution": world.series.caution,
            "opening_stock": history.opening_stock,
        }
    )


def true_suppliers(world: World) -> pd.DataFrame:
    """What the suppliers really do."""
    since = np.array([world.days - each.slower_since if each.slower_days is not None else -1 for each in SUPPLIERS])
    slower = [each.slower_days if each.slower_days is not None else np.nan for each in SUPPLIERS]
    return pd.DataFrame(
        {
            "supplier": pd.Series([supplier.name for supplier in SUPPLIERS], dtype="str"),
            "lead_time_mean_days": [supplier.mean_days for supplier in SUPPLIERS],
            "lead_time_sd_days": [supplier.sd_days for supplier in SUPPLIERS],
            "slower_mean_days": slower,
            "slower_since": dates(world, since),
            "on_time_share": [supplier.on_time_share for supplier in SUPPLIERS],
            "partial_share": [supplier.partial_share for supplier in SUPPLIERS],
            "rejected_share": [supplier.rejected_share for supplier in SUPPLIERS],
        }
    )


def true_lead_times(world: World) -> pd.DataFrame:
    """Distribution of each supplier's lead time in days, and the new one of a supplier that has become slower."""
    parts = []
    for supplier in SUPPLIERS:
        for slower in (False, True)[: 1 + (supplier.slower_days is not None)]:
            probability = lead_time_distribution(supplier, slower)
            since = world.days - supplier.slower_since if slower else 0
            part = {
                "supplier": pd.Series([supplier.name] * probability.size, dtype="str"),
                "ordered_from": dates(world, np.full(probability.size, since)),
                "days": np.arange(probability.size),
                "probability": probability,
            }
            parts.append(pd.DataFrame(part))
    return pd.concat(parts, ignore_index=True)


def true_incidents(world: World, incidents: Incidents, undisturbed: History, history: History) -> pd.DataFrame:
    """What was planted, and the units that were not filled at once because of it.

    The effect of an incident is the difference between the two histories, which share all draws, from its first day
    until the lead time, a review and three weeks after its last one.
    """
    struck = np.flatnonzero(incidents.cause != NO_CAUSE)
    more = history.unmet - undisturbed.unmet
    units, began, ended = [], [], []
    for k in struck:
        first = int(incidents.first[k])
        stop = min(int(incidents.last[k] + stated_lead_time(world)[k]) + 7 + _AFTERMATH_DAYS, world.days)
        hurt = first + np.flatnonzero(more[first:stop, k] > 0)
        units.append(max(int(more[first:stop, k].sum()), 0))
        began.append(int(hurt[0]) if hurt.size and units[-1] else -1)
        ended.append(int(hurt[-1]) + 1 if hurt.size and units[-1] else -1)
    supplier = world.assortment.supplier[world.series.sku[struck]]
    kinds = [cause.name.lower() for cause in Cause]
    return pd.DataFrame(
        {
            "kind": names(kinds, incidents.cause[struck]),
            **keys(world, struck),
            "supplier": names([each.name for each in SUPPLIERS], supplier),
            "from": dates(world, incidents.first[struck]),
            "to": dates(world, incidents.last[struck]),
            "strength": incidents.strength[struck],
            "units": np.array(units, dtype=np.int64),
            "short_from": dates(world, np.array(began, dtype=np.int64)),
            "short_to": dates(world, np.array(ended, dtype=np.int64)),
        }
    )


def true_transfers(world: World, history: History) -> pd.DataFrame:
    """Each transfer between locations; it arrives two days after it was sent."""
    made = history.transfers
    places = [place.name for place in world.locations]
    return pd.DataFrame(
        {
            "sku": names(list(world.assortment.sku), world.series.sku[made.source]),
            "from_location": names(places, world.series.location[made.source]),
            "to_location": names_or_empty(places, world.series.location[made.target]),
            "sent_on": dates(world, made.sent),
            "quantity": made.quantity,
        }
    )
