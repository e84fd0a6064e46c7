"""Which files a source names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from huaxiang.errors import Said, SourceError
from huaxiang.spec.models import SourceSpec

_ENDINGS = frozenset({".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".xls", ".json", ".jsonl", ".ndjson", ".parquet"})
_MAGIC = frozenset("*?[")
NOT_FOR_BUILDS = ".not-for-builds"
"""A file of this name makes its folder one that no source may read: the truth about generated data lies there."""


def find_files(source: SourceSpec, folder: Path) -> tuple[Path, ...]:
    """Files of a source, each once, in the order of the patterns and sorted within one.

    Raises SourceError if a pattern finds none, or leads into a folder that is marked as not for builds.
    """
    patterns = (source.files,) if isinstance(source.files, str) else source.files
    found: dict[Path, None] = {}
    for pattern in patterns:
        files = [path for path in _expand(folder, pattern) if path.is_file()]
        if not files:
            raise SourceError(source.name, f"files: {pattern}", _nothing(folder, pattern))
        _refuse_marked(source, pattern, files)
        found.update(dict.fromkeys(files))
    if not found:
        raise SourceError(
            source.name,
            "files",
            Said(
                "no pattern given; name a file, a folder or a glob relative to the project folder",
                "没有给出路径；请写相对于项目文件夹的文件、文件夹或通配符",
            ),
        )
    return tuple(found)


def _refuse_marked(source: SourceSpec, pattern: str, files: Iterable[Path]) -> None:
    """Raise SourceError for a file below a marked folder, also by way of links."""
    folders = {above for path in files for above in path.resolve().parents}
    for above in sorted(folders):
        if (above / NOT_FOR_BUILDS).exists():
            raise SourceError(
                source.name,
                f"files: {pattern}",
                Said(
                    f'the folder "{above.name}" holds the truth about generated data and is marked ({NOT_FOR_BUILDS}) as not for builds; '
                    "name files of the project's data folder",
                    f"文件夹“{above.name}”存放生成数据的标准答案，已标记（{NOT_FOR_BUILDS}）为不可用于构建；"
                    "请指定项目数据文件夹中的文件",
                ),
            )


def shown(path: Path, folder: Path) -> str:
    """Path as messages and reports name it: relative to the project where it lies inside, else the file name."""
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.name


def _expand(folder: Path, pattern: str) -> Iterator[Path]:
    path = folder / pattern
    if path.is_dir():
        yield from sorted(
            child for child in path.rglob("*") if child.suffix.lower() in _ENDINGS and _visible(child, path)
        )
    elif path.exists() or not _MAGIC & set(pattern):
        yield path
    else:
        base = Path(path.anchor) if Path(pattern).is_absolute() else folder
        relative = str(Path(pattern).relative_to(path.anchor)) if Path(pattern).is_absolute() else pattern
        yield from sorted(child for child in base.glob(relative) if _visible(child, base))


def _visible(path: Path, base: Path) -> bool:
    return not any(part.startswith((".", "~$")) for part in path.relative_to(base).parts)


def _nothing(folder: Path, pattern: str) -> Said:
    if (folder / pattern).is_dir():
        endings = sorted(_ENDINGS)
        return Said(
            f"the folder holds no data file (looked for {', '.join(endings)})",
            f"文件夹中没有数据文件（查找 {'、'.join(endings)}）",
        )
    return Said("no such file; paths are relative to the project folder", "没有这个文件；路径相对于项目文件夹")
