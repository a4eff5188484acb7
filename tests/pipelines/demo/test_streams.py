"""Keyed random streams."""

from __future__ import annotations

import numpy as np

from pipelines.demo.streams import keyed_stream


def test_the_same_key_gives_the_same_numbers() -> None:
    np.testing.assert_array_equal(keyed_stream(1, "demand", 2, 3).random(5), keyed_stream(1, "demand", 2, 3).random(5))


def test_another_seed_subject_or_position_gives_other_numbers() -> None:
    keys = [(1, "demand", 2, 3), (0, "demand", 2, 3), (1, "series", 2, 3), (1, "demand", 3, 2), (1, "demand", 2)]
    first = [keyed_stream(seed, subject, *key).random() for seed, subject, *key in keys]
    assert len(set(first)) == len(keys)
