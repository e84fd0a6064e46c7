"""The audit log: every way to tamper with it is found."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from huaxiang.app.audit import AuditLog, show_entries, verify, wanted_of
from huaxiang.app.rights import Caller
from huaxiang.errors import StorageError, UsageError
from huaxiang.store.anchor import Anchor
from huaxiang.store.state import StateStore, sqlite_url
from huaxiang.store.state_audit import GENESIS, Head, Wanted, hash_of
from huaxiang.store.state_schema import audit

LI = Caller("user:li", "li", "analyst")
COLUMNS = ("at", "who", "role", "action", "object", "snapshot", "detail", "hash")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def state(folder: Path) -> Iterator[StateStore]:
    with closing(StateStore(sqlite_url(folder / ".huaxiang" / "state.db"))) as found:
        yield found


@pytest.fixture
def log(state: StateStore, folder: Path) -> AuditLog:
    return AuditLog(state, folder)


def fill(log: AuditLog, count: int) -> None:
    for n in range(count):
        log.note(LI, "customer", f"customer C{n}", snapshot="s1", found=n)


def codes(state: StateStore, folder: Path) -> set[str]:
    return {fault["code"] for fault in verify(state, folder)["faults"]}


def test_a_log_that_nobody_touched_is_valid(state: StateStore, folder: Path, log: AuditLog) -> None:
    assert verify(state, folder) == {"valid": True, "entries": 0, "head": f"0:{GENESIS}", "anchors": 0, "faults": []}
    fill(log, 5)
    log.note_as("", "", "login_failed", "session", place="\ud800\x00坏")
    found = verify(state, folder)
    assert (found["valid"], found["entries"], found["anchors"]) == (True, 6, 1)
    assert verify(state, folder, expected=found["head"])["valid"] is True
    fill(log, 1)
    assert verify(state, folder, expected=found["head"])["valid"] is True


def test_entries_are_shown_newest_first_and_found_by_what_they_say(state: StateStore, log: AuditLog) -> None:
    fill(log, 3)
    log.note(Caller("t", "job", "service"), "export", "100%_of", columns=["city"])
    found = show_entries(state, Wanted(), limit=2)
    assert [entry["number"] for entry in found["entries"]] == [4, 3] and found["more"] is True
    assert found["entries"][0]["detail"] == {"columns": ["city"]}
    assert [e["number"] for e in show_entries(state, Wanted(), limit=2, before=3)["entries"]] == [2, 1]
    assert [e["number"] for e in show_entries(state, Wanted(object="%_"), limit=9)["entries"]] == [4]
    assert [e["number"] for e in show_entries(state, Wanted(who="li", action="customer"), limit=9)["entries"]] == [
        3,
        2,
        1,
    ]
    assert show_entries(state, wanted_of(until="2020-01-01"), limit=9)["entries"] == []
    assert len(show_entries(state, wanted_of(since="2020-01-01T00:00+08:00"), limit=9)["entries"]) == 4
    with pytest.raises(UsageError, match="2026-10-31"):
        wanted_of(since="yesterday")


TAMPERED = st.tuples(
    st.sampled_from(["change", "delete", "swap", "truncate", "insert", "rewrite"]),
    st.integers(1, 12),
    st.sampled_from(COLUMNS),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(TAMPERED)
def test_no_tampering_goes_unseen(tmp_path_factory: pytest.TempPathFactory, tampering: tuple[str, int, str]) -> None:
    how, number, column = tampering
    folder = tmp_path_factory.mktemp("log")
    with closing(StateStore(sqlite_url(folder / ".huaxiang" / "state.db"))) as state:
        fill(AuditLog(state, folder), 12)
        assert verify(state, folder)["valid"] is True
        tamper(state, how, number, column)
        found = verify(state, folder)
        assert found["valid"] is False, tampering
        assert found["faults"] and all(
            fault["code"] in ("changed", "missing", "truncated", "replaced") for fault in found["faults"]
        )


def tamper(state: StateStore, how: str, number: int, column: str) -> None:
    """What somebody could do who may write into the database."""
    at = audit.c.number == number
    with state._database.write() as connection:
        if how == "change":
            connection.execute(sa.update(audit).where(at).values({column: "x"}))
        elif how == "delete":
            connection.execute(sa.delete(audit).where(at))
        elif how == "truncate":
            connection.execute(sa.delete(audit).where(audit.c.number >= number))
        elif how == "swap":
            rows = [dict(row) for row in connection.execute(sa.select(audit).order_by(audit.c.number)).mappings()]
            one, other = rows[number - 1], rows[number % 12]
            for row, place in ((one, other["number"]), (other, one["number"])):
                kept = {key: row[key] for key in COLUMNS}
                connection.execute(sa.update(audit).where(audit.c.number == place).values(**kept))
        elif how == "insert":
            row = dict(connection.execute(sa.select(audit).where(at)).mappings().one())
            connection.execute(sa.insert(audit).values(**row | {"number": 13}))
        else:
            rewrite(connection, number)


def rewrite(connection: Any, number: int) -> None:
    """Change an entry and compute all hashes after it anew: only the anchor tells."""
    before = GENESIS
    for row in [dict(row) for row in connection.execute(sa.select(audit).order_by(audit.c.number)).mappings()]:
        if row["number"] == number:
            row["who"] = "somebody else"
        before = hash_of(before, row)
        connection.execute(sa.update(audit).where(audit.c.number == row["number"]).values(who=row["who"], hash=before))


def test_each_kind_of_tampering_is_named(state: StateStore, folder: Path, log: AuditLog) -> None:
    fill(log, 6)
    head = verify(state, folder)["head"]
    tamper(state, "truncate", 5, "")
    assert verify(state, folder)["faults"] == [{"number": 6, "code": "truncated"}]
    fill(log, 2)  # going on as if nothing had happened
    assert codes(state, folder) == {"replaced"}
    Anchor(folder).path.unlink()  # and the anchor is removed as well
    assert verify(state, folder)["valid"] is True
    assert verify(state, folder, expected=head)["faults"] == [{"number": 6, "code": "replaced"}]
    tamper(state, "delete", 2, "")
    assert codes(state, folder) == {"missing", "changed"}
    with pytest.raises(UsageError, match="number:hash"):
        verify(state, folder, expected="12")


def test_several_servers_write_one_chain(folder: Path, state: StateStore) -> None:
    stores = [StateStore(sqlite_url(folder / ".huaxiang" / "state.db")) for _ in range(3)]
    threads = [threading.Thread(target=fill, args=(AuditLog(store, folder), 20)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for store in stores:
        store.close()
    found = verify(state, folder)
    assert (found["valid"], found["entries"]) == (True, 60)
    assert Anchor(folder).heads()[-1] == state.audit.head()


def test_the_anchor_keeps_every_hundredth_entry_and_each_build(folder: Path, state: StateStore, log: AuditLog) -> None:
    anchor = Anchor(folder)

    def head(number: int) -> Head:
        return Head(number, f"{number:064x}", f"{number - 1:064x}")

    for number in range(98, 103):
        anchor.follow(head(number))
    anchor.keep(head(102), "build", "20261122-1")
    anchor.follow(head(103))
    anchor.follow(head(90))  # comes late
    assert [head.number for head in anchor.heads()] == [100, 102, 103]
    with anchor.path.open("a") as stream:
        stream.write("104 abc")  # a crash in the middle of a line
    assert [head.number for head in anchor.heads()] == [100, 102, 103]
    anchor.follow(head(104))
    anchor.follow(head(106))  # does not vouch for 104
    assert [head.number for head in anchor.heads()] == [100, 102, 104, 106]
    assert anchor.path.stat().st_mode & 0o077 == 0


def test_what_cannot_be_noted_is_refused(state: StateStore, log: AuditLog) -> None:
    with state._database.write() as connection:
        connection.execute(sa.text("DROP TABLE audit"))
    with pytest.raises(StorageError, match="nothing is shown or changed"):
        log.note(LI, "customer", "customer C1")
