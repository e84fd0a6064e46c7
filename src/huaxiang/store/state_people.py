"""Users, their sessions, what they failed to prove, and codes that work once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from huaxiang.store.state_schema import alone, attempts, codes, now, sessions, users

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from huaxiang.store.state_schema import Database

USER = (
    "name", "display_name", "role", "password", "subject", "must_change", "disabled_at", "created_at", "changed_at", "language", "theme",
    "tour_seen",
)  # fmt: skip
SESSION = ("digest", "name", "way", "created_at", "seen_at", "expires_at")
_FORGOTTEN = 86_400.0
"""Seconds after which a failed login counts no more."""
_USERS, _ATTEMPTS = 0x68785F75, 0x68785F76
"""The numbers of the advisory locks of PostgreSQL under which users are made and attempts counted."""


class UserTable:
    """Who may log in. `name` is written as `app.people` makes it: lower case."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[dict[str, Any]]:
        """All users (USER), by name."""
        with self._database.read() as connection:
            return [dict(row) for row in connection.execute(sa.select(users).order_by(users.c.name)).mappings()]

    def find(self, name: str) -> dict[str, Any] | None:
        """The user (USER) of this name."""
        return self._one(users.c.name == name)

    def find_subject(self, subject: str) -> dict[str, Any] | None:
        """The user (USER) whom another system knows by this subject."""
        return self._one(users.c.subject == subject)

    def exist(self) -> bool:
        """Whether there is any user."""
        with self._database.read() as connection:
            return connection.execute(sa.select(users.c.name).limit(1)).first() is not None

    def add(self, user: Mapping[str, Any], *, first: bool = False) -> bool:
        """Keep a user (USER); False, and nothing done, when the name is taken, or `first` and there is a user already."""
        with self._database.write() as connection:
            alone(connection, _USERS)
            taken = sa.select(users.c.name).limit(1)
            if connection.execute(taken if first else taken.where(users.c.name == user["name"])).first() is not None:
                return False
            connection.execute(sa.insert(users).values(**user))
            return True

    def change(self, name: str, changes: Mapping[str, Any], *, end_sessions: bool, keep: str | None = None) -> None:
        """Change a user; `end_sessions` ends all theirs but the one whose digest is `keep`, in the same transaction."""
        with self._database.write() as connection:
            connection.execute(sa.update(users).where(users.c.name == name).values(**changes))
            if end_sessions:
                gone = sessions.c.name == name
                connection.execute(
                    sa.delete(sessions).where(gone if keep is None else gone & (sessions.c.digest != keep))
                )

    def bind(self, name: str, subject: str, instead: str) -> bool:
        """Let a user be known by a subject in place of `instead`; False, and nothing done, when that is not theirs any more."""
        with self._database.write() as connection:
            test = (users.c.name == name) & (users.c.subject == instead)
            return connection.execute(sa.update(users).where(test).values(subject=subject)).rowcount == 1

    def change_unless_last_admin(
        self, name: str, changes: Mapping[str, Any], issuer: str | None = None, *, only_way: bool = False
    ) -> bool:
        """Change a user and end their sessions, unless no other administrator would be left who may log in, by a password or as somebody
        who has come in by this issuer; say whether it was done. `only_way`: the user stays an administrator and loses the way to log in,
        so that nothing is lost where there was none.
        """
        with self._database.write() as connection:
            alone(connection, _USERS)
            admin = (users.c.role == "admin") & users.c.disabled_at.is_(None)
            able = admin & _has_a_way(issuer)
            me = (able if only_way else admin) & (users.c.name == name)
            mine = connection.execute(sa.select(users.c.name).where(me)).first()
            others = connection.execute(sa.select(users.c.name).where(able & (users.c.name != name)).limit(1)).first()
            if mine is not None and others is None:
                return False
            connection.execute(sa.update(users).where(users.c.name == name).values(**changes))
            connection.execute(sa.delete(sessions).where(sessions.c.name == name))
            return True

    def _one(self, test: sa.ColumnElement[bool]) -> dict[str, Any] | None:
        with self._database.read() as connection:
            row = connection.execute(sa.select(users).where(test)).mappings().first()
        return dict(row) if row is not None else None


def _has_a_way(issuer: str | None) -> sa.ColumnElement[bool]:
    """Who has a password, or is known by a subject of this issuer: `app.oidc.person` writes it before that of the provider."""
    by_password = users.c.password.is_not(None)
    if issuer is None:
        return by_password
    begins = f"{issuer} "
    return by_password | (sa.func.substr(users.c.subject, 1, len(begins)) == begins)


