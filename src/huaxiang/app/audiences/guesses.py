"""Lists of numbers that are tried, not given: who sees numbers masked finds out by none whose is which."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

from huaxiang.errors import UsageError

if TYPE_CHECKING:
    import pyarrow as pa

GUESSES = {"phone": (40, 200), "id_number": (5, 20)}
"""How many values of a list may differ in nothing but the four digits before the last four, and how many in all lists of a day: who sees
numbers masked finds out no customer's by trying all. Numbers that people gave spread: of 100,000 less than ten are so alike.
"""
UNKNOWN = 200_000
"""So many different numbers that nobody has may be in the lists of a day of somebody who sees numbers masked."""
Spend = Callable[[str, int, int], bool]
"""Counts over a day what somebody tries: what, how many now, how many at most; False, and nothing counted, when that is too many."""


def refuse_guesses(values: pa.Array, unknown: int, kind: str, spend: Spend) -> None:
    """Refuse numbers that are tried rather than given: which one is a customer's would be told in full. Raises UsageError."""
    if kind not in GUESSES:
        return
    once, daily = GUESSES[kind]
    alike = Counter((value[:-8], value[-4:]) for value in values.unique().drop_null().to_pylist())
    most = max(alike.values(), default=0)
    if most > once:
        raise UsageError(
            f"{most:,} of the values differ in nothing but the digits that masks hide: a list holds numbers that people gave, no guesses",
            f"有 {most:,} 个值只在被脱敏遮住的数字上不同：名单应是真实收集的号码，不能用来逐个猜号",
        )
    if not (spend(f"{kind} alike", most, daily) and spend(f"{kind} unknown", unknown, UNKNOWN)):
        raise UsageError(
            f"the lists of today hold too many numbers that nobody has ({UNKNOWN:,} in a day), or too many that are alike; go on tomorrow, "
            "or ask somebody who may see numbers in full",
            f"今天上传的名单中不存在的号码过多（每天至多 {UNKNOWN:,} 个），或相近的号码过多；请明天继续，或请有权查看完整号码的人上传",
        )
