"""What comes before the first page is there, and what comes after it: later pages cost their data alone."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import expect
from tests.waiting import until
from tests.web.conftest import STATIC, Opener, Server
from tests.web.test_frame import PATHS

pytestmark = pytest.mark.browser
USABLE = "performance.getEntriesByName('huaxiang:usable').length"
COMPLETE = "performance.getEntriesByName('huaxiang:complete').length"
MOST = 650 * 1024
"""Bytes of code and data until the first page is usable."""


class Wire:
    """What Chromium fetches from the server, and what it takes from its cache instead."""

    def __init__(self, page: Any) -> None:
        self.fetched: dict[str, int] = {}
        self._sent: dict[str, tuple[str, str]] = {}
        self._cached: set[str] = set()
        wire = page.context.new_cdp_session(page)
        wire.send("Network.enable")
        wire.on("Network.requestWillBeSent", self._ask)
        wire.on("Network.requestServedFromCache", lambda e: self._cached.add(e["requestId"]))
        wire.on("Network.responseReceived", self._answer)
        wire.on("Network.loadingFinished", self._end)

    def _ask(self, event: Any) -> None:
        self._sent[event["requestId"]] = (event["request"]["url"], event.get("type", ""))

    def _answer(self, event: Any) -> None:
        if event["response"].get("fromDiskCache"):
            self._cached.add(event["requestId"])

    def _end(self, event: Any) -> None:
        url, kind = self._sent.get(event["requestId"], ("", ""))
        ahead = kind == "Fetch" and "/assets/" in url
        size = int(event["encodedDataLength"])  # 0 where nothing came over the wire
        if size and url.startswith("http") and event["requestId"] not in self._cached and not ahead:
            self.fetched[url] = size


def test_later_pages_fetch_their_data_only(tab: Opener) -> None:
    opened = tab("admin")
    opened.go("/")
    page = opened.page
    assert until(lambda: page.evaluate(COMPLETE) > 0)
    wire = Wire(page)
    for path in PATHS[1:]:
        before = page.title()
        page.evaluate("p => { history.pushState(null, '', p); dispatchEvent(new PopStateEvent('popstate')); }", path)
        expect(page).not_to_have_title(before)
        opened.settle()
    code = [url for url in wire.fetched if "/api/v1/" not in url]
    assert not code, code
    assert any("/api/v1/audience-board" in url for url in wire.fetched), "pages were opened, and asked for their data"


def test_first_load_is_small_and_nothing_is_asked_twice(tab: Opener) -> None:
    opened = tab("marketer")
    wire = Wire(opened.page)
    asked: list[str] = []
    opened.page.on("request", lambda request: asked.append(request.url) if "/api/v1/" in request.url else None)
    opened.go("/")
    assert 0 < sum(wire.fetched.values()) <= MOST
    told = [url for url in asked if re.search(r"/(session|status|overview)$", url)]
    assert len(told) == len(set(told)) == 3, "what was asked early is not asked again"


def test_who_saves_data_fetches_pages_when_they_are_opened(tab: Opener) -> None:
    opened = tab("marketer")
    opened.page.add_init_script(
        "Object.defineProperty(Navigator.prototype, 'connection', {get: () => ({saveData: true, effectiveType: '4g'})})"
    )
    names: list[str] = []
    opened.page.on("request", lambda request: names.append(request.url))
    opened.go("/")
    assert until(lambda: opened.page.evaluate("performance.getEntriesByName('huaxiang:usable').length") > 0)
    opened.page.wait_for_load_state("networkidle")
    assert opened.page.evaluate(COMPLETE) == 0
    assert not [name for name in names if "/wizard-" in name]


@pytest.mark.parametrize(("language", "scheme", "name"), [("zh-CN", "light", "画像"), ("en", "dark", "Huaxiang")])
def test_the_frame_is_drawn_before_the_code_is_there(tab: Opener, language: str, scheme: str, name: str) -> None:
    opened = tab("marketer", 1440, language, scheme)
    page = opened.page
    page.route("**/assets/*.js", lambda _route: None)  # no code comes
    page.goto(opened.address, wait_until="commit")
    frame = page.locator("#frame")
    expect(frame).to_be_visible()
    said = page.locator(".frame-side .frame-name").evaluate("e => getComputedStyle(e, '::before').content")
    assert said == f'"{name}"'
    assert until(lambda: page.evaluate("performance.getEntriesByName('first-contentful-paint').length") > 0)
    back = frame.evaluate("e => getComputedStyle(e).backgroundColor")
    assert back == ("rgb(12, 12, 13)" if scheme == "dark" else "rgb(244, 245, 247)")
    page.unroute("**/assets/*.js")  # lets go what was held
    page.locator(".overview-figures").wait_for()
    expect(frame).to_have_count(0)
    opened.quiet()


def test_the_page_lists_every_file_that_it_may_need(server: Server) -> None:
    text = STATIC.read_text("utf-8")
    listed = json.loads(re.search(r'id="chunks"[^>]*>(.+?)</script>', text)[1])  # type: ignore[index]
    built = {path.name for path in (STATIC.parent / "assets").iterdir() if path.suffix in (".js", ".css")}
    linked = set(re.findall(r'"/assets/([^"]+)"', text))
    assert set(listed["names"]) | linked == built
    assert not set(listed["names"]) & linked
    for page in ("overview", "audience-builder", "analysis/funnel", "data/wizard", "login"):
        assert listed["pages"][page], page
    with urlopen(server.address) as answer:
        told = answer.read().decode()
    assert 'data-who="out"' in told and "__HUAXIANG_" not in told
    with urlopen(Request(server.address, headers={"Cookie": "huaxiang_session=any"})) as answer:
        assert 'data-who="in"' in answer.read().decode()
