"""K: what is wrong with identifiers and keys."""

from __future__ import annotations

import datetime as dt
import sqlite3
import unicodedata
from contextlib import closing
from typing import Any

from tests.bad_input.clean import SKUS, WEEKS, Shop
from tests.bad_input.declaring import Aside, Outcome, bad_input
from tests.bad_input.injectors_files import arrow_table, as_excel, as_parquet


def renamed(shop: Shop, sku: str, name: str) -> None:
    """Give an SKU another name in every table."""
    for table in ("sales", "items", "stock", "open_orders"):
        for line in shop.lines_of(table, sku):
            shop.put(table, line, "sku", name)


def renamed_all(shop: Shop, names: list[str]) -> Outcome:
    """Give the SKUs other names; every one must be planned under exactly its name."""
    for sku, name in zip(SKUS, names, strict=False):
        renamed(shop, sku, name)

    def look(ran: Any) -> None:
        assert set(names) <= set(ran.result.recommendations["sku"])

    return Outcome(touched=set(SKUS[: len(names)]) | set(names), look=look)


@bad_input("K01", "set aside like every key that stands twice", "duplicate_key", "set aside")
def _(shop: Shop) -> Outcome:
    line = shop.lines_of("sales", "B2")[5]
    date = shop.records("sales")[line - 2]["date"]
    twin = shop.again("sales", line)
    aside = [Aside("sales", k, "date", date, "duplicate_key") for k in (line, twin)]
    return Outcome(aside=aside, touched={"B2"})


@bad_input(
    "K01",
    'with exact_duplicates = "drop" one of them is kept and the rest counted',
    "exact_duplicate",
    "repaired",
    variant="dropped",
)
def _(shop: Shop) -> Outcome:
    shop.again("sales", shop.lines_of("sales", "B2")[5])
    shop.again("stock", shop.lines_of("stock", "C3")[0])
    shop.plan["exact_duplicates"] = "drop"
    return Outcome(notices=("exact_duplicate",), says=("sales: 1 row", "stock: 1 row"))


@bad_input("K01", "", "exact_duplicate", "repaired", variant="several days a period")
def _(shop: Shop) -> Outcome:
    shop.plan["exact_duplicates"] = "drop"
    line = shop.lines_of("sales", "B2")[5]
    monday = dt.date.fromisoformat(shop.records("sales")[line - 2]["date"])
    units = int(shop.records("sales")[line - 2]["quantity"])
    shop.put("sales", line, "quantity", "0")
    for _ in range(2):
        shop.again("sales", line, date=str(monday + dt.timedelta(days=2)), quantity=str(units))
    # The last week is complete only if every weekday that ever has a row has come.
    shop.again("sales", shop.lines_of("sales", "B2")[WEEKS - 1], date="2026-03-01", quantity="0")
    return Outcome(notices=("exact_duplicate",), says=("sales: 1 row",))


@bad_input(
    "K02", 'all of them are set aside, or duplicates = "sum" or "last" as declared', "duplicate_key", "set aside"
)
def _(shop: Shop) -> Outcome:
    line = shop.lines_of("sales", "B2")[5]
    date = shop.records("sales")[line - 2]["date"]
    twin = shop.again("sales", line, quantity="999")
    stock = shop.lines_of("stock", "C3")[0]
    other = shop.again("stock", stock, on_hand="4")
    aside = [Aside("sales", k, "date", date, "duplicate_key") for k in (line, twin)]
    aside += [Aside("stock", k, "sku", "C3", "duplicate_key") for k in (stock, other)]
    shop.plan["exact_duplicates"] = "drop"
    return Outcome(aside=aside, touched={"B2", "C3"})


@bad_input("K03", "set aside", "missing_value", "set aside")
def _(shop: Shop) -> Outcome:
    line = shop.spoil("sales", "B2", "sku", "")
    return Outcome(aside=[Aside("sales", line, "sku", "", "missing_value")], touched={"B2"})


@bad_input("K04", "text like any other", "", "accepted")
def _(shop: Shop) -> Outcome:
    return renamed_all(shop, ["NULL", "nan", "None", "TRUE", "inf", "1E5"])


def _leading_zeros(shop: Shop) -> Outcome:
    """Nothing is wrong with the shop: its first SKU is 00123, and 123 is none."""

    def look(ran: Any) -> None:
        assert ran.line("00123")["order_quantity"] >= 0
        assert "123" not in set(ran.result.recommendations["sku"])

    return Outcome(look=look)


