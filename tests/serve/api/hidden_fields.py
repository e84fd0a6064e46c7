"""The sample with fields that are hidden from marketers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient
from tests.published import manifest, publish_sample

Api = Callable[..., TestClient]
RULES = """name: shop
language: zh-CN
field_rights:
  - roles: [marketer, analyst]
    fields: [spend]
    show: hidden
  - roles: [marketer]
    fields: [likes]
    show: masked
"""


def tag(name: str, **more: Any) -> dict[str, Any]:
    return {**next(t for t in manifest()["tags"] if t["name"] == name), **more}


def publish_shop(folder: Path) -> Path:
    """`spend` is hidden from marketers; `vip` is computed from it, `big` and `big_women` name it, `orders` is not."""
    text = manifest()
    text["tags"] = [
        tag("orders", lineage=["source:sales"]), tag("spend", lineage=["source:sales.amount"]),
        tag("vip", lineage=["tag:spend", "source:sales.amount"]), tag("last_order", lineage=["source:sales"]), tag("likes", lineage=[]),
    ]  # fmt: skip
    audience = text["audiences"][0]
    text["audiences"] += [
        {**audience, "name": "often", "definition": "orders >= 3", "size": 3},
        {**audience, "name": "through", "definition": "in_audience('big') and orders >= 1"},
    ]
    text["sources"][0] |= {
        "fields": {"customer_id": "VARCHAR", "amount": "DOUBLE", "ordered_at": "TIMESTAMP"},
        "time": "ordered_at",
    }
    text["quality"] |= {
        "findings": [
            {"source": "sales", "code": "valid", "column": "amount", "other": None, "text": {"zh": "", "en": ""}}
        ]
    }
    publish_sample(folder, **{key: text[key] for key in ("tags", "audiences", "sources", "quality")}).close()
    (folder / "huaxiang.yaml").write_text(RULES, "utf-8")
    return folder
