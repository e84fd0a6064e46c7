"""pydantic's findings → issues a person can act on: object, key, what was expected, where it stands."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, Union

from pydantic import BaseModel, ValidationError

from huaxiang.errors import Issue, Said, did_you_mean
from huaxiang.spec import faults_zh
from huaxiang.spec.concealed import concealed
from huaxiang.spec.yaml_nodes import Document, Path

SINGULAR: Mapping[str, str] = types.MappingProxyType({
    "sources": "source", "identity": "identity key", "matching": "matching", "households": "household rule",
    "attributes": "attribute", "tags": "tag", "audiences": "audience",
    "clusterings": "clustering", "personas": "persona set",
})  # fmt: skip
_NOT_THIS_MEMBER = {
    "string_type", "model_type", "model_attributes_type", "dict_type", "mapping_type", "tuple_type", "list_type", "int_type",
    "float_type", "bool_type", "int_parsing", "float_parsing", "bool_parsing", "none_required", "literal_error",
}  # fmt: skip
_KINDS = {
    "string_type": "text", "int_type": "a whole number", "int_parsing": "a whole number", "int_from_float": "a whole number",
    "float_type": "a number", "float_parsing": "a number", "bool_type": "true or false", "bool_parsing": "true or false",
    "tuple_type": "a list", "list_type": "a list", "dict_type": "a mapping", "mapping_type": "a mapping",
    "model_type": "a mapping", "model_attributes_type": "a mapping",
}  # fmt: skip
_BOUNDS = {
    "greater_than_equal": ("ge", "at least"), "greater_than": ("gt", "more than"), "less_than_equal": ("le", "at most"),
    "less_than": ("lt", "less than"),
}  # fmt: skip


class Fault(typing.NamedTuple):
    """One pydantic error, with its place in the data: `path` leads to a value, `known` are the keys allowed there."""

    path: Path
    member: tuple[str, ...]
    type: str
    context: Mapping[str, Any]
    known: tuple[str, ...]
    given: object
    note: str


def issues_of(errors: Iterable[Mapping[str, Any]], document: Document, model: type[BaseModel]) -> tuple[Issue, ...]:
    """Turn the errors of validating `document.data` as `model` into issues, one for each fault the writer made."""
    faults = [_locate(e, document.data, model) for e in errors]
    return tuple(_issue(f, document) for f in _choose_members(faults) if not _is_echo(f))


def first_fault(error: ValidationError, data: object, model: type[BaseModel]) -> Said:
    """What is wrong first with data that are no file's."""
    issue = issues_of(error.errors(include_url=False), Document("", data), model)[0]
    return Said(issue.message, issue.zh)


def _is_echo(fault: Fault) -> bool:
    """True for a list that is too short only because its faulty items were not counted."""
    return (
        fault.type == "too_short" and isinstance(fault.given, list) and len(fault.given) >= fault.context["min_length"]
    )


def _locate(error: Mapping[str, Any], data: object, model: type[BaseModel]) -> Fault:
    """Follow the error's location through data and annotations; parts that are no keys name members of a union."""
    path: list[str | int] = []
    member: list[str] = []
    value: object = data
    options: list[Any] = [model]
    note = ""
    for part in error["loc"]:
        below = _step(value, part) if not _is_tag_kind(path, part, value, member) else None
        if below is not None:
            value, options = below[0], _below(options, part)
            path.append(part)
        elif error["type"] == "missing" and part == error["loc"][-1]:
            note = str(part)
        elif part == "[key]":
            value, note = path[-1], "[key]"
        else:
            member.append(f"{len(path)}:{part}")
            options = [o for o in options if _label(o) in (part, None)] or options
    models = [o for o in options if _is_model(o)] if error["type"] != "extra_forbidden" else []
    parent = _options_at(model, path[:-1], error["loc"]) if error["type"] == "extra_forbidden" else models
    known = tuple(k for m in parent if _is_model(m) for k in _keys(m))
    if error["type"] == "missing":
        note = _describe(models, note)
    return Fault(tuple(path), tuple(member), error["type"], error.get("ctx", {}), known, value, note)


