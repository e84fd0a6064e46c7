"""`huaxiang identity explain | status | review | accept | reject | split | merge | unmerge | undo | dry-run | evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from huaxiang.app.deciding import (
    DECISION_KEYS,
    answer_review,
    merge_customers,
    split_customer,
    undo_decision,
    unmerge_customer,
)
from huaxiang.app.identity import EXPLAIN_KEYS, REVIEW_KEYS, STATUS_KEYS, review_queue, show_identity
from huaxiang.app.identity import identity_status as status_of
from huaxiang.app.trying import DRY_RUN_KEYS, EVALUATE_KEYS, dry_run, evaluate
from huaxiang.serve.cli import output
from huaxiang.serve.cli.framework import LazyGroup, View, command, option, shows
from huaxiang.serve.cli.texts import t, t_or

_COMMANDS = (
    "explain",
    "status",
    "review",
    "accept",
    "reject",
    "split",
    "merge",
    "unmerge",
    "undo",
    "dry-run",
    "evaluate",
)
identity = LazyGroup(
    "identity",
    help="help.identity",
    lazy={name: f"{__name__}:identity_{name.replace('-', '_')}" for name in _COMMANDS},
)
why_option = option("--why", key="why", required=True)
_MOST_SHOWN = 20
"""So many held-back values are told; `--json` tells all."""
unmask_option = option("--unmask", key="unmask", is_flag=True)
limit_option = option("--limit", key="limit", type=click.IntRange(1, 10_000), default=20, show_default=True)


@command("explain", text="help.identity.explain", keys=EXPLAIN_KEYS)
@click.argument("customer_id", metavar="ID")
@unmask_option
@shows()
def identity_explain(view: View, customer_id: str, *, unmask: bool) -> None:
    """Show why a customer is one."""
    with view.snapshot() as snapshot:
        view.show(show_identity(snapshot, customer_id, unmask=unmask), _explain)


def _explain(found: dict[str, Any]) -> None:
    output.heading(t("identity.title", id=found["customer_id"]))
    if found["asked"] != found["customer_id"]:
        output.line(t("identity.redirected", old=found["asked"], id=found["customer_id"]))
    output.line(f"{t('ui.snapshot')} {found['snapshot']} · {t('ui.as_of')} {found['as_of']}")
    output.heading(t("identity.records", count=len(found["records"])))
    output.table(
        [t(f"identity.{head}") for head in ("digest", "source", "rows", "time", "said")],
        [
            (r["digest"][:12], r["source"], output.number(r["rows"]), _span(r), _said(r["fields"]))
            for r in found["records"]
        ],
        right=frozenset({2}),
    )
    _not_counted(found["records"])
    _evidence("linked", found["linked"])
    _evidence("refused", found["refused"])
    _evidence("review", found["review"])
    if found["was"]:
        output.heading(t("identity.was"))
        output.table(
            [t(f"identity.{head}") for head in ("id", "since")], [(w["customer_id"], w["since"]) for w in found["was"]]
        )
    if found["households"]:
        output.heading(t("identity.households"))
        output.facts((h["household_id"], output.number(h.get("household_size"))) for h in found["households"])
    if found["decisions"]:
        output.heading(t("identity.decisions"))
        output.table(
            [t(f"identity.{head}") for head in ("number", "kind", "who", "when", "why", "active")],
            [
                (str(d["number"]), t(f"identity.kind.{d['kind']}"), d["who"], d["when"], d["why"], _yes(d["active"]))
                for d in found["decisions"]
            ],
        )


def _not_counted(records: list[dict[str, Any]]) -> None:
    """Which keys of the records joined nothing, and why."""
    told = {
        (n["key"], n["value"], n["reason"]): (n, [r["digest"][:12] for r in records if n in r["not_counted"]])
        for record in records for n in record["not_counted"]
    }  # fmt: skip
    for entry, digests in told.values():
        words = {"field": entry["field"], "value": entry["value"], "of": t("ui.comma").join(digests)}
        count = output.number(entry["records"]) if entry["records"] else ""
        output.line(t(f"identity.not_counted.{entry['reason']}", **words, records=count))


def _yes(value: object) -> str:
    return t("value.true") if value else t("value.false")


def _span(record: dict[str, Any]) -> str:
    first, last = (str(record[k])[:10] if record[k] else "" for k in ("first_at", "last_at"))
    return first if first == last else f"{first} – {last}"


def _said(fields: dict[str, Any]) -> str:
    return t("ui.comma").join(f"{name} {value}" for name, value in fields.items())


def _evidence(kind: str, rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    output.heading(t(f"identity.{kind}", count=len(rows)))
    heads = ["left", "right", "rule", "probability", "first_seen"] + ([] if kind == "linked" else ["reason", "other"])
    cells = [
        [e["left"][:12], e["right"][:12], _rule(e), _chance(e["probability"]), e["first_seen"]]
        + ([] if kind == "linked" else [_reason(e["reason"]), e.get("other") or "–"])
        for e in rows
    ]
    output.table([t(f"identity.{head}") for head in heads], cells, right=frozenset({3}))


def _rule(evidence: dict[str, Any]) -> str:
    return f"{t('identity.kind.' + evidence['kind'])} {evidence['rule']}"


def _chance(probability: float | None) -> str:
    return "–" if probability is None else output.percent(probability, 2)


def _reason(reason: str) -> str:
    """A reason such as `limit:member` in the current language."""
    word, _, about = reason.partition(":")
    return t_or(f"identity.reason.{word}", word).format(about=about) if word else ""


@command("status", text="help.identity.status", keys=STATUS_KEYS)
@unmask_option
@shows()
def identity_status(view: View, *, unmask: bool) -> None:
    """Show the figures of the last build."""
    with view.snapshot() as snapshot:
        view.show(status_of(snapshot, unmask=unmask), _status)


def _status(found: dict[str, Any]) -> None:
    facts = ["records", "customers", "exact_customers", "review", "redirects", "shared_devices", "decisions"]
    output.facts((t(f"identity.count.{name}"), output.number(found[name])) for name in facts)
    if found["evidence"]:
        output.heading(t("identity.by_rule"))
        rows = [(_rule(e), t(f"identity.verdict.{e['verdict']}"), output.number(e["count"])) for e in found["evidence"]]
        output.table([t(f"identity.{head}") for head in ("rule", "verdict", "count")], rows, right=frozenset({2}))
    _guarded(found)
    if found["waiting"]:
        output.line(t("identity.waiting", numbers=t("ui.comma").join(map(str, found["waiting"]))))
    if found["unmet"]:
        output.line(t("identity.unmet", numbers=t("ui.comma").join(map(str, found["unmet"]))))


def _guarded(found: dict[str, Any]) -> None:
    """Show what guards held back, with the cause."""
    if found["held_back"]:
        output.heading(t("identity.held_back", count=len(found["held_back"])))
        rows = [(h["key"], _value_of(h), output.number(h["records"])) for h in found["held_back"][:_MOST_SHOWN]]
        output.table([t(f"identity.{head}") for head in ("key", "value", "records_head")], rows, right=frozenset({2}))
        _rest(len(found["held_back"]))
    if found["giants"]:
        output.heading(t("identity.giants", count=len(found["giants"])))
        giants = [
            (output.number(g["records"]), output.number(g["customers"]), f"{t('identity.kind.' + g['cause']['kind'])} {g['cause']['rule']}",
             _value_of(g["cause"]), output.number(g["cause"]["links"]))
            for g in found["giants"][:_MOST_SHOWN]
        ]  # fmt: skip
        heads = ("records_head", "customers_head", "rule", "value", "links_head")
        output.table([t(f"identity.{head}") for head in heads], giants, right=frozenset({0, 1, 4}))
        _rest(len(found["giants"]))


def _value_of(entry: dict[str, Any]) -> str:
    """A value as it may be shown; the beginning of its digest where the records don't hold it (any more)."""
    digest = entry["value_digest"][:12]
    return entry.get("value") or (f"#{digest}" if digest else "–")


