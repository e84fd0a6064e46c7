"""Masks show enough to recognise a value, not to reach a person."""

from __future__ import annotations

import pytest

from huaxiang.app.customer import spellings
from huaxiang.app.masks import kind_of, mask, mask_by_look


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        ("phone", "13810000037", "138****0037"),
        ("phone", "+447700900123", "+44****0123"),
        ("phone", "95588", "****"),
        ("email", "zhang.wei@example.com", "z****@example.com"),
        ("id_number", "310101198001021234", "310****1234"),
        ("address", "上海市浦东新区世纪大道100号501室", "上海市浦东新区****"),
        ("address", "广东省深圳市南山区科技园1号", "广东省深圳市南山区****"),
        ("address", "221B Baker Street", "****"),
        ("name", "张伟", "张伟"),
        (None, "anything", "anything"),
    ],
)
def test_mask(kind: str | None, value: str, shown: str) -> None:
    assert mask(value, kind) == shown
    assert mask([value], kind) == [shown]
    assert mask(None, kind) is None


def test_what_is_masked() -> None:
    assert kind_of({"name": "mobile", "personal": "phone"}) == "phone"
    assert kind_of({"name": "phone"}) == "phone"
    assert kind_of({"name": "call_me", "kind": "fact", "lineage": ["attribute:phone", "source:crm.phone"]}) == "phone"
    assert kind_of({"name": "who", "attribute": "email"}) == "email"
    assert kind_of({"name": "name", "personal": "name"}) is None
    assert kind_of({"name": "city", "personal": None}) is None


def test_keys_are_masked_by_look() -> None:
    assert [mask_by_look(v) for v in ("M-1", "13810000037", "a@b.cn", None, 7)] == [
        "M-1",
        "138****0037",
        "a****@b.cn",
        None,
        7,
    ]


def test_spellings() -> None:
    assert "13810000037" in spellings("138 1000 0037")
    assert "13810000037" in spellings("+86-138-1000-0037")
    assert "zhang@b.cn" in spellings(" Zhang@B.cn ")
    assert spellings("上海") == ["上海"]
    assert spellings("%") == ["%"]
