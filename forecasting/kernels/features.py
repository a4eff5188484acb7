"""What a global model sees of a series at an origin: running sums once a series, then a few differences a row."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

__all__ = ["FIXED_FEATURES", "block_rows"]

Floats32 = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

# Names of the features that every row has, in their order; then a rate a window, then two a covariate.
FIXED_FEATURES = (
    "block",
    "log_scale",
    "log_demands_a_period",
    "rate_of_all_history",
    "rate_of_block_a_year_ago",
    "growth_into_block_a_year_ago",
    "rate_around_block_a_year_ago",
    "log_periods_since_demand",
    "silence_in_intervals",
    "share_without_demand",
    "variation",
    "log_age",
    "share_observed",
    "season_of_block",
    "season_lately",
    "place_in_year",
    "group",
)


@njit(nogil=True, cache=True)
def _sums(quantity: Floats32, status: Bytes, season: Floats32, sums: Floats, last: Integers) -> None:
    """Run up, over observed cells: quantity, season, cells, cells with demand, squared rate; and the last demand.

    ``sums[k, t]`` holds the sum over the cells before t. ``last[t]`` is the index of the newest observed demand
    before t (-1: none), ``last[-1]`` is not used by it and holds the first observed cell (-1: none).
    """
    sums[:, 0] = 0.0
    newest = -1
    first = -1
    for t in range(quantity.size):
        last[t] = newest
        sums[:, t + 1] = sums[:, t]
        if status[t] == 0:
            value = np.float64(quantity[t])
            rate = value / season[t]
            sums[0, t + 1] += value
            sums[1, t + 1] += season[t]
            sums[2, t + 1] += 1.0
            sums[4, t + 1] += rate * rate
            if first < 0:
                first = t
            if value > 0.0:
                sums[3, t + 1] += 1.0
                newest = t
    last[quantity.size] = newest
    last[quantity.size + 1] = first


@njit(nogil=True, cache=True)
def _between(sums: Floats, first: int, end: int) -> float:
    """Sum of the cells first ... end - 1, as far as there are any."""
    most = sums.size - 1
    total: float = sums[min(max(end, 0), most)] - sums[min(max(first, 0), most)]
    return total


@njit(nogil=True, cache=True)
def _over(sums: Floats, first: int, end: int) -> float:
    """Sum of cells that are not negative; rounding leaves it at 0 or above."""
    total: float = max(_between(sums, first, end), 0.0)
    return total


@njit(nogil=True, cache=True)
def _rate(sums: Floats, first: int, end: int) -> float:
    """Demand a period at season 1 over the observed cells first ... end - 1; NaN where there is none."""
    exposure = _over(sums[1], first, end)
    if exposure <= 0.0:
        return np.nan
    rate: float = _over(sums[0], first, end) / exposure
    return rate


@njit(nogil=True, cache=True)
def _leaning(sums: Floats, first: int, end: int, lean: float, on: float) -> float:
    """Rate over first ... end - 1, leaning on the rate ``on`` as if that were ``lean`` further periods."""
    rate: float = (_over(sums[0], first, end) + lean * on) / (_over(sums[1], first, end) + lean)
    return rate


@njit(nogil=True, cache=True)
def _scale(sums: Floats, t: int, short: int, long: int) -> float:
    """The trailing level before t: the short window leans on the long one, that on all history. 0: never a demand.

    So a series that has fallen silent keeps a level against which its return does not look endless.
    """
    ever = _rate(sums, 0, t)
    if not ever > 0.0:
        return 0.0
    slow = _leaning(sums, t - long, t, 0.1 * long, ever)
    level: float = _leaning(sums, t - short, t, 0.5 * short, slow)
    return level


@njit(nogil=True, cache=True)
def _mean_known(total: Floats, known: Floats, first: int, end: int) -> float:
    """Mean of a covariate's known cells first ... end - 1; NaN where none is known."""
    count = _over(known, first, end)
    if count <= 0.0:
        return np.nan
    mean: float = _between(total, first, end) / count
    return mean


@njit(nogil=True, cache=True)
def _mean_season(season: Floats32, first: int, end: int) -> float:
    total = 0.0
    start = max(first, 0)
    for t in range(start, end):
        total += season[t]
    return total / max(end - start, 1)