def _step(value: object, part: str | int) -> tuple[object] | None:
    """What stands under a key or item, wrapped; None when there is no such."""
    if isinstance(value, Mapping) and part in value:
        return (value[part],)
    if isinstance(value, list) and isinstance(part, int) and part < len(value):
        return (value[part],)
    return None


def _is_tag_kind(path: Sequence[str | int], part: object, value: object, member: Sequence[str]) -> bool:
    """True for the part of a location that repeats the tag's kind (pydantic puts the discriminator there)."""
    return (
        isinstance(value, Mapping)
        and len(path) == 2
        and path[0] == "tags"
        and part == value.get("kind")
        and f"2:{part}" not in member
    )


def _options_at(model: type[BaseModel], path: Sequence[str | int], location: Sequence[str | int]) -> list[Any]:
    options: list[Any] = [model]
    rest = list(path)
    for part in location[:-1]:
        if rest and part == rest[0]:
            rest.pop(0)
            options = _below(options, part)
        else:
            options = [o for o in options if _label(o) in (part, None)] or options
    return options


def _is_model(option: Any) -> bool:
    return isinstance(option, type) and issubclass(option, BaseModel)


def _label(option: Any) -> str | None:
    """How pydantic names this member of a union: the tag's kind, or the class name; None for what is no model."""
    if not _is_model(option):
        return None
    kind = option.model_fields.get("kind")
    if kind is not None and typing.get_origin(kind.annotation) is Literal:
        return str(typing.get_args(kind.annotation)[0])
    return str(option.__name__)


