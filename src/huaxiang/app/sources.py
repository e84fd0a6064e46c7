"""The sources of a project: what was loaded of each, how fresh it is, what its columns hold, and which are declared but not built yet."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from huaxiang.app.masks import CODES, mask, mask_by_look
from huaxiang.app.provenance import has_table
from huaxiang.app.quality import quality
from huaxiang.app.tag_market.projects import project_now
from huaxiang.app.wiring import table_reader
from huaxiang.errors import NotKnown
from huaxiang.spec.loader import Project
from huaxiang.spec.sources import SourceSpec, columns_read
from huaxiang.store.snapshots import Snapshot

SOURCES_KEYS = ("snapshot", "as_of", "checked_on", "sources")
SOURCE_KEYS = (
    "name", "title", "kind", "origin", "owner", "files", "rows_in", "loaded", "repaired", "set_aside", "left_out",
    "first_at", "last_at", "loaded_at", "age_days", "light", "findings", "schema", "keys", "state", "place",
)  # fmt: skip
"""`kind`: the entity · `origin`: file, database or the declared format · `age_days`: from the newest row to today, None without dates ·
`schema`: columns that came, went or changed type since the build before · `keys`: identity keys that its rows bear · `state`: built, new
(declared, not built yet) or gone (built, no longer declared) · `place`: file and line of its definition.
"""
SOURCE_DETAIL_KEYS = (
    "snapshot",
    "as_of",
    *SOURCE_KEYS,
    "purpose",
    "legal_basis",
    "trust",
    "thresholds",
    "digest",
    "columns",
    "unmapped",
)
COLUMN_KEYS = (
    "name", "from", "type", "rows", "missing", "complete", "valid", "unique", "repaired", "light", "key", "examples", "hidden",
)  # fmt: skip
"""A field: the columns of the file that it is read from, declared type, share of rows with a value … `examples`: masked values, None for
who may not see single rows; `hidden`: why there are none (free_text, masked).
"""
EXAMPLES = 4
_ROWS = 400
_LONGEST = 40
_SENTENCE = re.compile(r"[，。！？；、…!?]|\w\s\w+\s\w+\s\w+\s")
_FREE_TEXT = frozenset({"body", "title", "subject", "comment", "remark", "note", "content", "answer_text"})


def list_sources(snapshot: Snapshot, folder: Path, *, now: datetime | None = None) -> dict[str, Any]:
    """Return SOURCES_KEYS: every source (SOURCE_KEYS) of the snapshot or of the project's files, in the order of the files."""
    project = project_now(folder)
    today = _today(project, now)
    built = _built(snapshot)
    names = [*project.sources, *(name for name in built if name not in project.sources)]
    return {
        "snapshot": snapshot.id, "as_of": snapshot.manifest["as_of"], "checked_on": today.isoformat(),
        "sources": [_line(snapshot, project, name, built.get(name), today) for name in names],
    }  # fmt: skip


def show_source(
    snapshot: Snapshot, folder: Path, name: str, *, examples: bool, now: datetime | None = None
) -> dict[str, Any]:
    """Return SOURCE_DETAIL_KEYS of one source, its fields as COLUMN_KEYS; `examples`: with masked values of some rows; `unmapped`: columns
    of the file that no field reads; `digest`: of the file that defines it, to be sent back when it is replaced. Raises NotKnown.
    """
    from huaxiang.app.definition_files import digest_of

    project = project_now(folder)
    built = _built(snapshot).get(name)
    spec = project.sources.get(name)
    if built is None and spec is None:
        raise NotKnown("no source has this name; GET /sources lists them", "没有这个名称的数据源")
    line = _line(snapshot, project, name, built, _today(project, now))
    shown = built or {}
    entry = _entry(snapshot, name)
    place = project.place("sources", name).file if spec is not None else None
    columns = list(shown.get("columns", ()))
    found = _examples(snapshot, name, columns, project) if examples else {}
    keys = {key.field for key in project.identity.values()}
    digest = digest_of((folder / place).read_bytes()) if place else None
    if project_now(folder) is not project:  # edited meanwhile: what is told and the digest belong together
        return show_source(snapshot, folder, name, examples=examples, now=now)
    return {"snapshot": snapshot.id, "as_of": snapshot.manifest["as_of"], **line} | {
        "purpose": spec.purpose if spec else entry.get("purpose"), "legal_basis": spec.legal_basis if spec else entry.get("legal_basis"),
        "trust": spec.trust if spec else None, "thresholds": _thresholds(spec), "digest": digest,
        "columns": [
            _column(one, spec, line["loaded"], found if examples else None) | {"key": one["name"] in keys} for one in columns
        ],
        "unmapped": _unmapped(snapshot, name, spec),
    }  # fmt: skip


