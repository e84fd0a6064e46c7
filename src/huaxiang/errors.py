"""Every error a user can meet. A message names the object, the place, what was expected and what to do.

No message ever holds a customer's value: rows are named by number, columns by name.
"""

from __future__ import annotations

import difflib
import errno
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Literal, NamedTuple


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `; did you mean "x"?` for the nearest known word, else the known words, else nothing."""
    names = sorted(set(known))
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if near:
        return f'; did you mean "{near[0]}"?'
    if not names:
        return ""
    shown = ", ".join(names[:12]) + (f", … ({len(names)} in all)" if len(names) > 12 else "")
    return f"; known: {shown}"


def did_you_mean_zh(word: str, known: Iterable[str]) -> str:
    """`did_you_mean` in Chinese."""
    names = sorted(set(known))
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if near:
        return f"；是不是“{near[0]}”？"
    if not names:
        return ""
    return f"；可用：{'、'.join(names[:12])}" + (f"……（共 {len(names)} 个）" if len(names) > 12 else "")


class Said(NamedTuple):
    """The same in two languages."""

    en: str
    zh: str


_NOBODY = Said("", "")


@dataclass(frozen=True, order=True)
class Place:
    """A position in a definition file: path relative to the project, 1-based line (0 when the whole file is meant)."""

    file: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True, order=True)
class Issue:
    """One fault found in a project: `tags/value.yaml:7 TAG014 unknown column "ordr_amt" …`."""

    place: Place
    code: str
    said: Said
    severity: Literal["error", "warning"] = "error"
    subject: tuple[str, str] | None = field(default=None, compare=False)
    """The definition at fault, as plural kind and name, where it is known."""
    about: Said = _NOBODY
    """What stands before what is said: the definition at fault by its name."""

    @property
    def message(self) -> str:
        """All of it in English."""
        return self.about.en + self.said.en

    @property
    def zh(self) -> str:
        """All of it in Chinese."""
        return self.about.zh + self.said.zh

    def __str__(self) -> str:
        mark = "" if self.severity == "error" else " (warning)"
        return f"{self.place} {self.code}{mark} {self.message}"


class HuaxiangError(Exception):
    """Base of all errors shown to a user without a traceback. `exit_code` is the CLI's (1 failed, 2 wrong use); `zh`: the message for
    those who read Chinese.
    """

    exit_code = 1

    def __init__(self, message: str, zh: str) -> None:
        self.zh = zh
        super().__init__(message)


_KINDS_ZH = {
    "tag": "标签", "audience": "人群", "persona": "典型画像", "source": "数据源", "class": "分类", "column": "列", "template": "模板",
    "engine": "引擎", "field": "字段", "key": "键", "customer": "客户", "snapshot": "快照", "user": "用户", "role": "角色",
    "token": "令牌", "sorting": "排序方式", "entity": "实体",
}  # fmt: skip


class UsageError(HuaxiangError):
    """The call itself is wrong: an unknown name, a missing project, a bad option."""

    exit_code = 2

    @classmethod
    def unknown(cls, kind: str, name: str, known: Iterable[str]) -> UsageError:
        """Nothing of this kind (a word: tag, audience …) has this name; tells the nearest of the known ones, or all."""
        names = sorted(set(known))
        zh = f"没有名为“{name}”的{_KINDS_ZH.get(kind, kind)}{did_you_mean_zh(name, names)}"
        return NotKnown(f'unknown {kind} "{name}"{did_you_mean(name, names)}', zh)

    @classmethod
    def no_customer(cls, snapshot: str, near: Sequence[str] = ()) -> UsageError:
        """No customer has the ID asked for, which is not repeated: it may be a phone number. `near`: IDs of customers whose keys or
        texts hold it.
        """
        en, zh = f"no customer with this ID in snapshot {snapshot}", f"快照 {snapshot} 中没有这个 ID 的客户"
        if near:
            return NotKnown(
                f"{en}; a search for it finds: {', '.join(near)}",
                f"{zh}；按手机号、姓名等搜索，找到：{'、'.join(near)}",
            )
        return NotKnown(
            f"{en}; `huaxiang customer search TEXT` finds IDs",
            f"{zh}；用 huaxiang customer search 文字 可按手机号、姓名等查 ID",
        )


class NotKnown(UsageError):
    """What is asked for by name or ID is not there."""


class AccessDenied(HuaxiangError):
    """Who asks may not do this."""


class ProjectInvalid(HuaxiangError):
    """The project's definitions have faults; all of them are listed."""

    def __init__(self, issues: Sequence[Issue]) -> None:
        self.issues = tuple(sorted(issues))
        super().__init__(
            "\n".join(str(i) for i in self.issues), "\n".join(f"{i.place} {i.code} {i.zh}" for i in self.issues)
        )


class ExpressionError(HuaxiangError):
    """A SQL expression is refused. `code` names the rule (EXP001 syntax, EXP002 unknown column, …).

    `span`: first and last offset + 1 of the fault within `text`, when known; `line` and `column` of its start count from 1.
    `zh`: the message, without code, for those who read Chinese.
    """

    def __init__(self, code: str, message: str, span: tuple[int, int] | None = None, *, zh: str) -> None:
        self.code = code
        self.message = message
        self.span = span
        self.text: str | None = None
        self.line: int | None = None
        self.column: int | None = None
        self.said = Said(message, zh)
        super().__init__(f"{code} {message}", zh)

    def locate(self, text: str) -> None:
        """Tell line and column of the fault in `text`, of which `span` speaks."""
        if self.span is not None and self.line is None:
            before = text[: self.span[0]]
            self.text = text
            self.line, self.column = before.count("\n") + 1, len(before) - before.rfind("\n")


