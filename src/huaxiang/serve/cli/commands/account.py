"""`huaxiang account ID` and `account list`."""

from __future__ import annotations

from typing import Any

import click

from huaxiang.app.account import ACCOUNT_KEYS, ACCOUNT_LIST_KEYS, list_accounts, show_account
from huaxiang.serve.cli import output
from huaxiang.serve.cli.framework import LazyGroup, View, command, option, shows
from huaxiang.serve.cli.texts import pick, t, t_or


class _AccountGroup(LazyGroup):
    """`account ID` means `account show ID`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `show` before what isn't a command. An ID that is one (`list`) is asked for by `account show list`."""
        if args and args[0] not in self.lazy and args[0] not in {"-h", "--help"}:
            args = ["show", *args]
        return super().parse_args(ctx, args)


account = _AccountGroup(
    "account", help="help.account", lazy={"show": f"{__name__}:account_show", "list": f"{__name__}:account_list"}
)


@command("show", text="help.account.show", keys=ACCOUNT_KEYS)
@click.argument("account_id", metavar="ID")
@option("--unmask", key="unmask", is_flag=True)
@shows()
def account_show(view: View, account_id: str, *, unmask: bool) -> None:
    """Show one account with its people."""
    with view.snapshot() as snapshot:
        view.show(show_account(snapshot, account_id, unmask=unmask), _show)


def _show(found: dict[str, Any]) -> None:
    output.heading(t("account.title", id=found["account_id"]))
    output.line(f"{t('ui.snapshot')} {found['snapshot']} · {t('ui.as_of')} {found['as_of']}")
    rows = [
        (
            pick(item["title"], item["name"]),
            pick(item["value_title"]) or output.value(item["value"], item["value_type"]),
            mark(item["provenance"]),
        )
        for item in found["attributes"]
        if item["value"] is not None
    ]
    output.heading(t("account.attributes"))
    output.table((t("tag.title"), t("tag.value"), t("customer.from")), rows)
    output.heading(t("account.people", count=found["contacts"]))
    output.line(f"{t('account.roles')} {t('ui.comma').join(found['decision_roles']) or '–'}")
    if found["people"]:
        heads = [key for key in found["people"][0] if any(person[key] for person in found["people"])]
        titles = [t_or(f"account.{head}", head) for head in heads]
        output.table(titles, [[_cell(person[head]) for head in heads] for person in found["people"]])


def mark(provenance: dict[str, Any] | None) -> str:
    """Where a value comes from, on one line: source, date, confidence."""
    if not provenance:
        return ""
    parts = [str(provenance["source"]), str(provenance["at"] or "")]
    confidence = provenance.get("confidence")
    return " · ".join([p for p in parts if p] + ([output.percent(confidence, 0)] if confidence is not None else []))


def _cell(item: Any) -> str:
    return (
        t("ui.comma").join(str(i) for i in item) if isinstance(item, list) else str(item) if item is not None else "–"
    )


@command("list", text="help.account.list", keys=ACCOUNT_LIST_KEYS)
@click.argument("text", required=False)
@option("--limit", key="limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@shows()
def account_list(view: View, text: str | None, limit: int) -> None:
    """List accounts, or those one of whose texts holds TEXT."""
    with view.snapshot() as snapshot:
        items = (snapshot.manifest.get("accounts") or {}).get("attributes", ())
        titles = {item["name"]: pick(item["title"], item["name"]) for item in items}
        view.show(list_accounts(snapshot, text, limit=limit), lambda found: _list(found, titles))


def _list(found: dict[str, Any], titles: dict[str, str]) -> None:
    if not found["accounts"]:
        output.line(t("account.none"))
        return
    columns = list(found["accounts"][0])
    heads = [titles.get(c) or t_or(f"account.{c}", c) for c in columns]
    output.table(heads, [[_cell(row[c]) for c in columns] for row in found["accounts"]])
    output.line(t("account.count", shown=len(found["accounts"]), total=found["total"]))
