"""The customer pages, used as people use them: find somebody, see why a tag has its value, split a wrong merge, undo it."""

from __future__ import annotations

import re
from typing import Any

import pyarrow.parquet as pq
import pytest
from playwright.sync_api import expect
from tests.web.conftest import Opener, Server

from huaxiang.app.wiring import open_snapshot

pytestmark = pytest.mark.browser
TABS = ("", "?tab=tags", "?tab=timeline", "?tab=identity", "?tab=similar", "?tab=relations")
LOOKS = ((1440, "zh-CN", "light"), (390, "en", "light"), (1440, "en", "dark"), (390, "zh-CN", "dark"))


@pytest.fixture(scope="module")
def someone(server: Server) -> dict[str, Any]:
    """A customer of several records, with a phone number whose end nobody else has."""
    with open_snapshot(server.folder) as snapshot:
        people = pq.read_table(snapshot.table("customers"), columns=["customer_id", "name", "phone"]).to_pylist()
        records = pq.read_table(snapshot.table("identity_records"), columns=["customer_id"])["customer_id"].to_pylist()
    ends = [p["phone"][-4:] for p in people if p["phone"]]
    fit = [
        p
        for p in people
        if p["phone"] and p["name"] and ends.count(p["phone"][-4:]) == 1 and 4 <= records.count(p["customer_id"]) <= 12
    ]
    assert fit
    return fit[0]


@pytest.mark.parametrize(("width", "language", "scheme"), LOOKS)
def test_every_part_opens(tab: Opener, someone: dict[str, Any], width: int, language: str, scheme: str) -> None:
    opened = tab("admin", width, language, scheme)
    for part in TABS:
        page = opened.go(f"/customers/{someone['customer_id']}{part}")
        page.locator(".who").wait_for()
        opened.settle()
        expect(page.locator("h1")).to_have_text(someone["name"])
        assert someone["name"] not in page.title()  # which the browser's history keeps
        assert page.locator(".ant-alert-error").count() == 0
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth + 1"), part
        assert someone["phone"] not in page.content()
        opened.accessible()
        opened.shot(f"customer-{part.partition('=')[2] or 'profile'}")
    opened.quiet()


@pytest.mark.parametrize(("width", "language"), [(1440, "zh-CN"), (390, "en")])
def test_found_by_the_end_of_a_phone_number(tab: Opener, someone: dict[str, Any], width: int, language: str) -> None:
    opened = tab("marketer", width, language)
    page = opened.go("/customers")
    box = page.get_by_role("textbox")
    expect(box).to_be_focused()
    box.fill(someone["phone"][-4:])
    page.locator("#found").get_by_text(someone["name"]).first.wait_for()
    opened.accessible()
    opened.shot("customers-found")
    assert someone["phone"][-4:] not in page.url.partition("#")[0]  # what is looked for reaches no log
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(f"/customers/{re.escape(someone['customer_id'])}"))
    opened.quiet()


def test_a_value_and_a_condition(tab: Opener) -> None:
    opened = tab("marketer")
    page = opened.go("/customers")
    page.get_by_role("textbox").fill("上海")
    page.locator("button.chip").first.click()
    expect(page.get_by_role("textbox")).to_have_value(re.compile("="))
    page.locator("tbody tr").nth(1).wait_for()
    page.get_by_role("textbox").fill("没有这个人名")
    page.get_by_text("没有找到客户").wait_for()
    opened.shot("customers-none")
    opened.quiet()


def test_why_a_tag_has_its_value(tab: Opener, someone: dict[str, Any]) -> None:
    opened = tab("marketer")
    page = opened.go(f"/customers/{someone['customer_id']}?tab=tags")
    page.locator("button.chip", has_text="高消费客户").click()
    page.get_by_text("spend_365d >= 5000").first.wait_for()
    page.get_by_text("用到的数据").wait_for()
    page.get_by_role("link", name="查看标签").wait_for()
    opened.shot("customer-why")
    opened.quiet()