@njit(nogil=True, cache=True)
def block_rows(
    quantity: Floats32,
    status: Bytes,
    season: Floats32,
    profile: Integers,
    covariate: Floats32,
    covariate_row: Integers,
    is_price: npt.NDArray[np.bool_],
    place: Floats32,
    series: Integers,
    origin: Integers,
    windows: Integers,
    ends: Integers,
    short: int,
    long: int,
    year: int,
    out: Floats32,
    scale: Floats,
    target: Floats,
    weight: Floats,
) -> None:
    """Write one row for each pair (series, origin) and block; row = pair x blocks + block.

    Parameters
    ----------
    quantity, status : (n, T). season : (groups, P) factors of past and coming periods, P >= T + last block.
    profile : (n,) group of each series. covariate : (rows, P) known ahead, NaN where unknown.
    covariate_row : (c, n) the row of ``covariate`` that concerns a series; is_price : (c,).
    place : (P,) place of each period in the year, 0 to 1.
    series, origin : (p,) pairs, those of a series together; features see only cells before ``origin``.
    windows : trailing windows; ends : end of each block, periods after the origin. short, long : windows of the
        scale. year : periods in a season.
    out : float32 (p x blocks, features), NaN where a feature is not known.
    scale : (p,) trailing level, units a period at season 1; 0: never a demand, features NaN.
    target : (p x blocks,) demand of the block's observed cells / (scale x their season).
    weight : (p x blocks,) demands to be expected in the observed cells: what the target's evidence amounts to; 0
        where less than half of the block is observed.
    """
    periods = quantity.shape[1]
    blocks = ends.size
    kinds = is_price.size
    sums = np.empty((5, periods + 1))
    last = np.empty(periods + 2, dtype=np.int64)
    total = np.empty((kinds, season.shape[1] + 1))
    known = np.empty((kinds, season.shape[1] + 1))
    fixed = 17
    before = -1
    for p in range(series.size):
        i = series[p]
        t = origin[p]
        factors = season[profile[i]]
        if i != before:
            before = i
            _sums(quantity[i], status[i], factors, sums, last)
            for c in range(kinds):
                cells = covariate[covariate_row[c, i]]
                total[c, 0] = 0.0
                known[c, 0] = 0.0
                for u in range(cells.size):
                    there = not np.isnan(cells[u])
                    total[c, u + 1] = total[c, u] + (np.float64(cells[u]) if there else 0.0)
                    known[c, u + 1] = known[c, u] + (1.0 if there else 0.0)
        level = _scale(sums, t, short, long)
        scale[p] = level
        seen = _over(sums[2], t - long, t)
        demands = _over(sums[3], t - long, t)
        all_seen = max(sums[2, t], 1.0)
        often = (demands + sums[3, t] / all_seen) / (seen + 1.0)
        for b in range(blocks):
            row = p * blocks + b
            first = t + (ends[b - 1] if b > 0 else 0)
            end = t + ends[b]
            length = end - first
            features = out[row]
            features[:] = np.nan
            target[row] = 0.0
            weight[row] = 0.0
            if level <= 0.0:
                continue
            observed = _over(sums[2], first, end) if end <= periods else 0.0
            if 2.0 * observed >= length:
                target[row] = _over(sums[0], first, end) / (level * _over(sums[1], first, end))
                weight[row] = observed * often
            silence = t - last[t]
            spread = _over(sums[4], t - long, t) / max(seen, 1.0)
            mean = _rate(sums, t - long, t)
            features[0] = b
            features[1] = np.log(level)
            features[2] = np.log(often)
            features[3] = _rate(sums, 0, t) / level
            ago = first - year
            if ago >= 0 and 2.0 * _over(sums[2], ago, end - year) >= length:
                features[4] = _rate(sums, ago, end - year) / level
                trailing = _scale(sums, t - year, short, long)
                if trailing > 0.0:
                    features[5] = _rate(sums, ago, end - year) / trailing
                features[6] = _rate(sums, ago - short // 2, min(end - year + short // 2, t)) / level
            features[7] = np.log(np.float64(silence))
            features[8] = silence * often
            features[9] = 1.0 - demands / seen if seen > 0.0 else np.nan
            if mean > 0.0:
                features[10] = np.sqrt(max(spread - mean * mean, 0.0)) / mean
            features[11] = np.log(np.float64(t - last[periods + 1]))
            features[12] = _over(sums[2], t - short, t) / min(short, t)
            features[13] = np.log(_mean_season(factors, first, end))
            features[14] = np.log(_mean_season(factors, t - short, t))
            features[15] = place[(first + end - 1) // 2]
            features[16] = profile[i]
            for k in range(windows.size):
                if t >= windows[k] or k == 0:
                    features[fixed + k] = _rate(sums, t - windows[k], t) / level
            for c in range(kinds):
                at = fixed + windows.size + 2 * c
                coming = _mean_known(total[c], known[c], first, end)
                usual = _mean_known(total[c], known[c], t - (long if is_price[c] else short), t)
                if is_price[c]:
                    lately = _mean_known(total[c], known[c], t - short, t)
                    features[at] = np.log(coming / usual) if coming > 0.0 and usual > 0.0 else np.nan
                    features[at + 1] = np.log(lately / usual) if lately > 0.0 and usual > 0.0 else np.nan
                else:
                    features[at] = coming
                    features[at + 1] = usual
