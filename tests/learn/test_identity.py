"""Identity resolution rule by rule: keys, limits, contact values, matching, guards, IDs, evidence."""

from __future__ import annotations

import hashlib
from datetime import date, datetime

import pytest
from tests.learn.identity_world import KEYS, MATCHING, MEMBER, PHONE, WECHAT, Points, Row, groups, run, table

from huaxiang.learn.identity import Decision, Decisions, Ledger, resolve
from huaxiang.learn.identity.types import Context
from huaxiang.spec.models import KeyLimit


def _customers(rows: list[Row], **more: object) -> list[str | None]:
    """Customer of each row, in order."""
    customer, _ = run(rows, **more)  # type: ignore[arg-type]
    return [customer[r.digest] for r in rows]


def _together(rows: list[Row], **more: object) -> bool:
    return len(set(_customers(rows, **more))) == 1


# ------------------------------------------------------------------------------------------------------------ keys


def test_a_strong_value_joins_whatever_the_descriptions_say_and_names_the_customer() -> None:
    rows = [Row(customer_key="m1", name="张伟"), Row(customer_key="m1", name="李娜", openid="o1"), Row(openid="o1")]
    assert _customers(rows) == ["m1", "m1", "m1"]


@pytest.mark.parametrize("value", ["NULL", "0", ""])
def test_blocked_values_join_nobody(value: str) -> None:
    assert _customers([Row(customer_key=value, source="a"), Row(customer_key=value, source="b")]) == [None, None]


def test_a_planted_giant_is_contained_reported_and_named() -> None:
    """One phone on 5,000 records of 2,500 members."""
    rows = [Row(customer_key=f"m{n}", phone="13800000000", name=f"人{n}", source="crm") for n in range(2500)]
    rows += [Row(customer_key=f"m{n}", phone="13800000000", source="shop") for n in range(2500)]
    customer, found = run(rows, scored=False)
    assert found.customers == 2500
    assert {len(g) for g in groups(customer)} == {2}
    digest = hashlib.sha256(b"phone:13800000000").hexdigest()
    assert found.held_back == [{"key": "phone", "value_digest": digest, "records": 5000}]
    assert found.maps["phone"].num_rows == 0


@pytest.mark.parametrize("key", [MEMBER, PHONE.model_copy(update={"role": "strong"})])
def test_a_strong_giant_below_max_records_is_broken_up_at_its_cause(key: object) -> None:
    """A value on 700 records, where a customer has 500 at most: the value links nothing; what else ties records still does."""
    field = key.field  # type: ignore[attr-defined]
    rows = [Row(**{field: "shared"}, openid=f"o{n // 2}", source=f"s{n}") for n in range(700)]
    _customer, found = run(rows, (key, WECHAT), scored=False)  # type: ignore[arg-type]
    assert found.customers == 350
    digest = hashlib.sha256(f"{key.name}:shared".encode()).hexdigest()  # type: ignore[attr-defined]
    assert [
        (g["records"], g["cause"]["rule"], g["cause"]["value_digest"], g["cause"]["links"]) for g in found.giants
    ] == [
        (700, key.name, digest, 699)  # type: ignore[attr-defined]
    ]


def test_a_merge_that_breaks_a_limit_is_refused_and_asked_about() -> None:
    limited = MEMBER.model_copy(update={"limit": KeyLimit(values=1)})
    rows = [Row(customer_key="m1", openid="o1"), Row(customer_key="m2", openid="o1")]
    customer, found = run(rows, (limited, WECHAT), scored=False)
    assert len(groups(customer)) == 2
    refused = [e for e in found.evidence.to_pylist() if e["verdict"] == "refused"]
    assert [(e["rule"], e["reason"]) for e in refused] == [("wechat", "limit:member")]
    assert [r["reason"] for r in found.review.to_pylist()] == ["limit:member"]
    assert _together(rows, keys=(MEMBER, WECHAT), scored=False)


