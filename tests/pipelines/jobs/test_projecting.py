"""The coming weeks are looked at anew wherever something that they follow from has changed."""

from __future__ import annotations

from pathlib import Path

from pipelines.jobs.projecting import project
from pipelines.stage_store import StageStore
from tests.pipelines.jobs.test_simulating import weekday_shop
from tests.pipelines.shop import made


def test_kept_means_are_those_of_the_same_protection_interval(tmp_path: Path) -> None:
    """On a shop whose demand follows the weekday, levels move, and by how much depends on the interval."""
    store, seen = StageStore(tmp_path), []
    for lead_time in (3.0, 4.0):
        shop = weekday_shop()
        plan = made({**shop, "items": shop["items"].assign(lead_time_days=lead_time)}, model="seasonal_naive")
        kept, plain = project(plan, 28, store=store), project(plan, 28)
        for name in ("reorder_point", "raise_to", "orders", "stock"):
            assert getattr(kept.planned, name).tobytes() == getattr(plain.planned, name).tobytes()
        steps = plain.planned.raise_to - plain.planned.raise_to[:, :1]
        assert steps.any()
        seen.append(steps.tolist())
    assert seen[0] != seen[1]
