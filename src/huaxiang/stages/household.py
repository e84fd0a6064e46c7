"""Households 家庭: customers who give the same address, and what else is asked, live together. Whom we don't know doesn't count.

Deterministic: every choice between equals falls to the smallest ID. A household keeps its ID from build to build as long as more of
its members stay in it than in any other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from huaxiang.spec.models import HouseholdSpec

ID = "customer_id"
REGION = ("province", "city", "district")
ADULT = 18
_BLANKS = r"[\s\p{P}\p{S}]+"
_NUMBERED = r"[0-9]|[〇零一二三四五六七八九十百]+(号|栋|幢|座|室|单元|楼|层|组|队|巷|弄)"
"""An address without any number names a place, not a home."""
_FACTS = ("birth_date", "age", "gender")
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Households:
    """`of`: customer_id, household_id, household_size, family_members (one row per member) · `homes`: one row per household:
    household_id, rule, customers, members, head, children, province, city, district · `report`: what each rule did.
    """

    of: pa.Table
    homes: pa.Table
    report: pa.Table


def columns_of(rules: Sequence[HouseholdSpec], known: Sequence[str]) -> tuple[str, ...]:
    """The attributes that `form_households` wants, of those that are known."""
    wanted = [c for r in rules for c in (r.address, *r.also)]
    return tuple(c for c in dict.fromkeys([*wanted, *_FACTS, *REGION]) if c in known)


def moved(before: pa.Table | None, redirects: Mapping[str, str]) -> pa.Table | None:
    """The households of the last build with their members under the IDs they have now."""
    if before is None or not redirects:
        return before
    members = [[redirects.get(m, m) for m in list_ or ()] for list_ in before.column("members").to_pylist()]
    return before.set_column(before.column_names.index("members"), "members", pa.array(members, pa.list_(pa.string())))


def form_households(
    people: pa.Table, rules: Sequence[HouseholdSpec], before: pa.Table | None, as_of: date
) -> Households:
    """Find the households among `people` (customer_id and the attributes of `columns_of`, sorted by customer_id).

    Rules are tried in order; a customer who has a household is left out of the later ones. Two customers at least make a
    household. An address with more customers than `max_members` makes none. `before`: household_id, members of the last build.
    """
    home = np.full(people.num_rows, -1, dtype=np.int64)
    rule_of: list[str] = []
    reports = []
    for rule in rules:
        free = home < 0
        labels, crowded, left = _by_rule(people, rule, free)
        kept, sizes = _numbered(labels)
        home = np.where(kept >= 0, kept + len(rule_of), home)
        rule_of += [rule.name] * len(sizes)
        reports.append({
            "rule": rule.name, "households": len(sizes), "customers": int(sizes.sum()), "crowded_addresses": crowded,
            "customers_left": left,
        })  # fmt: skip
    ids = people.column(ID).to_pylist()
    order = np.argsort(home, kind="stable")
    order = order[home[order] >= 0]
    starts = np.flatnonzero(np.diff(home[order], prepend=-1))
    groups = np.split(order, starts[1:]) if len(order) else []
    names = _name(groups, ids, before)
    facts = _Facts(people, as_of)
    homes = [facts.describe(group, ids) for group in groups]
    return Households(_members(groups, ids, names, facts), _homes(homes, names, rule_of), _report(reports))


def _by_rule(people: pa.Table, rule: HouseholdSpec, free: NDArray[np.bool_]) -> tuple[Ints, int, int]:
    """A number per customer, equal within a household and −1 outside; addresses too crowded, and the customers on them."""
    address = _codes(people.column(rule.address), numbered=True)
    address = np.where(free, address, -1)
    counts = np.bincount(address[address >= 0]) if (address >= 0).any() else np.zeros(0, dtype=np.int64)
    crowded = counts > rule.max_members
    too_many = np.zeros(len(address), dtype=bool)
    too_many[address >= 0] = crowded[address[address >= 0]]
    usable = np.where(too_many, -1, address)
    if rule.also:
        usable = _sharing(usable, [_codes(people.column(c), numbered=False) for c in rule.also])
    return usable, int(crowded.sum()), int(too_many.sum())


def _codes(column: pa.ChunkedArray, *, numbered: bool) -> Ints:
    """A number per distinct text, as people compare it: width, case, blanks and punctuation don't matter; −1 for none."""
    coded = pc.dictionary_encode(pc.cast(column, pa.string())).combine_chunks()
    if isinstance(coded, pa.ChunkedArray):
        coded = coded.chunk(0)
    words = pc.utf8_lower(pc.utf8_normalize(coded.dictionary, form="NFKC"))
    words = pc.replace_substring_regex(words, pattern=_BLANKS, replacement="")
    useful = pc.greater(pc.utf8_length(words), 0)
    if numbered:
        useful = pc.and_(useful, pc.match_substring_regex(words, pattern=_NUMBERED))
    same = pc.dictionary_encode(words).indices.to_numpy(zero_copy_only=False).astype(np.int64)
    same = np.where(useful.to_numpy(zero_copy_only=False).astype(bool), same, -1)
    index = pc.fill_null(pc.cast(coded.indices, pa.int64()), -1).to_numpy(zero_copy_only=False)
    return np.where(index >= 0, np.append(same, -1)[index], -1)


