"""The life of a tag: draft → approved and online → offline, and changes of what is online, which wait for approval as well.

The state stands in the project's file (`status`), where builds read it. Who did what, when and why stands in the state database, with each
text of the definition, and so do changes that are proposed for a tag that is online: its file stays as it is until they are approved.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from huaxiang.app.definition_files import editing
from huaxiang.app.rights import Caller, require
from huaxiang.app.tag_market import definitions
from huaxiang.app.tag_market.projects import project_now
from huaxiang.app.tag_market.readers import impact
from huaxiang.app.tag_market.refusals import EditConflict, InUse
from huaxiang.errors import AccessDenied, UsageError
from huaxiang.spec.loader import Project

if TYPE_CHECKING:
    from huaxiang.spec.models import Tag
    from huaxiang.store.state import StateStore

SAVED_KEYS = ("name", "status", "review", "digest", "file", "created", "warnings")
REVIEW_KEYS = ("action", "who", "at", "note")
EVENT_KEYS = ("number", "at", "who", "role", "action", "note", "definition")
Action = Literal["submit", "approve", "reject", "withdraw", "offline", "online"]
KIND = "tag"
_WAITING = frozenset({"submit", "propose"})
_AUTHORED = frozenset({"save", "propose"})


@dataclass(frozen=True)
class Change:
    """What is asked for of a tag: by whom, and with which note. `expected`: digest of the definition as it was read, None for a new tag."""

    caller: Caller
    expected: str | None
    note: str | None = None


def save_tag(folder: Path, state: StateStore, definition: Mapping[str, Any], change: Change) -> dict[str, Any]:
    """Write a tag; return SAVED_KEYS. A new one is a draft; one that is online keeps its text until the new one is approved, unless only
    its words change (title, description, owner).

    Raises DefinitionFaults, EditConflict when the tag is not as expected, UsageError.
    """
    wanted = definitions.tidy(definition)
    name = str(wanted.get("name", ""))
    with editing(folder):
        project = project_now(folder)
        old = project.tags.get(name)
        _check_expected(state, project, name, change.expected)
        status = old.status if old is not None else "draft"
        wanted = definitions.tidy(wanted | {"status": status})
        found = definitions.checked(project, wanted)
        spec = _spec(found.spec)
        pending = review_of(_last(state, name))
        if (
            old is None
            or status != "online"
            or (pending is None and definitions.same_figures(definitions.definition_of(old), wanted))
        ):
            _note_first(state, old)
            file = definitions.write_tag(project, spec)
            _note(state, change, name, "save", (definitions.definition_of(spec), definitions.digest_of_tag(spec)))
        else:
            file = project.place("tags", name).file
            _note_first(state, old)
            _note(state, change, name, "propose", (definitions.definition_of(spec), definitions.digest_of_tag(old)))
        return _saved(state, folder, name, file) | {
            "created": old is None, "warnings": [i for i in found.issues if i["severity"] == "warning"],
        }  # fmt: skip


def change_tag(folder: Path, state: StateStore, name: str, action: Action, change: Change) -> dict[str, Any]:
    """Take a step of a tag's life; return SAVED_KEYS. submit, withdraw: for those who write tags; approve, reject, offline, online: for
    those who approve.

    Raises AccessDenied, also for who would approve their own change while others could; DefinitionFaults for a tag that could not be
    built; InUse for one that others read; EditConflict; UsageError for a step that does not follow from its state.
    """
    require(change.caller, "define_tags" if action in ("submit", "withdraw") else "approve")
    with editing(folder):
        project = project_now(folder)
        if name not in project.tags:
            raise UsageError.unknown("tag", name, project.tags)
        _check_expected(state, project, name, change.expected)
        spec = project.tags[name]
        last = _last(state, name)
        steps = steps_of(spec.status, last)
        if action not in steps:
            raise _no_step(name, spec.status, action, steps)
        file = project.place("tags", name).file
        if action in ("approve", "online", "offline"):
            file = _carry_out(project, state, spec, action, change)
        else:
            _note(state, change, name, action)
        return _saved(state, folder, name, file) | {"created": False, "warnings": []}


def remove_tag(folder: Path, state: StateStore, name: str, change: Change) -> dict[str, Any]:
    """Take a tag out of the project; return name, file, removed. Raises UsageError, InUse while others read it, EditConflict.

    Drafts may be removed by those who write tags, others by those who approve.
    """
    with editing(folder):
        project = project_now(folder)
        if name not in project.tags:
            raise UsageError.unknown("tag", name, project.tags)
        spec = project.tags[name]
        require(change.caller, "define_tags" if spec.status == "draft" else "approve")
        _check_expected(state, project, name, change.expected)
        found = impact(project, None, name)
        if found["direct"]:
            raise InUse(name, found | {"blocking": [f"{r['kind']}:{r['name']}" for r in found["direct"]]})
        _note_first(state, spec)
        file = definitions.remove_tag(project, name)
        _note(state, change, name, "remove")
    return {"name": name, "file": file, "removed": True}


def review_of(event: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What waits for approval after the last event of a tag (REVIEW_KEYS): a draft (`submit`), or another text (`propose`); else None."""
    if event is None or event["action"] not in _WAITING:
        return None
    return {key: event[key] for key in REVIEW_KEYS}


