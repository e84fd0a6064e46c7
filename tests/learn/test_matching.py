"""Probabilistic matching: what is found, and that it depends on the records alone."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from huaxiang.errors import UsageError
from huaxiang.learn.matching import MatchModel, Scored, narrow, score_pairs
from huaxiang.spec.people import ComparisonSpec, MatchingSpec

SPEC = MatchingSpec(name="people")
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰文斌宇浩凯欣怡佳琪梦雪晨曦"
DISTRICTS = ("浙江省杭州市西湖区", "浙江省杭州市拱墅区", "上海市徐汇区", "北京市海淀区")


def _people(count: int, seed: int = 5) -> pa.Table:
    """Two records of each person: the second may lack the phone, misspell the name by a homophone, or mistype the birthday."""
    rng = np.random.default_rng(seed)
    rows = []
    for person in range(count):
        name = rng.choice(list(SURNAMES)) + "".join(rng.choice(list(GIVEN), 2))
        born = date(1960, 1, 1).toordinal() + int(rng.integers(0, 15_000))
        phone = f"13{rng.integers(0, 10**9):09d}"
        home = (
            f"{rng.choice(DISTRICTS)}文一路{rng.integers(1, 900)}号{rng.integers(1, 30)}幢{rng.integers(100, 2900)}室"
        )
        gender = str(rng.choice(["male", "female"]))
        rows.append((person, name, date.fromordinal(born), phone, home, gender))
        other = int(rng.integers(0, 4))
        rows.append((
            person,
            name.replace("伟", "玮").replace("静", "婧") if other == 1 else name,
            date.fromordinal(born + 1) if other == 2 else date.fromordinal(born),
            None if other == 3 else phone,
            home if rng.random() < 0.7 else None,
            gender,
        ))  # fmt: skip
    names = ("person", "name", "birth_date", "phone", "address", "gender")
    table = pa.table({n: [r[i] for r in rows] for i, n in enumerate(names)})
    digests = [hashlib.md5(f"{seed}:{i}".encode()).hexdigest() for i in range(len(rows))]
    return table.append_column("digest", pa.array(digests)).sort_by("digest")


@pytest.fixture(scope="module")
def people() -> pa.Table:
    return _people(400)


@pytest.fixture(scope="module")
def scored(people: pa.Table) -> Scored:
    return score_pairs(people.drop(["person"]), SPEC)


def _by_digest(table: pa.Table, scored: Scored) -> dict[tuple[str, ...], tuple[float, str]]:
    digest = table.column("digest").to_pylist()
    return {
        tuple(sorted((digest[p["left"]], digest[p["right"]]))): (p["weight"], p["levels"])
        for p in scored.pairs.to_pylist()
    }


def test_finds_the_pairs_of_one_person(people: pa.Table, scored: Scored) -> None:
    person = people.column("person").to_pylist()
    linked = [p for p in scored.pairs.to_pylist() if p["probability"] >= SPEC.link]
    right = sum(person[p["left"]] == person[p["right"]] for p in linked)
    assert right / len(linked) >= 0.995
    assert right / 400 >= 0.98


def test_pairs_are_sorted_and_their_levels_readable(scored: Scored) -> None:
    pairs = scored.pairs.to_pylist()
    assert [(p["left"], p["right"]) for p in pairs] == sorted((p["left"], p["right"]) for p in pairs)
    assert all(p["left"] < p["right"] and p["probability"] >= SPEC.review for p in pairs)
    assert all(p["probability"] == pytest.approx(1 / (1 + 2 ** -p["weight"]), abs=1e-8) for p in pairs)
    levels = [json.loads(p["levels"]) for p in pairs]
    assert {"same_sound", "exact"} <= {found["name"] for found in levels}
    assert {"one_digit", "exact"} <= {found["birth_date"] for found in levels if "birth_date" in found}


def test_order_of_rows_and_threads_change_nothing(people: pa.Table, scored: Scored) -> None:
    shuffled = people.take(pa.array(np.random.default_rng(1).permutation(people.num_rows))).drop(["person"])
    other = score_pairs(shuffled, SPEC, threads=1)
    assert other.model.to_json() == scored.model.to_json()
    assert _by_digest(shuffled, other) == _by_digest(people, scored)


def test_new_records_score_as_in_a_full_run(people: pa.Table, scored: Scored) -> None:
    records = people.drop(["person"])
    model = MatchModel.from_json(scored.model.to_json())
    full = score_pairs(records, SPEC, model=model)
    assert full.pairs.equals(scored.pairs)
    new = np.random.default_rng(2).random(records.num_rows) < 0.1
    part = score_pairs(records, SPEC, model=model, new=new)
    left, right = (full.pairs.column(c).to_numpy() for c in ("left", "right"))
    assert part.pairs.equals(full.pairs.filter(pa.array(new[left] | new[right])))


def test_an_index_of_old_records_changes_nothing(people: pa.Table, scored: Scored) -> None:
    records = people.drop(["person"])
    new = np.arange(records.num_rows) % 10 == 0
    old = scored.index.join(records.select(["digest"]).filter(pa.array(~new)), "digest", join_type="left semi")
    index = old.combine_chunks().replace_schema_metadata(scored.index.schema.metadata)
    plain = score_pairs(records, SPEC, model=scored.model, new=new)
    quick = score_pairs(records, SPEC, model=scored.model, new=new, index=index)
    assert quick.pairs.equals(plain.pairs)
    assert 0 < index.num_rows < quick.index.num_rows == records.num_rows
    stale = index.replace_schema_metadata({b"mark": b"another model"})
    assert score_pairs(records, SPEC, model=scored.model, new=new, index=stale).pairs.equals(plain.pairs)


def test_few_new_records_look_their_pairs_up_in_the_index(people: pa.Table, scored: Scored) -> None:
    records = people.drop(["person"])
    left, right = (scored.pairs.column(c).to_numpy() for c in ("left", "right"))
    turn = np.random.default_rng(5).permutation(records.num_rows) % 25
    index = scored.index.filter(pc.is_in(scored.index.column("digest"), records.column("digest").filter(turn > 3)))
    for step in (1, 2, 3):  # each day's records lie below those of the days before
        there = np.flatnonzero((turn > 3) | ((turn > 0) & (turn <= step)))
        day = records.take(there)
        meta = {**scored.index.schema.metadata, b"in_order": b"0"} if step == 1 else index.schema.metadata
        got = score_pairs(
            day, SPEC, model=scored.model, new=turn[there] == step, index=index.replace_schema_metadata(meta)
        )
        both = np.isin(left, there) & np.isin(right, there) & ((turn[left] == step) | (turn[right] == step))
        wanted = scored.pairs.filter(pa.array(both))
        assert np.array_equal(there[got.pairs.column("left").to_numpy()], wanted.column("left").to_numpy())
        assert np.array_equal(there[got.pairs.column("right").to_numpy()], wanted.column("right").to_numpy())
        assert got.pairs.column("weight").equals(wanted.column("weight"))
        assert sorted(got.index.column("digest").to_pylist()) == sorted(day.column("digest").to_pylist())
        index = got.index


@pytest.mark.parametrize("review", [0.5, 0.01])
def test_what_is_left_out_before_addresses_are_read_could_not_have_been_found(
    monkeypatch: pytest.MonkeyPatch, review: float
) -> None:
    people = _people(600, seed=11).drop(["person"])
    records = people.append_column("city", pa.array([f"c{n % 5}" if n % 3 else None for n in range(people.num_rows)]))
    describes = np.arange(records.num_rows) % 9 > 0
    records = records.append_column("describes", pa.array(describes))
    spec = MatchingSpec(name="people", review=review)
    whole = score_pairs(records, spec)
    new = np.random.default_rng(4).random(records.num_rows) < 0.08
    index = whole.index.filter(pc.is_in(whole.index.column("digest"), records.column("digest").filter(pa.array(~new))))
    seen: list[tuple[int, int]] = []
    promising = narrow._promising

    def counted(*given: Any) -> tuple[np.ndarray, np.ndarray]:
        found = promising(*given)
        seen.append((len(given[4][1][0]), len(found[0])))
        return found

    monkeypatch.setattr(narrow, "_promising", counted)
    all_at_once = score_pairs(records, spec, model=whole.model, new=new, index=index)
    assert not seen
    monkeypatch.setattr(narrow, "FEW", 0)
    addresses_last = score_pairs(records, spec, model=whole.model, new=new, index=index)
    assert seen and seen[0][1] < seen[0][0]
    assert addresses_last.pairs.num_rows > 20
    assert addresses_last.pairs.equals(all_at_once.pairs)
    left, right = (whole.pairs.column(c).to_numpy() for c in ("left", "right"))
    assert np.array_equal(addresses_last.score(left, right), whole.pairs.column("weight").to_numpy())


def test_any_pair_scores_as_blocked_ones_do(scored: Scored) -> None:
    left, right, weight = (scored.pairs.column(c).to_numpy() for c in ("left", "right", "weight"))
    assert np.array_equal(scored.score(left, right), weight)
    assert np.array_equal(scored.score(right[:5], left[:5]), weight[:5])
    strangers = scored.score(np.array([0, 1, 2]), np.array([300, 301, 302]))
    assert strangers.max() < 0
    assert len(scored.score(np.empty(0, dtype=int), np.empty(0, dtype=int))) == 0


def test_a_phone_on_many_records_makes_no_pairs_and_is_reported(people: pa.Table) -> None:
    phones = people.column("phone").to_pylist()
    phones[:300] = ["13900000000"] * 300
    records = people.drop(["person"]).set_column(people.column_names.index("phone") - 1, "phone", pa.array(phones))
    scored = score_pairs(records, SPEC.model_copy(update={"max_block": 100}))
    skipped = {s.rule: s for s in scored.skipped_blocks}
    assert (skipped["phone"].values, skipped["phone"].records) == (1, 300)
    assert scored.pairs.num_rows < 1_000


def test_families_on_one_phone_and_address_stay_apart() -> None:
    rng = np.random.default_rng(3)
    rows = []
    for family in range(150):
        surname, phone = rng.choice(list(SURNAMES)), f"13{rng.integers(0, 10**9):09d}"
        home = (
            f"{rng.choice(DISTRICTS)}莫干山路{rng.integers(1, 900)}号{rng.integers(1, 30)}幢{rng.integers(100, 2900)}室"
        )
        for member in range(3):
            name = surname + "".join(rng.choice(list(GIVEN), 2))
            born = date.fromordinal(700_000 + int(rng.integers(0, 20_000)))
            copies = 2 if member == 0 else 1
            rows += [(f"{family}.{member}", name, born, phone, home)] * copies
    table = pa.table(
        {n: [r[i] for r in rows] for i, n in enumerate(("person", "name", "birth_date", "phone", "address"))}
    )
    table = table.append_column("digest", pa.array([f"{i:032x}" for i in range(len(rows))]))
    scored = score_pairs(table.drop(["person"]), SPEC)
    person = table.column("person").to_pylist()
    linked = [p for p in scored.pairs.to_pylist() if p["probability"] >= SPEC.link]
    assert len(linked) == 150
    assert all(person[p["left"]] == person[p["right"]] for p in linked)


def test_latin_and_chinese_spellings_of_a_name_meet() -> None:
    table = _people(200).drop(["person"])
    more = pa.table({
        "name": ["欧阳明华", "Ouyang Minghua", "Müller, Anna", "anna muller", "张三丰"],
        "birth_date": pa.array([date(1980, 2, 3)] * 2 + [date(1975, 7, 1)] * 2 + [date(1999, 9, 9)]),
        "phone": pa.array(["13811112222", "13811112222", None, None, None]),
        "address": pa.nulls(5, pa.string()),
        "gender": pa.array(["male"] * 5),
        "digest": [f"{i:032x}" for i in range(5)],
    })  # fmt: skip
    records = pa.concat_tables([more.select(table.column_names), table])
    levels = {
        (p["left"], p["right"]): json.loads(p["levels"])["name"]
        for p in score_pairs(records, SPEC).pairs.to_pylist()
        if p["left"] < 5
    }
    assert levels[0, 1] == "same_sound"
    assert levels[2, 3] in ("exact", "order")


def test_records_that_describe_nobody_are_left_out(people: pa.Table) -> None:
    records = people.drop(["person"])
    describes = np.arange(records.num_rows) % 2 == 0
    scored = score_pairs(records.append_column("describes", pa.array(describes)), SPEC)
    numbers = np.concatenate([scored.pairs.column(c).to_numpy() for c in ("left", "right")])
    assert describes[numbers].all()


def test_declared_comparisons_and_blocking(people: pa.Table) -> None:
    spec = MatchingSpec(
        name="people",
        comparisons=("name", ComparisonSpec(field="birth_date", kind="date", term_frequency=False)),
        blocking=(("name",), ("birth_date",)),
    )
    scored = score_pairs(people.drop(["person"]), spec)
    assert [f.name for f in scored.model.fields] == ["name", "birth_date"]
    assert [r.name for r in scored.model.blocking] == ["name", "birth_date"]
    assert list(scored.model.terms) == ["v_name"]
    for wrong in (
        MatchingSpec(name="m", comparisons=("shoe_size",)),
        MatchingSpec(name="m", blocking=(("shoe_size",),)),
    ):
        with pytest.raises(UsageError, match="shoe_size"):
            score_pairs(people.drop(["person"]), wrong)


def test_too_little_to_compare_gives_no_pairs() -> None:
    one = pa.table({"digest": ["0" * 32], "name": ["张三"]})
    for records in (one, one.slice(0, 0), pa.table({"digest": [f"{i:032x}" for i in range(3)]})):
        scored = score_pairs(records, SPEC)
        assert scored.pairs.num_rows == 0
        assert MatchModel.from_json(scored.model.to_json()) == scored.model


def test_a_model_of_another_version_is_refused(scored: Scored) -> None:
    text = scored.model.to_json().replace('"version": 1', '"version": 0')
    with pytest.raises(UsageError, match="another version"):
        MatchModel.from_json(text)


def test_a_number_that_a_crowd_shares_says_nothing(people: pa.Table) -> None:
    """Different people with one phone on more records than a block may have: no pair is linked for the number, or for half a name."""
    alone = people.filter(pa.array([n % 2 == 0 for n in range(people.num_rows)]))
    crowd = alone.set_column(alone.column_names.index("phone"), "phone", pa.array(["13800000000"] * alone.num_rows))
    whole = score_pairs(alone.drop(["person", "phone"]), SPEC)
    found = score_pairs(crowd.drop(["person"]), SPEC.model_copy(update={"max_block": 50}))
    assert found.pairs.select(["left", "right"]) == whole.pairs.select(["left", "right"])


def test_people_without_any_double_are_left_apart() -> None:
    people = _people(900)
    once = people.take(pa.array(np.unique(people.column("person").to_numpy(), return_index=True)[1]))
    found = score_pairs(once.drop(["person"]), SPEC)
    assert not [p for p in found.pairs.column("probability").to_pylist() if p >= SPEC.link]
