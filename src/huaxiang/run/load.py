"""Collect and clean one source: its files, part by part, into one typed Parquet table; rows set aside into another.

Every row that is read ends in exactly one place: `loaded + set_aside + left_out = rows_in`. A part that an earlier build cleaned is
taken over (`store/collected.py`), so that what is loaded is the same whether anything was there before or not.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from huaxiang.errors import Said, SourceError
from huaxiang.run.assemble import Placed, assemble
from huaxiang.run.headers import EMPTY, read_header
from huaxiang.run.part import PartReport, clean_part, clean_schema
from huaxiang.run.raw_texts import FOLDER, RawOf, RawTexts, forget_others
from huaxiang.run.repairs import check_defaults
from huaxiang.run.reports import REJECTED_SCHEMA, ColumnReport, FileReport, LoadReport, Tally
from huaxiang.spec.models import SourceSpec
from huaxiang.store.cleaning.codes import REASONS
from huaxiang.store.cleaning.joined import columns_of
from huaxiang.store.cleaning.rule import NO_RATES, ColumnRule, column_rules
from huaxiang.store.collected import Collected, Part, definition_digest, part_key
from huaxiang.store.databases import Fetched
from huaxiang.store.failpoints import failpoint
from huaxiang.store.files.batch import LIMITS, FileFault, Limits, ReadRequest, cause_zh
from huaxiang.store.files.find import find_files, shown
from huaxiang.store.files.open import name_matters, read_together, request_for
from huaxiang.store.files.sniff import digest
from huaxiang.store.merging import FetchCounts

__all__ = ["REJECTED_SCHEMA", "ColumnReport", "FileReport", "LoadReport", "load_source", "read_header"]
Progress = Callable[[int, int, int], None]
"""Called after each batch with (bytes read, bytes in all, rows read) of the source."""


def load_source(  # noqa: PLR0913  (two places to write to, and what tests and the runner vary)
    source: SourceSpec,
    folder: Path,
    out: Path,
    rejected: Path,
    *,
    as_of: date,
    progress: Progress | None = None,
    timezone: str = "Asia/Shanghai",
    limits: Limits = LIMITS,
    collected: Collected | None = None,
    fetched: Fetched | None = None,
    repairs: Path | None = None,
    rates: Mapping[str, float] = NO_RATES,
) -> LoadReport:
    """Load all files of a source, or the rows `fetched` from its database.

    `out` gets the mapped columns in their order with their stored types, then the derived ones, `_file` (INTEGER, index into the
    report's files) and
    `_row` (BIGINT, row in the file as a spreadsheet numbers it); `rejected` gets one row for each row set aside,
    `repairs` one for each value that cleaning changed (run/repairs.py); `rates` are currency → worth in the project's. `where`, `unique`
    and `lookups` are left to the stages. Texts with a time zone are moved to `timezone`. Parts that are in `collected` are not read again,
    new ones are kept there. Raises SourceError when a file is missing or can't be read, when a mapped column is not in it, or when more
    rows are set aside than the source allows.
    """
    out.unlink(missing_ok=True)
    rules = column_rules(source, as_of=as_of, timezone=timezone, rates=rates)
    check_defaults(source, rules)
    files = _found(source, folder, fetched)
    with _store(collected, out.parent) as store:
        load = _Load(source, folder, rules, limits, store, progress, sum(file.bytes for file in files))
        load.kept = collected.folder if collected is not None else None
        placed = [one for unit in _units(source, files) if (one := load.part(unit)) is not None]
        load.refuse_empty()
        tally = assemble(
            source.name,
            placed,
            clean_schema(rules),
            out,
            {"rejected": rejected} | ({"repairs": repairs} if repairs else {}),
        )
        load.leave_out_copies(tally)
        load.leave_out_folded(tally, fetched.counts if fetched is not None else None)
        if collected is not None:
            collected.prune(one.part.folder.name for one in placed)
            forget_others(collected.folder / FOLDER, (one.part.folder.name for one in placed))
    _refuse_too_many(source, tally, out)
    left_out = sum(tally.left_out.values())
    return LoadReport(
        source.name,
        tuple(load.reports[file.number] for file in files),
        tally.rows_in,
        tally.rows_in - tally.set_aside - left_out,
        tally.set_aside,
        dict(sorted(tally.reasons.items())),
        tally.columns(rules),
        left_out,
        dict(sorted(tally.left_out.items())),
        load.reused,
        fetched.counts if fetched is not None else None,
        _raw_of(placed),
    )


def _raw_of(placed: Sequence[Placed]) -> RawOf:
    """The raw texts of the files of a source, which are numbered over its parts."""
    owner = {one.first + at: (one, at) for one in placed for at in range(len(one.names))}

    def raw(file: int, rows: Sequence[int]) -> Mapping[int, str]:
        one, at = owner[file]
        return one.raw(at, rows)

    return raw


@contextmanager
def _store(collected: Collected | None, beside: Path) -> Iterator[Collected]:
    """The store of parts; without one, a folder that is gone afterwards."""
    if collected is not None:
        yield collected
        return
    with tempfile.TemporaryDirectory(prefix=".parts-", dir=beside) as folder:
        yield Collected(Path(folder))


@dataclass(frozen=True)
class _File:
    """A file of the source: its number, path, name as shown, size and digest; the number of an earlier one with the same bytes."""

    number: int
    path: Path
    name: str
    bytes: int
    sha256: str
    same_as: int | None = None


def _found(source: SourceSpec, folder: Path, fetched: Fetched | None) -> list[_File]:
    """The files of the source with their digests; a file whose bytes an earlier one has too is marked."""
    if fetched is not None:
        return [_File(0, fetched.path, fetched.name, fetched.path.stat().st_size, digest(fetched.path))]
    files: list[_File] = []
    first: dict[str, int] = {}
    for number, path in enumerate(find_files(source, folder)):
        name = shown(path, folder)
        try:
            size, sha256 = path.stat().st_size, digest(path)
        except OSError as error:
            raise SourceError(source.name, name, _unreadable(error)) from None
        if size == 0 and source.on_bad_row == "stop":
            raise SourceError(source.name, name, EMPTY)
        same = first.setdefault(sha256, number) if size else number
        files.append(_File(number, path, name, size, sha256, None if same == number else same))
    return files


def _unreadable(error: OSError) -> Said:
    return Said(f"the file can't be read ({error.strerror or 'I/O error'})", f"无法读取文件（{cause_zh(error)}）")


def _units(source: SourceSpec, files: Sequence[_File]) -> list[tuple[_File, ...]]:
    """Files that are cleaned together: each by itself, but for formats whose records build on those of earlier files."""
    if not read_together(source):
        return [(file,) for file in files]
    alone: list[tuple[_File, ...]] = [(file,) for file in files if file.same_as is not None or not file.bytes]
    together = tuple(file for file in files if file.same_as is None and file.bytes)
    return [together, *alone] if together else alone


@dataclass
class _Load:
    """The load of one source: what it is, where its parts go, and what became of each file."""

    source: SourceSpec
    folder: Path
    rules: Sequence[ColumnRule]
    limits: Limits
    store: Collected
    progress: Progress | None
    total: int
    reports: dict[int, FileReport] = field(default_factory=dict)
    copies: list[FileReport] = field(default_factory=list)
    kept: Path | None = None
    reused: int = 0
    done: int = 0
    rows: int = 0

    def part(self, unit: tuple[_File, ...]) -> Placed | None:
        """The part that the files of `unit` give, cleaned now or before; None when there is nothing to clean."""
        head = unit[0]
        if head.same_as is not None:
            self._copy(head)
            return None
        if not head.bytes:
            self._report(head, "empty", None, None, 0)
            return None
        key = part_key((file.sha256 + name_matters(self.source, file.path) for file in unit), self._definition())
        found = self.store.find(key)
        self.reused += len(unit) if found else 0
        part = found or self._clean(unit, key)
        failpoint("clean.part")
        form = part.report["form"]
        for at, file in enumerate(unit):
            self._report(file, form["format"], form["encoding"], form["delimiter"], part.report["rows"].get(str(at), 0))
        if found:
            self._tell(unit, found.report["tally"]["rows_in"])
        self.done += sum(file.bytes for file in unit)
        self.rows += part.report["tally"]["rows_in"]
        kept = self.kept / FOLDER / f"{key}.parquet" if self.kept else None
        return Placed(part, tuple(file.name for file in unit), head.number, RawTexts(self._request(unit), kept))

    def _request(self, unit: tuple[_File, ...]) -> ReadRequest:
        """How the files of a unit are read."""
        request = request_for(self.source, unit[0].path, columns_of(self.rules), self.limits, self.folder)
        if self.source.database is not None:
            request = replace(request, format="parquet")
        return replace(request, others=tuple(file.path for file in unit[1:]))

    def _definition(self) -> str:
        book = self.folder / self.source.codebook if self.source.codebook else None
        written = book.read_bytes() if book is not None and book.is_file() else b""
        return definition_digest(self.source, self.rules, written + repr(self.limits).encode())

    def _clean(self, unit: tuple[_File, ...], key: str) -> Part:
        report = PartReport()
        try:
            for read, report in clean_part(self.source, self._request(unit), self.rules, self.store.begin(key)):
                if self.progress:
                    self.progress(self.done + read, self.total, self.rows + report.tally.rows_in)
        except FileFault as fault:
            raise SourceError(self.source.name, unit[fault.file].name, fault.said) from None
        except OSError as error:
            raise SourceError(self.source.name, unit[0].name, _unreadable(error)) from None
        return self.store.keep(key, report.plain())

    def _tell(self, unit: tuple[_File, ...], rows: int) -> None:
        if self.progress:
            self.progress(self.done + sum(file.bytes for file in unit), self.total, self.rows + rows)

    def _copy(self, file: _File) -> None:
        """A file with the bytes of an earlier one: its rows are counted, and left out."""
        first = self.reports[file.same_as or 0]
        self._tell((file,), first.rows)
        report = replace(first, path=file.name, same_as=first.path)
        self.reports[file.number] = report
        self.copies.append(report)
        self.done += file.bytes
        self.rows += first.rows

    def _report(self, file: _File, form: str, encoding: str | None, delimiter: str | None, rows: int) -> None:
        self.reports[file.number] = FileReport(file.name, form, encoding, delimiter, rows, file.bytes, file.sha256)

    def leave_out_copies(self, tally: Tally) -> None:
        """Count the rows of files that hold the same bytes as another."""
        for report in self.copies:
            tally.rows_in += report.rows
            if report.rows:
                tally.left_out["same_file"] += report.rows

    def leave_out_folded(self, tally: Tally, counts: FetchCounts | None) -> None:
        """Count the rows of a database that are left out since a later one has their key."""
        if counts is None or not counts.folded:
            return
        tally.rows_in += counts.folded
        tally.left_out.update(counts.left_out or {})
        self.reports[0] = replace(self.reports[0], rows=self.reports[0].rows + counts.folded)

    def refuse_empty(self) -> None:
        """Raise SourceError when all files are empty: not even a header says that there is nothing."""
        if self.reports and all(report.format == "empty" for report in self.reports.values()):
            raise SourceError(self.source.name, self.reports[0].path, EMPTY)


def _refuse_too_many(source: SourceSpec, tally: Tally, out: Path) -> None:
    """Raise SourceError when cleaning set more rows aside than the source allows; messages delivered twice are no fault."""
    bad = tally.set_aside - tally.reasons["duplicate"]
    if not bad:
        return
    share = bad / tally.rows_in
    if source.on_bad_row == "stop":
        rule = Said("`on_bad_row: stop` allows none", "`on_bad_row: stop` 一行也不允许")
    elif share > source.max_bad_share:
        most = f"{source.max_bad_share:.2%}"
        rule = Said(f"`max_bad_share` allows {most}", f"`max_bad_share` 只允许 {most}")
    else:
        return
    out.unlink(missing_ok=True)
    (code, column), (file, row) = next(iter(tally.where.items()))
    of = Said(f' of column "{column}"', f"“{column}”列") if column else Said("", "")
    most_common = tally.reasons.most_common(5)
    counts = ", ".join(f"{code} {count:,}" for code, count in most_common)
    counts_zh = "；".join(f"{REASONS[code][0]} {count:,} 行" for code, count in most_common)
    zh, en = REASONS[code]
    raise SourceError(
        source.name,
        Said(f"{file} row {row}{of.en}", f"{file} 第 {row} 行{of.zh}"),
        Said(
            f"{en}; in all {bad:,} of {tally.rows_in:,} rows ({share:.2%}) can't be loaded ({counts}), {rule.en}. "
            "Correct the file or the mapping, or allow more",
            f"{zh}；{tally.rows_in:,} 行中共有 {bad:,} 行（{share:.2%}）无法载入（{counts_zh}），{rule.zh}。"
            "请修正文件或映射，或放宽限制",
        ),
    )
