"""What the customers of an audience are like: how they spread over tags against a base, their numbers, and how audiences overlap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from huaxiang.app.audiences.staleness import stale_in
from huaxiang.app.masks import kind_of
from huaxiang.errors import UsageError
from huaxiang.store.snapshots import Snapshot

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from huaxiang.app.audience_index import OpenIndex
    from huaxiang.index import Bits
    from huaxiang.index.reading import Counted

    Figures = NDArray[np.float64]

BREAKDOWN_KEYS = ("snapshot", "as_of", "audience", "customers", "base", "tags", "stale")
BREAKDOWN_TAG_KEYS = (
    "name",
    "title",
    "value_type",
    "unit",
    "known",
    "missing",
    "base_known",
    "base_missing",
    "values",
    "other",
)
BREAKDOWN_VALUE_KEYS = ("value", "title", "count", "share", "base_count", "base_share", "tgi", "tgi_low", "tgi_high")
BASE_KEYS = ("kind", "condition", "customers")
OVERLAP_KEYS = ("snapshot", "as_of", "customers", "audiences", "counts", "shares", "jaccard", "any", "all", "stale")
LEVEL = 0.95
MOST_TAGS = 60
MOST_VALUES = 1_000
FEW_NUMBERS = 50
"""Numbers and dates with at most so many different values are broken down by value."""
MOST_AUDIENCES = 30


@dataclass(frozen=True)
class _Base:
    """What an audience is compared with. `valid`: shares are of the customers with a value; `apart`: it holds nobody of the audience."""

    kind: str
    condition: str | None
    bits: Bits
    valid: bool
    apart: bool = False


def breakdown(
    snapshot: Snapshot, expression: str, by: Sequence[str], base: str = "valid", *, limit: int = 20
) -> dict[str, Any]:
    """Return BREAKDOWN_KEYS: how an audience spreads over the values of tags or attributes, against a base.

    `base`: `valid`: everyone, shares of those with a value; `all`: everyone, shares of all, so that missing values count as not having
    it; or a condition (or audience): shares of those with a value, against the customers who meet it, of whom the audience must be a
    part, or none. TGI = 100 × share ÷ base share, with the 95 % interval of `learn.evidence`. Each of `tags` has BREAKDOWN_TAG_KEYS,
    its `values` the `limit` most frequent in audience and base, each with BREAKDOWN_VALUE_KEYS; `other` counts the rest of values.
    Raises UsageError for tags that can't be broken down or bases that can't be compared with, and as `OpenIndex.select`.
    """
    from huaxiang.app.audience_index import open_index

    index = open_index(snapshot)
    items = [_described(snapshot.manifest, index, name) for name in _named(by)]
    bits = index.select(expression)
    against = _base(index, bits, base)
    sizes = bits.count(), against.bits.count()
    return {
        "snapshot": snapshot.id, "as_of": snapshot.manifest["as_of"], "audience": expression, "customers": sizes[0],
        "base": {"kind": against.kind, "condition": against.condition, "customers": sizes[1]},
        "tags": _told(_columns(index, items, bits, against), against, sizes, limit),
        "stale": stale_in(snapshot, expression, against.condition),
    }  # fmt: skip


def _named(by: Sequence[str]) -> list[str]:
    names = list(dict.fromkeys(name.strip() for name in by if name.strip()))
    if not 1 <= len(names) <= MOST_TAGS:
        raise UsageError(
            f"name 1 to {MOST_TAGS} tags to break the audience down by, not {len(names)}",
            f"请指定 1 到 {MOST_TAGS} 个用来细分的标签，当前为 {len(names)} 个",
        )
    return names


def items_of(manifest: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Attributes, tags and clusterings of a manifest by name; tags win over the attributes they take over."""
    clusterings = [item | {"value_type": "enum"} for item in manifest.get("clusterings", ())]
    return {item["name"]: item for item in (*manifest.get("attributes", ()), *manifest.get("tags", ()), *clusterings)}


