"""What the ID of a new customer looks like."""

from __future__ import annotations

import hashlib

from huaxiang.spec.models import IdentityKeySpec


def customer_id(key: IdentityKeySpec, value: str, *, strongest: bool) -> str:
    """The ID drawn from a key value: the value itself, with the key's name before it when it is not the strongest key, or
    `<key>-<16 hex digits of SHA-256>` when the key is personal.
    """
    if not key.personal:
        return value if strongest else f"{key.name}-{value}"
    return f"{key.name}-{hashlib.sha256(f'{key.name}:{value}'.encode()).hexdigest()[:16]}"
