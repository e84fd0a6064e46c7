"""CSV: the regular and the careful way of parsing mean the same; encodings, delimiters, row numbers."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.told import same_names

from huaxiang.store.files import delimited
from huaxiang.store.files.batch import FileFault, ReadRequest
from huaxiang.store.files.delimited import Dialect, open_delimited
from huaxiang.store.files.sniff import sniff_delimiter, sniff_text

DIALECT = Dialect(",", 3, (0, 2), 100)


def unpack(batch: Any) -> tuple[Any, ...]:
    columns = [column.to_pylist() for column in batch.columns]
    return columns, batch.rows.tolist(), [batch.raw(i) for i in range(len(batch.rows))], list(batch.bad)


fields = st.text("ab ,\"'1é中", max_size=4)
plain = st.text("ab '1é中", max_size=4)
lines = st.lists(
    st.one_of(
        st.lists(fields, min_size=3, max_size=3).map(lambda row: written(row, csv.QUOTE_MINIMAL)),
        st.lists(fields, min_size=2, max_size=4).map(lambda row: written(row, csv.QUOTE_ALL)),
        st.lists(plain, min_size=2, max_size=4).map(",".join),
        st.text('ab,"', max_size=8),
    ),
    min_size=1,
    max_size=12,
)


def written(row: list[str], quoting: Any) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="", quoting=quoting).writerow(row)
    return buffer.getvalue()


@given(lines, st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_regular_blocks_parse_like_careful_ones(rows: list[str], end: str, closed: bool) -> None:
    data = (end.join(rows) + (end if closed else "")).encode()
    if not delimited._is_regular(data, ","):
        return
    regular, count = delimited._regular_batch(data, DIALECT, 1)
    careful, careful_count, carry = delimited._odd_batch(data, DIALECT, 1, final=True)
    assert carry == b""
    assert count == careful_count
    assert [(bad.row, bad.code) for bad in regular.bad] == [(bad.row, bad.code) for bad in careful.bad]
    assert unpack(regular)[:3] == unpack(careful)[:3]


@given(
    st.lists(st.lists(st.text("ab,\"\n'é中", max_size=5), min_size=2, max_size=2), min_size=1, max_size=20),
    st.integers(8, 64),
)
def test_what_csv_writes_is_read_back_whatever_the_block_size(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], block: int
) -> None:
    path = tmp_path_factory.mktemp("csv") / "x.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows([["one", "two"], *rows])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimited, "_BLOCK", block)
        _, batches = open_delimited(ReadRequest(path, "csv", ("one", "two"), delimiter=","))
        got = [
            list(row)
            for batch in batches
            for row in zip(*(column.to_pylist() for column in batch.columns), strict=True)
        ]
    assert got == rows


def test_regular_lines_are_known() -> None:
    assert delimited._is_regular(b'a,"b ""x"", y",c\r\n1,2,3\n', ",")
    for odd in (
        b'a,"b\n",c\n',
        b'a,b"c,d\n',
        b'a,"b"c,d\n',
        b"a\0,b,c\n",
        b"a,b\rc,d\n",
        b"a,b,c\n\nd,e,f\n",
        b'"a,b,c',
    ):
        assert not delimited._is_regular(odd, ",")


def read(tmp_path: Path, content: bytes, columns: tuple[str, ...], **options: Any) -> tuple[Any, list[Any]]:
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    form, batches = open_delimited(ReadRequest(path, "csv", columns, **options))
    return form, [unpack(batch) for batch in batches]


def test_row_numbers_count_records_as_a_spreadsheet_does(tmp_path: Path) -> None:
    _, [(columns, rows, raws, bad)] = read(tmp_path, b'a,b\n"x\ny",1\n\nbad\nz,2\n', ("a", "b"))
    assert columns == [["x\ny", "z"], ["1", "2"]]
    assert rows == [2, 5]
    assert raws == ['"x\ny",1', "z,2"]
    assert [(row.row, row.code, row.raw) for row in bad] == [(4, "ragged_row", "bad")]


def test_a_forgotten_quote_costs_one_row(tmp_path: Path) -> None:
    body = b"".join(b"%d,%d\n" % (i, i) for i in range(5000))
    _, batches = read(tmp_path, b'a,b\n1,"2\n' + body, ("a", "b"))
    assert [bad.code for batch in batches for bad in batch[3]] == ["bad_quotes"]
    assert sum(len(batch[1]) for batch in batches) == 5000


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|", "\x01"])
def test_delimiters(tmp_path: Path, delimiter: str) -> None:
    content = '编号,备注\n1,"a;b|c"\n2,x\n'.replace(",", delimiter).encode("gbk")
    form, [(columns, *_)] = read(tmp_path, content, ("编号",))
    assert (form.delimiter, form.encoding, columns) == (delimiter, "gb18030", [["1", "2"]])


def test_the_wanted_columns_decide_the_delimiter() -> None:
    assert sniff_delimiter("a;b,c\n1;2,3\n1;2,3\n", ["b,c"], 1) == ";"
    assert sniff_delimiter("a;b,c\n1;2,3\n1;2,3\n", ["a;b"], 1) == ","
    assert sniff_delimiter("one\n1\n2\n", ["one"], 1) == ","


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
)
def test_encodings(tmp_path: Path, encoding: str) -> None:
    content = "姓名,城市\n" + "张三,上海\n李四,北京\n" * 50
    form, batches = read(tmp_path, content.encode(encoding), ("城市",))
    assert batches[0][0] == [["上海", "北京"] * 50]
    assert form.header == ("姓名", "城市")


def test_plain_ascii_with_a_stray_nul_is_not_utf_16(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"a,b\n1,22\0\n3,4\n")
    assert sniff_text(tmp_path / "x", "auto").encoding == "utf-8"


def test_mostly_utf8_stays_utf8(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes("姓名,城市\n张三,上海\n".encode() * 20 + b"\xe5\xbc,x\n")
    form = sniff_text(tmp_path / "x", "auto")
    assert (form.encoding, form.damaged) == ("utf-8", True)


def test_a_line_break_in_a_column_name_is_a_space(tmp_path: Path) -> None:
    form, _ = read(tmp_path, '"金额\n(元)", b \n1,2\n'.encode(), ("金额 (元)", "b"))
    assert form.header == ("金额 (元)", "b")


def test_column_order_and_repeats_follow_the_request(tmp_path: Path) -> None:
    _, [(columns, *_)] = read(tmp_path, b"a,b,c\n1,2,3\n", ("c", "a", "c"))
    assert columns == [["3"], ["1"], ["3"]]


def test_unnamed_columns_may_repeat(tmp_path: Path) -> None:
    _, [(columns, *_)] = read(tmp_path, b"a,,\n1,2,3\n", ("a",))
    assert columns == [["1"]]
    with pytest.raises(FileFault, match="same name") as caught:
        read(tmp_path, b"a,b,b\n1,2,3\n", ("a",))
    assert caught.value.zh == "第 2 列与第 3 列的列名相同（“b”）；请在文件中改掉其中一个"
    assert not same_names(caught.value)
