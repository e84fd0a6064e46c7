"""Open one file of a source, whatever it is: the registry of readers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from types import MappingProxyType

from huaxiang.errors import Said
from huaxiang.spec.models import SourceSpec
from huaxiang.store.files.batch import LIMITS, FileFault, FileForm, Limits, RawBatch, ReadRequest, cause_zh
from huaxiang.store.files.sniff import sniff_format

Opener = Callable[[ReadRequest], tuple[FileForm, Iterator[RawBatch]]]


@dataclass(frozen=True)
class Reader:
    """Where a format's reader is (imported when a file of it is opened). `outer`: it finds out itself how its file is written."""

    module: str
    function: str
    outer: bool = False

    def load(self) -> Opener:
        """The function that opens a file."""
        opener: Opener = getattr(import_module(f"huaxiang.store.{self.module}"), self.function)
        return opener


READERS: Mapping[str, Reader] = MappingProxyType(
    {
        "csv": Reader("files.delimited", "open_delimited"),
        "tsv": Reader("files.delimited", "open_delimited"),
        "excel": Reader("files.excel", "open_excel"),
        "json": Reader("files.jsons", "open_json"),
        "ndjson": Reader("files.jsons", "open_json"),
        "parquet": Reader("files.parquet", "open_parquet"),
        "segment": Reader("formats.segment", "open_segment", outer=True),
        "sensors": Reader("formats.sensors", "open_sensors", outer=True),
        "ga4": Reader("formats.ga4", "open_ga4", outer=True),
        "mixpanel": Reader("formats.mixpanel", "open_mixpanel", outer=True),
        "baidu_tongji": Reader("formats.baidu_tongji", "open_baidu_tongji", outer=True),
        "questionnaire": Reader("forms.questionnaire", "open_questionnaire", outer=True),
        "interview": Reader("forms.interview", "open_interview", outer=True),
    }
)
"""Format → its reader; a new format is one line here."""


def read_together(source: SourceSpec) -> bool:
    """Whether all files of the source are read as one: profile operations build on those of earlier files."""
    return source.format == "sensors" and source.take == "people"


def name_matters(source: SourceSpec, path: Path) -> str:
    """What the name of a file says of its rows, besides its content: the day of a GA4 table."""
    if source.format != "ga4":
        return ""
    from huaxiang.store.formats.ga4 import day_of

    return day_of(path.name)


def request_for(
    source: SourceSpec, path: Path, columns: tuple[str, ...], limits: Limits = LIMITS, folder: Path | None = None
) -> ReadRequest:
    """What a source asks of one of its files; the format as declared. A codebook's path is relative to `folder`, the project's."""
    book = None if source.codebook is None else (folder or Path()) / source.codebook
    return ReadRequest(
        path, source.format, columns, source.encoding, source.delimiter, source.sheet, source.header_row, limits,
        source.take, book,
    )  # fmt: skip


def open_file(request: ReadRequest) -> tuple[FileForm, Iterator[RawBatch]]:
    """Form and batches of a file. Raises FileFault, never with a value of the file in its message."""
    try:
        declared = READERS.get(request.format)
        found = request.format if declared and declared.outer else sniff_format(request.path, request.format)
        return READERS[found].load()(replace(request, format=found))
    except OSError as error:
        raise FileFault(
            Said(
                f"the file can't be read ({error.strerror or 'input/output error'})",
                f"无法读取文件（{cause_zh(error)}）",
            )
        ) from None
