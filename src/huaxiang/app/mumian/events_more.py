"""Further event logs: GA4's BigQuery export (H5 shop), Mixpanel's raw export (community), and Baidu Tongji's report."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from huaxiang.app.mumian.archetypes import CATEGORIES
from huaxiang.app.mumian.calendar import DAYS, FIRST, day_weights
from huaxiang.app.mumian.departments import Company, write_csv
from huaxiang.app.mumian.devices import Visits
from huaxiang.app.mumian.events import ANDROIDS, STEPS, Event, Walk, _stable, epochs
from huaxiang.app.mumian.goods import Goods
from huaxiang.app.mumian.lexicon import places

GA4_EVENTS = {
    "browse": "view_item",
    "search": "search",
    "click": "select_promotion",
    "cart": "add_to_cart",
    "order": "purchase",
}
MEDIA = (
    ("google", "organic"),
    ("baidu", "organic"),
    ("(direct)", "(none)"),
    ("weibo", "social"),
    ("xiaohongshu", "social"),
    ("edm", "email"),
)


def ga4_events(company: Company, goods: Goods, visits: Visits) -> Iterator[tuple[str, Event]]:
    """(day, event) as in the daily tables `events_YYYYMMDD` of the BigQuery export."""
    walk = Walk(company, goods, visits, company.rng("ga4"))
    pseudo, users = visits.device_id.to_pylist(), company.records.user_id.to_pylist()
    city, known = company.people.city.tolist(), places()
    cities, provinces = known.cities.to_pylist(), known.provinces.to_pylist()
    days = np.datetime_as_string(visits.at.astype("datetime64[D]")).tolist()
    for n, (person, device, second) in enumerate(
        zip(visits.person.tolist(), visits.device.tolist(), epochs(visits).tolist(), strict=True)
    ):
        base: Event = {
            "event_date": days[n].replace("-", ""),
            "user_pseudo_id": pseudo[device],
            "user_id": users[int(visits.login[n])] if visits.signed_in[n] else None,
            **_ga4_visit(n, device, provinces[city[person]], cities[city[person]]),
        }
        session = _param("ga_session_id", second)
        yield (
            days[n],
            {
                **base,
                "event_timestamp": second * 1_000_000,
                "event_name": "session_start",
                "event_params": [session],
                "items": [],
            },
        )
        for step in walk.of(n):
            name, product = STEPS[walk.step[step]], walk.product[step]
            params = [
                session,
                _param("page_location", f"https://m.mumian.example/p/{walk.ids[product]}"),
                _param("engagement_time_msec", walk.extra[step] % 60_000),
            ]
            if name in ("cart", "order"):
                params += [_param("value", walk.price[product]), _param("currency", "CNY")]
            yield (
                days[n],
                {
                    **base,
                    "event_timestamp": (second + walk.ahead[step]) * 1_000_000 + step % 1000,
                    "event_name": GA4_EVENTS[name],
                    "event_params": params,
                    "items": [] if name == "search" else [_ga4_item(walk, step)],
                },
            )


def _ga4_visit(number: int, device: int, region: str, city: str) -> Event:
    """Device, place and origin of a visit, as each of its events repeats them."""
    source, medium = MEDIA[_stable(f"m{number}") % len(MEDIA)]
    apple = _stable(f"h5{device}") % 2 == 0
    return {
        "device": {
            "category": "mobile",
            "operating_system": "iOS" if apple else "Android",
            "mobile_model_name": ANDROIDS[device % len(ANDROIDS)],
            "language": "zh-cn",
            "web_info": {"browser": "Safari" if apple else "Chrome", "hostname": "m.mumian.example"},
        },
        "geo": {"continent": "Asia", "country": "China", "region": region, "city": city},
        "traffic_source": {"source": source, "medium": medium, "name": "(not set)"},
        "platform": "WEB",
        "stream_id": "4711",
    }


def _ga4_item(walk: Walk, step: int) -> Event:
    """The product of a step."""
    product = walk.product[step]
    return {
        "item_id": walk.ids[product],
        "item_name": walk.names[product],
        "item_brand": walk.brand[product],
        "item_category": CATEGORIES[walk.category[step]],
        "price": walk.price[product],
        "quantity": 1,
    }


def _param(key: str, value: str | float) -> Event:
    empty: Event = {"string_value": None, "int_value": None, "float_value": None, "double_value": None}
    kind = "string_value" if isinstance(value, str) else "int_value" if isinstance(value, int) else "double_value"
    return {"key": key, "value": {**empty, kind: value}}


def write_ga4(folder: Path, rows: Iterator[tuple[str, Event]]) -> None:
    """One file a day, `events_YYYYMMDD.jsonl`."""
    by_day: dict[str, list[Event]] = {}
    for day, event in rows:
        by_day.setdefault(day, []).append(event)
    folder.mkdir(exist_ok=True)
    for day, events in by_day.items():
        text = "".join(json.dumps(e, ensure_ascii=False, separators=(",", ":")) + "\n" for e in events)
        (folder / f"events_{day.replace('-', '')}.jsonl").write_text(text, encoding="utf-8")


MIXPANEL_EVENTS = ("View Post", "Like Post", "Comment", "Share Post", "Follow User", "Publish Post", "Invite Friend")
TOPICS = ("穿搭", "家居改造", "亲子", "好物分享", "运动", "旅行", "美食", "智能家居", "手工", "读书")


def mixpanel_events(company: Company, goods: Goods, visits: Visits) -> Iterator[Event]:
    """Events of the community as Mixpanel exports them; `distinct_id` is `$device:…` until the user signs in."""
    walk = Walk(company, goods, visits, company.rng("mixpanel"))
    devices, users = visits.device_id.to_pylist(), company.records.user_id.to_pylist()
    city, cities = company.people.city.tolist(), places().cities.to_pylist()
    for n, (person, device, second) in enumerate(
        zip(visits.person.tolist(), visits.device.tolist(), epochs(visits).tolist(), strict=True)
    ):
        user = users[int(visits.login[n])] if visits.signed_in[n] else None
        apple = _stable(f"c{device}") % 2 == 0
        for step in walk.of(n):
            draw = walk.extra[step]
            name = MIXPANEL_EVENTS[(0, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6)[draw % 11]]
            properties: Event = {
                "time": second + walk.ahead[step],
                "distinct_id": user or f"$device:{devices[device]}",
                "$device_id": devices[device],
                "$insert_id": f"{draw:x}-{step}",
                "$os": "iOS" if apple else "Android",
                "$browser": "Mobile Safari" if apple else "Chrome",
                "$city": cities[city[person]],
                "mp_country_code": "CN",
                "mp_lib": "web",
                "topic": TOPICS[(walk.category[step] * 3 + draw // 11 % 3) % len(TOPICS)],
            }
            if user:
                properties["$user_id"] = user
            yield {"event": name, "properties": properties}


def write_tongji(company: Company, folder: Path) -> None:
    """Baidu Tongji's report of the site by day and kind of source, as its CSV download: a title, then the table, in GBK."""
    rng = company.rng("tongji")
    level = day_weights().mean(axis=0)
    rows: list[tuple[object, ...]] = []
    for number in range(DAYS - 180, DAYS):
        for source, share in (("搜索引擎", 0.42), ("直接访问", 0.31), ("外部链接", 0.17), ("自定义来源", 0.1)):
            visitors = max(
                int(company.people.size * 0.02 * share * level[number] / level.mean() * rng.lognormal(0, 0.1)), 1
            )
            visits = int(visitors * rng.uniform(1.05, 1.4))
            views = int(visits * rng.uniform(2.2, 5.0))
            length = int(rng.integers(60, 420))
            rows.append(
                (
                    str(FIRST + number).replace("-", "/"),
                    source,
                    views,
                    visits,
                    visitors,
                    int(visitors * 0.93),
                    int(visitors * rng.uniform(0.3, 0.7)),
                    f"{rng.uniform(30, 62):.2f}%",
                    f"00:{length // 60:02d}:{length % 60:02d}",
                    int(visitors * rng.uniform(0.0, 0.04)),
                )
            )
    header = (
        "日期",
        "来源类型",
        "浏览量(PV)",
        "访问次数",
        "访客数(UV)",
        "IP数",
        "新访客数",
        "跳出率",
        "平均访问时长",
        "转化次数",
    )
    write_csv(folder / "baidu_tongji.csv", header, rows, "gb18030")
