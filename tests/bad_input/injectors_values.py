"""V: what is wrong with numbers."""

from __future__ import annotations

from typing import Any

from tests.bad_input.clean import WEEKS, Shop
from tests.bad_input.declaring import Aside, Outcome, bad_input


def history(shop: Shop, sku: str, quantities: list[str]) -> set[str]:
    """Give an SKU another history; return it as touched."""
    for line, value in zip(shop.lines_of("sales", sku), quantities, strict=True):
        shop.put("sales", line, "quantity", value)
    return {sku}


def one_bad_quantity(shop: Shop, value: str, code: str) -> Outcome:
    line = shop.spoil("sales", "B2", "quantity", value)
    return Outcome(aside=[Aside("sales", line, "quantity", value, code)], touched={"B2"})


def bad_item(shop: Shop, name: str, value: str, code: str) -> Outcome:
    """Spoil a cell of an item: its row is set aside, and it is left out with all its other rows."""
    line = shop.spoil("items", "B2", name, value)
    return Outcome(aside=[Aside("items", line, name, value, code)], notices=("item_set_aside",), touched={"B2"})


def odd_item(shop: Shop, notice: str = "", look: Any = None, **cells: str) -> Outcome:
    """Change cells of an item in a way that can be planned."""
    for name, value in cells.items():
        shop.spoil("items", "B2", name, value)
    return Outcome(notices=(notice,) if notice else (), touched={"B2"}, look=look)


@bad_input(
    "V01",
    'set aside, or taken off demand or counted apart as declared (returns = "net", "separate")',
    "negative_quantity",
    "set aside",
)
def _(shop: Shop) -> Outcome:
    return one_bad_quantity(shop, "-3", "negative_quantity")


@bad_input("V01", "", "returns_netted", "noted", variant="net")
def _(shop: Shop) -> Outcome:
    shop.spoil("sales", "x Ä", "quantity", "-3")
    shop.plan["returns"] = "net"
    return Outcome(notices=("returns_netted",), says=("3 returned units",), touched={"x Ä"})


@bad_input("V02", 'set aside; with missing_quantity = "unknown" not recorded. Never zero', "missing_value", "set aside")
def _(shop: Shop) -> Outcome:
    return one_bad_quantity(shop, "", "missing_value")


@bad_input("V02", "", "", "accepted", variant="unknown")
def _(shop: Shop) -> Outcome:
    shop.spoil("sales", "B2", "quantity", "")
    shop.plan["missing_quantity"] = "unknown"

    def look(ran: Any) -> None:
        forecast = ran.result.forecast
        assert forecast.loc[forecast["sku"] == "B2", "periods_missing"].iloc[0] == 1

    return Outcome(touched={"B2"}, look=look)


@bad_input("V03", "set aside", "not_a_number", "set aside")
def _(shop: Shop) -> Outcome:
    aside = []
    for which, value in enumerate(("inf", "-Infinity", "1e400")):
        line = shop.spoil("sales", "B2", "quantity", value, which)
        aside.append(Aside("sales", line, "quantity", value, "not_a_number"))
    return Outcome(aside=aside, touched={"B2"})


@bad_input("V04", "noted and tamed for the fit; the value itself stays in the log", "spike", "noted")
def _(shop: Shop) -> Outcome:
    line = shop.lines_of("sales", "NA")[30]
    usual = int(shop.records("sales")[line - 2]["quantity"])
    shop.put("sales", line, "quantity", str(1000 * usual))

    def look(ran: Any) -> None:
        log = ran.result.log[ran.result.log["code"] == "spike_tamed"]
        assert log[["sku", "before"]].to_numpy().tolist() == [["NA", 1000.0 * usual]]
        assert 0 < log["after"].iloc[0] < 10 * usual
        assert ran.line("NA")["demand_mean"] < 10 * 5 * usual

    return Outcome(notices=("spike",), says=("'NA'", "unit of measure"), touched={"NA"}, look=look)


@bad_input("V05", "set aside above 1e12", "out_of_range", "set aside")
def _(shop: Shop) -> Outcome:
    return one_bad_quantity(shop, "2000000000000", "out_of_range")


@bad_input("V06", "set aside above 1e12", "out_of_range", "set aside")
def _(shop: Shop) -> Outcome:
    return one_bad_quantity(shop, str(2**53 + 1), "out_of_range")


