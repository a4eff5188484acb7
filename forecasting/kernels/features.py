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
_FIXED = len(FIXED_FEATURES)


@njit(nogil=True, cache=True)
def _sums(quantity: Floats32, status: Bytes, season: Floats32, sums: Floats, last: Integers) -> None:
    """Run up, over observed cells: quantity, season, cells, cells with demand, squared rate; and the last demand.

    ``sums[k, t]`` holds the sum over the cells before t. ``last[t]`` is the index of the newest observed demand
    before t (-1: none), ``last[-1]`` is not used by it and holds the first observed cell (-1: none).
    """
    sums[:, 0] = 0.0
    units = exposure = cells = demands = squares = 0.0
    newest = -1
    first = -1
    for t in range(quantity.size):
        last[t] = newest
        if status[t] == 0:
            value = np.float64(quantity[t])
            rate = value / season[t]
            units += value
            exposure += season[t]
            cells += 1.0
            squares += rate * rate
            if first < 0:
                first = t
            if value > 0.0:
                demands += 1.0
                newest = t
        # One number at a time: assigning a column made all of the kernel four times as slow.
        sums[0, t + 1] = units
        sums[1, t + 1] = exposure
        sums[2, t + 1] = cells
        sums[3, t + 1] = demands
        sums[4, t + 1] = squares
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
def _covariate_sums(cells: Floats32, total: Floats, known: Floats) -> None:
    """Run up a covariate over its known cells, and how many are known."""
    total[0] = 0.0
    known[0] = 0.0
    for u in range(cells.size):
        there = not np.isnan(cells[u])
        total[u + 1] = total[u] + (np.float64(cells[u]) if there else 0.0)
        known[u + 1] = known[u] + (1.0 if there else 0.0)


@njit(nogil=True, cache=True)
def _tell_year_ago(
    sums: Floats, t: int, first: int, end: int, level: float, short: int, long: int, year: int, features: Floats32
) -> None:
    """Features 4 to 6: what the block was a year ago, as far as half of it was observed then."""
    ago = first - year
    if ago < 0 or 2.0 * _over(sums[2], ago, end - year) < end - first:
        return
    features[4] = _rate(sums, ago, end - year) / level
    trailing = _scale(sums, t - year, short, long)
    if trailing > 0.0:
        features[5] = _rate(sums, ago, end - year) / trailing
    features[6] = _rate(sums, ago - short // 2, min(end - year + short // 2, t)) / level


@njit(nogil=True, cache=True)
def _tell_history(
    sums: Floats,
    last: Integers,
    t: int,
    level: float,
    often: float,
    short: int,
    long: int,
    windows: Integers,
    features: Floats32,
) -> None:
    """Features 1 to 3, 7 to 12 and the rates of the windows: the same for all blocks of an origin.

    ``level`` and ``often`` : units and demands a period, above 0.
    """
    features[1] = np.log(level)
    features[2] = np.log(often)
    features[3] = _rate(sums, 0, t) / level
    silence = t - last[t]
    seen = _over(sums[2], t - long, t)
    features[7] = np.log(np.float64(silence))
    features[8] = silence * often
    features[9] = 1.0 - _over(sums[3], t - long, t) / seen if seen > 0.0 else np.nan
    mean = _rate(sums, t - long, t)
    if mean > 0.0:
        spread = _over(sums[4], t - long, t) / max(seen, 1.0)
        features[10] = np.sqrt(max(spread - mean * mean, 0.0)) / mean
    features[11] = np.log(np.float64(t - last[last.size - 1]))
    features[12] = _over(sums[2], t - short, t) / min(short, t)
    for k in range(windows.size):
        if t >= windows[k] or k == 0:
            features[_FIXED + k] = _rate(sums, t - windows[k], t) / level


@njit(nogil=True, cache=True)
def _tell_covariate(
    total: Floats, known: Floats, is_price: bool, t: int, first: int, end: int, short: int, long: int, two: Floats32
) -> None:
    """A price of the block and of late over the usual one, as logarithms; of another covariate its two means."""
    coming = _mean_known(total, known, first, end)
    usual = _mean_known(total, known, t - (long if is_price else short), t)
    if not is_price:
        two[0] = coming
        two[1] = usual
        return
    lately = _mean_known(total, known, t - short, t)
    two[0] = np.log(coming / usual) if coming > 0.0 and usual > 0.0 else np.nan
    two[1] = np.log(lately / usual) if lately > 0.0 and usual > 0.0 else np.nan


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
    shared = np.empty(out.shape[1], dtype=np.float32)
    before = -1
    for p in range(series.size):
        i = series[p]
        t = origin[p]
        factors = season[profile[i]]
        if i != before:
            before = i
            _sums(quantity[i], status[i], factors, sums, last)
            for c in range(kinds):
                _covariate_sums(covariate[covariate_row[c, i]], total[c], known[c])
        level = _scale(sums, t, short, long)
        scale[p] = level
        seen = _over(sums[2], t - long, t)
        often = (_over(sums[3], t - long, t) + sums[3, t] / max(sums[2, t], 1.0)) / (seen + 1.0)
        shared[:] = np.nan
        if level > 0.0:
            _tell_history(sums, last, t, level, often, short, long, windows, shared)
            shared[14] = np.log(_mean_season(factors, t - short, t))
            shared[16] = profile[i]
        for b in range(blocks):
            row = p * blocks + b
            first = t + (ends[b - 1] if b > 0 else 0)
            end = t + ends[b]
            features = out[row]
            features[:] = shared
            target[row] = 0.0
            weight[row] = 0.0
            if level <= 0.0:
                continue
            observed = _over(sums[2], first, end) if end <= periods else 0.0
            if 2.0 * observed >= end - first:
                target[row] = _over(sums[0], first, end) / (level * _over(sums[1], first, end))
                weight[row] = observed * often
            features[0] = b
            _tell_year_ago(sums, t, first, end, level, short, long, year, features)
            features[13] = np.log(_mean_season(factors, first, end))
            features[15] = place[(first + end - 1) // 2]
            for c in range(kinds):
                at = _FIXED + windows.size + 2 * c
                _tell_covariate(total[c], known[c], is_price[c], t, first, end, short, long, features[at : at + 2])
