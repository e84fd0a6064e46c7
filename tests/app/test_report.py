"""The report's numbers against an independent recomputation, and what the one file may and may not hold."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.app.report_snapshot import FakeSnapshot, make_snapshot

from huaxiang.app.report import writer
from huaxiang.app.report.book import Book
from huaxiang.app.report.customers import Customers
from huaxiang.app.report.features.spend import gini, lorenz, top_share
from huaxiang.app.report.figures import bin_labels, histogram, nice_step
from huaxiang.app.report.words import LANGUAGES, Words, load_catalogue
from huaxiang.app.report.writer import report_of, safe_json, write_report
from huaxiang.errors import HuaxiangError, UsageError

SCRIPT = "/* stands for the built charts */"
HOSTILE = "</script><img src=x onerror=alert(1)>\u2028'\"&"


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> FakeSnapshot:
    return make_snapshot(tmp_path_factory.mktemp("snapshot"))


@pytest.fixture(scope="module")
def people(snapshot: FakeSnapshot) -> pd.DataFrame:
    frame = pq.read_table(snapshot.table("customers")).to_pandas()
    return frame.assign(spend=frame.spend.astype(float))


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> None:
    """Writing does not need the built charts."""
    monkeypatch.setattr(writer, "read_bundle", lambda: SCRIPT)


class Attributes(HTMLParser):
    """Collects every attribute of a page as a browser would read it."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += attrs


def figure(report: dict[str, Any], id_: str) -> Any:
    return next(f for section in report["sections"] for f in section.figures if f.id == id_)


def test_both_languages_have_the_same_texts_and_placeholders() -> None:
    zh, en = (load_catalogue(lang) for lang in LANGUAGES)
    assert zh.keys() == en.keys()
    for key in zh:
        assert set(re.findall(r"{(\w+)}", zh[key])) == set(re.findall(r"{(\w+)}", en[key])), key
    assert not [key for key, text in en.items() if re.search(r"[\u4e00-\u9fff]", text)]


def test_distribution_equals_pandas(snapshot: FakeSnapshot, people: pd.DataFrame) -> None:
    report = report_of(snapshot, "zh-CN")
    for tag in ("province", "top_category", "channel"):
        found = figure(report, f"{'region' if tag == 'province' else 'taste'}-{tag}")
        counts = people[tag].value_counts()
        assert [row[1] for row in found.table.rows] == [f"{n:,}" for n in counts]
        assert [row[2] for row in found.table.rows] == [f"{100 * n / counts.sum():.1f}%" for n in counts]
        missing = int(people[tag].isna().sum())
        assert f"{counts.sum():,}" in found.note[0]
        assert f"{missing:,}" in found.note[1]
        assert "2025-06-30" in found.note[-1]


def test_pyramid_counts_every_known_pair_once(snapshot: FakeSnapshot, people: pd.DataFrame) -> None:
    spec = figure(report_of(snapshot, "zh-CN"), "people-pyramid").spec
    known = people.dropna(subset=["gender", "age_band"])
    for side, gender in zip(spec["series"], ("female", "male"), strict=True):
        counts = known[known.gender == gender].groupby("age_band").size()
        assert side["values"] == pytest.approx(
            [100 * counts.get(age, 0) / len(known) for age in spec["labels"]], abs=1e-3
        )


def test_rfm_grid_classes_and_lifecycle_equal_pandas(snapshot: FakeSnapshot, people: pd.DataFrame) -> None:
    report = report_of(snapshot, "en")
    cells = {(c["column"] + 1, c["row"] + 1): c["value"] for c in figure(report, "rfm-grid").spec["cells"]}
    counts = people.dropna(subset=["rfm_r"]).groupby(["rfm_r", "rfm_f"]).size().to_dict()
    assert {key: n for key, n in cells.items() if n} == {(int(r), int(f)): n for (r, f), n in counts.items()}
    for id_, tag in (("rfm-classes", "rfm_class"), ("lifecycle-stages", "stage")):
        shown = figure(report, id_)
        group = people.groupby(tag)["spend"]
        expected = sorted(
            (f"{n:,}", f"{100 * group.sum()[value] / people.spend.sum():.1f}%") for value, n in group.size().items()
        )
        assert sorted((row[1], row[3]) for row in shown.table.rows) == expected


