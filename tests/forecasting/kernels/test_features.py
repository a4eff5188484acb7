"""Every feature of every row against a loop over the cells themselves."""

from __future__ import annotations

import numpy as np
import pytest

from forecasting.kernels.features import FIXED_FEATURES, block_rows

SERIES, PERIODS, AHEAD = 7, 90, 12
WINDOWS, ENDS = np.array([1, 4, 30]), np.array([2, 5, 12])
SHORT, LONG, YEAR = 6, 20, 24
NAMES = [*FIXED_FEATURES, "window_1", "window_4", "window_30", "price", "price_lately", "promotion", "promotion_lately"]


def world(seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    reach = PERIODS + AHEAD
    quantity = rng.poisson(np.exp(rng.normal(0, 1.5, (SERIES, 1))), (SERIES, PERIODS)).astype(np.float32)
    quantity[5] = 0
    quantity[6, 3:] = 0
    status = rng.choice([0, 0, 0, 0, 0, 1, 2, 3, 4], (SERIES, PERIODS)).astype(np.uint8)
    status[4, :40] = 2
    price = rng.uniform(1, 3, (SERIES, reach)).astype(np.float32)
    price[rng.random(price.shape) < 0.3] = np.nan
    price[2] = np.nan
    promotion = (rng.random((2, reach)) < 0.2).astype(np.float32)
    return {
        "quantity": quantity,
        "status": status,
        "season": rng.uniform(0.5, 1.5, (2, reach)).astype(np.float32),
        "profile": np.arange(SERIES) % 2,
        "covariate": np.concatenate([price, promotion]),
        "covariate_row": np.array([np.arange(SERIES), SERIES + (np.arange(SERIES) >= 3)]),
        "is_price": np.array([True, False]),
        "place": rng.random(reach).astype(np.float32),
        "series": np.repeat(np.arange(SERIES), 4),
        "origin": np.tile([3, 37, 70, PERIODS], SERIES),
    }


def computed(cells: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rows = len(cells["series"]) * len(ENDS)
    out = np.empty((rows, len(NAMES)), dtype=np.float32)
    scale, target, weight = np.empty(len(cells["series"])), np.empty(rows), np.empty(rows)
    block_rows(*cells.values(), WINDOWS, ENDS, SHORT, LONG, YEAR, out, scale, target, weight)
    return out, scale, target, weight


class PlainSeries:
    """One series read cell by cell."""

    def __init__(self, cells: dict[str, np.ndarray], i: int) -> None:
        self.demand = cells["quantity"][i].astype(float)
        self.known = cells["status"][i] == 0
        self.season = cells["season"][cells["profile"][i]].astype(float)

    def cells(self, first: int, end: int) -> list[int]:
        return [t for t in range(max(first, 0), min(end, PERIODS)) if self.known[t]]

    def rate(self, first: int, end: int) -> float:
        cells = self.cells(first, end)
        return sum(self.demand[t] for t in cells) / sum(self.season[t] for t in cells) if cells else np.nan

    def leaning(self, first: int, end: int, lean: float, on: float) -> float:
        cells = self.cells(first, end)
        return (sum(self.demand[t] for t in cells) + lean * on) / (sum(self.season[t] for t in cells) + lean)

    def scale(self, t: int) -> float:
        ever = self.rate(0, t)
        if not ever > 0:
            return 0.0
        return self.leaning(t - SHORT, t, 0.5 * SHORT, self.leaning(t - LONG, t, 0.1 * LONG, ever))


def mean_of(values: np.ndarray) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else np.nan


def plain_row(cells: dict[str, np.ndarray], i: int, t: int, b: int) -> dict[str, float]:
    own = PlainSeries(cells, i)
    scale = own.scale(t)
    first, end = t + (ENDS[b - 1] if b else 0), t + ENDS[b]
    seen, year = own.cells(t - LONG, t), own.cells(t - LONG, t)
    demands = sum(own.demand[u] > 0 for u in seen)
    ever = own.cells(0, t)
    often = (demands + sum(own.demand[u] > 0 for u in ever) / len(ever)) / (len(seen) + 1)
    last = max((u for u in ever if own.demand[u] > 0), default=-1)
    row = dict.fromkeys(NAMES, np.nan)
    row |= {
        "block": b,
        "log_scale": np.log(scale),
        "log_demands_a_period": np.log(often),
        "rate_of_all_history": own.rate(0, t) / scale,
        "log_periods_since_demand": np.log(t - last),
        "silence_in_intervals": (t - last) * often,
        "share_without_demand": 1 - demands / len(seen) if seen else np.nan,
        "log_age": np.log(t - own.cells(0, PERIODS)[0]),
        "share_observed": len(own.cells(t - SHORT, t)) / min(SHORT, t),
        "season_of_block": np.log(own.season[first:end].mean()),
        "season_lately": np.log(own.season[max(t - SHORT, 0) : t].mean()),
        "place_in_year": cells["place"][(first + end - 1) // 2],
        "group": cells["profile"][i],
    }
    if first >= YEAR and 2 * len(own.cells(first - YEAR, end - YEAR)) >= end - first:
        ago = own.rate(first - YEAR, end - YEAR)
        row["rate_of_block_a_year_ago"] = ago / scale
        if own.scale(t - YEAR) > 0:
            row["growth_into_block_a_year_ago"] = ago / own.scale(t - YEAR)
        around = min(end - YEAR + SHORT // 2, t)
        row["rate_around_block_a_year_ago"] = own.rate(first - YEAR - SHORT // 2, around) / scale
    rates = np.array([own.demand[u] / own.season[u] for u in year])
    if len(year) and own.rate(t - LONG, t) > 0:
        mean = own.rate(t - LONG, t)
        row["variation"] = np.sqrt(max((rates**2).mean() - mean**2, 0)) / mean
    for window in WINDOWS:
        if t >= window or window == WINDOWS[0]:
            row[f"window_{window}"] = own.rate(t - window, t) / scale
    price, promotion = (cells["covariate"][cells["covariate_row"][c, i]].astype(float) for c in (0, 1))
    usual = mean_of(price[max(t - LONG, 0) : t])
    row["price"] = np.log(mean_of(price[first:end]) / usual)
    row["price_lately"] = np.log(mean_of(price[max(t - SHORT, 0) : t]) / usual)
    row["promotion"] = mean_of(promotion[first:end])
    row["promotion_lately"] = mean_of(promotion[max(t - SHORT, 0) : t])
    return row


def test_features_are_what_a_loop_over_the_cells_finds() -> None:
    cells = world()
    out, scale, target, weight = computed(cells)
    silent = 0
    for p, (i, t) in enumerate(zip(cells["series"], cells["origin"], strict=True)):
        own = PlainSeries(cells, i)
        assert scale[p] == pytest.approx(own.scale(t), rel=1e-9)
        for b in range(len(ENDS)):
            row = p * len(ENDS) + b
            if own.scale(t) == 0:
                assert np.isnan(out[row]).all()
                assert weight[row] == 0
                silent += 1
                continue
            plain = plain_row(cells, i, t, b)
            np.testing.assert_allclose(out[row], list(plain.values()), rtol=2e-5, atol=1e-6, err_msg=f"{i} {t} {b}")
            first, end = t + (ENDS[b - 1] if b else 0), t + ENDS[b]
            block = own.cells(first, end) if end <= PERIODS else []
            if 2 * len(block) >= end - first:
                assert target[row] == pytest.approx(own.rate(first, end) / own.scale(t), rel=1e-9)
                assert weight[row] == pytest.approx(len(block) * np.exp(plain["log_demands_a_period"]), rel=1e-9)
            else:
                assert weight[row] == 0
    assert 0 < silent < len(out) // 2
    assert 0 < np.count_nonzero(weight) < len(weight)


def test_nothing_after_the_origin_is_seen_but_what_is_known_ahead() -> None:
    """Other demand and other stock after an origin leave its features as they are; its targets change."""
    cells = world()
    out, _, target, _ = computed(cells)
    t = 37
    changed = {name: values.copy() for name, values in cells.items()}
    changed["quantity"][:, t:] = changed["quantity"][:, t:] * 3 + 2
    changed["status"][:, t:] = np.where(changed["status"][:, t:] == 0, 0, 3)
    again, _, other, _ = computed(changed)
    earlier = np.repeat(cells["origin"] <= t, len(ENDS))
    np.testing.assert_array_equal(again[earlier], out[earlier])
    assert (
        other[np.repeat(cells["origin"] == t, len(ENDS))] != target[np.repeat(cells["origin"] == t, len(ENDS))]
    ).any()
    assert not np.array_equal(again[~earlier], out[~earlier], equal_nan=True)
