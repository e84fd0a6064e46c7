"""Audiences written into the YAML: comments stay, the rest is untouched, nothing wrong is written, nobody's edit is lost."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.app.audience_shop import AUDIENCES, write_shop

from huaxiang.app.audiences import editing
from huaxiang.app.audiences.editing import Wish, file_of, remove_audience, save_audience, wish_of
from huaxiang.errors import ExpressionError, ProjectInvalid, UsageError
from huaxiang.spec.loader import load_project


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return write_shop(tmp_path)


def text(shop: Path) -> str:
    return (shop / "audiences" / "all.yaml").read_text("utf-8")


def test_a_new_audience_goes_to_a_file_of_its_own(shop: Path) -> None:
    found = save_audience(
        shop, "buyers", wish_of({"when": "orders_count > 0", "title": "买过", "title_en": "Buyers", "owner": "ops"})
    )
    assert (found["file"], found["created"], found["definition"]) == ("audiences/saved.yaml", True, "orders_count > 0")
    spec = load_project(shop).audiences["buyers"]
    assert (spec.when, spec.owner, spec.title.zh, spec.title.en) == ("orders_count > 0", "ops", "买过", "Buyers")  # type: ignore[union-attr]
    assert text(shop) == AUDIENCES
    save_audience(shop, "others", wish_of({"when": "not in_audience('buyers')"}))
    assert list(load_project(shop).audiences)[-2:] == ["buyers", "others"]


def test_an_edit_changes_that_audience_alone_and_keeps_comments(shop: Path) -> None:
    save_audience(shop, "women", wish_of({"when": "gender = 'female' and good", "owner": "新"}))
    save_audience(shop, "big", Wish({"owner": None}))
    expected = AUDIENCES.replace(
        "    when: gender = 'female'\n", "    when: gender = 'female' and good\n    owner: 新\n"
    )
    assert re.sub(" +#", "  #", text(shop)) == re.sub(" +#", "  #", expected.replace(", owner: ops", ""))
    assert load_project(shop).audiences["women"].when == "gender = 'female' and good"


def test_kinds_follow_from_what_is_given(shop: Path) -> None:
    import pyarrow as pa

    from huaxiang.store.lists import save_list

    save_list(shop, "fair", pa.array(["M001"]), {})
    save_audience(shop, "women", wish_of({"list_": "fair"}))
    assert load_project(shop).audiences["women"].model_dump(include={"kind", "when", "list_"}) == {
        "kind": "static", "when": None, "list_": "fair",
    }  # fmt: skip
    save_audience(shop, "women", wish_of({"when": "good", "frozen_at": "2999-01-01"}))
    assert load_project(shop).audiences["women"].kind == "frozen"
    save_audience(shop, "women", wish_of({"when": "good"}))
    assert load_project(shop).audiences["women"].model_dump(exclude_unset=True) == {"name": "women", "when": "good"}
    with pytest.raises(UsageError, match="either a list or a condition"):
        wish_of({"list_": "fair", "when": "good"})


@pytest.mark.parametrize(
    ("name", "keys", "error", "said"),
    [
        ("big", {"when": "spnd > 3"}, ExpressionError, 'did you mean "spend"'),
        ("big", {"when": "in_audience('big_women')"}, ExpressionError, "CON005 .*circle"),
        ("big", {"when": "spend > 1 and in_audience('big')"}, ExpressionError, "CON005 .*refers to itself"),
        ("big", {"when": "in_audience('nobody')"}, ExpressionError, "CON004 unknown audience"),
        ("big", {"when": "in_list('nobody')"}, ExpressionError, "CON012 unknown list"),
        ("big", {"kind": "frozen"}, ProjectInvalid, "frozen_at"),
        ("big", {"kind": "icy"}, UsageError, "kind"),
        ("big", {"colour": "red"}, UsageError, "unknown key"),
        ("Big", {"when": "good"}, UsageError, "name of an audience"),
        (
            "big",
            {"kind": "frozen", "frozen_at": "2020-01-01"},
            ProjectInvalid,
            r"no snapshot was built on or before 2020-01-01 \(days of the project's time zone, ",
        ),
        ("zz", {"when": "in_audience('zz2')"}, ExpressionError, 'CON004 unknown audience "zz2"; known: big'),
        ("new_one", {"owner": "ops"}, ProjectInvalid, '^audiences/saved.yaml AUD001 .*needs the key "when"'),
    ],
)
def test_what_is_wrong_is_not_written(
    shop: Path, name: str, keys: dict[str, str], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        save_audience(shop, name, Wish(keys))
    assert text(shop) == AUDIENCES
    assert not (shop / "audiences" / "saved.yaml").exists()


def test_faults_elsewhere_do_not_hinder(shop: Path) -> None:
    (shop / "tags" / "more.yaml").write_text("tags:\n  - {name: broken, kind: rule, when: nothing > 1}\n", "utf-8")
    assert save_audience(shop, "buyers", wish_of({"when": "good"}))["created"]


def test_an_edit_of_a_file_that_has_changed_is_refused(shop: Path) -> None:
    file, digest = file_of(shop, "big")
    assert file == "audiences/all.yaml"
    (shop / file).write_text(AUDIENCES + "# somebody else\n", "utf-8")
    for edit in (
        lambda: save_audience(shop, "big", Wish({"owner": "me"}, digest)),
        lambda: remove_audience(shop, "recent", digest),
    ):
        with pytest.raises(UsageError, match="has changed since it was read"):
            edit()
    assert text(shop) == AUDIENCES + "# somebody else\n"
    saved = save_audience(shop, "big", Wish({"owner": "me"}, file_of(shop, "big")[1]))
    assert saved["digest"] == file_of(shop, "big")[1]


def test_a_change_between_reading_and_writing_is_seen(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check = editing._check

    def slow(*arguments: object) -> None:
        check(*arguments)  # type: ignore[arg-type]
        (shop / "audiences" / "all.yaml").write_text(AUDIENCES + "# meanwhile\n", "utf-8")

    monkeypatch.setattr(editing, "_check", slow)
    with pytest.raises(UsageError, match="has changed since it was read"):
        save_audience(shop, "big", Wish({"owner": "me"}))
    assert text(shop) == AUDIENCES + "# meanwhile\n"


def test_removal_is_refused_while_others_read_it(shop: Path) -> None:
    with pytest.raises(UsageError, match="audiences big_women"):
        remove_audience(shop, "women")
    remove_audience(shop, "big_women")
    assert remove_audience(shop, "women") == {"name": "women", "file": "audiences/all.yaml", "removed": True}
    assert list(load_project(shop).audiences) == ["big", "recent"]
    assert "# 运营的人群" in text(shop) and "# 大" in text(shop)
    for name in ("big", "recent"):
        remove_audience(shop, name)
    assert list(load_project(shop).audiences) == []
    with pytest.raises(UsageError, match="unknown audience"):
        remove_audience(shop, "big")
