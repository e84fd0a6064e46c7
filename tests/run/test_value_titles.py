"""Titles of values from codebooks: manifest, a customer, persona cards, the command line."""

from __future__ import annotations

import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from huaxiang.app.build import build
from huaxiang.app.customer import show_customer
from huaxiang.app.wiring import open_snapshot
from huaxiang.run.described import attribute_values
from huaxiang.serve.cli import output
from huaxiang.serve.cli.commands.account import account_cell
from huaxiang.serve.cli.main import main
from huaxiang.spec.loader import load_project

CODEBOOK = """
name: style
keys: {member_no: 会员号}
scales: {agree: {min: 1, max: 5}}
questions:
  - code: work
    text: 职业
    kind: single
    options:
      worker: {zh: 工人, en: Worker}
      clerk: {zh: 职员, en: Clerk}
      not_said: {zh: 不便透露, en: Prefer not to say, missing: true}
  - code: school
    text: 学历
    kind: single
    options: {bachelor: {zh: 大学本科, en: Bachelor}, evening: {zh: 夜校, en: Evening school}}
  - {code: likes, text: 爱好, kind: multi, options: {home: {zh: 居家, en: Home}, games: {zh: 游戏, en: Games}}}
  - {code: calm, text: 我很平静, kind: likert, scale: agree, construct: calmness}
  - {code: bold, text: 我很大胆, kind: likert, scale: agree, construct: boldness}
constructs: [{code: calmness, title: {zh: 平静, en: Calm}}, {code: boldness, title: {zh: 大胆, en: Bold}}]
profiles: [{code: nature, of: [calmness, boldness]}]
"""
PROJECT = "name: shop\nas_of: 2025-06-30\n"
DEFINITIONS = """
sources:
  - name: crm
    purpose: tests
    legal_basis: contract
    entity: person
    files: data/crm.csv
    columns: {member_no: no, role: role}
  - name: survey
    purpose: tests
    legal_basis: consent
    entity: person
    format: questionnaire
    codebook: forms/style.yaml
    take: people
    files: data/style.csv
    columns:
      member_no: member_no
      job: work
      education: {from: school, on_invalid: empty}
      likes: {type: list}
      calm_level: calm_level
      calm: {type: number}
      nature: nature
identity:
  - {name: member, field: member_no}
attributes:
  - {name: occupation, title: {zh: 职业, en: Occupation}, from: [{source: crm, value: role}, {source: survey, value: job}]}
  - {name: declared, source: survey, value: job, values: {clerk: {zh: 文员, en: Office worker}, worker: null}}
  - {name: ordered, source: survey, value: job, order: [clerk]}
  - {name: computed, source: survey, value: upper(job)}
  - {name: education, source: survey, value: education}
  - {name: likes, source: survey, value: likes}
  - {name: calm, source: survey, value: calm_level}
  - {name: calm_score, source: survey, value: calm}
  - {name: nature, source: survey, value: nature}
tags:
  - {name: tag_job, kind: fact, from: occupation}
  - {name: tag_likes, kind: fact, from: likes, values: {home: {zh: 宅家, en: Staying in}}}
"""
FILES = {
    "huaxiang.yaml": PROJECT,
    "sources/all.yaml": DEFINITIONS,
    "forms/style.yaml": CODEBOOK,
    "data/crm.csv": "no,role\nM1,\nM2,director\n",
    "data/style.csv": "会员号,职业,学历,爱好,我很平静,我很大胆\nM1,工人,大学本科,居家;游戏,5,1\nM3,职员,大学本科,游戏,3,3\n",
}
WORKER, CLERK = {"zh": "工人", "en": "Worker"}, {"zh": "职员", "en": "Clerk"}


def write(folder: Path, **changes: str) -> Path:
    for name, text in {**FILES, **changes}.items():
        (folder / name).parent.mkdir(exist_ok=True, parents=True)
        (folder / name).write_text(text, "utf-8")
    return folder


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write(tmp_path_factory.mktemp("shop"))
    build(folder)
    return folder


def titles(folder: Path, name: str) -> dict[str, Any]:
    project = load_project(folder)
    return attribute_values(project, project.attributes[name])


def test_options_levels_and_profiles_of_the_codebook(tmp_path: Path) -> None:
    folder = write(tmp_path)
    assert titles(folder, "occupation") == {"worker": WORKER, "clerk": CLERK}
    assert list(titles(folder, "likes")) == ["home", "games"]
    assert [t["zh"] for t in titles(folder, "calm").values()] == ["低", "中", "高"]
    assert [t["en"] for t in titles(folder, "nature").values()] == ["Calm", "Bold", "Balanced"]
    assert titles(folder, "computed") == titles(folder, "calm_score") == {}


