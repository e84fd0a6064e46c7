from __future__ import annotations

import hashlib
import json
import re
from itertools import pairwise
from pathlib import Path

import openpyxl
import pyarrow.parquet as pq
import pytest
from tests.told import same_names

from huaxiang.app.build import build
from huaxiang.app.catalogue import load_catalogue
from huaxiang.app.form_layout import blocks_of, hint_of, lines_of, width_of
from huaxiang.app.forms import (
    FormError,
    check_form,
    draft_form,
    list_forms,
    template_names,
    template_path,
    write_form,
)
from huaxiang.errors import UsageError
from huaxiang.serve.cli.main import main
from huaxiang.store.forms.codebook import Codebook, load_codebook

FORMS = ("b2b_visit", "lifestyle", "satisfaction_nps", "visit_auto")


def form(name: str) -> Codebook:
    return load_codebook(template_path(name))


def test_built_in_forms_fill_attributes_of_the_catalogue() -> None:
    found = {item["name"]: item for item in list_forms()}
    assert tuple(found) == template_names() == FORMS
    attributes = {attribute for item in found.values() for attribute in item["attributes"]}
    assert attributes <= set(load_catalogue())
    assert len(attributes) >= 85
    psychographic = {
        code for code, item in load_catalogue().items() if item.class_ == "psychographic" and not item.off_by_default
    }
    assert psychographic <= set(found["lifestyle"]["attributes"])
    assert found["visit_auto"]["format"] == found["b2b_visit"]["format"] == "interview"


def test_the_visit_form_asks_for_all_items_of_the_published_one() -> None:
    asked = set(form("visit_auto").questions)
    assert asked >= {
        "age", "gender", "education", "residence", "home_town", "years_in_city", "household_size", "occupation", "company_industry",
        "company_revenue", "costs", "shops", "area", "staff", "leisure_hours", "interests", "leisure_frequency", "travel_adventure",
        "media_tv", "media_outdoor", "media_radio", "media_press", "media_internet", "media_phone", "purchase_kind", "motives",
        "compared", "people_share", "goods_share", "load", "trips", "daily_distance", "routes", "good_points", "bad_points", "wishes",
        "judge_maker", "judge_dealer", "judge_service",
    }  # fmt: skip


def test_the_business_form_asks_for_company_and_contact() -> None:
    asked = set(form("b2b_visit").attributes)
    business = {code for code, item in load_catalogue().items() if item.class_ == "business"}
    assert asked >= business


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_workbook_asks_every_question_and_is_the_same_each_time(tmp_path: Path, name: str, language: str) -> None:
    digests = []
    for copy in ("a.xlsx", "b.xlsx"):
        told = write_form(name, tmp_path / copy, language=language, copies=2)
        digests.append(hashlib.sha256((tmp_path / copy).read_bytes()).hexdigest())
    assert digests[0] == digests[1]
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert (told["copies"], len(book.worksheets)) == (2, 3)
    sheet = book.worksheets[0]
    codes = {re.split("[:|]", str(row[0].value))[1] for row in sheet.iter_rows(max_col=1) if "|" in str(row[0].value)}
    assert set(form(name).questions) <= codes
    assert sheet.column_dimensions["A"].hidden
    assert sheet.protection.sheet
    assert all(not merged.coord.startswith("A") for merged in sheet.merged_cells.ranges)
    boxes = {str(v.formula1) for v in sheet.data_validations.dataValidation if v.type == "list"}
    assert boxes == {'"✓"'}


def test_pages_of_a_workbook_break_between_questions(tmp_path: Path) -> None:
    write_form("visit_auto", tmp_path / "a.xlsx", language="zh-CN", copies=1)
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx").worksheets[0]
    heights = [sheet.row_dimensions[row].height or 15 for row in range(1, sheet.max_row + 1)]  # 15 is the default
    edges = [0, *(brk.id for brk in sheet.row_breaks.brk), sheet.max_row]
    assert all(sum(heights[start:end]) <= 742 for start, end in pairwise(edges))


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_page_holds_every_question_and_option_and_no_script(tmp_path: Path, name: str, language: str) -> None:
    write_form(name, tmp_path / "a.html", language=language, copies=1)
    html = (tmp_path / "a.html").read_text("utf-8")
    assert "<script" not in html
    assert not re.search(r"https?://|src=", html)
    text = (
        re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))
        .replace("&#39;", "'")
        .replace("&#34;", '"')
        .replace("&amp;", "&")
    )
    for question in form(name).questions.values():
        titles = [question.text, *(option.title for option in question.options)]
        for title in titles:
            assert (title.en if language == "en" else title.zh) in text


