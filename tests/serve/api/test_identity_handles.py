"""Who sees phones masked sees no digests of records either: a number is found out by trying all on them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.serve.identity_shop import build_shop

Api = Callable[..., TestClient]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return build_shop(tmp_path / "shop")


def texts(told: Any) -> set[str]:
    """All texts of an answer."""
    if isinstance(told, dict):
        return set().union(*map(texts, told.values())) if told else set()
    if isinstance(told, list):
        return set().union(*map(texts, told)) if told else set()
    return {told} if isinstance(told, str) else set()


def test_no_number_can_be_tried_on_a_record(api: Api) -> None:
    admin, analyst = api("admin"), api("analyst")
    whole = admin.get("identity/customers/M1").json()
    order = next(r for r in whole["records"] if r["source"] == "orders" and "138****0001" in str(r["fields"]))
    tried = {
        hashlib.md5(f"orders\x1f\x1e\x1f1381000{n:04}".encode(), usedforsecurity=False).hexdigest() for n in range(10)
    }
    assert order["digest"] in tried  # so is a digest guessed
    told = analyst.get("identity/customers/M1").json()
    plain = {r["digest"] for r in whole["records"]} | {r["value_digest"] for r in whole["linked"] if r["value_digest"]}
    assert len(plain) > len(whole["records"])
    assert not plain & texts(told)
    handles = {r["digest"] for r in told["records"]}
    assert len(handles) == len(whole["records"])
    assert {r[side] for r in told["linked"] for side in ("left", "right")} <= handles
    assert told["records"] == analyst.get("identity/customers/M1").json()["records"]


def test_an_analyst_splits_by_handles(api: Api) -> None:
    analyst = api("analyst")
    told, digests = (
        analyst.get("identity/customers/M1").json(),
        api("admin").get("identity/customers/M1").json()["records"],
    )
    second = next(r["digest"] for r in told["records"] if "138****0002" in str(r["fields"]) and r["source"] == "crm")
    alone = next(r["digest"] for r in told["records"] if "138****0001" in str(r["fields"]) and r["source"] == "orders")
    refused = analyst.post("identity/split", json={"customer_id": "M1", "records": [alone], "why": "brother"})
    assert refused.status_code == 400
    assert alone[:12] in refused.text and not any(r["digest"][:12] in refused.text for r in digests)
    by_digest = {"customer_id": "M1", "records": [digests[0]["digest"]], "why": "brother"}
    assert analyst.post("identity/split", json=by_digest).status_code == 400
    made = analyst.post("identity/split", json={"customer_id": "M1", "records": [second], "why": "brother"})
    assert (made.status_code, made.json()["records"]) == (201, 2)
