"""Every page opens, in both languages, wide and narrow, light and dark, says nothing on the console, and is accessible."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.waiting import PATIENCE
from tests.web.conftest import PASSWORD, Opener, npm_tools, serving

pytestmark = pytest.mark.browser
PATHS = (
    "/", "/customers", "/tags", "/audiences", "/audiences/new", "/personas", "/analysis/funnel", "/analysis/retention", "/analysis/path",
    "/analysis/distribution", "/analysis/cross", "/analysis/network", "/data/sources", "/data/wizard", "/data/quality", "/data/runs",
    "/people", "/audit", "/account",
)  # fmt: skip
LOOKS = ((1440, "zh-CN", "light"), (390, "en", "light"), (1440, "en", "dark"), (390, "zh-CN", "dark"))


@pytest.mark.parametrize(("width", "language", "scheme"), LOOKS)
def test_every_page_opens(tab: Opener, width: int, language: str, scheme: str) -> None:
    opened = tab("admin", width, language, scheme)
    for path in PATHS:
        page = opened.go(path)
        page.locator("h1").first.wait_for()
        assert page.locator("h1").count() == 1, path
        assert page.title() == f"{page.locator('h1').inner_text()} · {'画像' if language == 'zh-CN' else 'Huaxiang'}"
        assert page.locator(".ant-result-error, .ant-alert-error").count() == 0, path
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth + 1"), (
            f"{path} is wider than the window"
        )
        opened.accessible()
        opened.shot(path.strip("/").replace("/", "_") or "overview")
    opened.quiet()


def test_who_is_not_logged_in_comes_to_the_login_and_on_to_where_they_wanted(tab: Opener) -> None:
    opened = tab(None)
    page = opened.go("/audiences")
    page.wait_for_url("**/login?next=*")
    opened.accessible()
    opened.quiet()
    page.get_by_label("用户名").fill("marketer")
    page.get_by_label("密码").fill("wrong-password")
    page.get_by_role("button", name="登录").click()
    page.get_by_role("alert").wait_for()
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    page.wait_for_url("**/audiences")
    assert page.get_by_role("link", name="成员与权限").count() == 0  # not for marketers


def test_types_of_the_page() -> None:
    web = npm_tools()
    command = [web / "node_modules" / ".bin" / "tsc", "--noEmit", "-p", "app/tsconfig.json"]
    done = subprocess.run(command, cwd=web, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_first_administrator_is_made_by_the_link_of_the_terminal(chromium: Any, tmp_path: Path) -> None:
    folder = tmp_path / "new"
    folder.mkdir()
    (folder / "huaxiang.yaml").write_text("name: new\n", "utf-8")
    with serving(folder) as address:
        log = next((folder / ".huaxiang").glob("serve-*.log")).read_text("utf-8")
        link = re.search(r"http://\S*/setup\S*code=[\w-]+", log)
        assert link is not None
        page = chromium.new_page()
        page.set_default_timeout(PATIENCE * 1000)
        page.goto(address)
        page.wait_for_url("**/setup*")  # whoever comes without the link sees what is needed
        page.goto(link[0])
        page.get_by_label("用户名").fill("boss")
        page.get_by_label("密码", exact=True).fill("short")
        page.get_by_label("再输入一次密码").fill("short")
        page.get_by_role("button", name="创建并登录").click()
        page.get_by_role("alert").first.wait_for()
        page.get_by_label("密码", exact=True).fill(PASSWORD)
        page.get_by_label("再输入一次密码").fill(PASSWORD)
        page.get_by_role("button", name="创建并登录").click()
        page.get_by_role("link", name="成员与权限").wait_for()
        page.close()
