from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from huaxiang.spec.loader import Project, load_project

SHOP = {
    "huaxiang.yaml": "name: shop\n",
    "sources/shop.yaml": """\
sources:
  - name: members
    purpose: service
    legal_basis: contract
    entity: person
    files: members.csv
    columns: {customer_key: id, gender: sex, birth_date: born, city: city, updated_at: changed, hobbies: {type: list}}
  - name: orders
    purpose: service
    legal_basis: contract
    entity: order
    files: orders.csv
    columns: {customer_key: id, order_id: no, ordered_at: time, amount: amount, channel: channel, sku: {type: text}}
    lookups:
      - {source: products, on: sku, take: {brand: brand, cost: cost}}
  - name: products
    purpose: service
    legal_basis: contract
    entity: reference
    files: products.csv
    columns: {sku: sku, brand: brand, cost: {type: money}}
""",
    "attributes/people.yaml": """\
attributes:
  - {name: gender, source: members, value: gender}
  - {name: city, source: members, value: city}
  - {name: hobbies, source: members, value: hobbies}
""",
    "tags/value.yaml": """\
tags:
  - {name: spend, kind: statistic, source: orders, measure: sum, of: amount}
  - {name: orders_count, kind: statistic, source: orders, measure: count}
  - {name: recency, kind: statistic, source: orders, measure: days_since_last}
  - {name: life, kind: lifecycle, orders: orders_count, recency: recency}
  - {name: big, kind: rule, when: spend > 1000}
  - {name: sex, kind: fact, from: gender}
""",
    "audiences/all.yaml": """\
audiences:
  - {name: loyal, when: orders_count >= 5 and life = 'active'}
clusterings:
  - {name: style, features: [spend, orders_count]}
personas:
  - {name: by_style, clustering: style, worth: spend}
""",
}

Write = Callable[..., Project]


@pytest.fixture
def shop(tmp_path: Path) -> Write:
    """Write a small valid project, files changed or added as given, and load it."""

    def write(**files: str) -> Project:
        changed = {name.replace("__", "/") + ".yaml": text for name, text in files.items()}
        for name, text in (SHOP | changed).items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return load_project(tmp_path)

    return write
