"""Runs followed live and cancelled, the schedule, sources and the wizard, and wordings, over HTTP."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from starlette.testclient import TestClient
from tests.waiting import PATIENCE, until

from huaxiang.app import building
from huaxiang.serve.api.models import data, personas, sources
from huaxiang.serve.api.settings import PREFIX
from huaxiang.store.runs import RunLog

Api = Callable[..., TestClient]
FILE = "会员编号,姓名,手机\nM1,张三,13812345678\nM2,李四,13912345678\n".encode("gb18030")
MAPPED = {
    "entity": "person", "purpose": "service", "legal_basis": "contract",
    "columns": {"customer_key": "会员编号", "name": "姓名", "phone": "手机"},
}  # fmt: skip


def events(text: str) -> list[tuple[str, str, dict[str, object]]]:
    """Name, ID and data of the events of a stream."""
    found = []
    for block in text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line and not line.startswith(":"))
        if "event" in lines:
            found.append((lines["event"], lines["id"], json.loads(lines["data"])))
    return found


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What those who follow a build have been shown of it so far."""
    show, shown = building.show_build, []

    def noted(folder: Path, run_id: str) -> dict[str, Any]:
        found = show(folder, run_id)
        shown.append(found)
        return found

    monkeypatch.setattr(building, "show_build", noted)
    return shown


def test_a_build_is_followed_to_its_end(api: Api, shop: Path, looks: list[dict[str, Any]]) -> None:
    run = RunLog(shop).start("20260101T000000Z-aaaa", engine="duckdb", as_of="today", full=False)

    def work() -> None:
        run.begin_stage("collect")
        assert until(lambda: any(look["progress"]["stage"] for look in looks))
        run.within(3, 10, "orders")
        assert until(lambda: any(look["progress"]["within"] for look in looks))
        run.end_stage(rows=5)
        run.done("20260101T000000Z-aaaa")

    builder = threading.Thread(target=work)
    builder.start()
    told = api().get(f"builds/{run.id}/events")
    builder.join()
    assert told.headers["content-type"].startswith("text/event-stream")
    found = events(told.text)
    assert [name for name, _, _ in found][-1] == "end"
    assert {name for name, _, _ in found[:-1]} == {"progress"}
    assert any(one["progress"]["within"] == {"done": 3, "total": 10, "note": "orders"} for _, _, one in found)  # type: ignore[index]
    assert found[-1][2]["state"] == "done"
    assert found[-1][2] == api().get(f"builds/{run.id}").json()


def test_who_comes_back_gets_what_has_changed(api: Api, shop: Path, looks: list[dict[str, Any]]) -> None:
    run = RunLog(shop).start("20260101T000000Z-bbbb", engine="duckdb", as_of="today", full=False)
    run.begin_stage("collect")
    ending = threading.Thread(target=lambda: until(lambda: len(looks) > 0) and run.done("x"))
    ending.start()
    first = events(api().get(f"builds/{run.id}/events").text)
    ending.join()
    assert [name for name, _, _ in first] == ["progress", "end"]
    again = api().get(f"builds/{run.id}/events", headers={"Last-Event-ID": first[0][1]})
    assert [name for name, _, _ in events(again.text)] == ["end"]
    assert api().get("builds/nothing/events").status_code == 404
    assert api("marketer").get(f"builds/{run.id}/events").status_code == 200


WORKER = """
import sys, time
from pathlib import Path
from huaxiang.store.runs import RunLog
run = RunLog(Path(sys.argv[1])).start("20260101T000000Z-cccc", engine="duckdb", as_of="today", full=False)
run.begin_stage("clean")
print("ready", flush=True)
try:
    time.sleep(600)
except BaseException as error:
    run.failed(error)
    raise SystemExit(1)
"""


def test_a_build_is_cancelled_and_says_by_whom(api: Api, shop: Path) -> None:
    worker = subprocess.Popen([sys.executable, "-c", WORKER, str(shop)], stdout=subprocess.PIPE, text=True)
    try:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
        assert api("marketer").post("builds/20260101T000000Z-cccc/cancel").status_code == 403
        told = api("analyst").post("builds/20260101T000000Z-cccc/cancel")
        assert told.status_code == 202, told.text
        data.Cancelled.model_validate(told.json())
        worker.wait(PATIENCE)
    finally:
        worker.kill()
        worker.communicate()
    found = api().get("builds/20260101T000000Z-cccc").json()
    assert found["state"] == "cancelled"
    assert found["cancelled"]["by"].startswith("analyst")
    assert [stage["state"] for stage in found["stages"]] == ["cancelled"]
    assert api("analyst").post("builds/20260101T000000Z-cccc/cancel").status_code == 400
    assert api("analyst").post("builds/nothing/cancel").status_code == 404


def test_the_schedule_is_set_by_those_who_may_build(api: Api) -> None:
    told = api("marketer").get("schedule")
    data.Schedule.model_validate(told.json())
    wanted = {"at": "05:45", "weekdays": "12345", "enabled": True, "expected": 0}
    assert api("marketer").put("schedule", json=wanted).status_code == 403
    assert api("analyst").put("schedule", json=wanted).json()["version"] == 1
    assert api("analyst").put("schedule", json=wanted).status_code == 409
    assert api("analyst").put("schedule", json=wanted | {"at": "25:00", "expected": 1}).status_code == 400


