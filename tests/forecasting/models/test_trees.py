"""Trees as arrays against the booster that they were taken from."""

from __future__ import annotations

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits

from forecasting.models.trees import Trees, codes_of, quantile_edges


def rows(n: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 5)).astype(np.float32)
    x[:, 1] = rng.integers(0, 4, n)
    x[:, 2] *= 1e6
    x[rng.random(n) < 0.3, 3] = np.nan
    x[:, 4] = np.nan
    return x


def booster(codes: np.ndarray, seed: int) -> HistGradientBoostingRegressor:
    rng = np.random.default_rng(seed)
    level = np.exp(0.3 * np.nan_to_num(codes[:, 0]) / 50 + 0.4 * codes[:, 1] + np.isnan(codes[:, 3]))
    weight = rng.uniform(0.2, 2, len(codes))
    model = HistGradientBoostingRegressor(loss="poisson", max_iter=30, early_stopping=False, random_state=0)
    with threadpool_limits(1):
        return model.fit(codes, rng.poisson(level), weight)


def test_arrays_predict_what_scikit_learn_predicts() -> None:
    """On rows it learned from and on new ones, with missing values that it never saw in some columns."""
    seen, new = rows(3000, 0), rows(2000, 1)
    new[::7, 0] = np.nan
    new[::9, 4] = 3.0
    edges = quantile_edges(seen)
    fitted = booster(codes_of(seen, edges), 2)
    trees = Trees.of(fitted, edges)
    assert len(trees) == 30
    for some in (seen, new):
        np.testing.assert_allclose(np.exp(trees.sums(some)), fitted.predict(codes_of(some, edges)), rtol=1e-12)
    assert np.ptp(trees.sums(new)) > 1


def test_codes_count_the_edges_below() -> None:
    some = rows(400, 3)
    edges = quantile_edges(some)
    codes = codes_of(some, edges)
    for k in range(5):
        for x, code in zip(some[:, k], codes[:, k], strict=True):
            assert np.isnan(code) if np.isnan(x) and k != 4 else code == sum(edge < x for edge in edges[k])
    assert len(edges[1]) == 4
    assert len(edges[4]) == 0
    assert all((np.diff(known) > 0).all() for known in edges)