@pytest.mark.parametrize(("later", "joined"), [(20, False), (100, True)])
def test_a_limit_within_days_counts_only_values_of_one_time(later: int, joined: bool) -> None:
    limited = MEMBER.model_copy(update={"limit": KeyLimit(values=1, within=30)})
    rows = [
        Row(customer_key="m1", openid="o1", first=0, last=1),
        Row(customer_key="m2", openid="o1", first=later, last=later),
    ]
    assert _together(rows, keys=(limited, WECHAT), scored=False) is joined


def test_a_stronger_key_is_applied_first() -> None:
    """The weaker key's merge is refused, whichever record comes first by digest."""
    limited = MEMBER.model_copy(update={"limit": KeyLimit(values=1)})
    for name in "abcdefgh":
        rows = [
            Row(customer_key="m1", source=name),
            Row(customer_key="m1", openid="o1"),
            Row(customer_key="m2", openid="o1"),
        ]
        customer = _customers(rows, keys=(limited, WECHAT), scored=False)
        assert customer[0] == customer[1] != customer[2]


# --------------------------------------------------------------------------------------------------- contact keys

FAMILY = [
    Row(phone="p", name="张伟", gender="male", customer_key="m1"),
    Row(phone="p", name="李娜", gender="female", customer_key="m2"),
]


@pytest.mark.parametrize("scored", [True, False])
def test_a_family_that_shares_a_phone_stays_apart(scored: bool) -> None:
    customer, found = run(FAMILY, scored=scored)
    assert len(groups(customer)) == 2
    reasons = {e["reason"] for e in found.evidence.to_pylist() if e["kind"] == "key" and e["verdict"] == "refused"}
    assert reasons == {"description"}


@pytest.mark.parametrize(
    ("one", "two", "joined"),
    [
        (Row(name="张伟"), Row(name="张伟 先生"), True),
        (Row(name="张伟"), Row(name="张先生"), True),
        (Row(name="张伟"), Row(name="张*"), True),
        (Row(name="张伟"), Row(name="王伟"), False),
        (Row(name="王小明"), Row(name="王小华"), False),
        (Row(name="John Smith"), Row(name="SMITH, Jon"), True),
        (Row(name="J. Smith"), Row(name="John Smith"), True),
        (Row(name="John Smith"), Row(name="Mary Smith"), False),
        (Row(name="李娜", birth_date=date(1990, 1, 2)), Row(name="王娜", birth_date=date(1990, 1, 2)), True),
        (
            Row(name="张伟", birth_date=date(1960, 1, 2), gender="male"),
            Row(name="张伟", birth_date=date(1990, 3, 4), gender="female"),
            False,
        ),
        (Row(name="张伟", birth_date=date(1990, 1, 2)), Row(name="张伟", birth_date=date(1990, 2, 1)), True),
        (Row(birth_date=date(1990, 1, 2)), Row(birth_date=date(1955, 3, 4)), False),
        (Row(name="张伟", id_number="i1"), Row(name="张伟", id_number="i2"), False),
        (Row(name="张伟"), Row(name="Wei Zhang"), True),
    ],
)
def test_a_shared_phone_joins_unless_descriptions_contradict(one: Row, two: Row, joined: bool) -> None:
    from dataclasses import replace

    rows = [replace(one, phone="p", source="a"), replace(two, phone="p", source="b")]
    assert _together(rows, scored=False) is joined


def test_rows_with_only_a_phone_go_to_its_owner_with_most_rows() -> None:
    rows = [*FAMILY, Row(phone="p", source="orders", rows=3)]
    rows[1] = Row(phone="p", name="李娜", gender="female", customer_key="m2", rows=9, first=0, last=9)
    assert _customers(rows, scored=False) == ["m1", "m2", "m2"]


