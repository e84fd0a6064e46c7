"""`huaxiang tag list` and `tag show`."""

from __future__ import annotations

from typing import Any, get_args

import click

from huaxiang.app.tags import TAG_KEYS, TAG_LIST_KEYS, list_tags, show_tag
from huaxiang.serve.cli import output
from huaxiang.serve.cli.framework import LazyGroup, View, command, option, shows
from huaxiang.serve.cli.texts import pick, t, t_or

tag = LazyGroup("tag", help="help.tag", lazy={"list": f"{__name__}:tag_list", "show": f"{__name__}:tag_show"})


@command("list", text="help.tag.list", keys=TAG_LIST_KEYS)
@shows()
@option("--class", "class_", key="class", metavar="CLASS")
def tag_list(view: View, class_: str | None) -> None:
    """Show all tags."""
    if class_ is not None:
        _check_class(class_)
    with view.snapshot() as snapshot:
        view.show(list_tags(snapshot, class_=class_), _list)


def _check_class(name: str) -> None:
    from huaxiang.errors import UsageError
    from huaxiang.spec.models import TagClass

    known = get_args(TagClass)
    if name not in known:
        raise UsageError.unknown("class", name, known)


def _list(found: dict[str, Any]) -> None:
    rows = [
        (
            item["name"], pick(item["title"], item["name"]), t_or(f"class.{item['class']}", item["class"] or "–"),
            t_or(f"kind.{item['kind']}", item["kind"] or "–"), t_or(f"type.{item['value_type']}", item["value_type"]),
            output.percent(item["coverage"]), (item["fresh_to"] or "–")[:10], t_or(f"state.{item['status']}", item["status"] or "–"),
        )
        for item in found["tags"]
    ]  # fmt: skip
    heads = ("name", "title", "class", "kind", "type", "coverage", "fresh_to", "status")
    output.table([t(f"tag.{head}") for head in heads], rows, right=frozenset({5}))
    output.line(t("tag.count", count=len(rows), customers=output.number(found["customers"]), as_of=found["as_of"]))


@command("show", text="help.tag.show", keys=TAG_KEYS)
@click.argument("name")
@shows()
def tag_show(view: View, name: str) -> None:
    """Show one tag in full."""
    with view.snapshot() as snapshot:
        view.show(show_tag(snapshot, name), _show)


def _show(found: dict[str, Any]) -> None:
    kind, base = found["value_type"], found["customers"]
    output.heading(f"{pick(found['title'], found['name'])}  ({found['name']})")
    if found["description"]:
        output.line(pick(found["description"]))
    lineage = found["lineage"] or ()
    output.facts([
        (t("tag.definition"), found["definition"] or ""),
        (t("tag.place"), found["place"] or ""),
        (t("tag.owner"), found["owner"] or t("tag.no_owner")),
        (t("tag.kind"), t_or(f"kind.{found['kind']}", found["kind"] or "")),
        (t("tag.class"), t_or(f"class.{found['class']}", found["class"] or "")),
        (t("tag.type"), t_or(f"type.{kind}", kind)),
        (t("tag.unit"), output.unit_text(found["unit"])),
        (t("tag.attribute"), found["attribute"] or ""),
        (t("tag.lineage"), t("ui.comma").join(lineage)),
        (t("tag.status"), t_or(f"state.{found['status']}", found["status"] or "")),
        (t("tag.coverage"), t("tag.covered", share=output.percent(found["coverage"]), base=output.number(base),
                              missing=output.number(found["missing"]))),
        (t("tag.version"), f"v{found['version']} · {found['definition_hash']}" if found["version"] else ""),
        (t("tag.fresh_to"), (found["fresh_to"] or "")[:16]),
        (t("ui.snapshot"), f"{found['snapshot']} · {t('ui.as_of')} {found['as_of']}"),
    ])  # fmt: skip
    output.heading(t("tag.distribution", base=output.number(base), as_of=found["as_of"]))
    output.distribution(found["distribution"] or {}, kind=kind, titles=found["values"], base=base, unit=found["unit"])
    if found["sql"]:
        output.heading("SQL")
        output.line(found["sql"])
