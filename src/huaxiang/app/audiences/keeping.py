"""Which audiences a build takes over instead of computing: frozen ones, and the last good members of those that became invalid.

A campaign that goes out at eight must not fall because somebody renamed a tag the evening before, nor may it go out unnoticed with
members of last week: such an audience keeps its last good members, is marked stale, and every face says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from huaxiang.app.wiring import snapshot_store
from huaxiang.errors import HuaxiangError, Issue, ProjectInvalid, Said, SnapshotError, UsageError
from huaxiang.plan.columns import read_through
from huaxiang.run.memberships import Kept, Upkeep, definition_hash, saved_members
from huaxiang.spec.faults import definition
from huaxiang.spec.loader import Project
from huaxiang.spec.models import AudienceSpec

if TYPE_CHECKING:
    import pyarrow as pa

    from huaxiang.store.snapshots import Snapshot, SnapshotStore

KIND = "audiences"


def errors_that_stop(issues: Sequence[Issue]) -> list[Issue]:
    """The errors that no build can go on with: all but those in audiences."""
    return [i for i in issues if i.severity == "error" and (i.subject is None or i.subject[0] != KIND)]


def frozen_issues(project: Project, issues: Sequence[Issue]) -> tuple[Issue, ...]:
    """The faults of a project, frozen audiences considered: one whose members are kept already needs its condition no longer, so its
    faults are warnings; one for whose day there is no snapshot has a fault more.
    """
    frozen = {name: spec for name, spec in project.audiences.items() if spec.kind == "frozen"}
    if not frozen:
        return tuple(issues)
    store = snapshot_store(project.folder)
    entries = _entries(store)
    taken = {name for name, spec in frozen.items() if _is_taken(spec, entries.get(name))}
    kept = [
        replace(i, severity="warning") if i.subject and i.subject[1] in taken and i.subject[0] == KIND else i
        for i in issues
    ]
    faulty = {i.subject[1] for i in issues if i.subject is not None and i.subject[0] == KIND and i.severity == "error"}
    waiting = (spec for name, spec in frozen.items() if name not in taken and name not in faulty)
    return (*kept, *(_too_old(project, spec) for spec in waiting if _is_too_old(store, project, spec)))


def _entries(store: SnapshotStore) -> dict[str, Mapping[str, Any]]:
    try:
        with store.current() as snapshot:
            return {item["name"]: item for item in snapshot.manifest.get(KIND, ())}
    except SnapshotError:
        return {}


def _is_taken(spec: AudienceSpec, entry: Mapping[str, Any] | None) -> bool:
    """Whether a snapshot holds the members of the day at which the audience is frozen, by the definition of now."""
    told = entry.get("frozen") if entry is not None else None
    return bool(told and told["taken"] and entry is not None and entry["definition_hash"] == definition_hash(spec))


def _is_too_old(store: SnapshotStore, project: Project, spec: AudienceSpec) -> bool:
    if _is_open(project, spec):
        return False
    try:
        store.open(str(spec.frozen_at)).close()
    except (UsageError, SnapshotError):
        return True
    return False


def _is_open(project: Project, spec: AudienceSpec) -> bool:
    """Whether the day at which the audience is frozen is not over yet: until then it is computed at every build."""
    return date.fromisoformat(str(spec.frozen_at)) >= _today(project)


def _today(project: Project) -> date:
    return datetime.now(ZoneInfo(project.spec.timezone)).date()


def _too_old(project: Project, spec: AudienceSpec) -> Issue:
    said = Said(
        f"no snapshot was built on or before {spec.frozen_at} (days of the project's time zone, {project.spec.timezone}); "
        "`huaxiang snapshot list` shows the oldest one",
        f"{spec.frozen_at}（按项目时区 {project.spec.timezone}）及之前没有构建过快照；用 `huaxiang snapshot list` 可查看最早的一个",
    )
    return _fault(project, spec, "frozen_at", said)


def _fault(project: Project, spec: AudienceSpec, key: str, said: Said) -> Issue:
    about = definition(KIND, spec.name)
    return Issue(project.place(KIND, spec.name, key), "AUD003", said, subject=(KIND, spec.name), about=about)


def settle(project: Project, issues: Sequence[Issue], before: Snapshot | None, by: str) -> Upkeep:
    """Decide what each audience of a build is made of. `before`: the snapshot of before; `by`: who builds.

    Raises ProjectInvalid when an audience is invalid that never had a good result, or that a tag reads.
    """
    kept: dict[str, Kept] = {}
    faults: dict[str, Issue] = {}
    for issue in sorted(issues):
        if issue.severity == "error" and issue.subject is not None and issue.subject[0] == KIND:
            faults.setdefault(issue.subject[1], issue)
    for name, spec in project.audiences.items():
        if spec.kind == "frozen" and name not in faults:
            found = _frozen(project, spec, before)
            if isinstance(found, Issue):
                faults[name] = found
            elif found is not None:
                kept[name] = found
    good, lost = _last_goods(project, faults, before)
    lost += _read_by_tags(project, faults)
    if lost:
        raise ProjectInvalid(list(dict.fromkeys([*(i for i in issues if i.severity == "error"), *lost])))
    return Upkeep(project.audiences, kept | good, by)


def keep_failed(project: Project, upkeep: Upkeep, faults: Mapping[str, Issue], before: Snapshot | None) -> Upkeep:
    """Keep the last good members of audiences that failed while they were computed too. `faults`: by the audience's name.

    Raises ProjectInvalid when one of them never had a good result.
    """
    good, lost = _last_goods(project, faults, before)
    if lost:
        raise ProjectInvalid(lost)
    return replace(upkeep, kept={**upkeep.kept, **good})


def _last_goods(
    project: Project, faults: Mapping[str, Issue], before: Snapshot | None
) -> tuple[dict[str, Kept], list[Issue]]:
    """The last good members of audiences at fault, by name, and the faults of those that never had any."""
    found = {name: _last_good(project, name, before, fault) for name, fault in faults.items()}
    lost = [faults[name] for name, kept in found.items() if kept is None]
    return {name: kept for name, kept in found.items() if kept is not None}, lost


def _frozen(project: Project, spec: AudienceSpec, before: Snapshot | None) -> Kept | Issue | None:
    """The members of the day; None while it is not over; a fault when they can't be found out."""
    entry = _entry(before, spec.name)
    if before is not None and entry is not None and _is_taken(spec, entry):
        ids = saved_members(before, spec.name)
        if ids is not None:
            return Kept(ids, entry["frozen"]["snapshot"], entry["frozen"]["at"])
    if _is_open(project, spec):
        return None
    try:
        with snapshot_store(project.folder).open(str(spec.frozen_at)) as snapshot:
            return Kept(_members_then(snapshot, spec), snapshot.id, str(snapshot.manifest["as_of"]))
    except (UsageError, SnapshotError):
        return _too_old(project, spec)
    except HuaxiangError as error:
        said = Said(
            f"its condition can't be asked of the snapshot of {spec.frozen_at}: {error}",
            f"它的条件不能用于 {spec.frozen_at} 的快照：{error.zh}",
        )
        return _fault(project, spec, "when", said)


