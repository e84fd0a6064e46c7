"""Sources that are a table or a query: real SQLite and real PostgreSQL; incremental fetches equal a fetch of everything."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.told import same_names

from huaxiang.errors import SourceError
from huaxiang.run.headers import mapped_columns, read_header
from huaxiang.run.load import LoadReport, load_source
from huaxiang.spec.models import SourceSpec
from huaxiang.store.databases import Fetched, fetch_rows

AS_OF = date(2024, 12, 31)
COLUMNS = {"customer_key": "member", "order_id": "id", "amount": "amount", "ordered_at": "created", "status": "state"}
Execute = Callable[..., None]


def orders(url: str, columns: dict[str, Any] | None = None, **database: Any) -> SourceSpec:
    target = {"table": "orders"} if "query" not in database else {}
    return SourceSpec.model_validate(
        {
            "name": "orders", "purpose": "tests", "legal_basis": "contract", "entity": "order",
            "database": {"url": url, **target, **database}, "columns": columns or COLUMNS,
        }
    )  # fmt: skip


def fetch(source: SourceSpec, folder: Path, store: str = "rows", **options: Any) -> Fetched:
    return fetch_rows(source, folder, folder / store, mapped_columns(source), **options)


def load(source: SourceSpec, folder: Path, fetched: Fetched) -> tuple[LoadReport, list[dict[str, Any]]]:
    report = load_source(source, folder, folder / "out.pq", folder / "bad.pq", as_of=AS_OF, fetched=fetched)
    return report, pq.read_table(folder / "out.pq").to_pylist()


# SQLite


def run(folder: Path, *statements: str) -> None:
    with closing(sqlite3.connect(folder / "shop.db")) as connection, connection:
        for statement in statements:
            connection.execute(statement)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    run(
        tmp_path,
        "create table orders (id integer primary key, member text, amount numeric, created text, state text, changed text, secret text)",
        "insert into orders values (2, 'm1', 12.5, '2024-05-02 10:00:00', 'paid', '2024-05-02 10:00:00', 's')",
        "insert into orders values (1, 'm2', 'x', '2024-05-01 09:00:00', 'paid', '2024-05-01 09:00:00', 's')",
        "insert into orders values (3, NULL, 7, '2024-05-03', NULL, '2024-05-03 08:00:00', 's')",
    )
    return tmp_path


URL = "sqlite:///shop.db"


def test_a_table_of_sqlite(shop: Path) -> None:
    source = orders(URL)
    fetched = fetch(source, shop)
    assert fetched.name == "shop.db#orders"
    assert pq.read_schema(fetched.path).names == [
        "member",
        "id",
        "amount",
        "created",
        "state",
    ]  # nothing that nobody maps
    report, rows = load(source, shop, fetched)
    assert [(row["order_id"], row["customer_key"], row["amount"], row["ordered_at"], row["_row"]) for row in rows] == [
        ("2", "m1", Decimal("12.5000"), datetime(2024, 5, 2, 10), 2),
        ("3", None, Decimal("7.0000"), datetime(2024, 5, 3), 3),
    ]
    assert (report.rows_in, report.loaded, report.set_aside) == (3, 2, 1)
    bad = pq.read_table(shop / "bad.pq").to_pylist()
    assert [(row["file"], row["row"], row["code"]) for row in bad] == [("shop.db#orders", 1, "number")]
    assert report.files[0].path == "shop.db#orders"
    assert read_header(source, shop) == ("id", "member", "amount", "created", "state", "changed", "secret")


def test_a_query(shop: Path) -> None:
    query = "select id, member, amount, created || ':00' as created, case when state = '12:30' then 'a' else 'b%' end as state from orders where id > 1; "
    source = orders(
        URL, query=query, columns={**COLUMNS, "ordered_at": {"from": "created", "format": "%Y-%m-%d %H:%M:%S:00"}}
    )
    assert read_header(source, shop) == ("id", "member", "amount", "created", "state")
    fetched = fetch(source, shop)
    assert fetched.name == "shop.db#query"
    report, rows = load(source, shop, fetched)
    assert [row["status"] for row in rows] == ["b%"]
    assert report.set_aside == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"url": "sqlite:///none.db"}, "none.db#orders: no such SQLite file"),
        ({"url": "sqlite://"}, "names no SQLite file"),
        ({"url": "env:HX_NO_SUCH"}, "environment variable HX_NO_SUCH is not set"),
        ({"url": "postgresql://me:hunter2@host:port/shop"}, "the URL can't be read"),
        ({"url": "what is this"}, "the URL can't be read"),
        ({"url": "nonsense://h/d"}, "no kind of database"),
        ({"url": "mysql+pymysql://u:pass1234@h/d"}, "driver of mysql\\+pymysql is not installed; pip install pymysql"),
        ({"url": "postgresql+psycopg2://u:pass1234@127.0.0.1:1/d"}, "can't be reached"),
        ({"table": "order"}, 'no table or view "order"; did you mean "orders"'),
        ({"key": ["idd"]}, 'no column "idd"; did you mean "id"'),
        ({"table": None, "query": "select nothing from orders"}, "refused the query"),
        ({"cursor": "changed", "key": ["member"]}, 'key column "member" is NULL'),
    ],
)
def test_faults_name_the_place_and_never_the_password(shop: Path, change: dict[str, Any], message: str) -> None:
    source = orders(**{"url": URL, **change})
    with pytest.raises(SourceError, match=message) as error:
        fetch(source, shop)
    assert same_names(error.value) == []
    assert "pass1234" not in str(error.value)


def test_faults_are_told_in_chinese(shop: Path) -> None:
    told = {
        "数据源“orders” none.db#orders：没有这个 SQLite 文件；其路径相对于项目文件夹": {"url": "sqlite:///none.db"},
        "数据源“orders” shop.db#order：没有表或视图“order”；是不是“orders”？": {"table": "order"},
        "数据源“orders” shop.db#orders：没有列“idd”；是不是“id”？": {"key": ["idd"]},
        "数据源“orders” env:HX_NO_SUCH：未设置环境变量 HX_NO_SUCH；它的值应为数据库的 URL": {"url": "env:HX_NO_SUCH"},
    }
    for zh, change in told.items():
        with pytest.raises(SourceError) as caught:
            fetch(orders(**{"url": URL, **change}), shop)
        assert caught.value.zh == zh


def test_other_files_than_databases(shop: Path) -> None:
    (shop / "text.db").write_text("no database " * 100)
    with pytest.raises(SourceError, match="no SQLite database") as caught:
        fetch(orders("sqlite:///text.db"), shop)
    assert same_names(caught.value) == []
    run(shop, "insert into orders values (9, cast(x'd6d0b9fa' as text), 1, '2024-01-01', 'x', 'x', 'x')")
    with pytest.raises(SourceError, match='column "member" holds a text that is not valid UTF-8') as caught:
        fetch(orders(URL), shop)
    assert same_names(caught.value) == []


def test_values_that_do_not_fit_together_are_told_without_them(shop: Path) -> None:
    numbers = "with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < 101)"
    query = f"{numbers} select case when n < 101 then 9007199254740993 else 0.5 end as id, 'm' as member from numbers"
    source = orders(URL, query=query, columns={"customer_key": "member", "order_id": "id"}, chunk=100)
    with pytest.raises(SourceError, match="a column holds values that can't be read, or don't fit together") as caught:
        fetch(source, shop)
    assert same_names(caught.value) == []
    assert "9007199254740993" not in str(caught.value) + caught.value.zh


def test_nothing_can_be_changed(shop: Path) -> None:
    before = (shop / "shop.db").read_bytes()
    source = orders(URL, query="select * from orders")
    fetch(source, shop)
    assert (shop / "shop.db").read_bytes() == before


def test_a_url_from_the_environment(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HX_SHOP", URL)
    assert fetch(orders("env:HX_SHOP"), shop).name == "shop.db#orders"


def test_types_that_differ_from_row_to_row(shop: Path) -> None:
    run(shop, "update orders set amount = 5 where id = 1", "update orders set member = 17 where id = 3")
    table = pq.read_table(fetch(orders(URL, chunk=100), shop).path)
    assert table.schema.field("amount").type == pa.float64()
    assert table.schema.field("member").type == pa.string()


def incremental(**more: Any) -> SourceSpec:
    return orders(URL, cursor="changed", key=["id"], **more)


def test_only_changes_are_fetched(shop: Path) -> None:
    source = incremental(look_back="1d")
    fetch(source, shop)
    run(
        shop,
        "update orders set state = 'sent', changed = '2024-05-03 09:00:00' where id = 2",
        "insert into orders values (10, 'm9', 1, '2024-05-03', 'new', '2024-05-02 08:30:00', 's')",  # late, within the look-back
        "insert into orders values (11, 'm9', 1, '2024-05-03', 'new', '2024-05-01 01:00:00', 's')",  # too late to be seen
        "update orders set state = 'unseen' where id = 1",
    )
    states = {row["id"]: row["state"] for row in pq.read_table(fetch(source, shop).path).to_pylist()}
    assert states == {1: "paid", 2: "sent", 3: None, 10: "new"}
    states = {row["id"]: row["state"] for row in pq.read_table(fetch(source, shop, full=True).path).to_pylist()}
    assert states == {1: "unseen", 2: "sent", 3: None, 10: "new", 11: "new"}


@pytest.mark.parametrize("damage", ["cut", "lost", "other definition"])
def test_what_is_not_whole_is_fetched_anew(shop: Path, damage: str) -> None:
    fetched = fetch(incremental(), shop)
    run(shop, "update orders set state = 'unseen' where id = 1")
    if damage == "cut":
        fetched.path.write_bytes(fetched.path.read_bytes()[:-9])
    elif damage == "lost":
        (shop / "rows" / "state.json").unlink()
    source = incremental() if damage != "other definition" else incremental(columns={**COLUMNS, "coupon": "secret"})
    states = {row["id"]: row["state"] for row in pq.read_table(fetch(source, shop).path).to_pylist()}
    assert states[1] == "unseen"


def test_a_cursor_in_the_future_hides_nothing(shop: Path) -> None:
    run(shop, "update orders set changed = '2999-01-01 00:00:00' where id = 3")
    fetch(incremental(), shop)
    run(
        shop,
        f"insert into orders values (12, 'm', 1, '2024-05-03', 'new', '{datetime.now(UTC).year + 2}-01-01 00:00:00', 's')",
    )
    assert 12 in pq.read_table(fetch(incremental(), shop).path)["id"].to_pylist()


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.lists(st.tuples(st.integers(1, 8), st.integers(0, 3)), max_size=6), min_size=1, max_size=5),
    st.sampled_from(["text", "number"]),
)
def test_many_fetches_equal_one(
    tmp_path_factory: pytest.TempPathFactory, rounds: list[list[tuple[int, int]]], kind: str
) -> None:
    folder = tmp_path_factory.mktemp("shop")
    run(folder, "create table orders (id integer, member text, amount numeric, created text, state text, changed)")
    clock = 0
    source = orders(URL, cursor="changed", key=["id"], look_back="0" if kind == "number" else "1h")
    for changes in rounds:
        for number, value in changes:
            clock += 1
            moment = str(clock) if kind == "number" else f"'2024-01-{1 + clock // 24:02d} {clock % 24:02d}:00:00'"
            amount = (1, 2.5, "'x'", "NULL")[value]
            run(
                folder,
                f"delete from orders where id = {number}",
                f"insert into orders values ({number}, 'm', {amount}, '2024-01-01', 's{value}', {moment})",
            )
        many = fetch(source, folder, "many")
    once = fetch(source, folder, "once")
    first, second = load(source, folder, many), load(source, folder, once)
    assert first[1] == second[1]
    assert (first[0].rows_in, first[0].reasons) == (second[0].rows_in, second[0].reasons)


# PostgreSQL


@pytest.fixture
def execute(postgres: str) -> Iterator[Execute]:
    """Run statements in a schema that is empty at first."""
    import psycopg2

    with closing(psycopg2.connect(postgres)) as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute("drop schema if exists crm cascade")
        cursor.execute("create schema crm")
        yield cursor.execute


@pytest.mark.postgres
def test_a_table_of_postgresql(postgres: str, execute: Execute, tmp_path: Path) -> None:
    execute("""create table crm.orders (id bigint primary key, member uuid, amount numeric(20, 6), created timestamptz, state text, extra jsonb,
               marks text[], day date, flag boolean, took interval)""")
    execute("""insert into crm.orders select n, ('00000000-0000-0000-0000-00000000000' || n % 10)::uuid, n + 0.1234567, timestamptz '2024-05-01 00:00:00+00' + n * interval '1 hour',
               '状态' || n, '{"a": 1}', array['x', 'y'], date '2024-05-01', true, interval '90 s' from generate_series(250, 1, -1) n""")
    columns = {
        **COLUMNS,
        "extra": "extra",
        "marks": {"type": "list"},
        "day": {"type": "date"},
        "flag": {"type": "boolean"},
        "took": {"type": "number"},
    }
    source = orders(postgres, columns=columns, table="crm.orders", chunk=100)
    fetched = fetch(source, tmp_path)
    assert fetched.name.startswith("postgresql://127.0.0.1:")
    assert "hidden123" not in fetched.name
    assert fetched.name.endswith("/postgres#crm.orders")
    assert pq.read_schema(fetched.path).field("created").type == pa.timestamp("us", "UTC")
    report, rows = load(source, tmp_path, fetched)
    assert (report.loaded, report.set_aside) == (250, 0)
    assert [row["order_id"] for row in rows] == [str(n) for n in range(1, 251)]
    row = rows[0]
    assert (row["amount"], row["ordered_at"], row["status"]) == (Decimal("1.1235"), datetime(2024, 5, 1, 9), "状态1")
    assert (row["extra"], row["marks"], row["day"], row["flag"], row["took"]) == (
        '{"a": 1}',
        ["x", "y"],
        date(2024, 5, 1),
        True,
        90.0,
    )


@pytest.mark.postgres
def test_postgresql_is_asked_for_one_state_and_changes_nothing(postgres: str, execute: Execute, tmp_path: Path) -> None:
    execute("create table crm.orders (id int, member text, amount int, created date, state text)")
    execute(
        "create function crm.write() returns int language sql as $$ insert into crm.orders values (1) returning id $$"
    )
    source = orders(
        postgres, query="select id, member, amount, created, state, crm.write() from crm.orders", columns=COLUMNS
    )
    execute("insert into crm.orders values (1, 'm', 1, '2024-01-01', 's')")
    with pytest.raises(SourceError, match=r"refused the query or broke it off .*25006") as caught:
        fetch(
            orders(postgres, query="select crm.write() as id, member, amount, created, state from crm.orders"), tmp_path
        )
    assert same_names(caught.value) == []
    assert read_header(source, tmp_path) == ("id", "member", "amount", "created", "state", "write")
    with pytest.raises(SourceError, match=r'no table or view "crm\.order"; did you mean "orders"') as caught:
        fetch(orders(postgres, table="crm.order"), tmp_path)
    assert same_names(caught.value) == []


@pytest.mark.postgres
@pytest.mark.parametrize("kind", ["timestamptz", "timestamp", "date", "bigint", "numeric"])
def test_incremental_postgresql(postgres: str, execute: Execute, tmp_path: Path, kind: str) -> None:
    execute(
        f"create table crm.orders (id int, line int, member text, amount numeric, created date, state text, changed {kind})"
    )
    number = kind in ("bigint", "numeric")
    moment = "{n}" if number else "timestamp '2024-05-01' + {n} * interval '1 day'"
    source = orders(
        postgres, table="crm.orders", cursor="changed", key=["id", "line"], look_back="2" if number else "2d"
    )
    draw = random.Random(kind)
    for turn in range(4):
        for n in range(turn * 5, turn * 5 + 5):
            one = draw.randrange(6)
            execute(f"delete from crm.orders where id = {one}")
            execute(f"insert into crm.orders values ({one}, 1, 'm', {n}.5, '2024-01-01', 's{n}', {moment.format(n=n)})")
        many = fetch(source, tmp_path, "many")
    once = fetch(source, tmp_path, "once")
    assert many.path.read_bytes() == once.path.read_bytes()
