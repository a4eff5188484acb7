"""Pieces of work run by threads come back in order, and a failure comes through."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Iterator

import pytest

from pipelines.execution import default_jobs, rare_collections, thread_mapper


@pytest.mark.parametrize("jobs", [0, 1, 2, 5])
def test_results_come_in_the_order_of_the_pieces(jobs: int) -> None:
    def slow_first(k: int) -> int:
        time.sleep(0.02 * (k == 0))
        return k * k

    assert list(thread_mapper(jobs)(slow_first, range(20))) == [k * k for k in range(20)]


def test_no_more_pieces_run_at_once_than_asked_for() -> None:
    running, most, lock = 0, 0, threading.Lock()

    def work(_: int) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.005)
        with lock:
            running -= 1

    list(thread_mapper(3)(work, range(12)))
    assert 2 <= most <= 3


def test_pieces_are_taken_when_they_are_needed_and_not_all_at_once() -> None:
    """Pieces may be large: no more than a few wait at a time."""
    taken = 0

    def pieces() -> Iterator[int]:
        nonlocal taken
        for k in range(100):
            taken += 1
            yield k

    results = thread_mapper(2)(abs, pieces())
    assert next(results) == 0
    assert taken <= 6


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_failure_in_one_piece_comes_through(jobs: int) -> None:
    def work(k: int) -> float:
        return 1 / (k - 3)

    with pytest.raises(ZeroDivisionError):
        list(thread_mapper(jobs)(work, range(6)))


def test_there_is_at_least_one_job_by_default() -> None:
    assert default_jobs() >= 1


def test_garbage_is_searched_for_seldom_and_then_as_before() -> None:
    before = gc.get_threshold()
    with rare_collections():
        assert gc.get_threshold()[0] > 10 * before[0]
    assert gc.get_threshold() == before


def test_who_is_stopped_waits_for_no_piece() -> None:
    begun, going_on = [], threading.Event()

    def work(k: int) -> int:
        begun.append(k)
        if k > 0:
            going_on.wait(20.0)
        return k

    results = thread_mapper(2)(work, range(100))
    assert next(results) == 0
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        results.throw(KeyboardInterrupt)  # type: ignore[attr-defined]
    assert time.monotonic() - start < 10.0
    running = len(begun)
    going_on.set()
    time.sleep(0.1)
    assert len(begun) == running <= 4
