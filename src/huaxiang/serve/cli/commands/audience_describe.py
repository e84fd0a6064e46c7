"""`huaxiang audience breakdown | overlap | numbers | why`: what the customers of an audience are like."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import click

from huaxiang.app.audiences.describing import BREAKDOWN_KEYS, OVERLAP_KEYS, breakdown, overlap
from huaxiang.app.audiences.figures import NUMBERS_KEYS, numbers
from huaxiang.app.audiences.reasons import WHY_KEYS, why
from huaxiang.serve.cli import output
from huaxiang.serve.cli.commands.audience import warned
from huaxiang.serve.cli.framework import View, command, option, shows
from huaxiang.serve.cli.texts import pick, t


def split(text: str) -> list[str]:
    """Names separated by commas."""
    return [part.strip() for part in text.split(",") if part.strip()]


@command("breakdown", text="help.audience.breakdown", keys=BREAKDOWN_KEYS)
@click.argument("expr")
@option("--by", key="by", metavar="TAG,TAG,…", required=True)
@option("--base", key="base", metavar="valid|all|EXPR", default="valid", show_default=True)
@option("--limit", key="values_limit", type=click.IntRange(1, 1_000), default=20, show_default=True)
@shows()
def audience_breakdown(view: View, expr: str, by: str, base: str, limit: int) -> None:
    """Break an audience down by tags, against a base."""
    with view.snapshot() as snapshot:
        view.show(warned(breakdown(snapshot, expr, split(by), base, limit=limit)), _breakdown)


def _breakdown(found: dict[str, Any]) -> None:
    base = found["base"]
    output.facts([
        (t("audience.audience"), f"{found['audience']} · {t('audience.people', count=output.number(found['customers']))}"),
        (t("audience.base_is"), t(f"audience.base_{base['kind']}", condition=base["condition"] or "",
                                  count=output.number(base["customers"]))),
        (t("ui.snapshot"), f"{found['snapshot']} · {t('ui.as_of')} {found['as_of']}"),
    ])  # fmt: skip
    for tag in found["tags"]:
        output.heading(f"{pick(tag['title'], tag['name'])}  ({tag['name']})")
        output.line(t("audience.known", known=output.number(tag["known"]), missing=output.number(tag["missing"]),
                      base_known=output.number(tag["base_known"]), base_missing=output.number(tag["base_missing"])))  # fmt: skip
        rows = [
            (pick(v["title"]) or output.value(v["value"], tag["value_type"], tag["unit"]), output.number(v["count"]),
             output.percent(v["share"]), output.percent(v["base_share"]), _tgi(v["tgi"]), _interval(v))
            for v in tag["values"]
        ]  # fmt: skip
        heads = (
            "tag.value",
            "audience.size",
            "audience.share",
            "audience.base_share",
            "audience.tgi",
            "audience.interval",
        )
        output.table([t(head) for head in heads], rows, right=frozenset({1, 2, 3, 4, 5}))
        if tag["other"]:
            output.line(t("audience.other", **{key: output.number(n) for key, n in tag["other"].items()}))


def _tgi(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"


def _interval(value: dict[str, Any]) -> str:
    return f"{_tgi(value['tgi_low'])} – {_tgi(value['tgi_high'])}"


@command("overlap", text="help.audience.overlap", keys=OVERLAP_KEYS)
@click.argument("expr", nargs=-1, required=True)
@shows()
def audience_overlap(view: View, expr: tuple[str, ...]) -> None:
    """Show how audiences overlap."""
    with view.snapshot() as snapshot:
        view.show(warned(overlap(snapshot, expr)), _overlap)


def _overlap(found: dict[str, Any]) -> None:
    names = [pick(a["title"], a["audience"]) for a in found["audiences"]]
    sizes = [
        (name, output.number(a["size"]), output.percent(a["share"]))
        for name, a in zip(names, found["audiences"], strict=True)
    ]
    output.table([t("audience.audience"), t("audience.size"), t("audience.share")], sizes, right=frozenset({1, 2}))
    output.line(t("audience.any_all", any=output.number(found["any"]), all=output.number(found["all"])))
    heads = [t("audience.audience"), *names]
    right = frozenset(range(1, len(heads)))
    ways: dict[str, Callable[[Any], str]] = {"counts": output.number, "shares": output.percent, "jaccard": _jaccard}
    for key, show in ways.items():
        output.heading(t(f"audience.overlap_{key}"))
        rows = [(name, *(show(v) for v in row)) for name, row in zip(names, found[key], strict=True)]
        output.table(heads, rows, right=right)


def _jaccard(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


@command("numbers", text="help.audience.numbers", keys=NUMBERS_KEYS)
@click.argument("expr")
@option("--of", key="numbers_of", metavar="TAG", required=True)
@shows()
def audience_numbers(view: View, expr: str, of: str) -> None:
    """Show percentiles, mean and histogram of a number or date."""
    with view.snapshot() as snapshot:
        view.show(warned(numbers(snapshot, expr, of)), _numbers)


def _numbers(found: dict[str, Any]) -> None:
    item, base = found["of"], found["base"]
    kind, unit = item["value_type"], item["unit"]
    output.heading(f"{pick(item['title'], item['name'])}  ({item['name']})")
    output.line(f"{found['audience']} · {t('audience.people', count=output.number(found['customers']))}")
    rows = [(t("audience.with_value"), output.number(found["known"]), output.number(base["known"]))]
    marks = [("mean", found["mean"], base["mean"]), ("min", found["min"], base["min"])]
    marks += [(f"p{p}", value, base["percentiles"][p]) for p, value in found["percentiles"].items()]
    marks.append(("max", found["max"], base["max"]))
    for mark, mine, everyone in marks:
        if mine is not None or everyone is not None:
            label = t(f"mark.{mark}") if mark in ("mean", "min", "max") else mark.upper()
            rows.append((label, output.value(mine, kind, unit), output.value(everyone, kind, unit)))
    output.table(["", t("audience.audience"), t("audience.everyone")], rows, right=frozenset({1, 2}))
    if found["index"]:
        index = found["index"]
        output.line(t("audience.index", value=_tgi(index["value"]), low=_tgi(index["low"]), high=_tgi(index["high"])))
    shown = unit if unit == "%" else None
    bins = found["histogram"]
    if bins:
        labels = output.ranges(bins, (base["min"], base["max"]), kind, shown)
        top = max((count / found["known"] for *_, count, _all in bins), default=0) if found["known"] else 0
        output.table(
            (t("tag.range"), t("audience.size"), t("audience.share"), t("audience.base_share"), ""),
            [
                (label, output.number(count),
                 output.percent(_part(count, found["known"])), output.percent(_part(every, base["known"])),
                 output.bar(count / found["known"] / top if top else 0))
                for label, (_, _, count, every) in zip(labels, bins, strict=True)
            ],
            right=frozenset({1, 2, 3}),
        )  # fmt: skip


def _part(count: int, of: int) -> float | None:
    return count / of if of else None


@command("why", text="help.audience.why", keys=WHY_KEYS)
@click.argument("expr")
@click.argument("customer_id")
@option("--unmask", key="unmask", is_flag=True)
@shows()
def audience_why(view: View, expr: str, customer_id: str, *, unmask: bool) -> None:
    """Say why a customer is in an audience, or isn't."""
    with view.snapshot() as snapshot:
        view.show(why(snapshot, expr, customer_id, unmask=unmask), _why)


