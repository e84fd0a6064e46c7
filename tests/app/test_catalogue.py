"""Every item of the published lists is in the built-in catalogue, with its class, lists and sensitivity."""

from __future__ import annotations

from pathlib import Path

import pytest

from huaxiang.app.catalogue import CLASS_TITLES, catalogue_markdown, load_catalogue

# zh name and lists, as published; slashed items are one attribute each.
DEMOGRAPHIC = """年龄ABC 性别ABC 地域A 教育程度ABC 职业ABC 收入水平AB 婚姻状况ABC 子女状况AB 家庭规模A 家庭生命周期A 民族A 宗教信仰A
国籍A 住房状况BC 购车状况B 姓名C 家庭成员C 家庭收入C 家庭住址C 毕业学校与专业C 学习成绩C 学术兴趣C 继续教育C"""
CONSUMPTION = """消费习惯AB 消费偏好AC 消费频次AC 消费金额AC 购买渠道AC 购买时间AB 购买周期A 支付方式A 购物方式AB 品牌忠诚度AC
促销敏感度A 价格敏感度A 购物同伴A 购物环境偏好A 购物决策方式AC 购物决策周期AC 消费水平B 消费观念B 购物频率B 使用习惯B 使用频率B
使用时间B 浏览行为B 搜索行为B 点击行为B 转化行为B 购买行为B 决策因素C 决策影响C"""
PSYCHOGRAPHIC = """个性AB 价值观ABC 兴趣爱好ABC 生活方式AB 态度A 信仰A 心理需求A 心理动机A 心理预期A 心理安全感A 心理压力AC
心理承受力A 心理适应力A 心理认同感A 个人目标C 社会责任C 环境保护C 体育运动C 音乐艺术C 读书写作C 旅行探险C"""
SOCIAL = """家庭状况A 社交圈子AC 影响力AB 人际关系AC 社会地位A 社会角色A 社会认同感A 社会支持A 社会参与度A 社会网络AB
社交网络活跃度B 社交媒体账号C 关注的人群C 发布的内容C 参与的社群C"""
RELATIONSHIP = """满意度B 忠诚度BC 维系度B 获取渠道B 流失原因B 生命周期B 价值B 贡献度B 盈利能力B 口碑B 推荐度B 投诉记录BC
反馈记录BC 需求C"""
HEALTH = "身体状况C 饮食习惯C 运动习惯C 心理健康C"
TECHNICAL = "设备类型 操作系统 浏览器 平台"
BUSINESS = """所属行业 企业类型 企业规模 企业营收 企业所在地 企业发展阶段 企业文化 企业需求 决策链角色 职位 职能 要解决的问题
既往使用情况 既往采购情况 联系人个人特征"""
PUBLISHED = {
    "demographic": DEMOGRAPHIC,
    "consumption": CONSUMPTION,
    "psychographic": PSYCHOGRAPHIC,
    "social": SOCIAL,
    "relationship": RELATIONSHIP,
    "health": HEALTH,
    "technical": TECHNICAL,
    "business": BUSINESS,
}
RELIED_ON = (
    "age", "gender", "region", "education", "occupation", "income_level", "marital_status", "children",
    "household_size", "family_life_cycle", "housing", "consumption_habit", "consumption_preference",
    "consumption_frequency", "consumption_amount", "purchase_channel", "purchase_time", "purchase_cycle",
    "payment_method", "shopping_mode", "brand_loyalty", "promotion_sensitivity", "price_sensitivity",
    "consumption_level", "shopping_frequency", "usage_habit", "usage_frequency", "usage_time", "satisfaction",
    "loyalty", "retention", "acquisition_channel", "lifecycle", "value", "contribution", "device_type", "os",
    "browser", "platform",
)  # fmt: skip


def _expected() -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    for class_, words in PUBLISHED.items():
        for word in words.split():
            name = word.rstrip("ABC")
            found[class_, name] = word[len(name) :]
    return found


def test_every_published_item_is_there_with_its_lists() -> None:
    have: dict[tuple[str, str], str] = {(i.class_, i.zh): "".join(i.lists) for i in load_catalogue().values()}
    expected = _expected()
    assert {key: have.get(key) for key in expected} == expected
    assert {key for key, lists in have.items() if lists} <= set(expected), "a list names an item it does not hold"


@pytest.mark.parametrize(
    ("name", "class_counts"),
    [
        ("A", {"demographic": 13, "consumption": 16, "psychographic": 14, "social": 10}),
        ("B", {"demographic": 9, "consumption": 14, "psychographic": 4, "social": 3, "relationship": 13}),
        ("C", {"demographic": 14, "consumption": 9, "psychographic": 10, "social": 6, "relationship": 4, "health": 4}),
    ],
)
def test_counts_per_list(name: str, class_counts: dict[str, int]) -> None:
    counts: dict[str, int] = {}
    for item in load_catalogue().values():
        if name in item.lists:
            counts[item.class_] = counts.get(item.class_, 0) + 1
    assert counts == class_counts
    assert sum(counts.values()) == {"A": 53, "B": 43, "C": 47}[name]


def test_codes_that_others_rely_on() -> None:
    assert [code for code in RELIED_ON if code not in load_catalogue()] == []


def test_titles_are_unique_within_a_class_and_classes_in_order() -> None:
    items = list(load_catalogue().values())
    assert len({(i.class_, i.zh) for i in items}) == len({(i.class_, i.en) for i in items}) == len(items)
    order = list(CLASS_TITLES)
    assert [order.index(i.class_) for i in items] == sorted(order.index(i.class_) for i in items)


def test_sensitive_items_are_off_by_default() -> None:
    items = load_catalogue().values()
    assert {i.code for i in items if i.class_ == "health"} <= {i.code for i in items if i.off_by_default}
    assert all(i.off_by_default == (i.sensitivity == "sensitive") for i in items)
    assert {"religion", "ethnicity", "belief"} <= {i.code for i in items if i.off_by_default}


def test_items_are_frozen() -> None:
    from pydantic import ValidationError

    with pytest.raises(ValidationError):
        load_catalogue()["age"].zh = "岁数"  # type: ignore[misc]


def test_docs_hold_the_catalogue() -> None:
    docs = Path(__file__).parents[2] / "docs" / "attributes.md"
    assert catalogue_markdown().strip() in docs.read_text("utf-8"), (
        "docs/attributes.md is out of date: put the text of huaxiang.app.catalogue.catalogue_markdown() in it"
    )
