"""Runs profile: attributes of customers and accounts with their provenance, households, and the tables of all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.parquet as pq

from huaxiang.engines.arrow_io import OWNED_GROUP
from huaxiang.plan.columns import (
    ACCOUNT_ID,
    ACCOUNT_KEY,
    attributes_of,
    contact_sources,
    derived_types,
    field_types,
    has_accounts,
    time_field,
    value_type,
)
from huaxiang.plan.expr import check_expression
from huaxiang.plan.survivorship import DECLINE
from huaxiang.run.context import AsOf, Build
from huaxiang.spec.loader import Project
from huaxiang.spec.models import AttributeFrom, AttributeSpec, SourceSpec
from huaxiang.stages import account, household, profile
from huaxiang.stages.identify import unified_table
from huaxiang.stages.unify import clean_table, kept_table
from huaxiang.store.snapshots import SnapshotStore

FACT_ENTITIES = ("person", "account", "answer")
"""Entities whose rows state facts of somebody, so that the date of each value is kept."""
LASTING = frozenset({"name", "gender", "birth_date", "ethnicity", "nationality", "id_number", "registered_at"})
"""Attributes (by catalogue code or usual name) whose values don't age."""
PEOPLE = "profile__own"
"""Attributes of customers before those of their account and household are added."""


@dataclass(frozen=True)
class Rows:
    """Where the rows of each source are: those that carry customers, and the tables of all (after the row rules).

    A source missing from `tables` is taken from what cleaning left. `redirects`: old → new customer ID since the last build.
    """

    carrying: tuple[str, ...]
    tables: Mapping[str, str] = field(default_factory=dict)
    redirects: Mapping[str, str] = field(default_factory=dict)

    def of(self, source: SourceSpec) -> str:
        """Logical table of a source's rows."""
        if source.name in self.carrying:
            return unified_table(source.name)
        ruled = source.where is not None or bool(source.lookups)
        return self.tables.get(source.name) or (kept_table(source.name) if ruled else clean_table(source.name))


def check_attribute(project: Project, spec: AttributeSpec, as_of: AsOf) -> profile.CheckedAttribute:
    """An attribute with its checked expressions as of a day."""
    origins = []
    for origin in spec.origins:
        source = project.sources[origin.source]
        tree = as_of.bind(check_expression(origin.value, field_types(project, source)).ast)
        trust = source.trust if origin.trust is None else origin.trust
        origins.append(profile.CheckedOrigin(origin.source, tree, trust))
    place = f"attribute {spec.name} · {project.place('attributes', spec.name)}"
    return profile.CheckedAttribute(spec, tuple(origins), value_type(project, spec), place, decline_of(spec))


def decline_of(spec: AttributeSpec) -> float:
    """Share of an attribute's values that go out of date in a year."""
    if spec.decline is not None:
        return spec.decline
    return 0.0 if spec.name in LASTING else DECLINE


def check_attributes(project: Project, as_of: AsOf) -> tuple[profile.CheckedAttribute, ...]:
    """Attributes of customers with their checked expressions as of a day, in declared order."""
    return tuple(check_attribute(project, spec, as_of) for spec in attributes_of(project, "customer"))


def draw_profile(build: Build, rows: Rows, as_of: AsOf) -> None:
    """Leave table `profile`, and in the snapshot tables `provenance`, `accounts` and `households` as far as there are any."""
    project = build.project
    until = profile.Until(as_of.moment, as_of.end)
    own = check_attributes(project, as_of)
    sources = {name: _source_rows(build, project.sources[name], rows) for name in rows.carrying}
    added = tuple(derived_types(project))
    contact = _contact(project, as_of)
    plain = profile.CUSTOMERS if not (added or contact) else profile.Grain(output=PEOPLE)
    everything = (*own, *((contact,) if contact else ()))
    build.run("profile", profile.plan_profile(everything, sources, until, plain))
    told = profile.plan_provenance(own, sources, "provenance", plain)
    if told is not None:
        build.run("profile", [told])
        build.engine.save("provenance", build.draft.table("provenance"), order_by=(profile.ID,))
    people = build.engine.types(PEOPLE) if plain.output == PEOPLE else {}
    accounts = _draw_accounts(build, rows, as_of, people)
    homes = _draw_households(build, rows, as_of) if project.households else False
    if plain.output == PEOPLE:
        build.run("profile", [account.plan_with_added(PEOPLE, people, added, accounts=accounts, households=homes)])