class SourceError(HuaxiangError):
    """A source can't be read at all, or has more bad rows than it declares. `place`: a file, or what of the source is meant."""

    def __init__(self, source: str, place: str | Said, said: Said) -> None:
        self.source = source
        self.place = place if isinstance(place, Said) else Said(place, place)
        self.reason = Said(f"{self.place.en}: {said.en}", f"{self.place.zh}：{said.zh}")
        super().__init__(f'source "{source}" {self.reason.en}', f"数据源“{source}”{_apart(self.reason.zh)}")


def _apart(place: str) -> str:
    """A place behind a Chinese text, with a blank between when it begins in Latin signs."""
    return f" {place}" if place[:1].isascii() else place


class QualityStop(SourceError):
    """Data of a source crossed a bound that stops: `QualityStop(broken)` with (source, place of its rules, what was measured)."""

    def __init__(self, broken: Sequence[tuple[str, str, Said]]) -> None:
        self.broken = tuple(broken)
        source, place, first = self.broken[0]
        more = Said(
            "".join(f'; source "{s}" {p}: {said.en}' for s, p, said in self.broken[1:]),
            "".join(f"；数据源“{s}” {p}：{said.zh}" for s, p, said in self.broken[1:]),
        )
        super().__init__(
            source,
            place,
            Said(
                f"{first.en}{more.en}. The declared quality stops the build: nothing was published, the last snapshot stays. Correct the "
                "data, or change the bound",
                f"{first.zh}{more.zh}。已声明的质量要求使构建停止：没有发布任何结果，保留上一个快照。请修正数据，或修改界限",
            ),
        )


class NoCustomers(HuaxiangError):
    """A build found nobody: an empty snapshot would hide the last good one, so none is published."""


class SnapshotError(HuaxiangError):
    """No snapshot, an unknown one, or a damaged one."""


class BuildBusy(HuaxiangError):
    """Another build of the same project is running."""


class LearnError(HuaxiangError):
    """A clustering or a persona set can't be computed from the data there are; says which definition and what to do."""


class TooLittleData(LearnError):
    """What is declared is right, but the customers of today don't suffice: the definition is left out of this build, and says so.

    `note`: why, as {"zh", "en"}.
    """

    def __init__(self, en: str, zh: str) -> None:
        self.note = {"zh": zh, "en": en}
        super().__init__(en, zh)


_PLACES_ZH = {"the condition": "条件", "the expression of an attribute": "画像属性的表达式"}


class ValueRangeError(HuaxiangError):
    """An expression gives values that its type can't hold: `ValueRangeError(places)`, the definitions that were computed."""

    def __init__(self, places: Sequence[str]) -> None:
        shown = ", ".join(places[:8]) + (f", … ({len(places)} in all)" if len(places) > 8 else "")
        super().__init__(
            f"{shown or 'an expression'}: for some customers the result is beyond what its type can hold; "
            "use smaller factors, or leave such rows out with a condition (`case when … end`, `where`)",
            f"{_PLACES_ZH.get(shown, shown) or '表达式'}：有客户的计算结果超出类型的取值范围；"
            "请改用较小的系数，或用条件排除这些记录（`case when … end`、`where`）",
        )


class StorageError(HuaxiangError):
    """The disk or the rights to a folder don't allow what is to be done."""


_FULL = Said(
    "the disk is full; free some space, or lower `keep_snapshots`", "磁盘已满；请清理空间，或调小 `keep_snapshots`"
)
_DENIED = Said("access is denied; check the owner and the rights", "没有访问权限；请检查属主与权限")
_NO_FOLDER = Said("a file is where a folder is expected; move it away", "应为文件夹的位置是一个文件；请把它移走")
_STORAGE = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: Said(
        "the disk quota is used up; free some space, or lower `keep_snapshots`",
        "磁盘配额已用完；请清理空间，或调小 `keep_snapshots`",
    ),
    errno.EROFS: Said(
        "the file system is read-only; make it writable, or copy the project elsewhere",
        "文件系统只读；请改为可写，或把项目复制到别处",
    ),
    errno.EACCES: _DENIED,
    errno.EPERM: _DENIED,
    errno.ENOTDIR: _NO_FOLDER,
    errno.EEXIST: _NO_FOLDER,
    errno.EISDIR: Said("a folder is where a file is expected; move it away", "应为文件的位置是一个文件夹；请把它移走"),
    errno.EIO: Said("the disk reports an input/output error; check it", "磁盘报告输入/输出错误；请检查磁盘"),
}


def storage_error(error: BaseException) -> StorageError | None:
    """Say for people what an operating-system error means; None when it is no matter of disk or rights."""
    if not isinstance(error, OSError):
        full = not isinstance(error, HuaxiangError) and os.strerror(errno.ENOSPC) in str(error)
        return StorageError(*_FULL) if full else None  # engines raise errors of their own
    said = _STORAGE.get(error.errno or 0)
    if said is None:
        return None
    path = PurePath(str(error.filename)) if error.filename else None
    place = "/".join(path.parts[-3:]) if path is not None else ""
    return StorageError(*said) if not place else StorageError(f"{place}: {said.en}", f"{place}：{said.zh}")
