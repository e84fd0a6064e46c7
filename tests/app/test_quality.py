"""Quality: rows add up, or it says so."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.published import manifest, publish_sample

from huaxiang.app.quality import QUALITY_KEYS, quality, rejected_rows
from huaxiang.errors import UsageError


def test_sums_are_of_the_sources(tmp_path: Path) -> None:
    found = quality(publish_sample(tmp_path))
    assert tuple(found) == QUALITY_KEYS
    assert [found[key] for key in ("rows_in", "loaded", "set_aside", "left_out", "adds_up")] == [
        1234,
        1200,
        30,
        4,
        True,
    ]
    assert found["measures"] == {"completeness": 0.9312}


def test_a_lost_row_is_not_hidden(tmp_path: Path) -> None:
    sources = manifest()["sources"]
    sources[0]["loaded"] -= 1
    found = quality(publish_sample(tmp_path, sources=sources))
    assert found["adds_up"] is False
    assert found["sources"][0]["adds_up"] is False


def test_rejected_rows_come_in_file_order_without_their_text(tmp_path: Path) -> None:
    snapshot = publish_sample(tmp_path)
    found = rejected_rows(snapshot, "sales", limit=1)
    assert found["total"] == 2
    assert found["rows"] == [{"file": "sales.csv", "row": 7, "column": "date", "code": "date", "reason": "not a date"}]
    assert rejected_rows(snapshot, "sales", raw=True)["rows"][1]["raw"] == "secret-9"
    with pytest.raises(UsageError, match="unknown source"):
        rejected_rows(snapshot, "sales' or true or '")
