"""Passwords: which are good enough, and how they are kept (argon2id, the second choice of RFC 9106: 64 MiB, three passes, four lanes)."""

from __future__ import annotations

import threading
import unicodedata
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from huaxiang.errors import UsageError

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST, LONGEST = 10, 200
_FEW = 4
_AT_ONCE = threading.BoundedSemaphore(2)
"""Each takes 64 MiB: many logins at once must not take the server's memory."""


def check_password(password: str, name: str) -> None:
    """Raise UsageError, saying what is asked of a password, for one that is easily guessed."""
    text = _normal(password)
    if not SHORTEST <= len(text) <= LONGEST:
        raise UsageError(
            f"a password has {SHORTEST} to {LONGEST} characters; a few words in a row are easy to keep in mind",
            f"密码需要 {SHORTEST} 到 {LONGEST} 个字符；几个连在一起的词便于记忆",
        )
    plain = text.casefold()
    if name.casefold() in (plain, plain[::-1]) or plain.strip("0123456789!@#._-") == name.casefold():
        raise UsageError("the password must not be the name", "密码不能与登录名相同")
    if plain in _common() or len(set(plain)) < _FEW:
        raise UsageError(
            "this password is one of the first that anybody tries; choose another",
            "这个密码太常见，容易被猜中；请换一个",
        )


def hash_password(password: str) -> str:
    """The argon2id hash that a password is kept as."""
    with _AT_ONCE:
        return _hasher().hash(_normal(password))


def is_right(kept: str | None, password: str) -> bool:
    """Whether a password is the one that was kept. Takes equally long when there is none to compare with."""
    from argon2.exceptions import Argon2Error, InvalidHash

    if len(password) > LONGEST:
        password, kept = password[:LONGEST], None
    with _AT_ONCE:
        try:
            _hasher().verify(kept or _nobody(), _normal(password))
            return kept is not None
        except (Argon2Error, InvalidHash):
            return False


def is_weak(kept: str) -> bool:
    """Whether a hash was made with less effort than is made today."""
    return _hasher().check_needs_rehash(kept)


def _normal(password: str) -> str:
    """The same text however a keyboard composes it."""
    return unicodedata.normalize("NFKC", password.encode("utf-8", "replace").decode())


@cache
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher

    return PasswordHasher()


@cache
def _nobody() -> str:
    """The hash of a password that nobody has."""
    import secrets

    return _hasher().hash(secrets.token_urlsafe(32))


@cache
def _common() -> frozenset[str]:
    """The first that anybody tries, of those that are long enough."""
    return frozenset((resources.files("huaxiang") / "templates" / "common_passwords.txt").read_text("utf-8").split())
