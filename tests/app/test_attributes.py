"""The list of attributes: what fills each, how far, and what it would take."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from huaxiang.app.attributes import AttributeRow, list_attributes, sensitive_issues
from huaxiang.app.catalogue import load_catalogue
from huaxiang.spec.loader import Project, load_project

MakeProject = Callable[..., Project]

SOURCE = """
sources:
  - {name: members, purpose: p, legal_basis: consent, entity: person, files: m.csv, columns: {customer_key: id, gender: sex, pet: pet}}
  - {name: orders, purpose: p, legal_basis: contract, entity: order, files: o.csv, columns: {customer_key: id, channel: channel}}
"""
DEFINITIONS = """
attributes:
  - {name: gender, title: {zh: 性别, en: Gender}, source: members, value: gender}
  - {name: pet, title: {zh: 宠物, en: Pet}, source: members, value: pet, class: social}
tags:
  - {name: favourite_channel, kind: statistic, source: orders, measure: top, of: channel, attribute: purchase_channel}
  - {name: other_channel, kind: statistic, source: orders, measure: last, of: channel, attribute: purchase_channel, status: draft}
  - {name: orders_count, kind: statistic, source: orders, measure: count}
"""


@pytest.fixture
def make_project(tmp_path: Path) -> MakeProject:
    def make(definitions: str = DEFINITIONS, *, settings: str = "") -> Project:
        (tmp_path / "huaxiang.yaml").write_text(f"name: shop\n{settings}", encoding="utf-8")
        for folder, text in (("sources", SOURCE), ("attributes", definitions)):
            (tmp_path / folder).mkdir(exist_ok=True)
            (tmp_path / folder / "all.yaml").write_text(text, encoding="utf-8")
        return load_project(tmp_path)

    return make


def _by_code(rows: tuple[AttributeRow, ...]) -> dict[str, AttributeRow]:
    return {row.code: row for row in rows}


def test_lists_the_whole_catalogue_then_own_attributes(make_project: MakeProject) -> None:
    rows = list_attributes(None, make_project())
    assert [r.code for r in rows] == [*load_catalogue(), "pet"]
    pet = rows[-1]
    assert (pet.in_catalogue, pet.class_, pet.title.zh, pet.filled, pet.needs) == (False, "social", "宠物", True, None)


def test_says_what_fills_an_attribute(make_project: MakeProject) -> None:
    rows = _by_code(list_attributes(None, make_project()))
    assert [(f.kind, f.name) for f in rows["gender"].filled_by] == [("attribute", "gender")]
    assert [(f.kind, f.name) for f in rows["purchase_channel"].filled_by] == [
        ("tag", "favourite_channel"),
        ("tag", "other_channel"),
    ]
    assert rows["purchase_channel"].needs is None
    assert rows["purchase_channel"].coverage is None


def test_unfilled_attributes_say_what_it_takes(make_project: MakeProject) -> None:
    rows = list_attributes(None, make_project())
    unfilled = [r for r in rows if not r.filled]
    assert len(unfilled) == len(load_catalogue()) - 2
    assert all(r.needs is not None and r.needs.zh and r.needs.en and r.coverage is None for r in unfilled)


def test_coverage_is_that_of_the_fullest_filler(make_project: MakeProject) -> None:
    manifest = {
        "attributes": [{"name": "gender", "coverage": 0.8}],
        "tags": [{"name": "favourite_channel", "coverage": 0.5}, {"name": "other_channel", "coverage": 0.25}],
    }

    class Snapshot:
        def __init__(self) -> None:
            self.manifest = manifest

    for given in (manifest, Snapshot()):
        rows = _by_code(list_attributes(given, make_project()))
        assert rows["gender"].coverage == 0.8
        assert rows["purchase_channel"].coverage == 0.5
        assert [f.coverage for f in rows["purchase_channel"].filled_by] == [0.5, 0.25]


RULES = """
attributes:
  - {name: children, source: members, value: pet}
tags:
  - {name: bought, kind: statistic, source: orders, measure: count}
  - {name: has_baby, kind: rule, when: bought > 3, attribute: children}
  - {name: drives, kind: rule, when: bought > 5, attribute: car_ownership}
  - {name: rfm, kind: rfm, recency: bought, frequency: bought, monetary: bought, attribute: value}
"""


def test_a_rule_adds_no_coverage_to_facts(make_project: MakeProject) -> None:
    manifest = {
        "attributes": [{"name": "children", "coverage": 0.3}],
        "tags": [
            {"name": "has_baby", "coverage": 1.0},
            {"name": "drives", "coverage": 1.0},
            {"name": "rfm_class", "coverage": 0.9},
        ],
    }
    rows = _by_code(list_attributes(manifest, make_project(RULES)))
    assert [rows[code].coverage for code in ("children", "car_ownership", "value")] == [0.3, 1.0, 0.9]


def test_rows_as_json_have_stable_keys(make_project: MakeProject) -> None:
    rows = [r.as_json() for r in list_attributes(None, make_project())]
    json.dumps(rows)
    assert {frozenset(r) for r in rows} == {
        frozenset({
            "code", "title", "class", "value_type", "sensitivity", "off_by_default", "had", "lists", "in_catalogue", "filled",
            "coverage", "filled_by", "needs",
        })
    }  # fmt: skip


SENSITIVE = """
attributes:
  - {name: religion, source: members, value: pet}
tags:
  - {name: eats, kind: statistic, source: orders, measure: top, of: channel, attribute: diet}
"""


def test_sensitive_attributes_are_refused_by_place(make_project: MakeProject) -> None:
    issues = sensitive_issues(make_project(SENSITIVE))
    assert [(i.code, str(i.place)) for i in issues] == [
        ("ATT001", "attributes/all.yaml:3"),
        ("ATT001", "attributes/all.yaml:5"),
    ]
    assert '"religion"' in issues[0].message
    assert "sensitive: true" in issues[0].message


def test_sensitive_attributes_are_allowed_on_request(make_project: MakeProject) -> None:
    assert sensitive_issues(make_project(SENSITIVE, settings="sensitive: true\n")) == ()
    assert sensitive_issues(make_project()) == ()