def test_sources_show_examples_to_those_who_may_see_identifiers(api: Api) -> None:
    told = api("auditor").get("sources")
    assert told.status_code == 200, told.text
    sources.Sources.model_validate(told.json())
    name = told.json()["sources"][0]["name"]
    for role, seen in (("auditor", False), ("marketer", False), ("analyst", True)):
        found = api(role).get(f"sources/{name}").json()
        sources.SourceDetail.model_validate(found)
        assert all((one["examples"] is not None) is seen for one in found["columns"]), role
    assert api().get("sources/nothing").status_code == 404


def test_a_file_becomes_a_source(api: Api, shop: Path) -> None:
    client = api("analyst")
    told = client.post("wizard/files?name=new.csv", content=FILE)
    assert told.status_code == 201, told.text
    sources.Read.model_validate(told.json())
    read = told.json()
    assert (read["encoding"], read["entity"], read["rows"]) == ("gb18030", "person", 2)
    assert "13812345678" not in told.text
    again = client.get(f"wizard/files/{read['id']}?header_row=2").json()
    assert again["columns"][0]["name"] == "M1"
    tried = client.post("wizard/preview", json=MAPPED | {"file": read["id"]})
    assert tried.status_code == 200, tried.text
    sources.Previewed.model_validate(tried.json())
    assert tried.json()["loaded"] == 2
    saved = client.put("wizard/sources/fresh", json=MAPPED | {"file": read["id"]})
    assert saved.status_code == 200, saved.text
    sources.SourceSaved.model_validate(saved.json())
    assert (shop / "sources/fresh.yaml").is_file()
    assert (shop / "data/new.csv").read_bytes() == FILE
    logged = [entry["action"] for entry in api("auditor").get("audit").json()["entries"]]
    assert {"upload", "define"} <= set(logged)


def test_only_those_who_define_sources_upload_and_nobody_sees_files_of_others(api: Api) -> None:
    kept = api("analyst").post("wizard/files?name=a.csv", content=FILE).json()
    for role in ("marketer", "service", "auditor"):
        client = api(role)
        for method, path in (
            ("POST", "wizard/files?name=a.csv"),
            ("GET", f"wizard/files/{kept['id']}"),
            ("DELETE", f"wizard/files/{kept['id']}"),
        ):
            assert client.request(method, path, content=FILE).status_code == 403, (role, method)
        assert client.put("wizard/sources/x", json=MAPPED | {"file": kept["id"]}).status_code == 403
    assert api("admin").get(f"wizard/files/{kept['id']}").status_code == 404
    assert api("admin").post("wizard/preview", json=MAPPED | {"file": kept["id"]}).status_code == 404


def test_uploads_may_be_larger_than_other_bodies_but_not_endless(api: Api) -> None:
    client = api("analyst", body=1000, list_body=5000)
    assert client.post("wizard/files?name=a.csv", content=b"x\n" + b"1\n" * 1500).status_code == 201
    assert client.post("wizard/files?name=a.csv", content=b"x\n" + b"1\n" * 3000).status_code == 413
    assert client.post("wizard/preview", json=MAPPED | {"file": "x" * 2000}).status_code == 413


def test_cards_are_worded_by_those_who_define(api: Api) -> None:
    client = api("analyst")
    card = client.get("personas").json()["sets"][0]["cards"][0]
    set_name = client.get("personas").json()["sets"][0]["name"]
    path = f"personas/{set_name}/{card['segment']}"
    before = client.get(f"{path}/wording")
    assert before.status_code == 200, before.text
    personas.Wording.model_validate(before.json())
    wanted = {"texts": {"title": {"zh": "老朋友", "en": "Old friends"}}, "expected": before.json()["digest"]}
    assert api("marketer").put(f"{path}/wording", json=wanted).status_code == 403
    assert client.put(f"{path}/wording", json=wanted).json()["version"] == 1
    assert client.put(f"{path}/wording", json=wanted).status_code == 409  # it has changed since
    for role in ("analyst", "marketer"):
        shown = api(role).get(path).json()
        assert shown["name"] == {"zh": "老朋友", "en": "Old friends"}
        assert shown["edited"]["title"]["original"] == card["name"]
    assert client.get("personas").json()["sets"][0]["cards"][0]["edited"] == 1


def test_cards_are_compared_and_have_a_history(api: Api) -> None:
    client = api("marketer")
    found = [(one["name"], card["segment"]) for one in client.get("personas").json()["sets"] for card in one["cards"]]
    told = client.get(f"personas/{found[0][0]}/{found[0][1]}/versions")
    personas.Versions.model_validate(told.json())
    assert len(told.json()["versions"]) == 1
    same = "/".join(found[0])
    assert client.get("persona-comparison", params={"left": same, "right": same}).status_code == 400
    if len(found) > 1:
        answer = client.get("persona-comparison", params={"left": same, "right": "/".join(found[1])})
        assert answer.status_code == 200, answer.text
        personas.Compared.model_validate(answer.json())


SHAPES: tuple[type[BaseModel], ...] = (data.Schedule, sources.Sources, sources.Read, personas.Wording)


@pytest.mark.parametrize("model", SHAPES, ids=[model.__name__ for model in SHAPES])
def test_answers_are_described(api: Api, model: type[BaseModel]) -> None:
    document = api().get(f"http://127.0.0.1{PREFIX}/openapi.json").json()
    assert model.__name__ in document["components"]["schemas"]
