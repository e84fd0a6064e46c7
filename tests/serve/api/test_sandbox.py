"""SQL audiences: what is admitted gives the right customers, what is not is refused or stopped in time."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from starlette.testclient import TestClient
from tests.waiting import PATIENCE

from huaxiang.app.sandbox import permitted
from huaxiang.engines.sandbox import Limits, SandboxQuery, run_sandboxed
from huaxiang.errors import ExpressionError
from huaxiang.plan.sandbox import FUNCTIONS, check_query
from huaxiang.spec.codes import CODES

Api = Callable[..., TestClient]
TABLES = {
    "customers": {"customer_id": "VARCHAR", "city": "VARCHAR", "orders": "BIGINT", "likes": "VARCHAR[]"},
    "orders": {"customer_id": "VARCHAR", "amount": "DECIMAL(18,4)", "ordered_at": "TIMESTAMP"},
}
HIDDEN = frozenset({"phone", "name"})
DAY = date(2024, 5, 1)
FROM = "select customer_id from customers"


def refusal(sql: str) -> ExpressionError:
    with pytest.raises(ExpressionError) as refused:
        check_query(sql, TABLES, HIDDEN, DAY)
    return refused.value


REFUSED = (
    ("SQL001", f"{FROM} where ("), ("SQL001", f"{FROM} where city = 'x"), ("SQL002", f"{FROM}; drop table customers"),
    ("SQL002", f"{FROM}; {FROM}"), ("SQL002", "drop table customers"), ("SQL002", "copy customers to 'x.csv'"),
    ("SQL002", "attach 'x.db' as x"), ("SQL002", "pragma database_list"), ("SQL002", "set threads = 1"), ("SQL002", "install httpfs"),
    ("SQL002", "load httpfs"), ("SQL002", "call pragma_version()"), ("SQL002", f"explain {FROM}"), ("SQL002", f"create table x as {FROM}"),
    ("SQL002", "insert into customers select 'x'"), ("SQL002", "values ('c1')"), ("SQL002", "describe customers"), ("SQL002", ""),
    ("SQL002", "with t as (select 1) delete from customers"),
    ("SQL003", "select customer_id from 'customers.csv'"), ("SQL003", "select customer_id from main.customers"),
    ("SQL003", "select customer_id from information_schema.tables"), ("SQL003", "select customer_id from sqlite_master"),
    ("SQL003", "select customer_id from other.main.customers"),
    ("SQL004", "select customer_id from read_csv('/etc/passwd')"), ("SQL004", "select customer_id from read_text('/etc/passwd')"),
    ("SQL004", "select customer_id from query('select 1')"), ("SQL004", "select customer_id from query_table('customers')"),
    ("SQL004", "select customer_id from range(1000000000)"), ("SQL004", "select customer_id from duckdb_secrets()"),
    ("SQL004", f"{FROM} where length(repeat('x', 1000000000)) > 1"), ("SQL004", f"{FROM} where getenv('HOME') = 'x'"),
    ("SQL004", f"{FROM} where current_setting('threads') = '1'"), ("SQL004", "select unnest(likes) as customer_id from customers"),
    ("SQL004", f"{FROM} where columns('o.*') > 1"), ("SQL004", f"{FROM} where sleep_ms(1000) is null"),
    ("SQL005", "with recursive t as (select 'x' as customer_id union all select customer_id || 'x' from t) select customer_id from t"),
    ("SQL005", f"{FROM} using sample 10"), ("SQL005", f"{FROM} where orders > $1"), ("SQL005", f"{FROM} where orders::hugeint > 1"),
    ("SQL005", f"{FROM} for update"), ("SQL005", "with customers as (select 1 as a) select customer_id from customers"),
    ("SQL006", "select * from customers"), ("SQL006", "select customer_id, orders from customers"), ("SQL006", "select city from customers"),
    ("SQL007", "select phone as customer_id from customers"), ("SQL007", f"{FROM} where name = '王'"), ("SQL007", f"{FROM} where nothing > 1"),
    ("SQL008", f"{FROM} where {'(' * 300}true{')' * 300}"), ("SQL008", f"{FROM} where true{' and true' * 5000}"),
    ("SQL008", f"{FROM} where {'not ' * 4000}true"),
)  # fmt: skip


@pytest.mark.parametrize(("code", "sql"), REFUSED, ids=[sql[:60] for _, sql in REFUSED])
def test_what_is_no_plain_select_of_customers_is_refused(code: str, sql: str) -> None:
    error = refusal(sql)
    assert error.code == code
    assert code in CODES
    assert re.search("[\u4e00-\u9fff]", error.said.zh)


def test_hidden_columns_are_named_as_such_and_places_are_told() -> None:
    with pytest.raises(ExpressionError, match="identifies or reaches people") as refused:
        check_query(f"{FROM}\nwhere phone = '1'", TABLES, HIDDEN, DAY)
    assert (refused.value.line, refused.value.column) == (2, 7)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, tuple[str, ...]]]:
    folder = tmp_path_factory.mktemp("sandbox")
    customers = pa.table({
        "customer_id": [f"c{i}" for i in range(1, 7)], "city": ["上海", "北京", None, "上海", "广州", "北京"], "orders": [0, 1, 5, 120, 1, 3],
        "likes": [["a"], ["b"], ["a", "b"], None, [], ["c"]], "phone": ["138"] * 6,
    })  # fmt: skip
    moments = [datetime(2024, 4, day) for day in (1, 20, 25, 30, 2, 3)]
    orders = pa.table({
        "customer_id": ["c2", "c3", "c3", "c4", "c4", "c9"], "amount": [Decimal(n) for n in (10, 20, 30, 400, 5, 6)], "ordered_at": moments,
    })  # fmt: skip
    found = {}
    for name, table in (("customers", customers), ("orders", orders)):
        pq.write_table(table, folder / f"{name}.parquet")
        found[name] = folder / f"{name}.parquet", tuple(TABLES[name])
    return found


def run(world: dict[str, tuple[Path, tuple[str, ...]]], sql: str, limits: Limits | None = None) -> list[str]:
    checked = check_query(sql, TABLES, HIDDEN, DAY)
    tables = {name: (world[name][0], columns) for name, columns in checked.columns.items()}
    found: list[str] = run_sandboxed(
        SandboxQuery(checked.sql, tables, world["customers"][0], checked.sort), limits or Limits(seconds=PATIENCE)
    ).to_pylist()
    return found


ADMITTED = (
    ("select customer_id from customers where orders > 3", ["c3", "c4"]),
    ("SELECT c.customer_id FROM customers c JOIN orders o USING (customer_id) GROUP BY 1 HAVING sum(o.amount) > 40", ["c3", "c4"]),
    ("select customer_id from orders where ordered_at >= as_of() - interval 10 day and customer_id <> 'c9'", ["c3", "c4"]),
    ("select customer_id from customers where list_contains(likes, 'a') or list_has_any(likes, ['c'])", ["c1", "c3", "c6"]),
    (("with t as (select customer_id, row_number() over (partition by customer_id order by amount desc) n, amount from orders) "
     "select customer_id from t where n = 1 and amount between 5 and 35 and customer_id <> 'c9'"), ["c2", "c3"]),
    ("select customer_id from customers except select customer_id from orders", ["c1", "c5", "c6"]),
    ("select customer_id from customers c where not exists (select 1 from orders o where o.customer_id = c.customer_id)", ["c1", "c5", "c6"]),
    ("from customers select customer_id where date_diff('day', date '2024-04-01', as_of()) = 30 limit 1", ["c1"]),
    ("select customer_id from customers where city is null", ["c3"]),
    ("select customer_id from customers where false", []),
)  # fmt: skip


@pytest.mark.parametrize(("sql", "expected"), ADMITTED, ids=[sql[:60] for sql, _ in ADMITTED])
def test_what_is_admitted_gives_the_customers(
    world: dict[str, tuple[Path, tuple[str, ...]]], sql: str, expected: list[str]
) -> None:
    assert run(world, sql) == expected


ANY = (
    "select customer_id from orders limit 4",
    "select customer_id from orders order by channel limit 3",
    "select customer_id from customers where city in (select city from customers where city is not null limit 2)",
    "select customer_id from (select * from orders limit 3)",
    "select customer_id from orders qualify row_number() over (order by channel) <= 3",
    "select customer_id from orders group by customer_id having any_value(channel) = 'app'",
    "select customer_id from orders group by customer_id having arg_max(channel, amount) = 'app'",
    "select distinct on (channel) customer_id from orders",
    "select customer_id from customers union select customer_id from orders limit 3",
)
"""Of equal rows these take one."""


@pytest.mark.parametrize("sql", ANY, ids=[sql[:60] for sql in ANY])
def test_the_order_of_rows_decides_nothing(tmp_path: Path, sql: str) -> None:
    rng = np.random.default_rng(4)
    customers = pa.table(
        {"customer_id": [f"c{i:05}" for i in range(300)], "city": rng.choice(["上海", "北京", "广州", "深圳"], 300)}
    )
    ids = [f"c{i:05}" for i in rng.integers(0, 300, 200_000)]
    orders = pa.table(
        {"customer_id": ids, "amount": rng.integers(1, 3, 200_000), "channel": rng.choice(["app", "shop"], 200_000)}
    )
    tables = {"customers": {"customer_id": "VARCHAR", "city": "VARCHAR"},
              "orders": {"customer_id": "VARCHAR", "amount": "BIGINT", "channel": "VARCHAR"}}  # fmt: skip
    checked = check_query(sql, tables, frozenset(), DAY)
    answers = []
    for turn in range(3):
        files = {}
        for name, table in (("customers", customers), ("orders", orders)):
            files[name] = tmp_path / f"{name}{turn}.parquet"
            shuffled = table.take(rng.permutation(len(table))) if turn else table
            pq.write_table(shuffled, files[name], row_group_size=20_000 * (turn + 1))
        asked = {name: (files[name], columns) for name, columns in checked.columns.items()}
        query = SandboxQuery(checked.sql, asked, files["customers"], checked.sort)
        answers.append(run_sandboxed(query, Limits(seconds=PATIENCE)).to_pylist())
    assert answers[0]
    assert answers[1:] == answers[:1] * 2


def stopped(
    world: dict[str, tuple[Path, tuple[str, ...]]], sql: str, limits: Limits | None = None, *, unchecked: bool = False
) -> str:
    """The code of the refusal."""
    allowed = limits or Limits(seconds=PATIENCE)
    hole = SandboxQuery(sql, dict(world), world["customers"][0])  # as if the first wall had a hole
    with pytest.raises(ExpressionError) as refused:
        _ = run_sandboxed(hole, allowed) if unchecked else run(world, sql, allowed)
    assert "138" not in refused.value.message
    return refused.value.code


def test_values_that_are_no_customers_are_refused(world: dict[str, tuple[Path, tuple[str, ...]]]) -> None:
    assert stopped(world, "select city as customer_id from customers") == "SQL011"
    assert stopped(world, "select customer_id from orders") == "SQL011"
    assert stopped(world, "select cast(city as bigint) as customer_id from customers") == "SQL012"


def test_a_bomb_of_joins_is_stopped_in_time(world: dict[str, tuple[Path, tuple[str, ...]]]) -> None:
    bomb = ", ".join(f"orders o{i}" for i in range(14))
    sql = f"select max(o0.customer_id) as customer_id from {bomb} where o0.amount + o1.amount * o13.amount > 0"
    assert stopped(world, sql, Limits(seconds=2)) == "SQL009"


HOLES = (
    "select content as customer_id from read_text('/etc/passwd')", "select customer_id from '/etc/passwd'", "select phone as customer_id from customers",
    "select customer_id from (copy customers to '/tmp/x.csv')", "select getenv('HOME') as customer_id", "select customer_id from sniff_csv('/etc/passwd')",
)  # fmt: skip


@pytest.mark.parametrize("sql", HOLES)
def test_the_second_wall_stands_without_the_first(world: dict[str, tuple[Path, tuple[str, ...]]], sql: str) -> None:
    assert stopped(world, sql, unchecked=True) in {"SQL007", "SQL011", "SQL012"}


@pytest.mark.slow
def test_memory_and_time_are_limited_whatever_the_query_calls(world: dict[str, tuple[Path, tuple[str, ...]]]) -> None:
    huge = "select repeat('x', 1000000000) || repeat('y', 1000000000) as customer_id from customers"
    assert stopped(world, huge, Limits(seconds=5, megabytes=256), unchecked=True) in {"SQL009", "SQL010"}
    endless = "select max(a.range)::varchar as customer_id from range(10000000) a, range(10000000) b"
    assert stopped(world, endless, Limits(seconds=2), unchecked=True) == "SQL009"


def test_settings_are_locked(world: dict[str, tuple[Path, tuple[str, ...]]]) -> None:
    sql = "select customer_id from customers) WHERE customer_id IS NOT NULL) SELECT 1; SET enable_external_access = true; --"
    assert stopped(world, sql, unchecked=True) in {"SQL007", "SQL010", "SQL012"}


def test_personal_and_sensitive_columns_are_not_there() -> None:
    manifest = {
        "attributes": [
            {"name": "phone", "value_type": "text"}, {"name": "nick", "value_type": "text", "personal": "name"},
            {"name": "religion_", "attribute": None, "value_type": "enum"}, {"name": "city", "value_type": "enum"},
        ],
        "tags": [{"name": "spend", "value_type": "money"}, {"name": "mobile", "attribute": "phone", "value_type": "text"}],
        "identity": {"keys": ["member"], "fields": {"member": "member_no"}, "personal": {"openid": "key"}},
        "sources": [
            {"name": "crm", "fields": {"customer_id": "VARCHAR", "member_no": "VARCHAR", "openid": "VARCHAR", "town": "VARCHAR", "level": "VARCHAR",
                                       "surname": "VARCHAR"}, "columns": [{"name": "town", "type": "address"}]},
            {"name": "texts", "fields": {"customer_id": "VARCHAR", "body": "VARCHAR", "kind": "VARCHAR"}, "columns": []},
            {"name": "products", "fields": {}, "columns": []},
        ],
    }  # fmt: skip
    allowed = permitted(manifest)
    assert set(allowed.tables["customers"]) == {"customer_id", "religion_", "city", "spend"}
    more = manifest | {"attributes": [*manifest["attributes"], {"name": "note", "value_type": "text"}]}
    assert "note" not in permitted(more).tables["customers"] and "note" in permitted(more).hidden
    assert set(allowed.tables["crm"]) == {"customer_id", "level"}
    assert set(allowed.tables["texts"]) == {"customer_id", "kind"}
    assert "products" not in allowed.tables
    assert {"phone", "nick", "mobile", "member_no", "body", "surname"} <= allowed.hidden


def test_every_function_is_one_that_the_engine_knows(world: dict[str, tuple[Path, tuple[str, ...]]]) -> None:
    import duckdb

    known = {row[0] for row in duckdb.connect().execute("select function_name from duckdb_functions()").fetchall()}
    syntax = {"as_of", "case", "cast", "try_cast", "coalesce", "nullif", "if", "extract"}
    windows = {
        "row_number",
        "rank",
        "dense_rank",
        "percent_rank",
        "cume_dist",
        "ntile",
        "lag",
        "lead",
        "first_value",
        "last_value",
        "nth_value",
    }
    assert not set(FUNCTIONS) - known - syntax - windows


def test_the_api_runs_sql_for_analysts(api: Api) -> None:
    client = api("analyst")
    told = client.post("query/sql", json={"sql": "select customer_id from customers where orders > 3", "limit": 10})
    assert told.status_code == 200, told.text
    assert (told.json()["count"], told.json()["ids"], told.json()["tables"]) == (2, ["c3", "c4"], ["customers"])
    tables = client.get("query/sql/tables").json()["tables"]
    assert tables[0]["name"] == "customers"
    assert client.post("query/sql", json={"sql": "drop table customers"}).json()["code"] == "SQL002"
