"""`huaxiang user` and `huaxiang audit`; `huaxiang serve` before there is a user; builds in the audit log."""

from __future__ import annotations

import io
import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from huaxiang.app.passwords import is_right
from huaxiang.app.wiring import open_state
from huaxiang.serve.cli.main import main
from huaxiang.store.anchor import Anchor
from huaxiang.store.state_schema import audit

GOOD = "correct horse battery"
OIDC = "name: shop\nlanguage: en\noidc: {issuer: 'https://id.example', client_id: shop, client_secret: 'env:NOT_SET_HERE'}\n"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "huaxiang.yaml").write_text("name: shop\nlanguage: en\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def typed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


def add(monkeypatch: pytest.MonkeyPatch, *arguments: str, password: str = GOOD) -> int:
    typed(monkeypatch, password + "\n")
    return main(["user", "add", *arguments, "--password-stdin"])


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert main([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_users_over_their_life(shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["user", "list"]) == 0
    assert "No users yet" in capsys.readouterr().out
    assert add(monkeypatch, "Li", "--role", "admin", "--display-name", "李明", "--keep-password") == 0
    assert add(monkeypatch, "wang", "--role", "marketer") == 0
    assert add(monkeypatch, "LI", "--role", "analyst") == 2
    assert "already" in capsys.readouterr().err
    assert add(monkeypatch, "zhao", "--role", "analyst", password="zhao") == 2
    capsys.readouterr()
    assert main(["user", "role", "wang", "analyst"]) == 0
    assert main(["user", "disable", "wang"]) == 0
    assert main(["user", "disable", "li"]) == 2
    assert "last administrator" in capsys.readouterr().err
    typed(monkeypatch, "another good one\n")
    assert main(["user", "password", "li", "--password-stdin"]) == 0
    capsys.readouterr()
    people = shown(capsys, "user", "list")["people"]
    assert [(p["name"], p["display_name"], p["role"], p["state"], p["must_change"]) for p in people] == [
        ("li", "李明", "admin", "active", True), ("wang", "wang", "analyst", "disabled", True),
    ]  # fmt: skip
    assert main(["user", "enable", "wang"]) == 0
    (shop / "huaxiang.yaml").write_text(OIDC, "utf-8")
    assert main(["user", "sign-on", "wang"]) == 0
    capsys.readouterr()
    assert [p["way"] for p in shown(capsys, "user", "list")["people"]] == ["password", "oidc"]
    assert main(["user", "add", "job", "--role", "service"]) == 2


def logs_in_by_sign_on(folder: Path, name: str) -> None:
    with closing(open_state(folder)) as state:
        assert state.users.bind(name, "https://id.example u-1", f"invited:{name}")


def test_nobody_is_turned_to_single_sign_on_that_is_not_set_up(
    shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    add(monkeypatch, "boss", "--role", "admin")
    add(monkeypatch, "wang", "--role", "analyst")
    for name in ("boss", "wang"):
        assert main(["user", "sign-on", name]) == 2
        assert "`oidc` in huaxiang.yaml first" in capsys.readouterr().err
        assert main(["user", "sign-on", name, "--lang", "zh-CN"]) == 2
        assert "请先在 huaxiang.yaml 中设置 oidc" in capsys.readouterr().err
    assert [p["way"] for p in shown(capsys, "user", "list")["people"]] == ["password", "password"]
    with closing(open_state(shop)) as state:
        assert all(user["password"] for user in state.users.all())
    (shop / "huaxiang.yaml").write_text(OIDC.replace("https:", "ftp:"), "utf-8")
    assert main(["user", "sign-on", "wang"]) == 1
    assert "SPEC005" in capsys.readouterr().err


def test_the_last_administrator_who_may_log_in_keeps_the_password(
    shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (shop / "huaxiang.yaml").write_text(OIDC, "utf-8")
    add(monkeypatch, "boss", "--role", "admin")
    assert main(["user", "add", "mei", "--role", "admin", "--single-sign-on"]) == 0
    for words in (["sign-on", "boss"], ["disable", "boss"], ["role", "boss", "analyst"]):
        capsys.readouterr()
        assert main(["user", *words]) == 2  # mei has never come
        assert "last administrator" in capsys.readouterr().err
        assert main(["user", *words, "--lang", "zh-CN"]) == 2
        assert "最后一位可登录的管理员" in capsys.readouterr().err
    logs_in_by_sign_on(shop, "mei")
    (shop / "huaxiang.yaml").write_text(OIDC.replace("id.example", "new.example"), "utf-8")
    assert main(["user", "sign-on", "boss"]) == 2, "mei's account is another provider's"
    (shop / "huaxiang.yaml").write_text(OIDC, "utf-8")
    assert main(["user", "sign-on", "boss"]) == 0
    assert main(["user", "sign-on", "mei"]) == 2
    assert main(["user", "disable", "mei"]) == 2
    (shop / "huaxiang.yaml").write_text("name: shop\nlanguage: en\n", "utf-8")
    assert main(["user", "disable", "mei"]) == 2, "nobody may log in now; nobody more is lost"


@pytest.mark.parametrize("comes", [False, True])
@pytest.mark.parametrize("settings", [OIDC, "name: shop\nlanguage: en\n", "name: shop\nlanguage: en\noidc: 1\n"])
def test_a_password_is_a_way_back(
    shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], settings: str, *, comes: bool
) -> None:
    (shop / "huaxiang.yaml").write_text(OIDC, "utf-8")
    assert main(["user", "add", "mei", "--role", "admin", "--single-sign-on"]) == 0
    if comes:
        logs_in_by_sign_on(shop, "mei")
    (shop / "huaxiang.yaml").write_text(settings, "utf-8")
    typed(monkeypatch, GOOD + "\n")
    assert main(["user", "password", "mei", "--password-stdin"]) == 0
    with closing(open_state(shop)) as state:
        user = state.users.find("mei")
    assert user is not None and is_right(user["password"], GOOD)
    assert (user["subject"], user["must_change"]) == (None, True)
    typed(monkeypatch, "mei\n")
    assert main(["user", "password", "mei", "--password-stdin"]) == 2, "as good as any"


def test_a_password_is_no_argument(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["user", "add", "li", "--role", "admin", "--password", GOOD]) == 2


def test_what_is_done_here_is_noted_and_verified(
    shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "ops")
    add(monkeypatch, "li", "--role", "admin")
    assert main(["token", "create", "job", "--role", "service"]) == 0
    assert main(["token", "revoke", "job"]) == 0
    capsys.readouterr()
    entries = shown(capsys, "audit", "show", "--who", "ops")["entries"]
    assert [entry["action"] for entry in entries] == ["token_revoked", "token_created", "user_added"]
    assert {entry["role"] for entry in entries} == {"local"} and GOOD not in json.dumps(entries)
    assert len(shown(capsys, "audit", "show", "--action", "user_added", "--limit", "5")["entries"]) == 1
    head = shown(capsys, "audit", "verify")["head"]
    assert main(["audit", "verify", "--head", head]) == 0
    with closing(open_state(shop)) as state, state._database.write() as connection:
        connection.execute(sa.delete(audit).where(audit.c.number == 3))
    capsys.readouterr()
    assert main(["audit", "verify"]) == 1
    told = capsys.readouterr().out
    assert "not whole" in told and "its end was cut off" in told


def test_a_build_is_noted_and_anchored_where_there_is_a_state(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from huaxiang.serve.cli.commands.project import _note

    _note(shop, "20261122T000000Z-abcd")
    assert not (shop / ".huaxiang").exists()  # a project that was never served needs none
    add(monkeypatch, "li", "--role", "admin")
    _note(shop, "20261122T000000Z-abcd")
    add(monkeypatch, "wang", "--role", "admin")
    assert "2 " in Anchor(shop).path.read_text() and "build 20261122T000000Z-abcd" in Anchor(shop).path.read_text()
    assert [head.number for head in Anchor(shop).heads()] == [2, 3]


def test_serve_says_how_the_first_administrator_is_made(
    shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("huaxiang.serve.api.running.serve", lambda _settings, _place, listening: listening.close())
    assert main(["serve", "--port", "0"]) == 0
    told = capsys.readouterr().err
    assert "/setup?code=" in told and "http://127.0.0.1:" in told
    assert main(["serve", "--port", "0", "--url", "https://people.example/"]) == 0
    assert "https://people.example/setup?code=" in capsys.readouterr().err
    assert main(["serve", "--port", "0", "--url", "people.example/app"]) == 2
    assert main(["serve", "--port", "0", "--no-auth"]) == 0
    assert "/setup" not in capsys.readouterr().err
    add(monkeypatch, "li", "--role", "admin")
    capsys.readouterr()
    assert main(["serve", "--port", "0"]) == 0
    assert "/setup" not in capsys.readouterr().err
