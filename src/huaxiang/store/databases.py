"""Sources that are a table or a query of a database: rows are fetched into one Parquet file, and from there on are a file like any other.

The file lies in `.huaxiang/collected/<source>/rows/` and holds only the columns that the mapping, the key and the cursor name. With a
cursor it is the state of the table as fetched so far: new rows replace those of the same key, and it is sorted by key, so that many small
fetches leave the same bytes as one of everything. SQLAlchemy reaches the database (`reaching`); the driver is the user's.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from huaxiang.errors import Said, did_you_mean, did_you_mean_zh
from huaxiang.spec.models import SourceSpec
from huaxiang.spec.sources import DatabaseSpec
from huaxiang.store.atomic import sync_file, sync_folder, write_json
from huaxiang.store.fetched import RowFault, RowFile, cursor_start, row_table
from huaxiang.store.files.sniff import digest
from huaxiang.store.merging import FetchCounts, State, merge_rows
from huaxiang.store.reaching import Target, connected, target_of

if TYPE_CHECKING:
    from sqlalchemy import Connection

_ZONE_SLACK = timedelta(hours=14)  # how far a clock of another zone may be ahead of UTC
_MISFITS = Said(
    "a column holds values that can't be read, or don't fit together; convert it in a `query`",
    "有一列的值无法读取，或类型不一致；请在 `query` 中转换该列",
)


@dataclass(frozen=True)
class Fetched:
    """Rows of a database as a Parquet file, and the name under which reports show where they came from (never with a password);
    `counts`: what became of the rows that were fetched.
    """

    path: Path
    name: str
    counts: FetchCounts | None = None


def read_columns(source: SourceSpec, folder: Path) -> tuple[str, ...]:
    """Column names of the source's table or query. Raises SourceError when it can't be reached, or isn't there."""
    target = target_of(source, folder)
    with connected(target) as connection:
        return _columns(connection, target)


def fetch_rows(source: SourceSpec, folder: Path, store: Path, wanted: Sequence[str], *, full: bool = False) -> Fetched:
    """Fetch the columns `wanted` (with those of key and cursor) into `store`; with a cursor only what may have changed, unless `full`.

    `folder`: the project's, to which the path of an SQLite file is relative. Reads in one read-only transaction. Raises SourceError.
    """
    spec = source.database
    assert spec is not None
    columns = tuple(dict.fromkeys((*wanted, *spec.key, *((spec.cursor,) if spec.cursor else ()))))
    target = replace(target_of(source, folder), columns=columns)
    files = _Files(store)
    before = None if full or spec.cursor is None else _previous(files, target)
    work = store / ".fetch"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    try:
        with connected(target) as connection:
            _require(connection, target)
            new = _download(connection, target, before.rows if before else None, work)
            own = _own_key(connection, spec) if spec.cursor else ()
        if spec.cursor is None:
            new.save(work / "rows.parquet")
            counts = FetchCounts(new.rows, new.rows)
        else:
            merged, counts = merge_rows(before, new, spec)
            _refuse_wrong_key(target, counts, own)
            merged.rows.save(work / "rows.parquet")
            files.keep_folded(merged.folded)
        files.keep(work / "rows.parquet", _definition(target), folded=spec.cursor is not None)
    except RowFault as fault:
        raise target.fault(fault.said) from None
    except ValueError:  # of a driver or of Arrow, whose words may hold values
        raise target.fault(_MISFITS) from None
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return Fetched(files.rows, target.name, counts)


_MOST_FOLDED = 0.5
"""Where more of the rows of a fetch than this have the key of another one, and other content, the key can't be right."""


def _refuse_wrong_key(target: Target, counts: FetchCounts, own: Sequence[str]) -> None:
    if target.spec.versions or counts.same_key <= counts.rows * _MOST_FOLDED:
        return
    known = own if tuple(own) != target.spec.key else ()
    raise target.fault(_wrong_key(target.spec.key, counts, known))


def _wrong_key(key: Sequence[str], counts: FetchCounts, own: Sequence[str]) -> Said:
    """That a key is none. `own`: the table's own, where it has one and it is another."""
    known = (
        Said(f" (the table's own key: {', '.join(own)})", f"（表自身的主键：{'、'.join(own)}）")
        if own
        else Said("", "")
    )
    return Said(
        f"the key ({', '.join(key)}) does not identify a row: {counts.same_key:,} of {counts.rows:,} rows fetched have the key of "
        f"another row, but other content, and only one of each key would stay. Name all columns that tell rows apart{known.en}; or "
        "write `versions: true` where the table keeps older states of a row",
        f"键（{'、'.join(key)}）不能区分各行：取到的 {counts.rows:,} 行中，有 {counts.same_key:,} 行与另一行的键相同而内容不同，"
        f"每个键只会保留一行。请写出能区分各行的全部列{known.zh}；如果表中保留了行的旧状态，请写 `versions: true`",
    )


