"""The command line of audiences over a real, small project: what it says in both languages, its keys, its exit codes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.app.audience_shop import phone, write_shop
from tests.serve.conftest import Answer

from huaxiang.app.audience import AUDIENCE_KEYS
from huaxiang.app.audiences.changes import CHANGES_KEYS, HISTORY_KEYS
from huaxiang.app.audiences.describing import BREAKDOWN_KEYS, OVERLAP_KEYS
from huaxiang.app.audiences.figures import NUMBERS_KEYS
from huaxiang.app.audiences.graph import GRAPH_KEYS
from huaxiang.app.audiences.lists import LISTS_KEYS, UPLOAD_KEYS
from huaxiang.app.audiences.reasons import WHY_KEYS
from huaxiang.app.build import build

Run = Callable[..., Answer]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("HUAXIANG_LANG", raising=False)
    build(write_shop(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "phones.csv").write_text(f"手机\n{phone(3)}\n13999999999\n", "utf-8")
    return tmp_path


def test_every_answer_has_its_keys_and_is_told_in_both_languages(place: Path, run: Run) -> None:
    assert run("audience", "upload", "fair", "--file", "phones.csv", "--field", "phone").code == 0
    build(place)
    asked = {
        ("upload", "fair", "--file", "phones.csv", "--field", "phone"): UPLOAD_KEYS,
        ("show", "big"): (*AUDIENCE_KEYS, "snapshot", "as_of"),
        ("breakdown", "women", "--by", "city,hobbies", "--base", "all"): BREAKDOWN_KEYS,
        ("overlap", "big", "women", "in_list('fair')"): OVERLAP_KEYS,
        ("numbers", "women", "--of", "spend"): NUMBERS_KEYS,
        ("why", "big_women", "M001"): WHY_KEYS,
        ("history", "big"): HISTORY_KEYS,
        ("changes", "big", "--ids"): CHANGES_KEYS,
        ("graph",): GRAPH_KEYS,
        ("lists",): LISTS_KEYS,
    }
    for words, keys in asked.items():
        answer = run("audience", *words, "--json")
        assert (answer.code, tuple(answer.json)) == (0, keys), answer.err
        shown = [run("audience", *words, "--lang", lang) for lang in ("zh-CN", "en")]
        assert [one.code for one in shown] == [0, 0]
        assert shown[0].out != shown[1].out, words


def test_an_uploaded_value_is_never_shown(place: Path, run: Run) -> None:
    answer = run("audience", "upload", "fair", "--file", "phones.csv", "--field", "phone")
    assert "未匹配的行：3" in answer.out
    assert "139999" not in answer.out + answer.err


def test_save_build_remove(place: Path, run: Run) -> None:
    saved = run(
        "audience",
        "save",
        "buyers",
        "--when",
        "orders_count > 0",
        "--title",
        "买过的人",
        "--title-en",
        "Buyers",
        "--owner",
        "ops",
    )
    assert (saved.code, "audiences/saved.yaml" in saved.out) == (0, True)
    count = run("audience", "count", "orders_count > 0", "--json").json["count"]
    assert run("build").code == 0
    listed = {item["name"]: item for item in run("audience", "list", "--json").json["audiences"]}
    assert listed["buyers"]["size"] == count
    assert listed["buyers"]["title"] == {"zh": "买过的人", "en": "Buyers"}
    refused = run("audience", "save", "buyers", "--when", "orders_cnt > 0")
    assert (refused.code, "orders_count" in refused.err) == (2, True)
    assert run("audience", "remove", "buyers").code == 0
    assert run("audience", "remove", "big").code == 2


def test_a_build_goes_on_with_stale_audiences_and_says_so(place: Path, run: Run) -> None:
    tags = place / "tags" / "value.yaml"
    text = tags.read_text("utf-8")
    assert run("audience", "save", "dear", "--when", "mean_amount > 50").code == 0
    assert run("build").code == 0
    tags.write_text(text.replace("name: mean_amount", "name: average"), "utf-8")
    assert run("check").code == 1
    answer = run("build", "--json")
    assert answer.code == 0
    assert [one["audience"] for one in answer.json["stale"]] == ["dear"]
    assert "⚠ 人群 dear 的定义已失效" in answer.err
    assert "⚠ 人群 dear 的定义已失效" not in run("build").out
    assert "⚠ 失效，沿用旧结果" in run("audience", "list").out
    assert "mean_amount" in run("audience", "show", "dear").out
    assert "dear" in run("status").out
    assert run("status", "--json").json["stale_audiences"] == ["dear"]
    assert run("audience", "why", "dear", "M001").code == 0
    assert run("persona", "report", "--to", "r.html").code == 0
    assert "定义已失效，人数沿用 2026-06-30 的结果" in (place / "r.html").read_text("utf-8")
