"""The business side: companies that buy for offices, hotels and staff, and the people who decide in them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from huaxiang.app.mumian import described as d
from huaxiang.app.mumian.lexicon import places
from huaxiang.app.mumian.population import Ints, People
from huaxiang.app.mumian.written import Records, coded

INDUSTRIES = ("酒店民宿", "互联网", "制造业", "教育培训", "医疗健康", "金融", "房地产物业", "餐饮", "零售", "政府机关")
_WORDS_A = (
    "云岭",
    "禾木",
    "青屿",
    "鹿鸣",
    "松果",
    "望川",
    "拾光",
    "北辰",
    "南山",
    "明德",
    "远图",
    "知行",
    "长风",
    "落英",
    "锦程",
    "朗月",
    "晴川",
    "星野",
    "木石",
    "百川",
)
_WORDS_B = (
    "酒店管理",
    "网络科技",
    "精密制造",
    "教育咨询",
    "医疗科技",
    "资产管理",
    "物业服务",
    "餐饮管理",
    "商贸",
    "后勤服务",
)
FUNCTIONS = ("行政", "采购", "人力资源", "运营", "财务", "总经办")
POSITIONS = ("专员", "主管", "经理", "总监", "副总经理", "总经理")
ROLES = ("发起者", "使用者", "影响者", "决策者", "采购者")
PROBLEMS = (
    "员工福利成本高",
    "供货周期不稳定",
    "布草更换频繁",
    "开票对账麻烦",
    "缺少统一采购平台",
    "礼品同质化",
    "环保认证要求",
    "分店标准不统一",
    "预算审批慢",
    "售后响应慢",
)
NEEDS = ("定制礼盒", "月结账期", "专属客服", "样品试用", "统一配送", "批量折扣", "电子发票", "环保材质")


@dataclass(frozen=True)
class Business:
    """`accounts` as a table with Chinese column names; the rest are values of the contact records, in their order."""

    accounts: pa.Table
    account_of_contact: pa.Array
    company: pa.Array
    work_email: pa.Array
    department: pa.Array
    position: pa.Array
    decision_role: pa.Array
    problem: pa.Array
    past_use: pa.Array
    remark: pa.Array


def make_business(people: People, records: Records, rng: np.random.Generator) -> Business:
    """Draw companies and give each contact record a place in one, in the contact's city where there is one."""
    own = np.flatnonzero(records.slot == d.CONTACT)
    count = max(3, len(own) * 5 // 9)
    city = np.sort(rng.choice(len(places().cities), count, p=places().city_weight))
    accounts = _accounts(city, rng)
    wanted = people.city[records.person[own]]
    low, high = np.searchsorted(city, wanted, "left"), np.searchsorted(city, wanted, "right")
    account = np.where(
        high > low,
        low + (rng.random(len(own)) ** 1.4 * np.maximum(high - low, 1)).astype(np.int64),
        rng.integers(0, count, len(own)),
    )
    rank = np.clip(np.rint(rng.normal(1.8, 1.3, len(own))), 0, 5).astype(np.int64)
    role = np.where(rank >= 4, 3, np.where(rank == 3, rng.choice([2, 3], len(own)), rng.choice([0, 1, 2, 4], len(own))))
    function = rng.integers(0, len(FUNCTIONS), len(own))
    first, second = rng.integers(0, len(PROBLEMS), (2, len(own)))
    problems = pc.binary_join_element_wise(_words(PROBLEMS, first), _words(PROBLEMS, second), "；")
    domain = coded("co", account, 4)
    mail = pc.binary_join_element_wise(coded("c", own * 31 % 999_983, 6), domain, "@")
    mail = pc.binary_join_element_wise(mail, pa.scalar("example"), ".")
    mail = pc.if_else(pa.array(rng.random(len(own)) < 0.5), mail, pa.scalar(None, pa.string()))
    return Business(
        accounts,
        pc.take(accounts["企业编号"], pa.array(account)).combine_chunks(),
        pc.take(accounts["企业名称"], pa.array(account)).combine_chunks(),
        mail,
        _words(FUNCTIONS, function),
        _words(POSITIONS, rank),
        _words(ROLES, role),
        pc.if_else(pa.array(first == second), _words(PROBLEMS, first), problems),
        _words(("首次接触", "试用过样品", "小批量采购", "长期合作", "曾合作后中断"), rng.integers(0, 5, len(own))),
        _words(
            ("重视效率", "关注价格", "喜欢喝茶", "常驻外地", "沟通直接", "谨慎，需多轮确认", "看重品牌", ""),
            rng.integers(0, 8, len(own)),
        ),
    )


def _words(words: tuple[str, ...], codes: Ints) -> pa.Array:
    return pc.take(pa.array(words), pa.array(codes))


def _accounts(city: Ints, rng: np.random.Generator) -> pa.Table:
    count, known = len(city), places()
    industry = rng.integers(0, len(INDUSTRIES), count)
    size = rng.choice(5, count, p=[0.3, 0.3, 0.22, 0.12, 0.06])
    revenue = np.round(np.exp(rng.normal(5.5, 0.7, count) + size * 1.1)) * 10_000
    kind = rng.choice(4, count, p=[0.62, 0.16, 0.12, 0.10])
    short = pc.replace_substring_regex(pc.take(known.cities, pa.array(city)), "市$", "")
    name = pc.binary_join_element_wise(
        short,
        _words(_WORDS_A, rng.integers(0, len(_WORDS_A), count)),
        _words(_WORDS_B, np.minimum(industry, len(_WORDS_B) - 1)),
        pa.array(np.where(rng.random(count) < 0.7, "有限公司", "股份有限公司")),
        "",
    )
    first, second = rng.integers(0, len(NEEDS), (2, count))
    needs = pc.binary_join_element_wise(_words(NEEDS, first), _words(NEEDS, second), "；")
    return pa.table(
        {
            "企业编号": coded("E", 10_000 + np.arange(count), 5),
            "企业名称": name,
            "所属行业": _words(INDUSTRIES, industry),
            "企业性质": _words(("民营", "国有", "外资", "合资"), kind),
            "人员规模": _words(("1-20人", "21-100人", "101-500人", "501-2000人", "2000人以上"), size),
            "年营收": pa.array(revenue.astype(np.int64)),
            "省份": pc.take(known.provinces, pa.array(city)),
            "城市": pc.take(known.cities, pa.array(city)),
            "发展阶段": _words(("初创", "成长", "成熟", "转型"), rng.choice(4, count, p=[0.2, 0.42, 0.28, 0.1])),
            "企业文化": _words(
                ("务实节俭", "人本关怀", "创新开放", "狼性进取", "规范严谨", ""), rng.integers(0, 6, count)
            ),
            "主要需求": pc.if_else(pa.array(first == second), _words(NEEDS, first), needs),
            "更新时间": pa.array(
                [
                    f"2026-{m:02d}-{day:02d}"
                    for m, day in zip(rng.integers(1, 11, count), rng.integers(1, 29, count), strict=True)
                ]
            ),
        }
    )