def steps_of(status: str, last: Mapping[str, Any] | None) -> tuple[Action, ...]:
    """The steps that a tag in this state may take next."""
    waits = review_of(last) is not None
    if status == "draft":
        return ("approve", "reject", "withdraw") if waits else ("submit", "approve")
    if status == "online":
        return ("approve", "reject", "withdraw", "offline") if waits else ("offline",)
    return ("online",)


def may_step(state: StateStore, caller: Caller, name: str, status: str) -> list[Action]:
    """The steps that this caller may take."""
    events = state.definitions.of(KIND, name)
    found: list[Action] = []
    for action in steps_of(status, events[-1] if events else None):
        right = caller.may("define_tags" if action in ("submit", "withdraw") else "approve")
        if right and not (action == "approve" and _is_own(state, caller, events)):
            found.append(action)
    return found


def events_of(state: StateStore, name: str) -> list[dict[str, Any]]:
    """What was done with a tag here, the newest first (EVENT_KEYS)."""
    return [{key: event[key] for key in EVENT_KEYS} for event in reversed(state.definitions.of(KIND, name))]


def proposed(state: StateStore, name: str) -> dict[str, Any] | None:
    """The definition that waits for approval in place of one that is online."""
    last = _last(state, name)
    found: dict[str, Any] | None = last["definition"] if last and last["action"] == "propose" else None
    return found


def _carry_out(project: Project, state: StateStore, spec: Tag, action: Action, change: Change) -> str:
    """Write what a step makes of a tag."""
    events = state.definitions.of(KIND, spec.name)
    wanted = definitions.definition_of(spec)
    if action == "approve":
        if _is_own(state, change.caller, events):
            raise AccessDenied(
                "you wrote this change yourself: somebody else who may approve has to look at it",
                "这是您自己提交的修改，需由另一位有审批权限的成员审批",
            )
        waiting = events[-1] if events and events[-1]["action"] == "propose" else None
        if waiting is not None:
            if waiting["digest"] != definitions.digest_of_tag(spec):
                raise EditConflict(
                    spec.name,
                    "was changed after this was proposed; propose it anew",
                    "在提交审批之后又被改动，请重新提交",
                )
            wanted = waiting["definition"]
    if action == "offline":
        found = impact(project, None, spec.name)
        if found["blocking"]:
            raise InUse(spec.name, found)
    status = "offline" if action == "offline" else "online"
    new = _spec(definitions.checked(project, definitions.tidy(wanted | {"status": status})).spec)
    _note_first(state, spec)
    file = definitions.write_tag(project, new)
    _note(state, change, spec.name, action, (definitions.definition_of(new), definitions.digest_of_tag(new)))
    return file


def _is_own(state: StateStore, caller: Caller, events: Collection[Mapping[str, Any]]) -> bool:
    """Whether who calls wrote what waits, while others could look at it."""
    author = next((e["who"] for e in reversed([*events]) if e["action"] in _AUTHORED), None)
    if author != caller.name:
        return False
    users = (u for u in state.users.all() if u["disabled_at"] is None and u["name"] != caller.name)
    return any(Caller("", u["name"], u["role"]).may("approve") for u in users)


def _check_expected(state: StateStore, project: Project, name: str, expected: str | None) -> None:
    old = project.tags.get(name)
    if old is None and expected is not None:
        raise EditConflict(name, "is no longer there", "已不存在", _last(state, name))
    if old is not None and expected is None:
        raise EditConflict(name, "is there already; open it to change it", "已经存在，请打开它再修改")
    if old is not None and definitions.digest_of_tag(old) != expected:
        raise EditConflict(
            name, "was changed by somebody else since you opened it", "在您打开之后被他人改动过", _last(state, name)
        )


def _no_step(name: str, status: str, action: str, steps: Collection[str]) -> UsageError:
    known = ", ".join(steps)
    return UsageError(
        f'tag "{name}" is {status}: "{action}" is not possible now; possible: {known}',
        f"标签“{name}”当前为 {status}，不能执行 {action}；可执行：{known}",
    )


def _saved(state: StateStore, folder: Path, name: str, file: str) -> dict[str, Any]:
    spec = project_now(folder).tags[name]
    return {
        "name": name, "status": spec.status, "review": review_of(_last(state, name)), "digest": definitions.digest_of_tag(spec),
        "file": file,
    }  # fmt: skip


def _last(state: StateStore, name: str) -> dict[str, Any] | None:
    events = state.definitions.of(KIND, name)
    return events[-1] if events else None


def _note_first(state: StateStore, spec: Tag | None) -> None:
    """Note the text that stood in the file, should nothing be known of the tag yet: later ones are compared with it."""
    if spec is None or state.definitions.of(KIND, spec.name):
        return
    state.definitions.add({
        "kind": KIND, "name": spec.name, "who": "", "role": "", "action": "found",
        "definition": definitions.definition_of(spec), "digest": definitions.digest_of_tag(spec),
    })  # fmt: skip


def _note(
    state: StateStore, change: Change, name: str, action: str, text: tuple[Mapping[str, Any], str] | None = None
) -> None:
    """Note an event; `text`: a definition, and the digest of what stands in the file."""
    definition, digest = text if text is not None else (None, None)
    state.definitions.add({
        "kind": KIND, "name": name, "who": change.caller.name, "role": change.caller.role, "action": action, "note": change.note,
        "definition": definition, "digest": digest,
    })  # fmt: skip


def _spec(found: Tag | None) -> Tag:
    if found is None:
        raise RuntimeError("a definition that was checked has a tag")
    return found
