"""Which columns a source has, before anything is built: of all its files, or of its table or query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from huaxiang.errors import Said, SourceError
from huaxiang.spec.models import SourceSpec
from huaxiang.spec.sources import columns_read
from huaxiang.store.files.batch import FileFault, missing_columns
from huaxiang.store.files.find import find_files, shown
from huaxiang.store.files.open import READERS, open_file, request_for

EMPTY = Said("the file is empty (0 bytes), without even a header row", "文件是空的（0 字节），连表头行都没有")
_BY_CONTENT = frozenset({"json", "ndjson"})
"""Formats whose columns are the keys of their records: a file need not hold them all at its beginning."""


def mapped_columns(source: SourceSpec) -> tuple[str, ...]:
    """Names of the columns that the mapping reads."""
    return tuple(column for field, written in source.columns.items() for column in columns_read(field, written))


def read_header(source: SourceSpec, folder: Path) -> tuple[str, ...] | None:
    """Column names of the source, as the mapping may use them: those of its first file, or of its table or query; None when no file is
    there (yet).

    Raises SourceError when the source is there and can't be read, is empty, or has none of the mapped columns; and when a later file
    lacks a mapped column that the first has.
    """
    if source.database is not None:
        from huaxiang.store.databases import read_columns

        return read_columns(source, folder)
    try:
        files = find_files(source, folder)
    except SourceError:
        return None
    filled = [path for path in files if _size(path)]
    if not filled:
        raise SourceError(source.name, shown(files[0], folder), EMPTY)
    wanted = mapped_columns(source)
    header, form = _header(source, filled[0], folder)
    outer = source.format in READERS and READERS[source.format].outer
    if wanted and not set(wanted) & set(header) and not outer:
        raise SourceError(source.name, shown(filled[0], folder), missing_columns(wanted, header, wanted))
    if outer:
        return _widened(header, source, filled[1:], folder)
    if form not in _BY_CONTENT:
        _check_others(source, filled[1:], folder, [name for name in wanted if name in header])
    return header


def _header(source: SourceSpec, path: Path, folder: Path) -> tuple[tuple[str, ...], str]:
    try:
        form = open_file(replace(request_for(source, path, (), folder=folder), sample=True))[0]
    except FileFault as fault:
        raise SourceError(source.name, shown(path, folder), fault.said) from None
    return form.header, form.format


def _check_others(source: SourceSpec, paths: Sequence[Path], folder: Path, wanted: Sequence[str]) -> None:
    """Each further file must have the mapped columns that the first has."""
    for path in paths:
        header, form = _header(source, path, folder)
        missing = [name for name in wanted if name not in header]
        if missing and form not in _BY_CONTENT:
            raise SourceError(source.name, shown(path, folder), missing_columns(missing, header, wanted))


def _widened(header: tuple[str, ...], source: SourceSpec, paths: Sequence[Path], folder: Path) -> tuple[str, ...]:
    """Columns of event records: a property may occur in some of the files only."""
    names = dict.fromkeys(header)
    wanted = set(mapped_columns(source))
    for path in paths:
        if wanted <= names.keys():
            break
        names |= dict.fromkeys(_header(source, path, folder)[0])
    return tuple(names)


def _size(path: Path) -> int:
    """The bytes of a file; none of one that was taken away since it was listed."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
