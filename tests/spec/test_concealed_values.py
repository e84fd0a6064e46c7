"""A value that may be a secret is in no fault, whatever stands there in YAML, and in no log."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from huaxiang.app.oidc.setup import SingleSignOn
from huaxiang.errors import ProjectInvalid
from huaxiang.serve.cli.main import main
from huaxiang.spec.loader import load_project
from huaxiang.spec.login import HINTS, HINTS_ZH, SECRET, OidcSpec

OIDC = "name: shop\noidc:\n  issuer: https://id.example\n  client_id: shop\n"
HINTED = [
    "8842193377", "-8842193377", "0o7042103677", "8842193377.25", "8.842193377e+30", "true", "false", "[8842193377]", "{key: 8842193377}",
    "{8842193377: key}", "[[8842193377]]", "2088-04-21", "hunter8842", "'8842193377'", "!hunter8842", "!!binary hunter8842",
    "{hunter8842: 1, hunter8842: 2}", "|\n    hunter8842",
]  # fmt: skip
UNREADABLE = ["*hunter8842", "!hunter8842!x", "@hunter8842", "%hunter8842", "[hunter8842", "hunter8842: x"]
TOLD = re.compile(r"8842|2088|hunter|7042|true|false|quotes: \"|引号：", re.IGNORECASE)


def check(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *options: str
) -> tuple[int, str]:
    monkeypatch.chdir(folder)
    code = main(["check", *options])
    told = capsys.readouterr()
    return code, told.out + told.err


@pytest.mark.parametrize("lang", ["en", "zh-CN"])
@pytest.mark.parametrize("written", HINTED + UNREADABLE)
def test_check_never_shows_a_client_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], written: str, lang: str
) -> None:
    (tmp_path / "huaxiang.yaml").write_text(f"{OIDC}  client_secret: {written}\n", "utf-8")
    code, told = check(tmp_path, monkeypatch, capsys, "--lang", lang)
    assert code == 1 and not TOLD.search(told), told
    if written in HINTED:
        assert (HINTS if lang == "en" else HINTS_ZH)[SECRET] in told
    code, told = check(tmp_path, monkeypatch, capsys, "--json")
    assert code == 1 and not any(TOLD.search(issue["message"]) for issue in json.loads(told)["issues"]), told


@pytest.mark.parametrize("written", HINTED + UNREADABLE)
def test_the_log_of_a_server_never_holds_it(tmp_path: Path, caplog: pytest.LogCaptureFixture, written: str) -> None:
    file = tmp_path / "huaxiang.yaml"
    file.write_text("name: shop\n", "utf-8")
    sign_on = SingleSignOn(tmp_path)
    file.write_text(f"{OIDC}  client_secret: {written}\n", "utf-8")
    sign_on._changed = None  # however coarse the clock of the file system is
    sign_on.refresh()
    assert "single sign-on stays as it was" in caplog.text and not TOLD.search(caplog.text)


def test_an_empty_one_is_none(tmp_path: Path) -> None:
    (tmp_path / "huaxiang.yaml").write_text(f"{OIDC}  client_secret:\n", "utf-8")
    oidc = load_project(tmp_path).spec.oidc
    assert oidc is not None and oidc.client_secret is None


@pytest.mark.parametrize(
    "written",
    [
        "database: postgresql://li:hunter8842@db/shop", "database: {postgresql://li:hunter8842@db/shop}", "database: 8842",
        "database: [postgresql://li:hunter8842@db/shop]", "database: {table: t, url: [postgresql://li:hunter8842@db/shop]}",
        "database: {table: t, url: 8842193377}", "database: {table: t, url: {hunter8842: 1, hunter8842: 2}}",
        "database: {table: t, url: !hunter8842 }", "database: {table: t, url: true}",
    ],
)  # fmt: skip
@pytest.mark.parametrize("lang", ["en", "zh-CN"])
def test_the_url_of_a_database_is_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], written: str, lang: str
) -> None:
    (tmp_path / "huaxiang.yaml").write_text("name: shop\n", "utf-8")
    (tmp_path / "sources").mkdir()
    source = f"sources:\n  - name: crm\n    purpose: p\n    legal_basis: contract\n    entity: person\n    columns: {{a: a}}\n    {written}\n"
    (tmp_path / "sources" / "crm.yaml").write_text(source, "utf-8")
    code, told = check(tmp_path, monkeypatch, capsys, "--lang", lang)
    assert code == 1 and not TOLD.search(told), told
    if "!hunter" not in written:
        assert ("not shown" if lang == "en" else "不显示") in told.replace("\n", " ")


@pytest.mark.parametrize("issuer", ["8842193377", "https://li:hunter8842@id.example/" + "x" * 200])
def test_an_issuer_with_a_password_is_not_shown(tmp_path: Path, issuer: str) -> None:
    (tmp_path / "huaxiang.yaml").write_text(f"name: shop\noidc: {{issuer: {issuer}, client_id: shop}}\n", "utf-8")
    with pytest.raises(ProjectInvalid) as caught:
        load_project(tmp_path)
    (fault,) = caught.value.issues
    assert not TOLD.search(f"{fault.message} {fault.zh}") and "https://" in fault.message


def test_errors_of_pydantic_repeat_nothing() -> None:
    with pytest.raises(ValidationError) as caught:
        OidcSpec.model_validate({"issuer": "https://id.example", "client_id": "x", "client_secret": 8842193377})
    assert not TOLD.search(str(caught.value))
    assert not TOLD.search(json.dumps(caught.value.errors(include_url=False, include_input=False)))
