"""Forms: the templates there are, empty forms to fill in, codebooks and filled files checked, and their definitions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from huaxiang.errors import (
    HuaxiangError,
    Issue,
    ProjectInvalid,
    UsageError,
    did_you_mean,
    did_you_mean_zh,
    storage_error,
)
from huaxiang.spec.codes import CODES
from huaxiang.store.cleaning.codes import REASONS
from huaxiang.store.files.batch import FileFault, ReadRequest, cause_zh
from huaxiang.store.forms.codebook import Codebook, Question, load_codebook
from huaxiang.store.forms.interview import read_interviews
from huaxiang.store.forms.questionnaire import Part, open_respondents
from huaxiang.store.forms.scores import construct_score, cronbach_alpha, item_score
from huaxiang.store.forms.tables import Respondent, wrong_cells


class FormError(HuaxiangError):
    """A filled file can't be read with its codebook: says which file and why."""


@cache
def template_names() -> tuple[str, ...]:
    """Names of the built-in forms, sorted."""
    folder = resources.files("huaxiang") / "templates" / "forms"
    return tuple(sorted(entry.name.removesuffix(".yaml") for entry in folder.iterdir() if entry.name.endswith(".yaml")))


def template_path(name: str) -> Path:
    """Path of a built-in codebook. Raises UsageError for an unknown name."""
    if name not in template_names():
        raise UsageError(
            f'no form "{name}"{did_you_mean(name, template_names())}; or name the file of a codebook (.yaml, .xlsx)',
            f"没有名为“{name}”的表单{did_you_mean_zh(name, template_names())}；也可以给出码本文件（.yaml、.xlsx）",
        )
    return Path(str(resources.files("huaxiang") / "templates" / "forms" / f"{name}.yaml"))


def codebook_path(name: str) -> Path:
    """Path of a built-in form, or of a codebook file. Raises UsageError when it is neither."""
    path = Path(name)
    if path.is_file():
        return path
    if path.suffix:
        raise UsageError(
            f"no codebook {name}: there is no such file (seen from the current folder)",
            f"没有码本 {name}：当前文件夹下没有这个文件",
        )
    return template_path(name)


def list_forms() -> list[dict[str, Any]]:
    """Built-in forms with title, kind, number of questions, and the attributes that they fill."""
    found = []
    for name in template_names():
        form = load_codebook(template_path(name))
        found.append(
            {
                "name": name,
                "title": form.title.model_dump(),
                "format": form.format,
                "questions": len(form.questions),
                "keys": [key.field for key in form.keys],
                "attributes": list(form.attributes),
            }
        )
    return found


def write_form(name: str, to: Path, *, language: str, copies: int) -> dict[str, Any]:
    """Write an empty form: `.xlsx` to fill in and import, `.html` to print, `.yaml` its codebook to edit.

    Raises UsageError for another ending or a file that is there already, ProjectInvalid for a faulty codebook.
    """
    path = codebook_path(name)
    kind = to.suffix.lower()
    if kind not in (".xlsx", ".html", ".yaml"):
        raise UsageError(
            f"--to {to.name}: write .xlsx (to fill in), .html (to print) or .yaml (the codebook)",
            f"--to {to.name}：可写成 .xlsx（供填写）、.html（供打印）或 .yaml（码本）",
        )
    if to.exists():
        raise UsageError(
            f"{to} is there already; remove it, or choose another name", f"{to} 已存在；请先删除，或换个文件名"
        )
    form = load_codebook(path)
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        _write(form, path, to, (language, copies))
    except OSError as error:
        raise storage_error(error) or error from None
    return {
        "form": form.name, "file": str(to), "format": kind[1:], "language": language,
        "copies": copies if kind == ".xlsx" else None, "questions": len(form.questions),
    }  # fmt: skip


