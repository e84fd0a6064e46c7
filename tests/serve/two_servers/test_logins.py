"""Who is let in at one server is let in at the other, and who is out is out at both."""

from __future__ import annotations

import math
import time
from collections import Counter
from typing import Any

import pytest
from tests.serve.two_servers.pair import PASSWORD, Pair, at_once, browser, log_in
from tests.waiting import until

from huaxiang.serve.api.callers import REFRESH

pytestmark = pytest.mark.slow


def test_what_ends_a_login_is_looked_for_every_second() -> None:
    assert REFRESH <= 1  # as docs/people.md says


def test_a_login_is_one_at_both_and_logging_out_ends_it_at_both(pair: Pair) -> None:
    here, there = pair.both("marketer")
    assert there.get("session").json()["name"] == "marketer"
    assert here.delete("session").status_code == 204
    assert here.get("status").status_code == 401
    assert until(lambda: there.get("status").status_code == 401)


@pytest.mark.parametrize("change", [{"disabled": True}, {"role": "marketer"}, {"password": "another-horse-8"}])
def test_whoever_is_changed_at_one_is_out_at_the_other(pair: Pair, change: dict[str, Any]) -> None:
    admin = pair.person(0)
    name = f"worker-{next(iter(change))}"
    made = {"name": name, "role": "analyst", "password": PASSWORD}
    assert admin.post("people", json=made).status_code == 201
    there = pair.person(1, name)
    assert there.get("session").json()["name"] == name
    assert admin.patch(f"people/{name}", json=change).status_code == 200
    assert until(lambda: there.get("session").json()["authenticated"] is False)
    assert there.get("status").status_code == 401
    entered = log_in(pair.nobody(1), name)
    assert entered.status_code == (200 if "role" in change else 401)
    if "role" in change:
        assert entered.json()["role"] == "marketer"


def test_a_token_revoked_at_one_is_none_at_the_other(pair: Pair) -> None:
    admin = pair.person(0)
    made = admin.post("tokens", json={"name": "job", "role": "service"}).json()
    job = browser(pair.at[1], Authorization=f"Bearer {made['token']}")
    assert job.get("status").status_code == 200
    assert admin.delete(f"tokens/{made['id']}").status_code == 200
    assert until(lambda: job.get("status").status_code == 401)


def test_guessing_at_many_servers_gets_no_more_tries(pair: Pair) -> None:
    nobody = [pair.nobody(at) for at in (0, 1)]
    begin = time.monotonic()
    told = at_once([lambda c=nobody[n % 2], n=n: log_in(c, "guessed", f"wrong-horse-{n}") for n in range(12)])  # type: ignore[misc]
    codes = Counter(answer.status_code for answer in told)
    assert codes.keys() <= {401, 429}
    waited = time.monotonic() - begin  # after the fifth there are 2 s to wait, then 4, then 8 …
    assert codes[401] <= 5 + math.floor(math.log2(waited / 2 + 1)), (codes, waited)