@bad_input("K05", "kept exactly, from CSV, Parquet, Excel and SQL", "", "accepted")
def _(shop: Shop) -> Outcome:
    return _leading_zeros(shop)


@bad_input("K05", "", "", "accepted", variant="Parquet")
def _(shop: Shop) -> Outcome:
    as_parquet(shop, arrow_table(shop, "sales"))
    return _leading_zeros(shop)


@bad_input("K05", "", "", "accepted", variant="Excel")
def _(shop: Shop) -> Outcome:
    as_excel(shop)
    return _leading_zeros(shop)


@bad_input("K05", "", "", "accepted", variant="SQL")
def _(shop: Shop) -> Outcome:
    shop.folder.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(shop.folder / "shop.db")) as base, base:
        base.execute("create table sales (sku text, location text, date text, quantity real)")
        base.executemany("insert into sales values (?, ?, ?, ?)", shop.tables["sales"][1:])
    url = f"sqlite:///{(shop.folder / 'shop.db').as_posix()}"
    shop.data["sales"] = {"query": "select sku, location, date, quantity from sales order by rowid", "url": url}
    return _leading_zeros(shop)


@bad_input(
    "K06",
    "planned apart and noted; never merged",
    "near_duplicate_sku",
    "noted",
    decided="merging is no setting: mend the export",
)
def _(shop: Shop) -> Outcome:
    renamed(shop, "C3", "b2 ")
    return Outcome(notices=("near_duplicate_sku",), says=("'B2', 'b2 '",), touched={"C3", "b2 "})


@bad_input(
    "K06",
    "an unknown one is set aside with the known one that it looks like",
    "unknown_sku",
    "set aside",
    variant="unknown",
)
def _(shop: Shop) -> Outcome:
    line = shop.spoil("sales", "B2", "sku", "b2")

    def look(ran: Any) -> None:
        assert "'B2'" in ran.result.quarantine["hint"].iloc[0]

    return Outcome(
        aside=[Aside("sales", line, "sku", "b2", "unknown_sku")], notices=("unknown_sku",), touched={"B2"}, look=look
    )


@bad_input(
    "K07",
    "composed (NFC) and logged; look-alikes are noted; zero-width and direction marks are set aside",
    "unicode_normalised",
    "repaired",
)
def _(shop: Shop) -> Outcome:
    apart = unicodedata.normalize("NFD", "x Ä")
    for line in shop.lines_of("sales", "x Ä"):
        shop.put("sales", line, "sku", apart)
    return Outcome(repairs=[(apart, "x Ä")])


@bad_input("K07", "", "hidden_character", "set aside", variant="hidden")
def _(shop: Shop) -> Outcome:
    first = shop.spoil("sales", "B2", "sku", "B2\u200b")
    second = shop.spoil("sales", "B2", "sku", "\u202eB2")
    aside = [
        Aside("sales", first, "sku", "B2\u200b", "hidden_character"),
        Aside("sales", second, "sku", "\u202eB2", "hidden_character"),
    ]
    return Outcome(aside=aside, touched={"B2"})


@bad_input("K07", "", "near_duplicate_sku", "noted", variant="look-alike")
def _(shop: Shop) -> Outcome:
    renamed(shop, "C3", "В2")  # a Cyrillic letter
    return Outcome(notices=("near_duplicate_sku",), touched={"C3", "В2"})


@bad_input(
    "K08",
    "text like any other, in the CSV of the run, too",
    "",
    "accepted",
    decided="a CSV for machines keeps identifiers exactly; making them harmless is up to exports for spreadsheets",
)
def _(shop: Shop) -> Outcome:
    return renamed_all(shop, ["=1+1", "+5", "-7", "@SUM(A1)"])


@bad_input("K08", "a tab or carriage return in front is set aside", "hidden_character", "set aside", variant="control")
def _(shop: Shop) -> Outcome:
    line = shop.spoil("sales", "B2", "sku", "\tB2")
    return Outcome(aside=[Aside("sales", line, "sku", "\tB2", "hidden_character")], touched={"B2"})


@bad_input("K09", "set aside: at most 128 characters", "identifier_too_long", "set aside")
def _(shop: Shop) -> Outcome:
    line = shop.spoil("sales", "B2", "sku", "B2" * 5_000)
    return Outcome(aside=[Aside("sales", line, "sku", "B2" * 5_000, "identifier_too_long")], touched={"B2"})


