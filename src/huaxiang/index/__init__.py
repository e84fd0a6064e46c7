"""The audience index: every tag of every customer as typed columns in mapped memory, audiences as bitsets (docs/audience-index.md).

Customers are numbered by their place in the table of customers, which is sorted by customer ID. `build_index` writes the files of an
index from that table; `AudienceIndex.open` maps them, `select` answers conditions, `counts` and `spread` describe an audience.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from huaxiang.index.bits import Bits
from huaxiang.index.reading import AudienceIndex

if TYPE_CHECKING:
    from huaxiang.index.layout import Layout

__all__ = ["AudienceIndex", "Bits", "build_index"]


def build_index(
    customers: Path, folder: Path, columns: Sequence[str] | None = None, tell: Callable[[int, int], None] | None = None
) -> Layout:
    """Write the index of a table of customers; see `huaxiang.index.build`, which who only reads one does not load."""
    from huaxiang.index import build

    return build.build_index(customers, folder, columns, tell)
