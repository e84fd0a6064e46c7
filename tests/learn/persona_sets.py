"""Made-up customers with planted differences, and the persona sets drawn of them."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow as pa

from huaxiang.learn.personas import draw_personas
from huaxiang.spec.models import PersonaSetSpec

Set = dict[str, Any]


def entry(name: str, zh: str, value_type: str, **more: object) -> dict[str, object]:
    en = str(more.pop("en", name.replace("_", " ").capitalize()))
    plain = {"kind": "statistic", "class": "consumption", "status": "online", "unit": None, "attribute": None}
    return {"name": name, "title": {"zh": zh, "en": en}, "value_type": value_type} | plain | more


TAGS = [
    entry("spend", "消费额", "money", attribute="consumption_amount"),
    entry("orders", "订单数", "integer", attribute="consumption_frequency", unit="次"),
    entry("deals", "促销敏感", "boolean", attribute="promotion_sensitivity"),
    entry("favourite", "偏好品类", "enum", attribute="consumption_preference", values={"wine": {"zh": "红酒", "en": "wine"}}),
    entry("interests", "兴趣", "list", attribute="interests", **{"class": "psychographic"}),
    entry("age_band", "年龄段", "enum", attribute="age", **{"class": "demographic"}),
    entry("stage", "生命周期", "enum", attribute="lifecycle", **{"class": "relationship"}),
]  # fmt: skip
N = 1_000


def make_customers(seed: int = 1) -> tuple[pa.Table, dict[str, np.ndarray]]:
    """1,000 customers: the first 300 spend more, love wine and deals; the last 200 sleep; the middle is ordinary."""
    rng = np.random.default_rng(seed)
    rich, asleep = np.arange(N) < 300, np.arange(N) >= 800
    spend = rng.lognormal(5, 0.5, N) * np.where(rich, 3, np.where(asleep, 0.4, 1))
    favourite = np.where(rng.random(N) < np.where(rich, 0.6, 0.1), "wine", rng.choice(["milk", "bread", "other"], N))
    ages = rng.choice(["18-24", "25-34", "35+"], N)
    known = rng.random(N) < 0.4
    likes = [["music", "music", "sport"] if r and i % 2 else (["sport"] if i % 3 else None) for i, r in enumerate(rich)]
    table = pa.table({
        "customer_id": [f"k{i:04d}" for i in range(N)],
        "spend": pa.array(np.round(spend, 2)).cast(pa.decimal128(18, 4), safe=False),
        "orders": rng.poisson(np.where(rich, 9, np.where(asleep, 2, 5))),
        "deals": rng.random(N) < np.where(rich, 0.7, 0.2),
        "favourite": favourite, "interests": pa.array(likes, pa.list_(pa.string())),
        "age_band": pa.array([a if k else None for a, k in zip(ages, known, strict=True)]),
        "stage": np.where(asleep, "sleeping", "active"),
    })  # fmt: skip
    return table, {"c1": ~rich & ~asleep, "c2": rich, "c3": asleep}


def draw(
    table: pa.Table, segments: dict[str, np.ndarray], tags: list[dict[str, object]] | None = None, **spec: object
) -> Set:
    fields: dict[str, object] = {"name": "groups", "title": "客群", "clustering": "segment", "worth": "spend"}
    drawn: Set = draw_personas(table, tags or TAGS, PersonaSetSpec.model_validate(fields | spec), segments, {}, "CNY")
    json.dumps(drawn, allow_nan=False)
    return drawn


def statements(card: Set, *sections: str) -> list[Set]:
    return [
        s for section in card["sections"] if not sections or section["id"] in sections for s in section["statements"]
    ]


def evidence(card: Set) -> list[Set]:
    return [s for s in statements(card) if s["kind"] in ("share", "mean")]


def card_of(drawn: Set, segment: str) -> Set:
    return next(c for c in drawn["cards"] if c["segment"] == segment)
