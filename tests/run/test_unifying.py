"""Rows that no identity key leads to a customer are counted, not lost in silence."""

from __future__ import annotations

from pathlib import Path

from huaxiang.app.build import build
from huaxiang.app.quality import quality
from huaxiang.app.wiring import open_snapshot

PROJECT = """
name: shop
as_of: 2025-06-30
"""
DEFINITIONS = """
sources:
  - name: members
    purpose: tests
    legal_basis: consent
    entity: person
    files: data/members.csv
    columns: {customer_key: no, phone: phone, city: city}
  - name: products
    purpose: tests
    legal_basis: contract
    entity: reference
    files: data/members.csv
    columns: {sku: city}
identity:
  - {name: member_no, field: customer_key, priority: 1}
  - {name: phone, field: phone, priority: 2, personal: true}
attributes:
  - {name: city, source: members, value: city}
"""
MEMBERS = """no,phone,city
M1,13800000001,A
,13800000002,B
,,C
,,D
0,,E
"""


def test_rows_without_a_usable_key_are_counted(tmp_path: Path) -> None:
    for name, text in (
        ("huaxiang.yaml", PROJECT),
        ("sources/all.yaml", DEFINITIONS),
        ("data/members.csv", MEMBERS),
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    manifest = build(tmp_path).manifest
    assert manifest["customers"] == 2
    assert manifest["identity"]["unidentified"] == {"members": 3}
    with open_snapshot(tmp_path) as snapshot:
        found = quality(snapshot)
    assert {s["name"]: (s["loaded"], s["unidentified"]) for s in found["sources"]} == {
        "members": (5, 3),
        "products": (5, 0),
    }
