"""Lists tell who sees numbers masked nothing that the masks hide, and take what people gave."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests import published
from tests.serve.api.hidden_fields import Api, publish_shop

from huaxiang.store.cleaning.ids import check_character

PHONE, EMAIL, MEMBER = "13800138000", "zhang@example.com", "M-1"
"""Those of c1."""


def id_number(first: str) -> str:
    return first + check_character(first)


ID = id_number("31010119850308123")
"""That of c2."""
KINDS = {"member": "member_no", "phone": "phone", "email": "email", "id_number": "id_number"}


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    keys = [("c1", "member", MEMBER), ("c1", "phone", PHONE), ("c1", "email", EMAIL), ("c2", "id_number", ID)]
    monkeypatch.setattr(published, "KEYS", keys)
    told = {
        "keys": list(KINDS), "fields": KINDS, "personal": {k: k for k in ("phone", "email", "id_number")}, "held_back": {}, "customers": 6,
    }  # fmt: skip
    real = published.manifest
    monkeypatch.setattr(published, "manifest", lambda: real() | {"identity": told})
    return publish_shop(tmp_path)


def put(client: TestClient, field: str, values: list[str], name: str = "a") -> tuple[int, str]:
    """The status, and what was said in both languages, or the answer."""
    told = client.put(f"lists/{name}", json={"field": field, "values": values})
    assert not any(value in told.text for value in values)
    return told.status_code, told.json()["detail"] if told.status_code != 200 else told.text


def ids_of_the_sequence() -> list[str]:
    """Who knows the place and the birth date, and sees 310****NNNC: all that is left, and the check digit with it."""
    tries = [id_number(f"31010119850308{n:03}") for n in range(1000)]
    return [*[one for one in tries if one[-1] == ID[-1] and one != ID][:8], ID]


def ids_of_all_days() -> list[str]:
    """Who sees 310****NNNC but doesn't know the birth date."""
    days = [
        f"{year}{month:02}{day:02}" for year in (1984, 1986, 1987) for month in range(1, 13) for day in range(1, 28)
    ]
    return [*(id_number(f"310101{day}{ID[14:17]}") for day in days[:630]), ID]


@pytest.mark.parametrize("values", [ids_of_the_sequence(), ids_of_all_days(), [ID]], ids=["sequence", "days", "known"])
def test_lists_by_id_number_need_the_right_to_see_them(api: Api, values: list[str]) -> None:
    for role in ("marketer", "analyst"):
        status, said = put(api(role), "id_number", values)
        assert status == 403
        assert "unmask" in said and "手机号" in said
    told = api("admin").put("lists/a", json={"field": "id_number", "values": values})
    assert (told.status_code, told.json()["matched"]) == (200, 1)


def test_phones_that_differ_in_the_prefix_are_guesses_as_well(api: Api) -> None:
    guesses = [f"1{operator}{n:04}8000" for operator in ("37", "39", "52") for n in range(3, 63, 2)] + [PHONE]
    assert len(guesses) == 91
    status, said = put(api("marketer"), "phone", guesses)
    assert (status, "猜号" in said, "31" in said, "90" in said) == (400, True, False, False)
    told = api("admin").put("lists/a", json={"field": "phone", "values": guesses})
    assert (told.status_code, told.json()["matched"], told.json()["unknown"]) == (200, 1, 90)


def test_so_many_alike_are_taken_in_a_day(api: Api) -> None:
    client, other = api("marketer"), api("analyst")
    tries = [f"1{operator}{n:04}8000" for operator in ("39", "52") for n in range(400)]
    taken = [put(client, "phone", [*tries[at : at + 51], PHONE])[0] for at in range(0, 408, 51)]
    assert taken == [200] * 8  # 50 of each are counted
    status, said = put(client, "phone", [*tries[500:502], PHONE])
    assert status == 400 and "每天至多 400" in said and "明天" in said
    assert put(client, "phone", [tries[500], PHONE])[0] == 200
    assert put(other, "phone", [*tries[500:502], PHONE])[0] == 200  # each has days of their own


