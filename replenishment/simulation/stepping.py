"""A world of many items that goes opening by opening: it shows what is known, takes orders, and only then meets demand.

    world = World.start(on_hand, patience=np.inf)
    while ...:
        seen = world.open()             # arrivals are received, waiting demand is filled
        world.order(units, lead_times)  # any number of times, also not at all
        counts = world.close(demand)    # demand comes; the period is counted

The order of events is that of :mod:`replenishment.simulation.clock`. Demand is handed over only when all decisions of
its period are made: nothing that decides can see the future.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

__all__ = ["Observation", "PeriodCounts", "World"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class _Immutable:
    """A record whose arrays can't be written to."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray):
                value.setflags(write=False)


@dataclass(frozen=True, eq=False)
class PeriodCounts(_Immutable):
    """What happened in one period; arrays of the world's shape, units.

    Attributes
    ----------
    opening : number of the period. received, ordered : at its opening.
    demanded : units. filled : of them, from stock at once. backordered : of them, not filled and waiting.
    lost : not filled and not waiting, or given up waiting at the end of this period.
    filled_later : earlier demand that was filled at the opening.
    filled_by_age : (..., a) the same by the number of periods waited, 0, 1, ..., a - 1.
    stock, waiting : at the end of the period.
    """

    opening: int
    received: Floats
    ordered: Floats
    demanded: Floats
    filled: Floats
    backordered: Floats
    lost: Floats
    filled_later: Floats
    filled_by_age: Floats
    stock: Floats
    waiting: Floats

    @property
    def short(self) -> Floats:
        """Units not filled in the period in which they were demanded."""
        return np.asarray(self.demanded - self.filled)


@dataclass(frozen=True, eq=False)
class Observation(_Immutable):
    """What is known at an opening, after arrivals were received and waiting demand was filled.

    Attributes
    ----------
    opening : number of the period that begins. on_hand, waiting : units, of the world's shape.
    arrivals : (..., a) units on order by the opening at which they are expected: this one, the next, ...; the overdue
        ones are expected at the next.
    last : what happened in the period before; None at the first opening.
    """

    opening: int
    on_hand: Floats
    waiting: Floats
    arrivals: Floats
    last: PeriodCounts | None

    @property
    def on_order(self) -> Floats:
        """All units on order."""
        return np.asarray(self.arrivals.sum(axis=-1))

    @property
    def position(self) -> Floats:
        """The inventory position: on hand and on order, less what waits."""
        return np.asarray(self.on_hand + self.on_order - self.waiting)


@dataclass(frozen=True, eq=False)
class _Batch:
    """What was ordered at one opening: units, and the openings at which they come and are expected."""

    units: Floats
    due: Integers
    expected: Integers


