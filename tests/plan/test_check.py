"""Checks of a whole project: every fault with its place (golden), files, and what the helpers derive."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from tests.told import untold

from huaxiang.errors import ExpressionError, Said, SourceError
from huaxiang.plan.check import check_project, customer_types, field_types, tag_order, tag_outputs
from huaxiang.spec.codes import CODES
from huaxiang.spec.loader import Project, load_project
from huaxiang.spec.models import SourceSpec

Write = Callable[..., Project]

CASES = YAML(typ="safe").load((Path(__file__).parent / "faults.yaml").read_text(encoding="utf-8"))
CODES_OF_CATALOGUE = frozenset({"gender", "city", "birth_date", "recency"})
FILES = {
    "members": ("id", "sex", "born", "city", "changed", "hobbies"),
    "orders": ("id", "no", "time", "amount", "channel", "sku"),
    "products": ("sku", "brand", "cost"),
}


def lines(project: Project, headers: Any = None, codes: frozenset[str] = CODES_OF_CATALOGUE) -> list[str]:
    return [str(issue) for issue in check_project(project, headers, codes)]


@pytest.mark.parametrize("case", CASES, ids=[c["case"] for c in CASES])
def test_fault(case: dict[str, Any], shop: Write) -> None:
    files = {name.removesuffix(".yaml").replace("/", "__"): text for name, text in case["files"].items()}
    project = shop(**files)
    assert lines(project) == case["expect"]
    assert untold(check_project(project, None, CODES_OF_CATALOGUE)) == []


TEXTS = """\
audiences:
  - name: folded
    when: >
      spend > 1

      and spnd > 2
      and spend < 9
  - name: literal
    when: |-
      spend > 1
        and spnd > 2
  - name: plain
    when:
      spend > 1
      and spnd > 2
  - name: quoted
    when: "spend > 1
      and spnd > 2"
  - name: escaped
    when: "spend > \\x31
      and spnd > 2"
  - name: tree
    when:
      all:
        - spend > 1
        - any:
          - >-
            spend > 1 and
            spnd > 2
          - sql: |
              spend > 1
              # it stands in the text
  # a comment
  - {name: one, when: spnd > 2}
"""


def test_a_fault_in_a_text_of_several_lines_is_told_by_its_own_line(shop: Write) -> None:
    found = check_project(shop(audiences__more=TEXTS), None, CODES_OF_CATALOGUE)
    told = {issue.subject[1]: (issue.code, issue.place.line) for issue in found if issue.subject is not None}
    assert told == {
        "folded": ("EXP002", 6), "literal": ("EXP002", 11), "plain": ("EXP002", 15), "quoted": ("EXP002", 18), "escaped": ("EXP002", 20),
        "tree": ("EXP002", 29), "one": ("EXP002", 34),
    }  # fmt: skip


def test_the_plain_project_is_sound(shop: Write) -> None:
    assert lines(shop(), lambda source: FILES[source.name]) == []


def test_missing_file_and_columns(shop: Write) -> None:
    headers = {"members": None, "orders": ("id", "nr", "time", "amt", "channel", "sku"), "products": FILES["products"]}
    assert lines(shop(), lambda source: headers[source.name]) == [
        'sources/shop.yaml:6 SRC001 source "members": no file found at members.csv (seen from the project folder)',
        'sources/shop.yaml:13 SRC003 source "orders": the file has no column "amount"; did you mean "amt"?',
        'sources/shop.yaml:13 SRC003 source "orders": the file has no column "no"; known: amt, channel, id, nr, sku, time',
    ]


def test_unreadable_file(shop: Write) -> None:
    def headers(source: SourceSpec) -> tuple[str, ...]:
        if source.name == "orders":
            raise SourceError("orders", "orders.csv", Said("is empty", "是空的"))
        return FILES[source.name]

    found = 'source "orders": the file can\'t be read: orders.csv: is empty'
    assert lines(shop(), headers) == [f"sources/shop.yaml:12 SRC002 {found}"]


def test_every_code_is_documented_and_used() -> None:
    root = Path(__file__).parents[2] / "src" / "huaxiang"
    text = "\n".join(p.read_text(encoding="utf-8") for p in root.rglob("*.py") if p.name != "codes.py")
    used = set(
        re.findall(r'"((?:YML|SPEC|PRJ|SRC|QLT|IDN|ATR|HSH|ATT|TAG|AUD|CLU|PER|FRM|REF|EXP|CON|SQL)\d{3})"', text)
    )
    assert used == set(CODES)


def test_field_types(shop: Write) -> None:
    project = shop()
    assert field_types(project, project.sources["orders"]) == {
        "customer_id": "VARCHAR", "customer_key": "VARCHAR", "order_id": "VARCHAR", "ordered_at": "TIMESTAMP",
        "amount": "DECIMAL(18,4)", "channel": "VARCHAR", "sku": "VARCHAR", "brand": "VARCHAR", "cost": "DECIMAL(18,4)",
    }  # fmt: skip
    assert "customer_id" not in field_types(project, project.sources["products"])


def test_customer_types(shop: Write) -> None:
    tags = """tags:
  - {name: score, kind: rfm, recency: recency, frequency: orders_count, monetary: spend}
  - {name: per_order, kind: expression, value: spend / orders_count}
  - {name: channels, kind: statistic, source: orders, measure: top_n, of: channel}
  - {name: old, kind: rule, when: big, status: offline}
