"""Synthetic example data of the retail template: 60 invented members of a shop and what they bought in 2025.

Nothing here is drawn from real people: three made-up kinds of customers and a seeded generator. Equal on every machine.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

MEMBERS = 60
SEED = 20250101
LAST_DAY = datetime(2025, 12, 31)

_CITIES = (("上海市", "上海市"), ("浙江省", "杭州市"), ("江苏省", "南京市"), ("广东省", "深圳市"), ("四川省", "成都市"))
_PRODUCTS: dict[str, tuple[tuple[str, str, float], ...]] = {
    "零食": (("坚果礼盒", "小山", 49.0), ("薯片", "脆脆", 9.9), ("巧克力", "可可屋", 29.0)),
    "饮料": (("气泡水", "清泉", 6.5), ("咖啡液", "晨光", 39.0), ("果汁", "清泉", 12.0)),
    "粮油": (("大米 5kg", "田园", 45.0), ("花生油", "田园", 89.0), ("面粉", "田园", 22.0)),
    "母婴": (("纸尿裤", "小象", 129.0), ("婴儿湿巾", "小象", 25.0), ("奶粉", "优优", 268.0)),
    "生鲜": (("牛排", "牧场", 98.0), ("三文鱼", "海之味", 88.0), ("车厘子", "果园", 79.0)),
    "美妆": (("面膜", "花语", 69.0), ("防晒霜", "花语", 99.0), ("洁面乳", "清清", 45.0)),
    "家清": (("洗衣液", "净净", 39.0), ("抽纸", "净净", 25.0), ("垃圾袋", "家家", 12.0)),
}


@dataclass(frozen=True)
class _Kind:
    """One made-up kind of customer; chances are 0…1, `gap` is the mean days between orders."""

    born: tuple[int, int]
    women: float
    categories: tuple[str, ...]
    lines: tuple[int, int]
    gap: int
    channels: tuple[str, ...]
    hours: tuple[int, ...]
    weekend: float
    discounted: float
    payments: tuple[str, ...]
    device: tuple[str, str, str, str]


_KINDS = (
    _Kind((1996, 2004), 0.6, ("零食", "饮料", "美妆"), (1, 3), 16, ("App", "小程序"), (20, 21, 22, 23), 0.3, 0.8,
          ("支付宝", "微信支付"), ("手机", "Android", "App 内置", "无线端")),
    _Kind((1984, 1994), 0.7, ("粮油", "母婴", "家清", "生鲜"), (4, 7), 12, ("门店", "小程序"), (10, 11, 16, 17), 0.75, 0.4,
          ("微信支付", "银行卡"), ("手机", "iOS", "微信", "无线端")),
    _Kind((1968, 1985), 0.4, ("生鲜", "饮料", "家清"), (2, 4), 24, ("门店", "官网"), (9, 14, 18, 19), 0.3, 0.1,
          ("银行卡", "微信支付"), ("电脑", "Windows", "Edge", "PC端")),
)  # fmt: skip

_MEMBER_COLUMNS = ("会员号", "手机号", "性别", "生日", "省份", "城市", "学历", "会员等级", "注册时间", "注册渠道")
_ORDER_COLUMNS = (
    "订单号",
    "会员号",
    "手机号",
    "下单时间",
    "渠道",
    "门店",
    "支付方式",
    "订单状态",
    "实付金额",
    "优惠金额",
)
_LINE_COLUMNS = (
    "订单号",
    "会员号",
    "手机号",
    "下单时间",
    "订单状态",
    "商品",
    "品类",
    "品牌",
    "数量",
    "实付金额",
    "优惠金额",
)
_VISIT_COLUMNS = ("会员号", "时间", "事件", "设备", "系统", "浏览器", "平台")
_Row = tuple[object, ...]


def write_example_data(folder: Path) -> None:
    """Write members.csv (GB18030, as Excel in China saves it), orders.csv, order_lines.csv and visits.csv (UTF-8)."""
    random = Random(SEED)
    members: list[_Row] = []
    orders: list[_Row] = []
    lines: list[_Row] = []
    visits: list[_Row] = []
    for number in range(1, MEMBERS + 1):
        kind = _KINDS[number % len(_KINDS)]
        members.append(_member(number, kind, random))
        bought = _orders(number, kind, random)
        orders += [order for order, _ in bought]
        lines += [line for _, own in bought for line in own]
        visits += _visits(number, kind, random)
    # Faults that every real file has, for `huaxiang quality` to show: a copied order, an impossible birthday.
    orders.append(orders[10])
    members[7] = (*members[7][:3], "1990-02-31", *members[7][4:])
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "members.csv", _MEMBER_COLUMNS, members, "gb18030")
    _write(folder / "orders.csv", _ORDER_COLUMNS, orders, "utf-8-sig")
    _write(folder / "order_lines.csv", _LINE_COLUMNS, lines, "utf-8-sig")
    _write(folder / "visits.csv", _VISIT_COLUMNS, visits, "utf-8-sig")


def _member(number: int, kind: _Kind, random: Random) -> _Row:
    woman = random.random() < kind.women
    gender = random.choice(("女", "F", "女士")) if woman else random.choice(("男", "M", "先生"))
    birthday = datetime(random.randint(*kind.born), random.randint(1, 12), random.randint(1, 28))
    province, city = random.choice(_CITIES)
    education = random.choice(("高中", "大专", "本科", "本科", "硕士"))
    level = random.choice(("普卡", "银卡", "金卡"))
    joined = datetime(2024, 1, 1) + timedelta(days=random.randint(0, 360))
    source = random.choice(("线下门店", "抖音", "朋友推荐", "搜索引擎"))
    return (_key(number), _phone(number), gender, birthday.strftime("%Y-%m-%d"), province, city, education, level,
            joined.strftime("%Y-%m-%d %H:%M:%S"), source)  # fmt: skip


def _orders(number: int, kind: _Kind, random: Random) -> list[tuple[_Row, list[_Row]]]:
    """Orders through 2025; one member in five stops in summer, one in twelve buys once only, one never."""
    if number == MEMBERS:
        return []
    last = datetime(2025, 7, 15) if number % 5 == 0 else LAST_DAY
    day = datetime(2025, 1, 2) + timedelta(days=random.randint(0, 40))
    found: list[tuple[_Row, list[_Row]]] = []
    while day <= last:
        if random.random() < kind.weekend:
            day += timedelta(days=(5 - day.weekday()) % 7 + random.randint(0, 1))
        if day > last:
            break
        found.append(_order(number, len(found), day, kind, random))
        if number % 12 == 0:
            break
        day += timedelta(days=max(2, round(random.gauss(kind.gap, kind.gap / 3))))
    return found


def _order(number: int, count: int, day: datetime, kind: _Kind, random: Random) -> tuple[_Row, list[_Row]]:
    at = day.replace(hour=random.choice(kind.hours), minute=random.randint(0, 59)).strftime("%Y/%m/%d %H:%M")
    code = f"D{number:03d}{count:03d}"
    status = "已取消" if random.random() < 0.04 else "已完成"
    rate = random.choice((0.8, 0.85, 0.9)) if random.random() < kind.discounted else 1.0
    key = "" if random.random() < 0.05 else _key(number)  # a guest, known by phone only
    lines: list[_Row] = []
    paid = saved = 0.0
    for _ in range(random.randint(*kind.lines)):
        category = random.choice(kind.categories)
        product, brand, price = random.choice(_PRODUCTS[category])
        quantity = random.choice((1, 1, 2))
        amount = round(price * quantity * rate, 2)
        saving = round(price * quantity - amount, 2)
        paid, saved = paid + amount, saved + saving
        lines.append(
            (
                code,
                key,
                _phone(number),
                at,
                status,
                product,
                category,
                brand,
                quantity,
                f"{amount:.2f}",
                f"{saving:.2f}",
            )
        )
    channel = random.choice(kind.channels)
    store = f"{random.choice(('人民广场', '城西', '大学城'))}店" if channel == "门店" else ""
    order = (
        code,
        key,
        _phone(number),
        at,
        channel,
        store,
        random.choice(kind.payments),
        status,
        f"{paid:.2f}",
        f"{saved:.2f}",
    )
    return order, lines


def _visits(number: int, kind: _Kind, random: Random) -> list[_Row]:
    found: list[_Row] = []
    for _ in range(random.randint(3, 12)):
        at = LAST_DAY - timedelta(days=random.randint(0, 300), minutes=random.randint(0, 1439))
        found.append(
            (_key(number), at.strftime("%Y-%m-%d %H:%M:%S"), random.choice(("浏览", "搜索", "加购")), *kind.device)
        )
    return found


def _key(number: int) -> str:
    return f"M{number:04d}"


def _phone(number: int) -> str:
    """An invented number; every seventh is typed in full-width digits with blanks, as people do."""
    plain = f"1990000{number:04d}"
    if number % 7:
        return plain
    wide = plain.translate({ord(d): ord(d) + 0xFEE0 for d in "0123456789"})
    return f"{wide[:3]} {wide[3:7]} {wide[7:]}"


def _write(path: Path, columns: Sequence[str], rows: Sequence[_Row], encoding: str) -> None:
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(rows)
