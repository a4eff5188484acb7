"""F: what is wrong with a file."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

from tests.bad_input.clean import SKUS, Shop
from tests.bad_input.declaring import Aside, Outcome, bad_input


def arrow_table(shop: Shop, table: str, **types: pa.DataType) -> pa.Table:
    """A table with typed columns, as a careful export would write it."""
    records = shop.records(table)
    columns: dict[str, Any] = {name: [record[name] or None for record in records] for name in shop.tables[table][0]}
    if table == "sales":
        columns["date"] = pa.array([dt.date.fromisoformat(day) for day in columns["date"]])
        columns["quantity"] = pa.array([float(number) for number in columns["quantity"]])
    for name, kind in types.items():
        columns[name] = pa.array(columns[name]).cast(kind) if not isinstance(kind, pa.Array) else kind
    return pa.table(columns)


def as_parquet(shop: Shop, written: pa.Table, **how: Any) -> Path:
    """Give the sales as a Parquet file."""
    path = shop.folder / "sales.parquet"
    shop.folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(written, path, **how)
    shop.data["sales"] = path.name
    return path


def as_excel(shop: Shop, above: int = 0, sheets: tuple[str, ...] = ("Sheet1",), **typed: Any) -> None:
    """Give the sales as a workbook; numbers and dates are typed cells. ``above``: banner rows over the headings."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = sheets[0]
    for name in sheets[1:]:
        book.create_sheet(name)
    for _ in range(above):
        sheet.append(["Sales report of the year"])
    sheet.append(shop.tables["sales"][0])
    for row in shop.records("sales"):
        sheet.append([row["sku"], row["location"], dt.date.fromisoformat(row["date"]), float(row["quantity"])])
    if above:
        sheet.merge_cells("A1:D1")
    for cell, value in typed.items():
        sheet[cell] = value
        sheet[cell].number_format = "General"
    shop.folder.mkdir(parents=True, exist_ok=True)
    book.save(shop.folder / "sales.xlsx")
    shop.data["sales"] = "sales.xlsx"


@bad_input("F01", "says that the file is empty", "empty_file", "refused")
def _(shop: Shop) -> Outcome:
    shop.instead["sales"] = b""
    return Outcome(exit=3, refused="empty_file", says=("sales.csv is empty", "export it again"))


@bad_input(
    "F02",
    "sales without rows are refused",
    "no_usable_sales",
    "refused",
    decided="there is no --allow-empty: a plan without demand is none",
)
def _(shop: Shop) -> Outcome:
    del shop.tables["sales"][1:]
    return Outcome(exit=3, refused="no_usable_sales", says=("sales.csv", "no rows"))


@bad_input("F02", "an optional table without rows is noted", "empty_table", "noted", variant="optional")
def _(shop: Shop) -> Outcome:
    del shop.tables["open_orders"][1:]
    return Outcome(notices=("empty_table",), says=("open_orders.csv",), touched=set(SKUS[:4]))


@bad_input("F03", "names the missing column and the nearest heading", "missing_column", "refused")
def _(shop: Shop) -> Outcome:
    shop.tables["sales"][0][3] = "quantiti"
    return Outcome(exit=3, refused="missing_column", says=("sales.csv", "quantity", "'quantiti'", "columns = {"))


@bad_input("F04", "a column that nothing reads is named", "unknown_column", "noted")
def _(shop: Shop) -> Outcome:
    shop.add_column("sales", "colour", "blue")
    return Outcome(notices=("unknown_column",), says=("colour",))


@bad_input("F05", "a heading that occurs twice is refused", "duplicate_heading", "refused")
def _(shop: Shop) -> Outcome:
    shop.add_column("sales", "quantity", "1")
    return Outcome(exit=3, refused="duplicate_heading", says=("sales.csv", "'quantity'", "more than once"))


