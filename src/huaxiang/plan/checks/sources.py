"""Sources: files and their columns, the mapping, lookups, row conditions."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator

from huaxiang.errors import HuaxiangError, Said, SourceError, did_you_mean, did_you_mean_zh
from huaxiang.plan.checks.findings import Findings
from huaxiang.plan.checks.origins import EVENT_FORMATS, check_origin, may_be_asked
from huaxiang.plan.checks.project import is_timezone
from huaxiang.plan.columns import (
    ID,
    declared_type,
    field_types,
    has_accounts,
    has_customers,
    identity_fields,
    time_field,
)
from huaxiang.spec.canonical import FIELDS, STORED_AS
from huaxiang.spec.models import ColumnSpec, SourceSpec
from huaxiang.spec.sources import columns_read
from huaxiang.spec.vocabulary import standard_words

_NUMBERS = ("integer", "number", "money")
_TIMES = ("date", "datetime")
_WHAT_ZH = {"file": "文件", "database": "数据库"}
Headers = Callable[[SourceSpec], tuple[str, ...] | None]


def check(found: Findings, headers: Headers | None) -> None:
    """Check every source; with `headers` also against its files."""
    for source in found.project.sources.values():
        at = ("sources", source.name)
        check_origin(found, source, at)
        _check_customers(found, source, at)
        for field, written in source.columns.items():
            if isinstance(written, ColumnSpec):
                _check_column(found, source, field, written, at)
        _check_names(found, source, at)
        _check_lookups(found, source, at)
        types = field_types(found.project, source)
        for i, field in enumerate(source.unique):
            if field not in types:
                found.add(
                    at,
                    ("unique", i),
                    "SRC007",
                    Said(
                        f'unique: unknown field "{field}"{did_you_mean(field, types)}',
                        f"unique：没有名为“{field}”的字段{did_you_mean_zh(field, types)}",
                    ),
                )
        if source.where is not None:
            found.expression(at, ("where",), source.where, {t: v for t, v in types.items() if t != ID}, boolean=True)
        if headers is not None:
            _check_files(found, source, headers, at)


def _check_customers(found: Findings, source: SourceSpec, at: tuple[str, str]) -> None:
    its_own = source.entity == "account" and has_accounts(source)
    if source.entity != "reference" and not its_own and not has_customers(found.project, source):
        keys = ", ".join(sorted(identity_fields(found.project)))
        message = Said(
            f"no field says whose rows these are; map one of the identity keys ({keys}), or make it entity: reference",
            f"没有字段说明这些行属于哪位客户；请映射一个标识键（{keys}），或改为 entity: reference",
        )
        found.add(at, ("columns",), "SRC009", message)
    time = time_field(source)
    if time is not None and declared_type(source, time) not in _TIMES:
        kind = declared_type(source, time)
        found.add(
            at,
            ("columns", time),
            "SRC008",
            Said(
                f'field "{time}" dates the rows; its type must be date or datetime, not {kind}',
                f"字段“{time}”给各行标注日期，类型必须是 date 或 datetime，而不是 {kind}",
            ),
        )


def _check_column(found: Findings, source: SourceSpec, field: str, spec: ColumnSpec, at: tuple[str, str]) -> None:
    kind = declared_type(source, field)
    path = ("columns", field)
    limits: tuple[tuple[str, bool, tuple[str, ...]], ...] = (
        ("format", spec.format is not None, _TIMES),
        ("not_after_as_of", spec.not_after_as_of, _TIMES),
        ("timezone", spec.timezone is not None, ("datetime",)),
        ("scale", spec.scale is not None, _NUMBERS),
        ("minimum", spec.minimum is not None, _NUMBERS),
        ("maximum", spec.maximum is not None, _NUMBERS),
        ("separator", spec.separator is not None, ("list",)),
    )
    for key, is_set, kinds in limits:
        if is_set and kind not in kinds:
            message = Said(
                f'field "{field}" has type {kind}; "{key}" is only for {", ".join(kinds)}',
                f"字段“{field}”的类型是 {kind}；“{key}”只用于 {'、'.join(kinds)}",
            )
            found.add(at, (*path, key), "SRC004", message)
    if isinstance(spec.from_, tuple):
        _check_joined(found, field, spec.from_, kind, at)
    if spec.minimum is not None and spec.maximum is not None and spec.minimum > spec.maximum:
        found.add(
            at,
            (*path, "minimum"),
            "SRC011",
            Said(
                f'field "{field}": minimum {spec.minimum:g} is above maximum {spec.maximum:g}',
                f"字段“{field}”：minimum {spec.minimum:g} 大于 maximum {spec.maximum:g}",
            ),
        )
    if spec.timezone is not None and not is_timezone(spec.timezone):
        message = Said(
            f'field "{field}": unknown timezone "{spec.timezone}"; write e.g. UTC or Asia/Shanghai',
            f"字段“{field}”：没有名为“{spec.timezone}”的时区；请写如 UTC 或 Asia/Shanghai",
        )
        found.add(at, (*path, "timezone"), "SRC015", message)
    _check_vocabulary(found, field, spec, kind, at)


def _check_joined(found: Findings, field: str, columns: tuple[str, ...], kind: str, at: tuple[str, str]) -> None:
    """Several columns give a text, of columns that differ."""
    message = None
    if kind != "text":
        message = Said(
            f'field "{field}" has type {kind}; several columns give a text: write one column, or type: text',
            f"字段“{field}”的类型是 {kind}；多列合成的是文本：请只写一列，或写 type: text",
        )
    elif len(set(columns)) < len(columns):
        message = Said(
            f'field "{field}": "from" lists a column twice; each is joined once',
            f"字段“{field}”：from 中同一列写了两次；每列只合并一次",
        )
    if message is not None:
        found.add(at, ("columns", field, "from"), "SRC023", message)


def _check_vocabulary(found: Findings, field: str, spec: ColumnSpec, kind: str, at: tuple[str, str]) -> None:
    standard = standard_words().get(kind)
    owner: dict[str, str] = {}
    for value, synonyms in (spec.vocabulary or {}).items():
        path = ("columns", field, "vocabulary", value)
        for word in {value, *([synonyms] if isinstance(synonyms, str) else synonyms)}:
            folded = word.strip().lower()
            if owner.setdefault(folded, value) != value:
                message = Said(
                    f'field "{field}": "{word}" stands for both "{owner[folded]}" and "{value}"; keep one',
                    f"字段“{field}”：“{word}”既代表“{owner[folded]}”又代表“{value}”；请保留一个",
                )
                found.add(at, path, "SRC005", message)
        if standard is not None and value not in standard:
            message = Said(
                f'field "{field}": "{value}" is no standard {kind} value{did_you_mean(value, standard)}',
                f"字段“{field}”：“{value}”不是 {kind} 的标准取值{did_you_mean_zh(value, standard)}",
            )
            found.add(at, path, "SRC014", message, warning=True)


def _check_names(found: Findings, source: SourceSpec, at: tuple[str, str]) -> None:
    """Reserved names, and fields of the project's own that look like a misspelt canonical one."""
    canonical = FIELDS[source.entity]
    for field in source.columns:
        if field == ID:
            found.add(
                at,
                ("columns", field),
                "SRC012",
                Said(
                    f'"{ID}" is made by the build; call the field customer_key',
                    f"“{ID}”由构建生成；请把字段命名为 customer_key",
                ),
            )
        near = difflib.get_close_matches(field, [c for c in canonical if c not in source.columns], n=1, cutoff=0.85)
        if near and field not in canonical:
            message = Said(
                f'field "{field}" is your own; did you mean the canonical "{near[0]}"?',
                f"字段“{field}”是自定义的；是不是标准字段“{near[0]}”？",
            )
            found.add(at, ("columns", field), "SRC010", message, warning=True)