def _thresholds(spec: SourceSpec | None) -> dict[str, Any] | None:
    """The bounds of quality as they are declared; None where the defaults hold."""
    return spec.quality.model_dump(mode="json", by_alias=True, exclude_unset=True) if spec and spec.quality else None


def _built(snapshot: Snapshot) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in quality(snapshot)["sources"]}


def _entry(snapshot: Snapshot, name: str) -> Mapping[str, Any]:
    return next((one for one in snapshot.manifest.get("sources", ()) if one["name"] == name), {})


def _line(
    snapshot: Snapshot, project: Project, name: str, built: Mapping[str, Any] | None, today: date
) -> dict[str, Any]:
    spec = project.sources.get(name)
    told = built or {}
    findings = [one for one in snapshot.manifest.get("quality", {}).get("findings", ()) if one["source"] == name]
    last = str(told["last_at"])[:10] if told.get("last_at") else None
    counts = {
        key: told.get(key) for key in ("rows_in", "loaded", "repaired", "set_aside", "left_out", "first_at", "last_at")
    }
    return {
        "name": name, "title": told.get("title") if spec is None else _title(spec), "kind": spec.entity if spec else told.get("entity"),
        "origin": _origin(spec, told), "owner": spec.owner if spec else told.get("owner"),
        "files": [{key: one.get(key) for key in ("path", "format", "encoding", "rows", "bytes")} for one in told.get("files") or ()],
        **counts, "loaded_at": snapshot.manifest["built_at"] if built else None,
        "age_days": max((today - date.fromisoformat(last)).days, 0) if last else None, "light": told.get("light"),
        "findings": [{"light": one["light"], "text": one["text"], "advice": one["advice"]} for one in findings],
        "schema": list(told.get("schema") or ()), "keys": _keys(project, spec, told),
        "state": "gone" if spec is None else "new" if built is None else "built",
        "place": str(project.place("sources", name)) if spec else None,
    }  # fmt: skip


def _title(spec: SourceSpec) -> dict[str, str]:
    title = spec.title
    if title is None:
        return {"zh": spec.name, "en": spec.name}
    return {"zh": title, "en": title} if isinstance(title, str) else {"zh": title.zh, "en": title.en}


def _origin(spec: SourceSpec | None, told: Mapping[str, Any]) -> str:
    if spec is not None and spec.database is not None:
        return "database"
    if spec is not None and spec.format != "auto":
        return spec.format
    files = told.get("files") or ()
    return str(files[0]["format"]) if files else "file"


def _keys(project: Project, spec: SourceSpec | None, told: Mapping[str, Any]) -> list[str]:
    """Identity keys among the fields of a source."""
    fields = {one["name"] for one in told.get("columns") or ()} or set(spec.columns if spec else ())
    return [key.name for key in project.identity.values() if key.field in fields]


def _column(
    one: Mapping[str, Any],
    spec: SourceSpec | None,
    rows: int | None,
    examples: Mapping[str, tuple[list[str], str | None]] | None,
) -> dict[str, Any]:
    name = str(one["name"])
    written = spec.columns.get(name) if spec else None
    missing = one.get("missing")
    complete = one.get("complete")
    if complete is None and rows and missing is not None:
        complete = round(1 - missing / rows, 6)
    values, hidden = (examples or {}).get(name, ([], None))
    return {
        "name": name, "from": list(columns_read(name, written)) if written is not None else None, "type": one.get("type"), "rows": rows,
        "missing": missing, "complete": complete, "valid": one.get("valid"), "unique": one.get("unique"),
        "repaired": one.get("repaired"), "light": one.get("light"), "key": False,
        "examples": values if examples is not None else None, "hidden": hidden,
    }  # fmt: skip


