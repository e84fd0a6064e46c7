"""Hidden kinds of customers: what a kind tends to, with noise. Builds never see them; they give clusters something to find."""

from __future__ import annotations

from dataclasses import dataclass

CATEGORIES = (
    "女装",
    "男装",
    "童装",
    "鞋靴",
    "内衣家居服",
    "床品家纺",
    "厨房餐具",
    "收纳清洁",
    "家具灯饰",
    "智能家居",
    "香氛礼品",
    "运动户外",
)
CHANNELS = ("门店", "App", "小程序", "官网", "天猫旗舰店")
PAYMENTS = ("微信支付", "支付宝", "银行卡", "现金", "花呗")


@dataclass(frozen=True)
class Archetype:
    """One kind: `weight` of all people, age range, share of women, chances (0…1) and means of what it does.

    `categories` and `channels` and `payments` are weights in the order of the lists above; `hours` the usual hours of day.
    `attitude` are means on 1–5 of: price, quality, brand, novelty, service, environment, satisfaction, stress.
    """

    name: str
    zh: str
    weight: float
    ages: tuple[int, int]
    women: float
    income: float
    orders_a_year: float
    basket: float
    price: float
    discount: float
    festival: float
    weekend: float
    churn: float
    online: float
    ios: float
    pc: float
    social: float
    reviews: float
    tickets: float
    devices: float
    nps: float
    categories: tuple[float, ...]
    channels: tuple[float, ...]
    payments: tuple[float, ...]
    hours: tuple[int, ...]
    attitude: tuple[float, ...]


ARCHETYPES = (
    Archetype(
        "deal_hunter",
        "促销猎手",
        0.19,
        (20, 42),
        0.68,
        0.9,
        5.5,
        3.2,
        0.72,
        0.88,
        0.55,
        0.35,
        0.30,
        0.95,
        0.25,
        0.15,
        0.45,
        0.35,
        0.20,
        0.05,
        6.6,
        (5, 2, 3, 3, 4, 2, 3, 4, 1, 0.5, 1, 1),
        (0.4, 3, 3, 0.5, 4),
        (2, 5, 0.5, 0, 2),
        (0, 10, 20, 21, 22, 23),
        (4.6, 2.9, 2.5, 3.2, 3.0, 2.8, 3.3, 3.2),
    ),
    Archetype(
        "quality_family",
        "品质家庭",
        0.18,
        (31, 46),
        0.66,
        1.4,
        6.0,
        4.2,
        1.25,
        0.40,
        0.35,
        0.72,
        0.14,
        0.55,
        0.55,
        0.25,
        0.35,
        0.40,
        0.30,
        0.30,
        8.3,
        (3, 2, 6, 2, 2, 5, 4, 4, 3, 1, 1, 1),
        (4, 2, 4, 0.5, 1),
        (5, 2, 2, 0.2, 0.3),
        (10, 11, 15, 16, 20, 21),
        (3.0, 4.5, 3.4, 2.8, 4.2, 4.2, 4.2, 3.0),
    ),
    Archetype(
        "trend_follower",
        "潮流青年",
        0.15,
        (18, 29),
        0.60,
        0.8,
        5.0,
        2.0,
        0.95,
        0.45,
        0.45,
        0.50,
        0.34,
        0.92,
        0.62,
        0.10,
        0.90,
        0.55,
        0.15,
        0.15,
        7.2,
        (6, 5, 0, 6, 2, 1, 0.5, 0.5, 0.5, 1, 3, 3),
        (1, 4, 4, 0.5, 2),
        (4, 4, 0.3, 0, 3),
        (12, 19, 21, 22, 23, 0),
        (3.4, 3.2, 4.3, 4.7, 2.9, 3.2, 3.7, 3.6),
    ),
    Archetype(
        "loyal_senior",
        "银发熟客",
        0.12,
        (55, 76),
        0.64,
        0.7,
        4.2,
        2.6,
        0.85,
        0.30,
        0.25,
        0.25,
        0.08,
        0.12,
        0.08,
        0.10,
        0.10,
        0.10,
        0.35,
        0.03,
        8.8,
        (4, 3, 1, 3, 4, 5, 4, 3, 1, 0.1, 1, 0.5),
        (9, 0.3, 0.8, 0.1, 0.2),
        (5, 1, 2, 4, 0),
        (9, 10, 10, 11, 14, 15),
        (3.6, 4.2, 4.1, 1.7, 4.8, 3.4, 4.5, 2.1),
    ),
    Archetype(
        "urban_professional",
        "都市精英",
        0.12,
        (26, 42),
        0.48,
        2.2,
        4.6,
        2.2,
        2.10,
        0.18,
        0.25,
        0.30,
        0.18,
        0.82,
        0.80,
        0.65,
        0.40,
        0.25,
        0.20,
        0.35,
        7.8,
        (4, 5, 0.5, 4, 2, 4, 2, 1, 3, 2, 3, 3),
        (2, 3, 2, 4, 1),
        (3, 4, 4, 0, 0.5),
        (8, 12, 13, 21, 22, 23),
        (1.9, 4.7, 4.2, 3.6, 4.0, 3.6, 3.9, 4.3),
    ),
    Archetype(
        "occasional_gifter",
        "礼赠散客",
        0.10,
        (25, 60),
        0.45,
        1.1,
        1.1,
        1.8,
        1.50,
        0.30,
        0.70,
        0.40,
        0.45,
        0.50,
        0.45,
        0.30,
        0.25,
        0.10,
        0.12,
        0.04,
        6.9,
        (1, 1, 1, 0.5, 0.5, 4, 3, 0.5, 0.5, 0.5, 8, 0),
        (4, 1, 2, 1, 3),
        (4, 3, 1, 0.5, 0.3),
        (10, 14, 17, 19, 20),
        (2.9, 3.8, 3.9, 2.4, 3.2, 2.9, 3.6, 2.9),
    ),
    Archetype(
        "smart_home",
        "智能家居玩家",
        0.07,
        (24, 45),
        0.25,
        1.5,
        4.4,
        2.2,
        1.70,
        0.45,
        0.40,
        0.45,
        0.20,
        0.90,
        0.35,
        0.55,
        0.55,
        0.60,
        0.45,
        0.95,
        7.4,
        (0.5, 3, 0.5, 2, 0.5, 1, 2, 2, 4, 9, 0.5, 3),
        (1, 4, 1, 4, 2),
        (3, 5, 1, 0, 2),
        (0, 12, 20, 21, 22, 23),
        (3.1, 4.1, 3.0, 4.5, 3.4, 3.1, 3.5, 3.2),
    ),
    Archetype(
        "quiet_practical",
        "务实简约",
        0.07,
        (33, 60),
        0.42,
        0.85,
        2.4,
        2.4,
        0.70,
        0.50,
        0.20,
        0.45,
        0.26,
        0.40,
        0.20,
        0.35,
        0.08,
        0.06,
        0.10,
        0.06,
        7.0,
        (2, 4, 1, 3, 4, 3, 3, 4, 1, 0.3, 0.2, 1),
        (5, 1, 2, 1, 2),
        (4, 3, 2, 1, 0.2),
        (9, 12, 18, 19, 20),
        (4.0, 3.9, 2.1, 1.9, 3.1, 3.9, 3.7, 2.7),
    ),
)
