"""The page about the demo shop says what a run says."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pandas as pd
import pytest

from pipelines.demo import DemoWorld, demo_tables
from pipelines.demo.page import again_within, page_blocks, update_page

PAGE = Path(__file__).parents[3] / "docs" / "demo.md"


def test_the_numbers_of_the_page_are_those_of_the_shop(tmp_path: Path) -> None:
    made = tmp_path / "demo.md"
    made.write_bytes(PAGE.read_bytes())
    update_page(demo_tables(), made)
    assert made.read_bytes() == PAGE.read_bytes(), "docs/demo.md is stale: python -m pipelines.demo.pictures docs"


def test_a_page_without_a_mark_is_refused(shop: DemoWorld, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# No marks\n")
    with pytest.raises(ValueError, match="<!-- sizes -->"):
        update_page(shop, page)


def test_each_block_is_a_table(shop: DemoWorld) -> None:
    for name, block in page_blocks(shop).items():
        lines = block.splitlines()
        assert len(lines) > 3, name
        assert len({line.count("|") for line in lines}) == 1, name


def test_who_orders_again_is_counted_by_plain_loops(shop: DemoWorld) -> None:
    """On the customers of the first circle."""
    lines = shop.tables["customer_orders"]
    lines = lines[lines["customer"].str[1:3] == "01"]
    shop = dataclasses.replace(shop, tables={"customer_orders": lines})
    days: dict[tuple[str, str], dict[pd.Timestamp, bool]] = {}
    for line in lines.itertuples(index=False):
        waited = days.setdefault((line.location, line.customer), {})
        late = not line.shipped_on <= line.requested_on
        waited[line.ordered_on] = waited.get(line.ordered_on, False) or late
    counts: dict[tuple[str, bool], list[int]] = {}
    for (location, _), orders in days.items():
        for on in orders:
            if on <= pd.Timestamp(shop.as_of) - pd.Timedelta(days=90):
                again = any(0 < (other - on).days <= 90 for other in orders)
                counts.setdefault((location, orders[on]), []).append(again)
    share = again_within(shop, 90)
    for (location, waited), again in counts.items():
        assert share.loc[location, "waited" if waited else "at once"] == pytest.approx(sum(again) / len(again))
