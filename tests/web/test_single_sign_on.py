"""Logging in by the provider, by clicking; and what the login page says of a refusal."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from tests.identity_provider import CLIENT, SECRET, IdentityProvider, identity_provider
from tests.web.conftest import PASSWORD, Opener, serving

from huaxiang.app.people import NewUser, add_user, change_user
from huaxiang.app.wiring import open_state

pytestmark = pytest.mark.browser


@pytest.fixture
def idp() -> Iterator[IdentityProvider]:
    with identity_provider() as provider:
        yield provider


def change(folder: Path, name: str, changes: dict[str, Any]) -> None:
    state = open_state(folder)
    try:
        change_user(state, name, changes)
    finally:
        state.close()


def test_somebody_comes_in_by_the_button(
    tab: Opener, idp: IdentityProvider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "new"
    folder.mkdir()
    monkeypatch.setenv("HUAXIANG_TEST_SECRET", SECRET)
    told = {"issuer": idp.issuer, "client_id": CLIENT, "client_secret": "env:HUAXIANG_TEST_SECRET", "create": True,
            "roles": [{"group": "管理", "role": "admin"}]}  # fmt: skip
    (folder / "huaxiang.yaml").write_text(f"name: new\noidc: {json.dumps(told, ensure_ascii=False)}\n", "utf-8")
    state = open_state(folder)
    try:
        add_user(state, NewUser("boss", "admin", "Boss", PASSWORD))
    finally:
        state.close()
    with serving(folder) as address:
        opened = tab(None, address=address)
        page = opened.go("/people")
        page.wait_for_url("**/login?next=*")
        page.get_by_role("link", name="单点登录").or_(page.get_by_role("button", name="单点登录")).click()
        page.wait_for_url("**/login?refused=no-role&next=%2Fpeople")  # in no group yet
        assert "没有本系统的角色" in page.get_by_role("alert").inner_text()
        opened.accessible()
        opened.shot("login-refused")
        idp.person["groups"] = ["管理"]
        opened.shot("login-sign-on")
        page.get_by_role("link", name="单点登录").or_(page.get_by_role("button", name="单点登录")).click()
        page.wait_for_url(re.compile(r"/people$"))
        row = page.get_by_role("row").filter(has_text="梅 Mei")
        row.wait_for()
        expect(row.get_by_text("你", exact=True)).to_have_count(1)
        opened.shot("people-sign-on")
        page.get_by_role("button", name="添加成员").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("用户名").fill("li")
        dialog.get_by_text("单点登录", exact=True).click()
        dialog.get_by_label("初始密码").wait_for(state="detached")
        opened.accessible()
        opened.shot("people-add")
        dialog.get_by_role("button", name="OK").or_(dialog.get_by_role("button", name="确定")).click()
        page.get_by_role("row").filter(has_text="li").filter(has_text="单点登录").wait_for()
        change(folder, "mei", {"disabled": True})
        english = tab(None, 390, "en", address=address)
        page = english.go("/login")
        page.get_by_role("link", name="Single sign-on").or_(page.get_by_role("button", name="Single sign-on")).click()
        page.wait_for_url("**/login?refused=disabled*")
        assert page.get_by_role("alert").inner_text().strip() == "This user is disabled"
        english.shot("login-disabled")
        page.get_by_label("User name").fill("boss")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url(re.compile(r"/$"))
