"""The guided tour: offered once on demo data, followed by clicking, keys or reloading; and pages before the first build say what to do."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect
from tests.waiting import until
from tests.web.conftest import Opener, Tab, serving

from huaxiang.app.wiring import snapshot_store

pytestmark = pytest.mark.browser
WHOLE = ["overview", "rfm", "builder", "find", "why", "market", "persona", "quality", "own"]
PLACES = {
    "overview": r"/$", "rfm": r"/$", "builder": r"/audiences/new\?when=", "find": r"/customers#q=", "why": r"/customers/[^?]+\?tab=tags$",
    "market": r"/tags$", "persona": r"/personas/\w+/\w+$", "quality": r"/data/quality$", "own": r"/data/wizard$",
}  # fmt: skip
UNBUILT = (
    "/", "/customers", "/customers/c1", "/tags", "/tags/any", "/audiences", "/audiences/new", "/audiences/any", "/personas",
    "/personas/any/a", "/analysis/funnel", "/analysis/retention", "/analysis/path", "/analysis/distribution", "/analysis/cross",
    "/analysis/network", "/data/sources", "/data/quality",
)  # fmt: skip


def step(opened: Tab, name: str) -> None:
    """Wait until a step stands on its page, with what it shows in view."""
    card = opened.page.locator(f".tour-card[data-step={name}][data-shown=true]")
    card.wait_for()
    opened.settle()
    assert re.search(PLACES[name], opened.page.url), opened.page.url
    size = opened.page.viewport_size
    assert size is not None

    def in_view() -> bool:
        ring, box = opened.page.locator(".tour-ring").bounding_box(), card.bounding_box()
        assert ring is not None and box is not None
        shown = ring["y"] < size["height"] and ring["y"] + ring["height"] > 52
        inside = box["x"] + box["width"] <= size["width"] and box["y"] + box["height"] <= size["height"]
        return shown and inside and box["x"] >= 0 and box["y"] >= 0

    assert until(in_view, 20), "what is told of is in view, and so is the card"
    opened.shot(f"tour-{name}")


def follow(opened: Tab, names: list[str]) -> None:
    """Go from the first of the steps through all of them, by clicking; axe looks at two."""
    for name in names:
        step(opened, name)
        if name in ("rfm", "persona"):
            opened.accessible()
        opened.page.locator(".tour-card .ant-btn-primary").click()
    opened.page.locator(".tour-card").wait_for(state="detached")


@pytest.mark.parametrize(("width", "language", "scheme"), [(1440, "zh-CN", "light"), (390, "en", "dark")])
def test_whole_tour_by_clicking(tab: Opener, width: int, language: str, scheme: str) -> None:
    opened = tab("admin", width, language, scheme)
    page = opened.go("/")
    offer = page.get_by_role("region", name="新手引导" if language == "zh-CN" else "Guided tour")
    offer.wait_for()
    opened.shot("tour-offer")
    offer.locator(".ant-btn-primary").click()
    follow(opened, WHOLE)
    expect(page.locator("#tour-start")).to_be_focused()  # where the tour can be started again
    opened.go("/")
    page.locator(".overview-figures").wait_for()
    assert offer.count() == 0, "not offered again"
    opened.quiet()


def test_reload_goes_on_keys_lead_and_escape_ends(tab: Opener) -> None:
    opened = tab("analyst")
    page = opened.go("/")
    page.get_by_role("button", name="开始引导").click()
    step(opened, "overview")
    page.keyboard.press("ArrowRight")
    step(opened, "rfm")
    page.keyboard.press("ArrowRight")
    step(opened, "builder")
    page.reload()
    step(opened, "builder")
    expect(page.locator("[class^=tour-card]:focus")).to_have_count(1)  # it is read aloud
    page.keyboard.press("ArrowLeft")
    step(opened, "rfm")
    page.keyboard.press("Escape")
    page.locator(".tour-card").wait_for(state="detached")
    page.reload()
    page.locator(".overview-figures").wait_for()
    assert page.locator(".tour-card, .tour-offer").count() == 0
    page.get_by_role("button", name="新手引导").click()
    step(opened, "overview")
    opened.quiet()


def test_who_declines_is_not_asked_again(tab: Opener) -> None:
    opened = tab("marketer")
    page = opened.go("/")
    page.get_by_role("button", name="不用了").click()
    page.locator(".tour-offer").wait_for(state="detached")
    page.reload()
    page.locator(".overview-figures").wait_for()
    assert page.locator(".tour-offer").count() == 0
    page.evaluate("localStorage.clear(); sessionStorage.clear()")  # as on another device of theirs
    page.reload()
    page.locator(".overview-figures").wait_for()
    assert page.locator(".tour-offer").count() == 0


@pytest.mark.parametrize(("role", "left_out"), [("marketer", {"own"}), ("auditor", {"builder", "find", "why", "own"})])
def test_steps_that_the_role_may_not_open_are_left_out(tab: Opener, role: str, left_out: set[str]) -> None:
    opened = tab(role)
    opened.go("/").get_by_role("button", name="开始引导").click()
    names = [name for name in WHOLE if name not in left_out]
    opened.page.get_by_text(f"第 1 步，共 {len(names)} 步").wait_for()
    follow(opened, names)
    opened.quiet()


def test_explanations_of_the_page_open_above_the_tour(tab: Opener) -> None:
    opened = tab("marketer")
    page = opened.go("/")
    page.get_by_role("button", name="开始引导").click()
    for name in ("overview", "rfm", "builder", "find"):
        step(opened, name)
        page.keyboard.press("ArrowRight")
    step(opened, "why")
    page.locator("[data-tour=why] button.chip").first.click()
    page.locator(".ant-popover .why-box pre").wait_for()
    page.keyboard.press("Escape")  # closes what is open, not the tour
    assert page.locator(".tour-card").count() == 1
    opened.quiet()


def test_only_demo_data_come_with_an_offer(tab: Opener, company: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(company, tmp_path / "own")
    manifest = next(file for file in (folder / ".huaxiang" / "snapshots").glob("*/manifest.json"))
    told = json.loads(manifest.read_text("utf-8"))
    assert told["project"].pop("sandbox") is True, "the demo says what it is"
    manifest.write_text(json.dumps(told), "utf-8")
    assert snapshot_store(folder).list()[0].problem is None
    with serving(folder) as address:
        opened = tab("marketer", address=address)
        page = opened.go("/")
        page.locator(".overview-figures").wait_for()
        page.get_by_role("button", name="新手引导").wait_for()  # it can be had
        assert page.locator(".tour-offer").count() == 0


@pytest.fixture(scope="module")
def unbuilt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("unbuilt")
    (folder / "huaxiang.yaml").write_text("name: x\n", "utf-8")
    with serving(folder, "--no-auth") as address:
        yield address


@pytest.mark.parametrize(("width", "language"), [(1440, "zh-CN"), (390, "en")])
def test_pages_before_the_first_build_say_what_to_do(tab: Opener, unbuilt: str, width: int, language: str) -> None:
    opened = tab(None, width, language, address=unbuilt)
    chinese = language == "zh-CN"
    for path in UNBUILT:
        page = opened.go(path)
        page.get_by_text("还没有数据" if chinese else "There is no data yet").wait_for()
        assert page.get_by_role("link", name="导入文件" if chinese else "Import a file").count() >= 1, path
        assert page.get_by_role("link", name="去构建" if chinese else "Go to builds").count() == 1, path
        assert page.locator("h1").count() == 1, path
        assert page.locator(".ant-alert-error, .ant-result-error").count() == 0, path
    opened.shot("unbuilt")
    opened.accessible()
    opened.go("/data/runs").get_by_text("还没有构建" if chinese else "There are no builds yet").wait_for()
    for path in ("/tags/new", "/data/wizard", "/people", "/audit", "/account"):
        opened.go(path).locator("h1").wait_for()
        assert page.locator(".ant-alert-error, .ant-result-error").count() == 0, path
    opened.said[:] = [
        text for text in opened.said if "status of 503" not in text
    ]  # what Chromium says of "no snapshot"
    opened.quiet()
