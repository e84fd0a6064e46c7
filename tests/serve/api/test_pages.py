"""The web page's files: what is served, and how strictly."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.testclient import TestClient

Api = Callable[..., TestClient]


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "static"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(
        '<script nonce="__HUAXIANG_NONCE__" src="/assets/a.js"></script><meta content="__HUAXIANG_NONCE__">'
    )
    (folder / "assets" / "a.js").write_text("plain")
    (folder / "assets" / "a.js.br").write_bytes(b"brotli")
    (folder / "assets" / "a.js.gz").write_bytes(b"gzip")
    (folder / "icon.svg").write_text("<svg/>")
    (tmp_path / "secret.txt").write_text("secret")
    monkeypatch.setattr("huaxiang.serve.api.gate.Pages", lambda: _pages(folder))
    return folder


def _pages(folder: Path) -> object:
    from huaxiang.serve.api.pages import Pages

    return Pages(folder)


ROOT = "http://127.0.0.1"


def test_every_answer_has_a_nonce_of_its_own_and_a_strict_policy(api: Api, built: Path) -> None:
    client = api(None)
    seen = set()
    for path in ("/", "/customers/C1?tab=tags", "/login", "/audiences/vip.2026"):
        told = client.get(ROOT + path)
        nonce = re.search(r'nonce="([^"]+)"', told.text)
        assert told.status_code == 200 and nonce
        policy = dict(part.strip().partition(" ")[::2] for part in told.headers["content-security-policy"].split(";"))
        assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
        assert policy["script-src"] == f"'nonce-{nonce[1]}' 'strict-dynamic'"
        assert "unsafe" not in told.headers["content-security-policy"]
        assert "__HUAXIANG_NONCE__" not in told.text and told.text.count(nonce[1]) == 2
        assert told.headers["cache-control"] == "no-store"
        assert told.headers["x-content-type-options"] == "nosniff"
        assert told.headers["x-frame-options"] == "DENY"
        seen.add(nonce[1])
    assert len(seen) == 4


@pytest.mark.parametrize(
    ("accepted", "coding", "body"),
    [
        ("gzip, br", "br", b"brotli"),
        ("gzip", "gzip", b"gzip"),
        ("br;q=0, gzip", "gzip", b"gzip"),
        ("", None, b"plain"),
        ("deflate", None, b"plain"),
    ],
)
def test_assets_are_sent_packed_and_for_good(
    api: Api, built: Path, accepted: str, coding: str | None, body: bytes
) -> None:
    client = api(None)
    with client.stream("GET", f"{ROOT}/assets/a.js", headers={"Accept-Encoding": accepted}) as told:
        assert b"".join(told.iter_raw()) == body
    assert told.headers.get("content-encoding") == coding
    assert told.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert told.headers["content-type"] == "text/javascript; charset=utf-8"
    assert told.headers["vary"] == "Accept-Encoding"


def test_only_files_of_the_page_are_ever_sent(api: Api, built: Path) -> None:
    client = api(None)
    assert client.get(f"{ROOT}/icon.svg").headers["cache-control"] == "no-cache"
    for path in ("/assets/none.js", "/favicon.ico", "/assets/../../secret.txt", "/assets/%2e%2e/%2e%2e/secret.txt"):
        told = client.get(ROOT + path)
        assert told.status_code in (200, 404) and "secret" not in told.text, path
    assert client.get(f"{ROOT}/%2e%2e/secret.txt").text.startswith("<script")
    assert client.post(f"{ROOT}/").status_code == 405


def test_what_is_built_anew_is_served(api: Api, built: Path) -> None:
    import os

    client = api(None)
    assert client.get(f"{ROOT}/assets/b.js").status_code == 404
    (built / "assets" / "b.js").write_text("new")
    os.utime(built / "index.html", ns=(1, 1))
    assert client.get(f"{ROOT}/assets/b.js").text == "new"


def test_missing_files_are_told_with_what_to_do(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("huaxiang.serve.api.gate.Pages", lambda: _pages(tmp_path / "nowhere"))
    client = api(None)
    told = client.get(f"{ROOT}/")
    assert told.status_code == 503
    assert "python3 run.py install" in told.text and "python3 run.py install" in caplog.text
    assert client.get("health").status_code == 200