def _check_lookups(found: Findings, source: SourceSpec, at: tuple[str, str]) -> None:
    sources = found.project.sources
    for i, lookup in enumerate(source.lookups):
        path = ("lookups", i)
        other = sources.get(lookup.source)
        if lookup.on not in source.columns:
            found.add(
                at,
                (*path, "on"),
                "SRC006",
                Said(
                    f'lookup: unknown field "{lookup.on}"{did_you_mean(lookup.on, source.columns)}',
                    f"lookup：没有名为“{lookup.on}”的字段{did_you_mean_zh(lookup.on, source.columns)}",
                ),
            )
        if other is None:
            references = [s.name for s in sources.values() if s.entity == "reference"]
            found.add(
                at,
                (*path, "source"),
                "SRC006",
                Said(
                    f'lookup: unknown source "{lookup.source}"{did_you_mean(lookup.source, references)}',
                    f"lookup：没有名为“{lookup.source}”的数据源{did_you_mean_zh(lookup.source, references)}",
                ),
            )
            continue
        if other.entity != "reference":
            message = Said(
                f'lookup: source "{other.name}" has entity {other.entity}; only a reference can be looked up',
                f"lookup：数据源“{other.name}”的 entity 是 {other.entity}；只能查找 reference",
            )
            found.add(at, (*path, "source"), "SRC006", message)
        key = lookup.key or lookup.on
        wanted = [("key" if lookup.key else "on", key), *((f"take.{new}", field) for new, field in lookup.take.items())]
        for where, field in wanted:
            if field not in other.columns:
                message = Said(
                    f'lookup: source "{other.name}" has no field "{field}"{did_you_mean(field, other.columns)}',
                    f"lookup：数据源“{other.name}”没有字段“{field}”{did_you_mean_zh(field, other.columns)}",
                )
                found.add(at, (*path, *where.split(".", 1)), "SRC006", message)
        _check_lookup_types(found, source, i, at)


