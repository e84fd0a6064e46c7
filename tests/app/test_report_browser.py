"""The report in a real Chromium: every figure drawn, nothing asked of a network, no word on the console."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.app.report_snapshot import FakeSnapshot, make_snapshot
from tests.waiting import PATIENCE

from huaxiang.app.report import write_report
from huaxiang.app.report.writer import report_of

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> FakeSnapshot:
    return make_snapshot(tmp_path_factory.mktemp("snapshot"))


@pytest.fixture(scope="module")
def page_file(snapshot: FakeSnapshot, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = write_report(snapshot, tmp_path_factory.mktemp("report") / "report.html")
    assert path.stat().st_size < 1_500_000
    return path


def opened(chromium: Any, path: Path, **context: Any) -> tuple[Any, list[str], list[str]]:
    page = chromium.new_context(**context).new_page()
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    page.locator("html[data-figures]").wait_for(state="attached", timeout=PATIENCE * 1000)
    return page, said, asked


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (1440, "dark"), (390, "light")])
def test_every_figure_is_drawn_and_nothing_is_asked(
    chromium: Any, snapshot: FakeSnapshot, page_file: Path, width: int, scheme: str
) -> None:
    page, said, asked = opened(chromium, page_file, viewport={"width": width, "height": 900}, color_scheme=scheme)
    expected = len(report_of(snapshot, "zh-CN")["figures"])
    assert page.evaluate("document.documentElement.dataset.figures") == str(expected)
    drawn = page.eval_on_selector_all(".chart svg", "all => all.map(one => one.querySelectorAll('path').length)")
    assert len(drawn) == expected
    assert all(drawn)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert said == []
    assert [url for url in asked if not url.startswith("file:")] == []
    assert len(asked) == 1
    page.context.close()


def test_colours_follow_the_scheme_and_paper_is_light(chromium: Any, page_file: Path) -> None:
    page, said, _ = opened(chromium, page_file, color_scheme="dark")
    fill = "() => document.querySelector('.chart svg').innerHTML"
    dark = page.evaluate(fill)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    paper = page.evaluate(fill)
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert paper != dark
    assert page.evaluate("document.documentElement.dataset.paper") is None
    page.emulate_media(color_scheme="light")
    assert "#0958d9" in paper or "rgb(9,88,217)" in paper
    assert said == []
    page.context.close()


def test_prints_to_a4_with_charts(chromium: Any, page_file: Path, tmp_path: Path) -> None:
    page, said, _ = opened(chromium, page_file)
    pdf = page.pdf(prefer_css_page_size=True, print_background=True)
    assert pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ") > 8 or pdf.count(b"/Type/Page") > 8
    page.emulate_media(media="print")
    heights = page.eval_on_selector_all(".chart svg", "all => all.map(one => one.getBoundingClientRect().height)")
    assert min(heights) > 30
    assert said == []
    page.context.close()


def test_tables_open_by_keyboard(chromium: Any, page_file: Path) -> None:
    page, _, _ = opened(chromium, page_file)
    first = page.locator(".figure-data summary").first
    first.focus()
    page.keyboard.press("Enter")
    assert page.locator(".figure-data").first.get_attribute("open") is not None
    assert page.locator(".figure-data table").first.is_visible()
    page.context.close()