def _members_then(snapshot: Snapshot, spec: AudienceSpec) -> pa.Array:
    from huaxiang.app.audience_index import open_index

    entry = _entry(snapshot, spec.name)
    if entry is not None and entry["definition"] == spec.condition and not entry.get("stale"):
        ids = saved_members(snapshot, spec.name)
        if ids is not None:
            return ids
    index = open_index(snapshot)
    return index.ids(index.select(spec.condition))


def _entry(snapshot: Snapshot | None, name: str) -> Mapping[str, Any] | None:
    items = snapshot.manifest.get(KIND, ()) if snapshot is not None else ()
    return next((item for item in items if item["name"] == name), None)


def _last_good(project: Project, name: str, before: Snapshot | None, fault: Issue) -> Kept | None:
    """The members of the last snapshot that had the audience; when that one had taken them over itself, told as of their first day."""
    if before is None:
        return None
    kept = _good_of(before, name, fault)
    store = snapshot_store(project.folder)
    for older in () if kept is not None else reversed(store.ids()):
        if kept is None and older < before.id:
            try:
                with store.open(older) as snapshot:
                    kept = _good_of(snapshot, name, fault)
            except (UsageError, SnapshotError):
                continue
    return kept


def _good_of(snapshot: Snapshot, name: str, fault: Issue) -> Kept | None:
    entry = _entry(snapshot, name)
    ids = saved_members(snapshot, name) if entry is not None else None
    if ids is None or entry is None:
        return None
    told = entry.get("stale")
    since, as_of = (told["since"], told["as_of"]) if told else (snapshot.id, str(snapshot.manifest["as_of"]))
    return Kept(ids, since, as_of, Said(fault.message, fault.zh), fault.code)


def _read_by_tags(project: Project, faults: Mapping[str, Issue]) -> list[Issue]:
    """The faults of audiences that a tag reads, itself or through others: tags are computed before the members are known."""
    if not faults:
        return []
    found: dict[Issue, None] = {}
    for tag in project.tags:
        seen = sorted(read_through(project, ("tags", tag)))
        found |= dict.fromkeys(faults[name] for kind, name in seen if kind == KIND and name in faults)
    return list(found)
