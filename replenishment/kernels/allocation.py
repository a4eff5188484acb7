"""Compiled loops that hand units out: to one line after the other, or to all that wait at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

__all__ = ["serve_in_turn", "share_fairly", "stream_reach"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@njit(nogil=True, cache=True)
def serve_in_turn(
    line_start: Integers,
    need: Floats,
    wanted: Integers,
    source_start: Integers,
    day: Integers,
    left: Floats,
    whole: bool,
    peg_line: Integers,
    peg_source: Integers,
    peg_units: Floats,
    pegged: int,
) -> int:
    """Serve the lines of each item one after the other; ``need`` and ``left`` are reduced by what is handed out.

    Parameters
    ----------
    line_start, source_start : (n + 1,) where the lines and sources of each item begin; lines in the order in which
        they are served, sources by day.
    need, wanted : (m,) units, and the day from which on they can be used. day, left : (s,) of the sources.
    whole : a line is served from the day on which all of it is there, or not at all.
    peg_* : (c,) what is handed out is written here from place ``pegged`` on. Returns the places needed; where they
        are more than c, the rest was counted and not written.

    Notes
    -----
    What is in time for a line is taken from the latest source that is, so that earlier units stay free for lines that
    can use them at once; beyond that day a line takes the earliest units, or, if it must be whole, those up to the
    first day on which enough is there, again the latest first. No line delays one before it.
    """
    for item in range(len(line_start) - 1):
        begin, end = source_start[item], source_start[item + 1]
        for line in range(line_start[item], line_start[item + 1]):
            if need[line] <= 0:
                continue
            in_time = begin
            while in_time < end and day[in_time] <= wanted[line]:
                in_time += 1
            last = in_time
            if whole:
                there = 0.0
                for source in range(begin, in_time):
                    there += left[source]
                while there < need[line] and last < end:
                    there += left[last]
                    last += 1
                if there < need[line]:
                    continue
            step, stop, source = -1, begin - 1, last - 1
            while need[line] > 0:
                if source == stop:
                    if step > 0 or last == end:
                        break
                    step, stop, source = 1, end, last
                    continue
                if left[source] > 0:
                    units = min(left[source], need[line])
                    left[source] -= units
                    need[line] -= units
                    if pegged < len(peg_line):
                        peg_line[pegged], peg_source[pegged], peg_units[pegged] = line, source, units
                    pegged += 1
                source += step
    return pegged


@njit(nogil=True, cache=True)
def share_fairly(
    line_start: Integers,
    need: Floats,
    wanted: Integers,
    source_start: Integers,
    day: Integers,
    left: Floats,
    step: Floats,
    peg_line: Integers,
    peg_source: Integers,
    peg_units: Floats,
    pegged: int,
) -> int:
    """Share each source among all lines that can use it, in proportion to what they still need.

    Parameters as in :func:`serve_in_turn`; ``step`` (n,): shares are multiples of it (1: whole units; 0: any share).

    Notes
    -----
    Rounding is cumulative along the lines: each gets the difference of two rounded sums, which is within a step of its
    fair share, and the sums are exact.
    """
    for item in range(len(line_start) - 1):
        for source in range(source_start[item], source_start[item + 1]):
            total = 0.0
            for line in range(line_start[item], line_start[item + 1]):
                if wanted[line] <= day[source]:
                    total += need[line]
            if total <= 0 or left[source] <= 0:
                continue
            given = min(left[source], total)
            before, handed = 0.0, 0.0
            for line in range(line_start[item], line_start[item + 1]):
                if wanted[line] > day[source] or need[line] <= 0:
                    continue
                before += need[line]
                upto = given if before >= total else given * (before / total)
                if step[item] > 0 and before < total:
                    upto = np.floor(upto / step[item] + 0.5) * step[item]
                units = min(upto - handed, need[line])
                if units <= 0:
                    continue
                handed += units
                need[line] -= units
                left[source] -= units
                if pegged < len(peg_line):
                    peg_line[pegged], peg_source[pegged], peg_units[pegged] = line, source, units
                pegged += 1
    return pegged


@njit(nogil=True, cache=True)
def stream_reach(source_start: Integers, units: Floats, source: Integers, given: Floats) -> Floats:
    """How far into the units of its item, counted source after source, each entry reaches; (p,).

    Parameters
    ----------
    units : (s,) of the sources before anything was handed out. source, given : (p,) entries in the order in which they
        were handed out.
    """
    used = np.empty(len(units))
    for item in range(len(source_start) - 1):
        before = 0.0
        for k in range(source_start[item], source_start[item + 1]):
            used[k] = before
            before += units[k]
    reach = np.empty(len(source))
    for k in range(len(source)):
        used[source[k]] += given[k]
        reach[k] = used[source[k]]
    return reach
