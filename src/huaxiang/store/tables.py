"""Write tables into a PostgreSQL database, in a schema of their own: the only place where this program changes a database of others.

Only the schema that bears our own mark is ever replaced. URLs and what drivers say of them never stand in a message.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from huaxiang.errors import UsageError
from huaxiang.store.reaching import with_driver

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection

Kind = Literal["text", "integer", "amount", "time"]
_ROWS = 5_000


@dataclass(frozen=True)
class NewTable:
    """A table to write: its columns with their kinds, its primary key, and its rows."""

    name: str
    columns: Sequence[tuple[str, Kind]]
    key: Sequence[str]
    rows: Sequence[Sequence[Any]]


@dataclass(frozen=True)
class Place:
    """A schema of the database whose URL an environment variable holds. `mark` begins the comment of the schemas that are ours."""

    variable: str
    url: str = field(repr=False)
    schema: str
    mark: str

    def fault(self, en: str, zh: str) -> UsageError:
        """What is wrong with the database, without its URL."""
        return UsageError(f"env:{self.variable}: {en}", f"env:{self.variable}：{zh}")


def comment_of(place: Place) -> str | None:
    """The comment of the schema; None when there is no such schema. Raises UsageError when the database can't be reached."""
    with _connected(place) as connection:
        return _comment(connection, place.schema)


def write_tables(place: Place, tables: Sequence[NewTable], comment: str) -> None:
    """Put the tables in place of whatever the schema held, all in one transaction, and leave `comment` (it begins with the mark) on it.

    Raises UsageError when a schema of this name is there that isn't ours, and when the database can't be reached or refuses.
    """
    import sqlalchemy as sa

    with _connected(place) as connection:
        known = _comment(connection, place.schema)
        if known is not None and not known.startswith(place.mark):
            raise place.fault(
                f"the database has a schema {place.schema} already, which this program did not make; nothing was changed. Rename it, or "
                "use another database",
                f"数据库里已有名为 {place.schema} 的 schema，且不是本程序建的；什么也没有改动。请改名，或换一个数据库",
            )
        connection.execute(sa.schema.DropSchema(place.schema, cascade=True, if_exists=True))
        connection.execute(sa.schema.CreateSchema(place.schema))
        layout = sa.MetaData(schema=place.schema)
        for table in tables:
            columns = [
                sa.Column(n, _type(k), primary_key=n in table.key, autoincrement=False) for n, k in table.columns
            ]
            made = sa.Table(table.name, layout, *columns)
            made.create(connection)
            names = [name for name, _ in table.columns]
            for start in range(0, len(table.rows), _ROWS):
                part = table.rows[start : start + _ROWS]
                connection.execute(made.insert(), [dict(zip(names, row, strict=True)) for row in part])
        connection.execute(_say(connection, place.schema, comment))
        connection.commit()


def _say(connection: Connection, schema: str, comment: str) -> Any:
    """The statement that leaves a comment on a schema: it takes no parameters."""
    import sqlalchemy as sa

    quote = connection.dialect.identifier_preparer.quote
    text = sa.literal(comment).compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True})
    return sa.text(f"comment on schema {quote(schema)} is {str(text).replace(':', chr(92) + ':')}")


def _comment(connection: Connection, schema: str) -> str | None:
    import sqlalchemy as sa

    asked = sa.text("select coalesce(obj_description(oid, 'pg_namespace'), '') from pg_namespace where nspname = :name")
    found = connection.execute(asked, {"name": schema}).scalar()
    return None if found is None else str(found)


def _type(kind: Kind) -> Any:
    import sqlalchemy as sa

    types = {"text": sa.Text(), "integer": sa.BigInteger(), "amount": sa.Numeric(14, 2), "time": sa.DateTime()}
    return types[kind]


@contextmanager
def _connected(place: Place) -> Iterator[Connection]:
    import sqlalchemy as sa

    try:
        engine = sa.create_engine(_url(place), poolclass=sa.NullPool, hide_parameters=True)
    except ImportError:
        how = 'pip install "huaxiang[postgresql]"'
        raise place.fault(
            f"the driver of PostgreSQL is not installed; {how}", f"没有安装 PostgreSQL 驱动；{how}"
        ) from None
    try:
        with engine.connect() as connection:
            yield connection
    except sa.exc.DBAPIError as error:
        kind = type(error.orig).__name__
        if error.statement is None:
            raise place.fault(
                f"the database can't be reached ({kind}); is it running, and are host, port, database, user and password right?",
                f"连不上数据库（{kind}）；数据库是否在运行，主机、端口、库名、用户名和密码是否正确？",
            ) from None
        raise place.fault(
            f"the database refused ({kind}); nothing was changed. May the user create a schema there?",
            f"数据库拒绝了写入（{kind}），什么也没有改动。该用户能否新建 schema？",
        ) from None
    finally:
        engine.dispose()


def _url(place: Place) -> URL:
    import sqlalchemy as sa

    try:
        url = sa.make_url(place.url)
        if url.get_backend_name() == "postgresql":
            return with_driver(url, "postgresql")
    except (sa.exc.ArgumentError, sa.exc.NoSuchModuleError):
        pass  # told below, without what it holds
    form = "postgresql://user:password@host:port/database"
    raise place.fault(f"it holds no URL of PostgreSQL; write {form}", f"它的值不是 PostgreSQL 的地址；写成 {form}")
