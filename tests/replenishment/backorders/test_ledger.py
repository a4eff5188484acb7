"""Each line has the status that its dates and quantities say; totals add up."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from replenishment.backorders.ledger import ItemState, LineStatus, line_status
from tests.replenishment.backorders.lines import AS_OF, ledger

LONG_AGO = np.iinfo(np.int64).min


def items(**more: Any) -> ItemState:
    state = {"available_from": LONG_AGO, "discontinued": False, "restocked": True, "on_order": 0.0} | more
    return ItemState(**{name: np.array([value]) for name, value in state.items()})


@pytest.mark.parametrize(
    ("line", "item", "on_hand", "covered", "status"),
    [
        ({"shipped": [10]}, {}, 0, 0, "shipped"),
        ({"shipped": [4], "cancelled_on": [AS_OF - 1]}, {}, 0, 0, "cancelled"),
        ({"cancelled_on": [AS_OF]}, {}, 0, 10, "backordered"),
        ({}, {"available_from": AS_OF + 1}, 10, 10, "pre-order"),
        ({}, {"available_from": AS_OF}, 10, 10, "allocated"),
        ({}, {}, 9, 10, "backordered"),
        ({"shipped": [4]}, {}, 0, 6, "partly shipped"),
        ({"shipped": [4]}, {}, 6, 6, "allocated"),
        ({"wanted": [AS_OF + 1]}, {}, 0, 10, "open"),
        ({"wanted": [AS_OF]}, {}, 0, 10, "backordered"),
        ({}, {"discontinued": True}, 0, 9, "discontinued"),
        ({}, {"discontinued": True}, 0, 10, "backordered"),
        ({}, {"restocked": False}, 0, 0, "out of stock"),
        ({}, {"restocked": False, "on_order": 3.0}, 0, 3, "backordered"),
        ({}, {}, 0, 0, "backordered"),
        ({"shipped": [10], "shipped_on": [AS_OF]}, {}, 0, 0, "backordered"),
        ({"shipped": [10], "shipped_on": [AS_OF - 1]}, {}, 0, 0, "shipped"),
    ],
)
def test_status(line: dict[str, Any], item: dict[str, Any], on_hand: float, covered: float, status: str) -> None:
    found = line_status(ledger([10], **line), items(**item), np.array([on_hand]), np.array([covered]))
    assert LineStatus(found[0]).label == status


def test_what_was_ordered_has_left_or_waits_or_was_given_up() -> None:
    random = np.random.default_rng(3)
    n = 200
    quantity = random.integers(1, 20, n).astype(float)
    lines = ledger(
        quantity.tolist(),
        shipped=np.floor(quantity * random.random(n) * 1.4),
        ordered=AS_OF - random.integers(1, 60, n),
        shipped_on=AS_OF + random.integers(-9, 9, n),
        cancelled_on=AS_OF + random.integers(-9, 90, n),
        item=random.integers(0, 3, n),
    )
    waits = lines.waiting
    naive = np.zeros(3)
    for k in range(n):
        left = min(lines.shipped[k], quantity[k]) if lines.shipped_on[k] < AS_OF else 0.0
        if lines.cancelled_on[k] >= AS_OF:
            naive[lines.item[k]] += quantity[k] - left
            assert waits[k] == quantity[k] - left
        else:
            assert waits[k] == 0
    assert (lines.waiting_by_item(3) == naive).all()
    assert (lines.age == AS_OF - lines.ordered).all()


def test_what_is_ordered_at_the_opening_is_not_in_the_ledger_yet() -> None:
    assert ledger([5, 7], ordered=[AS_OF - 1, AS_OF]).waiting.tolist() == [5, 0]
