"""Data, personas, people and the audit log, used as a person would: by clicking."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

import pytest
from playwright.sync_api import expect
from tests.waiting import until
from tests.web.conftest import PASSWORD, Opener, Server, press

from huaxiang.store.runs import RunLog

pytestmark = pytest.mark.browser
MEMBERS = "会员号,姓名,性别,手机号,消费金额\n" + "".join(
    f"M{n:08},张三,女,138{n:08},{n}.50\n" for n in range(30)
) + "M99,李四,男,13800000099,7,多一列\n"  # fmt: skip


def test_a_file_is_imported_step_by_step(tab: Opener, server: Server, tmp_path: Path) -> None:
    path = tmp_path / "new members.csv"
    path.write_bytes(MEMBERS.encode("gb18030"))
    opened = tab("analyst")
    page = opened.go("/data/wizard")
    page.set_input_files("input[type=file]", path)
    expect(page.get_by_text("识别为 GB18030")).to_be_visible()
    expect(page.get_by_text("1 行有问题，将被搁置")).to_be_visible()
    assert page.get_by_text("张三").count() == 0  # names are masked
    opened.shot("wizard-read")
    page.get_by_role("button", name="下一步").click()
    field = page.get_by_role("combobox", name="消费金额: 字段")
    before = field.input_value()
    field.fill("spent_before")
    page.get_by_role("button", name="撤销").click()
    expect(field).not_to_have_value("spent_before")
    while (shown := field.input_value()) != before:
        page.get_by_role("button", name="撤销").click()
        expect(field).not_to_have_value(shown)
    opened.accessible()
    opened.shot("wizard-map")
    page.reload()  # and goes on where it was
    expect(page.get_by_role("combobox", name="消费金额: 字段")).to_have_value(before)
    page.get_by_role("button", name="下一步").click()
    expect(page.get_by_role("tab", name="将搁置的行 1")).to_be_visible()
    save = page.get_by_role("button", name="写入项目")
    expect(save).to_be_disabled()
    page.get_by_label("用途", exact=True).fill("会员服务")
    expect(save).to_be_enabled()
    opened.accessible()
    opened.shot("wizard-check")
    save.click()
    expect(page.get_by_text("已写入项目")).to_be_visible()
    written = (server.folder / "sources" / "new_members.yaml").read_text("utf-8")
    assert "purpose: 会员服务" in written
    assert "member_no: 会员号" in written
    (server.folder / "sources" / "new_members.yaml").unlink()
    opened.quiet()


def test_rows_that_were_set_aside_are_reached_from_the_source(tab: Opener) -> None:
    opened = tab("analyst")
    page = opened.go("/data/sources?source=crm_members")
    expect(page.get_by_text("sources/people.yaml")).to_be_visible()
    opened.accessible()
    page.get_by_role("link", name="查看质量").click()
    page.wait_for_url("**/data/quality?source=crm_members")
    page.get_by_role("button", name="查看行号").first.click()
    expect(page.get_by_role("columnheader", name="行号")).to_be_visible()
    assert page.get_by_text("显示原文").count() == 0  # not for analysts
    opened.shot("quality-rows")
    opened.quiet()


def test_the_matrix_marks_what_is_beyond_its_bound_alone(tab: Opener) -> None:
    opened = tab("analyst")
    page = opened.go("/data/quality")
    rows = page.locator("table.heat tbody tr")
    expect(rows.first).to_be_visible()
    marked = rows.filter(has=page.locator("td[title]"))
    assert marked.count() > 0
    assert marked.filter(has_text="良好").count() == 0
    assert all(cell.evaluate("cell => cell.style.background") for cell in page.locator("table.heat td[title]").all())
    assert rows.filter(has_text="良好").first.locator("td[title]").count() == 0
    opened.accessible()
    opened.shot("quality-matrix")
    opened.quiet()


def test_a_build_is_followed_live_and_cancelled(tab: Opener, server: Server) -> None:
    opened = tab("analyst")
    page = opened.go("/data/runs")
    page.get_by_role("button", name="启动构建").click()
    page.get_by_role("dialog").get_by_role("button", name=re.compile("启\\s?动$")).click()
    log = RunLog(server.folder)
    assert until(
        lambda: log.list()[0]["state"] == "running" and any(s["name"] == "clean" for s in log.list()[0]["stages"])
    )
    builder = log.list()[0]["pid"]
    os.kill(
        builder, signal.SIGSTOP
    )  # however busy the machine is, it is not done before it was looked at and cancelled
    try:
        expect(page.get_by_role("progressbar", name="清洗")).to_be_visible()
        opened.shot("runs-live")
        page.get_by_role("button", name="取消构建").click()
        with page.expect_response("**/cancel"):
            page.get_by_role("tooltip").get_by_role("button", name="取消构建").click()
    finally:
        os.kill(builder, signal.SIGCONT)
    expect(page.get_by_text("已取消").first).to_be_visible()
    opened.quiet()


def test_the_schedule_is_set(tab: Opener) -> None:
    opened = tab("analyst", language="en")
    page = opened.go("/data/runs")
    page.get_by_role("switch").click()
    press(page.get_by_role("button", name="Save"))
    expect(page.get_by_text("Next: ")).to_be_visible()
    page.get_by_role("switch").click()
    press(page.get_by_role("button", name="Save"))
    expect(page.get_by_text("No build starts by itself")).to_be_visible()
    opened.quiet()


def test_a_persona_shows_its_evidence_is_worded_and_compared(tab: Opener, server: Server) -> None:
    opened = tab("analyst")
    page = opened.go("/personas")
    page.locator("h3 a").first.click()
    page.wait_for_url("**/personas/*/*")
    page.get_by_role("button", name="查看依据").first.click()
    expect(page.locator(".ant-popover:visible").get_by_text("95% 区间").first).to_be_visible()
    opened.accessible()
    opened.shot("persona-evidence")
    page.keyboard.press("Escape")
    original = page.locator("h1").inner_text()
    page.get_by_role("button", name="编辑措辞").click()
    title = page.get_by_label("中文").first
    title.fill("门店 100 老客")
    expect(page.get_by_text("不能写入新的数字", exact=True)).to_be_visible()
    title.fill("门店老客")
    page.get_by_role("button", name=re.compile("保\\s?存")).click()
    expect(page.locator("h1")).to_contain_text("门店老客")
    with page.expect_download() as saved:
        page.get_by_role("button", name="完整报告").click()
        page.get_by_role("menuitem", name="导出图片").click()
    assert Path(saved.value.path()).read_bytes().startswith(b"\x89PNG")
    page.emulate_media(media="print")
    expect(page.get_by_text("TGI/指数").first).to_be_visible()
    expect(page.get_by_role("button", name="编辑措辞")).to_be_hidden()
    page.emulate_media(media="screen")
    page.go_back()
    page.get_by_role("checkbox").nth(0).check()
    page.get_by_role("checkbox").nth(1).check()
    page.get_by_role("button", name="对比").click()
    expect(page.get_by_role("heading", name="画像对比")).to_be_visible()
    expect(page.get_by_role("columnheader", name="特征")).to_be_visible()
    opened.accessible()
    opened.shot("personas-compared")
    for file in (server.folder / "wording").iterdir():
        file.unlink()
    assert original
    opened.quiet()


def test_a_person_is_added_and_disabled_and_the_log_is_whole(tab: Opener) -> None:
    opened = tab("admin")
    page = opened.go("/people")
    page.get_by_role("button", name="添加成员").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("用户名").fill("wang")
    dialog.get_by_label("初始密码").fill(PASSWORD)
    dialog.get_by_role("button", name=re.compile("确\\s?定|OK")).click()
    expect(page.get_by_text("wang", exact=True).first).to_be_visible()
    page.get_by_role("button", name="更多操作: wang").click()
    page.get_by_role("menuitem", name="停用").click()
    page.get_by_role("button", name=re.compile("确\\s?定")).click()
    expect(page.get_by_text("已停用")).to_be_visible()
    opened.shot("people")
    page = opened.go("/audit?action=user_changed")
    expect(page.get_by_text("user wang")).to_be_visible()
    page.get_by_role("button", name="校验完整性").click()
    expect(page.get_by_text("日志完整")).to_be_visible()
    opened.accessible()
    opened.quiet()


def test_a_marketer_is_offered_nothing_that_the_role_forbids(tab: Opener) -> None:
    opened = tab("marketer")
    page = opened.go("/data/sources?source=crm_members")
    assert page.get_by_role("button", name="导入文件").count() == 0
    expect(page.get_by_text("你的角色不能查看示例").first).to_be_visible()
    page = opened.go("/data/wizard")
    expect(page.get_by_text("你的角色无权查看这里")).to_be_visible()
    page = opened.go("/personas")
    page.locator("h3 a").first.click()
    expect(page.get_by_role("button", name="打印 / PDF")).to_be_visible()
    assert page.get_by_role("button", name="编辑措辞").count() == 0