def test_headline_and_curve_equal_a_plain_recomputation(snapshot: FakeSnapshot, people: pd.DataFrame) -> None:
    ranked = people.spend.sort_values(ascending=False).to_numpy()
    fifth = ranked[: len(ranked) // 5].sum() / ranked.sum()
    report = report_of(snapshot, "zh-CN")
    assert f"{100 * fifth:.0f}%" in report["summary"].headline[0]
    marks = figure(report, "spend-concentration").spec["points_marked"]
    assert [mark["y"] for mark in marks] == pytest.approx(
        [100 * ranked[: int(len(ranked) * share)].sum() / ranked.sum() for share in (0.1, 0.2, 0.5)], abs=0.006
    )


def test_histogram_holds_every_customer_once(snapshot: FakeSnapshot, people: pd.DataFrame) -> None:
    shown = figure(report_of(snapshot, "zh-CN"), "spend-orders")
    assert sum(int(row[1].replace(",", "")) for row in shown.table.rows) == people.orders.notna().sum()


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=200))
def test_histogram_loses_nothing_and_its_bins_are_round(values: list[int]) -> None:
    numbers = np.array(values, dtype=np.float64)
    edges, counts = histogram(numbers, whole=True)
    assert sum(counts) == len(values)
    assert len(counts) == len(edges) == len(bin_labels(edges, whole=True))
    assert all(float(edge).is_integer() for edge in edges)


@given(st.lists(st.floats(0, 1e6, allow_nan=False), min_size=1, max_size=100).filter(lambda v: sum(v) > 1))
def test_concentration_is_between_even_and_total(values: list[float]) -> None:
    sales = np.array(values)
    _, y = lorenz(sales)
    assert y[0] == 0
    assert y[-1] == pytest.approx(1)
    assert np.all(np.diff(y) >= -1e-12)
    assert top_share(sales, 0.2) >= 0.2 - 1e-9
    assert -1e-9 <= gini(sales) <= 1


def test_gini_of_even_and_of_one_owner() -> None:
    assert gini(np.ones(50)) == pytest.approx(0, abs=1e-12)
    assert gini(np.array([1.0] + [0.0] * 99)) == pytest.approx(0.99)


def test_nice_steps_are_round() -> None:
    assert [nice_step(span, 10) for span in (10, 17, 23, 48, 99, 4_800, 0.07)] == pytest.approx(
        [1, 2, 2.5, 5, 10, 500, 0.01]
    )


def test_card_rows_carry_the_figures_of_their_statements(snapshot: FakeSnapshot, people: pd.DataFrame) -> None:
    report, raw = report_of(snapshot, "zh-CN"), snapshot.personas()["sets"][0]
    assert [card.share for card in report["sets"][0].cards] == sorted(
        (card["share"] for card in raw["cards"]), reverse=True
    )
    rows = [row for card in report["sets"][0].cards for _, group in card.groups for row in group]
    assert rows
    largest = max(raw["cards"], key=lambda card: card["size"])
    members = people[people["style"] == largest["segment"]]
    shown = [row for _, group in report["sets"][0].cards[0].groups for row in group if row.label == "促销敏感"]
    for row in shown:
        share, base = members.promotion.mean(), people.promotion.mean()
        assert (row.segment, row.base, row.tgi) == (
            f"{100 * share:.1f}%",
            f"{100 * base:.1f}%",
            f"{100 * share / base:.0f}",
        )
    for row in rows:
        if row.interval:
            assert row.interval.low <= row.interval.middle <= row.interval.high


