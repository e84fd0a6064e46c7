"""What the readers of all formats share: the request, the batch, the limits, and the fault that ends a file."""

from __future__ import annotations

import errno
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from huaxiang.errors import HuaxiangError, Said, did_you_mean, did_you_mean_zh

RowNumbers = npt.NDArray[np.int64]


class FileFault(HuaxiangError):
    """A file can't be read on: what is wrong and what to do. The caller adds the source and the file: that of number `file`, where a
    reader was given several.
    """

    def __init__(self, said: Said, file: int = 0) -> None:
        self.said = said
        self.file = file
        super().__init__(*said)


@dataclass(frozen=True)
class Limits:
    """Bounds against files that unpack to far more than they are. All sizes in bytes or characters as named."""

    cell_chars: int = 131_072
    line_bytes: int = 16 * 2**20
    columns: int = 32_768
    json_record_chars: int = 8 * 2**20
    unpacked_bytes: int = 2**30  # one member of a workbook; what a Parquet file may unpack to whatever its ratio
    unpacked_ratio: int = 200  # unpacked ÷ packed beyond which a file is refused
    unpacked_floor: int = 64 * 2**20  # members of a workbook smaller than this are not judged by ratio
    batch_bytes: int = 256 * 2**20  # texts of one batch
    sheet_cells: int = 30_000_000


LIMITS = Limits()

_CAUSES_ZH = {
    errno.ENOENT: "文件不存在",
    errno.EACCES: "没有访问权限",
    errno.EPERM: "没有访问权限",
    errno.EISDIR: "这是文件夹",
    errno.ENOTDIR: "路径中有一段不是文件夹",
    errno.EMFILE: "打开的文件过多",
    errno.EIO: "输入/输出错误",
}


def cause_zh(error: OSError) -> str:
    """What the operating system reports, in Chinese; a rare error in the system's own words."""
    return _CAUSES_ZH.get(error.errno or 0) or error.strerror or "输入/输出错误"


@dataclass(frozen=True)
class ReadRequest:
    """Which columns of which file, and what is declared about its form.

    `others`: further files that are read as one with it (formats whose records build on earlier ones). `sample`: only the header is wanted,
    and may be told from the beginning of the file. `take` and `codebook`: as in the source.
    """

    path: Path
    format: str
    columns: tuple[str, ...]
    encoding: str = "auto"
    delimiter: str = "auto"
    sheet: str | int = 0
    header_row: int = 1
    limits: Limits = LIMITS
    take: str | None = None
    codebook: Path | None = None
    others: tuple[Path, ...] = ()
    sample: bool = False


@dataclass(frozen=True)
class BadRow:
    """A row that is no row of the table: number in the file, code of `cleaning.codes.REASONS`, the raw text.

    `column` names the part of it that is at fault, where one is (a question of a form).
    """

    row: int
    code: str
    raw: str
    column: str | None = None


@dataclass(frozen=True)
class RawBatch:
    """Raw columns in the order of the request, the row number of each row, rows that failed, and access to raw texts.

    Rows are numbered as a spreadsheet shows them: the header of a text or Excel file is a row, so its first data row is 2; files
    without a header (JSON, NDJSON, Parquet) start at 1. `bytes_read` is how far the file has been read. `emptied`:
    cells that the reader could not take for what they should be, in rows that are loaded all the same; their fields are NULL.

    Where the form of the file says so, `identity` holds 16 bytes a row (NULL: none): of rows with equal ones only the first is
    loaded, whatever file it stands in; and `group` a text: the rows of a group in a later file replace those of earlier files.
    `left_out` counts records that are no rows by intent (`run.reports.LEFT_OUT`). `file` is the number of the file among those of
    the request.
    """

    columns: Sequence[pa.Array]
    rows: RowNumbers
    raw: Callable[[int], str]
    bad: Sequence[BadRow] = ()
    faults: npt.NDArray[np.int8] | None = None
    bytes_read: int = 0
    identity: pa.Array | None = None
    group: pa.Array | None = None
    left_out: Mapping[str, int] = field(default_factory=dict)
    file: int = 0
    emptied: Sequence[BadRow] = ()