def _write(form: Codebook, path: Path, to: Path, how: tuple[str, int]) -> None:
    language, copies = how
    if to.suffix.lower() == ".xlsx":
        from huaxiang.app.form_sheet import write_workbook

        write_workbook(form, to, language=language, copies=copies)
    elif to.suffix.lower() == ".html":
        from huaxiang.app.form_page import render_page

        to.write_text(render_page(form, language), encoding="utf-8")
    elif path.suffix.lower() in (".yaml", ".yml"):
        to.write_bytes(path.read_bytes())
    else:
        raise UsageError("only codebooks in YAML can be copied as YAML", "只有 YAML 格式的码本可以复制为 YAML")


def check_form(name: str, files: Sequence[Path] = (), *, sheet: str | int = 0, header_row: int = 1) -> dict[str, Any]:
    """Check a codebook and, with it, filled files: what each question got, constructs with alpha, wrong answers by place.

    Faults of the codebook are in `issues`. Raises FormError for a file that can't be read.
    """
    path = codebook_path(name)
    empty: dict[str, Any] = {
        "codebook": str(path), "name": None, "title": None, "format": None, "ok": False, "issues": [], "questions": [],
        "constructs": [], "attributes": [], "unknown_attributes": [], "files": [],
    }  # fmt: skip
    try:
        form = load_codebook(path)
    except ProjectInvalid as error:
        return empty | {"issues": [_issue(issue) for issue in error.issues]}
    from huaxiang.app.catalogue import load_catalogue

    tally = _Tally(form)
    told = [tally.read(file, sheet=sheet, header_row=header_row) for file in files]
    return empty | {
        "name": form.name, "title": form.title.model_dump(), "format": form.format,
        "ok": not any(file["set_aside"] for file in told), "questions": tally.questions(), "constructs": tally.constructs(),
        "attributes": list(form.attributes), "unknown_attributes": [a for a in form.attributes if a not in load_catalogue()],
        "files": told,
    }  # fmt: skip


def _issue(issue: Issue) -> dict[str, Any]:
    zh, en = CODES.get(issue.code, (issue.code, issue.code))
    return {
        "file": issue.place.file, "line": issue.place.line, "code": issue.code, "message": {"zh": issue.zh, "en": issue.message},
        "meaning": {"zh": zh, "en": en},
    }  # fmt: skip


def draft_form(name: str, files: str, as_path: str | None) -> dict[str, Any]:
    """Definitions that bring a form into a project. `as_path`: the codebook's path there; default as given, or forms/NAME.yaml.

    Raises UsageError for an unknown form, ProjectInvalid for a faulty codebook.
    """
    from huaxiang.app.form_definitions import draft_definitions

    form = load_codebook(codebook_path(name))
    draft = draft_definitions(form, as_path or (name if Path(name).is_file() else f"forms/{form.name}.yaml"), files)
    return {
        "form": form.name, "text": draft.text, "sources": list(draft.sources), "attributes": list(draft.attributes),
        "left_out": [{"attribute": attribute, "why": why.model_dump()} for attribute, why in draft.left_out],
    }  # fmt: skip