class World:
    """Stock, orders on their way and waiting demand of many items; see the module.

    Notes
    -----
    Orders of an item don't cross: none arrives before an earlier one that was placed in this world. Waiting demand is
    filled first come, first served, and kept by the period of its demand, so that every age is exact.
    """

    def __init__(self, on_hand: Floats, waiting: Floats, batches: list[_Batch], patience: Floats) -> None:
        self._stock = on_hand.copy()
        self._patience = patience
        # (..., c) units by the period of their demand; the last column is that of the latest period.
        self._cohorts = waiting[..., None].copy()
        self._batches = batches
        self._latest_due = np.full(on_hand.shape, -1, dtype=np.int64)
        self._opening = -1
        self._is_open = False
        self._last: PeriodCounts | None = None
        self._received, self._ordered = np.zeros_like(on_hand), np.zeros_like(on_hand)
        self._filled_by_age = np.zeros((*on_hand.shape, 1))

    @classmethod
    def start(
        cls,
        on_hand: npt.ArrayLike,
        *,
        patience: npt.ArrayLike = np.inf,
        waiting: npt.ArrayLike = 0.0,
        arrivals: npt.ArrayLike | None = None,
    ) -> World:
        """Begin before the first opening, number 0.

        Parameters
        ----------
        on_hand : units, (n,) or (n, paths): the shape of the world.
        patience : periods that unmet demand waits, whole numbers or infinite; broadcast to the shape. What is not
            filled by the end of so many periods after its own is lost: 0 loses at once, infinity waits for ever.
        waiting : units of the period before the first opening that still wait; where patience is 0 they are given up
            at the end of the first period.
        arrivals : (..., a) units due at openings 0, 1, ..., a - 1.

        Raises
        ------
        ValueError
            Shapes that don't fit, numbers below 0 or not known.
        """
        stock = _units("on_hand", on_hand)
        patient = np.broadcast_to(np.asarray(patience, dtype=np.float64), stock.shape)
        if not ((patient >= 0) & ((patient == np.inf) | (patient == np.rint(patient)))).all():
            raise ValueError("patience must be a whole number of periods, at least 0, or infinite")
        batches = []
        if arrivals is not None:
            due = _units("arrivals", arrivals)
            if due.shape[:-1] != stock.shape:
                raise ValueError(f"arrivals has shape {due.shape}; expected {(*stock.shape, 'a')}")
            openings = (np.full(stock.shape, k, dtype=np.int64) for k in range(due.shape[-1]))
            batches = [_Batch(due[..., k].copy(), at, at) for k, at in enumerate(openings) if due[..., k].any()]
        waits = np.broadcast_to(_units("waiting", waiting), stock.shape)
        return cls(stock, waits, batches, patient)

    @property
    def shape(self) -> tuple[int, ...]:
        """(n,) or (n, paths)."""
        return self._stock.shape

    @property
    def cohorts(self) -> Floats:
        """Units waiting by the period of their demand, the latest period last; (..., c), a copy."""
        return self._cohorts.copy()

    def open(self) -> Observation:
        """Receive what is due, fill waiting demand, and show what is known.

        Raises
        ------
        RuntimeError
            The period before was not closed.
        """
        if self._is_open:
            raise RuntimeError(f"opening {self._opening} is still open: close(demand) comes first")
        self._opening += 1
        self._is_open = True
        self._ordered = np.zeros(self.shape)
        self._received = np.zeros(self.shape)
        self._filled_by_age = np.zeros((*self.shape, self._cohorts.shape[-1] + 1))
        self._receive()
        return self._observe()

    def order(
        self, units: npt.ArrayLike, lead_times: npt.ArrayLike, expected: npt.ArrayLike | None = None
    ) -> Observation:
        """Place an order; with a lead time of 0 it is received and fills waiting demand at once.

        Parameters
        ----------
        units : at least 0; broadcast to the shape of the world. lead_times : openings until it is there, int.
        expected : openings after which it is expected, which is what observations show; default: ``lead_times``.

        Returns
        -------
        What is known now.

        Raises
        ------
        RuntimeError
            No period is open.
        """
        self._must_be_open("order")
        ordered = np.broadcast_to(_units("units", units), self.shape).copy()
        actual = self._openings_after("lead_times", lead_times)
        actual = np.where(ordered > 0, np.maximum(actual, self._latest_due), actual)
        self._latest_due = np.where(ordered > 0, actual, self._latest_due)
        told = actual if expected is None else self._openings_after("expected", expected)
        self._ordered = self._ordered + ordered
        if ordered.any():
            self._batches.append(_Batch(ordered, actual, told))
        if ((actual <= self._opening) & (ordered > 0)).any():
            self._receive()
        return self._observe()

    def close(self, demand: npt.ArrayLike) -> PeriodCounts:
        """Let the demand of the period come, and count.

        Raises
        ------
        RuntimeError
            No period is open.
        ValueError
            Demand of another shape, below 0 or not known.
        """
        self._must_be_open("close")
        demanded = np.broadcast_to(_units("demand", demand), self.shape).copy()
        filled = np.minimum(self._stock, demanded)
        self._stock = self._stock - filled
        short = demanded - filled
        waits = np.where(self._patience > 0, short, 0.0)
        self._cohorts = np.concatenate([self._cohorts, waits[..., None]], axis=-1)
        given_up = self._give_up()
        self._last = PeriodCounts(
            opening=self._opening,
            received=self._received,
            ordered=self._ordered,
            demanded=demanded,
            filled=filled,
            backordered=waits,
            lost=short - waits + given_up,
            filled_later=self._filled_by_age.sum(axis=-1),
            filled_by_age=self._filled_by_age,
            stock=self._stock.copy(),
            waiting=self._cohorts.sum(axis=-1),
        )
        self._drop_empty_cohorts()
        self._is_open = False
        return self._last

    def _must_be_open(self, verb: str) -> None:
        if not self._is_open:
            raise RuntimeError(f"{verb}: no period is open, open() comes first")

    def _openings_after(self, name: str, periods: npt.ArrayLike) -> Integers:
        wait = np.broadcast_to(np.asarray(periods), self.shape)
        if wait.size and (not np.equal(wait, np.rint(wait)).all() or wait.min() < 0):
            raise ValueError(f"{name} must be whole openings, at least 0")
        return self._opening + wait.astype(np.int64)

    def _receive(self) -> None:
        """Take in all that is due by now and fill waiting demand, oldest first."""
        came = np.zeros(self.shape)
        left = []
        for batch in self._batches:
            due = batch.due <= self._opening
            came += np.where(due, batch.units, 0.0)
            rest = np.where(due, 0.0, batch.units)
            if rest.any():
                left.append(_Batch(rest, batch.due, batch.expected))
        self._batches = left
        self._received = self._received + came
        self._stock = self._stock + came
        if not self._cohorts.any():
            return
        upto = np.cumsum(self._cohorts, axis=-1)
        total = upto[..., -1]
        partly = np.clip(self._stock[..., None] - (upto - self._cohorts), 0.0, self._cohorts)
        # Where all can be filled nothing may be left over by rounding.
        filled = np.where((self._stock >= total)[..., None], self._cohorts, partly)
        self._cohorts = self._cohorts - filled
        self._stock = np.maximum(self._stock - total, 0.0)
        # The last column is the demand of the period before: it has waited one period.
        self._filled_by_age[..., 1:] += filled[..., ::-1]

    def _give_up(self) -> Floats:
        """Let those leave who have waited as long as they would."""
        age = np.arange(self._cohorts.shape[-1] - 1, -1, -1)
        leaves = age >= self._patience[..., None]
        gone = np.where(leaves, self._cohorts, 0.0)
        self._cohorts = self._cohorts - gone
        return np.asarray(gone.sum(axis=-1))

    def _drop_empty_cohorts(self) -> None:
        """Forget the oldest periods of which nobody waits any more."""
        occupied = np.flatnonzero(self._cohorts.any(axis=tuple(range(self._cohorts.ndim - 1))))
        first = int(occupied[0]) if len(occupied) else self._cohorts.shape[-1] - 1
        if first:
            self._cohorts = np.ascontiguousarray(self._cohorts[..., first:])

    def _observe(self) -> Observation:
        ahead = [np.where(b.expected <= self._opening, 1, b.expected - self._opening) for b in self._batches]
        reach = max(
            (int(a.max(initial=0, where=b.units > 0)) for a, b in zip(ahead, self._batches, strict=True)), default=0
        )
        arrivals = np.zeros((*self.shape, reach + 1))
        for wait, batch in zip(ahead, self._batches, strict=True):
            at = np.where(batch.units > 0, wait, 0)[..., None]
            np.put_along_axis(arrivals, at, np.take_along_axis(arrivals, at, -1) + batch.units[..., None], -1)
        return Observation(self._opening, self._stock.copy(), self._cohorts.sum(axis=-1), arrivals, self._last)


def _units(name: str, values: npt.ArrayLike) -> Floats:
    units = np.asarray(values, dtype=np.float64)
    if units.size and not (np.isfinite(units).all() and units.min() >= 0):
        raise ValueError(f"{name} must be known, finite and at least 0")
    return units
