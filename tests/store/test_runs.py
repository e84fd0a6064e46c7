"""The run history."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from huaxiang.errors import Said, SourceError
from huaxiang.store.runs import RunLog

DIE = """
import sys, pathlib, os, signal
from huaxiang.store.runs import RunLog
run = RunLog(pathlib.Path(sys.argv[1])).start("r1", engine="duckdb")
run.begin_stage("collect"); run.end_stage(rows=5); run.begin_stage("clean")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_run_that_ends_well(tmp_path: Path) -> None:
    log = RunLog(tmp_path)
    assert log.list() == ()
    run = log.start("r1", engine="duckdb", as_of="2024-05-01")
    run.begin_stage("collect")
    assert log.list()[0]["state"] == "running"
    run.end_stage(rows=5)
    run.done("20240501T000000Z-0000")
    (record,) = log.list()
    assert record["state"] == "done"
    assert record["snapshot"] == "20240501T000000Z-0000"
    assert record["engine"] == "duckdb"
    assert [(stage["name"], stage["rows"]) for stage in record["stages"]] == [("collect", 5)]


def test_a_failure_is_kept_without_customers_values(tmp_path: Path) -> None:
    log = RunLog(tmp_path)
    known, unknown = log.start("r1"), log.start("r2")
    known.begin_stage("collect")
    known.failed(SourceError("orders", "orders.csv", Said("no such file", "没有该文件")))
    unknown.failed(ValueError("Li Lei 13800138000"))
    newest, oldest = log.list()
    assert oldest["error"]["type"] == "SourceError"
    assert oldest["error"]["message"] == 'source "orders" orders.csv: no such file'
    assert oldest["stages"][0]["state"] == "failed"
    assert "13800138000" not in json.dumps(newest)


def test_a_killed_run_shows_as_crashed_with_the_stage_it_reached(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", DIE, str(tmp_path)], check=False)
    (record,) = RunLog(tmp_path).list()
    assert record["state"] == "crashed"
    assert [(stage["name"], stage["state"]) for stage in record["stages"]] == [
        ("collect", "done"),
        ("clean", "running"),
    ]
    path = tmp_path / ".huaxiang/runs/r1.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"host": "elsewhere"}))
    assert RunLog(tmp_path).list()[0]["state"] == "crashed"
    path.write_text("{")
    assert RunLog(tmp_path).list()[0]["state"] == "unreadable"


def test_old_records_go(tmp_path: Path) -> None:
    log = RunLog(tmp_path)
    for number in range(205):
        (tmp_path / ".huaxiang/runs").mkdir(parents=True, exist_ok=True)
        (tmp_path / f".huaxiang/runs/r{number:03}.json").write_text("{}")
    log.start("r999")
    assert len(list((tmp_path / ".huaxiang/runs").iterdir())) == 200