def _flatten(annotation: Any) -> list[Any]:
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return _flatten(typing.get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return [o for a in typing.get_args(annotation) for o in _flatten(a)]
    return [annotation]


def _below(options: Sequence[Any], part: str | int) -> list[Any]:
    """The annotations that may stand under key or item `part` of these."""
    found: list[Any] = []
    for option in options:
        origin = typing.get_origin(option)
        if _is_model(option):
            fields = [f for n, f in option.model_fields.items() if part in (f.alias, n)]
            found += [o for f in fields for o in _flatten(f.annotation)]
        elif origin is dict and isinstance(part, str):
            found += _flatten(typing.get_args(option)[1])
        elif origin in (tuple, list) and isinstance(part, int):
            found += _flatten(typing.get_args(option)[0])
    return found


def _keys(model: type[BaseModel]) -> list[str]:
    return [f.alias or n for n, f in model.model_fields.items()]


def _describe(models: Sequence[Any], key: str) -> str:
    for model in models:
        for name, info in model.model_fields.items():
            if key in (info.alias, name):
                return f'"{key}"' + (f" ({info.description})" if info.description else "")
    return f'"{key}"'


def _choose_members(faults: Sequence[Fault]) -> list[Fault]:
    """Of a union, keep the errors of the member that was meant; when no member fits, keep one error for all.

    Unions may stand within unions: the outermost are decided first.
    """
    pending, kept = list(faults), []
    while pending:
        groups: dict[Path, list[Fault]] = {}
        for fault in pending:
            where = _union_at(fault)
            if where is None:
                kept.append(fault)
            else:
                groups.setdefault(fault.path[:where], []).append(fault)
        pending = [f for path, group in groups.items() for f in _meant(path, group)]
    return kept


def _union_at(fault: Fault) -> int | None:
    depths = [int(m.split(":", 1)[0]) for m in fault.member]
    depths = [d for d in depths if not (d == 2 and fault.path[:1] == ("tags",))]
    return depths[0] if depths else None


def _meant(path: Path, group: Sequence[Fault]) -> list[Fault]:
    by_member: dict[str, list[Fault]] = {}
    for fault in group:
        label = next(m for m in fault.member if m.startswith(f"{len(path)}:"))
        by_member.setdefault(label, []).append(fault)
    fitting = [
        faults
        for faults in by_member.values()
        if not any(f.path == path and f.type in _NOT_THIS_MEMBER for f in faults)
    ]
    if fitting:
        chosen = min(fitting, key=len)
        return [f._replace(member=_without_first(f.member, len(path))) for f in chosen]
    given = group[0].given
    choices = [c for f in group if f.type == "literal_error" for c in _choices(f.context)]
    if choices and isinstance(given, str):
        return [Fault(path, (), "literal_error", {"expected": ", ".join(choices)}, (), given, "")]
    kinds = list(dict.fromkeys(_KINDS[f.type] for f in group if f.type in _KINDS and f.path == path))
    return [Fault(path, (), "union", {"kinds": kinds}, (), given, "")]


def _without_first(member: tuple[str, ...], depth: int) -> tuple[str, ...]:
    labels = list(member)
    labels.remove(next(m for m in labels if m.startswith(f"{depth}:")))
    return tuple(labels)


def _subject(path: Path, data: object) -> tuple[Said, Path]:
    """Name the definition a path lies in: `tag "high_value": `, and the rest of the path within it."""
    if len(path) >= 2 and path[0] in SINGULAR and isinstance(path[1], int):
        kind = str(path[0])
        items = data.get(path[0]) if isinstance(data, Mapping) else None
        item = items[path[1]] if isinstance(items, list) and path[1] < len(items) else None
        name = item.get("name") if isinstance(item, Mapping) else None
        if isinstance(name, str):
            return definition(kind, name), path[2:]
        number = path[1] + 1
        return Said(f"{SINGULAR[kind]} {number} of the file: ", f"{faults_zh.subject_zh(kind, None, number)}："), path[
            2:
        ]
    return Said("", ""), path


def _key_text(path: Path) -> str:
    """`("columns", "amount", "scale")` → `columns.amount.scale`; item numbers are 1-based in brackets."""
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else (f".{part}" if text else part)
    return text


def _issue(fault: Fault, document: Document) -> Issue:
    if fault.type == "extra_forbidden" and concealed(fault.path[:-1]) is not None and "://" in str(fault.path[-1]):
        fault = fault._replace(path=fault.path[:-1], type="model_type")  # a URL in place of the keys
    about, rest = _subject(fault.path, document.data)
    code, said = _concealed(fault, rest) or _message(fault, rest)
    return Issue(document.place(fault.path), code, said, about=about)


def definition(kind: str, name: str) -> Said:
    """Names a definition before what is said of it, `tag "high_value": `; nothing for what has no name."""
    if kind not in SINGULAR:
        return Said("", "")
    return Said(f'{SINGULAR[kind]} "{name}": ', f"{faults_zh.subject_zh(kind, name, 0)}：")


def _concealed(fault: Fault, rest: Path) -> tuple[str, Said] | None:
    """What is said in place of a value that may be a secret; None where it may be shown, and of keys that are missing or unknown."""
    said = concealed(fault.path) if fault.type not in ("missing", "extra_forbidden") else None
    if said is None:
        return None
    key = _key_text(rest)
    code = "SPEC005" if fault.type == "string_pattern_mismatch" else "SPEC003"
    return code, Said(f'"{key}" {said.en}', f"{faults_zh.place_zh(key)}{said.zh}")


def _message(fault: Fault, rest: Path) -> tuple[str, Said]:
    where = Said(f'"{_key_text(rest)}"' if rest else "the definition", faults_zh.place_zh(_key_text(rest)))
    if fault.note == "[key]":
        above = _key_text(rest[:-1])
        where = Said(f'a key of "{above}"', faults_zh.place_zh(above, a_key=True))
    kind = fault.type
    shown = _shown(fault.given)
    if kind == "extra_forbidden":
        key = str(fault.path[-1])
        zh = faults_zh.unknown_zh(key, fault.known)
        return "SPEC001", Said(f'unknown key "{key}"{did_you_mean(key, fault.known)}', zh)
    if kind == "missing":
        inside = Said(f" in {where.en}", where.zh) if rest else Said("", "")
        zh = faults_zh.missing_zh(fault.note.split('"')[1], inside.zh)
        return "SPEC002", Said(f"the key {fault.note} is missing{inside.en}", zh)
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        return _tag_kind_message(fault)
    if kind == "literal_error":
        choices = _choices(fault.context)
        zh = faults_zh.choice_zh(where.zh, faults_zh.shown_zh(shown), str(fault.given), choices)
        return "SPEC004", Said(f"{where.en} is {shown}{did_you_mean(str(fault.given), choices)}", zh)
    if kind == "string_pattern_mismatch":
        return "SPEC005", _pattern_message(fault, where)
    if kind in _BOUNDS:
        key, words = _BOUNDS[kind]
        zh = faults_zh.bound_zh(where.zh, shown, words, fault.context[key])
        return "SPEC006", Said(f"{where.en} is {shown}; it must be {words} {fault.context[key]:g}", zh)
    if kind in ("too_short", "too_long"):
        bound = fault.context.get("min_length", fault.context.get("max_length"))
        word = "at least" if kind == "too_short" else "at most"
        count = len(fault.given) if isinstance(fault.given, list) else fault.context["actual_length"]
        english = f"{where.en} has {count} item{'' if count == 1 else 's'}; it must have {word} {bound}"
        return "SPEC006", Said(english, faults_zh.count_zh(where.zh, count, word, int(bound or 0)))
    return "SPEC003", _type_message(fault, where)


def _type_message(fault: Fault, where: Said) -> Said:
    kinds = fault.context.get("kinds") or ([_KINDS[fault.type]] if fault.type in _KINDS else [])
    if fault.given is None:
        english = f"{where.en} is empty; write {' or '.join(kinds) or 'a value'}, or remove the key"
        return Said(english, faults_zh.type_zh(where.zh, None, kinds, None))
    shown = _shown(fault.given)
    quoted = _plain(fault.given) if "text" in kinds and isinstance(fault.given, (int, float, bool)) else None
    zh = faults_zh.type_zh(where.zh, faults_zh.shown_zh(shown), kinds, quoted)
    if not kinds:
        return Said(f"{where.en} is {shown}, which is not allowed here", zh)
    hint = f'; put it in quotes: "{quoted}"' if quoted is not None else ""
    return Said(f"{where.en} is {shown}; it must be {' or '.join(kinds)}{hint}", zh)


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _shown(value: object) -> str:
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, str):
        return f'"{value}"' if len(value) <= 40 else f'"{value[:40]}…"'
    return "empty" if value is None else _plain(value)


