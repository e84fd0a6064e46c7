"""Audiences that were saved after the snapshot was built: until the next build they can be counted by what they say today."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from huaxiang.app.definition_files import states_of
from huaxiang.errors import UsageError

When = str | Mapping[str, object]
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


def saved_since(folder: Path, name: str) -> When | None:
    """The condition of an audience of the project in `folder`; None when it has none of this name. For names that a snapshot lacks.

    Raises UsageError for one that only a build can answer (frozen, sql).
    """
    if not _NAME.fullmatch(name):
        return None
    files = sorted({folder / "huaxiang.yaml", *folder.glob("audiences/**/*.y*ml")})
    return _saved(folder, name, states_of(files))


@lru_cache(maxsize=64)
def _saved(folder: Path, name: str, state: object) -> When | None:  # noqa: ARG001  `state`: another one when the files change
    from huaxiang.errors import ProjectInvalid
    from huaxiang.spec.loader import load_project

    try:
        found = load_project(folder).audiences.get(name)
    except ProjectInvalid:  # `huaxiang check` tells; here the name is simply not known
        return None
    if found is None:
        return None
    if found.kind == "static":
        return f"in_list('{found.list_ or found.name}')"
    if found.kind == "dynamic" and found.when is not None:
        return found.when
    raise UsageError(
        f'audience "{name}" ({found.kind}) was saved after the last build: run `huaxiang build`, then count it',
        f"人群“{name}”（{found.kind}）在上次构建之后才保存：请先运行 huaxiang build",
    )
