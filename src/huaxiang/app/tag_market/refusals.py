"""Why a tag is not written as asked, with what a person needs to go on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from huaxiang.errors import UsageError


class EditConflict(UsageError):
    """The tag is not as it was when it was read. `who` and `at` of the last change, where it was made here and not in the files."""

    def __init__(self, name: str, en: str, zh: str, last: Mapping[str, Any] | None = None) -> None:
        self.who: str | None = last["who"] if last else None
        self.at: str | None = last["at"] if last else None
        by = f" (last: {self.who}, {self.at})" if last else ""
        by_zh = f"（最近一次：{self.who}，{self.at}）" if last else ""
        super().__init__(f'tag "{name}" {en}{by}; nothing was written', f"标签“{name}”{zh}{by_zh}，没有写入任何内容")


class DefinitionFaults(UsageError):
    """The definition has faults. `issues`: as of `app.tag_market.checking.TOLD_KEYS`."""

    def __init__(self, name: str, issues: Sequence[Mapping[str, Any]]) -> None:
        self.issues = tuple(issues)
        errors = [i for i in self.issues if i["severity"] == "error"]
        first = errors[0] if errors else None
        en = f"; first: {first['message']['en']}" if first else ""
        zh = f"；第一处：{first['message']['zh']}" if first else ""
        super().__init__(
            f'tag "{name}" has {len(errors)} faults, nothing was written{en}',
            f"标签“{name}”有 {len(errors)} 处错误，没有写入任何内容{zh}",
        )


class InUse(UsageError):
    """Others read the tag, and would fail without it. `impact`: as of `app.tag_market.readers.IMPACT_KEYS`."""

    def __init__(self, name: str, impact: Mapping[str, Any]) -> None:
        self.impact = impact
        who = ", ".join(impact["blocking"])
        super().__init__(
            f'tag "{name}" is still read by {who}; change or remove those first',
            f"标签“{name}”还被以下定义使用：{who}；请先修改或删除它们",
        )
