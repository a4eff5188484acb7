"""The command line of the demo."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pipelines.demo.__main__ import main


def test_it_writes_a_shop_of_the_size_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["demo", str(tmp_path), "--skus", "3", "--locations", "1", "--years", "1"])
    main()
    assert capsys.readouterr().out.strip() == str(tmp_path / "restock.toml")
    assert len((tmp_path / "items.csv").read_text().splitlines()) == 4
    assert (tmp_path / "sales.parquet").exists()