def test_what_is_declared_goes_first(tmp_path: Path) -> None:
    folder = write(tmp_path)
    declared = titles(folder, "declared")
    assert list(declared) == ["clerk", "worker"]
    assert declared == {"clerk": {"zh": "文员", "en": "Office worker"}, "worker": WORKER}
    assert list(titles(folder, "ordered")) == ["clerk", "worker"]


def test_the_vocabulary_comes_last_and_says_what_can_occur(tmp_path: Path) -> None:
    found = titles(write(tmp_path), "education")
    assert found["bachelor"]["zh"] == "大学本科"
    assert found["master"]["zh"] == "硕士"
    assert "evening" not in found  # no word of the strict vocabulary: it is emptied when the file is read
    assert list(found).index("senior_high") < list(found).index("bachelor") < list(found).index("master")


def test_options_that_a_vocabulary_of_ones_own_renames_lose_their_title(tmp_path: Path) -> None:
    renamed = DEFINITIONS.replace("job: work", "job: {from: work, vocabulary: {labour: [worker], clerk: []}}")
    assert titles(write(tmp_path, **{"sources/all.yaml": renamed}), "occupation") == {"clerk": CLERK}


def test_a_changed_codebook_is_read_again_and_a_missing_one_gives_no_titles(tmp_path: Path) -> None:
    folder = write(tmp_path)
    assert titles(folder, "occupation")["worker"]["zh"] == "工人"
    book = folder / "forms" / "style.yaml"
    book.write_text(CODEBOOK.replace("zh: 工人", "zh: 产业工人"), "utf-8")
    os.utime(book, (1, 1))
    assert titles(folder, "occupation")["worker"]["zh"] == "产业工人"
    book.unlink()
    assert titles(folder, "occupation") == {}


def test_manifest_of_attributes_and_of_tags_over_them(shop: Path) -> None:
    with open_snapshot(shop) as snapshot:
        manifest = json.loads(json.dumps(snapshot.manifest))
    attributes = {a["name"]: a for a in manifest["attributes"]}
    tags = {t["name"]: t for t in manifest["tags"]}
    assert attributes["occupation"]["values"] == tags["tag_job"]["values"] == {"worker": WORKER, "clerk": CLERK}
    assert attributes["occupation"]["distribution"]["values"] == [["worker", 1], ["clerk", 1], ["director", 1]]
    assert tags["tag_likes"]["value_type"] == "list"
    assert tags["tag_likes"]["values"] == {
        "home": {"zh": "宅家", "en": "Staying in"}, "games": {"zh": "游戏", "en": "Games"},
    }  # fmt: skip


def test_a_customer_has_codes_with_titles_beside(shop: Path) -> None:
    with open_snapshot(shop) as snapshot:
        one, other = show_customer(snapshot, "M1"), show_customer(snapshot, "M2")
    fields = {item["name"]: item for item in one["attributes"]}
    assert (fields["occupation"]["value"], fields["occupation"]["value_title"]) == ("worker", WORKER)
    assert (fields["likes"]["value"], fields["likes"]["value_title"]) == (["home", "games"], None)
    assert [title["zh"] for title in fields["likes"]["value_titles"]] == ["居家", "游戏"]
    assert fields["occupation"]["value_titles"] is None
    director = next(item for item in other["attributes"] if item["name"] == "occupation")
    assert (director["value"], director["value_title"]) == ("director", None)


def test_people_read_titles(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def printed(*words: str) -> str:
        assert main([*words, "--project", str(shop)]) == 0
        return capsys.readouterr().out

    chinese = printed("customer", "M1", "--provenance")
    assert all(word in chinese for word in ("工人", "居家、游戏", "宅家、游戏", "本科"))
    assert "worker" not in chinese
    assert "games" not in chinese
    english = printed("--lang", "en", "customer", "show", "M1")
    assert "Home, Games" in english
    assert "Worker" in english
    shown = printed("tag", "show", "tag_likes")
    assert "宅家" in shown
    assert "games" not in shown


def test_money_is_written_in_groups_without_trailing_zeros() -> None:
    known = {"revenue": {"value_type": "money", "values": {}}, "size": {"value_type": "enum", "values": {"s": CLERK}}}
    assert account_cell("revenue", Decimal("1880000.0000"), known) == "1,880,000"
    assert account_cell("revenue", Decimal("1234.5000"), known) == "1,234.50"
    assert (account_cell("size", "s", known), account_cell("size", "l", known)) == ("职员", "l")
    assert (account_cell("contacts", 1200, known), account_cell("contacts", None, known)) == ("1,200", "–")
    assert output.value(Decimal("990.0000"), "money") == "990"


def test_a_list_of_texts_is_told_apart_from_one_of_them() -> None:
    assert output.value(["红酒", "奶酪"], "list") == "红酒、奶酪"
    assert output.value("红酒", "list") == "红酒"
    assert output.value_title({"a": CLERK}, ["a", "b"], "list") == "职员、b"
