"""`huaxiang quality [SOURCE] | repairs | rejected | audit`."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import click

from huaxiang.app.quality import QUALITY_KEYS, REJECTED_KEYS, reason_text, rejected_rows
from huaxiang.app.quality import quality as ask_quality
from huaxiang.serve.cli import output
from huaxiang.serve.cli.framework import LazyGroup, View, command, option, shows
from huaxiang.serve.cli.texts import language, pick, t, t_or

if TYPE_CHECKING:
    from collections.abc import Sequence

AUDIT_KEYS = (
    "snapshot", "as_of", "checked_on", "age_days", "light", "passed", "broken", "findings", "remeasured", "stored", "unbuilt",
)  # fmt: skip
REPAIRS_KEYS = ("snapshot", "source", "rows", "total", "kinds")
_COUNTS = ("rows_in", "loaded", "set_aside", "left_out")
FETCH = ("rows", "new", "replaced", "unchanged", "same_key", "repeated", "held")
_MARKS = {"good": "●", "look": "▲", "bad": "✖"}
_STEPS = "▁▂▃▄▅▆▇█"


class QualityGroup(LazyGroup):
    """`quality` alone, or followed by a source or an option, is `quality show`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `show` before arguments that name no command."""
        first = args[0] if args else ""
        if first not in self.lazy and first not in ctx.help_option_names:
            args = ["show", *args]
        return super().parse_args(ctx, args)


quality = QualityGroup("quality", help="help.quality", lazy={
    "show": f"{__name__}:show", "rejected": f"{__name__}:rejected", "repairs": f"{__name__}:repairs", "audit": f"{__name__}:audit",
})  # fmt: skip


@command("show", text="help.quality.show", keys=QUALITY_KEYS)
@click.argument("source", metavar="[SOURCE]", required=False)
@shows()
@option("--rejected", "of", key="rejected", metavar="SOURCE")
@option("--raw", key="raw", is_flag=True)
@option("--limit", key="limit", type=click.IntRange(1, 1_000_000), default=100, show_default=True)
def show(view: View, *, source: str | None, of: str | None, raw: bool, limit: int) -> None:
    """Show where every row went, how good the data are and what to do; or the rows set aside of one source."""
    with view.snapshot() as snapshot:
        if of is not None:
            view.show(rejected_rows(snapshot, of, raw=raw, limit=limit), _rejected)
        else:
            view.show(ask_quality(snapshot, source), _all if source is None else _one)


@command("rejected", text="help.quality.rejected", keys=REJECTED_KEYS)
@click.argument("source")
@shows()
@option("--raw", key="raw", is_flag=True)
@option("--limit", key="limit", type=click.IntRange(1, 1_000_000), default=100, show_default=True)
def rejected(view: View, *, source: str, raw: bool, limit: int) -> None:
    """List the rows set aside of a source."""
    with view.snapshot() as snapshot:
        view.show(rejected_rows(snapshot, source, raw=raw, limit=limit), _rejected)


@command("repairs", text="help.quality.repairs", keys=REPAIRS_KEYS)
@click.argument("source")
@shows()
@option("--raw", key="raw_values", is_flag=True)
@option("--limit", key="limit", type=click.IntRange(1, 1_000_000), default=100, show_default=True)
def repairs(view: View, *, source: str, raw: bool, limit: int) -> None:
    """List the values of a source that cleaning changed."""
    from huaxiang.app.repairs import list_repairs

    with view.snapshot() as snapshot:
        view.show(list_repairs(snapshot, source, raw=raw, limit=limit), _repairs)


@command("audit", text="help.quality.audit", keys=AUDIT_KEYS)
@shows(snapshot=False)
def audit(view: View) -> int:
    """Judge the served snapshot anew; exit 1 when a bound that stops is crossed."""
    from huaxiang.app.quality_audit import audit as ask_audit

    found = ask_audit(view.folder())
    view.show(found, _audited)
    return 0 if found["passed"] else 1


def _all(found: dict[str, Any]) -> None:
    output.facts([
        (t("ui.snapshot"), found["snapshot"]), (t("ui.as_of"), found["as_of"]), (t("quality.light"), light(found["light"])),
    ])  # fmt: skip
    output.heading(t("quality.rows"))
    heads = [t(f"quality.{head}") for head in ("source", *_COUNTS, "set_aside_share", "adds_up")]
    rows = [_counts(pick(one["title"], one["name"]), one) for one in found["sources"]]
    output.table(
        [*heads, t("quality.light")], [*rows, _counts(t("quality.total"), found)], right=frozenset(range(1, 6))
    )
    _fetched(found["sources"])
    _findings(found["findings"], {one["name"]: pick(one["title"], one["name"]) for one in found["sources"]})
    for source in found["sources"]:
        if source["reasons"] or source["left_out_reasons"] or source["repaired"] or source["unidentified"]:
            output.heading(t("quality.why", source=pick(source["title"], source["name"])))
            _reasons(source)
    output.line()
    _sum(found)
    output.facts(
        (t_or(f"quality.measure_{key}", key), output.percent(share))
        for key, share in found["measures"].items() if isinstance(share, float) and key == "completeness"
    )  # fmt: skip


def _one(found: dict[str, Any]) -> None:
    source = found["sources"][0]
    title = pick(source["title"], source["name"])
    output.facts([
        (t("ui.snapshot"), found["snapshot"]), (t("ui.as_of"), found["as_of"]), (t("quality.source"), title),
        (t("quality.light"), light(source["light"])), *_facts(source["measures"]),
    ])  # fmt: skip
    _fetched([source])
    _findings(found["findings"], {source["name"]: title})
    output.heading(t("quality.columns"))
    heads = [t(f"quality.{key}") for key in ("column", "complete")] + [""]
    heads += [t(f"quality.{key}") for key in ("valid", "unique", "drift", "light")]
    output.table(heads, [_column(column) for column in source["columns"]], right=frozenset({1, 3, 4, 5}))
    for key in ("agreement", "accuracy", "conditions"):
        if source[key]:
            output.heading(t(f"quality.{key}"))
            output.facts((_between(item), output.percent(item["share"])) for item in source[key])
    if source["schema"]:
        output.heading(t("quality.schema"))
        for change in source["schema"]:
            output.line(f"{t('quality.change_' + change['change'])}  {change['column'] or ''}")
    _trend(source["trend"])
    output.heading(t("quality.why", source=title))
    _reasons(source)
    output.line()
    _sum(found)


def _fetched(sources: Sequence[dict[str, Any]]) -> None:
    """What became of the rows that databases gave."""
    rows = [
        (pick(one["title"], one["name"]), *(output.number(one["fetch"][key]) for key in FETCH))
        for one in sources if one["fetch"]
    ]  # fmt: skip
    if rows:
        output.heading(t("quality.fetch"))
        heads = [t(f"quality.fetch_{key}") for key in FETCH]
        output.table([t("quality.source"), *heads], rows, right=frozenset(range(1, 1 + len(FETCH))))


def light(name: str | None) -> str:
    """A light with its word: colour never carries the meaning alone."""
    return f"{_MARKS[name]} {t('quality.light_' + name)}" if name in _MARKS else "–"


def _facts(measures: dict[str, Any]) -> list[tuple[str, str]]:
    from huaxiang.learn.quality.wording import measure_title, shown_value

    shown = ("valid_rows", "duplicates", "copies", "change", "age", "later")
    return [(pick(measure_title(m)), shown_value(m, measures[m])) for m in shown if measures.get(m) is not None]


def _findings(findings: Sequence[dict[str, Any]], titles: dict[str, str]) -> None:
    if not findings:
        return
    output.heading(t("quality.findings"))
    rows = [
        (light(f["light"]), titles.get(f["source"], f["source"]), pick(f["text"]), pick(f["advice"])) for f in findings
    ]
    output.table([t(f"quality.{key}") for key in ("light", "source", "finding", "todo")], rows)


def _column(column: dict[str, Any]) -> tuple[str, ...]:
    complete = column.get("complete")
    shares = [output.percent(column.get(key)) for key in ("valid", "unique")]
    drift = column.get("drift")
    return (
        column["name"], output.percent(complete), output.bar(complete or 0.0, 16), *shares,
        "–" if drift is None else f"{drift:.3f}", light(column.get("light")),
    )  # fmt: skip


def _between(item: dict[str, Any]) -> str:
    return f"{item['column']} · {item['other']}" if item.get("other") else str(item.get("column") or item.get("name"))


def _trend(lines: Sequence[dict[str, Any]]) -> None:
    if len(lines) < 2:
        return
    output.heading(t("quality.trend", count=len(lines)))
    for key, text in (("rows", output.number), ("valid_rows", output.percent), ("complete", output.percent)):
        values = [line[key] for line in lines if line[key] is not None]
        if values:
            output.line(f"{t('quality.trend_' + key)}  {sparkline(values)}  {text(values[0])} → {text(values[-1])}")


def sparkline(values: Sequence[float]) -> str:
    """Small columns from the smallest to the largest value; all in the middle when nothing changed."""
    low, high = min(values), max(values)
    if low == high:
        return _STEPS[3] * len(values)
    return "".join(_STEPS[round((value - low) / (high - low) * (len(_STEPS) - 1))] for value in values)


def _counts(name: str, found: dict[str, Any]) -> tuple[str, ...]:
    counts = [output.number(found[key]) for key in _COUNTS]
    share = found["set_aside"] / found["rows_in"] if found["rows_in"] else 0.0
    return (name, *counts, output.percent(share, 2), "✓" if found["adds_up"] else "✗", light(found["light"]))


def _sum(found: dict[str, Any]) -> None:
    output.line(
        t("quality.sum" if found["adds_up"] else "quality.no_sum", **{k: output.number(found[k]) for k in _COUNTS})
    )
    why: Counter[str] = Counter()
    for source in found["sources"]:
        why.update({pick(item["text"], item["code"]): item["rows"] for item in source["left_out_reasons"]})
    if why:
        parts = (t("quality.part", text=text, count=output.number(rows)) for text, rows in why.most_common())
        output.line(t("quality.left_out_of", parts=t("ui.comma").join(parts)))


def _reasons(source: dict[str, Any]) -> None:
    rows = [
        (item["code"], pick(item["text"], item["code"]), output.number(item["rows"]),
         output.percent(item["rows"] / source["rows_in"], 2))
        for item in (*source["reasons"], *source["left_out_reasons"])
    ]  # fmt: skip
    if rows:
        output.table(
            (t("quality.code"), t("quality.reason"), t("quality.count"), t("ui.share")), rows, right=frozenset({2, 3})
        )
    if source["repairs"]:
        repaired = [(r["column"], pick(r["text"], r["kind"]), output.number(r["values"])) for r in source["repairs"]]
        heads = (t("quality.column"), t("quality.repair"), t("quality.values"))
        output.table(heads, repaired, right=frozenset({2}))
    if source["repaired"]:
        output.line(t("quality.repaired", count=output.number(source["repaired"])))
    if source["unidentified"]:
        output.line(t("quality.unidentified", count=output.number(source["unidentified"])))


def _rejected(found: dict[str, Any]) -> None:
    if not found["rows"]:
        output.line(t("quality.none_rejected", source=found["source"]))
        return
    columns = list(found["rows"][0])
    told = [row | {"reason": pick(reason_text(row["code"]))} if language() != "en" else row for row in found["rows"]]
    _listed(found, columns, told)


def _repairs(found: dict[str, Any]) -> None:
    if not found["rows"]:
        output.line(t("quality.none_repaired", source=found["source"]))
        return
    from huaxiang.app.quality import repair_text

    told = [row | {"kind": pick(repair_text(row["kind"]))} for row in found["rows"]]
    _listed(found, list(found["rows"][0]), told)


def _listed(found: dict[str, Any], columns: Sequence[str], told: Sequence[dict[str, Any]]) -> None:
    rows = [tuple("–" if item is None else str(item) for item in row.values()) for row in told]
    output.table([t(f"quality.{name}") for name in columns], rows, right=frozenset({1}))
    output.line(t("quality.shown", shown=output.number(len(rows)), total=output.number(found["total"])))


def _audited(found: dict[str, Any]) -> None:
    output.facts([
        (t("ui.snapshot"), found["snapshot"]), (t("ui.as_of"), found["as_of"]), (t("quality.checked_on"), found["checked_on"]),
        (t("quality.light"), light(found["light"])),
    ])  # fmt: skip
    _findings(found["findings"], {})
    if found["unbuilt"]:
        output.line(t("quality.unbuilt", sources=t("ui.comma").join(found["unbuilt"])))
    output.line()
    lights = Counter(f["light"] for f in found["findings"])
    seen = {"bad": lights["bad"], "look": lights["look"], "broken": found["broken"]}
    stops = sum(f["level"] == "stop" for f in found["findings"])
    if not found["findings"]:
        output.line(t("quality.passed_clean"))
    else:
        output.line(t("quality.passed" if found["passed"] else "quality.failed", stops=stops, **seen))