def _sharing(address: Ints, shared: Sequence[Ints]) -> Ints:
    """Parts of each address whose customers are tied by at least one shared value."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    left: list[Ints] = []
    right: list[Ints] = []
    for codes in shared:
        rows = np.flatnonzero((address >= 0) & (codes >= 0))
        order = rows[np.lexsort((rows, codes[rows], address[rows]))]
        tied = (np.diff(address[order]) == 0) & (np.diff(codes[order]) == 0)
        left.append(order[:-1][tied])
        right.append(order[1:][tied])
    ends = np.concatenate(left), np.concatenate(right)
    size = len(address)
    graph = coo_matrix((np.ones(len(ends[0]), dtype=np.int8), ends), shape=(size, size))
    _, component = connected_components(graph, directed=False)
    return np.where(address >= 0, component.astype(np.int64), -1)


def _numbered(labels: Ints) -> tuple[Ints, Ints]:
    """Labels held at least twice as 0, 1, … by their first customer, −1 for the rest; and their sizes."""
    rows = np.flatnonzero(labels >= 0)
    found, first, inverse, counts = np.unique(labels[rows], return_index=True, return_inverse=True, return_counts=True)
    large = np.flatnonzero(counts >= 2)
    rank = np.full(len(found), -1, dtype=np.int64)
    by_first = large[np.argsort(first[large], kind="stable")]
    rank[by_first] = np.arange(len(by_first))
    kept = np.full(len(labels), -1, dtype=np.int64)
    kept[rows] = rank[inverse]
    return kept, counts[by_first]


def _name(groups: Sequence[Ints], ids: Sequence[str], before: pa.Table | None) -> list[str]:
    """The ID of each household: that of the one before it shares most members with, else a new one from its first member."""
    names = [""] * len(groups)
    old: set[str] = set()
    if before is not None:
        old = set(before.column("household_id").to_pylist())
        for name, heir in _heirs(groups, ids, before):
            names[heir] = name
    taken = old | set(names)
    for number, members in enumerate(groups):
        if not names[number]:
            names[number] = _fresh(ids[int(members[0])], taken)
            taken.add(names[number])
    return names


def _heirs(groups: Sequence[Ints], ids: Sequence[str], before: pa.Table) -> list[tuple[str, int]]:
    """Pairs (old ID, new household), each at most once, by most shared members."""
    group_of = {ids[int(row)]: number for number, group in enumerate(groups) for row in group}
    shared: dict[tuple[str, int], int] = {}
    lists = zip(before.column("household_id").to_pylist(), before.column("members").to_pylist(), strict=True)
    for name, members in lists:
        for member in members or ():
            if member in group_of:
                pair = (name, group_of[member])
                shared[pair] = shared.get(pair, 0) + 1
    pairs: list[tuple[str, int]] = []
    used: tuple[set[str], set[int]] = (set(), set())
    for name, number in sorted(shared, key=lambda pair: (-shared[pair], pair)):
        if name not in used[0] and number not in used[1]:
            used[0].add(name)
            used[1].add(number)
            pairs.append((name, number))
    return pairs


def _fresh(first: str, taken: set[str]) -> str:
    """An ID nobody has, drawn from the first member's."""
    number = 0
    while True:
        name = "H" + hashlib.sha256(f"household:{first}:{number}".encode()).hexdigest()[:12]
        if name not in taken:
            return name
        number += 1


