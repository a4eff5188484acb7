"""Customers who come and go."""

from __future__ import annotations

import numpy as np

from pipelines.demo.customers import Circle, open_circles
from pipelines.demo.world import draw_world


def test_a_place_is_taken_by_one_person_after_the_other() -> None:
    """Two places: persons of the first leave on days 10 and 30, of the second on 20 and 40."""
    circle = Circle(2, np.array([[10.0, 30.0], [20.0, 40.0]]), 100.0)
    day = np.array([0, 9, 11, 29, 0, 19, 21, 39])
    uniform = np.array([[0.1] * 4 + [0.9] * 4, [0.0] * 8])
    assert circle.choose(day, np.zeros(8, dtype=bool), uniform).tolist() == [0, 0, 1, 1, 2, 2, 3, 3]


def test_of_those_who_waited_some_leave_soon() -> None:
    circle = open_circles(draw_world(1, 1, 3, 0))[0]
    stream = np.random.default_rng(1)
    day = stream.integers(0, 900, 4000)
    waited = np.arange(4000) % 2 == 0
    chosen = circle.choose(day, waited, stream.random((2, 4000)))
    place, person = chosen // circle.persons, chosen % circle.persons
    stays = circle.ends[place, person] - day
    assert (stays > 0).all()
    assert np.median(stays[waited]) < 0.7 * np.median(stays[~waited])


def test_the_lives_of_customers_are_as_long_as_the_catalogue_says() -> None:
    world = draw_world(1, 4, 3, 0)
    for place, circle in zip(world.locations, open_circles(world), strict=True):
        lives = np.diff(circle.ends, axis=1, prepend=0.0)
        assert abs(lives.mean() / place.stays_days - 1.0) < 0.15, place.name
        assert (circle.ends[:, -1] > world.days).mean() > 0.95
