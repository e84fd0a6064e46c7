"""The YAML that brings a form into a project: its sources, and the attributes that it fills."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from huaxiang.app.catalogue import CatalogueItem, load_catalogue
from huaxiang.spec.base import Text
from huaxiang.store.forms.codebook import Codebook

_TAKES: Mapping[str, Text] = {
    "answers": Text(zh="逐题答案", en="answers"),
    "people": Text(zh="每人一行", en="one row a respondent"),
    "texts": Text(zh="开放回答", en="open answers"),
}
_NUMBER = ("integer", "number", "money")


@dataclass(frozen=True)
class Draft:
    """Definitions for a project, `left_out`: attributes that are not proposed, with why (zh, en)."""

    text: str
    sources: tuple[str, ...]
    attributes: tuple[str, ...]
    left_out: tuple[tuple[str, Text], ...]


def draft_definitions(form: Codebook, codebook: str, files: str, *, sensitive: bool = False) -> Draft:
    """Write the sources (answers, people, texts) and attributes of a form as YAML that `huaxiang check` accepts.

    `codebook` and `files` are paths as the project is to name them.
    """
    import copy

    from ruamel.yaml import YAML

    sources = [_source(form, take, codebook, files) for take in ("answers", "people", "texts")]
    if not any(question.kind == "open" or question.other for question in form.questions.values()):
        sources.pop()
    attributes: list[dict[str, Any]] = []
    left_out: list[tuple[str, Text]] = []
    for name, column in _filled(form):
        item = load_catalogue().get(name)
        if item is not None and item.off_by_default and not sensitive:
            left_out.append((name, Text(zh="敏感属性，默认关闭", en="sensitive, off by default")))
        elif column in form.questions and form.questions[column].kind == "open":
            why = Text(
                zh="自由文本，需先从文本来源提取主题", en="free text: topics are to be drawn from the texts source"
            )
            left_out.append((name, why))
        else:
            attributes.append(_attribute(form, name, column, item))
    yaml = YAML()
    yaml.width = 140
    yaml.indent(mapping=2, sequence=4, offset=2)
    out = StringIO()
    yaml.dump(copy.deepcopy({"sources": sources, "attributes": attributes}), out)
    names = tuple(source["name"] for source in sources)
    return Draft(out.getvalue(), names, tuple(a["name"] for a in attributes), tuple(left_out))


def _source(form: Codebook, take: str, codebook: str, files: str) -> dict[str, Any]:
    title = form.title
    entity = "text" if take == "texts" else "answer"
    keys: dict[str, Any] = {key.field: key.field for key in form.keys}
    if form.time:
        keys["occurred_at"] = "occurred_at"
    source: dict[str, Any] = {
        "name": f"{form.name}_{take}",
        "title": {"zh": f"{title.zh}（{_TAKES[take].zh}）", "en": f"{title.en} ({_TAKES[take].en})"},
        "purpose": "研究客户的需求与满意度，改进商品与服务 · learn what customers need, improve goods and service",
        "legal_basis": "consent",
        "entity": entity,
        "files": files,
        "format": form.format,
        "codebook": Path(codebook).as_posix(),
        "take": take,
    }
    if take == "answers":
        fields = (
            "survey",
            "question",
            "question_title",
            "answer",
            "answer_title",
            "score",
            "level",
            "construct",
            "kind",
        )
        more: dict[str, Any] = {name: _typed(name, "number" if name == "score" else "text") for name in fields}
    elif take == "texts":
        more = {name: name for name in ("kind", "question", "title", "body")}
    else:
        more = {name: _typed(name, kind) for name, kind in form.people_columns if not _free(form, name)}
    return source | {"columns": keys | more}


def _typed(name: str, kind: str) -> Any:
    return name if kind == "text" else {"type": kind}


def _free(form: Codebook, name: str) -> bool:
    """True for free texts, which the texts source brings."""
    question = form.questions.get(name)
    return (question is not None and question.kind == "open") or name.endswith("_other")


def _filled(form: Codebook) -> Iterator[tuple[str, str]]:
    """Yield (attribute, code that fills it); the first question that names an attribute has it."""
    seen: set[str] = set()
    asked = [(q.attribute, q.code) for q in form.questions.values()]
    asked += [(c.attribute, c.code) for c in form.constructs] + [(p.attribute, p.code) for p in form.profiles]
    for attribute, code in asked:
        if attribute is not None and attribute not in seen:
            seen.add(attribute)
            yield attribute, code


def _attribute(form: Codebook, name: str, code: str, item: CatalogueItem | None) -> dict[str, Any]:
    """Definition of one attribute. Rated answers come as levels where the catalogue asks for an enum; a multiple choice as list."""
    question = form.questions.get(code)
    people, answers = f"{form.name}_people", f"{form.name}_answers"
    found: dict[str, Any] = {"name": name}
    if item is None:
        title = question.text if question else form.title
        found |= {"title": {"zh": title.zh, "en": title.en}}
    if item is not None and item.class_ == "business" and name.startswith("company_"):
        found["of"] = "account"
    if question is not None and question.kind == "open":
        return found | {
            "source": f"{form.name}_texts",
            "value": f"case when question = '{code}' then body end",
            "type": "text",
        }
    if question is not None and question.kind == "multi":
        found |= {"source": answers, "value": f"case when question = '{code}' then answer end", "pick": "union"}
        return found | _titles(form, code)
    if question is not None and not question.scored:
        return found | {"source": people, "value": code} | _titles(form, code)
    if item is not None and item.value_type in _NUMBER:
        return found | {"source": people, "value": code}
    column = code if any(profile.code == code for profile in form.profiles) else f"{code}_level"
    return found | {"source": people, "value": column} | _titles(form, column)


def _titles(form: Codebook, column: str) -> dict[str, Any]:
    known = {value: title.model_dump() for value, title in form.value_titles.get(column, {}).items()}
    return {"values": known} if known else {}
