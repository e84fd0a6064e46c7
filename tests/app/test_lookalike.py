"""Lookalikes: a planted likeness is found and honestly measured; chance is called chance; the list is stable."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from tests.app.tagged_world import SIZE, customers, publish_world

import huaxiang
from huaxiang.app.lookalike import LOOKALIKE_KEYS, LookalikeQuestion, Lookalikes, find_lookalikes
from huaxiang.app.lookalike_features import choose_features, read_by
from huaxiang.app.members import customer_mask, decided_against
from huaxiang.errors import ExpressionError, UsageError
from huaxiang.store.snapshots import Snapshot

GOLD = np.array(customers()["gold"].to_pylist())
IDS = np.array(customers()["customer_id"].to_pylist())
ASKED = np.array([value is not None for value in customers()["vip"].to_pylist()])


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snapshot]:
    with publish_world(tmp_path_factory.mktemp("world")) as snapshot:
        yield snapshot


@pytest.fixture(scope="module")
def wealthy(world: Snapshot) -> Lookalikes:
    return find_lookalikes(world, "wealthy", LookalikeQuestion(share=0.05))


def test_the_list_is_new_people_and_as_long_as_asked(world: Snapshot, wealthy: Lookalikes) -> None:
    answer = wealthy.answer
    assert set(answer) == set(LOOKALIKE_KEYS)
    assert answer["candidates"] == SIZE - GOLD.sum()
    assert answer["size"] == len(wealthy.ids) == round(0.05 * answer["candidates"])
    found = np.isin(IDS, wealthy.ids.to_pylist())
    assert not (found & GOLD).any()
    assert (np.diff(wealthy.scores) <= 0).all()
    assert answer["seed"]["train"] + answer["seed"]["held_out"] == GOLD.sum()
    excluded = find_lookalikes(world, "wealthy", LookalikeQuestion(size=100, exclude="city = 'city0' or orders > 4"))
    orders = dict(zip(IDS, customers()["orders"].to_pylist(), strict=True))
    assert all(orders[one] <= 4 for one in excluded.ids.to_pylist())


def test_what_is_planted_is_found_and_measured(wealthy: Lookalikes) -> None:
    answer = wealthy.answer
    assert answer["auc"]["low"] > 0.7
    assert {driver["tag"] for driver in answer["drivers"][:3]} & {"spend", "orders", "big"}
    assert "luck" not in {driver["tag"] for driver in answer["drivers"][:3]}
    asked = next(point for point in answer["curve"] if point["asked"])
    assert asked["top"] == 0.05
    assert asked["low"] > 1.5
    for point in answer["curve"]:
        assert point["low"] <= point["lift"] <= point["high"] <= point["best"] * 1.2
        assert point["reached"] == pytest.approx(point["lift"] * point["top"], abs=2e-3)
    assert answer["baseline"]["tag"] in {"spend", "big", "orders"}
    assert [warning["code"] for warning in answer["warnings"]] in ([], ["no_better_than_one_tag"])


def test_the_same_question_has_the_same_list(world: Snapshot, wealthy: Lookalikes) -> None:
    again = find_lookalikes(world, "wealthy", LookalikeQuestion(share=0.05))
    assert again.ids.equals(wealthy.ids)
    assert again.scores.tolist() == wealthy.scores.tolist()
    assert again.answer | {"seconds": 0} == wealthy.answer | {"seconds": 0}
    wider = find_lookalikes(world, "wealthy", LookalikeQuestion(share=0.1))
    assert wider.ids[: len(wealthy.ids)].equals(wealthy.ids)


def test_trees_find_it_too(world: Snapshot) -> None:
    answer = find_lookalikes(world, "wealthy", LookalikeQuestion(size=50, model="boosting")).answer
    assert answer["auc"]["low"] > 0.65
    assert answer["drivers"]


def test_chance_is_called_chance(world: Snapshot) -> None:
    answer = find_lookalikes(world, "luck", LookalikeQuestion(share=0.05)).answer
    assert [warning["code"] for warning in answer["warnings"]] == ["no_better_than_chance"]
    assert answer["auc"]["low"] <= 0.5 <= answer["auc"]["high"]
    assert all(warning["zh"] and warning["en"] for warning in answer["warnings"])


@pytest.mark.parametrize("exclude", ["city = 'city0'", "big", "orders > 4"])
def test_who_is_excluded_is_no_example_either_way(world: Snapshot, exclude: str) -> None:
    answer = find_lookalikes(world, "luck", LookalikeQuestion(share=0.05, exclude=exclude)).answer
    assert [warning["code"] for warning in answer["warnings"]] == ["no_better_than_chance"]  # not the exclusion learnt
    assert answer["auc"]["low"] <= 0.5 <= answer["auc"]["high"]
    seed = find_lookalikes(world, "wealthy", LookalikeQuestion(share=0.05, exclude="city = 'city0'")).answer["seed"]
    left = (GOLD & ~customer_mask(world, "city = 'city0'")).sum()
    assert (seed["customers"], seed["train"] + seed["held_out"]) == (GOLD.sum(), left)


def test_what_the_definition_reads_teaches_nothing(world: Snapshot) -> None:
    chosen = choose_features(world.manifest, "big and in_audience('wealthy_here')")
    assert read_by(world.manifest, "big and in_audience('wealthy_here')").columns == {"big", "gold", "city"}
    reasons = {name: chosen.left_out[name] for name in ("big", "gold", "city", "spend", "phone")}
    assert reasons == {
        "big": "definition",
        "gold": "definition",
        "city": "definition",
        "spend": "same_data",
        "phone": "personal",
    }
    assert set(chosen.kinds) == {"province", "likes", "style", "hobby", "orders", "vip", "luck", "few", "note"}
    found = find_lookalikes(world, "spend > 300", LookalikeQuestion(size=10)).answer["features"]
    assert {"name": "note", "reason": "constant"} in found["left_out"]
    assert {"name": "big", "reason": "same_data"} in found["left_out"]


def test_who_answered_the_survey_is_not_what_is_learnt(world: Snapshot) -> None:
    """`vip` is known only of the asked: without care, having answered the survey would look like being vip."""
    against = decided_against(world, "vip")
    assert (against == (ASKED & ~customer_mask(world, "vip"))).all()
    answer = find_lookalikes(world, "vip", LookalikeQuestion(share=0.2)).answer
    assert answer["rest"]["train"] + answer["rest"]["held_out"] == against.sum()
    assert answer["rest"]["undecided"] == (~ASKED).sum()
    assert not {driver["tag"] for driver in answer["drivers"]} & {"style", "hobby"}
    assert "mostly_untested" in {warning["code"] for warning in answer["warnings"]}
    assert answer["auc"]["value"] > 0.75


def test_lists_are_written_whole(world: Snapshot, tmp_path: Path) -> None:
    found = find_lookalikes(world, "wealthy", LookalikeQuestion(size=20), tmp_path / "list.csv")
    assert found.answer["file"] == str(tmp_path / "list.csv")
    with (tmp_path / "list.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["customer_id"] for row in rows] == found.ids.to_pylist()
    assert [int(row["rank"]) for row in rows] == list(range(1, 21))
    find_lookalikes(world, "wealthy", LookalikeQuestion(size=20), tmp_path / "list.parquet")
    assert pq.read_table(tmp_path / "list.parquet")["customer_id"].to_pylist() == found.ids.to_pylist()
    assert {path.name for path in tmp_path.iterdir()} == {"list.csv", "list.parquet"}


@pytest.mark.parametrize(
    ("seed", "question", "said"),
    [
        ("few", LookalikeQuestion(size=5), "40 customers"),
        ("wealthy", LookalikeQuestion(), "either a size or a share"),
        ("wealthy", LookalikeQuestion(size=5, share=0.1), "either a size or a share"),
        ("wealthy", LookalikeQuestion(share=1.5), "share"),
        ("wealthy", LookalikeQuestion(size=5, holdout=0.9), "hold out"),
        ("wealthy", LookalikeQuestion(size=5000), "ask for fewer"),
        ("wealthy", LookalikeQuestion(size=5, exclude="orders >= 0"), "nobody to choose"),
    ],
)
def test_what_can_not_be_learnt_is_refused(world: Snapshot, seed: str, question: LookalikeQuestion, said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        find_lookalikes(world, seed, question)
    assert caught.value.zh


def test_other_refusals(world: Snapshot, tmp_path: Path) -> None:
    for target in (tmp_path / "list.txt", tmp_path / "none" / "list.csv"):
        with pytest.raises(UsageError):
            find_lookalikes(world, "wealthy", LookalikeQuestion(size=5), target)
    with pytest.raises(UsageError, match="audience"):
        find_lookalikes(world, "in_audience('nobody')", LookalikeQuestion(size=5))
    with pytest.raises(ExpressionError):
        find_lookalikes(world, "no_such_column > 3", LookalikeQuestion(size=5))


def test_the_python_face_gives_the_same(world: Snapshot, wealthy: Lookalikes) -> None:
    from huaxiang.app.rules import RuleQuestion, find_rules

    audience = huaxiang.open(world.folder).audience("wealthy")
    assert audience.lookalikes(LookalikeQuestion(share=0.05)).ids.equals(wealthy.ids)
    question = RuleQuestion(("likes",))
    assert audience.rules(question) == find_rules(world, "wealthy", question)
