"""Bad numbers are refused by every public function, by name, with their value and the range allowed."""

from __future__ import annotations

import re
from typing import Any, Final

import numpy as np
import pytest

from tests.replenishment.public_calls import ANY, CALLS, OR_NONE, Call, public_functions

# Outside of each range; NaN is outside of all.
_BAD: Final = {
    "(0, inf)": (0.0, -1.0, np.inf, np.nan),
    "[0, inf)": (-1.0, np.inf, np.nan),
    "[0, inf]": (-1.0, np.nan),
    "(0, inf]": (0.0, -1.0, np.nan),
    "[1, inf)": (0.0, -1.0, np.inf, np.nan),
    "(0, 1)": (0.0, 1.0, 95.0, -0.1, np.nan),
    "(0, 1]": (0.0, 95.0, np.nan),
    "[0, 1]": (-0.1, 95.0, np.nan),
    "(-inf, inf)": (np.inf, -np.inf, np.nan),
    "(-inf, inf]": (-np.inf, np.nan),
    ANY: (np.nan,),
    OR_NONE: (-1.0, -np.inf),
}

# They take only objects that have checked their numbers when they were made, ...
_OF_CHECKED_OBJECTS: Final = {
    "lot_sizing.capacitated_lot_size.capacitated_plan",
    "lot_sizing.joint_replenishment.optimal_joint_policy",
    "lot_sizing.joint_replenishment.silver_joint_policy",
    "lot_sizing.wagner_whitin.wagner_whitin_plan",
    "networks.guaranteed_service.guaranteed_service_times",
    "networks.serial.optimal_echelon_base_stock",
    "networks.serial.shang_song_bounds",
    "newsvendor.newsvendor_optimum",
    "policies.service_curve",
    "policies.set_policies",
    "reorder_point.approximations.economic_quantity_with_backorders_policy",
    "reorder_point.approximations.economic_quantity_with_safety_stock_policy",
    "reorder_point.approximations.loss_function_policy",
    "reorder_point.cost.optimal_reorder_point",
    "undershoot.mean_undershoot",
    "undershoot.support_size",
    "undershoot.undershoot_distribution",
}
# ... records of orders and laws, whose files were checked when they were read, or ranks and truth values, ...
_OF_RECORDS: Final = {
    "lead_times.distribution.summed",
    "lead_times.fitting.fit_lead_times",
    "lead_times.hazards.posterior_laws",
    "lead_times.open_days.closed_weekdays",
    "lead_times.pooling.count_cells",
    "lead_times.pooling.prior_strengths",
    "lead_times.receipts.measure_receipts",
    "lead_times.suppliers.fit_suppliers",
    "lead_times.suppliers.shifted",
    "lead_times.suppliers.stated_laws",
    "lead_times.suppliers.typical_bases",
    "sourcing.choose_offers",
}
# ... follow a ledger or a simulation and refuse with tests of their own, or are what the others are made of.
_ELSEWHERE: Final = ("backorders.", "clustered_bootstrap.", "simulation.", "root_finding.", "validation.", "service.")
# ... draw, or go on from the arrays of a plan or a replay, which were checked when they were made.
_OF_PLANS: Final = (
    "alerts.",
    "decision_replay.",
    "exchange_curve.",
    "lost_sales_orders.",
    "order_stability.",
    "paired_bootstrap.",
    "planned_orders.",
    "plots.",
    "policies.reorder_points_at",
    "total_target.multiplier_steps",
    "tuning.",
)


def _with(value: Any, bad: float) -> Any:
    """Return the bad number, or the array with the bad number in its first place."""
    if np.ndim(value) == 0:
        return bad
    array = np.array(value, dtype=np.float64)
    array.flat[0] = bad
    return array


def _answer(call: Call, name: str, bad: float) -> str:
    """Return what is wrong with the refusal of a bad number; an empty text where nothing is."""
    arguments = call.arguments()
    arguments[name] = _with(arguments[name], bad)
    try:
        call.function(**arguments)
    except ValueError as refusal:
        words = str(refusal)
        told = re.search(rf"\b{name}\b.* is .*must", words) and f"{bad:g}" in words
        return "" if told else f"{name} = {bad:g} is refused with: {words}"
    except Exception as error:
        return f"{name} = {bad:g} breaks with {type(error).__name__}: {error}"
    return f"{name} = {bad:g} is accepted"


@pytest.mark.parametrize("call", [pytest.param(call, id=call.name) for call in CALLS])
def test_bad_numbers_are_refused_by_name_value_and_range(call: Call) -> None:
    call.function(**call.arguments())
    answers = [_answer(call, name, bad) for name, (_, allowed) in call.numbers.items() for bad in _BAD[allowed]]
    assert [answer for answer in answers if answer] == []


def test_every_public_function_is_called() -> None:
    names = {name.removeprefix("replenishment.") for name in public_functions()}
    called = {call.name.removeprefix("replenishment.") for call in CALLS}
    missing = names - called - _OF_CHECKED_OBJECTS - _OF_RECORDS
    assert sorted(name for name in missing if not name.startswith(_ELSEWHERE + _OF_PLANS)) == []
    assert names >= _OF_CHECKED_OBJECTS | _OF_RECORDS
