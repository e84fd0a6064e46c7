"""What is defined at one server is there at the other at once; of two who save over each other, one is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2 as httpx
import pytest
from tests.serve.two_servers.pair import TAG, Pair, at_once

pytestmark = pytest.mark.slow


def board(client: httpx.Client, name: str) -> dict[str, Any]:
    lines: dict[str, dict[str, Any]] = {a["name"]: a for a in client.get("audience-board").json()["audiences"]}
    return lines.get(name, {})


def count(client: httpx.Client, when: Any) -> int:
    told = client.post("query/count", json={"when": when})
    assert told.status_code == 200, told.text
    return int(told.json()["count"])


def test_an_audience_saved_at_one_is_counted_at_the_other_at_once(pair: Pair) -> None:
    here, there = pair.both()
    conditions = ("orders_count >= 1", "orders_count >= 2", "orders_count >= 3 and gender is not null")
    etags, sizes = set(), []
    for when in conditions:
        assert here.put("audiences/shared", json={"when": when}).status_code == 200
        assert there.get("audiences/shared/definition").json()["when"] == when
        assert board(there, "shared")["state"] == "unbuilt"
        for asked in ("shared", "in_audience('shared')", "case when in_audience('shared') then true else false end"):
            assert count(there, asked) == count(here, when), asked
        told = there.get("query/count", params={"when": "shared"}, headers={"If-None-Match": ", ".join(etags)})
        assert told.status_code == 200
        etags.add(told.headers["etag"])
        assert (
            there.get(
                "query/count", params={"when": "shared"}, headers={"If-None-Match": told.headers["etag"]}
            ).status_code
            == 304
        )
        sizes.append(told.json()["count"])
    assert len(set(sizes)) == len(conditions)
    assert here.delete("audiences/shared").status_code == 200
    assert there.get("audiences/shared/definition").status_code == 404
    assert there.post("query/count", json={"when": "shared"}).status_code in (404, 422)


def test_a_list_uploaded_at_one_is_asked_at_the_other_at_once(pair: Pair) -> None:
    here, there = pair.both()
    ids = here.post("query/ids", json={"when": "customer_id is not null", "limit": 12}).json()["ids"]
    for size in (3, 12, 5):
        told = here.put("lists/coupon", json={"field": "customer_id", "values": ids[:size]})
        assert told.status_code == 200, told.text
        assert [one["customers"] for one in there.get("lists").json()["lists"]] == [size]
        for asked in ("in_list('coupon')", "not (not in_list('coupon'))", "top(50, orders_count, in_list('coupon'))"):
            assert count(there, asked) == size, asked
    assert here.delete("lists/coupon").status_code == 200
    assert there.get("lists").json()["lists"] == []


def test_tags_wordings_schedules_and_decisions_of_one_are_seen_at_the_other(pair: Pair) -> None:
    here, there = pair.both()
    assert here.put("tags/doubled", json={"definition": {"name": "doubled", **TAG}}).status_code == 201
    assert "doubled" in {t["name"] for t in there.get("tag-market", params={"q": "doubled"}).json()["tags"]}
    group = here.get("personas").json()["sets"][0]
    card = f"personas/{group['name']}/{group['cards'][0]['segment']}"
    digest = here.get(f"{card}/wording").json()["digest"]
    sides = {"left": card.removeprefix("personas/"), "right": f"{group['name']}/{group['cards'][-1]['segment']}"}
    held = there.get("persona-comparison", params=sides).headers["etag"]
    texts = {"title": {"zh": "老朋友", "en": "Old friends"}}
    assert here.put(f"{card}/wording", json={"texts": texts, "expected": digest}).status_code == 200
    assert there.get(card).json()["name"]["en"] == "Old friends"
    assert there.get("persona-comparison", params=sides, headers={"If-None-Match": held}).status_code == 200
    version = there.get("schedule").json()["version"]
    planned = {"at": "03:10", "weekdays": "12345", "enabled": False, "expected": version}
    assert here.put("schedule", json=planned).status_code == 200
    assert there.get("schedule").json()["at"] == "03:10"
    two = here.post("query/ids", json={"when": "customer_id is not null", "limit": 2}).json()["ids"]
    decided = here.post("identity/merge", json={"customers": two, "why": "the same person"}).json()
    assert decided["number"] in {d["number"] for d in there.get(f"identity/customers/{two[0]}").json()["decisions"]}
    assert there.post(f"identity/decisions/{decided['number']}/undo", json={"why": "no"}).status_code == 201


def conflicts(answer: httpx.Response) -> bool:
    """Whether an answer says, readably, that somebody else was first."""
    told = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code == 409 and told["code"] == "conflict" and len(told["detail"]) > 10


def test_an_edit_of_what_was_read_before_another_is_a_conflict_everywhere(pair: Pair) -> None:
    here, there = pair.both("analyst")
    assert here.put("audiences/edited", json={"when": "orders_count > 1", "expected": "new"}).status_code == 200
    digest = there.get("audiences/edited/definition").json()["digest"]
    assert here.put("audiences/edited", json={"owner": "li", "expected": digest}).status_code == 200
    for language in ("zh-CN", "en"):
        late = there.put(
            "audiences/edited", json={"owner": "wang", "expected": digest}, headers={"Accept-Language": language}
        )
        assert conflicts(late)
    assert conflicts(there.put("audiences/edited", json={"when": "orders_count > 9", "expected": "new"}))
    assert conflicts(there.request("DELETE", "audiences/edited", params={"expected": digest}))
    assert here.get("audiences/edited/definition").json()["owner"] == "li"
    made = here.put("tags/edited_tag", json={"definition": {"name": "edited_tag", **TAG}})
    mine = {"If-Match": made.headers["etag"]}
    changed = {"name": "edited_tag", **TAG, "owner": "li"}
    assert here.put("tags/edited_tag", json={"definition": changed}, headers=mine).status_code == 200
    assert conflicts(there.put("tags/edited_tag", json={"definition": changed | {"owner": "wang"}}, headers=mine))
    schedule = {"at": "04:00", "weekdays": "1", "enabled": False, "expected": here.get("schedule").json()["version"]}
    assert here.put("schedule", json=schedule).status_code == 200
    assert conflicts(there.put("schedule", json=schedule | {"at": "05:00"}))
    group = here.get("personas").json()["sets"][0]
    card = f"personas/{group['name']}/{group['cards'][-1]['segment']}/wording"
    word = {"texts": {"title": {"zh": "新客", "en": "Newcomers"}}, "expected": there.get(card).json()["digest"]}
    assert here.put(card, json=word).status_code == 200
    assert conflicts(there.put(card, json=word | {"texts": {"title": {"zh": "旧客", "en": "Others"}}}))


def test_of_many_who_save_at_once_one_wins_and_nothing_is_lost(pair: Pair) -> None:
    clients = [*pair.both("analyst"), *pair.both("admin")]
    assert clients[0].put("audiences/raced", json={"when": "orders_count > 0", "expected": "new"}).status_code == 200
    made = clients[0].put("tags/raced_tag", json={"definition": {"name": "raced_tag", **TAG}})
    etag, version = made.headers["etag"], clients[0].get("schedule").json()["version"]
    for turn in range(12):
        digest = clients[0].get("audiences/raced/definition").json()["digest"]
        saves: list[Callable[[], httpx.Response]] = [
            lambda c=c, n=n, d=digest, t=turn: c.put("audiences/raced", json={"owner": f"o{t}-{n}", "expected": d})  # type: ignore[misc]
            for n, c in enumerate(clients)
        ]
        tags: list[Callable[[], httpx.Response]] = [
            lambda c=c, n=n, e=etag, t=turn: c.put("tags/raced_tag", json={"definition": {"name": "raced_tag", **TAG, "owner": f"o{t}-{n}"}},  # type: ignore[misc]
                                                   headers={"If-Match": e})
            for n, c in enumerate(clients)
        ]  # fmt: skip
        plans: list[Callable[[], httpx.Response]] = [
            lambda c=c, n=n, v=version: c.put(  # type: ignore[misc]
                "schedule", json={"at": f"0{n}:00", "weekdays": "1", "enabled": False, "expected": v}
            )
            for n, c in enumerate(clients)
        ]
        for acts in (saves, tags, plans):
            answers = at_once(acts)
            won = [n for n, answer in enumerate(answers) if answer.status_code == 200]
            assert len(won) == 1, [answer.text for answer in answers]
            assert all(conflicts(answer) for n, answer in enumerate(answers) if n not in won)
            if acts is saves:
                assert clients[1].get("audiences/raced/definition").json()["owner"] == f"o{turn}-{won[0]}"
            elif acts is tags:
                etag = answers[won[0]].headers["etag"]
            else:
                version = answers[won[0]].json()["version"]
                assert {c.get("schedule").json()["at"] for c in clients} == {f"0{won[0]}:00"}


def test_audiences_saved_at_both_at_once_into_one_file_are_all_there(pair: Pair) -> None:
    here, there = pair.both("marketer")
    names = [f"side_{n}" for n in range(16)]
    acts: list[Callable[[], httpx.Response]] = [
        lambda c=(here, there)[n % 2], name=name: c.put(
            f"audiences/{name}", json={"when": "orders_count > 0", "expected": "new"}
        )  # type: ignore[misc]
        for n, name in enumerate(names)
    ]
    assert {answer.status_code for answer in at_once(acts)} == {200}
    for client in (here, there):
        assert set(names) <= {a["name"] for a in client.get("audience-board").json()["audiences"]}
