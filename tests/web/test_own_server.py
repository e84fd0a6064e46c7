"""The page asks its own server and nobody else, and keeps what was typed while that server is away."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from tests.running import serving
from tests.web.conftest import Opener, Server

pytestmark = pytest.mark.browser
PAGES = (
    "/", "/customers", "/tags", "/tags/new", "/audiences", "/audiences/new", "/personas", "/analysis/funnel", "/analysis/cross", "/analysis/network",
    "/data/sources", "/data/quality", "/data/runs", "/data/wizard", "/people", "/audit",
)  # fmt: skip


def test_every_request_of_every_page_goes_to_its_own_server(tab: Opener, server: Server) -> None:
    opened = tab("admin")
    asked: list[str] = []
    opened.page.context.on("request", lambda request: asked.append(request.url))
    opened.page.on("websocket", lambda socket: asked.append(socket.url))
    for path in PAGES:
        opened.go(path)
        expect(opened.page.locator("h1").first).to_be_visible()
    elsewhere = [url for url in asked if not url.startswith((f"{server.address}/", "data:", "blob:"))]
    assert not elsewhere
    assert len(asked) > 5 * len(PAGES)
    assert opened.page.evaluate("navigator.serviceWorker.controller") is None
    opened.quiet()


@pytest.fixture
def own(company: Path, tmp_path: Path) -> Iterator[tuple[serving, str]]:
    """A server of this test alone, which it may end and start again."""
    running = serving(shutil.copytree(company, tmp_path / "project"))
    address = running.__enter__()
    yield running, address
    running.__exit__()


def test_what_is_typed_outlives_a_server_that_is_killed(tab: Opener, own: tuple[serving, str]) -> None:
    running, address = own
    opened = tab("admin", address=address)
    page: Any = opened.go("/tags/new?kind=rule")
    page.get_by_label("条件").first.fill("spend > 1000")
    page.get_by_label("标识").fill("kept_tag")
    page.get_by_label("中文名称").fill("留住的标签")
    running.kill()
    save = page.get_by_role("button", name=re.compile("保存草稿"))
    save.click()
    expect(page.locator(".foot [role=alert]").first).to_be_visible()
    expect(page.get_by_label("中文名称")).to_have_value("留住的标签")
    opened.shot("tag-server-away")
    running.__enter__()
    save.click()
    page.get_by_role("heading", level=1, name="留住的标签").wait_for()

    builder = page.context.new_page()
    builder.goto(f"{address}/audiences/new")
    builder.get_by_role("textbox", name="文本形式").fill("spend > 200")
    builder.wait_for_url(re.compile("when="))
    expect(builder.locator(".estimate .value[aria-busy=false]")).to_have_text(re.compile(r"\d"))
    builder.locator(".estimate").get_by_role("progressbar").wait_for()  # nothing is on its way to the server any more
    running.kill()
    builder.get_by_role("button", name="保存人群").click()
    builder.get_by_label("标题", exact=True).fill("留住的人群")
    builder.get_by_label("标识").fill("kept_audience")
    builder.get_by_role("button", name="保存", exact=True).click()
    expect(builder.get_by_role("dialog").get_by_role("alert").first).to_be_visible()
    expect(builder.get_by_label("标题", exact=True)).to_have_value("留住的人群")
    running.__enter__()
    builder.get_by_role("button", name="保存", exact=True).click()
    builder.wait_for_url("**/audiences/kept_audience")
    told = page.context.request.get(f"{address}/api/v1/audiences/kept_audience/definition", max_retries=3).json()
    assert told["when"] == "spend > 200"
