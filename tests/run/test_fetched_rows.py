"""Every row that a database gives is accounted for, whatever its key says; and no query but a plain SELECT ever reaches it."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow.parquet as pq
import pytest
from tests.told import same_names

from huaxiang.app.build import build, issues_of
from huaxiang.app.quality import quality
from huaxiang.errors import SourceError
from huaxiang.spec.loader import load_project
from huaxiang.store.databases import read_columns
from huaxiang.store.snapshots import SnapshotStore

SOURCES = """\
sources:
  - name: orders
    purpose: service
    legal_basis: contract
    entity: order
    database: {{url: 'sqlite:///shop.db', {database}}}
    columns: {{customer_key: id, order_id: 'no', ordered_at: changed, amount: amount}}
"""
WRONG = "table: orders, cursor: changed, key: [id], look_back: 30d"
RIGHT = "table: orders, cursor: changed, key: ['no'], look_back: 30d"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "sources").mkdir()
    (tmp_path / "huaxiang.yaml").write_text("name: shop\nas_of: data\n")
    execute(
        tmp_path,
        "create table orders (no integer primary key, id text, amount numeric, changed text)",
        "insert into orders values (1, 'm1', 10, '2024-05-01'), (2, 'm1', 5, '2024-05-02'), (3, 'm2', 1, '2024-05-01'), (4, 'm3', 1, '2024-05-01')",
    )
    ask(tmp_path, RIGHT)
    return tmp_path


def ask(folder: Path, database: str) -> None:
    (folder / "sources" / "shop.yaml").write_text(SOURCES.format(database=database))


def execute(folder: Path, *statements: str) -> None:
    with closing(sqlite3.connect(folder / "shop.db")) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def told(folder: Path, **options: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The entry of the only source after a build, as `huaxiang quality --json` shows it, and the findings on keys."""
    build(folder, **options)
    with SnapshotStore(folder).current() as snapshot:
        found = quality(snapshot)
    source = found["sources"][0]
    fetch = source["fetch"]
    assert found["adds_up"]
    assert source["rows_in"] == source["loaded"] + source["set_aside"] + source["left_out"]
    assert source["rows_in"] == fetch["rows"] + fetch["held"]
    assert fetch["rows"] == sum(fetch[key] for key in ("new", "replaced", "unchanged", "same_key", "repeated"))
    return source, [f for f in found["findings"] if f["code"] == "same_key"]


def left_out(source: dict[str, Any]) -> dict[str, int]:
    return {reason["code"]: reason["rows"] for reason in source["left_out_reasons"]}


def issues(folder: Path) -> Sequence[str]:
    return [str(issue) for issue in issues_of(load_project(folder))]


def test_rows_that_a_wrong_key_folds_are_counted_and_told_at_every_build(shop: Path) -> None:
    ask(shop, WRONG)
    source, findings = told(shop)
    assert (source["rows_in"], source["loaded"], left_out(source)) == (4, 3, {"same_key": 1})
    assert source["files"][0]["rows"] == 4
    for turn in range(2):
        assert [(f["light"], f["value"], f["column"]) for f in findings] == [("bad", 1.0, "id")]
        assert (
            "the key id does not tell rows apart: 1 rows of a fetch have the key of another one"
            in findings[0]["text"]["en"]
        )
        assert "--full" in findings[0]["advice"]["zh"]
        source, findings = told(shop)
        assert (source["rows_in"], source["fetch"]["unchanged"], source["fetch"]["same_key"], turn) == (4, 3, 1, turn)
    ask(shop, RIGHT)
    source, findings = told(shop)
    assert (source["rows_in"], source["loaded"], findings) == (4, 4, [])


def test_newer_states_and_rows_fetched_again_are_no_fault(shop: Path) -> None:
    source, findings = told(shop)
    assert (source["fetch"]["rows"], source["fetch"]["new"], source["fetch"]["incremental"], findings) == (
        4,
        4,
        False,
        [],
    )
    ask(shop, RIGHT.replace("30d", "1d"))
    told(shop)
    execute(
        shop,
        "update orders set amount = 6, changed = '2024-07-01' where no = 2",
        "insert into orders values (5, 'm1', 1, '2024-07-02')",
    )
    source, findings = told(shop)
    assert {key: source["fetch"][key] for key in ("rows", "new", "replaced", "unchanged", "held", "incremental")} == {
        "rows": 5, "new": 1, "replaced": 1, "unchanged": 3, "held": 0, "incremental": True,
    }  # fmt: skip
    assert (source["rows_in"], source["loaded"], source["left_out"], findings) == (5, 5, 0, [])
    source, _ = told(shop)
    assert [source["fetch"][key] for key in ("new", "replaced", "unchanged", "held")] == [0, 0, 2, 3]
    assert source["rows_in"] == 5


