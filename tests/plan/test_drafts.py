"""Tags that are drafts, or offline: not computed, not readable, and no reason to stop a build."""

from __future__ import annotations

from pathlib import Path

from tests.app.audience_shop import write_shop

from huaxiang.plan.check import check_project, customer_types, tag_order
from huaxiang.spec.loader import Project, load_project

DRAFTS = """\
tags:
  - {name: wip, kind: rule, when: nothing > 3, status: draft}
  - {name: circle_a, kind: rule, when: circle_b, status: draft}
  - {name: circle_b, kind: rule, when: circle_a, status: draft}
  - {name: good, kind: rule, when: spend > 900, status: draft}
  - {name: old, kind: rule, when: spend > 1, status: offline}
"""


def shop(folder: Path, **changed: str) -> Project:
    return load_project(write_shop(folder, **changed))


def test_faults_of_drafts_are_warnings(tmp_path: Path) -> None:
    drafts = DRAFTS.replace("  - {name: good, kind: rule, when: spend > 900, status: draft}\n", "")
    found = check_project(shop(tmp_path, tags__more=drafts))
    assert {i.severity for i in found} == {"warning"}
    assert {i.subject for i in found} >= {("tags", "wip"), ("tags", "circle_a")}


def test_drafts_are_neither_computed_nor_readable(tmp_path: Path) -> None:
    reads = "audiences:\n  - {name: soon, when: wip}\n  - {name: past, when: old}\n"
    project = shop(tmp_path, tags__more=DRAFTS.replace("name: good", "name: better"), audiences__more=reads)
    assert not {"wip", "old", "better", "circle_a"} & set(customer_types(project))
    assert tag_order(project) == (("good",),)
    told = [i.message for i in check_project(project) if i.severity == "error"]
    assert told == [
        'audience "soon": reads tag "wip", which is a draft; it has to be approved first (status: online)',
        'audience "past": reads tag "old", which is offline; set its status to online',
    ]


def test_a_draft_takes_no_name_away(tmp_path: Path) -> None:
    project = shop(tmp_path, tags__a_first="tags:\n  - {name: city, kind: rule, when: spend > 1, status: draft}\n")
    found = [i for i in check_project(project) if i.code == "TAG009"]
    assert [i.severity for i in found] == ["warning"]
    assert customer_types(project)["city"] == "VARCHAR"
