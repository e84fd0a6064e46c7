"""The questionnaire as a survey tool exports it, and interview notes on the visit form; both follow codebooks of the product."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from random import Random

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from huaxiang.app.mumian import described as d
from huaxiang.app.mumian import dirt
from huaxiang.app.mumian.answers import Answering
from huaxiang.app.mumian.departments import Company, times, write_sheets
from huaxiang.app.mumian.sales import first_records
from huaxiang.app.mumian.truth import person_ids
from huaxiang.store.forms.codebook import Codebook, Question, load_codebook

SURVEY = "lifestyle"
VISIT = "visit_auto"
KEYS = """  answer_id: {title: {zh: 答卷编号, en: Answer number}}
  name: {title: {zh: 称呼, en: Name}}
  gender: {title: {zh: 性别, en: Gender}}
  birth_date: {title: {zh: 出生年月日, en: Date of birth}}
  email: {title: {zh: 电子邮箱, en: E-mail}}
  city: {title: {zh: 所在城市, en: City}}
"""
"""Further keys by which the company finds out who answered; written into its copy of the questionnaire's codebook."""
VISIT_KEYS = """  visit_id: {title: {zh: 访谈编号, en: Visit number}}
  member_no: {title: {zh: 会员号, en: Member number}}
"""


def copy_codebook(folder: Path, name: str, keys: str) -> Codebook:
    """Copy a codebook of the product into `folder` with further keys; return it as read."""
    text = (files("huaxiang") / "templates" / "forms" / f"{name}.yaml").read_text("utf-8")
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{name}.yaml"
    target.write_text(text.replace("\nkeys:\n", f"\nkeys:\n{keys}", 1), encoding="utf-8")
    return load_codebook(target)


def write_survey(company: Company, book: Codebook, folder: Path) -> list[tuple[object, ...]]:
    """`survey_2026.xlsx`: one row an answerer, headers as the tool prints them; returns the truth about the open answers."""
    r = company.records
    own = r.where("survey")
    row = pa.array(own)
    rng = company.rng("survey")
    drawn = Answering(company, r.person[own], rng, Random(company.seed * 31 + 11))
    answers = drawn.answers(book)
    asked = np.datetime64("2026-09-01T09:00:00") + rng.integers(0, 45 * 86_400, len(own)).astype("timedelta64[s]")
    born = pc.strftime(pc.cast(r.birth.take(row), pa.timestamp("s")), "%Y-%m-%d")
    words = pc.if_else(r.female.take(row), "女", "男")
    keys = {
        "答卷编号": r.key.take(row),
        "提交答卷时间": times(pa.array(asked)),
        "会员号": r.member_no.take(row),
        "手机号": dirt.dirty_phones(r.phone.take(row), rng),
        "称呼": dirt.dirty_names(r.name.take(row), rng),
        "性别": words,
        "出生年月日": dirt.dirty_dates(born, rng),
        "电子邮箱": dirt.dirty_emails(r.email.take(row), rng),
        "所在城市": r.city.take(row),
    }
    header = [*keys, *_headers(book)]
    columns = [*(c.to_pylist() for c in keys.values()), *answers.values()]
    write_sheets(folder / "survey_2026.xlsx", header, list(zip(*columns, strict=True)), "答卷")
    ids = keys["答卷编号"].to_pylist()
    return [("survey_texts", f"{ids[s.row]}/{s.question}", s.sentiment, s.topic) for s in drawn.spoken]


def _headers(book: Codebook) -> list[str]:
    """Headers with numbers; rows of a matrix share a number and name their question first."""
    found: list[str] = []
    number, matrix = 0, None
    for question in book.questions.values():
        if question.matrix is None or question.matrix != matrix:
            number += 1
        matrix = question.matrix
        found.append(f"{number}、{_title(question)}")
    return found


def _title(question: Question) -> str:
    return f"{question.matrix_text.zh}:{question.text.zh}" if question.matrix_text else question.text.zh


def write_visits(company: Company, book: Codebook, folder: Path) -> tuple[list[tuple[object, ...]], pa.Table]:
    """`visits_2026.xlsx`: notes of visits to people who run a small business, on the visit form; with whose they are."""
    people, traits, rng = company.people, company.traits, company.rng("visits")
    crm = first_records(company, (d.CRM,))
    own = people.owner == np.arange(people.size)
    who = np.flatnonzero((crm >= 0) & own & np.isin(traits.job, (4, 11)))
    who = np.sort(rng.permutation(who)[: max(20, min(200, people.size // 80))])
    drawn = Answering(company, who, rng, Random(company.seed * 31 + 13))
    answers = drawn.answers(book)
    ids = [f"V{n + 1:05d}" for n in range(len(who))]
    asked = np.datetime64("2026-03-02T09:30:00") + rng.integers(0, 200 * 86_400, len(who)).astype("timedelta64[s]")
    keys = {
        "visit_id": ids,
        "occurred_at": times(pa.array(asked)).to_pylist(),
        "member_no": company.records.member_no.take(pa.array(crm[who])).to_pylist(),
        "phone": [str(p) for p in people.phone[who].tolist()],
        "name": pc.binary_join_element_wise(people.surname, people.given, "").take(pa.array(who)).to_pylist(),
    }
    fields = [*(k for k in book.keys), *((book.time,) if book.time else ())]
    shown = [k for k in fields if k.field in keys]
    header = [*(k.columns[0] if k.columns else k.title.zh for k in shown), *_headers(book)]
    columns = [*(keys[k.field] for k in shown), *answers.values()]
    write_sheets(folder / "visits_2026.xlsx", header, list(zip(*columns, strict=True)), "访谈记录")
    whose = pa.table(
        {
            "source": pa.array(["visits"] * len(ids)),
            "field": pa.array(["visit_id"] * len(ids)),
            "value": pa.array(ids),
            "person_id": person_ids(who),
        }
    )
    return [("visit_texts", f"{ids[s.row]}/{s.question}", s.sentiment, s.topic) for s in drawn.spoken], whose