@dataclass
class _Tally:
    """Counts over all respondents of the files read so far."""

    form: Codebook
    answered: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    values: dict[str, Counter[str]] = field(default_factory=dict)
    levels: dict[str, Counter[str]] = field(default_factory=dict)
    scores: dict[str, list[float]] = field(default_factory=dict)
    complete: dict[str, list[list[float]]] = field(default_factory=dict)

    def read(self, file: Path, *, sheet: str | int, header_row: int) -> dict[str, Any]:
        """Read one file."""
        request = ReadRequest(file, self.form.format, (), sheet=sheet, header_row=header_row)
        reasons: Counter[tuple[str, str | None]] = Counter()
        places: dict[tuple[str, str | None], list[int]] = {}
        people = cells = 0
        try:
            for part in self._parts(request):
                for respondent in part.respondents:
                    cells += self._count(respondent)
                people += len(part.respondents)
                for bad in (*part.bad, *(b for r in part.respondents for b in wrong_cells(r))):
                    reasons[(bad.code, bad.column)] += 1
                    places.setdefault((bad.code, bad.column), []).append(bad.row)
        except FileFault as fault:
            raise FormError(f"{file}: {fault.said.en}", f"{file}：{fault.said.zh}") from None
        except OSError as error:
            raise FormError(
                f"{file}: the file can't be read ({error.strerror or 'input/output error'})",
                f"{file}：无法读取文件（{cause_zh(error)}）",
            ) from None
        return {
            "file": str(file), "respondents": people, "answers": cells, "set_aside": sum(reasons.values()),
            "reasons": [
                {"code": code, "question": question, "count": count, "rows": places[(code, question)][:20],
                 "text": {"zh": REASONS[code][0], "en": REASONS[code][1]}}
                for (code, question), count in sorted(reasons.items(), key=lambda item: (-item[1], str(item[0])))
            ],
        }  # fmt: skip

    def _parts(self, request: ReadRequest) -> Iterator[Part]:
        read = read_interviews if self.form.format == "interview" else open_respondents
        return read(request, self.form)[1]

    def _count(self, respondent: Respondent) -> int:
        cells = 0
        for code, reading in respondent.readings.items():
            self.answered[code] += bool(reading.answers)
            self.wrong[code] += len(reading.faults)
            self.skipped[code] += not reading.answers and not reading.faults
            cells += len(reading.answers)
            question = self.form.questions[code]
            for answer in reading.answers:
                if question.options or question.scored:
                    self.values.setdefault(code, Counter())[str(answer.code)] += 1
                if answer.level:
                    self.levels.setdefault(code, Counter())[answer.level] += 1
                if answer.score is not None:
                    self.scores.setdefault(code, []).append(answer.score)
        for construct in self.form.constructs:
            score = construct_score(respondent.readings, construct)
            if score is not None:
                self.scores.setdefault(construct.code, []).append(score)
            row = [item_score(respondent.readings, code) for code in construct.items]
            known = [value for value in row if value is not None]
            if len(known) == len(row):
                self.complete.setdefault(construct.code, []).append(known)
        return cells

    def questions(self) -> list[dict[str, Any]]:
        """What each question got; `nps` is the share of promoters less that of detractors, in points (-100 … 100)."""
        found = []
        for code, question in self.form.questions.items():
            values = self.values.get(code, Counter())
            levels = self.levels.get(code, Counter())
            total = sum(levels.values())
            nps = 100 * (levels["promoter"] - levels["detractor"]) / total if question.kind == "nps" and total else None
            found.append(
                {
                    "code": code, "text": question.text.model_dump(), "kind": question.kind, "attribute": question.attribute,
                    "construct": question.construct, "answered": self.answered[code], "skipped": self.skipped[code],
                    "set_aside": self.wrong[code], "mean": _mean(self.scores.get(code)), "nps": nps,
                    "values": [_value(question, value, n) for value, n in sorted(values.items(), key=lambda v: (-v[1], v[0]))],
                }
            )  # fmt: skip
        return found

    def constructs(self) -> list[dict[str, Any]]:
        """Mean and Cronbach's alpha of each construct."""
        return [
            {
                "code": construct.code, "title": construct.title.model_dump(), "items": list(construct.items),
                "attribute": construct.attribute, "scored": len(self.scores.get(construct.code, ())),
                "mean": _mean(self.scores.get(construct.code)), "complete": len(self.complete.get(construct.code, ())),
                "alpha": cronbach_alpha(self.complete.get(construct.code, ())),
            }
            for construct in self.form.constructs
        ]  # fmt: skip


def _value(question: Question, value: str, count: int) -> dict[str, Any]:
    option = question.by_code.get(value)
    title = option.title if option else question.scale.labels.get(int(value)) if question.scale else None
    return {"value": value, "title": title.model_dump() if title else None, "count": count}


def _mean(values: Sequence[float] | None) -> float | None:
    import math

    return math.fsum(values) / len(values) if values else None
