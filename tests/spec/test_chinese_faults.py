"""Each kind of fault that a definition can have is told in Chinese too."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from huaxiang.errors import ProjectInvalid
from huaxiang.spec.loader import load_project

WRONG = {
    "currency: cny": "SPEC005", "timezonee: x": "SPEC001", "keep_snapshots: 0": "SPEC006", "keep_snapshots: many": "SPEC003",
    "keep_snapshots:": "SPEC003", "language: fr": "SPEC004", "title: [a]": "SPEC003", "tags: [{kind: rule, when: x > 1}]": "SPEC002",
    "tags: [{name: a, when: x > 1}]": "SPEC002", "tags: [{name: a, kind: ruel, when: x > 1}]": "SPEC007",
    "tags: [{name: A b, kind: rule, when: x > 1}]": "SPEC005", "tags: {a: 1}": "SPEC003", "tags: [7]": "SPEC003",
    "field_rights: [{fields: [a], roles: []}]": "SPEC006", "oidc: {issuer: nowhere}": "SPEC005",
}  # fmt: skip


@pytest.mark.parametrize("text", WRONG)
def test_every_fault_is_told_in_chinese(tmp_path: Path, text: str) -> None:
    (tmp_path / "tags").mkdir()
    own = not text.startswith("tags")
    (tmp_path / "huaxiang.yaml").write_text(f"name: x\n{text if own else ''}\n", "utf-8")
    (tmp_path / "tags" / "all.yaml").write_text("" if own else text, "utf-8")
    with pytest.raises(ProjectInvalid) as caught:
        load_project(tmp_path)
    issues = [i for i in caught.value.issues if i.code == WRONG[text]]
    assert issues, [(i.code, i.message) for i in caught.value.issues]
    for issue in issues:
        assert re.search("[\u4e00-\u9fff]", issue.zh or ""), issue.message
        for part in re.findall(r'"([^"]+)"', issue.message.partition(";")[0]):
            assert part in str(issue.zh), (issue.message, issue.zh)
