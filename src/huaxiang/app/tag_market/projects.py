"""The definitions of a project as its files stand now, read once for as long as they stay so."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from huaxiang.app.definition_files import states_of
from huaxiang.errors import ProjectInvalid, UsageError
from huaxiang.plan.columns import output_names
from huaxiang.spec.loader import PROJECT_FILE, Project, definition_files, load_project

_State = tuple[tuple[Path, int, int, int], ...]


def project_now(folder: Path) -> Project:
    """The project. Raises ProjectInvalid, UsageError."""
    found = _loaded(folder, _state_of(folder))
    if isinstance(found, ProjectInvalid):
        raise ProjectInvalid(found.issues)
    return found


def project_or_none(folder: Path) -> Project | None:
    """The project, None while its files can't be read: what a build knew can still be shown."""
    try:
        return project_now(folder)
    except (ProjectInvalid, UsageError):
        return None


def named_tag(folder: Path, name: str) -> tuple[Project, str]:
    """The project and the tag of a name, or that which writes a column of this name. Raises UsageError for an unknown one."""
    project = project_now(folder)
    owners = {column: tag.name for tag in project.tags.values() for column in output_names(tag)}
    if name not in project.tags and name not in owners:
        raise UsageError.unknown("tag", name, {*project.tags, *owners})
    return project, name if name in project.tags else owners[name]


def _state_of(folder: Path) -> _State:
    files = (folder / PROJECT_FILE, *definition_files(folder))
    return states_of(files)


@lru_cache(maxsize=4)
def _loaded(folder: Path, state: _State) -> Project | ProjectInvalid:  # noqa: ARG001  another state, another project
    """Files that can't be read are not tried again either before they change."""
    try:
        return load_project(folder)
    except ProjectInvalid as error:
        return error
