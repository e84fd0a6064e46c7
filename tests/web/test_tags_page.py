"""The tag market in Chromium: a rule is written, previewed, saved, approved by another person; what others use does not go offline."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect
from tests.web.conftest import Server, press

pytestmark = pytest.mark.browser
SIZES = [(1440, "zh-CN", "light"), (390, "zh-CN", "dark"), (1440, "en", "dark"), (390, "en", "light")]
NEW = "/tags/new?kind=rule"


def remove(tab: Any, name: str) -> None:
    """Take a tag of an earlier test away, whatever its state."""
    api, root = tab.page.context.request, f"{tab.address}/api/v1"
    found = api.get(f"{root}/tag-market/{name}", max_retries=3)
    if found.ok and found.json()["digest"]:
        api.delete(
            f"{root}/tags/{name}", headers={"X-Huaxiang": "web", "If-Match": found.json()["digest"]}, max_retries=3
        )


@pytest.mark.parametrize(("width", "language", "scheme"), SIZES)
def test_pages_of_tags_are_quiet_and_accessible(tab: Any, width: int, language: str, scheme: str) -> None:
    opened = tab("admin", width, language, scheme)
    for path, title in (
        ("/tags", "tags"), ("/tags?view=table", "tags-table"), ("/tags/spend", "tag-numbers"), ("/tags/lifecycle", "tag-values"),
        ("/tags/spend?tab=lineage", "tag-lineage"), ("/tags/spend?tab=uses", "tag-uses"), ("/tags/spend?tab=versions", "tag-versions"),
        ("/tags/new", "tag-new"), ("/tags/loyalty/edit", "tag-edit"),
    ):  # fmt: skip
        page = opened.go(path)
        page.locator("h1").wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        opened.shot(title)
        opened.accessible()
    opened.quiet()


def test_the_market_is_searched_and_its_address_can_be_shared(tab: Any) -> None:
    opened = tab("marketer")
    page = opened.go("/tags")
    assert page.get_by_role("button", name="新建标签").count() == 0
    page.locator(".tag-card").first.wait_for()
    every = page.locator(".tag-card").count()
    page.get_by_label("按名称、说明、主题或负责人搜索").fill("RFM")
    page.wait_for_url(re.compile(r"q=RFM"))
    page.locator(".tag-card").filter(has_text="tag_gender").wait_for(state="detached")
    assert 0 < page.locator(".tag-card").count() < every
    page.locator(".tree").get_by_text("客户关系").click()
    page.wait_for_url(re.compile(r"class=relationship"))
    page.get_by_text("列表", exact=True).click()
    page.wait_for_url(re.compile(r"view=table"))
    page.locator("tbody tr.ant-table-row").first.wait_for()
    opened.settle()
    again = tab("marketer")
    there = again.go(page.url.removeprefix(opened.address))
    lines = page.locator("tbody tr.ant-table-row").count()
    assert lines > 0
    expect(there.locator("tbody tr.ant-table-row")).to_have_count(lines)
    there.get_by_role("link", name=re.compile("RFM 价值分类")).click()
    there.get_by_role("heading", level=1, name="RFM 价值分类").wait_for()
    assert there.get_by_role("button", name="编辑").count() == 0
    again.quiet()


def test_a_rule_is_written_previewed_saved_and_approved_by_another(tab: Any, server: Server) -> None:
    saved = server.folder / "tags" / "saved.yaml"
    writer = tab("analyst")
    remove(tab("admin"), "autumn_vip")
    page = writer.go(NEW)
    page.get_by_label("条件").first.fill("spendd > 1000")
    page.locator(".ant-form-item-explain-error").get_by_text("没有名为“spendd”的列").wait_for()
    page.get_by_label("条件").first.fill("spend > 1000")
    aside = page.get_by_role("complementary", name="预览")
    aside.get_by_text("精确结果").wait_for()
    shown = int(aside.locator("tr", has_text="是").locator(".n").first.inner_text().replace(",", ""))
    count = page.context.request.post(
        f"{writer.address}/api/v1/query/count",
        data={"when": "spend > 1000"},
        headers={"X-Huaxiang": "web"},
        max_retries=3,
    )
    assert shown == count.json()["count"]
    page.get_by_role("button", name="保存并提交审批").click()
    page.get_by_text("请填写").first.wait_for()
    page.get_by_label("标识").fill("autumn_vip")
    page.get_by_label("中文名称").fill("秋季贵宾")
    writer.shot("tag-writing")
    page.get_by_role("button", name="保存并提交审批").click()
    page.get_by_role("heading", level=1, name="秋季贵宾", exact=True).wait_for()
    page.get_by_text("待审批").first.wait_for()
    assert page.get_by_role("button", name="批准上线").count() == 0
    assert "status: draft" in saved.read_text("utf-8")
    boss = tab("admin")
    there = boss.go("/tags?status=review")
    there.get_by_role("link", name="秋季贵宾").click()
    there.get_by_role("button", name="批准上线").click()
    there.get_by_role("dialog").get_by_text("spend > 1000").wait_for()
    there.get_by_role("dialog").get_by_role("button", name="批准上线").click()
    there.get_by_text("已上线").first.wait_for()
    assert "status" not in saved.read_text("utf-8").partition("autumn_vip")[2]
    there.get_by_role("tab", name="版本").click()
    there.get_by_text("批准", exact=True).wait_for()
    boss.shot("tag-approved")
    writer.quiet()
    boss.quiet()
    remove(boss, "autumn_vip")


def test_what_others_use_does_not_go_offline_and_says_who(tab: Any, server: Server) -> None:
    before = {f: f.read_text("utf-8") for f in (server.folder / "tags").glob("*.yaml")}
    opened = tab("admin")
    page = opened.go("/tags/high_spender")
    page.get_by_role("button", name="下线").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("还不能下线").wait_for()
    dialog.get_by_role("link", name="高价值活跃客户").wait_for()
    expect(dialog.get_by_role("button", name="下线")).to_be_disabled()
    opened.shot("tag-offline")
    opened.quiet()
    assert {f: f.read_text("utf-8") for f in before} == before


def test_two_people_edit_one_tag(tab: Any) -> None:
    first, second = tab("admin"), tab("analyst")
    remove(first, "shared_tag")
    body = {"definition": {"name": "shared_tag", "kind": "rule", "title": "共用", "when": "spend > 1"}}
    headers = {"X-Huaxiang": "web"}
    made = first.page.context.request.put(
        f"{first.address}/api/v1/tags/shared_tag", data=body, headers=headers, max_retries=3
    )
    page = second.go("/tags/shared_tag/edit")
    page.get_by_label("条件").first.fill("spend > 3")
    body["definition"]["when"] = "spend > 2"
    first.page.context.request.put(
        f"{first.address}/api/v1/tags/shared_tag",
        data=body,
        headers=headers | {"If-Match": made.json()["digest"]},
        max_retries=3,
    )
    page.get_by_role("button", name="保存草稿").click()
    page.get_by_text(re.compile("admin 于 .* 修改了这个标签")).wait_for()
    second.shot("tag-conflict")
    page.get_by_role("button", name="在最新内容上保留我的修改").click()
    page.get_by_text(re.compile("admin 于 .* 修改了这个标签")).wait_for(state="detached")
    press(page.get_by_role("button", name="保存草稿"))
    page.get_by_role("heading", level=1, name="共用", exact=True).wait_for()
    found = first.page.context.request.get(f"{first.address}/api/v1/tag-market/shared_tag", max_retries=3).json()
    assert found["written"]["when"] == "spend > 3"
    second.quiet()
    remove(first, "shared_tag")
