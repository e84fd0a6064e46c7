"""Which columns exist where, and of which type: fields of sources, and attributes, tags and clusters of customers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import lru_cache, partial
from graphlib import CycleError, TopologicalSorter
from typing import Literal

from huaxiang.errors import ExpressionError
from huaxiang.plan.aggregate import result_type
from huaxiang.plan.condition_types import SourceFields
from huaxiang.plan.expr import check_expression
from huaxiang.plan.nodes import Measure, TimeRange
from huaxiang.plan.predicate import references
from huaxiang.plan.types import common_type, family, several_types
from huaxiang.spec.canonical import DERIVED, FIELDS, STORED_AS, TIME_FIELD
from huaxiang.spec.loader import Project
from huaxiang.spec.models import (
    AttributeSpec,
    BandsTag,
    ExpressionTag,
    FactTag,
    IdentityKeySpec,
    LayeredTag,
    LifecycleTag,
    RfmTag,
    RuleTag,
    SourceSpec,
    StatisticTag,
    Tag,
)

ID = "customer_id"
ACCOUNT_KEY = "account_key"
"""The field by which sources name an account (a business customer)."""
ACCOUNT_ID = "account_id"
ACCOUNT_PREFIX = "account_"
HOUSEHOLD_TYPES = {"household_id": "VARCHAR", "household_size": "BIGINT", "family_members": "VARCHAR[]"}
_VALUE_TYPES = {
    "text": "text", "integer": "integer", "number": "number", "money": "money", "date": "date", "timestamp": "datetime",
    "boolean": "boolean", "list": "list",
}  # fmt: skip
RFM_PARTS = ("r", "f", "m", "band", "class")


# Sources


def declared_type(source: SourceSpec, field: str) -> str:
    """Return the declared type of a mapped or derived field (`money`, `gender` …): its own, else the canonical one, else text.

    A derived field has the type of its part (text when `derive` names an unknown one); KeyError when there is no such field.
    """
    if field not in source.columns:
        column, part = derived_fields(source)[field]
        return DERIVED.get(declared_type(source, column), {}).get(part, "text")
    spec = source.columns[field]
    own = None if isinstance(spec, str) else spec.type
    return own or FIELDS[source.entity].get(field, "text")


def derived_fields(source: SourceSpec) -> dict[str, tuple[str, str]]:
    """Return new field → (mapped field, part of its value), in the order of the mapping; mapped fields win over derived ones."""
    return {
        new: (field, part)
        for field, spec in source.columns.items()
        if not isinstance(spec, str)
        for new, part in (spec.derive or {}).items()
        if new not in source.columns
    }


def source_fields(source: SourceSpec) -> tuple[str, ...]:
    """Mapped fields, then derived ones: the columns of the source's clean table in order."""
    return (*source.columns, *derived_fields(source))


def identity_fields(project: Project) -> frozenset[str]:
    """Fields that hold an identity key; without declared keys `customer_key`."""
    keys: Iterable[IdentityKeySpec] = project.identity.values()
    return frozenset(k.field for k in keys) or frozenset({"customer_key"})


def has_customers(project: Project, source: SourceSpec) -> bool:
    """True when rows of the source belong to a customer: it holds an identity key, or describes people who are matched."""
    if source.entity == "reference":
        return False
    return not identity_fields(project).isdisjoint(source_fields(source)) or is_matched(project, source)


def is_matched(project: Project, source: SourceSpec) -> bool:
    """True when rows of the source describe people and the project matches descriptions."""
    describes = source.describes if source.describes is not None else source.entity == "person"
    return bool(project.matching) and describes and source.entity != "reference"


def time_field(source: SourceSpec) -> str | None:
    """The field that dates the source's rows, when it is mapped."""
    name = TIME_FIELD.get(source.entity)
    return name if name in source_fields(source) else None


