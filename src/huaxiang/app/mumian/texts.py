"""Tickets, complaints, reviews and social interactions: who wrote what, and the truth about it."""

from __future__ import annotations

from pathlib import Path
from random import Random

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from huaxiang.app.mumian import described as d
from huaxiang.app.mumian import grammar
from huaxiang.app.mumian.archetypes import ARCHETYPES
from huaxiang.app.mumian.calendar import clock
from huaxiang.app.mumian.departments import APP_ID, Company, write_csv
from huaxiang.app.mumian.events_more import TOPICS
from huaxiang.app.mumian.goods import Goods
from huaxiang.app.mumian.population import TODAY, Ints
from huaxiang.app.mumian.sales import Sales, active_days, first_records, of_kind, pick_rows
from huaxiang.app.mumian.truth import person_ids

Row = tuple[object, ...]
CHANNELS = ("热线", "在线客服", "App", "门店", "微信")
HANDLED = ("已解决", "处理中", "已关闭", "转交门店")


def mood_of(company: Company, person: Ints, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """What the writer feels, from -1 to 1: by satisfaction, worse among those who left, with noise."""
    satisfied = company.traits.attitudes[person, 6]
    return np.asarray(
        np.clip(
            (satisfied - 3.25) / 1.1 - 0.7 * company.traits.churned[person] + rng.normal(0, 0.62, len(person)), -1, 1
        )
    )


def write_reviews(company: Company, goods: Goods, sales: Sales, folder: Path) -> list[Row]:
    """`reviews.csv`: reviews of order lines by those who sign in; returns rows of the truth about texts."""
    rng, random = company.rng("reviews"), Random(company.seed * 31 + 5)
    order = sales.line_order
    chance = of_kind("reviews")[company.people.archetype[sales.person[order]]] * 0.22
    lines = np.flatnonzero((sales.login[order] >= 0) & (sales.status[order] == 0) & (rng.random(len(order)) < chance))
    person = sales.person[order[lines]]
    mood = mood_of(company, person, rng)
    users = company.records.user_id.to_pylist()
    products, names = goods.product_id.to_pylist(), goods.name.to_pylist()
    when = sales.at[order[lines]] + rng.integers(3 * 86_400, 25 * 86_400, len(lines)).astype("timedelta64[s]")
    last = TODAY.astype("datetime64[s]") + np.timedelta64(23 * 3600, "s")
    rows: list[Row] = []
    truth: list[Row] = []
    for n, line in enumerate(lines.tolist()):
        product = int(sales.line_product[line])
        made = grammar.write_review(random, int(goods.category[product]), float(mood[n]))
        stars = int(np.clip(np.rint(3.1 + 2.1 * mood[n] + rng.normal(0, 0.55)), 1, 5))
        stars = (
            stars if made.sentiment == "neutral" else max(stars, 3) if made.sentiment == "positive" else min(stars, 4)
        )
        number = f"R{n + 1:07d}"
        at = str(min(when[n], last)).replace("T", " ")
        rows.append(
            (
                number,
                users[int(sales.login[order[line]])],
                products[product],
                names[product],
                stars,
                made.text,
                at,
                "有" if random.random() < 0.2 else "无",
            )
        )
        truth.append(("reviews", number, made.sentiment, made.topic))
    write_csv(
        folder / "reviews.csv",
        ("评价编号", "用户ID", "商品编号", "商品名称", "评分", "评价内容", "评价时间", "晒图"),
        rows,
        "utf-8-sig",
    )
    return truth


def write_tickets(company: Company, folder: Path) -> tuple[list[Row], pa.Table]:
    """`tickets.csv`: questions and complaints; returns the truth about texts, and whose each ticket is."""
    rng, random, r = company.rng("tickets"), Random(company.seed * 31 + 7), company.records
    people, traits = company.people, company.traits
    crm, shop = first_records(company, (d.CRM,)), first_records(company, (d.SHOP, d.SHOP_AGAIN))
    rate = of_kind("tickets")[people.archetype] * traits.activity * (1 + traits.churned)
    person = rng.permutation(
        np.repeat(np.arange(people.size), np.where((crm >= 0) | (shop >= 0), rng.poisson(rate), 0))
    )
    kind = people.archetype[person]
    angry = rng.random(len(person)) < np.clip(0.5 - 0.33 * mood_of(company, person, rng), 0.08, 0.95)
    category = pick_rows(np.array([a.categories for a in ARCHETYPES]), kind, rng)
    days, seconds = _when(company, person, rng), clock(kind, rng)
    order = np.lexsort((person, seconds, days))
    members, users, phones = r.member_no.to_pylist(), r.user_id.to_pylist(), people.phone.tolist()
    own = (people.owner == np.arange(people.size)).tolist()
    rows: list[Row] = []
    truth: list[Row] = []
    for n, at in enumerate(order.tolist()):
        who = int(person[at])
        made = grammar.write_ticket(random, int(category[at]), bool(angry[at]))
        number = f"T{n + 1:06d}"
        member = members[crm[who]] if crm[who] >= 0 and random.random() < 0.6 else None
        user = users[shop[who]] if shop[who] >= 0 and (member is None or random.random() < 0.3) else None
        phone = phones[who] if own[who] and random.random() < 0.5 else None
        if member is None and user is None and phone is None:
            member = members[crm[who]] if crm[who] >= 0 else None
        moment = str(days[at].astype("datetime64[s]") + np.timedelta64(int(seconds[at]), "s")).replace("T", " ")
        minutes = int(rng.integers(2, 4000)) if angry[at] else int(rng.integers(1, 600))
        rows.append(
            (
                number,
                member,
                user,
                phone,
                CHANNELS[int(rng.integers(0, 5))],
                "投诉" if angry[at] else "咨询",
                made.text,
                moment,
                HANDLED[min(int(rng.integers(0, 7)), 3) if angry[at] else 0],
                minutes,
                int(rng.integers(1, 4)) if angry[at] else int(rng.integers(3, 6)),
            )
        )
        truth.append(("tickets", number, made.sentiment, made.topic))
    header = (
        "工单号",
        "会员号",
        "用户ID",
        "来电号码",
        "渠道",
        "类型",
        "描述",
        "创建时间",
        "状态",
        "处理时长(分钟)",
        "服务评分",
    )
    write_csv(folder / "tickets.csv", header, rows, "gb18030")
    keyed = [n for n, row in enumerate(rows) if row[1] or row[2] or row[3]]
    whose = pa.table({
        "source": pa.array(["tickets"] * len(keyed)), "field": pa.array(["ticket_id"] * len(keyed)),
        "value": pa.array([str(rows[n][0]) for n in keyed], pa.string()), "person_id": person_ids(person[order][keyed]),
    })  # fmt: skip
    return truth, whose


def _when(company: Company, person: Ints, rng: np.random.Generator) -> npt.NDArray[np.datetime64]:
    """Days within two years, in the time when the person was a customer."""
    start, end = active_days(company)
    share = rng.random(len(person))
    number = start[person] + share * np.maximum(end[person] - start[person], 1)
    return np.asarray(np.datetime64("2024-11-01", "D") + np.clip(number, 0, 728).astype(np.int64))


PLATFORMS = ("微信社群", "小红书", "微博", "抖音", "视频号")
ACTIONS = ("点赞", "评论", "转发", "晒单", "收藏", "邀请好友", "参加活动")


def write_social(company: Company, folder: Path) -> None:
    """`social_interactions.csv`: what followers did on social media with the brand's accounts, by UnionID."""
    rng, people = company.rng("social"), company.people
    follower = first_records(company, (d.FOLLOWER,))
    rate = np.where(follower >= 0, of_kind("social")[people.archetype] * company.traits.activity * 7, 0)
    person = np.repeat(np.arange(people.size), rng.poisson(rate))
    person = rng.permutation(person)
    kind = people.archetype[person]
    days, seconds = _when(company, person, rng), clock(kind, rng)
    order = np.lexsort((person, seconds, days))
    action = rng.choice(len(ACTIONS), len(person), p=[0.42, 0.17, 0.1, 0.06, 0.13, 0.05, 0.07])
    favoured = np.array(
        [[len(TOPICS) - abs(t - (3 * k) % len(TOPICS)) for t in range(len(TOPICS))] for k in range(len(ARCHETYPES))],
        dtype=np.float64,
    )
    topic = pick_rows(favoured**2, kind, rng)
    platform = rng.choice(len(PLATFORMS), len(person), p=[0.38, 0.26, 0.12, 0.14, 0.1])
    reached = np.where(
        action == 5, rng.poisson(0.9, len(person)), np.where(action >= 2, rng.geometric(0.05, len(person)), 0)
    )
    unions, apps = company.records.unionid.to_pylist(), company.records.openid.to_pylist()
    rows = (
        (
            f"S{n + 1:07d}",
            unions[follower[person[at]]],
            APP_ID,
            apps[follower[person[at]]],
            PLATFORMS[platform[at]],
            ACTIONS[action[at]],
            TOPICS[topic[at]],
            str(days[at].astype("datetime64[s]") + np.timedelta64(int(seconds[at]), "s")).replace("T", " "),
            int(reached[at]),
        )
        for n, at in enumerate(order.tolist())
    )
    write_csv(
        folder / "social_interactions.csv",
        ("互动编号", "UnionID", "AppID", "OpenID", "平台", "互动类型", "话题", "时间", "带来人数"),
        rows,
    )
