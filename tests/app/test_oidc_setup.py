"""What huaxiang.yaml says of single sign-on: faults name file and line, and no secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from huaxiang.app.oidc import setup as of_setup
from huaxiang.app.oidc.setup import SingleSignOn, read_setup
from huaxiang.errors import ProjectInvalid
from huaxiang.serve.cli.main import main

GOOD = {
    "issuer": "https://id.example/realms/shop",
    "client_id": "huaxiang",
    "client_secret": "env:HUAXIANG_TEST_SECRET",
    "create": "true",
    "default_role": "marketer",
}


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUAXIANG_TEST_SECRET", "from the environment")


def write(folder: Path, **changes: str | None) -> None:
    settings = {key: value for key, value in (GOOD | changes).items() if value is not None}
    lines = ["name: shop", "oidc:", *(f"  {key}: {value}" for key, value in settings.items())]
    (folder / "huaxiang.yaml").write_text("\n".join(lines) + "\n", "utf-8")


def faults(folder: Path) -> list[str]:
    with pytest.raises(ProjectInvalid) as caught:
        read_setup(folder)
    return [str(issue) for issue in caught.value.issues]


def test_without_settings_there_is_no_single_sign_on(tmp_path: Path) -> None:
    (tmp_path / "huaxiang.yaml").write_text("name: shop\n", "utf-8")
    assert read_setup(tmp_path) is None


def test_the_secret_comes_from_outside(tmp_path: Path) -> None:
    write(tmp_path)
    found = read_setup(tmp_path)
    assert found is not None and found.secret == "from the environment"
    assert "from the environment" not in repr(found)
    (tmp_path / "kept").write_text("from a file\n", "utf-8")
    write(tmp_path, client_secret=f"file:{tmp_path / 'kept'}")
    found = read_setup(tmp_path)
    assert found is not None and found.secret == "from a file"
    write(tmp_path, client_secret=None)
    found = read_setup(tmp_path)
    assert found is not None and found.secret is None


def test_a_new_secret_in_its_file_is_taken_over(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    kept = tmp_path / "kept"
    kept.write_text("one", "utf-8")
    write(tmp_path, client_secret=f"file:{kept}")
    found = SingleSignOn(tmp_path)
    kept.write_text("another", "utf-8")
    found.refresh()
    assert found.setup is not None and found.setup.secret == "another"
    kept.unlink()
    for _ in range(3):
        found.refresh()
    assert len(caplog.records) == 1, "said once"
    assert found.setup.secret == "another"
    kept.write_text("the third", "utf-8")
    found.refresh()
    assert found.setup.secret == "the third"


@pytest.mark.parametrize(
    ("changes", "line", "code", "says"),
    [
        ({"client_secret": "s3cr3t-in-the-file"}, 5, "SPEC005", "env:NAME"),
        ({"client_secret": "env:HUAXIANG_NOT_SET"}, 5, "PRJ006", "HUAXIANG_NOT_SET is not set"),
        ({"client_secret": "file:nowhere"}, 5, "PRJ006", "FileNotFoundError"),
        ({"issuer": "http://id.example"}, 3, "SPEC005", "https://"),
        ({"issuer": "https://id.example/?a=b"}, 3, "SPEC005", "https://"),
        ({"issuer": "https://me@id.example"}, 3, "SPEC005", "https://"),
        ({"issuer": "http://localhost.evil.example"}, 3, "SPEC005", "https://"),
        ({"default_role": "service"}, 7, "SPEC004", "admin, analyst, auditor, marketer"),
        ({"default_role": None}, 6, "PRJ004", "no role"),
        ({"scopes": "[profile]"}, 8, "PRJ004", "openid"),
        ({"roles": "[{group: a, role: admin}, {group: a, role: auditor}]"}, 8, "PRJ004", "twice"),
        ({"client": "x"}, 8, "SPEC001", "client_id"),
    ],
)
def test_faults_name_their_line(
    tmp_path: Path, changes: dict[str, str | None], line: int, code: str, says: str
) -> None:
    write(tmp_path, **changes)
    (fault,) = faults(tmp_path)
    assert fault.startswith(f"huaxiang.yaml:{line} {code} ") and says in fault
    assert "s3cr3t" not in fault


def test_the_extra_that_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path)
    monkeypatch.setattr(of_setup.importlib.util, "find_spec", lambda _: None)
    (fault,) = faults(tmp_path)
    assert fault.startswith("huaxiang.yaml:2 PRJ005")
    assert 'pip install "huaxiang[oidc]"' in fault


def test_a_server_says_at_once_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, client_secret="env:HUAXIANG_NOT_SET")
    monkeypatch.chdir(tmp_path)
    assert main(["serve", "--port", "0"]) == 1
    assert "huaxiang.yaml:5 PRJ006" in capsys.readouterr().err


def test_faults_that_come_later_leave_what_was(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(tmp_path)
    sign_on = SingleSignOn(tmp_path)
    before = sign_on.provider
    write(tmp_path, client_secret="env:HUAXIANG_NOT_SET")
    sign_on.refresh()
    assert sign_on.provider is before
    assert "huaxiang.yaml:5" in caplog.text
    write(tmp_path, title="公司账号")
    sign_on.refresh()
    assert sign_on.provider is not before and sign_on.setup is not None
    assert sign_on.setup.title("en") == "公司账号"


def test_users_who_come_this_way_are_added_without_a_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert main(["user", "add", "Mei", "--role", "analyst", "--single-sign-on", "--json"]) == 0
    told = capsys.readouterr().out
    assert '"way": "oidc"' in told and '"name": "mei"' in told


def test_check_says_what_can_not_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, default_role=None)
    monkeypatch.chdir(tmp_path)
    assert main(["check"]) == 1
    told = capsys.readouterr()
    assert "huaxiang.yaml:6 PRJ004" in told.out + told.err
