"""What must hold for any records: order and grouping don't matter, decisions can be undone, IDs stay, incremental equals full."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.learn.identity_world import KEYS, LIMITED, Row, groups, run

from huaxiang.learn.identity import Decision, Decisions, Ledger, Resolution
from huaxiang.spec.models import IdentityKeySpec, MatchingSpec

SMALL = MatchingSpec(name="people", max_customer=4)
CROWDED = tuple(k.model_copy(update={"max_records": 2}) if k.name in ("wechat", "phone") else k for k in KEYS)
WITHOUT_DEVICES = tuple(tuple(k for k in keys if k.role != "device") for keys in (KEYS, LIMITED, CROWDED))
"""With devices, an increment looks at all records; without, at those alone that something touched."""


def _maybe(*values: str) -> st.SearchStrategy[str | None]:
    return st.one_of(st.none(), st.none(), st.sampled_from(values))


ROW = st.builds(
    Row,
    customer_key=_maybe("m1", "m2", "m3", "0"),
    openid=_maybe("o1", "o2", "o3"),
    phone=_maybe("p1", "p2", "p3"),
    email=_maybe("e1", "e2"),
    device_id=_maybe("d1", "d2"),
    name=_maybe("张伟", "李娜", "王小明", "Ann Lee", "Ann Li"),
    gender=_maybe("male", "female"),
    birth_date=st.one_of(st.none(), st.sampled_from([date(1990, 1, 2), date(1990, 2, 1), date(1985, 6, 7)])),
    id_number=_maybe("i1", "i2"),
    city=_maybe("北京", "上海"),
    source=st.sampled_from(["crm", "app"]),
    rows=st.integers(1, 5),
    first=st.integers(0, 30),
    last=st.integers(0, 60),
)
ROWS = st.lists(ROW, min_size=1, max_size=14, unique_by=lambda r: r.digest)
RULES = st.tuples(st.sampled_from([KEYS, LIMITED, *WITHOUT_DEVICES]), st.booleans(), st.sampled_from([None, SMALL]))
Rules = tuple[tuple[IdentityKeySpec, ...], bool, MatchingSpec | None]


def _run(rows: list[Row], rules: Rules, **more: object) -> tuple[dict[str, str | None], Resolution]:
    keys, scored, spec = rules
    chosen = {"spec": spec} if spec else {}
    return run(rows, keys, scored=scored, **chosen, **more)  # type: ignore[arg-type]


def _same(one: Resolution, two: Resolution) -> None:
    """Everything that a build uses is equal."""
    assert one.evidence.drop_columns(["first_seen"]).equals(two.evidence.drop_columns(["first_seen"]))
    assert one.maps.keys() == two.maps.keys()
    for key, found in one.maps.items():
        assert found.equals(two.maps[key]), key
    assert one.review.equals(two.review)
    assert (one.giants, one.held_back, one.shared) == (two.giants, two.held_back, two.shared)
    assert (one.customers, one.exact_customers) == (two.customers, two.exact_customers)
    assert one.redirects.equals(two.redirects)
    assert one.ledger.records.equals(two.ledger.records)


@settings(max_examples=40)
@given(ROWS, RULES, st.randoms())
def test_the_order_of_the_records_changes_nothing(rows: list[Row], rules: Rules, random: object) -> None:
    mixed = list(rows)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    straight, one = _run(rows, rules)
    shuffled, two = _run(mixed, rules)
    assert straight == shuffled
    _same(one, two)


@settings(max_examples=40)
@given(ROWS, RULES, st.integers(1, 4))
def test_the_grouping_into_deliveries_changes_no_partition(rows: list[Row], rules: Rules, size: int) -> None:
    at_once, _ = _run(rows, rules)
    previous: Ledger | None = None
    customer: dict[str, str | None] = {}
    for end in range(size, len(rows) + size, size):
        customer, found = _run(rows[:end], rules, previous=previous, seen=f"b{end}")
        previous = found.ledger
    assert groups(customer) == groups(at_once)
    assert {d for d, c in customer.items() if c is None} == {d for d, c in at_once.items() if c is None}


@settings(max_examples=40)
@given(ROWS, RULES, st.lists(st.tuples(ROWS, st.sets(st.integers(0, 13))), max_size=3))
def test_incremental_equals_full(rows: list[Row], rules: Rules, changes: list[tuple[list[Row], set[int]]]) -> None:
    current = {r.digest: r for r in rows}
    _customer, found = _run(list(current.values()), rules)
    for step, (added, removed) in enumerate(changes, 2):
        for number in sorted(removed):
            if number < len(current):
                current.pop(sorted(current)[number])
        current |= {r.digest: r for r in added[:4]}
        if not current:
            return
        now = list(current.values())
        part, incremental = _run(now, rules, previous=found.ledger, seen=f"b{step}")
        whole, full = _run(now, rules, previous=found.ledger, seen=f"b{step}", full=True)
        assert part == whole
        _same(incremental, full)
        assert incremental.ledger.evidence.equals(full.ledger.evidence)
        found = incremental


@settings(max_examples=30)
@given(ROWS, RULES)
def test_an_unchanged_rebuild_changes_nothing(rows: list[Row], rules: Rules) -> None:
    before, one = _run(rows, rules)
    after, two = _run(rows, rules, previous=one.ledger, seen="b2")
    assert after == before
    assert two.resolved == 0
    assert two.evidence.equals(one.evidence)  # first_seen too
    assert two.ledger.evidence.equals(one.ledger.evidence)
    _same(one, two)


@settings(max_examples=30)
@given(ROWS, RULES, RULES)
def test_changed_rules_change_no_id_of_a_customer_that_stays_the_same(rows: list[Row], old: Rules, new: Rules) -> None:
    before, one = _run(rows, old)
    after, _ = _run(rows, new, previous=one.ledger, seen="b2")
    kept = groups(before) & groups(after)
    for group in kept:
        member = min(group)
        assert before[member] == after[member]
    again, _ = _run(rows, old, previous=one.ledger, seen="b2")
    assert again == before


def _split(rows: list[Row], customer: dict[str, str | None], pick: int) -> Decision | None:
    """A decision that parts one record from the rest of its customer; a device on which nobody signed in can't be parted."""
    said = {r.digest for r in rows if r.describes or any((r.customer_key, r.openid, r.phone, r.email))}
    large = sorted((sorted(g) for g in groups(customer) if len(g) > 1 and g & said), key=str)
    if not large:
        return None
    group = large[pick % len(large)]
    alone = group[pick % len(group)]
    return Decision(1, "split", (alone,), tuple(d for d in group if d != alone))


