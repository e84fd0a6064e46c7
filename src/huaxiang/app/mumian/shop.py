"""The shop's tables in PostgreSQL instead of SQLite: put there from what was generated, and the project's sources pointed to them."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from huaxiang.errors import UsageError
from huaxiang.store.tables import Kind, NewTable, Place, comment_of, write_tables

SCHEMA = "mumian"
MARK = "huaxiang demo mumian"
_VARIABLE = re.compile(r"env:([A-Za-z_][A-Za-z0-9_]*)")
_URL = re.compile(r"^\s*(?:database:\s*\{\s*)?url:\s*[\"']?env:([A-Za-z_][A-Za-z0-9_]*)", re.MULTILINE)
_FILES = ("sources/people.yaml", "sources/shop.yaml")
_POINTED: Mapping[str, str] = MappingProxyType({
    '"sqlite:///data/shop.db"': "env:{variable}", "table: customers,": "table: mumian.customers,",
    "table: orders\n": "table: mumian.orders\n",
    "from order_lines l join orders o": "from mumian.order_lines l join mumian.orders o",
})  # fmt: skip
"""What stands in the template → what leads to PostgreSQL."""
_KEYS = {"customers": ("user_id",), "orders": ("order_id",), "order_lines": ("order_id", "line")}
_KINDS: Mapping[str, Kind] = MappingProxyType({"TEXT": "text", "INTEGER": "integer", "REAL": "amount"})
_TIMES = frozenset({"ordered_at", "registered_at"})


def shop_place(written: str) -> Place:
    """Where `--shop-url` leads. Raises UsageError, without what was written, unless it is `env:NAME` of a variable that is set."""
    found = _VARIABLE.fullmatch(written)
    if found is None:
        raise UsageError(
            "--shop-url takes the name of an environment variable, so that no password stands in the shell's history: export "
            "SHOP_URL=postgresql://… and write --shop-url env:SHOP_URL",
            "--shop-url 只接受环境变量的名字，免得密码留在命令历史里：先 export SHOP_URL=postgresql://…，再写 --shop-url env:SHOP_URL",
        )
    url = os.environ.get(found[1], "")
    if not url:
        raise UsageError(
            f"the environment variable {found[1]} is not set; it must hold the database's URL, postgresql://…",
            f"没有设置环境变量 {found[1]}；它的值应是数据库的地址 postgresql://…",
        )
    return Place(found[1], url, SCHEMA, MARK)


def point_to(folder: Path, place: Place) -> None:
    """Make the shop's sources of a project that was just written read the tables at `place`. The YAML holds the variable's name only."""
    for name in _FILES:
        file = folder / name
        text = file.read_text("utf-8")
        for old, new in _POINTED.items():
            text = text.replace(old, new.format(variable=place.variable))
        file.write_text(text, "utf-8")


def refuse_other_shop(folder: Path, place: Place | None) -> None:
    """Raise UsageError when the project in `folder` reads its shop from elsewhere than asked."""
    file = folder / "sources/shop.yaml"
    found = _URL.search(file.read_text("utf-8")) if file.is_file() else None
    held, asked = found and found[1], place and place.variable
    if held == asked:
        return
    there, then = (f"env:{held}", f"--shop-url env:{held}") if held else ("data/shop.db", "no --shop-url")
    raise UsageError(
        f"the project in {folder} reads its shop from {there}; give {then}, or choose another folder by --dir",
        f"{folder} 里的项目从 {there} 读取商城数据；请{'写 ' + then if held else '不写 --shop-url'}，或用 --dir 换一个文件夹",
    )


def is_there(place: Place, size: Mapping[str, Any]) -> bool:
    """Whether the database holds the tables of a company of this size."""
    return comment_of(place) == _comment(size)


def move_shop(database: Path, place: Place, size: Mapping[str, Any]) -> None:
    """Write the tables of the generated SQLite file to `place`, then remove the file."""
    with closing(sqlite3.connect(database)) as db:
        tables = [_table(db, name, key) for name, key in _KEYS.items()]
    write_tables(place, tables, _comment(size))
    database.unlink()


def _comment(size: Mapping[str, Any]) -> str:
    return f"{MARK} {size['customers']} {size['seed']}"


def _table(db: sqlite3.Connection, name: str, key: tuple[str, ...]) -> NewTable:
    kinds: list[tuple[str, Kind]] = [
        (column, "time" if column in _TIMES else _KINDS[declared])
        for _, column, declared, *_more in db.execute(f"pragma table_info({name})")
    ]
    timed = [at for at, (_, kind) in enumerate(kinds) if kind == "time"]
    rows = [_row(row, timed) for row in db.execute(f"select * from {name}")]  # noqa: S608 (one of _KEYS)
    return NewTable(name, kinds, key, rows)


def _row(row: tuple[Any, ...], timed: list[int]) -> tuple[Any, ...]:
    """The row with its times as times: PostgreSQL has a type for them."""
    cells = list(row)
    for at in timed:
        cells[at] = None if cells[at] is None else datetime.fromisoformat(cells[at])
    return tuple(cells)
