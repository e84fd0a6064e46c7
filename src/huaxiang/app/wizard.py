"""A file becomes a source: its mapping is tried on all its rows, then written as YAML, once the whole project is checked."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from huaxiang.app.definition_files import changed, digest_of, editing, replace_file, with_item
from huaxiang.app.file_reading import Form
from huaxiang.app.sources import masked_examples
from huaxiang.app.uploads import Upload
from huaxiang.errors import Issue, ProjectInvalid, SourceError, UsageError
from huaxiang.spec.canonical import FIELDS
from huaxiang.spec.loader import Project, load_project
from huaxiang.spec.sources import SourceSpec

if TYPE_CHECKING:
    from huaxiang.run.load import LoadReport

PREVIEW_KEYS = (
    "rows_in", "loaded", "set_aside", "left_out", "reasons", "columns", "rows", "rejected", "yaml", "fault", "issues", "new_attributes",
)  # fmt: skip
"""`reasons`: rows set aside by code · `columns`: {name, type, missing, repaired: [{kind, values, text}]} · `rows`: the first loaded ones,
masked, {row, values} · `rejected`: the first rows set aside {row, column, code, text} · `yaml`: what would be written · `fault`: why
nothing could be loaded, {zh, en} · `issues`: what the project would have as faults and warnings and does not have now ·
`new_attributes`: fields of customers that no attribute reads yet.
"""
SAVED_KEYS = ("name", "file", "data", "created", "digest", "attributes", "warnings")
ROWS = 20
REJECTED = 50
SOURCE_ORDER = (
    "title", "owner", "purpose", "legal_basis", "entity", "files", "format", "encoding", "delimiter", "sheet", "header_row", "trust",
    "unique", "on_bad_row", "columns",
)  # fmt: skip
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_HEAD = "# 由导入向导写入 · Written by the mapping wizard\nsources: []\n"
_ATTRIBUTES_HEAD = "# 由导入向导写入 · Written by the mapping wizard\nattributes: []\n"


@dataclass(frozen=True)
class Wanted:
    """What a file shall be: how it is read, and the keys of its source (title, owner, purpose, legal_basis, entity, trust, unique,
    columns). `attributes`: fields that become attributes of customers; `expected`: digest of the file that defines the source now, None
    for a new one.
    """

    form: Form
    keys: Mapping[str, Any]
    attributes: Sequence[str] = ()
    expected: str | None = None
    delimiter: str | None = None


def preview(folder: Path, upload: Upload, name: str, wanted: Wanted) -> dict[str, Any]:
    """Return PREVIEW_KEYS: what the mapping makes of all rows of the file. Raises UsageError for a mapping that is none."""
    project = load_project(folder)
    spec = _spec(name, wanted, str(upload.path))
    told: dict[str, Any] = dict.fromkeys(PREVIEW_KEYS) | {
        "rows_in": 0, "loaded": 0, "set_aside": 0, "left_out": 0, "reasons": [], "columns": [], "rows": [], "rejected": [],
        "new_attributes": _new_attributes(project, spec),
    }  # fmt: skip
    data = _data_name(folder, upload)
    file, _, text = _text(project, folder, name, wanted, data)
    told |= {"yaml": _item(text, name), "issues": []}
    with tempfile.TemporaryDirectory(prefix="huaxiang-wizard-") as scratch:
        out, rejected = Path(scratch) / "rows.parquet", Path(scratch) / "rejected.parquet"
        try:
            report = _load(project, spec, folder, (out, rejected))
        except SourceError as error:
            return told | {"fault": _plain_fault(error, upload)}
        told |= _told(report, out, rejected)
    checked = _checked(project, folder, {file: text}, name, beside={data: upload.path})
    return told | {"issues": [_issue(one) for one in checked if one.severity == "error"]}


def save_source(folder: Path, upload: Upload, name: str, wanted: Wanted) -> dict[str, Any]:
    """Move the file into the project's data folder and write its source; return SAVED_KEYS.

    The whole project is checked, as a build would, before a definition is replaced. Raises ProjectInvalid for faults that it does not have
    now, UsageError when the definition has changed since it was read, exists though a new one is wanted, or another source's pattern
    would read the file too.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(
            f'"{name}" can\'t be the name of a source: small letters, digits and _, beginning with a letter, at most 63',
            f"“{name}”不能用作数据源名：只能用小写字母、数字和 _，以字母开头，最多 63 个字符；中文名请写在标题里",
        )
    with editing(folder):
        project = load_project(folder)
        created = name not in project.sources
        data = _data_name(folder, upload)
        spec = _spec(name, wanted, data)
        file, before, text = _text(project, folder, name, wanted, data)
        _check_expected(project, name, file, before, wanted.expected)
        _refuse_overlap(project, name, data)
        changes = {file: text} | _attribute_text(project, folder, name, spec, wanted.attributes)
        with _placed(folder, upload, data) as keep:
            issues = _checked(project, folder, changes, name)
            if faults := [one for one in issues if one.severity == "error"]:
                raise ProjectInvalid(faults)
            for path, content in sorted(changes.items(), key=lambda one: one[0] == file):
                held = folder / path
                replace_file(held, before if path == file else held.read_bytes() if held.is_file() else None, content)
            keep()
    shutil.rmtree(upload.path.parent, ignore_errors=True)
    return {
        "name": name, "file": file, "data": data, "created": created, "digest": digest_of(text.encode()),
        "attributes": list(wanted.attributes), "warnings": [_issue(one) for one in issues if one.severity != "error"],
    }  # fmt: skip


