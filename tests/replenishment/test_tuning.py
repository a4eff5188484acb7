"""What earlier windows teach about promises, on windows whose truth is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from replenishment.tuning import CLASS_SD, LEAST_SHARE, LEVEL_SD, WINDOW_SD, Correction, learn_correction

TARGETS = (0.1, 0.05, 0.02, 0.01)


def windows(
    truth: Correction, number: int, noise: float, seed: int = 0, classes: tuple[str, ...] = ("",)
) -> pd.DataFrame:
    """Windows in which what follows is known up to noise, which all targets of a window share."""
    random, rows = np.random.default_rng(seed), []
    for w in range(number):
        for name in classes:
            off = np.exp(random.normal(0.0, noise))
            for target in TARGETS:
                achieved = float(truth.promised([target], [name])[0]) * off
                ends = achieved * np.exp(1.96 * noise * np.array([-1.0, 1.0]))
                rows.append((f"w{w}", name, target, achieved, *ends))
    return pd.DataFrame(rows, columns=["window", "class", "promised", "achieved", "low", "high"])


def test_without_evidence_nothing_is_corrected() -> None:
    nothing = learn_correction(windows(Correction(), 0, 0.1))
    assert nothing == Correction()
    np.testing.assert_allclose(nothing.asked([0.02, 0.5, 0.95], ["", "lumpy", "x"]), [0.02, 0.5, 0.95])
    np.testing.assert_allclose(nothing.promised([0.0, 0.02, 1.0], ["", "", ""]), [0.0, 0.02, 1.0])


def test_plenty_of_evidence_is_believed() -> None:
    truth = Correction(0.4, -0.2, float(np.log(TARGETS).mean()))
    learned = learn_correction(windows(truth, 400, 0.05))
    assert learned.level == pytest.approx(0.4, abs=0.02)
    assert learned.slope == pytest.approx(-0.2, abs=0.03)
    assert learned.windows == 400


def test_one_window_is_believed_in_part_as_the_closed_form_says() -> None:
    """With one target, the level is a normal mean with a normal prior."""
    rows = windows(Correction(0.5), 1, 0.1).iloc[:1]
    gap = np.log(rows["achieved"].item() / rows["promised"].item())
    noise = (np.log(rows["high"].item() / rows["low"].item()) / (2 * 1.959964)) ** 2 + WINDOW_SD**2
    learned = learn_correction(rows)
    assert learned.level == pytest.approx(gap * LEVEL_SD**2 / (LEVEL_SD**2 + noise))
    assert learned.level_sd == pytest.approx((LEVEL_SD**-2.0 + 1 / noise) ** -0.5)
    assert learned.slope == 0.0


def test_a_class_leans_on_all_items_and_more_so_the_less_is_known_of_it() -> None:
    known = windows(Correction(0.2), 6, 0.02)
    wide = windows(Correction(0.2, classes={"lumpy": 0.6}), 6, 0.6, 1, ("lumpy",))
    narrow = windows(Correction(0.2, classes={"smooth": 0.6}), 6, 0.02, 2, ("smooth",))
    learned = learn_correction(pd.concat([known, wide, narrow]))
    assert 0.0 < learned.classes["lumpy"] < learned.classes["smooth"] < 0.6
    assert learned.classes["smooth"] > 0.6 * CLASS_SD**2 / (CLASS_SD**2 + WINDOW_SD**2)


def test_a_biased_forecast_is_corrected_to_the_wanted_rate() -> None:
    """Where three times the promised rate follows, the asked rate brings what was wanted, up to what is held back."""
    truth = Correction(float(np.log(3.0)))
    learned = learn_correction(windows(truth, 30, 0.1))
    for target in TARGETS:
        before = truth.promised([target], [""])[0]
        after = truth.promised(learned.asked([target], [""]), [""])[0]
        assert before == pytest.approx(3 * target)
        assert after == pytest.approx(target, rel=0.15)


def test_a_window_in_which_nothing_ran_short_speaks_by_its_upper_end() -> None:
    rows = windows(Correction(), 3, 0.1).assign(achieved=0.0, low=0.0)
    learned = learn_correction(rows.assign(high=rows["promised"] / 5))
    assert learned.level < -0.3
    assert learn_correction(rows.assign(high=rows["promised"] * 50)).level > learned.level


def test_windows_without_demand_or_promise_say_nothing() -> None:
    rows = windows(Correction(1.0), 2, 0.1)
    silent = rows.assign(achieved=np.nan, low=np.nan, high=np.nan)
    assert learn_correction(silent) == Correction()
    assert learn_correction(pd.concat([rows, silent, rows.assign(promised=0.0)])) == learn_correction(rows)


def test_the_order_of_the_rows_changes_nothing() -> None:
    rows = windows(Correction(0.3, classes={"a": 0.2}), 4, 0.2, 3, ("", "a", "b"))
    one, two = learn_correction(rows), learn_correction(rows.sample(frac=1.0, random_state=1))
    assert one.level == pytest.approx(two.level, rel=1e-12)
    assert one.classes == pytest.approx(two.classes, rel=1e-12)


@given(st.floats(-1.5, 1.5), st.floats(-0.6, 0.6), st.floats(-5.0, -1.0), st.floats(0.001, 0.5), st.floats(-0.5, 0.5))
def test_what_is_asked_for_brings_what_is_wanted(
    level: float, slope: float, center: float, target: float, own: float
) -> None:
    correction = Correction(level, slope, center, {"c": own})
    asked = correction.asked([target], ["c"])[0]
    assert LEAST_SHARE * target * (1 - 1e-12) <= asked <= max(4 * target, target)
    if LEAST_SHARE * target * 1.001 < asked < min(4 * target, 0.9) * 0.999:
        assert correction.promised([asked], ["c"])[0] == pytest.approx(min(target, 1.0), rel=1e-9)


@pytest.mark.parametrize("wrong", [{"level": np.nan}, {"slope": 0.8}, {"classes": {"a": np.inf}}])
def test_impossible_corrections_are_refused(wrong: dict) -> None:
    with pytest.raises(ValueError, match=r"slope|not known"):
        Correction(**wrong)
