"""Malformed inputs: each gets a clear answer, and every row is accounted for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.malformed.cases import NDJSON, SECRET, Case, Refused
from tests.malformed.loaded import LOADED
from tests.malformed.making import COLUMNS, HEAD, ROW, load
from tests.malformed.refused import REFUSED
from tests.told import same_names

from huaxiang.errors import SourceError


@pytest.mark.parametrize("case", LOADED, ids=lambda case: case.name)
def test_loads_in_part(case: Case, tmp_path: Path) -> None:
    case.make(tmp_path / case.file)
    loaded = load(tmp_path, case.file, **case.spec)
    report = loaded.report
    assert (report.rows_in, dict(report.reasons)) == (case.rows_in, case.reasons)
    assert report.loaded + report.set_aside == report.rows_in
    assert len(loaded.rows) == report.loaded
    assert len(loaded.rejected) == report.set_aside == sum(case.reasons.values())
    assert all(row["raw"] and row["reason"] and row["file"] == case.file for row in loaded.rejected)
    for name, values in case.values.items():
        assert [row[name] for row in loaded.rows] == values
    if case.bad_rows is not None:
        assert [row["row"] for row in loaded.rejected] == case.bad_rows


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.name)
def test_refused_with_a_clear_message(case: Refused, tmp_path: Path) -> None:
    case.make(tmp_path / case.file)
    with pytest.raises(SourceError, match=case.message) as caught:
        load(tmp_path, case.file, **{"columns": COLUMNS, **case.spec})
    message = str(caught.value)
    assert message.startswith('source "orders" ')
    assert caught.value.zh.startswith("数据源“orders”")
    assert not same_names(caught.value)
    assert SECRET not in message + caught.value.zh
    assert len(message) < 600
    assert not (tmp_path / "out.clean").exists() or "in all" in message


def test_there_are_at_least_forty() -> None:
    names = [case.name for case in (*LOADED, *REFUSED)]
    assert len(names) == len(set(names)) >= 40


def test_one_file_of_many_is_named(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.csv").write_text(HEAD + ROW)
    (tmp_path / "in" / "b.csv").write_text("id,at\n1,2024-01-02\n")
    with pytest.raises(SourceError, match=r'in/b\.csv: no column "amount"'):
        load(tmp_path, "in/*.csv")


def test_an_empty_file_among_others_is_reported_and_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(HEAD + ROW)
    (tmp_path / "b.csv").write_bytes(b"")
    report = load(tmp_path, "*.csv").report
    assert [(file.path, file.format, file.rows) for file in report.files] == [
        ("a.csv", "csv", 1),
        ("b.csv", "empty", 0),
    ]


def test_raw_text_of_rows_set_aside_is_the_file_s(tmp_path: Path) -> None:
    bad = 'a2,"x, y",2024-01-02'
    (tmp_path / "a.csv").write_text(HEAD + ROW + bad + "\n" + ROW)
    (rejected,) = load(tmp_path, "a.csv").rejected
    assert rejected == {
        "source": "orders",
        "file": "a.csv",
        "row": 3,
        "column": "amount",
        "code": "number",
        "reason": "not a number",
        "raw": bad,
    }
    (tmp_path / "a.ndjson").write_text(NDJSON + json.dumps({"id": 1, "amount": "x", "at": 1}) + "\n")
    assert load(tmp_path, "a.ndjson").rejected[0]["raw"] == '{"id": 1, "amount": "x", "at": 1}'
