"""Cards worded by hand: figures stay those of the data, and a wording falls away when the data say otherwise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from huaxiang.app.wording import (
    EDITED_KEYS,
    FELL_AWAY_KEYS,
    WORDING_KEYS,
    file_of,
    save_wording,
    show_wording,
    templates_of,
    worded,
)
from huaxiang.errors import NotKnown, UsageError

BOLD = {"zh": "半数以上的人在 {value}", "en": "x"}


def statement(share: str = "32.1%", tgi: float = 238.0, *, times: bool = True, less: bool = False) -> dict[str, Any]:
    zh = (
        f"年龄段“50–59 岁”占 {share}，"
        + (f"是大盘（13.5%）的 {tgi / 100:.1f} 倍" if times else "大盘为 13.5%")
        + f"（TGI {tgi:.0f}）"
    )
    en = (
        f"Age band “50–59”: {share}, "
        + (f"{tgi / 100:.1f} times the base of 13.5%" if times else "base 13.5%")
        + f" (TGI {tgi:.0f})"
    )
    return {"id": "c1.age.50-59", "kind": "share", "text": {"zh": zh, "en": en}, "tgi": 40.0 if less else tgi, "index": None, "because": [],
            "tag_title": {"zh": "年龄段", "en": "Age band"}, "value_title": {"zh": "50–59 岁", "en": "50–59"}}  # fmt: skip


def card(*statements: dict[str, Any], size: str = "1,081") -> dict[str, Any]:
    return {
        "set": "style", "segment": "c1", "name": {"zh": "高价值", "en": "High value"}, "named_by": "rule",
        "summary": {"zh": f"{size} 人，占全体客户的 10.6%。", "en": f"{size} customers, 10.6% of all."},
        "worth": {"title": {"zh": "消费", "en": "Spend"}},
        "sections": [{"id": "demographic", "title": {"zh": "人口", "en": "People"}, "statements": list(statements)}],
    }  # fmt: skip


PLAIN = card(statement())
PART = "c1.age.50-59"
WORDED = {
    "zh": "三成以上（{value}）是“50–59 岁”，为大盘 {base} 的 {times} 倍，TGI {tgi}",
    "en": "{value} are “50–59”: {times} × {base}, TGI {tgi}",
}


def save(folder: Path, told: dict[str, Any] = PLAIN, **texts: Any) -> dict[str, Any]:
    return save_wording(folder, told, {PART if key == "part" else key: text for key, text in texts.items()}, "ana",
                        show_wording(folder, told)["digest"])  # fmt: skip


def test_figures_are_placeholders_and_names_are_not() -> None:
    found = templates_of(PLAIN)
    assert found[PART] == {
        "zh": "年龄段“50–59 岁”占 {value}，是大盘（{base}）的 {times} 倍（TGI {tgi}）",
        "en": "Age band “50–59”: {value}, {times} times the base of {base} (TGI {tgi})",
    }
    assert found["summary"] == {"zh": "{1} 人，占全体客户的 {2}。", "en": "{1} customers, {2} of all."}
    assert found["title"] == {"zh": "高价值", "en": "High value"}


def test_a_wording_is_shown_with_the_figures_and_the_original(tmp_path: Path) -> None:
    told = save(tmp_path, part=WORDED, title={"zh": "银发", "en": "Silver"})
    assert set(told) == set(WORDING_KEYS)
    shown = worded(tmp_path, PLAIN)
    assert shown["name"] == {"zh": "银发", "en": "Silver"}
    assert shown["named_by"] == "hand"
    assert shown["sections"][0]["statements"][0]["text"] == {
        "zh": "三成以上（32.1%）是“50–59 岁”，为大盘 13.5% 的 2.4 倍，TGI 238",
        "en": "32.1% are “50–59”: 2.4 × 13.5%, TGI 238",
    }
    assert set(shown["edited"]) == {PART, "title"}
    assert set(shown["edited"][PART]) == set(EDITED_KEYS)
    assert shown["edited"][PART]["original"] == statement()["text"]
    assert shown["fell_away"] == []
    assert PLAIN["name"]["zh"] == "高价值"


def test_the_next_build_fills_in_its_own_figures_also_in_another_form_of_the_sentence(tmp_path: Path) -> None:
    save(tmp_path, part=WORDED)
    shown = worded(tmp_path, card(statement("18.0%", 133.0, times=False)))
    assert (
        shown["sections"][0]["statements"][0]["text"]["zh"]
        == "三成以上（18.0%）是“50–59 岁”，为大盘 13.5% 的 1.3 倍，TGI 133"
    )
    assert shown["fell_away"] == []


def test_a_wording_falls_away_when_the_figure_turns_or_is_gone(tmp_path: Path) -> None:
    save(tmp_path, part=WORDED, summary={"zh": "共 {1} 人（{2}）", "en": "{1} people ({2})"})
    turned = worded(tmp_path, card(statement(less=True)))
    assert turned["sections"][0]["statements"][0]["text"] == statement(less=True)["text"]
    assert [(one["part"], one["why"]) for one in turned["fell_away"]] == [(PART, "direction")]
    assert set(turned["fell_away"][0]) == set(FELL_AWAY_KEYS)
    assert turned["summary"]["zh"] == "共 1,081 人（10.6%）"
    assert [one["why"] for one in worded(tmp_path, card())["fell_away"]] == ["gone"]
    assert worded(tmp_path, card(), whole=False)["fell_away"] == []
    other = card(statement())
    other["summary"] = {"zh": "1,081 人；合计占大盘 7.0%。", "en": "1,081 customers; 7.0% of the total."}
    assert [(one["part"], one["why"]) for one in worded(tmp_path, other)["fell_away"]] == [("summary", "changed")]
    assert worded(tmp_path, card(statement()))["fell_away"] == []  # and comes back with it


REFUSED = (
    ({"zh": "占 {value}", "en": WORDED["en"]}, "figures of the original"),
    ({"zh": WORDED["zh"] + "{value}", "en": WORDED["en"]}, "figures of the original"),
    ({"zh": WORDED["zh"].replace("{value}", "32.1%"), "en": WORDED["en"]}, "figures of the original"),
    ({"zh": WORDED["zh"] + "，约 40%", "en": WORDED["en"]}, "figure of its own"),
    ({"zh": WORDED["zh"] + "{", "en": WORDED["en"]}, "figure of its own"),
    ({"zh": WORDED["zh"], "en": " "}, "1 to"),
    ({"zh": WORDED["zh"], "en": WORDED["en"] + "x" * 400}, "1 to"),
    ({"zh": WORDED["zh"] + "\n", "en": WORDED["en"] + "\nmore"}, "one line"),
)


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_figures_cannot_be_touched(tmp_path: Path, text: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        save(tmp_path, part=text)
    assert not (tmp_path / file_of("style")).exists()


def test_every_version_is_kept_and_the_original_can_come_back(tmp_path: Path) -> None:
    save(tmp_path, part=WORDED)
    save(tmp_path, title={"zh": "银发", "en": "Silver"})
    told = save(tmp_path, part=None)
    assert [(one["version"], sorted(one["parts"])) for one in told["versions"]] == [
        (3, ["title"]),
        (2, [PART, "title"]),
        (1, [PART]),
    ]
    assert set(worded(tmp_path, PLAIN)["edited"]) == {"title"}
    assert worded(tmp_path, PLAIN)["edited"]["title"]["version"] == 2


def test_two_who_word_one_set_notice(tmp_path: Path) -> None:
    save(tmp_path, part=WORDED)
    with pytest.raises(UsageError, match="changed since"):
        save_wording(tmp_path, PLAIN, {"title": {"zh": "银发", "en": "Silver"}}, "bob", None)
    with pytest.raises(NotKnown):
        save(tmp_path, nothing=WORDED)


def test_a_file_that_cannot_be_read_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "wording").mkdir()
    (tmp_path / file_of("style")).write_text("cards: [", "utf-8")
    with pytest.raises(UsageError, match="can't be read"):
        worded(tmp_path, PLAIN)
