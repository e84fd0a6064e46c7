from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from huaxiang.store.files.batch import RawBatch, ReadRequest
from huaxiang.store.files.open import open_file
from huaxiang.store.forms.codebook import Codebook, load_codebook

SMALL = """
name: small
title: {zh: 小问卷, en: Small survey}
keys:
  member_no: {title: {zh: 会员号, en: Member}, column: [会员号, 会员编号]}
time: {column: [提交时间, 提交答卷时间]}
scales:
  agree:
    min: 1
    max: 5
    labels:
      1: {zh: 非常不同意, en: Strongly disagree}
      2: {zh: 比较不同意, en: Disagree}
      3: {zh: 一般, en: Neither}
      4: {zh: 比较同意, en: Agree}
      5: {zh: 非常同意, en: Strongly agree}
sections:
  - title: {zh: 第一部分, en: Part one}
    questions:
      - code: gender
        text: {zh: 您的性别, en: Your gender}
        kind: single
        options: {male: {zh: 男, en: Male, synonyms: [先生]}, female: {zh: 女, en: Female}, secret: {zh: 保密, en: Secret, missing: true}}
      - code: likes
        text: {zh: 您喜欢什么, en: What do you like}
        kind: multi
        most: 3
        other: other
        options:
          music: {zh: 音乐, en: Music}
          camp: {zh: 露营、徒步, en: "Camping, hiking"}
          books: {zh: 读书, en: Books}
          none: {zh: 都没有, en: None of these, alone: true}
          other: {zh: 其他, en: Other}
      - code: views
        text: {zh: 您是否同意, en: Do you agree}
        kind: matrix
        scale: agree
        items:
          - {code: v1, text: {zh: 我会比价, en: I compare prices}, construct: price}
          - {code: v2, text: {zh: 我不在意价格, en: I don't mind prices}, construct: price, reverse: true}
      - {code: nps, text: {zh: 推荐可能性, en: Would you recommend us}, kind: nps, attribute: referral}
      - {code: days, text: {zh: 几天决定, en: Days to decide}, kind: number, unit: {zh: 天, en: days}, minimum: 0, maximum: 365}
      - {code: born, text: {zh: 生日, en: Birthday}, kind: date}
      - {code: school, text: {zh: 学校, en: School}, kind: text}
      - {code: advice, text: {zh: 建议, en: Advice}, kind: open}
constructs:
  - {code: price, title: {zh: 价格敏感, en: Price sensitivity}, attribute: price_sensitivity}
"""
HEADER = (
    "会员号", "提交时间", "1、您的性别", "2、您喜欢什么[多选题]", "3、您是否同意—我会比价", "3、您是否同意—我不在意价格",
    "4、推荐可能性", "5、几天决定", "6、生日", "7、学校", "8、建议",
)  # fmt: skip


@pytest.fixture
def book_path(tmp_path: Path) -> Path:
    path = tmp_path / "small.yaml"
    path.write_text(SMALL, encoding="utf-8")
    return path


@pytest.fixture
def book(book_path: Path) -> Codebook:
    return load_codebook(book_path)


Read = Callable[..., list[RawBatch]]


@pytest.fixture
def read(tmp_path: Path, book_path: Path) -> Read:
    """Write a wide CSV of rows and read the columns asked for."""

    def run(
        rows: Sequence[Sequence[str]], take: str, *columns: str, header: Sequence[str] = HEADER, encoding: str = "utf-8"
    ) -> list[RawBatch]:
        import csv

        path = tmp_path / "wide.csv"
        with path.open("w", encoding=encoding, newline="") as file:
            csv.writer(file).writerows([header, *rows])
        return list(open_file(ReadRequest(path, "questionnaire", columns, take=take, codebook=book_path))[1])

    return run
