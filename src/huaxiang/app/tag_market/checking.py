"""A tag as somebody writes it in a form, checked with the whole project: every fault at its place in the form, in both languages."""

from __future__ import annotations

import re
import weakref
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from huaxiang.app.attributes import sensitive_issues
from huaxiang.app.catalogue import load_catalogue
from huaxiang.errors import ExpressionError, Issue, Place
from huaxiang.plan.check import check_project
from huaxiang.plan.columns import customer_types, field_types
from huaxiang.plan.expr import check_expression
from huaxiang.plan.predicate import parse_condition
from huaxiang.spec.faults import issues_of
from huaxiang.spec.loader import Project
from huaxiang.spec.models import BandsTag, DefinitionFile, ExpressionTag, LayeredTag, RuleTag, StatisticTag, Tag
from huaxiang.spec.yaml_nodes import Document, Path

TOLD_KEYS = ("pointer", "place", "code", "severity", "message", "span")
"""`pointer`: the key at fault, parts joined by `/` (`layers/0/when`), None for a fault of another definition, whose `place` is told."""
_Text = tuple[tuple[str | int, ...], Callable[[], object]]
_known: weakref.WeakKeyDictionary[Project, frozenset[str]] = weakref.WeakKeyDictionary()


@dataclass(frozen=True)
class Checked:
    """A definition that was checked: the tag and the project with it, None where it can't be read at all; `issues` have TOLD_KEYS."""

    spec: Tag | None
    project: Project | None
    issues: tuple[dict[str, Any], ...]

    @property
    def valid(self) -> bool:
        """Whether it has no errors; it may have warnings."""
        return self.spec is not None and not any(issue["severity"] == "error" for issue in self.issues)


class _Pointers(Document):
    """Gives the path of a key instead of a line."""

    def place(self, path: Path) -> Place:
        return Place("/".join(str(part) for part in path))


class _Within(_Pointers):
    """The same within a file that holds this definition alone."""

    def place(self, path: Path) -> Place:
        return super().place(path[2:])


def check_definition(project: Project, definition: Mapping[str, Any]) -> Checked:
    """Check a tag in place of the one of its name, or beside the others. Faults that the project has without it are not told."""
    data = {"tags": [dict(definition)]}
    try:
        spec: Tag = DefinitionFile.model_validate(data).tags[0]
    except ValidationError as error:
        faults = issues_of(error.errors(include_url=False), _Within("", data), DefinitionFile)
        return Checked(None, None, tuple(_told(issue, own=True) for issue in faults))
    at = ("tags", spec.name)
    changed = replace(
        project, tags=MappingProxyType({**project.tags, spec.name: spec}),
        positions=MappingProxyType({**project.positions, at: (_Pointers("", definition), ())}),
    )  # fmt: skip
    before = _messages(project)
    faults = tuple(i for i in _issues(changed) if i.subject == at or i.message not in before)
    closer = dict(_closer(changed, spec))
    told = [_told(issue, own=issue.subject == at, closer=closer.get(issue.place.file)) for issue in faults]
    return Checked(spec, changed, tuple(told))


def _issues(project: Project) -> tuple[Issue, ...]:
    return (*check_project(project, codes=frozenset(load_catalogue())), *sensitive_issues(project))


def _messages(project: Project) -> frozenset[str]:
    found = _known.get(project)
    if found is None:
        found = _known[project] = frozenset(issue.message for issue in _issues(project) if issue.severity == "error")
    return found


def _told(issue: Issue, *, own: bool, closer: ExpressionError | None = None) -> dict[str, Any]:
    same = closer is not None and closer.code == issue.code
    message, zh = issue.said if own else (issue.message, issue.zh)  # everybody sees which tag it is
    if same and closer is not None:
        zh = closer.said.zh
    return {
        "pointer": _pointer(issue) if own else None, "place": None if own else str(issue.place), "code": issue.code,
        "severity": issue.severity, "message": {"en": message, "zh": zh},
        "span": list(closer.span) if same and closer is not None and closer.span else None,
    }  # fmt: skip


def _pointer(issue: Issue) -> str:
    """The key at fault; of a missing one the key itself."""
    missing = re.search(r'the key "(\w+)"', issue.message) if issue.code == "SPEC002" else None
    return "/".join(part for part in (issue.place.file, missing[1] if missing else "") if part)


def _closer(project: Project, spec: Tag) -> Iterator[tuple[str, ExpressionError]]:
    """What the expressions of a tag are refused for, by pointer: in both languages, with the place within the text."""
    for path, check in _texts(project, spec):
        try:
            check()
        except ExpressionError as error:
            yield "/".join(map(str, path)), error
        except KeyError:  # of a source that is not known, which is told elsewhere
            continue


def _texts(project: Project, spec: Tag) -> Iterator[_Text]:
    types = {name: kind for name, kind in customer_types(project).items() if name not in project.clusterings}
    match spec:
        case RuleTag():
            yield ("when",), lambda: parse_condition(spec.when, types)
        case LayeredTag():
            for i, layer in enumerate(spec.layers):
                yield ("layers", i, "when"), lambda when=layer.when: parse_condition(when, types)  # type: ignore[misc]
        case ExpressionTag():
            yield ("value",), lambda: check_expression(spec.value, types)
        case BandsTag():
            yield ("of",), lambda: check_expression(spec.of, types)
        case StatisticTag():
            for key in ("of", "by", "where", "share_of"):
                text = getattr(spec, key)
                if text is not None:
                    yield (key,), lambda text=text, key=key: _field(project, spec, text, key)  # type: ignore[misc]


def _field(project: Project, spec: StatisticTag, text: str, key: str) -> object:
    fields = field_types(project, project.sources[spec.source])
    return check_expression(text, fields, boolean=key in ("where", "share_of"))
