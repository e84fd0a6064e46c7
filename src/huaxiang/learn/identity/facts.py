"""What records say of a person, and whether two of them contradict each other: points over name, date of birth and gender.

Points of a pair: name equal 2, alike 1, different -2 (0 when one is a family name alone or a nickname); date of birth equal 3,
different in one part -1, else -2; gender different -1. Below 0 they contradict: father and son of one name and phone (2 - 2 - 1),
but not a mistyped birthday under the same name (2 - 1), nor a changed name under the same birthday (-2 + 3).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from huaxiang.learn.texts import one_chunk

FIELDS = (
    "name", "given_name", "surname", "gender", "birth_date", "phone", "email", "address", "street", "province", "city", "district",
    "postcode", "id_number", "company",
)  # fmt: skip
"""Fields of a records table that describe somebody."""
_HONORIFIC = re.compile(r"(先生|女士|小姐|太太|夫人|老师|阿姨|师傅|同学|经理|主任|主管|总监|总|工)$")
_PLAIN_HAN = re.compile("[\u4e00-\u9fff]+")
"""Names that stand as they are compared, but for a honorific."""
_TITLES = frozenset({"mr", "mrs", "ms", "miss", "dr", "prof", "jr", "sr"})
_MASK = "*＊某×"
_SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖萧田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪"
    "廖石金韦贾夏付傅方邹熊白孟秦邱侯江尹薛闫阎雷龙黎史陶贺毛段郝顾龚邵覃武钱戴严莫孔向常汤康易乔文安温颜庄殷章施葛倪俞梅兰齐"
    "庞樊路柳鲁伍骆聂申尤焦翁岳赖洪裴柯欧詹耿关舒祝卜凌霍涂柴纪翟单米宁左成苗游牛包祁管卓辛曲童巩鲍娄芦蒲靳甘盛房季屈项凤蓝瞿"
    "古费车商佟冉符邢阮解谷甄麦苟隋席简沙滕戚宫应窦喻华穆栾蔺卫冷查饶冼岑臧景宗褚池牟桂佘"
)
_COMPOUND = frozenset({
    "欧阳", "上官", "诸葛", "司徒", "司马", "慕容", "令狐", "皇甫", "尉迟", "公孙",
    "长孙", "宇文", "东方", "南宫", "夏侯", "轩辕", "端木", "独孤", "淳于", "闻人",
})  # fmt: skip
"""Usual family names: what begins with none of them is taken for a nickname or a given name alone, which contradict no other name."""


@dataclass(frozen=True)
class Facts:
    """Per record: numbers of name, date of birth (days since 1970; -1e6 unknown) and gender (-1 unknown), `known` a bit per known
    field, `alike` a number that equal descriptions share. `names`: what the name numbers stand for, normalised.
    """

    name: np.ndarray
    birth: np.ndarray
    gender: np.ndarray
    known: np.ndarray
    alike: np.ndarray
    names: tuple[str, ...]

    def take(self, chosen: np.ndarray) -> Facts:
        """The facts of some records."""
        return Facts(
            self.name[chosen],
            self.birth[chosen],
            self.gender[chosen],
            self.known[chosen],
            self.alike[chosen],
            self.names,
        )


NO_BIRTH = -1_000_000


def read_facts(records: pa.Table, fields: Sequence[str] = FIELDS) -> Facts:
    """Read the describing fields of a records table; at most 63 of them count."""
    size = records.num_rows
    known = np.zeros(size, dtype=np.int64)
    alike = np.zeros(size, dtype=np.uint64)
    for bit, field in enumerate(f for f in fields[:63] if f in records.column_names):
        code = _numbers(records.column(field))[0]
        known |= np.where(code >= 0, np.int64(1) << bit, 0)
        alike = (alike * np.uint64(1_000_003)) ^ (code.astype(np.int64) + 2).astype(np.uint64)
    name, names = _names(records)
    gender = _numbers(records.column("gender"))[0] if "gender" in records.column_names else _none(size)
    return Facts(name, _births(records), gender, known, alike, names)


def _none(size: int) -> np.ndarray:
    return np.full(size, -1, dtype=np.int64)


def _numbers(column: pa.ChunkedArray) -> tuple[np.ndarray, pa.Array]:
    encoded = column.cast(pa.string()).combine_chunks().dictionary_encode()
    texts = encoded.dictionary
    number = np.arange(len(texts) + 1, dtype=np.int64)
    odd = np.flatnonzero(pc.invert(pc.match_substring_regex(texts, r"^[\pL\pN]")).to_numpy(zero_copy_only=False))
    number[[i for i in odd.tolist() if not texts[i].as_py().strip()]] = -1
    number[-1] = -1
    return number[encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)], texts


def _names(records: pa.Table) -> tuple[np.ndarray, tuple[str, ...]]:
    columns = [c for c in ("name", "given_name", "surname") if c in records.column_names]
    if not columns:
        return _none(records.num_rows), ()
    texts = {c: one_chunk(records.column(c).cast(pa.string())) for c in columns}
    whole = texts.get("name", pa.nulls(records.num_rows, pa.string()))
    parts = [texts[c] for c in ("given_name", "surname") if c in texts]
    if parts:
        joined = pc.utf8_trim_whitespace(pc.binary_join_element_wise(*(pc.fill_null(p, "") for p in parts), " "))
        whole = pc.coalesce(whole, pc.if_else(pc.equal(joined, ""), pa.scalar(None, pa.string()), joined))
    code, found = _numbers(pa.chunked_array([whole]))
    names: dict[str, int] = {}
    number = np.full(len(found) + 1, -1, dtype=np.int64)
    for at, text in enumerate(found.to_pylist()):
        norm = normal_name(text)
        if norm:
            number[at] = names.setdefault(norm, len(names))
    return number[code], tuple(names)


def _births(records: pa.Table) -> np.ndarray:
    if "birth_date" not in records.column_names:
        return np.full(records.num_rows, NO_BIRTH, dtype=np.int64)
    column = one_chunk(records.column("birth_date"))
    if not pa.types.is_date32(column.type):
        column = pc.strptime(column.cast(pa.string()), format="%Y-%m-%d", unit="s", error_is_null=True).cast(
            pa.date32()
        )
    days: np.ndarray = column.cast(pa.int32()).cast(pa.int64()).fill_null(NO_BIRTH).to_numpy(zero_copy_only=False)
    return days


def normal_name(text: str) -> str:
    """A name as it is compared: full width and case folded, honorifics and marks gone, Latin words sorted."""
    if _PLAIN_HAN.fullmatch(text):
        return _HONORIFIC.sub("", text) or text
    text = unicodedata.normalize("NFKC", text).casefold().strip()
    if _is_han(text):
        bare = "".join(c for c in text if c.isalpha() or c in _MASK)
        return _HONORIFIC.sub("", bare) or bare
    words = "".join(
        c if c.isalnum() else " " for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c)
    )
    return " ".join(sorted(w for w in words.split() if w not in _TITLES))


def _is_han(text: str) -> bool:
    return any("\u3400" <= c <= "\u9fff" for c in text)


@lru_cache(maxsize=200_000)
def name_points(one: str, two: str) -> int:
    """Points of two different normalised names."""
    if _is_han(one) != _is_han(two):
        return 0  # two scripts: nothing can be said
    if _is_han(one):
        return _han_points(one, two)
    short, long = sorted((one.split(), two.split()), key=len)
    rest = list(long)
    for word in short:
        match = next((w for w in rest if w == word), None) or next((w for w in rest if _one_initial(w, word)), None)
        if match is None:
            break
        rest.remove(match)
    else:
        return 1
    least = min(len(one), len(two))
    return 1 if least >= 4 and within(one, two, max(1, least // 6)) else -2


def _one_initial(one: str, two: str) -> bool:
    return one[0] == two[0] and 1 in (len(one), len(two))


def _han_points(one: str, two: str) -> int:
    if any(c in _MASK for c in one + two):
        plain = [(a, b) for a, b in zip(one, two, strict=False) if a not in _MASK and b not in _MASK]
        return 1 if all(a == b for a, b in plain) else -2
    short, long = sorted((one, two), key=len)
    if not (_is_full(one) and _is_full(two)):
        if len(short) == 1 and short in _SURNAMES and long[0] in _SURNAMES:
            return 0 if short == long[0] else -2  # a family name alone: 王先生
        return 1 if len(short) > 1 and long.endswith(short) else 0  # a given name alone, or a nickname
    if _sound(one) == _sound(two):
        return 1
    if one[0] == two[0] and _is_part(short[1:], long[1:]):
        return 1  # a sign left out or swapped: 刘萌 for 刘诗萌; but not another one: 王小明, 王小华
    return 1 if len(short) >= 4 and within(one, two, 1) else -2


def _is_part(short: str, long: str) -> bool:
    """Whether all signs of `short` stand in `long`."""
    rest = list(long)
    for sign in short:
        if sign not in rest:
            return False
        rest.remove(sign)
    return True


def _is_full(name: str) -> bool:
    """Whether a Chinese name has a usual family name and a given name that is not just two equal signs (萌萌)."""
    return (
        2 <= len(name) <= 5
        and (name[0] in _SURNAMES or name[:2] in _COMPOUND)
        and not (len(name) == 2 and name[0] == name[1])
    )


def _sound(name: str) -> tuple[str, ...]:
    from pypinyin import lazy_pinyin

    return tuple(lazy_pinyin(name))


def within(one: str, two: str, edits: int) -> bool:
    """Whether so many edits lead from one text to the other, neighbours swapped counting one (optimal string alignment)."""
    if abs(len(one) - len(two)) > edits:
        return False
    before: list[int] = []
    row = list(range(len(two) + 1))
    for i, a in enumerate(one, 1):
        before, last, row = row, before, [i]
        for j, b in enumerate(two, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if last and j > 1 and a == two[j - 2] and one[i - 2] == b:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
        if min(row) > edits and min(before) >= edits:
            return False  # the next row starts from these two
    return row[-1] <= edits


def points(facts: Facts, left: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points of pairs of records, and which pairs have anything to compare."""
    total = np.zeros(len(left), dtype=np.int64)
    a, b = facts.name[left], facts.name[right]
    named = (a >= 0) & (b >= 0)
    total[named & (a == b)] += 2
    differ = np.flatnonzero(named & (a != b))
    if len(differ):
        wide = len(facts.names)
        low, high = np.minimum(a[differ], b[differ]), np.maximum(a[differ], b[differ])
        pair, back = np.unique(low * wide + high, return_inverse=True)
        given = [name_points(facts.names[p // wide], facts.names[p % wide]) for p in pair.tolist()]
        total[differ] += np.array(given, dtype=np.int64)[back]
    born = (facts.birth[left] != NO_BIRTH) & (facts.birth[right] != NO_BIRTH)
    total[born] += _birth_points(facts.birth[left][born], facts.birth[right][born])
    sexed = (facts.gender[left] >= 0) & (facts.gender[right] >= 0)
    total -= sexed & (facts.gender[left] != facts.gender[right])
    return total, named | born | sexed


def _birth_points(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    parts = []
    for day in (one, two):
        date = day.astype("datetime64[D]")
        year, month = date.astype("datetime64[Y]"), date.astype("datetime64[M]")
        parts.append((year.astype(int), month.astype(int) % 12, (date - month).astype(int)))
    (y1, m1, d1), (y2, m2, d2) = parts
    same = (y1 == y2).astype(int) + (m1 == m2) + (d1 == d2)
    swapped = (y1 == y2) & (m1 == d2) & (d1 == m2)
    return np.where(same == 3, 3, np.where((same == 2) | swapped, -1, -2))
