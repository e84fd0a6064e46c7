"""A small snapshot folder of synthetic customers, so that the report can be tested without a build.

Everything is drawn from a seeded generator: the customers are invented, the cards are drawn by huaxiang.learn from them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from huaxiang.learn.clusters import fit_clusters
from huaxiang.learn.describe import distribution, known, value_type
from huaxiang.learn.personas import draw_personas
from huaxiang.spec.models import ClusteringSpec, PersonaSetSpec
from huaxiang.templates.tag_titles import PART_TITLES, VALUE_TITLES

AGES = ("<18", "18-24", "25-29", "30-34", "35-39", "40-49", "50-59", "other")
LIFECYCLE = ("potential", "first_purchase", "active", "sleeping", "churned")
BANDS = ("active", "sleeping", "at_risk", "lost")
CLASSES = tuple(value for value in VALUE_TITLES if value.startswith(("key_", "general_")))
CITIES = {"广东": ("广州", "深圳"), "浙江": ("杭州", "宁波"), "四川": ("成都",), "上海": ("上海",), "北京": ("北京",)}


@dataclass(frozen=True)
class FakeSnapshot:
    """What write_report needs of store.snapshots.Snapshot."""

    folder: Path
    manifest: Mapping[str, Any]

    def table(self, name: str) -> Path:
        return self.folder / "tables" / f"{name}.parquet"

    def personas(self) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads((self.folder / "personas.json").read_text("utf-8"))
        return loaded


def synthetic_customers(number: int, seed: int) -> pa.Table:
    """Customers whose spend is skewed and depends on age and channel; a third have no demographics, some never bought."""
    draw = np.random.default_rng(seed)
    group = draw.choice(3, number, p=[0.2, 0.5, 0.3])
    orders = np.where(draw.random(number) < 0.04, 0, 1 + draw.poisson(np.array([14, 5, 0.6])[group]))
    spend = np.round(orders * draw.lognormal(np.array([4.9, 4.3, 4.0])[group], 0.5), 2)
    recency = np.clip(draw.exponential(np.array([25, 80, 260])[group]), 0, 700).astype(int)
    age = draw.choice(len(AGES) - 1, number, p=[0.02, 0.2, 0.22, 0.2, 0.16, 0.14, 0.06])
    province = draw.choice(list(CITIES), number, p=[0.34, 0.24, 0.18, 0.14, 0.1])
    hidden = draw.random(number) < 0.33
    bought = orders > 0
    online = draw.random(number) < np.array([0.8, 0.55, 0.3])[group]
    scores = {
        part: _score(value, bought, best_low=part == "r")
        for part, value in (("r", recency), ("f", orders), ("m", spend))
    }
    interests = [
        sorted(draw.choice(["户外", "美食", "母婴", "数码", "旅行"], draw.integers(0, 4), replace=False))
        for _ in range(number)
    ]
    return pa.table({
        "customer_id": [f"C{n:06d}" for n in range(number)],
        "gender": _text(np.where(draw.random(number) < 0.58, "female", "male"), hidden),
        "age_band": _text(np.array(AGES)[age], hidden),
        "income": _text(draw.choice(["Under 5K", "5-10K", "10-20K", "20K+"], number, p=[0.2, 0.4, 0.3, 0.1]), hidden),
        "province": _text(province, hidden & (draw.random(number) < 0.5)),
        "city": _text(np.array([draw.choice(CITIES[p]) for p in province]), hidden),
        "spend": pa.array(spend).cast(pa.decimal128(18, 4)), "orders": pa.array(orders, pa.int64()),
        "recency": pa.array(recency, pa.int64(), mask=~bought),
        "basket": pa.array(np.divide(spend, orders, out=np.zeros(number), where=bought), pa.float64(), mask=~bought),
        **{f"rfm_{part}": pa.array(score, pa.int32(), mask=~bought) for part, score in scores.items()},
        "rfm_band": _text(np.array(BANDS)[np.searchsorted([90, 180, 360], recency)], ~bought),
        "rfm_class": _text(_classes(scores, bought), ~bought),
        "stage": pa.array(_stages(orders, recency)),
        "top_category": _text(draw.choice(["生鲜", "零食", "日化", "酒水", "母婴"], number, p=[0.4, 0.25, 0.2, 0.1, 0.05]), ~bought),
        "channel": _text(np.where(online, "online", "store"), ~bought),
        "hour": pa.array(np.clip(draw.normal(18, 3, number), 0, 23).astype(int), pa.int64(), mask=~bought),
        "promotion": pa.array(draw.random(number) < np.array([0.2, 0.4, 0.7])[group]),
        "interests": pa.array(interests, pa.list_(pa.string())),
    })  # fmt: skip


def _text(values: Any, hidden: Any) -> pa.Array:
    return pa.array([None if h else str(v) for v, h in zip(values, hidden, strict=True)], pa.string())


def _score(values: Any, bought: Any, *, best_low: bool) -> Any:
    edges = np.quantile(values[bought], [0.2, 0.4, 0.6, 0.8])
    score = 1 + np.searchsorted(edges, values, side="left")
    return 6 - score if best_low else score


def _classes(scores: Mapping[str, Any], bought: Any) -> Any:
    high = {part: score > score[bought].mean() for part, score in scores.items()}
    order = {
        (1, 1, 1): 0,
        (1, 0, 1): 1,
        (0, 1, 1): 2,
        (0, 0, 1): 3,
        (1, 1, 0): 4,
        (1, 0, 0): 5,
        (0, 1, 0): 6,
        (0, 0, 0): 7,
    }
    return np.array(
        [CLASSES[order[int(r), int(f), int(m)]] for r, f, m in zip(high["r"], high["f"], high["m"], strict=True)]
    )


def _stages(orders: Any, recency: Any) -> list[str]:
    def one(n: int, days: int) -> str:
        if n == 0:
            return "potential"
        if days > 360:
            return "churned"
        if days > 90:
            return "sleeping"
        return "active" if n > 1 else "first_purchase"

    return [one(int(n), int(days)) for n, days in zip(orders, recency, strict=True)]


def _entries(table: pa.Table) -> list[dict[str, Any]]:
    shapes: dict[str, dict[str, Any]] = {
        "gender": _shape("fact", "demographic", "性别", "Gender", "gender"),
        "age_band": _shape(
            "bands", "demographic", "年龄段", "Age band", "age", values={v: {"zh": v, "en": v} for v in AGES}
        ),
        "income": _shape("fact", "demographic", "收入水平", "Income", "income_level"),
        "province": _shape("fact", "demographic", "省份", "Province", "province"),
        "city": _shape("fact", "demographic", "城市", "City", "city"),
        "spend": _shape("statistic", "consumption", "消费金额", "Spend", "consumption_amount", unit="CNY"),
        "orders": _shape("statistic", "consumption", "购买次数", "Orders", "consumption_frequency", unit="times"),
        "recency": _shape(
            "statistic", "consumption", "距上次购买天数", "Days since last order", "recency", unit="days"
        ),
        "basket": _shape("expression", "consumption", "客单价", "Basket value", None, unit="CNY"),
        "stage": _shape("lifecycle", "relationship", "生命周期", "Lifecycle", "lifecycle", values=_titles(LIFECYCLE)),
        "top_category": _shape("statistic", "consumption", "偏好品类", "Favourite category", "consumption_preference"),
        "channel": _shape("statistic", "consumption", "偏好渠道", "Channel", "purchase_channel"),
        "hour": _shape("statistic", "consumption", "偏好时点", "Hour", "purchase_time", unit="hour"),
        "promotion": _shape("rule", "consumption", "促销敏感", "Promotion-sensitive", "promotion_sensitivity"),
        "interests": _shape("fact", "psychographic", "兴趣爱好", "Interests", "interests"),
    }
    for part in ("r", "f", "m", "band", "class"):
        values = {"band": _titles(BANDS), "class": _titles(CLASSES)}.get(part)
        zh, en = (f"RFM {PART_TITLES[part][lang]}" for lang in ("zh", "en"))
        shapes[f"rfm_{part}"] = _shape("rfm", "relationship", zh, en, None, values=values) | {
            "rfm": {"of": "rfm", "part": part}, "lineage": ["tag:recency", "tag:orders", "tag:spend"],
        }  # fmt: skip
    return [_measured(name, shape, table.column(name)) for name, shape in shapes.items() if name in table.column_names]


def _shape(
    kind: str, class_: str, zh: str, en: str, attribute: str | None, *, values: Any = None, unit: str | None = None
) -> dict[str, Any]:
    return {
        "kind": kind, "class": class_, "title": {"zh": zh, "en": en}, "attribute": attribute, "unit": unit, "values": values or {},
        "description": None, "owner": "tests", "status": "online", "lineage": [], "definition": f"{kind} of test data",
        "place": "tags/test.yaml:1", "sql": f"SELECT 1 -- {kind}", "version": 1,
    }  # fmt: skip


def _titles(values: tuple[str, ...]) -> dict[str, Any]:
    return {value: dict(VALUE_TITLES[value]) for value in values}


def _measured(name: str, shape: dict[str, Any], column: pa.ChunkedArray) -> dict[str, Any]:
    kind = value_type(column, listed=bool(shape["values"]) and pa.types.is_string(column.type))
    count = known(column)
    return shape | {
        "name": name, "value_type": kind, "coverage": count / max(1, len(column)), "missing": len(column) - count,
        "distribution": distribution(column, kind),
    }  # fmt: skip


def make_snapshot(
    folder: Path,
    *,
    customers: int = 900,
    seed: int = 7,
    without: frozenset[str] = frozenset(),
    titles: Mapping[str, Any] | None = None,
) -> FakeSnapshot:
    """Write a snapshot folder. `without`: columns that the data lack. `titles`: replaces the titles of tags."""
    table = synthetic_customers(customers, seed)
    clusterings: list[dict[str, Any]] = []
    personas: dict[str, Any] = {"sets": []}
    entries = [
        e | {"title": (titles or {}).get(e["name"], e["title"])} for e in _entries(table) if e["name"] not in without
    ]
    if "style" not in without and not without & {"orders", "basket", "recency", "spend"}:
        table, clusterings, personas = _segmented(table, entries)
    table = table.drop_columns([name for name in without if name in table.column_names])
    (folder / "tables").mkdir(parents=True, exist_ok=True)
    pq.write_table(table, folder / "tables" / "customers.parquet")
    (folder / "personas.json").write_text(json.dumps(personas, ensure_ascii=False), "utf-8")
    manifest = _manifest(table.num_rows, entries, clusterings)
    (folder / "manifest.json").write_text(json.dumps(manifest, ensure_ascii=False, default=str), "utf-8")
    return FakeSnapshot(folder, manifest)


def _segmented(table: pa.Table, entries: list[dict[str, Any]]) -> tuple[pa.Table, list[dict[str, Any]], dict[str, Any]]:
    spec = ClusteringSpec.model_validate(
        {"name": "style", "features": ["orders", "basket", "recency"], "k": [2, 4], "resamples": 5}
    )
    columns = {
        name: np.asarray(table.column(name).cast(pa.float64(), safe=False).to_numpy(), dtype=np.float64)
        for name in ("orders", "basket", "recency")
    }  # fmt: skip
    result = fit_clusters(columns, spec)
    labels = pa.array(list(result.labels), pa.string())
    report = result.report | {"title": {"zh": "购物风格", "en": "Shopping style"}}
    persona = PersonaSetSpec.model_validate(
        {"name": "styles", "title": "典型画像", "clustering": "style", "worth": "spend"}
    )
    drawn = draw_personas(table, entries, persona, result.segments(), {}, "CNY", defined_by=list(columns))
    return table.append_column("style", labels), [report], {"sets": [drawn]}


def _manifest(customers: int, tags: list[dict[str, Any]], clusterings: list[dict[str, Any]]) -> dict[str, Any]:
    source = {
        "name": "orders", "title": {"zh": "订单", "en": "Orders"}, "entity": "order", "purpose": "画像分析", "legal_basis": "contract",
        "owner": "tests", "files": [{"path": "data/orders.csv"}], "rows_in": 5000, "loaded": 4980, "set_aside": 15, "left_out": 5,
        "repaired": 7, "first_at": "2024-01-02 08:00:00", "last_at": "2025-06-30 20:00:00", "reasons": {"date": 10, "duplicate": 5},
        "columns": [],
    }  # fmt: skip
    return {
        "id": "20250701T000000Z-0001", "as_of": "2025-06-30", "built_at": "2025-07-01T00:00:00+00:00", "engine": "duckdb",
        "version": "0.1.0",
        "project": {
            "name": "test", "title": {"zh": "示例零售", "en": "Example retail"}, "language": "zh-CN", "currency": "CNY",
            "timezone": "Asia/Shanghai",
        },
        "customers": customers, "previous": None, "seconds": 1.0, "sources": [source], "attributes": [], "tags": tags,
        "audiences": [{
            "name": "loyal", "title": {"zh": "常客", "en": "Regulars"}, "definition": "orders >= 5", "size": 100, "share": 0.11,
        }],
        "clusterings": clusterings, "quality": {"rows_in": 5000},
    }  # fmt: skip