def _why(found: dict[str, Any]) -> None:
    key = "audience.is_in" if found["member"] else "audience.is_not_in"
    output.line(t(key, id=found["customer_id"], audience=found["audience"]))
    if found["redirected_from"]:
        output.line(t("audience.redirected", id=found["redirected_from"]))
    if found["tree"] is None:
        output.line(t("audience.taken_over"))
        return
    for depth, part in _parts(found["tree"], 0):
        output.line(f"{'  ' * depth}{_MARKS[part['state']]} {_said(part)}{_held(part)}")
    if len(found["decisive"]) > 0 and found["tree"]["parts"]:
        output.line(t("audience.decisive", parts=t("ui.semicolon").join(found["decisive"])))


_MARKS = {"true": "✔", "false": "✘", "unknown": "?"}


def _parts(part: dict[str, Any], depth: int) -> Iterator[tuple[int, dict[str, Any]]]:
    yield depth, part
    for inner in part["parts"]:
        yield from _parts(inner, depth + 1)


def _said(part: dict[str, Any]) -> str:
    return t(f"audience.part_{part['kind']}") if part["kind"] in ("all", "any", "not") else str(part["text"])


def _held(part: dict[str, Any]) -> str:
    """Her values of what the part reads."""
    told = [f"{pick(v['title'], v['name'])}{t('ui.colon')}{output.shown_value(v)}" for v in part["values"]]
    if part["measured"] is not None:
        told.append(t("audience.measured", value=part["measured"]))
    if part["state"] == "unknown" and not part["parts"]:
        told.append(t("audience.unknown"))
    return f"    [{t('ui.semicolon').join(told)}]" if told else ""
