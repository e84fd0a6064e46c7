"""The journeys of a source, open for reading: shared by threads, mapped from the same files by every process."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from huaxiang.index.journeys.layout import Layout
from huaxiang.index.layout import map_columns, read_part, read_values


class SourceJourneys:
    """When each customer did what one source tells of. Made by `open`."""

    def __init__(self, folder: Path, layout: Layout) -> None:
        self.layout = layout
        self._mapped = map_columns(folder)
        self._values: dict[str, list[str]] = {}

    @classmethod
    def open(cls, folder: Path) -> SourceJourneys:
        """Open the journeys in a folder. Raises ValueError for those of another version, OSError when files are missing."""
        return cls(folder, Layout.read(folder))

    @cached_property
    def starts(self) -> NDArray[np.uint32]:
        """Where the events of each customer begin, and where the last ones end."""
        return self._part("starts")

    @cached_property
    def moments(self) -> NDArray[np.integer[Any]]:
        """The moment of each event, in units since the origin."""
        return self._part("moments")

    @cached_property
    def once(self) -> tuple[NDArray[np.uint32], NDArray[np.integer[Any]]]:
        """`starts` and `moments` that tell events of one customer at one moment once, where they are written; else those of all."""
        if "once:starts" not in self.layout.parts:
            return self.starts, self.moments
        return self._part("once:starts"), self._part("once:moments")

    @cached_property
    def rows(self) -> NDArray[np.uint32]:
        """The row of each event in the table of the source."""
        return self._part("rows")

    def has(self, field: str) -> bool:
        """Whether a field has codes here."""
        return f"codes:{field}" in self.layout.parts

    def codes(self, field: str) -> NDArray[np.uint8]:
        """The code of each event in a field that has codes."""
        return self._part(f"codes:{field}")

    def values(self, field: str) -> list[str]:
        """The texts that the codes of a field stand for; one code more stands for no value."""
        if field not in self._values:
            texts: list[str] = read_values(self._mapped, self.layout.parts[f"values:{field}"]).to_pylist()
            self._values[field] = texts
        return self._values[field]

    def _part(self, name: str) -> NDArray[Any]:
        return read_part(self._mapped, self.layout.parts[name])
