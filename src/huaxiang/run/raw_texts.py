"""What stood in the files where rows lie that only all files together show to be duplicates: read again, and kept for the next build."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from huaxiang.store.files.batch import FileFault, ReadRequest
from huaxiang.store.files.open import open_file

RawOf = Callable[[int, Sequence[int]], Mapping[int, str]]
"""Number of a file, and rows of it → row and raw text, of those that can be told."""
FOLDER = "raw"
_SCHEMA = pa.schema([("file", pa.int64()), ("row", pa.int64()), ("raw", pa.string())])


@dataclass(frozen=True)
class RawTexts:
    """The raw texts of one part: the request that reads its files, and where those that were asked for before lie (None: nowhere)."""

    request: ReadRequest
    kept: Path | None = None

    def __call__(self, file: int, rows: Sequence[int]) -> dict[int, str]:
        """Row → raw text, for rows of the part's file number `file`. A row of which the file makes several records is left out, and so
        is everything of a file that can't be read any more.
        """
        known = self._known()
        if any((file, row) not in known for row in rows):
            try:
                known |= self._read(file, frozenset(rows))
            except (FileFault, OSError):
                return {}
            self._keep(known)
        found = {row: known.get((file, row)) for row in rows}
        return {row: raw for row, raw in found.items() if raw is not None}

    def _known(self) -> dict[tuple[int, int], str | None]:
        if self.kept is None or not self.kept.exists():
            return {}
        try:
            columns = pq.read_table(self.kept, schema=_SCHEMA).to_pydict()
        except (pa.ArrowInvalid, OSError):
            return {}
        return dict(zip(zip(columns["file"], columns["row"], strict=True), columns["raw"], strict=True))

    def _keep(self, known: Mapping[tuple[int, int], str | None]) -> None:
        if self.kept is None:
            return
        self.kept.parent.mkdir(parents=True, exist_ok=True)
        rows = [{"file": file, "row": row, "raw": known[file, row]} for file, row in sorted(known)]
        draft = self.kept.with_suffix(".part")
        pq.write_table(pa.Table.from_pylist(rows, _SCHEMA), draft, compression="zstd")
        draft.replace(self.kept)

    def _read(self, file: int, rows: frozenset[int]) -> dict[tuple[int, int], str | None]:
        """The texts as the reader of the format tells them; None for a row with several."""
        found: dict[tuple[int, int], str | None] = {}
        for batch in open_file(self.request)[1]:
            if batch.file != file:
                continue
            for at, row in enumerate(batch.rows.tolist()):
                if row in rows:
                    raw = batch.raw(at).encode("utf-8", "backslashreplace").decode("utf-8")
                    found[file, row] = raw if found.get((file, row), raw) == raw else None
        return found


def forget_others(folder: Path, keys: Iterable[str]) -> None:
    """Remove the texts of parts that are no more."""
    kept = {f"{key}.parquet" for key in keys}
    for entry in folder.iterdir() if folder.is_dir() else ():
        if entry.name not in kept:
            entry.unlink()
