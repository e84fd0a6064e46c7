"""How a file is written, told by its content: format, encoding, delimiter. The name's ending is no evidence."""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from huaxiang.errors import Said
from huaxiang.store.files.batch import FileFault, tidy_header

_SAMPLE = 65_536
_CHUNK = 1 << 20
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DELIMITERS = (",", "\t", ";", "|", "\x01")
_FOREIGN = (
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ", "xz"),
    (b"7z\xbc\xaf", "7-Zip"),
    (b"Rar!", "RAR"),
    (b"%PDF", "PDF"),
    (b"\x28\xb5\x2f\xfd", "Zstandard"),
    (b"ORC", "ORC"),
    (b"Obj\x01", "Avro"),
    (b"SQLite format 3", "SQLite"),
)


@dataclass(frozen=True)
class TextForm:
    """Encoding (a Python codec name), length of the byte order mark, and whether some bytes don't fit the encoding."""

    encoding: str
    bom: int
    damaged: bool


def digest(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sniff_format(path: Path, declared: str) -> str:
    """Format by content: csv, excel, json, ndjson or parquet (tsv only when declared). Raises FileFault when it fits none."""
    with path.open("rb") as file:
        head = file.read(_SAMPLE)
    found = _packed_format(head)
    if found is None:
        text = head.decode(_encoding_of_sample(head), "replace").lstrip("\ufeff \t\r\n")
        found = _text_format(text, declared)
    if declared in ("auto", found) or (declared == "tsv" and found == "csv") or (declared, found) == ("json", "ndjson"):
        return declared if declared != "auto" else found
    raise FileFault(
        Said(
            f"declared as {declared}, but the content is {found}; set `format: {found}` or `auto`, or name the right file",
            f"声明为 {declared}，但内容是 {found}；请设置 `format: {found}` 或 `auto`，或指定正确的文件",
        )
    )


def _packed_format(head: bytes) -> str | None:
    if head[:4] == b"PAR1":
        return "parquet"
    if head[:4] in (b"PK\x03\x04", b"PK\x05\x06") or head[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        return "excel"
    for magic, name in _FOREIGN:
        if head.startswith(magic):
            raise FileFault(
                Said(
                    f"the content is {name}, which is not read; unpack or export it to CSV, Excel, JSON or Parquet",
                    f"内容是 {name}，不支持读取；请解压，或导出为 CSV、Excel、JSON 或 Parquet",
                )
            )
    return None


def _text_format(text: str, declared: str) -> str:
    if declared in ("csv", "tsv"):
        return "csv"
    if re.match(r"(?i)<(!doctype|html|table|\?xml|meta)", text):
        raise FileFault(
            Said(
                "the content is an HTML or XML page, not a table; open it in a spreadsheet and save it as .xlsx or CSV",
                "内容是 HTML 或 XML 页面，不是表格；请用表格软件打开并另存为 .xlsx 或 CSV",
            )
        )
    if text.startswith("["):
        return "json" if re.match(r"\[\s*([{\]\[]|$)", text) else "csv"
    if text.startswith("{"):
        if declared == "ndjson" or re.match(r"\{[^\n]*\}[ \t]*\r?\n\s*\{", text) or len(text.splitlines()) == 1:
            return "ndjson"
        return "json" if re.match(r"\{\s*(\"|\}|$)", text) else "csv"
    return declared if declared in ("json", "ndjson") else "csv"


def _encoding_of_sample(head: bytes) -> str:
    for bom, name in _BOMS:
        if head.startswith(bom):
            return name
    return _nul_pattern(head) or "utf-8"


def _nul_pattern(head: bytes) -> str | None:
    """UTF-16 without a mark: NULs on one side of the byte pairs only, and beside them most of the separators and line ends."""
    high_first, low_first = head[0::2], head[1::2]
    pairs = max(len(head) // 2, 1)
    for name, high, low in (("utf-16-le", low_first, high_first), ("utf-16-be", high_first, low_first)):
        if high.count(0) <= 0.05 * pairs or low.count(0) > 0.1 * high.count(0):
            continue
        signs = [above == 0 for above, below in zip(high, low, strict=False) if below in b"\r\n,;|\t"]
        if sum(signs) * 2 > len(signs):
            return name
    return None


def sniff_text(path: Path, declared: str, *, sample: bool = False) -> TextForm:
    """Encoding of a text file: mark, then NUL pattern, then strict UTF-8 over the whole file (or a `sample` of it), then GB18030."""
    with path.open("rb") as file:
        head = file.read(_SAMPLE)
    if sample and len(head) == _SAMPLE:
        return _sniff_sample(head, declared)
    marked = next(((name, len(bom)) for bom, name in _BOMS if head.startswith(bom)), None)
    if marked:
        return TextForm(*marked, damaged=not _decodes(path, marked[0], marked[1]))
    if declared in ("gbk", "gb18030"):
        return TextForm("gb18030", 0, damaged=not _decodes(path, "gb18030", 0))
    if declared == "utf-16":
        name = _nul_pattern(head) or "utf-16-le"
        return TextForm(name, 0, damaged=not _decodes(path, name, 0))
    if declared == "auto" and (wide := _nul_pattern(head)):
        return TextForm(wide, 0, damaged=not _decodes(path, wide, 0))
    if _decodes(path, "utf-8", 0):
        return TextForm("utf-8", 0, damaged=False)
    if declared == "utf-8" or _mostly_utf8(path):
        return TextForm("utf-8", 0, damaged=True)
    return TextForm("gb18030", 0, damaged=not _decodes(path, "gb18030", 0))


def _sniff_sample(head: bytes, declared: str) -> TextForm:
    """Encoding of a long file by its beginning: what the whole would give, but for damage further down."""
    for bom, name in _BOMS:
        if head.startswith(bom):
            return TextForm(name, len(bom), damaged=True)
    if declared == "utf-16" or (declared == "auto" and _nul_pattern(head)):
        return TextForm(_nul_pattern(head) or "utf-16-le", 0, damaged=True)
    if declared in ("gbk", "gb18030"):
        return TextForm("gb18030", 0, damaged=True)
    text = codecs.getincrementaldecoder("utf-8")("replace").decode(head)
    others = sum(map(len, re.findall(r"[^\x00-\x7f]+", text)))
    return TextForm(
        "utf-8" if declared == "utf-8" or text.count("\ufffd") * 10 <= others else "gb18030", 0, damaged=True
    )


def _decodes(path: Path, encoding: str, skip: int) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    with path.open("rb") as file:
        file.seek(skip)
        try:
            while chunk := file.read(_CHUNK):
                decoder.decode(chunk)
            decoder.decode(b"", True)
        except UnicodeDecodeError:
            return False
    return True


def _mostly_utf8(path: Path) -> bool:
    """Whether a file that is not strictly UTF-8 is UTF-8 with some damage: nine of ten of its non-ASCII characters decode."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    broken = others = 0
    with path.open("rb") as file:
        while (chunk := file.read(_CHUNK)) and others < 4_000_000:
            text = decoder.decode(chunk)
            broken += text.count("\ufffd")
            others += sum(map(len, re.findall(r"[^\x00-\x7f]+", text)))
    return broken * 10 <= others


def sniff_delimiter(text: str, wanted: Sequence[str], header_row: int) -> str:
    """Delimiter under which the header holds most of the wanted columns; then the one that parts most rows alike."""
    return max(_DELIMITERS, key=lambda delimiter: _score(text, delimiter, wanted, header_row))


def _score(text: str, delimiter: str, wanted: Sequence[str], header_row: int) -> tuple[int, float, int]:
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            rows.append(row)
            if len(rows) >= 200 + header_row:
                break
    except csv.Error:
        pass  # what could be read says enough
    rows = rows[header_row - 1 :]
    if not rows:
        return 0, 0.0, 0
    named = len(set(tidy_header(rows[0])) & set(wanted))
    width, count = Counter(len(row) for row in rows if row).most_common(1)[0] if any(rows) else (1, 0)
    return named, count / len(rows) if width > 1 else 0.0, width