def test_who_may_not_sees_no_identity_and_nothing_in_full(tab: Opener, someone: dict[str, Any]) -> None:
    opened = tab("marketer")
    page = opened.go(f"/customers/{someone['customer_id']}?tab=identity")
    page.get_by_text("您的角色不能查看身份记录").wait_for()
    assert page.get_by_role("button", name="查看完整信息").count() == 0
    opened.quiet()


def test_seen_in_full_for_a_reason(tab: Opener, server: Server, someone: dict[str, Any]) -> None:
    opened = tab("admin")
    page = opened.go(f"/customers/{someone['customer_id']}")
    page.get_by_role("button", name="查看完整信息").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("手机号").check()
    dialog.get_by_role("button", name="查 看").or_(dialog.get_by_role("button", name="查看")).click()
    dialog.get_by_text("至少 5 个字").last.wait_for()
    dialog.get_by_label("理由").fill("客户来电核对收货手机号")
    dialog.get_by_role("button", name="查看").click()
    page.locator(".who").get_by_text(someone["phone"]).wait_for()
    page.get_by_role("button", name="重新脱敏").click()
    expect(page.locator("main")).not_to_contain_text(someone["phone"])
    entries = page.context.request.get(f"{server.address}/api/v1/audit?limit=5", max_retries=3).text()
    assert "客户来电核对收货手机号" in entries
    opened.quiet()


@pytest.fixture(scope="module")
def two_in_one(server: Server) -> str:
    """A customer of the records of several sources that describe people."""
    with open_snapshot(server.folder) as snapshot:
        rows = pq.read_table(
            snapshot.table("identity_records"), columns=["customer_id", "source", "describes"]
        ).to_pylist()
    named: dict[str, set[str]] = {}
    for row in rows:
        if row["customer_id"] and row["source"] in ("crm_members", "shop_customers"):
            named.setdefault(row["customer_id"], set()).add(row["source"])
    few = [who for who in named if len(named[who]) == 2 and sum(r["customer_id"] == who for r in rows) <= 12]
    return min(few)


def test_a_wrong_merge_is_split_and_the_split_undone(tab: Opener, two_in_one: str) -> None:
    opened = tab("analyst")
    page = opened.go(f"/customers/{two_in_one}?tab=identity")
    page.locator(".graph .hit").first.focus()
    page.keyboard.press("Enter")
    page.get_by_text("首次发现").wait_for()  # the evidence of the line
    page.locator(".graph .node.person").first.click()
    page.get_by_role("button", name="拆分所选记录").first.click()  # beside the record: selects it
    page.get_by_text("已选 1 条").wait_for()
    opened.shot("customer-selected")
    page.get_by_role("button", name="拆分所选记录").last.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("留在此客户").wait_for()
    dialog.get_by_role("button", name="拆分所选记录").click()
    dialog.get_by_text("请写明理由").wait_for()
    dialog.get_by_label("理由").fill("两个人共用过一部手机")
    opened.accessible()
    opened.shot("customer-split")
    dialog.get_by_role("button", name="拆分所选记录").click()
    page.get_by_text(re.compile("已记录决定 #")).wait_for()
    row = page.get_by_role("row", name=re.compile("两个人共用过一部手机"))
    row.get_by_text("有效").wait_for()
    row.get_by_role("button", name=re.compile("撤销")).click()
    page.get_by_text("已撤销").first.wait_for()
    page.get_by_role("row", name=re.compile("拆分.*已撤销.*两个人共用过一部手机")).wait_for()
    opened.shot("customer-undone")
    opened.quiet()


def test_merge_shows_both_before_it_is_decided(tab: Opener, someone: dict[str, Any]) -> None:
    opened = tab("analyst")
    page = opened.go(f"/customers/{someone['customer_id']}?tab=identity")
    page.get_by_role("button", name="合并客户").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="合并客户")).to_be_disabled()
    dialog.get_by_label("查找另一位客户").fill("王")
    dialog.get_by_label("查找另一位客户").fill("王小")
    dialog.get_by_label("查找另一位客户").fill("city = '上海市'")
    dialog.locator("button.chip").first.click()
    dialog.get_by_text("将合并").wait_for()
    opened.accessible()
    opened.shot("customer-merge")
    dialog.get_by_role("button", name="取消").click()
    opened.quiet()
