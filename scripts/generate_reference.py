"""Writes docs/reference/error-codes.md and functions.md from the code. With --check it only says whether they are up to date."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

from huaxiang.plan.condition_help import CONDITION_CALLS
from huaxiang.plan.functions import EXAMPLE_COLUMNS, PORTABLE
from huaxiang.spec.codes import CODES, GROUPS
from huaxiang.store.cleaning.codes import REASONS

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "reference"
NOTE = "<!-- written by scripts/generate_reference.py; edit the code instead -->"


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    """Lay out a Markdown table."""
    columns = list(head)
    lines = [columns, ["---"] * len(columns), *(list(r) for r in rows)]
    return ["| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in line) + " |" for line in lines]


def error_codes() -> str:
    """All codes of faults in definitions, and the reasons why a row is set aside."""
    lines = [
        "# Error codes 错误代码", "", NOTE, "",
        "`huaxiang check` prints one line for each fault: file and line, code, what is wrong and what to do. All faults are",
        "collected; a build begins only when there is none. A warning does not stop a build.", "",
        "`huaxiang check` 一次列出全部问题：文件与行号、代码、问题与改法；有错误时不会开始构建，提醒（warning）不阻止构建。", "",
    ]  # fmt: skip
    for prefix, (zh, en) in GROUPS.items():
        rows = [(f"`{code}`", *texts) for code, texts in CODES.items() if code.rstrip("0123456789") == prefix]
        lines += [f"## {en} {zh}", "", *table(("code", "中文", "English"), rows), ""]
    lines += [
        "## Rows set aside 未载入的行",
        "",
        "Codes in the column `code` of `rejected.parquet` and in `huaxiang quality`.",
        "",
    ]
    lines += [*table(("code", "中文", "English"), ((f"`{c}`", *t) for c, t in REASONS.items())), ""]
    return "\n".join(lines)


def functions() -> str:
    """The portable functions with signature, example and rendering."""
    examples = ", ".join(f"`{name}` {kind}" for name, kind in EXAMPLE_COLUMNS.items())
    rows = [
        (f"`{f.name}`", f"`{f.signature}`", f.zh, f.en, f"`{f.example}`", f.result, f.duckdb, f.spark)
        for f in PORTABLE.values()
    ]
    calls = [(f"`{c.name}`", f"`{c.signature}`", c.zh, c.en, f"`{c.example}`") for c in CONDITION_CALLS.values()]
    lines = [
        "# Portable functions 可移植函数", "", NOTE, "",
        "What an expression or condition may call. Each gives the same result on DuckDB and on Spark, which the parity tests",
        "run. Aggregates, subqueries and window functions are not allowed in expressions: define a statistic tag instead.", "",
        "表达式与条件中可用的函数与运算；在 DuckDB 与 Spark 上结果相同（由一致性测试逐个运行）。聚合请用统计标签。", "",
        "NULL means unknown 空值即未知: a comparison with NULL is unknown, `not` of unknown is unknown, and a customer meets a",
        "condition only if it is true.", "", f"Columns of the examples: {examples}.", "",
        *table(("name", "signature", "中文", "English", "example", "result", "on DuckDB", "on Spark"), rows), "",
        "## Calls of conditions 条件专用", "",
        "Conditions of their own, joined by and, or, not; see [conditions](../conditions.md). 单独成为条件，用 and、or、not 组合。", "",
        *table(("name", "signature", "中文", "English", "example"), calls), "",
    ]  # fmt: skip
    return "\n".join(lines)


def main() -> int:
    """Write the pages, or with --check compare; exit code 1 when one differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only compare, exit 1 when a page is out of date")
    check = parser.parse_args().check
    stale = []
    for name, text in (("error-codes.md", error_codes()), ("functions.md", functions())):
        path = FOLDER / name
        if check and (not path.is_file() or path.read_text(encoding="utf-8") != text):
            stale.append(name)
        elif not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    if stale:
        print(f"out of date: {', '.join(stale)}; run python scripts/generate_reference.py", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
