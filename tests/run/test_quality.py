"""Quality at a build: what is measured, what warns, what stops, what is remembered, and that no personal value is told."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from tests.told import same_names

from huaxiang.app.build import build
from huaxiang.app.wiring import open_snapshot, snapshot_store
from huaxiang.errors import QualityStop

CRM = """
sources:
  - name: crm
    title: {zh: 会员, en: Members}
    purpose: service
    legal_basis: contract
    entity: person
    files: crm.csv
    columns: {customer_key: no, name: name, gender: gender, birth_date: born, phone: phone, city: city, points: {from: points, type: integer}}
    QUALITY
  - name: shop
    purpose: service
    legal_basis: contract
    entity: person
    files: shop.csv
    trust: 0.9
    columns: {customer_key: no, birth_date: born, phone: phone}
  - name: orders
    purpose: service
    legal_basis: contract
    entity: order
    files: orders.csv
    columns: {customer_key: no, order_id: order, ordered_at: at, amount: amount}
    unique: [order_id]
identity:
  - {name: member_no, field: customer_key}
attributes:
  - {name: city, source: crm, value: city}
"""
Rows = list[dict[str, Any]]


def members(seed: int = 1, size: int = 400, **change: Callable[[Rows], None]) -> Rows:
    draw = np.random.default_rng(seed)
    rows: Rows = [
        {
            "no": f"M{n:05d}", "name": "王伟李娜张敏"[2 * (n % 3) : 2 * (n % 3) + 2], "gender": "男女"[n % 2],
            "born": f"{1960 + n % 40}-0{1 + n % 9}-11", "phone": f"138{n:08d}",
            "city": "" if n % 10 == 0 else ["上海", "北京", "杭州"][n % 3], "points": int(draw.lognormal(5, 1)),
        }
        for n in range(size)
    ]  # fmt: skip
    for alter in change.values():
        alter(rows)
    return rows


def write(path: Path, rows: Rows) -> None:
    columns = list(rows[0])
    lines = [",".join(columns), *(",".join(str(row[c]) for c in columns) for row in rows)]
    path.write_text("\n".join(lines) + "\n", "utf-8")


def lay_out(folder: Path, rows: Rows, quality: str = "", *, orders: int = 900) -> Path:
    (folder / "sources").mkdir(exist_ok=True)
    (folder / "huaxiang.yaml").write_text("name: shop\nas_of: 2025-06-30\n", "utf-8")
    (folder / "sources" / "all.yaml").write_text(CRM.replace("QUALITY", quality), "utf-8")
    write(folder / "crm.csv", rows)
    write(folder / "shop.csv", [
        {"no": r["no"], "born": "1999-01-01" if n % 4 == 0 else r["born"], "phone": r["phone"]} for n, r in enumerate(rows[:200])
    ])  # fmt: skip
    write(folder / "orders.csv", [
        {"no": f"M{n % 400:05d}", "order": f"o{n}", "at": f"2025-06-{1 + n % 27:02d} 10:00:00", "amount": 10 + n % 90} for n in range(orders)
    ])  # fmt: skip
    return folder


def quality_of(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = build(folder).manifest["quality"]
    return found


def source(quality: dict[str, Any], name: str) -> dict[str, Any]:
    return next(s for s in quality["sources"] if s["name"] == name)


def column(quality: dict[str, Any], name: str, of: str) -> dict[str, Any]:
    return next(c for c in source(quality, of)["columns"] if c["name"] == name)


def codes(quality: dict[str, Any]) -> list[tuple[str, str, str | None, str]]:
    return [(f["source"], f["code"], f["column"], f["light"]) for f in quality["findings"]]


def test_the_first_build_measures_every_source_and_column(tmp_path: Path) -> None:
    def spoil(rows: Rows) -> None:
        rows[3]["born"] = "no date"
        rows.append(dict(rows[5]))

    found = quality_of(lay_out(tmp_path, members(spoil=spoil)))
    crm = source(found, "crm")
    assert crm["measures"]["rows"] == 400
    assert crm["measures"]["valid_rows"] == pytest.approx(400 / 401, abs=1e-6)
    assert crm["measures"]["duplicates"] == pytest.approx(1 / 400)
    assert column(found, "city", "crm")["complete"] == pytest.approx(0.9)
    assert column(found, "birth_date", "crm")["valid"] == pytest.approx(400 / 401, abs=1e-6)
    assert column(found, "customer_key", "crm")["unique"] == pytest.approx(399 / 400, abs=1e-6)
    assert source(found, "orders")["measures"]["age"] == 3
    assert [c["name"] for c in crm["columns_of_file"]] == ["no", "name", "gender", "born", "phone", "city", "points"]
    assert {c["name"]: c["type"] for c in crm["columns_of_file"]}["points"] == "integer"
    assert ("crm", "agree", "birth_date", "look") in codes(found)
    agreed = {(a["column"], a["other"]): a["share"] for a in crm["agreement"]}
    assert agreed["birth_date", "shop"] == pytest.approx(0.75, abs=0.01)
    assert agreed["phone", "shop"] == 1
    assert source(found, "shop")["agreement"] == []  # the more trusted one is not blamed


def test_an_unchanged_source_has_nothing_new_to_tell(tmp_path: Path) -> None:
    lay_out(tmp_path, members())
    first, second = quality_of(tmp_path), quality_of(tmp_path)
    assert codes(first) == codes(second)
    assert {c["drift"] for c in source(second, "crm")["columns"]} == {0.0}
    assert source(second, "crm")["schema"] == []


def test_drift_new_values_and_falling_completeness_are_found(tmp_path: Path) -> None:
    lay_out(tmp_path, members())
    build(tmp_path)

    def move(rows: Rows) -> None:
        for n, row in enumerate(rows):
            row["points"] = row["points"] * 4
            row["city"] = "" if n % 3 else "成都"
            row["phone"] = "0000" if n == 7 else row["phone"]

    found = quality_of(lay_out(tmp_path, members(move=move)))
    told = codes(found)
    assert ("crm", "drift", "points", "bad") in told
    assert ("crm", "complete_fell", "city", "bad") in told
    assert ("crm", "appeared", "city", "look") in told
    assert ("crm", "vanished", "city", "look") in told
    new = next(f for f in found["findings"] if f["code"] == "appeared")
    assert new["values"] == ["成都"]
    assert "成都" in new["text"]["zh"]


def test_columns_of_the_file_that_change_are_told(tmp_path: Path) -> None:
    lay_out(tmp_path, members())
    build(tmp_path)

    def change(rows: Rows) -> None:
        for n, row in enumerate(rows):
            row["points"] = f"{row['points']}.5"
            row["wechat"] = f"x{n}"
            row["no"] = row.pop("no")

    found = quality_of(lay_out(tmp_path, members(change=change)))
    assert {(c["change"], c["column"]) for c in source(found, "crm")["schema"]} >= {
        ("appeared", "wechat"),
        ("order", None),
    }
    assert ("crm", "column_appeared", "wechat", "look") in codes(found)


@pytest.mark.parametrize(
    ("rules", "measure"),
    [
        ("complete: {city: {warn: 0.99, stop: 0.95}}", "city is known on 90.0% of the rows, below 95.0%"),
        ("level: stop, complete: {city: 0.95}", "below 95.0%"),
        ("min_rows: {stop: 1000}", "400 rows, fewer than 1,000"),
        ("level: stop, valid: 1", "99.8% of the rows could be loaded, below 100.0%"),
        ("rules: [{name: rich, condition: points > 1000000, level: stop}]", "0.0% of the rows meet the rule rich"),
        ("agree: {birth_date: {stop: 0.9}}", "birth_date agrees with source shop for 75"),
        ("truth: {source: shop, on: customer_key, fields: [birth_date], share: {stop: 0.9}}", "birth_date equals the truth in shop on 74"),
        ("level: stop, unique: [phone]", "values of phone stand on one row only"),
        ("level: stop, max_duplicates: 0", "repeat an earlier one"),
    ],
)  # fmt: skip
def test_a_bound_that_stops_ends_the_build_and_keeps_the_snapshot(tmp_path: Path, rules: str, measure: str) -> None:
    def spoil(rows: Rows) -> None:
        rows.append({**rows[0], "no": "M9", "born": "?"})
        rows[9] = dict(rows[8])

    served = build(lay_out(tmp_path, members(spoil=spoil))).snapshot
    lay_out(tmp_path, members(spoil=spoil), f"quality: {{{rules}}}")
    with pytest.raises(QualityStop) as caught:
        build(tmp_path)
    assert same_names(caught.value) == []
    message = str(caught.value)
    assert caught.value.zh.startswith("数据源“crm” sources/all.yaml:10：")
    assert "保留上一个快照" in caught.value.zh
    assert measure in message
    assert "sources/all.yaml:10" in message
    assert 'source "crm"' in message
    assert "138" not in message
    assert snapshot_store(tmp_path).current_id() == served


def test_a_bound_that_warns_lets_the_build_go_on(tmp_path: Path) -> None:
    rules = "quality: {complete: {city: {warn: 0.95, stop: 0.5}}, min_rows: 10}"
    found = quality_of(lay_out(tmp_path, members(), rules))
    assert found["light"] == "bad"
    warned = next(f for f in found["findings"] if f["code"] == "complete")
    assert (warned["level"], warned["value"], warned["bound"]) == ("warn", pytest.approx(0.9), 0.95)
    assert source(found, "crm")["light"] == "bad"
    assert source(found, "orders")["light"] == "good"


def test_fewer_rows_and_stale_rows_are_told(tmp_path: Path) -> None:
    build(lay_out(tmp_path, members()))
    lay_out(tmp_path, members(), orders=300)
    text = (tmp_path / "sources" / "all.yaml").read_text("utf-8")
    stale = text.replace("unique: [order_id]", "unique: [order_id]\n    quality: {fresh_within: 48h, max_change: 0.5}")
    (tmp_path / "sources" / "all.yaml").write_text(stale, "utf-8")
    found = quality_of(tmp_path)
    assert ("orders", "age", None, "bad") in codes(found)
    change = next(f for f in found["findings"] if f["code"] == "change")
    assert (change["source"], change["level"]) == ("orders", "warn")
    assert change["value"] == pytest.approx(-2 / 3)


def test_history_outlives_pruned_snapshots_and_full_builds(tmp_path: Path) -> None:
    lay_out(tmp_path, members())
    (tmp_path / "huaxiang.yaml").write_text("name: shop\nas_of: 2025-06-30\nkeep_snapshots: 1\n", "utf-8")
    ids = [build(tmp_path, full=n == 2).snapshot for n in range(4)]
    with open_snapshot(tmp_path) as snapshot:
        history = pq.read_table(snapshot.table("quality_history")).to_pylist()
        profiles = pq.read_table(snapshot.table("quality_profile")).to_pylist()
    assert sorted({row["snapshot"] for row in history}) == ids
    assert {row["build"] for row in profiles} == {0, 1, 2, 3}
    rows = [r["value"] for r in history if (r["source"], r["measure"]) == ("crm", "rows")]
    assert rows == [400.0] * 4


def test_no_personal_value_is_kept_or_told(tmp_path: Path) -> None:
    build(lay_out(tmp_path, members()))

    def rename(rows: Rows) -> None:
        for row in rows:
            row["name"], row["phone"] = "欧阳修文", "139" + row["phone"][3:]

    found = quality_of(lay_out(tmp_path, members(rename=rename)))
    with open_snapshot(tmp_path) as snapshot:
        tables = [
            pq.read_table(snapshot.table(t)).to_pylist() for t in ("quality", "quality_profile", "quality_history")
        ]
    text = json.dumps([found, tables], ensure_ascii=False)
    assert "欧阳" not in text
    assert "王伟" not in text
    assert "13900000" not in text
    assert "M00001" not in text
    assert "上海" in text  # not personal, on many rows


def test_same_data_same_measures_whatever_the_order_of_rows(tmp_path: Path) -> None:
    tables = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        lay_out(tmp_path / name, members())
        if name == "b":
            for file in ("crm.csv", "shop.csv", "orders.csv"):
                head, *lines = (tmp_path / name / file).read_text("utf-8").splitlines()
                (tmp_path / name / file).write_text("\n".join([head, *lines[::-1]]) + "\n", "utf-8")
        build(tmp_path / name)
        with open_snapshot(tmp_path / name) as snapshot:
            tables.append([snapshot.table(t).read_bytes() for t in ("quality", "quality_profile")])
    assert tables[0] == tables[1]


def test_columns_of_a_database_are_compared_by_name(tmp_path: Path) -> None:
    def fill(columns: str) -> None:
        with contextlib.closing(sqlite3.connect(tmp_path / "shop.db")) as db, db:
            db.execute("drop table if exists people")
            db.execute(f"create table people (no text, city text{columns})")
            db.executemany(
                "insert into people (no, city) values (?, ?)", [(f"M{n}", "上海" if n % 2 else None) for n in range(60)]
            )

    (tmp_path / "sources").mkdir()
    (tmp_path / "huaxiang.yaml").write_text("name: shop\nas_of: 2025-06-30\n", "utf-8")
    (tmp_path / "sources" / "all.yaml").write_text(
        "sources:\n  - {name: crm, purpose: p, legal_basis: contract, entity: person, columns: {customer_key: no, city: city},\n"
        "     database: {url: 'sqlite:///shop.db', table: people}}\nidentity: [{name: member_no, field: customer_key}]\n"
        "attributes: [{name: city, source: crm, value: city}]\n",
        "utf-8",
    )
    fill("")
    first = quality_of(tmp_path)
    assert [c["name"] for c in source(first, "crm")["columns_of_file"]] == ["no", "city"]
    fill(", vip int")
    assert ("crm", "column_appeared", "vip", "look") in codes(quality_of(tmp_path))
