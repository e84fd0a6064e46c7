"""Orders and their lines: who buys what, when and where; the shop's database."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from huaxiang.app.mumian import described as d
from huaxiang.app.mumian import dirt
from huaxiang.app.mumian.archetypes import ARCHETYPES, CHANNELS, PAYMENTS
from huaxiang.app.mumian.calendar import DAYS, FIRST, clock, draw_days, share_active
from huaxiang.app.mumian.departments import Company, chosen, rows_of, times
from huaxiang.app.mumian.goods import Goods
from huaxiang.app.mumian.lexicon import zipf
from huaxiang.app.mumian.population import Bools, Ints
from huaxiang.app.mumian.written import coded

Floats = npt.NDArray[np.float64]
STORES = ("人民广场店", "城西银泰店", "大学城店", "滨江店", "万寿路店", "中央大街店", "新街口店", "体育西店")
STATUS = ("已完成", "已取消", "已退款", "待发货")


@dataclass(frozen=True)
class Sales:
    """Orders (by time) and lines (by order). Records are row numbers of the person records, -1 for none."""

    person: Ints
    at: npt.NDArray[np.datetime64]
    channel: Ints
    payment: Ints
    status: Ints
    login: Ints
    member: Ints
    by_phone: Bools
    amount: Floats
    discount: Floats
    coupon: Floats
    line_order: Ints
    line_product: Ints
    line_quantity: Ints
    line_amount: Floats
    line_discount: Floats

    @property
    def order_id(self) -> pa.Array:
        """Order numbers, by order."""
        return coded("DD", 240_000_000 + np.arange(len(self.person)), 9)


def of_kind(field: str) -> npt.NDArray[np.float64]:
    """One figure of all archetypes."""
    return np.array([getattr(a, field) for a in ARCHETYPES], dtype=np.float64)


def pick_rows(weights: Floats, kind: Ints, rng: np.random.Generator) -> Ints:
    """Draw a column for each row by the weights of its kind: weights [kinds, columns]."""
    edges = np.cumsum(weights / weights.sum(axis=1, keepdims=True), axis=1)
    return np.asarray(np.minimum((rng.random(len(kind))[:, None] > edges[kind]).sum(axis=1), weights.shape[1] - 1))


def first_records(company: Company, slots: tuple[int, ...]) -> Ints:
    """Row number of each person's first record in one of the slots, or -1."""
    r = company.records
    found = np.full(company.people.size, -1)
    for slot in reversed(slots):
        rows = np.flatnonzero(r.slot == slot)
        found[r.person[rows]] = rows
    return found


def active_days(company: Company) -> tuple[Ints, Ints]:
    """First and last day (from FIRST, end excluded) on which each person may act."""
    r = company.records
    start = np.full(company.people.size, 10**9)
    np.minimum.at(start, r.person, r.at.astype("datetime64[D]").astype(int))
    origin = int(FIRST.astype(int))
    return np.maximum(start - origin, 0), np.clip(company.traits.quit_day - origin, 0, DAYS)


def make_sales(company: Company, goods: Goods) -> Sales:
    """Draw all orders of two years."""
    rng = company.rng("sales")
    people, traits = company.people, company.traits
    start, end = active_days(company)
    crm, shop = first_records(company, (d.CRM,)), first_records(company, (d.SHOP, d.SHOP_AGAIN))
    buys = (crm >= 0) | (shop >= 0)
    rate = (
        of_kind("orders_a_year")[people.archetype]
        * traits.activity
        * 2
        * share_active(people.archetype, start, end)
        * buys
    )
    person = np.repeat(np.arange(people.size), rng.poisson(rate))
    kind = people.archetype[person]
    day = draw_days(kind, start[person], end[person], rng)
    second = clock(kind, rng)
    order = np.lexsort((person, second, day))
    person, kind, day, second = person[order], kind[order], day[order], second[order]
    at = (FIRST + day).astype("datetime64[s]") + second.astype("timedelta64[s]")
    channel = pick_rows(np.array([a.channels for a in ARCHETYPES]), kind, rng)
    channel = np.where(shop[person] < 0, np.where(rng.random(len(person)) < 0.9, 0, 4), channel)
    login, member, by_phone = _who(company, person, channel, rng)
    lines = _lines(goods, kind, day, rng)
    amount = np.bincount(lines[0], lines[3], len(person))
    discount = np.bincount(lines[0], lines[4], len(person))
    coupon = np.where(
        (rng.random(len(person)) < 0.35 * of_kind("discount")[kind]) & (amount > 80),
        rng.choice([5, 10, 20, 30], len(person)),
        0,
    )
    draw = rng.random(len(person))
    status = np.select([draw < 0.03, draw < 0.07, day >= DAYS - 3], [1, 2, 3], 0)
    return Sales(
        person,
        at,
        channel,
        pick_rows(np.array([a.payments for a in ARCHETYPES]), kind, rng),
        status,
        login,
        member,
        by_phone,
        np.round(amount - coupon, 2),
        np.round(discount, 2),
        coupon.astype(np.float64),
        *lines,
    )


