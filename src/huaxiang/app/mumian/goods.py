"""What the company sells: invented products of invented brands in twelve categories."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from huaxiang.app.mumian.archetypes import CATEGORIES
from huaxiang.app.mumian.population import Ints

BRANDS = (
    "木棉本色",
    "棉朵",
    "云织记",
    "一间",
    "原野集",
    "小满家",
    "拾物所",
    "青禾里",
    "暖屋",
    "北岸线",
    "织里坊",
    "木作堂",
    "轻羽",
    "知微智家",
    "山野行",
)
KINDS = (
    ("衬衫", "连衣裙", "针织衫", "半身裙", "风衣"),
    ("T恤", "衬衫", "夹克", "休闲裤", "羽绒服"),
    ("儿童卫衣", "童裤", "连体衣", "校服衬衫"),
    ("帆布鞋", "运动鞋", "皮鞋", "拖鞋"),
    ("内衣", "睡衣套装", "家居服", "袜子"),
    ("四件套", "被芯", "枕头", "毛毯", "凉席"),
    ("餐具套装", "炒锅", "保温杯", "刀具", "砧板"),
    ("收纳箱", "衣架", "垃圾袋", "清洁刷"),
    ("落地灯", "书桌", "床头柜", "餐椅", "地毯"),
    ("智能灯", "香薰机", "体重秤", "扫地机器人", "智能插座"),
    ("香薰蜡烛", "礼盒", "干花", "贺卡套装"),
    ("瑜伽垫", "速干衣", "帐篷", "登山包", "骑行服"),
)
_PRICE = (189, 199, 109, 229, 99, 299, 129, 45, 399, 259, 119, 219)
_STYLE = ("经典", "轻奢", "基础", "复古", "极简", "国风", "森系", "亲肤", "加厚", "便携", "联名", "新款")


@dataclass(frozen=True)
class Goods:
    """Products ordered by category, popular ones first; `start` and `count` are by category."""

    product_id: pa.Array
    name: pa.Array
    category: Ints
    kind: pa.Array
    brand: pa.Array
    price: npt.NDArray[np.float64]
    cost: npt.NDArray[np.float64]
    eco: npt.NDArray[np.bool_]
    start: Ints
    count: int


def make_goods(rng: np.random.Generator, each: int = 50) -> Goods:
    """Draw `each` products for each category."""
    size = len(CATEGORIES) * each
    category = np.repeat(np.arange(len(CATEGORIES)), each)
    kinds = [KINDS[c][k] for c, k in zip(category.tolist(), (rng.integers(0, 4, size)).tolist(), strict=True)]
    brand = rng.choice(len(BRANDS), size, p=np.arange(len(BRANDS), 0, -1) / (len(BRANDS) * (len(BRANDS) + 1) / 2))
    price = np.round(np.array(_PRICE)[category] * rng.lognormal(0, 0.5, size)) - 0.1
    style = rng.integers(0, len(_STYLE), size)
    names = [f"{BRANDS[b]}{_STYLE[s]}{k}" for b, s, k in zip(brand.tolist(), style.tolist(), kinds, strict=True)]
    return Goods(
        pa.array([f"SKU{10_000 + n}" for n in range(size)]),
        pa.array(names),
        category,
        pa.array(kinds),
        pa.array([BRANDS[b] for b in brand]),
        np.maximum(price, 9.9),
        np.round(np.maximum(price, 9.9) * rng.uniform(0.35, 0.68, size), 2),
        rng.random(size) < 0.22,
        np.arange(len(CATEGORIES)) * each,
        each,
    )
