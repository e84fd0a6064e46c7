"""Households: who lives together, whom the guard keeps apart, and IDs that stay."""

from __future__ import annotations

import random
from datetime import date
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from huaxiang.spec.models import HouseholdSpec
from huaxiang.stages.household import Households, columns_of, form_households, moved

DAY = date(2025, 6, 30)
HOME = HouseholdSpec(name="home", address="address")
RELATED = HouseholdSpec(name="related", address="address", also=("surname", "phone"))


def people(rows: list[dict[str, Any]]) -> pa.Table:
    names = ["customer_id", *dict.fromkeys(k for r in rows for k in r if k != "customer_id")]
    return pa.Table.from_pylist([{n: r.get(n) for n in names} for r in rows]).sort_by("customer_id")


def members(found: Households) -> dict[str, list[str]]:
    return {h["household_id"]: h["members"] for h in found.homes.to_pylist()}


def groups(found: Households) -> list[list[str]]:
    return sorted(members(found).values())


def form(rows: list[dict[str, Any]], *rules: HouseholdSpec, before: pa.Table | None = None) -> Households:
    return form_households(people(rows), rules or (HOME,), before, DAY)


def at(customer: str, address: str | None, **more: Any) -> dict[str, Any]:
    return {"customer_id": customer, "address": address, **more}


def test_width_blanks_and_punctuation_do_not_part_an_address() -> None:
    rows = [
        at("a", "上海市世纪大道100号５０１室"),
        at("b", "上海市 世纪大道100号, 501室"),
        at("c", "上海市世纪大道100号502室"),
    ]
    assert groups(form(rows)) == [["a", "b"]]


@pytest.mark.parametrize("address", [None, "", "  ", "北京市建国路", "Main Street"])
def test_no_number_no_home(address: str | None) -> None:
    assert groups(form([at("a", address), at("b", address)])) == []


def test_a_home_may_be_numbered_in_words() -> None:
    assert groups(form([at("a", "王家村三组"), at("b", "王家村三组")])) == [["a", "b"]]


def test_a_dormitory_is_no_household_and_is_reported() -> None:
    rows = [at(f"c{n:02d}", "大学路1号3栋") for n in range(13)] + [at("x", "大学路2号1室"), at("y", "大学路2号1室")]
    found = form(rows)
    assert groups(found) == [["x", "y"]]
    assert found.report.to_pylist() == [
        {"rule": "home", "households": 1, "customers": 2, "crowded_addresses": 1, "customers_left": 13}
    ]


def test_also_ties_through_any_of_the_attributes() -> None:
    rows = [
        at("a", "路1号", surname="张", phone="1"), at("b", "路1号", surname="李", phone="1"), at("c", "路1号", surname="李", phone="2"),
        at("d", "路1号", surname="王", phone="3"), at("e", "路2号", surname="张", phone="1"),
    ]  # fmt: skip
    assert groups(form(rows, RELATED)) == [["a", "b", "c"]]


def test_later_rules_take_only_who_is_left() -> None:
    rows = [
        at("a", "路1号", surname="张", phone=None), at("b", "路1号", surname="张", phone=None), at("c", "路1号", surname="王", phone=None),
        at("d", "路1号", surname="赵", phone=None),
    ]  # fmt: skip
    found = form(rows, RELATED, HOME)
    assert {(h["rule"], tuple(h["members"])) for h in found.homes.to_pylist()} == {
        ("related", ("a", "b")),
        ("home", ("c", "d")),
    }


def test_head_children_and_region_are_what_the_data_say() -> None:
    rows = [
        at("a", "路1号", birth_date=date(2015, 1, 1), gender="male", city="上海"),
        at("b", "路1号", birth_date=date(1980, 1, 1), gender="female", city="上海"),
        at("c", "路1号", birth_date=None, gender=None, city="苏州"),
    ]
    found = form(rows)
    home = found.homes.to_pylist()[0]
    assert (home["head"], home["children"], home["city"], home["district"]) == ("b", 1, "上海", None)
    of = {r["customer_id"]: r for r in found.of.to_pylist()}
    assert of["c"]["family_members"] == ["child", "woman"]
    assert of["a"]["household_size"] == 3


def test_ids_stay_through_moves_splits_and_merged_customers() -> None:
    first = form([at(c, "路1号") for c in "abcd"])
    (kept,) = members(first)
    split = form([at("a", "路9号"), at("e", "路9号"), *(at(c, "路1号") for c in "bcd")], before=first.homes)
    now = {tuple(m): h for h, m in members(split).items()}
    assert now["b", "c", "d"] == kept
    assert now["a", "e"] != kept
    renamed = form([at("z", "路1号"), at("y", "路1号")], before=moved(first.homes, {"a": "z", "b": "y"}))
    assert members(renamed) == {kept: ["y", "z"]}


def test_columns_are_those_that_the_rules_and_the_description_need() -> None:
    assert columns_of([RELATED], ("customer_id", "address", "phone", "gender", "spend")) == (
        "address",
        "phone",
        "gender",
    )


DRAWN = st.lists(
    st.tuples(st.sampled_from(["路1号", "路2号", "路 2 号", "路3号", "路", None]), st.sampled_from(["张", "李", None])),
    max_size=20,
)


@given(drawn=DRAWN, seed=st.integers(0, 99))
def test_the_order_of_rows_and_a_rebuild_change_nothing(drawn: list[tuple[str | None, str | None]], seed: int) -> None:
    rows = [at(f"c{n:02d}", address, surname=surname, phone=None) for n, (address, surname) in enumerate(drawn)]
    if not rows:
        return
    rules = (RELATED, HOME.model_copy(update={"max_members": 5}))
    found = form(rows, *rules)
    again = form(random.Random(seed).sample(rows, len(rows)), *rules, before=found.homes)
    assert again.homes.equals(found.homes)
    assert again.of.equals(found.of)
    ids = found.of.column("customer_id").to_pylist()
    assert len(ids) == len(set(ids))
