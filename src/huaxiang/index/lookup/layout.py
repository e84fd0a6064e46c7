"""What a lookup looks like on disk: a header, and one file with its arrays, which is mapped.

digests       the first 64 bits of SHA-256("kind:value") of each key value, sorted (uint64); `digest_rows`: whose it is, `digest_kinds`: the
              place of its kind in the header
tails         phone numbers from their end: the last 11 digits, turned round, sorted (int64); `tail_rows`: whose
phones        the number of each customer without signs (int64), -1 where there is none
folded        the different names without case, sorted, each with a line break before and after it (bytes); `folded_at`: where each begins
sounds        for each of them a line of its own: pinyin in one word, a tab, initials (bytes); `sounds_at`: where each begins
names         the different names as written, in the same order (Arrow)
name_rows     the customers of each name, name by name; `name_at`: where each begins
name_of       for each customer 1 + the place of the name, 0 where there is none
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from huaxiang.index.layout import Part

VERSION = 1
FILE = "lookup.json"
ARRAYS = "arrays.bin"
DIGITS = 11
"""So many digits from the end of a phone number are told apart."""


@dataclass(frozen=True)
class Layout:
    """The header. `kinds`: names of identity keys and attributes; `name` and `phones`: the attributes that were read."""

    size: int
    kinds: tuple[str, ...]
    name: str | None
    phone: str | None
    parts: Mapping[str, Part]

    def text(self) -> str:
        """The header as JSON."""
        return json.dumps({"version": VERSION, **asdict(self)}, ensure_ascii=False, indent=1) + "\n"

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read the header. Raises ValueError for a lookup of another version."""
        told = json.loads((folder / FILE).read_text("utf-8"))
        if told.get("version") != VERSION:
            raise ValueError(f"the lookup is of version {told.get('version')}, expected {VERSION}")
        parts = {name: Part(**part) for name, part in told["parts"].items()}
        return cls(told["size"], tuple(told["kinds"]), told["name"], told["phone"], parts)