@bad_input("V07", "set aside where the item's unit of measure can't be split", "fractional_pieces", "set aside")
def _(shop: Shop) -> Outcome:
    return one_bad_quantity(shop, "2.5", "fractional_pieces")


@bad_input("V08", "set aside with a hint", "not_a_number", "set aside")
def _(shop: Shop) -> Outcome:
    aside = []
    for line, value in zip(shop.lines_of("sales", "B2"), ("n/a", "12 pcs", "(5)", "5-", "٣", "５"), strict=False):
        shop.put("sales", line, "quantity", value)
        aside.append(Aside("sales", line, "quantity", value, "not_a_number"))
    return Outcome(aside=aside, touched={"B2"})


@bad_input(
    "V09",
    "forecast 0, no order, and a reason that says so",
    "new",
    "noted",
    decided="its status and reason say so, not a notice",
)
def _(shop: Shop) -> Outcome:
    def look(ran: Any) -> None:
        told = ran.line("B2")
        assert (told["status"], told["order_quantity"], told["demand_mean"]) == ("new", 0, 0)
        assert "nothing was ever demanded" in told["reason"]

    return Outcome(touched=history(shop, "B2", ["0"] * WEEKS), look=look)


@bad_input(
    "V10",
    'with model = "auto" a mean of what there is, and the reason says that it is short',
    "moving_average",
    "noted",
    decided="the reason is a sentence in forecast.reason",
)
def _(shop: Shop) -> Outcome:
    lines = shop.lines_of("sales", "B2")
    for line in reversed(lines[:-1]):
        del shop.tables["sales"][line - 1]
    shop.put("sales", shop.lines_of("sales", "B2")[0], "quantity", "3")
    shop.spoil("items", "B2", "category", "young")
    shop.plan |= {"gaps": "missing", "rules": [{"where": {"sku": "B2"}, "set": {"model": "auto"}}]}

    def look(ran: Any) -> None:
        forecast = ran.result.forecast[ran.result.forecast["sku"] == "B2"].iloc[0]
        assert forecast["model"] == "moving_average"
        assert "only 1 observed periods" in forecast["reason"]

    return Outcome(touched={"B2"}, look=look)


@bad_input("V11", 'set aside, or with missing_quantity = "unknown" planned like an item without sales', "new", "noted")
def _(shop: Shop) -> Outcome:
    shop.plan["missing_quantity"] = "unknown"

    def look(ran: Any) -> None:
        assert (ran.line("B2")["status"], ran.line("B2")["order_quantity"]) == ("new", 0)

    return Outcome(touched=history(shop, "B2", [""] * WEEKS), look=look)


@bad_input("V12", "no spread but the lead time's; nothing is divided by zero", "", "accepted")
def _(shop: Shop) -> Outcome:
    def look(ran: Any) -> None:
        forecast = ran.result.forecast[ran.result.forecast["sku"] == "B2"].iloc[0]
        assert forecast["q0.5"] == forecast["q0.99"] or forecast["protection_periods"] % 1
        assert ran.line("B2")["demand_mean"] > 0

    return Outcome(touched=history(shop, "B2", ["5"] * WEEKS), look=look)


@bad_input("V13", 'with model = "auto" several models averaged; quantiles rise from 0', "", "accepted")
def _(shop: Shop) -> Outcome:
    shop.plan["rules"] = [{"where": {"sku": "B2"}, "set": {"model": "auto"}}]
    rare = ["1" if k % 20 == 7 else "0" for k in range(WEEKS)]

    def look(ran: Any) -> None:
        assert ran.line("B2")["model"] == "combination"
        forecast = ran.result.forecast[ran.result.forecast["sku"] == "B2"].iloc[0]
        assert forecast["class"] in ("intermittent", "lumpy")
        assert 0 == forecast["q0.5"] <= forecast["q0.9"] <= forecast["q0.95"] <= forecast["q0.99"] <= 3
        assert forecast["q0.99"] > 0

    return Outcome(touched=history(shop, "B2", rare), look=look)


@bad_input("V14", "units that customers wait for, and said", "negative_stock", "noted")
def _(shop: Shop) -> Outcome:
    shop.spoil("stock", "B2", "on_hand", "-4")

    def look(ran: Any) -> None:
        assert (ran.line("B2")["on_hand"], ran.line("B2")["backordered"]) == (0, 4)

    return Outcome(
        notices=("negative_stock",),
        says=("'B2' at 'main' (-4)",),
        concerns=("negative_stock",),
        touched={"B2"},
        look=look,
    )


