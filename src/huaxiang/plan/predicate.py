"""Conditions over columns: read from SQL text or a YAML tree, checked, and printed back as either.

A customer (or row) meets a condition only if it is TRUE; unknown (NULL) does not count, see `huaxiang.plan.conditions`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlglot import exp

from huaxiang.errors import ExpressionError, did_you_mean, did_you_mean_zh
from huaxiang.plan import condition_sql, condition_text, condition_tree
from huaxiang.plan.condition_calls import Scope, mask
from huaxiang.plan.condition_plain import read_plain
from huaxiang.plan.condition_tree import ConditionError
from huaxiang.plan.condition_types import SourceFields, Sources, check_where, source_of
from huaxiang.plan.conditions import And, InAudience, Node, Not, Or, Part, Raw, Top, leaves
from huaxiang.plan.expr import IN_AUDIENCE, check_tree, located, parse_expression

__all__ = [
    "Condition", "ConditionError", "References", "SourceFields", "Sources", "audiences_of", "parse_condition",
    "read_condition", "references", "to_sql_ast", "to_text", "to_tree",
]  # fmt: skip


@dataclass(frozen=True)
class Condition:
    """A checked condition: its tree, its portable SQL, the columns of customers it reads and the audiences it names (sorted).

    `parts`: what the marks `CONDITION_PART('text')` in the SQL stand for, by text: behaviours, sequences, lists, samples, ranks.
    """

    tree: Node
    ast: exp.Expression
    columns: frozenset[str]
    audiences: tuple[str, ...]
    parts: Mapping[str, Part] = field(default_factory=dict)


@dataclass(frozen=True)
class References:
    """What a condition or expression names, found without knowing any type."""

    columns: frozenset[str]
    audiences: frozenset[str]

    def __or__(self, other: References) -> References:
        return References(self.columns | other.columns, self.audiences | other.audiences)


def parse_condition(
    when: str | Mapping[str, object], columns: Mapping[str, str], sources: Sources | None = None
) -> Condition:
    """Read and check a condition over `columns` (name → DuckDB type).

    `sources`: those whose rows belong to customers, for what customers did. Without, calls such as did(…), in_list(…) and
    top(…) are refused (CON011). Raises ExpressionError with the place in a text; for a fault within a tree its `path` leads to
    the part.
    """
    tree = read_condition(when, columns, sources)
    masked = mask(_parsed(tree), Scope(columns, sources))
    checked = check_tree(masked.tree, columns, boolean=True, audiences=True)
    named = _named(tree, columns)
    return Condition(tree, checked.ast, named.columns, tuple(sorted(named.audiences)), dict(masked.parts))


def read_condition(
    when: str | Mapping[str, object], columns: Mapping[str, str], sources: Sources | None = None
) -> Node:
    """The tree of `parse_condition`, without the portable SQL: all that an index needs."""
    scope = Scope(columns, sources)
    if isinstance(when, str):
        return _read_sql(when, scope)
    plain = _plain_tree(when, columns)
    if plain is not None:
        return plain
    tree = condition_tree.from_tree(when, _Reader(scope))
    return _read_sql(condition_text.to_text(condition_text.written(tree)), scope)


def _plain_tree(when: Mapping[str, object], columns: Mapping[str, str]) -> Node | None:
    """The tree when it is plain, without a check of each part; faults are found by the checks, which know their place."""
    try:
        tree = condition_tree.from_tree(when, _Reader(Scope(columns, checked=False)))
        return read_plain(condition_text.to_text(condition_text.written(tree)), columns)
    except ExpressionError:
        return None


def audiences_of(node: Node) -> frozenset[str]:
    """The audiences that a tree names."""
    names: set[str] = set()
    for leaf in leaves(node):
        if isinstance(leaf, InAudience):
            names.add(leaf.name)
        elif isinstance(leaf, Raw):
            names |= _of_leaf(leaf, {}).audiences
    return frozenset(names)


def _parsed(node: Node) -> exp.Expression:
    """The SQL of a tree as the parser sees it, so that text and tree give the same portable form."""
    return parse_expression(condition_text.to_text(condition_text.written(node)))


def _read_sql(text: str, scope: Scope) -> Node:
    plain = read_plain(text, scope.columns) if scope.checked else None
    return plain if plain is not None else _parse_sql(text, scope)


def _parse_sql(text: str, scope: Scope) -> Node:
    with located(text):
        masked = mask(parse_expression(text), scope)
        if scope.checked:
            with _whole(text):
                check_tree(masked.tree, scope.columns, boolean=True, audiences=True)
        return condition_sql.from_sql(masked.tree, scope.columns, masked.parts)


@contextmanager
def _whole(text: str) -> Iterator[None]:
    """A fault of the condition as a whole (it is no condition, or always NULL) lies at all of the text."""
    try:
        yield
    except ExpressionError as error:
        if error.span is None and error.code in ("EXP008", "EXP010"):
            begin = len(text) - len(text.lstrip())
            error.span = begin, begin + len(text.strip())
        raise


@dataclass(frozen=True)
class _Reader:
    """How the texts in a tree are read, and its leaves checked."""

    scope: Scope

    def sql(self, text: str) -> Node:
        return _read_sql(text, self.scope)

    def where(self, source: str, data: object, path: condition_tree.Path) -> str:
        """A condition over the rows of a source, text or tree, as text."""
        fields = None
        if self.scope.checked and self.scope.sources is not None:
            fields = source_of(source, self.scope.sources)
        if isinstance(data, str):
            with located(data):
                tree = parse_expression(data)
                if fields is not None:
                    check_where(tree, source, fields)
            node = condition_sql.from_sql(tree, fields.types if fields is not None else ())
        else:
            inner = Scope(fields.types if fields is not None else {}, checked=fields is not None)
            node = condition_tree.from_tree(data, _Reader(inner), path)
        return condition_text.to_text(condition_text.written(node))

    def check(self, node: Node) -> None:
        """Check a leaf; where it lies in a text that nobody wrote does not matter."""
        try:
            if self.scope.checked:
                _read_sql(condition_text.to_text(condition_text.written(node)), self.scope)
        except ExpressionError as error:
            raise ExpressionError(error.code, error.message, zh=error.said.zh) from None


def references(when: str | Mapping[str, object]) -> References:
    """Return the columns and audiences that a condition (or any expression) names; ExpressionError when it can't be read."""
    scope = Scope({}, checked=False)
    if isinstance(when, str):
        masked = mask(parse_expression(when), scope)
        found = _in_sql(masked.tree)
        for part in masked.parts.values():
            found |= _of_part(part, {})
        return found
    return _named(condition_tree.from_tree(when, _Reader(scope)), {})


