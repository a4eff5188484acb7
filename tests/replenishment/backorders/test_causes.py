"""Each rule names its cause where its evidence is there, and only then."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from replenishment.backorders.causes import CAUSES, Deliveries, ItemRecord, attribute, shortage_episodes

# A shelf is empty from day 400 to 406; the supplier takes 10 days, and reviews are weekly; 5 units a day are usual.
FIRST, LAST = 400, 406


def deliveries(**more: Any) -> Deliveries:
    """One order that comes as promised on the day after the shortage, ordered as soon as it was wanted."""
    columns = {
        "order": [0], "proposed": [397.0], "ordered": [397.0], "promised": [407.0], "received": [407.0],
        "ordered_quantity": [100.0], "quantity": [100.0], "rejected": [0.0],
    } | more  # fmt: skip
    return Deliveries(**{k: np.array(v, dtype=np.int64 if k == "order" else float) for k, v in columns.items()})


def record(coming: Deliveries | None = None, surge: float = 0.0, **more: Any) -> ItemRecord:
    demand = np.full(420, 5.0)
    demand[390:400] += surge
    values: dict[str, Any] = {
        "deliveries": coming or deliveries(),
        "count_day": np.array([380]), "book": np.array([60.0]), "counted": np.array([60.0]),
        "begins": 0, "demand": demand, "lead_time": 10.0, "review": 7.0, "target": 0.02, "usual_target": 0.02,
    }  # fmt: skip
    return ItemRecord(**(values | more))


@pytest.mark.parametrize(
    ("books", "cause", "rule"),
    [
        (record(), "safety stock low", "the stock meant for chance ran out"),
        (
            record(count_day=np.array([405]), book=np.array([80.0]), counted=np.array([3.0])),
            "stock record wrong", "a count found 3 where the book said 80",
        ),
        (record(count_day=np.array([405]), book=np.array([80.0]), counted=np.array([60.0])), "safety stock low", ""),
        (record(deliveries(received=[403.0], promised=[403.0], quantity=[10.0], rejected=[90.0])),
         "quality rejected", "90 of 100 units were refused"),
        (record(deliveries(received=[403.0], promised=[403.0], quantity=[60.0], rejected=[40.0])),
         "safety stock low", ""),
        (record(deliveries(promised=[399.0], received=[399.0], quantity=[8.0])),
         "supplier at capacity", "8 of 100 units ordered"),
        (record(deliveries(proposed=[380.0])), "order placed late", "17 days after it was wanted"),
        (record(deliveries(proposed=[390.0])), "safety stock low", ""),
        (record(surge=15.0), "demand above forecast", "220 units were wanted in 14 days, 70 are usual"),
        (record(surge=3.0), "safety stock low", ""),
        (record(deliveries(promised=[395.0])), "supplier late", "12 days after its promise"),
        (record(deliveries(promised=[395.0], received=[np.nan])), "supplier late", "not at all so far"),
        (record(deliveries(promised=[405.0])), "safety stock low", ""),
        (record(deliveries(proposed=[350.0], ordered=[350.0], promised=[360.0], received=[360.0])),
         "no order placed", "the last order was 50 days old"),
        (record(target=0.15), "target low", "allows 15% backorders, 2% is usual"),
        (record(target=np.nan), "safety stock low", ""),
    ],
)  # fmt: skip
def test_the_rule_and_its_numbers(books: ItemRecord, cause: str, rule: str) -> None:
    found = attribute(books, FIRST, LAST)
    assert found.cause == cause
    assert rule in found.rule
    assert cause in CAUSES


def test_days_close_together_are_one_shortage() -> None:
    assert shortage_episodes(np.array([9, 1, 2, 5, 9, 15])) == [(1, 9), (15, 15)]
    assert shortage_episodes(np.empty(0, dtype=np.int64)) == []
