"""`huaxiang audience lookalike`: customers like a seed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from huaxiang.app.lookalike import LOOKALIKE_KEYS, LookalikeQuestion, find_lookalikes
from huaxiang.serve.cli import output
from huaxiang.serve.cli.commands.audience import warned
from huaxiang.serve.cli.framework import View, command, option, shows
from huaxiang.serve.cli.texts import pick, t


def read_share(_ctx: click.Context, param: click.Parameter, text: str | None) -> float | None:
    """`5%` or `0.05` as a number."""
    if text is None:
        return None
    try:
        return float(text.strip()[:-1]) / 100 if text.strip().endswith(("%", "％")) else float(text)
    except ValueError:
        raise click.BadParameter(t("lookalike.bad_share", value=text), param=param) from None


@command("lookalike", text="help.audience.lookalike", keys=LOOKALIKE_KEYS)
@click.argument("seed", metavar="SEED_EXPR")
@option("--size", key="lookalike_size", metavar="N", type=click.IntRange(1))
@option("--share", key="lookalike_share", metavar="5%", callback=read_share)
@option("--exclude", key="exclude", metavar="EXPR")
@option("--model", key="model", type=click.Choice(["logistic", "boosting"]), default="logistic", show_default=True)
@option(
    "--holdout", key="holdout", type=click.FloatRange(0.1, 0.5), default=LookalikeQuestion.holdout, show_default=True
)
@option("--to", "to", key="to_lookalike", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
@shows()
def audience_lookalike(view: View, seed: str, to: Path | None, **asked: Any) -> None:
    """Find customers like a seed."""
    with view.snapshot() as snapshot:
        view.show(warned(find_lookalikes(snapshot, seed, LookalikeQuestion(**asked), to).answer), _show)


def _show(found: dict[str, Any]) -> None:
    seed, auc = found["seed"], found["auc"]
    counts = {"seed": seed["customers"], "train": seed["train"], "held": seed["held_out"]}
    rest = {key: output.number(count) for key, count in found["rest"].items()}
    undecided = t("lookalike.undecided", **rest) if found["rest"]["undecided"] else ""
    size = {"size": output.number(found["size"]), "rest": output.number(found["candidates"])}
    used, left_out = found["features"]["used"], found["features"]["left_out"]
    title = pick(found["baseline"]["title"], found["baseline"]["tag"])
    output.facts([
        (t("lookalike.seed"), t("lookalike.seed_value", **{key: output.number(n) for key, n in counts.items()})),
        (t("lookalike.rest"), t("lookalike.rest_value", **rest) + undecided),
        (t("lookalike.excluded"), found["exclude"] or ""),
        (t("lookalike.found"), t("lookalike.found_value", share=output.percent(found["share"]), **size)),
        (t("lookalike.model"), t(f"lookalike.model_{found['model']['name']}")),
        (t("lookalike.features"), t("lookalike.features_value", used=len(used), left_out=len(left_out))),
        (t("lookalike.auc"), t("lookalike.auc_value", auc=f"{auc['value']:.3f}", low=f"{auc['low']:.3f}", high=f"{auc['high']:.3f}",
                               baseline=f"{found['baseline']['auc']:.3f}")),
        (t("ui.snapshot"), f"{found['snapshot']} · {t('ui.as_of')} {found['as_of']}"),
    ])  # fmt: skip
    for warning in found["warnings"]:
        output.line(f"⚠ {t('lookalike.warning')}{pick(warning)}")
    _curve(found["curve"])
    output.line(t("lookalike.baseline_is", title=title))
    if found["drivers"]:
        output.heading(t("lookalike.drivers"))
        rows = [(pick(d["title"], d["tag"]), f"{d['loss']:.3f}", pick(d["text"])) for d in found["drivers"]]
        output.table([t(f"lookalike.{key}") for key in ("driver", "loss", "says")], rows, right=frozenset({1}))
    _left_out(left_out)
    output.line()
    output.line(pick(found["note"]))
    if found["file"]:
        output.line(t("lookalike.written", file=found["file"]))


def _curve(curve: list[dict[str, Any]]) -> None:
    output.heading(t("lookalike.curve"))
    heads = [
        t(f"lookalike.{key}") for key in ("top", "customers", "recall", "lift", "interval", "baseline", "best")
    ] + [""]
    most = max(point["lift"] for point in curve) or 1.0
    rows = [
        (f"{'▶ ' if point['asked'] else ''}{output.percent(point['top'])}", output.number(point["customers"]),
         output.percent(point["reached"]), f"{point['lift']:.2f}", f"{point['low']:.2f}–{point['high']:.2f}",
         f"{point['baseline']:.2f}", f"{point['best']:.2f}", output.bar(point["lift"] / most, 16))
        for point in curve
    ]  # fmt: skip
    output.table(heads, rows, right=frozenset(range(7)))


def _left_out(left_out: list[dict[str, str]]) -> None:
    names: dict[str, list[str]] = {}
    for entry in left_out:
        names.setdefault(entry["reason"], []).append(entry["name"])
    output.heading(t("lookalike.left_out"))
    for reason, key in (("definition", "why_seed"), ("same_data", "why_same"), ("personal", "why_personal")):
        if names.get(reason):
            output.line("  " + t(f"lookalike.{key}", names=t("ui.comma").join(names[reason])))
    others = len(names.get("no_feature", ())) + len(names.get("constant", ()))
    if others:
        output.line("  " + t("lookalike.why_other", count=others))
