"""Answers about everyone are computed once for all who see the same, and before they are asked for; nobody gets those of others."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.app.audience_shop import FILES, write_shop
from tests.waiting import PATIENCE

from huaxiang.app.build import build
from huaxiang.app.completion import completion
from huaxiang.app.rights import RIGHTS
from huaxiang.errors import ExpressionError
from huaxiang.serve.api import known, warming
from huaxiang.serve.api.application import create_app
from huaxiang.serve.api.context import Server
from huaxiang.serve.api.models.analysis import (
    CrossWanted,
    DistributionWanted,
    FunnelWanted,
    NetworkWanted,
    PathWanted,
    RetentionWanted,
)
from huaxiang.serve.api.settings import Settings
from huaxiang.serve.api.usual import usual_questions
from huaxiang.serve.api.warming import Warming

HIDING = "field_rights:\n  - {roles: [marketer], fields: [spend], show: hidden}\n"
EVERYONE = FunnelWanted.model_validate({"steps": [{"source": "visits"}, {"source": "orders"}]})
WOMEN = EVERYONE.model_copy(update={"audience": "gender = 'female'"})
LARGE = FunnelWanted.model_validate({"steps": [{"source": "visits"}, {"source": "orders", "where": "amount > 50"}]})


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_shop(tmp_path_factory.mktemp("shop"), huaxiang=FILES["huaxiang.yaml"] + HIDING)
    build(folder)
    return folder


@pytest.fixture
def server(shop: Path) -> Iterator[Server]:
    app = create_app(replace(Settings(shop, no_auth=True), rate=0.0))
    with TestClient(app, base_url="http://127.0.0.1/api/v1/"):
        yield app.state.server


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Which questions were computed, with the view that they were computed for."""
    found: list[Any] = []

    def noted(tell: Any) -> Any:
        def one(snapshot: Any, wanted: Any) -> Any:
            found.append((snapshot.view, wanted))
            return tell(snapshot, wanted)

        return one

    monkeypatch.setattr(known, "_TELL", {kind: noted(tell) for kind, tell in known._TELL.items()})
    return found


def test_what_is_asked_about_everyone_is_computed_once(server: Server, computed: list[Any]) -> None:
    snapshot = server.serving.current.snapshot
    first = server.known.told(snapshot, EVERYONE)
    assert server.known.told(snapshot, EVERYONE.model_copy()) == first
    assert len(computed) == 1
    assert server.known.told(snapshot, WOMEN) != first
    server.known.told(snapshot, WOMEN)
    assert [wanted for _, wanted in computed] == [EVERYONE, WOMEN, WOMEN], "audiences are read as they are now"


def test_a_base_is_read_as_it_is_now(server: Server, computed: list[Any]) -> None:
    snapshot, wanted = server.serving.current.snapshot, DistributionWanted(of="spend", base="big")
    assert server.known.told(snapshot, wanted) == server.known.told(snapshot, wanted)
    assert len(computed) == 2


def test_a_role_is_never_told_what_another_has_asked(server: Server) -> None:
    whole = server.serving.current.snapshot
    view = server.serving.current.seen_by(server.rights.of("marketer")).snapshot
    assert server.known.told(whole, LARGE)["steps"][1]["customers"] > 0
    with pytest.raises(ExpressionError):
        server.known.told(view, LARGE)
    assert server.known.asked(view.view) == []


