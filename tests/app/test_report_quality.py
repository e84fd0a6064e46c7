"""The quality page of the report: state, findings, completeness, trend, and no value of a customer."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.run.test_quality import lay_out, members

from huaxiang.app.build import build
from huaxiang.app.report.quality import Quality
from huaxiang.app.report.writer import render, report_of
from huaxiang.app.wiring import open_snapshot


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    build(lay_out(folder, members()))

    def move(rows: list[dict[str, object]]) -> None:
        rows[3]["born"] = "no date"
        for n, row in enumerate(rows):
            row["points"] = int(str(row["points"])) * 4
            row["<b>note"] = f"n{n}"

    build(lay_out(folder, members(move=move), "quality: {complete: {city: 0.95}}", orders=700))
    return folder


def page(folder: Path, lang: str) -> tuple[Quality, str]:
    with open_snapshot(folder) as snapshot:
        report = report_of(snapshot, lang)
    return report["quality"], render(report, "0")


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
def test_the_page_tells_state_findings_and_changes(shop: Path, lang: str) -> None:
    quality, html = page(shop, lang)
    assert quality.light == "bad"
    assert quality.adds_up
    assert [f.light for f in quality.findings] == sorted((f.light for f in quality.findings), key=["bad", "look"].index)
    assert any("90.0%" in f.text and "city" in f.text for f in quality.findings)
    assert {row[1] for row in quality.drift.rows} == {"points", "<b>note"}
    assert [row[0] for row in quality.between.rows] == ["birth_date", "phone"]
    assert html.count('class="light light-bad"') >= 2
    assert 'id="quality-complete"' in html
    assert "<b>note" not in html
    assert "&lt;b&gt;note" in html
    assert "13800000" not in html


def test_the_lines_of_sources_draw_their_last_builds(shop: Path) -> None:
    quality, html = page(shop, "en")
    orders = next(line for line in quality.lines if line.title == "orders")
    assert orders.spark == "2.0,2.0 86.0,16.5"
    assert orders.spark_text == "Last 2 builds: 900 → 700 rows"
    assert f'<polyline points="{orders.spark}"' in html
    crm = next(line for line in quality.lines if line.title == "Members")
    assert crm.complete == pytest.approx(1 - 0.1 / 7, abs=2e-4)


def test_customers_by_exact_keys_stand_beside_those_of_now(shop: Path) -> None:
    with open_snapshot(shop) as snapshot:
        manifest = dict(snapshot.manifest)
        manifest["identity"] = {**manifest["identity"], "exact_customers": 500, "customers": 400}
        snapshot.manifest = manifest
        told = report_of(snapshot, "en")["quality"].identity
    assert "would be 500 customers" in told
    assert "they are 400" in told
    assert "20.0%" in told