def _examples(
    snapshot: Snapshot, name: str, columns: Sequence[Mapping[str, Any]], project: Project
) -> dict[str, tuple[list[str], str | None]]:
    """Field → some masked values of the first rows, and why there are none."""
    if not has_table(snapshot, f"source_{name}"):
        return {}
    from pyarrow import parquet

    path = snapshot.table(f"source_{name}")
    held = set(parquet.read_schema(path).names)
    types = {str(one["name"]): str(one.get("type")) for one in columns}
    wanted = [field for field in types if field in held]
    if not wanted:
        return {}
    personal = {key.field for key in project.identity.values() if key.personal}
    closed = _closed(snapshot)
    with table_reader(path) as reader:
        rows = reader.rows(wanted, limit=_ROWS)
    return {
        field: ([], "masked")
        if field in closed
        else masked_examples([row[at] for row in rows], field, types[field], key=field in personal)
        for at, field in enumerate(wanted)
    }


def _closed(snapshot: Snapshot) -> frozenset[str]:
    """Columns that attributes are made of which the reader sees masked, though they are no contacts."""
    told = [one for one in snapshot.manifest.get("attributes", ()) if one.get("personal") == "hidden"]
    texts = [str(part["value"]) for one in told for part in one.get("from") or ()]
    return frozenset({str(one["name"]) for one in told} | {word for text in texts for word in re.findall(r"\w+", text)})


def masked_examples(
    values: Sequence[Any], field: str, type_: str, *, key: bool = False
) -> tuple[list[str], str | None]:
    """The most frequent of some values as they may be shown, at most EXAMPLES; free texts, which may name anybody, are not shown at all."""
    if field in _FREE_TEXT:
        return [], "free_text"
    counts: dict[str, int] = {}
    for value in values:
        if value is None or value == "" or value == []:
            continue
        for text in value if isinstance(value, list) else [value]:
            shown = _shown(text, field, type_, key=key)
            counts[shown] = counts.get(shown, 0) + 1
    if _is_prose(list(counts), sum(counts.values())):
        return [], "free_text"
    ordered = sorted(counts, key=lambda text: -counts[text])
    return [text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…" for text in ordered[:EXAMPLES]], None


def _is_prose(texts: Sequence[str], number: int) -> bool:
    """Whether texts are sentences rather than names and words: most of them long, or hardly any twice and with marks of sentences."""
    if not texts:
        return False
    long = sum(len(text) > _LONGEST for text in texts) * 2 > len(texts)
    marked = sum(bool(_SENTENCE.search(text)) for text in texts)
    return long or (len(texts) * 2 > number and marked * 5 > len(texts))


def _shown(value: Any, field: str, type_: str, *, key: bool) -> str:
    kind = type_ if type_ in ("phone", "email", "id_number", "address") else "key" if key else CODES.get(field)
    if type_ == "name" or field in ("name", "given_name", "real_name", "receiver", "contact_name"):
        return f"{str(value)[:1]}**"
    text = value.isoformat(sep=" ") if isinstance(value, datetime) else str(value)
    return str(mask(text, kind) if kind else mask_by_look(text))


def _unmapped(snapshot: Snapshot, name: str, spec: SourceSpec | None) -> list[str]:
    """Columns of the files that no field reads, as the build saw them."""
    told = snapshot.manifest.get("quality", {}).get("sources", ())
    measured: Mapping[str, Any] = next((one for one in told if one["name"] == name), {})
    read = {
        column for field, written in (spec.columns.items() if spec else ()) for column in columns_read(field, written)
    }
    return [one["name"] for one in measured.get("columns_of_file", ()) if one["name"] not in read]


def _today(project: Project, now: datetime | None) -> date:
    return (now or datetime.now(UTC)).astimezone(ZoneInfo(project.spec.timezone)).date()