def test_a_recycled_number_belongs_to_each_owner_in_its_time() -> None:
    rows = [
        Row(phone="p", name="张伟", customer_key="m1", first=0, last=100),
        Row(phone="p", name="李娜", customer_key="m2", first=300, last=400),
        Row(phone="p", source="orders", first=350, last=390),
    ]
    customer, found = run(rows, scored=False)
    assert customer[rows[2].digest] == "m2"
    turn = datetime(2024, 10, 27)
    assert found.maps["phone"].to_pylist() == [
        {"value": "p", "since": None, "until": turn, "customer_id": "m1"},
        {"value": "p", "since": turn, "until": None, "customer_id": "m2"},
    ]


def test_a_phone_that_nobody_describes_is_a_customer_of_its_own() -> None:
    customer, found = run([Row(phone="p", source="a"), Row(phone="p", source="b")], scored=False)
    (only,) = groups(customer)
    assert len(only) == 2
    name = next(iter(customer.values()))
    assert name is not None and name.startswith("phone-") and "p1" not in name  # personal values are never shown
    assert found.customers == 1


def test_an_order_with_phone_and_email_ties_their_owners() -> None:
    rows = [Row(phone="p", name="张伟"), Row(email="e", city="北京"), Row(phone="p", email="e", source="orders")]
    assert _together(rows, scored=False)


# ------------------------------------------------------------------------------------------------------- matching


def test_pairs_above_the_bound_are_linked_without_any_key() -> None:
    rows = [Row(name="张伟", birth_date=date(1990, 1, 2), city="北京", source=s) for s in "ab"]
    customer, found = run(rows)
    assert len(groups(customer)) == 1
    (row,) = found.evidence.to_pylist()
    assert (row["kind"], row["rule"], row["verdict"], row["weight"], row["first_seen"]) == (
        "match",
        "people",
        "linked",
        6.0,
        "b1",
    )


def test_a_chain_breaks_where_the_rest_speaks_against_it() -> None:
    """A bridge that resembles two people does not join them: their other records disagree."""
    born = date(1990, 1, 2)
    one = [Row(name="张伟", birth_date=born, phone="p1", email="e1", city="北京", source=s) for s in "ab"]
    two = [
        Row(name="张伟", birth_date=born, phone="p2", email="e2", city="上海", gender="male", source=s) for s in "cd"
    ]
    bridge = Row(name="张伟", birth_date=born, source="x")
    rows = [*one, *two, bridge]
    keys = (MEMBER,)  # phone and e-mail only describe here
    records = table(rows)

    class Harsh(Points):
        DIFFER = {**Points.DIFFER, "phone": -5.0, "email": -5.0, "city": -5.0}

    found = resolve(records, keys, Harsh(records), Context(MATCHING))
    customer = dict(zip(records.column("digest").to_pylist(), found.customer.to_pylist(), strict=True))
    names = [{customer[r.digest] for r in part} for part in (one, two)]
    assert len(names[0]) == len(names[1]) == 1
    assert names[0] != names[1]


def test_conflicting_id_numbers_part_what_would_match() -> None:
    born = date(1990, 1, 2)
    rows = [Row(name="张伟", birth_date=born, phone="p", id_number=i, city="北京") for i in ("i1", "i2")]
    customer, found = run(rows)
    assert len(groups(customer)) == 2
    assert {e["reason"] for e in found.evidence.to_pylist()} == {"conflict:id_number"}
    assert not found.review.num_rows


def test_pairs_in_between_are_left_to_people_the_most_probable_first() -> None:
    born = date(1990, 1, 2)
    rows = [Row(name="张伟", birth_date=born), Row(name="张伟", birth_date=born, source="b", city="上海"),
            Row(name="李娜", email="e1", city="北京", source="c"), Row(name="李娜", birth_date=date(1980, 1, 1), source="d", email="e1", city="北京")]  # fmt: skip
    _customer, found = run(rows, (MEMBER,))
    chances = [r["probability"] for r in found.review.to_pylist()]
    assert chances == sorted(chances, reverse=True)
    assert all(0.5 <= c < 0.95 for c in chances)


# ------------------------------------------------------------------------------------------------------------ IDs


