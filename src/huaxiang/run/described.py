"""What the manifest says of attributes, accounts and households."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from huaxiang.learn.describe import distribution, known, value_type
from huaxiang.plan.columns import (
    ACCOUNT_ID,
    ACCOUNT_PREFIX,
    HOUSEHOLD_TYPES,
    attributes_of,
    declared_type,
    derived_types,
)
from huaxiang.plan.digests import value_digest
from huaxiang.run.context import Build
from huaxiang.run.profiling import decline_of
from huaxiang.run.segmenting import text_of
from huaxiang.run.value_titles import form_titles
from huaxiang.spec.loader import Project
from huaxiang.spec.models import AttributeSpec
from huaxiang.stages.unify import BLOCKED
from huaxiang.store.cleaning.rule import vocabulary_titles

PERSONAL_TYPES = ("phone", "email", "id_number", "address", "name")
"""Declared types of fields whose values point at a person."""
PERSONAL_CODES = {
    "phone": "phone",
    "email": "email",
    "id_number": "id_number",
    "home_address": "address",
    "address": "address",
    "street": "hidden",
    "address_key": "hidden",
}
"""Attributes, by catalogue code or usual name, that are masked whatever their source declares."""
CLOSED = frozenset({"phone", "email", "id_number", "address", "hidden", "key"})
"""Kinds of values that no distribution names."""
UNTOLD: Mapping[str, Any] = {"kind": "values", "values": []}
ADDED: Mapping[str, tuple[str, str, str]] = {
    ACCOUNT_ID: ("business", "所属企业", "Account"),
    "household_id": ("demographic", "家庭编号", "Household"),
    "household_size": ("demographic", "家庭人数（已知客户）", "Household size (known customers)"),
    "family_members": ("demographic", "家庭成员（已知客户）", "Family members (known customers)"),
}
"""Attributes that the build adds: class, and title in Chinese and English."""
ROLES: Mapping[str, Mapping[str, str]] = {
    "child": {"zh": "未成年人", "en": "Child"}, "man": {"zh": "成年男性", "en": "Man"},
    "woman": {"zh": "成年女性", "en": "Woman"}, "person": {"zh": "其他成员", "en": "Other member"},
}  # fmt: skip
CONTACT_COLUMNS = ("contacts", "decision_roles")


@dataclass(frozen=True)
class Standard:
    """What the catalogue says of attributes by code: `classes`, and `titles` as {zh, en}, for those to which a project gives none."""

    classes: Mapping[str, str] = field(default_factory=dict)
    titles: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def title(self, spec: AttributeSpec) -> dict[str, str]:
        """The attribute's own title, else the catalogue's, else its name."""
        known = self.titles.get(spec.name)
        return dict(known) if spec.title is None and known else text_of(spec.title, spec.name)


def describe_attributes(project: Project, customers: pa.Table, standard: Standard) -> list[dict[str, Any]]:
    """Manifest entries of the customers' attributes: the declared ones in order, then those of their account and household."""
    declared = [_attribute(project, spec, customers, standard) for spec in attributes_of(project, "customer")]
    return [*declared, *(_added(project, name, customers, standard) for name in derived_types(project))]


def _attribute(project: Project, spec: AttributeSpec, holders: pa.Table, standard: Standard) -> dict[str, Any]:
    titles = attribute_values(project, spec)
    origins = [
        {"source": o.source, "value": o.value, "trust": project.sources[o.source].trust if o.trust is None else o.trust}
        for o in spec.origins
    ]
    personal = personal_kind(project, spec)
    return {
        "name": spec.name, "title": standard.title(spec), "class": spec.class_ or standard.classes.get(spec.name), "of": spec.of,
        "source": "+".join(dict.fromkeys(o.source for o in spec.origins)),
        "expression": "; ".join(dict.fromkeys(o.value for o in spec.origins)), "from": origins, "pick": spec.pick,
        "decline": decline_of(spec), "personal": personal, **_shown(holders, spec.name, titles, personal),
        "place": str(project.place("attributes", spec.name)),
    }  # fmt: skip


def _shown(
    holders: pa.Table, name: str, titles: Mapping[str, Mapping[str, str]], personal: str | None = None
) -> dict[str, Any]:
    column = holders.column(name)
    count, kind = known(column), value_type(column, listed=bool(titles))
    shape = {**UNTOLD, "other": count} if personal in CLOSED else distribution(column, kind, tuple(titles))
    return {
        "value_type": kind, "known": count, "coverage": share(count, len(holders)), "distribution": shape, "values": dict(titles),
    }  # fmt: skip


def _added(project: Project, name: str, customers: pa.Table, standard: Standard) -> dict[str, Any]:
    """An attribute that customers get from their account or household."""
    behind = attribute_behind(project, name)
    if behind is not None:
        entry = _attribute(project, behind, customers.select([name]).rename_columns([behind.name]), standard)
        title = {"zh": f"所属企业：{entry['title']['zh']}", "en": f"Account: {entry['title']['en']}"}
        return entry | {"name": name, "title": title, "of": "customer", "class": entry["class"] or "business"}
    class_, zh, en = ADDED[name]
    rules = ", ".join(project.households) if name in HOUSEHOLD_TYPES else "account_key"
    titles = ROLES if name == "family_members" else {}
    return {
        "name": name, "title": {"zh": zh, "en": en}, "class": class_, "of": "customer", "source": None,
        "expression": f"{'household' if name in HOUSEHOLD_TYPES else 'contact of'} {rules}", "from": [], "pick": None,
        "decline": None, "personal": None, **_shown(customers, name, titles), "place": str(project.place("project", "")),
    }  # fmt: skip