@dataclass(frozen=True)
class FileForm:
    """How a file turned out to be written; whether its rows bear an `identity` and a `group` (see RawBatch)."""

    format: str
    encoding: str | None
    delimiter: str | None
    header: tuple[str, ...]
    identity: bool = False
    group: bool = False


def locate(names: Sequence[str], wanted: Sequence[str]) -> list[int]:
    """Position of each wanted column. Raises FileFault for duplicate headers and for columns that are not there."""
    seen: dict[str, int] = {}
    for at, name in enumerate(names):
        if name and name in seen:
            places, shown = (seen[name] + 1, at + 1), _may_be_told(names, wanted)
            en = "columns {} and {} have the same name".format(*places) + (f' "{name}"' if shown else "")
            zh = "第 {} 列与第 {} 列的列名相同".format(*places) + (f"（“{name}”）" if shown else "")
            raise FileFault(Said(f"{en}; rename one of them in the file", f"{zh}；请在文件中改掉其中一个"))
        seen.setdefault(name, at)
    missing = [name for name in wanted if name not in seen]
    if missing:
        raise FileFault(missing_columns(missing, names, wanted))
    return [seen[name] for name in wanted]


def missing_columns(missing: Sequence[str], names: Sequence[str], wanted: Sequence[str]) -> Said:
    """Message for mapped columns that a file lacks; a first row that may be data is never quoted."""
    more = " …" if len(missing) > 5 else ""
    en = f"no column{'s' if len(missing) > 1 else ''} " + ", ".join(f'"{name}"' for name in missing[:5]) + more
    zh = "没有列" + "、".join(f"“{name}”" for name in missing[:5]) + more
    if looks_like_data(names):
        return Said(
            f"{en}; the header row looks like data, not like column names: set `header_row`, or add a header line",
            f"{zh}；表头行看起来是数据而不是列名：请设置 `header_row`，或添加表头行",
        )
    known = [name for name in names if name]
    near = did_you_mean(missing[0], known)
    if not set(wanted) & set(names) and not near.startswith("; did you mean"):
        return Said(
            f"{en}, nor any other mapped column; the row where the column names should stand may hold data: "
            "set `header_row`, `delimiter` or `encoding`, add a header line, or correct `columns`",
            f"{zh}，也没有其他已映射的列；列名所在的行可能是数据："
            "请设置 `header_row`、`delimiter` 或 `encoding`，添加表头行，或修正 `columns`",
        )
    return Said(en + near, zh + did_you_mean_zh(missing[0], known))


def looks_like_data(names: Sequence[str]) -> bool:
    """Whether cells of a header row are rather values: numbers, dates, addresses; such a row is never quoted."""
    filled = [name for name in names if name]
    values = sum(
        1 for name in filled if "@" in name or sum(c.isdigit() for c in name) * 2 > len(name) or len(name) > 64
    )
    return values * 4 >= max(len(filled), 1)


def _may_be_told(names: Sequence[str], wanted: Sequence[str]) -> bool:
    """Whether names of a header are such, and no data."""
    return not looks_like_data(names) and bool(set(wanted) & set(names))


def tidy_header(cells: Sequence[str]) -> tuple[str, ...]:
    """Column names without surrounding space and byte order marks; a line break inside a name is a space."""
    return tuple(re.sub(r"\s*[\r\n]+\s*", " ", cell.strip(" \t\r\n\xa0\ufeff\u200b\u3000")) for cell in cells)


def check_header(header: Sequence[str], limits: Limits) -> None:
    """Raise FileFault for a header that can't be one: too wide, blank, or binary."""
    if not any(header):
        raise FileFault(
            Said(
                "the row where the column names should stand is blank; set `header_row`",
                "列名所在的行是空的；请设置 `header_row`",
            )
        )
    if len(header) > limits.columns:
        raise FileFault(
            Said(
                f"{len(header):,} columns; at most {limits.columns:,} are read: is the delimiter right?",
                f"共 {len(header):,} 列；最多读取 {limits.columns:,} 列：分隔符对吗？",
            )
        )
    if any(re.search("[\x00-\x08\x0e-\x1f\ud800-\udfff]", name) for name in header):
        raise FileFault(
            Said(
                "the header row holds control characters or bytes of another encoding; set `encoding`, or name a text file",
                "表头行含有控制字符或其他编码的字节；请设置 `encoding`，或改用文本文件",
            )
        )
