"""Saved forecasters draw the same numbers, in any process, and nothing foreign is made from files."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from forecasting.forecaster import DemandForecaster
from forecasting.models import model_named, model_names
from forecasting.models.boosting import Boosting
from forecasting.models.one_by_one import OneByOne
from forecasting.outside import OutsideForecast
from forecasting.panel import DemandPanel
from forecasting.storage import read_tree, write_tree
from tests.forecasting.own_models import Last, SamePaths
from tests.forecasting.panels import panel_of

READ = """
import hashlib, sys
from pathlib import Path
from forecasting import DemandForecaster
loaded = DemandForecaster.load(Path(sys.argv[1]))
print(hashlib.sha256(loaded.paths(9, 60).tobytes()).hexdigest())
"""


def shop(series: int = 5, periods: int = 120) -> DemandPanel:
    """Names that need more than ASCII; whole and broken units."""
    rng = np.random.default_rng(0)
    demand = rng.poisson(np.linspace(0.3, 9, series)[:, None], (series, periods)).astype(float)
    demand[::2] *= 0.37
    panel = panel_of(demand)
    return replace(
        panel, skus=tuple(sorted(f"Schraube ½″ 螺丝 {i}" for i in range(series))), locations=("Köln",) * series
    )


def same(one: DemandForecaster, two: DemandForecaster) -> None:
    assert two.paths(9, 60).tobytes() == one.paths(9, 60).tobytes()
    assert two.panel_.keys == one.panel_.keys
    pd.testing.assert_frame_equal(two.parameters(), one.parameters())
    pd.testing.assert_frame_equal(two.cleaning_, one.cleaning_)


ONE_BY_ONE = [name for name in model_names() if isinstance(model_named(name), OneByOne)]


@pytest.mark.parametrize("name", [*(name for name in model_names() if name not in ONE_BY_ONE), "auto"])
def test_every_model_is_the_same_to_the_bit_after_saving(name: str, tmp_path: Path) -> None:
    """And goes on being the same when further periods come in."""
    panel = shop(5, 60)
    fitted = DemandForecaster(name, seed=3).fit(panel.until(dt.date(2025, 1, 6)))
    fitted.save(tmp_path)
    loaded = DemandForecaster.load(tmp_path)
    same(fitted, loaded)
    same(fitted.update(panel), loaded.update(panel))


def test_what_statsmodels_fitted_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    fitted = DemandForecaster("ets").fit(shop(1, 60))
    with pytest.raises(TypeError, match=r"is a ETSResultsWrapper, which can't be saved"):
        fitted.save(tmp_path / "saved")
    assert not (tmp_path / "saved").exists()


def test_trees_that_were_learned_are_saved_too(tmp_path: Path) -> None:
    """Enough rows to learn from: 120 series of 130 weeks."""
    rng = np.random.default_rng(1)
    panel = panel_of(rng.poisson(rng.uniform(1, 9, (120, 1)) * np.linspace(0.5, 2, 130), (120, 130)))
    model = Boosting("few_trees", trees=8, leaves=7)
    fitted = DemandForecaster(model).fit(panel)
    assert (fitted.parameters()["boosting_factor"] != 1).any()
    fitted.save(tmp_path)
    same(fitted, DemandForecaster.load(tmp_path))


def test_what_was_told_of_the_future_is_saved(tmp_path: Path) -> None:
    """Outside forecasts of a period and of a sum, paths, and what is known ahead."""
    fitted = DemandForecaster("bootstrap").fit(shop())
    factor = np.ones((5, 3), dtype=np.float32)
    factor[0, 1] = 2.5
    fitted.look_ahead(factor, factor - 1)
    fitted.take_outside(
        {
            1: OutsideForecast(np.array([[1.0, 2.0], [4.0, 6.0]]), np.array([0.5, 0.9])),
            2: OutsideForecast(np.array([[9.0], [30.0]]), np.array([0.5, 0.9]), summed_over=4),
            4: OutsideForecast(np.random.default_rng(0).gamma(2, 3, (50, 6))),
        }
    )
    fitted.save(tmp_path)
    same(fitted, DemandForecaster.load(tmp_path))


def test_another_process_draws_the_same(tmp_path: Path) -> None:
    fitted = DemandForecaster("sba", seed=5).fit(shop())
    fitted.save(tmp_path)
    root = Path(__file__).parents[2]
    told = subprocess.run(
        [sys.executable, "-c", READ, str(tmp_path)], cwd=root, capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == hashlib.sha256(fitted.paths(9, 60).tobytes()).hexdigest()


def test_a_model_of_ones_own_is_read_when_it_is_named(tmp_path: Path) -> None:
    fitted = DemandForecaster(Last()).fit(shop())
    fitted.save(tmp_path)
    same(fitted, DemandForecaster.load(tmp_path, classes=(Last, SamePaths)))
    with pytest.raises(ValueError, match=r"own_models:\w+', which is not a class of this package: name it"):
        DemandForecaster.load(tmp_path)
    with pytest.raises(ValueError, match="SamePaths"):
        DemandForecaster.load(tmp_path, classes=(Last,))


@pytest.mark.parametrize("name", ["os:system", "subprocess:Popen", "forecasting.storage:read_tree", "forecasting.x:Y"])
def test_nothing_foreign_is_called_because_a_file_says_so(name: str, tmp_path: Path) -> None:
    write_tree(tmp_path, {"a": 1})
    tree = {"format": 1, "tree": {"class": name, "fields": {}}}
    (tmp_path / "forecaster.json").write_text(json.dumps(tree), encoding="utf-8")
    with pytest.raises((ValueError, ModuleNotFoundError)):
        read_tree(tmp_path)


def test_damaged_and_foreign_files_are_refused(tmp_path: Path) -> None:
    """A flipped byte in the numbers, a file cut short, another format, no files at all."""
    values = {"a": np.random.default_rng(0).normal(size=5000)}
    write_tree(tmp_path, values)
    table = tmp_path / "rows_5000.parquet"
    whole = table.read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 0x40
    for bad in (bytes(flipped), whole[: len(whole) // 2]):
        table.write_bytes(bad)
        with pytest.raises((OSError, ValueError)):
            read_tree(tmp_path)
    table.write_bytes(whole)
    np.testing.assert_array_equal(read_tree(tmp_path)["a"], values["a"])
    (tmp_path / "forecaster.json").write_text('{"format": 99, "tree": 1}', encoding="utf-8")
    with pytest.raises(ValueError, match="format 99; this version reads format 2"):
        read_tree(tmp_path)
    with pytest.raises(FileNotFoundError):
        read_tree(tmp_path / "nowhere")


@dataclass(frozen=True)
class Thing:
    """Not of this package."""

    value: object


def test_what_can_not_be_written_is_named_by_its_place(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=r"tree\.deep\.0\.value is a set, which can't be saved"):
        write_tree(tmp_path, {"deep": [Thing({1, 2})]})
    assert not list(tmp_path.iterdir())


KINDS = st.sampled_from(["<f4", "<f8", "<i8", "<i4", "|u1", "|b1", "<u8", "<U3"])


@given(KINDS.flatmap(lambda k: arrays(np.dtype(k), array_shapes(max_dims=3, min_side=0, max_side=4))))
def test_arrays_of_every_kind_and_shape_come_back(tmp_path_factory: pytest.TempPathFactory, array: np.ndarray) -> None:
    """NaN and infinity to the bit; the same array named twice is kept once."""
    folder = tmp_path_factory.mktemp("tree")
    write_tree(folder, {"one": array, "two": (array, "ü", 1.5, None, True, dt.date(2024, 2, 29), 2**53)})
    back = read_tree(folder)
    for other in (back["one"], back["two"][0]):
        assert (other.dtype, other.shape, other.tobytes()) == (array.dtype, array.shape, array.tobytes())
    assert back["two"][1:] == ("ü", 1.5, None, True, dt.date(2024, 2, 29), 2**53)