"""
    types = customer_types(shop(tags__more=tags))
    assert types == {
        "customer_id": "VARCHAR", "gender": "VARCHAR", "city": "VARCHAR", "hobbies": "VARCHAR[]", "spend": "DECIMAL(38,4)",
        "orders_count": "BIGINT", "recency": "BIGINT", "channels": "VARCHAR[]", "life": "VARCHAR", "big": "BOOLEAN",
        "sex": "VARCHAR", "score_r": "BIGINT", "score_f": "BIGINT", "score_m": "BIGINT", "score_band": "VARCHAR",
        "score_class": "VARCHAR", "per_order": "DOUBLE", "style": "VARCHAR",
    }  # fmt: skip


def test_tag_outputs(shop: Write) -> None:
    project = shop(
        tags__more="tags:\n  - {name: score, kind: rfm, recency: recency, frequency: orders_count, monetary: spend}\n"
    )
    types = customer_types(project)
    outputs = {name: kind for tag in project.tags.values() for name, kind in tag_outputs(tag, types).items()}
    assert outputs == {
        "spend": "money", "orders_count": "integer", "recency": "integer", "life": "enum", "big": "boolean", "sex": "text",
        "score_r": "integer", "score_f": "integer", "score_m": "integer", "score_band": "text", "score_class": "text",
    }  # fmt: skip


def test_tag_order_follows_tags_and_audiences(shop: Write) -> None:
    tags = """tags:
  - {name: last, kind: rule, when: {all: [{audience: rich}, {tag: second}]}}
  - {name: second, kind: rule, when: first}
  - {name: first, kind: rule, when: spend > 1}
audiences:
  - {name: rich, when: second and big}
"""
    assert tag_order(shop(tags__more=tags)) == (("first", "life", "big", "sex"), ("second",), ("last",))


def test_tag_order_refuses_a_circle(shop: Write) -> None:
    project = shop(tags__more="tags:\n  - {name: a, kind: rule, when: b}\n  - {name: b, kind: rule, when: a}\n")
    with pytest.raises(ExpressionError, match="REF001"):
        tag_order(project)


@pytest.mark.parametrize("template", ["retail", "completejourney"])
def test_our_own_templates_are_sound(template: str) -> None:
    folder = Path(__file__).parents[2] / "src" / "huaxiang" / "templates" / "projects" / template
    assert lines(load_project(folder), codes=frozenset()) == []