def test_layout_counts_wide_characters_twice() -> None:
    assert (width_of("满意 ok"), lines_of("满意满意满意", 6), lines_of("", 10)) == (7, 2, 1)
    blocks = [block for _, found in blocks_of(form("satisfaction_nps")) for block in found]
    assert [block.number for block in blocks] == list(range(1, len(blocks) + 1))
    hints = {block.first.code: hint_of(block, "zh-CN") for block in blocks}
    assert hints["nps"] == "0 = 完全不可能，10 = 非常可能"
    assert (hints["usage_time"], hints["customer_needs"], hints["overall"]) == ("单选", "", "")


def test_forms_are_not_written_over_files_nor_under_strange_names(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("mine")
    with pytest.raises(UsageError, match="is there already") as caught:
        write_form("lifestyle", tmp_path / "a.html", language="en", copies=1)
    assert same_names(caught.value) == []
    with pytest.raises(UsageError, match=r"write \.xlsx") as caught:
        write_form("lifestyle", tmp_path / "a.pdf", language="en", copies=1)
    assert same_names(caught.value) == []
    with pytest.raises(UsageError, match='did you mean "lifestyle"') as caught:
        write_form("lifestile", tmp_path / "b.html", language="en", copies=1)
    assert same_names(caught.value) == []
    write_form("lifestyle", tmp_path / "b.yaml", language="en", copies=1)
    assert (tmp_path / "b.yaml").read_bytes() == template_path("lifestyle").read_bytes()


def wide(path: Path, people: list[dict[str, object]], header: tuple[str, ...]) -> None:
    book = openpyxl.Workbook()
    book.active.append(header)
    for person in people:
        book.active.append([person.get(name) for name in header])
    book.save(path)


SATISFACTION = (
    "会员号", "提交答卷时间", "您对我们总体而言", "总体而言，您对我们满意吗", "您有多大可能把我们推荐给朋友或同事", "打出这个分数的主要原因是",
    "下次购买同类商品我首先想到这里", "即使别处便宜一点我也会留下", "我最近在考虑换到其他平台", "过去三个月您向别人谈起过我们吗",
    "您平均每月打开我们的 App 或小程序约几天", "您通常在什么时段使用", "您打开它主要是为了", "您最希望我们改进什么（最多选 3 项）",
    "其他意见和建议", "商品质量", "价格与优惠", "品类与新品", "配送速度与包装", "客服与售后", "App 与小程序的使用体验",
)  # fmt: skip


def answers(number: int, score: int, nps: object) -> dict[str, object]:
    rated = dict.fromkeys((SATISFACTION[3], *SATISFACTION[15:]), score)
    return {
        "会员号": f"M{number}", "提交答卷时间": "2026-03-01 10:00:00", SATISFACTION[4]: nps, SATISFACTION[5]: "价格不错",
        SATISFACTION[6]: score, SATISFACTION[7]: score, SATISFACTION[8]: 6 - score, SATISFACTION[13]: "配送┋价格与优惠",
    } | rated  # fmt: skip


def test_check_counts_and_measures(tmp_path: Path) -> None:
    path = tmp_path / "s.xlsx"
    wide(
        path, [answers(1, 5, 10), answers(2, 4, 9), answers(3, 3, 7), answers(4, 1, 2), answers(5, 2, 12)], SATISFACTION
    )
    found = check_form("satisfaction_nps", [path])
    nps = next(question for question in found["questions"] if question["code"] == "nps")
    assert (nps["answered"], nps["set_aside"], nps["nps"], nps["mean"]) == (4, 1, 25.0, 7.0)
    assert found["files"][0]["reasons"][0] | {"text": None} == {
        "code": "answer_scale", "question": "nps", "count": 1, "rows": [6], "text": None,
    }  # fmt: skip
    satisfied, loyal = found["constructs"]
    assert (satisfied["scored"], satisfied["mean"], round(satisfied["alpha"], 6)) == (5, 3.0, 1.0)
    assert (loyal["mean"], round(loyal["alpha"], 6)) == (3.0, 1.0)
    needs = next(question for question in found["questions"] if question["code"] == "customer_needs")
    assert needs["values"][0] == {"value": "delivery", "title": {"zh": "配送", "en": "Delivery"}, "count": 5}
    assert not found["ok"]
    wide(path, [answers(1, 5, 10)], SATISFACTION[:6])
    with pytest.raises(FormError, match="no column for question") as caught:
        check_form("satisfaction_nps", [path])
    assert same_names(caught.value) == []


def project(folder: Path, people: int) -> Path:
    for name in ("sources", "identity", "data", "forms"):
        (folder / name).mkdir(parents=True)
    (folder / "huaxiang.yaml").write_text("name: survey\nas_of: 2026-06-30\n", "utf-8")
    (folder / "identity" / "keys.yaml").write_text("identity:\n  - {name: member, field: member_no}\n", "utf-8")
    (folder / "sources" / "members.yaml").write_text(
        "sources:\n  - name: members\n    purpose: 会员\n    legal_basis: contract\n    entity: person\n    files: data/members.csv\n"
        "    columns: {member_no: member_no, name: name}\n",
        "utf-8",
    )
    lines = ["member_no,name", *(f"M{n},客户{n}" for n in range(1, people + 1))]
    (folder / "data" / "members.csv").write_text("\n".join(lines) + "\n", "utf-8")
    return folder


def test_a_survey_fills_attributes_of_a_build(tmp_path: Path) -> None:
    """From the empty template to the profile of a build, by nothing but what `form source` writes."""
    folder = project(tmp_path / "p", 4)
    write_form("satisfaction_nps", folder / "forms" / "satisfaction_nps.yaml", language="zh-CN", copies=1)
    draft = draft_form(str(folder / "forms" / "satisfaction_nps.yaml"), "data/s.xlsx", "forms/satisfaction_nps.yaml")
    assert draft["sources"] == [f"satisfaction_nps_{take}" for take in ("answers", "people", "texts")]
    text = draft["text"].replace("      phone: phone\n", "")
    (folder / "sources" / "survey.yaml").write_text(text, "utf-8")
    wide(folder / "data" / "s.xlsx", [answers(1, 5, 10), answers(2, 3, 8), answers(3, 1, "很高")], SATISFACTION)
    snapshot = build(folder)
    manifest = snapshot.manifest
    rows = {row["member_no"] if "member_no" in row else row["customer_id"]: row for row in _customers(folder)}
    assert len(rows) == 4
    by_referral = sorted(_customers(folder), key=lambda row: (row["referral"] is None, row["referral"]))
    assert [row["referral"] for row in by_referral] == [8, 10, None, None]
    assert [(row["satisfaction"], row["loyalty"]) for row in by_referral[:2]] == [
        ("neutral", "medium"),
        ("satisfied", "high"),
    ]
    assert sorted(by_referral[0]["customer_needs"]) == ["delivery", "price"]
    sources = {source["name"]: source for source in manifest["sources"]}
    long, people = sources["satisfaction_nps_answers"], sources["satisfaction_nps_people"]
    assert long["rows_in"] == long["loaded"] + long["set_aside"] + long["left_out"]
    assert (long["set_aside"], long["reasons"]) == (1, {"answer_scale": 1})
    assert (
        long["loaded"] + long["set_aside"] + long["left_out"] == 3 * 18 + 3
    )  # three people chose two options in one question
    assert (people["rows_in"], people["loaded"], people["repaired"]) == (3, 3, 1)
    satisfaction = next(a for a in manifest["attributes"] if a["name"] == "satisfaction")
    assert satisfaction["values"]["satisfied"] == {"zh": "满意", "en": "Satisfied"}


def _customers(folder: Path) -> list[dict[str, object]]:
    from huaxiang.app.wiring import open_snapshot

    with open_snapshot(folder, None) as snapshot:
        found: list[dict[str, object]] = pq.read_table(snapshot.table("customers")).to_pylist()
    return found


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["form", "list", "--json"]) == 0
    assert [item["name"] for item in json.loads(capsys.readouterr().out)["forms"]] == list(FORMS)
    assert main(["form", "new", "visit_auto", "--to", "visits.xlsx", "--copies", "1", "--json", "--lang", "en"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "form": "visit_auto", "file": "visits.xlsx", "format": "xlsx", "language": "en", "copies": 1, "questions": 55,
    }  # fmt: skip
    assert main(["form", "check", "visit_auto", "visits.xlsx"]) == 0
    assert "0 份答卷" in capsys.readouterr().out
    (tmp_path / "bad.yaml").write_text("name: bad\nquestions:\n  - {code: q, text: Q, kind: single}\n", "utf-8")
    assert main(["form", "check", "bad.yaml", "--lang", "en"]) == 1
    assert "bad.yaml:3 FRM003" in capsys.readouterr().out
    assert main(["form", "source", "lifestyle", "--files", "data/lifestyle/*.xlsx"]) == 0
    assert "take: people" in capsys.readouterr().out
    assert main(["form", "check", "nothing.yaml"]) == 2
    assert main(["form", "list"]) == 0
    assert "客户满意度与推荐度问卷" in capsys.readouterr().out


def test_the_codebook_of_the_documents_is_sound(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "forms.md").read_text("utf-8")
    text = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)[0]
    (tmp_path / "small.yaml").write_text(text, "utf-8")
    found = check_form(str(tmp_path / "small.yaml"))
    assert (found["issues"], found["attributes"]) == ([], ["interests", "referral", "price_sensitivity"])
    assert all(f"`{name}`" in page for name in FORMS)
