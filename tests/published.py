"""A small published snapshot, written by hand to the contract, for tests of what reads one."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from huaxiang.index import build_index
from huaxiang.store.snapshots import Snapshot, SnapshotStore

AMOUNTS = [None, "12.5000", "990.0000", "20000.2500", "3.1000", "77.0000"]
CUSTOMERS: dict[str, pa.Array] = {
    "customer_id": pa.array(["c1", "c2", "c3", "c4", "c5", "=c6"]),
    "city": pa.array(["上海", "北京", None, "上海", "=cmd|' /C calc'!A0", "Beijing"]),
    "gender": pa.array(["male", "female", None, "female", "male", "female"]),
    "orders": pa.array([0, 1, 5, 120, 1, 3], pa.int64()),
    "spend": pa.array([None if a is None else Decimal(a) for a in AMOUNTS], pa.decimal128(38, 4)),
    "vip": pa.array([False, False, True, True, False, None], pa.bool_()),
    "last_order": pa.array([None, *[date(2024, 4, day) for day in (1, 2, 3, 4, 5)]], pa.date32()),
    "value": pa.array(["c1", "c2", None, "c1", "c1", "c2"]),
    "likes": pa.array([[], ["红酒"], ["红酒", "奶酪"], None, ["咖啡"], ["+1"]], pa.list_(pa.string())),
}
KEYS = [("c1", "member", "M-1"), ("c1", "phone", "+8613800138000")]
"""Whose keys the snapshot holds; those of members in full."""


def _tag(name: str, zh: str, value_type: str, **more: Any) -> dict[str, Any]:
    return {
        "name": name, "title": {"zh": zh, "en": name.title()}, "description": None, "kind": "statistic", "class": "consumption",
        "owner": "ops", "value_type": value_type, "unit": None, "attribute": None, "status": "online", "source": "sales",
        "lineage": ["source:sales.amount"], "definition": "count(*) from sales", "place": "tags/a.yaml:3", "coverage": 5 / 6,
        "missing": 1, "distribution": {}, "version": 2, "definition_hash": "abc", "fresh_to": "2024-04-30",
        "sql": f"-- tag {name} · tags/a.yaml:3\nSELECT 1", "values": {},
    } | more  # fmt: skip


def manifest() -> dict[str, Any]:
    """The manifest of the sample."""
    text = {"zh": "测试商店", "en": "Test shop"}
    numbers = {"kind": "numbers", "min": 0, "p5": 0, "p25": 1, "p50": 2, "p75": 5, "p95": 120, "max": 120, "mean": 21.67,
               "bins": [[0, 10, 5], [10, 120, 1]]}  # fmt: skip
    return {
        "as_of": "2024-05-01", "built_at": "2024-05-01T20:00:00+00:00", "engine": "duckdb", "version": "0.1.0", "customers": 6,
        "project": {"name": "shop", "title": text, "language": "zh-CN", "currency": "CNY", "timezone": "Asia/Shanghai"},
        "sources": [{
            "name": "sales", "title": {"zh": "销售", "en": "Sales"}, "entity": "order", "purpose": "p", "legal_basis": "contract",
            "owner": None, "files": [], "rows_in": 1234, "loaded": 1200, "set_aside": 30, "left_out": 4, "repaired": 7,
            "first_at": "2023-01-01", "last_at": "2024-04-30", "reasons": {"date": 10, "number": 20}, "columns": [],
        }],
        "attributes": [
            {"name": "city", "title": {"zh": "城市", "en": "City"}, "class": "demographic", "value_type": "text", "coverage": 0.8},
            {"name": "gender", "title": {"zh": "性别", "en": "Gender"}, "class": "demographic", "value_type": "enum"},
        ],
        "tags": [
            _tag("orders", "订单数", "integer", unit="orders", distribution=numbers),
            _tag("spend", "消费金额", "money", unit="CNY"),
            _tag("vip", "高价值", "boolean", kind="rule", owner=None,
                 distribution={"kind": "values", "values": [["false", 3], ["true", 2]], "other": 0}),
            _tag("last_order", "最近下单", "date", **{"class": "relationship"}),
            _tag("likes", "偏好品类", "list", distribution={"kind": "values", "values": [["红酒", 2], ["咖啡", 1]], "other": 1}),
        ],
        "audiences": [
            {"name": "big", "title": {"zh": "大客户", "en": "Big"}, "description": None, "owner": "ops", "definition": "spend > 500",
             "size": 2, "share": 0.333333, "place": "audiences/a.yaml:2"},
            {"name": "big_women", "title": None, "description": None, "owner": None,
             "definition": "in_audience('big') and gender = 'female'", "size": 1, "share": 0.166667, "place": "audiences/a.yaml:9"},
        ],
        "clusterings": [{"name": "value", "title": {"zh": "价值", "en": "Value"}, "k": 2}],
        "identity": {"keys": ["member", "phone"], "held_back": {}, "customers": 6},
        "quality": {"rows_in": 1234, "loaded": 1200, "set_aside": 30, "left_out": 4, "completeness": 0.9312},
    }  # fmt: skip


def personas() -> dict[str, Any]:
    """One set with one card of two statements."""
    share = {
        "id": "s1", "text": {"zh": "女性居多", "en": "Mostly women"}, "tag": "gender", "tag_title": {"zh": "性别", "en": "Gender"},
        "value": "female", "value_title": None, "kind": "share", "share_segment": 0.75, "share_base": 0.5, "tgi": 150.0,
        "tgi_low": 120.4, "tgi_high": 181.2, "count_segment": 3, "n_segment": 4, "n_base": 5, "missing_segment": 0.1,
        "missing_base": 0.2, "p": 0.01, "q": 0.02,
    }  # fmt: skip
    offer = {"id": "o1", "text": {"zh": "推荐红酒", "en": "Offer wine"}, "because": ["s1"]}
    section = {"title": {"zh": "人口属性", "en": "Demographic"}, "unknown": None}
    worth = {"tag": "spend", "title": {"zh": "消费金额", "en": "Spend"}, "unit": "CNY", "mean": 1234.5, "median": 10.0,
             "total": 4938.0, "share_of_total": 0.61, "index": 140.0}  # fmt: skip
    card = {
        "segment": "c1", "name": {"zh": "品质女性", "en": "Quality seekers"}, "named_by": "rule", "size": 4, "share": 0.6667,
        "worth": worth, "summary": {"zh": "四位客户", "en": "Four customers"},
        "sections": [{"id": "demographic", "statements": [share]} | section, {"id": "offer", "statements": [offer]} | section],
        "unknown": [{"zh": "没有设备数据", "en": "No device data"}],
    }  # fmt: skip
    title = {"zh": "价值分群", "en": "Value"}
    return {"sets": [{"name": "value", "title": title, "kind": "clustering", "base_size": 6, "cards": [card]}]}


def publish_sample(folder: Path, **changes: Any) -> Snapshot:
    """Publish the sample in `folder`, a project in name only; `changes` replace keys of the manifest."""
    (folder / "huaxiang.yaml").write_text("name: shop\nlanguage: zh-CN\n", "utf-8")
    draft = SnapshotStore(folder).begin()
    pq.write_table(pa.table(CUSTOMERS).sort_by("customer_id"), draft.table("customers"))
    build_index(draft.table("customers"), draft.folder / "index")
    digests = [hashlib.sha256(f"{key}:{value}".encode()).hexdigest() for _, key, value in KEYS]
    identity = {
        "customer_id": [customer for customer, _, _ in KEYS],
        "key": [key for _, key, _ in KEYS],
        "value_digest": digests,
        "value": [value if key == "member" else None for _, key, value in KEYS],
    }
    pq.write_table(pa.table(identity), draft.table("identity"))
    rejected = {"source": ["sales"] * 2, "file": ["sales.csv"] * 2, "row": [9, 7], "column": ["amount", "date"],
                "code": ["number", "date"], "reason": ["not a number", "not a date"],
                "raw": ["secret-9", "secret-7"]}  # fmt: skip
    pq.write_table(pa.table(rejected), draft.table("rejected"))
    moment = datetime(2024, 4, 1, tzinfo=UTC)
    pq.write_table(
        pa.table({"customer_id": ["c1", "c1", "c2"], "ordered_at": [moment] * 3}), draft.table("source_sales")
    )
    draft.path("personas.json").write_text(json.dumps(personas(), ensure_ascii=False), "utf-8")
    return draft.publish(manifest() | changes)
