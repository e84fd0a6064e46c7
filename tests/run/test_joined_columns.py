"""Several columns that fill one field: AppID + OpenID, of which neither alone says who somebody is."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from huaxiang.app.build import build, issues_of
from huaxiang.app.customer import search_customers
from huaxiang.errors import ProjectInvalid
from huaxiang.run.headers import mapped_columns
from huaxiang.spec.loader import load_project
from huaxiang.store.snapshots import SnapshotStore

SOURCE = """\
sources:
  - name: followers
    purpose: service
    legal_basis: consent
    entity: person
    files: followers.csv
    columns:
      nickname: 昵称
      wechat_id: {from: [AppID, OpenID], missing: [无]MORE}
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "huaxiang.yaml").write_text("name: shop\nas_of: 2024-06-30\n")
    for folder in ("sources", "identity"):
        (tmp_path / folder).mkdir()
    (tmp_path / "identity" / "keys.yaml").write_text("identity:\n  - {name: wechat, field: wechat_id, priority: 1}\n")
    write(tmp_path, "")
    (tmp_path / "followers.csv").write_text(
        "昵称,AppID,OpenID\n一,wx1,o1\n二,wx2,o1\n三,wx1, o1 \n四,wx1,\n五,无,o1\n六,wx1:o1,x\n七,wx1,o1:x\n八,wx1\\,o1:x\n"
    )
    return tmp_path


def write(folder: Path, more: str) -> None:
    (folder / "sources" / "s.yaml").write_text(SOURCE.replace("MORE", more))


def test_a_key_of_two_columns_joins_those_only_that_agree_in_both(shop: Path) -> None:
    source = load_project(shop).sources["followers"]
    assert mapped_columns(source) == ("昵称", "AppID", "OpenID")
    build(shop)
    with SnapshotStore(shop).current() as snapshot:
        rows = pq.read_table(snapshot.table("source_followers")).to_pylist()
        found = search_customers(snapshot, "wx2:o1")["found"]
    keys = {row["nickname"]: row["wechat_id"] for row in rows}
    assert keys == {
        "一": "wx1:o1", "二": "wx2:o1", "三": "wx1:o1", "四": None, "五": None,
        "六": r"wx1\:o1:x", "七": r"wx1:o1\:x", "八": r"wx1\\:o1\:x",
    }  # fmt: skip
    people = {row["nickname"]: row["customer_id"] for row in rows if row["wechat_id"]}
    assert people["一"] == people["三"]
    assert len(set(people.values())) == 5
    assert [hit["customer_id"] for hit in found] == [people["二"]]


def test_required_needs_both_columns(shop: Path) -> None:
    write(shop, ", required: true")
    source = build(shop).manifest["sources"][0]
    assert (source["loaded"], source["reasons"]) == (6, {"required": 2})


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ("{from: [AppID, Openid]}", 's.yaml:9 SRC003 source "followers": the file has no column "Openid"; did you mean "OpenID"?'),
        ("{from: [AppID, AppID]}", 'SRC023 source "followers": field "wechat_id": "from" lists a column twice'),
        ("{from: [AppID, OpenID], type: integer}", 'SRC023 source "followers": field "wechat_id" has type integer; several columns give a text'),
        ("{from: [AppID]}", "has 1 item; it must have at least 2"),
    ],
)  # fmt: skip
def test_faults_name_the_column(shop: Path, columns: str, message: str) -> None:
    text = SOURCE.replace("{from: [AppID, OpenID], missing: [无]MORE}", columns)
    (shop / "sources" / "s.yaml").write_text(text)
    try:
        found = [str(issue) for issue in issues_of(load_project(shop))]
    except ProjectInvalid as error:
        found = [str(issue) for issue in error.issues]
    assert any(message in line for line in found), found
