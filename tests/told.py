"""What faults say in two languages: the same of the same things."""

from __future__ import annotations

import re

from huaxiang.errors import HuaxiangError, Issue

CHINESE = re.compile("[\u4e00-\u9fff]")
_NAMED = re.compile(r'"([^"]+)"|`([^`]+)`')


def untold(issues: tuple[Issue, ...]) -> list[tuple[str, str, str]]:
    """Names that stand in quotes in the English of a fault and nowhere in its Chinese; a fault without any Chinese has one, ""."""
    found = []
    for issue in issues:
        names = [one or two for one, two in _NAMED.findall(issue.message)]
        found += [(name, issue.message, issue.zh) for name in names if name not in issue.zh]
        if not CHINESE.search(issue.zh):
            found.append(("", issue.message, issue.zh))
    return found


def same_names(error: HuaxiangError) -> list[str]:
    """Names that stand in quotes in the English of an error and nowhere in its Chinese, and "" when it has no Chinese."""
    names = [one or two for one, two in _NAMED.findall(str(error))]
    return [name for name in names if name not in error.zh] + ([] if CHINESE.search(error.zh) else [""])
