"""Counter-based random numbers against SplitMix64 in plain integers."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from forecasting.identity import stream_keys
from forecasting.kernels.random import PATH_STRIDE, draw, mix, uniforms
from tests.forecasting.kernels import splitmix

words = st.integers(0, 2**64 - 1)


def test_the_first_numbers_of_seed_1234567_are_the_published_ones() -> None:
    """The reference output of SplitMix64 that other languages test their own against."""
    expected = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431]
    assert [int(draw(np.uint64(1234567), np.uint64(k))) for k in range(4)] == expected


@given(key=words, counter=st.integers(0, 2**60))
def test_a_draw_is_that_of_the_plain_generator(key: int, counter: int) -> None:
    assert int(draw(np.uint64(key), np.uint64(counter))) == splitmix.bits(key, counter)


def test_mixing_maps_different_words_to_different_words() -> None:
    words = np.arange(20_000, dtype=np.uint64)
    assert len({int(mix(word)) for word in words}) == len(words)


def test_the_steps_of_one_path_never_reach_the_next_path() -> None:
    assert PATH_STRIDE == splitmix.STRIDE
    keys = np.array([7], dtype=np.uint64)
    at_start, later = np.empty((1, 3)), np.empty((1, 3))
    uniforms(keys, 0, at_start)
    uniforms(keys, 5, later)
    for path in range(3):
        assert at_start[0, path] == (splitmix.bits(7, path * splitmix.STRIDE) >> 11) / 2**53
        assert later[0, path] == (splitmix.bits(7, path * splitmix.STRIDE + 5) >> 11) / 2**53


def test_numbers_of_many_series_are_uniform_and_unrelated() -> None:
    """Kolmogorov and Smirnov within a stream and across streams; neighbours do not correlate."""
    keys = stream_keys([f"s{i}" for i in range(200)], ["main"] * 200, 0)
    out = np.empty((200, 200))
    uniforms(keys, 3, out)
    assert out.min() >= 0
    assert out.max() < 1
    for sample in (out.ravel(), out[0], out[:, 0]):
        assert stats.kstest(sample, "uniform").pvalue > 0.001
    assert abs(np.corrcoef(out[:-1].ravel(), out[1:].ravel())[0, 1]) < 4 / 200
    assert abs(np.corrcoef(out[:, :-1].ravel(), out[:, 1:].ravel())[0, 1]) < 4 / 200
