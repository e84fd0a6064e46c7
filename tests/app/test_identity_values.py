"""What values of records are called."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from huaxiang.app.identity_values import Values

WOMEN = {"zh": "女", "en": "Female"}


def test_values_are_called_as_the_attribute_of_the_same_name_calls_them() -> None:
    gender = {"name": "gender", "personal": None, "values": {"female": WOMEN}}
    secret = {"name": "religion", "personal": "sensitive", "values": {"a": {"zh": "甲", "en": "A"}}}
    manifest = {"identity": {"personal": {}}, "attributes": [gender, secret, {"name": "city", "values": {}}]}
    values = Values.of(cast(Any, SimpleNamespace(manifest=manifest)))
    assert values.title("gender", "female") == WOMEN
    assert values.title("gender", "unknown") is None
    assert values.title("city", "苏州市") is None
    assert values.title("religion", "a") is None  # a title would say what the mask hides
