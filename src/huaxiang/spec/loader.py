"""A project folder → `Project`: every definition as a frozen type, with the file and line of each key."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from huaxiang.errors import Issue, Place, ProjectInvalid, Said, UsageError
from huaxiang.spec.faults import SINGULAR, definition, issues_of
from huaxiang.spec.models import (
    AttributeSpec,
    AudienceSpec,
    ClusteringSpec,
    DefinitionFile,
    HouseholdSpec,
    IdentityKeySpec,
    MatchingSpec,
    PersonaSetSpec,
    ProjectSpec,
    SourceSpec,
    Tag,
)
from huaxiang.spec.yaml_nodes import Document, read_document

PROJECT_FILE = "huaxiang.yaml"
FOLDERS = ("sources", "identity", "attributes", "tags", "audiences", "personas")
KINDS = tuple(SINGULAR)

_Model = TypeVar("_Model", bound=BaseModel)
_Positions = Mapping[tuple[str, str], tuple[Document, tuple[str | int, ...]]]


@dataclass(frozen=True, eq=False)
class Project:
    """All definitions of a project, each kind by name in file order (files in alphabetical order of their paths)."""

    folder: Path
    spec: ProjectSpec
    sources: Mapping[str, SourceSpec]
    identity: Mapping[str, IdentityKeySpec]
    matching: Mapping[str, MatchingSpec]
    households: Mapping[str, HouseholdSpec]
    attributes: Mapping[str, AttributeSpec]
    tags: Mapping[str, Tag]
    audiences: Mapping[str, AudienceSpec]
    clusterings: Mapping[str, ClusteringSpec]
    personas: Mapping[str, PersonaSetSpec]
    files: tuple[Path, ...]
    digest: str
    positions: _Positions = field(default_factory=dict, repr=False, compare=False)

    def place(self, kind: str, name: str, *path: str | int) -> Place:
        """Return where a key of a definition stands: `place("tags", "high_value", "when")`.

        `kind` is a plural list name, or `project` (name ignored) for huaxiang.yaml. A key that was not written gives the
        nearest one above it; an unknown definition gives the project file.
        """
        document, base = self.positions.get((kind, "" if kind == "project" else name), (None, ()))
        return document.place((*base, *path)) if document is not None else Place(PROJECT_FILE)

    def place_within(self, at: tuple[str, str], path: tuple[str | int, ...], text: str, offset: int) -> Place:
        """Return where an offset within the text at `path` of the definition `at` = (kind, name) stands."""
        document, base = self.positions.get(at, (None, ()))
        return document.place_within((*base, *path), text, offset) if document is not None else Place(PROJECT_FILE)


def load_project(folder: Path) -> Project:
    """Read and validate all definition files of `folder`.

    Raises UsageError when the folder is no project, ProjectInvalid with every fault found otherwise.
    """
    folder = Path(folder)
    if not (folder / PROJECT_FILE).is_file():
        raise UsageError(
            f"{folder} is no project: it has no {PROJECT_FILE}; make one with `huaxiang init {folder.name or '.'}`",
            f"{folder} 不是项目：其中没有 {PROJECT_FILE}；用 huaxiang init {folder.name or '.'} 新建一个",
        )
    read = [(folder / PROJECT_FILE, (folder / PROJECT_FILE).read_bytes())]
    for file in definition_files(folder):
        with suppress(FileNotFoundError):  # removed a moment ago
            read.append((file, file.read_bytes()))
    issues: list[Issue] = []
    digest = hashlib.sha256()
    loaded: list[tuple[Document, Any]] = []
    for file, raw in read:
        name = file.relative_to(folder).as_posix()
        digest.update(f"{name}\0{len(raw)}\0".encode() + raw)
        document, faults = read_document(raw, name)
        issues += faults
        model: type[BaseModel] = ProjectSpec if name == PROJECT_FILE else DefinitionFile
        unreadable = (document.data is None and bool(faults)) or any(f.code == "YML006" for f in faults)
        loaded.append((document, None if unreadable else _validate(model, document, issues)))
    positions = _positions(loaded[1:], issues)
    if issues:
        raise ProjectInvalid(issues)
    positions[("project", "")] = (loaded[0][0], ())
    definitions = [d for _, d in loaded[1:]]
    lists = {kind: MappingProxyType({s.name: s for d in definitions for s in getattr(d, kind)}) for kind in KINDS}
    return Project(
        folder=folder,
        spec=loaded[0][1],
        files=tuple(file for file, _ in read),
        digest=digest.hexdigest(),
        positions=MappingProxyType(positions),
        **lists,
    )


def load_settings(folder: Path) -> ProjectSpec:
    """Read `huaxiang.yaml` alone. Raises OSError, and ProjectInvalid with every fault of it."""
    document, faults = read_document((folder / PROJECT_FILE).read_bytes(), PROJECT_FILE)
    issues = list(faults)
    spec = _validate(ProjectSpec, document, issues) if document.data is not None or not faults else None
    if issues or spec is None:
        raise ProjectInvalid(issues)
    return spec


def definition_files(folder: Path) -> tuple[Path, ...]:
    """Return the definition files below the known folders, sorted by path."""
    found = [f for name in FOLDERS for f in (folder / name).rglob("*") if f.suffix in (".yaml", ".yml") and f.is_file()]
    return tuple(sorted(found, key=lambda f: f.relative_to(folder).as_posix()))


def _validate(model: type[_Model], document: Document, issues: list[Issue]) -> _Model | None:
    data = {} if document.data is None else document.data
    if not isinstance(data, dict):
        found = Said("a list", "列表") if isinstance(data, list) else Said("one value", "单个值")
        said = Said(
            f"the file must hold keys at its top ({', '.join(KINDS)}), not {found.en}",
            f"文件最外层应为键（{'、'.join(KINDS)}），而这里是{found.zh}",
        )
        issues.append(Issue(document.place(()), "SPEC003", said))
        return None
    try:
        return model.model_validate(data)
    except ValidationError as error:
        issues += issues_of(
            error.errors(include_url=False, include_input=False), Document(document.file, data, document.lines), model
        )
        return None


def _positions(
    loaded: Sequence[tuple[Document, Any]], issues: list[Issue]
) -> dict[tuple[str, str], tuple[Document, tuple[str | int, ...]]]:
    """Find every named definition and report names that occur twice, also in files that have other faults."""
    found: dict[tuple[str, str], tuple[Document, tuple[str | int, ...]]] = {}
    for document, _ in loaded:
        data = document.data if isinstance(document.data, dict) else {}
        for kind in KINDS:
            items = data.get(kind)
            for i, item in enumerate(items if isinstance(items, list) else ()):
                name = item.get("name") if isinstance(item, dict) else None
                if not isinstance(name, str):
                    continue
                here: tuple[str | int, ...] = (kind, i)
                if (kind, name) in found:
                    other, path = found[(kind, name)]
                    first = other.place((*path, "name"))
                    said = Said(
                        f"defined twice, first at {first}; rename or remove one",
                        f"定义了两次，第一次在 {first}；请改名或删去一个",
                    )
                    issues.append(Issue(document.place((*here, "name")), "SPEC008", said, about=definition(kind, name)))
                else:
                    found[(kind, name)] = (document, here)
    return found
