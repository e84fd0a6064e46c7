"""What a page needs to write audiences: forms of a condition, definitions of today, conflicts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.app.audience_shop import build_shop

from huaxiang.app.build import build
from huaxiang.serve.api.application import create_app
from huaxiang.serve.api.settings import Settings
from huaxiang.spec.loader import load_project


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = build_shop(tmp_path_factory.mktemp("authoring"))
    build(folder)
    return folder


@pytest.fixture(scope="module")
def client(project: Path) -> Iterator[TestClient]:
    app = create_app(Settings(project, no_auth=True, rate=0.0))
    with TestClient(app, base_url="http://127.0.0.1/api/v1/") as running:
        yield running


def test_a_condition_is_told_as_text_and_as_tree(client: TestClient) -> None:
    text = "spend > 300 and not did('orders', channel = 'app', days => 30)"
    found = client.post("query/condition", json={"when": text}).json()
    assert found["text"] == text
    assert found["tree"]["all"][0] == {"tag": "spend", "op": ">", "value": 300}
    assert found["tree"]["all"][1] == {"did_not": "orders", "where": "channel = 'app'", "days": 30}
    assert found["form"]["all"][1]["where"] == {"tag": "channel", "op": "=", "value": "app"}
    assert client.post("query/condition", json={"when": found["form"]}).json()["tree"] == found["tree"]
    back = client.post("query/condition", json={"when": found["tree"]}).json()
    assert back["tree"] == found["tree"]
    assert (
        client.post("query/count", json={"when": back["text"]}).json()["count"]
        == client.post("query/count", json={"when": text}).json()["count"]
    )


def test_relative_days_stay_relative(client: TestClient) -> None:
    found = client.post("query/condition", json={"when": "birth_date >= as_of() - 9000"}).json()
    assert "as_of()" in client.post("query/condition", json={"when": found["tree"]}).json()["text"]


def test_a_fault_of_a_tree_tells_the_way_to_its_part(client: TestClient) -> None:
    tree = {"all": [{"tag": "spend", "op": ">", "value": 1}, {"any": [{"tag": "nothing", "op": "=", "value": 1}]}]}
    answer = client.post("query/condition", json={"when": tree})
    assert answer.status_code == 422
    assert answer.json()["path"][:4] == ["all", 1, "any", 0]


def test_the_board_tells_sizes_and_what_was_saved_since(client: TestClient) -> None:
    lines = {a["name"]: a for a in client.get("audience-board").json()["audiences"]}
    assert {one["state"] for one in lines.values()} == {"current"}
    assert [s["size"] for s in lines["big"]["sizes"]] == [lines["big"]["size"]] * 2
    assert (
        client.put("audiences/fresh", json={"when": "spend > 1", "title": "新", "expected": "new"}).status_code == 200
    )
    assert client.put("audiences/women", json={"when": "gender = 'male'"}).status_code == 200
    lines = {a["name"]: a for a in client.get("audience-board").json()["audiences"]}
    assert (lines["fresh"]["state"], lines["fresh"]["size"], lines["fresh"]["sizes"]) == ("unbuilt", None, [])
    assert (lines["women"]["state"], lines["big_women"]["state"]) == ("changed", "current")
    assert client.delete("audiences/fresh").status_code == 200
    assert client.put("audiences/women", json={"when": "gender = 'female'"}).status_code == 200


def test_an_edit_of_somebody_else_is_a_conflict_one_of_another_audience_is_none(client: TestClient) -> None:
    mine = client.get("audiences/big/definition").json()
    assert mine["when"] == "spend > 300"
    assert mine["form"] == {"tag": "spend", "op": ">", "value": 300}
    assert client.put("audiences/recent", json={"owner": "somebody"}).status_code == 200  # in the same file
    assert client.put("audiences/big", json={"owner": "me", "expected": mine["digest"]}).status_code == 200
    late = client.put("audiences/big", json={"owner": "too late", "expected": mine["digest"]})
    assert (late.status_code, late.json()["code"]) == (409, "conflict")
    assert client.delete("audiences/recent", params={"expected": mine["digest"]}).status_code == 409
    assert client.get("audiences/big/definition").json()["owner"] == "me"


def test_a_new_audience_does_not_replace_one(client: TestClient) -> None:
    taken = client.put("audiences/big", json={"when": "spend > 1", "expected": "new"})
    assert (taken.status_code, taken.json()["code"]) == (409, "conflict")
    gone = client.put("audiences/nobody", json={"when": "spend > 1", "expected": "0" * 32})
    assert gone.status_code == 409
    assert client.get("audiences/nobody/definition").status_code == 404


TREE = {"all": [{"tag": "spend", "op": ">", "value": 300}, {"not": {"tag": "gender", "op": "in", "values": ["male"]}},
                {"did": "orders", "where": {"tag": "channel", "op": "=", "value": "app"}}]}  # fmt: skip


def test_a_tree_is_saved_as_a_tree_and_counts_as_its_preview_did(client: TestClient, project: Path) -> None:
    asked = client.post("query/condition", json={"when": TREE}).json()
    saved = client.put("audiences/grown", json={"when": TREE, "expected": "new"})
    assert saved.status_code == 200, saved.text
    assert load_project(project).audiences["grown"].when == TREE
    told = client.get("audiences/grown/definition").json()
    assert (told["form"], told["when"]) == (asked["form"], asked["text"])
    counted = [
        client.post("query/count", json={"when": when}).json()["count"] for when in (TREE, "grown", told["when"])
    ]
    assert len(set(counted)) == 1
    assert counted[0] > 0
    wrong = client.put("audiences/grown", json={"when": {"any": [{"tag": "nothing", "op": "=", "value": 1}]}})
    assert (wrong.status_code, wrong.json()["path"]) == (422, ["any", 0])
    assert client.delete("audiences/grown").status_code == 200


def test_every_question_takes_a_tree(client: TestClient) -> None:
    tree, text = {"tag": "spend", "op": ">", "value": 100}, "spend > 100"
    customer = client.post("query/ids", json={"when": tree, "limit": 1}).json()["ids"][0]
    for path, body in (
        ("breakdown", {"by": ["gender"]}), ("numbers", {"of": "spend"}), ("why", {"customer_id": customer}), ("rules", {}),
    ):  # fmt: skip
        answers = [client.post(f"query/{path}", json={"when": when, **body}) for when in (tree, text)]
        assert [a.status_code for a in answers] == [200, 200] or "customers" in answers[0].json()["detail"], answers[
            0
        ].text
        assert answers[0].status_code == answers[1].status_code
    overlaps = [client.post("query/overlap", json={"audiences": [when, "big"]}).json() for when in (tree, text)]
    assert overlaps[0]["counts"] == overlaps[1]["counts"]
    alike = [
        client.post("query/lookalike", json={"seed": when, "exclude": when, "size": 5}).json() for when in (tree, text)
    ]
    assert alike[0]["detail"] == alike[1]["detail"]
    wrong = client.post("query/lookalike", json={"seed": {"all": [{"tag": "nothing"}]}, "size": 5})
    assert (wrong.status_code, wrong.json()["path"]) == (422, ["all", 0])


@pytest.mark.parametrize(
    ("when", "code", "place"),
    [
        ("spend > 1 and\n in_audience('zzz')", "CON004", {"span": [27, 32], "line": 2, "column": 14}),
        ("in_list('nolist')", "CON012", {"span": [8, 16], "line": 1, "column": 9}),
        (" null ", "EXP010", {"span": [1, 5], "line": 1, "column": 2}),
        ({"all": [{"tag": "good"}, {"audience": "zzz"}]}, "CON004", {"path": ["all", 1, "audience"]}),
        ({"any": ["in_list('nolist')"]}, "CON012", {"path": ["any", 0], "span": [8, 16], "line": 1, "column": 9}),
    ],
)
def test_names_that_there_are_not_are_told_at_their_place(
    client: TestClient, when: Any, code: str, place: dict[str, Any]
) -> None:
    asked = (
        ("POST", "query/count", {"when": when}), ("POST", "query/count?", {"when": when}), ("POST", "query/ids", {"when": when}),
        ("POST", "query/lookalike", {"seed": when, "size": 5}), ("PUT", "audiences/zz", {"when": when}),
    )  # fmt: skip
    for method, url, body in asked:
        told = client.request(method, url, json=body)
        assert (told.status_code, told.json()["code"]) == (422, code), (url, told.text)
        assert {key: told.json()[key] for key in place} == place, url


def test_an_audience_that_reads_itself_is_told_in_its_condition(client: TestClient) -> None:
    told = client.put(
        "audiences/zz", json={"when": "spend > 1 or in_audience('zz')"}, headers={"Accept-Language": "en"}
    ).json()
    assert (told["code"], told["line"], told["column"]) == ("CON005", 1, 26)
    assert "huaxiang.yaml" not in told["detail"]
    other = client.put("audiences/zz", json={"when": "in_audience('zz2')"}, headers={"Accept-Language": "en"}).json()
    assert '"zz"' not in other["detail"]


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e999"])
@pytest.mark.parametrize(
    ("tree", "path"),
    [
        ('{"any": [{"tag": "spend", "op": ">", "value": %s}]}', ["any", 0, "value"]),
        ('{"tag": "spend", "op": "in", "values": [1, %s]}', ["values", 1]),
        ('{"measure": "sum", "of": "amount", "source": "orders", "op": ">", "value": %s}', ["value"]),
        ('{"sample": %s}', ["sample"]),
    ],
)
def test_what_is_no_number_is_told_with_its_path(client: TestClient, value: str, tree: str, path: list[Any]) -> None:
    for url in ("query/count", "query/condition"):
        told = client.post(url, content='{"when": ' + tree % value + "}", headers={"Content-Type": "application/json"})
        assert (told.status_code, told.json()["code"], told.json()["path"]) == (422, "CON003", path)


def test_values_of_a_saved_tree_stay_what_they_were(client: TestClient, project: Path) -> None:
    values = [
        "yes",
        "001",
        "2024-01-01",
        "null",
        "~",
        " x ",
        "a: b #c",
        "'",
        '"',
        "多行\n文本",
        "",
        "\u2028",
        "0x1f",
        "1e3",
        "1_000",
        "*a",
        "!b",
    ]
    tree = {
        "all": [
            {"tag": "city", "op": "in", "values": values},
            {"tag": "spend", "op": "in", "values": [1e16, 0.1, 1e-7, -3, 10**15]},
        ]
    }
    saved = client.put("audiences/odd", json={"when": tree})
    assert saved.status_code == 200, saved.text
    kept = load_project(project).audiences["odd"].when
    assert kept == tree
    assert repr(kept) == repr(tree)
    deep: dict[str, Any] = {"tag": "good"}
    for _ in range(50):
        deep = {"not": deep}
    refused = client.put("audiences/odd", json={"when": deep})
    assert (refused.status_code, refused.json()["code"]) == (422, "EXP012")
    assert load_project(project).audiences["odd"].when == tree
    assert client.delete("audiences/odd").status_code == 200