def field_types(project: Project, source: SourceSpec) -> dict[str, str]:
    """Return the stored DuckDB type of every field of a source: its own, looked-up ones, `customer_id` when it has customers.

    Lookups from unknown sources or fields are left out (`check_project` reports them).
    """
    types = {ID: "VARCHAR"} if has_customers(project, source) else {}
    types |= {field: STORED_AS[declared_type(source, field)] for field in source_fields(source)}
    for lookup in source.lookups:
        other = project.sources.get(lookup.source)
        for new, field in lookup.take.items():
            if other is not None and field in source_fields(other):
                types[new] = STORED_AS[declared_type(other, field)]
    return types


def sources_of_customers(project: Project) -> dict[str, SourceFields]:
    """What conditions may say of what customers did: the fields of every source whose rows belong to customers."""
    return {
        name: SourceFields(field_types(project, source), time_field(source))
        for name, source in project.sources.items()
        if has_customers(project, source)
    }


# Customers


def attribute_type(project: Project, attribute: AttributeSpec) -> str:
    """Return the DuckDB type of an attribute's value; ExpressionError when an expression of it is refused, or their types differ."""
    value = value_type(project, attribute)
    return f"{value}[]" if attribute.pick == "union" else value


def value_type(project: Project, attribute: AttributeSpec) -> str:
    """Return the DuckDB type of one value of an attribute, before `union` makes a list; ExpressionError as `attribute_type`."""
    types = [check_expression(o.value, field_types(project, project.sources[o.source])).type for o in attribute.origins]
    if not types:
        raise ExpressionError(
            "ATR008", "says neither `source` and `value` nor `from`", zh="既没有写 `source` 与 `value`，也没有写 `from`"
        )
    try:
        return common_type(types)
    except TypeError:
        said = several_types(types)
        raise ExpressionError("ATR009", said.en, zh=said.zh) from None


def attributes_of(project: Project, whose: Literal["customer", "account"]) -> tuple[AttributeSpec, ...]:
    """The declared attributes of customers, or of accounts."""
    return tuple(a for a in project.attributes.values() if a.of == whose)


def has_accounts(source: SourceSpec) -> bool:
    """True when rows of the source name an account."""
    return source.entity != "reference" and ACCOUNT_KEY in source.columns


def contact_sources(project: Project) -> tuple[SourceSpec, ...]:
    """Sources of people (or of accounts with their people) that name the account a customer is a contact of."""
    sources = project.sources.values()
    return tuple(
        s for s in sources if s.entity in ("person", "account") and has_accounts(s) and has_customers(project, s)
    )


def derived_types(project: Project) -> dict[str, str]:
    """Types of the attributes that the build adds to customers: `account_id` and `account_<attribute>` of the account whose contact
    they are, and those of their household. What the project declares under such a name stays its own.
    """
    found: dict[str, str] = {}
    if contact_sources(project):
        found[ACCOUNT_ID] = "VARCHAR"
        for attribute in attributes_of(project, "account"):
            _put(found, f"{ACCOUNT_PREFIX}{attribute.name}", partial(attribute_type, project, attribute))
    if project.households:
        found |= HOUSEHOLD_TYPES
    taken = {a.name for a in attributes_of(project, "customer")} | set(project.clusterings)
    for tag in project.tags.values():
        taken |= {c for c in output_names(tag) if not isinstance(tag, FactTag) or tag.from_ != c}
    return {name: type_ for name, type_ in found.items() if name not in taken}


def profile_names(project: Project) -> tuple[str, ...]:
    """The attributes that stand on customers: declared ones in order, then those the build adds."""
    return (*(a.name for a in attributes_of(project, "customer")), *derived_types(project))


def statistic_type(project: Project, tag: StatisticTag) -> str:
    """Return the DuckDB type of a statistic; ExpressionError when `of` is refused."""
    types = field_types(project, project.sources[tag.source])
    of = check_expression(tag.of, types).type if tag.of is not None else None
    return result_type(Measure(tag.name, tag.measure, TimeRange(None, datetime(9999, 12, 31)), of_type=of))


