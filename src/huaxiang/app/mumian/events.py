"""Event logs in the formats of the tools that wrote them: Sensors Data (app) and Segment (web)."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from huaxiang.app.mumian.archetypes import ARCHETYPES, CATEGORIES
from huaxiang.app.mumian.departments import Company
from huaxiang.app.mumian.devices import Visits
from huaxiang.app.mumian.goods import Goods
from huaxiang.app.mumian.lexicon import places, zipf
from huaxiang.app.mumian.population import Ints
from huaxiang.app.mumian.sales import of_kind, pick_rows

Event = dict[str, object]
BEIJING = 8 * 3600
IPHONES = ("iPhone14,5", "iPhone15,2", "iPhone15,4", "iPhone16,1", "iPhone17,3")
ANDROIDS = ("HA-20", "MX-11 Pro", "VO-X90", "OP-R15", "XM-13", "HN-90")
STEPS = ("browse", "search", "click", "cart", "order")
_CHAIN = np.array([[3.0, 1.0, 2.5, 0.9, 0.35]])


class Walk:
    """The steps of visits: for each visit one to eight steps with product, category and offset in seconds."""

    def __init__(self, company: Company, goods: Goods, visits: Visits, rng: np.random.Generator) -> None:
        """Draw the steps of all visits at once."""
        kinds = company.people.archetype[visits.person]
        count = 1 + np.minimum(rng.poisson(2.2, len(kinds)), 7)
        self.start = np.r_[0, np.cumsum(count)]
        visit = np.repeat(np.arange(len(kinds)), count)
        kind = kinds[visit]
        category = pick_rows(np.array([a.categories for a in ARCHETYPES]), kind, rng)
        product = goods.start[category] + rng.choice(goods.count, len(visit), p=zipf(goods.count, 0.9))
        step = pick_rows(np.repeat(_CHAIN, len(ARCHETYPES), axis=0), kind, rng)
        gap = rng.integers(4, 120, len(visit))
        ahead = np.cumsum(gap) - np.cumsum(gap)[self.start[visit]] + 1
        self.category, self.product = category.tolist(), product.tolist()
        self.step, self.ahead = step.tolist(), ahead.tolist()
        self.ids = goods.product_id.to_pylist()
        self.names = goods.name.to_pylist()
        self.price = goods.price.tolist()
        self.brand = goods.brand.to_pylist()
        self.extra = rng.integers(0, 1 << 30, len(visit)).tolist()

    def of(self, visit: int) -> range:
        """Step numbers of one visit."""
        return range(int(self.start[visit]), int(self.start[visit + 1]))


def _stable(text: str) -> int:
    return zlib.crc32(text.encode())


def epochs(visits: Visits) -> Ints:
    """Seconds since 1970 in UTC of local times in China."""
    return visits.at.astype("datetime64[s]").astype(np.int64) - BEIJING


def write_lines(path: Path, rows: Iterator[Event]) -> None:
    """One JSON object a line."""
    with path.open("w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")))
            file.write("\n")


def _apple(company: Company, visits: Visits) -> list[bool]:
    """Whether a device is an iPhone: by the kind of its first owner."""
    share = of_kind("ios")[company.people.archetype[visits.device // 2]]
    return [(_stable(f"os{n}") % 1000) / 1000 < s for n, s in zip(visits.device.tolist(), share.tolist(), strict=True)]


SENSORS_EVENTS = {
    "browse": "ViewProduct",
    "search": "SearchProduct",
    "click": "ClickBanner",
    "cart": "AddToCart",
    "order": "SubmitOrder",
}
KEYWORDS = ("春装", "四件套", "优惠券", "儿童", "智能灯", "礼盒", "收纳", "羽绒服", "睡衣", "运动鞋", "清仓", "新款")


def sensors_events(company: Company, goods: Goods, visits: Visits) -> Iterator[Event]:
    """App events as 神策 writes them: track, with track_signup at the first sign-in of an account on a device, and profile_set."""
    walk = Walk(company, goods, visits, company.rng("sensors"))
    devices, users = visits.device_id.to_pylist(), company.records.user_id.to_pylist()
    apple, time = _apple(company, visits), (epochs(visits) * 1000).tolist()
    city, cities = company.people.city.tolist(), places().cities.to_pylist()
    seen: set[tuple[str, str]] = set()
    for n, (person, device) in enumerate(zip(visits.person.tolist(), visits.device.tolist(), strict=True)):
        anonymous, login = devices[device], users[int(visits.login[n])]
        signed = bool(visits.signed_in[n])
        common = _phone_properties(device, apple[n])
        if signed and (anonymous, login) not in seen:
            seen.add((anonymous, login))
            yield from _sensors_signup(anonymous, login, time[n], common, cities[city[person]])
        who: Event = {"distinct_id": login if signed else anonymous, "anonymous_id": anonymous}
        if signed:
            who["login_id"] = login
            who["identities"] = {"$identity_login_id": login, "$identity_anonymous_id": anonymous}
        for step in walk.of(n):
            name = STEPS[walk.step[step]]
            product = walk.product[step]
            properties: Event = {**common, "category": CATEGORIES[walk.category[step]], "product_id": walk.ids[product]}
            if name == "search":
                properties = {
                    **common,
                    "keyword": KEYWORDS[walk.extra[step] % len(KEYWORDS)],
                    "result_count": walk.extra[step] % 80,
                }
            elif name in ("cart", "order"):
                properties["price"] = walk.price[product]
            yield {
                "type": "track",
                "event": SENSORS_EVENTS[name],
                **who,
                "time": time[n] + walk.ahead[step] * 1000 + step % 997,
                "_track_id": walk.extra[step],
                "properties": properties,
                "project": "mumian",
            }


def _sensors_signup(anonymous: str, login: str, time: int, common: Event, city: str) -> tuple[Event, Event]:
    """The first sign-in of an account on a device, and what is then told of the account."""
    signup: Event = {
        "type": "track_signup",
        "event": "$SignUp",
        "distinct_id": login,
        "original_id": anonymous,
        "login_id": login,
        "anonymous_id": anonymous,
        "time": time,
        "properties": common,
        "project": "mumian",
    }
    profile: Event = {
        "type": "profile_set",
        "distinct_id": login,
        "login_id": login,
        "time": time + 1,
        "project": "mumian",
        "properties": {"$city": city, "push_allowed": _stable(login) % 3 > 0},
    }
    return signup, profile


def _phone_properties(device: int, apple: bool) -> Event:  # noqa: FBT001
    draw = _stable(f"model{device}")
    if apple:
        return {
            "$lib": "iOS",
            "$os": "iOS",
            "$os_version": f"{16 + draw % 4}.{draw % 7}",
            "$manufacturer": "Apple",
            "$model": IPHONES[draw % len(IPHONES)],
            "$app_version": f"5.{draw % 9}.0",
            "$network_type": ("WIFI", "5G")[draw % 2],
        }
    return {
        "$lib": "Android",
        "$os": "Android",
        "$os_version": str(11 + draw % 5),
        "$manufacturer": ("H", "M", "V", "O", "X")[draw % 5],
        "$model": ANDROIDS[draw % len(ANDROIDS)],
        "$app_version": f"5.{draw % 9}.0",
        "$network_type": ("WIFI", "5G", "4G")[draw % 3],
    }


SEGMENT_EVENTS = {
    "browse": "Product Viewed",
    "search": "Products Searched",
    "click": "Promotion Clicked",
    "cart": "Product Added",
    "order": "Order Completed",
}
AGENTS = (
    (
        "Windows",
        "Chrome",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
    ),
    (
        "Windows",
        "Edge",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0",
    ),
    (
        "macOS",
        "Safari",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15",
    ),
    (
        "Android",
        "Chrome",
        "Mozilla/5.0 (Linux; Android 14; HA-20) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36",
    ),
)


def segment_events(company: Company, goods: Goods, visits: Visits) -> Iterator[Event]:
    """Web events as Segment writes them: identify at sign-in, page, track; one message in 300 is delivered twice."""
    walk = Walk(company, goods, visits, company.rng("segment"))
    cookies, r, seconds = visits.device_id.to_pylist(), company.records, epochs(visits).tolist()
    users, emails, phones = r.user_id.to_pylist(), r.email.to_pylist(), r.phone.to_pylist()
    for n, device in enumerate(visits.device.tolist()):
        os_, browser, agent = AGENTS[_stable(f"pc{device}") % len(AGENTS)]
        row = int(visits.login[n])
        base: Event = {
            "anonymousId": cookies[device],
            "context": {
                "userAgent": agent,
                "locale": "zh-CN",
                "os": {"name": os_},
                "browser": {"name": browser},
                "ip": "203.0.113.7",
            },
        }
        if visits.signed_in[n]:
            base["userId"] = users[row]
            traits = {k: v for k, v in (("email", emails[row]), ("phone", phones[row])) if v}
            yield _message({"type": "identify", **base, "traits": traits}, f"i{n}", seconds[n])
        url = f"https://www.mumian.example/c/{walk.category[int(walk.start[n])]}"
        yield _message(
            {"type": "page", "name": "Category", **base, "properties": {"url": url, "title": "木棉"}},
            f"p{n}",
            seconds[n] + 1,
        )
        for step in walk.of(n):
            name, product = STEPS[walk.step[step]], walk.product[step]
            properties: Event = {
                "product_id": walk.ids[product],
                "name": walk.names[product],
                "category": CATEGORIES[walk.category[step]],
                "brand": walk.brand[product],
                "price": walk.price[product],
                "currency": "CNY",
            }
            if name == "search":
                properties = {"query": KEYWORDS[walk.extra[step] % len(KEYWORDS)]}
            message = _message(
                {"type": "track", "event": SEGMENT_EVENTS[name], **base, "properties": properties},
                f"t{step}",
                seconds[n] + walk.ahead[step],
            )
            yield message
            if walk.extra[step] % 300 == 0:
                yield message


def _message(event: Event, number: str, second: int) -> Event:
    draw = _stable(number)
    sent = second + draw % 4
    return {
        **event,
        "messageId": f"ajs-{draw:08x}-{number}",
        "originalTimestamp": _iso(second, draw),
        "sentAt": _iso(sent, draw),
        "receivedAt": _iso(sent + 1, draw),
        "timestamp": _iso(second + 1, draw),
        "channel": "client",
        "version": 2,
    }


def _iso(second: int, draw: int) -> str:
    return f"{np.datetime64(second, 's')}.{draw % 1000:03d}Z"
