"""What the journeys of a source look like on disk: a header and one file with arrays, mapped.

starts   uint32 per customer and one more: the events of customer c lie at places starts[c] … starts[c + 1] - 1 of the arrays below
moments  uint32 or int64 per event: `unit`s since `origin`, ascending for each customer
rows     uint32 per event: its row in the table of the source
once:starts, once:moments  as starts and moments, events of one customer at one moment told once; only where these are far fewer
codes:F  uint8 per event, for a field F with few values: the place of the value among `values:F` (sorted; the last place: no value)
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from huaxiang.index.layout import Part

VERSION = 2
FILE = "journeys.json"
ARRAYS = "columns.bin"
MOST_VALUES = 254
MOST_EVENTS = (1 << 32) - 1
ONCE = 0.75
"""Moments are told once besides where so large a part of the events is left, or less: lines of one order stand at one moment."""


@dataclass(frozen=True)
class Layout:
    """The header: customers, rows of the table, events, microseconds of the origin and of the unit, the greatest moment, arrays."""

    customers: int
    rows: int
    events: int
    origin: int
    unit: int
    latest: int
    parts: Mapping[str, Part]

    def text(self) -> str:
        """The header as JSON."""
        return json.dumps({"version": VERSION, **asdict(self)}, ensure_ascii=False, indent=1) + "\n"

    @classmethod
    def read(cls, folder: Path) -> Layout:
        """Read the header. Raises ValueError for another version, OSError when there is none."""
        told: dict[str, Any] = json.loads((folder / FILE).read_text("utf-8"))
        if told.pop("version", None) != VERSION:
            raise ValueError("the journeys are of another version")
        return cls(**told | {"parts": {name: Part(**part) for name, part in told["parts"].items()}})
