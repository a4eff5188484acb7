"""The record of a plan's promises along history: kept at each review, begun by a look back; see ``correction``.

A look back makes the reviews that lie before a plan or a replay, each from what was known then, with one forecast that
is fitted at the first of them. Nothing is ordered; what their levels would have given is known today.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from forecasting.kernels.random import PATH_STRIDE, uniforms
from forecasting.panel import CellStatus
from pipelines.config import PlanConfig
from pipelines.jobs.correcting import may_promise_rates, promises_rates
from pipelines.jobs.known_along import KnownAlong
from pipelines.jobs.stages import Forecast, Knowledge, Levels, set_item_levels
from pipelines.jobs.supply import nothing_in_stock
from replenishment.track_record import Asked, ReviewLevels, SeenDemand, TrackRecord

__all__ = ["PromiseRecord", "begin_record", "keeps_record", "promised_units"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

# Protection intervals that a look back reaches, and the share of history that stays before it.
_INTERVALS_BACK: Final = 4.0
_LEAST_SHARE: Final = 0.5
_LEAST_PERIODS: Final = 4
# So many items speak for all others in a look back: what differs from what was expected differs by the time, too.
_MOST_ITEMS: Final = 5_000
# Draws of an item that nothing else uses: the lead time of the order that its positions take at each opening.
_LEAD_TIME_STEP: Final = PATH_STRIDE - 8
_OPENING_STRIDE: Final = 0xD1342543DE82EF95  # odd, so that no two openings share a draw


class PromiseRecord:
    """Keeps the record of n items along the openings of history.

    Parameters
    ----------
    streams : uint64 (n,), random streams of the items. sampled : lead times are drawn, else the planned ones.
    """

    def __init__(self, streams: npt.NDArray[np.uint64], sampled: bool) -> None:
        self._record = TrackRecord(len(streams))
        self._streams, self._sampled = streams, sampled

    def asked(self, known: Knowledge, rows: Integers) -> Asked:
        """Take in the demand that is known at an opening, and say what to ask for.

        Parameters
        ----------
        known : at the opening. rows : int (k,) numbers of its items.
        """
        self._record.learn(rows, self._seen(known))
        return self._record.asked()

    def keep(
        self,
        known: Knowledge,
        rows: Integers,
        forecast: Forecast,
        found: Levels,
        due: Flags,
        stands_for: float = 1.0,
    ) -> None:
        """Write down the levels of a review.

        Parameters
        ----------
        due : (k,) the items whose review it is. stands_for : items that each of them speaks for.
        """
        facts, levels, policies = found.facts, found.levels, found.levels.policies
        orders = due & ~found.held
        demanded = np.asarray(forecast.forecaster.summary_.demands > 0)
        written = ReviewLevels(
            reorder_point=levels.beside.reorder_point,
            rate=levels.beside.rate,
            raise_by=policies.raise_to - policies.reorder_point,
            lot=policies.lot,
            minimum=policies.minimum,
            lead_time=self._lead_times(known, rows, found),
            review=np.maximum(facts.review_periods, 1),
            weight=promised_units(found),
            orders=orders,
            counted=orders & demanded & promises_rates(facts),
            stands_for=stands_for,
        )
        self._record.review(rows, self._seen(known), written)

    def _seen(self, known: Knowledge) -> SeenDemand:
        """The demand that is known at an opening, as far back as the record needs it.

        An item's own, which its stock would have had to meet: what its predecessors were asked for is only forecast
        with.
        """
        panel = known.history.own
        since = self._record.since
        first = panel.calendar.periods if since is None else since
        return SeenDemand.of(panel.quantity[:, first:], panel.status[:, first:] == CellStatus.OBSERVED, first)

    def _lead_times(self, known: Knowledge, rows: Integers, found: Levels) -> Integers:
        """How long an order of this review travels, periods."""
        waits = found.lead_times
        if not self._sampled:
            return np.rint(waits.mean()).astype(np.int64)
        luck = np.empty((len(rows), 1))
        opening = np.uint64((known.panel.calendar.periods + 1) * _OPENING_STRIDE % 2**64)
        uniforms(self._streams[rows] ^ opening, _LEAD_TIME_STEP, luck)
        return np.asarray(waits.quantile(luck)[:, 0], dtype=np.int64)


def keeps_record(config: PlanConfig, corrections: tuple[str, ...]) -> bool:
    """Whether promises are corrected by a record, and any is of a rate.

    Parameters
    ----------
    corrections : the values of ``correction`` under which a record is kept there.
    """
    return config.correction in corrections and may_promise_rates(config)


def begin_record(along: KnownAlong, opening: int, run: Any) -> PromiseRecord:
    """Look back from an opening.

    Parameters
    ----------
    along : of the plan or the replay that begins there; stays where it is. opening : number of the opening.
    """
    along = along.of_few(_MOST_ITEMS)
    record = PromiseRecord(along.streams, along.config.replay_lead_times == "sampled")
    reach = int(_INTERVALS_BACK * along.protection_at(opening))
    first = max(int(np.ceil(_LEAST_SHARE * opening)), _LEAST_PERIODS, opening - reach)
    next_review = np.zeros(len(along.place), dtype=np.int64)
    for period in range(first, opening):
        if period > first and not (next_review[along.rows] <= period).any():
            continue
        known = along.at(period, fit=False)
        asked = record.asked(known, along.rows)
        found = set_item_levels(known, along.forecast, nothing_in_stock(len(along.rows)), run, asked)
        due = next_review[along.rows] <= period
        record.keep(known, along.rows, along.forecast, found, due, along.stands_for)
        next_review[along.rows[due]] = period + np.maximum(found.facts.review_periods[due], 1)
    return record


def promised_units(found: Levels) -> Floats:
    """Mean demand until the next review, which a promise is weighted with; (k,) units."""
    levels, review = found.levels, np.maximum(found.facts.review_periods, 1)
    return np.asarray(levels.demand_mean * review / np.maximum(levels.lead_time_mean + review, 1.0))
