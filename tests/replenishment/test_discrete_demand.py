"""Tables, samples and mixtures behave like the demands they stand for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from replenishment.demand_distributions import CountDemand, NormalDemand, PoissonDemand
from replenishment.discrete_demand import DiscreteDemand, MixtureDemand, demand_over_random_lead_time


def test_a_table_of_poisson_probabilities_is_poisson() -> None:
    law, k = PoissonDemand(7.0), np.arange(60)
    table = DiscreteDemand.from_pmf(law.pmf(k) / law.pmf(k).sum())
    levels = np.array([-2.0, 0.0, 5.0, 7.5, 20.0])
    assert isinstance(table, CountDemand)
    assert table.mean == pytest.approx(7.0)
    assert table.variance == pytest.approx(7.0)
    assert table.cdf(levels) == pytest.approx(law.cdf(levels), abs=1e-12)
    assert table.loss(levels) == pytest.approx(law.loss(levels), abs=1e-11)
    assert table.second_loss([-2, 0, 5, 20]) == pytest.approx(law.second_loss([-2, 0, 5, 20]), abs=1e-10)
    assert table.quantile([0.1, 0.5, 0.99]).tolist() == law.quantile([0.1, 0.5, 0.99]).tolist()
    assert table.sum_over(5).cdf(40) == pytest.approx(law.sum_over(5).cdf(40), abs=1e-12)
    assert table.pmf([3.0, 3.5, 100.0]) == pytest.approx([law.pmf(3), 0.0, 0.0])


@given(st.lists(st.floats(0, 100), min_size=1, max_size=30), st.floats(-10, 120))
def test_a_sample_has_its_own_averages(sample: list[float], x: float) -> None:
    demand, values = DiscreteDemand.from_sample(sample), np.array(sample)
    assert demand.loss(x) == pytest.approx(np.maximum(values - x, 0).mean(), abs=1e-9)
    assert demand.survival(x) == pytest.approx((values > x).mean(), abs=1e-12)
    if not demand.whole:
        assert demand.second_loss(x) == pytest.approx((np.maximum(values - x, 0) ** 2).mean() / 2, abs=1e-7)


def test_a_quantile_at_a_step_survives_rounding() -> None:
    # 0.1 + 0.2 + 0.3 is not 0.6 in binary
    demand = DiscreteDemand([1, 2, 3, 4], [0.1, 0.2, 0.3, 0.4])
    assert demand.quantile(0.6) == 3.0
    assert demand.quantile(0.6000001) == 4.0


def test_real_values_are_summed_exactly() -> None:
    demand = DiscreteDemand([1.0, 2.5], [0.5, 0.5]).sum_over(2)
    assert demand.values.tolist() == [2.0, 3.5, 5.0]
    assert demand.probabilities.tolist() == [0.25, 0.5, 0.25]
    assert not demand.whole


def test_a_random_lead_time_mixes_the_demands_of_its_lengths() -> None:
    mixed = demand_over_random_lead_time(PoissonDemand(3.0), [0.0, 0.5, 0.0, 0.5], extra_periods=1)
    rng = np.random.default_rng(5)
    draws = rng.poisson(3.0 * (1 + rng.choice([1, 3], 400_000)))
    assert mixed.mean == pytest.approx(9.0)
    assert mixed.variance == pytest.approx(9.0 + 9.0)
    assert mixed.loss(10) == pytest.approx(np.maximum(draws - 10, 0).mean(), rel=0.01)
    assert mixed.survival(10) == pytest.approx((draws > 10).mean(), abs=0.004)
    assert mixed.quantile(0.95) == np.quantile(draws, 0.95, method="inverted_cdf")


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: DiscreteDemand([1, 2], [0.5, 0.4]), "probabilities adds up"),
        (lambda: DiscreteDemand([-1, 2], [0.5, 0.5]), r"values\[0\] is -1"),
        (lambda: DiscreteDemand([1, 2, 3], [0.5, 0.5]), "values has shape"),
        (lambda: DiscreteDemand.from_sample([]), "sample is empty"),
        (lambda: MixtureDemand((0.5, 0.5), (PoissonDemand(1), NormalDemand(1, 1))), "components mixes"),
        (lambda: MixtureDemand((1.0,), (PoissonDemand(1), PoissonDemand(2))), "weights has 1"),
        (lambda: demand_over_random_lead_time(PoissonDemand(1), [0.5, 0.5]), "lead time of 0"),
        (lambda: demand_over_random_lead_time(PoissonDemand(1), [0, 1]).sum_over(2), "periods is 2"),
    ],
)
def test_what_makes_no_sense_is_refused(build: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build()  # type: ignore[operator]
