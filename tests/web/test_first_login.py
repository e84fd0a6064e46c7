"""Somebody new: added once though pressed twice, led to a password of their own at the first login, and then to the page they wanted."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from tests.web.conftest import Opener, Server

pytestmark = pytest.mark.browser
GIVEN, OWN = "given-by-the-admin-1", "my-own-password-22"


def test_somebody_new_is_added_once_and_chooses_a_password(tab: Opener, server: Server) -> None:
    admin = tab("admin")
    page = admin.go("/people")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    page.get_by_role("button", name="添加成员").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("用户名").fill("chen")
    dialog.get_by_label("初始密码").fill(GIVEN)
    dialog.get_by_role("button", name=re.compile("确\\s?定|OK")).dblclick()
    expect(dialog).to_have_count(0)
    expect(page.get_by_text("chen", exact=True).first).to_be_visible()
    assert [url.rsplit("/", 1)[-1] for url in sent] == ["people"]
    admin.quiet()

    new = tab(None)
    page = new.page
    page.goto(f"{server.address}/tags?q=city")
    page.get_by_label("用户名").fill("chen")
    page.get_by_label("密码", exact=True).fill(GIVEN)
    page.get_by_role("button", name=re.compile("登\\s?录")).click()
    expect(page).to_have_url(re.compile(r"/account\?next="))
    page.get_by_text("请先修改密码").first.wait_for()
    new.shot("first-login")
    fields = page.locator("input[type=password]")
    for number, text in enumerate((GIVEN, OWN, OWN)):
        fields.nth(number).fill(text)
    page.get_by_role("button", name="修改密码").click()
    expect(page).to_have_url(re.compile(r"/tags\?q=city$"))
    new.settle()
    expect(page.get_by_role("main")).not_to_contain_text("无权")
    new.quiet()