def _in_sql(tree: exp.Expression) -> References:
    calls = (n for n in tree.find_all(exp.Anonymous) if n.name.upper() == IN_AUDIENCE and n.expressions)
    return References(
        frozenset(c.name for c in tree.find_all(exp.Column)), frozenset(n.expressions[0].name for n in calls)
    )


def _named(node: Node, columns: Mapping[str, str]) -> References:
    """The columns and audiences of a tree; with `columns` as they are spelt there."""
    found = References(frozenset(), frozenset())
    for leaf in leaves(node):
        found |= _of_leaf(leaf, columns)
    if not columns:
        return found
    spelt = frozenset(c if c in columns else c.lower() for c in found.columns)
    return References(spelt, found.audiences)


def _of_leaf(leaf: Node, columns: Mapping[str, str]) -> References:
    if isinstance(leaf, Part):
        return _of_part(leaf, columns)
    if isinstance(leaf, InAudience):
        return References(frozenset(), frozenset({leaf.name}))
    if isinstance(leaf, Raw):
        return _in_sql(condition_text.written(leaf))
    assert not isinstance(leaf, (And, Or, Not))
    return References(frozenset({leaf.column}), frozenset())


def _of_part(part: Part, columns: Mapping[str, str]) -> References:
    if not isinstance(part, Top):
        return References(frozenset(), frozenset())
    own = References(frozenset({part.column}), frozenset())
    return own | _named(part.among, columns) if part.among is not None else own


def to_sql_ast(condition: Condition, audiences: Mapping[str, Condition] | None = None) -> exp.Expression:
    """Return the portable SQL of a condition, to be changed freely.

    With `audiences`, `in_audience('x')` is replaced by that audience's condition, where unknown counts as false; an unknown
    audience or a circle raises ExpressionError (CON004, CON005). Without, `IN_AUDIENCE('x')` calls stay.
    """
    return _expand(condition.ast, audiences, ()) if audiences is not None else condition.ast.copy()


def _expand(tree: exp.Expression, audiences: Mapping[str, Condition], above: tuple[str, ...]) -> exp.Expression:
    def expand(node: exp.Expression) -> exp.Expression:
        if not isinstance(node, exp.Anonymous) or node.name.upper() != IN_AUDIENCE:
            return node
        name = node.expressions[0].name
        if name not in audiences:
            zh = f"没有名为“{name}”的人群{did_you_mean_zh(name, audiences)}"
            raise ExpressionError("CON004", f'unknown audience "{name}"{did_you_mean(name, audiences)}', zh=zh)
        if name in above:
            circle = " → ".join((*above, name))
            message = f"audiences refer to each other in a circle: {circle}"
            raise ExpressionError("CON005", message, zh=f"人群循环引用：{circle}")
        inner = _expand(audiences[name].ast, audiences, (*above, name))
        return exp.Coalesce(this=inner, expressions=[exp.Boolean(this=False)])

    return tree.copy().transform(expand, copy=False)


def to_text(condition: Condition) -> str:
    """Print a condition as the SQL text that `parse_condition` reads."""
    return condition_text.to_text(condition_text.written(condition.tree))


def to_tree(condition: Condition) -> dict[str, object]:
    """Print a condition as the YAML tree that `parse_condition` reads."""
    return condition_tree.to_tree(condition.tree)
