"""Suppliers and their lead times."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pipelines.demo.suppliers import SUPPLIERS, draw_lead_times, lead_time_distribution

DAYS = 20_000


@pytest.fixture(scope="module")
def drawn() -> np.ndarray:
    return draw_lead_times(3, DAYS, 2)


def test_seven_suppliers_of_whom_each_has_its_own_manner() -> None:
    assert len({supplier.name for supplier in SUPPLIERS}) == 7
    assert sum(supplier.mean_days > supplier.stated_days + 5 for supplier in SUPPLIERS) == 1
    for manner in ("slower_days", "on_time_share", "capacity", "rejected_share"):
        assert sum(bool(getattr(supplier, manner)) for supplier in SUPPLIERS) == 1, manner
    assert SUPPLIERS[2].order_weekdays == "MON,THU"


@pytest.mark.parametrize("position", range(7))
def test_drawn_lead_times_follow_the_written_distribution(drawn: np.ndarray, position: int) -> None:
    """The largest distance between the two distribution functions is below the limit of Kolmogorov and Smirnov."""
    supplier = SUPPLIERS[position]
    usual = drawn[: DAYS - 200, position].ravel()
    probability = lead_time_distribution(supplier)
    assert probability.sum() == pytest.approx(1.0)
    counted = np.bincount(usual, minlength=probability.size)[: probability.size] / usual.size
    assert np.abs(np.cumsum(counted) - np.cumsum(probability)).max() < 1.63 / math.sqrt(usual.size) + 1e-4
    if supplier.on_time_share == 0:
        assert usual.mean() == pytest.approx(supplier.mean_days, abs=5 * supplier.sd_days / math.sqrt(usual.size))
        assert usual.std() == pytest.approx(supplier.sd_days, rel=0.05)


def test_one_supplier_has_become_slower(drawn: np.ndarray) -> None:
    supplier = next(each for each in SUPPLIERS if each.slower_days is not None)
    late = drawn[DAYS - supplier.slower_since :, SUPPLIERS.index(supplier)]
    assert late.mean() == pytest.approx(supplier.slower_days, abs=1.0)
    days = np.arange(lead_time_distribution(supplier, slower=True).size)
    assert (days * lead_time_distribution(supplier, slower=True)).sum() == pytest.approx(supplier.slower_days, abs=0.1)


def test_one_supplier_is_on_time_to_the_day_or_very_late(drawn: np.ndarray) -> None:
    supplier = next(each for each in SUPPLIERS if each.on_time_share > 0)
    late = drawn[:, SUPPLIERS.index(supplier)].ravel() - supplier.stated_days
    assert (late >= 0).all()
    assert (late == 0).mean() == pytest.approx(supplier.on_time_share, abs=0.01)
    assert (late > 20).mean() > 0.02
