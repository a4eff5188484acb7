"""T: what is wrong with dates and periods."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from tests.bad_input.clean import AS_OF, SKUS, WEEKS, Shop
from tests.bad_input.declaring import Aside, Outcome, bad_input
from tests.bad_input.injectors_files import arrow_table, as_parquet
from tests.bad_input.injectors_values import hint_says

DAY = dt.timedelta(days=1)


def bad_date(shop: Shop, value: str, code: str = "not_a_date", hint: str = "") -> Outcome:
    line = shop.spoil("sales", "B2", "date", value)
    aside = [Aside("sales", line, "date", value, code)]
    return Outcome(aside=aside, touched={"B2"}, look=lambda ran: hint_says(ran, hint))


def daily(shop: Shop, days: int, last: dt.date, units: int = 2, **plan: Any) -> None:
    """Daily sales of three SKUs up to and with a day, in place of the weekly ones; nothing else carries a date."""
    rows = [[sku, "main", str(last - k * DAY), str(units)] for sku in SKUS[:3] for k in range(days)]
    shop.tables["sales"][1:] = rows
    for table in ("receipts", "open_orders", "stock"):
        del shop.tables[table]
    del shop.plan["as_of"]
    shop.plan |= plan


@bad_input("T01", "left out and counted", "after_as_of", "noted")
def _(shop: Shop) -> Outcome:
    shop.again("sales", shop.lines_of("sales", "B2")[-1], date=str(AS_OF + 7 * DAY), quantity="5000")
    return Outcome(notices=("after_as_of",), says=("1 rows at or after as_of",))


@bad_input(
    "T01",
    "without as_of a stock counted long before the last sale refuses the plan",
    "stock_too_old",
    "refused",
    variant="no as_of",
    decided="which date is wrong can't be known: the plan is refused rather than the row set aside",
)
def _(shop: Shop) -> Outcome:
    del shop.plan["as_of"]
    shop.again("sales", shop.lines_of("sales", "B2")[-1], date="2062-03-06")
    return Outcome(exit=3, refused="stock_too_old", says=("stock.csv", "2062"))


@bad_input(
    "T02",
    "set aside with the declaration to write; a column of them refuses the table",
    "not_a_date",
    "set aside",
    decided="one such date is a bad row, a column of them refuses the table",
)
def _(shop: Shop) -> Outcome:
    return bad_date(shop, "03/04/2026", hint="day or month first? declare date_format")


@bad_input("T02", "", "too_many_bad_rows", "refused", variant="all")
def _(shop: Shop) -> Outcome:
    for line in range(2, len(shop.tables["sales"]) + 1):
        shop.put("sales", line, "date", "03/04/2026")
    return Outcome(exit=3, refused="too_many_bad_rows", says=("sales.csv, line 2", "date_format"))


@bad_input("T03", "set aside", "not_a_date", "set aside")
def _(shop: Shop) -> Outcome:
    return bad_date(shop, "2026-02-30", hint="no such day")


def _leap_year(year: int) -> Any:
    def inject(shop: Shop) -> Outcome:
        daily(shop, 3 * 365 + 5, dt.date(year, 3, 3), frequency="D", model="exponential_smoothing")

        def look(ran: Any) -> None:
            assert ran.result.summary["as_of"] == f"{year}-03-04"
            assert ran.line("A-1")["demand_mean"] > 0

        return Outcome(touched=None, look=look)

    return inject


bad_input("T04", "a day like any other; yearly seasons hold over leap years", "", "accepted")(_leap_year(2024))
bad_input("T04", "", "", "accepted", variant="2028")(_leap_year(2028))
bad_input("T04", "", "", "accepted", variant="2100")(_leap_year(2100))


@bad_input(
    "T05", "as text set aside, as typed values refused; read where time_zone is declared", "not_a_date", "set aside"
)
def _(shop: Shop) -> Outcome:
    return bad_date(shop, "2026-02-23T00:30:00+01:00", hint="a time zone")


def _zoned(shop: Shop) -> pa.Array:
    zone = ZoneInfo("Europe/Berlin")
    days = [dt.date.fromisoformat(record["date"]) for record in shop.records("sales")]
    # Half an hour after midnight: in UTC it is the day before, and the week before.
    return pa.array([dt.datetime(d.year, d.month, d.day, 0, 30, tzinfo=zone) for d in days], pa.timestamp("us", "UTC"))


@bad_input("T05", "", "no_time_zone", "refused", variant="typed")
def _(shop: Shop) -> Outcome:
    as_parquet(shop, arrow_table(shop, "sales", date=_zoned(shop)))
    return Outcome(exit=3, refused="no_time_zone", says=("sales.parquet", "declare time_zone"))


@bad_input("T06", "the calendar day of the declared time_zone counts; totals are kept", "", "accepted")
def _(shop: Shop) -> Outcome:
    path = as_parquet(shop, arrow_table(shop, "sales", date=_zoned(shop)))
    shop.data["sales"] = {"path": path.name, "time_zone": "Europe/Berlin"}
    return Outcome()


@bad_input("T07", 'zero, or with gaps = "missing" not recorded; counted in the summary', "", "accepted")
def _(shop: Shop) -> Outcome:
    for line in reversed(shop.lines_of("sales", "B2")[10:13]):
        del shop.tables["sales"][line - 1]

    def look(ran: Any) -> None:
        assert ran.result.summary["periods_without_a_row"] == 3
        assert ran.result.forecast.set_index("sku").loc["B2", "periods_observed"] == WEEKS

    return Outcome(touched={"B2"}, look=look)


@bad_input("T07", "", "", "accepted", variant="missing")
def _(shop: Shop) -> Outcome:
    for line in reversed(shop.lines_of("sales", "B2")[10:13]):
        del shop.tables["sales"][line - 1]
    shop.plan["gaps"] = "missing"

    def look(ran: Any) -> None:
        assert ran.result.forecast.set_index("sku").loc["B2", "periods_missing"] == 3

    return Outcome(touched={"B2"}, look=look)


@bad_input(
    "T08",
    "items that only ever sell on one weekday among daily ones are noted",
    "mixed_frequency",
    "noted",
    decided="a weekly customer looks the same: noted, not refused",
)
def _(shop: Shop) -> Outcome:
    daily(shop, 140, dt.date(2026, 3, 1), frequency="D")
    weekly = [[SKUS[3], "main", str(dt.date(2026, 2, 23) - 7 * k * DAY), "14"] for k in range(19)]
    shop.tables["sales"] += weekly
    return Outcome(notices=("mixed_frequency",), says=(f"'{SKUS[3]}'", "Monday"), touched=None)


@bad_input("T09", "left out and noted", "partial_period", "noted")
def _(shop: Shop) -> Outcome:
    daily(shop, 200, dt.date(2026, 3, 4), frequency="W-MON", duplicates="quarantine")

    def look(ran: Any) -> None:
        assert ran.result.summary["as_of"] == str(AS_OF)
        assert ran.result.summary["sales_rows_in_partial_period"] == 9

    return Outcome(notices=("partial_period",), says=("from 2026-03-02",), touched=None, look=look)


@bad_input("T10", "the order of rows changes no bit", "", "accepted")
def _(shop: Shop) -> Outcome:
    shuffled = random.Random(5)
    for rows in shop.tables.values():
        body = rows[1:]
        shuffled.shuffle(body)
        rows[1:] = body
    return Outcome()


@bad_input("T11", "set aside", "out_of_range", "set aside")
def _(shop: Shop) -> Outcome:
    first = shop.spoil("sales", "B2", "date", "1900-01-01", 0)
    out = bad_date(shop, "9999-12-31", "out_of_range", hint="placeholder")
    out.aside.append(Aside("sales", first, "date", "1900-01-01", "out_of_range"))
    return out


@bad_input("T11", "", "out_of_range", "set aside", variant="item")
def _(shop: Shop) -> Outcome:
    shop.add_column("items", "discontinued_on")
    line = shop.spoil("items", "B2", "discontinued_on", "9999-12-31")
    return Outcome(
        aside=[Aside("items", line, "discontinued_on", "9999-12-31", "out_of_range")],
        notices=("item_set_aside",),
        touched={"B2"},
        look=lambda ran: hint_says(ran, "leave discontinued_on empty"),
    )


def _weeks_from(frequency: str, last: dt.date) -> Any:
    def inject(shop: Shop) -> Outcome:
        daily(shop, 7 * 30, last, frequency=frequency)

        def look(ran: Any) -> None:
            # Two units a day are 14 a week, whatever day weeks begin on: no row is lost or counted twice.
            forecast = ran.result.forecast.set_index("sku").loc["B2"]
            assert forecast["demand_mean"] == 14 * forecast["protection_periods"]
            assert ran.result.summary["sales_rows_used"] == 3 * 7 * 30

        return Outcome(touched=None, look=look)

    return inject


bad_input("T12", "weeks begin on the declared day; totals are kept through week 53", "", "accepted")(
    _weeks_from("W-MON", dt.date(2027, 1, 10))
)
bad_input("T12", "", "", "accepted", variant="Sunday")(_weeks_from("W-SUN", dt.date(2027, 1, 9)))


@bad_input(
    "T13", "set aside as text, refused as typed values: what they count would be a guess", "not_a_date", "set aside"
)
def _(shop: Shop) -> Outcome:
    return bad_date(shop, "1772409600", hint="since 1970")


@bad_input("T13", "", "not_a_date", "set aside", variant="milliseconds")
def _(shop: Shop) -> Outcome:
    return bad_date(shop, "1772409600000", hint="since 1970")


@bad_input("T14", 'with model = "auto" a mean, and the reason says that it is short', "moving_average", "noted")
def _(shop: Shop) -> Outcome:
    shop.tables["sales"] = [row for k, row in enumerate(shop.tables["sales"]) if not k or row[2] >= "2026-01-26"]
    shop.plan["model"] = "auto"

    def look(ran: Any) -> None:
        reasons = ran.result.forecast["reason"]
        assert reasons.str.contains("only 5 observed periods").any()

    return Outcome(touched=None, look=look)


@bad_input(
    "T15",
    "no order from its end on; its successor takes over its history",
    "history_joined",
    "noted",
    decided="its status and reason say so; the log and a notice tell what was joined",
)
def _(shop: Shop) -> Outcome:
    shop.add_column("items", "discontinued_on")
    shop.add_column("items", "successor_of")
    shop.spoil("items", "B2", "discontinued_on", "2026-02-02")
    shop.spoil("items", "C3", "successor_of", "B2")

    def look(ran: Any) -> None:
        assert (ran.line("B2")["status"], ran.line("B2")["order_quantity"]) == ("discontinued", 0)

    return Outcome(notices=("history_joined",), says=("took over the history",), touched={"B2", "C3"}, look=look)
