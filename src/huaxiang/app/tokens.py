"""API tokens: made, listed, ended, and recognised. The text of a token is shown once, when it is made."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from huaxiang.app.rights import Caller, role_of
from huaxiang.errors import UsageError

if TYPE_CHECKING:
    from huaxiang.store.state import StateStore

TOKEN_KEYS = ("id", "name", "role", "created_at", "expires_at", "revoked_at", "state")
CREATED_KEYS = (*TOKEN_KEYS, "token")
PREFIX = "hx_"
"""Tokens begin so, that scanners for leaked secrets can know them."""
_MOST_NAME = 100


def create_token(state: StateStore, name: str, role: str, *, days: int | None = None) -> dict[str, Any]:
    """Make a token for `role` that holds for `days` (None: until it is revoked). Returns CREATED_KEYS; `token` is shown here only.

    Raises UsageError for an unknown role, or a name that is empty, too long, or that of a token in force.
    """
    given = name.strip()
    if not given or len(given) > _MOST_NAME:
        raise UsageError(
            f"a token needs a name of 1 to {_MOST_NAME} characters: who or what will use it",
            f"令牌需要一个 1 到 {_MOST_NAME} 字的名称，说明由谁或什么系统使用",
        )
    known = role_of(role)
    if any(t["name"] == given and _state(t) == "active" for t in state.list_tokens()):
        raise UsageError(
            f'a token "{given}" is in force; revoke it first (`huaxiang token revoke`), or choose another name',
            f"名为“{given}”的令牌仍在生效；请先吊销（huaxiang token revoke），或换一个名称",
        )
    text = PREFIX + secrets.token_urlsafe(32)
    made = datetime.now(UTC)
    token = {
        "id": secrets.token_hex(4), "name": given, "role": known, "created_at": _iso(made),
        "expires_at": _iso(made + timedelta(days=days)) if days is not None else None, "revoked_at": None,
    }  # fmt: skip
    state.add_token(token | {"digest": digest_of(text)})
    return token | {"state": "active", "token": text}


def list_tokens(state: StateStore) -> list[dict[str, Any]]:
    """Return all tokens with TOKEN_KEYS, the oldest first; `state` is active, expired or revoked."""
    return [token | {"state": _state(token)} for token in state.list_tokens()]


def revoke_token(state: StateStore, which: str) -> dict[str, Any]:
    """End the token of that ID or name; running servers refuse it within seconds. Returns TOKEN_KEYS. Raises UsageError."""
    known = list_tokens(state)
    fitting = [t for t in known if t["id"] == which] or [t for t in known if t["name"] == which]
    in_force = [t for t in fitting if t["state"] == "active"] or fitting
    if not in_force:
        raise UsageError.unknown("token", which, [t["name"] for t in known])
    state.revoke_token(in_force[0]["id"])
    return next(t for t in list_tokens(state) if t["id"] == in_force[0]["id"])


@dataclass(frozen=True)
class Known:
    """Whose a token is, and until when it holds (None: no end)."""

    caller: Caller
    expires: datetime | None

    def holds(self) -> bool:
        """Whether it has not expired."""
        return self.expires is None or self.expires > datetime.now(UTC)


def known_tokens(state: StateStore) -> dict[str, Known]:
    """All tokens that were not revoked, by digest."""
    return {digest: _known(token) for digest, token in state.digests().items()}


def find_token(state: StateStore, digest: str) -> Known | None:
    """The token with this digest; None for an unknown one, or one that was revoked."""
    token = state.find_token(digest)
    return _known(token) if token is not None and token["revoked_at"] is None else None


def _known(token: dict[str, Any]) -> Known:
    expires = datetime.fromisoformat(token["expires_at"]) if token["expires_at"] is not None else None
    return Known(Caller(token["id"], token["name"], role_of(token["role"])), expires)


def digest_of(text: str) -> str:
    """The digest that a token is kept by."""
    return hashlib.sha256(text.encode()).hexdigest()


def _state(token: dict[str, Any]) -> str:
    if token["revoked_at"] is not None:
        return "revoked"
    expires = token["expires_at"]
    return "expired" if expires is not None and datetime.fromisoformat(expires) <= datetime.now(UTC) else "active"


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
