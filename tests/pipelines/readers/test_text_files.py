"""CSV: every way to write the same table reads the same, and every bad row is found again with its line and text."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.readers import open_table
from pipelines.sources import TableSource
from tests.pipelines.readers.reading import checked, column_of, declared, refused, rows_of, text_file

CSV = "sku,date,quantity\n00123,2025-04-28,1\nNA,2025-04-28,2\n"
STOCK = "sku,on_hand\n"


def test_an_empty_identifier_in_csv_is_empty_and_not_a_word(tmp_path: Path) -> None:
    file = text_file(tmp_path / "stock.csv", "sku,location,on_hand\nA,,1\n,B,2\n")
    assert column_of(open_table("stock", file)) == ["A", ""]
    assert column_of(open_table("stock", file), "location") == ["", "B"]


@pytest.mark.parametrize(
    "content",
    [
        "\ufeff" + CSV,
        CSV.replace("\n", "\r\n"),
        CSV.replace("\n", "\r"),
        CSV.rstrip("\n"),
        CSV.replace("\n", "\n\n"),
        "\n\n" + CSV,
        "\ufeff\r\n" + CSV.replace("\n", "\r\n"),
        '"sku","date","quantity"\n"00123","2025-04-28","1"\n"NA","2025-04-28","2"\n',
    ],
    ids=[
        "byte-order mark", "CRLF", "CR", "no final newline", "blank lines", "blank lines first", "mark and blank line",
        "all quoted",
    ],
)  # fmt: skip
def test_ways_to_write_the_same_csv_read_the_same(tmp_path: Path, content: str) -> None:
    assert rows_of(open_table("sales", text_file(tmp_path / "sales.csv", content))) == {
        "sku": ["00123", "NA"],
        "date": ["2025-04-28", "2025-04-28"],
        "quantity": ["1", "2"],
    }


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty (0 bytes)"),
        (b"\n\n", "has no heading"),
        ("sku;date;quantity\nA;2025-04-28;1\n", 'declare delimiter = ";"'),
        ("sku\tdate\tquantity\nA\t2025-04-28\t1\n", 'declare delimiter = "\\t"'),
        ("sku|date|quantity\nA|2025-04-28|1\n", 'declare delimiter = "|"'),
        ("sku,date\nA,2025-04-28\n", "lacks the column quantity"),
        ("name\nA\n", "lacks the columns sku, date, quantity"),
        ("sku,date,quantity,sku\nA,2025-04-28,1,B\n", "heading 'sku' more than once"),
        (",".join(["sku", "date", "quantity", *(f"c{k}" for k in range(2000))]) + "\n", "at most 2000 are read"),
    ],
    ids=[
        "empty", "blank", "semicolons", "tabs", "bars", "missing column", "missing columns", "heading twice",
        "too wide",
    ],
)  # fmt: skip
def test_a_broken_csv_is_refused_and_the_reason_is_said(tmp_path: Path, content: str | bytes, words: str) -> None:
    assert words in refused(text_file(tmp_path / "sales.csv", content))


def test_a_table_of_headings_alone_is_empty_with_or_without_a_line_end(tmp_path: Path) -> None:
    for content in ("sku,on_hand\n", "sku,on_hand", "sku,on_hand\r\n\r\n"):
        assert column_of(open_table("stock", text_file(tmp_path / "stock.csv", content))) == []


@pytest.mark.parametrize(
    ("row", "code", "columns"),
    [("A,1,extra", "row_too_long", 3), ("A", "row_too_short", 1), ("  ", "row_too_short", 1)],
)
def test_a_row_of_another_length_is_set_aside_with_its_line_and_text(
    tmp_path: Path, row: str, code: str, columns: int
) -> None:
    """The lines and values of the rows around it stay right."""
    frame, bad, _ = checked(text_file(tmp_path / "stock.csv", f"{STOCK}B,1\nC,x\n{row}\nD,y\nE,2\n"))
    assert frame["sku"].tolist() == ["B", "E"]
    assert [(r.line, r.code, r.raw) for r in bad] == [
        (3, "not_a_number", "C,x"), (4, code, row), (5, "not_a_number", "D,y")
    ]  # fmt: skip
    assert f"has {columns} column" in bad[1].message
    assert "heading 2" in bad[1].message
    assert all(r.hint for r in bad)


def test_quoted_line_ends_belong_to_their_value_and_lines_are_counted_through_them(tmp_path: Path) -> None:
    lines = [
        "sku,on_hand,note",
        'A,1,"one\ntwo"',  # lines 2 and 3
        'B,x,"one\n\nthree"',  # 4 to 6
        "",
        "C,y,",  # 8
        'D,"2",",,"',
        'E,z,"say ""no"""',  # 10
    ]
    for end in ("\n", "\r\n"):
        content = "\n".join(lines).replace("\n", end)
        frame, bad, _ = checked(text_file(tmp_path / "stock.csv", content))
        assert frame.set_index("sku")["on_hand"].to_dict() == {"A": 1.0, "D": 2.0}
        assert [(r.line, r.value, r.raw) for r in bad] == [
            (4, "x", lines[2]), (8, "y", "C,y,"), (10, "z", lines[6])
        ]  # fmt: skip


def test_rows_are_located_one_by_one_whatever_stands_between_them(tmp_path: Path) -> None:
    file = text_file(tmp_path / "stock.csv", STOCK + "\nA,1\n\n\nB,2\ntoo,many,cells\nC,3")
    reader = open_table("stock", file)
    rows_of(reader)
    assert [(p.file, p.line, p.raw) for p in reader.locate([0, 1, 2])] == [
        (str(file), 3, "A,1"), (str(file), 6, "B,2"), (str(file), 8, "C,3")
    ]  # fmt: skip
    assert [(p.line, p.raw) for p in reader.locate([1])] == [(6, "B,2")]
    assert [(b.place.line, b.code) for b in reader.broken] == [(7, "row_too_long")]