def _spec(name: str, wanted: Wanted, files: str) -> SourceSpec:
    from pydantic import ValidationError

    from huaxiang.spec.faults import first_fault

    keys = {key: value for key, value in wanted.keys.items() if value is not None}
    made = (
        {"name": name if _NAME.fullmatch(name) else "preview", "files": files}
        | keys
        | wanted.form.keys(wanted.delimiter)
    )
    try:
        return SourceSpec.model_validate(made)
    except ValidationError as error:
        raise UsageError(*first_fault(error, made, SourceSpec)) from None


def _load(project: Project, spec: SourceSpec, folder: Path, out: tuple[Path, Path]) -> LoadReport:
    from huaxiang.run.load import load_source

    declared = project.spec.as_of
    as_of = (
        date.fromisoformat(declared)
        if declared[:1].isdigit()
        else datetime.now(UTC).astimezone(ZoneInfo(project.spec.timezone)).date()
    )
    rates = {**project.spec.rates, project.spec.currency: 1.0}
    return load_source(spec, folder, *out, as_of=as_of, timezone=project.spec.timezone, rates=rates)


def _told(report: LoadReport, out: Path, rejected: Path) -> dict[str, Any]:
    from huaxiang.app.quality import reason_text, repair_text

    ordered = sorted(report.reasons.items(), key=lambda one: (-one[1], one[0]))
    return {
        "rows_in": report.rows_in, "loaded": report.loaded, "set_aside": report.set_aside, "left_out": report.left_out,
        "reasons": [{"code": code, "rows": rows, "text": reason_text(code)} for code, rows in ordered],
        "columns": [
            {
                "name": one.name, "type": one.type, "missing": one.missing,
                "repaired": [{"kind": kind, "values": count, "text": repair_text(kind)} for kind, count in one.repaired.items()],
            } for one in report.columns
        ],
        "rows": _first_rows(out, {one.name: one.type for one in report.columns}), "rejected": _first_rejected(rejected),
    }  # fmt: skip


def _first_rows(path: Path, types: Mapping[str, str]) -> list[dict[str, Any]]:
    from pyarrow import parquet

    table = next(parquet.ParquetFile(path).iter_batches(ROWS), None)
    if table is None:
        return []
    return [
        {"row": row["_row"], "values": {name: _masked(row[name], name, type_) for name, type_ in types.items()}}
        for row in table.to_pylist()
    ]


def _masked(value: Any, name: str, type_: str) -> str | None:
    if value is None:
        return None
    shown, hidden = masked_examples([value], name, type_)
    return "；".join(shown) if shown else "…" if hidden else ""


