"""The tables of what lies where: stock, counts and the lanes between locations."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pipelines.demo.frames import dates, keys
from pipelines.demo.history import History
from pipelines.demo.ledger import units_in_dispatch
from pipelines.demo.transfers import TRANSFER_COST, TRANSFER_DAYS
from pipelines.demo.world import AS_OF, World

__all__ = ["stock_counts_table", "stock_table", "transfers_table"]


def stock_table(world: World, history: History) -> pd.DataFrame:
    """The stock record at the opening after the history."""
    allocated = units_in_dispatch(world, history)[-1]
    return pd.DataFrame(
        {
            **keys(world, np.arange(world.series.sku.size)),
            "as_of": pd.Timestamp(AS_OF).as_unit("us"),
            "on_hand": history.booked[-1] + allocated,
            "allocated": allocated,
        }
    )


def stock_counts_table(world: World, history: History) -> pd.DataFrame:
    """One row a count, sorted by item, location and day."""
    counts = history.counts
    order = np.lexsort((counts.day, counts.series))
    return pd.DataFrame(
        {
            **keys(world, counts.series[order]),
            "counted_on": dates(world, counts.day[order]),
            "book": counts.book[order],
            "counted": counts.counted[order],
        }
    )


def transfers_table(world: World) -> pd.DataFrame:
    """The lanes: from the first location to the others and back."""
    first, *others = [place.name for place in world.locations]
    lanes = [*((first, other) for other in others), *((other, first) for other in others)]
    return pd.DataFrame(
        {
            "from_location": pd.Series([lane[0] for lane in lanes], dtype="str"),
            "to_location": pd.Series([lane[1] for lane in lanes], dtype="str"),
            "lead_time_days": np.full(len(lanes), TRANSFER_DAYS),
            "cost": np.full(len(lanes), TRANSFER_COST),
        }
    )
