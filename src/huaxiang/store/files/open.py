"""Open one file of a source, whatever it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from huaxiang.spec.models import SourceSpec
from huaxiang.store.files.batch import LIMITS, FileFault, FileForm, Limits, RawBatch, ReadRequest
from huaxiang.store.files.delimited import open_delimited
from huaxiang.store.files.sniff import sniff_format

Opener = Callable[[ReadRequest], tuple[FileForm, Iterator[RawBatch]]]


def _excel(request: ReadRequest) -> tuple[FileForm, Iterator[RawBatch]]:
    from huaxiang.store.files.excel import open_excel

    return open_excel(request)


def _json(request: ReadRequest) -> tuple[FileForm, Iterator[RawBatch]]:
    from huaxiang.store.files.jsons import open_json

    return open_json(request)


def _parquet(request: ReadRequest) -> tuple[FileForm, Iterator[RawBatch]]:
    from huaxiang.store.files.parquet import open_parquet

    return open_parquet(request)


def _questionnaire(request: ReadRequest) -> tuple[FileForm, Iterator[RawBatch]]:
    from huaxiang.store.forms.questionnaire import open_questionnaire

    return open_questionnaire(request)


def _interview(request: ReadRequest) -> tuple[FileForm, Iterator[RawBatch]]:
    from huaxiang.store.forms.interview import open_interview

    return open_interview(request)


_OPENERS: Mapping[str, Opener] = MappingProxyType(
    {
        "csv": open_delimited,
        "tsv": open_delimited,
        "excel": _excel,
        "json": _json,
        "ndjson": _json,
        "parquet": _parquet,
        "questionnaire": _questionnaire,
        "interview": _interview,
    }
)
_OUTER = frozenset({"questionnaire", "interview"})  # they open the file below them by its own format


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
        found = request.format if request.format in _OUTER else sniff_format(request.path, request.format)
        return _OPENERS[found](replace(request, format=found))
    except OSError as error:
        raise FileFault(f"the file can't be read ({error.strerror or 'input/output error'})") from None
