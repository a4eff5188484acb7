"""How each kind of reference record is computed with the public functions of the package."""

from __future__ import annotations

from tests.oracle_kinds.common import Kind
from tests.oracle_kinds.lot_sizes import LOT_SIZES
from tests.oracle_kinds.order_rules import ORDER_RULES
from tests.oracle_kinds.policies import POLICIES
from tests.oracle_kinds.reorder_points import REORDER_POINTS
from tests.oracle_kinds.single_period import SINGLE_PERIOD
from tests.oracle_kinds.systems import SYSTEMS

__all__ = ["KINDS"]

KINDS: dict[str, Kind] = {**LOT_SIZES, **SINGLE_PERIOD, **REORDER_POINTS, **POLICIES, **SYSTEMS, **ORDER_RULES}
