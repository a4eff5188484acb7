"""Random streams belong to identities."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecasting.identity import stream_keys


def test_keys_are_the_blake2b_digests_of_seed_sku_and_location() -> None:
    digest = hashlib.blake2b(b"7\x1f00123\x1fmain", digest_size=8).digest()
    assert stream_keys(["00123"], ["main"], 7)[0] == int.from_bytes(digest, "little")


def test_keys_stay_what_they_were_in_earlier_versions() -> None:
    """The digests are those of ``b2sum -l 64``; other keys would change every plan that was ever made."""
    keys = stream_keys(["A1", "NA"], ["main", "Zürich"], 0)
    assert [int(key).to_bytes(8, "little").hex() for key in keys] == ["0e7cf93efd5c88bc", "cab10a5e59f8c908"]


@given(
    pairs=st.lists(st.tuples(st.text(max_size=4), st.text(max_size=4)), min_size=1, max_size=8, unique=True),
    seed=st.integers(0, 2**31),
    data=st.data(),
)
def test_a_key_does_not_depend_on_the_other_series_or_on_their_order(
    pairs: list[tuple[str, str]], seed: int, data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(pairs))
    together = dict(zip(shuffled, stream_keys(*zip(*shuffled, strict=True), seed).tolist(), strict=True))
    for sku, location in pairs:
        assert together[sku, location] == stream_keys([sku], [location], seed)[0]
    if not any("\x1f" in part for pair in pairs for part in pair):
        assert len(set(together.values())) == len(pairs)


def test_seed_sku_and_location_each_change_the_key_and_so_does_where_one_ends() -> None:
    keys = [
        stream_keys(["ab"], ["c"], 0),
        stream_keys(["ab"], ["c"], 1),
        stream_keys(["a"], ["bc"], 0),
        stream_keys(["c"], ["ab"], 0),
        stream_keys(["ab "], ["c"], 0),
    ]
    assert len(np.unique(np.concatenate(keys))) == len(keys)


def test_every_sku_needs_a_location() -> None:
    with pytest.raises(ValueError, match="zip"):
        stream_keys(["a", "b"], ["main"], 0)
