"""A small shop with real files, for tests of audiences that need builds: 60 members, their orders and visits, some phones shared."""

from __future__ import annotations

import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from huaxiang.app.audience import show_audience
from huaxiang.app.build import build
from huaxiang.app.wiring import open_snapshot
from huaxiang.store.lists import save_list
from huaxiang.store.snapshots import Snapshot

AUDIENCES = """\
# 运营的人群
audiences:
  - {name: big, title: {zh: 大客户, en: Big}, owner: ops, when: spend > 300}  # 大
  - name: women
    # 会员日用
    when: gender = 'female'
  - {name: big_women, when: in_audience('big') and in_audience('women')}
  - {name: recent, when: "did('orders', days => 60)"}
"""
FILES = {
    "huaxiang.yaml": "name: shop\nas_of: 2026-06-30\n",
    "identity/keys.yaml": """\
identity:
  - {name: member_no, field: customer_key, priority: 1}
  - {name: phone, field: phone, priority: 2, role: contact, personal: true}
""",
    "sources/shop.yaml": """\
sources:
  - name: members
    purpose: service
    legal_basis: contract
    entity: person
    files: data/members.csv
    columns: {customer_key: id, phone: phone, gender: sex, city: city, birth_date: born, hobbies: {type: list}}
  - name: orders
    purpose: service
    legal_basis: contract
    entity: order
    files: data/orders.csv
    columns: {customer_key: id, order_id: no, ordered_at: at, amount: amount, channel: channel}
  - name: visits
    purpose: service
    legal_basis: contract
    entity: event
    files: data/visits.csv
    columns: {customer_key: id, occurred_at: at, page: {type: text}}
""",
    "attributes/people.yaml": """\
attributes:
  - {name: gender, source: members, value: gender}
  - {name: city, source: members, value: city}
  - {name: birth_date, source: members, value: birth_date}
  - {name: phone, source: members, value: phone}
  - {name: hobbies, source: members, value: hobbies}
""",
    "tags/value.yaml": """\
tags:
  - {name: spend, kind: statistic, source: orders, measure: sum, of: amount}
  - {name: orders_count, kind: statistic, source: orders, measure: count}
  - {name: mean_amount, kind: statistic, source: orders, measure: mean, of: amount}
  - {name: good, kind: rule, when: spend > 200}
""",
    "audiences/all.yaml": AUDIENCES,
}
MEMBERS = 60


def write_shop(folder: Path, **changed: str) -> Path:
    """Write the shop; `changed`: file → text, slashes as `__` and without `.yaml`."""
    texts = FILES | {f"{name.replace('__', '/')}.yaml": text for name, text in changed.items()}
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    write_data(folder, MEMBERS)
    return folder


def write_data(folder: Path, members: int, first: int = 0) -> None:
    """The files of the members `first` … `members` - 1; a member's rows are the same however many there are."""
    lines = {
        "members": ["id,phone,sex,city,born,hobbies"],
        "orders": ["id,no,at,amount,channel"],
        "visits": ["id,at,page"],
    }
    for n in range(first, members):
        rng = random.Random(n)
        some = lambda values: rng.choice([*values, ""])  # noqa: B023, E731
        hobbies = "|".join(rng.sample(["tea", "wine", "茶", "ski"], rng.randrange(4)))
        born = date(1960 + rng.randrange(45), 1 + rng.randrange(12), 1 + rng.randrange(28))
        lines["members"].append(
            f"M{n:03},{phone(n)},{some(['男', '女'])},{some(['上海', '北京', '广州'])},{born},{hobbies}"
        )
        for k in range(rng.randrange(6)):
            day = date(2026, 6, 30) - timedelta(days=rng.randrange(300))
            lines["orders"].append(
                f"M{n:03},{n}-{k},{day} {rng.randrange(24):02}:15,{rng.randrange(1, 20000) / 100},{some(['app', 'shop'])}"
            )
            if rng.random() < 0.6:
                lines["visits"].append(
                    f"M{n:03},{day - timedelta(days=rng.randrange(12))} 08:00,{some(['home', 'sale'])}"
                )
    (folder / "data").mkdir(exist_ok=True)
    for name, rows in lines.items():
        (folder / "data" / f"{name}.csv").write_text("\n".join(rows) + "\n", "utf-8")


def phone(number: int) -> str:
    """A member's phone."""
    return f"138{number:08}"


def rebuilt(folder: Path) -> Snapshot:
    """Build and open what was published."""
    build(folder)
    return open_snapshot(folder)


def build_shop(folder: Path) -> Path:
    """The shop with an uploaded list, built."""
    write_shop(folder)
    save_list(folder, "chosen", pa.array(["M003", "M005", "M007", "M011"]), {})
    build(folder)
    return folder


def write(shop: Path, text: str, file: str = "audiences/more.yaml") -> None:
    (shop / file).write_text(text, "utf-8")


def entry(snapshot: Snapshot, name: str) -> dict[str, Any]:
    return show_audience(snapshot, name)
