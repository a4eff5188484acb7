"""The VN2 game of the tests keeps the rules, and a plan plays it on one earlier window's first week."""

from __future__ import annotations

import numpy as np
import pytest

from tests.real.development_data import needs
from tests.real.vn2_game import FIRST_COUNTED, ORDERS, WAIT, WEEKS, Floats, Game

pytestmark = needs("vn2")


@pytest.fixture(scope="module")
def game() -> Game:
    """Eight weeks from 2023-09-04 on."""
    return Game(125)


def test_foresight_sells_everything_from_the_third_week_on(game: Game) -> None:
    """What is ordered at the end of week k is sold in week k + 3, not before and not later."""

    def foresee(week: int, stock: Floats, now: Floats, next_week: Floats) -> Floats:
        left = stock
        for k, due in enumerate((now, next_week)):
            left = np.maximum(left + due - game.demand[:, game.start + week + k], 0.0)
        return np.maximum(game.demand[:, game.start + week + WAIT] - left, 0.0)

    assert game.play(foresee).shortage == 0.0
    late = game.play(lambda week, *state: foresee(max(week - 1, 0), *state))
    assert late.shortage > 0


def test_ordering_nothing_costs_all_demand_that_the_starting_stock_leaves(game: Game) -> None:
    nothing = game.play(lambda week, stock, now, next_week: np.zeros_like(stock), cover=0.0)
    counted = slice(game.start + FIRST_COUNTED, game.start + WEEKS)
    assert nothing.holding == 0
    assert nothing.shortage == pytest.approx(game.demand[game.counted, counted].sum())


def test_the_benchmark_agrees_with_a_loop_over_one_item(game: Game) -> None:
    """Divide by the factor of the week, average 13 weeks, four weeks of cover less what is there and under way."""
    opening, item = game.start + 2, 17
    weeks = [day.isocalendar().week for day in game.dates]
    by_week: dict[int, list[float]] = {}
    for t in range(opening):
        seen = [game.demand[i, t] for i in range(len(game.keys)) if game.observed[i, t]]
        by_week.setdefault(weeks[t], []).append(sum(seen) / len(seen))
    means = {week: sum(values) / len(values) for week, values in by_week.items()}
    factor = {week: mean / (sum(means.values()) / len(means)) for week, mean in means.items()}
    known = [t for t in range(opening - 13, opening) if game.observed[item, t]]
    level = sum(game.demand[item, t] / factor[weeks[t]] for t in known) / len(known)
    wanted = level * sum(factor[weeks[t]] for t in range(opening, opening + 4))
    nothing = np.zeros(len(game.keys))
    order = game.benchmark(2, nothing + 1, nothing + 2, nothing)[item]
    assert order == max(round(wanted - 3), 0)


@pytest.mark.thorough
def test_a_plan_orders_whole_units_for_the_week_in_which_they_arrive(game: Game) -> None:
    mean = np.rint(game.recent_mean())
    nothing = np.zeros_like(mean)
    order = game.planner(0, mean, nothing, mean)
    assert (order == np.rint(order)).all()
    assert 0.5 < order.sum() / mean.sum() < 2.5
    assert ORDERS + WAIT == WEEKS
