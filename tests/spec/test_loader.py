"""Loading: every fault of form with its place (golden), and what a loaded project knows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from tests.told import untold

from huaxiang.errors import Place, ProjectInvalid, UsageError
from huaxiang.spec.loader import load_project
from huaxiang.spec.models import FactTag, RuleTag

CASES = YAML(typ="safe").load((Path(__file__).parent / "faults.yaml").read_text(encoding="utf-8"))


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in ({"huaxiang.yaml": "name: shop\n"} | files).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        gbk = text.startswith("GBK:")
        path.write_bytes(text.removeprefix("GBK:").encode("gbk" if gbk else "utf-8"))
    return folder


@pytest.mark.parametrize("case", CASES, ids=[c["case"] for c in CASES])
def test_fault(case: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(ProjectInvalid) as caught:
        load_project(write(tmp_path, case["files"]))
    assert [str(issue) for issue in caught.value.issues] == case["expect"]
    assert untold(caught.value.issues) == []


def test_no_message_speaks_of_the_validator() -> None:
    jargon = ("pydantic", "Input should", "validation error", "discriminator", "tuple[", "dict[", "union")
    lines = [line for case in CASES for line in case["expect"]]
    assert not [line for line in lines if any(word in line for word in jargon)]


def test_folder_without_project_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"has no huaxiang\.yaml; make one with `huaxiang init"):
        load_project(tmp_path)


def test_definitions_in_file_order_with_places(tmp_path: Path) -> None:
    first = "tags:\n  - name: b\n    kind: rule\n    when:\n      all:\n        - x > 1\n        - y\n"
    files = {"tags/b.yaml": first, "tags/a.yml": "tags: [{name: a, kind: fact, from: z}]\n", "tags/notes.txt": "no"}
    project = load_project(write(tmp_path, files))
    assert list(project.tags) == ["a", "b"]
    assert isinstance(project.tags["a"], FactTag)
    assert isinstance(project.tags["b"], RuleTag)
    assert project.tags["b"].when == {"all": ["x > 1", "y"]}
    assert project.place("tags", "b") == Place("tags/b.yaml", 2)
    assert project.place("tags", "b", "when") == Place("tags/b.yaml", 4)
    assert project.place("tags", "b", "when", "all", 1) == Place("tags/b.yaml", 7)
    assert project.place("tags", "b", "title") == Place("tags/b.yaml", 2)
    assert project.place("project", "", "name") == Place("huaxiang.yaml", 1)
    assert [f.relative_to(tmp_path).as_posix() for f in project.files] == ["huaxiang.yaml", "tags/a.yml", "tags/b.yaml"]


def test_scalars_are_read_as_written(tmp_path: Path) -> None:
    text = "name: shop\nas_of: 2024-01-31\nsensitive: true\nkeep_snapshots: 0x10\ndescription: 'yes'\n"
    spec = load_project(write(tmp_path, {"huaxiang.yaml": "\ufeff" + text})).spec
    assert (spec.as_of, spec.sensitive, spec.keep_snapshots, spec.description) == ("2024-01-31", True, 16, "yes")


def test_codes_with_leading_zeros_stay_text(tmp_path: Path) -> None:
    source = (
        "sources:\n  - {name: s, purpose: p, legal_basis: consent, entity: order, files: a.csv, "
        "columns: {channel: {vocabulary: {shop: [007, 01]}}}}\n"
    )
    column = load_project(write(tmp_path, {"sources/s.yaml": source})).sources["s"].columns["channel"]
    assert column.vocabulary == {"shop": ["007", "01"]}


def test_digest_follows_the_definitions(tmp_path: Path) -> None:
    first = load_project(write(tmp_path, {})).digest
    assert load_project(tmp_path).digest == first
    second = load_project(write(tmp_path, {"tags/a.yaml": "tags: []\n"})).digest
    assert second != first
    assert len(second) == 64


def test_aliases_are_read_at_each_place(tmp_path: Path) -> None:
    text = "tags:\n  - {name: a, kind: rule, when: x, title: &t {zh: 甲, en: A}}\n  - {name: b, kind: rule, when: x, title: *t}\n"
    project = load_project(write(tmp_path, {"tags/a.yaml": text}))
    assert project.tags["a"].title == project.tags["b"].title


def test_an_alias_bomb_is_refused(tmp_path: Path) -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [f"{n}: &{n} [{', '.join(['*' + chr(ord(n) - 1)] * 9)}]" for n in "bcdefgh"]
    with pytest.raises(ProjectInvalid, match="YML006"):
        load_project(write(tmp_path, {"tags/a.yaml": "\n".join(lines) + "\n"}))


def test_a_file_that_is_removed_while_the_project_is_read_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "huaxiang.yaml").write_text("name: shop\n", "utf-8")
    (tmp_path / "tags").mkdir()
    monkeypatch.setattr("huaxiang.spec.loader.definition_files", lambda folder: (folder / "tags" / "gone.yaml",))
    project = load_project(tmp_path)
    assert project.files == (tmp_path / "huaxiang.yaml",)
