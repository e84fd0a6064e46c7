"""Connected things at home (IoT log), the product list, consents, and public figures of cities."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from huaxiang.app.mumian import described as d
from huaxiang.app.mumian.archetypes import CATEGORIES
from huaxiang.app.mumian.departments import Company, rows_of, write_csv
from huaxiang.app.mumian.devices import Visits
from huaxiang.app.mumian.goods import Goods
from huaxiang.app.mumian.lexicon import places
from huaxiang.app.mumian.population import TODAY
from huaxiang.app.mumian.sales import first_records

MODELS = ("ML-灯 L1", "ML-香薰 A2", "ML-秤 S1", "ML-扫地机 R3", "ML-插座 P1")
ACTIONS = ("开机", "关机", "调节模式", "定时启动", "语音控制", "离线", "固件升级")
CITY_TIER = {1: "一线", 2: "新一线", 3: "二线"}


def write_iot(company: Company, visits: Visits, folder: Path) -> None:
    """`iot_log.csv`: what devices did; the account only where the app was bound at that time."""
    rng = company.rng("iot log")
    users = company.records.user_id.to_pylist()
    action = rng.choice(len(ACTIONS), len(visits.person), p=[0.3, 0.24, 0.2, 0.12, 0.09, 0.03, 0.02])
    serials = visits.device_id.to_pylist()
    at = np.char.replace(np.datetime_as_string(visits.at.astype("datetime64[s]")), "T", " ").tolist()
    value = np.round(rng.gamma(2.0, 18.0, len(action)), 1).tolist()
    rows = (
        (
            serials[device],
            MODELS[device % len(MODELS)],
            users[int(visits.login[n])] if visits.signed_in[n] else None,
            at[n],
            ACTIONS[action[n]],
            value[n],
        )
        for n, device in enumerate(visits.device.tolist())
    )
    write_csv(folder / "iot_log.csv", ("设备序列号", "型号", "绑定账号", "时间", "动作", "时长(分钟)"), rows)


def write_products(goods: Goods, folder: Path) -> None:
    """`products.csv`: the reference list of products."""
    columns = (
        goods.product_id,
        goods.name,
        pa.array([CATEGORIES[c] for c in goods.category]),
        goods.kind,
        goods.brand,
        pa.array(np.round(goods.price, 2)),
        pa.array(goods.cost),
        pa.array(np.where(goods.eco, "是", "否")),
    )
    write_csv(
        folder / "products.csv",
        ("商品编号", "商品名称", "品类", "子类", "品牌", "吊牌价", "成本", "环保认证"),
        rows_of(columns),
        "gb18030",
    )


def write_consents(company: Company, folder: Path) -> None:
    """`consents.csv`: what members agreed to, with later withdrawals."""
    rng, r = company.rng("consents"), company.records
    crm = first_records(company, (d.CRM,))
    who = np.flatnonzero(crm >= 0)
    members, at = r.member_no.to_pylist(), r.at
    rows: list[tuple[object, ...]] = []
    draw = rng.random((len(who), 4))
    for n, person in enumerate(who.tolist()):
        row, joined = members[crm[person]], at[crm[person]].astype("datetime64[s]")
        for purpose, chance, column in (("会员服务", 0.99, 0), ("个性化营销", 0.72, 1), ("画像分析", 0.81, 2)):
            rows.append(
                (row, purpose, "同意" if draw[n, column] < chance else "拒绝", str(joined).replace("T", " "), "v3")
            )
        if draw[n, 3] < 0.04:
            later = min(joined + np.timedelta64(int(200 * draw[n, 0] * 86_400), "s"), TODAY.astype("datetime64[s]"))
            rows.append((row, "个性化营销", "拒绝", str(later).replace("T", " "), "v3"))
    write_csv(folder / "consents.csv", ("会员号", "用途", "是否同意", "时间", "条款版本"), rows)


def write_cities(company: Company, folder: Path) -> None:
    """`city_statistics.csv`: figures by city as a statistical office lists them; invented, of plausible size."""
    rng, known = company.rng("cities"), places()
    rows = []
    for city, province, weight in zip(
        known.cities.to_pylist(), known.provinces.to_pylist(), known.city_weight.tolist(), strict=True
    ):
        tier = 1 if weight > 0.058 and city in ("北京市", "上海市", "广州市", "深圳市") else 2 if weight > 0.02 else 3
        income = int(round((7.8, 6.4, 5.2)[tier - 1] * 1e4 * rng.uniform(0.9, 1.1), -2))
        rows.append(
            (
                city,
                province,
                CITY_TIER[tier],
                round(weight * 21_000 * rng.uniform(0.85, 1.15)),
                income,
                f"{rng.uniform(0.6, 0.9):.1%}",
                round(income * rng.uniform(0.55, 0.7), -2),
                2025,
            )
        )
    write_csv(
        folder / "city_statistics.csv",
        ("城市", "省份", "城市等级", "常住人口(万人)", "人均可支配收入(元)", "城镇化率", "人均消费支出(元)", "年份"),
        rows,
        "gb18030",
    )
