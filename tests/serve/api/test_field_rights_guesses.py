"""Values that are masked or hidden can't be found by guessing, nor by what others saved or asked."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.published import manifest, publish_sample
from tests.serve.api.hidden_fields import Api, publish_shop

NUMBER = "+8613800138000"
"""That of c1, as it is kept."""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return publish_shop(tmp_path)


def test_no_list_of_guesses_tells_what_is_masked(api: Api, shop: Path) -> None:
    text = manifest()
    text["attributes"][1] |= {"personal": "hidden"}  # gender stands for any masked attribute
    publish_sample(shop, attributes=text["attributes"]).close()
    client = api("marketer")
    guessed = client.put("lists/guess", json={"field": "gender", "values": ["female", "male"]})
    assert (guessed.status_code, guessed.json()["code"]) == (404, "not-found")
    assert api("admin").put("lists/known", json={"field": "city", "values": ["北京"]}).status_code == 200


@pytest.mark.usefixtures("still")
@pytest.mark.parametrize(
    "written", ["138.{}.{}", "(138){}{}", "138_{}_{}", "138/{}/{}", "１３８{}{}", "+86 138·{}·{}", "138–{}–{}"]
)
def test_numbers_are_guessed_by_no_way_of_writing_them(api: Api, monkeypatch: pytest.MonkeyPatch, written: str) -> None:
    from huaxiang.serve.api.routes import customers

    monkeypatch.setattr(customers, "GUESSES", 3)
    client = api("marketer")
    for n in range(4):
        assert client.post("customers/search", json={"text": written.format(f"{n:04}", "9998")}).status_code == 200
    assert client.post("customers/search", json={"text": written.format("0013", "8000")}).status_code == 429


@pytest.mark.usefixtures("still")
def test_whole_numbers_are_not_guessed_by_searching(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    from huaxiang.serve.api.routes import customers

    monkeypatch.setattr(customers, "GUESSES", 5)
    first, second = api("marketer"), api("analyst")
    for n in range(5):
        assert first.post("customers/search", json={"text": f"1380013{n:04}"}).status_code == 200
    assert first.post("customers/search", json={"text": "138 0013 9999"}).status_code == 200
    waits = first.post("customers/search", json={"text": NUMBER})
    assert (waits.status_code, waits.json()["code"]) == (429, "rate")
    assert int(waits.headers["retry-after"]) >= 1
    assert first.post("customers/search", json={"text": "上海"}).status_code == 200  # what is no number is not counted
    assert [h["customer_id"] for h in second.post("customers/search", json={"text": NUMBER}).json()["found"]] == ["c1"]
    for _ in range(8):  # numbers that somebody has are not counted either
        assert second.post("customers/search", json={"text": NUMBER}).status_code == 200


@pytest.mark.usefixtures("still")
def test_addresses_are_not_guessed_by_searching(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    from huaxiang.serve.api.routes import customers

    monkeypatch.setattr(customers, "GUESSES", 3)
    client = api("marketer")
    for n in range(4):
        assert client.post("customers/search", json={"text": f"zhang{n}@example.com"}).status_code == 200
    assert client.post("customers/search", json={"text": "zhang@example.com"}).status_code == 429


def test_an_unknown_id_does_not_tell_whose_a_number_is(api: Api) -> None:
    assert "找到：c1" in api("admin").get(f"customers/{NUMBER}").json()["detail"]
    client = api("marketer")
    for told in (
        client.get(f"customers/{NUMBER}"), client.get(f"customers/{NUMBER}/timeline"),
        client.post("query/why", json={"when": "orders > 1", "customer_id": NUMBER}),
    ):  # fmt: skip
        assert told.status_code == 404
        assert "找到" not in told.json()["detail"], told.text


def save_files(shop: Path) -> None:
    """Definitions saved since the build, some of which read what is hidden from marketers."""
    (shop / "tags").mkdir()
    (shop / "tags" / "a.yaml").write_text(
        "tags:\n- {name: spend, kind: expression, value: orders * 20000.25}\n- {name: orders, kind: expression, value: 1 + 1}\n",
        "utf-8",
    )
    (shop / "audiences").mkdir()
    (shop / "audiences" / "a.yaml").write_text(
        "audiences:\n- {name: later, when: spend > 500}\n- {name: often, when: spend > 700}\n", "utf-8"
    )


def test_what_was_saved_since_the_build_is_not_told_by_saving_counting_or_its_faults(api: Api, shop: Path) -> None:
    save_files(shop)
    client = api("marketer")
    for name in ("later", "often"):
        for told in (client.put(f"audiences/{name}", json={"title": "mine"}), client.delete(f"audiences/{name}")):
            assert told.status_code == 403, told.text
            assert "500" not in told.text and "700" not in told.text
    for when in ("later", "in_audience('later')", "not in_audience('later')"):
        told = client.post("query/count", json={"when": when})
        assert told.status_code in (400, 404, 422)
        assert "spend" not in told.text
    assert client.get("check").status_code == 403
    assert api("auditor").get("check").status_code == 200


def test_what_somebody_else_asked_before_is_no_way_round(api: Api) -> None:
    """Sets of conditions are kept and shared: of an audience within an expression, nothing else would ask who may name it."""
    for when in (
        "case when in_audience('big') then true else false end",
        "(case when in_audience('big') then 1 else 0 end) = 1",
    ):
        assert api("admin").post("query/count", json={"when": when}).json()["count"] == 2
        assert api("marketer").post("query/count", json={"when": when}).status_code in (400, 404, 422), when


def test_lists_name_no_hidden_field_and_no_hidden_audience(api: Api, shop: Path) -> None:
    assert api("admin").put("lists/vips", json={"field": "customer_id", "values": ["c1", "c2"]}).status_code == 200
    (shop / "audiences").mkdir()
    (shop / "audiences" / "a.yaml").write_text("audiences:\n- {name: big, when: in_list('vips')}\n", "utf-8")
    assert api("admin").get("lists").json()["lists"][0]["used_by"] == ["audience big"]
    assert api("marketer").get("lists").json()["lists"][0]["used_by"] == []
