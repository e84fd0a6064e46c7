"""Rows set aside as duplicates keep what stood in the file, not what cleaning made of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from huaxiang.app.build import build
from huaxiang.app.customer import search_customers
from huaxiang.app.quality import rejected_rows
from huaxiang.errors import UsageError
from huaxiang.run import raw_texts
from huaxiang.store.snapshots import SnapshotStore

SOURCES = """\
sources:
  - {name: members, purpose: service, legal_basis: contract, entity: person, files: 'data/m*.csv', unique: [customer_key],
     columns: {customer_key: id, phone: phone, city: city}}
  - {name: web, purpose: service, legal_basis: consent, entity: event, files: data/web, format: segment,
     columns: {customer_key: user_id, event: event, occurred_at: occurred_at}}
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "huaxiang.yaml").write_text("name: shop\nas_of: 2024-06-30\n")
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "s.yaml").write_text(SOURCES)
    (tmp_path / "data" / "web").mkdir(parents=True)
    (tmp_path / "data" / "m1.csv").write_text(
        "id,phone,city,note\nm1,138 0013 8001,杭州,a\nm1,１３８００１３８００２,杭州,b\n"
    )
    (tmp_path / "data" / "m2.csv").write_text(
        "id,phone,city,note\nm2,138-0013-8003,上海,c\n m1 ,+86 13800138004, 上海 ,d\n"
    )
    said = {
        "type": "track",
        "event": "View",
        "userId": "m1",
        "timestamp": "2024-05-01T10:00:00Z",
        "properties": {"n": 1},
    }
    for number, ids in enumerate((("a", "b"), ("b", "c"))):
        lines = (json.dumps({"messageId": one, **said}) for one in ids)
        (tmp_path / "data" / "web" / f"{number}.jsonl").write_text("\n".join(lines))
    return tmp_path


def rejected(folder: Path, source: str) -> list[tuple[str, int, str]]:
    with SnapshotStore(folder).current() as snapshot:
        rows = rejected_rows(snapshot, source, raw=True)["rows"]
    assert {row["code"] for row in rows} == {"duplicate"}
    return [(row["file"], row["row"], row["raw"]) for row in rows]


MEMBERS = [("data/m1.csv", 3, "m1,１３８００１３８００２,杭州,b"), ("data/m2.csv", 3, " m1 ,+86 13800138004, 上海 ,d")]


def test_duplicates_keep_what_stood_in_the_file(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build(shop)
    assert rejected(shop, "members") == MEMBERS
    web = rejected(shop, "web")
    assert [row[:2] for row in web] == [("data/web/1.jsonl", 1)]
    assert json.loads(web[0][2])["messageId"] == "b"
    with SnapshotStore(shop).current() as snapshot:
        before = snapshot.table("rejected").read_bytes()
    monkeypatch.setattr(raw_texts, "open_file", lambda _request: pytest.fail("a file was read again"))
    build(shop)
    with SnapshotStore(shop).current() as snapshot:
        assert snapshot.table("rejected").read_bytes() == before
    kept = shop / ".huaxiang" / "collected" / "members" / "raw"
    assert len(list(kept.iterdir())) == 2
    (shop / "data" / "m2.csv").unlink()
    build(shop)
    assert rejected(shop, "members") == MEMBERS[:1]
    assert len(list(kept.iterdir())) == 1


def test_a_file_that_can_t_be_read_again_leaves_the_cleaned_values(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(_request: object) -> None:
        raise OSError

    monkeypatch.setattr(raw_texts, "open_file", gone)
    build(shop)
    assert rejected(shop, "members")[0][2] == "m1|13800138002|杭州"


@pytest.mark.parametrize("text", ["", "  ", "\u3000"])
def test_an_empty_search_is_refused(shop: Path, text: str) -> None:
    build(shop)
    with (
        SnapshotStore(shop).current() as snapshot,
        pytest.raises(UsageError, match="nothing to search for; give an ID"),
    ):
        search_customers(snapshot, text)
