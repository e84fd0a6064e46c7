"""The catalogue of tags and the persona cards."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.published import personas, publish_sample

from huaxiang.app.personas import list_personas, show_persona
from huaxiang.app.tags import TAG_KEYS, TAG_LINE_KEYS, list_tags, show_tag
from huaxiang.errors import UsageError


def test_list_and_show(tmp_path: Path) -> None:
    snapshot = publish_sample(tmp_path)
    tags = list_tags(snapshot)["tags"]
    assert [tag["name"] for tag in tags] == ["orders", "spend", "vip", "last_order", "likes"]
    assert all(tuple(tag) == TAG_LINE_KEYS for tag in tags)
    assert [tag["name"] for tag in list_tags(snapshot, class_="relationship")["tags"]] == ["last_order"]
    shown = show_tag(snapshot, "spend")
    assert set(shown) == set(TAG_KEYS)
    assert shown["lineage"] == ["source:sales.amount"]
    with pytest.raises(UsageError, match='did you mean "spend"'):
        show_tag(snapshot, "spent")


def test_the_name_of_an_rfm_tag_leads_to_its_columns(tmp_path: Path) -> None:
    parts = [{"name": f"rfm_{part}", "rfm": {"of": "rfm", "part": part}} for part in ("r", "band")]
    snapshot = publish_sample(tmp_path, tags=parts)
    with pytest.raises(UsageError, match="writes rfm_r, rfm_band; name one of them"):
        show_tag(snapshot, "rfm")


def test_personas_by_segment_name_and_set(tmp_path: Path) -> None:
    snapshot = publish_sample(tmp_path)
    assert list_personas(snapshot)["sets"][0]["cards"][0]["share"] == 0.6667
    card = personas()["sets"][0]["cards"][0]
    for name in ("c1", "value/c1", "品质女性", "Quality seekers"):
        shown = show_persona(snapshot, name)
        assert shown["sections"] == card["sections"]
        assert (shown["set"], shown["base_size"]) == ("value", 6)
    with pytest.raises(UsageError, match="unknown persona"):
        show_persona(snapshot, "c2")


def test_a_segment_of_two_sets_has_to_be_told_apart(tmp_path: Path) -> None:
    snapshot = publish_sample(tmp_path)
    group = personas()["sets"][0]
    text = json.dumps({"sets": [group, group | {"name": "other"}]})
    (snapshot.folder / "personas.json").write_text(text, "utf-8")
    with pytest.raises(UsageError, match="value/c1, other/c1"):
        show_persona(snapshot, "c1")
    assert show_persona(snapshot, "other/c1")["set"] == "other"