@bad_input("V15", "noted, beyond max_stock_age_days or in the future refused", "stale_stock", "noted")
def _(shop: Shop) -> Outcome:
    shop.spoil("stock", "B2", "as_of", "2026-02-23")
    return Outcome(notices=("stale_stock",), says=("7 days before",))


@bad_input("V15", "", "stock_from_the_future", "refused", variant="future")
def _(shop: Shop) -> Outcome:
    shop.spoil("stock", "B2", "as_of", "2026-03-09")
    return Outcome(exit=3, refused="stock_from_the_future", says=("stock.csv", "2026-03-09"))


@bad_input("V15", "", "stock_too_old", "refused", variant="old")
def _(shop: Shop) -> Outcome:
    shop.spoil("stock", "B2", "as_of", "2025-03-03")
    return Outcome(exit=3, refused="stock_too_old", says=("stock.csv", "max_stock_age_days"))


@bad_input(
    "V16",
    "0 or empty: unknown, no economic lot, orders cover the review period, and their reason says so; "
    "negative: set aside",
    "out_of_range",
    "set aside",
)
def _(shop: Shop) -> Outcome:
    return bad_item(shop, "unit_cost", "-1", "out_of_range")


def _no_lot(ran: Any) -> None:
    assert not ran.line("B2")["economic_order_quantity"] > 0


def _unpriced(shop: Shop, cost: str) -> Outcome:
    """An item without a known cost, and with an order to explain."""
    shop.spoil("stock", "B2", "on_hand", "0")
    shop.spoil("open_orders", "B2", "quantity", "0")

    def look(ran: Any) -> None:
        _no_lot(ran)
        assert "no economic lot without a unit cost" in ran.line("B2")["reason"]

    return odd_item(shop, unit_cost=cost, look=look)


@bad_input("V16", "", "", "accepted", variant="zero")
def _(shop: Shop) -> Outcome:
    return _unpriced(shop, "0")


@bad_input("V16", "", "", "accepted", variant="empty")
def _(shop: Shop) -> Outcome:
    return _unpriced(shop, "")


@bad_input("V17", "no economic lot: orders cover the review period", "", "accepted")
def _(shop: Shop) -> Outcome:
    return odd_item(shop, order_cost="0", look=_no_lot)


@bad_input("V17", "", "", "accepted", variant="holding rate")
def _(shop: Shop) -> Outcome:
    shop.add_column("items", "holding_rate", "0.25")
    return odd_item(shop, holding_rate="0", look=_no_lot)


@bad_input(
    "V18",
    "0 is taken; negative, text and beyond ten years are set aside; beyond two years noted; empty: the supplier's",
    "out_of_range",
    "set aside",
)
def _(shop: Shop) -> Outcome:
    return bad_item(shop, "lead_time_days", "-7", "out_of_range")


@bad_input("V18", "", "not_a_number", "set aside", variant="text")
def _(shop: Shop) -> Outcome:
    return bad_item(shop, "lead_time_days", "2 weeks", "not_a_number")


@bad_input("V18", "", "", "accepted", variant="zero")
def _(shop: Shop) -> Outcome:
    return odd_item(shop, lead_time_days="0")


@bad_input("V18", "", "long_lead_time", "noted", variant="long")
def _(shop: Shop) -> Outcome:
    return odd_item(shop, "long_lead_time", lead_time_days="800")


@bad_input("V18", "", "out_of_range", "set aside", variant="ten years")
def _(shop: Shop) -> Outcome:
    return bad_item(shop, "lead_time_days", "3651", "out_of_range")


@bad_input("V19", "negative: set aside; more than twice the mean: noted", "out_of_range", "set aside")
def _(shop: Shop) -> Outcome:
    shop.add_column("items", "lead_time_sd_days")
    return bad_item(shop, "lead_time_sd_days", "-1", "out_of_range")


@bad_input("V19", "", "wide_lead_time", "noted", variant="wide")
def _(shop: Shop) -> Outcome:
    shop.add_column("items", "lead_time_sd_days")
    return odd_item(shop, "wide_lead_time", lead_time_days="10", lead_time_sd_days="30")