@bad_input(
    "F06",
    "only declared headings are taken; the declaration to write is told",
    "missing_column",
    "refused",
)
def _(shop: Shop) -> Outcome:
    shop.tables["sales"][0][0] = "SKU "
    shop.tables["sales"][0][3] = "Quantity"
    says = ("sales.csv", 'columns = { sku = "SKU ", quantity = "Quantity" }')
    return Outcome(exit=3, refused="missing_column", says=says)


@bad_input("F06", "declared headings are read", "", "accepted", variant="declared")
def _(shop: Shop) -> Outcome:
    shop.tables["sales"][0][0] = "SKU "
    shop.data["sales"] = {"path": "sales.csv", "columns": {"sku": "SKU "}}
    return Outcome()


@bad_input(
    "F06", "of a column that may be missing a near heading is named", "unknown_column", "noted", variant="optional"
)
def _(shop: Shop) -> Outcome:
    shop.tables["sales"][0][1] = "Location"
    return Outcome(notices=("unknown_column",), says=('columns = { location = "Location" }',))


@bad_input(
    "F07",
    "refused with the declaration to write",
    "wrong_delimiter",
    "refused",
    decided="never sniffed: what is declared is read, so that the same file is always read the same way",
)
def _(shop: Shop) -> Outcome:
    shop.instead["sales"] = shop.text("sales", ";").encode()
    return Outcome(exit=3, refused="wrong_delimiter", says=("sales.csv", 'declare delimiter = ";"'))


@bad_input("F07", "a declared delimiter is read", "", "accepted", variant="declared")
def _(shop: Shop) -> Outcome:
    shop.instead["sales"] = shop.text("sales", "\t").encode()
    shop.data["sales"] = {"path": "sales.csv", "delimiter": "\t"}
    return Outcome()


@bad_input("F08", "set aside, with the declaration that reads it", "not_a_number", "set aside")
def _(shop: Shop) -> Outcome:
    line = shop.spoil("sales", "B2", "quantity", "1,5")
    return Outcome(aside=[Aside("sales", line, "quantity", "1,5", "not_a_number")], touched={"B2"})


@bad_input("F08", "a column of them refuses the table", "too_many_bad_rows", "refused", variant="all")
def _(shop: Shop) -> Outcome:
    for line in range(2, len(shop.tables["sales"]) + 1):
        shop.put("sales", line, "quantity", "1,5")
    says = ("sales.csv, line 2", "'1,5'", 'declare decimal = ","')
    return Outcome(exit=3, refused="too_many_bad_rows", says=says)


@bad_input("F09", "set aside, with the declaration that reads it", "not_a_number", "set aside")
def _(shop: Shop) -> Outcome:
    lines = shop.lines_of("sales", "B2")
    aside = []
    for line, value in zip(lines, ("1,234", "1 234", "1'234"), strict=False):
        shop.put("sales", line, "quantity", value)
        aside.append(Aside("sales", line, "quantity", value, "not_a_number"))
    return Outcome(aside=aside, touched={"B2"})


@bad_input("F10", "read as if it were not there", "", "accepted")
def _(shop: Shop) -> Outcome:
    shop.instead["sales"] = b"\xef\xbb\xbf" + shop.text("sales").encode()
    return Outcome()


@bad_input("F11", "refused with line, byte and the declaration to write", "wrong_encoding", "refused")
def _(shop: Shop) -> Outcome:
    line = shop.lines_of("sales", "x Ä")[0]
    shop.instead["sales"] = shop.text("sales").encode("cp1252")
    says = (f"sales.csv, line {line}", "byte", 'encoding = "cp1252"')
    return Outcome(exit=3, refused="wrong_encoding", says=says)


@bad_input("F11", "a declared encoding is read", "", "accepted", variant="declared")
def _(shop: Shop) -> Outcome:
    shop.instead["sales"] = shop.text("sales").encode("cp1252")
    shop.data["sales"] = {"path": "sales.csv", "encoding": "cp1252"}
    return Outcome()