def _check_lookup_types(found: Findings, source: SourceSpec, number: int, at: tuple[str, str]) -> None:
    lookup = source.lookups[number]
    other = found.project.sources[lookup.source]
    key = lookup.key or lookup.on
    if lookup.on in source.columns and key in other.columns:
        ours, theirs = (STORED_AS[declared_type(s, f)] for s, f in ((source, lookup.on), (other, key)))
        if ours != theirs:
            message = Said(
                f'lookup: "{lookup.on}" is {ours} here, but "{key}" of "{other.name}" is {theirs}; give both one type',
                f"lookup：这里的“{lookup.on}”是 {ours}，而“{other.name}”的“{key}”是 {theirs}；请统一类型",
            )
            found.add(at, ("lookups", number, "on"), "SRC006", message)
    for new in lookup.take:
        if new in source.columns:
            message = Said(
                f'lookup: "{new}" is already a field of this source; take it under another name',
                f"lookup：“{new}”已是该数据源的字段；请换名取用",
            )
            found.add(at, ("lookups", number, "take", new), "SRC006", message)


def _check_files(found: Findings, source: SourceSpec, headers: Headers, at: tuple[str, str]) -> None:
    if (not source.files and source.database is None) or not may_be_asked(source):
        return
    key, what = ("files", "file") if source.database is None else ("database", "database")
    try:
        header = headers(source)
    except HuaxiangError as error:
        reason = error.reason if isinstance(error, SourceError) else Said(str(error), error.zh)
        said = Said(f"the {what} can't be read: {reason.en}", f"{_WHAT_ZH[what]}无法读取：{reason.zh}")
        found.add(at, (key,), "SRC002", said)
        return
    if header is None:
        files = source.files if isinstance(source.files, str) else ", ".join(source.files)
        found.add(
            at,
            ("files",),
            "SRC001",
            Said(
                f"no file found at {files} (seen from the project folder)", f"在 {files} 没有找到文件（相对项目文件夹）"
            ),
        )
        return
    _check_asked(found, source, header, at)
    for column, path in _columns_read(source):
        if column not in header:
            near, near_zh = did_you_mean(column, header), did_you_mean_zh(column, header)
            if source.format in EVENT_FORMATS:  # a rare property may occur further down, or on another day
                message = Said(
                    f'the first records of the files have no "{column}"{near}',
                    f"文件开头的记录中没有“{column}”{near_zh}",
                )
                found.add(at, path, "SRC021", message, warning=True)
            else:
                found.add(
                    at,
                    path,
                    "SRC003",
                    Said(f'the {what} has no column "{column}"{near}', f"{_WHAT_ZH[what]}没有列“{column}”{near_zh}"),
                )


def _columns_read(source: SourceSpec) -> Iterator[tuple[str, tuple[str | int, ...]]]:
    """Each column that the mapping names, and where it is written."""
    for field, written in source.columns.items():
        path: tuple[str | int, ...] = ("columns", field)
        if isinstance(written, ColumnSpec) and written.from_:
            path = (*path, "from")
        several = isinstance(written, ColumnSpec) and isinstance(written.from_, tuple)
        for i, column in enumerate(columns_read(field, written)):
            yield column, (*path, i) if several else path


def _check_asked(found: Findings, source: SourceSpec, header: tuple[str, ...], at: tuple[str, str]) -> None:
    """The columns that a database is asked by: its key and cursor."""
    spec = source.database
    if spec is None:
        return
    for i, column in enumerate(spec.key):
        if column not in header:
            message = Said(
                f'database: the key names no column "{column}"{did_you_mean(column, header)}',
                f"database：key 中的“{column}”不是列{did_you_mean_zh(column, header)}",
            )
            found.add(at, ("database", "key", i), "SRC022", message)
    if spec.cursor is not None and spec.cursor not in header:
        message = Said(
            f'database: the cursor names no column "{spec.cursor}"{did_you_mean(spec.cursor, header)}',
            f"database：cursor “{spec.cursor}”不是列{did_you_mean_zh(spec.cursor, header)}",
        )
        found.add(at, ("database", "cursor"), "SRC022", message)