def test_findings_are_ranked_by_their_gap_and_point_into_the_report(
    snapshot: FakeSnapshot, written: None, tmp_path: Path
) -> None:
    report = report_of(snapshot, "zh-CN")
    assert report["findings"]
    assert all(one.gap >= 2 for one in report["findings"])
    page = write_report(snapshot, tmp_path / "r.html").read_text("utf-8")
    ids = set(re.findall(r'id="([^"]+)"', page))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= ids
    assert {spec["id"] for spec in report["figures"]} <= ids


def test_suggestions_say_why_and_are_ordered_by_what_is_at_stake(snapshot: FakeSnapshot) -> None:
    plays = report_of(snapshot, "en")["suggestions"]
    assert plays
    assert [one.stake for one in plays] == sorted((one.stake for one in plays), reverse=True)
    assert all(one.because and one.measure for one in plays)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_page_is_one_file_without_requests_handlers_or_unescaped_names(
    lang: str, written: None, tmp_path: Path
) -> None:
    evil = make_snapshot(
        tmp_path / "s",
        customers=300,
        titles={n: {"zh": HOSTILE, "en": HOSTILE} for n in ("channel", "spend", "rfm_class")},
    )
    page = write_report(evil, tmp_path / "out" / "r.html", lang).read_text("utf-8")
    assert "<img" not in page
    assert "\u2028" not in page.split('id="figures">')[1]
    assert page.count("</script>") == 2
    seen = Attributes()
    seen.feed(page)
    assert not [name for name, _ in seen.found if name.startswith("on")]
    links = [value or "" for name, value in seen.found if name in ("href", "src", "srcset", "action", "data")]
    assert links
    assert all(link.startswith("#") for link in links)
    assert "url(" not in page.split("</style>")[0]
    data = re.search(r'<script type="application/json" id="figures">(.*?)</script>', page, re.DOTALL)
    assert data is not None
    assert any(HOSTILE in json.dumps(spec, ensure_ascii=False).replace('\\"', '"') for spec in json.loads(data[1]))
    assert f'<html lang="{lang}">' in page


