"""Decisions by hand hold on to people, not to the spelling of a record: they outlive corrected telephones, names and addresses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.learn.identity_world import Row, groups, run, table

from huaxiang.learn.identity import Decision, Decisions, Ledger, Resolution
from huaxiang.learn.identity.held import hold, say

STRONG = ("customer_key", "openid")


def decide(kind: str, sides: Sequence[Sequence[Row]], customer: dict[str, str | None], number: int = 1) -> Decision:
    """What the command line writes for a decision about rows as they are now."""
    rows = [r for side in sides for r in side]
    said = {r["digest"]: say(r, str(customer[r["digest"]])) for r in table(rows).to_pylist()}
    one, two = ([r.digest for r in side] for side in sides)
    if kind == "merge":
        return Decision(number, "merge", tuple(sorted({*one, *two})), said=said)  # type: ignore[arg-type]
    return Decision(number, "split", tuple(sorted(one)), tuple(sorted(two)), said=said)


def built(
    rows: Sequence[Row], ledger: Ledger | None, decisions: Sequence[Decision]
) -> tuple[dict[str, str | None], Resolution]:
    return run(rows, previous=ledger, decisions=Decisions(tuple(decisions)), seen="next", scored=False)


ANN = Row("S1", phone="p1", name="安", birth_date=date(1990, 1, 1))
BEN = Row("S2", phone="p2", name="本", birth_date=date(1985, 5, 5))


def test_a_merge_outlives_a_new_phone_and_the_ids_stay() -> None:
    before, one = built([ANN, BEN], None, [])
    merge = decide("merge", [[ANN], [BEN]], before)
    _, two = built([ANN, BEN], one.ledger, [merge])
    moved = replace(BEN, phone="p9")
    after, three = built([ANN, moved], two.ledger, [merge])
    assert after[ANN.digest] == after[moved.digest] == before[ANN.digest]
    assert {r["old"]: r["new"] for r in three.redirects.to_pylist()} == {before[BEN.digest]: before[ANN.digest]}
    assert [(h["number"], h["waiting"]) for h in three.ledger.state["held"]] == [(1, False)]
    undone, four = built([ANN, moved], three.ledger, [merge, Decision(2, "undo", undoes=1)])
    assert undone == {ANN.digest: before[ANN.digest], moved.digest: before[BEN.digest]}
    assert four.redirects.num_rows == 0


def test_undoing_a_merge_in_the_build_that_changes_the_phone_gives_both_their_ids() -> None:
    before, one = built([ANN, BEN], None, [])
    merge = decide("merge", [[ANN], [BEN]], before)
    _, two = built([ANN, BEN], one.ledger, [merge])
    for changed, kept in ((BEN, ANN), (ANN, BEN)):
        moved = replace(changed, phone="p9")
        after, _ = built([kept, moved], two.ledger, [merge, Decision(2, "undo", undoes=1)])
        assert after == {kept.digest: before[kept.digest], moved.digest: before[changed.digest]}


def test_a_split_of_one_member_number_outlives_a_new_phone() -> None:
    one_row, two_row = Row("S1", phone="p1", name="安", rows=3), Row("S1", phone="p2", name="本")
    before, one = built([one_row, two_row], None, [])
    assert len(set(before.values())) == 1
    split = decide("split", [[two_row], [one_row]], before)
    parted, two = built([one_row, two_row], one.ledger, [split])
    moved = replace(two_row, phone="p9")
    after, _ = built([one_row, moved], two.ledger, [split])
    assert after == {one_row.digest: parted[one_row.digest], moved.digest: parted[two_row.digest]}


def test_a_new_record_that_both_sides_could_claim_is_claimed_by_neither() -> None:
    one_row, two_row = Row("S1", phone="p1", name="安"), Row("S1", phone="p2", name="本")
    before, _ = built([one_row, two_row], None, [])
    split = decide("split", [[two_row], [one_row]], before)
    held = hold(Decisions((split,)), table([Row("S1", phone="p9", name="丁"), one_row]), STRONG)
    assert [(w.number, w.gone, w.named) for w in held.waiting] == [(1, 1, 2)]
    assert held.decisions.taken[0].records == ()


@pytest.mark.parametrize(
    ("now", "found"),
    [
        (Row(phone="p9", name="安", birth_date=date(1990, 1, 1)), True),
        (Row(phone="p1", email="e1", birth_date=date(1990, 1, 1), name="安安"), True),
        (Row(phone="p1", email="e1", name="本", birth_date=date(1988, 2, 2)), False),  # the other one of the household
        (Row(phone="p9", email="e9", name="安"), False),  # a name alone
        (Row(phone="p9", name="安", birth_date=date(1990, 1, 1), source="app"), False),
    ],
)
def test_a_record_without_a_key_is_found_by_what_it_says(now: Row, found: bool) -> None:
    was, other = Row(phone="p1", email="e1", name="安", birth_date=date(1990, 1, 1)), Row("S2", phone="p5")
    merge = decide("merge", [[was], [other]], {was.digest: "a", other.digest: "b"})
    held = hold(Decisions((merge,)), table([now, other]), STRONG)
    assert (set(held.decisions.taken[0].records) == {now.digest, other.digest}) == found
    assert bool(held.waiting) != found


def test_a_decision_waits_for_people_who_are_gone_and_holds_when_they_come_back() -> None:
    before, one = built([ANN, BEN], None, [])
    merge = decide("merge", [[ANN], [BEN]], before)
    _, two = built([ANN, BEN], one.ledger, [merge])
    _, three = built([ANN], two.ledger, [merge])
    assert [(h["number"], h["waiting"]) for h in three.ledger.state["held"]] == [(1, True)]
    again, _ = built([ANN, replace(BEN, email="e7")], three.ledger, [merge])
    assert len(set(again.values())) == 1


PEOPLE = st.lists(
    st.builds(
        Row, st.sampled_from([f"S{n}" for n in range(6)]), st.none(), st.sampled_from(["p1", "p2", "p3", None]),
        st.sampled_from(["e1", "e2", None]), st.none(), st.sampled_from(["安", "本", "丁", None]), st.none(),
        st.sampled_from([date(1990, 1, 1), date(1985, 5, 5), None]), rows=st.integers(1, 3),
    ),
    min_size=2, max_size=6, unique_by=lambda r: r.customer_key,
)  # fmt: skip
CHANGES = st.lists(
    st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["phone", "email", "name", "city"]), st.integers(0, 3)), max_size=4),
    min_size=1, max_size=3,
)  # fmt: skip


@settings(max_examples=60)
@given(PEOPLE, CHANGES, st.integers(0, 5), st.integers(1, 5), st.booleans())
def test_decisions_and_ids_follow_the_member_number(
    rows: list[Row], changes: list[list[tuple[int, str, int]]], at: int, step: int, merged: bool
) -> None:
    """Whatever changes of what people say of themselves, who was decided about stays decided about, and nobody gets another's ID."""
    before, found = built(rows, None, [])
    one, two = rows[at % len(rows)], rows[(at + step) % len(rows)]
    if one is two or (before[one.digest] == before[two.digest]) == merged:
        return
    whole = [[r for r in rows if before[r.digest] == before[x.digest]] for x in (one, two)]
    sides = whole if merged else [[one], [r for r in whole[0] if r is not one]]
    decision = decide("merge" if merged else "split", sides, before)
    first, found = built(rows, found.ledger, [decision])
    current, customer = list(rows), first
    for edits in changes:
        ids = {r.customer_key: customer[r.digest] for r in current}
        for number, field, value in edits:
            spot = number % len(current)
            current[spot] = replace(current[spot], **{field: f"{field}{value}"})
        customer, found = built(current, found.ledger, [decision])
        by_key = {r.customer_key: customer[r.digest] for r in current}
        keys = [[r.customer_key for r in side] for side in sides]
        if merged:
            assert len({by_key[k] for side in keys for k in side}) == 1
        else:
            assert {by_key[k] for k in keys[0]}.isdisjoint({by_key[k] for k in keys[1]})
        fresh, _ = built(current, None, [decision])
        assert groups(fresh) == groups(customer)
        for group in {frozenset(k for k, v in by_key.items() if v == i) for i in by_key.values()}:
            if len({ids[k] for k in group}) == 1 and sum(v == ids[next(iter(group))] for v in ids.values()) == len(
                group
            ):
                assert {by_key[k] for k in group} == {ids[k] for k in group}  # the same people: the same ID


def test_what_a_decision_keeps_shows_no_values() -> None:
    merge = decide("merge", [[ANN], [BEN]], {ANN.digest: "a", BEN.digest: "b"})
    text = str(merge.line())
    assert "安" not in text
    assert "1990" not in text
    assert Decisions.parse([merge.line()]).taken == (merge,)
