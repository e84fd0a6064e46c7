"""The project of the generated company: it checks clean, is titled in both languages, and fills the catalogue."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from huaxiang.app.build import build, issues_of
from huaxiang.app.catalogue import load_catalogue
from huaxiang.app.mumian.demo import Size, prepare_mumian
from huaxiang.errors import UsageError
from huaxiang.spec.loader import load_project
from huaxiang.store.snapshots import SnapshotStore


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small company with its project."""
    folder = tmp_path_factory.mktemp("demo") / "mumian"
    prepare_mumian(folder, Size(500, 7))
    return folder


def test_checks_clean_and_is_titled_in_both_languages(folder: Path) -> None:
    """No error and no warning; whatever people see has a Chinese and an English title."""
    project = load_project(folder)
    assert [str(issue) for issue in issues_of(project)] == []
    named = [
        *project.sources.values(), *project.identity.values(), *project.attributes.values(), *project.tags.values(),
        *project.audiences.values(),
    ]  # fmt: skip
    assert [n.name for n in named if not hasattr(n.title, "zh") or not hasattr(n.title, "en")] == []
    assert all(s.purpose and s.owner for s in project.sources.values())


def test_declares_at_least_ninety_attributes_of_the_catalogue(folder: Path) -> None:
    """By attribute, or by a tag that names the attribute it fills."""
    project = load_project(folder)
    codes = set(load_catalogue())
    declared = set(project.attributes) | {t.attribute for t in project.tags.values() if t.attribute}
    assert len(declared & codes) >= 110


def test_definitions_that_were_edited_are_kept(folder: Path, tmp_path: Path) -> None:
    """A second call changes nothing; another size writes data anew, and never the definitions."""
    shutil.copytree(folder.parent, tmp_path, dirs_exist_ok=True)
    folder = tmp_path / folder.name
    file, data = folder / "audiences" / "campaigns.yaml", folder / "data" / "reviews.csv"
    file.write_text(file.read_text("utf-8") + "# mine\n", encoding="utf-8")
    before = data.stat().st_mtime_ns
    prepare_mumian(folder, Size(500, 7))
    assert data.stat().st_mtime_ns == before
    prepare_mumian(folder, Size(500, 8))
    assert data.stat().st_mtime_ns != before
    assert file.read_text("utf-8").endswith("# mine\n")


def test_refuses_another_project_and_too_few_people(tmp_path: Path) -> None:
    """Nothing is written in either case."""
    (tmp_path / "huaxiang.yaml").write_text("name: my_shop\n", encoding="utf-8")
    with pytest.raises(UsageError, match="holds another project"):
        prepare_mumian(tmp_path, Size(500))
    with pytest.raises(UsageError, match="at least 200"):
        prepare_mumian(tmp_path / "new", Size(20))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["huaxiang.yaml"]


@pytest.mark.slow
def test_the_build_unifies_people_and_fills_the_catalogue(tmp_path: Path) -> None:
    """Of 1,500 people: about as many customers as people, every row accounted for, at least 90 attributes filled."""
    from huaxiang.app.attributes import list_attributes

    folder = tmp_path / "mumian"
    prepare_mumian(folder, Size(1_500, 7))
    build(folder)
    with SnapshotStore(folder).current() as snapshot:
        assert 0.96 * 1_500 <= snapshot.manifest["customers"] <= 1.06 * 1_500
        for source in snapshot.manifest["sources"]:
            assert source["rows_in"] == source["loaded"] + source["set_aside"] + source["left_out"], source["name"]
        filled = [row for row in list_attributes(snapshot, load_project(folder)) if row.in_catalogue and row.filled]
        assert len(filled) >= 90
