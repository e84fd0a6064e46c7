"""A small real project with one snapshot, and real `huaxiang build` processes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from huaxiang.app.init import init_project
from huaxiang.store.snapshots import SnapshotStore

Start = Callable[..., "subprocess.Popen[str]"]


def start_build(folder: Path, failpoint: str = "") -> subprocess.Popen[str]:
    """Start `huaxiang build` in its own process."""
    environment = os.environ | {"HUAXIANG_FAILPOINTS": failpoint, "HUAXIANG_LANG": "en"}
    command = [sys.executable, "-m", "huaxiang.serve.cli.main", "build", str(folder), "--json"]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def must_build(folder: Path) -> None:
    """Build to the end; a build that fails fails the test with what it said."""
    process = start_build(folder)
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, out + err


def contents(folder: Path) -> Mapping[str, str]:
    """Open the current snapshot, read all of it, and return the digest of every table and file but those of quality, which compare a
    build with the builds before it.
    """
    with SnapshotStore(folder).current() as snapshot:
        snapshot.verify()
        parts = (*snapshot.manifest["tables"], *snapshot.manifest["files"])
        return {part["path"]: part["sha256"] for part in parts if not part["path"].startswith("tables/quality")}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The retail example, built once."""
    folder = tmp_path_factory.mktemp("crash") / "shop"
    init_project(folder, "retail")
    must_build(folder)
    return folder


@pytest.fixture(scope="module")
def undisturbed(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """What a build that nobody disturbs leaves, in a folder of its own."""
    folder = tmp_path_factory.mktemp("calm") / "shop"
    init_project(folder, "retail")
    must_build(folder)
    return contents(folder)
