"""Make a new project from a template: definitions that are copied, and the data that go with them."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from types import MappingProxyType

from huaxiang.errors import UsageError
from huaxiang.spec.models import Text

PROJECT_FILE = "huaxiang.yaml"
TEMPLATES: Mapping[str, Text] = MappingProxyType(
    {
        "retail": Text(zh="零售：会员、订单、明细、访问（附虚构示例数据）", en="retail, with synthetic example data"),
        "completejourney": Text(zh="Complete Journey 超市数据示例", en="the Complete Journey grocery data"),
    }
)
"""Template → what it is, for `huaxiang init --help`."""

IGNORED = "# 运行结果与数据不进版本库 · results and data stay out of version control\n.huaxiang/\ndata/\n"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


def init_project(folder: Path, template: str = "retail") -> tuple[Path, ...]:
    """Write a working project into `folder`; return the files written, relative to it, sorted.

    The folder may exist with other files in it, but nothing is overwritten: UsageError when it holds a project already, or a
    file of the template. The project file comes last, so that a half-written folder is no project.
    """
    if template not in TEMPLATES:
        raise UsageError.unknown("template", template, TEMPLATES)
    folder = Path(folder)
    refuse_project(folder)
    return _write(folder, template, keep=False)


def fill_project(folder: Path, template: str) -> tuple[Path, ...]:
    """Like `init_project`, but files that are there already are kept: for a folder where an earlier call was cut short."""
    return _write(Path(folder), template, keep=True)


def _write(folder: Path, template: str, *, keep: bool) -> tuple[Path, ...]:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".huaxiang-init-", dir=folder.resolve().parent) as scratch:
        draft = Path(scratch) / "project"
        write_definitions(draft, template, name=folder.resolve().name)
        _data_writer(template)(draft / "data")
        return _move(draft, folder, keep=keep)


def refuse_project(folder: Path) -> None:
    """Raise UsageError when `folder` is a file or holds a project."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(
            f"{folder} is a file; name a folder for the new project", f"{folder} 是文件；请给出新项目的文件夹"
        )
    if (folder / PROJECT_FILE).exists():
        raise UsageError(
            f"{folder} already holds a project ({PROJECT_FILE}); choose another folder, or edit that project",
            f"{folder} 里已有项目（{PROJECT_FILE}）；请换个文件夹，或直接修改那个项目",
        )


def write_definitions(folder: Path, template: str, *, name: str | None = None) -> None:
    """Copy a template's definitions into `folder`; a retail project takes the folder's name where that is a valid name."""
    _copy(files("huaxiang") / "templates" / "projects" / template, folder)
    (folder / ".gitignore").write_text(IGNORED, encoding="utf-8")
    if template == "retail" and name and _NAME.fullmatch(name):
        file = folder / PROJECT_FILE
        file.write_text(file.read_text("utf-8").replace("name: my_shop", f"name: {name}", 1), encoding="utf-8")


def _data_writer(template: str) -> Callable[[Path], None]:
    if template == "retail":
        from huaxiang.app.example_data import write_example_data

        return write_example_data
    from huaxiang.app.demo_data import export_data

    return export_data


def _copy(source: Traversable, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for entry in source.iterdir():
        if entry.name.startswith("__"):
            continue
        if entry.is_dir():
            _copy(entry, target / entry.name)
        else:
            (target / entry.name).write_bytes(entry.read_bytes())


def _move(draft: Path, folder: Path, *, keep: bool) -> tuple[Path, ...]:
    """Move every file of `draft` to its place in `folder`, the project file last."""
    found = sorted(f.relative_to(draft) for f in draft.rglob("*") if f.is_file())
    taken = [str(f) for f in found if (folder / f).exists() and f.name != ".gitignore"]
    if taken and not keep:
        raise UsageError(
            f"{folder} already has {', '.join(taken[:5])}; choose another folder, nothing was written",
            f"{folder} 里已有 {'、'.join(taken[:5])}；请换个文件夹，什么也没有写入",
        )
    for file in sorted(found, key=lambda f: (f == Path(PROJECT_FILE), f)):
        if (folder / file).exists():
            continue
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        try:
            (draft / file).replace(folder / file)
        except OSError:  # another file system
            shutil.copyfile(draft / file, folder / file)
    return tuple(found)
