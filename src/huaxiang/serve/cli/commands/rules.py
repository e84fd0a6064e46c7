"""`huaxiang audience rules`: what goes together in an audience."""

from __future__ import annotations

from typing import Any

import click

from huaxiang.app.rules import RULES_KEYS, RuleQuestion, find_rules
from huaxiang.serve.cli import output
from huaxiang.serve.cli.commands.audience import warned
from huaxiang.serve.cli.framework import View, command, option, shows
from huaxiang.serve.cli.texts import pick, t

SHARE = click.FloatRange(0, 1)


@command("rules", text="help.audience.rules", keys=RULES_KEYS)
@click.argument("expr", required=False)
@option("--tags", key="rule_tags", metavar="A,B,…", default="")
@option("--min-support", key="min_support", type=SHARE, default=RuleQuestion.min_support, show_default=True)
@option("--min-confidence", key="min_confidence", type=SHARE, default=RuleQuestion.min_confidence, show_default=True)
@option("--min-lift", key="min_lift", type=click.FloatRange(0), default=RuleQuestion.min_lift, show_default=True)
@option("--max-length", key="max_length", type=click.IntRange(2), default=RuleQuestion.max_length, show_default=True)
@option("--limit", key="limit", type=click.IntRange(1), default=RuleQuestion.limit, show_default=True)
@option("--all", "everything", key="rules_all", is_flag=True)
@shows()
def audience_rules(view: View, expr: str | None, tags: str, **asked: Any) -> None:
    """Find which values of tags go together."""
    question = RuleQuestion(tags=tuple(part.strip() for part in tags.split(",") if part.strip()), **asked)
    with view.snapshot() as snapshot:
        view.show(warned(find_rules(snapshot, expr, question)), _rules)


def _rules(found: dict[str, Any]) -> None:
    names = t("ui.comma").join(pick(tag["title"], tag["name"]) for tag in found["tags"])
    output.facts([
        (t("rules.audience"), t("rules.who", count=output.number(found["customers"]), base=output.number(found["base"]))),
        (t("rules.tags"), names), (t("ui.snapshot"), f"{found['snapshot']} · {t('ui.as_of')} {found['as_of']}"),
    ])  # fmt: skip
    if not found["rules"]:
        output.line()
        output.line(t("rules.none"))
    else:
        output.heading(t("rules.heading", shown=len(found["rules"]), found=output.number(found["found"])))
        for number, rule in enumerate(found["rules"], 1):
            output.line(f"{number:>3}. {pick(rule['text'])}")
        output.line()
        _table(found["rules"])
    output.line(t("rules.left_out", **{key: output.number(count) for key, count in found["left_out"].items()}))
    output.line(t("rules.method"))


def _table(rules: list[dict[str, Any]]) -> None:
    compared = any(rule["base"] for rule in rules)
    heads = ["number", "count", "known", "support", "confidence", "lift", "leverage", "conviction", "p"]
    heads += ["base_confidence", "base_p"] if compared else []
    rows = []
    for number, rule in enumerate(rules, 1):
        conviction = "∞" if rule["conviction"] is None else f"{rule['conviction']:.2f}"
        row = [
            str(number), output.number(rule["count"]), output.number(rule["known"]), output.percent(rule["support"]),
            output.percent(rule["confidence"]), f"{rule['lift']:.2f}", f"{rule['leverage']:+.4f}", conviction, chance(rule["p_corrected"]),
        ]  # fmt: skip
        if compared:
            row += [output.percent(rule["base"]["confidence"]), chance(rule["base"]["p_corrected"])]
        rows.append(row)
    output.table([t(f"rules.{head}") for head in heads], rows, right=frozenset(range(1, len(heads))))


def chance(p: float) -> str:
    """A p-value for people."""
    return "< 0.0001" if p < 0.0001 else f"{p:.4f}"
