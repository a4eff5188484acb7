"""What every benchmark shares: generated demand of a given shape, and the one JSON line that it prints last."""

from __future__ import annotations

import json
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

FIRST_DAY = 15_000
SEASON = np.array([0.9, 0.85, 0.85, 0.9, 1.05, 1.3, 1.15])
SERIES_A_PIECE = 1024


def report(**figures: Any) -> None:
    """Print one JSON object; ``peak_mb`` is the largest process, in MiB."""
    own, children = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(json.dumps({**figures, "peak_mb": round(max(own, children) / 1024, 1)}))


def identifiers(series: int) -> tuple[np.ndarray, np.ndarray]:
    """SKU and location of each series: ten locations a SKU, as in the M5."""
    skus = np.array([f"ITEM_{i // 10:06d}" for i in range(series)])
    return skus, np.array([f"STORE_{i % 10}" for i in range(series)])


def generate(series: int, periods: int, seed: int = 0) -> np.ndarray:
    """Poisson counts with gamma rates and a weekly season; float32 (series, periods)."""
    rng = np.random.default_rng(seed)
    rate = rng.gamma(0.6, 2.0, series)
    season = SEASON[np.arange(periods) % 7]
    parts = [
        rng.poisson(rate[first : first + SERIES_A_PIECE, None] * season).astype(np.float32)
        for first in range(0, series, SERIES_A_PIECE)
    ]
    return np.concatenate(parts)


def write_sales(path: Path, series: int, periods: int, *, shuffled: bool, seed: int = 0) -> int:
    """Write daily sales as Parquet, a row a series and day; returns the number of rows.

    Rates are gamma distributed with a weekly season, counts Poisson. ``shuffled`` writes the rows in random order.
    """
    rng = np.random.default_rng(seed)
    skus, locations = identifiers(series)
    sku_names, sku_codes = np.unique(skus, return_inverse=True)
    place_names, place_codes = np.unique(locations, return_inverse=True)
    rate = rng.gamma(0.6, 2.0, series)
    writer: pq.ParquetWriter | None = None
    for part in _parts(rng, series * periods, shuffled):
        who, when = part // periods, part % periods
        quantity = rng.poisson(rate[who] * SEASON[when % 7]).astype(np.float32)
        table = pa.table(
            {
                "sku": pa.DictionaryArray.from_arrays(sku_codes[who].astype(np.int32), sku_names),
                "location": pa.DictionaryArray.from_arrays(place_codes[who].astype(np.int32), place_names),
                "date": pa.array((FIRST_DAY + when).astype(np.int32)).cast(pa.date32()),
                "quantity": quantity,
            }
        )
        writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
        writer.write_table(table)
    if writer is not None:
        writer.close()
    return series * periods


def _parts(rng: np.random.Generator, cells: int, shuffled: bool) -> Iterator[np.ndarray]:
    order = rng.permutation(cells) if shuffled else np.arange(cells)
    yield from np.array_split(order, max(cells // 1_000_000, 1))
