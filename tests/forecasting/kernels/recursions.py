"""The smoothing recursions in plain Python: slow, written in component form and apart from the kernels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def plain_recursion(
    kind: int,
    values: Sequence[float],
    known: Sequence[bool],
    parameters: Sequence[float],
    start: Sequence[float],
    first: int = 0,
) -> tuple[list[float], list[float]]:
    """Return one-step forecasts of periods ``first ...`` and the state (level, trend, seasons) at the end.

    Level and season as weighted means of what was seen and what was believed (Holt 1957, Winters 1960).
    """
    alpha, beta, gamma, phi = (float(p) for p in parameters)
    level, slope, *season = (float(s) for s in start)
    forecasts = []
    for t in range(first, len(values)):
        place = t % len(season)
        base, before = level + phi * slope, season[place]
        forecasts.append(base + before if kind == 0 else base * before)
        if not known[t]:
            level, slope = base, phi * slope
            continue
        y = float(values[t])
        seen = y - before if kind == 0 else y / before
        level = alpha * seen + (1 - alpha) * base
        if alpha > 0:
            slope = beta / alpha * (level - base + phi * slope) + (1 - beta / alpha) * phi * slope
        if kind == 0:
            season[place] = gamma * (y - base) + (1 - gamma) * before
        elif kind == 2:
            season[place] = gamma * y / base + (1 - gamma) * before
    return forecasts, [level, slope, *season]


def squared_loss(kind: int, values: np.ndarray, parameters: Sequence[float], start: Sequence[float]) -> float:
    """Sum of squared one-step errors where everything is known."""
    forecasts, _ = plain_recursion(kind, values, [True] * len(values), parameters, start)
    return float(np.sum((np.asarray(values, dtype=float) - forecasts) ** 2))
