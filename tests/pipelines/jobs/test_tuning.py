"""A correction that replays have taught, in a plan and along history."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from pipelines import Inputs, PlanConfig, plan, replay
from pipelines.config import LearnedCorrection
from pipelines.errors import ConfigurationError
from pipelines.jobs.tuning import tune
from replenishment.tuning import Correction

CONFIG = PlanConfig(
    frequency="W-MON", target=0.1, model="moving_average", defaults={"lead_time_days": 7}, simulation_paths=0
)
FIRST, LAST = (dt.date(2023, 6, 5), dt.date(2023, 9, 25)), (dt.date(2023, 12, 4), dt.date(2024, 4, 1))


WEEKS = pd.date_range("2022-10-03", periods=90, freq="W-MON")


def biased(uplift: float, items: int = 12) -> Inputs:
    """Steady demand, and a planner who is always sure that so many times as much is coming."""
    random = np.random.default_rng(5)
    skus = [f"S{i:02d}" for i in range(items)]
    sales = pd.concat(
        pd.DataFrame({"sku": sku, "date": WEEKS, "quantity": random.poisson(8.0, len(WEEKS)).astype(float)})
        for sku in skus
    )
    later = pd.date_range(WEEKS[0], periods=len(WEEKS) + 20, freq="W-MON")
    believed = pd.DataFrame([(sku, day, uplift, WEEKS[0]) for sku in skus for day in later])
    believed.columns = ["sku", "date", "uplift", "known_since"]
    return Inputs(sales=sales, known_ahead=believed)


@pytest.fixture(scope="module")
def inputs() -> Inputs:
    return biased(0.8)


@pytest.fixture(scope="module")
def learned(inputs: Inputs) -> LearnedCorrection:
    return tune(inputs, CONFIG, [FIRST], jobs=1).correction


def test_what_was_learned_on_an_earlier_window_mends_a_later_one(inputs: Inputs, learned: LearnedCorrection) -> None:
    assert learned.level > 0.5
    plain = replay(inputs, CONFIG.model_copy(update={"correction": "none"}), *LAST, jobs=1).summary
    mended = replay(inputs, CONFIG.model_copy(update={"correction": learned}), *LAST, jobs=1).summary
    assert plain["achieved"] > 2.0 * plain["promised"]
    assert abs(mended["achieved"] - 0.1) < 0.5 * abs(plain["achieved"] - 0.1)
    assert abs(mended["difference"]) < 0.5 * abs(plain["difference"])


def test_a_plan_asks_for_the_corrected_rate_and_promises_the_wanted_one(
    inputs: Inputs, learned: LearnedCorrection
) -> None:
    plain = plan(inputs, CONFIG, jobs=1)
    mended = plan(inputs, CONFIG.model_copy(update={"correction": learned}), jobs=1)
    correction = Correction(**learned.model_dump())
    classes = mended.forecast["class"]
    np.testing.assert_allclose(mended.policy["target"], 0.1)
    np.testing.assert_allclose(mended.policy["target_asked"], correction.asked(np.full(12, 0.1), classes))
    assert (mended.policy["order_up_to"] >= plain.policy["order_up_to"]).all()
    assert (mended.policy["order_up_to"] > plain.policy["order_up_to"]).any()
    # What the levels of the plain plan would promise under the correction is more than was wanted.
    assert (correction.promised(plain.policy["expected_backorder_rate"], classes) > 0.1).mean() > 0.5
    assert mended.policy["expected_backorder_rate"].max() <= 0.1 + 1e-9
    assert mended.summary["correction"]["level"] == learned.level
    assert "correction" not in plain.summary


def test_a_correction_of_nothing_changes_nothing(inputs: Inputs) -> None:
    nothing = CONFIG.model_copy(update={"correction": LearnedCorrection()})
    one, two = plan(inputs, CONFIG, jobs=1), plan(inputs, nothing, jobs=1)
    np.testing.assert_allclose(one.policy["target_asked"], two.policy["target_asked"], rtol=1e-12)
    pd.testing.assert_frame_equal(one.recommendations, two.recommendations)


def test_fill_rates_are_corrected_by_their_complement(inputs: Inputs, learned: LearnedCorrection) -> None:
    by_rate = CONFIG.model_copy(update={"correction": learned})
    by_fill = by_rate.model_copy(update={"measure": "fill_rate", "target": 0.9})
    one, two = (plan(inputs, config, jobs=1).policy for config in (by_rate, by_fill))
    np.testing.assert_allclose(1.0 - two["target_asked"], one["target_asked"], rtol=1e-9)


def test_other_measures_have_nothing_to_correct(inputs: Inputs) -> None:
    config = CONFIG.model_copy(update={"measure": "ready_rate", "target": 0.9})
    with pytest.raises(ConfigurationError, match="ready_rate"):
        tune(inputs, config, [FIRST])
    with pytest.raises(ConfigurationError, match="at least one window"):
        tune(inputs, CONFIG, [])
