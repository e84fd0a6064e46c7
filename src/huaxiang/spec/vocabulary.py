"""The standard words of the built-in vocabularies (`templates/vocabularies.yaml`): gender, education, marital status."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@cache
def standard_words() -> Mapping[str, tuple[str, ...]]:
    """Type of a column → the values that its built-in vocabulary gives, in display order."""
    from io import StringIO

    from ruamel.yaml import YAML

    text = (files("huaxiang") / "templates" / "vocabularies.yaml").read_text(encoding="utf-8")
    loaded = YAML(typ="safe").load(StringIO(text))
    return MappingProxyType({str(name): tuple(map(str, entry["values"])) for name, entry in loaded.items()})
