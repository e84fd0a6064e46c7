"""Faults of the definitions are told in the language of the caller."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.serve.api.conftest import Api
from tests.told import CHINESE

from huaxiang.app.tag_market.checking import check_definition
from huaxiang.spec.loader import load_project

TWICE = "tags:\n- {name: a, kind: rule, when: x > 1, when: x > 2}\n"


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_check_and_a_refusal_tell_faults_in_the_callers_language(api: Api, shop: Path, language: str) -> None:
    (shop / "huaxiang.yaml").write_text("name: shop\n", "utf-8")
    (shop / "tags").mkdir()
    (shop / "tags" / "a.yaml").write_text(TWICE, "utf-8")
    client = api("admin")
    client.headers["Accept-Language"] = language
    checked = client.get("check").json()["issues"]
    refused = client.put("audiences/mine", json={"title": "x", "when": "orders > 1"}).json()
    assert refused["code"] == "project-invalid"
    assert checked[0]["code"] == "YML004"
    for message in (checked[0]["message"], refused["issues"][0]["message"], refused["detail"]):
        assert bool(CHINESE.search(message)) == (language == "zh-CN"), message
        assert "when" in message


def test_a_tag_without_a_name_is_told_in_one_language_at_a_time(shop: Path) -> None:
    (shop / "huaxiang.yaml").write_text("name: shop\n", "utf-8")
    told = check_definition(load_project(shop), {"kind": "rule", "when": "orders > 1"})
    assert not told.valid
    for issue in told.issues:
        assert CHINESE.search(issue["message"]["zh"])
        assert " of the file" not in issue["message"]["zh"]
        assert not CHINESE.search(issue["message"]["en"])
