"""Exact-key linking: components, IDs, guards."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from huaxiang.learn.linking import Linked, link_exact
from huaxiang.spec.models import IdentityKeySpec

MEMBER = IdentityKeySpec(name="member", field="customer_key", priority=1)
PHONE = IdentityKeySpec(name="phone", field="phone", priority=2, personal=True)


def _table(rows: list[tuple[str | None, str | None]]) -> pa.Table:
    members, phones = zip(*rows, strict=True) if rows else ((), ())
    return pa.table({
        "customer_key": pa.array(members, pa.string()), "phone": pa.array(phones, pa.string()), "rows": pa.array([1] * len(rows), pa.int64()),
    })  # fmt: skip


def _ids(linked: Linked, key: str) -> dict[str, str]:
    table = linked.maps[key]
    return dict(zip(table.column("value").to_pylist(), table.column("customer_id").to_pylist(), strict=True))


def test_values_on_one_row_are_one_customer_named_by_the_strongest_key() -> None:
    linked = link_exact((MEMBER, PHONE), [_table([("m2", "1"), ("m1", "1"), ("m3", None), (None, "9")])], ())
    members, phones = _ids(linked, "member"), _ids(linked, "phone")
    assert members == {"m1": "m1", "m2": "m1", "m3": "m3"}
    assert phones["1"] == "m1"
    assert phones["9"].startswith("phone-")
    assert len(phones["9"]) == len("phone-") + 16
    assert linked.customers == 3


def test_rows_without_the_strong_key_are_tied_through_the_weak_one() -> None:
    linked = link_exact((MEMBER, PHONE), [_table([("m1", "1"), ("m1", "2")]), _table([(None, "2")])], ())
    assert set(_ids(linked, "phone").values()) == {"m1"}


def test_blocked_values_link_nothing() -> None:
    linked = link_exact((MEMBER, PHONE), [_table([("m1", "NULL"), ("m2", "null"), ("0", "5")])], ("null", "0"))
    assert _ids(linked, "member") == {"m1": "m1", "m2": "m2"}
    assert list(_ids(linked, "phone")) == ["5"]


def test_a_value_on_too_many_records_is_held_back_and_counted() -> None:
    shared = PHONE.model_copy(update={"max_records": 3})
    linked = link_exact((MEMBER, shared), [_table([(f"m{i}", "1") for i in range(5)])], ())
    assert linked.held_back == {"phone": 1}
    assert linked.customers == 5


ROWS = st.lists(
    st.tuples(st.one_of(st.none(), st.sampled_from("abcdef")), st.one_of(st.none(), st.sampled_from("123456"))),
    max_size=20,
)


@given(ROWS, st.randoms(use_true_random=False))
def test_linking_does_not_depend_on_order_or_grouping(
    rows: list[tuple[str | None, str | None]], random: object
) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    cut = len(shuffled) // 2
    one = link_exact((MEMBER, PHONE), [_table(rows)], ())
    other = link_exact((MEMBER, PHONE), [_table(shuffled[:cut]), _table(shuffled[cut:])], ())
    assert _ids(one, "member") == _ids(other, "member")
    assert _ids(one, "phone") == _ids(other, "phone")


@given(ROWS)
def test_linking_equals_a_plain_union_find(rows: list[tuple[str | None, str | None]]) -> None:
    parent: dict[str, str] = {}

    def find(x: str) -> str:
        while parent.setdefault(x, x) != x:
            x = parent[x]
        return x

    for member, phone in rows:
        nodes = ([f"m:{member}"] if member else []) + ([f"p:{phone}"] if phone else [])
        for node in nodes:
            parent[find(node)] = find(nodes[0])
    linked = link_exact((MEMBER, PHONE), [_table(rows)], ())
    ids = {f"m:{k}": v for k, v in _ids(linked, "member").items()} | {
        f"p:{k}": v for k, v in _ids(linked, "phone").items()
    }
    assert set(ids) == set(parent)
    for a in ids:
        for b in ids:
            assert (ids[a] == ids[b]) == (find(a) == find(b))
