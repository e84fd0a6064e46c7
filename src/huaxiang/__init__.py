"""Huaxiang (画像): customer personas with evidence, from raw files to tags, segments, persona cards and a report.

`huaxiang.open(folder)` is the Python face; it mirrors the command line. Importing this package imports nothing heavy.
"""

from __future__ import annotations

from os import PathLike
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from huaxiang.api import Project

__version__ = "0.1.0"
__all__ = ["__version__", "open"]


def open(folder: str | PathLike[str] = ".") -> Project:  # noqa: A001 - reads `huaxiang.open("shop")`
    """Open the project in `folder` or the nearest one above it. Raises huaxiang.errors.UsageError when there is none."""
    from huaxiang.api import Project

    return Project(folder)
