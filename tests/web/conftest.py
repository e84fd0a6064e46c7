"""The web page in a real Chromium, before a real server with users, on a small built company. Each worker has its own.

`HUAXIANG_SHOTS` names a folder in which screenshots are kept, to be looked at.
"""

from __future__ import annotations

import fcntl
import importlib.util
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from tests.running import serving
from tests.shared import made_once
from tests.waiting import PATIENCE

from huaxiang.app.build import build
from huaxiang.app.mumian.demo import Size, prepare_mumian
from huaxiang.app.people import NewUser, add_user
from huaxiang.app.wiring import open_state

PASSWORD = "correct-horse-7"
ROLES = ("admin", "analyst", "marketer", "auditor")
AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
STATIC = Path(__file__).parents[2] / "src" / "huaxiang" / "serve" / "web" / "static" / "index.html"
HARMLESS = re.compile(r"Failed to load resource: the server responded with a status of 4\d\d")
"""What Chromium says of every answer 4xx; tests that expect none look at the page."""

COMING = ".ant-skeleton-active, .ant-spin-spinning, main [aria-busy=true]"
expect.set_options(timeout=PATIENCE * 1000)


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A company of some 300 people, built, with a user of every role (named like it, password PASSWORD). Nobody serves or changes it."""
    return made_once(tmp_path_factory, "company", _make_company)[0]


def _make_company(folder: Path) -> None:
    prepare_mumian(folder, Size(300, 5))
    build(folder)
    with closing(open_state(folder)) as state:
        for role in ROLES:
            add_user(state, NewUser(role, role, role.title(), PASSWORD))


@dataclass(frozen=True)
class Server:
    """A running `huaxiang serve`."""

    folder: Path
    address: str


@pytest.fixture(scope="session")
def server(company: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server before a copy of the company, which tests put back as they found it."""
    if not STATIC.is_file():
        pytest.fail("the web page is not built: run `python web/build_assets.py`")
    folder = shutil.copytree(company, tmp_path_factory.mktemp("served") / "project")
    with serving(folder) as address:
        yield Server(folder, address)


def npm_tools() -> Path:
    """The folder web/ with what its checks need besides the build (axe-core, TypeScript), fetched by npm where it is missing."""
    web = AXE.parents[2]
    with (web / "node_modules.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        spec = importlib.util.spec_from_file_location("huaxiang_build_assets", web / "build_assets.py")
        assert spec is not None and spec.loader is not None
        assets = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(assets)
        npm = assets.npm_command()  # puts its Node on the path
        if not AXE.is_file():
            assets.run([*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], web)
    return web


@dataclass
class Tab:
    """A page of the browser, logged in; `said` is what the console said."""

    page: Any
    address: str
    name: str
    said: list[str] = field(default_factory=list)

    def go(self, path: str) -> Any:
        """Open a path and wait until nothing is asked any more."""
        self.page.goto(self.address + path)
        self.settle()
        return self.page

    def settle(self) -> None:
        """Wait until the page shows something, and nothing of it is still to come."""
        self.page.wait_for_load_state("networkidle")
        expect(self.page.locator("h1, .ant-empty").first).to_be_attached()
        expect(self.page.locator(COMING)).to_have_count(0)

    def shot(self, title: str) -> None:
        """Keep a screenshot where HUAXIANG_SHOTS says."""
        folder = os.environ.get("HUAXIANG_SHOTS")
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=Path(folder) / f"{title}-{self.name}.png", full_page=True)

    def quiet(self) -> None:
        """Fail when the console said anything."""
        said = [text for text in self.said if not HARMLESS.match(text)]
        assert not said, said

    def accessible(self) -> None:
        """Fail where axe-core finds a serious fault."""
        npm_tools()
        self.page.evaluate(AXE.read_text("utf-8"))
        found = self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        serious = [
            (v["id"], v["help"], [n["html"][:160] for n in v["nodes"][:4]])
            for v in found["violations"]
            if v["impact"] in ("serious", "critical")
        ]
        assert not serious, serious


def press(button: Any) -> None:
    """Click a button that may still be at work: until it is done, it hears nothing."""
    expect(button).not_to_have_class(re.compile("ant-btn-loading"))
    button.click()


Opener = Callable[..., Tab]


@pytest.fixture
def tab(chromium: Any, server: Server) -> Iterator[Opener]:
    """`tab("marketer", 390, "en", "dark")`: a browser window of its own, logged in with that role (None: not)."""
    contexts = []

    def opened(
        role: str | None = "admin", width: int = 1440, language: str = "zh-CN", scheme: str = "light", address: str = ""
    ) -> Tab:
        context = chromium.new_context(
            viewport={"width": width, "height": 844 if width < 600 else 900}, color_scheme=scheme, locale=language,
            reduced_motion="reduce", bypass_csp=False,
        )  # fmt: skip
        context.set_default_timeout(PATIENCE * 1000)
        contexts.append(context)
        settings = f'{{"language":"{language}","appearance":"system"}}'
        context.add_init_script(f"localStorage.setItem('huaxiang.settings', '{settings}')")
        base = address or server.address
        if role is not None:
            body = {"name": role, "password": PASSWORD}
            answer = context.request.post(
                f"{base}/api/v1/session", data=body, headers={"X-Huaxiang": "web"}, max_retries=3
            )
            assert answer.ok, answer.text()
            settled = {"language": language, "theme": "system", "tour_seen": False}
            context.request.patch(f"{base}/api/v1/session", data=settled, headers={"X-Huaxiang": "web"}, max_retries=3)
        page = context.new_page()
        made = Tab(page, base, f"{width}-{language}-{scheme}")
        page.on(
            "console", lambda message: made.said.append(message.text) if message.type in ("error", "warning") else None
        )
        page.on("pageerror", lambda error: made.said.append(str(error)))
        return made

    yield opened
    for context in contexts:
        context.close()
