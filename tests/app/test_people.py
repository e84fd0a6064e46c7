"""Users and their passwords."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from huaxiang.app.passwords import check_password, hash_password, is_right
from huaxiang.app.people import NewUser, add_user, change_user, invited, list_users, show_user
from huaxiang.errors import UsageError
from huaxiang.store.state import StateStore, sqlite_url

GOOD = "correct horse battery"


@pytest.fixture
def state(tmp_path: Path) -> Iterator[StateStore]:
    with closing(StateStore(sqlite_url(tmp_path / "state.db"))) as found:
        yield found


def test_names_are_the_same_however_they_are_typed(state: StateStore) -> None:
    made = add_user(state, NewUser(" ＬＩ.Ming ", "analyst", password=GOOD))
    assert (made["name"], made["display_name"], made["state"], made["way"]) == (
        "li.ming",
        "li.ming",
        "active",
        "password",
    )
    with pytest.raises(UsageError, match="already"):
        add_user(state, NewUser("li.MING", "admin", password=GOOD))
    assert add_user(state, NewUser("王芳", "marketer", password=GOOD))["name"] == "王芳"


@pytest.mark.parametrize("name", ["", " ", "a" * 65, "-li", "li ming", "li/ming", "\ud800", "li\nming"])
def test_names_that_cannot_be_one_are_refused(state: StateStore, name: str) -> None:
    with pytest.raises(UsageError, match="login name"):
        add_user(state, NewUser(name, "analyst", password=GOOD))
    assert list_users(state) == []


def test_people_are_no_services(state: StateStore) -> None:
    with pytest.raises(UsageError, match="tokens"):
        add_user(state, NewUser("job", "service", password=GOOD))
    with pytest.raises(UsageError, match="unknown role"):
        add_user(state, NewUser("job", "boss", password=GOOD))


@pytest.mark.parametrize(
    "password",
    [
        "short",
        "123456789",
        "1234567890",
        "Password123",
        "aaaaaaaaaaaa",
        "abababababab",
        "liming1234",
        "Liming!!!!",
        "gnimil" + "x" * 200,
    ],
)
def test_passwords_that_are_easily_guessed_are_refused(password: str) -> None:
    with pytest.raises(UsageError):
        check_password(password, "liming")


@pytest.mark.parametrize("password", [GOOD, "南京的秋天很好看呀呀", "x7#kQ9!mZp", "liming likes tea"])
def test_others_are_taken(password: str) -> None:
    check_password(password, "liming")


def test_hashes_are_argon2id_with_salt_and_prove_the_password_only() -> None:
    one, other = hash_password("ｐａｓｓ 密码 long"), hash_password("pass 密码 long")
    assert one.startswith("$argon2id$v=19$m=65536,t=3,p=4$") and one != other
    assert is_right(one, "pass 密码 long") and is_right(other, "ｐａｓｓ 密码 long")
    assert not is_right(one, "pass 密码 lonG")
    assert not is_right(None, "anything") and not is_right("no hash", "anything")
    assert not is_right(one, "x" * 100_000)


def test_the_last_administrator_cannot_be_taken_away(state: StateStore) -> None:
    add_user(state, NewUser("li", "admin", password=GOOD))
    for change in ({"disabled": True}, {"role": "analyst"}):
        with pytest.raises(UsageError, match="last administrator"):
            change_user(state, "li", change)
    assert change_user(state, "li", {"role": "admin", "display_name": "李  明"})["display_name"] == "李 明"
    add_user(state, NewUser("wang", "admin", password=GOOD))
    assert change_user(state, "LI", {"disabled": True})["state"] == "disabled"
    assert change_user(state, "li", {"disabled": False})["state"] == "active"
    with pytest.raises(UsageError, match="unknown user"):
        change_user(state, "zhao", {"disabled": True})


def test_a_password_that_somebody_else_sets_has_to_be_replaced(state: StateStore) -> None:
    add_user(state, NewUser("li", "admin", password=GOOD))
    assert change_user(state, "li", {"password": "another good one"})["must_change"] is True
    with pytest.raises(UsageError):
        change_user(state, "li", {"password": "li"})
    assert "password" not in show_user(state, "li")


ISSUER = "https://id.example"


def test_an_administrator_counts_who_may_log_in(state: StateStore) -> None:
    add_user(state, NewUser("li", "admin", password=GOOD))
    add_user(state, invited("mei", "admin"))
    add_user(state, NewUser("wu", "admin", subject="https://former.example u-1"))
    for change in ({"disabled": True}, {"role": "analyst"}, {"single_sign_on": True}):
        with pytest.raises(UsageError, match="last administrator") as caught:
            change_user(state, "li", change, issuer=ISSUER)
        assert "管理员" in str(caught.value.zh)
    assert (
        change_user(state, "mei", {"single_sign_on": True}, issuer=ISSUER)["way"] == "oidc"
    )  # she could not come before
    assert state.users.bind("mei", f"{ISSUER} u-2", "invited:mei")
    with pytest.raises(UsageError, match="last administrator"):
        change_user(state, "li", {"disabled": True})  # single sign-on is not set up any more
    assert change_user(state, "li", {"disabled": True}, issuer=ISSUER)["state"] == "disabled"
    with pytest.raises(UsageError, match="last administrator"):
        change_user(state, "mei", {"single_sign_on": True}, issuer=ISSUER)


def test_single_sign_on_has_to_be_set_up(state: StateStore) -> None:
    add_user(state, NewUser("li", "analyst", password=GOOD))
    with pytest.raises(UsageError, match="not set up") as caught:
        change_user(state, "li", {"single_sign_on": True})
    assert "oidc" in str(caught.value.zh)
    assert show_user(state, "li")["way"] == "password"


def test_who_comes_by_single_sign_on_gets_a_password_only_at_the_machine(state: StateStore) -> None:
    add_user(state, invited("mei", "admin"))
    with pytest.raises(UsageError, match="no password here"):
        change_user(state, "mei", {"password": GOOD}, issuer=ISSUER)
    assert change_user(state, "mei", {"password": GOOD}, at_machine=True)["way"] == "password"
