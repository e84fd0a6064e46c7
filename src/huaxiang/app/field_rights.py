"""Which fields a role sees, and a snapshot as that role sees it.

A hidden field is not there for its role: not in lists, conditions, exports, figures, cards, or behaviour over the columns that it is made
of, and neither is what is computed from it. Whatever answers from a snapshot is given the view, so that there is no second way.
docs/people.md tells the rules.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from huaxiang.app.masks import MASKED, kind_of
from huaxiang.app.rights import RIGHTS, Role
from huaxiang.errors import ExpressionError, ProjectInvalid
from huaxiang.store.snapshots import Snapshot

if TYPE_CHECKING:
    from huaxiang.spec.models import ProjectSpec

PARTS = ("attributes", "tags")
_CLOSED: Mapping[str, Any] = {
    "value_type": "text", "values": {}, "distribution": {"kind": "values", "values": [], "other": 0}, "unit": None,
}  # fmt: skip
_OPENED = ("name", "title", "description", "owner", "kind", "size", "share", "place", "stale", "version")


@dataclass(frozen=True)
class RoleFields:
    """What a role sees otherwise than others: field → hidden, masked or shown; and the audiences that it may use though it could not
    have written them.
    """

    role: Role
    shown: Mapping[str, str] = field(default_factory=dict)
    opened: frozenset[str] = frozenset()

    @cached_property
    def hides(self) -> bool:
        """Whether fields are hidden from the role."""
        return "hidden" in self.shown.values()

    @cached_property
    def digest(self) -> str:
        """Tells these rights from others."""
        told = (self.role, sorted(self.shown.items()), sorted(self.opened))
        return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


class View(Snapshot):
    """A snapshot as a role sees it. `hidden`: fields that are not there; `masked`: fields of which conditions can only ask whether
    there is a value.
    """

    def __init__(
        self, whole: Snapshot, fields: RoleFields, manifest: Mapping[str, Any], hidden: frozenset[str]
    ) -> None:
        super().__init__(whole.folder, manifest, None)
        self._whole = whole  # holds the files
        self.view = f"{fields.role}:{fields.digest}"
        self.hidden = hidden
        self.masked = frozenset(
            item["name"] for part in PARTS for item in manifest.get(part, ())
            if fields.shown.get(item["name"]) == "masked" or ("unmask" not in RIGHTS[fields.role] and kind_of(item))
        )  # fmt: skip

    def personas(self) -> dict[str, Any]:
        """The persona sets without what is hidden."""
        from huaxiang.app.field_rights_cards import visible_sets

        return {"sets": visible_sets(super().personas()["sets"], self.hidden, self.manifest)}


def fields_of(spec: ProjectSpec, role: Role) -> RoleFields:
    """What `huaxiang.yaml` says of a role; what stands further down wins."""
    shown: dict[str, str] = {}
    opened: set[str] = set()
    for each in spec.field_rights:
        if role in each.roles:
            shown |= dict.fromkeys(each.fields, each.show)
            opened |= set(each.audiences)
    return RoleFields(role, shown, frozenset(opened))


def view_of(snapshot: Snapshot, fields: RoleFields) -> Snapshot:
    """The snapshot as a role sees it; itself where nothing is kept from the role."""
    manifest = snapshot.manifest
    hidden, columns = _hidden(manifest, fields)
    keys = (manifest.get("identity", {}).get("personal") or {}).values()
    personal = "unmask" not in RIGHTS[fields.role] and (
        not MASKED.isdisjoint(keys) or any(kind_of(item) for part in PARTS for item in manifest.get(part, ()))
    )
    if not hidden and not personal and "masked" not in fields.shown.values():
        return snapshot
    seen = _without(manifest, fields, hidden, columns)
    view = View(snapshot, fields, seen, hidden)
    if hidden:
        seen["audiences"] = list(_audiences(view, fields))
    return view


def _hidden(manifest: Mapping[str, Any], fields: RoleFields) -> tuple[frozenset[str], frozenset[str]]:
    """The names of hidden attributes, tags and clusterings; and the source columns (`source.column`, or `source` for all of it) that
    fields which are declared hidden are made of.
    """
    declared = {name for name, show in fields.shown.items() if show == "hidden"}
    if not declared:
        return frozenset(), frozenset()
    accounts = (manifest.get("accounts") or {}).get("attributes", ())
    items = {item["name"]: item for part in PARTS for item in manifest.get(part, ())}
    for item in items.values():  # a fact tag is its attribute under another name
        if item.get("kind") == "fact" and item["name"] in declared:
            declared |= {
                line.partition(":")[2] for line in item.get("lineage", ())[:1] if line.startswith("attribute:")
            }
    columns = frozenset(c for item in (*items.values(), *accounts) if item["name"] in declared for c in _made_of(item))
    hidden = set(declared)
    clusterings = {item["name"]: item for item in manifest.get("clusterings", ())}
    while True:
        more = {name for name, item in items.items() if name not in hidden and _reads(item, hidden, columns)}
        more |= {name for name, item in clusterings.items() if name not in hidden and _features(item) & hidden}
        more = {name for name in more if name not in fields.shown}
        if not more:
            return frozenset(hidden), columns
        hidden |= more


def _made_of(item: Mapping[str, Any]) -> Iterator[str]:
    """The source columns that a field is made of; a source as a whole where they are not known, or where rows are counted."""
    import sqlglot
    from sqlglot import exp

    lineage = item.get("lineage")
    if lineage is not None:
        if any(line.startswith(("attribute:", "tag:")) for line in lineage) and item.get("kind") != "fact":
            return  # made of other fields: hide those, where they must not be seen
        yield from (line.partition(":")[2] for line in lineage if line.startswith("source:"))
        return
    for part in item.get("from") or ():
        try:
            tree = sqlglot.parse_one(str(part["value"]), dialect="duckdb")
        except sqlglot.errors.SqlglotError:
            yield str(part["source"])
            continue
        yield from (f"{part['source']}.{column.name}" for column in tree.find_all(exp.Column))


def _reads(item: Mapping[str, Any], hidden: set[str], columns: frozenset[str]) -> bool:
    """Whether a field is computed from what is hidden."""
    lines = item.get("lineage")
    if lines is None:
        return not columns.isdisjoint(column for column in _made_of(item) if "." in column)
    return any(_is_kept(line, hidden, columns) for line in lines)


def _is_kept(line: str, hidden: set[str], columns: frozenset[str]) -> bool:
    """Whether a line of a lineage names what is hidden."""
    kind, _, name = line.partition(":")
    return name in columns and "." in name if kind == "source" else name in hidden


def _features(item: Mapping[str, Any]) -> set[str]:
    """What a clustering was made from."""
    return {str(one["tag"]) for one in item.get("features") or ()}


def _without(
    manifest: Mapping[str, Any], fields: RoleFields, hidden: frozenset[str], columns: frozenset[str]
) -> dict[str, Any]:
    """The manifest without what is hidden; what is masked has no values in it."""
    names = hidden | {column.partition(".")[2] for column in columns if "." in column}
    seen = dict(manifest)
    for part in (*PARTS, "clusterings"):
        seen[part] = [
            item | {"personal": kind_of(item) or "hidden", **_CLOSED} if fields.shown.get(item["name"]) == "masked" else item
            for item in manifest.get(part, ()) if item["name"] not in hidden
        ]  # fmt: skip
    if manifest.get("accounts"):
        kept = [item for item in manifest["accounts"].get("attributes", ()) if item["name"] not in hidden]
        seen["accounts"] = manifest["accounts"] | {"attributes": kept}
    told = manifest.get("identity", {})
    closed = frozenset(told.get("personal") or ()) if "unmask" not in RIGHTS[fields.role] else frozenset()
    seen["sources"] = [_source(entry, columns, closed) for entry in manifest.get("sources", ())]
    seen["quality"] = _scrubbed(manifest.get("quality", {}), names) if hidden else manifest.get("quality", {})
    fields_by_key = told.get("fields") or {}
    gone = {key for key in told.get("keys", ()) if fields_by_key.get(key, key) in names}
    seen["identity"] = told | {
        "keys": [key for key in told.get("keys", ()) if key not in gone],
        "fields": {key: value for key, value in fields_by_key.items() if key not in gone},
    }
    return seen


def _source(entry: dict[str, Any], columns: frozenset[str], closed: frozenset[str]) -> dict[str, Any]:
    """A source without its hidden columns; one that is hidden as a whole can't be asked for behaviour, and personal columns (`closed`)
    can't be compared with.
    """
    name = entry["name"]
    gone = {column.partition(".")[2] for column in columns if column.startswith(f"{name}.")}
    kept = entry | {"columns": [column for column in entry.get("columns", ()) if column["name"] not in gone]}
    if entry.get("fields"):
        kept["fields"] = (
            {} if name in columns else {k: kind for k, kind in entry["fields"].items() if k not in gone | closed}
        )
    return kept


def _scrubbed(value: Any, names: frozenset[str]) -> Any:
    """Measures without those of hidden columns."""
    if isinstance(value, Mapping):
        return {key: _scrubbed(item, names) for key, item in value.items() if key not in names}
    if isinstance(value, list | tuple):
        return [
            _scrubbed(item, names) for item in value
            if not isinstance(item, Mapping) or names.isdisjoint(str(item.get(key)) for key in ("column", "other", "name"))
        ]  # fmt: skip
    return value


def _audiences(view: View, fields: RoleFields) -> Iterator[Mapping[str, Any]]:
    """The audiences that the role could have written itself; and those that are opened to it, without their definition."""
    from huaxiang.app.audience import column_types
    from huaxiang.app.conditions import sources_in
    from huaxiang.plan.predicate import audiences_of, read_condition

    waiting = {item["name"]: item for item in view.manifest.get("audiences", ())}
    known = set(fields.opened & waiting.keys())
    schema = column_types(view.manifest), sources_in(view.manifest)
    named: dict[str, set[str]] = {}
    for name, item in waiting.items():
        definitions = [item.get("definition"), *(version.get("definition") for version in item.get("versions") or ())]
        if name in known or item.get("kind") == "sql" or None in definitions[:1]:
            continue
        with suppress(ExpressionError):
            named[name] = {
                one for each in definitions if each is not None for one in audiences_of(read_condition(each, *schema))
            }
    while more := {name for name, inner in named.items() if name not in known and inner <= known}:
        known |= more
    for name, item in waiting.items():
        if name in fields.opened:
            yield {key: item[key] for key in _OPENED if key in item} | {"definition": f"in_audience('{name}')"}
        elif name in known:
            yield item


def visible_graph(graph: Mapping[str, Any], view: Snapshot) -> dict[str, Any]:
    """What audiences read and who reads them, told with the names that the view has, and those that no build knows yet left out."""
    items = {
        kind: {item["name"] for item in view.manifest.get(kind, ())}
        for kind in ("attributes", "tags", "clusterings", "audiences")
    }

    def seen(named: Mapping[str, Any]) -> dict[str, Any]:
        return {kind: [name for name in names if name in items.get(kind, names)] for kind, names in named.items()}

    return {
        "audiences": [
            {**node, "reads": seen(node["reads"]), "read_by": seen(node["read_by"])}
            for node in graph["audiences"] if node["name"] in items["audiences"]
        ]
    }  # fmt: skip


def visible_lists(found: Mapping[str, Any], view: Snapshot) -> dict[str, Any]:
    """Uploaded lists without the names of hidden fields that they were matched by, and of definitions that are not seen."""
    known = {f"audience {item['name']}" for item in view.manifest.get("audiences", ())}
    known |= {f"clustering {item['name']}" for item in view.manifest.get("clusterings", ())}
    return {"lists": [
        {**one, "field": None if one["field"] in view.hidden else one["field"], "used_by": [n for n in one["used_by"] if n in known]}
        for one in found["lists"]
    ]}  # fmt: skip


class FieldRights:
    """The field rights of a project as they stand in huaxiang.yaml now; read anew when the file changes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._changed: int | None = None
        self._roles: Mapping[Role, RoleFields] = {}
        self.refresh(first=True)

    def of(self, role: Role) -> RoleFields:
        """What a role sees otherwise."""
        return self._roles.get(role) or RoleFields(role)

    def refresh(self, *, first: bool = False) -> bool:
        """Take over what the file says; say whether it has changed. One that can't be read leaves what was, but
        raises at first.
        """
        try:
            changed = (self._folder / "huaxiang.yaml").stat().st_mtime_ns
            if changed == self._changed:
                return False
            from huaxiang.spec.loader import load_settings

            spec = load_settings(self._folder)
        except (OSError, ProjectInvalid):
            if first:
                raise
            return False
        self._changed = changed
        roles = {role: fields_of(spec, role) for role in RIGHTS}
        differs, self._roles = roles != self._roles, roles
        return differs
