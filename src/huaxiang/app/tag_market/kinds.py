"""What a form for each kind of tag has to ask, and what may be chosen there: of this project, as its files stand now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from io import StringIO
from pathlib import Path
from typing import Any, get_args

from huaxiang.app.catalogue import CLASS_TITLES, load_catalogue
from huaxiang.app.tag_market.projects import project_now
from huaxiang.app.tag_market.words import MEASURE_TITLES, Both
from huaxiang.plan.columns import (
    ID,
    customer_types,
    field_types,
    has_customers,
    output_names,
    profile_names,
    time_field,
)
from huaxiang.plan.types import family
from huaxiang.run.segmenting import text_of
from huaxiang.spec.loader import Project
from huaxiang.spec.models import TagClass

KINDS_KEYS = ("kinds", "common", "measures", "sources", "columns", "attributes", "classes", "owners", "names")
FIELD_KEYS = ("key", "type", "required", "label", "help", "choices", "default", "minimum", "maximum", "shown_for")
_NEEDS_OF = ("distinct", "sum", "min", "max", "mean", "median", "stddev", "first", "last", "top", "top_n", "top_share")
_RANKED = ("top", "top_n", "top_share")
_DATED = ("first", "last", "days_since_first", "days_since_last", "active_days", "cycle")


@cache
def _forms() -> dict[str, Any]:
    """`common` and `kinds` as `templates/tag_forms.yaml` has them, each field with all FIELD_KEYS."""
    from ruamel.yaml import YAML

    text = (files("huaxiang") / "templates" / "tag_forms.yaml").read_text(encoding="utf-8")
    found = YAML(typ="safe").load(StringIO(text))
    kinds = [kind | {"fields": [_field(field) for field in kind["fields"]]} for kind in found["kinds"]]
    return {"common": [_field(field) for field in found["common"]], "kinds": kinds}


def _field(told: Mapping[str, Any]) -> dict[str, Any]:
    return {name: told.get(name) for name in FIELD_KEYS} | {"required": bool(told.get("required"))}


def tag_kinds(folder: Path) -> dict[str, Any]:
    """Return KINDS_KEYS. `kinds`: name, title, about and fields (FIELD_KEYS) of each; `common`: fields that all have.

    A field's `type` is one of those that `templates/tag_forms.yaml` lists; it is shown for the measures in `shown_for`, or always.
    `columns`: what conditions may read. Raises ProjectInvalid.
    """
    project = project_now(folder)
    return {
        **_forms(),
        "measures": [
            {
                "name": name, "title": _both(title), "of": "needed" if name in _NEEDS_OF else "weight" if name == "share" else None,
                "by": name in _RANKED, "dated": name in _DATED,
            } for name, title in MEASURE_TITLES.items()
        ],
        "sources": list(_sources(project)), "columns": list(_columns(project)),
        "attributes": [{"code": i.code, "title": i.title.model_dump(), "class": i.class_} for i in load_catalogue().attributes],
        "classes": [{"name": name, "title": CLASS_TITLES[name].model_dump()} for name in get_args(TagClass)],
        "owners": sorted({tag.owner for tag in project.tags.values() if tag.owner}), "names": list(project.tags),
    }  # fmt: skip


def _sources(project: Project) -> Iterator[dict[str, Any]]:
    """Sources whose rows belong to customers, with their fields."""
    for name, source in project.sources.items():
        if has_customers(project, source):
            fields = [{"name": f, "type": family(t)} for f, t in field_types(project, source).items() if f != ID]
            yield {"name": name, "title": text_of(source.title, name), "time": time_field(source), "fields": fields}


def _columns(project: Project) -> Iterator[dict[str, Any]]:
    """What conditions of tags may read: attributes and tags that are online."""
    types = customer_types(project)
    owners = {column: tag for tag in project.tags.values() for column in output_names(tag)}
    for name, kind in types.items():
        if name == ID or name in project.clusterings:
            continue
        tag = owners.get(name)
        attribute = project.attributes.get(name)
        title = tag.title if tag is not None else attribute.title if attribute is not None else None
        standard = (
            load_catalogue()[name].title.model_dump()
            if title is None and name in load_catalogue()
            else text_of(title, name)
        )
        yield {
            "name": name, "title": standard, "type": family(kind), "of": "tag" if tag is not None else "attribute",
            "takes": tag is None or name in profile_names(project),
        }  # fmt: skip


def _both(text: Both) -> dict[str, str]:
    return {"zh": text[0], "en": text[1]}
