"""A small real project with one snapshot, and real builds in processes that may be killed."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pkgutil
import subprocess
import sys
from collections.abc import Mapping
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path

import pytest

import huaxiang.run
from huaxiang.app.init import init_project
from huaxiang.serve.cli.main import main
from huaxiang.store.failpoints import VARIABLE
from huaxiang.store.snapshots import SnapshotStore

_IMPORTED = (
    "tests.crash.conftest", "huaxiang.serve.cli.commands.project", "huaxiang.app.build", "huaxiang.engines.duckdb",
    "pyarrow.dataset", "sklearn.cluster", *(f"huaxiang.run.{module.name}" for module in pkgutil.iter_modules(huaxiang.run.__path__)),
)  # fmt: skip
_AUDIENCES = """audiences:
  - {name: win_back, title: {zh: 待唤回客户, en: To win back}, when: "likely_churner or lifecycle in ('sleeping', 'churned')"}
"""
_PERSONAS = """clusterings:
  - {name: shopping_style, within: orders_count >= 2, features: [orders_count, average_order_value], k: 2, resamples: 5}
personas:
  - {name: shopping_style, clustering: shopping_style, worth: spend, minimum_size: 8, tags: [gender, lifecycle, orders_count]}
"""


def make_shop(folder: Path, *, keep: int = 3) -> None:
    """Make the retail example with fewer definitions, so that a build takes a second; `keep` older snapshots are kept."""
    init_project(folder, "retail")
    for name in ("tags/preference.yaml", "sources/visits.yaml", "data/visits.csv"):
        (folder / name).unlink()
    (folder / "audiences" / "campaigns.yaml").write_text(_AUDIENCES, "utf-8")
    (folder / "personas" / "segments.yaml").write_text(_PERSONAS, "utf-8")
    settings = folder / "huaxiang.yaml"
    settings.write_text(settings.read_text("utf-8").replace("keep_snapshots: 30", f"keep_snapshots: {keep}"), "utf-8")


def start_build(folder: Path, failpoint: str = "") -> ForkServerProcess:
    """Start `huaxiang build` in a process of its own: the command as it is, forked from a process that has imported it (and has
    neither threads nor anything open), so that moments to kill it at fall into the build and not into imports.
    """
    process = _server().Process(target=_build, args=(str(folder), failpoint))
    process.start()
    return process


def must_build(folder: Path) -> None:
    """Build to the end; a build that fails fails the test with what it said."""
    process = start_build(folder)
    process.join(timeout=300)
    assert process.exitcode == 0, said(folder)


def said(folder: Path) -> str:
    """What the last build in `folder` wrote to its standard output and error."""
    return _output(str(folder)).read_text("utf-8")


def build_by_command(folder: Path) -> None:
    """Build as a user does: a new Python that starts the command line."""
    environment = os.environ | {VARIABLE: "", "HUAXIANG_LANG": "en"}
    command = [sys.executable, "-m", "huaxiang.serve.cli.main", "build", str(folder), "--json"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def contents(folder: Path) -> Mapping[str, str]:
    """Open the current snapshot, read all of it, and return the digest of every table and file but those of quality and of audiences that compare a
    build with the builds before it.
    """
    with SnapshotStore(folder).current() as snapshot:
        snapshot.verify()
        parts = (*snapshot.manifest["tables"], *snapshot.manifest["files"])
        past = ("tables/quality", "tables/audience_history")
        return {part["path"]: part["sha256"] for part in parts if not part["path"].startswith(past)}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small shop, built once."""
    folder = tmp_path_factory.mktemp("crash") / "shop"
    make_shop(folder)
    must_build(folder)
    return folder


@pytest.fixture(scope="module")
def undisturbed(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """What a build that nobody disturbs leaves, in a folder of its own and from a command of its own."""
    folder = tmp_path_factory.mktemp("calm") / "shop"
    make_shop(folder)
    build_by_command(folder)
    return contents(folder)


def _server() -> ForkServerContext:
    server = multiprocessing.get_context("forkserver")
    server.set_forkserver_preload(list(_IMPORTED))
    return server


def _build(folder: str, failpoint: str) -> None:
    """The command in the forked process; its exit code is the process's."""
    os.environ[VARIABLE] = failpoint
    os.environ["HUAXIANG_LANG"] = "en"
    with _output(folder).open("w", encoding="utf-8") as output:
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
            code = main(["build", folder, "--json"])
        output.flush()
        os._exit(code)


def _output(folder: str) -> Path:
    return Path(f"{folder}.out")
