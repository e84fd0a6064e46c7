"""What an editor of conditions needs to know of a snapshot, and what it may offer at the cursor."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from huaxiang.app.conditions import sources_in
from huaxiang.app.masks import kind_of
from huaxiang.plan.condition_help import CONDITION_CALLS, OPERATORS_OF
from huaxiang.plan.functions import PORTABLE
from huaxiang.plan.types import family

FIELDS_KEYS = ("snapshot", "as_of", "fields", "sources", "functions", "audiences", "lists")
FIELD_KEYS = ("name", "title", "kind", "type", "operators", "values", "range")
SOURCE_KEYS = ("name", "title", "entity", "time", "fields")
FUNCTION_KEYS = ("name", "signature", "zh", "en", "example", "group", "arguments", "names")
SUGGESTION_KEYS = ("text", "kind", "title", "detail")
_TYPES = {"timestamp": "datetime", "null": "text"}
_MOST = 50


def completion(manifest: Mapping[str, Any], snapshot: str = "", lists: Iterable[str] = ()) -> dict[str, Any]:
    """Return FIELDS_KEYS: what a condition may name.

    `fields`: attributes, tags and clusterings (FIELD_KEYS), with their frequent values, most frequent first, as {value, title,
    count}, and of numbers and dates the range {min, p5, p50, p95, max}; personal values are never listed. `sources` (SOURCE_KEYS):
    whose rows customers have, with the types of their fields. `functions` (FUNCTION_KEYS): group `behaviour` for calls that are
    conditions of their own, `function` for the portable ones. `lists`: names of uploaded lists.
    """
    return {
        "snapshot": snapshot,
        "as_of": manifest.get("as_of"),
        "fields": _fields(manifest),
        "sources": _sources(manifest),
        "functions": _functions(),
        "audiences": [{k: a.get(k) for k in ("name", "title", "size")} for a in manifest.get("audiences", ())],
        "lists": sorted(lists),
    }


def _fields(manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = [_field(a, "attribute") for a in manifest.get("attributes", ()) if a.get("of", "customer") == "customer"]
    taken = {f["name"] for f in found}
    found += [_field(t, "tag") for t in manifest.get("tags", ()) if t["name"] not in taken]
    for item in manifest.get("clusterings", ()):
        values = [{"value": v, "title": {"zh": v, "en": v}, "count": n} for v, n in item.get("sizes", {}).items()]
        found.append(_named(item, "clustering", "enum") | {"values": values, "range": None})
    return found


def _named(item: Mapping[str, Any], kind: str, type_: str) -> dict[str, Any]:
    title = item.get("title") or {"zh": item["name"], "en": item["name"]}
    return {"name": item["name"], "title": title, "kind": kind, "type": type_, "operators": list(OPERATORS_OF[type_])}


def _field(item: Mapping[str, Any], kind: str) -> dict[str, Any]:
    shape = item.get("distribution") or {}
    titles = _titles(item)
    counted = [] if item.get("personal") or kind_of(item) else shape.get("values", ())
    values = [{"value": v, "title": titles.get(v), "count": n} for v, n in counted]
    values.sort(key=lambda v: -v["count"])
    told = {v["value"] for v in values}
    if shape.get("kind") == "values":
        values += [{"value": v, "title": t, "count": 0} for v, t in titles.items() if v not in told]
    span = {k: shape.get(k) for k in ("min", "p5", "p50", "p95", "max")} if shape.get("kind") == "numbers" else None
    return _named(item, kind, item["value_type"]) | {"values": values, "range": span}


def _titles(item: Mapping[str, Any]) -> dict[Any, Any]:
    """Title by value; those of yes and no are kept by their names in JSON."""
    titles = dict(item.get("values") or {})
    if item["value_type"] != "boolean":
        return titles
    return {{"true": True, "false": False}.get(value, value): title for value, title in titles.items()}


def _sources(manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    known = sources_in(manifest)
    return [
        {"name": s["name"], "title": s.get("title"), "entity": s.get("entity"), "time": known[s["name"]].time,
         "fields": [_source_field(n, t) for n, t in known[s["name"]].types.items() if n != "customer_id"]}
        for s in manifest.get("sources", ()) if s["name"] in known
    ]  # fmt: skip


def _source_field(name: str, duckdb_type: str) -> dict[str, Any]:
    kind = family(duckdb_type)
    type_ = _TYPES.get(kind, kind)
    return {"name": name, "type": type_, "operators": list(OPERATORS_OF[type_])}


def _functions() -> list[dict[str, Any]]:
    calls = [
        {"name": c.name, "signature": c.signature, "zh": c.zh, "en": c.en, "example": c.example, "group": "behaviour",
         "arguments": list(c.arguments), "names": list(c.names)} for c in CONDITION_CALLS.values()
    ]  # fmt: skip
    plain = [
        {"name": f.name, "signature": f.signature, "zh": f.zh, "en": f.en, "example": f.example, "group": "function",
         "arguments": [], "names": []} for f in PORTABLE.values()
    ]  # fmt: skip
    return [*calls, *plain]


# At the cursor


@dataclass(frozen=True)
class _Open:
    """A call whose bracket is open at the cursor: name, number of the argument there, and the texts given before."""

    name: str
    argument: int
    texts: tuple[str, ...]


@dataclass(frozen=True)
class _Place:
    """Where the cursor stands: the open calls from outside in, the words before, the begun word, and whether a quote is open."""

    calls: tuple[_Open, ...]
    before: tuple[str, ...]
    begun: str
    quoted: bool


def complete(known: Mapping[str, Any], text: str, cursor: int) -> dict[str, Any]:
    """Return what may stand at `cursor` (an offset) in a condition: {start, end, suggestions}.

    `known` is what `completion` gave. The text from `start` to `end` (the cursor) is what a suggestion replaces; suggestions have
    SUGGESTION_KEYS, kind: field, value, source, function, argument, audience, list or word; at most 50, the best first.
    """
    cursor = max(0, min(cursor, len(text)))
    place = _place(text[:cursor])
    offered = list(_offered(known, place))
    begun = place.begun.lower()
    fitting = [s for s in offered if s["text"].strip("'").lower().startswith(begun)]
    fitting += [s for s in offered if s not in fitting and begun and begun in f"{s['text']} {s['title'] or ''}".lower()]
    start = cursor - len(place.begun) - (1 if place.quoted else 0)
    return {"start": start, "end": cursor, "suggestions": fitting[:_MOST]}


def _place(text: str) -> _Place:
    """Read the words before the cursor with the tokenizer of the SQL parser; an open quote is closed for it."""
    from sqlglot import tokenize
    from sqlglot.errors import TokenError

    quoted = False
    try:
        words = list(tokenize(text, read="duckdb"))
    except TokenError:
        quoted = True
        words = list(tokenize(f"{text}'", read="duckdb"))
    begun = ""
    if (quoted and words) or (words and words[-1].end == len(text) - 1 and (words[-1].text.isidentifier())):
        begun = words.pop().text
    calls: list[tuple[str, int, list[str]]] = []
    last = ""
    for token in words:
        if token.token_type.name == "L_PAREN":
            calls.append((last.lower(), 0, []))
        elif token.token_type.name == "R_PAREN" and calls:
            calls.pop()
        elif token.token_type.name == "COMMA" and calls:
            name, argument, texts = calls.pop()
            calls.append((name, argument + 1, texts))
        elif token.token_type.name == "STRING" and calls:
            calls[-1][2].append(token.text)
        last = token.text
    opened = tuple(_Open(name, argument, tuple(texts)) for name, argument, texts in calls)
    return _Place(opened, tuple(t.text for t in words[-100:]), begun, quoted)


def _offered(known: Mapping[str, Any], place: _Place) -> Iterable[dict[str, Any]]:
    call = next((c for c in reversed(place.calls) if c.name in CONDITION_CALLS), None)
    spec = CONDITION_CALLS[call.name] if call is not None else None
    role = ""
    if call is not None and spec is not None:
        at = min(call.argument, len(spec.arguments) - 1) if spec.arguments == ("step",) else call.argument
        role = spec.arguments[at] if at < len(spec.arguments) else "where" if "where" in spec.arguments else ""
    operand = place.before[-1:] and place.before[-1] in ("=", "!=", "<>", "<", "<=", ">", ">=")
    if place.quoted or operand or place.before[-2:-1] == ("in",):
        yield from _values(known, place, role)
        if place.quoted or operand:
            return
    if role in ("source", "step", "audience", "list"):
        yield from _quoted(known, role)
        if role != "step":
            return
        yield _suggestion("step(", "function", None, CONDITION_CALLS["step"].signature)
        yield from _arguments(spec.names if spec else ())
        return
    if role in ("field", "where") and call is not None and call.texts:
        yield from _source_fields(known, call.texts[0])
        yield from _arguments(spec.names if spec else ())
        return
    yield from (_suggestion(f["name"], "field", f["title"], f["type"]) for f in known["fields"])
    yield from _words(known)


def _suggestion(text: str, kind: str, title: Mapping[str, str] | None, detail: str | None) -> dict[str, Any]:
    return {"text": text, "kind": kind, "title": title, "detail": detail}


def _quoted(known: Mapping[str, Any], role: str) -> Iterable[dict[str, Any]]:
    """Names that stand in quotes."""
    if role == "list":
        return [_suggestion(_text(name), "list", None, None) for name in known["lists"]]
    items = known["audiences"] if role == "audience" else known["sources"]
    kind = "audience" if role == "audience" else "source"
    return [_suggestion(_text(i["name"]), kind, i.get("title"), i.get("entity")) for i in items]


def _text(value: str) -> str:
    doubled = value.replace("'", "''")
    return f"'{doubled}'"


def _values(known: Mapping[str, Any], place: _Place, role: str) -> Iterable[dict[str, Any]]:
    """Values of the field that stands before an operator; names, where the quote belongs to a call."""
    if place.before[-1:] in (("(",), (",",)) and role in ("source", "step", "audience", "list"):
        yield from _quoted(known, role)
        return
    fields = {f["name"]: f for f in known["fields"]}
    field = next((fields[w] for w in reversed(place.before) if w in fields), None)
    for value in field["values"] if field is not None else ():
        plain = value["value"]
        shown = _text(plain) if isinstance(plain, str) else str(plain).lower()
        yield _suggestion(shown, "value", value["title"], str(value["count"]))


def _source_fields(known: Mapping[str, Any], source: str) -> Iterable[dict[str, Any]]:
    for item in known["sources"]:
        if item["name"] == source:
            yield from (_suggestion(f["name"], "field", None, f["type"]) for f in item["fields"])


def _arguments(names: Iterable[str]) -> Iterable[dict[str, Any]]:
    return [_suggestion(f"{name} => ", "argument", None, None) for name in names]


def _words(known: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    for function in known["functions"]:
        if function["name"].isidentifier() and function["name"] not in ("step", "case", "and", "or", "not", "in"):
            title = {"zh": function["zh"], "en": function["en"]}
            yield _suggestion(f"{function['name']}(", "function", title, function["signature"])
    yield from (
        _suggestion(word, "word", None, None)
        for word in ("and", "or", "not", "in", "between", "is null", "is not null")
    )
