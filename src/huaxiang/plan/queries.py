"""Queries that a project may ask of a database: one SELECT that changes nothing."""

from __future__ import annotations

import re
from datetime import timedelta

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from huaxiang.errors import Said

_DIALECTS = {"postgresql": "postgres", "mysql": "mysql", "mariadb": "mysql", "sqlite": "sqlite", "mssql": "tsql", "oracle": "oracle",
             "duckdb": "duckdb", "snowflake": "snowflake", "redshift": "redshift", "clickhouse": "clickhouse"}  # fmt: skip
_CHANGES = (
    exp.DML,
    exp.DDL,
    exp.Command,
    exp.Into,
    exp.Lock,
    exp.Set,
    exp.Use,
    exp.Transaction,
    exp.Commit,
    exp.Rollback,
)
_SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*([dhm]?)")
_UNITS = {"d": "days", "h": "hours", "m": "minutes"}


_ANY = (None, "postgres", "mysql", "sqlite", "tsql", "oracle")


def query_fault(query: str, backend: str | None) -> Said | None:
    """What is wrong with a query, None when it is one SELECT. `backend`: name of the URL's database; where it is not known, the
    query may be written for any of the common ones.
    """
    dialects = _ANY if backend is None else (_DIALECTS.get(backend),)
    faults = [_fault(query, dialect) for dialect in dialects]
    return None if None in faults else faults[0]


def _fault(query: str, dialect: str | None) -> Said | None:
    try:
        trees = [tree for tree in sqlglot.parse(query, read=dialect) if tree is not None]
    except SqlglotError:
        return Said("the query can't be read as SQL", "query 无法按 SQL 解析")
    if len(trees) != 1:
        return Said(
            f"the query has {len(trees)} statements; write one SELECT", f"query 有 {len(trees)} 条语句；请写一条 SELECT"
        )
    tree = trees[0]
    if not isinstance(tree, exp.Query) or isinstance(tree, exp.Table):
        return Said("the query is no SELECT", "query 不是 SELECT")
    if any(isinstance(node, _CHANGES) and not isinstance(node, exp.Query) for node in tree.walk()):
        return Said(
            "the query changes or locks something; only a plain SELECT is sent to the database",
            "query 会更改或锁定数据；只会向数据库发送普通的 SELECT",
        )
    return None


def look_back_span(text: str) -> timedelta | float | None:
    """A look-back as written: `3d`, `2h`, `30m` as a span of time, a bare number as itself; None when it is neither."""
    found = _SPAN.fullmatch(text.strip())
    if not found:
        return None
    number, unit = float(found[1]), found[2]
    return timedelta(**{_UNITS[unit]: number}) if unit else number
