"""The state database: users, sessions, attempts and codes; versions; several servers at once; SQLite and PostgreSQL alike."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from huaxiang.errors import StorageError
from huaxiang.store import state_schema
from huaxiang.store.state import StateStore, sqlite_url
from huaxiang.store.state_audit import Wanted

VERSION_1 = """
CREATE TABLE huaxiang_meta (version INTEGER NOT NULL PRIMARY KEY);
CREATE TABLE tokens (id VARCHAR(16) NOT NULL PRIMARY KEY, name VARCHAR(200) NOT NULL, role VARCHAR(20) NOT NULL,
  digest VARCHAR(64) NOT NULL UNIQUE, created_at VARCHAR(32) NOT NULL, expires_at VARCHAR(32), revoked_at VARCHAR(32));
CREATE TABLE access_log (number INTEGER NOT NULL PRIMARY KEY, at VARCHAR(32) NOT NULL, who VARCHAR(200) NOT NULL,
  role VARCHAR(20) NOT NULL, action VARCHAR(40) NOT NULL, object VARCHAR(500) NOT NULL, snapshot VARCHAR(40));
INSERT INTO huaxiang_meta VALUES (1);
INSERT INTO tokens VALUES ('t1', 'job', 'service', 'd1', '2026-01-01T00:00:00+00:00', NULL, NULL);
INSERT INTO access_log VALUES (3, '2026-01-02T00:00:00+00:00', 'job', 'admin', 'unmask', 'customer C1', 's1');
INSERT INTO access_log VALUES (7, '2026-01-03T00:00:00+00:00', 'job', 'admin', 'raw', 'source sales', NULL);
"""
USER = {
    "name": "li", "display_name": "李", "role": "admin", "password": "hash", "subject": None, "must_change": False, "disabled_at": None,
    "created_at": "2026-01-01T00:00:00+00:00", "changed_at": "2026-01-01T00:00:00+00:00", "language": None, "theme": None,
    "tour_seen": None,
}  # fmt: skip
SESSION = {
    "digest": "s1", "name": "li", "way": "password", "created_at": "2026-01-01T00:00:00+00:00", "seen_at": "2026-01-01T00:00:00+00:00",
    "expires_at": "2999-01-01T00:00:00+00:00",
}  # fmt: skip
Open = Callable[[], StateStore]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database; one of PostgreSQL's where its server is there."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path / "state.db")
    found: str = request.getfixturevalue("postgres").replace("postgresql://", "postgresql+psycopg2://")
    name = f"state_{abs(hash(tmp_path)) % 10**12}"
    with sa.create_engine(found, isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
        connection.engine.dispose()
    return found.rpartition("/")[0].replace("+psycopg2", "") + f"/{name}"


@pytest.fixture
def opened(url: str) -> Iterator[Open]:
    stores: list[StateStore] = []

    def make() -> StateStore:
        stores.append(StateStore(url))
        return stores[-1]

    yield make
    for store in stores:
        store.close()


def old_tables(url: str) -> None:
    engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg2://"))
    with engine.begin() as connection:
        for statement in VERSION_1.strip().split(";\n"):
            connection.execute(sa.text(statement.rstrip(";\n")))
    engine.dispose()


def test_version_1_is_brought_up_to_date_and_nothing_is_lost(url: str, opened: Open) -> None:
    old_tables(url)
    store = opened()
    assert [token["name"] for token in store.list_tokens()] == ["job"]
    entries = store.audit.page(Wanted(), limit=10)
    assert [(e["number"], e["at"][:10], e["who"], e["action"], e["object"], e["snapshot"]) for e in entries] == [
        (2, "2026-01-03", "job", "raw", "source sales", None), (1, "2026-01-02", "job", "unmask", "customer C1", "s1"),
    ]  # fmt: skip
    assert store.users.add(USER)
    engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg2://"))
    with engine.connect() as connection:
        assert connection.execute(sa.text("SELECT version FROM huaxiang_meta")).scalar() == state_schema.VERSION
        assert not sa.inspect(connection).has_table("access_log")
    engine.dispose()
    assert opened().audit.head().number == 2  # opened again: nothing is brought up twice


def test_users_of_version_3_stay_and_get_what_they_lacked(url: str, opened: Open) -> None:
    store = opened()
    assert store.users.add(USER)
    engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg2://"))
    with engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE users DROP COLUMN tour_seen"))
        connection.execute(sa.text("UPDATE huaxiang_meta SET version = 3"))
    engine.dispose()
    again = opened()
    assert again.users.find("li") == USER
    again.users.change("li", {"tour_seen": True}, end_sessions=False)
    found = again.users.find("li")
    assert found is not None and found["tour_seen"] is True


def test_several_servers_that_start_at_once_bring_it_up_once(url: str, opened: Open) -> None:
    old_tables(url)
    faults: list[BaseException] = []

    def start() -> None:
        try:
            opened()
        except BaseException as error:  # noqa: BLE001
            faults.append(error)

    together([start] * 4)
    assert not faults
    assert opened().audit.head().number == 2


def test_a_newer_version_is_refused(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "state.db")
    StateStore(url).close()
    with closing(sqlite3.connect(tmp_path / "state.db")) as connection, connection:
        connection.execute("UPDATE huaxiang_meta SET version = 99")
    with pytest.raises(StorageError, match="version 99"):
        StateStore(url)


def test_a_url_that_is_none_is_told_without_repeating_it() -> None:
    with pytest.raises(StorageError) as told:
        StateStore("nonsense secret")
    assert "secret" not in str(told.value)


def test_names_are_taken_once(opened: Open) -> None:
    store = opened()
    assert store.users.exist() is False
    assert store.users.add(USER, first=True) is True
    assert store.users.add(USER) is False
    assert store.users.add(USER | {"name": "wang"}, first=True) is False
    assert store.users.add(USER | {"name": "wang"}) is True
    assert [user["name"] for user in store.users.all()] == ["li", "wang"]


def test_the_first_user_is_one_however_many_try(opened: Open) -> None:
    stores = [opened() for _ in range(4)]
    won: list[bool] = []
    together(
        [lambda s=s, n=n: won.append(s.users.add(USER | {"name": f"u{n}"}, first=True)) for n, s in enumerate(stores)]
    )  # type: ignore[misc]
    assert sorted(won) == [False, False, False, True]


def test_the_last_administrator_stays_however_many_are_taken_away_at_once(opened: Open) -> None:
    stores = [opened() for _ in range(3)]
    for n in range(3):
        stores[0].users.add(USER | {"name": f"a{n}"})
    done: list[bool] = []
    together(
        [
            lambda s=s, n=n: done.append(s.users.change_unless_last_admin(f"a{n}", {"role": "analyst"}))
            for n, s in enumerate(stores)  # type: ignore[misc]
        ]
    )
    assert sorted(done) == [False, True, True]
    assert sum(user["role"] == "admin" for user in stores[0].users.all()) == 1


def test_sessions_are_those_of_users_who_may_log_in(opened: Open) -> None:
    store = opened()
    store.users.add(USER)
    store.sessions.add(SESSION)
    store.sessions.add(SESSION | {"digest": "over", "expires_at": "2026-01-02T00:00:00+00:00"})
    assert set(store.sessions.known()) == {"s1"}
    assert store.sessions.known("s1")["s1"]["user"]["display_name"] == "李"
    assert "password" not in store.sessions.known("s1")["s1"]["user"]
    store.sessions.add(SESSION | {"digest": "s2"}, instead="s1")
    assert set(store.sessions.known()) == {"s2"}
    store.users.change("li", {"theme": "dark"}, end_sessions=False)
    assert set(store.sessions.known()) == {"s2"}
    store.sessions.add(SESSION | {"digest": "s3"})
    store.users.change("li", {"password": "new"}, end_sessions=True, keep="s3")
    assert set(store.sessions.known()) == {"s3"}
    store.users.change("li", {"disabled_at": "2026-01-02T00:00:00+00:00"}, end_sessions=False)
    assert store.sessions.known() == {}


def test_what_is_spent_at_once_never_comes_to_more_than_there_is(opened: Open) -> None:
    stores = [opened() for _ in range(4)]
    refused, over = ("refused", 100), []
    together([lambda s=s: over.extend(s.attempts.spend({"day": (7, 50)}, refused) for _ in range(5)) for s in stores])  # type: ignore[misc]
    assert (over.count(None), over.count("day"), len(over)) == (7, 13, 20)
    spend = stores[0].attempts.spend
    assert spend({"day": (2, 50)}, refused) == "day"
    assert spend({"day": (1, 50)}, refused) is None
    assert spend({"another": (50, 50)}, refused) is None


def test_what_is_spent_together_is_spent_together_or_not_at_all(opened: Open) -> None:
    spend, refused = opened().attempts.spend, ("refused", 3)
    assert spend({"few": (1, 3), "many": (90, 100)}, refused) is None
    assert spend({"few": (1, 3), "many": (11, 100)}, refused) == "many"
    assert spend({"few": (3, 3), "many": (1, 100)}, refused) == "few"
    assert spend({"few": (2, 3), "many": (10, 100)}, refused) is None  # the refused ones counted nothing
    assert spend({}, refused) is None
    assert spend({"few": (1, 3)}, refused) == "few"
    assert spend({}, refused) == "refused"  # three were
    assert spend({"new": (1, 100)}, refused) == "refused"
    assert spend({"new": (100, 100)}, ("other", 3)) is None


def test_a_subject_is_bound_once(opened: Open) -> None:
    store = opened()
    assert store.users.add(USER | {"subject": "invited:li"})
    assert store.users.bind("li", "issuer 1", "invited:li")
    assert not store.users.bind("li", "issuer 2", "invited:li")
    found = store.users.find("li")
    assert found is not None and found["subject"] == "issuer 1"


def test_attempts_at_once_are_all_counted(opened: Open) -> None:
    stores = [opened() for _ in range(4)]
    waits: list[float] = []
    delays = {"name": lambda failures: 0.0 if failures < 4 else 100.0, "place": lambda _: 0.0}
    together([lambda s=s: waits.extend(s.attempts.begin(delays) for _ in range(3)) for s in stores])  # type: ignore[misc]
    assert sum(wait == 0 for wait in waits) == 4
    assert all(90 < wait <= 100 for wait in waits if wait)
    stores[0].attempts.succeeded("name", "place")
    assert stores[1].attempts.begin(delays) == 0


def test_a_code_is_taken_once(opened: Open) -> None:
    stores = [opened() for _ in range(4)]
    stores[0].codes.add("c", "setup", 100, "value")
    stores[0].codes.add("late", "setup", -100)
    assert stores[1].codes.holds("c", "setup") is True
    assert stores[1].codes.holds("c", "other") is stores[1].codes.holds("late", "setup") is False
    taken: list[Any] = []
    together([lambda s=s: taken.append(s.codes.take("c", "setup")) for s in stores])  # type: ignore[misc]
    assert sorted(taken, key=str) == [(False, None)] * 3 + [(True, "value")]
    assert stores[0].codes.take("late", "setup") == (False, None)


def test_only_the_owner_may_read_the_file(tmp_path: Path) -> None:
    with closing(StateStore(sqlite_url(tmp_path / "deep" / "state.db"))):
        assert (tmp_path / "deep" / "state.db").stat().st_mode & 0o077 == 0


def test_every_table_is_of_the_version() -> None:
    assert state_schema.VERSION >= 2
    assert set(state_schema.metadata.tables) >= {
        "huaxiang_meta", "tokens", "users", "sessions", "login_attempts", "codes", "audit",
    }  # fmt: skip


def together(jobs: list[Callable[[], object]]) -> None:
    """Run jobs at once."""
    gate = threading.Barrier(len(jobs))

    def run(job: Callable[[], object]) -> None:
        gate.wait()
        job()

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
