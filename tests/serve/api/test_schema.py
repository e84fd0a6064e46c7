"""Whatever the OpenAPI document allows, and what it doesn't, is answered without an error of the server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from starlette.testclient import TestClient
from tests.published import publish_sample

from huaxiang.serve.api.application import create_app
from huaxiang.serve.api.settings import Settings

Call = Callable[..., Any]
LEFT_OUT = ("/api/v1/builds", "/api/v1/query/sql")
"""Starting builds and child processes by the hundred tests the machine; they have tests of their own."""


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder: Path = tmp_path_factory.mktemp("schema")
    publish_sample(folder).close()
    app = create_app(Settings(folder, no_auth=True, rate=0.0))
    with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as running:
        yield running


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # those of schemathesis and its dependencies
def test_no_request_is_answered_by_an_error_of_the_server(client: TestClient) -> None:
    import schemathesis
    from schemathesis import GenerationMode

    schema = schemathesis.openapi.from_dict(client.get("/api/v1/openapi.json").json())
    schema.config.generation.update(modes=[GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
    tried: dict[str, int] = {}
    faults: list[str] = []
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.method.upper() == "POST" and operation.path in LEFT_OUT:
            continue
        _try(client, operation, tried, faults)
    assert not faults, "\n".join(sorted(faults)[::20])
    assert len(tried) > 45
    assert sum(tried.values()) > 800


def _try(client: TestClient, operation: Any, tried: dict[str, int], faults: list[str]) -> None:
    strategy = operation.as_strategy()

    @settings(
        max_examples=25,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        derandomize=True,
    )
    @__import__("hypothesis").given(case=strategy)
    def ask(case: Any) -> None:
        told = case.as_transport_kwargs(base_url="http://127.0.0.1")
        told.pop("cookies", None)
        told["headers"] = {k: v for k, v in told["headers"].items() if k.lower() not in ("host", "user-agent")}
        try:
            answer = client.request(**told)
        except (ValueError, UnicodeError, TypeError):  # what no client can send
            return
        name = f"{operation.method.upper()} {operation.path}"
        tried[name] = tried.get(name, 0) + 1
        if answer.status_code >= 500:
            faults.append(f"{name} {answer.status_code} {answer.text[:200]} {str(told)[:300]}")
        elif answer.status_code >= 400:
            assert answer.headers["content-type"] == "application/problem+json", name

    ask()
