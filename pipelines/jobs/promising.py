"""Available to promise: when a new order of some units could be delivered, and with which probability."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from forecasting.calendars import day_to_date
from pipelines.config import PlanConfig
from pipelines.errors import ConfigurationError
from pipelines.inputs import Inputs, check_inputs
from pipelines.jobs.backorder_desk import BackorderDesk, items_of_knowledge, open_desk, with_new_order
from pipelines.jobs.backorder_frames import days_to_dates, source_names
from pipelines.jobs.demand import demand_from_sales
from pipelines.jobs.remembering import unseen_releases
from pipelines.jobs.stages import gather_knowledge
from pipelines.jobs.supply import stock_position
from pipelines.letters import Delivery, sentence
from pipelines.memory import Memory
from pipelines.tables import LARGEST
from replenishment.backorders.ledger import LineStatus

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["PROBABILITIES", "NewOrderPromise", "promise_new_order"]

PROBABILITIES: Final = (0.5, 0.8, 0.9, 0.95)
_NEARLY: Final = 1e-9


@dataclass(frozen=True, eq=False)
class NewOrderPromise:
    """When a new order could be delivered.

    Attributes
    ----------
    as_of : the opening of the promise. sku, location, quantity : what was asked for. probability : the wanted one.
    dates : the day by which all of it is there with each probability, NaT where nothing will be ordered.
    status : of the order as it would stand in the ledger, such as pre-order.
    deliveries : one row a part: source, quantity, delivery_date and delivery_probability.
    ahead : units that wait already. sentence : for the customer.
    """

    as_of: dt.date
    sku: str
    location: str
    quantity: float
    probability: float
    dates: dict[float, np.datetime64]
    status: str
    deliveries: pd.DataFrame
    ahead: float
    sentence: str


def promise_new_order(
    inputs: Inputs,
    config: PlanConfig,
    sku: str,
    quantity: float,
    location: str | None = None,
    memory: Memory | None = None,
) -> NewOrderPromise:
    """Promise a date for an order placed now, behind all that wait; nothing is forecast, nothing written.

    Parameters
    ----------
    location : needed where the SKU is kept at several. memory : orders that were released and that no table shows yet.

    Raises
    ------
    ConfigurationError
        A quantity of 0 or less or beyond what a table may hold, a SKU that is not planned, or one at several locations
        without ``location``.
    """
    if not 0 < quantity <= LARGEST:
        raise ConfigurationError(
            f"quantity is {quantity:g}; a promise is for more than 0 and at most {LARGEST:g} units"
        )
    tables = check_inputs(inputs, config)
    known = gather_knowledge(tables, config, demand_from_sales(tables, config).panel)
    stock = stock_position(tables, known.panel.keys, known.panel.calendar)
    unseen = unseen_releases(memory or Memory(), tables, known.panel.as_of)
    desk = open_desk(items_of_knowledge(known), stock, tables, config, released=unseen)
    item = _find(known.panel.keys, sku, location)
    wanted = tuple(sorted({*PROBABILITIES, config.promise_probability}))
    return _promised(with_new_order(desk, item, quantity, wanted), item, quantity, wanted)


def _find(keys: list[tuple[str, str]], sku: str, location: str | None) -> int:
    """The row of an item."""
    found = [k for k, key in enumerate(keys) if key[0] == sku and location in (None, key[1])]
    if len(found) == 1:
        return found[0]
    if not found:
        where = f" at location {location!r}" if location else ""
        raise ConfigurationError(f"sku {sku!r}{where} is not planned: it is neither in items nor in sales")
    places = ", ".join(repr(keys[k][1]) for k in found)
    raise ConfigurationError(f"sku {sku!r} is kept at {places}: say at which, --location")


def _promised(desk: BackorderDesk, item: int, quantity: float, wanted: tuple[float, ...]) -> NewOrderPromise:
    """Read the promise of the last line."""
    import pandas as pd

    line, main = len(desk.ledger) - 1, wanted.index(desk.config.promise_probability)
    as_of, shift = desk.items.calendar.end_day, desk.config.processing_days

    def date(ahead: int) -> np.datetime64:
        return days_to_dates(np.array([as_of + ahead + shift]))[0] if ahead >= 0 else np.datetime64("NaT", "s")

    rows = np.flatnonzero(desk.allocation.line == line)
    promises, names = desk.promises, source_names(desk)
    parts = [
        (names[s], u, date(d), p)
        for s, u, d, p in zip(
            desk.allocation.source[rows],
            desk.allocation.units[rows].tolist(),
            promises.entry_day[rows, main].tolist(),
            promises.entry_chance[rows, main].tolist(),
            strict=True,
        )
    ]
    missing = float(desk.uncovered[line])
    if missing > _NEARLY:
        last, chance = int(promises.line_day[line, main]), float(promises.line_chance[line, main])
        parts.append(("next order" if last >= 0 else "nothing", missing, date(last), chance))
    frame = pd.DataFrame(parts, columns=["source", "quantity", "delivery_date", "delivery_probability"])
    sku, location = desk.items.keys[item]
    today = day_to_date(as_of)
    deliveries = [Delivery(units, _day(on), _day(on)) for _, units, on, _ in parts]
    return NewOrderPromise(
        as_of=today,
        sku=sku,
        location=location,
        quantity=quantity,
        probability=desk.config.promise_probability,
        dates={p: date(int(promises.line_day[line, k])) for k, p in enumerate(wanted)},
        status=LineStatus(int(desk.status[line])).label,
        deliveries=frame,
        ahead=float(desk.ledger.waiting[:line].sum()),
        sentence=sentence(
            _merged(deliveries),
            today,
            desk.config.language,
            ready=bool(desk.on_hand[line] >= quantity - _NEARLY),
            ended=bool(missing > _NEARLY and not desk.items.restocked[item]),
        ),
    )


def _day(date: np.datetime64) -> dt.date | None:
    return None if np.isnat(date) else date.astype("datetime64[D]").astype(dt.date)


def _merged(deliveries: list[Delivery]) -> list[Delivery]:
    """Parts of one day are one."""
    units: dict[dt.date | None, float] = {}
    for each in deliveries:
        units[each.last] = units.get(each.last, 0.0) + each.units
    return [Delivery(number, day, day) for day, number in units.items()]
