"""Every show-command, for people in two languages and for programs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click
import pytest
from tests.serve.conftest import Answer

from huaxiang.serve.cli.commands.quality import QualityGroup
from huaxiang.serve.cli.framework import LazyGroup, TextCommand
from huaxiang.serve.cli.main import cli
from huaxiang.serve.cli.output import distribution, ranges

Run = Callable[..., Answer]
SHOWS = [
    ("status",), ("quality",), ("quality", "--rejected", "sales"), ("runs",), ("tag", "list"), ("tag", "show", "vip"),
    ("audience", "count", "spend > 500"), ("audience", "list"), ("audience", "show", "big"), ("customer", "show", "c1"),
    ("customer", "search", "c1"), ("persona", "list"), ("persona", "show", "c1"), ("snapshot", "list"),
]  # fmt: skip


def command_of(words: tuple[str, ...]) -> TextCommand:
    found: click.Command | None = cli
    for word in words:
        if isinstance(found, LazyGroup):
            found = found.get_command(click.Context(found), word)
    if isinstance(found, QualityGroup):
        found = found.get_command(click.Context(found), "show")
    assert isinstance(found, TextCommand)
    return found


@pytest.mark.parametrize("words", SHOWS, ids=" ".join)
def test_json_has_exactly_the_documented_keys(shop: Path, run: Run, words: tuple[str, ...]) -> None:
    answer = run(*words, "--json")
    assert answer.code == 0, answer.err
    expected = ("snapshot", "source", "total", "rows") if "--rejected" in words else command_of(words).keys
    assert set(answer.json) == set(expected)
    assert answer.err == ""


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
@pytest.mark.parametrize("words", SHOWS, ids=" ".join)
def test_people_get_text_in_their_language(shop: Path, run: Run, words: tuple[str, ...], lang: str) -> None:
    answer = run(*words, "--lang", lang)
    assert answer.code == 0, answer.err
    assert answer.out.strip()
    assert "{" not in answer.out
    assert "None" not in answer.out


def test_status_before_the_first_build_says_what_to_do(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "huaxiang.yaml").write_text("name: shop\nlanguage: en\n")
    monkeypatch.chdir(tmp_path)
    answer = run("status", "--json")
    assert answer.code == 0
    assert answer.json["snapshot"] is None
    assert all("huaxiang build" in told for told in answer.json["problem"].values())
    assert run("audience", "count", "a = 1").code == 1


def test_quality_adds_up_and_hides_raw_text(shop: Path, run: Run) -> None:
    answer = run("quality", "--json").json
    assert answer["rows_in"] == answer["loaded"] + answer["set_aside"] + answer["left_out"] == 1234
    assert answer["adds_up"] is True
    assert answer["sources"][0]["reasons"] == [
        {"code": "number", "rows": 20, "text": {"zh": "不是数字", "en": "not a number"}},
        {"code": "date", "rows": 10, "text": {"zh": "不是日期", "en": "not a date"}},
    ]
    assert "1,234" in run("quality").out
    assert "不是日期" in run("quality", "--rejected", "sales").out
    assert "not a date" in run("quality", "--rejected", "sales", "--lang", "en").out
    hidden, shown = run("quality", "--rejected", "sales"), run("quality", "--rejected", "sales", "--raw")
    assert "secret" not in hidden.out
    assert shown.out.index("secret-7") < shown.out.index("secret-9")
    unknown = run("quality", "--rejected", "sale", "--lang", "en")
    assert (unknown.code, 'did you mean "sales"?' in unknown.err) == (2, True)


def test_a_fault_is_told_in_the_users_language(shop: Path, run: Run) -> None:
    (shop / "tags").mkdir()
    (shop / "tags" / "a.yaml").write_text("tags:\n\t- {}\n", "utf-8")
    assert "tags/a.yaml:2 YML003 缩进用了制表符" in run("check").out
    assert "tags/a.yaml:2 YML003 a tab is used" in run("check", "--lang", "en").out
    assert "EXP002 未知的列 · 没有名为“spned”的列；是不是“spend”？" in run("audience", "count", "spned > 1").err
    assert "EXP002 unknown column" in run("audience", "count", "spned > 1", "--lang", "en").err


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    ("text", "zh", "en", "marked"),
    [
        ("spend > ", "第 1 行第 8 列：", "a value, column or call is expected after it", "  spend > \n         ^\n"),
        ("city = '上海' and spned > 1", "第 1 行第 17 列：", 'did you mean "spend"?', "上海' and spned > 1\n                    ^^^^^\n"),
        ("spend > 1 and\n (city = 'a'", "第 2 行第 13 列：", '")" is expected', "\n   (city = 'a'\n              ^\n"),
        ("spend > 1 or\tdid('order')", "第 1 行第 18 列：", 'unknown source "order"', "or did('order')\n                   ^^^^^^^\n"),
        ("city = 'a", "第 1 行第 8 列：", "a quote or bracket is not closed", "  city = 'a\n         ^\n"),
        ("城市 = 'a'", "没有名为“城市”的列", "unknown column", "  城市 = 'a'\n  ^^^^\n"),
    ],
)  # fmt: skip
def test_a_fault_of_a_condition_is_shown_at_its_place(run: Run, text: str, zh: str, en: str, marked: str) -> None:
    chinese, english = run("audience", "count", text), run("audience", "count", text, "--lang", "en")
    assert (chinese.code, english.code) == (2, 2)
    assert zh in chinese.err
    assert en in english.err
    assert chinese.err.endswith(marked) and english.err.endswith(marked)
    assert "Line " in english.err and ", column " in english.err


@pytest.mark.usefixtures("shop")
def test_values_out_of_range_are_told_in_the_users_language(run: Run) -> None:
    text = "spend * 100000000000000 * 100000000000000 * 100000000000000 > 5"
    chinese, english = run("audience", "count", text), run("audience", "count", text, "--lang", "en")
    assert "条件：有客户的计算结果超出类型的取值范围" in chinese.err
    assert "the condition: for some customers the result is beyond what its type can hold" in english.err
    assert chinese.code == english.code == 1


@pytest.mark.usefixtures("shop")
def test_of_a_long_condition_the_part_at_fault_is_shown(run: Run) -> None:
    text = " or ".join(["spend > 1"] * 50 + ["spned > 1"] + ["spend > 1"] * 50)
    shown = run("audience", "count", text).err.splitlines()[-2:]
    assert [len(line) <= 130 for line in shown] == [True, True]
    at = shown[1].index("^")
    assert shown[0][at : at + 5] == "spned"
    assert shown[0].strip()[0] == shown[0][-1] == "…"


def test_tag_show_prints_all_that_is_known(shop: Path, run: Run) -> None:
    text = run("tag", "show", "orders").out
    for expected in (
        "订单数",
        "ops",
        "统计",
        "source:sales.amount",
        "83.3%",
        "中位数",
        "2 单",
        "120",
        "█",
        "v2",
        "2024-04-30",
        "SELECT 1",
    ):
        assert expected in text
    english = run("tag", "show", "vip", "--lang", "en").out
    assert "none named" in english
    assert "50.0%" in english
    unknown = run("tag", "show", "order")
    assert (unknown.code, unknown.out, "是不是“orders”？" in unknown.err) == (2, "", True)


def test_audience_count_means_what_the_project_means(shop: Path, run: Run) -> None:
    def count(condition: str) -> int:
        answer = run("audience", "count", condition, "--json")
        assert answer.code == 0, answer.err
        assert answer.json["base"] == 6
        return int(answer.json["count"])

    assert count("spend > 500") == 2
    assert count("big") == 2
    assert count("big_women") == 1
    assert count("in_audience('big') or orders = 1") == 4
    assert count("not in_audience('big')") == 4
    assert count("city = '上海' and last_order >= date '2024-04-01'") == 1
    assert count("vip is null") == 1
    unknown = run("audience", "count", "in_audience('bg')")
    assert (unknown.code, "“bg”的人群；是不是“big”？" in unknown.err) == (2, True)
    assert run("audience", "count", "spent > 1").code == 2
    assert run("audience", "count", "spend >").code == 2
    assert run("audience", "count", "(select count(*) from 'x.csv') > 1").code == 2


def test_older_snapshots_answer(shop: Path, run: Run) -> None:
    listed = run("snapshot", "list", "--json").json["snapshots"]
    assert [item["current"] for item in listed] == [True]
    assert run("audience", "count", "big", "--snapshot", "2024-05-02", "--json").json["snapshot"] == listed[0]["id"]
    early = run("audience", "count", "big", "--snapshot", "2024-05-01")
    assert (early.code, "2024-05-01" in early.err) == (2, True)


def test_customer_360_and_search(shop: Path, run: Run) -> None:
    answer = run("customer", "c3", "--json").json
    tags = {tag["name"]: tag["value"] for tag in answer["tags"]}
    assert tags == {"orders": 5, "spend": 990, "vip": True, "last_order": "2024-04-02", "likes": ["红酒", "奶酪"]}
    assert answer["audiences"] == ["big"]
    assert [record["rows"] for record in run("customer", "c1", "--json").json["records"]] == [2]
    assert [hit["customer_id"] for hit in run("customer", "search", "BEIJING", "--json").json["found"]] == ["=c6"]
    assert run("customer", "search", "m-1", "--json").json["found"] == []
    assert run("customer", "search", "M-1", "--json").json["found"] == [{"customer_id": "c1", "matched": ["member"]}]
    by_phone = run("customer", "search", "+8613800138000", "--json").json["found"]
    assert by_phone == [{"customer_id": "c1", "matched": ["phone"]}]
    assert "8613800138000" not in run("customer", "c1", "--json").out
    assert run("customer", "search", "'; drop table x; --").code == 0
    unknown = run("customer", "13800138000")
    assert unknown.code == 2
    assert "13800138000" not in unknown.err


def test_persona_cards_show_their_figures(shop: Path, run: Run) -> None:
    text = run("persona", "show", "品质女性").out
    for expected in (
        "女性居多",
        "75.0%",
        "TGI 150",
        "120–181",
        "缺失 10.0%",
        "依据：s1",
        "1,234.50 元",
        "没有设备数据",
    ):
        assert expected in text
    assert run("persona", "show", "value/c1", "--json").json["set"] == "value"
    assert run("persona", "show", "c9").code == 2
    told = run("persona", "show", "value", "--lang", "en")
    assert (told.code, "name one of its cards: value/c1" in told.err) == (2, True)


def test_the_ends_of_a_distribution_hold_what_lies_beyond(capsys: pytest.CaptureFixture[str]) -> None:
    shape = {"kind": "numbers", "min": 0, "max": 900, "bins": [[2, 10, 5], [10, 18, 3], [18, 26, 2]]}
    distribution(shape, kind="integer", titles={}, base=10, unit=None)
    assert [line.split("  ")[0] for line in capsys.readouterr().out.splitlines()[-3:]] == ["< 10", "10 – 17", "≥ 18"]
    distribution(shape | {"min": 2, "max": 25}, kind="integer", titles={}, base=10, unit=None)
    assert [line.split("  ")[0] for line in capsys.readouterr().out.splitlines()[-3:]] == [
        "2 – 9",
        "10 – 17",
        "18 – 25",
    ]
    days = [["2024-01-01T00:00:00", "2024-01-02T00:00:00", 1], ["2024-01-02T00:00:00", "2024-01-03T00:00:00", 2]]
    assert ranges(days, ("2024-01-01", "2024-01-02"), "date", None) == ["2024-01-01", "2024-01-02"]
    assert ranges(days, ("2023-12-30", "2024-01-03"), "date", None) == ["< 2024-01-02", "≥ 2024-01-02"]
    assert ranges([[0.5, 1.5, 1], [1.5, 2.5, 1]], (0.5, 2.5), "number", None) == ["0.50 – 1.50", "1.50 – 2.50"]