def test_equal_rows_of_one_fetch_are_left_out_and_counted(shop: Path) -> None:
    query = "query: select o.* from orders o join (select 1 union all select 2) twice on o.id = 'm1', cursor: changed, key: ['no']"
    ask(shop, query.replace("query: ", 'query: "').replace(", cursor", '", cursor'))
    source, findings = told(shop)
    assert (source["rows_in"], source["loaded"], left_out(source), findings) == (4, 2, {"repeated": 2}, [])


def test_a_key_that_folds_most_rows_stops_the_build(shop: Path) -> None:
    execute(shop, *(f"insert into orders values ({n}, 'm1', {n}, '2024-05-02')" for n in range(10, 20)))
    ask(shop, WRONG)
    message = r"the key \(id\) does not identify a row: 11 of 14 rows fetched .* \(the table's own key: no\); or write `versions: true`"
    with pytest.raises(SourceError, match=message) as caught:
        build(shop)
    assert same_names(caught.value) == []
    assert not list((shop / ".huaxiang" / "collected").rglob("rows.parquet"))
    ask(shop, WRONG + ", versions: true")
    source, findings = told(shop)
    assert (source["rows_in"], left_out(source), findings) == (14, {"same_key": 11}, [])


@pytest.mark.parametrize(
    ("database", "message"),
    [
        ("table: orders, cursor: change, key: ['no']", 'SRC022 source "orders": database: the cursor names no column "change"; did you mean "changed"?'),
        ("table: orders, key: [nr, id]", 'SRC022 source "orders": database: the key names no column "nr"; known: amount, changed, id, no'),
        ("query: 'select no, id, amount, changed from orders', key: [amounts]", 'the key names no column "amounts"; did you mean "amount"?'),
        ("table: orders, versions: true, key: ['no']", "versions is only for a `cursor`"),
    ],
)  # fmt: skip
def test_key_and_cursor_are_checked_against_the_columns(shop: Path, database: str, message: str) -> None:
    ask(shop, database)
    found = issues(shop)
    assert len(found) == 1
    assert message in found[0]


@pytest.mark.parametrize("query", ["delete from orders", "pragma table_info(orders)", "select 1; drop table orders", "update orders set no = 1"])  # fmt: skip
@pytest.mark.parametrize("url", ["sqlite:///shop.db", "env:HX_SHOP_TEST"])
def test_nothing_but_a_select_is_sent(shop: Path, monkeypatch: pytest.MonkeyPatch, query: str, url: str) -> None:
    monkeypatch.setenv("HX_SHOP_TEST", "sqlite:///shop.db")
    monkeypatch.setattr("sqlalchemy.create_engine", lambda *_a, **_o: pytest.fail("the database was asked"))
    ask(shop, f"query: '{query}'")
    (shop / "sources" / "shop.yaml").write_text(
        (shop / "sources" / "shop.yaml").read_text().replace("sqlite:///shop.db", url)
    )
    found = issues(shop)
    assert [line.split()[1] for line in found] == ["SRC017"]
    with pytest.raises(SourceError, match="SELECT") as caught:
        read_columns(load_project(shop).sources["orders"], shop)
    assert same_names(caught.value) == []


# The as-of day of `as_of: data`

PEOPLE = """\
sources:
  - {name: members, purpose: service, legal_basis: contract, entity: person, files: members.csv,
     columns: {customer_key: id, city: city, updated_at: changed}}
  - {name: orders, purpose: service, legal_basis: contract, entity: order, files: orders.csv,
     columns: {customer_key: id, ordered_at: changed, amount: amount}}
"""


def dated(folder: Path, changed: str) -> tuple[str, str | None]:
    """As-of day and city of the member, whose row was last changed on a day."""
    (folder / "sources" / "shop.yaml").write_text(PEOPLE)
    (folder / "attributes").mkdir(exist_ok=True)
    (folder / "attributes" / "a.yaml").write_text("attributes:\n  - {name: city, source: members, value: city}\n")
    (folder / "members.csv").write_text(f"id,city,changed\nm1,杭州,{changed}\n")
    (folder / "orders.csv").write_text("id,changed,amount\nm1,2024-05-01,3\n")
    built = build(folder)
    with SnapshotStore(folder).current() as snapshot:
        city = pq.read_table(snapshot.table("customers")).column("city")[0].as_py()
    return built.manifest["as_of"], city


def test_people_date_the_data_too(shop: Path) -> None:
    assert dated(shop, "2024-06-15") == ("2024-06-15", "杭州")
    assert dated(shop, "2024-03-01") == ("2024-05-01", "杭州")


def test_days_that_are_yet_to_come_date_nothing(shop: Path) -> None:
    assert dated(shop, "2099-12-31")[0] == "2024-05-01"
    today: date = datetime.now(ZoneInfo("Asia/Shanghai")).date()
    assert dated(shop, (today + timedelta(days=9)).isoformat())[0] == "2024-05-01"
    assert dated(shop, (today + timedelta(days=1)).isoformat())[0] in {
        today.isoformat(),
        (today + timedelta(days=1)).isoformat(),  # midnight passed meanwhile
    }
