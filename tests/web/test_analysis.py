"""The pages of analysis in Chromium: a person fills the form, reads what the API counted, and shares the address."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect
from tests.web.conftest import Opener
from tests.web.test_overview import told

pytestmark = pytest.mark.browser


def choose(page: Any, name: str, text: str) -> None:
    """Pick an option of a select by what it says."""
    page.get_by_role("combobox", name=name, exact=True).click()
    page.locator(".ant-select-dropdown:visible .ant-select-item-option").filter(has_text=text).first.click()


def percent(share: float | None) -> str:
    return "–" if share is None else f"{share * 100:.1f}%"


@pytest.mark.parametrize(("width", "language"), [(1440, "zh-CN"), (390, "en")])
def test_a_funnel_is_asked_read_and_shared(tab: Opener, width: int, language: str) -> None:
    chinese = language == "zh-CN"
    opened = tab("marketer", width, language)
    page = opened.go("/analysis/funnel")
    choose(page, "第 1 步" if chinese else "Step 1", "官网行为" if chinese else "Web events")
    choose(page, "第 2 步" if chinese else "Step 2", "订单" if chinese else "Orders")
    page.get_by_role("spinbutton", name="窗口期" if chinese else "Window").fill("14")
    page.get_by_role("button", name="开始分析" if chinese else "Analyse").click()
    page.wait_for_url("**step=web_events*")
    opened.settle()
    found = told(opened, "/analysis/funnel", {"steps": [{"source": "web_events"}, {"source": "orders"}], "window": 14})
    assert "window=14" in page.url
    page.locator(".funnel", has_text=f"{found['steps'][1]['customers']:,}").and_(
        page.locator('[aria-busy="false"] .funnel')
    ).wait_for()
    text = page.locator(".funnel").inner_text()
    for step in found["steps"]:
        assert f"{step['customers']:,}" in text
    assert percent(found["steps"][1]["share"]) in text
    assert found["as_of"] in page.locator("main").inner_text()
    other = tab("analyst", width, language)
    shared = other.go(page.url.removeprefix(opened.address))
    expect(shared.locator('[aria-busy="false"] .funnel')).to_have_text(
        text, use_inner_text=True
    )  # the address shows the same to a colleague
    opened.shot("funnel-asked")
    opened.accessible()
    opened.quiet()


def test_a_condition_that_is_wrong_is_told_and_the_form_stays(tab: Opener) -> None:
    opened = tab("marketer")
    page = opened.go("/analysis/funnel?step=web_events&step=orders nothing > 1")
    page.get_by_role("alert").wait_for()
    assert "nothing" in page.get_by_role("alert").inner_text()
    box = page.get_by_role("textbox", name="第 2 步 附加条件")
    assert box.input_value() == "nothing > 1"
    box.fill("amount > 1")
    page.get_by_role("button", name="开始分析").click()
    page.locator(".funnel").wait_for()


def test_retention_by_month(tab: Opener) -> None:
    opened = tab("marketer")
    page = opened.go("/analysis/retention?first=orders&return=orders")
    found = told(opened, "/analysis/retention", {"first": {"source": "orders"}, "return": {"source": "orders"}})
    rows = page.locator("table.heat tbody tr")
    rows.nth(len(found["cohorts"])).wait_for()
    assert rows.count() == len(found["cohorts"]) + 1
    opened.accessible()
    for number, cohort in enumerate(found["cohorts"], start=1):
        cells = rows.nth(number).locator("td").all_inner_texts()
        assert cells[0] == f"{cohort['size']:,}"
        for shown, cell in zip(cells[1:], cohort["cells"], strict=True):
            assert shown.split() == ([] if cell["count"] is None else [percent(cell["share"]), f"{cell['count']:,}"])
    page.get_by_text("滚动留存", exact=True).click()
    page.get_by_role("button", name="开始分析").click()
    page.wait_for_url("**kind=unbounded*")


def test_paths_are_drawn_and_listed(tab: Opener) -> None:
    opened = tab("marketer")
    page = opened.go("/analysis/path?anchor=app_events&event=app_events/event&event=orders&depth=3&window=30")
    asked = {"anchor": {"source": "app_events"}, "events": [{"source": "app_events", "by": "event"}, {"source": "orders"}], "depth": 3,
             "window": 30, "top": 5}  # fmt: skip
    found = told(opened, "/analysis/path", asked)
    page.locator(".wide-chart svg").wait_for()
    opened.accessible()
    first = page.locator(".ant-table-row").first.locator("td").all_inner_texts()
    assert first[1:] == [f"{found['paths'][0]['customers']:,}", percent(found["paths"][0]["share"])]
    opened.quiet()


def test_a_distribution_beside_everyone(tab: Opener) -> None:
    opened = tab("marketer")
    page = opened.go("/analysis/distribution?tag=spend&audience=" + "lifecycle = 'active'")
    found = told(opened, "/analysis/distribution", {"of": "spend", "audience": "lifecycle = 'active'"})
    page.locator(".chart svg").wait_for()
    opened.accessible()
    text = page.locator("main").inner_text()
    assert f"{found['figures']['known']:,}" in text
    assert f"{found['distance']:.3f}".rstrip("0") in text
    page.get_by_text("行为指标", exact=True).click()
    page.get_by_role("button", name="开始分析").click()
    page.wait_for_url("**function=count*")
    page.locator("[aria-busy='false'] .chart svg").wait_for()


def test_a_cell_of_a_cross_table_becomes_an_audience(tab: Opener) -> None:
    opened = tab("marketer")
    page = opened.go("/analysis/cross?rows=lifecycle&columns=tag_gender&show=count")
    found = told(opened, "/analysis/cross", {"rows": "lifecycle", "columns": "tag_gender"})
    cell = page.locator("table.heat tbody tr").first.locator("td a").first
    assert cell.inner_text().split()[0] == f"{found['counts'][0][0]:,}"
    opened.accessible()
    page.get_by_text("TGI", exact=True).click()
    page.wait_for_url("**show=tgi*")
    cell.filter(has_text=re.compile(rf"^{found['tgi'][0][0]:,.0f}")).wait_for()
    cell.click()
    page.wait_for_url("**/audiences/new?when=*")


def test_a_network_is_drawn_with_its_pairs(tab: Opener) -> None:
    opened = tab("marketer", 390, "zh-CN", "dark")
    page = opened.go("/analysis/network?edges=20")
    found = told(opened, "/analysis/network", {"edges": 20})
    page.get_by_text(f"检验 {found['tested']:,} 对").wait_for()
    if found["edges"]:
        expect(page.locator(".ant-table-row")).to_have_count(min(15, len(found["edges"])))
    opened.accessible()
    opened.shot("network-asked")
    opened.quiet()
