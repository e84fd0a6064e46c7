"""`huaxiang account ID` and `account list`."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import click

from huaxiang.app.account import ACCOUNT_KEYS, ACCOUNT_LIST_KEYS, list_accounts, show_account
from huaxiang.serve.cli import output
from huaxiang.serve.cli.framework import ShowGroup, View, command, option, shows
from huaxiang.serve.cli.texts import pick, t, t_or

account = ShowGroup(
    "account", help="help.account", lazy={"show": f"{__name__}:account_show", "list": f"{__name__}:account_list"}
)


@command("show", text="help.account.show", keys=ACCOUNT_KEYS)
@click.argument("account_id", metavar="ID")
@option("--unmask", key="unmask", is_flag=True)
@shows()
def account_show(view: View, account_id: str, *, unmask: bool) -> None:
    """Show one account with its people."""
    with view.snapshot() as snapshot:
        known = {item["name"]: item for item in snapshot.manifest.get("attributes", ())}
        view.show(show_account(snapshot, account_id, unmask=unmask), lambda found: _show(found, known))


def _show(found: dict[str, Any], known: Mapping[str, Mapping[str, Any]]) -> None:
    output.heading(t("account.title", id=found["account_id"]))
    output.line(f"{t('ui.snapshot')} {found['snapshot']} · {t('ui.as_of')} {found['as_of']}")
    rows = [
        (
            pick(item["title"], item["name"]),
            output.shown_value(item),
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
        output.table(
            titles, [[account_cell(head, person[head], known) for head in heads] for person in found["people"]]
        )


def mark(provenance: dict[str, Any] | None) -> str:
    """Where a value comes from, on one line: source, date, confidence."""
    if not provenance:
        return ""
    parts = [str(provenance["source"]), str(provenance["at"] or "")]
    confidence = provenance.get("confidence")
    return " · ".join([p for p in parts if p] + ([output.percent(confidence, 0)] if confidence is not None else []))


def account_head(name: str, known: Mapping[str, Mapping[str, Any]]) -> str:
    """The title of a column of accounts or of their people; `known`: manifest entries by name."""
    return pick(known[name].get("title"), name) if name in known else t_or(f"account.{name}", name)


def account_cell(name: str, value: Any, known: Mapping[str, Mapping[str, Any]]) -> str:
    """A value of a column of accounts or of their people, with its title and unit as far as the manifest knows them."""
    item = known.get(name, {})
    kind = "number" if _is_number(value) else item.get("value_type") or "text"
    return output.value_title(item.get("values"), value, kind, item.get("unit"))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


@command("list", text="help.account.list", keys=ACCOUNT_LIST_KEYS)
@click.argument("text", required=False)
@option("--limit", key="limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@shows()
def account_list(view: View, text: str | None, limit: int) -> None:
    """List accounts, or those one of whose texts holds TEXT."""
    with view.snapshot() as snapshot:
        items = (snapshot.manifest.get("accounts") or {}).get("attributes", ())
        known = {item["name"]: item for item in items}
        view.show(list_accounts(snapshot, text, limit=limit), lambda found: _list(found, known))


def _list(found: dict[str, Any], known: Mapping[str, Mapping[str, Any]]) -> None:
    if not found["accounts"]:
        output.line(t("account.none"))
        return
    columns = list(found["accounts"][0])
    heads = [account_head(c, known) for c in columns]
    right = frozenset(n for n, c in enumerate(columns) if any(_is_number(row[c]) for row in found["accounts"]))
    output.table(heads, [[account_cell(c, row[c], known) for c in columns] for row in found["accounts"]], right=right)
    output.line(t("account.count", shown=len(found["accounts"]), total=found["total"]))