@settings(max_examples=40)
@given(ROWS, RULES, st.integers(0, 50))
def test_split_parts_and_undo_restores(rows: list[Row], rules: Rules, pick: int) -> None:
    before, one = _run(rows, rules)
    split = _split(rows, before, pick)
    if split is None:
        return
    parted, two = _run(rows, rules, previous=one.ledger, decisions=Decisions((split,)), seen="b2")
    assert all(parted[split.records[0]] != parted[other] for other in split.others)
    fresh, _ = _run(rows, rules, decisions=Decisions((split,)))
    assert groups(parted) == groups(fresh)
    undone = Decisions((split, Decision(2, "undo", undoes=1)))
    restored, three = _run(rows, rules, previous=two.ledger, decisions=undone, seen="b3")
    assert restored == before
    assert {r["old"] for r in three.redirects.to_pylist()}.isdisjoint(set(before.values()))


@settings(max_examples=40)
@given(ROWS, RULES, st.integers(0, 50))
def test_merge_joins_and_undo_restores(rows: list[Row], rules: Rules, pick: int) -> None:
    before, one = _run(rows, rules)
    parts = sorted((sorted(g) for g in groups(before)), key=str)
    if len(parts) < 2:
        return
    first, second = parts[pick % len(parts)], parts[(pick + 1) % len(parts)]
    if (rules[2] or SMALL) is SMALL and rules[2] is not None and len(first) + len(second) > SMALL.max_customer:
        return
    merge = Decision(1, "merge", tuple(sorted({*first, *second})))
    joined, two = _run(rows, rules, previous=one.ledger, decisions=Decisions((merge,)), seen="b2")
    assert len({joined[d] for d in merge.records}) == 1
    undone = Decisions((merge, Decision(2, "undo", undoes=1)))
    restored, _ = _run(rows, rules, previous=two.ledger, decisions=undone, seen="b3")
    assert restored == before


@settings(max_examples=40)
@given(ROWS, RULES, st.lists(st.tuples(ROWS, st.sets(st.integers(0, 13))), min_size=1, max_size=3))
def test_ids_are_unique_and_gone_ones_lead_somewhere(
    rows: list[Row], rules: Rules, changes: list[tuple[list[Row], set[int]]]
) -> None:
    current = {r.digest: r for r in rows}
    _customer, found = _run(list(current.values()), rules)
    for step, (added, removed) in enumerate(changes, 2):
        for number in sorted(removed):
            if number < len(current):
                current.pop(sorted(current)[number])
        current |= {r.digest: r for r in added}
        customer, found = _run(list(current.values()), rules, previous=found.ledger, seen=f"b{step}")
        alive = {c for c in customer.values() if c}
        open_ = found.redirects.to_pylist()
        assert len({r["old"] for r in open_}) == len(open_)
        assert not {r["old"] for r in open_} & alive
        assert not {r["new"] for r in open_} & {r["old"] for r in open_}  # chains are compressed


@pytest.mark.parametrize("scored", [True, False])
def test_digests_must_differ(scored: bool) -> None:
    from tests.learn.identity_world import table

    from huaxiang.learn.identity import resolve

    twice = table([Row(name="张伟")])
    import pyarrow as pa

    with pytest.raises(ValueError, match="share a digest"):
        resolve(pa.concat_tables([twice, twice]), KEYS)