@bad_input("F12", "refused with the declaration to write", "wrong_encoding", "refused")
def _(shop: Shop) -> Outcome:
    shop.instead["sales"] = shop.text("sales").encode("utf-16")
    return Outcome(exit=3, refused="wrong_encoding", says=("sales.csv", 'encoding = "utf-16"'))


@bad_input("F12", "without its mark, too", "wrong_encoding", "refused", variant="unmarked")
def _(shop: Shop) -> Outcome:
    shop.instead["sales"] = shop.text("sales").encode("utf-16-le")
    return Outcome(exit=3, refused="wrong_encoding", says=("sales.csv", 'encoding = "utf-16-le"'))


@bad_input("F13", "refused with the line on which the quote opens", "open_quote", "refused")
def _(shop: Shop) -> Outcome:
    lines = shop.text("sales").splitlines()
    lines[99] = lines[99].replace(",main", ',"main')
    shop.instead["sales"] = "\n".join(lines).encode()
    return Outcome(exit=3, refused="open_quote", says=("sales.csv, line 100", "quote"))


@bad_input("F14", "set aside", "row_too_long", "set aside")
def _(shop: Shop) -> Outcome:
    line = shop.lines_of("sales", "B2")[5]
    shop.tables["sales"][line - 1].append("7")
    return Outcome(aside=[Aside("sales", line, "", "", "row_too_long")], touched={"B2"})


@bad_input("F15", "set aside", "row_too_short", "set aside")
def _(shop: Shop) -> Outcome:
    line = shop.lines_of("sales", "B2")[5]
    shop.tables["sales"][line - 1].pop()
    return Outcome(aside=[Aside("sales", line, "", "", "row_too_short")], touched={"B2"})


@bad_input("F16", "set aside", "hidden_character", "set aside")
def _(shop: Shop) -> Outcome:
    lines = shop.lines_of("sales", "B2")
    shop.put("sales", lines[0], "sku", "B\x002")
    shop.put("sales", lines[1], "sku", "B2\x07")
    shop.put("sales", lines[2], "quantity", "5\x00")
    aside = [
        Aside("sales", lines[0], "sku", "B\x002", "hidden_character"),
        Aside("sales", lines[1], "sku", "B2\x07", "hidden_character"),
        Aside("sales", lines[2], "quantity", "5\x00", "not_a_number"),
    ]
    return Outcome(aside=aside, touched={"B2"})


def _line_ends(end: str, last: bool, blank: bool) -> Any:
    def inject(shop: Shop) -> Outcome:
        text = shop.text("sales", end=end)
        if blank:
            text = text.replace(end, end + end)
        shop.instead["sales"] = (text if last else text[: -len(end)]).encode()
        return Outcome()

    return inject


bad_input("F17", "read as what they mean", "", "accepted")(_line_ends("\r\n", last=True, blank=False))
bad_input("F17", "", "", "accepted", variant="lone CR")(_line_ends("\r", last=True, blank=False))
bad_input("F17", "", "", "accepted", variant="no last")(_line_ends("\n", last=False, blank=False))
bad_input("F17", "", "", "accepted", variant="blank lines")(_line_ends("\n", last=True, blank=True))


@bad_input("F18", "refused: cut short is not readable", "unreadable_parquet", "refused")
def _(shop: Shop) -> Outcome:
    path = as_parquet(shop, arrow_table(shop, "sales"))
    path.write_bytes(path.read_bytes()[:-200])
    return Outcome(exit=3, refused="unreadable_parquet", says=("sales.parquet",))


@bad_input(
    "F19", "refused where the file carries checksums, as all that restock writes does", "unreadable_parquet", "refused"
)
def _(shop: Shop) -> Outcome:
    path = as_parquet(shop, arrow_table(shop, "sales"), write_page_checksum=True, compression="none")
    content = bytearray(path.read_bytes())
    content[content.index(b"00123") + 2] ^= 4
    path.write_bytes(bytes(content))
    return Outcome(exit=3, refused="unreadable_parquet", says=("sales.parquet is damaged", "export it again"))


