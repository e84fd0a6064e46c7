"""A published snapshot of generated customers for rules and lookalikes: what goes together is planted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from tests.published import manifest

from huaxiang.app.audience_index import FOLDER
from huaxiang.index import build_index
from huaxiang.store.snapshots import Snapshot, SnapshotStore

SIZE = 3000


def _tag(name: str, zh: str, value_type: str, **more: Any) -> dict[str, Any]:
    return {
        "name": name, "title": {"zh": zh, "en": name.replace("_", " ").capitalize()}, "value_type": value_type, "kind": "fact",
        "lineage": [f"source:sales.{name}"], "values": {}, "unit": None, "attribute": None, "source": "sales",
    } | more  # fmt: skip


def customers() -> dict[str, pa.Array]:
    """3,000 customers: wine goes with cheese; a survey that one in five answered; wealth moves spend, level and the tastes."""
    draw = np.random.default_rng(7)
    wealth = draw.normal(size=SIZE)
    wine, tea = draw.random(SIZE) < 0.3, draw.random(SIZE) < 0.4
    cheese = np.where(wine, draw.random(SIZE) < 0.7, draw.random(SIZE) < 0.15)
    city = draw.integers(0, 6, SIZE)
    asked = draw.random(SIZE) < 0.2
    style, hobby = draw.integers(0, 3, SIZE), draw.integers(0, 4, SIZE)
    likes = [
        [n for n, has in zip(("wine", "cheese", "tea"), row, strict=True) if has]
        for row in zip(wine, cheese, tea, strict=True)
    ]
    spend = np.exp(5 + wealth + draw.normal(0, 0.5, SIZE))
    return {
        "customer_id": pa.array([f"c{i:05d}" for i in range(SIZE)]),
        "city": pa.array([f"city{c}" for c in city]),
        "province": pa.array([f"province{c // 2}" for c in city]),
        "likes": pa.array(likes, pa.list_(pa.string())),
        "style": pa.array([f"style{s}" if a else None for s, a in zip(style, asked, strict=True)]),
        "hobby": pa.array([f"hobby{h}" if a else None for h, a in zip(hobby, asked, strict=True)]),
        "gold": pa.array(wealth + draw.normal(0, 0.7, SIZE) > 1.3),
        "spend": pa.array(np.where(draw.random(SIZE) < 0.1, np.nan, spend), from_pandas=True),
        "orders": pa.array(draw.poisson(np.exp(1 + 0.5 * wealth)), pa.int64()),
        "big": pa.array(spend > 400),
        "vip": pa.array([None if not a else bool(w > 0.8) for a, w in zip(asked, wealth, strict=True)]),
        "phone": pa.array([f"1380000{i:04d}" for i in range(SIZE)]),
        "luck": pa.array(draw.random(SIZE) < 0.1),
        "few": pa.array(np.arange(SIZE) < 40),
        "note": pa.array(["same"] * SIZE),
    }


def tags() -> list[dict[str, Any]]:
    """Their entries in the manifest."""
    return [
        _tag("city", "城市", "enum", values={"city0": {"zh": "上海", "en": "Shanghai"}}), _tag("province", "省份", "enum"),
        _tag("likes", "偏好", "list", values={"wine": {"zh": "红酒", "en": "wine"}}), _tag("style", "风格", "enum"),
        _tag("hobby", "爱好", "enum"), _tag("gold", "金卡", "boolean"), _tag("spend", "消费", "money", unit="CNY"),
        _tag("orders", "订单数", "integer", unit="orders"),
        _tag("big", "大额", "boolean", kind="rule", lineage=["tag:spend", "source:sales.amount"]),
        _tag("vip", "贵宾", "boolean"), _tag("luck", "幸运", "boolean"), _tag("few", "少数", "boolean"), _tag("note", "备注", "enum"),
    ]  # fmt: skip


def publish_world(folder: Path) -> Snapshot:
    """Publish the customers in `folder`, a project in name only."""
    (folder / "huaxiang.yaml").write_text("name: shop\nlanguage: zh-CN\n", "utf-8")
    draft = SnapshotStore(folder).begin()
    pq.write_table(pa.table(customers()), draft.table("customers"), row_group_size=1000)
    build_index(draft.table("customers"), draft.folder / FOLDER)
    draft.path("personas.json").write_text('{"sets": []}', "utf-8")
    phone = {
        "name": "phone",
        "title": {"zh": "手机", "en": "Phone"},
        "value_type": "text",
        "personal": "phone",
        "class": "demographic",
    }
    audiences = [
        {"name": "wealthy", "title": {"zh": "富裕", "en": "Wealthy"}, "definition": "gold", "size": 1, "share": 0.1},
        {
            "name": "wealthy_here",
            "title": None,
            "definition": "in_audience('wealthy') and city = 'city0'",
            "size": 1,
            "share": 0.1,
        },
    ]
    return draft.publish(
        manifest()
        | {
            "customers": SIZE,
            "tags": tags(),
            "attributes": [phone],
            "audiences": audiences,
            "clusterings": [],
            "sources": [],
        }
    )
