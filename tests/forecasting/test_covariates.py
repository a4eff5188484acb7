"""Tables of events and of what is known ahead as columns, against a loop over their rows."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecasting.covariates import Covariate, Covariates, event_covariates, known_ahead_covariates
from forecasting.panel import DemandPanel
from tests.forecasting.panels import panel_of

CATEGORIES = ["tea", "tea", "tin"]
AHEAD = 3


def panel(frequency: str = "W-MON") -> DemandPanel:
    """Series s0000, s0001 and s0002; 8 periods from 2024-01-01 on."""
    return panel_of(np.ones((3, 8)), frequency)


def column(covariates: Covariates, name: str) -> np.ndarray:
    """(n, P) cells of one column."""
    found = next(each for each in covariates.columns if each.name == name)
    return found.values[found.row]


def plain_share(table: pd.DataFrame, on: DemandPanel, i: int, first: dt.date, end: dt.date) -> float:
    days = [first + dt.timedelta(days=k) for k in range((end - first).days)]
    own = {"sku": on.skus[i], "category": CATEGORIES[i], "location": on.locations[i]}
    hit = 0
    for day in days:
        concerned = [
            row
            for row in table.to_dict("records")
            if row["date"].date() == day and all(row[name] in ("", None, own[name]) for name in own)
        ]
        hit += bool(concerned)
    return hit / len(days)


@pytest.mark.parametrize("frequency", ["D", "W-MON", "MS"])
def test_a_share_is_the_share_of_days_on_which_a_row_concerns_the_series(frequency: str) -> None:
    rng = np.random.default_rng(1)
    on = panel(frequency)
    openings = on.calendar.openings_from(0, 8 + AHEAD + 1).astype("datetime64[D]").astype(object)
    reach = (openings[-1] - openings[0]).days
    # More rows at the end than fit: what lies outside the columns is dropped.
    when = [openings[0] + dt.timedelta(days=int(k)) for k in rng.integers(-3, reach + 4, 40)]
    table = pd.DataFrame(
        {
            "date": pd.to_datetime([*when, openings[0], openings[-1] - dt.timedelta(days=1)]),
            "name": "fair",
            "sku": rng.choice(["", "s0000", "s0002", "unknown"], 42),
            "category": rng.choice(["", "tea", "tin"], 42),
            "location": rng.choice(["", "main", "elsewhere"], 42),
        }
    )
    values = column(event_covariates(table, on, AHEAD, CATEGORIES), "fair")
    assert values.shape == (3, 8 + AHEAD)
    for i in range(3):
        for t in range(8 + AHEAD):
            plain = plain_share(table, on, i, openings[t], openings[t + 1])
            assert values[i, t] == pytest.approx(plain, abs=1e-6), (i, t)
    assert len({row.tobytes() for row in values}) == 3


def test_outside_the_span_of_a_table_nothing_is_known() -> None:
    table = pd.DataFrame({"date": pd.to_datetime(["2024-01-16", "2024-02-27"]), "name": "fair"})
    values = column(event_covariates(table, panel(), AHEAD), "fair")[0]
    np.testing.assert_array_equal(np.isnan(values), [True, True, *[False] * 7, True, True])
    assert values[2] == pytest.approx(1 / 7)
    assert values[3] == 0


def test_frequent_events_have_columns_of_their_own_and_rare_ones_share_one() -> None:
    days = pd.date_range("2024-01-01", periods=50)
    names = [f"event {k}" for k in range(10) for _ in range(9 if k < 8 else 1)]
    table = pd.DataFrame({"date": [days[k % 50] for k in range(len(names))], "name": names})
    columns = event_covariates(table, panel(), AHEAD).columns
    assert [each.name for each in columns] == [f"event {k}" for k in range(8)] + ["other events"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 70), st.integers(-10, 90), st.sampled_from(["", "s0001"])), max_size=12))
def test_what_was_announced_after_the_opening_is_not_seen(rows: list[tuple[int, int, str]]) -> None:
    """With those rows or without them: the same columns."""
    on = panel()
    day = on.calendar.first_day
    table = pd.DataFrame(
        {
            "date": pd.to_datetime([day + when for when, _, _ in rows], unit="D"),
            "known_since": pd.to_datetime([day + since for _, since, _ in rows], unit="D"),
            "sku": [sku for _, _, sku in rows],
            "promotion": "sale",
            "price": [1.0 + when for when, _, _ in rows],
            "uplift": [float(when % 2) for when, _, _ in rows],
        }
    )
    seen = table[table["known_since"] <= pd.Timestamp(on.as_of)]
    a, b = known_ahead_covariates(table, on, AHEAD), known_ahead_covariates(seen, on, AHEAD)
    assert [each.name for each in a.columns] == [each.name for each in b.columns]
    for one, other in zip(a.columns, b.columns, strict=True):
        np.testing.assert_array_equal(one.values[one.row], other.values[other.row])


def test_a_row_without_known_since_was_always_known() -> None:
    table = pd.DataFrame(
        {
            "date": pd.to_datetime(["2024-03-04", "2024-03-11"]),
            "known_since": pd.to_datetime([None, "2030-01-01"]),
            "price": [2.0, 3.0],
        }
    )
    values = column(known_ahead_covariates(table, panel(), AHEAD), "price")[0]
    np.testing.assert_array_equal(values, [np.nan] * 9 + [2.0, np.nan])


def test_the_price_of_a_period_is_the_mean_of_its_days_and_the_closest_row_wins() -> None:
    table = pd.DataFrame(
        {
            "date": pd.to_datetime(["2024-01-01", "2024-01-02", "2024-01-02", "2024-01-03", "2024-01-03"]),
            "sku": ["", "s0001", "", "s0002", "s0002"],
            "price": [2.0, 8.0, 4.0, 5.0, 6.0],
        }
    )
    values = column(known_ahead_covariates(table, panel(), AHEAD), "price")
    np.testing.assert_allclose(values[:, 0], [(2 + 4) / 2, (2 + 8) / 2, (2 + 4 + 6) / 3])
    assert np.isnan(values[:, 1:]).all()


def test_an_uplift_of_zero_closes_and_is_no_promotion() -> None:
    table = pd.DataFrame(
        {
            "date": pd.to_datetime(["2024-01-01", "2024-01-08", "2024-01-15"]),
            "promotion": ["sale", "holiday", None],
            "uplift": [1.5, 0.0, 0.0],
        }
    )
    covariates = known_ahead_covariates(table, panel(), AHEAD)
    assert [(each.name, each.kind) for each in covariates.columns] == [("promotion", "share"), ("closed", "share")]
    np.testing.assert_allclose(column(covariates, "promotion")[0, :3], [1 / 7, 0, 0])
    np.testing.assert_allclose(column(covariates, "closed")[0, :3], [0, 1 / 7, 1 / 7])


def test_columns_follow_their_series_and_join() -> None:
    table = pd.DataFrame({"date": pd.to_datetime(["2024-01-01"]), "name": "fair", "sku": "s0002"})
    events = event_covariates(table, panel(), AHEAD)
    both = events + known_ahead_covariates(pd.DataFrame({"date": table["date"], "price": [2.0]}), panel(), AHEAD)
    assert [each.name for each in both.columns] == ["fair", "price"]
    taken = both.take(np.array([2, 0]))
    np.testing.assert_allclose(column(taken, "fair")[:, 0], [1 / 7, 0])
    np.testing.assert_allclose(column(taken, "price")[:, 0], 2)
    with pytest.raises(ValueError, match="can't be joined"):
        events + Covariates(panel("D").calendar)


def test_beyond_what_a_column_covers_it_is_unknown() -> None:
    one = Covariate("price", "price", np.array([[1, 2, 3]], np.float32), np.zeros(2, np.int64))
    np.testing.assert_array_equal(one.cells(5), [[1, 2, 3, np.nan, np.nan]])
    np.testing.assert_array_equal(one.cells(2), [[1, 2]])


@pytest.mark.parametrize(
    ("kind", "values", "row", "message"),
    [
        ("price", [[-1.0]], [0], "at least 0"),
        ("price", [[np.inf]], [0], "at least 0"),
        ("share", [[1.5]], [0], "between 0 and 1"),
        ("share", [[0.5]], [1], "asks for a row"),
        ("share", [0.5], [0], "shape"),
    ],
)
def test_what_can_be_no_covariate_is_refused(kind: str, values: list, row: list[int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Covariate("x", kind, np.array(values, np.float32), np.array(row))


def test_categories_are_asked_for_where_a_table_names_them() -> None:
    table = pd.DataFrame({"date": pd.to_datetime(["2024-01-01"]), "name": "fair", "category": "tea"})
    with pytest.raises(ValueError, match="give the category of each series"):
        event_covariates(table, panel(), AHEAD)
    assert column(event_covariates(table, panel(), AHEAD, CATEGORIES), "fair")[:, 0].tolist() == pytest.approx(
        [1 / 7, 1 / 7, 0]
    )