def test_several_files_are_read_one_after_the_other_and_each_keeps_its_lines(tmp_path: Path) -> None:
    one = text_file(tmp_path / "a.csv", STOCK + "A,1\nB,x\nC,1,1\n")
    two = text_file(tmp_path / "b.csv", STOCK + "\nD,y\nE\nF,1\n")
    frame, bad, _ = checked([one, two])
    assert frame["sku"].tolist() == ["A", "F"]
    assert [(r.file, r.line, r.code, r.raw) for r in bad] == [
        (str(one), 3, "not_a_number", "B,x"), (str(one), 4, "row_too_long", "C,1,1"),
        (str(two), 3, "not_a_number", "D,y"), (str(two), 4, "row_too_short", "E"),
    ]  # fmt: skip
    assert [name for name, _ in open_table("stock", [one, two]).fingerprints()] == [str(one), str(two)]


def test_a_key_in_two_files_is_a_duplicate(tmp_path: Path) -> None:
    files = [text_file(tmp_path / f"{k}.csv", STOCK + f"A,1\nB{k},1\n") for k in range(2)]
    frame, bad, _ = checked(files)
    assert [(r.file, r.line, r.code) for r in bad] == [(str(f), 2, "duplicate_key") for f in files]
    assert frame["sku"].tolist() == ["B0", "B1"]


def test_several_files_must_have_the_same_headings(tmp_path: Path) -> None:
    files = [text_file(tmp_path / "a.csv", STOCK), text_file(tmp_path / "b.csv", "on_hand,sku\n")]
    assert f"{files[1]} has other headings than {files[0]}" in refused(files, "stock")


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "utf-16", "utf-16-le", "utf-8-sig", "cp1251"])
def test_a_declared_encoding_is_read_right_to_the_line_of_a_bad_row(tmp_path: Path, encoding: str) -> None:
    word = "Я" if encoding == "cp1251" else "Schläfer"
    content = f"sku,on_hand\n{word},1\nB,zwölf\n" if encoding != "cp1251" else f"sku,on_hand\n{word},1\nB,я\n"
    file = text_file(tmp_path / "stock.csv", content.encode(encoding))
    frame, bad, _ = checked(declared(file, encoding=encoding))
    assert frame["sku"].tolist() == [word]
    assert [(r.line, r.raw) for r in bad] == [(3, content.splitlines()[2])]


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_a_declared_delimiter_leaves_commas_to_the_values(tmp_path: Path, delimiter: str) -> None:
    content = f'sku,on_hand\n"A,1",2\n{"B"},x\n'.replace('"A,1"', "A#1").replace(",", delimiter).replace("#", ",")
    frame, bad, _ = checked(declared(text_file(tmp_path / "stock.csv", content), delimiter=delimiter))
    assert frame[["sku", "on_hand"]].values.tolist() == [["A,1", 2.0]]
    assert [(r.line, r.raw) for r in bad] == [(3, f"B{delimiter}x")]


def test_a_spreadsheet_from_a_country_with_decimal_commas_is_read_as_declared(tmp_path: Path) -> None:
    content = (
        "Artikel;Bestand;Stichtag\n00123;1.234,5;5.5.2025\nB;1,2,3;05.05.2025\nC;7;2025-05-05\nD;1234;30.02.2025\n"
    )
    source = declared(
        text_file(tmp_path / "stock.csv", content.encode("cp1252")),
        encoding="cp1252", delimiter=";", decimal=",", thousands=".", date_format="%d.%m.%Y",
        columns={"sku": "Artikel", "on_hand": "Bestand", "as_of": "Stichtag"},
    )  # fmt: skip
    frame, bad, _ = checked(source)
    assert frame[["sku", "on_hand"]].values.tolist() == [["00123", 1234.5]]
    assert [str(d)[:10] for d in frame["as_of"]] == ["2025-05-05"]
    assert [(r.line, r.column, r.value, r.code) for r in bad] == [
        (3, "on_hand", "1,2,3", "not_a_number"), (4, "as_of", "2025-05-05", "not_a_date"),
        (5, "as_of", "30.02.2025", "not_a_date"),
    ]  # fmt: skip
    assert "%d.%m.%Y" in bad[1].hint


def test_the_zeros_of_an_identifier_survive_every_declaration(tmp_path: Path) -> None:
    """Thousands and decimal signs are those of numbers; an identifier that looks like one is left alone."""
    file = text_file(tmp_path / "stock.csv", "sku;on_hand\n1.234,50;1,5\n007;1.000\n")
    frame, bad, _ = checked(TableSource(path=(file,), delimiter=";", decimal=",", thousands="."))
    assert frame[["sku", "on_hand"]].values.tolist() == [["1.234,50", 1.5], ["007", 1000.0]]
    assert bad == []


def test_a_cell_of_two_hundred_thousand_characters_is_a_bad_row_and_no_crash(tmp_path: Path) -> None:
    frame, bad, _ = checked(text_file(tmp_path / "stock.csv", f"{STOCK}{'x' * 200_000},1\nB,2\n"))
    assert frame["sku"].tolist() == ["B"]
    assert [(r.line, r.code) for r in bad] == [(2, "identifier_too_long")]
    assert all(len(text) < 2_000 for r in bad for text in (r.value, r.message, r.raw))
