"""The step that builds the charts: fresh output is left alone, and a failure says what to do."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def assets() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_assets", ROOT / "web" / "build_assets.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_lock_names_no_registry_and_has_every_platform() -> None:
    lock = json.loads((ROOT / "web" / "package-lock.json").read_text("utf-8"))
    assert all("resolved" not in entry for entry in lock["packages"].values())
    names = {name.rpartition("/")[2] for name in lock["packages"] if "@esbuild/" in name}
    assert {"linux-x64", "linux-arm64", "darwin-arm64", "darwin-x64", "win32-x64"} <= names


def test_output_is_made_again_only_when_a_source_is_newer(
    assets: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "web" / "report").mkdir(parents=True)
    for name in ("package.json", "package-lock.json", "build_assets.py", "report/main.js"):
        (tmp_path / "web" / name).write_text("{}")
    (tmp_path / "web" / "app").mkdir()
    outputs = [tmp_path / path for path in assets.OUTPUTS]
    outputs[1].parent.mkdir(parents=True)
    calls: list[list[str]] = []

    def run(command: list[str], folder: Path) -> None:
        calls.append(command)
        for output, name in zip(outputs, ("build:report", "build:app"), strict=True):
            if name in command:
                output.write_text("built")

    monkeypatch.setattr(assets, "run", run)
    monkeypatch.setattr(assets, "npm_command", lambda: ["npm"])
    assert assets.build(tmp_path, report=lambda text: None)
    assert not assets.build(tmp_path, report=lambda text: None)
    newer = outputs[0].stat().st_mtime + 10
    os.utime(tmp_path / "web" / "report" / "main.js", (newer, newer))
    assert assets.build(tmp_path, report=lambda text: None)
    assert [command[1] for command in calls] == ["ci", "run", "run", "ci", "run", "run"]


def test_skipping_is_said(assets: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(assets.SKIP, "1")
    said: list[str] = []
    assert not assets.build(tmp_path, report=said.append)
    assert "persona report" in said[0]


def test_a_failing_command_tells_its_own_words_and_the_way_out(assets: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"(?s)HUAXIANG_SKIP_WEB.*no such registry"):
        assets.run([sys.executable, "-c", "raise SystemExit('no such registry')"], tmp_path)
