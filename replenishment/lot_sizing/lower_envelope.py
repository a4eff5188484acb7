"""The smallest of many straight lines at given points, line by line, in logarithmic time each."""

from __future__ import annotations

from bisect import bisect_left

import numpy as np

from replenishment.validation import FloatArray

__all__ = ["LowerEnvelope"]


class LowerEnvelope:
    """
    Lines are added one by one and asked for their minimum at points that are known beforehand.

    A tree over the sorted points keeps in each node the line that wins at the node's middle (C. Li and L. Chao's
    tree of segments): O(log n) to add a line and to ask. Of two lines that tie, the one added first wins.

    Parameters
    ----------
    points
        The abscissae that will be asked for, in any order.
    """

    def __init__(self, points: FloatArray) -> None:
        self._x: list[float] = np.unique(points).tolist()
        self._lines: list[tuple[float, float, int] | None] = [None] * (4 * len(self._x))

    def add(self, slope: float, intercept: float, label: int) -> None:
        """Add the line ``slope x + intercept`` under a label of at least 0."""
        node, low, high = 1, 0, len(self._x) - 1
        line = (slope, intercept, label)
        while True:
            held = self._lines[node]
            if held is None:
                self._lines[node] = line
                return
            middle = (low + high) // 2
            if self._at(line, middle) < self._at(held, middle):
                self._lines[node], line, held = line, held, line
            if low == high:
                return
            if self._may_win(line, held, low):
                node, high = 2 * node, middle
            elif self._may_win(line, held, high):
                node, low = 2 * node + 1, middle + 1
            else:
                return

    def minimum(self, x: float) -> tuple[float, int]:
        """Return the smallest value at one of the points and the label of its line; (inf, -1) without a line."""
        place = bisect_left(self._x, x)
        node, low, high = 1, 0, len(self._x) - 1
        best, winner = np.inf, -1
        while low <= high:
            held = self._lines[node]
            if held is None:
                break
            value = self._at(held, place)
            if value < best or (value == best and held[2] < winner):
                best, winner = value, held[2]
            middle = (low + high) // 2
            if low == high:
                break
            node, low, high = (2 * node, low, middle) if place <= middle else (2 * node + 1, middle + 1, high)
        return best, winner

    def _at(self, line: tuple[float, float, int], place: int) -> float:
        return line[0] * self._x[place] + line[1]

    def _may_win(self, line: tuple[float, float, int], held: tuple[float, float, int], place: int) -> bool:
        return (self._at(line, place), line[2]) < (self._at(held, place), held[2])