def output_names(tag: Tag) -> tuple[str, ...]:
    """Columns that a tag writes."""
    return tuple(f"{tag.name}_{part}" for part in RFM_PARTS) if isinstance(tag, RfmTag) else (tag.name,)


def tag_outputs(tag: Tag, types: Mapping[str, str]) -> dict[str, str]:
    """Return the columns that a tag writes, each with its value type: boolean, enum, text, integer, number, money, date,
    datetime or list.

    `types` are DuckDB types by column (see `customer_types`); a column without one counts as text.
    """
    if isinstance(tag, RfmTag):
        scores = dict.fromkeys((f"{tag.name}_{part}" for part in ("r", "f", "m")), "integer")
        return scores | {f"{tag.name}_band": "text", f"{tag.name}_class": "text"}
    if isinstance(tag, (LayeredTag, BandsTag, LifecycleTag)):
        return {tag.name: "enum"}
    if isinstance(tag, RuleTag):
        return {tag.name: "boolean"}
    value = _VALUE_TYPES[family(types.get(tag.name, "VARCHAR"))]
    return {tag.name: "enum" if value == "text" and tag.values else value}


def customer_types(project: Project) -> dict[str, str]:
    """Return the DuckDB types of all attributes, tags that are online, and clusterings.

    What can't be typed because of a fault is left out (`check_project` reports it).
    """
    return dict(_customer_types(project))


@lru_cache(maxsize=4)
def _customer_types(project: Project) -> Mapping[str, str]:
    types: dict[str, str] = {}
    for attribute in attributes_of(project, "customer"):
        _put(types, attribute.name, partial(attribute_type, project, attribute))
    types |= derived_types(project)
    online = {n: t for n, t in project.tags.items() if t.status == "online"}
    for name, tag in online.items():
        if isinstance(tag, StatisticTag):
            _put(types, name, partial(statistic_type, project, tag))
    for name in _computed_order(project):
        if name in online:
            _put_computed(types, online[name])
    types |= dict.fromkeys(project.clusterings, "VARCHAR")
    return {ID: "VARCHAR", **types}


def _put(types: dict[str, str], name: str, infer: Callable[[], str]) -> None:
    try:
        types[name] = infer()
    except (ExpressionError, KeyError):
        types.pop(name, None)


def _put_computed(types: dict[str, str], tag: Tag) -> None:
    if isinstance(tag, RfmTag):
        types |= dict.fromkeys((f"{tag.name}_{p}" for p in ("r", "f", "m")), "BIGINT")
        types |= {f"{tag.name}_band": "VARCHAR", f"{tag.name}_class": "VARCHAR"}
    elif isinstance(tag, RuleTag):
        types[tag.name] = "BOOLEAN"
    elif isinstance(tag, FactTag):
        if tag.from_ in types:
            types[tag.name] = types[tag.from_]
    elif isinstance(tag, ExpressionTag):
        _put(types, tag.name, lambda: check_expression(tag.value, types).type)
    else:
        types[tag.name] = "VARCHAR"


# Order


def tag_inputs(tag: Tag) -> tuple[frozenset[str], frozenset[str]]:
    """Columns and audiences that a tag which is no statistic names; what can't be read names nothing."""
    columns: set[str] = set()
    audiences: set[str] = set()
    match tag:
        case FactTag():
            columns.add(tag.from_)
        case RfmTag():
            columns |= {tag.recency, tag.frequency, tag.monetary}
        case LifecycleTag():
            columns |= {tag.orders, tag.recency}
    texts: list[str | dict[str, object]] = []
    match tag:
        case RuleTag():
            texts = [tag.when]
        case ExpressionTag():
            texts = [tag.value]
        case BandsTag():
            texts = [tag.of]
        case LayeredTag():
            texts = [layer.when for layer in tag.layers]
    for text in texts:
        named = named_in(text)
        columns |= named[0]
        audiences |= named[1]
    return frozenset(columns), frozenset(audiences)


