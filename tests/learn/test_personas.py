"""Persona cards: every figure recounted, what is said, what is left unsaid, and how cards are named."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pytest
from tests.learn.persona_sets import TAGS, N, Set, card_of, draw, entry, evidence, make_customers, statements

from huaxiang.learn.personas import draw_personas
from huaxiang.spec.models import PersonaSetSpec


@pytest.fixture(scope="module")
def drawn() -> Set:
    return draw(*make_customers())


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
