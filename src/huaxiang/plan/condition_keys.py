"""The keys by which a YAML tree says what customers did, lists, samples and ranks; read into parts and printed back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from math import isfinite
from typing import Protocol, TypeGuard, cast

from huaxiang.errors import ExpressionError, Said, did_you_mean, did_you_mean_zh
from huaxiang.plan.conditions import (
    MEASURE_CALLS,
    Behaviour,
    ComparisonOp,
    InList,
    MeasureFunction,
    Node,
    Part,
    Sample,
    Sequence,
    Step,
    Top,
    Value,
    Window,
)

Path = tuple[str | int, ...]
_WINDOW = ("days", "since", "until")
COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")
HEADS: Mapping[str, tuple[str, ...]] = {
    "did": ("where", *_WINDOW), "did_not": ("where", *_WINDOW), "measure": ("of", "source", "where", *_WINDOW, "op", "value"),
    "sequence": ("within", "without", *_WINDOW), "list": (), "sample": ("seed",), "top": ("by", "among"), "bottom": ("by", "among"),
}  # fmt: skip
"""Key that says which part it is → the keys that may stand beside it."""


NO_VALUE = Said("the value must be a text, a finite number, true or false", "取值必须是文本、有限的数字、true 或 false")


def is_value(value: object) -> TypeGuard[Value]:
    """Whether a column can be compared with it: NaN and infinity, which JSON and YAML may hold, are no numbers."""
    return isinstance(value, (str, int, bool)) or (isinstance(value, float) and isfinite(value))


class ConditionError(ExpressionError):
    """A fault in a condition tree; `path` leads to the part that has it, `span` into a text that stands there."""

    def __init__(self, code: str, said: Said, path: Path = (), span: tuple[int, int] | None = None) -> None:
        super().__init__(code, said.en, span, zh=said.zh)
        self.path = path


class TreeReader(Protocol):
    """What reading a tree needs: SQL texts read, conditions over rows of a source as text, and leaves checked."""

    def sql(self, text: str) -> Node:
        """Read SQL text."""

    def where(self, source: str, data: object, path: Path) -> str:
        """A condition over the rows of a source, text or tree, as text."""

    def check(self, node: Node) -> None:
        """Raise ExpressionError for a leaf that is not right."""


NodeReader = Callable[[object, Path], Node]


def read_part(head: str, data: Mapping[object, object], reader: TreeReader, read: NodeReader, path: Path) -> Part:
    """Read the part that the key `head` begins; ConditionError with the path of a fault."""
    for key in data:
        if key != head and key not in HEADS[head]:
            known = did_you_mean(str(key), HEADS[head]) or "; nothing else"
            known_zh = did_you_mean_zh(str(key), HEADS[head]) or "；它没有其他键"
            said = Said(f'"{head}" takes no "{key}"{known}', f"“{head}”没有键“{key}”{known_zh}")
            raise ConditionError("CON001", said, (*path, str(key)))
    if head in ("did", "did_not"):
        step = _step({"did": data[head], **_only(data, "where")}, reader, path, head)
        return Behaviour(
            step, op=">=" if head == "did" else "=", value=1 if head == "did" else 0, window=_window(data, path)
        )
    if head == "measure":
        return _measure(data, reader, path)
    if head == "sequence":
        return _sequence(data, reader, path)
    if head == "list":
        return InList(_text(data, "list", path))
    if head == "sample":
        return Sample(_number(data["sample"], (*path, "sample")), _text(data, "seed", path) if "seed" in data else "")
    among = read(data["among"], (*path, "among")) if "among" in data else None
    return Top(_whole(data, head, path), _text(data, "by", path), among, lowest=head == "bottom")


def _only(data: Mapping[object, object], *keys: str) -> dict[object, object]:
    return {k: data[k] for k in keys if k in data}


def _step(data: object, reader: TreeReader, path: Path, head: str = "did") -> Step:
    if not isinstance(data, Mapping) or "did" not in data:
        said = Said(
            "a step is written {did: source} or {did: source, where: condition}",
            "步骤写作 {did: 数据源} 或 {did: 数据源, where: 条件}",
        )
        raise ConditionError("CON001", said, path)
    for key in data:
        if key not in ("did", "where"):
            said = Said(f'a step takes did and where, not "{key}"', f"步骤只有 did 和 where，没有“{key}”")
            raise ConditionError("CON001", said, (*path, str(key)))
    source = _text({head: data["did"]}, head, path)
    if "where" not in data:
        return Step(source)
    at = (*path, "where")
    try:
        return Step(source, reader.where(source, data["where"], at))
    except ConditionError:
        raise
    except ExpressionError as error:
        raise placed(error, path if error.code == "CON007" and error.span is None else at) from None


def unknown_operator(op: str, known: Iterable[str]) -> Said:
    """An operator that there is not."""
    return Said(f'unknown operator "{op}"{did_you_mean(op, known)}', f"没有运算符“{op}”{did_you_mean_zh(op, known)}")


def no_text(key: str) -> Said:
    """A key whose value must be text."""
    return Said(f'"{key}" must be text', f"“{key}”必须是文本")


def placed(error: ExpressionError, path: Path) -> ConditionError:
    """The same fault with the path of the text that has it."""
    found = ConditionError(error.code, error.said, path, error.span)
    found.line, found.column, found.text = error.line, error.column, error.text
    return found


def _measure(data: Mapping[object, object], reader: TreeReader, path: Path) -> Behaviour:
    function = _text(data, "measure", path)
    if function not in MEASURE_CALLS:
        said = Said(
            f'unknown measure "{function}"{did_you_mean(function, MEASURE_CALLS)}',
            f"没有名为“{function}”的度量{did_you_mean_zh(function, MEASURE_CALLS)}",
        )
        raise ConditionError("CON002", said, (*path, "measure"))
    op = {"==": "=", "<>": "!="}.get(str(data.get("op")), str(data.get("op", ">=")))
    if op not in COMPARISONS:
        raise ConditionError("CON002", unknown_operator(op, COMPARISONS), (*path, "op"))
    for key in ("source", "value", *(() if function in ("count", "days") else ("of",))):
        if key not in data:
            said = Said(f'measure "{function}" needs the key "{key}"', f"度量“{function}”需要键“{key}”")
            raise ConditionError("CON003", said, path)
    if function in ("count", "days") and "of" in data:
        said = Said(
            f'measure "{function}" counts rows or days and takes no "of"', f"度量“{function}”统计行数或天数，不用键“of”"
        )
        raise ConditionError("CON001", said, (*path, "of"))
    step = _step({"did": data["source"], **_only(data, "where")}, reader, path, "source")
    value = data["value"]
    if not is_value(value):
        raise ConditionError("CON003", NO_VALUE, (*path, "value"))
    field = _text(data, "of", path) if "of" in data else None
    return Behaviour(
        step, cast("MeasureFunction", function), cast("ComparisonOp", op), value, field, _window(data, path)
    )


def _sequence(data: Mapping[object, object], reader: TreeReader, path: Path) -> Sequence:
    steps = data["sequence"]
    if not isinstance(steps, (list, tuple)) or len(steps) < 2:
        said = Said(
            '"sequence" must be a list of at least two steps {did: source}',
            "sequence 必须是至少两个步骤 {did: 数据源} 的列表",
        )
        raise ConditionError("CON003", said, (*path, "sequence"))
    return Sequence(
        tuple(_step(step, reader, (*path, "sequence", i)) for i, step in enumerate(steps)),
        _whole(data, "within", path) if "within" in data else None,
        _step(data["without"], reader, (*path, "without")) if "without" in data else None,
        _window(data, path),
    )


def _window(data: Mapping[object, object], path: Path) -> Window:
    days = _whole(data, "days", path) if "days" in data else None
    since, until = (_text(data, key, path) if key in data else None for key in ("since", "until"))
    return Window(days, since, until)


def _text(data: Mapping[object, object], key: str, path: Path) -> str:
    if key not in data:
        raise ConditionError("CON003", Said(f'the key "{key}" is missing', f"缺少键“{key}”"), path)
    value = data[key]
    if not isinstance(value, str) or not value:
        raise ConditionError("CON003", no_text(key), (*path, key))
    return value


def _whole(data: Mapping[object, object], key: str, path: Path) -> int:
    value = data[key]
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        said = Said(f'"{key}" must be a whole number of at least 1', f"“{key}”必须是不小于 1 的整数")
        raise ConditionError("CON003", said, (*path, key))
    return value


def _number(value: object, path: Path) -> float:
    if (
        isinstance(value, bool)
        or not isinstance(value, (int, float))
        or (isinstance(value, float) and not isfinite(value))
    ):
        said = Said("the share must be a number above 0 and up to 1", "占比必须是大于 0 且不超过 1 的数")
        raise ConditionError("CON003", said, path)
    return value


# Printing


def part_tree(part: Part, print_node: Callable[[Node], dict[str, object]]) -> dict[str, object]:
    """Print a part as the tree that `read_part` reads."""
    match part:
        case Behaviour():
            return _behaviour_tree(part)
        case Sequence():
            steps = [_step_tree(s) for s in part.steps]
            limit = {} if part.within is None else {"within": part.within}
            without = {} if part.without is None else {"without": _step_tree(part.without)}
            return {"sequence": steps, **limit, **without, **_window_tree(part.window)}
        case InList():
            return {"list": part.name}
        case Sample():
            return {"sample": part.share, **({"seed": part.seed} if part.seed else {})}
        case Top():
            among = {} if part.among is None else {"among": print_node(part.among)}
            return {"bottom" if part.lowest else "top": part.count, "by": part.column, **among}


def _behaviour_tree(part: Behaviour) -> dict[str, object]:
    where = {} if part.step.where is None else {"where": part.step.where}
    if part.is_did or part.is_did_not:
        return {"did" if part.is_did else "did_not": part.step.source, **where, **_window_tree(part.window)}
    of = {} if part.field is None else {"of": part.field}
    compared: dict[str, str | Value] = {"op": part.op, "value": part.value}
    return {
        "measure": part.function,
        **of,
        "source": part.step.source,
        **where,
        **_window_tree(part.window),
        **compared,
    }


def _step_tree(step: Step) -> dict[str, object]:
    return {"did": step.source, **({} if step.where is None else {"where": step.where})}


def _window_tree(window: Window) -> dict[str, object]:
    named = {"days": window.days, "since": window.since, "until": window.until}
    return {name: value for name, value in named.items() if value is not None}
