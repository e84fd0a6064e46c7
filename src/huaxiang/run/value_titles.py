"""Titles of attribute values that the codebooks of questionnaires and interviews know."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from huaxiang.errors import ProjectInvalid
from huaxiang.spec.base import Text
from huaxiang.spec.loader import Project
from huaxiang.spec.models import AttributeSpec, ColumnSpec, SourceSpec
from huaxiang.spec.sources import columns_read
from huaxiang.store.cleaning.rule import field_words, fold

FORMS = ("questionnaire", "interview")
"""Formats that are read with a codebook."""


def form_titles(project: Project, spec: AttributeSpec) -> dict[str, dict[str, str]]:
    """Value → title of what forms ask for the attribute, in the order of its sources and of their options; the first title holds.

    Only fields taken as they are count. A codebook that can't be read gives none: the build says so when it reads the source's files.
    """
    found: dict[str, dict[str, str]] = {}
    for origin in spec.origins:
        for value, title in _field_titles(project, project.sources[origin.source], origin.value.strip()).items():
            found.setdefault(value, {"zh": title.zh, "en": title.en})
    return found


def _field_titles(project: Project, source: SourceSpec, field: str) -> dict[str, Text]:
    if source.format not in FORMS or source.take != "people" or source.codebook is None or field not in source.columns:
        return {}
    written = source.columns[field]
    spec = ColumnSpec.model_validate({"from": written}) if isinstance(written, str) else written
    titles = _titles_of(project.folder / source.codebook).get(columns_read(field, spec)[0], {})
    words = field_words(source, field)
    if words is None:
        return dict(titles)
    others = spec.strict  # values that are no word of a strict vocabulary are set aside
    return {v: t for v, t in titles.items() if words.get(fold(v), None if others else v) == v}


def _titles_of(path: Path) -> Mapping[str, Mapping[str, Text]]:
    try:
        state = path.stat()
        return _read_titles(path, state.st_mtime_ns, state.st_size)
    except (OSError, ProjectInvalid):
        return {}


@lru_cache(maxsize=16)
def _read_titles(path: Path, _changed: int, _bytes: int) -> Mapping[str, Mapping[str, Text]]:
    """A codebook is read once, and again after it changed."""
    from huaxiang.store.forms.codebook import load_codebook

    return load_codebook(path).value_titles