@bad_input("V19", "", "wide_lead_time", "noted", variant="supplier")
def _(shop: Shop) -> Outcome:
    shop.add_column("suppliers", "lead_time_sd_days")
    shop.put("suppliers", 3, "lead_time_sd_days", "60")
    return Outcome(notices=("wide_lead_time",), says=("suppliers", "S2"), touched={"A-1", "C3", "E5", "x Ä"})


@bad_input(
    "V20", "pack 0: set aside; minimum above maximum or not in packs: noted, rounded up", "out_of_range", "set aside"
)
def _(shop: Shop) -> Outcome:
    return bad_item(shop, "pack_size", "0", "out_of_range")


@bad_input("V20", "", "minimum_above_maximum", "noted", variant="maximum")
def _(shop: Shop) -> Outcome:
    return odd_item(shop, "minimum_above_maximum", max_stock="6")


@bad_input("V20", "", "minimum_not_in_packs", "noted", variant="packs")
def _(shop: Shop) -> Outcome:
    return odd_item(shop, "minimum_not_in_packs", moq="13")


@bad_input("V21", "a configuration error with a hint; of an item set aside", "configuration", "refused")
def _(shop: Shop) -> Outcome:
    shop.plan["target"] = 95
    return Outcome(exit=2, refused="configuration", says=("target is 95", "did you mean 0.95?"))


def _target(value: float) -> Any:
    def inject(shop: Shop) -> Outcome:
        shop.plan["target"] = value
        return Outcome(exit=2, refused="configuration", says=("between 0 and 1",))

    return inject


for _value in (0, 1, 1.5, float("nan")):
    bad_input("V21", "", "configuration", "refused", variant=f"{_value:g}")(_target(_value))


@bad_input("V21", "", "out_of_range", "set aside", variant="item")
def _(shop: Shop) -> Outcome:
    shop.add_column("items", "target")
    out = bad_item(shop, "target", "95", "out_of_range")
    out.look = lambda ran: hint_says(ran, "did you mean 0.95?")
    return out


def hint_says(ran: Any, words: str) -> None:
    assert ran.result.quarantine["hint"].str.contains(words, regex=False).all(), ran.result.quarantine["hint"].tolist()


@bad_input(
    "V22",
    "money in several currencies is refused; the rows of a SKU that is counted in several units are set aside",
    "mixed_currency",
    "refused",
)
def _(shop: Shop) -> Outcome:
    shop.spoil("items", "B2", "currency", "USD")
    return Outcome(exit=3, refused="mixed_currency", says=("items.csv", "EUR, USD"))


@bad_input("V22", "", "mixed_units", "set aside", variant="units")
def _(shop: Shop) -> Outcome:
    first = shop.lines_of("items", "B2")[0]
    lines = (first, shop.again("items", first, location="annex", uom="kg"))
    shop.again("stock", shop.lines_of("stock", "B2")[0], location="annex")
    shop.again("items", shop.lines_of("items", "C3")[0], location="annex", uom="PCS")
    shop.again("stock", shop.lines_of("stock", "C3")[0], location="annex")
    aside = [Aside("items", line, "uom", unit, "mixed_units") for line, unit in zip(lines, ("pcs", "kg"), strict=True)]
    return Outcome(aside=aside, notices=("item_set_aside",), touched={"B2", "C3"})


@bad_input(
    "V23",
    "overdue: expected at the next opening, and said; negative: set aside; 0 units: nothing to come",
    "order_overdue",
    "noted",
    decided="there is no status column: cancelled and closed lines are not given, or with 0 units",
)
def _(shop: Shop) -> Outcome:
    shop.spoil("open_orders", "B2", "due_date", "2026-02-01")

    def look(ran: Any) -> None:
        assert "overdue" in ran.line("B2")["reason"]

    return Outcome(concerns=("order_overdue",), touched={"B2"}, look=look)


@bad_input("V23", "", "out_of_range", "set aside", variant="negative")
def _(shop: Shop) -> Outcome:
    line = shop.spoil("open_orders", "B2", "quantity", "-12")
    return Outcome(aside=[Aside("open_orders", line, "quantity", "-12", "out_of_range")], touched={"B2"})


@bad_input("V23", "", "", "accepted", variant="nothing left")
def _(shop: Shop) -> Outcome:
    shop.spoil("open_orders", "B2", "quantity", "0")

    def look(ran: Any) -> None:
        assert ran.line("B2")["on_order"] == 0

    return Outcome(touched={"B2"}, look=look)