def _who(company: Company, person: Ints, channel: Ints, rng: np.random.Generator) -> tuple[Ints, Ints, Bools]:
    """By what the shop knows the buyer: a login, a member card, a phone number, or nothing (till sales for cash)."""
    shop, again = first_records(company, (d.SHOP,)), first_records(company, (d.SHOP_AGAIN,))
    crm = first_records(company, (d.CRM,))
    draw = rng.random(len(person))
    use_again = (again[person] >= 0) & (draw < 0.3)
    login = np.where((channel > 0) & (shop[person] >= 0), np.where(use_again, again[person], shop[person]), -1)
    carded = (crm[person] >= 0) & ((channel == 0) & (draw < 0.86) | (login < 0) & (draw < 0.93))
    member = np.where(carded, crm[person], -1)
    own = company.people.owner[person] == person
    by_phone = (login < 0) & (member < 0) & own & (rng.random(len(person)) < 0.7)
    member = np.where((login < 0) & (member < 0) & ~own, crm[person], member)
    return login, member, by_phone


def _lines(goods: Goods, kind: Ints, day: Ints, rng: np.random.Generator) -> tuple[Ints, Ints, Ints, Floats, Floats]:
    """Order, product, quantity, amount paid and discount of each line."""
    count = 1 + rng.poisson(np.maximum(of_kind("basket")[kind] - 1, 0.1))
    order = np.repeat(np.arange(len(kind)), count)
    own = kind[order]
    category = pick_rows(np.array([a.categories for a in ARCHETYPES]), own, rng)
    rank = rng.choice(goods.count, (2, len(order)), p=zipf(goods.count, 0.9))
    product = goods.start[category] + rank
    middle = np.array([np.median(goods.price[s : s + goods.count]) for s in goods.start])[category]
    wanted = np.log(middle * of_kind("price")[own])
    far = np.abs(np.log(goods.price[product]) - wanted)
    product = np.where(far[0] <= far[1], product[0], product[1])
    quantity = 1 + (rng.random(len(order)) < 0.18) + (rng.random(len(order)) < 0.04) * rng.integers(1, 5, len(order))
    month = (FIRST + day[order]).astype("datetime64[M]").astype(int) % 12 + 1
    number = ((FIRST + day[order]) - (FIRST + day[order]).astype("datetime64[M]")).astype(int) + 1
    sale = ((month == 6) & (number <= 20)) | ((month == 11) & (number <= 11))
    off = np.where(
        rng.random(len(order)) < np.maximum(of_kind("discount")[own] * 0.75, sale * 0.85),
        rng.choice([0.05, 0.1, 0.15, 0.2, 0.3, 0.4], len(order)),
        0,
    )
    full = goods.price[product] * quantity
    return order, product, quantity, np.round(full * (1 - off), 2), np.round(full * off, 2)


def write_sales(company: Company, goods: Goods, sales: Sales, db: sqlite3.Connection) -> None:
    """Tables `orders` and `order_lines`."""
    rng, r = company.rng("orders"), company.records
    person = sales.person
    nothing = sales.login < 0
    phone = pc.cast(
        pa.array(company.people.phone[person], mask=~(sales.by_phone | (~nothing & (rng.random(len(person)) < 0.15)))),
        pa.string(),
    )
    address = pc.if_else(
        pa.array(nothing), pa.scalar(None, pa.string()), r.street.take(pa.array(np.maximum(sales.login, 0)))
    )
    name = pc.if_else(
        pa.array(nothing), pa.scalar(None, pa.string()), r.name.take(pa.array(np.maximum(sales.login, 0)))
    )
    columns = (
        sales.order_id,
        r.user_id.take(pa.array(sales.login, mask=nothing)),
        r.member_no.take(pa.array(sales.member, mask=sales.member < 0)),
        dirt.dirty_phones(phone, rng),
        name,
        address,
        times(pa.array(sales.at)),
        chosen(CHANNELS, sales.channel),
        pc.if_else(
            pa.array(sales.channel == 0),
            chosen(STORES, (company.people.city[person] * 7 + person % 3) % len(STORES)),
            pa.scalar(None, pa.string()),
        ),
        chosen(STATUS, sales.status),
        chosen(PAYMENTS, sales.payment),
        pa.array(sales.amount),
        pa.array(sales.discount),
        pa.array(sales.coupon),
        pa.array(np.where((sales.channel > 0) & (sales.amount < 99), 8.0, 0.0)),
    )
    db.execute(
        "create table orders (order_id text primary key, user_id text, member_no text, buyer_phone text, receiver_name text, "
        "receiver_address text, ordered_at text, channel text, store text, status text, payment text, paid real, discount real, "
        "coupon real, freight real)"
    )
    db.executemany("insert into orders values (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)", rows_of(columns))
    _write_lines(goods, sales, db)


def _write_lines(goods: Goods, sales: Sales, db: sqlite3.Connection) -> None:
    line, product = sales.line_order, pa.array(sales.line_product)
    cost = np.round(goods.cost[sales.line_product] * sales.line_quantity, 2)
    db.execute(
        "create table order_lines (order_id text, line integer, product_id text, product text, quantity integer, amount real, "
        "discount real, cost real, primary key (order_id, line))"
    )
    number = np.arange(len(line)) - np.searchsorted(line, line)
    lines = (
        sales.order_id.take(pa.array(line)),
        pa.array(number + 1),
        goods.product_id.take(product),
        goods.name.take(product),
        pa.array(sales.line_quantity),
        pa.array(sales.line_amount),
        pa.array(sales.line_discount),
        pa.array(cost),
    )
    db.executemany("insert into order_lines values (?,?,?,?,?,?,?,?)", rows_of(lines))


def spend_of(company: Company, sales: Sales) -> Floats:
    """What each person really paid in two years, without what was cancelled or refunded."""
    kept = (sales.status == 0) | (sales.status == 3)
    return np.asarray(np.bincount(sales.person[kept], sales.amount[kept], company.people.size), dtype=np.float64)
