"""One customer in full, and finding one."""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.published import publish_sample

from huaxiang.app.customer import CUSTOMER_KEYS, search_customers, show_customer
from huaxiang.errors import UsageError
from huaxiang.store.snapshots import Snapshot


def test_everything_known_of_a_customer(tmp_path: Path) -> None:
    snapshot = publish_sample(tmp_path)
    found = show_customer(snapshot, "c4")
    assert tuple(found) == CUSTOMER_KEYS
    assert found["audiences"] == ["big", "big_women"]
    assert {item["name"]: item["value"] for item in found["attributes"]} == {"city": "上海", "gender": "female"}
    assert found["records"] == [{"source": "sales", "title": {"zh": "销售", "en": "Sales"}, "rows": 0}]
    persona = {"zh": "品质女性", "en": "Quality seekers"}
    assert found["segments"] == [
        {"clustering": "value", "title": {"zh": "价值", "en": "Value"}, "segment": "c1", "persona": persona}
    ]
    identity = show_customer(snapshot, "c1")["identity"]
    assert [(item["key"], item["value"]) for item in identity] == [("member", "M-1"), ("phone", None)]


def test_an_unknown_id_is_not_repeated_in_the_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="customer search") as caught:
        show_customer(publish_sample(tmp_path), "c1' or '1'='1")
    assert "c1'" not in str(caught.value)


def test_search(tmp_path: Path) -> None:
    snapshot = publish_sample(tmp_path)

    def search(text: str, limit: int = 20) -> list[str]:
        return [hit["customer_id"] for hit in search_customers(snapshot, text, limit=limit)["found"]]

    assert search("c") == ["=c6", "c1", "c2", "c3", "c4", "c5"]
    assert search("c", 2) == ["=c6", "c1"]
    assert search("C3") == ["c3"]
    assert search("+8613800138000") == ["c1"]
    assert search("%") == []
    assert search("上海") == ["c1", "c4"]


def test_an_id_of_before_leads_to_todays(tmp_path: Path) -> None:
    sample = publish_sample(tmp_path)
    table = sample.folder / "tables" / "identity_redirects.parquet"
    pq.write_table(pa.table({"old": ["c8", "c9", "loop", "pool"], "new": ["c9", "c4", "pool", "loop"]}), table)
    listed = [*sample.manifest["tables"], {"name": "identity_redirects", "path": "tables/identity_redirects.parquet"}]
    with Snapshot(
        sample.folder, {**sample.manifest, "tables": listed}, os.open(sample.folder, os.O_RDONLY)
    ) as snapshot:
        found = show_customer(snapshot, "c8")
        assert (found["customer_id"], found["redirected_from"]) == ("c4", "c8")
        assert search_customers(snapshot, "c8")["found"] == [{"customer_id": "c4", "matched": ["identity_redirects"]}]
        with pytest.raises(UsageError, match="no customer"):
            show_customer(snapshot, "loop")
