"""The audience index: every tag of every customer as typed columns in mapped memory, audiences as bitsets (docs/audience-index.md).

Customers are numbered by their place in the table of customers, which is sorted by customer ID. `build_index` writes the files of an
index from that table; `AudienceIndex.open` maps them, `select` answers conditions, `counts` and `spread` describe an audience.
"""

from __future__ import annotations

from huaxiang.index.bits import Bits
from huaxiang.index.build import build_index
from huaxiang.index.reading import AudienceIndex

__all__ = ["AudienceIndex", "Bits", "build_index"]