def _first_rejected(path: Path) -> list[dict[str, Any]]:
    from pyarrow import parquet

    from huaxiang.app.quality import reason_text

    table = parquet.read_table(path, columns=["row", "column", "code"]).slice(0, REJECTED)
    return [one | {"text": reason_text(one["code"])} for one in table.to_pylist()]


def _plain_fault(error: SourceError, upload: Upload) -> dict[str, str]:
    """Why a file can't be loaded, without the place where it waits."""
    place, name = str(upload.path), str(upload.told["name"])
    return {"zh": error.zh.replace(place, name), "en": str(error).replace(place, name)}


def _new_attributes(project: Project, spec: SourceSpec) -> list[dict[str, Any]]:
    """Fields of a source of people that no attribute is named after: {name, title}."""
    from huaxiang.app.catalogue import load_catalogue

    if spec.entity != "person":
        return []
    items = dict(load_catalogue().items())
    own = {key.field for key in project.identity.values()}
    taken = {*project.attributes, *project.tags}
    return [
        {"name": one, "title": {"zh": items[one].zh, "en": items[one].en} if one in items else None}
        for one in spec.columns
        if one not in own and one not in taken and one not in ("updated_at", "customer_key")
    ]


# The files


def _data_name(folder: Path, upload: Upload) -> str:
    """Where the file goes: its own name in the data folder, with a number when that is taken."""
    plain = PurePath(re.sub(r"[^\w.\-()（）]+", "_", str(upload.told["name"])).lstrip("._") or "data")
    stem, ending = plain.stem or "data", upload.path.suffix
    name, number = f"data/{stem}{ending}", 2
    while (folder / name).exists():
        name, number = f"data/{stem}_{number}{ending}", number + 1
    return name


def _text(project: Project, folder: Path, name: str, wanted: Wanted, data: str) -> tuple[str, bytes | None, str]:
    """The file that defines the source, its content before, and what it shall be."""
    file = project.place("sources", name).file if name in project.sources else f"sources/{name}.yaml"
    before = (folder / file).read_bytes() if (folder / file).is_file() else None
    form: dict[str, Any] = dict.fromkeys(("format", "encoding", "delimiter", "sheet", "header_row"))
    keys = dict(wanted.keys) | form | wanted.form.keys(wanted.delimiter) | {"files": data}
    usual = FIELDS[wanted.keys["entity"]]
    keys |= {
        "columns": {one: _short(written, usual.get(one, "text")) for one, written in wanted.keys["columns"].items()}
    }
    text = with_item(before.decode() if before is not None else _HEAD, "sources", name, keys, SOURCE_ORDER)
    return file, before, _block(text, name)


def _short(written: Any, type_: str) -> Any:
    """A mapping as people write it: the column's name alone where there is no more to say. `type_`: what the field is anyway."""
    if not isinstance(written, Mapping):
        return written
    kept = {key: value for key, value in written.items() if value not in (None, "", [], {}, False)}
    if "strict" in written and written["strict"] is False:
        kept["strict"] = False
    if kept.get("type") == type_:
        kept.pop("type")
    return kept["from"] if set(kept) == {"from"} else kept


def _block(text: str, name: str) -> str:
    """The YAML with one line a column."""
    from huaxiang.app.definition_files import dumped, round_trip

    yaml = round_trip(text)
    data = yaml.load(text)
    item = next(one for one in data["sources"] if one["name"] == name)
    item["columns"].fa.set_block_style()
    return dumped(yaml, data)


def _item(text: str, name: str) -> str:
    """The lines of one source."""
    from huaxiang.app.definition_files import dumped, round_trip

    yaml = round_trip(text)
    data = yaml.load(text)
    data["sources"] = [one for one in data["sources"] if one["name"] == name]
    return dumped(yaml, {"sources": data["sources"]})


def _attribute_text(
    project: Project, folder: Path, name: str, spec: SourceSpec, fields: Sequence[str]
) -> dict[str, str]:
    """File → content with the attributes that the fields become."""
    if not fields:
        return {}
    new = {one["name"]: one["title"] for one in _new_attributes(project, spec)}
    for one in fields:
        if one not in new:
            raise UsageError.unknown("field", one, new)
    file = f"attributes/{name}.yaml"
    path = folder / file
    text = path.read_text("utf-8") if path.is_file() else _ATTRIBUTES_HEAD
    from huaxiang.app.catalogue import load_catalogue

    items = dict(load_catalogue().items())
    for one in fields:
        class_ = items[one].class_ if one in items and items[one].class_ != "business" else None
        keys = {"title": new[one], "source": name, "value": one, "class": class_}
        text = with_item(text, "attributes", one, keys, ("title", "source", "value", "class"))
    return {file: text}


