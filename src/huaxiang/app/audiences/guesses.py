"""Lists of numbers that are tried, not given: who sees numbers masked finds out by none whose is which.

What a list tells, which numbers are customers' and which nobody's, is what somebody who tries numbers wants to know. So who may not see
numbers in full can upload no list by ID number, and of other numbers only few that nobody has and that masks show as one. Refusals tell
something as well, since they depend on who has what: after a few of them in a day no list of that kind is taken.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from huaxiang.app.masks import CODES, GUESSABLE, MASKED, mask
from huaxiang.errors import AccessDenied, UsageError

if TYPE_CHECKING:
    import pyarrow as pa

Spend = Callable[[Mapping[str, tuple[int, int]], tuple[str, int]], str | None]
"""Counts over a day what somebody tries: what → how many now, and how many at most; all of it, or nothing where one of them would be too
many, which is returned. Then a refusal is counted, the second argument: its name, and so many in a day; when there were so many before,
its name is returned, whatever is tried.
"""


@dataclass(frozen=True)
class Alike:
    """So many values that nobody has may look the same when masked: in one list, and in a day, where the first of each list is free."""

    once: int
    daily: int


ALIKE: Mapping[str, Alike] = {"phone": Alike(60, 400)}
"""Of 200,000 phone numbers that people gave some 40 have the last four digits in common."""
OTHERS = Alike(300, 1_000)
"""E-mail addresses and personal keys: what people give has much more in common, as 1****@qq.com, and what is hidden is longer."""
UNKNOWN = 200_000
"""So many different values that nobody has may be in the lists of a day."""
LISTS = 400
"""So many lists of a day may hold values that nobody has: else each could try one, which is like no other of its list."""
REFUSED = 5
"""So many lists are refused in a day until all are."""


def masked_kind(kind: str) -> str | None:
    """How values of a kind, or of a field of that name, are masked; None when they are not."""
    return kind if kind in MASKED else CODES.get(kind)


def refuse_closed(kind: str) -> None:
    """Refuse lists by what can be found out by a handful of tries. Raises AccessDenied."""
    if masked_kind(kind) in GUESSABLE:
        raise AccessDenied(
            'lists by ID number need the right "unmask" (personal values in full), since a few tries would tell whose is which; '
            "upload by phone, member number or customer ID, or ask somebody who may see numbers in full",
            "按证件号码上传名单需要“查看未脱敏的个人信息”权限（unmask），否则试几个号码就能得知客户的完整证件号；"
            "请改用手机号、会员号或客户 ID 上传，或请有权查看完整号码的人上传",
        )


def refuse_guesses(unknown: pa.Array, kind: str, spend: Spend) -> None:
    """Refuse a list whose values are tried rather than given: which one is a customer's would be told in full. `unknown`: the different
    ones that nobody has; those that customers have cost nothing. Raises UsageError, which tells no number of them: that would be an answer.
    """
    shown = masked_kind(kind)
    if shown is None:
        return
    limit = ALIKE.get(shown, OTHERS)
    over = spend(_charges(unknown, shown, limit), (f"{shown} refused", REFUSED))
    if over is not None:
        raise UsageError(*_why(over.removeprefix(f"{shown} "), limit))


def _charges(unknown: pa.Array, kind: str, limit: Alike) -> dict[str, tuple[int, int]]:
    """What a list costs of what a day allows."""
    if not len(unknown):
        return {}
    charges = {f"{kind} unknown": (len(unknown), UNKNOWN), f"{kind} lists": (1, LISTS)}
    if len(unknown) > UNKNOWN:
        return charges
    most = max(Counter(_shown(value, kind) for value in unknown.to_pylist()).values())
    if most > limit.once:
        return {f"{kind} list": (most, limit.once)}  # never counted, always too many
    return charges | ({f"{kind} alike": (most - 1, limit.daily)} if most > 1 else {})


def _shown(value: str, kind: str) -> str:
    """What the mask shows of a value; of a phone number with its country code, with which it shows least: the last four digits."""
    whole = f"+86{value}" if kind == "phone" and not value.startswith("+") else value
    return str(mask(whole, kind))


def _why(over: str, limit: Alike) -> tuple[str, str]:
    """What to say, in English and Chinese, of too much of something."""
    en, zh = "ask somebody who may see numbers in full", "请有权查看完整号码的人上传"
    return {
        "list": (
            f"more than {limit.once} values that nobody has differ only in what masks hide: a list holds what people gave; or {en}",
            f"名单中有超过 {limit.once} 个不存在的值只在被脱敏遮住的部分上不同：名单应是真实收集的号码，不能用来逐个猜号；也可{zh}",
        ),
        "alike": (
            f"too many values of today's lists differ only in what masks hide ({limit.daily:,} in a day); go on tomorrow, or {en}",
            f"今天上传的名单中，不存在且只在被脱敏遮住的部分上不同的值过多（每天至多 {limit.daily:,} 个）；请明天继续，或{zh}",
        ),
        "unknown": (
            f"today's lists hold too many values that nobody has ({UNKNOWN:,} in a day); go on tomorrow, or {en}",
            f"今天上传的名单中不存在的值过多（每天至多 {UNKNOWN:,} 个）；请明天继续，或{zh}",
        ),
        "lists": (
            f"too many lists of today hold values that nobody has ({LISTS} in a day); go on tomorrow, or {en}",
            f"今天上传的含有不存在的值的名单过多（每天至多 {LISTS} 份）；请明天继续，或{zh}",
        ),
        "refused": (
            f"{REFUSED} lists of today were refused, so no more are taken by this field; go on tomorrow, or {en}",
            f"今天已有 {REFUSED} 份名单被拒绝，不再接受按此字段上传；请明天继续，或{zh}",
        ),
    }[over]