def _rest(count: int) -> None:
    if count > _MOST_SHOWN:
        output.line(t("identity.more", count=output.number(count - _MOST_SHOWN)))


@command("review", text="help.identity.review", keys=REVIEW_KEYS)
@limit_option
@option("--offset", key="offset", type=click.IntRange(0), default=0, show_default=True)
@unmask_option
@shows()
def identity_review(view: View, limit: int, offset: int, *, unmask: bool) -> None:
    """Show what a person should decide."""
    with view.snapshot() as snapshot:
        view.show(review_queue(snapshot, limit=limit, offset=offset, unmask=unmask), _review)


def _review(found: dict[str, Any]) -> None:
    if not found["total"]:
        output.line(t("identity.review_none"))
        return
    output.line(_page(found))
    for pair in found["pairs"]:
        one, two = pair["customers"]
        output.heading(
            f"{pair['number']}. {one} ↔ {two}  {_rule(pair)} {_chance(pair['probability'])} {_reason(pair['reason'])}"
        )
        rows = [(name, left or "–", right or "–") for name, (left, right) in pair["fields"].items()]
        output.table((t("identity.field"), one, two), rows)
    output.line(t("identity.review_how"))


def _page(found: dict[str, Any]) -> str:
    """Which of the waiting pairs are shown, and how to see the others."""
    shown, total = len(found["pairs"]), found["total"]
    count, first, last = (output.number(n) for n in (total, found["offset"] + 1, found["offset"] + shown))
    if not shown:
        return t("identity.review_beyond", count=count, offset=output.number(found["offset"]))
    if shown == total:
        return t("identity.review_total", count=count)
    return t("identity.review_some", count=count, first=first, last=last)


@command("accept", text="help.identity.accept", keys=DECISION_KEYS)
@click.argument("number", type=click.IntRange(1))
@option("--why", key="why", default="")
@shows(snapshot=False)
def identity_accept(view: View, number: int, why: str) -> None:
    """Decide that a pair of the queue is one person."""
    with view.snapshot() as snapshot:
        view.show(answer_review(snapshot, number, same=True, why=why), _decided)