def test_policy_admits_exactly_the_style_of_the_page(snapshot: FakeSnapshot, written: None, tmp_path: Path) -> None:
    page = write_report(snapshot, tmp_path / "r.html").read_text("utf-8")
    policy = html.unescape(re.search(r'Content-Security-Policy" content="([^"]+)"', page)[1])  # type: ignore[index]
    styles = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    assert len(styles) == 1
    digest = base64.b64encode(hashlib.sha256(styles[0].encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in policy.split("; ")
    assert "unsafe-inline" not in policy
    seen = Attributes()
    seen.feed(page)
    assert "style" not in {name for name, _ in seen.found}


def test_policy_admits_exactly_the_script_of_the_page(snapshot: FakeSnapshot, written: None, tmp_path: Path) -> None:
    page = write_report(snapshot, tmp_path / "r.html").read_text("utf-8")
    policy = html.unescape(re.search(r'Content-Security-Policy" content="([^"]+)"', page)[1])  # type: ignore[index]
    code = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    assert code == [SCRIPT]
    assert f"'sha256-{base64.b64encode(hashlib.sha256(code[0].encode()).digest()).decode()}'" in policy
    assert policy.startswith("default-src 'none'")


def test_writing_twice_gives_the_same_bytes(snapshot: FakeSnapshot, written: None, tmp_path: Path) -> None:
    first, second = (write_report(snapshot, tmp_path / name).read_bytes() for name in ("a.html", "b.html"))
    assert first == second
    assert not list(tmp_path.glob(".*"))


def test_what_the_data_lack_is_said_and_not_drawn(written: None, tmp_path: Path) -> None:
    lacking = frozenset({
        "gender", "age_band", "income", "province", "city", "spend", "orders", "recency", "basket", "channel", "hour", "top_category",
        "promotion", "interests", "stage", "rfm_r", "rfm_f", "rfm_m", "rfm_band", "rfm_class",
    })  # fmt: skip
    bare = make_snapshot(tmp_path / "s", customers=40, without=lacking)
    report = report_of(bare, "zh-CN")
    assert report["figures"] == []
    assert {one.title for section in report["sections"] for one in section.omitted} >= {
        "年龄",
        "性别",
        "地域分布",
        "生命周期",
    }
    assert report["findings"] == []
    assert report["suggestions"] == []
    page = write_report(bare, tmp_path / "r.html").read_text("utf-8")
    assert "数据源没有提供国家、省份或城市" in page


def test_a_snapshot_without_customers_still_reports(written: None, tmp_path: Path) -> None:
    empty = make_snapshot(tmp_path / "s", customers=40, without=frozenset({"style"}))
    table = pq.read_table(empty.table("customers")).slice(0, 0)
    pq.write_table(table, empty.table("customers"))
    assert write_report(empty, tmp_path / "r.html", "en").stat().st_size > 10_000


def test_offline_tags_and_lists_of_identifiers_are_not_drawn(snapshot: FakeSnapshot, tmp_path: Path) -> None:
    table = pa.table({"customer_id": ["a", "b"], "seen": ["x", "y"], "hidden": ["x", "y"]})
    pq.write_table(table, tmp_path / "c.parquet")
    tags = [
        {"name": n, "kind": "fact", "status": s, "title": None}
        for n, s in (("seen", "online"), ("hidden", "offline"), ("gone", "online"))
    ]
    book = Book({"tags": tags}, {}, Customers(tmp_path / "c.parquet").names, Words("en", "CNY"))
    assert [tag.name for tag in book.tags] == ["seen"]


def test_rfm_inputs_are_found_by_lineage_not_by_name(snapshot: FakeSnapshot) -> None:
    customers = Customers(snapshot.table("customers"))
    book = Book(snapshot.manifest, snapshot.personas(), customers.names, Words("zh-CN", "CNY"))
    rfm = book.rfm()
    assert rfm is not None
    assert [tag.name for tag in (rfm.recency, rfm.frequency, rfm.monetary) if tag] == ["recency", "orders", "spend"]
    worth = book.worth()
    assert worth is not None
    assert worth.name == "spend"


def test_list_tags_count_a_customer_once_for_each_item(tmp_path: Path) -> None:
    lists = pa.array([["a", "b", "a"], [], None, ["b"]], pa.list_(pa.string()))
    pq.write_table(pa.table({"customer_id": ["1", "2", "3", "4"], "likes": lists}), tmp_path / "c.parquet")
    assert Customers(tmp_path / "c.parquet").list_counts("likes") == ({"a": 1, "b": 2}, 2)


def test_missing_charts_say_what_to_run(
    snapshot: FakeSnapshot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(writer, "BUNDLE", "nowhere.js")
    with pytest.raises(HuaxiangError, match=r"python web/build_assets\.py"):
        write_report(snapshot, tmp_path / "r.html")
    assert not (tmp_path / "r.html").exists()


def test_wrong_language_and_a_folder_are_refused(snapshot: FakeSnapshot, written: None, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="choose one of: zh-CN, en"):
        write_report(snapshot, tmp_path / "r.html", "fr")
    with pytest.raises(UsageError, match="is a folder"):
        write_report(snapshot, tmp_path)


def test_json_in_a_page_has_nothing_that_html_could_take() -> None:
    value = {"a": HOSTILE, "b": "<!--", "c": "\u2029"}
    text = safe_json(value)
    assert not set("<>&\u2028\u2029") & set(text)
    assert json.loads(text) == value


@pytest.mark.parametrize(
    ("lang", "amount", "short"),
    [("zh-CN", 4_058_000, "$405.8万"), ("en", 4_058_000, "$4.06M"), ("zh-CN", 320, "$320"), ("en", 52_300, "$52K")],
)
def test_large_amounts_are_short(lang: str, amount: float, short: str) -> None:
    assert Words(lang, "USD").short_money(amount) == short


def test_texts_in_two_languages_show_one() -> None:
    assert Words("zh-CN", "CNY").side("购买金额 · amount") == "购买金额"
    assert Words("en", "CNY").side("购买金额 · amount") == "amount"
    assert Words("en", "CNY").side("84.51° · dunnhumby") == "84.51° · dunnhumby"
