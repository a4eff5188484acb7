"""Stable random streams: a 64-bit key for each series from (seed, sku, location).

A series draws the same numbers whatever the order of rows, the size of a chunk or the number of threads.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["stream_keys"]


def stream_keys(skus: Sequence[str], locations: Sequence[str], seed: int) -> npt.NDArray[np.uint64]:
    """Hash (seed, sku, location) with BLAKE2b into one key a series.

    Parameters
    ----------
    skus, locations : identifiers of equal length n.
    seed : the seed of the run.

    Returns
    -------
    uint64 of shape (n,)
    """
    keys = np.empty(len(skus), dtype=np.uint64)
    for i, (sku, location) in enumerate(zip(skus, locations, strict=True)):
        text = f"{seed}\x1f{sku}\x1f{location}".encode()
        keys[i] = int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little")
    return keys
