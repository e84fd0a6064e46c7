"""Names of audiences and lists in a condition that there are not: told as other faults of conditions are, at their place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Literal, NamedTuple

from huaxiang.app.conditions import When
from huaxiang.errors import HuaxiangError, Said, UsageError
from huaxiang.plan.predicate import ConditionError

Kind = Literal["audience", "list"]
_CODES: Mapping[Kind, str] = MappingProxyType({"audience": "CON004", "list": "CON012"})
_BELOW = ("all", "any", "not", "among")
_TEXTS = ("sql", *_BELOW)
Path = tuple[str | int, ...]


class NameFault(ConditionError, UsageError):
    """A condition names an audience or a list that there is not, or itself."""


class _Found(NamedTuple):
    path: Path
    span: tuple[int, int] | None = None
    text: str = ""


def name_fault(when: When, kind: Kind, name: str, said: HuaxiangError | Said, code: str = "") -> NameFault:
    """The fault of a name, with its place in the text or tree `when` where it is there. `code`: that of an unknown name if not given."""
    told = said if isinstance(said, Said) else Said(str(said), said.zh)
    place = next(_places(when, kind, name, ()), _Found(()))
    fault = NameFault(code or _CODES[kind], told, place.path, place.span)
    fault.locate(place.text)
    return fault


def _places(part: object, kind: Kind, name: str, path: Path) -> Iterator[_Found]:
    """Where a condition names it, from left to right."""
    if isinstance(part, str):
        quoted = re.escape("'" + name.replace("'", "''") + "'")
        for found in re.finditer(rf"\bin_{kind}\s*\(\s*({quoted})\s*\)", part, re.IGNORECASE):
            yield _Found(path, found.span(1), part)
    elif isinstance(part, Mapping):
        if part.get(kind) == name:
            yield _Found((*path, kind))
        for key in _TEXTS:
            if key in part:
                yield from _places(part[key], kind, name, (*path, key))
    elif isinstance(part, Sequence) and path and path[-1] in _BELOW:
        for number, one in enumerate(part):
            yield from _places(one, kind, name, (*path, number))