@bad_input("F20", "what loses nothing is read: coded and large text, text and decimals as numbers", "", "accepted")
def _(shop: Shop) -> Outcome:
    texts = pa.array([record["quantity"] for record in shop.records("sales")])
    written = arrow_table(shop, "sales", sku=pa.large_string(), quantity=texts)
    coded = written.column("location").combine_chunks().dictionary_encode()
    as_parquet(shop, written.set_column(1, "location", coded))
    return Outcome()


@bad_input("F20", "", "", "accepted", variant="decimal128")
def _(shop: Shop) -> Outcome:
    numbers = pa.array([Decimal(record["quantity"]) for record in shop.records("sales")], pa.decimal128(12, 2))
    as_parquet(shop, arrow_table(shop, "sales", quantity=numbers))
    return Outcome()


@bad_input(
    "F20",
    "whole numbers as dates are refused: what they count would be a guess",
    "wrong_type",
    "refused",
    variant="int date",
)
def _(shop: Shop) -> Outcome:
    as_parquet(shop, arrow_table(shop, "sales", date=pa.array(range(len(shop.tables["sales"]) - 1))))
    return Outcome(exit=3, refused="wrong_type", says=("sales.parquet", "'date'", "int64"))


@bad_input("F20", "nested columns and fractions as identifiers are refused", "wrong_type", "refused", variant="nested")
def _(shop: Shop) -> Outcome:
    as_parquet(shop, arrow_table(shop, "sales", sku=pa.array([[1]] * (len(shop.tables["sales"]) - 1))))
    return Outcome(exit=3, refused="wrong_type", says=("sales.parquet", "'sku'", "list"))


@bad_input(
    "F21", "refused with the row in which the headings stand, or the names of the sheets", "other_header_row", "refused"
)
def _(shop: Shop) -> Outcome:
    as_excel(shop, above=2)
    return Outcome(exit=3, refused="other_header_row", says=("sales.xlsx", "declare header_row = 3"))


@bad_input("F21", "", "which_sheet", "refused", variant="sheets")
def _(shop: Shop) -> Outcome:
    as_excel(shop, sheets=("Sales", "Notes"))
    return Outcome(exit=3, refused="which_sheet", says=("sales.xlsx", "Sales, Notes", 'sheet = "Sales"'))


@bad_input("F22", "typed cells of a workbook are read; as bare numbers they are set aside", "not_a_date", "set aside")
def _(shop: Shop) -> Outcome:
    line = shop.spoil("sales", "B2", "date", "45000")
    return Outcome(aside=[Aside("sales", line, "date", "45000", "not_a_date")], touched={"B2"})


@bad_input("F22", "", "", "accepted", variant="workbook")
def _(shop: Shop) -> Outcome:
    as_excel(shop)
    return Outcome()


@bad_input("F22", "", "not_a_date", "set aside", variant="workbook bare")
def _(shop: Shop) -> Outcome:
    line = shop.lines_of("sales", "B2")[7]
    as_excel(shop, **{f"C{line}": 45000})
    return Outcome(aside=[Aside("sales", line, "date", "45000", "not_a_date")], touched={"B2"})


@bad_input(
    "F23",
    "an SKU like 1.23E+05 is noted; of an unknown one the known with zeros in front are named",
    "spreadsheet_sku",
    "noted",
)
def _(shop: Shop) -> Outcome:
    shop.again("items", shop.lines_of("items", "B2")[0], sku="1.23E+05")
    line = shop.spoil("sales", "00123", "sku", "123")
    stock = shop.spoil("stock", "00123", "sku", "123")
    aside = [Aside("sales", line, "sku", "123", "unknown_sku"), Aside("stock", stock, "sku", "123", "unknown_sku")]

    def look(ran: Any) -> None:
        assert ran.result.quarantine["hint"].str.contains("leading zeros lost.*00123").all()

    return Outcome(notices=("spreadsheet_sku", "unknown_sku"), aside=aside, touched={"00123", "1.23E+05"}, look=look)