def test_those_who_ask_at_once_wait_for_one_answer(
    server: Server, computed: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, tell = threading.Event(), known._TELL[FunnelWanted]

    def slow(snapshot: Any, wanted: Any) -> Any:
        begun.wait(PATIENCE)
        return tell(snapshot, wanted)

    monkeypatch.setattr(known, "_TELL", {**known._TELL, FunnelWanted: slow})
    with ThreadPoolExecutor(4) as pool:
        told = [pool.submit(server.known.told, server.serving.current.snapshot, EVERYONE) for _ in range(4)]
        begun.set()
        answers = [one.result(PATIENCE) for one in told]
    assert all(answer == answers[0] for answer in answers)
    assert len(computed) == 1


def test_what_pages_ask_first_is_computed_ahead_for_each_role_as_it_sees_it(
    server: Server, computed: list[Any]
) -> None:
    Warming(server, least=0).work()
    for role in RIGHTS:
        view = server.serving.current.seen_by(server.rights.of(role)).snapshot
        questions = list(usual_questions(completion(view.manifest)))
        assert {type(one) for one in questions} >= {
            FunnelWanted,
            RetentionWanted,
            PathWanted,
            CrossWanted,
            NetworkWanted,
        }
        before = len(computed)
        answers = [server.known.told(view, wanted) for wanted in questions]
        assert len(computed) == before, role
        assert ('"spend"' in repr(answers).replace("'", '"')) == (role != "marketer")


def test_what_was_asked_of_the_snapshot_before_is_computed_for_the_next(shop: Path, server: Server) -> None:
    before = server.serving.current.snapshot
    server.known.told(before, LARGE)
    build(shop)
    server.serving.refresh()
    assert server.serving.current.snapshot.id != before.id
    Warming(server, least=0).work()
    now = str(server.serving.current.snapshot.folder)
    assert any(key[0] == now and wanted == LARGE for key, (wanted, _) in server.known._held.items())


def test_a_small_snapshot_is_left_alone(server: Server, computed: list[Any]) -> None:
    Warming(server).work()
    assert computed == []


def test_what_pages_of_customers_are_read_from_is_opened(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[str, str]] = []
    for module, name in (
        ("customer", "show_customer"),
        ("timeline", "customer_timeline"),
        ("similar", "similar_customers"),
    ):
        tell = getattr(import_module(f"huaxiang.app.{module}"), name)

        def noted(snapshot: Any, customer: str, *, tell: Any = tell, name: str = name) -> Any:
            found = tell(snapshot, customer)
            told.append((name, found["customer_id"]))
            return found

        monkeypatch.setattr(f"huaxiang.app.{module}.{name}", noted)
    Warming(server, least=0).work()
    assert [name for name, _ in told] == ["show_customer", "customer_timeline", "similar_customers"]
    assert len({customer for _, customer in told}) == 1


def test_the_thread_works_after_a_pause_and_for_each_new_snapshot(
    shop: Path, server: Server, computed: list[Any]
) -> None:
    ahead = Warming(server, least=0, pause=0.0)
    ahead.start()
    try:
        assert ahead.done.wait(PATIENCE)
        first = len(computed)
        assert first > 0
        ahead.done.clear()
        build(shop)
        server.serving.refresh()
        assert ahead.done.wait(PATIENCE)
        assert len(computed) > first
    finally:
        ahead.stop()


def test_work_gives_way_to_who_asks_but_not_for_ever(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    ahead, rest = Warming(server, least=0), server.calls.rest
    waited: list[float] = []
    monkeypatch.setattr(ahead, "_jobs", lambda _served: iter([lambda: waited.append(rest(warming.QUIET))]))
    monkeypatch.setattr(warming, "PATIENCE", PATIENCE)
    server.calls.note()
    ahead.work()
    assert waited == [0.0]
    monkeypatch.setattr(warming, "PATIENCE", 0.05)
    monkeypatch.setattr(server.calls, "rest", lambda _quiet: PATIENCE)
    ahead.work()
    assert len(waited) == 2


def test_requests_are_noted_but_not_those_of_health(shop: Path) -> None:
    app = create_app(replace(Settings(shop, no_auth=True), rate=0.0))
    with TestClient(app, base_url="http://127.0.0.1/api/v1/") as client:
        assert client.get("health").status_code == 200
        assert app.state.server.calls.rest(PATIENCE) == 0
        assert client.get("status").status_code == 200
        assert app.state.server.calls.rest(PATIENCE) > 0