class _Facts:
    """What is known of the members: age, gender, region."""

    def __init__(self, people: pa.Table, as_of: date) -> None:
        lists = {c: people.column(c).to_pylist() for c in (*_FACTS, *REGION) if c in people.column_names}
        self._regions = {c: lists[c] for c in REGION if c in lists}
        self._born = lists.get("birth_date")
        self._ages = lists.get("age")
        self._gender = lists.get("gender")
        self._as_of = as_of

    def age(self, row: int) -> int | None:
        """Full years, from the birthday or as stated; None when unknown."""
        born = self._born[row] if self._born is not None else None
        if isinstance(born, date):
            return self._as_of.year - born.year - ((self._as_of.month, self._as_of.day) < (born.month, born.day))
        age = self._ages[row] if self._ages is not None else None
        return int(age) if isinstance(age, int | float) and not isinstance(age, bool) else None

    def role(self, row: int) -> str:
        """`child`, `man`, `woman` or `person`."""
        age = self.age(row)
        if age is not None and age < ADULT:
            return "child"
        gender = self._gender[row] if self._gender is not None else None
        return {"male": "man", "female": "woman"}.get(str(gender), "person")

    def describe(self, group: Ints, ids: Sequence[str]) -> dict[str, object]:
        """Members, the eldest whose age is known as head, children known, and the region most of them give."""
        rows = [int(r) for r in group]
        ages = {r: self.age(r) for r in rows}
        aged = [r for r in rows if ages[r] is not None]
        head = min(aged, key=lambda r: (self._birth_order(r, ages[r]), ids[r])) if aged else None
        children = sum((ages[r] or 0) < ADULT for r in aged)
        region = {c: _most([values[r] for r in rows]) for c, values in self._regions.items()}
        return {
            "customers": len(rows), "members": [ids[r] for r in rows], "head": ids[head] if head is not None else None,
            "children": children if aged else None, **region,
        }  # fmt: skip

    def _birth_order(self, row: int, age: int | None) -> tuple[int, int]:
        born = self._born[row] if self._born is not None else None
        days = born.toordinal() if isinstance(born, date) else self._as_of.toordinal() - int((age or 0) * 365.25)
        return days, row


def _most(values: Iterable[object]) -> str | None:
    """The most frequent text, ties to the smallest."""
    counts: dict[str, int] = {}
    for value in values:
        if value is not None:
            counts[str(value)] = counts.get(str(value), 0) + 1
    return min(counts, key=lambda v: (-counts[v], v)) if counts else None


def _members(groups: Sequence[Ints], ids: Sequence[str], names: Sequence[str], facts: _Facts) -> pa.Table:
    rows = [(int(r), n) for n, group in enumerate(groups) for r in group]
    roles = {r: facts.role(r) for r, _ in rows}
    others = [sorted(roles[int(o)] for o in groups[n] if int(o) != r) for r, n in rows]
    table = pa.table({
        ID: pa.array([ids[r] for r, _ in rows], pa.string()),
        "household_id": pa.array([names[n] for _, n in rows], pa.string()),
        "household_size": pa.array([len(groups[n]) for _, n in rows], pa.int64()),
        "family_members": pa.array([list(dict.fromkeys(o)) for o in others], pa.list_(pa.string())),
    })  # fmt: skip
    return table.sort_by(ID)


def _homes(homes: Sequence[Mapping[str, object]], names: Sequence[str], rules: Sequence[str]) -> pa.Table:
    schema = pa.schema([
        ("household_id", pa.string()), ("rule", pa.string()), ("customers", pa.int64()), ("members", pa.list_(pa.string())),
        ("head", pa.string()), ("children", pa.int64()), *((c, pa.string()) for c in REGION),
    ])  # fmt: skip
    rows = [{"household_id": n, "rule": r, **h} for n, r, h in zip(names, rules, homes, strict=True)]
    filled = [{f.name: row.get(f.name) for f in schema} for row in rows]
    return pa.Table.from_pylist(filled, schema=schema).sort_by("household_id")


def _report(reports: Sequence[Mapping[str, object]]) -> pa.Table:
    schema = pa.schema([("rule", pa.string()), *((c, pa.int64()) for c in (
        "households", "customers", "crowded_addresses", "customers_left"))])  # fmt: skip
    return pa.Table.from_pylist(list(reports), schema=schema)
