"""Identity keys, profile attributes and households."""

from __future__ import annotations

import difflib

from huaxiang.errors import Said, did_you_mean, did_you_mean_zh
from huaxiang.plan.checks.findings import Findings
from huaxiang.plan.columns import ACCOUNT_KEY, ID, attributes_of, field_types, has_accounts, has_customers
from huaxiang.plan.types import common_type, family, several_types, words, words_zh
from huaxiang.spec.canonical import STORED_AS
from huaxiang.spec.models import AttributeFrom, AttributeSpec, HouseholdSpec

CUSTOMER_KEY = "customer_key"
"""The field that identifies customers when a project names no identity key."""


def check(found: Findings, codes: frozenset[str]) -> None:
    """Check identity keys, then attributes and households."""
    mapped = {f for s in found.project.sources.values() if s.entity != "reference" for f in s.columns}
    seen: dict[str, str] = {}
    for key in found.project.identity.values():
        at = ("identity", key.name)
        if key.field not in mapped:
            found.add(
                at,
                ("field",),
                "IDN001",
                Said(
                    f'no source maps the field "{key.field}"{did_you_mean(key.field, mapped)}',
                    f"没有数据源映射字段“{key.field}”{did_you_mean_zh(key.field, mapped)}",
                ),
            )
        if key.field in seen:
            found.add(
                at,
                ("field",),
                "IDN002",
                Said(
                    f'identity key "{seen[key.field]}" already uses the field "{key.field}"; keep one',
                    f"标识键“{seen[key.field]}”已使用字段“{key.field}”；请保留一个",
                ),
            )
        seen.setdefault(key.field, key.name)
    _check_texts(found, set(seen) or {CUSTOMER_KEY})
    for attribute in found.project.attributes.values():
        _check_attribute(found, attribute, codes)
    for household in found.project.households.values():
        _check_household(found, household)


def _check_texts(found: Findings, fields: set[str]) -> None:
    """Keys are compared as texts: as numbers they would lose leading zeros, and differ between sources."""
    for source in found.project.sources.values():
        types = field_types(found.project, source) if source.entity != "reference" else {}
        for field in sorted(fields & set(source.columns)):
            if types[field] != "VARCHAR":
                message = Said(
                    f'"{field}" identifies customers and must be text, but is {words(types[field])}; write type: text',
                    f"“{field}”用于识别客户，必须是文本，而它是{words_zh(types[field])}；请写 type: text",
                )
                found.add(("sources", source.name), ("columns", field), "IDN003", message)


def _check_attribute(found: Findings, spec: AttributeSpec, codes: frozenset[str]) -> None:
    at = ("attributes", spec.name)
    if spec.name == ID:
        found.add(
            at,
            ("name",),
            "ATR007",
            Said(f'"{ID}" is made by the build; choose another name', f"“{ID}”由构建生成；请换一个名称"),
        )
    near = difflib.get_close_matches(spec.name, sorted(codes), n=1, cutoff=0.87) if spec.name not in codes else []
    if near:
        message = Said(
            f'is not in the catalogue and counts as your own; did you mean "{near[0]}"?',
            f"不在属性目录中，视为自定义；是不是“{near[0]}”？",
        )
        found.add(at, ("name",), "ATR003", message, warning=True)
    _check_form(found, spec)
    types = [_check_origin(found, spec, number, origin) for number, origin in enumerate(spec.origins)]
    known = [t for t in types if t is not None]
    if not known or len(known) < len(types):
        return
    try:
        value = common_type(known)
    except TypeError:
        found.add(at, ("from",), "ATR009", several_types(known))
        return
    if spec.pick == "union" and value != "VARCHAR":
        message = Said(
            f"union collects texts, but the value is {words(value)}; cast it, or pick another way",
            f"union 汇集文本，而取值是{words_zh(value)}；请转换，或换一种 pick",
        )
        found.add(at, ("pick",), "ATR005", message)
    if spec.type is not None and spec.pick != "union" and family(STORED_AS[spec.type]) != family(value):
        message = Said(
            f"type says {spec.type}, but the value is {words(value)}; cast it, or remove the type",
            f"type 写的是 {spec.type}，而取值是{words_zh(value)}；请转换，或删去 type",
        )
        found.add(at, ("type",), "ATR006", message)


