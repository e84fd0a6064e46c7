"""Sources: derived fields, earliest days, currencies and units of columns."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from huaxiang.errors import Said, did_you_mean, did_you_mean_zh
from huaxiang.plan.checks.findings import Findings
from huaxiang.plan.columns import ID, declared_type
from huaxiang.spec import units
from huaxiang.spec.canonical import DERIVED
from huaxiang.spec.models import ColumnSpec, SourceSpec

_TIMES = ("date", "datetime")
_NUMBERS = ("integer", "number")


def check(found: Findings) -> None:
    """Check what the columns of every source derive and convert."""
    for source in found.project.sources.values():
        taken: dict[str, str] = {}
        for field, spec in _mapped(source):
            _check_derive(found, source, field, spec, taken)
            _check_kinds(found, source, field, spec)
            _check_currency(found, source, field, spec)
            _check_unit(found, source, field, spec)


def _mapped(source: SourceSpec) -> Iterator[tuple[str, ColumnSpec]]:
    return ((field, spec) for field, spec in source.columns.items() if isinstance(spec, ColumnSpec))


def _check_derive(found: Findings, source: SourceSpec, field: str, spec: ColumnSpec, taken: dict[str, str]) -> None:
    at = ("sources", source.name)
    kind = declared_type(source, field)
    if spec.derive and kind not in DERIVED:
        message = Said(
            f'field "{field}" has type {kind}; "derive" is only for {", ".join(sorted(DERIVED))}',
            f"字段“{field}”的类型是 {kind}；derive 只用于 {'、'.join(sorted(DERIVED))}",
        )
        found.add(at, ("columns", field, "derive"), "SRC004", message)
        return
    looked_up = {new for lookup in source.lookups for new in lookup.take}
    for new, part in (spec.derive or {}).items():
        path = ("columns", field, "derive", new)
        if part not in DERIVED[kind]:
            message = Said(
                f'field "{field}": {kind} has no part "{part}"{did_you_mean(part, DERIVED[kind])}',
                f"字段“{field}”：{kind} 没有“{part}”这一部分{did_you_mean_zh(part, DERIVED[kind])}",
            )
            found.add(at, path, "SRC030", message)
        owner = (
            Said("made by the build", "由构建产生") if new == ID
            else Said("already a field of the file", "已是文件的字段") if new in source.columns
            else Said(f'already derived from "{taken[new]}"', f"已由“{taken[new]}”派生") if new in taken
            else Said("already taken by a lookup", "已被查找（lookup）使用") if new in looked_up else None
        )  # fmt: skip
        if owner is not None:
            found.add(
                at,
                path,
                "SRC031",
                Said(
                    f'field "{field}": "{new}" is {owner.en}; derive it under another name',
                    f"字段“{field}”：“{new}”{owner.zh}；请换名派生",
                ),
            )
        taken.setdefault(new, field)


def _check_kinds(found: Findings, source: SourceSpec, field: str, spec: ColumnSpec) -> None:
    kind = declared_type(source, field)
    limits: tuple[tuple[str, bool, tuple[str, ...]], ...] = (
        ("not_before", spec.not_before is not None, _TIMES),
        ("currency", spec.currency is not None, ("money",)),
        ("convert_to", spec.convert_to is not None, _NUMBERS),
    )
    for key, is_set, kinds in limits:
        if is_set and kind not in kinds:
            message = Said(
                f'field "{field}" has type {kind}; "{key}" is only for {", ".join(kinds)}',
                f"字段“{field}”的类型是 {kind}；“{key}”只用于 {'、'.join(kinds)}",
            )
            found.add(("sources", source.name), ("columns", field, key), "SRC004", message)
    if spec.not_before is not None and not _is_day(spec.not_before):
        message = Said(
            f'field "{field}": there is no day {spec.not_before}', f"字段“{field}”：没有 {spec.not_before} 这一天"
        )
        found.add(("sources", source.name), ("columns", field, "not_before"), "SRC034", message)


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _check_currency(found: Findings, source: SourceSpec, field: str, spec: ColumnSpec) -> None:
    project = found.project.spec
    if spec.currency is None or spec.currency == project.currency:
        return
    if not project.rates.get(spec.currency, 0.0) > 0:
        known, known_zh = (", ".join(sorted(project.rates)) or none for none in ("none", "无"))
        message = Said(
            f'field "{field}": huaxiang.yaml has no rate of {spec.currency} (it has: {known}); add it to `rates`',
            f"字段“{field}”：huaxiang.yaml 没有 {spec.currency} 的汇率（已有：{known_zh}）；请加入 rates",
        )
        found.add(("sources", source.name), ("columns", field, "currency"), "SRC032", message)


def _check_unit(found: Findings, source: SourceSpec, field: str, spec: ColumnSpec) -> None:
    if spec.convert_to is None:
        return
    at, path = ("sources", source.name), ("columns", field, "convert_to")
    for unit in (spec.convert_to, *((spec.unit,) if spec.unit else ())):
        if units.find_unit(unit) is None:
            message = Said(
                f'field "{field}": unknown unit "{unit}"{did_you_mean(unit, units.units())}',
                f"字段“{field}”：没有单位“{unit}”{did_you_mean_zh(unit, units.units())}",
            )
            found.add(at, path, "SRC033", message)
            return
    if spec.unit and units.factor(spec.unit, spec.convert_to) is None:
        message = Said(
            f'field "{field}": {spec.unit} and {spec.convert_to} don\'t measure the same',
            f"字段“{field}”：{spec.unit} 与 {spec.convert_to} 不是同类单位",
        )
        found.add(at, path, "SRC033", message)
