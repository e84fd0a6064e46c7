"""What people are like besides their names: schooling, work, income, family, and the attitudes behind their answers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from huaxiang.app.mumian.archetypes import ARCHETYPES
from huaxiang.app.mumian.population import CHILD, SPOUSE, TODAY, Bools, Ints, People

EDUCATION = ("小学及以下", "初中", "高中/中专", "大专", "本科", "硕士", "博士")
JOBS = (
    "企业职员",
    "公务员",
    "教师",
    "医护人员",
    "个体经营",
    "工程师",
    "销售",
    "自由职业",
    "学生",
    "退休",
    "工人",
    "管理人员",
    "设计师",
    "服务业",
)
SOURCES_1 = {
    "线下": ("门店", "商场活动", "地推"),
    "线上广告": ("抖音", "小红书", "朋友圈广告", "搜索"),
    "社交裂变": ("好友推荐", "社群", "老带新"),
    "自然流量": ("应用商店", "官网", "小程序搜索"),
}
DETAILS = ("春季上新", "会员日", "618", "双11", "周年庆", "日常投放", "开业礼")
LEVELS = ("普卡", "银卡", "金卡", "黑卡")


@dataclass(frozen=True)
class Traits:
    """One value a person. `attitudes` is [people, 8] on 1–5 in the order of `Archetype.attitude`, with personal noise."""

    education: Ints
    married: Bools
    ever_married: Bools
    children: Ints
    family: Ints
    job: Ints
    income: npt.NDArray[np.float64]
    owns_home: Ints
    owns_car: Bools
    level: Ints
    source: pa.Table
    attitudes: npt.NDArray[np.float64]
    activity: npt.NDArray[np.float64]
    churned: Bools
    quit_day: Ints


def make_traits(people: People, rng: np.random.Generator) -> Traits:
    """Draw the traits of all people; they hang together with age, household and archetype, loosely."""
    size, age = people.size, (TODAY - people.birth).astype(int) / 365.2425
    kinds = people.archetype

    def of(field: str) -> npt.NDArray[np.float64]:
        return np.array([getattr(a, field) for a in ARCHETYPES])[kinds]

    income = np.exp(rng.normal(9.0, 0.42, size)) * of("income") * np.where(age > 60, 0.7, np.where(age < 24, 0.55, 1.0))
    schooling = 2.2 + 1.6 * np.log(of("income") + 0.3) + np.clip((50 - age) / 16, -1.6, 1.2) + rng.normal(0, 0.9, size)
    couple = people.role == SPOUSE
    couple[:-1] |= (people.role[1:] == SPOUSE) & (people.household[1:] == people.household[:-1])
    married = couple | (rng.random(size) < np.interp(age, [21, 26, 31, 40, 70], [0.0, 0.22, 0.62, 0.78, 0.70]))
    ever = married | (rng.random(size) < np.interp(age, [25, 40, 75], [0.0, 0.45, 0.9]))
    in_house = np.bincount(people.household[people.role == CHILD], minlength=int(people.household[-1]) + 1)[
        people.household
    ]
    children = np.where(
        ever & (age > 24),
        np.maximum(
            rng.poisson(np.interp(age, [25, 33, 45], [0.3, 0.9, 1.3])), np.where(people.role < CHILD, in_house, 0)
        ),
        0,
    )
    attitudes = np.array([a.attitude for a in ARCHETYPES])[kinds] + rng.normal(0, 0.62, (size, 8))
    churned = rng.random(size) < of("churn")
    quit_day = np.where(
        churned, int(TODAY.astype(int)) - 120 - 500 * rng.beta(1.0, 1.2, size), int(TODAY.astype(int)) + 1
    )
    activity = rng.lognormal(-0.32, 0.8, size)
    value = activity * of("orders_a_year") * of("basket") * of("price")
    level = np.searchsorted(np.quantile(value, [0.62, 0.87, 0.97]), value)
    return Traits(
        np.clip(np.rint(schooling), 0, 6).astype(np.int64),
        married,
        ever,
        np.minimum(children, 4),
        np.clip(1 + married + np.minimum(children, 2) + (rng.random(size) < 0.2), 1, 6),
        _jobs(age, rng, of("income")),
        income,
        np.select([age < 25, income > 14_000], [rng.integers(0, 2, size), 2], rng.integers(1, 4, size)),
        rng.random(size) < np.clip((income - 4000) / 18_000, 0.05, 0.85),
        level,
        _sources(people, of("online"), rng),
        attitudes,
        activity,
        churned,
        quit_day.astype(np.int64),
    )


def _jobs(age: npt.NDArray[np.float64], rng: np.random.Generator, income: npt.NDArray[np.float64]) -> Ints:
    drawn = rng.integers(0, len(JOBS), len(age))
    drawn = np.where((drawn == 8) | (drawn == 9), 0, drawn)
    drawn = np.where((income > 1.8) & (rng.random(len(age)) < 0.55), rng.choice([5, 11, 12], len(age)), drawn)
    drawn = np.where((age < 23) & (rng.random(len(age)) < 0.85), 8, drawn)
    return np.where((age > 60) | ((age > 56) & (rng.random(len(age)) < 0.6)), 9, drawn)


def _sources(people: People, online: npt.NDArray[np.float64], rng: np.random.Generator) -> pa.Table:
    """Where the person came from, in three levels."""
    draw = rng.random(people.size)
    first = np.where(draw > online * 0.85, 0, np.where(draw < online * 0.4, 1, np.where(draw < online * 0.62, 2, 3)))
    second = np.array([list(v)[:3] for v in SOURCES_1.values()])
    pick = rng.integers(0, 3, people.size)
    third = rng.integers(0, len(DETAILS), people.size)
    return pa.table(
        {
            "source_1": pc.take(pa.array(list(SOURCES_1)), pa.array(first)),
            "source_2": pc.take(pa.array(second.ravel()), pa.array(first * 3 + pick)),
            "source_3": pc.take(pa.array(DETAILS), pa.array(third)),
        }
    )
