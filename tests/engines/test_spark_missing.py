"""Without Java or pyspark the Spark engine says what is missing and how to get it; nothing of Spark is started here."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from huaxiang.engines.spark import SparkEngine, require_java
from huaxiang.errors import UsageError


def _java(folder: Path, version: str) -> Path:
    program = folder / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2024-01-01' >&2\n")
    program.chmod(0o755)
    return folder


def test_no_java(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match=r"needs Java 17 or newer and none was found; install it \(Debian.*openjdk-17"):
        SparkEngine(temp=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_java_home_that_leads_nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "gone"))
    with pytest.raises(UsageError, match="none was found"):
        require_java()


@pytest.mark.parametrize("version", ["11.0.2", "1.8.0_392"])
def test_old_java(version: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("JAVA_HOME", str(_java(tmp_path / "jdk", version)))
    with pytest.raises(UsageError, match=f"needs Java 17 or newer, .* is {version.split('.', maxsplit=1)[0]}"):
        require_java()


def test_new_java_but_no_pyspark(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("JAVA_HOME", str(_java(tmp_path / "jdk", "21.0.1")))
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(UsageError, match=r'pip install "huaxiang\[spark\]"'):
        SparkEngine(temp=tmp_path)
