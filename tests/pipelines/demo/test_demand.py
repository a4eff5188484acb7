"""True demand."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.demo.catalogue import CATEGORIES
from pipelines.demo.demand import PREORDER_DAYS, draw_demand, mean_demand, on_sale
from pipelines.demo.world import DAYS_PER_YEAR, draw_world
from tests.pipelines.demo.conftest import Stages


def test_there_is_demand_only_between_launch_and_end(stages: Stages) -> None:
    outside = ~on_sale(stages.world)
    assert outside.any()
    assert (stages.mean[outside] == 0).all()
    assert (stages.history.demand[outside] == 0).all()


def test_demand_has_the_mean_and_variance_of_the_negative_binomial(stages: Stages) -> None:
    """Totals over all days and series within four standard errors of mean and mean + mean**2 / r."""
    mean, demand = stages.mean, stages.undisturbed.demand - stages.undisturbed.preordered
    dispersion = stages.world.assortment.dispersion[stages.world.series.sku]
    variance = mean + mean**2 / dispersion
    assert abs((demand - mean).sum()) < 4 * np.sqrt(variance.sum())
    # Scaled squares have a mean of one where the mean isn't tiny; lumpy items have heavy tails, hence the tolerance.
    regular = (mean > 0.5) & (dispersion > 0.5)
    assert ((demand - mean)[regular] ** 2 / variance[regular]).mean() == pytest.approx(1.0, abs=0.03)


def test_the_year_and_the_week_leave_the_mean_level_as_it_is() -> None:
    """Without growth, launches and occasions, the mean over whole years is the rate."""
    world = draw_world(60, 2, 1, 0)
    mean = mean_demand(world, np.ones((world.days, world.series.sku.size)))
    established = world.assortment.launch < 0
    steady = (established & (world.assortment.end > world.days))[world.series.sku]
    growth = np.exp(
        np.outer((np.arange(world.days) - world.days / 2) / DAYS_PER_YEAR, world.assortment.growth[world.series.sku])
    )
    level = (mean / growth).mean(axis=0)
    np.testing.assert_allclose(level[steady], world.series.rate[steady], rtol=0.01)


def test_each_category_peaks_in_its_season(stages: Stages) -> None:
    world = stages.world
    day_of_year = world.dates(np.arange(world.days)).astype("datetime64[D]")
    day_of_year = (day_of_year - day_of_year.astype("datetime64[Y]")).astype(int) + 1
    mean = mean_demand(world, np.ones_like(stages.mean))
    for position, category in enumerate(CATEGORIES):
        steady = (
            (world.assortment.category == position)
            & (world.assortment.launch < 0)
            & (world.assortment.end > world.days)
        )
        total = mean[:, steady[world.series.sku]].sum(axis=1)
        away = np.abs((day_of_year - category.season_peak + 182) % 365 - 182)
        ratio = total[away < 20].mean() / total[away > 162].mean()
        # Growth shifts the ratio a little.
        assert ratio == pytest.approx(np.exp(2 * category.season_strength), rel=0.12), category.name


def test_only_what_is_new_is_ordered_ahead(stages: Stages) -> None:
    assortment, sku = stages.world.assortment, stages.world.series.sku
    new = ((assortment.launch >= PREORDER_DAYS) & (assortment.predecessor < 0))[sku]
    assert (stages.preordered[~new] == 0).all()
    expected = 4.0 * stages.world.series.rate[new].sum()
    assert abs(stages.preordered[new].sum() - expected) < 4 * np.sqrt(expected)
    ahead = assortment.launch[sku] >= stages.world.days
    assert stages.preordered[ahead].any(), "some items are announced for the time after the history"


def test_demand_is_repeatable_and_depends_on_the_seed() -> None:
    drawn = []
    for seed in (3, 3, 4):
        world = draw_world(5, 2, 1, seed)
        drawn.append(draw_demand(world, np.full((world.days, 10), 2.0)))
    np.testing.assert_array_equal(drawn[0], drawn[1])
    assert (drawn[0] != drawn[2]).any()
