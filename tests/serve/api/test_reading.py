"""What the API reads is what the command line prints, in the shape that the OpenAPI document says."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from pydantic import BaseModel
from starlette.testclient import TestClient

from huaxiang.serve.api.models import audiences, catalogue, customers, describing
from huaxiang.serve.cli.main import main

Api = Callable[..., TestClient]
ROWS = "gender = 'female'"


def cli(capsys: pytest.CaptureFixture[str], shop: Path, *arguments: str) -> Any:
    assert main([*arguments, "--json", "--project", str(shop)]) == 0
    return json.loads(capsys.readouterr().out)


SAME = (
    ("quality", ("quality",)), ("tags", ("tag", "list")), ("tags/spend", ("tag", "show", "spend")), ("audiences", ("audience", "list")),
    ("audiences/big", ("audience", "show", "big")), ("personas", ("persona", "list")), ("customers/c1", ("customer", "show", "c1")),
    ("quality/sales/rejected", ("quality", "rejected", "sales")), ("snapshots", ("snapshot", "list")),
)  # fmt: skip


@pytest.mark.parametrize(("url", "command"), SAME, ids=[url for url, _ in SAME])
def test_the_api_says_what_the_command_line_says(
    api: Api, shop: Path, capsys: pytest.CaptureFixture[str], url: str, command: tuple[str, ...]
) -> None:
    told = api().get(url)
    assert told.status_code == 200, told.text
    body = told.json()
    for key in ("next", "next_url"):
        body.pop(key, None)
    assert body == cli(capsys, shop, *command)


MODELS: tuple[tuple[str, type[BaseModel]], ...] = (
    ("health", catalogue.Health), ("status", catalogue.Status), ("snapshots", catalogue.Snapshots), ("builds", catalogue.Builds),
    ("quality", catalogue.Quality), ("quality/sales/rejected", catalogue.Rejected), ("quality/sales/repairs", catalogue.Repairs),
    ("tags", catalogue.Tags), ("tags/spend", catalogue.Tag), ("personas", catalogue.Personas), ("personas/value/c1", catalogue.Persona),
    ("audiences", audiences.Audiences), ("audiences/big", audiences.Audience), ("customers/c1", customers.Customer),
    ("query/count?when=big", audiences.Count), ("query/fields", describing.Fields), ("query/sql/tables", audiences.SqlTables),
    ("lists", describing.Lists),
)  # fmt: skip


@pytest.mark.parametrize(("url", "model"), MODELS, ids=[url for url, _ in MODELS])
def test_answers_have_the_documented_members(api: Api, url: str, model: type[BaseModel]) -> None:
    told = api().get(url)
    assert told.status_code == 200, told.text
    body = told.json()
    model.model_validate(body)
    known = {field.alias or name for name, field in model.model_fields.items()}
    if model is not catalogue.Persona:  # a card has more members than the model names
        assert set(body) <= known


def test_every_route_is_described_and_needs_a_token(api: Api) -> None:
    client = api(None)
    document = api().get("openapi.json").json()
    assert document["openapi"].startswith("3.1")
    assert document["security"] == [{"token": []}, {"session": []}]
    for path, methods in document["paths"].items():
        for method, told in methods.items():
            assert told.get("summary"), path
            assert path.startswith("/api/v1/")
            filled = path.replace("{number}", "1")
            status = client.request(method.upper(), f"http://127.0.0.1{filled}", json={}).status_code
            assert (status == 401) is (told.get("security") != []), (method, path)
    assert {
        path for path, methods in document["paths"].items() for told in methods.values() if told.get("security") == []
    } == {f"/api/v1/{name}" for name in ("health", "session", "setup", "oidc/login", "oidc/callback")}


def test_counts_of_text_tree_and_name(api: Api) -> None:
    client = api("analyst")
    tree = {"tag": "gender", "op": "=", "value": "female"}
    for when in (ROWS, tree):
        told = client.post("query/count", json={"when": when})
        assert told.status_code == 200, told.text
        assert (told.json()["count"], told.json()["base"]) == (3, 6)
    assert client.get("query/count", params={"when": ROWS}).json()["count"] == 3
    assert client.post("query/count?snapshot=20", json={"when": ROWS}).json()["count"] == 3


def test_the_short_way_and_the_route_answer_alike(api: Api) -> None:
    client = api("analyst")
    for body in (
        {"when": ROWS},
        {"when": "nobody > 1"},
        {"when": 3},
        {"when": ROWS, "more": 1},
        {},
        {"when": "did('sales')"},
    ):
        quick, slow = client.post("query/count", json=body), client.post("query/count?", json=body)
        told = [{k: v for k, v in r.json().items() if k != "elapsed_ms"} for r in (quick, slow)]
        assert (quick.status_code, told[0]) == (slow.status_code, told[1])
    plain = client.post("query/count", content=json.dumps({"when": ROWS}), headers={"Content-Type": "text/plain"})
    assert plain.status_code == 415


@pytest.mark.parametrize(
    ("kind", "status"),
    [("text/plain", 415), ("application/xml", 415), ("application/x-www-form-urlencoded", 415), ("multipart/form-data", 415), (None, 415),
     ("application/json", 200), ("application/json; charset=utf-8", 200), ("application/merge-patch+json", 200)],
)  # fmt: skip
def test_a_body_is_json_or_told_so(api: Api, kind: str | None, status: int) -> None:
    client, headers = api("analyst"), {"Content-Type": kind} if kind else {}
    told = client.post("query/ids", content=json.dumps({"when": ROWS}), headers=headers)
    assert told.status_code == status
    if status != 200:
        assert (told.json()["code"], told.headers["content-type"]) == ("media-type", "application/problem+json")
    assert client.post("query/ids", content=b"", headers=headers).json()["code"] == "invalid"
    assert client.post("query/ids?limit=x", content=b"{", headers=headers).status_code == (
        422 if status == 200 else 415
    )


def test_behaviour_is_counted_by_the_engine(api: Api) -> None:
    served = api("analyst").app.state.server.serving  # type: ignore[attr-defined]
    assert served.current.is_quick(ROWS)
    assert not served.current.is_quick("customer_id = 'c1' or coalesce(orders, 0) > spend")


def test_ids_come_in_pages_of_one_snapshot(api: Api) -> None:
    client = api("analyst")
    body: dict[str, Any] = {"when": "orders >= 0", "limit": 4}
    first = client.post("query/ids", json=body).json()
    rest = client.post("query/ids", json=body | {"cursor": first["next"]}).json()
    assert (len(first["ids"]), len(rest["ids"]), rest["next"], first["count"]) == (4, 2, None, 6)
    assert sorted({*first["ids"], *rest["ids"]}) == first["ids"] + rest["ids"]


def test_a_cursor_of_another_question_is_refused(api: Api) -> None:
    client = api("analyst")
    body: dict[str, Any] = {"when": "orders >= 0", "limit": 2}
    cursor = client.post("query/ids", json=body).json()["next"]
    other = client.post("query/ids", json={"when": "orders >= 1", "limit": 2, "cursor": cursor})
    assert (other.status_code, other.json()["code"]) == (400, "bad-request")
    for same in ("orders  >=  0", {"tag": "orders", "op": ">=", "value": 0}):
        assert client.post("query/ids", json={"when": same, "limit": 3, "cursor": cursor}).status_code == 200
    later = client.get("tags?limit=2").json()["next"]
    assert client.get(f"tags?limit=3&cursor={later}").status_code == 200
    for path in ("attributes?", "tag-market?", "tags?class=relationship&"):
        assert client.get(f"{path}cursor={later}").status_code == 400, path
    for nonsense in ("W10", "eyJvIjoxLCJzIjpudWxsLCJxIjo1fQ"):  # [], and a number for the question
        assert client.get(f"tags?cursor={nonsense}").status_code == 400


def test_lists_lead_from_page_to_page(api: Api) -> None:
    client = api("analyst")
    url: str | None = "/api/v1/tags?limit=2"
    names: list[str] = []
    while url:
        told = client.get(f"http://127.0.0.1{url}").json()
        names += [tag["name"] for tag in told["tags"]]
        url = told["next_url"]
    assert names == [tag["name"] for tag in client.get("tags").json()["tags"]]
    assert client.get("tags?cursor=nonsense").json()["code"] == "bad-request"


def test_a_cursor_of_a_snapshot_that_is_gone_says_so(api: Api) -> None:
    from huaxiang.serve.api.answers import Page, cursor_after, question

    cursor = cursor_after(Page(1, about=question("/api/v1/tags", [])), "20200101T000000Z-0000")
    told = api().get("tags", params={"cursor": cursor})
    assert (told.status_code, told.json()["code"]) == (410, "snapshot-gone")


def test_export_is_the_file_of_the_command_line_with_masks(api: Api, shop: Path) -> None:
    client = api("analyst")
    told = client.post("query/export", json={"when": "orders > 0", "columns": ["city", "spend", "likes"]})
    file = shop / "out.csv"
    assert (
        main(
            [
                "audience",
                "export",
                "orders > 0",
                "--columns",
                "city,spend,likes",
                "--to",
                str(file),
                "--project",
                str(shop),
            ]
        )
        == 0
    )
    assert told.content == file.read_bytes()
    assert told.headers["x-huaxiang-rows"] == "5"
    table = pq.read_table(
        io.BytesIO(client.post("query/export", json={"when": "orders > 0", "format": "parquet"}).content)
    )
    assert table.column("customer_id").to_pylist() == ["=c6", "c2", "c3", "c4", "c5"]


def test_an_answer_that_is_held_is_not_sent_again(api: Api) -> None:
    client = api()
    for url in ("tags", "audiences/big", "query/count?when=big", "status", "openapi.json"):
        etag = client.get(url).headers.get("etag")
        if url == "openapi.json":
            continue
        again = client.get(url, headers={"If-None-Match": f'"other", W/{etag}'})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
        other = client.get(url, headers={"If-None-Match": '"other"'})
        assert other.status_code == 200
    english = client.get("tags", headers={"Accept-Language": "en"})
    assert english.headers["etag"] != client.get("tags").headers["etag"]


def test_search_finds_and_shows_no_text(api: Api) -> None:
    told = api("marketer").post("customers/search", json={"text": "+8613800138000"}).json()
    assert [(hit["customer_id"], hit["matched"]) for hit in told["found"]] == [("c1", ["phone"])]


def test_the_report_is_html_of_its_own(api: Api) -> None:
    told = api().get("report")
    if told.status_code == 500:
        pytest.skip("the report's charts were not built")
    assert told.headers["content-type"].startswith("text/html")