def test_numbers_are_not_tried_one_in_a_list(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    from huaxiang.app.audiences import guesses

    monkeypatch.setattr(guesses, "LISTS", 3)
    client = api("marketer")
    for n in range(3):
        assert put(client, "phone", [f"1380001{n:04}", PHONE])[0] == 200
    status, said = put(client, "phone", ["13800010009", PHONE])
    assert status == 400 and "3 份" in said
    assert put(client, "phone", [PHONE])[0] == 200  # what customers have costs nothing


def test_refusals_are_no_answers(api: Api) -> None:
    """A list that is refused where one more number is nobody's would tell of each number whether it is."""
    client = api("marketer")
    nobodys = [f"139{n:04}8000" for n in range(60)]
    for n in range(5):
        status, said = put(client, "phone", [*nobodys, f"152{n:04}8000"])
        assert status == 400 and "猜号" in said
    for values in ([*nobodys, PHONE], [PHONE], ["13912345678"]):
        status, said = put(client, "phone", values)
        assert status == 400 and "5 份" in said and "明天" in said
    assert put(client, "member", [MEMBER])[0] == 200
    assert put(client, "email", [EMAIL])[0] == 200


def test_refused_lists_cost_nothing(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    from huaxiang.app.audiences import guesses

    monkeypatch.setattr(guesses, "UNKNOWN", 60)
    client = api("marketer")
    many = [f"139{n:04}{n:04}" for n in range(61)]
    status, said = put(client, "phone", [*many, PHONE])
    assert status == 400 and "每天至多 60" in said
    for _ in range(3):  # within what is alike, but too many together with those of before
        assert put(client, "phone", [*(f"139{n:04}8000" for n in range(61)), PHONE])[0] == 400
    assert put(client, "phone", [*(f"139{n:04}8000" for n in range(50)), PHONE])[0] == 200
    assert put(client, "phone", [*many[:10], PHONE])[0] == 200
    assert put(client, "phone", [many[0], PHONE])[0] == 400


def test_the_same_list_is_uploaded_all_day(api: Api) -> None:
    draw = random.Random(7)
    client = api("marketer")
    for values in ([PHONE] * 10, [PHONE, *(f"138{draw.randrange(10**8):08}" for _ in range(9))]):
        assert {put(client, "phone", values)[0] for _ in range(100)} == {200}


def test_a_long_list_of_phones_that_people_gave_is_taken(api: Api) -> None:
    draw = random.Random(3)
    honest = [f"1{draw.choice(('38', '39', '52', '86'))}{draw.randrange(10**8):08}" for _ in range(100_000)]
    told = api("marketer").put("lists/a", json={"field": "phone", "values": [*honest, PHONE]})
    assert told.status_code == 200, told.text
    assert told.json()["matched"] >= 1


def test_addresses_are_no_more_guessed_than_numbers(api: Api) -> None:
    client = api("marketer")
    guesses = [f"z{n}@example.com" for n in range(301)]
    assert put(client, "email", [*guesses, EMAIL])[0] == 400
    assert put(client, "email", [*guesses[:300], EMAIL])[0] == 200
    assert put(api("admin"), "email", [*guesses, EMAIL])[0] == 200


def test_no_search_tells_whose_an_id_number_is(api: Api) -> None:
    def search(role: str, text: str) -> Any:
        return api(role).post("customers/search", json={"text": text})

    told = search("marketer", ID)
    assert told.status_code == 403
    assert "unmask" in told.json()["detail"] and ID not in told.text
    assert search("analyst", f" {ID[:6]} {ID[6:]}").status_code == 403
    assert [hit["customer_id"] for hit in search("admin", ID).json()["found"]] == ["c2"]
    assert [hit["customer_id"] for hit in search("marketer", PHONE).json()["found"]] == ["c1"]


def test_no_digest_tells_a_number(api: Api) -> None:
    for role, told in (("marketer", False), ("analyst", False), ("admin", True)):
        found = api(role).get("customers/c2").json()["identity"]
        assert [key["key"] for key in found] == ["id_number"]
        assert bool(found[0]["value_digest"]) == told


def test_an_unknown_id_tells_no_number_where_nothing_but_keys_is_personal(api: Api, shop: Path) -> None:
    (shop / "huaxiang.yaml").write_text("name: shop\n", "utf-8")  # no field is hidden or masked
    assert "找到：c2" in api("admin").get(f"customers/{ID}").json()["detail"]
    for role in ("marketer", "analyst"):
        for told in (
            api(role).get(f"customers/{ID}"),
            api(role).post("query/why", json={"when": "orders > 1", "customer_id": ID}),
        ):
            assert told.status_code == 404 and "找到" not in told.json()["detail"]


def test_permits_are_not_found_either(api: Api, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(published, "KEYS", [("c2", "id_number", "H12345678")])
    publish_shop(shop)
    assert api("marketer").post("customers/search", json={"text": "H12345678"}).json()["found"] == []
    assert len(api("admin").post("customers/search", json={"text": "H12345678"}).json()["found"]) == 1