def test_the_id_follows_a_record_whose_description_changed() -> None:
    customer, one = run([Row(customer_key="m1", phone="p", name="张伟")], scored=False)
    changed = Row(customer_key="m1", phone="p", name="张伟", city="上海")
    after, two = run([changed], scored=False, previous=one.ledger, seen="b2")
    assert set(after.values()) == set(customer.values()) == {"m1"}
    assert not two.redirects.num_rows


def test_a_merge_leaves_a_redirect_and_chains_are_compressed() -> None:
    a, b, c = Row(customer_key="a", rows=9), Row(customer_key="b", rows=5), Row(customer_key="c", rows=30)
    _x, one = run([a, b, c], scored=False)
    first = Decision(1, "merge", (a.digest, b.digest))
    _x, two = run([a, b, c], scored=False, previous=one.ledger, decisions=Decisions((first,)), seen="b2")
    assert [(r["old"], r["new"]) for r in two.redirects.to_pylist()] == [("b", "a")]
    second = Decision(2, "merge", (b.digest, c.digest))
    last, three = run([a, b, c], scored=False, previous=two.ledger, decisions=Decisions((first, second)), seen="b3")
    assert set(last.values()) == {"c"}
    assert {(r["old"], r["new"]) for r in three.redirects.to_pylist()} == {("a", "c"), ("b", "c")}


def test_a_split_keeps_the_id_with_the_larger_history_and_ids_are_never_reused() -> None:
    rows = [Row(customer_key="m1", source="a", rows=9), Row(customer_key="m1", source="b", rows=1)]
    _x, one = run(rows, scored=False)
    split = Decision(1, "split", (rows[1].digest,), (rows[0].digest,))
    parted, two = run(rows, scored=False, previous=one.ledger, decisions=Decisions((split,)), seen="b2")
    assert [parted[r.digest] for r in rows] == ["m1", "m1-2"]
    _gone, three = run([rows[0]], scored=False, previous=two.ledger, decisions=Decisions((split,)), seen="b3")
    other = Row(customer_key="m1", source="c")
    again = Decisions((split, Decision(2, "split", (other.digest,), (rows[0].digest,))))
    new, _four = run([rows[0], other], scored=False, previous=three.ledger, decisions=again, seen="b4")
    assert new[other.digest] not in ("m1-2",)


def test_evidence_keeps_its_first_build_and_is_closed_when_it_vanishes() -> None:
    rows = [Row(customer_key="m1", source="a"), Row(customer_key="m1", source="b"), Row(customer_key="m1", source="c")]
    rows.sort(key=lambda r: r.digest)
    _x, one = run(rows, scored=False)
    _x, two = run(rows[:2], scored=False, previous=one.ledger, seen="b2")
    kept = [(e["right"], e["first_seen"], e["until"]) for e in two.ledger.evidence.to_pylist()]
    assert sorted(kept, key=str) == sorted([(rows[1].digest, "b1", None), (rows[2].digest, "b1", "b2")], key=str)
    gone = [r for r in two.ledger.records.to_pylist() if r["gone"]]
    assert [(r["digest"], r["customer_key"], r["customer_id"]) for r in gone] == [(rows[2].digest, None, "m1")]


def test_the_ledger_is_saved_and_read_again() -> None:
    _x, found = run([Row(customer_key="m1", phone="p", name="张伟"), Row(phone="p", source="b")])
    again = Ledger.of(found.ledger.tables(), found.ledger.text())
    assert again.state == found.ledger.state
    assert again.records.equals(found.ledger.records)


def test_exact_keys_alone_are_counted_beside() -> None:
    _x, found = run([*FAMILY, Row(name="王五")], scored=False)
    assert (found.customers, found.exact_customers) == (3, 2)


def test_evidence_and_reports_hold_no_values() -> None:
    rows = [Row(phone="13812345678", email="someone@example.com", name=n) for n in ("张伟", "李娜")]
    _x, found = run(rows)
    for part in (found.evidence, found.review):
        assert "13812345678" not in str(part.to_pylist())
        assert "someone@" not in str(part.to_pylist())


