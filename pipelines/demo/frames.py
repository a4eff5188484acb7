"""From positions and day numbers to the text and the dates of a table."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipelines.demo.world import NEVER, World

__all__ = ["dates", "keys", "names", "names_or_empty", "numbers_or_empty"]

Integers = npt.NDArray[np.int64]


def keys(world: World, series: Integers) -> dict[str, pd.Series]:
    """Columns ``sku`` and ``location`` of these series."""
    places = [place.name for place in world.locations]
    return {
        "sku": names(list(world.assortment.sku), world.series.sku[series]),
        "location": names(places, world.series.location[series]),
    }


def names(choice: list[str], position: Integers) -> pd.Series:
    """Names of the positions, as text."""
    return pd.Series(choice, dtype="str").take(position).reset_index(drop=True)


def names_or_empty(choice: list[str], position: Integers) -> pd.Series:
    """Names of the positions; missing where the position is -1."""
    return names([*choice, ""], position).where(position >= 0, None)


def dates(world: World, day: Integers) -> npt.NDArray[np.datetime64]:
    """Dates of day numbers; not a time (NaT) before the history and from NEVER on."""
    calendar = world.dates(day).astype("datetime64[us]")
    calendar[(day < 0) | (day >= NEVER)] = np.datetime64("NaT")
    return calendar


def numbers_or_empty(value: Integers) -> pd.Series:
    """Whole numbers; missing from NEVER on."""
    return pd.Series(value, dtype="Int64").where(value < NEVER)
