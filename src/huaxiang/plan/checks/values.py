"""Values that a condition compares with, against those that the tag or attribute can have."""

from __future__ import annotations

from collections.abc import Iterator

from huaxiang.errors import Said, did_you_mean, did_you_mean_zh
from huaxiang.plan.checks.findings import Findings
from huaxiang.plan.columns import declared_type
from huaxiang.plan.conditions import And, Comparison, In, Node, Not, Or, Top, Value
from huaxiang.spec.loader import Project
from huaxiang.spec.models import BandsTag, ColumnSpec, FactTag, LayeredTag, LifecycleTag, RfmTag
from huaxiang.spec.vocabulary import standard_words

LIFECYCLE = ("potential", "first_purchase", "active", "sleeping", "churned")
RFM_CLASSES = (
    "key_value", "key_develop", "key_retain", "key_win_back", "general_value", "general_develop", "general_retain",
    "general_win_back",
)  # fmt: skip


def check(found: Findings, at: tuple[str, str], path: tuple[str | int, ...], tree: Node) -> None:
    """Warn of a value that never occurs: the condition would never hold (or always)."""
    for column, value in _compared(tree):
        possible = possible_values(found.project, column)
        if possible and isinstance(value, str) and value not in possible:
            found.add(
                at,
                path,
                "REF005",
                Said(
                    f'"{column}" never has the value "{value}"{did_you_mean(value, possible)}',
                    f"“{column}”不会有取值“{value}”{did_you_mean_zh(value, possible)}",
                ),
                warning=True,
            )


def _compared(tree: Node) -> Iterator[tuple[str, Value]]:
    if isinstance(tree, (And, Or)):
        for part in tree.parts:
            yield from _compared(part)
    elif isinstance(tree, Not):
        yield from _compared(tree.part)
    elif isinstance(tree, Top) and tree.among is not None:
        yield from _compared(tree.among)
    elif isinstance(tree, Comparison) and tree.op in ("=", "!="):
        yield tree.column, tree.value
    elif isinstance(tree, In):
        for value in tree.values:
            yield tree.column, value


def possible_values(project: Project, column: str) -> tuple[str, ...]:
    """All values that a column of customers can have; empty when that can't be told from the definitions."""
    for name, tag in project.tags.items():
        if isinstance(tag, RfmTag) and column == f"{name}_class":
            return RFM_CLASSES
        if isinstance(tag, RfmTag) and column == f"{name}_band":
            return (*tag.bands, tag.beyond)
    match project.tags.get(column):
        case LayeredTag() as tag:
            return (*(layer.value for layer in tag.layers), *([tag.otherwise] if tag.otherwise is not None else ()))
        case BandsTag() as tag if tag.labels is not None:
            return (*tag.labels, *([tag.otherwise] if tag.otherwise is not None else ()))
        case LifecycleTag():
            return LIFECYCLE
        case FactTag() as tag:
            return _attribute_values(project, tag.from_)
        case None:
            return _attribute_values(project, column)
    return ()


def _attribute_values(project: Project, name: str) -> tuple[str, ...]:
    """Values of an attribute that is a plain field with a strict vocabulary."""
    attribute = project.attributes.get(name)
    if attribute is None or len(attribute.origins) != 1:
        return ()
    origin = attribute.origins[0]
    source, field = project.sources.get(origin.source), origin.value.strip()
    if source is None or field not in source.columns:
        return ()
    written = source.columns[field]
    if isinstance(written, ColumnSpec) and written.vocabulary is not None:
        return tuple(written.vocabulary) if written.strict else ()
    if isinstance(written, ColumnSpec) and not written.strict:
        return ()
    return standard_words().get(declared_type(source, field), ())