@bad_input("K10", "text like any other; no file is named after it", "", "accepted")
def _(shop: Shop) -> Outcome:
    names = ["../../x", "a/b", "CON", "C:\\"]
    out = renamed_all(shop, names)
    look = out.look

    def closer(ran: Any) -> None:
        assert look is not None
        look(ran)
        published = {path.name for path in ran.folder.rglob("*")}
        assert not published & {"x", "a", "b", "CON"}
        assert not (shop.folder.parent.parent / "x").exists()

    out.look = closer
    return out


@bad_input("K11", "text like any other; no page of HTML is written", "", "accepted")
def _(shop: Shop) -> Outcome:
    return renamed_all(shop, ["<script>alert(1)</script>", "</script>", "<b>"])


@bad_input("K12", "text like any other; a line end is set aside", "", "accepted")
def _(shop: Shop) -> Outcome:
    return renamed_all(shop, ['a,"b"', "it's", "'; DROP TABLE sales; --", '"'])


@bad_input("K12", "", "hidden_character", "set aside", variant="line end")
def _(shop: Shop) -> Outcome:
    lines = shop.lines_of("sales", "x Ä")
    shop.put("sales", lines[-1], "sku", "x\nÄ")
    return Outcome(aside=[Aside("sales", lines[-1], "sku", "x\nÄ", "hidden_character")], touched={"x Ä"})


@bad_input("K13", "set aside; rows and their share of the units are noted", "unknown_sku", "set aside")
def _(shop: Shop) -> Outcome:
    line = shop.again("sales", shop.lines_of("sales", "B2")[-1], sku="nobody", quantity="100")
    return Outcome(
        aside=[Aside("sales", line, "sku", "nobody", "unknown_sku")],
        notices=("unknown_sku",),
        says=("sales: 1 row", "% of the units"),
    )


@bad_input(
    "K14", "planned as new: no order without a planner", "new", "noted", decided="its status says so, not a notice"
)
def _(shop: Shop) -> Outcome:
    line = shop.again("items", shop.lines_of("items", "B2")[0], sku="fresh")
    assert line == len(SKUS) + 2

    def look(ran: Any) -> None:
        told = ran.line("fresh")
        assert (told["status"], told["order_quantity"]) == ("new", 0)
        assert "planner" in told["reason"]

    return Outcome(touched={"fresh"}, look=look)


@bad_input(
    "K15",
    "planned with what the item itself states, else held; two rows of an item are set aside",
    "unknown_supplier",
    "noted",
    decided="an item without supplier is shown and held, not hidden; item_suppliers may name one",
)
def _(shop: Shop) -> Outcome:
    shop.spoil("items", "B2", "supplier", "S9")
    shop.spoil("items", "C3", "supplier", "")
    shop.spoil("items", "D4", "supplier", "")

    def look(ran: Any) -> None:
        for sku in ("B2", "D4"):
            assert ran.line(sku)["order_quantity"] == 0
            assert "no lead time is known" in ran.line(sku)["reason"]
        assert ran.line("C3")["order_quantity"] >= 0

    return Outcome(
        notices=("unknown_supplier",),
        says=("S9",),
        concerns=("no_supplier", "no_lead_time"),
        touched={"B2", "C3", "D4"},
        look=look,
    )


@bad_input("K15", "", "duplicate_key", "set aside", variant="two")
def _(shop: Shop) -> Outcome:
    line = shop.lines_of("items", "B2")[0]
    twin = shop.again("items", line, supplier="S2")
    aside = [Aside("items", k, "sku", "B2", "duplicate_key") for k in (line, twin)]
    return Outcome(aside=aside, notices=("item_set_aside",), touched={"B2"}, says=("B2",))


@bad_input("K16", "set aside and counted", "unknown_sku", "set aside")
def _(shop: Shop) -> Outcome:
    first = shop.again("stock", shop.lines_of("stock", "B2")[0], sku="nobody")
    second = shop.again("stock", shop.lines_of("stock", "B2")[0], location="nowhere")
    aside = [
        Aside("stock", first, "sku", "nobody", "unknown_sku"),
        Aside("stock", second, "location", "nowhere", "unknown_item"),
    ]
    return Outcome(aside=aside, notices=("unknown_sku", "unknown_item"))
