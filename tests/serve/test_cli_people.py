"""`huaxiang user` and `huaxiang audit`; `huaxiang serve` before there is a user; builds in the audit log."""

from __future__ import annotations

import io
import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from huaxiang.app.wiring import open_state
from huaxiang.serve.cli.main import main
from huaxiang.store.anchor import Anchor
from huaxiang.store.state_schema import audit

GOOD = "correct horse battery"


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
    assert main(["user", "sign-on", "wang"]) == 0
    capsys.readouterr()
    assert [p["way"] for p in shown(capsys, "user", "list")["people"]] == ["password", "oidc"]
    assert main(["user", "add", "job", "--role", "service"]) == 2


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
