"""Shared by all tests: what needs Java or Chromium is skipped, saying how to get it, where that is missing.

With HUAXIANG_REQUIRE_ALL=1, as `.ci/run` sets it, a missing Java or Chromium is a failure instead.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import settings

from huaxiang.serve.cli.texts import speak

settings.register_profile("huaxiang", deadline=None, print_blob=True)
settings.load_profile("huaxiang")

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(autouse=True)
def chinese() -> None:
    """Every test starts in the default language, whatever a command before it spoke."""
    speak("zh-CN")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip, or under HUAXIANG_REQUIRE_ALL fail, a marked test that lacks what it needs."""
    lacks = None
    if item.get_closest_marker("spark"):
        lacks = spark_lacks()
    elif item.get_closest_marker("browser"):
        lacks = browser_lacks()
    if lacks and os.environ.get("HUAXIANG_REQUIRE_ALL") == "1":
        pytest.fail(lacks, pytrace=False)
    if lacks:
        pytest.skip(lacks)


@functools.cache
def spark_lacks() -> str | None:
    """What is missing for Spark, and how to get it; None when all is there."""
    if importlib.util.find_spec("pyspark") is None:
        return 'PySpark is missing: run `python3 run.py long`, or `pip install "huaxiang[spark]"`'
    if (java_version() or 0) < 17:
        return "Java 17 or newer is missing: install it (Debian, Ubuntu: apt-get install openjdk-17-jre-headless)"
    return None


@functools.cache
def browser_lacks() -> str | None:
    """What is missing for browser tests, and how to get it; None when all is there."""
    if importlib.util.find_spec("playwright") is None:
        return "Playwright is missing: run `python3 run.py long`"
    if find_chromium() is None:
        return "Chromium is missing: install it (Debian, Ubuntu: apt-get install chromium fonts-noto-cjk)"
    return None


@functools.cache
def java_version() -> int | None:
    """Major version of the Java that Spark would start, or None."""
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    if java is None or not Path(java).exists():
        return None
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(\d+)', said)
    return int(found[1]) if found else None


@functools.cache
def find_chromium() -> str | None:
    """Path of a Chromium on this machine, or None."""
    return next(filter(None, map(shutil.which, CHROMIUM)), None)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of Chromium, for Playwright's `executable_path`; for tests marked `browser`."""
    found = find_chromium()
    assert found is not None, "a test that asks for Chromium needs the marker `browser`"
    return found


@pytest.fixture(scope="session")
def repository() -> Path:
    """Root folder of this repository."""
    return Path(__file__).resolve().parent.parent
