"""How independent pieces of work are run: threads here. The kernels release the interpreter lock.

A place for other executors (a cluster): whatever maps a function over pieces, in order, will do.
"""

from __future__ import annotations

import contextlib
import gc
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

__all__ = ["WORKER", "Mapper", "default_jobs", "rare_collections", "thread_mapper"]

# The names of threads that compute begin so.
WORKER = "restock-worker"

Mapper = Callable[[Callable[[Any], Any], Iterable[Any]], Iterator[Any]]


@contextlib.contextmanager
def rare_collections() -> Iterator[None]:
    """Search for garbage seldom; afterwards as before.

    Most of what a plan loads and makes stays until its end: to search it over and over takes a fifth of its time.
    """
    before = gc.get_threshold()
    gc.set_threshold(50_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def default_jobs() -> int:
    """As many threads as this process may use processors."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def thread_mapper(jobs: int) -> Mapper:
    """Return a ``map`` that runs ``jobs`` pieces at once and yields results in order, few of them waiting."""
    if jobs <= 1:
        return map

    def run(work: Callable[[Any], Any], pieces: Iterable[Any]) -> Iterator[Any]:
        pool = ThreadPoolExecutor(jobs, WORKER)
        pending: list[Future[Any]] = []
        try:
            for piece in pieces:
                pending.append(pool.submit(work, piece))
                if len(pending) > 2 * jobs:
                    yield pending.pop(0).result()
            while pending:
                yield pending.pop(0).result()
        except BaseException as problem:
            # Who is stopped does not wait for pieces that nobody wants any more.
            pool.shutdown(wait=isinstance(problem, Exception), cancel_futures=True)
            raise
        pool.shutdown()

    return run
