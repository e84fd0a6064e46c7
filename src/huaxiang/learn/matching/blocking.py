"""Which pairs of records are compared at all: those that agree on one of several combinations of values.

Each rule becomes one column of `people` (a hash of its values), so that the database joins on one number. A combination that
more than `max_block` records share is left out and reported; a rule that would still make far more pairs than there are records
is not used.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from huaxiang.errors import UsageError
from huaxiang.learn.matching.fields import Field
from huaxiang.learn.matching.prepare import Database
from huaxiang.spec.people import MatchingSpec

_PAIRS_PER_RECORD = 15
_MORE_PAIRS = (240, 3_000_000)
"""Few records may have more pairs each, up to so many in all."""


@dataclass(frozen=True)
class Rule:
    """A blocking rule: what it is called in reports, and the SQL of the values that have to agree."""

    name: str
    parts: tuple[str, ...]


@dataclass(frozen=True)
class Skipped:
    """Blocks that were left out: combinations of values, and the records in them. `values` is 0 when the whole rule was."""

    rule: str
    values: int
    records: int


def declared_rules(fields: Sequence[Field], spec: MatchingSpec) -> tuple[Rule, ...]:
    """Rules as `spec` declares them. Raises UsageError for a field that is not compared."""
    known = {f.name for f in fields}
    for name in sorted({n for rule in spec.blocking for n in rule} - known):
        raise UsageError(
            f'matching {spec.name}: field "{name}" of `blocking` is not compared; add it to `comparisons`',
            f"匹配 {spec.name}：`blocking` 中的字段“{name}”没有参与比较；请把它加入 `comparisons`",
        )
    return tuple(Rule("+".join(rule), tuple(f"v_{f}" for f in rule)) for rule in spec.blocking)


def default_rules(fields: Sequence[Field]) -> tuple[Rule, ...]:
    """Rules by the fields there are: keys alone, then names, dates and places two by two and looser parts three by three."""
    who, when, where, years = _who(fields), _when(fields), _where(fields), _years(fields)
    parts = [w for w in who if "_py" not in w.parts[0] and "_surpy" not in w.parts[0]]
    found = [*_reach(fields), *_whole_names(fields)]
    found += [_merge(w, d) for w in who for d in (*when, *where)]
    found += [_merge(d, p) for d in when for p in where]
    found += [_merge(w, d) for w in _starts(fields) for d in when]
    found += [_merge(w, d, p) for w in (*_starts(fields), *parts) for d in years for p in where]
    found += [_merge(t, w) for t in _ends(fields) for w in (*who[:1], *when)]
    single = [Rule(f.name, (f"v_{f.name}",)) for f in fields if f.kind != "exact"]
    found += [*single, *(_merge(a, b) for i, a in enumerate(single) for b in single[i + 1 :])]
    return tuple({frozenset(r.parts): r for r in reversed(found)}.values())[::-1]


def _merge(*rules: Rule) -> Rule:
    return Rule("+".join(r.name for r in rules), tuple(dict.fromkeys(p for r in rules for p in r.parts)))


def _who(fields: Sequence[Field]) -> list[Rule]:
    found = [Rule(f"{f.name} (sound)", (f"v_{f.name}_py",)) for f in fields if f.kind == "name"]
    found += [Rule(f"{f.name} (surname)", (f"v_{f.name}_surpy",)) for f in fields if f.kind == "name"]
    found += [Rule(f"{f.name} (given)", (f"v_{f.name}_giv",)) for f in fields if f.kind == "name"]
    return found + [Rule(f.name, (f"v_{f.name}",)) for f in fields if f.kind in ("given_name", "surname")]


def _whole_names(fields: Sequence[Field]) -> list[Rule]:
    found = [Rule(f"{f.name} (sound)", (f"v_{f.name}_py",)) for f in fields if f.kind == "name"]
    parts = [f for f in fields if f.kind in ("given_name", "surname")]
    if len(parts) == 2:
        a, b = sorted(f"v_{f.name}" for f in parts)
        found.append(Rule("+".join(f.name for f in parts), (f"least({a}, {b})", f"greatest({a}, {b})")))
    return found


def _starts(fields: Sequence[Field]) -> list[Rule]:
    found = [Rule(f"{f.name} (start)", (f"left(v_{f.name}_py, 3)",)) for f in fields if f.kind == "name"]
    return found + [
        Rule(f"{f.name} (start)", (f"left(v_{f.name}, 3)",)) for f in fields if f.kind in ("given_name", "surname")
    ]


def _when(fields: Sequence[Field]) -> list[Rule]:
    return [Rule(f.name, (f"v_{f.name}",)) for f in fields if f.kind == "date"][:1]


def _years(fields: Sequence[Field]) -> list[Rule]:
    return [Rule(f"{f.name} (year)", (f"left(v_{f.name}, 4)",)) for f in fields if f.kind == "date"][:1]


def _where(fields: Sequence[Field]) -> list[Rule]:
    places = ("address", "postcode", "suburb", "town", "district", "city", "birth_place")
    found = [Rule(f.name, (f"v_{f.name}",)) for f in fields if f.kind in ("address", "postcode") or f.name in places]
    found += [Rule(f"{f.name} (door)", (f"v_{f.name}_door", f"v_{f.name}_area")) for f in fields if f.kind == "address"]
    return found


def _reach(fields: Sequence[Field]) -> list[Rule]:
    return [Rule(f.name, (f"v_{f.name}",)) for f in fields if f.kind in ("phone", "email", "address") or f.identity]


def _ends(fields: Sequence[Field]) -> list[Rule]:
    return [Rule(f"{f.name} (end)", (f"right(v_{f.name}, 4)",)) for f in fields if f.kind == "phone"]


def add_blocks(db: Database, rules: Sequence[Rule], people: str) -> None:
    """Leave `blocks`: `id`, `fresh` and one hash column `b<number>` per rule, from a query of records; NULL where a value is unknown."""
    columns = []
    for number, rule in enumerate(rules):
        known = " AND ".join(f"({p}) IS NOT NULL" for p in rule.parts)
        columns.append(f"CASE WHEN {known} THEN hash({', '.join(rule.parts)}) END AS b{number}")
    db.run(f"CREATE TABLE blocks AS SELECT id, fresh{''.join(', ' + c for c in columns)} FROM {people}")


def recall_blocks(db: Database, rules: Sequence[Rule], known: str) -> None:
    """Add to `blocks` the rows of records whose hashes are `known` (a table by digest) from an earlier run."""
    columns = "".join(f", k.b{n}" for n in range(len(rules)))
    db.run(f"INSERT INTO blocks SELECT s.id, s.fresh{columns} FROM source s JOIN {known} k USING (digest)")


def export_blocks(db: Database, chosen: Sequence[int], ids: str) -> pa.Table:
    """Digests and hashes (columns b0, b1, …) of the records of table `ids`, by digest."""
    columns = "".join(f", b.b{old} AS b{new}" for new, old in enumerate(chosen))
    return db.arrow(f"SELECT s.digest{columns} FROM blocks b JOIN {ids} s USING (id) ORDER BY s.digest")


def index_mark(db: Database, fields: Sequence[Field], rules: Sequence[Rule]) -> bytes:
    """What hashes depend on besides the record: fields, rules, and the database that made them."""
    text = repr((fields, rules, db.rows("SELECT version()")))
    return hashlib.sha256(text.encode()).hexdigest().encode()


def count_blocks(
    db: Database, rules: Sequence[Rule], max_block: int, *, partly: bool
) -> tuple[list[int], tuple[Skipped, ...]]:
    """Pairs that each rule makes, and the blocks that are too large. Leaves `usable<number>`: the blocks that make pairs.
    `partly`: only blocks with a fresh record.
    """
    pairs, skipped = [], []
    fresh = "b{0} IS NOT NULL" + (" AND b{0} IN (SELECT b{0} FROM blocks WHERE fresh)" if partly else "")
    for number, rule in enumerate(rules):
        counted = f"SELECT b{number} AS b, count(*)::BIGINT AS n FROM blocks WHERE {fresh.format(number)} GROUP BY 1 HAVING n > 1"
        db.run(f"CREATE TABLE usable{number} AS {counted}")
        sums = f"sum(n * (n - 1) / 2) FILTER (n <= {max_block}), count(*) FILTER (n > {max_block}), sum(n) FILTER (n > {max_block})"
        cost, values, records = db.rows(f"SELECT {sums} FROM usable{number}")[0]
        pairs.append(int(cost or 0))
        if values:
            db.run(f"DELETE FROM usable{number} WHERE n > {max_block}")
            skipped.append(Skipped(rule.name, int(values), int(records)))
    return pairs, tuple(skipped)


def affordable(pairs: Sequence[int], records: int, rules: Sequence[Rule], skipped: Sequence[Skipped]) -> list[int]:
    """Numbers of the rules that are used: cheapest first, while their pairs stay within reason for so many records; without those
    whose pairs a broader one of them finds too.
    """
    chosen: list[int] = []
    spent, budget = 0, _PAIRS_PER_RECORD * records + min(_MORE_PAIRS[0] * records, _MORE_PAIRS[1])
    for cost, number in sorted((c, n) for n, c in enumerate(pairs)):
        spent += cost
        if 3 * cost > budget or spent > budget:
            break
        if cost:
            chosen.append(number)
    cut = {s.rule for s in skipped}
    whole = [n for n in chosen if rules[n].name not in cut]
    return sorted(n for n in chosen if not any(_covers(rules[w], rules[n]) and w != n for w in whole))


def _covers(broad: Rule, narrow: Rule) -> bool:
    """Whether all pairs of one rule are pairs of another: equal values imply equal parts of them."""
    known = set(narrow.parts)
    for part in narrow.parts:
        known.update({f"left({part}, 3)", f"left({part}, 4)", f"right({part}, 4)", f"{part}_py", f"left({part}_py, 3)"})
        known.update(f"{part}_{helper}" for helper in ("giv", "surpy", "door", "area"))
        if part.endswith("_py"):
            known.update(f"{part[:-3]}_{helper}" for helper in ("surpy",))
    return set(broad.parts) <= known and broad.parts != narrow.parts


def keep_blocks(db: Database, chosen: Sequence[int], rules: Sequence[Rule]) -> None:
    """Leave `kept`: `id` and `b<n>` of the records that stand in a usable block of a chosen rule."""
    kept = [
        f"CASE WHEN b{old} IN (SELECT b FROM usable{old}) THEN b{old} END AS b{new}" for new, old in enumerate(chosen)
    ]
    known = ", ".join(f"b{n}" for n in range(len(chosen)))
    if chosen:
        db.run(
            f"CREATE TABLE kept AS SELECT * FROM (SELECT id, {', '.join(kept)} FROM blocks) WHERE coalesce({known}) IS NOT NULL"
        )
    else:
        db.run("CREATE TABLE kept AS SELECT id FROM blocks WHERE FALSE")
    db.drop("blocks", *(f"usable{n}" for n in range(len(rules))))