def _source_rows(build: Build, source: SourceSpec, rows: Rows) -> profile.SourceRows:
    table = rows.of(source)
    types = tuple(build.engine.types(table).items())
    return profile.SourceRows(source.name, table, types, time_field(source), source.entity in FACT_ENTITIES)


def _contact(project: Project, as_of: AsOf) -> profile.CheckedAttribute | None:
    """Which account a customer is a contact of: the newest that any source of people names."""
    named = contact_sources(project)
    if not named:
        return None
    origins = tuple(AttributeFrom(source=s.name, value=ACCOUNT_KEY) for s in named)
    spec = AttributeSpec(name=account.CONTACT_OF, from_=origins, pick="latest")
    return check_attribute(project, spec, as_of)


def _draw_accounts(build: Build, rows: Rows, as_of: AsOf, people: Mapping[str, str]) -> bool:
    """Leave `accounts__facts` and table `accounts`; False when no source knows accounts."""
    project = build.project
    named = [s for s in project.sources.values() if has_accounts(s) and s.entity in ("account", "person")]
    attributes = attributes_of(project, "account")
    if not named and not attributes:
        return False
    used = {s.name: s for s in named} | {o.source: project.sources[o.source] for a in attributes for o in a.origins}
    sources = {name: _source_rows(build, source, rows) for name, source in used.items()}
    checked = [check_attribute(project, spec, as_of) for spec in attributes]
    until = profile.Until(as_of.moment, as_of.end)
    build.run("profile", [account.plan_keys([s.table for s in sources.values()])])
    build.run("profile", profile.plan_profile(checked, sources, until, profile.ACCOUNTS))
    told = profile.plan_provenance(checked, sources, "account_provenance", profile.ACCOUNTS)
    if told is not None:
        build.run("profile", [told])
        build.engine.save("account_provenance", build.draft.table("account_provenance"), order_by=(ACCOUNT_KEY,))
    build.run("profile", account.plan_accounts([a.name for a in attributes], people, as_of.moment))
    build.engine.save("accounts", build.draft.table("accounts"), order_by=(ACCOUNT_ID,))
    return True


def _draw_households(build: Build, rows: Rows, as_of: AsOf) -> bool:
    """Leave `households__of` (customer → household) and table `households`."""
    rules = tuple(build.project.households.values())
    known = build.engine.types(PEOPLE)
    wanted = household.columns_of(rules, tuple(known))
    people = build.engine.fetch(PEOPLE, (profile.ID, *wanted)).sort_by(profile.ID)
    before = household.moved(_households_before(build), rows.redirects)
    found = household.form_households(people, rules, before, as_of.day)
    path = build.draft.scratch("households/of.parquet")
    pq.write_table(found.of, path)
    build.engine.register(account.HOUSEHOLDS_OF, path)
    pq.write_table(found.homes, build.draft.table("households"), compression="zstd", row_group_size=OWNED_GROUP)
    pq.write_table(found.report, build.draft.table("household_rules"), compression="zstd")
    return True


def _households_before(build: Build) -> pa.Table | None:
    """Table `households` of the snapshot before; None when there is none, or it is to be forgotten."""
    before = build.previous.get("id")
    if not isinstance(before, str) or not any(t["name"] == "households" for t in build.previous.get("tables", ())):
        return None
    with SnapshotStore(build.project.folder).open(before) as snapshot:
        return pq.read_table(snapshot.table("households"), columns=["household_id", "members"])
