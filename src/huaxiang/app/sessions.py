"""Logging in and out, the first administrator, and who a session belongs to.

A session is a random text in a cookie; the state database keeps its digest, so that servers may restart, and several act as one.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from huaxiang.app.passwords import check_password, hash_password, is_right, is_weak
from huaxiang.app.people import NewUser, add_user, described, login_name
from huaxiang.app.rights import Caller, role_of
from huaxiang.errors import AccessDenied, UsageError

if TYPE_CHECKING:
    from huaxiang.store.state import StateStore

Way = Literal["password", "oidc"]
IDLE = timedelta(hours=12)
"""A session that is not used for so long is over."""
LASTS = timedelta(days=14)
"""A session is over after so long in any case."""
SEEN = timedelta(minutes=1)
"""Use of a session is noted no more often than this."""
SETUP, SETUP_SECONDS = "setup", 7 * 86_400
LANGUAGES, THEMES = ("zh-CN", "en"), ("system", "light", "dark")
_NAME_FREE, _NAME_MOST = 4, 60.0
_PLACE_FREE, _PLACE_MOST = 20, 900.0


class TooManyLogins(AccessDenied):
    """Too many logins failed: come again after `seconds`."""

    def __init__(self, seconds: float) -> None:
        self.seconds = max(1, round(seconds + 0.5))
        super().__init__(
            f"too many logins failed; try again in {self.seconds} s", f"登录失败次数过多；请在 {self.seconds} 秒后再试"
        )


class WrongLogin(AccessDenied):
    """Name and password don't belong together, or the user is disabled: which of these is not told. `name`: that of a user, else empty:
    what was typed there may be a password.
    """

    def __init__(self, name: str = "") -> None:
        self.name = name
        super().__init__("name or password is wrong, or the user is disabled", "登录名或密码有误，或该用户已停用")


@dataclass(frozen=True)
class Session:
    """Somebody who is logged in. `user`: as `people.described`, with `language`, `theme` and `tour_seen`."""

    digest: str
    caller: Caller
    way: str
    user: Mapping[str, Any]
    seen: datetime
    expires: datetime

    def holds(self) -> bool:
        """Whether it is over neither by age nor by rest."""
        moment = datetime.now(UTC)
        return moment < self.expires and moment < self.seen + IDLE

    @property
    def must_change(self) -> bool:
        """Whether nothing but a new password is allowed."""
        return bool(self.user["must_change"]) and self.way == "password"


def log_in(state: StateStore, name: str, password: str, place: str) -> dict[str, Any]:
    """Return the user (a row of the database) whose name and password these are. `place`: the address that asks.

    Failed attempts are counted for the name and for the place, for all servers together: with each further one the next has to wait
    longer. Raises WrongLogin, TooManyLogins.
    """
    who = login_name(name)
    by_name, by_place = _digest(f"name:{who}"), _digest(f"place:{place}")
    wait = state.attempts.begin({by_name: _delay(_NAME_FREE, _NAME_MOST), by_place: _delay(_PLACE_FREE, _PLACE_MOST)})
    if wait > 0:
        raise TooManyLogins(wait)
    user = state.users.find(who)
    kept = user["password"] if user is not None else None
    if not is_right(kept, password) or user is None or user["disabled_at"]:
        raise WrongLogin(user["name"] if user is not None else "")
    state.attempts.succeeded(by_name, by_place)
    if is_weak(str(kept)):
        state.users.change(who, {"password": hash_password(password)}, end_sessions=False)
    return user


def begin(state: StateStore, name: str, way: Way, *, instead: str | None = None) -> str:
    """Begin a session of a user, in place of the one whose text is `instead`; return its text, for the cookie."""
    text = secrets.token_urlsafe(32)
    moment = datetime.now(UTC)
    session = {
        "digest": _digest(text), "name": name, "way": way, "created_at": _iso(moment), "seen_at": _iso(moment),
        "expires_at": _iso(moment + LASTS),
    }  # fmt: skip
    state.sessions.add(session, instead=_digest(instead) if instead else None)
    return text


def end(state: StateStore, text: str) -> None:
    """End a session."""
    state.sessions.end(_digest(text))


def known_sessions(state: StateStore, text: str | None = None) -> dict[str, Session]:
    """All sessions that hold, or the one with this text, by digest."""
    found = state.sessions.known(_digest(text) if text is not None else None)
    return {digest: session for digest, row in found.items() if (session := _session(row)).holds()}


def session_digest(text: str) -> str:
    """The digest that a session is kept by."""
    return _digest(text)


def change_password(state: StateStore, session: Session, old: str, new: str) -> None:
    """Replace one's own password; all other sessions of the user end. Raises WrongLogin, TooManyLogins, UsageError."""
    name = str(session.user["name"])
    log_in(state, name, old, f"session:{session.digest}")
    check_password(new, name)
    if new == old:
        raise UsageError("choose a password that differs from the present one", "新密码不能与现在的密码相同")
    values = {"password": hash_password(new), "must_change": False, "changed_at": _iso(datetime.now(UTC))}
    state.users.change(name, values, end_sessions=True, keep=session.digest)


def prefer(
    state: StateStore,
    name: str,
    *,
    language: str | None = None,
    theme: str | None = None,
    tour_seen: bool | None = None,
) -> None:
    """Keep what a user prefers, and whether the guided tour need not be offered again; None leaves what is. Raises UsageError."""
    values: dict[str, Any] = {
        key: value for key, value in (("language", language), ("theme", theme)) if value is not None
    }
    for key, value in values.items():
        known = LANGUAGES if key == "language" else THEMES
        if value not in known:
            raise UsageError.unknown(key, value, known)
    if tour_seen is not None:
        values["tour_seen"] = tour_seen
    if values:
        state.users.change(name, values, end_sessions=False)


def setup_code(state: StateStore) -> str | None:
    """A new code that lets one person make the first administrator; None when there is a user."""
    if state.users.exist():
        return None
    text = secrets.token_urlsafe(12)
    state.codes.add(_digest(text), SETUP, SETUP_SECONDS)
    return text


def setup_wait(state: StateStore, place: str) -> int:
    """Count an attempt to use a set-up code; the seconds to wait when there were too many, else 0."""
    wait = state.attempts.begin({_digest(f"setup:{place}"): _delay(_NAME_FREE, _NAME_MOST)})
    return TooManyLogins(wait).seconds if wait > 0 else 0


def set_up(state: StateStore, code: str, wanted: NewUser) -> dict[str, Any]:
    """Make the first administrator; return USER_KEYS. Raises AccessDenied for a wrong code, UsageError otherwise."""
    if not state.codes.holds(_digest(code), SETUP):
        raise AccessDenied(
            "this set-up code is not in force; `huaxiang serve` prints a new one when it starts",
            "设置码无效；重新运行 huaxiang serve 会显示新的设置码",
        )
    user = add_user(state, wanted, first=True)
    state.codes.drop(SETUP)
    return user


def _session(row: Mapping[str, Any]) -> Session:
    user = row["user"]
    told = described(user) | {
        "language": user["language"],
        "theme": user["theme"],
        "tour_seen": bool(user["tour_seen"]),
    }
    caller = Caller(f"user:{user['name']}", user["name"], role_of(user["role"]))
    seen, expires = (datetime.fromisoformat(row[key]) for key in ("seen_at", "expires_at"))
    return Session(row["digest"], caller, row["way"], told, seen, expires)


def _delay(free: int, most: float) -> Any:
    """Seconds to wait after so many failures: none at first, then twice as many each time."""
    return lambda failures: min(most, 2.0 ** (failures - free)) if failures > free else 0.0


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
