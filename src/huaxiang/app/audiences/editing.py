"""Audiences written into the project's YAML and removed from it: comments stay, and the file is the old one or the new one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from huaxiang.app.definition_files import (
    DefinitionChanged,
    changed,
    digest_of,
    editing,
    replace_file,
    with_item,
    without_item,
)
from huaxiang.errors import ExpressionError, Issue, Place, ProjectInvalid, Said, UsageError
from huaxiang.spec.loader import Project, load_project
from huaxiang.spec.models import AudienceSpec

if TYPE_CHECKING:
    from huaxiang.plan.predicate import Condition

SAVED_KEYS = ("name", "file", "created", "definition", "digest")
REMOVED_KEYS = ("name", "file", "removed")
NEW_FILE = "audiences/saved.yaml"
NEW = "new"
"""`expected` of an audience that is not to replace another."""
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_KEYS = ("title", "description", "owner", "kind", "when", "list", "frozen_at", "sql")
_HEAD = "# 人群 · Audiences saved by `huaxiang audience save`\naudiences: []\n"


class AudienceChanged(DefinitionChanged):
    """The audience is not as it was read; nothing was written."""


@dataclass(frozen=True)
class Wish:
    """What an audience should be: `keys` of its definition to set (title, description, owner, kind, when, list, frozen_at, sql), None to
    take a key away; others stay. `expected`: `definition_digest` of it, or `digest_of` its file, when it was read; NEW where there must be
    none of its name; None to take what is there now.
    """

    keys: Mapping[str, Any]
    expected: str | None = None


def wish_of(asked: Mapping[str, Any]) -> Wish:
    """What the options of a face mean: when, list_, frozen_at, title, title_en, owner, description; those that are None stay as they are.

    A list makes the audience static, a day frozen, a condition alone dynamic. Raises UsageError when they exclude each other.
    """
    keys: dict[str, Any] = {key: asked[key] for key in ("description", "owner") if asked.get(key) is not None}
    zh, en = asked.get("title"), asked.get("title_en")
    if zh or en:
        keys["title"] = zh if not en else {"zh": zh or en, "en": en}
    when, list_, frozen_at, sql = (asked.get(key) for key in ("when", "list_", "frozen_at", "sql"))
    if sql is not None and (when, list_, frozen_at) != (None, None, None):
        raise UsageError(
            "an audience is either a query or something else: give sql alone",
            "SQL 人群不能同时设 when、list 或 frozen_at",
        )
    if sql is not None:
        keys |= {"kind": "sql", "sql": sql, "when": None, "list": None, "frozen_at": None}
        return Wish(keys)
    if list_ is not None and (when is not None or frozen_at is not None):
        raise UsageError(
            "an audience is either a list or a condition: give --list alone",
            "人群要么是名单，要么是条件：--list 不能与 --when、--frozen-at 同用",
        )
    if list_ is not None:
        keys |= {"kind": "static", "list": list_, "when": None, "frozen_at": None, "sql": None}
    elif frozen_at is not None:
        keys |= {"kind": "frozen", "frozen_at": frozen_at, "list": None, "sql": None} | (
            {"when": when} if when is not None else {}
        )
    elif when is not None:
        keys |= {"kind": None, "when": when, "list": None, "frozen_at": None, "sql": None}
    return Wish(keys)


def file_of(folder: Path, name: str) -> tuple[str, str | None]:
    """The file (relative) that holds an audience, or a new one would go to, and its digest; None when there is no such file yet.

    Raises ProjectInvalid for files that can't be read.
    """
    project = load_project(folder)
    file = project.place("audiences", name).file if name in project.audiences else NEW_FILE
    path = folder / file
    return file, digest_of(path.read_bytes()) if path.is_file() else None


def save_audience(folder: Path, name: str, wish: Wish) -> dict[str, Any]:
    """Write an audience into the project, a new one or in place of the one of that name; return SAVED_KEYS.

    What is there is refused before anything is written: ExpressionError for a condition that can't be read, ProjectInvalid for other
    faults that the project would have and did not have before. UsageError when the file has changed since it was read, or for a bad
    name or key.
    """
    _check_wish(name, wish)
    with editing(folder):
        project = load_project(folder)
        old = project.audiences.get(name)
        file = project.place("audiences", name).file if old is not None else NEW_FILE
        path = folder / file
        before = path.read_bytes() if path.is_file() else None
        _check_expected(file, before, wish.expected, old or name)
        spec = _spec(name, old, wish)
        _check(project, spec)
        text = with_item(before.decode() if before is not None else _HEAD, "audiences", name, wish.keys, _KEYS)
        if isinstance(spec.when, Mapping):
            _check_readable(text, file)
        replace_file(path, before, text)
    return {
        "name": name, "file": file, "created": old is None, "definition": _definition_text(project, spec),
        "digest": digest_of(text.encode()),
    }  # fmt: skip


def remove_audience(folder: Path, name: str, expected: str | None = None) -> dict[str, Any]:
    """Take an audience out of the project's files; return REMOVED_KEYS.

    Raises UsageError for an unknown one, while other definitions name it, or when its file has changed since it was read.
    """
    from huaxiang.app.audiences.graph import readers_of

    with editing(folder):
        project = load_project(folder)
        if name not in project.audiences:
            raise UsageError.unknown("audience", name, project.audiences)
        readers = [f"{kind} {', '.join(names)}" for kind, names in readers_of(project, name).items() if names]
        if readers:
            raise UsageError(
                f'audience "{name}" is still read by {"; ".join(readers)}; change or remove those first',
                f"人群“{name}”还被以下定义使用：{'；'.join(readers)}；请先修改或删除它们",
            )
        file = project.place("audiences", name).file
        before = (folder / file).read_bytes()
        _check_expected(file, before, expected, project.audiences[name])
        replace_file(folder / file, before, without_item(before.decode(), "audiences", name))
    return {"name": name, "file": file, "removed": True}


def _check_wish(name: str, wish: Wish) -> None:
    if not _NAME.fullmatch(name):
        raise UsageError(
            f'"{name}" can\'t be the name of an audience: small letters, digits and _, beginning with a letter, at most 63',
            f"“{name}”不能用作人群名：只能用小写字母、数字和 _，以字母开头，最多 63 个字符；中文名请写在标题里",
        )
    for key in wish.keys:
        if key not in _KEYS:
            raise UsageError.unknown("key", key, _KEYS)


def _spec(name: str, old: AudienceSpec | None, wish: Wish) -> AudienceSpec:
    from pydantic import ValidationError

    from huaxiang.spec.faults import first_fault

    known = old.model_dump(by_alias=True, exclude_unset=True) if old is not None else {}
    keys = {key: value for key, value in (known | {"name": name} | dict(wish.keys)).items() if value is not None}
    try:
        return AudienceSpec.model_validate(keys)
    except ValidationError as error:
        raise UsageError(*first_fault(error, keys, AudienceSpec)) from None


def _check(project: Project, spec: AudienceSpec) -> None:
    """Refuse what the project would have as faults and did not have before."""
    from dataclasses import replace

    from huaxiang.app.audiences.keeping import frozen_issues
    from huaxiang.app.sql_audiences import sql_issues
    from huaxiang.plan.check import check_project
    from huaxiang.plan.columns import customer_types, sources_of_customers
    from huaxiang.plan.predicate import parse_condition
    from huaxiang.run.conditions import list_issues

    changed, old = (
        replace(project, audiences=MappingProxyType({**project.audiences, spec.name: spec})),
        project.audiences.get(spec.name),
    )
    if spec.when is not None:
        found = parse_condition(spec.when, customer_types(changed), sources_of_customers(changed))
        if old is None or old.when != spec.when:
            _check_names(changed, spec, found)

    def issues(one: Project) -> tuple[Issue, ...]:
        return frozen_issues(one, (*check_project(one), *list_issues(one), *sql_issues(one)))

    before = {i.message for i in issues(project)}
    faults = [i for i in issues(changed) if i.severity == "error" and i.message not in before]
    if faults and old is None:  # what is not written yet stands on no line
        faults = [replace(i, place=Place(NEW_FILE)) if i.subject == ("audiences", spec.name) else i for i in faults]
    if faults:
        raise ProjectInvalid(faults)


def _check_names(project: Project, spec: AudienceSpec, condition: Condition) -> None:
    """Raise NameFault, with the place in the condition, for an audience or list that there is not, or an audience that reads this one."""
    from huaxiang.app.condition_names import name_fault
    from huaxiang.plan.columns import read_through
    from huaxiang.plan.conditions import InList
    from huaxiang.store.lists import list_file

    assert spec.when is not None
    others = project.audiences.keys() - {spec.name}
    for name in condition.audiences:
        if name not in project.audiences:
            raise name_fault(spec.when, "audience", name, UsageError.unknown("audience", name, others))
        if name == spec.name:
            said = Said(f'audience "{name}" refers to itself: a circle', f"人群“{name}”引用了自身，形成循环")
            raise name_fault(spec.when, "audience", name, said, "CON005")
        if ("audiences", spec.name) in read_through(project, ("audiences", name)):
            said = Said(
                f'audience "{name}" reads "{spec.name}", which is to read it: a circle',
                f"人群“{name}”引用了“{spec.name}”，不能再被它引用：会形成循环",
            )
            raise name_fault(spec.when, "audience", name, said, "CON005")
    for part in condition.parts.values():
        if isinstance(part, InList):
            try:
                list_file(project.folder, part.name)
            except UsageError as error:
                raise name_fault(spec.when, "list", part.name, error) from None


def _check_readable(text: str, file: str) -> None:
    """Raise ExpressionError for a tree that could not be read again: files have fewer levels and values than a tree can."""
    from huaxiang.spec.yaml_nodes import MAX_DEPTH, read_document

    if read_document(text.encode(), file)[1]:
        raise ExpressionError(
            "EXP012", f"the tree has too many levels or values to be kept in YAML, which takes {MAX_DEPTH} levels; write it as text",
            zh=f"条件树的层数或取值过多，YAML 文件（最多 {MAX_DEPTH} 级）存不下；请写成文本",
        )  # fmt: skip


def _definition_text(project: Project, spec: AudienceSpec) -> str:
    from huaxiang.app.conditions import condition_text
    from huaxiang.plan.columns import customer_types, sources_of_customers

    return spec.sql or condition_text(spec.condition, customer_types(project), sources_of_customers(project))


def _check_expected(file: str, content: bytes | None, expected: str | None, old: AudienceSpec | str) -> None:
    """Raise AudienceChanged unless what is there is what was read; `old`: the audience, or the name of one that is not there."""
    from huaxiang.app.audiences.authoring import definition_digest

    if expected is None or (expected == NEW and isinstance(old, str)):
        return
    if isinstance(old, str):
        raise AudienceChanged(
            f'audience "{old}" is no longer there; nothing was written', f"人群“{old}”已不存在，没有写入任何内容"
        )
    if expected == NEW:
        raise AudienceChanged(
            f'there is an audience "{old.name}" already; nothing was written',
            f"已有名为“{old.name}”的人群，没有写入任何内容",
        )
    if expected not in (definition_digest(old), digest_of(content or b"")):
        told = changed(file)
        raise AudienceChanged(str(told), told.zh)
