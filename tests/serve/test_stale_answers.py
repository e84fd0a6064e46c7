"""Who asks for an audience that became invalid is told so by every face: what is exported at eight are the members of before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.app.audience_shop import build_shop, entry, write
from tests.serve.conftest import Answer

import huaxiang
from huaxiang.app.build import build
from huaxiang.app.tokens import create_token
from huaxiang.app.wiring import open_snapshot, open_state
from huaxiang.serve.api.application import create_app
from huaxiang.serve.api.settings import Settings

Run = Callable[..., Answer]
READING = (
    "loyal",
    "both",
    "in_audience('both') or spend > 3",
    "not in_audience('loyal')",
    "since",
    "in_audience('since')",
)
"""`loyal` itself, `both` that reads it, and `since`, which was saved after the build."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop whose audience `loyal` reads a tag that has another name now."""
    folder = build_shop(tmp_path_factory.mktemp("shop"))
    write(folder, "audiences:\n  - {name: loyal, when: mean_amount > 50}\n  - {name: both, when: in_audience('loyal') and gender = 'female'}\n",
          "audiences/more.yaml")  # fmt: skip
    build(folder)
    tags = folder / "tags" / "value.yaml"
    tags.write_text(tags.read_text("utf-8").replace("name: mean_amount", "name: average"), "utf-8")
    build(folder)
    (folder / "audiences" / "since.yaml").write_text(
        "audiences:\n  - {name: since, when: not in_audience('both')}\n", "utf-8"
    )
    return folder


@pytest.fixture(scope="module")
def told(shop: Path) -> list[dict[str, Any]]:
    with open_snapshot(shop) as snapshot:
        return [{"audience": "loyal", **entry(snapshot, "loyal")["stale"]}]


@pytest.fixture(scope="module")
def api(shop: Path) -> Iterator[TestClient]:
    with closing(open_state(shop)) as state:
        token = create_token(state, "admin", "admin")["token"]
    headers = {"Authorization": f"Bearer {token}"}
    with TestClient(create_app(Settings(shop)), base_url="http://127.0.0.1/api/v1/", headers=headers) as client:
        yield client


def questions(when: str) -> dict[tuple[str, ...], bool]:
    """Commands that ask for a condition."""
    return {
        ("count", when): True, ("export", when, "--to", "out.csv"): True, ("breakdown", when, "--by", "gender"): True,
        ("overlap", when, "spend > 3"): True, ("numbers", when, "--of", "spend"): True,
    }  # fmt: skip


@pytest.mark.parametrize("when", READING)
def test_the_command_line_warns_and_names_it(
    shop: Path, told: list[dict[str, Any]], run: Run, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    monkeypatch.chdir(shop)
    for words in questions(when):
        answer = run("audience", *words, "--json")
        assert (answer.code, answer.json["stale"]) == (0, told), words
        assert "loyal" in answer.err
        assert "人群 loyal 的定义已失效" in run("audience", *words, "--lang", "zh-CN").err
    for words in questions("orders_count > 1"):
        answer = run("audience", *words, "--json")
        assert (answer.json["stale"], answer.err) == ([], "")


def test_rules_and_lookalikes_name_it(
    shop: Path, told: list[dict[str, Any]], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shop)
    found = run("audience", "rules", "both", "--tags", "gender,city", "--json")
    assert found.code != 0 or found.json["stale"] == told
    found = run("audience", "rules", "not in_audience('loyal')", "--tags", "gender,city", "--json")
    assert (found.code, found.json["stale"]) == (0, told)


@pytest.mark.parametrize("when", READING)
def test_the_api_names_it(api: TestClient, told: list[dict[str, Any]], when: str) -> None:
    for path, body in {"count": {}, "ids": {}, "breakdown": {"by": ["gender"]}, "numbers": {"of": "spend"}}.items():
        for _ in range(2):  # the second is kept
            answer = api.post(f"query/{path}", json={"when": when, **body})
            assert (answer.status_code, answer.json().get("stale")) == (200, told), answer.text
    assert api.post("query/export", json={"when": when}).headers["X-Huaxiang-Stale"] == "loyal"
    assert api.post("query/overlap", json={"audiences": [when, "spend > 3"]}).json()["stale"] == told
    assert api.get("query/count", params={"when": "spend > 3"}).json()["stale"] == []
    assert "X-Huaxiang-Stale" not in api.post("query/export", json={"when": "spend > 3"}).headers


@pytest.mark.parametrize("when", READING)
def test_python_names_it(shop: Path, told: list[dict[str, Any]], when: str) -> None:
    assert huaxiang.open(shop).audience(when).stale() == told
    assert huaxiang.open(shop).audience("spend > 3").stale() == []
