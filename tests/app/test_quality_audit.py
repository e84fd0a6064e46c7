"""Audits without a build, and the quality commands on a built project."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.published import publish_sample
from tests.run.test_quality import lay_out, members

from huaxiang.app.build import build
from huaxiang.app.quality import QUALITY_KEYS, quality
from huaxiang.app.quality_audit import AUDIT_KEYS, audit
from huaxiang.app.status import project_status
from huaxiang.app.wiring import open_snapshot
from huaxiang.errors import SnapshotError, UsageError
from huaxiang.serve.cli.main import main

NOON = datetime(2025, 7, 1, 4, tzinfo=UTC)


def add(folder: Path, rules: str) -> None:
    lay_out(folder, members(), f"quality: {{{rules}}}")


def test_an_audit_judges_by_the_rules_of_now(tmp_path: Path) -> None:
    build(lay_out(tmp_path, members()))
    found = audit(tmp_path, now=NOON)
    assert tuple(found) == AUDIT_KEYS
    assert (found["passed"], found["broken"], found["age_days"]) == (True, 0, 1)
    assert found["remeasured"] == ["crm", "shop", "orders"]
    add(tmp_path, "complete: {city: {warn: 0.95}}")
    assert (audit(tmp_path, now=NOON)["passed"], audit(tmp_path, now=NOON)["broken"]) == (True, 1)
    add(tmp_path, "rules: [{name: poor, condition: points < 10, level: stop}]")
    found = audit(tmp_path, now=NOON)
    assert (found["passed"], found["light"]) == (False, "bad")
    assert [(f["code"], f["column"], f["level"]) for f in found["findings"] if f["level"]] == [
        ("condition", "poor", "stop")
    ]


def test_an_audit_measures_age_against_today(tmp_path: Path) -> None:
    build(lay_out(tmp_path, members()))
    path = tmp_path / "sources" / "all.yaml"
    fresh = path.read_text("utf-8").replace(
        "unique: [order_id]", "unique: [order_id]\n    quality: {fresh_within: {warn: 5d, stop: 3w}}"
    )
    path.write_text(fresh, "utf-8")
    assert audit(tmp_path, now=NOON)["broken"] == 0
    assert [f["value"] for f in audit(tmp_path, now=datetime(2025, 7, 9, tzinfo=UTC))["findings"] if f["level"]] == [
        12.0
    ]
    late = audit(tmp_path, now=datetime(2025, 8, 9, tzinfo=UTC))
    assert not late["passed"]
    (age,) = [f["text"] for f in late["findings"] if f["measure"] == "age"]
    assert "距审计日" in age["zh"]
    assert "统计日" not in age["zh"]


def test_an_audit_of_an_older_snapshot_asks_for_a_build(tmp_path: Path) -> None:
    publish_sample(tmp_path).close()
    with pytest.raises(SnapshotError, match="run `huaxiang build` once"):
        audit(tmp_path)


def test_one_source_with_its_columns_and_trend(tmp_path: Path) -> None:
    lay_out(tmp_path, members())
    for _ in range(3):
        build(tmp_path)
    with open_snapshot(tmp_path) as snapshot:
        found = quality(snapshot, "crm")
        with pytest.raises(UsageError, match='did you mean "crm"'):
            quality(snapshot, "crmm")
    assert tuple(found) == QUALITY_KEYS
    assert found["rows_in"] == 400
    (crm,) = found["sources"]
    assert [line["rows"] for line in crm["trend"]] == [400, 400, 400]
    assert crm["trend"][-1]["complete"] == pytest.approx(1 - 0.1 / 7)
    assert {r["kind"] for r in crm["repairs"]} >= {"synonym"}
    assert project_status(tmp_path)["quality"] == {"light": found["light"], "findings": len(found["findings"])}


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
def test_the_commands_speak(tmp_path: Path, capsys: pytest.CaptureFixture[str], lang: str) -> None:
    def spoil(rows: list[dict[str, object]]) -> None:
        rows[3]["born"] = "no date"

    build(lay_out(tmp_path, members(spoil=spoil), "quality: {complete: {city: 0.95}}"))
    build(tmp_path)
    place = ["--project", str(tmp_path), "--lang", lang]
    said = {}
    for words in (["quality"], ["quality", "crm"], ["quality", "rejected", "crm"], ["quality", "audit"], ["status"]):
        assert main([*words, *place]) == 0
        said[" ".join(words)] = capsys.readouterr().out
    state = {"zh-CN": "异常", "en": "bad"}[lang]
    assert state in said["quality"]
    assert state in said["quality crm"]
    assert state in said["status"]
    assert {"zh-CN": "没有突破 stop 界限。上面 1 项异常", "en": "no bound that stops is crossed. 1 bad"}[lang] in said[
        "quality audit"
    ]
    assert "90.0%" in said["quality crm"]
    assert "█" in said["quality crm"]
    assert "▄▄" in said["quality crm"]
    assert "crm.csv" in said["quality rejected crm"]
    assert "no date" not in "".join(said.values())
    assert "13800000" not in "".join(said.values())


def test_an_audit_that_fails_exits_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build(lay_out(tmp_path, members()))
    add(tmp_path, "complete: {city: {stop: 0.95}}")
    assert main(["quality", "audit", "--project", str(tmp_path), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["passed"] is False


def test_the_build_command_tells_what_it_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lay_out(tmp_path, members(), "quality: {complete: {city: 0.95}}")
    assert main(["build", str(tmp_path), "--lang", "en"]) == 0
    said = capsys.readouterr().out
    assert "Data quality: bad" in said
    assert "city is known on 90.0% of the rows, below 95.0%" in said
    add(tmp_path, "level: stop, complete: {city: 0.95}")
    assert main(["build", str(tmp_path), "--lang", "en"]) == 1
    assert "stops the build" in capsys.readouterr().err
