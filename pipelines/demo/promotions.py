"""Campaigns and promotions: what is announced, and what it does to demand and price."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipelines.demo.catalogue import CAMPAIGNS, CATEGORIES
from pipelines.demo.streams import keyed_stream
from pipelines.demo.world import DAYS_PER_YEAR, World

__all__ = ["ANNOUNCED_DAYS", "EVERYWHERE", "Occasion", "draw_occasions", "uplift_and_discount"]

Floats = npt.NDArray[np.float64]

ANNOUNCED_DAYS = 90  # how far beyond the end of the history the promotions are known
EVERYWHERE = -1

_PROMOTION_DAYS = 7
_PROMOTED_SHARE = 0.35
_PROMOTIONS_PER_YEAR = 1.5
_CAMPAIGN_NOTICE_DAYS = 150


@dataclass(frozen=True, slots=True)
class Occasion:
    """One stretch of days on which demand is other than usual.

    Attributes
    ----------
    first, last : day numbers, both included.
    uplift : factor on the mean demand; expected : what the shop thinks of it. discount : share taken off the price.
    known : day since which the shop has known of it; below zero before the history.
    category, location, sku : positions; EVERYWHERE for all of them.
    """

    name: str
    first: int
    last: int
    uplift: float
    expected: float
    discount: float
    known: int
    category: int = EVERYWHERE
    location: int = EVERYWHERE
    sku: int = EVERYWHERE


def draw_occasions(world: World) -> list[Occasion]:
    """Collect the yearly campaigns and draw the promotions of single SKUs, those already announced included."""
    return [*_campaigns(world), *_promotions(world)]


def uplift_and_discount(world: World, occasions: list[Occasion]) -> tuple[Floats, Floats]:
    """Lay the occasions over the days.

    Returns
    -------
    uplift : (days, series), factor on the mean demand; occasions on the same day multiply.
    discount : (days, series), share taken off the price; the deepest one of the day holds.
    """
    series, assortment = world.series, world.assortment
    uplift = np.ones((world.days, series.sku.size))
    discount = np.zeros_like(uplift)
    places = len(world.locations)
    for occasion in occasions:
        span = slice(occasion.first, occasion.last + 1)
        if occasion.sku != EVERYWHERE:
            # A slice instead of a mask: there are thousands of these.
            chosen: slice | npt.NDArray[np.intp] = slice(occasion.sku * places, (occasion.sku + 1) * places)
        else:
            hit = np.ones(series.sku.size, dtype=bool)
            if occasion.category != EVERYWHERE:
                hit &= assortment.category[series.sku] == occasion.category
            if occasion.location != EVERYWHERE:
                hit &= series.location == occasion.location
            chosen = np.flatnonzero(hit)
        uplift[span, chosen] *= occasion.uplift
        discount[span, chosen] = np.maximum(discount[span, chosen], occasion.discount)
    return uplift, discount


def _campaigns(world: World) -> list[Occasion]:
    categories = [kind.name for kind in CATEGORIES]
    names = [place.name for place in world.locations]
    final = world.days + ANNOUNCED_DAYS - 1
    occasions = []
    for year in range(world.start.year, world.start.year + world.days // DAYS_PER_YEAR + 2):
        for campaign in CAMPAIGNS:
            if campaign.location is not None and campaign.location not in names:
                continue
            first = (dt.date(year, campaign.month, campaign.day) - world.start).days
            last = min(first + campaign.length - 1, final)
            if first < 0 or first > final:
                continue
            occasions.append(
                Occasion(
                    campaign.name,
                    first,
                    last,
                    campaign.uplift,
                    campaign.uplift,
                    campaign.discount,
                    min(first - _CAMPAIGN_NOTICE_DAYS, world.days - 1),
                    EVERYWHERE if campaign.category is None else categories.index(campaign.category),
                    EVERYWHERE if campaign.location is None else names.index(campaign.location),
                )
            )
    return occasions


def _promotions(world: World) -> list[Occasion]:
    """Weeks from Monday on in which one SKU is sold at a discount at all locations."""
    occasions = []
    horizon = world.days + ANNOUNCED_DAYS - _PROMOTION_DAYS
    first_monday = -world.start.weekday() % 7
    mondays = np.arange(first_monday, horizon + 1, 7)
    for i, (launch, end) in enumerate(zip(world.assortment.launch, world.assortment.end, strict=True)):
        stream = keyed_stream(world.seed, "promotions", i)
        if stream.random() >= _PROMOTED_SHARE:
            continue
        count = stream.poisson(_PROMOTIONS_PER_YEAR * horizon / DAYS_PER_YEAR)
        for monday in sorted(stream.choice(mondays, size=min(count, mondays.size), replace=False)):
            discount = float(stream.choice([0.10, 0.15, 0.20, 0.25]))
            uplift = round(1.0 + discount * float(stream.uniform(4.0, 9.0)), 2)
            expected = round(1.0 + (uplift - 1.0) * float(np.exp(0.3 * stream.standard_normal())), 1)
            known = min(int(monday) - int(stream.integers(14, 64)), world.days - 1)
            if launch <= monday and monday + _PROMOTION_DAYS <= end:
                first, last = int(monday), int(monday) + _PROMOTION_DAYS - 1
                occasions.append(Occasion("promotion", first, last, uplift, expected, discount, known, sku=i))
    return occasions
