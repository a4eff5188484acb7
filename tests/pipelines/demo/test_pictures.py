"""Pictures of the demo shop."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.demo import DemoWorld
from pipelines.demo.pictures import PICTURES, draw_pictures

DOCS = Path(__file__).parents[3] / "docs"


@pytest.mark.thorough
def test_every_picture_is_drawn_and_shown_on_the_page(shop: DemoWorld, tmp_path: Path) -> None:
    written = draw_pictures(shop, tmp_path)
    assert [path.stem for path in written] == list(PICTURES)
    page = (DOCS / "demo.md").read_text(encoding="utf-8")
    for path in written:
        assert path.read_bytes().startswith(b"\x89PNG")
        assert f"](demo/{path.name})" in page
    assert {path.stem for path in (DOCS / "demo").iterdir()} == set(PICTURES)


def test_the_kept_pictures_are_small() -> None:
    assert sum(path.stat().st_size for path in (DOCS / "demo").iterdir()) < 400_000
