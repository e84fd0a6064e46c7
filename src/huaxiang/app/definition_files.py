"""How definition files are written: one edit of a project at a time, comments and order stay, and a file is the old one or the new one."""

from __future__ import annotations

import fcntl
import hashlib
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from huaxiang.errors import UsageError


@contextmanager
def editing(folder: Path) -> Iterator[None]:
    """One edit of a project's definitions at a time."""
    path = folder / ".huaxiang" / "edit.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def state_of(path: Path) -> tuple[int, int, int]:
    """What differs when a file was replaced, also by one of the same size within one tick of the clock: it is another file."""
    told = path.stat()
    return told.st_mtime_ns, told.st_size, told.st_ino


def states_of(files: Iterable[Path]) -> tuple[tuple[Path, int, int, int], ...]:
    """Each file that is there, with its state."""
    found = []
    for file in files:
        with suppress(FileNotFoundError):
            found.append((file, *state_of(file)))
    return tuple(found)


def digest_of(content: bytes) -> str:
    """What tells one content of a file from another."""
    return hashlib.sha256(content).hexdigest()[:32]


class DefinitionChanged(UsageError):
    """Somebody else has changed what is to be written since it was read; nothing was written."""


def changed(file: str) -> DefinitionChanged:
    """The error for a file that is not as it was read."""
    return DefinitionChanged(
        f"{file} has changed since it was read; nothing was written. Look at it again, then save once more",
        f"{file} 在读取之后被改动过，没有写入任何内容；请重新查看后再保存",
    )


def replace_file(path: Path, before: bytes | None, text: str) -> None:
    """Replace the file, unless somebody else has changed it meanwhile: DefinitionChanged."""
    from huaxiang.store.atomic import write_atomic

    path.parent.mkdir(parents=True, exist_ok=True)
    if (path.read_bytes() if path.is_file() else None) != before:
        raise changed(path.name)
    write_atomic(path, text)


def with_item(text: str, kind: str, name: str, keys: Mapping[str, Any], order: tuple[str, ...]) -> str:
    """The YAML with these keys set in the definition of that name, which is appended where there is none; None takes a key away.

    `kind`: the list that it stands in; new keys come in `order`.
    """
    from ruamel.yaml.comments import CommentedMap, CommentedSeq

    yaml = round_trip(text)
    data = yaml.load(text)
    if data is None:
        data = CommentedMap()
    if not data.get(kind):
        data[kind] = CommentedSeq()
    items = data[kind]
    items.fa.set_block_style()
    item = next((one for one in items if one.get("name") == name), None)
    if item is None:
        item = CommentedMap({"name": name})
        item.fa.set_block_style()
        items.append(item)
    for key in order:
        if key not in keys:
            continue
        if keys[key] is None:
            item.pop(key, None)
        else:
            item[key] = plain(keys[key])
    return dumped(yaml, data)


def without_item(text: str, kind: str, name: str) -> str:
    """The YAML without the definition of that name."""
    yaml = round_trip(text)
    data = yaml.load(text)
    place = next(i for i, item in enumerate(data[kind]) if item.get("name") == name)
    del data[kind][place]
    return dumped(yaml, data)


def plain(value: Any) -> Any:
    """A value as YAML writes it: titles, windows and other small mappings, and lists of plain values, in one line."""
    from ruamel.yaml.comments import CommentedMap, CommentedSeq

    if isinstance(value, Mapping):
        made = CommentedMap((key, plain(one)) for key, one in value.items())
        made.fa.set_flow_style()
        return made
    if isinstance(value, list | tuple):
        items = CommentedSeq(plain(one) for one in value)
        if any(isinstance(one, Mapping) for one in value):
            items.fa.set_block_style()
        else:
            items.fa.set_flow_style()
        return items
    return value


def round_trip(text: str) -> Any:
    """A round-trip YAML that writes lists as the file does."""
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 1 << 16
    found = re.search(r"^( *)- ", text, re.MULTILINE)
    offset = len(found[1]) if found else 2
    yaml.indent(mapping=2, sequence=offset + 2, offset=offset)
    return yaml


def dumped(yaml: Any, data: Any) -> str:
    """The text of YAML data."""
    out = io.StringIO()
    yaml.dump(data, out)
    return out.getvalue()
