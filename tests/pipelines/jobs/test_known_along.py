"""What was known along history: fits begun ahead are the same fits, and are left when nobody waits for them."""

from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np
import pytest

from pipelines import Inputs
from pipelines.execution import thread_mapper
from pipelines.inputs import check_inputs
from pipelines.jobs import known_along
from pipelines.jobs.demand import demand_from_sales
from pipelines.jobs.known_along import KnownAlong
from tests.pipelines.shop import settings, small_shop

CONFIG = settings(model="negative_binomial")


def along(run: Any) -> KnownAlong:
    tables = check_inputs(Inputs(**{name: frame for name, frame in small_shop().items() if name != "stock"}), CONFIG)
    return KnownAlong(tables, CONFIG, demand_from_sales(tables, CONFIG).panel, run)


def test_a_fit_that_was_begun_ahead_is_the_fit_made_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[str] = []
    fit = known_along.fit_forecast
    monkeypatch.setattr(
        known_along, "fit_forecast", lambda *a: (threads.append(threading.current_thread().name), fit(*a))[1]
    )
    ahead, in_time = along(thread_mapper(2)), along(map)
    for one in (ahead, in_time):
        one.begin_fit(60)
        one.at(60, fit=True)
    assert sum(name != "MainThread" for name in threads) == 1
    a, b = (one.forecast.forecaster.paths(4, 50) for one in (ahead, in_time))
    assert np.array_equal(a, b)


def test_a_fit_that_nobody_waits_for_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has a thousand steps; once closed it takes not one more."""
    taken, begun = [0], threading.Event()

    def slow(_known: Any, run: Any) -> None:
        def step(_number: int) -> None:
            taken[0] += 1
            begun.set()
            time.sleep(0.01)

        list(run(step, range(1000)))

    monkeypatch.setattr(known_along, "fit_forecast", slow)
    one = along(thread_mapper(2))
    one.begin_fit(60)
    assert begun.wait(30.0)
    one.close()
    left = one._begun[60]
    with pytest.raises(known_along.CancelledError):
        left.result(timeout=5.0)
    assert taken[0] < 1000
