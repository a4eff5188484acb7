"""What the look at the bytes finds before parsing: encoding, quotes that never close, lines without end."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.errors import InputError
from pipelines.readers import inspection
from pipelines.readers.inspection import inspect_text
from tests.pipelines.readers.reading import checked, declared, refused, text_file

HEADING = "sku,on_hand\n"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-32"])
def test_another_unicode_encoding_is_recognised_by_its_mark(tmp_path: Path, encoding: str) -> None:
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    text = refused(text_file(tmp_path / "stock.csv", (mark + HEADING + "Ä,1\n").encode(encoding)), "stock")
    assert f'declare encoding = "{encoding[:6]}"' in text


@pytest.mark.parametrize("rows", [1, 2, 40])
def test_a_byte_that_is_no_utf_8_is_named_with_its_line(tmp_path: Path, rows: int) -> None:
    content = (HEADING + "A,1\n" * rows).encode()
    text = refused(text_file(tmp_path / "stock.csv", content + "Ä,1\n".encode("cp1252")), "stock")
    assert f"line {rows + 2}: byte {len(content)} is no UTF-8" in text
    assert 'encoding = "cp1252"' in text


def test_a_byte_that_the_declared_encoding_does_not_have_is_named(tmp_path: Path) -> None:
    file = text_file(tmp_path / "stock.csv", HEADING.encode() + b"\x81,1\n")
    assert "line 2: byte 12 is no CP1252" in refused(declared(file, encoding="cp1252"), "stock")


@pytest.mark.parametrize(
    ("rows", "line"),
    [
        ('A,1\n"B,1\nC,2\n', 3),
        ('"A,1\nB,1\nC,2\n', 2),
        ('A,1\n"B\nb",1\n"C,2\nD,3\n', 5),
        ('A,1\n"B,1\nC,2\n"D,3\nE,4\n', 3),
        ('A,1\nB,"1', 3),
    ],
    ids=["middle", "first", "after a quoted newline", "two of them", "last"],
)
def test_a_quote_that_is_not_closed_refuses_the_file_with_the_line_where_it_opens(
    tmp_path: Path, rows: str, line: int
) -> None:
    text = refused(text_file(tmp_path / "stock.csv", HEADING + rows), "stock")
    assert f"line {line}: a quote that opens there is not closed" in text


def test_a_quote_inside_a_value_is_a_letter_like_others(tmp_path: Path) -> None:
    frame, bad, _ = checked(text_file(tmp_path / "stock.csv", HEADING + '5" pipe,1\nB,x\n6" pipe,2\n'))
    assert frame["sku"].tolist() == ['5" pipe', '6" pipe']
    assert [r.line for r in bad] == [3]


def test_the_look_says_whether_quoted_values_span_lines(tmp_path: Path) -> None:
    for rows, spans in (('"A",1\n', False), ('"A\nB",1\n', True), ('"A""B",1\n', False), ("A,1\n", False)):
        file = text_file(tmp_path / "stock.csv", HEADING + rows)
        assert inspect_text("stock", file, declared(file), 1000).newline_in_quotes is spans


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_line_beyond_the_limit_is_refused_with_its_number(tmp_path: Path, end: str) -> None:
    file = text_file(tmp_path / "stock.csv", end.join(["sku,on_hand", "A,1", "x" * 100 + ",1", "B,1"]))
    with pytest.raises(InputError, match=r"line 3 is longer than 99 bytes") as problem:
        inspect_text("stock", file, declared(file), 99)
    assert str(file) in str(problem.value)
    assert inspect_text("stock", file, declared(file), 110).newline_in_quotes is False


@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 64])
def test_nothing_depends_on_where_the_file_is_cut_into_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    """Letters of several bytes and long lines cross the cuts."""
    monkeypatch.setattr(inspection, "_CHUNK", chunk)
    good = text_file(tmp_path / "good.csv", HEADING + "日本,1\nÄ€,2\n")
    assert inspect_text("stock", good, declared(good), 14).newline_in_quotes is False
    long = text_file(tmp_path / "long.csv", HEADING + "A,1\n" + "x" * 30 + ",1\n")
    with pytest.raises(InputError, match="line 3 is longer than 20 bytes"):
        inspect_text("stock", long, declared(long), 20)
    bad = text_file(tmp_path / "bad.csv", HEADING.encode() + b"AB,1\n\xff,1\n")
    with pytest.raises(InputError, match="line 3: byte 17 is no UTF-8"):
        inspect_text("stock", bad, declared(bad), 100)


@pytest.mark.parametrize("chunk", [1, 2, 5, 1000])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_the_line_and_byte_of_a_bad_letter_are_right_wherever_the_file_is_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int, end: bytes
) -> None:
    """A letter that begins and does not end, in the middle of the file and as its last byte."""
    monkeypatch.setattr(inspection, "_CHUNK", chunk)
    for tail in (b"A,1", b""):
        before = end.join([b"sku,on_hand", "Ä,1".encode(), b"B"])
        file = text_file(tmp_path / "stock.csv", before + b"\xc3" + tail)
        with pytest.raises(InputError, match=f"line 3: byte {len(before)} is no UTF-8"):
            inspect_text("stock", file, declared(file), 100)
