"""Load records of a format through the real path: file → reader → cleaning → tables."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from huaxiang.run.load import LoadReport, load_source
from huaxiang.spec.models import SourceSpec

AS_OF = date(2024, 6, 30)
EVENT = {
    "event_id": "event_id",
    "event": "event",
    "occurred_at": "occurred_at",
    "customer_key": "user_id",
    "anonymous_id": "anonymous_id",
}


def source_of(format_: str, files: Any = "in", columns: Mapping[str, Any] | None = None, **more: Any) -> SourceSpec:
    base = {
        "name": "web",
        "purpose": "tests",
        "legal_basis": "contract",
        "entity": "event",
        "format": format_,
        "files": files,
    }
    return SourceSpec.model_validate({**base, "columns": columns or EVENT, **more})


def write_lines(path: Path, records: Iterable[Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = (record if isinstance(record, str) else json.dumps(record, ensure_ascii=False) for record in records)
    path.write_text("".join(f"{line}\n" for line in lines), "utf-8")


class Loaded:
    """What a load left; the sums of its report are checked at once."""

    def __init__(self, folder: Path, source: SourceSpec, **options: Any) -> None:
        self.report: LoadReport = load_source(
            source, folder, folder / "out.pq", folder / "bad.pq", as_of=AS_OF, timezone="Asia/Shanghai", **options
        )
        self.rows = pq.read_table(folder / "out.pq").to_pylist()
        self.rejected = pq.read_table(folder / "bad.pq").to_pylist()
        report = self.report
        assert report.rows_in == report.loaded + report.set_aside + report.left_out
        assert report.loaded == len(self.rows)
        assert report.set_aside == len(self.rejected) == sum(report.reasons.values())
        assert report.left_out == sum(report.left_out_reasons.values())
        assert report.rows_in == sum(file.rows for file in report.files)

    def column(self, name: str) -> list[Any]:
        return [row[name] for row in self.rows]


def load_lines(folder: Path, source: SourceSpec, records: Iterable[Any]) -> Loaded:
    write_lines(folder / "in" / "a.jsonl", records)
    return Loaded(folder, source)
