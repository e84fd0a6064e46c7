"""`init_project` writes a project that checks clean, whole or not at all, and overwrites nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from huaxiang.app import init
from huaxiang.app.example_data import MEMBERS, write_example_data
from huaxiang.app.init import init_project
from huaxiang.errors import UsageError
from huaxiang.spec.loader import load_project


def test_writes_a_project_that_checks_clean(tmp_path: Path) -> None:
    from huaxiang.app.build import issues_of

    files = init_project(tmp_path / "shop", "retail")
    assert all((tmp_path / "shop" / f).is_file() for f in files)
    assert {"huaxiang.yaml", "README.md", ".gitignore", "data/members.csv"} <= {f.as_posix() for f in files}
    project = load_project(tmp_path / "shop")
    assert project.spec.name == "shop"
    assert issues_of(project) == ()


def test_every_definition_is_titled_in_both_languages(tmp_path: Path) -> None:
    init_project(tmp_path / "shop", "retail")
    project = load_project(tmp_path / "shop")
    named = [
        *project.sources.values(),
        *project.attributes.values(),
        *project.tags.values(),
        *project.audiences.values(),
    ]
    assert [n.name for n in named if not hasattr(n.title, "zh") or not hasattr(n.title, "en")] == []
    assert [t.name for t in project.tags.values() if not t.description or not t.owner or t.class_ == "other"] == []


def test_a_folder_name_that_is_no_name_keeps_the_templates(tmp_path: Path) -> None:
    init_project(tmp_path / "我的店 2", "retail")
    assert load_project(tmp_path / "我的店 2").spec.name == "my_shop"


def test_builds_at_once(tmp_path: Path) -> None:
    from huaxiang.app.build import build

    init_project(tmp_path / "shop", "retail")
    manifest = build(tmp_path / "shop").manifest
    assert manifest["customers"] == MEMBERS
    assert manifest["as_of"] == "2025-12-31"
    by_name = {s["name"]: s for s in manifest["sources"]}
    assert by_name["members"]["set_aside"] == 1, "the impossible birthday"
    assert by_name["orders"]["set_aside"] == 1, "the copied order"
    assert by_name["orders"]["left_out"] > 0, "cancelled orders"
    assert all(s["rows_in"] == s["loaded"] + s["set_aside"] + s["left_out"] for s in by_name.values())
    coverage = {t["name"]: t["coverage"] for t in manifest["tags"]}
    assert coverage["top_category"] > 0.9
    assert coverage["device"] == 1


def test_refuses_a_folder_with_a_project(tmp_path: Path) -> None:
    init_project(tmp_path, "retail")
    before = {f: f.read_bytes() for f in tmp_path.rglob("*") if f.is_file()}
    with pytest.raises(UsageError, match="already holds a project"):
        init_project(tmp_path, "retail")
    assert {f: f.read_bytes() for f in tmp_path.rglob("*") if f.is_file()} == before


def test_overwrites_nothing(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine")
    with pytest.raises(UsageError, match="nothing was written"):
        init_project(tmp_path, "retail")
    assert [f.name for f in tmp_path.iterdir()] == ["README.md"]


def test_keeps_other_files_and_a_gitignore(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / ".gitignore").write_text("mine")
    init_project(tmp_path, "retail")
    assert (tmp_path / "notes.txt").read_text() == (tmp_path / ".gitignore").read_text() == "mine"
    assert (tmp_path / "huaxiang.yaml").is_file()


def test_unknown_template_and_a_file_in_the_way(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match='unknown template "retial"; did you mean "retail"'):
        init_project(tmp_path / "shop", "retial")
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="is a file"):
        init_project(tmp_path / "file", "retail")


def test_a_failure_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(folder: Path) -> None:
        write_example_data(folder)
        raise OSError("disk full")

    monkeypatch.setattr(init, "_data_writer", lambda template: fail)
    with pytest.raises(OSError, match="disk full"):
        init_project(tmp_path / "shop", "retail")
    assert list(tmp_path.iterdir()) == []


def test_example_data_are_equal_every_time(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_example_data(tmp_path / name)
    assert {f.name: f.read_bytes() for f in (tmp_path / "a").iterdir()} == {
        f.name: f.read_bytes() for f in (tmp_path / "b").iterdir()
    }
    assert (tmp_path / "a" / "members.csv").read_text("gb18030").splitlines()[0].startswith("会员号,手机号")
