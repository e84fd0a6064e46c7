"""Atomic files."""

from __future__ import annotations

from pathlib import Path

import pytest

from huaxiang.store.atomic import write_atomic, write_json


def test_replaces_whole_files_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.txt"
    write_atomic(path, "一")
    write_json(tmp_path / "b.json", {"名": 1})
    assert path.read_text("utf-8") == "一"
    assert (tmp_path / "b.json").read_text("utf-8") == '{\n  "名": 1\n}\n'

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        write_atomic(path, "二")
    assert path.read_text("utf-8") == "一"
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["a.txt", "b.json"]
