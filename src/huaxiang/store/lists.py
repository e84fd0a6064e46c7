"""Uploaded lists of customers: `.huaxiang/lists/<name>.parquet`, one column customer_id, with what is known of each in the file itself.

A list survives rebuilds. IDs that have been merged since are followed by `follow`, so a list never has to be rewritten.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from huaxiang.errors import UsageError, did_you_mean, did_you_mean_zh

if TYPE_CHECKING:
    import pyarrow as pa

LISTS = Path(".huaxiang") / "lists"
ID = "customer_id"
_FACTS = b"huaxiang"
_NAME = re.compile(r"[^\W_][\w.-]{0,99}")


def known_lists(folder: Path) -> tuple[str, ...]:
    """Names of all uploaded lists of the project in `folder`."""
    return tuple(sorted(path.stem for path in (folder / LISTS).glob("*.parquet")))


def list_file(folder: Path, name: str) -> Path:
    """The Parquet file (column customer_id) of a list of the project in `folder`. Raises UsageError for an unknown one."""
    path = folder / LISTS / f"{name}.parquet"
    if path.is_file():
        return path
    known = known_lists(folder)
    raise UsageError(
        f'unknown list "{name}"{did_you_mean(name, known) or "; none was uploaded yet"}',
        f"没有名为“{name}”的名单{did_you_mean_zh(name, known) or '；还没有上传过名单'}",
    )


def list_version(folder: Path, name: str) -> str:
    """What changes whenever a list is uploaded anew; empty for an unknown one."""
    try:
        found = (folder / LISTS / f"{name}.parquet").stat()
    except FileNotFoundError:
        return ""
    return f"{found.st_mtime_ns}.{found.st_ino}"


def list_facts(folder: Path, name: str) -> dict[str, Any]:
    """What was noted when the list was uploaded, and `customers`: how many it holds. Raises UsageError for an unknown one."""
    import pyarrow.parquet as pq

    file = pq.ParquetFile(list_file(folder, name))
    told = (file.schema_arrow.metadata or {}).get(_FACTS, b"{}")
    facts: dict[str, Any] = json.loads(told)
    return facts | {"customers": file.metadata.num_rows}


def list_members(folder: Path, name: str) -> pa.Array:
    """The customer IDs of a list as they were when it was uploaded. Raises UsageError for an unknown one."""
    import pyarrow.parquet as pq

    return pq.read_table(list_file(folder, name), columns=[ID]).column(ID).combine_chunks()


def save_list(folder: Path, name: str, members: pa.Array, facts: Mapping[str, Any]) -> None:
    """Write a list, in place of one of the same name, atomically and durably. `members`: customer IDs, each once, ascending.

    Raises UsageError for a name that can't be one.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    from huaxiang.store.atomic import write_atomic

    check_name(name)
    noted = {_FACTS: json.dumps(dict(facts), ensure_ascii=False).encode()}
    schema = pa.schema([(ID, pa.string())], metadata=noted)
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table([members.cast(pa.string())], schema=schema), sink, compression="zstd")
    (folder / LISTS).mkdir(parents=True, exist_ok=True)
    write_atomic(folder / LISTS / f"{name}.parquet", sink.getvalue().to_pybytes())


def check_name(name: str) -> None:
    """Raise UsageError for a name that no list can have."""
    if not _NAME.fullmatch(name):
        raise UsageError(
            f'"{name}" can\'t be the name of a list: up to 100 letters, digits, _ . - are allowed, the first a letter or digit',
            f"“{name}”不能用作名单名：只能用文字、数字、_ . -，以文字或数字开头，最多 100 个字符",
        )


def remove_list(folder: Path, name: str) -> None:
    """Remove a list. Raises UsageError for an unknown one."""
    from huaxiang.store.atomic import sync_folder

    list_file(folder, name).unlink()
    sync_folder(folder / LISTS)


def follow(ids: pa.Array, current: pa.Array, redirects: pa.Table) -> pa.Array:
    """IDs of before as those of today: one that is still in use stays, a merged one becomes the one that stayed, others are left out.

    `current`: the IDs in use; `redirects`: columns old, new (each chain already cut short). Returns each ID once, ascending.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    plain = ids.cast(pa.string()).drop_null()
    here = pc.is_in(plain, value_set=current)
    gone = plain.filter(pc.invert(here))
    old, new = (redirects.column(c).combine_chunks().cast(pa.string()) for c in ("old", "new"))
    led = new.take(pc.index_in(gone, value_set=old).drop_null())
    led = led.filter(pc.is_in(led, value_set=current))
    found = pa.concat_arrays([plain.filter(here), led]).unique()
    return found.take(pc.sort_indices(found))
