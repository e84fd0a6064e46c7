"""What a page needs to write audiences: a condition as text and as tree, definitions as they stand today, all of them with their sizes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from huaxiang.app.definition_files import states_of
from huaxiang.app.wiring import find_project
from huaxiang.errors import ExpressionError, ProjectInvalid, UsageError
from huaxiang.flow import AUDIENCE_HISTORY
from huaxiang.spec.loader import PROJECT_FILE, Project, definition_files, load_project
from huaxiang.spec.models import AudienceSpec
from huaxiang.store.snapshots import Snapshot

if TYPE_CHECKING:
    from huaxiang.plan.predicate import SourceFields

FORMS_KEYS = ("text", "tree", "form")
DEFINITION_KEYS = (
    "name",
    "title",
    "description",
    "owner",
    "kind",
    "when",
    "form",
    "list",
    "sql",
    "frozen_at",
    "place",
    "digest",
)
BOARD_KEYS = ("snapshot", "as_of", "customers", "audiences")
LINE_KEYS = ("name", "title", "description", "owner", "kind", "size", "share", "state", "stale", "sizes")
MOST_SIZES = 24
When = str | Mapping[str, object]


def condition_forms(snapshot: Snapshot, when: When) -> dict[str, Any]:
    """Return FORMS_KEYS: a condition as SQL text and as tree; `form` is the tree with `where` of behaviours as trees too, for forms.

    Raises ExpressionError: with the place in a text, with `path` to the part of a tree.
    """
    from huaxiang.app.audience import column_types
    from huaxiang.app.conditions import check_masked, sources_in
    from huaxiang.plan.predicate import parse_condition, to_text, to_tree

    sources = sources_in(snapshot.manifest)
    found = parse_condition(when, column_types(snapshot.manifest), sources)
    if snapshot.masked:
        check_masked(found.tree, snapshot.masked)
    text, tree = when.strip() if isinstance(when, str) else to_text(found), to_tree(found)
    return {"text": text, "tree": tree, "form": _opened(tree, sources)}


def _opened(part: Any, sources: Mapping[str, SourceFields]) -> Any:
    """A tree in which what rows of a source must meet is a tree as well."""
    from huaxiang.plan.condition_tree import to_tree
    from huaxiang.plan.predicate import read_condition

    if isinstance(part, list):
        return [_opened(one, sources) for one in part]
    if not isinstance(part, dict):
        return part
    opened = {key: _opened(value, sources) for key, value in part.items()}
    source = next((part[key] for key in ("did", "did_not", "source") if key in part), None)
    if isinstance(part.get("where"), str) and isinstance(source, str) and source in sources:
        opened["where"] = to_tree(read_condition(part["where"], sources[source].types))
    return opened


def project_of(folder: Path) -> Project:
    """The project's definitions, read again only when a file has changed. Raises as `load_project`."""
    files = (folder / PROJECT_FILE, *definition_files(folder))
    return _loaded(folder, states_of(files))


@lru_cache(maxsize=4)
def _loaded(folder: Path, state: object) -> Project:  # noqa: ARG001  `state`: another one when the files change
    return load_project(folder)


