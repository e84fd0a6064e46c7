"""What the ID of a new customer looks like."""

from __future__ import annotations

import hmac

from huaxiang.spec.models import IdentityKeySpec


def customer_id(key: IdentityKeySpec, value: str, *, strongest: bool, secret: bytes) -> str:
    """The ID drawn from a key value: the value itself, with the key's name before it when it is not the strongest key, or
    `<key>-<16 hex digits of HMAC-SHA-256>` when the key is personal: IDs are shown and exported, and of a plain digest anybody could find
    the number by trying all.
    """
    if not key.personal:
        return value if strongest else f"{key.name}-{value}"
    return f"{key.name}-{_drawn(secret, f'{key.name}:{value}')}"


def record_id(digest: str, *, secret: bytes) -> str:
    """The ID of a customer without a key: `record-<16 hex digits of HMAC-SHA-256>` of the digest of a record, which may hold a phone
    number and little else.
    """
    return f"record-{_drawn(secret, digest)}"


def _drawn(secret: bytes, text: str) -> str:
    return hmac.digest(secret, text.encode(), "sha256").hex()[:16]
