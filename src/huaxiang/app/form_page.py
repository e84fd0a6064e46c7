"""A form as an HTML page that prints on A4, for pen and paper."""

from __future__ import annotations

from importlib import resources
from typing import Any

from huaxiang.app.form_layout import Block, blocks_of, end_labels, hint_of, say, shows_labels, text_of, width_of, word
from huaxiang.store.forms.codebook import Codebook, Question


def render_page(form: Codebook, language: str) -> str:
    """Return the page; it holds no script and asks nothing of a network."""
    from jinja2 import Environment, StrictUndefined

    source = (resources.files("huaxiang") / "templates" / "forms" / "form.html").read_text("utf-8")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    keys = [say(key.title, language) for key in (*form.keys, *((form.time,) if form.time else ()))]
    return environment.from_string(source).render(
        language=language,
        title=say(form.title, language),
        intro=say(form.intro, language) if form.intro else "",
        closing=say(form.closing, language) if form.closing else "",
        keys=keys,
        sections=[
            {
                "title": say(section.title, language) if section.title else "",
                "note": say(section.note, language) if section.note else "",
                "blocks": [_block(block, language) for block in blocks],
            }
            for section, blocks in blocks_of(form)
        ],
    )


def _block(block: Block, language: str) -> dict[str, Any]:
    question = block.first
    told: dict[str, Any] = {
        "number": block.number,
        "text": text_of(block, language),
        "hint": hint_of(block, language) if not question.scored else _help(question, language),
        "kind": "matrix" if block.matrix else "rating" if question.scored else question.kind,
        "unit": say(question.unit, language) if question.unit else "",
        "lines": question.lines,
    }
    if question.kind == "date":
        told["unit"] = word("date_hint", language)
    if question.scored:
        told |= {"points": _points(question, language), "rows": [say(item.text, language) for item in block.questions]}
        told["ends"] = () if shows_labels(question) else [end for end in end_labels(question, language) if end]
    if question.options:
        labels = [say(option.title, language) for option in question.options]
        told["options"] = [
            {"label": label, "other": option.code == question.other}
            for label, option in zip(labels, question.options, strict=True)
        ]
        longest = max(map(width_of, labels))
        told["columns"] = 4 if longest <= 15 else 3 if longest <= 24 else 2 if longest <= 38 else 1
    return told


def _help(question: Question, language: str) -> str:
    return say(question.help, language) if question.help else ""


def _points(question: Question, language: str) -> list[dict[str, Any]]:
    scale = question.scale
    assert scale is not None, question.code
    few = len(scale.points) <= 7
    labels = {point: say(label, language) for point, label in scale.labels.items()}
    return [{"point": point, "label": labels.get(point, "") if few else ""} for point in scale.points]
