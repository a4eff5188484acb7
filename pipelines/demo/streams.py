"""Random streams keyed by what they are drawn for: one SKU's data do not depend on how many others there are."""

from __future__ import annotations

import zlib

import numpy as np

__all__ = ["keyed_stream"]


def keyed_stream(seed: int, subject: str, *key: int) -> np.random.Generator:
    """Open the stream of one subject and one key.

    Parameters
    ----------
    seed : the seed of the world, >= 0.
    subject : what is drawn, e.g. ``"demand"``; a new subject leaves the numbers of all others as they are.
    key : positions, >= 0, e.g. of the SKU and of the location.
    """
    return np.random.default_rng([seed, zlib.crc32(subject.encode()), *key])