@command("reject", text="help.identity.reject", keys=DECISION_KEYS)
@click.argument("number", type=click.IntRange(1))
@option("--why", key="why", default="")
@shows(snapshot=False)
def identity_reject(view: View, number: int, why: str) -> None:
    """Decide that a pair of the queue is two people."""
    with view.snapshot() as snapshot:
        view.show(answer_review(snapshot, number, same=False, why=why), _decided)


@command("split", text="help.identity.split", keys=DECISION_KEYS)
@click.argument("customer_id", metavar="ID")
@option("--records", key="records", multiple=True, required=True, metavar="DIGEST")
@why_option
@shows(snapshot=False)
def identity_split(view: View, customer_id: str, records: tuple[str, ...], why: str) -> None:
    """Decide that some records of a customer are somebody else's."""
    chosen = [part for text in records for part in text.replace(",", " ").split()]
    with view.snapshot() as snapshot:
        view.show(split_customer(snapshot, customer_id, chosen, why), _decided)


@command("merge", text="help.identity.merge", keys=DECISION_KEYS)
@click.argument("customers", metavar="ID ID…", nargs=-1, required=True)
@why_option
@shows(snapshot=False)
def identity_merge(view: View, customers: tuple[str, ...], why: str) -> None:
    """Decide that customers are one person."""
    with view.snapshot() as snapshot:
        view.show(merge_customers(snapshot, customers, why), _decided)


@command("unmerge", text="help.identity.unmerge", keys=DECISION_KEYS)
@click.argument("customer_id", metavar="ID")
@option("--why", key="why", default="")
@shows(snapshot=False)
def identity_unmerge(view: View, customer_id: str, why: str) -> None:
    """Decide against the last merge into a customer."""
    with view.snapshot() as snapshot:
        view.show(unmerge_customer(snapshot, customer_id, why), _decided)


@command("undo", text="help.identity.undo", keys=DECISION_KEYS)
@click.argument("number", type=click.IntRange(1))
@option("--why", key="why", default="")
@shows(snapshot=False)
def identity_undo(view: View, number: int, why: str) -> None:
    """Take a decision back."""
    with view.snapshot() as snapshot:
        view.show(undo_decision(snapshot, number, why), _decided)


def _decided(found: dict[str, Any]) -> None:
    words = {
        "number": found["number"],
        "records": found["records"],
        "others": found["others"],
        "undoes": found["undoes"] or 0,
    }
    output.line(t(f"identity.done.{found['kind']}", **words))
    output.line(t("identity.next_build"))


@command("dry-run", text="help.identity.dry-run", keys=DRY_RUN_KEYS)
@limit_option
@unmask_option
@shows()
def identity_dry_run(view: View, limit: int, *, unmask: bool) -> None:
    """Show what the rules that stand in the files now would change."""
    with view.snapshot() as snapshot:
        view.show(dry_run(snapshot, limit=limit, unmask=unmask), _dry_run)


def _dry_run(found: dict[str, Any]) -> None:
    facts = ["records", "customers_before", "customers_after", "joined", "parted", "review"]
    output.facts((t(f"identity.count.{name}"), output.number(found[name])) for name in facts)
    if found["joins"]:
        output.heading(t("identity.joins"))
        rows = [
            (t("ui.comma").join(j["customers"][:6]), output.number(len(j["records"])), t("ui.comma").join(j["because"]))
            for j in found["joins"]
        ]
        output.table([t(f"identity.{head}") for head in ("id", "records_head", "rule")], rows, right=frozenset({1}))
    if found["parts"]:
        output.heading(t("identity.parts"))
        rows = [
            (p["customer_id"], output.number(p["records"]), " + ".join(map(str, p["into"]))) for p in found["parts"]
        ]
        output.table([t(f"identity.{head}") for head in ("id", "records_head", "into")], rows, right=frozenset({1}))
    _guarded(found)
    if found["unknown_fields"]:
        output.line(t("identity.unknown_fields", fields=t("ui.comma").join(found["unknown_fields"])))
    output.line(t("identity.nothing_written"))


@command("evaluate", text="help.identity.evaluate", keys=EVALUATE_KEYS)
@click.argument("truth", metavar="TRUTH.csv", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@shows()
def identity_evaluate(view: View, truth: Path) -> None:
    """Compare the build's customers with a known truth."""
    with view.snapshot() as snapshot:
        view.show(evaluate(snapshot, truth), _evaluate)


def _evaluate(found: dict[str, Any]) -> None:
    output.facts(
        (t(f"identity.count.{name}"), output.number(found[name])) for name in ("rows", "missing", "anonymous", "people")
    )
    rows = [
        (t(f"identity.way.{way}"), t(f"identity.metric.{metric}"), *(f"{found[way][metric][k]:.4f}" for k in ("precision", "recall", "f1")),
         output.number(found[way]["customers"]))
        for way in ("build", "exact") for metric in ("pairs", "clusters")
    ]  # fmt: skip
    heads = ("way", "metric", "precision", "recall", "f1", "customers_head")
    output.table([t(f"identity.{head}") for head in heads], rows, right=frozenset({2, 3, 4, 5}))