def _check_form(found: Findings, spec: AttributeSpec) -> None:
    """Check that it is written in one of the two forms, and that what `ordered` needs is there."""
    at = ("attributes", spec.name)
    one = [k for k, v in (("source", spec.source), ("value", spec.value)) if v is not None]
    if spec.from_ and one:
        found.add(
            at,
            (one[0],),
            "ATR008",
            Said(
                "says both `from` and `source` or `value`; keep one of the two forms",
                "同时写了 from 与 source 或 value；两种写法请保留一种",
            ),
        )
    elif not spec.from_ and len(one) < 2:
        if one:
            missing = missing_zh = "`value`" if one == ["source"] else "`source`"
        else:
            missing, missing_zh = "`source` and `value`, or `from`", "`source` 与 `value`，或 `from`"
        found.add(
            at,
            ("name",),
            "ATR008",
            Said(
                f"lacks {missing}: where does it come from?",
                f"缺少 {missing_zh}：取值来自哪里？",
            ),
        )
    if spec.pick == "ordered" and not spec.order:
        message = Said(
            "pick ordered takes the value that stands first in `order`, which is empty; list the values",
            "pick ordered 取 order 中排在最前的值，而 order 是空的；请列出取值",
        )
        found.add(at, ("pick",), "ATR010", message)


def _check_origin(found: Findings, spec: AttributeSpec, number: int, origin: AttributeFrom) -> str | None:
    """Check one source of an attribute and return the type of its value."""
    at, sources = ("attributes", spec.name), found.project.sources
    base: tuple[str | int, ...] = ("from", number) if spec.from_ else ()
    source = sources.get(origin.source)
    if source is None:
        message = Said(
            f'unknown source "{origin.source}"{did_you_mean(origin.source, sources)}',
            f"没有名为“{origin.source}”的数据源{did_you_mean_zh(origin.source, sources)}",
        )
        found.add(at, (*base, "source"), "ATR001", message)
        return None
    if spec.of == "account" and not has_accounts(source):
        message = Said(
            f'source "{source.name}" has no accounts; use one that maps {ACCOUNT_KEY}',
            f"数据源“{source.name}”没有企业客户；请用映射了 {ACCOUNT_KEY} 的数据源",
        )
        found.add(at, (*base, "source"), "ATR011", message)
        return None
    if spec.of == "customer" and not has_customers(found.project, source):
        message = Said(
            f'source "{source.name}" has no customers; use one that maps an identity key',
            f"数据源“{source.name}”没有客户；请用映射了标识键的数据源",
        )
        found.add(at, (*base, "source"), "ATR002", message)
        return None
    checked = found.expression(at, (*base, "value"), origin.value, field_types(found.project, source))
    return checked.type if checked is not None else None


def _check_household(found: Findings, spec: HouseholdSpec) -> None:
    """Check that a household is recognised by attributes of customers that are there."""
    at = ("households", spec.name)
    own = {a.name for a in attributes_of(found.project, "customer")}
    named = [(("address",), spec.address), *((("also", n), name) for n, name in enumerate(spec.also))]
    for path, name in named:
        if name not in own:
            message = Said(
                f'{path[0]}: unknown attribute "{name}"{did_you_mean(name, own)}; declare it under `attributes`',
                f"{path[0]}：没有名为“{name}”的属性{did_you_mean_zh(name, own)}；请在 attributes 中声明",
            )
            found.add(at, path, "HSH001", message)
        elif path == ("address",) and found.types.get(name, "VARCHAR") != "VARCHAR":
            found.add(
                at,
                path,
                "HSH002",
                Said(
                    f'address: "{name}" must be text, but is {words(found.types[name])}',
                    f"address：“{name}”必须是文本，而它是{words_zh(found.types[name])}",
                ),
            )
