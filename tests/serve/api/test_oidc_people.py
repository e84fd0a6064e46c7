"""Single sign-on: which user a login means, with which role."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.identity_provider import IdentityProvider
from tests.serve.api.sign_on import ROLES, Api, entries, log_in, refused, user

from huaxiang.app.people import add_user, change_user, invited
from huaxiang.app.wiring import open_state
from huaxiang.errors import UsageError


def test_who_refuses_there_is_not_logged_in_here(
    api: Api, shop: Path, idp: IdentityProvider, offer: Callable[..., None]
) -> None:
    offer()
    idp.error = "access_denied"
    assert refused(log_in(api(None))) == "declined"
    assert entries(shop, "login_failed")[0]["detail"]["told"] == "access_denied"
    idp.error = "<script>"
    assert refused(log_in(api(None))) == "declined"
    assert "told" not in entries(shop, "login_failed")[0]["detail"]


def test_unknown_people_stay_outside_unless_they_may_be_made(
    api: Api, shop: Path, idp: IdentityProvider, offer: Callable[..., None]
) -> None:
    offer(create=False, default_role=None)
    assert refused(log_in(api(None))) == "unknown"
    with closing(open_state(shop)) as state:
        add_user(state, invited("Mei", "auditor"))
    client = api(None)
    assert log_in(client).status_code == 303
    assert client.get("session").json()["role"] == "auditor"
    idp.person["preferred_username"] = "mei.wang"  # a new name there is the same person here
    assert log_in(client).status_code == 303
    assert client.get("session").json()["name"] == "mei"
    idp.person |= {"sub": "u-2", "preferred_username": "mei"}  # somebody else under the former name is not
    assert refused(log_in(client)) == "unknown"


def test_who_has_a_new_account_there_is_invited_again(
    api: Api, shop: Path, idp: IdentityProvider, offer: Callable[..., None]
) -> None:
    offer(create=False, default_role=None)
    with closing(open_state(shop)) as state:
        add_user(state, invited("mei", "auditor"))
    before = api(None)
    assert log_in(before).status_code == 303
    idp.person["sub"] = "u-new"
    assert refused(log_in(api(None))) == "unknown"
    with closing(open_state(shop)) as state:
        change_user(state, "mei", {"single_sign_on": True}, issuer=idp.issuer)
    client = api(None)
    assert log_in(client).status_code == 303
    assert client.get("session").json()["name"] == "mei"
    idp.person["sub"] = "u-third"
    assert refused(log_in(api(None))) == "unknown"


def test_a_user_with_a_password_is_not_taken_over(api: Api, idp: IdentityProvider, offer: Callable[..., None]) -> None:
    offer()
    idp.person["preferred_username"] = "Boss"
    assert refused(log_in(api(None))) == "name-taken"
    idp.person["preferred_username"] = "?"
    assert refused(log_in(api(None))) == "name"
    del idp.person["preferred_username"]
    assert refused(log_in(api(None))) == "name"


def test_who_was_disabled_stays_outside(
    api: Api, shop: Path, idp: IdentityProvider, offer: Callable[..., None]
) -> None:
    offer()
    assert log_in(api(None)).status_code == 303
    with closing(open_state(shop)) as state:
        change_user(state, "mei", {"disabled": True})
        add_user(state, invited("li", "marketer"))
        change_user(state, "li", {"disabled": True})
    assert refused(log_in(api(None))) == "disabled"
    assert entries(shop, "login_failed")[0]["who"] == "mei"
    idp.person |= {"sub": "u-li", "preferred_username": "li"}
    assert refused(log_in(api(None))) == "disabled"


def test_the_groups_decide_the_role_at_each_login(
    api: Api, shop: Path, idp: IdentityProvider, offer: Callable[..., None]
) -> None:
    offer(roles=ROLES, default_role=None, claims={"groups": "realm.roles"})
    idp.person["realm"] = {"roles": ["shop"]}
    client = api(None)
    assert log_in(client).status_code == 303
    assert client.get("session").json()["role"] == "marketer"
    idp.person["realm"] = {"roles": ["shop", "数据"]}
    other = api(None)
    assert log_in(other).status_code == 303
    assert other.get("session").json()["role"] == "analyst"
    (entry,) = entries(shop, "user_changed")
    assert (entry["who"], entry["object"]) == ("mei", "user mei")
    assert (entry["detail"]["former"], entry["detail"]["user_role"], entry["detail"]["way"]) == (
        "marketer",
        "analyst",
        "oidc",
    )
    with closing(open_state(shop)) as state:
        assert len(state.sessions.known()) == 1  # that of the former role is over
    idp.person["realm"] = {"roles": ["cooks", 7, None]}
    assert refused(log_in(api(None))) == "no-role"
    assert user(shop, "mei")["role"] == "analyst"
    del idp.person["realm"]
    assert refused(log_in(api(None))) == "no-role"


def test_without_groups_roles_are_given_here(api: Api, shop: Path, offer: Callable[..., None]) -> None:
    offer()
    log_in(api(None))
    with closing(open_state(shop)) as state:
        change_user(state, "mei", {"role": "analyst"})
    client = api(None)
    assert log_in(client).status_code == 303
    assert client.get("session").json()["role"] == "analyst"


def test_the_last_administrator_stays_one(
    api: Api, shop: Path, idp: IdentityProvider, offer: Callable[..., None]
) -> None:
    offer(roles=ROLES)
    idp.person["groups"] = "bosses"
    assert log_in(api(None)).status_code == 303
    with closing(open_state(shop)) as state:
        change_user(state, "boss", {"disabled": True}, issuer=idp.issuer)
    idp.person["groups"] = ["shop"]
    assert refused(log_in(api(None))) == "last-admin"
    assert user(shop, "mei")["role"] == "admin"


def test_an_administrator_who_comes_this_way_counts_once_she_came(
    api: Api, shop: Path, idp: IdentityProvider, offer: Callable[..., None]
) -> None:
    offer(create=False, default_role=None)
    boss = api("admin")
    assert boss.post("people", json={"name": "mei", "role": "admin"}).status_code == 201
    for change in ({"disabled": True}, {"role": "analyst"}):
        assert boss.patch("people/boss", json=change).status_code == 400
    assert log_in(api(None)).status_code == 303
    assert boss.patch("people/mei", json={"password": "another good one"}).status_code == 400  # not over the API
    assert boss.patch("people/boss", json={"role": "analyst"}).status_code == 200
    with closing(open_state(shop)) as state, pytest.raises(UsageError, match="last administrator"):
        change_user(state, "mei", {"single_sign_on": True}, issuer=idp.issuer)


def test_the_first_user_is_an_administrator(
    api: Api, shop: Path, idp: IdentityProvider, offer: Callable[..., None]
) -> None:
    from huaxiang.store.state_schema import users

    offer(roles=ROLES)
    with closing(open_state(shop)) as state, state.users._database.write() as connection:
        connection.execute(users.delete())
    assert refused(log_in(api(None))) == "set-up"
    idp.person["groups"] = ["bosses"]
    assert log_in(api(None)).status_code == 303


@pytest.mark.parametrize(
    ("email", "comes"),
    [
        ({"email": "mei@shop.example", "email_verified": True}, True),
        ({"email": "Mei@SHOP.example", "email_verified": "true"}, True),
        ({"email": "mei@shop.example", "email_verified": False}, False),
        ({"email": "mei@shop.example"}, False),
        ({"email": "mei@evil.example@shop.example", "email_verified": True}, False),
        ({"email": "mei@notshop.example", "email_verified": True}, False),
        ({}, False),
    ],
)
def test_only_verified_addresses_of_the_company_come_in(
    api: Api, idp: IdentityProvider, offer: Callable[..., None], email: dict[str, Any], comes: bool
) -> None:
    offer(email_domains=["shop.example"])
    idp.person |= email
    answer = log_in(api(None))
    assert answer.status_code == 303 if comes else refused(answer) == "email"


def test_an_address_that_is_not_verified_is_no_name(
    api: Api, idp: IdentityProvider, offer: Callable[..., None]
) -> None:
    offer(claims={"name": "email"})
    idp.person |= {"email": "boss@shop.example", "email_verified": False}
    assert refused(log_in(api(None))) == "name"
    idp.person["email_verified"] = True
    client = api(None)
    assert log_in(client).status_code == 303
    assert client.get("session").json()["name"] == "boss@shop.example"


def test_two_servers_make_somebody_new_once(shop: Path, offer: Callable[..., None]) -> None:
    from concurrent.futures import ThreadPoolExecutor

    from huaxiang.app.oidc.person import settle
    from huaxiang.app.oidc.setup import read_setup

    offer()
    found = read_setup(shop)
    assert found is not None
    with closing(open_state(shop)) as one, closing(open_state(shop)) as other, ThreadPoolExecutor(2) as pool:
        for number in range(10):
            claims = {"sub": f"n-{number}", "preferred_username": f"new{number}"}
            both = [pool.submit(settle, state, found.spec, claims) for state in (one, other)]
            people = [each.result() for each in both]
            assert [person.name for person in people] == [f"new{number}"] * 2
            assert sum(person.made for person in people) == 1


def test_administrators_add_people_without_a_password(
    api: Api, shop: Path, idp: IdentityProvider, offer: Callable[..., None]
) -> None:
    asked = {"name": "mei", "role": "auditor"}
    boss = api("admin")
    assert boss.get("people").json()["ways"] == ["password"]
    assert boss.post("people", json=asked).status_code == 400
    offer(create=False, default_role=None)
    boss = api("admin")
    assert boss.get("people").json()["ways"] == ["password", "oidc"]
    made = boss.post("people", json=asked)
    assert (made.status_code, made.json()["way"], made.json()["must_change"]) == (201, "oidc", False)
    assert log_in(api(None)).status_code == 303
