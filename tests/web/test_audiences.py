"""Audiences as a marketer works with them: found, made, changed, compared, taken away."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlparse

import pytest
from playwright.sync_api import expect
from tests.web.conftest import Opener, Server, Tab

pytestmark = pytest.mark.browser
WHEN = "gender = 'female' and not (spend > 5000 or orders < 2) and did('orders', amount > 100, days => 300)"
NEW = "/audiences/new"


def api(tab: Tab, method: str, path: str, **more: Any) -> Any:
    """Ask the API as the one who is logged in."""
    call = getattr(tab.page.context.request, method)
    return call(f"{tab.address}/api/v1{path}", headers={"X-Huaxiang": "web"}, max_retries=3, **more)


def picked(page: Any, label: str, text: str, at: int = -1) -> None:
    """Choose an option of a select as a person does: open, type, press."""
    box = page.get_by_role("combobox", name=label)
    chosen = box.last if at < 0 else box.nth(at)
    chosen.click()
    chosen.fill(text)
    page.locator(".ant-select-dropdown:visible .ant-select-item-option").filter(has_text=text).first.click()


def condition_of(url: str) -> str:
    return parse_qs(urlparse(url).query).get("when", [""])[0]


def stands(tab: Tab, pattern: str) -> str:
    """Wait until the condition in the address and in the text are the same and match a pattern; return it."""
    told = re.compile(pattern, re.IGNORECASE)
    tab.page.wait_for_url(lambda url: told.search(condition_of(url)) is not None)
    when = condition_of(tab.page.url)
    expect(tab.page.get_by_role("textbox", name="文本形式")).to_have_value(when)
    return when


def counted(tab: Tab, when: str) -> int:
    """How many the API counts for a condition, once the page says the same."""
    count = int(api(tab, "post", "/query/count", data={"when": when}).json()["count"])
    expect(tab.page.locator(".estimate .value[aria-busy=false]")).to_have_text(f"{count:,}")
    return count


@pytest.fixture
def saved(tab: Opener) -> Iterator[str]:
    """An audience that was saved since the build, and is taken out at the end."""
    admin = tab("admin")
    name = "web_trial"
    api(admin, "put", f"/audiences/{name}", data={"when": "spend > 100", "title": "试验人群", "owner": "运营"})
    yield name
    api(admin, "delete", f"/audiences/{name}")


def test_a_marketer_makes_an_audience_by_clicking(tab: Opener) -> None:
    opened = tab("marketer")
    page = opened.go("/audiences")
    page.get_by_role("button", name="新建人群").click()
    page.get_by_role("button", name="属性与标签").first.click()
    picked(page, "选择属性或标签", "性别")
    picked(page, "填写取值", "女")
    page.keyboard.press("Escape")
    women = counted(opened, stands(opened, "gender"))
    assert women > 0
    page.get_by_role("button", name="行为", exact=True).first.click()
    picked(page, "选择行为", "订单")
    assert counted(opened, stands(opened, r"did\('orders'")) < women
    page.get_by_role("button", name="保存人群").click()
    page.get_by_label("标题", exact=True).fill("近期下单的女性")
    page.get_by_label("标识").fill("women_who_buy")
    page.get_by_role("button", name="保存", exact=True).click()
    page.wait_for_url("**/audiences/women_who_buy")
    page.get_by_role("heading", name="近期下单的女性").wait_for()
    expect(page.locator("pre.condition")).to_contain_text("did('orders'")
    opened.settle()
    opened.shot("audience_unbuilt")
    page.get_by_role("button", name="操作").click()
    page.get_by_role("menuitem", name="删除").click()
    page.get_by_role("button", name="删除").click()
    page.wait_for_url("**/audiences")
    page.get_by_role("button", name="撤销").click()
    page.get_by_text("已恢复").wait_for()
    assert api(opened, "get", "/audiences/women_who_buy/definition").ok
    assert api(opened, "delete", "/audiences/women_who_buy").ok
    opened.quiet()


def test_form_and_text_are_the_same_condition(tab: Opener) -> None:
    opened = tab()
    page = opened.go(f"{NEW}?when={quote(WHEN)}")
    counted(opened, WHEN)
    expect(page.locator(".builder .group.negated .leaf")).to_have_count(2)
    page.get_by_role("textbox", name="文本形式").fill("gender = 'female' and sped > 1")
    expect(page.locator(".text-fault")).to_contain_text("第 1 行第 23 列")
    expect(page.locator(".text-fault mark")).to_have_text("sped")
    expect(page.get_by_role("button", name="保存人群")).to_be_disabled()
    page.get_by_role("textbox", name="文本形式").fill("gender = 'female' or city is null")
    expect(page.locator(".builder .leaf")).to_have_count(2)
    stands(opened, "^gender = 'female' or city is null$")
    page.get_by_text("且", exact=True).first.click()
    stands(opened, "^gender = 'female' and city is null$")
    page.get_by_role("button", name="撤销").click()
    stands(opened, "^gender = 'female' or city is null$")
    opened.quiet()


def test_rows_move_by_mouse_and_by_keyboard(tab: Opener) -> None:
    opened = tab()
    page = opened.go(f"{NEW}?when={quote(WHEN)}")
    counted(opened, WHEN)
    rows, target = page.locator(".builder .group.negated .leaf"), page.locator(".builder .group.negated .gap").last
    grip = page.locator(".builder .grip").first.bounding_box()
    page.mouse.move(grip["x"] + 8, grip["y"] + 8)
    page.mouse.down()
    page.mouse.move(grip["x"], grip["y"] + 30, steps=4)
    page.locator(".builder.moving").wait_for()  # gaps are as wide now as they are while something is moved
    over = target.bounding_box()
    page.mouse.move(over["x"] + 60, over["y"] + over["height"] / 2, steps=12)
    expect(target).to_have_class("gap over")
    page.mouse.up()
    expect(rows).to_have_count(3)
    stands(opened, r"gender = 'female'\)")
    more = rows.last.get_by_role("button", name="更多操作")
    more.focus()
    page.keyboard.press("Enter")
    page.get_by_role("menuitem", name="移出本组").click()
    expect(rows).to_have_count(2)
    opened.quiet()


def test_edits_of_two_people_are_told_apart(tab: Opener, saved: str) -> None:
    mine, other = tab("marketer"), tab("analyst")
    page = mine.go(f"/audiences/{saved}/edit")
    page.get_by_role("textbox", name="文本形式").fill("spend > 200")
    counted(mine, stands(mine, "spend > 200"))
    assert api(other, "put", f"/audiences/{saved}", data={"when": "spend > 900"}).ok
    page.get_by_role("button", name="保存修改").click()
    page.get_by_role("button", name="保存", exact=True).click()
    page.get_by_text("这个人群已被他人修改").wait_for()
    expect(page.get_by_text("spend > 900")).to_be_visible()
    assert api(other, "get", f"/audiences/{saved}/definition").json()["when"] == "spend > 900"
    mine.shot("audience_conflict")
    page.get_by_role("button", name="用我的覆盖").click()
    page.wait_for_url(f"**/audiences/{saved}")
    assert api(other, "get", f"/audiences/{saved}/definition").json()["when"] == "spend > 200"


@pytest.mark.parametrize(
    ("width", "language", "scheme"), [(1440, "zh-CN", "light"), (390, "en", "dark"), (390, "zh-CN", "light")]
)
def test_every_part_of_an_audience_opens(tab: Opener, width: int, language: str, scheme: str) -> None:
    opened = tab("analyst", width, language, scheme)
    named = ",".join(a["name"] for a in api(opened, "get", "/audience-board").json()["audiences"][:3])
    parts = [f"/audiences/vip?tab={name}" for name in ("overview", "breakdown", "numbers", "rules", "graph")]
    for path in (*parts, f"/audiences?compare={named}&by=lifecycle", f"{NEW}?when={quote(WHEN)}"):
        page = opened.go(path)
        expect(page.locator("h1")).to_have_count(1)
        assert page.locator(".ant-result-error, .ant-alert-error").count() == 0, path
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth + 1"), path
        opened.accessible()
        opened.shot(re.sub(r"\W+", "_", path.split("when=")[0]).strip("_"))
    opened.quiet()


def test_the_list_is_searched_and_two_are_compared(tab: Opener) -> None:
    opened = tab("marketer")
    page = opened.go("/audiences")
    lines = page.locator("tbody tr.ant-table-row")
    lines.first.wait_for()
    everything = lines.count()
    page.get_by_role("searchbox").fill("vip")
    page.wait_for_url("**q=vip*")
    expect(lines).not_to_have_count(everything)
    assert 0 < lines.count() < everything
    page.get_by_role("searchbox").fill("nothing of this name")
    page.get_by_text("没有符合的人群").wait_for()
    page.get_by_role("searchbox").fill("")
    expect(lines).to_have_count(everything)
    for n in range(2):
        page.locator("tbody .ant-checkbox-input").nth(n).check()
    page.get_by_role("button", name=re.compile("比较")).click()
    page.wait_for_url("**/audiences?compare=*")
    page.get_by_text("组合人数").wait_for()
    opened.quiet()


def test_export_is_masked_and_safe(tab: Opener, tmp_path: Path) -> None:
    opened = tab("marketer")
    page = opened.go("/audiences/vip")
    size = int(page.locator(".figure .value").first.inner_text().replace(",", ""))
    page.get_by_role("button", name="导出").click()
    box = page.get_by_role("combobox", name="除客户 ID 外的列")
    box.click()
    box.fill("手机")
    page.locator(".ant-select-dropdown:visible .ant-select-item-option").first.click()
    page.locator(".ant-modal-title").click()
    assert page.get_by_text("显示未脱敏的个人信息").count() == 0  # not for marketers
    with page.expect_download() as found:
        page.get_by_role("button", name="开始导出").click()
    found.value.save_as(tmp_path / "vip.csv")
    rows = list(csv.DictReader((tmp_path / "vip.csv").read_text("utf-8-sig").splitlines()))
    assert len(rows) == size
    phones = [value for row in rows for key, value in row.items() if key != "customer_id" and value]
    assert phones
    assert all("*" in value for value in phones)


def test_who_may_not_define_is_offered_nothing_to_change(tab: Opener, server: Server) -> None:
    opened = tab("auditor")
    page = opened.go("/audiences")
    assert page.get_by_role("button", name="新建人群").count() == 0
    opened.go("/audiences/vip")
    assert page.get_by_role("button", name="编辑").count() == 0
    assert page.get_by_role("button", name="导出").count() == 0
    opened.go(NEW)
    assert page.get_by_role("button", name="保存人群").count() == 0
