"""Users: made, listed, changed. Who may do so is asked by the faces; what is noted of it in the audit log as well."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from huaxiang.app.passwords import check_password, hash_password
from huaxiang.app.rights import ROLES, Role, role_of
from huaxiang.errors import UsageError

if TYPE_CHECKING:
    from huaxiang.store.state import StateStore

USER_KEYS = ("name", "display_name", "role", "state", "way", "must_change", "created_at", "changed_at")
USER_ROLES: tuple[Role, ...] = tuple(role for role in ROLES if role != "service")
"""What a person may be; services have tokens."""
INVITED = "invited:"
"""Begins the subject of a user who is to come in by single sign-on, and has not come yet; the name follows."""
_NAME = re.compile(r"[^\W_][\w.@-]{0,63}")
_MOST_DISPLAYED = 100


@dataclass(frozen=True)
class NewUser:
    """Somebody who shall be able to log in. `password` None: only by the other system that knows `subject`.
    `must_change`: the password holds until the first login, where it is replaced.
    """

    name: str
    role: str
    display_name: str = ""
    password: str | None = None
    must_change: bool = False
    subject: str | None = None


def invited(name: str, role: str, display_name: str = "") -> NewUser:
    """Somebody who shall come in by single sign-on: the first to whom the provider gives this name, known by their subject from then on."""
    return NewUser(name, role, display_name, subject=INVITED + login_name(name))


def login_name(text: str) -> str:
    """A login name as it is kept: lower case, however it is typed."""
    return unicodedata.normalize("NFKC", text.encode("utf-8", "replace").decode().replace("\0", "?")).strip().casefold()


def add_user(state: StateStore, wanted: NewUser, *, first: bool = False) -> dict[str, Any]:
    """Make a user; return USER_KEYS. `first`: only where there is none yet.

    Raises UsageError for a name that is taken or can't be one, an unknown role, or a password that is easily guessed.
    """
    name = login_name(wanted.name)
    if not _NAME.fullmatch(name):
        raise UsageError(
            "a login name has 1 to 64 letters, digits, dots, hyphens, underscores or @, and begins with a letter or digit",
            "登录名为 1 到 64 个字母、汉字、数字或 . - _ @，以字母、汉字或数字开头",
        )
    if wanted.password is not None:
        check_password(wanted.password, name)
    moment = _now()
    user = {
        "name": name, "display_name": _displayed(wanted.display_name or name), "role": user_role(wanted.role), "subject": wanted.subject,
        "password": hash_password(wanted.password) if wanted.password is not None else None, "must_change": wanted.must_change,
        "disabled_at": None, "created_at": moment, "changed_at": moment, "language": None, "theme": None,
        "tour_seen": None,
    }  # fmt: skip
    if not state.users.add(user, first=first):
        raise UsageError(
            "there is a user already; an administrator adds others"
            if first
            else f'there is a user "{name}" already; choose another name',
            "已经有用户了；请由管理员添加其他用户" if first else f"已有用户“{name}”；请换一个登录名",
        )
    return described(user)


def list_users(state: StateStore) -> list[dict[str, Any]]:
    """All users with USER_KEYS, by name."""
    return [described(user) for user in state.users.all()]


def show_user(state: StateStore, name: str) -> dict[str, Any]:
    """One user with USER_KEYS. Raises UsageError."""
    return described(_find(state, name))


def change_user(
    state: StateStore, name: str, changes: Mapping[str, Any], *, issuer: str | None = None, at_machine: bool = False
) -> dict[str, Any]:
    """Change `display_name`, `role`, `disabled` (true or false) or `password` of a user, or let them come in by single sign-on
    (`single_sign_on`: true), as whoever next does so with their name, whatever they came in by before; return USER_KEYS. All but the first
    end the user's sessions. A password that somebody else sets has to be replaced at the next login.

    `issuer`: that of single sign-on, None where it is not set up. An administrator may log in who has a password, or has come in by that
    issuer. `at_machine`: whoever asks has the project's folder, and may give a password in place of single sign-on.

    Raises UsageError, also when no administrator would be left who may log in, and for single sign-on that is not set up.
    """
    user = _find(state, name)
    values = _changed(user, changes, issuer=issuer, at_machine=at_machine)
    loses = values.get("role", user["role"]) != "admin" or values.get("disabled_at", user["disabled_at"]) is not None
    if (loses or changes.get("single_sign_on")) and user["role"] == "admin":
        if not state.users.change_unless_last_admin(user["name"], values, issuer, only_way=not loses):
            raise _last_admin(invites=not loses)
    else:
        state.users.change(
            user["name"], values, end_sessions=bool({"role", "disabled_at", "password", "subject"} & values.keys())
        )
    return show_user(state, user["name"])


def _changed(
    user: Mapping[str, Any], changes: Mapping[str, Any], *, issuer: str | None, at_machine: bool
) -> dict[str, Any]:
    """What is to be kept of a user in place of what is. Raises UsageError."""
    values: dict[str, Any] = {"changed_at": _now()}
    if changes.get("display_name") is not None:
        values["display_name"] = _displayed(changes["display_name"])
    if changes.get("role") is not None:
        values["role"] = user_role(changes["role"])
    if changes.get("disabled") is not None:
        values["disabled_at"] = (user["disabled_at"] or _now()) if changes["disabled"] else None
    if changes.get("password") is not None:
        if user["subject"] and not at_machine:
            raise UsageError(
                f'user "{user["name"]}" logs in by single sign-on and has no password here',
                f"用户“{user['name']}”使用单点登录，在本系统没有密码",
            )
        check_password(changes["password"], user["name"])
        values |= {"password": hash_password(changes["password"]), "must_change": True, "subject": None}
    if changes.get("single_sign_on"):
        if issuer is None:
            raise UsageError(
                "single sign-on is not set up in this project, so nobody could come in that way; write `oidc` in huaxiang.yaml first",
                "本项目没有设置单点登录，改用后将无法登录；请先在 huaxiang.yaml 中设置 oidc",
            )
        values |= {"subject": INVITED + user["name"], "password": None, "must_change": False}
    return values


def _last_admin(*, invites: bool) -> UsageError:
    if invites:
        return UsageError(
            "this is the last administrator who may log in: set up oidc, and let another administrator log in by it first, or give one a "
            "password",
            "这是最后一位可登录的管理员：请先设置 oidc，并让另一位管理员用单点登录进入一次，或为其设置密码",
        )
    return UsageError(
        "this is the last administrator who may log in; make another one first (who is invited by single sign-on counts after the first "
        "login)",
        "这是最后一位可登录的管理员；请先添加另一位管理员（受邀使用单点登录的，首次登录后才算）",
    )


def described(user: Mapping[str, Any]) -> dict[str, Any]:
    """A user as others may see them: USER_KEYS."""
    told = {key: user[key] for key in ("name", "display_name", "role", "must_change", "created_at", "changed_at")}
    told |= {"state": "disabled" if user["disabled_at"] else "active", "way": "oidc" if user["subject"] else "password"}
    return {key: told[key] for key in USER_KEYS}


def user_role(text: str) -> Role:
    """A role that people may have. Raises UsageError."""
    role = role_of(text)
    if role not in USER_ROLES:
        raise UsageError(
            f"role {role} is for programs, which use tokens (`huaxiang token create`); people are: {', '.join(USER_ROLES)}",
            f"角色 {role} 只用于程序的令牌（huaxiang token create）；用户可选：{'、'.join(USER_ROLES)}",
        )
    return role


def _find(state: StateStore, name: str) -> dict[str, Any]:
    user = state.users.find(login_name(name))
    if user is None:
        raise UsageError.unknown("user", name, [known["name"] for known in state.users.all()])
    return user


def _displayed(text: str) -> str:
    given = " ".join(text.encode("utf-8", "replace").decode().split())
    if not 0 < len(given) <= _MOST_DISPLAYED or not given.isprintable():
        raise UsageError(
            f"a display name has 1 to {_MOST_DISPLAYED} characters", f"显示名称为 1 到 {_MOST_DISPLAYED} 个字符"
        )
    return given


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
