"""Requests and answers about logging in, users, tokens and the audit log."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from huaxiang.serve.api.models.common import Answer, NextPage, Request

Secret = Annotated[str, Field(max_length=1000, description="Is never shown or logged")]
Login = Annotated[str, Field(min_length=1, max_length=200)]


class LoginAsked(Request):
    """Who logs in."""

    name: Login
    password: Secret


class SetupAsked(Request):
    """The first administrator."""

    code: Annotated[
        str, Field(min_length=1, max_length=200, description="The set-up code that `huaxiang serve` printed")
    ]
    name: Login
    display_name: Annotated[str, Field(max_length=200)] = ""
    password: Secret


class PasswordAsked(Request):
    """A new password of one's own."""

    old: Secret
    new: Secret


class Preferences(Request):
    """What a user prefers; null leaves what is."""

    language: Literal["zh-CN", "en"] | None = None
    theme: Literal["system", "light", "dark"] | None = None
    tour_seen: bool | None = Field(None, description="Whether the guided tour need not be offered again")


class SessionTold(Answer):
    """Who is logged in, and what they may do."""

    authenticated: bool
    name: str | None = None
    display_name: str | None = None
    role: str | None = None
    rights: list[str] = Field(default_factory=list)
    way: str | None = Field(None, description="password, oidc, token, or local where no login is asked for")
    must_change: bool = False
    language: str | None = None
    theme: str | None = None
    tour_seen: bool | None = Field(
        None, description="Whether the guided tour need not be offered again; null where nobody is logged in by name"
    )
    setup_needed: bool = Field(False, description="Whether there is no user yet")
    oidc: str | None = Field(
        None, description="The title of the other login that is offered; it begins at /api/v1/oidc/login"
    )


class SetupNeeded(Answer):
    """Whether there is no user yet."""

    needed: bool


class User(Answer):
    """A user."""

    name: str
    display_name: str
    role: str
    state: str
    way: str
    must_change: bool
    created_at: str
    changed_at: str


class People(Answer):
    """All users, and what they can be."""

    people: list[User]
    roles: list[str]
    ways: list[str] = Field(description="How people may log in: password, and oidc where single sign-on is set up")


class UserAsked(Request):
    """Somebody who shall be able to log in; the password has to be replaced at the first login. Without one: by single sign-on, the
    first whom the provider gives this name.
    """

    name: Login
    display_name: Annotated[str, Field(max_length=200)] = ""
    role: Annotated[str, Field(max_length=20)]
    password: Secret | None = None


class UserChange(Request):
    """What is changed of a user; null leaves what is."""

    display_name: Annotated[str, Field(max_length=200)] | None = None
    role: Annotated[str, Field(max_length=20)] | None = None
    disabled: bool | None = None
    password: Secret | None = None


class Token(Answer):
    """An API token; its text is shown once, when it is made."""

    id: str
    name: str
    role: str
    created_at: str
    expires_at: str | None
    revoked_at: str | None
    state: str
    token: str | None = None


class Tokens(Answer):
    """All tokens."""

    tokens: list[Token]
    roles: list[str]


class TokenAsked(Request):
    """A token that shall be made."""

    name: Login
    role: Annotated[str, Field(max_length=20)]
    days: Annotated[int | None, Field(ge=1, le=3650, description="How long it holds; null: until it is revoked")] = None


class AuditEntry(Answer):
    """Who did what, and when."""

    number: int
    at: str
    who: str
    role: str
    action: str
    object: str
    snapshot: str | None
    detail: dict[str, Any]
    hash: str


class AuditEntries(NextPage):
    """A part of the audit log, newest first."""

    entries: list[AuditEntry]


class AuditFault(Answer):
    """Where the chain does not hold."""

    number: int
    code: str = Field(description="changed, missing, truncated or replaced")


class AuditVerified(Answer):
    """Whether the audit log is whole."""

    valid: bool
    entries: int
    head: str = Field(
        description="number:hash of the last entry; written down elsewhere, it proves that nothing before was changed"
    )
    anchors: int
    faults: list[AuditFault]


class RightRow(Answer):
    """Who has a right."""

    right: str
    roles: list[str]


class Rights(Answer):
    """The table of rights."""

    rights: list[RightRow]