def find_item(manifest: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The tag, attribute or clustering of that name. Raises UsageError for an unknown one, and one that points at a person."""
    items = items_of(manifest)
    if name not in items:
        raise UsageError.unknown("tag", name, items)
    item = items[name]
    if item.get("personal") or kind_of(item):
        raise UsageError(
            f'"{name}" identifies or reaches people: it describes no audience; choose another tag',
            f"“{name}”是可识别或联系到个人的信息，不能用来描述人群；请换其他标签",
        )
    return item


def _described(manifest: Mapping[str, Any], index: OpenIndex, name: str) -> Mapping[str, Any]:
    item = find_item(manifest, name)
    info = index.index.fields[name]
    if info.kind not in ("codes", "list") or (info.values or 0) > MOST_VALUES:
        raise UsageError(
            f'"{name}" has too many different values for a breakdown; use a tag with bands, or `audience numbers`',
            f"“{name}”的取值太多，不能按值细分；请换分段标签，数值可用 audience numbers",
        )
    if item["value_type"] in ("integer", "number", "money", "date", "datetime") and (info.values or 0) > FEW_NUMBERS:
        raise UsageError(
            f'"{name}" is a {item["value_type"]} with {info.values} values; use `audience numbers`, or a tag with bands',
            f"“{name}”是数值或日期，有 {info.values} 个不同的值；请用 audience numbers，或换分段标签",
        )
    return item


def _base(index: OpenIndex, bits: Bits, base: str) -> _Base:
    if base.strip() in ("all", "valid"):
        return _Base(base.strip(), None, index.index.all, base.strip() == "valid")
    found = index.select(base)
    shared = bits.overlap(found)
    if shared not in (0, bits.count()):
        outside = bits.count() - shared
        raise UsageError(
            f"{outside} of the {bits.count()} customers of the audience are not in the base; choose a base that holds all of them, or none",
            f"该人群 {bits.count()} 人中有 {outside} 人不在对比基准里；请选择包含全部或完全不含该人群的基准",
        )
    return _Base("condition", base, found, valid=True, apart=shared == 0 and bits.count() > 0)


@dataclass(frozen=True)
class _Column:
    """One tag: its values with their counts in the audience and in the base; `known` and `of`: the customers of each with a value, and
    those that shares are of.
    """

    item: Mapping[str, Any]
    values: Sequence[Any]
    counts: tuple[NDArray[np.int64], NDArray[np.int64]]
    known: tuple[int, int]
    of: tuple[int, int]


def _columns(index: OpenIndex, items: Sequence[Mapping[str, Any]], bits: Bits, base: _Base) -> list[_Column]:
    names = [item["name"] for item in items]
    inside, outside = index.index.breakdown(bits, names), index.index.breakdown(base.bits, names)
    found = []
    for item in items:
        name = item["name"]
        known = _known(index, bits, inside[name], name), _known(index, base.bits, outside[name], name)
        of = known if base.valid else (bits.count(), base.bits.count())
        counts = inside[name].counts, outside[name].counts
        found.append(_Column(item, inside[name].values.to_pylist(), counts, known, of))
    return found


def _known(index: OpenIndex, bits: Bits, counted: Counted, name: str) -> int:
    """How many customers of a set have a value; of a list at least one."""
    if index.index.fields[name].kind == "list":
        return bits.overlap(index.index.holders(name))
    return bits.count() - counted.missing


def _told(columns: Sequence[_Column], base: _Base, sizes: tuple[int, int], limit: int) -> list[dict[str, Any]]:
    """What is told of each tag; the intervals of all are computed together."""
    import numpy as np

    from huaxiang.learn.evidence import tgi_apart, tgi_within

    chosen = [_chosen(column, limit) for column in columns]
    parts = [
        [column.counts[0][at], np.full(len(at), column.of[0]), column.counts[1][at], np.full(len(at), column.of[1])]
        for column, at in zip(columns, chosen, strict=True)
    ]
    x1, n1, xb, nb = (np.concatenate([part[i] for part in parts]).astype(np.float64) for i in range(4))
    tgi, low, high = (tgi_apart if base.apart else tgi_within)((x1, n1, xb, nb), level=LEVEL)
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = x1 / n1, xb / nb
    figures = {
        "count": x1.astype(np.int64).tolist(), "share": _rounded(shares[0], 6), "base_count": xb.astype(np.int64).tolist(),
        "base_share": _rounded(shares[1], 6), "tgi": _rounded(tgi, 2), "tgi_low": _rounded(low, 2), "tgi_high": _rounded(high, 2),
    }  # fmt: skip
    found, begin = [], 0
    for column, at in zip(columns, chosen, strict=True):
        rows = _values(column, at.tolist(), {key: told[begin : begin + len(at)] for key, told in figures.items()})
        begin += len(at)
        found.append(_tag(column, sizes, rows, at))
    return found


def _chosen(column: _Column, limit: int) -> NDArray[np.int64]:
    """The places of the values that are told: the most frequent in the audience, then in the base; ties in the order of the values."""
    import numpy as np

    order = np.lexsort((np.arange(len(column.values)), -column.counts[1], -column.counts[0]))
    there = order[(column.counts[1][order] > 0) | (column.counts[0][order] > 0)]
    chosen: NDArray[np.int64] = there[:limit]
    return chosen


def _values(column: _Column, at: Sequence[int], figures: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """BREAKDOWN_VALUE_KEYS of the values at some places, with their figures."""
    values = [column.values[place] for place in at]
    titles = column.item.get("values") or {}
    named = [titles.get(value) if isinstance(value, str) else None for value in values]
    told = zip(values, named, *(figures[key] for key in BREAKDOWN_VALUE_KEYS[2:]), strict=True)
    return [dict(zip(BREAKDOWN_VALUE_KEYS, one, strict=True)) for one in told]


def _rounded(figures: Figures, digits: int) -> list[float | None]:
    """The figures, None where there is none (nobody in the base has a value, an interval without an end)."""
    import numpy as np

    there = np.isfinite(figures)
    return [f if k else None for f, k in zip(np.round(figures, digits).tolist(), there.tolist(), strict=True)]


def _tag(column: _Column, sizes: tuple[int, int], rows: list[dict[str, Any]], at: NDArray[np.int64]) -> dict[str, Any]:
    item, (count, base_count) = column.item, sizes
    rest = [int(counts.sum() - counts[at].sum()) for counts in column.counts]
    more = int(((column.counts[0] > 0) | (column.counts[1] > 0)).sum()) - len(at)
    return {
        "name": item["name"], "title": item.get("title"), "value_type": item["value_type"], "unit": item.get("unit"),
        "known": column.known[0], "missing": count - column.known[0], "base_known": column.known[1],
        "base_missing": base_count - column.known[1], "values": rows,
        "other": {"values": more, "count": rest[0], "base_count": rest[1]} if more else None,
    }  # fmt: skip


def overlap(snapshot: Snapshot, expressions: Sequence[str]) -> dict[str, Any]:
    """Return OVERLAP_KEYS: for each pair of audiences (names or conditions) the customers in both.

    `counts[i][j]`: customers in both; `shares[i][j]`: of those in i, how many are in j too; `jaccard[i][j]`: both ÷ either; None where
    nobody is. `any`, `all`: customers in at least one, in all of them. Raises UsageError for fewer than two, and as `OpenIndex.select`.
    """
    from functools import reduce
    from operator import and_, or_

    from huaxiang.app.audience_index import open_index

    asked = list(dict.fromkeys(expressions))
    if not 2 <= len(asked) <= MOST_AUDIENCES:
        raise UsageError(
            f"name 2 to {MOST_AUDIENCES} different audiences, not {len(asked)}",
            f"请给出 2 到 {MOST_AUDIENCES} 个不同的人群，当前为 {len(asked)} 个",
        )
    index = open_index(snapshot)
    sets = [index.select(expression) for expression in asked]
    sizes = [bits.count() for bits in sets]
    both = [[one.overlap(other) for other in sets] for one in sets]
    either = [[sizes[i] + sizes[j] - both[i][j] for j in range(len(sets))] for i in range(len(sets))]
    titles = {item["name"]: item.get("title") for item in snapshot.manifest.get("audiences", ())}
    return {
        "snapshot": snapshot.id, "as_of": snapshot.manifest["as_of"], "customers": index.size,
        "audiences": [
            {"audience": name, "title": titles.get(name), "size": size, "share": _part(size, index.size)}
            for name, size in zip(asked, sizes, strict=True)
        ],
        "counts": both, "shares": [[_part(n, size) for n in row] for row, size in zip(both, sizes, strict=True)],
        "jaccard": [[_part(n, m) for n, m in zip(row, others, strict=True)] for row, others in zip(both, either, strict=True)],
        "any": reduce(or_, sets).count(), "all": reduce(and_, sets).count(),
        "stale": stale_in(snapshot, *asked),
    }  # fmt: skip


def _part(count: int, of: int) -> float | None:
    return round(count / of, 6) if of else None
