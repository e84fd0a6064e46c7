"""Files that can not be loaded, and what the message says."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from tests.malformed.cases import NAMES, NDJSON, ORDERS, SECRET, ZH, Refused, column, parquet, zipped
from tests.malformed.making import HEAD, ROW, Workbook, binary, repacked, text

from huaxiang.store.files.batch import Limits


def bomb_sheet(content: bytes) -> bytes:
    return repacked(content, lambda name, data: b"<x>" + b" " * (300 << 20) if name == "xl/styles.xml" else data)


def lying_sheet() -> bytes:
    """A member that holds far more than it declares: the size in both headers is set to 100."""
    content = bytearray(zipped("xl/workbook.xml", b" " * (100 << 20)))
    size = struct.pack("<I", 100 << 20)
    while (at := content.find(size)) >= 0:
        content[at : at + 4] = struct.pack("<I", 100)
    return bytes(content)


def far_cell(path: Path) -> None:
    Workbook(ORDERS, {"XFD1048576": 1})(path)


def long_texts(path: Path) -> None:
    """One text of 100 kB, repeated 300,000 times: 30 GB in a few kilobytes."""
    indices = pa.array([0] * 300_000, pa.int32())
    values = pa.DictionaryArray.from_arrays(indices, pa.array(["x" * 100_000]))
    pq.write_table(pa.table({"x": values}), path)


def parquet_bytes(table: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table(table).replace_schema_metadata(), buffer, store_schema=False)
    return buffer.getvalue()


def endless(path: Path) -> None:
    """One number, 150,000,000 times: 1.2 GB in a few kilobytes."""
    table = pa.table({"x": pa.DictionaryArray.from_arrays(pa.array(np.zeros(5_000_000, np.int32)), pa.array([7]))})
    with pq.ParquetWriter(path, table.schema) as writer:
        for _ in range(30):
            writer.write_table(table, row_group_size=5_000_000)


REFUSED = [
    Refused("no such file", lambda path: None, "files: data.csv: no such file"),
    Refused("empty file", binary(b""), "data.csv: the file is empty"),
    Refused("blank file", text("\n \n\n"), "blank"),
    Refused("header row beyond the end", text(HEAD), "no row 5", {"header_row": 5}),
    Refused("folder without data", lambda path: path.mkdir(), "holds no data file", file="data"),
    Refused(
        "duplicate headers",
        text("id,amount,at,amount\n1,2,2024-01-01,3\n"),
        'columns 2 and 4 have the same name "amount"',
    ),
    Refused("column not there", text("id,amuont,at\n"), 'no column "amount"; did you mean "amuont"?'),
    Refused("no header line", text(f"{SECRET}-1,12.5,2024-01-02\n1,2,3\n"), "looks like data"),
    Refused("no header line, only names", text(f"{SECRET},Ann,Hangzhou\n{SECRET},Bo,Suzhou\n"), "may hold data"),
    Refused("no header line, a name twice", text(f"{SECRET},Ann,{SECRET}\n"), "columns 1 and 3 have the same name;"),
    Refused("declared utf-8, written in GBK", text(ZH, "gbk"), "set `encoding`", {**NAMES, "encoding": "utf-8"}),
    Refused("random bytes", binary(bytes(range(256)) * 40), "control characters|no column"),
    Refused("wrong delimiter", text(HEAD + ROW), "no columns", {"delimiter": "tab"}),
    Refused("delimiter of two characters", text(HEAD + ROW), "one ASCII character", {"delimiter": "||"}),
    Refused("header with an open quote", text('id,"amount,at\n' + ROW), "a quote is not closed"),
    Refused("line of 40 MB", binary(HEAD.encode() + b"x" * (40 << 20)), "a line is longer than"),
    Refused("100,000 columns", text(",".join(f"c{i}" for i in range(100_000)) + "\n"), "100,000 columns; at most"),
    Refused(
        "declared Parquet, is CSV",
        text(HEAD + ROW),
        "declared as parquet, but the content is csv",
        {"format": "parquet"},
    ),
    Refused(
        "declared CSV, is a workbook", Workbook(ORDERS), "declared as csv, but the content is excel", {"format": "csv"}
    ),
    Refused("gzip", binary(b"\x1f\x8b\x08\x00" + bytes(20)), "the content is gzip"),
    Refused("PDF", binary(b"%PDF-1.7\n"), "the content is PDF"),
    Refused(
        "HTML named .xls", text("<html><table><tr><td>id</td></tr></table></html>"), "HTML or XML page", file="data.xls"
    ),
    Refused("ZIP without a workbook", binary(zipped("a.csv", b"id\n")), "without an Excel workbook", file="data.xlsx"),
    Refused("workbook cut off", binary(Workbook(ORDERS).content()[:2000]), "damaged", file="data.xlsx"),
    Refused(
        "workbook with a flipped byte",
        binary(Workbook(ORDERS).content().replace(b"PK\x01\x02", b"PK\x01\x03")),
        "damaged",
        file="data.xlsx",
    ),
    Refused(
        "encrypted workbook",
        binary(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4096)),
        "damaged|password",
        file="data.xlsx",
    ),
    Refused(
        "no such sheet", Workbook(ORDERS), 'no sheet "Sheat"; did you mean "Sheet"?', {"sheet": "Sheat"}, "data.xlsx"
    ),
    Refused("no sheet number 3", Workbook(ORDERS), "no sheet number 3; the workbook has 1", {"sheet": 3}, "data.xlsx"),
    Refused(
        "duplicate headers in Excel",
        Workbook([["id", "id", "amount", "at"], [1, 2, 3, 4]]),
        "the same name",
        file="data.xlsx",
    ),
    Refused("empty sheet", Workbook([]), "has no row 1|blank", file="data.xlsx"),
    Refused(
        "workbook bomb",
        lambda path: path.write_bytes(bomb_sheet(Workbook(ORDERS).content())),
        "unpacks to far more",
        file="data.xlsx",
    ),
    Refused("workbook that lies about its size", binary(lying_sheet()), "damaged|unpacks", file="data.xlsx"),
    Refused("sheet with one far cell", far_cell, "1,048,576 rows × 16,384 columns", file="data.xlsx"),
    Refused(
        "JSON cut off",
        text('[{"id": 1, "amount": 1, "at": null}, {"id": 2, "am'),
        "record 2 is not valid JSON",
        file="data.json",
    ),
    Refused("JSON nested 100,000 deep", text('[{"id": ' + "[" * 100_000), "nested too deeply", file="data.json"),
    Refused("JSON that is an object of no records", text('{\n"total": 5}'), "no column", file="data.json"),
    Refused("JSON that is a text", text('"x"'), "must be an array of objects", {"format": "json"}, "data.json"),
    Refused(
        "JSON object of two arrays",
        text('{\n"a": [{"id": 1}], "b": [{"id": 2}]}'),
        "several arrays of objects",
        file="data.json",
    ),
    Refused(
        "text after a JSON object",
        text('{\n"a": [{"id": 1}]}\n{"b": 1}'),
        "text follows the end of the JSON object; .* `format: ndjson`",
        file="data.json",
    ),
    Refused("JSON record of 9 MB", text('[{"id": "' + "x" * (9 << 20)), "or longer than 8,388,608", file="data.json"),
    Refused(
        "NDJSON line of 9 MB", text(NDJSON + "{" + "x" * (9 << 20)), "line 2 is longer than 8,388,608", file="d.ndjson"
    ),
    Refused(
        "two JSON arrays in one file",
        text('[{"id": 1, "amount": 1, "at": 1}] [{"id": 2}]'),
        "text follows the end",
        file="data.json",
    ),
    Refused(
        "missing comma", text('[{"id": 1, "amount": 1, "at": null} {"id": 2}]'), "after record 1", file="data.json"
    ),
    Refused(
        "key in no record",
        text(NDJSON.replace("amount", "amout") * 3),
        'no column "amount"; did you mean "amout"',
        file="d.ndjson",
    ),
    Refused(
        "Parquet cut off",
        lambda path: (parquet({"id": ["a"] * 1000})(path), path.write_bytes(path.read_bytes()[:200]))[0],
        "damaged",
        file="d.parquet",
    ),
    Refused(
        "Parquet with a broken column name",
        binary(parquet_bytes({"idxx": ["a"]}).replace(b"idxx", b"id\xce\xff")),
        "damaged",
        file="d.parquet",
    ),
    Refused("nested Parquet column", parquet({"x": [{"a": 1}]}), "struct<a: int64> values", column(), "d.parquet"),
    Refused("binary Parquet texts", parquet({"x": [b"\xff\xfe"]}), "not valid UTF-8", column(), "d.parquet"),
    Refused(
        "Parquet of zeros",
        parquet({"x": np.zeros(2_000_000)}, use_dictionary=False, compression="zstd"),
        "unpacks to far more",
        {**column(type="number"), "limits": Limits(unpacked_bytes=8 << 20)},
        "d.parquet",
    ),
    Refused(
        "Parquet of one number 150 million times", endless, "unpacks to far more", column(type="integer"), "d.parquet"
    ),
    Refused("Parquet of one long text", long_texts, "unpacks to far more", column(), "d.parquet"),
    Refused(
        "stop at the first bad row",
        text(HEAD + ROW + "a2,SECRET-VALUE,2024-01-02\n"),
        'data.csv row 3 of column "amount": not a number; in all 1 of 2 rows',
        {"on_bad_row": "stop"},
    ),
    Refused(
        "more bad rows than allowed",
        text(HEAD + ROW + "a2,x,2024-01-02\n" * 3),
        r"3 of 4 rows \(75.00%\)",
        {"max_bad_share": 0.5},
    ),
    Refused("empty file where bad rows stop", binary(b""), "empty", {"on_bad_row": "stop"}),
]