def _check_expected(project: Project, name: str, file: str, before: bytes | None, expected: str | None) -> None:
    if name in project.sources and expected is None:
        raise UsageError(
            f'there is a source "{name}" already; choose another name, or replace that one',
            f"已有名为“{name}”的数据源；请换个名称，或选择替换它",
        )
    if name not in project.sources and before is not None:
        raise UsageError(f"{file} is there already; choose another name", f"{file} 已存在；请换个名称")
    if expected is not None and (before is None or digest_of(before) != expected):
        raise changed(file)


def _refuse_overlap(project: Project, name: str, data: str) -> None:
    """Refuse a file that another source's folder or pattern would take in as well."""
    for other in project.sources.values():
        patterns = (other.files,) if isinstance(other.files, str) else other.files
        for pattern in patterns:
            inside = (
                PurePath(data).is_relative_to(pattern.rstrip("/"))
                if not set("*?[") & set(pattern)
                else PurePath(data).match(pattern)
            )
            if other.name != name and inside:
                raise UsageError(
                    f'source "{other.name}" reads {pattern} and would take in {data} too; rename the file and upload it again',
                    f"数据源“{other.name}”读取 {pattern}，会同时读到 {data}；请将文件改名后重新上传",
                )


@contextmanager
def _placed(folder: Path, upload: Upload, data: str) -> Iterator[Any]:
    """Let the file lie in the data folder; it is gone afterwards unless `keep()` was called."""
    target = folder / data
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(upload.path, target)
    except OSError:  # another file system, or one without links
        shutil.copyfile(upload.path, target)
    kept: list[bool] = []
    try:
        yield lambda: kept.append(True)
    finally:
        if not any(kept):
            target.unlink(missing_ok=True)


def _checked(
    project: Project, folder: Path, changes: Mapping[str, str], name: str, beside: Mapping[str, Path] | None = None
) -> list[Issue]:
    """Faults and warnings that the project would have with changed files, and does not have now. The files are loaded from a copy of the
    definitions, by the loader and the checker that a build uses; only the files of source `name` are opened: those of others are as before.
    `beside`: data files that the project shall seem to have, path → where they are; its own folder is left alone, since others try
    their files at the same time.
    """
    from huaxiang.app.build import issues_of

    before = {one.message for one in issues_of(project, lambda one: one.name == name)}
    (folder / ".huaxiang").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="check-", dir=folder / ".huaxiang") as scratch:
        draft = Path(scratch)
        for entry in folder.iterdir():
            (draft / entry.name).symlink_to(entry.resolve())
        for file in {
            *(path.relative_to(folder).parts[0] for path in project.files),
            *(PurePath(file).parts[0] for file in changes),
        }:
            if (draft / file).is_symlink() and (folder / file).is_dir():
                (draft / file).unlink()
                shutil.copytree(folder / file, draft / file, symlinks=True)
        for file, place in (beside or {}).items():
            parent = (draft / file).parent
            if parent.is_symlink():
                parent.unlink()
            parent.mkdir(exist_ok=True)
            lies = {other.name: other for other in (folder / file).parent.glob("*")} | {PurePath(file).name: place}
            for called, real in lies.items():
                (parent / called).symlink_to(real.resolve())
        for file, text in changes.items():
            (draft / file).parent.mkdir(parents=True, exist_ok=True)
            (draft / file).write_text(text, "utf-8")
        found = issues_of(load_project(draft), lambda one: one.name == name)
    return [one for one in found if one.message not in before]


def _issue(one: Issue) -> dict[str, Any]:
    return {
        "file": one.place.file,
        "line": one.place.line,
        "code": one.code,
        "severity": one.severity,
        "message": {"zh": one.zh, "en": one.message},
    }
