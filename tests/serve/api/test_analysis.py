"""The overview and the analyses over HTTP: shapes, rights, faults, ETags."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from starlette.testclient import TestClient
from tests.app.audience_shop import write_shop

from huaxiang.app.build import build
from huaxiang.serve.api.application import create_app
from huaxiang.serve.api.models import analysis
from huaxiang.serve.api.settings import Settings

Api = Callable[..., TestClient]
ASKED: tuple[tuple[str, dict[str, Any], type[BaseModel]], ...] = (
    ("funnel", {"steps": [{"source": "visits"}, {"source": "orders", "where": "amount > 10"}], "by": "city"}, analysis.Funnel),
    ("retention", {"first": {"source": "orders"}, "return": {"source": "visits"}, "unit": "week"}, analysis.Retention),
    ("path", {"anchor": {"source": "visits"}, "events": [{"source": "orders", "by": "channel"}]}, analysis.Paths),
    ("distribution", {"of": "spend", "audience": "gender = 'female'", "base": "city = '上海'"}, analysis.Distribution),
    ("distribution", {"of": {"source": "orders", "function": "sum", "field": "amount", "days": 90}}, analysis.Distribution),
    ("cross", {"rows": "gender", "columns": "city"}, analysis.Cross),
    ("network", {"tags": ["gender", "city"]}, analysis.Network),
)  # fmt: skip


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder: Path = write_shop(tmp_path_factory.mktemp("shop"))
    build(folder)
    settings = replace(Settings(folder, no_auth=True), rate=0.0)
    with TestClient(create_app(settings), base_url="http://127.0.0.1/api/v1/") as running:
        yield running


@pytest.mark.parametrize(("name", "body", "model"), ASKED, ids=[f"{n}-{i}" for i, (n, _, _) in enumerate(ASKED)])
def test_answers_have_the_documented_members(
    client: TestClient, name: str, body: dict[str, Any], model: type[BaseModel]
) -> None:
    told = client.post(f"analysis/{name}", json=body)
    assert told.status_code == 200, told.text
    found = told.json()
    assert set(found) == {field.alias or key for key, field in model.model_fields.items()}
    model.model_validate(found)


def test_the_overview_has_the_documented_members(client: TestClient) -> None:
    told = client.get("overview")
    assert told.status_code == 200, told.text
    assert set(told.json()) == set(analysis.Overview.model_fields)
    analysis.Overview.model_validate(told.json())
    held = client.get("overview", headers={"If-None-Match": told.headers["ETag"]})
    assert (held.status_code, held.content) == (304, b"")


@pytest.mark.parametrize(
    ("name", "body", "status", "code"),
    [
        ("funnel", {"steps": [{"source": "visits"}]}, 422, "invalid"),
        ("funnel", {"steps": [{"source": "visits"}, {"source": "nowhere"}]}, 422, "CON007"),
        ("funnel", {"steps": [{"source": "visits"}, {"source": "members"}]}, 422, "CON008"),
        (
            "retention",
            {"first": {"source": "orders"}, "return": {"source": "orders", "where": "nothing = 1"}},
            422,
            "EXP002",
        ),
        (
            "path",
            {"anchor": {"source": "visits"}, "events": [{"source": "orders", "by": "customer_key"}]},
            404,
            "not-found",
        ),
        ("cross", {"rows": "gender", "columns": "phone"}, 400, "bad-request"),
        ("cross", {"rows": "gender", "columns": "city", "audience": "nothing > 1"}, 422, "EXP002"),
        ("distribution", {"of": "nothing"}, 404, "not-found"),
        ("network", {"tags": ["gender"]}, 400, "bad-request"),
    ],
)
def test_faults_are_told_as_problems(
    client: TestClient, name: str, body: dict[str, Any], status: int, code: str
) -> None:
    told = client.post(f"analysis/{name}", json=body)
    assert (told.status_code, told.json()["code"]) == (status, code), told.text


def test_figures_need_the_right_to_read_them(api: Api) -> None:
    assert api(None).get("overview").status_code == 401
    assert api(None).post("analysis/cross", json={"rows": "gender", "columns": "city"}).status_code == 401
    assert api("auditor").get("overview").status_code == 200


@pytest.mark.parametrize(("name", "body"), [(name, body) for name, body, _ in ASKED[:3]])
def test_what_is_asked_of_everyone_is_computed_once(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, name: str, body: dict[str, Any]
) -> None:
    from huaxiang.app.analysis import funnel, path, retention

    computed: list[object] = []
    for module, function in ((funnel, "funnel"), (path, "paths"), (retention, "retention")):
        plain = getattr(module, function)
        monkeypatch.setattr(module, function, lambda *told, plain=plain: computed.append(told[1]) or plain(*told))

    def ask(**more: Any) -> dict[str, Any]:
        told = client.post(f"analysis/{name}", json=body | more)
        assert told.status_code == 200, told.text
        return dict(told.json())

    first = ask()
    before = len(computed)
    assert (ask(), len(computed)) == (first, before)
    women = ask(audience="gender = 'female'")  # definitions of audiences change: they are always computed
    assert women != first
    assert (ask(audience="gender = 'female'"), len(computed)) == (women, before + 2)
