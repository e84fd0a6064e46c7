"""Person records as text: names with slips, addresses in several styles, numbers, e-mails; still without dirt of format."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from huaxiang.app.mumian import described as d
from huaxiang.app.mumian.lexicon import confused, names, pinyin, places
from huaxiang.app.mumian.population import Bools, Homes, Ints, People, phone_numbers
from huaxiang.app.mumian.streets import ESTATES_A, ESTATES_B, ROADS

NICKS = (
    "小鱼",
    "阿布",
    "糖糖妈妈",
    "大熊",
    "Lucky",
    "Kevin",
    "Amy",
    "Tony",
    "豆豆妈",
    "乐乐爸",
    "喵小姐",
    "老K",
    "阿木木",
    "阿May",
    "Cindy",
    "Leo",
    "米粒儿呀",
    "小团子",
    "北北爸",
    "Jason",
)
MAIL = ("qq.example", "163.example", "126.example", "sina.example", "mail.example", "outlook.example")


@dataclass(frozen=True)
class Records:
    """All person records, ordered by person: codes of how each was written, and the values, null when not shown."""

    person: Ints
    slot: Ints
    key: pa.Array
    name: pa.Array
    female: pa.Array
    birth: pa.Array
    phone: pa.Array
    email: pa.Array
    street: pa.Array
    district: pa.Array
    city: pa.Array
    province: pa.Array
    member_no: pa.Array
    user_id: pa.Array
    unionid: pa.Array
    openid: pa.Array
    id_number: pa.Array
    at: npt.NDArray[np.datetime64]
    birth_kind: npt.NDArray[np.int8]
    phone_kind: npt.NDArray[np.int8]

    def where(self, source: str) -> Ints:
        """Row numbers of one source."""
        return np.flatnonzero(np.isin(self.slot, [n for n, s in enumerate(d.SOURCES) if s == source]))


def write_records(people: People, known: d.Described, rng: np.random.Generator) -> Records:
    """Turn what departments know into values."""
    person, slot = np.nonzero(known.has)
    at = known.day[person, slot].astype("datetime64[D]") + rng.integers(8 * 3600, 22 * 3600, len(person)).astype(
        "timedelta64[s]"
    )
    ids = _ids(known, person, slot, rng)
    street, district = _addresses(people, known, person, slot, rng)
    home_city = people.city[person]
    shown = known.city[person, slot] | (known.address[person, slot] > 0)
    kind = known.birth[person, slot]
    gender = known.gender[person, slot]
    carded = known.id_number[person, slot]
    id_number = pc.take(
        _id_numbers(people, person[carded], rng), pa.array(np.maximum(np.cumsum(carded) - 1, 0), mask=~carded)
    )
    return Records(
        person,
        slot,
        ids["key"],
        _names(people, known, person, slot, rng),
        pa.array(people.female[person] ^ (gender == 2), mask=gender == 0),
        pa.array(_births(people, person, kind, rng), mask=np.isin(kind, (d.UNKNOWN, d.LEGENDARY, d.FUTURE))),
        _phones(people, known, person, slot),
        _masked(_emails(people), person, known.email[person, slot]),
        street,
        district,
        pc.take(places().cities, pa.array(home_city, mask=~shown)),
        pc.take(places().provinces, pa.array(home_city, mask=~shown)),
        ids["member_no"],
        ids["user_id"],
        ids["unionid"],
        ids["openid"],
        id_number,
        at,
        kind,
        known.phone[person, slot],
    )


def _masked(values: pa.Array, take: Ints, shown: Bools) -> pa.Array:
    return pc.take(values, pa.array(take, mask=~shown))


def coded(prefix: str, numbers: Ints, width: int) -> pa.Array:
    """Texts of a prefix and a number with leading zeros."""
    digits = pc.utf8_lpad(pc.cast(pa.array(numbers), pa.string()), width, "0")
    return pc.binary_join_element_wise(pa.scalar(prefix), digits, "")


def scrambled(count: int, space: int, rng: np.random.Generator) -> Ints:
    """Return `count` different numbers below `space`, without order."""
    step = 2_654_435_761 % space
    while np.gcd(step, space) != 1:
        step += 1
    start = int(rng.integers(space))
    return (start + np.arange(count, dtype=np.int64) * step % space) % space


def _ids(known: d.Described, person: Ints, slot: Ints, rng: np.random.Generator) -> dict[str, pa.Array]:
    """Keys of the records: own ones, and those of other departments that are noted on them."""
    people, rows = len(known.has), len(person)
    member = coded("M", 10_000_000 + scrambled(rows, 89_999_999, rng), 8)
    user = coded("u", scrambled(rows, 99_999_989, rng), 9)
    other = coded("", scrambled(rows, 99_999_989, rng), 8)
    first_crm = np.full(people, -1)
    first_crm[person[slot == d.CRM]] = np.flatnonzero(slot == d.CRM)
    union = _tokens("oU", people, rng)
    is_crm, is_shop, is_follower = slot <= d.CRM_THIRD, (slot == d.SHOP) | (slot == d.SHOP_AGAIN), slot == d.FOLLOWER
    noted = known.member[person, slot] & (first_crm[person] >= 0) & ~is_crm
    openid = _tokens("oM", people, rng)
    own = pc.if_else(
        pa.array(is_crm),
        member,
        pc.if_else(
            pa.array(is_shop),
            user,
            pc.if_else(
                pa.array(is_follower),
                pc.take(openid, pa.array(person)),
                pc.binary_join_element_wise(
                    pc.take(pa.array(["A", "K"]), pa.array((slot == d.CONTACT).astype(np.int64))), other, ""
                ),
            ),
        ),
    )
    member_row = np.where(is_crm, np.arange(rows), first_crm[person])
    return {
        "key": own,
        "member_no": pc.take(member, pa.array(member_row, mask=~(is_crm | noted))),
        "user_id": pc.take(user, pa.array(np.arange(rows), mask=~is_shop)),
        "unionid": _masked(union, person, known.union[person, slot]),
        "openid": _masked(openid, person, is_follower),
    }


def _tokens(prefix: str, count: int, rng: np.random.Generator) -> pa.Array:
    """Different tokens of 28 characters, as WeChat gives them."""
    letters = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-", dtype=np.uint8)
    text = letters[rng.integers(0, len(letters), (count, 28), dtype=np.uint8)]
    text[:, : len(prefix)] = np.frombuffer(prefix.encode(), dtype=np.uint8)
    offsets = pa.py_buffer(np.arange(count + 1, dtype=np.int32) * 28)
    return pa.Array.from_buffers(pa.string(), count, [None, offsets, pa.py_buffer(text.tobytes())])


def _phones(people: People, known: d.Described, person: Ints, slot: Ints) -> pa.Array:
    kind = known.phone[person, slot]
    number = people.phone[person].copy()
    number[kind == d.OLD] = people.old_phone[person[kind == d.OLD]]
    third = kind == d.THIRD
    number[third] = phone_numbers(people.first_number, 2 * people.size, int(third.sum()))
    return _hide(pc.cast(pa.array(number), pa.string()), (kind == d.NO) | (kind == d.BROKEN))


def _hide(values: pa.Array, hidden: Bools) -> pa.Array:
    return pc.if_else(pa.array(hidden), pa.scalar(None, values.type), values)


def _births(
    people: People, person: Ints, kind: npt.NDArray[np.int8], rng: np.random.Generator
) -> npt.NDArray[np.datetime64]:
    """Birthdays; those with a slip have day and month exchanged where that is a date, else another day or year."""
    birth = people.birth[person].copy()
    slip = np.flatnonzero(kind == d.SWAPPED)
    months = birth[slip].astype("datetime64[M]")
    day = (birth[slip] - months).astype(int) + 1
    month = months.astype(int) % 12 + 1
    turned = months.astype("datetime64[Y]").astype("datetime64[M]") + (np.minimum(day, 12) - 1)
    exchanged = turned.astype("datetime64[D]") + (month - 1)
    other = birth[slip] + rng.choice([-10, -1, 1, 10, 365, -365, 3652], len(slip))
    birth[slip] = np.where((day <= 12) & (day != month) & (rng.random(len(slip)) < 0.5), exchanged, other)
    return birth


def _id_numbers(people: People, person: Ints, rng: np.random.Generator) -> pa.Array:
    """18-digit ID numbers of the given people with a valid check character (GB 11643): district, birthday, number, check."""
    known = places()
    born_in = np.where(np.random.default_rng(7).random(people.size) < 0.6, people.homes.district[people.home], -1)
    elsewhere = rng.integers(0, len(known.code), people.size)
    district = known.code[np.where(born_in >= 0, born_in, elsewhere)]
    month = people.birth.astype("datetime64[M]")
    day = (people.birth - month).astype(int) + 1
    year = month.astype(int) // 12 + 1970
    ymd = year * 10_000 + (month.astype(int) % 12 + 1) * 100 + day
    order = rng.integers(0, 499, people.size) * 2 + np.where(people.female, 0, 1)
    number = (district * 10**11 + ymd * 1000 + order)[person]
    digits = number[:, None] // 10 ** np.arange(16, -1, -1) % 10
    weights = 2 ** np.arange(17, 0, -1) % 11
    check = np.array(list("10X98765432"))[(digits * weights).sum(axis=1) % 11]
    return pc.binary_join_element_wise(pc.cast(pa.array(number), pa.string()), pa.array(check), "")


def _emails(people: People) -> pa.Array:
    """One address a person: pinyin with digits of the birthday, or a number; all different."""
    latin = pc.binary_join_element_wise(
        pc.take(pa.array(names().surname_pinyin), pa.array(people.surname_code)), _latin_given(people.given), ""
    )
    nth = np.arange(people.size)
    year = people.birth.astype("datetime64[Y]").astype(int) + 1970
    month = people.birth.astype("datetime64[M]").astype(int) % 12 + 1
    tail = np.select([nth % 5 == 0, nth % 5 < 3], [year % 100, (year % 100) * 100 + month], nth * 7919 % 1000)
    local = pc.binary_join_element_wise(latin, pc.cast(pa.array(tail), pa.string()), "")
    number = pc.cast(pa.array(210_000_000 + nth * 7919 % 1_999_999_973), pa.string())
    local = pc.if_else(pa.array(nth * 31 % 10 < 4), number, local)
    codes = local.dictionary_encode().indices.to_numpy()
    _, first = np.unique(codes, return_index=True)
    again = np.ones(people.size, dtype=bool)
    again[first] = False
    local = pc.if_else(pa.array(again), pc.binary_join_element_wise(local, coded("_", nth, 1), ""), local)
    domain = pc.take(pa.array(MAIL), pa.array(np.where(nth * 31 % 10 < 4, 0, 1 + nth % (len(MAIL) - 1))))
    return pc.binary_join_element_wise(local, domain, "@")


def _latin_given(given: pa.Array) -> pa.Array:
    coded_names = given.dictionary_encode()
    sounds = pinyin()
    latin = ["".join(sounds.get(c, c) for c in name) for name in coded_names.dictionary.to_pylist()]
    return pc.take(pa.array(latin, pa.string()), coded_names.indices)


def _names(people: People, known: d.Described, person: Ints, slot: Ints, rng: np.random.Generator) -> pa.Array:
    """Names as written on each record."""
    kind = known.name[person, slot]
    whole = pc.binary_join_element_wise(people.surname, people.given, "")
    result = _hide(pc.take(whole, pa.array(person)), kind == d.BLANK)
    odd = np.flatnonzero((kind != d.EXACT) & (kind != d.BLANK))
    who = pa.array(person[odd])
    parts = zip(
        pc.take(people.surname, who).to_pylist(),
        pc.take(people.given, who).to_pylist(),
        kind[odd].tolist(),
        people.female[person[odd]].tolist(),
        pc.take(people.old_given, who).to_pylist(),
        (slot[odd] == d.CONTACT).tolist(),
        rng.integers(0, 1 << 30, len(odd)).tolist(),
        strict=True,
    )
    texts = [_odd_name(s, g, (k, f, c, r), former) for s, g, k, f, former, c, r in parts]
    relative = np.flatnonzero(kind[odd] == d.RELATIVE)
    if len(relative):
        self_ = person[odd][relative]
        other = np.where(
            people.household[np.maximum(self_ - 1, 0)] == people.household[self_],
            np.maximum(self_ - 1, 0),
            np.minimum(self_ + 1, people.size - 1),
        )
        other = np.where(people.household[other] == people.household[self_], other, self_)
        for at, text in zip(relative.tolist(), pc.take(whole, pa.array(other)).to_pylist(), strict=True):
            texts[at] = text
    mask = np.zeros(len(person), dtype=bool)
    mask[odd] = True
    return pc.replace_with_mask(result, pa.array(mask), pa.array(texts, pa.string()))


def _odd_name(surname: str, given: str, how: tuple[int, bool, bool, int], former: str) -> str:
    kind, female, business, draw = how
    if kind == d.TYPO:
        return _mistyped(surname, given, draw)
    if kind == d.LATIN:
        sounds = pinyin()
        first, rest = sounds.get(surname, surname), "".join(sounds.get(c, c) for c in given)
        return (
            f"{first.title()} {rest.title()}",
            f"{first}{rest}",
            f"{rest.title()} {first.title()}",
            f"{first.upper()} {rest.upper()}",
        )[draw % 4]
    if kind == d.TITLED:
        if business:
            return surname + ("总", "经理", "主任", "工")[draw % 4]
        return surname + (("女士", "小姐", "女士", "阿姨") if female else ("先生", "先生", "先生", "师傅"))[draw % 4]
    if kind == d.NICK:
        return NICKS[draw % len(NICKS)]
    if kind == d.FORMER:
        return surname + former
    if kind == d.SHORT:
        return given if len(given) > 1 and draw % 2 else surname + given[-1]
    return surname + given


def _mistyped(surname: str, given: str, draw: int) -> str:
    """One character taken for another; where none is known, two are exchanged or one is doubled."""
    known = confused()
    places_of = [n for n, c in enumerate(given) if c in known]
    if places_of and draw % 12:
        n = places_of[draw % len(places_of)]
        options = known[given[n]]
        return surname + given[:n] + options[draw // 7 % len(options)] + given[n + 1 :]
    if surname in known and draw % 3 == 0:
        return known[surname][0] + given
    return surname + (given[::-1] if len(given) > 1 else given + given)


def _addresses(
    people: People, known: d.Described, person: Ints, slot: Ints, rng: np.random.Generator
) -> tuple[pa.Array, pa.Array]:
    """Street part in one of six styles, and the district; null where no address is shown."""
    which = known.address[person, slot]
    row = np.where(which == 2, people.old_home[person], people.home[person])
    homes, style = people.homes, rng.choice(6, len(person), p=[0.42, 0.18, 0.10, 0.14, 0.08, 0.08])
    pieces, order = [], []
    for number in range(6):
        own = np.flatnonzero((style == number) & (which > 0))
        pieces.append(street(homes, row[own], number))
        order.append(own)
    place = np.full(len(person), -1)
    place[np.concatenate(order)] = np.arange(int((which > 0).sum()))
    streets = pc.take(pa.concat_arrays(pieces), pa.array(np.maximum(place, 0), mask=place < 0))
    return streets, pc.take(places().districts, pa.array(homes.district[row], mask=which == 0))


def street(homes: Homes, row: Ints, style: int) -> pa.Array:
    """Write the part of an address below the district: full, shortened, or with other words for the same things."""

    def digits(values: Ints) -> pa.Array:
        return pc.cast(pa.array(values[row]), pa.string())

    road = pc.binary_join_element_wise(pc.take(pa.array(ROADS), pa.array(homes.road[row])), digits(homes.number), "")
    estate = pc.binary_join_element_wise(
        pc.take(pa.array(ESTATES_A), pa.array(homes.estate[row] // len(ESTATES_B))),
        pc.take(pa.array(ESTATES_B), pa.array(homes.estate[row] % len(ESTATES_B))),
        "",
    )
    block, unit, room = digits(homes.building), digits(homes.unit), digits(homes.room)
    text = [pa.scalar(t) for t in ("号", "栋", "单元", "室", "幢", "-", "号楼", "#", " ", "")]
    hao, dong, dan, shi, zhuang, dash, lou, sharp, blank, none = text
    parts: tuple[object, ...] = (
        (road, hao, estate, block, dong, unit, dan, room, shi),
        (road, hao, estate, block, zhuang, unit, dan, room),
        (estate, block, dash, unit, dash, room),
        (estate, block, lou, unit, dan, room, shi),
        (road, hao, blank, estate, block, sharp, unit, dash, room),
        (road, hao, estate, block, dong, room, shi),
    )[style]
    return pc.binary_join_element_wise(*parts, none)