def definition_digest(spec: AudienceSpec) -> str:
    """What tells one definition from another, wherever it stands in the files."""
    told = spec.model_dump(by_alias=True, exclude_unset=True, mode="json")
    return hashlib.sha256(json.dumps(told, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:32]


def definition_of(snapshot: Snapshot, name: str) -> dict[str, Any]:
    """Return DEFINITION_KEYS of an audience as the project's files hold it now. `when` is text and None where it is no condition; `form` is
    None where it can't be read. Raises UsageError for an unknown one, ProjectInvalid.
    """
    project = project_of(find_project(snapshot.folder))
    if name not in project.audiences or not _is_seen(snapshot, project.audiences[name]):
        raise UsageError.unknown("audience", name, [n for n, s in project.audiences.items() if _is_seen(snapshot, s)])
    spec = project.audiences[name]
    place = project.place("audiences", name)
    forms: dict[str, Any] = {"text": spec.when if isinstance(spec.when, str) else None, "form": None}
    if spec.when is not None:
        try:
            forms = condition_forms(snapshot, spec.when)
        except ExpressionError:
            forms["text"] = forms["text"] or json.dumps(spec.when, ensure_ascii=False, default=str)
    return {
        "name": name, "title": _title(spec), "description": spec.description, "owner": spec.owner, "kind": spec.kind, "when": forms["text"],
        "form": forms["form"], "list": spec.list_, "sql": spec.sql, "frozen_at": str(spec.frozen_at) if spec.frozen_at else None,
        "place": f"{place.file}:{place.line}", "digest": definition_digest(spec),
    }  # fmt: skip


def is_told(snapshot: Snapshot, name: str) -> bool:
    """Whether who sees the snapshot so may see what the project's files say of an audience now; true where they say nothing of it."""
    if not snapshot.view:
        return True
    try:
        spec = project_of(find_project(snapshot.folder)).audiences.get(name)
    except ProjectInvalid:
        return False
    return spec is None or _is_seen(snapshot, spec)


def audience_board(snapshot: Snapshot) -> dict[str, Any]:
    """Return BOARD_KEYS; each audience has LINE_KEYS, those of the snapshot first, then those that were saved since.

    `state`: current; changed (the files say otherwise than the build); unbuilt (saved since the build, `size` is None until the next
    one); removed (gone from the files, until the next build). `sizes` [{as_of, size}] of the last builds, oldest first.
    """
    manifest = snapshot.manifest
    try:
        project: Project | None = project_of(find_project(snapshot.folder))
    except ProjectInvalid:  # `huaxiang check` tells what is wrong; the snapshot can be shown all the same
        project = None
    built = {item["name"]: item for item in manifest.get("audiences", ())}
    sizes = _sizes(snapshot, set(built))
    lines = [
        {key: item.get(key) for key in LINE_KEYS}
        | {"kind": item.get("kind") or "dynamic", "state": _state(item, project), "sizes": sizes.get(name, [])}
        for name, item in built.items()
    ]
    for name, spec in (project.audiences if project is not None else {}).items():
        if name not in built and _is_seen(snapshot, spec):
            told = {
                "name": name,
                "title": _title(spec),
                "description": spec.description,
                "owner": spec.owner,
                "kind": spec.kind,
            }
            lines.append(dict.fromkeys(LINE_KEYS) | told | {"state": "unbuilt", "sizes": []})
    return {"snapshot": snapshot.id, "as_of": manifest["as_of"], "customers": manifest["customers"], "audiences": lines}


def _title(spec: AudienceSpec) -> dict[str, str]:
    from huaxiang.run.segmenting import text_of

    return text_of(spec.title, spec.name)


def _state(item: Mapping[str, Any], project: Project | None) -> str:
    if project is None or item["name"] not in project.audiences:
        return "current" if project is None else "removed"
    spec = project.audiences[item["name"]]
    if (item.get("kind") or "dynamic") != spec.kind:
        return "changed"
    is_condition = spec.kind == "dynamic" and not str(item.get("definition", "")).startswith("in_audience(")
    return "changed" if is_condition and item.get("definition") != spec.when else "current"


def _is_seen(snapshot: Snapshot, spec: AudienceSpec) -> bool:
    """Whether who sees the snapshot so may see the definition: it reads nothing that is kept from them."""
    if not snapshot.view:
        return True
    if spec.kind == "sql":
        return not snapshot.hidden
    if spec.when is None:
        return True
    try:
        condition_forms(snapshot, spec.when)
    except ExpressionError:
        return False
    return True


def _sizes(snapshot: Snapshot, names: set[str]) -> dict[str, list[dict[str, Any]]]:
    """The sizes of audiences at the last builds."""
    import pyarrow.parquet as pq

    if not any(table["name"] == AUDIENCE_HISTORY for table in snapshot.manifest["tables"]):
        return {}
    found: dict[str, list[dict[str, Any]]] = {}
    for row in pq.read_table(snapshot.table(AUDIENCE_HISTORY), columns=["name", "as_of", "size"]).to_pylist():
        if row["name"] in names:
            found.setdefault(row["name"], []).append({"as_of": row["as_of"], "size": row["size"]})
    return {name: rows[-MOST_SIZES:] for name, rows in found.items()}
