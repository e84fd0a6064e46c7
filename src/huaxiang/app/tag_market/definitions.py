"""Tags written into the project's YAML and taken out of it. Who may, and what has to be approved first, is decided in `life`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from huaxiang.app.definition_files import replace_file, with_item, without_item
from huaxiang.app.tag_market.checking import Checked, check_definition
from huaxiang.app.tag_market.refusals import DefinitionFaults
from huaxiang.errors import ProjectInvalid
from huaxiang.spec.loader import Project
from huaxiang.spec.models import DefinitionFile, Tag
from huaxiang.spec.yaml_nodes import read_document

NEW_FILE = "tags/saved.yaml"
_HEAD = "# 标签 · Tags saved on the web page\ntags: []\n"
_FIRST = ("name", "kind", "title", "description", "class", "attribute", "owner", "unit", "status")
UNTOLD = frozenset({"title", "description", "owner", "status"})
"""What may change without another figure coming out."""


def definition_of(spec: Tag) -> dict[str, Any]:
    """A tag as it is written: the keys that were, as plain data."""
    written: dict[str, Any] = spec.model_dump(mode="json", by_alias=True, exclude_unset=True)
    rest = [key for key in written if key not in _FIRST]
    return {key: written[key] for key in (*(k for k in _FIRST if k in written), *rest)}


def digest_of_tag(spec: Tag) -> str:
    """What tells one state of a definition from another, wherever it stands in its file."""
    told = json.dumps(definition_of(spec), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def same_figures(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Whether two definitions give the same values, and differ in words for people only."""
    return {k: v for k, v in old.items() if k not in UNTOLD} == {k: v for k, v in new.items() if k not in UNTOLD}


def tidy(definition: Mapping[str, Any]) -> dict[str, Any]:
    """A definition as a form sends it, without what was left empty, and with the status that is the default left out."""
    kept = {key: value for key, value in definition.items() if value not in (None, "", [], {})}
    if kept.get("status") == "online":
        del kept["status"]
    return kept


def yaml_of(definition: Mapping[str, Any]) -> str:
    """A definition as it would stand in a file."""
    name = str(definition.get("name", ""))
    keys = {key: value for key, value in definition.items() if key != "name"}
    return with_item("tags: []\n", "tags", name, keys, tuple(keys)).partition("\n")[2]


def checked(project: Project, definition: Mapping[str, Any]) -> Checked:
    """Check a definition. Raises DefinitionFaults unless it is valid."""
    found = check_definition(project, definition)
    if not found.valid:
        raise DefinitionFaults(str(definition.get("name", "")), found.issues)
    return found


def write_tag(project: Project, spec: Tag) -> str:
    """Write a checked tag into its file, or a new one to NEW_FILE; return the file, relative. What did not change stays as it was written.

    Raises UsageError when the file changed meanwhile, ProjectInvalid should the file not be readable afterwards; nothing is written then.
    """
    old = project.tags.get(spec.name)
    file = project.place("tags", spec.name).file if old is not None else NEW_FILE
    path = project.folder / file
    before = path.read_bytes() if path.is_file() else None
    new, known = definition_of(spec), definition_of(old) if old is not None else {}
    order = (*_FIRST, *(key for key in (*new, *known) if key not in _FIRST))
    keys = {key: new.get(key) for key in order if new.get(key) != known.get(key)}
    text = with_item(
        before.decode() if before is not None else _HEAD, "tags", spec.name, keys, tuple(dict.fromkeys(order))
    )
    _check_text(text, file, spec)
    replace_file(path, before, text)
    return file


def remove_tag(project: Project, name: str) -> str:
    """Take a tag out of its file; return the file, relative. Raises UsageError when the file changed meanwhile."""
    file = project.place("tags", name).file
    before = (project.folder / file).read_bytes()
    replace_file(project.folder / file, before, without_item(before.decode(), "tags", name))
    return file


def _check_text(text: str, file: str, spec: Tag) -> None:
    """Make sure that what is about to be written reads back as what is meant."""
    document, faults = read_document(text.encode(), file)
    if faults:
        raise ProjectInvalid(faults)
    found: DefinitionFile = DefinitionFile.model_validate(document.data)
    written = next(tag for tag in found.tags if tag.name == spec.name)
    if definition_of(written) != definition_of(spec):
        raise RuntimeError(f"{file} would not read back as it was meant")


__all__ = [
    "NEW_FILE", "checked", "definition_of", "digest_of_tag", "remove_tag", "same_figures", "tidy", "write_tag", "yaml_of",
]  # fmt: skip
