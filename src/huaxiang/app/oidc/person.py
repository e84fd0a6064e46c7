"""Which user the checked claims of an ID token mean, made or changed as huaxiang.yaml says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from huaxiang.app.oidc.refusals import SignOnRefused
from huaxiang.app.people import INVITED, NewUser, add_user, change_user, login_name
from huaxiang.errors import UsageError

if TYPE_CHECKING:
    from huaxiang.spec.login import OidcSpec
    from huaxiang.store.state import StateStore

_MOST_DISPLAYED = 100


@dataclass(frozen=True)
class Person:
    """A user who may come in. `made`: by this login; `former`: the role of before, where the groups gave another one."""

    name: str
    role: str
    made: bool = False
    former: str | None = None


def settle(state: StateStore, spec: OidcSpec, claims: Mapping[str, Any]) -> Person:
    """Find the user by the subject, else the one who was added to come in this way, else make one where that is allowed; give them the
    role of their groups.

    Raises SignOnRefused.
    """
    subject = f"{spec.issuer} {claims['sub']}"
    user = state.users.find_subject(subject)
    known = user["name"] if user is not None else ""
    if spec.email_domains and _email_domain(spec, claims) not in {each.casefold() for each in spec.email_domains}:
        raise SignOnRefused("email", name=known)
    role = _role(spec, claims)
    if role is None and spec.roles:
        raise SignOnRefused("no-role", name=known)
    user = user or _invited(state, spec, claims, subject)
    if user is None:
        return _made(state, spec, claims, subject, role)
    if user["disabled_at"]:
        raise SignOnRefused("disabled", name=user["name"])
    if not spec.roles or role is None or role == user["role"]:
        return Person(user["name"], user["role"])
    try:
        change_user(state, user["name"], {"role": role}, issuer=spec.issuer)
    except UsageError:
        raise SignOnRefused("last-admin", name=user["name"]) from None
    return Person(user["name"], role, former=user["role"])


def claim(claims: Mapping[str, Any], name: str) -> Any:
    """A claim by its name, or by a path with dots; None where there is none."""
    if name in claims:
        return claims[name]
    found: Any = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _role(spec: OidcSpec, claims: Mapping[str, Any]) -> str | None:
    told = claim(claims, spec.claims.groups)
    groups = (
        {told}
        if isinstance(told, str)
        else {one for one in told if isinstance(one, str)}
        if isinstance(told, list)
        else set()
    )
    return next((each.role for each in spec.roles if each.group in groups), spec.default_role)


def _invited(state: StateStore, spec: OidcSpec, claims: Mapping[str, Any], subject: str) -> dict[str, Any] | None:
    """Somebody who was added to come in this way, and comes for the first time: from now on known by the subject."""
    name = _name(spec, claims)
    user = state.users.find(name) if name else None
    if user is None or user["subject"] != INVITED + name:
        return None
    if not user["disabled_at"] and not state.users.bind(name, subject, INVITED + name):
        return state.users.find_subject(subject)  # somebody was a moment earlier: perhaps the same person
    return user


def _made(state: StateStore, spec: OidcSpec, claims: Mapping[str, Any], subject: str, role: str | None) -> Person:
    """A new user. Raises SignOnRefused."""
    name = _name(spec, claims)
    if not spec.create:
        raise SignOnRefused("unknown")
    if not name:
        raise SignOnRefused("name")
    if role is None:
        raise SignOnRefused("no-role")
    if role != "admin" and not state.users.exist():
        raise SignOnRefused("set-up")
    told = claim(claims, spec.claims.display_name)
    shown = (
        "".join(sign for sign in " ".join(told.split()) if sign.isprintable())[:_MOST_DISPLAYED]
        if isinstance(told, str)
        else ""
    )
    try:
        made = add_user(state, NewUser(name, role, shown.strip(), subject=subject))
    except UsageError:
        beside = state.users.find_subject(subject)  # another server was a moment earlier
        if beside is not None and not beside["disabled_at"]:
            return Person(beside["name"], beside["role"])
        raise SignOnRefused("name-taken" if state.users.find(name) is not None else "name") from None
    return Person(made["name"], made["role"], made=True)


def _name(spec: OidcSpec, claims: Mapping[str, Any]) -> str:
    """The login name that the claims tell; empty for none, and for an e-mail address that is not verified."""
    told = claim(claims, spec.claims.name)
    if not isinstance(told, str) or (spec.claims.name == spec.claims.email and not _is_verified(claims)):
        return ""
    return login_name(told)


def _email_domain(spec: OidcSpec, claims: Mapping[str, Any]) -> str:
    told = claim(claims, spec.claims.email)
    if not isinstance(told, str) or told.count("@") != 1 or not _is_verified(claims):
        return ""
    return told.rpartition("@")[2].casefold()


def _is_verified(claims: Mapping[str, Any]) -> bool:
    return claims.get("email_verified") in (True, "true")