@bad_input("F24", "refused before it is unpacked or parsed", "line_too_long", "refused")
def _(shop: Shop) -> Outcome:
    shop.instead["sales"] = shop.text("sales").encode() + b"B2," + b"9" * (1 << 24)
    line = len(shop.tables["sales"]) + 1
    return Outcome(exit=3, refused="line_too_long", says=("sales.csv", f"line {line} is longer than"))


@bad_input("F24", "", "too_many_columns", "refused", variant="columns")
def _(shop: Shop) -> Outcome:
    shop.instead["sales"] = ",".join(f"c{k}" for k in range(100_000)).encode() + b"\n"
    return Outcome(exit=3, refused="too_many_columns", says=("sales.csv", "100000 columns"))


@bad_input("F24", "", "workbook_too_large", "refused", variant="bomb")
def _(shop: Shop) -> Outcome:
    import zipfile

    as_excel(shop)
    with (
        zipfile.ZipFile(shop.folder / "sales.xlsx", "a", zipfile.ZIP_DEFLATED) as book,
        book.open("xl/media/zeros.bin", "w", force_zip64=True) as part,
    ):
        for _ in range(64):
            part.write(bytes(1 << 22))
    return Outcome(exit=3, refused="workbook_too_large", says=("sales.xlsx", "unpacked"))


@bad_input("F24", "", "too_many_columns", "refused", variant="parquet")
def _(shop: Shop) -> Outcome:
    as_parquet(shop, pa.table({f"c{k}": pa.nulls(1) for k in range(3_000)}))
    return Outcome(exit=3, refused="too_many_columns", says=("sales.parquet", "3000 columns"))


@bad_input("F25", "one line, exit 2", "no_such_file", "refused")
def _(shop: Shop) -> Outcome:
    shop.data["sales"] = "absent.csv"
    return Outcome(exit=2, refused="no_such_file", says=("absent.csv",))


@bad_input(
    "F25",
    "a folder without Parquet is an empty table",
    "no_parquet_in_folder",
    "refused",
    variant="folder",
    decided="a folder is a partitioned table: without parts exit 3, as for an empty file",
)
def _(shop: Shop) -> Outcome:
    (shop.folder / "folder").mkdir(parents=True)
    shop.data["sales"] = "folder"
    return Outcome(exit=3, refused="no_parquet_in_folder", says=("folder",))


@bad_input("F25", "", "no_such_file", "refused", variant="dangling link")
def _(shop: Shop) -> Outcome:
    (shop.folder / "link.csv").symlink_to(shop.folder / "gone.csv")
    shop.data["sales"] = "link.csv"
    return Outcome(exit=2, refused="no_such_file", says=("link.csv",))


@bad_input("F25", "", "no_permission", "refused", variant="no permission")
def _(shop: Shop) -> Outcome:
    shop.locked = "sales"
    return Outcome(exit=2, refused="no_permission", says=("sales.csv", "permission denied"))


@bad_input("F26", "exit 5: it changed while it was read, try again", "file_changed", "refused")
def _(shop: Shop) -> Outcome:
    shop.grows = "sales"
    return Outcome(exit=5, refused="file_changed", says=("sales.csv", "while it was read", "again"))


@bad_input("F26", "a row cut in two is set aside", "row_too_short", "set aside", variant="cut")
def _(shop: Shop) -> Outcome:
    line = len(shop.tables["sales"])
    shop.tables["sales"][-1] = shop.tables["sales"][-1][:2]
    return Outcome(aside=[Aside("sales", line, "", "", "row_too_short")], touched={"x Ä"})


@bad_input("F27", "refused within a table, noted between two", "same_extract", "refused")
def _(shop: Shop) -> Outcome:
    (shop.folder).mkdir(parents=True, exist_ok=True)
    (shop.folder / "again.csv").write_text(shop.text("sales"), encoding="utf-8")
    shop.data["sales"] = ["sales.csv", "again.csv"]
    return Outcome(exit=3, refused="same_extract", says=("sales.csv", "again.csv"))
