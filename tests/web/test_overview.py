"""The overview in Chromium: its figures are those of the API, a cell of the RFM grid leads to its audience, a province to its cities."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, quote, urlparse

import pytest
from playwright.sync_api import expect
from tests.web.conftest import Opener, Tab

pytestmark = pytest.mark.browser


def told(opened: Tab, path: str, body: Any = None) -> Any:
    """What the API answers the same person."""
    request, address = opened.page.context.request, f"{opened.address}/api/v1{path}"
    ask = request.get if body is None else request.post
    more = {} if body is None else {"data": body, "headers": {"X-Huaxiang": "web"}}
    answer = ask(address, max_retries=3, **more)
    assert answer.ok, answer.text()
    return answer.json()


def figure(opened: Tab, name: str) -> str:
    named = opened.page.locator(".name", has_text=re.compile(f"^{re.escape(name)}"))
    found: str = opened.page.locator(".figure").filter(has=named).first.locator(".value").inner_text()
    return found


@pytest.mark.parametrize(("width", "language"), [(1440, "zh-CN"), (390, "en")])
def test_the_figures_are_those_of_the_api(tab: Opener, width: int, language: str) -> None:
    opened = tab("marketer", width, language)
    page = opened.go("/")
    found = told(opened, "/overview")
    chinese = language == "zh-CN"
    assert figure(opened, "客户总数" if chinese else "Customers") == f"{found['customers']['total']:,}"
    assert figure(opened, "活跃客户" if chinese else "Active") == f"{found['customers']['active']:,}"
    assert figure(opened, "新增客户" if chinese else "New (") == f"{found['customers']['new']:,}"
    text = page.locator("main").inner_text()
    assert found["as_of"] in text, "figures name their day"
    for stage in found["lifecycle"]["values"]:
        assert stage["title"]["zh" if chinese else "en"] in text
    for audience in found["audiences"][:5]:
        assert f"{audience['size']:,}" in text
    expect(page.locator("svg").nth(1)).to_be_attached()  # trends are drawn
    opened.accessible()
    opened.shot("overview-figures")
    opened.quiet()


def test_a_cell_of_the_grid_becomes_an_audience(tab: Opener) -> None:
    opened = tab("marketer")
    page = opened.go("/")
    found = told(opened, "/overview")
    best = max(found["rfm"]["cells"], key=lambda cell: cell["count"])
    cell = page.locator(f'a[href="/audiences/new?when={quote(best["when"], safe="")}"]')
    assert cell.inner_text().split() == [
        f"R{best['r']}",
        f"F{best['f']}",
        f"{best['count']:,}",
        f"{best['share'] * 100:.1f}%",
    ]
    cell.click()
    page.wait_for_url("**/audiences/new?when=*")
    when = parse_qs(urlparse(page.url).query)["when"][0]
    assert when == best["when"]
    assert told(opened, "/query/count", {"when": when})["count"] == best["count"]


def test_a_province_opens_its_cities_and_stands_in_the_address(tab: Opener) -> None:
    opened = tab("marketer")
    page = opened.go("/")
    found = told(opened, "/overview")["regions"]
    place = next(one for one in found["values"] if len(one["cities"]) > 1)
    page.get_by_role("button", name=place["value"], exact=True).click()
    page.wait_for_url("**/?place=*")
    shown = page.get_by_role("region", name="地域分布")
    for city in place["cities"]:
        shown.get_by_text(city["value"]).first.wait_for()
    page.reload()
    shown.get_by_text(place["cities"][0]["value"]).first.wait_for()  # a link shows the same
    page.get_by_role("button", name="全部省份").click()
    page.wait_for_url(lambda url: "place=" not in url)


def test_the_first_build_has_nothing_to_compare_with(tab: Opener) -> None:
    opened = tab("marketer")
    page = opened.go("/")
    assert told(opened, "/overview")["changes"] is None
    page.get_by_text("这是第一次构建", exact=True).wait_for()


def test_an_answer_that_fails_is_told_and_can_be_asked_again(tab: Opener) -> None:
    opened = tab("marketer")
    problem = '{"title": "出错", "detail": "磁盘不可用", "code": "storage", "status": 503}'
    opened.page.route(
        "**/api/v1/overview",
        lambda route: route.fulfill(status=503, body=problem, content_type="application/problem+json"),
    )
    page = opened.go("/")
    page.get_by_text("磁盘不可用").wait_for()
    page.unroute("**/api/v1/overview")
    page.get_by_role("button", name="重试").click()
    page.get_by_text("客户总数").wait_for()