@dataclass(frozen=True)
class _Files:
    """What lies in the store of a source: the rows, which keys stood on several of them, and what both answer."""

    store: Path

    @property
    def rows(self) -> Path:
        return self.store / "rows.parquet"

    @property
    def folded(self) -> Path:
        return self.store / "folded.parquet"

    @property
    def state(self) -> Path:
        return self.store / "state.json"

    def keep_folded(self, table: pa.Table) -> None:
        """Write the counts by key; they hold together with the rows that `keep` puts in place."""
        pq.write_table(table, self.folded, compression="zstd")
        sync_file(self.folded)

    def keep(self, rows: Path, definition: str, *, folded: bool) -> None:
        """Put the rows in place, and say what they answer."""
        sync_file(rows)
        rows.replace(self.rows)
        sync_folder(self.store)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        told = {"definition": definition, "sha256": digest(self.rows), "fetched_at": now}
        write_json(self.state, told | ({"folded": digest(self.folded)} if folded else {}))


# What is there


def _columns(connection: Connection, target: Target) -> tuple[str, ...]:
    import sqlalchemy as sa

    if target.spec.table is None:
        empty = sa.select(sa.text("*")).select_from(_origin(target)).where(sa.text("1 = 0"))
        return tuple(connection.execute(empty).keys())
    schema, name = _table_name(target.spec.table)
    inspector = sa.inspect(connection)
    try:
        found = tuple(str(column["name"]) for column in inspector.get_columns(name, schema))
    except sa.exc.NoSuchTableError:
        found = ()
    if not found:
        known = [*inspector.get_table_names(schema), *inspector.get_view_names(schema)]
        raise target.fault(
            Said(
                f'no table or view "{target.spec.table}"{did_you_mean(name, known)}',
                f"没有表或视图“{target.spec.table}”{did_you_mean_zh(name, known)}",
            )
        )
    return found


def _table_name(written: str) -> tuple[str | None, str]:
    schema, dot, name = written.rpartition(".")
    return (schema if dot else None), name


def _require(connection: Connection, target: Target) -> None:
    """Raise SourceError for a column that the table or query lacks."""
    known = _columns(connection, target)
    for column in target.columns:
        if column not in known:
            en, zh = did_you_mean(column, known), did_you_mean_zh(column, known)
            raise target.fault(Said(f'no column "{column}"{en}', f"没有列“{column}”{zh}"))


def _origin(target: Target) -> Any:
    """The FROM of the statement: the table, or the user's query in brackets, word for word."""
    import sqlalchemy as sa

    if target.spec.table is not None:
        schema, name = _table_name(target.spec.table)
        return sa.table(name, schema=schema)
    query = (target.spec.query or "").strip().rstrip(";")
    text = query.replace("\\", "\\\\").replace(":", "\\:")
    return sa.text(f"(\n{text}\n) huaxiang_query")


def _statement(connection: Connection, target: Target, since: Any) -> Any:
    import sqlalchemy as sa

    spec = target.spec
    columns: list[Any] = [sa.column(name) for name in target.columns]
    statement: Any = sa.select(*columns).select_from(_origin(target))
    if since is not None and spec.cursor is not None:
        cursor: Any = sa.column(spec.cursor)
        statement = statement.where(sa.or_(cursor >= since, cursor.is_(None)))
    if spec.cursor is None:
        statement = statement.order_by(*(sa.column(name) for name in _order(connection, spec)))
    return statement


def _order(connection: Connection, spec: DatabaseSpec) -> Sequence[str]:
    """Columns that give the rows an order: the declared key, else the table's own."""
    return spec.key or _own_key(connection, spec)


def _own_key(connection: Connection, spec: DatabaseSpec) -> Sequence[str]:
    """The primary key of the table; nothing for a query."""
    import sqlalchemy as sa

    if spec.table is None:
        return ()
    schema, name = _table_name(spec.table)
    found: Sequence[str] = sa.inspect(connection).get_pk_constraint(name, schema)["constrained_columns"]
    return found


def _download(connection: Connection, target: Target, before: RowFile | None, work: Path) -> RowFile:
    """Rows of the database, fetched in chunks into files below `work`."""
    since = None
    if before is not None and target.spec.cursor is not None:
        since = cursor_start(before, target.spec)
    statement = _statement(connection, target, since)
    result = connection.execution_options(yield_per=target.spec.chunk).execute(statement)
    fetched = RowFile(target.columns)
    for number, rows in enumerate(result.partitions()):
        fetched.spool(row_table(target.columns, rows), work / f"{number:06d}.parquet")
    return fetched


# What was fetched before


def _definition(target: Target) -> str:
    spec = target.spec
    place = (
        target.url.render_as_string(hide_password=True) if target.url.get_backend_name() != "sqlite" else target.name
    )
    parts = [place, spec.table, spec.query, spec.cursor, list(spec.key), list(target.columns)]
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()


def _previous(files: _Files, target: Target) -> State | None:
    """What was fetched before, when it is whole and answers the same question; else None: everything is fetched."""
    try:
        known = json.loads(files.state.read_text("utf-8"))
        if known["definition"] != _definition(target) or known["sha256"] != digest(files.rows):
            return None
        if known["folded"] != digest(files.folded):
            return None
        ceiling = datetime.fromisoformat(known["fetched_at"]) + _ZONE_SLACK
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
    return State(RowFile(target.columns, [files.rows], ceiling), pq.read_table(files.folded))