def _choices(context: Mapping[str, Any]) -> list[str]:
    text = str(context.get("expected", "")).replace(" or ", ", ")
    return [t.strip().strip("'\"") for t in text.split(",") if t.strip()]


def _tag_kind_message(fault: Fault) -> tuple[str, Said]:
    from huaxiang.spec.models import Tag

    kinds = [str(_label(o)) for o in _flatten(Tag)]
    given = fault.given.get("kind") if isinstance(fault.given, Mapping) else None
    zh = faults_zh.kind_zh(given, kinds)
    if given is None:
        return "SPEC002", Said(f'the key "kind" is missing; write one of {", ".join(kinds)}', zh)
    return "SPEC007", Said(f'unknown kind "{given}"{did_you_mean(str(given), kinds)}', zh)


def _pattern_message(fault: Fault, where: Said) -> Said:
    pattern = str(fault.context.get("pattern", ""))
    english = _pattern_english(fault, where.en, pattern)
    return Said(english, faults_zh.pattern_zh(where.zh, faults_zh.shown_zh(_shown(fault.given)), pattern))


def _pattern_english(fault: Fault, where: str, pattern: str) -> str:
    from huaxiang.spec.login import HINTS

    if pattern in HINTS:
        return f"{where} {HINTS[pattern]}"
    if pattern.startswith("^[a-z]"):
        return (
            f"{where} is {_shown(fault.given)}; names begin with a small letter and hold only small letters, digits and _ "
            "(at most 63), e.g. high_value"
        )
    if pattern == r"^[A-Z]{3}$":
        return f"{where} is {_shown(fault.given)}; write three capital letters (ISO 4217), e.g. CNY"
    return f"{where} is {_shown(fault.given)}; it must match {pattern}"
