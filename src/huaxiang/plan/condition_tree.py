"""Conditions from and to the YAML tree.

`{all: […]}`, `{any: […]}`, `{not: …}`, `{tag: x, op: ">=", value: 3}`, `{audience: name}`, `{sql: …}`; a text in a list is SQL.
What customers did, lists, samples and ranks: `huaxiang.plan.condition_keys`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from huaxiang.errors import ExpressionError, Said
from huaxiang.plan.condition_keys import (
    COMPARISONS,
    HEADS,
    NO_VALUE,
    ConditionError,
    Path,
    TreeReader,
    is_value,
    no_text,
    part_tree,
    placed,
    read_part,
    unknown_operator,
)
from huaxiang.plan.conditions import (
    And,
    Between,
    Comparison,
    In,
    InAudience,
    IsNull,
    ListMatch,
    Node,
    Not,
    Or,
    Part,
    Raw,
    TextMatch,
    Value,
)

__all__ = ["OPERATORS", "ConditionError", "Path", "from_tree", "to_tree"]

_TEXTS = ("contains", "starts_with", "ends_with", "like", "ilike", "matches")
_LISTS = {"has_any": "any", "has_all": "all", "has_none": "none"}
_KEYS: Mapping[str, tuple[str, ...]] = MappingProxyType({
    **dict.fromkeys(COMPARISONS, ("value",)),
    **{p + t: ("value",) for t in _TEXTS for p in ("", "not_")},
    **dict.fromkeys(_LISTS, ("values",)),
    "in": ("values",), "not_in": ("values",), "between": ("low", "high"), "not_between": ("low", "high"),
    "is_null": (), "is_not_null": (),
})  # fmt: skip
"""Operator → the keys it needs besides `tag` and `op`."""
OPERATORS = tuple(_KEYS)
_HEADS = ("all", "any", "not", "tag", "audience", "sql", *HEADS)


def from_tree(data: object, reader: TreeReader, path: Path = ()) -> Node:
    """Read a tree: `reader` reads SQL texts and checks each leaf. ConditionError with the path of a fault."""
    try:
        node = _from_tree(data, reader, path)
        if not isinstance(node, (And, Or, Not)):
            reader.check(node)
        return node
    except ConditionError:
        raise
    except ExpressionError as error:
        raise placed(error, path) from None


def _from_tree(data: object, reader: TreeReader, path: Path) -> Node:
    if isinstance(data, str):
        return reader.sql(data)
    if not isinstance(data, Mapping):
        said = Said(
            f"a condition must be SQL text or one of {', '.join(_HEADS)}",
            f"条件必须是 SQL 文本，或以下之一：{'、'.join(_HEADS)}",
        )
        raise ConditionError("CON001", said, path)
    heads = [k for k in _HEADS if k in data]
    if len(heads) != 1:
        said = Said(
            f"a condition holds exactly one of {', '.join(_HEADS)}; found {', '.join(map(str, data)) or 'nothing'}",
            f"条件须恰有以下键之一：{'、'.join(_HEADS)}；这里是：{'、'.join(map(str, data)) or '空'}",
        )
        raise ConditionError("CON001", said, path)
    head = heads[0]
    if head in HEADS:
        return read_part(head, data, reader, lambda inner, at: from_tree(inner, reader, at), path)
    if head != "tag" and len(data) > 1:
        extra = next(k for k in data if k != head)
        said = Said(
            f'"{head}" stands alone, but "{extra}" is written beside it', f"“{head}”须单独书写，而旁边还写了“{extra}”"
        )
        raise ConditionError("CON001", said, (*path, str(extra)))
    if head in ("all", "any"):
        return _group(head, data[head], reader, path)
    if head == "not":
        return Not(from_tree(data["not"], reader, (*path, "not")))
    if head == "tag":
        return _leaf(data, path)
    text = data[head]
    if not isinstance(text, str):
        raise ConditionError("CON003", no_text(head), (*path, head))
    return InAudience(text) if head == "audience" else reader.sql(text)


def _group(head: str, items: object, reader: TreeReader, path: Path) -> Node:
    if not isinstance(items, (list, tuple)) or not items:
        said = Said(f'"{head}" must be a list of at least one condition', f"“{head}”必须是至少含一个条件的列表")
        raise ConditionError("CON003", said, (*path, head))
    parts = tuple(from_tree(item, reader, (*path, head, i)) for i, item in enumerate(items))
    return And(parts) if head == "all" else Or(parts)


def _leaf(data: Mapping[object, object], path: Path) -> Node:
    name = data["tag"]
    if not isinstance(name, str):
        said = Said('"tag" must be the name of a tag or attribute', "“tag”必须是标签或属性的名称")
        raise ConditionError("CON003", said, (*path, "tag"))
    if len(data) == 1:
        return Comparison(name, "=", True)
    op = {"==": "=", "<>": "!="}.get(str(data.get("op")), str(data.get("op", "=")))
    if op not in _KEYS:
        raise ConditionError("CON002", unknown_operator(op, OPERATORS), (*path, "op"))
    needed = _KEYS[op]
    for key in data:
        if key not in ("tag", "op", *needed):
            expected = " and ".join(f'"{k}"' for k in needed) or "no further key"
            expected_zh = f"只用{'和'.join(f'“{k}”' for k in needed)}" if needed else "没有其他键"
            said = Said(
                f'operator "{op}" takes {expected}, not "{key}"', f"运算符“{op}”{expected_zh}，而这里写了“{key}”"
            )
            raise ConditionError("CON001", said, (*path, str(key)))
    missing = [k for k in needed if k not in data]
    if missing:
        said = Said(
            f'operator "{op}" of "{name}" needs the key "{missing[0]}"', f"“{name}”的运算符“{op}”需要键“{missing[0]}”"
        )
        raise ConditionError("CON003", said, path)
    return _operation(name, op, data, path)


def _operation(name: str, op: str, data: Mapping[object, object], path: Path) -> Node:
    negate = op.startswith(("not_", "is_not"))
    plain = op.removeprefix("not_")
    if plain == "in":
        return In(name, _values(data["values"], (*path, "values")), negate)
    if plain == "between":
        return Between(name, _value(data["low"], (*path, "low")), _value(data["high"], (*path, "high")), negate)
    if op in ("is_null", "is_not_null"):
        return IsNull(name, negate)
    if op in _LISTS:
        return ListMatch(name, _LISTS[op], _values(data["values"], (*path, "values")))  # type: ignore[arg-type]
    value = _value(data["value"], (*path, "value"))
    if plain in _TEXTS:
        if not isinstance(value, str):
            said = Said(f'operator "{op}" of "{name}" needs a text', f"“{name}”的运算符“{op}”需要文本")
            raise ConditionError("CON003", said, (*path, "value"))
        return TextMatch(name, plain, value, negate)  # type: ignore[arg-type]
    return Comparison(name, op, value)  # type: ignore[arg-type]


def _value(value: object, path: Path) -> Value:
    if is_value(value):
        return value
    if value is None:
        said = Said(
            "the value is empty; use the operator is_null for missing values", "取值为空；缺失值请用运算符 is_null"
        )
        raise ConditionError("CON003", said, path)
    raise ConditionError("CON003", NO_VALUE, path)


def _values(values: object, path: Path) -> tuple[Value, ...]:
    if not isinstance(values, (list, tuple)) or not values:
        said = Said('"values" must be a list of at least one value', "“values”必须是至少含一个取值的列表")
        raise ConditionError("CON003", said, path)
    return tuple(_value(v, (*path, i)) for i, v in enumerate(values))


def to_tree(node: Node) -> dict[str, object]:
    """Print a condition as the tree that `from_tree` reads."""
    if isinstance(node, (And, Or)):
        return {"all" if isinstance(node, And) else "any": [to_tree(p) for p in node.parts]}
    if isinstance(node, Not):
        return {"not": to_tree(node.part)}
    if isinstance(node, InAudience):
        return {"audience": node.name}
    if isinstance(node, Raw):
        return {"sql": node.text}
    if isinstance(node, Part):
        return part_tree(node, to_tree)
    return {"tag": node.column, **_operation_tree(node)}


def _operation_tree(node: Comparison | In | Between | IsNull | TextMatch | ListMatch) -> dict[str, object]:
    if isinstance(node, Comparison):
        return {"op": node.op, "value": node.value}
    if isinstance(node, ListMatch):
        return {"op": f"has_{node.quantifier}", "values": list(node.values)}
    prefix = "not_" if node.negate else ""
    if isinstance(node, In):
        return {"op": f"{prefix}in", "values": list(node.values)}
    if isinstance(node, Between):
        return {"op": f"{prefix}between", "low": node.low, "high": node.high}
    if isinstance(node, IsNull):
        return {"op": "is_not_null" if node.negate else "is_null"}
    return {"op": f"{prefix}{node.op}", "value": node.value}
