"""What the stock record does not know."""

from __future__ import annotations

import numpy as np

from pipelines.demo.demand import on_sale
from pipelines.demo.incidents import Cause, no_incidents
from pipelines.demo.records import count_days, unrecorded_moves
from tests.pipelines.demo.conftest import Stages


def test_each_shelf_is_counted_once_a_quarter_on_a_quiet_day(stages: Stages) -> None:
    counts = count_days(stages.world, no_incidents(stages.world.series.sku.size))
    for column in counts.T:
        days = np.flatnonzero(column)
        assert (np.diff(days) == 91).all()
        assert set(stages.world.weekdays(days)) <= {1, 2, 3}
    assert counts.any(axis=1).sum() > 100, "the counts are spread over the year"


def test_a_wrong_record_is_found_out_on_its_last_day_and_not_before(stages: Stages) -> None:
    incidents = stages.incidents
    counts = count_days(stages.world, incidents)
    struck = incidents.of(Cause.WRONG_RECORD)
    assert struck.size
    for k in struck:
        span = counts[incidents.first[k] : incidents.last[k], k]
        assert span[-1]
        assert span.sum() == 1


def test_most_units_that_move_unrecorded_vanish(stages: Stages) -> None:
    moves = unrecorded_moves(stages.world)
    assert not moves[~on_sale(stages.world)].any()
    assert 0.55 < (moves > 0).sum() / (moves != 0).sum() < 0.85
    per_year = (moves != 0).sum() / on_sale(stages.world).sum() * 365
    assert 2.4 < per_year < 3.3
