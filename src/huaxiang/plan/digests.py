"""How values of keys are named where they are not shown."""

from __future__ import annotations

import hashlib


def value_digest(key: str, value: str) -> str:
    """The digest by which a value is known in tables that don't show it: SHA-256 of `key:value` in hex, as in table `identity`."""
    return hashlib.sha256(f"{key}:{value}".encode()).hexdigest()