# -------------------------------------------------------------------------------------------------------- devices


def test_devices_join_nobody() -> None:
    rows = [Row(customer_key="m1", device_id="d"), Row(customer_key="m2", device_id="d"), Row(device_id="d")]
    customer, found = run(rows, scored=False)
    assert [customer[r.digest] for r in rows] == ["m1", "m2", None]
    assert set(found.maps["device"].column("value").to_pylist()) == {"d"}


def test_devices_nobody_signed_in_on_are_anonymous_customers() -> None:
    rows = [Row(device_id="d"), Row(device_id="d", source="web"), Row(device_id="x")]
    customer = _customers(rows, scored=False)
    assert customer[0] == customer[1] != customer[2]
    assert None not in customer


def test_shared_devices_are_reported() -> None:
    rows = [Row(customer_key=f"m{n}", device_id="d", first=n, last=n) for n in range(5)]
    _x, found = run(rows, KEYS, scored=False)
    assert found.shared == [{"key": "device", "value_digest": hashlib.sha256(b"device:d").hexdigest(), "customers": 5}]


# ------------------------------------------------------------------------------------------------------ decisions


def test_decisions_are_written_and_read() -> None:
    taken = (
        Decision(1, "merge", ("a", "b"), (), ("m1", "m2"), "ops", "2024-01-01", "same person"),
        Decision(2, "split", ("a",), ("b",)),
        Decision(3, "undo", undoes=2),
    )
    assert Decisions.parse(d.line() for d in taken).taken == taken
    assert [d.number for d in Decisions(taken).active] == [1]
    with pytest.raises(ValueError, match="line 2"):
        Decisions.parse([taken[0].line(), {"kind": "dance"}])


def test_a_later_decision_prevails() -> None:
    merge, split = Decision(1, "merge", ("a", "b", "c")), Decision(2, "split", ("a",), ("b", "c"))
    together, apart = Decisions((merge, split)).constraints()
    assert [set(t.records) for t in together] == [{"b", "c"}]
    assert len(apart) == 1
    again = Decision(3, "merge", ("a", "b"))
    together, apart = Decisions((merge, split, again)).constraints()
    assert {frozenset(t.records) for t in together} == {frozenset("bc"), frozenset("ab")}
    assert [(set(a.left), set(a.right)) for a in apart] == [({"a"}, {"c"})]


def test_an_undone_undo_brings_the_decision_back() -> None:
    taken = (Decision(1, "merge", ("a", "b")), Decision(2, "undo", undoes=1), Decision(3, "undo", undoes=2))
    assert [d.number for d in Decisions(taken).active] == [1]


def test_a_split_overrides_a_strong_key_and_a_merge_overrides_refusals() -> None:
    rows = [Row(customer_key="m1", source="a", rows=2), Row(customer_key="m1", source="b")]
    split = Decisions((Decision(1, "split", (rows[0].digest,), (rows[1].digest,)),))
    customer, found = run(rows, decisions=split, scored=False)
    assert len(groups(customer)) == 2
    assert {e["verdict"] for e in found.evidence.to_pylist() if e["kind"] == "manual"} == {"apart"}
    assert found.maps["member"].num_rows == 1  # a strong value leads rows to one customer
    merge = Decisions((Decision(1, "merge", tuple(r.digest for r in FAMILY)),))
    assert _together(FAMILY, decisions=merge)


def test_a_contact_value_of_a_crowd_is_held_back_whatever_max_records_says() -> None:
    rows = [Row(customer_key=f"m{n}", phone="13800000000", name=f"人{n}", source="crm") for n in range(501)]
    customer, found = run(rows, (MEMBER, PHONE.model_copy(update={"max_records": 100_000})), scored=False)
    assert len(set(customer.values())) == found.customers == 501
    assert [(h["key"], h["records"]) for h in found.held_back] == [("phone", 501)]