class SessionTable:
    """Who is logged in."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, session: Mapping[str, Any], *, instead: str | None = None) -> None:
        """Keep a session (SESSION) in place of the one whose digest is `instead`; those that are over are removed."""
        over = sessions.c.expires_at <= now()
        with self._database.write() as connection:
            connection.execute(
                sa.delete(sessions).where(over if instead is None else over | (sessions.c.digest == instead))
            )
            connection.execute(sa.insert(sessions).values(**session))

    def known(self, digest: str | None = None) -> dict[str, dict[str, Any]]:
        """The sessions of users who may log in, by digest (all, or that one): SESSION, and `user` (USER without the password)."""
        query = (
            sa.select(
                *(sessions.c[key].label(f"s_{key}") for key in SESSION),
                *(users.c[key] for key in USER if key != "password"),
            )
            .join(users, users.c.name == sessions.c.name)
            .where(users.c.disabled_at.is_(None), sessions.c.expires_at > now())
        )
        if digest is not None:
            query = query.where(sessions.c.digest == digest)
        with self._database.read() as connection:
            rows = [dict(row) for row in connection.execute(query).mappings()]
        return {
            row["s_digest"]: {key: row.pop(f"s_{key}") for key in SESSION} | {"user": row} for row in rows
        }  # fmt: skip

    def touch(self, digests: Iterable[str]) -> None:
        """Note that these sessions are in use now."""
        with self._database.write() as connection:
            connection.execute(sa.update(sessions).where(sessions.c.digest.in_(list(digests))).values(seen_at=now()))

    def end(self, digest: str) -> None:
        """End a session."""
        with self._database.write() as connection:
            connection.execute(sa.delete(sessions).where(sessions.c.digest == digest))


class AttemptTable:
    """Failed logins, counted for all servers together. A subject (a name, an address) is given as a digest."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, delays: Mapping[str, Callable[[int], float]]) -> float:
        """Count an attempt as failed for each subject, so that many at once can't slip through, and return 0; or, when one of the subjects
        has to wait, count nothing and return the seconds. `delays`: subject → the seconds to wait after so many failures.
        """
        with self._database.write() as connection:
            alone(connection, _ATTEMPTS)
            moment = time.time()
            known = {
                row.subject: row
                for row in connection.execute(sa.select(attempts).where(attempts.c.subject.in_(list(delays))))
            }
            wait = max((row.next - moment for row in known.values()), default=0.0)
            if wait > 0:
                return wait
            for subject, delay in delays.items():
                row = known.get(subject)
                failures = 1 + (row.failures if row is not None and moment - row.last < _FORGOTTEN else 0)
                self._put(
                    connection,
                    subject,
                    row is not None,
                    {"failures": failures, "last": moment, "next": moment + delay(failures)},
                )
            connection.execute(sa.delete(attempts).where(attempts.c.last < moment - _FORGOTTEN))
        return 0.0

    def spend(self, amounts: Mapping[str, tuple[int, int]], refused: tuple[str, int]) -> str | None:
        """Count attempts of all subjects (subject → how many now, and how many at most), and return None; or, where one of them would come
        to more than its most, none of them but a refusal (`refused`: its subject, and how many at most), and return that one. After so
        many refusals nothing is counted, and the subject of refusals is returned.
        """
        names = [*amounts, refused[0]]
        with self._database.write() as connection:
            alone(connection, _ATTEMPTS)
            rows = connection.execute(sa.select(attempts).where(attempts.c.subject.in_(names)))
            before = {row.subject: row.failures for row in rows}
            if before.get(refused[0], 0) >= refused[1]:
                return refused[0]
            spent = {name: before.get(name, 0) + amount for name, (amount, _) in amounts.items()}
            over = next((name for name, (_, most) in amounts.items() if spent[name] > most), None)
            counted = spent if over is None else {refused[0]: before.get(refused[0], 0) + 1}
            for name, failures in counted.items():
                self._put(connection, name, name in before, {"failures": failures, "last": time.time(), "next": 0.0})
            return over

    def succeeded(self, forgiven: str, taken_back: str) -> None:
        """An attempt was right: forget the failures of one subject, take the last one back from the other."""
        with self._database.write() as connection:
            connection.execute(sa.delete(attempts).where(attempts.c.subject == forgiven))
            back = {"failures": attempts.c.failures - 1, "next": 0.0}
            connection.execute(sa.update(attempts).where(attempts.c.subject == taken_back).values(**back))

    def _put(self, connection: Connection, subject: str, known: bool, values: Mapping[str, Any]) -> None:  # noqa: FBT001
        if known:
            connection.execute(sa.update(attempts).where(attempts.c.subject == subject).values(**values))
        else:
            connection.execute(sa.insert(attempts).values(subject=subject, **values))


class CodeTable:
    """Codes that are taken once, each for a purpose, kept as digests."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, digest: str, purpose: str, seconds: int, value: str | None = None) -> None:
        """Keep a code for so long, with a value that is handed back when it is taken."""
        until = (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat(timespec="seconds")
        with self._database.write() as connection:
            connection.execute(sa.delete(codes).where(codes.c.expires_at <= now()))
            connection.execute(sa.insert(codes).values(digest=digest, purpose=purpose, value=value, expires_at=until))

    def holds(self, digest: str, purpose: str) -> bool:
        """Whether a code is in force."""
        mine = (codes.c.digest == digest) & (codes.c.purpose == purpose) & (codes.c.expires_at > now())
        with self._database.read() as connection:
            return connection.execute(sa.select(codes.c.digest).where(mine)).first() is not None

    def take(self, digest: str, purpose: str) -> tuple[bool, str | None]:
        """Take a code, so that nobody can take it again: whether it was in force, and its value."""
        mine = (codes.c.digest == digest) & (codes.c.purpose == purpose)
        with self._database.write() as connection:
            row = connection.execute(sa.select(codes.c.value).where(mine & (codes.c.expires_at > now()))).first()
            gone = connection.execute(sa.delete(codes).where(mine)).rowcount
        return (True, row.value) if row is not None and gone else (False, None)

    def drop(self, purpose: str) -> None:
        """Forget all codes of a purpose."""
        with self._database.write() as connection:
            connection.execute(sa.delete(codes).where(codes.c.purpose == purpose))
