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
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings
from tests.running import free_port
from tests.waiting import PATIENCE, until

from huaxiang.serve.cli.texts import speak

if TYPE_CHECKING:
    from huaxiang.engines.spark import SparkEngine

os.environ["HUAXIANG_IDENTITY_SECRET"] = "that of the tests: equal projects have equal customers"
settings.register_profile("huaxiang", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("repeatable", settings.get_profile("huaxiang"), derandomize=True)
settings.load_profile("huaxiang")

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


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
def chromium() -> Iterator[Any]:
    """A running Chromium, one for all tests marked `browser`: Playwright allows no second one in a process."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def repository() -> Path:
    """Root folder of this repository."""
    return Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkEngine]:
    """One Spark for all tests marked `spark`: engines of a process share it, and it lives as long as one of them is open."""
    from huaxiang.engines.spark import SparkEngine

    engine = SparkEngine()
    yield engine
    engine.close()


# PostgreSQL


def _tool(name: str) -> str | None:
    found = shutil.which(name)
    return found or next((str(path) for path in sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))), None)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a private server that lives as long as the tests."""
    initdb, server = _tool("initdb"), _tool("postgres")
    if initdb is None or server is None:
        pytest.skip("PostgreSQL's server (Debian package postgresql) is not installed: nothing of it is tested")
    pytest.importorskip("psycopg2", reason="psycopg2 is not installed: nothing of PostgreSQL is tested")
    folder = Path(os.path.realpath(tmp_path_factory.mktemp("pg")))
    options: dict[str, Any] = {}
    if os.geteuid() == 0:
        import pwd

        account = pwd.getpwnam("postgres")
        options = {"user": account.pw_uid, "group": account.pw_gid}
        folder = Path("/tmp") / f"huaxiang-pg-{os.getpid()}"
        folder.mkdir(mode=0o700)
        os.chown(folder, account.pw_uid, account.pw_gid)
    data = folder / "data"
    subprocess.run([initdb, "-D", data, "-A", "trust", "-U", "tester", "--no-sync", "-E", "UTF8", "--locale=C"], check=True, capture_output=True, cwd=folder, **options)  # fmt: skip
    port = free_port()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([server, "-D", data, "-p", str(port), "-h", "127.0.0.1", "-k", folder, "-F"], stdout=log, stderr=log, cwd=folder, **options)  # fmt: skip
    try:
        yield _ready(f"postgresql://tester:hidden123@127.0.0.1:{port}/postgres")
    finally:
        process.terminate()
        process.wait(PATIENCE)
        shutil.rmtree(folder, ignore_errors=True)


def _ready(url: str) -> str:
    import psycopg2

    def answers() -> bool:
        try:
            psycopg2.connect(url).close()
        except psycopg2.OperationalError:
            return False
        return True

    assert until(answers), "the server does not start"
    return url