def attribute_behind(project: Project, name: str) -> AttributeSpec | None:
    """The declared attribute that a customer's attribute shows: itself, or the account's; None for what the build made."""
    spec = project.attributes.get(name)
    if spec is not None and spec.of == "customer":
        return spec
    if name not in derived_types(project) or name == ACCOUNT_ID or not name.startswith(ACCOUNT_PREFIX):
        return None
    return project.attributes.get(name.removeprefix(ACCOUNT_PREFIX))


def household_inputs(project: Project) -> list[str]:
    """Attributes by which households are recognised."""
    return list(dict.fromkeys(c for rule in project.households.values() for c in (rule.address, *rule.also)))


def attribute_values(project: Project, spec: AttributeSpec) -> dict[str, dict[str, str]]:
    """Values of an attribute in display order with titles, as far as they are known.

    Titles: as declared, else of the codebooks of its fields, else of the standard vocabulary of the first field that has one. Order: as
    declared, then that of the codebooks; the vocabulary's where it has all of their values.
    """
    standard: Mapping[str, dict[str, str]] = {}
    for kind in _declared_types(project, spec):
        standard = standard or vocabulary_titles().get(kind, {})
    asked = form_titles(project, spec)
    declared = {value: text_of(title, value) for value, title in (spec.values or {}).items() if title is not None}
    titles = {**standard, **asked, **declared}
    first = spec.order or tuple(spec.values or ())
    rest = standard if standard.keys() >= asked.keys() and not first else [*asked, *(() if first else standard)]
    return {value: titles.get(value) or text_of(None, value) for value in dict.fromkeys((*first, *rest))}


def _declared_types(project: Project, spec: AttributeSpec) -> list[str]:
    """Declared types of the fields that the attribute takes as they are."""
    plain = [(project.sources[o.source], o.value.strip()) for o in spec.origins]
    return [declared_type(source, field) for source, field in plain if field in source.columns]


def personal_kind(project: Project, spec: AttributeSpec) -> str | None:
    """phone, email, id_number, address or name when the values point at a person, hidden when they do so with what else is known, key when
    they are those of a personal identity key; all but names are masked where they are shown.
    """
    kinds = [k for k in _declared_types(project, spec) if k in PERSONAL_TYPES]
    keys = {k.field for k in project.identity.values() if k.personal}
    is_key = any(o.value.strip() in keys for o in spec.origins)
    return PERSONAL_CODES.get(spec.name) or (kinds[0] if kinds else "key" if is_key else None)


def describe_key_fields(project: Project, fields: Sequence[str]) -> dict[str, Any]:
    """What the manifest says of records' `fields`, so that a snapshot can be shown without its project.

    fields: {key: field} · personal: {field: phone | email | id_number | address | name | key} · blocked: {key: digests of values that
    never identify anybody}.
    """
    keys = project.identity.values()
    personal = {k.field: "key" for k in keys if k.personal}
    for source in project.sources.values():
        kinds = {f: declared_type(source, f) for f in fields if f in source.columns}
        personal |= {f: kind for f, kind in kinds.items() if kind in PERSONAL_TYPES}
    personal |= {f: PERSONAL_CODES[f] for f in fields if f in PERSONAL_CODES}
    return {
        "fields": {k.name: k.field for k in keys}, "personal": dict(sorted(personal.items())),
        "blocked": {k.name: [value_digest(k.name, v) for v in sorted({*BLOCKED, *map(str.lower, k.blocked)})] for k in keys},
    }  # fmt: skip


def describe_entities(build: Build, standard: Standard) -> dict[str, Any]:
    """Manifest entries `accounts` and `households`; both None where the project has none.

    accounts: {count, contacts, attributes: as those of customers, coverage over accounts} · households: {count, customers, rules}.
    """
    return {"accounts": _accounts(build, standard), "households": _households(build)}


def _accounts(build: Build, standard: Standard) -> dict[str, Any] | None:
    path = build.draft.table("accounts")
    if not path.exists():
        return None
    table, project = pq.read_table(path), build.project
    entries = [_attribute(project, spec, table, standard) for spec in attributes_of(project, "account")]
    for entry in entries:
        entry["class"] = entry["class"] or "business"
    contacts = sum(table.column("contacts").to_pylist())
    return {"count": table.num_rows, "contacts": contacts, "attributes": entries}


def _households(build: Build) -> dict[str, Any] | None:
    path = build.draft.table("household_rules")
    if not path.exists():
        return None
    rules = pq.read_table(path).to_pylist()
    place = build.project.place
    return {
        "count": sum(r["households"] for r in rules), "customers": sum(r["customers"] for r in rules),
        "rules": [
            r | {"title": text_of(build.project.households[r["rule"]].title, r["rule"]), "place": str(place("households", r["rule"]))}
            for r in rules
        ],
    }  # fmt: skip


def share(part: int, whole: int) -> float:
    """A part of a whole to six digits, 0 of nothing."""
    return round(part / whole, 6) if whole else 0.0
