"""Blended paths against a plain loop."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from forecasting.kernels.blending import blend_paths
from tests.forecasting.kernels.splitmix import STRIDE, bits

MODELS, SERIES, DRAWS, HORIZON = 3, 4, 30, 6


def ranked(seed: int) -> tuple[tuple[npt.NDArray[np.float32], ...], npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Paths of three models, their order by total over all but the last two periods, and these totals."""
    rng = np.random.default_rng(seed)
    drawn = rng.poisson(rng.uniform(0.05, 3.0, (MODELS, SERIES, 1, 1)), (MODELS, SERIES, DRAWS, HORIZON))
    drawn = drawn * np.array([1.0, 1.0, 0.37, 1.0])[:, None, None]
    sums = drawn[..., :-2].astype(np.float32).sum(axis=3).astype(np.float64)
    order = np.argsort(sums, axis=2, kind="stable")
    return tuple(drawn.astype(np.float32)), order, np.take_along_axis(sums, order, 2)


def one_path(
    key: int,
    rank: int,
    source: int,
    total: float,
    whole: bool,
    paths: list[npt.NDArray[np.float32]],
    order: list[npt.NDArray[np.int64]],
    sums: list[npt.NDArray[np.float64]],
    weight: npt.NDArray[np.float64],
) -> list[float]:
    """The path of one rank of one series."""
    drawn = bits(key, rank * STRIDE + STRIDE - 3)
    uniform, offset = (drawn >> 32) / 2**32, (drawn & 0xFFFFFFFF) / 2**32
    alive = [j for j in range(len(paths)) if sums[j][source] > 0 and weight[j] > 0]
    alive = alive or [j for j in range(len(paths)) if weight[j] > 0]
    ends = np.cumsum([weight[j] for j in alive])
    chosen = alive[min(int(np.searchsorted(ends, uniform * ends[-1], side="right")), len(alive) - 1)]
    path = [float(x) for x in paths[chosen][order[chosen][source]]]
    ratio = total / sums[chosen][source] if sums[chosen][source] > 0 else 1.0
    if not whole:
        return [x * ratio for x in path]
    reached = [math.floor(ratio_sum + offset) for ratio_sum in np.cumsum([x * ratio for x in path])]
    return [float(x) for x in np.diff(reached, prepend=0)]


def test_every_path_is_that_of_a_plain_loop() -> None:
    paths, order, sums = ranked(0)
    rng = np.random.default_rng(1)
    count = DRAWS
    keys = rng.integers(0, 2**64, SERIES, dtype=np.uint64)
    weight = np.array([[0.5, 0.3, 0.2], [0.0, 0.4, 0.6], [1.0, 0.0, 0.0], [0.2, 0.2, 0.6]])
    source = np.sort(rng.integers(0, DRAWS, (SERIES, count)), axis=1)
    total = np.sort(rng.uniform(0, 20, (SERIES, count)), axis=1)
    whole = np.array([True, False, False, True])
    out = np.full((SERIES, count, HORIZON), -1, dtype=np.float32)
    blend_paths(keys, paths, order, sums, weight, source, total, whole, out)
    for i in range(SERIES):
        for rank in range(count):
            wanted = one_path(
                int(keys[i]),
                rank,
                int(source[i, rank]),
                float(total[i, rank]),
                bool(whole[i]),
                [p[i] for p in paths],
                [o[i] for o in order],
                [s[i] for s in sums],
                weight[i],
            )
            first = int(np.flatnonzero(weight[i])[0])
            place = order[first, i, rank]
            np.testing.assert_allclose(out[i, place], wanted, rtol=1e-6)
    assert (out >= 0).all()


def test_a_model_is_the_template_as_often_as_it_weighs() -> None:
    """Three models that demand everything in a period of their own."""
    draws = 20_000
    paths = tuple(np.eye(3, dtype=np.float32)[j].reshape(1, 1, 3).repeat(draws, 1) for j in range(3))
    order = np.tile(np.arange(draws), (3, 1, 1))
    total = np.full((1, draws), 5.0)
    out = np.empty((1, draws, 3), dtype=np.float32)
    weight = np.array([[0.6, 0.3, 0.1]])
    key = np.array([7], dtype=np.uint64)
    blend_paths(key, paths, order, np.ones((3, 1, draws)), weight, order[0], total, np.array([True]), out)
    np.testing.assert_allclose((out[0] > 0).mean(axis=0), weight[0], atol=0.012)
    np.testing.assert_array_equal(out[0].sum(axis=1), 5)


def test_rounding_keeps_the_mean_and_no_partial_sum_is_a_unit_off() -> None:
    draws = 4000
    path = np.array([1.0, 0.0, 2.0, 1.0], dtype=np.float32)
    paths = (np.tile(path, (1, draws, 1)),)
    order, sums = np.arange(draws).reshape(1, 1, draws), np.full((1, 1, draws), 4.0)
    out = np.empty((1, draws, 4), dtype=np.float32)
    total = np.full((1, draws), 2.6)
    blend_paths(np.array([3], np.uint64), paths, order, sums, np.ones((1, 1)), order[0], total, np.array([True]), out)
    smooth = np.cumsum(path * (2.6 / 4.0))
    reached = np.cumsum(out[0], axis=1)
    assert (abs(reached - smooth) < 1).all()
    np.testing.assert_allclose(reached.mean(axis=0), smooth, atol=0.03)
