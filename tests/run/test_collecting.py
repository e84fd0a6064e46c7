"""A build with files, a database and event records: sums agree, the second build takes over what the first cleaned, `full` does not."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from huaxiang.app.build import build, check
from huaxiang.errors import ProjectInvalid, SourceError
from huaxiang.store.snapshots import SnapshotStore

PROJECT = {
    "huaxiang.yaml": "name: shop\nas_of: 2024-06-30\n",
    "sources/shop.yaml": """\
sources:
  - {name: members, purpose: service, legal_basis: contract, entity: person, files: data/members*.csv, columns: {customer_key: id, city: city}}
  - name: orders
    purpose: service
    legal_basis: contract
    entity: order
    database: {url: 'sqlite:///data/shop.db', table: orders, cursor: changed, key: [no], look_back: 1d}
    columns: {customer_key: id, order_id: 'no', ordered_at: changed, amount: {from: amount, required: true}}
  - name: web
    purpose: service
    legal_basis: consent
    entity: event
    files: data/web
    format: ga4
    columns: {customer_key: user_id, event: event, occurred_at: occurred_at}
""",
    "tags/value.yaml": """\
tags:
  - {name: spend, kind: statistic, source: orders, measure: sum, of: amount}
  - {name: visits, kind: statistic, source: web, measure: count}
""",
}  # fmt: skip


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    for name, text in PROJECT.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "data" / "web").mkdir(parents=True)
    (tmp_path / "data" / "members.csv").write_text("id,city\nm1,杭州\nm2,上海\n")
    execute(
        tmp_path,
        "create table orders (no integer, id text, amount numeric, changed text)",
        "insert into orders values (1, 'm1', 10, '2024-05-01 10:00:00'), (2, 'm1', 5, '2024-05-02 10:00:00'), (3, 'm2', null, '2024-05-01')",
    )
    day(tmp_path, "events_20240501", 3)
    return tmp_path


def execute(folder: Path, *statements: str) -> None:
    with closing(sqlite3.connect(folder / "data" / "shop.db")) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def day(folder: Path, name: str, rows: int) -> None:
    record = {"event_name": "view", "event_date": "20240501", "user_pseudo_id": "p", "user_id": "m1"}
    lines = (json.dumps({**record, "event_timestamp": 1714557600000000 + n}) for n in range(rows))
    (folder / "data" / "web" / f"{name}.jsonl").write_text("\n".join(lines))


def sources(manifest: Any) -> dict[str, dict[str, Any]]:
    found = {source["name"]: source for source in manifest["sources"]}
    for source in found.values():
        assert source["rows_in"] == source["loaded"] + source["set_aside"] + source["left_out"]
        assert source["left_out"] == sum(source["left_out_reasons"].values())
    return found


def customers(folder: Path) -> list[dict[str, Any]]:
    with SnapshotStore(folder).current() as snapshot:
        return pq.read_table(snapshot.table("customers")).select(["customer_id", "spend", "visits"]).to_pylist()


def test_builds_go_on_from_what_was_collected(shop: Path) -> None:
    assert check(shop).sources.keys() == {"members", "orders", "web"}
    first = sources(build(shop).manifest)
    assert first["orders"]["files"][0]["path"] == "data/shop.db#orders"
    assert (first["orders"]["rows_in"], first["orders"]["reasons"]) == (3, {"required": 1})
    assert [(row["customer_id"], float(row["spend"] or 0), row["visits"]) for row in customers(shop)] == [
        ("m1", 15, 3),
        ("m2", 0, 0),
    ]
    (shop / "data" / "members (1).csv").write_bytes((shop / "data" / "members.csv").read_bytes())
    execute(
        shop,
        "update orders set amount = 7, changed = '2024-05-02 11:00:00' where no = 3",
        "insert into orders values (4, 'm2', 1, '2024-05-03')",
    )
    day(shop, "events_20240501 (1)", 5)
    second = sources(build(shop).manifest)
    assert second["members"]["left_out_reasons"] == {"same_file": 2}
    assert second["web"]["left_out_reasons"] == {"replaced": 3}
    assert (second["orders"]["rows_in"], second["orders"]["reasons"]) == (4, {})
    expected = [("m1", 15, 5), ("m2", 8, 0)]
    assert [(row["customer_id"], float(row["spend"] or 0), row["visits"]) for row in customers(shop)] == expected
    execute(
        shop, "delete from orders where no = 4", "update orders set amount = 9 where no = 1"
    )  # the cursor does not see it
    build(shop)
    assert [float(row["spend"]) for row in customers(shop)] == [15, 8]
    build(shop, full=True)
    assert [float(row["spend"]) for row in customers(shop)] == [14, 7]


def test_a_source_that_is_gone_is_forgotten(shop: Path) -> None:
    build(shop)
    kept = shop / ".huaxiang" / "collected"
    assert {path.name for path in kept.iterdir()} == {"members", "orders", "web"}
    (shop / "tags" / "value.yaml").write_text(
        "tags:\n  - {name: spend, kind: statistic, source: orders, measure: sum, of: amount}\n"
    )
    text = PROJECT["sources/shop.yaml"]
    (shop / "sources" / "shop.yaml").write_text(text[: text.index("  - name: web")])
    build(shop)
    assert {path.name for path in kept.iterdir()} == {"members", "orders"}


def test_a_database_that_is_gone_stops_the_build(shop: Path) -> None:
    build(shop)
    (shop / "data" / "shop.db").unlink()
    with pytest.raises(
        ProjectInvalid,
        match=r"SRC002 source \"orders\": the database can't be read: data/shop.db#orders: no such SQLite file",
    ):
        build(shop)
    (shop / "data" / "shop.db").touch()
    with pytest.raises((ProjectInvalid, SourceError), match='no table or view "orders"'):
        build(shop)


def test_a_rare_property_is_a_warning(shop: Path) -> None:
    text = PROJECT["sources/shop.yaml"].replace("event: event,", "event: event, coupon: event_params.coupon,")
    (shop / "sources" / "shop.yaml").write_text(text)
    from huaxiang.app.build import issues_of
    from huaxiang.spec.loader import load_project

    found = [str(issue) for issue in issues_of(load_project(shop)) if issue.code == "SRC021"]
    assert len(found) == 1
    assert 'SRC021 (warning) source "web": the first records of the files have no "event_params.coupon"' in found[0]
    column = next(c for c in sources(build(shop).manifest)["web"]["columns"] if c["name"] == "coupon")
    assert column["missing"] == 3