def named_in(text: str | dict[str, object] | None) -> tuple[frozenset[str], frozenset[str]]:
    """Columns and audiences named in a condition or expression; nothing when it can't be read."""
    if text is None:
        return frozenset(), frozenset()
    try:
        found = references(text)
    except ExpressionError:
        return frozenset(), frozenset()
    return found.columns, found.audiences


Node = tuple[str, str]
"""(`tags` | `audiences` | `clusterings`, name)."""


def dependencies(project: Project) -> dict[Node, set[Node]]:
    """What each tag (no statistic), audience and clustering reads: other such definitions, by kind and name."""
    owner = {column: ("tags", t.name) for t in project.tags.values() for column in output_names(t)}
    owner |= {name: ("clusterings", name) for name in project.clusterings}

    def known(columns: Iterable[str], audiences: Iterable[str], itself: Node) -> set[Node]:
        found = {owner[c] for c in columns if c in owner}
        found = {f for f in found if not isinstance(project.tags.get(f[1]), StatisticTag) or f[0] != "tags"}
        if itself[0] == "tags" and isinstance(project.tags[itself[1]], FactTag):
            found.discard(itself)
        return found | {("audiences", a) for a in audiences if a in project.audiences}

    graph: dict[Node, set[Node]] = {}
    for name, tag in project.tags.items():
        if not isinstance(tag, StatisticTag):
            graph["tags", name] = known(*tag_inputs(tag), ("tags", name))
    for name, audience in project.audiences.items():
        graph["audiences", name] = known(*named_in(audience.condition), ("audiences", name))
    for name, clustering in project.clusterings.items():
        columns, audiences = named_in(clustering.within)
        features = {f if isinstance(f, str) else f.tag for f in clustering.features}
        graph["clusterings", name] = known(columns | features, audiences, ("clusterings", name))
    return graph


def read_through(project: Project, node: Node) -> set[Node]:
    """What a definition reads, itself or through others (`dependencies`)."""
    graph = dependencies(project)
    seen: set[Node] = set()
    stack = [node]
    while stack:
        below = graph.get(stack.pop(), set()) - seen
        seen |= below
        stack += below
    return seen


def _computed_order(project: Project) -> tuple[str, ...]:
    """Tags that are no statistics, inputs first; those in a circle come last."""
    graph = dependencies(project)
    sorter = TopologicalSorter(graph)
    try:
        order = tuple(sorter.static_order())
    except CycleError:
        order = tuple(graph)
    return tuple(name for kind, name in order if kind == "tags")


def tag_order(project: Project) -> tuple[tuple[str, ...], ...]:
    """Return the online tags that are no statistics in levels: each reads only attributes, statistics and earlier levels.

    Raises ExpressionError (REF001) when definitions refer to each other in a circle.
    """
    off = {("tags", t.name) for t in project.tags.values() if t.status != "online"}
    graph = {node: below - off for node, below in dependencies(project).items() if node not in off}
    sorter = TopologicalSorter(graph)
    try:
        sorter.prepare()
    except CycleError as error:
        circle = " → ".join(name for _, name in error.args[1])
        raise ExpressionError(
            "REF001", f"definitions refer to each other in a circle: {circle}", zh=f"定义之间循环引用：{circle}"
        ) from None
    depth: dict[Node, int] = {}
    while sorter.is_active():
        for node in sorter.get_ready():
            below = [depth[n] for n in graph.get(node, ())]
            depth[node] = max(below, default=0) + (1 if node[0] == "tags" else 0)
            sorter.done(node)
    levels: dict[int, list[str]] = {}
    for name in project.tags:
        if ("tags", name) in depth:
            levels.setdefault(depth["tags", name], []).append(name)
    return tuple(tuple(levels[d]) for d in sorted(levels))
