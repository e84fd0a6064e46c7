"""`huaxiang customer ID` and `customer search TEXT`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

from huaxiang.app.customer import CUSTOMER_KEYS, SEARCH_KEYS, Detail, search_customers, show_customer
from huaxiang.serve.cli import output
from huaxiang.serve.cli.commands.account import account_cell, account_head, mark
from huaxiang.serve.cli.framework import ShowGroup, View, command, option, shows
from huaxiang.serve.cli.texts import pick, t, t_or
from huaxiang.store.snapshots import Snapshot

customer = ShowGroup(
    "customer",
    help="help.customer",
    lazy={"show": f"{__name__}:customer_show", "search": f"{__name__}:customer_search"},
)


@command("show", text="help.customer.show", keys=CUSTOMER_KEYS)
@click.argument("customer_id", metavar="ID")
@option("--unmask", key="unmask", is_flag=True)
@option("--provenance", key="provenance", is_flag=True)
@shows()
def customer_show(view: View, customer_id: str, *, unmask: bool, provenance: bool) -> None:
    """Show one customer in full."""
    with view.snapshot() as snapshot:
        manifest = snapshot.manifest
        view.show(
            show_customer(snapshot, customer_id, Detail(unmask, provenance)),
            lambda found: _show(found, manifest),
        )


def _show(found: dict[str, Any], manifest: Mapping[str, Any]) -> None:
    output.heading(t("customer.title", id=found["customer_id"]))
    output.line(f"{t('ui.snapshot')} {found['snapshot']} · {t('ui.as_of')} {found['as_of']}")
    if found["redirected_from"]:
        output.line(t("customer.redirected", old=found["redirected_from"]))
    for kind in ("attributes", "tags"):
        _fields(kind, found[kind])
    if found["provenance"] is not None:
        known = {item["name"]: item for item in manifest.get("attributes", ())}
        _provenance(found["provenance"], known)
    _belonging(found, (manifest.get("accounts") or {}).get("attributes", ()))
    if found["segments"]:
        output.heading(t("customer.segments"))
        output.facts((pick(item["title"], item["clustering"]), _segment(item)) for item in found["segments"])
    output.heading(t("customer.audiences", count=len(found["audiences"])))
    titles = [pick(found["audience_titles"].get(name), name) for name in found["audiences"]]
    output.line(t("ui.comma").join(titles) or "–")
    output.heading(t("customer.identity"))
    keys = [(item["key"], item["value"] or t("customer.hidden")) for item in found["identity"]]
    output.table((t("customer.key"), t("tag.value")), keys)
    output.heading(t("customer.records"))
    output.facts((pick(item["title"], item["source"]), output.number(item["rows"])) for item in found["records"])


def _fields(kind: str, items: list[dict[str, Any]]) -> None:
    """Values by class, attributes with the source they come from."""
    known = [item for item in items if item["value"] is not None]
    output.heading(t(f"customer.{kind}", known=len(known), all=len(items)))
    rows = [
        (
            t_or(f"class.{item['class']}", item["class"] or "–"), pick(item["title"], item["name"]),
            output.shown_value(item),
            mark(item.get("provenance")),
        )
        for group in dict.fromkeys(item["class"] for item in known) for item in known if item["class"] == group
    ]  # fmt: skip
    heads = (t("tag.class"), t("tag.title"), t("tag.value"), t("customer.from"))
    shown = 4 if any(row[3] for row in rows) else 3
    if rows:
        output.table(heads[:shown], [row[:shown] for row in rows])


def _provenance(items: list[dict[str, Any]], known: Mapping[str, Any]) -> None:
    """Every value that any source gives, the winning ones marked. `known`: what the manifest says of the attributes."""
    output.heading(t("customer.provenance"))
    rows = []
    for item in items:
        share = output.percent(item["agree"], 0) if item["agree"] is not None else ""
        sure = output.percent(item["confidence"], 0) if item["confidence"] is not None else ""
        for number, said in enumerate(item["said"]):
            title = pick(item["title"], item["name"]) if number == 0 else ""
            last = str(said["last_at"] or "–")[:10]
            wins = "✓" if said["wins"] else ""
            facts = (share, sure) if number == 0 else ("", "")
            about = known.get(item["name"], {})
            told = output.value_title(about.get("values"), said["value"], about.get("value_type", "text"))
            rows.append((title, wins, told, said["source"], str(said["rows"]), last, *facts))
    heads = ("tag.title", "customer.wins", "tag.value", "customer.from", "customer.rows", "customer.last_at", "customer.agree",
             "customer.confidence")  # fmt: skip
    output.table([t(head) for head in heads], rows, right=frozenset({4, 6, 7}))


def _belonging(found: dict[str, Any], items: Sequence[Mapping[str, Any]]) -> None:
    """The household and the account; `items`: what the manifest says of the accounts' attributes."""
    home, account = found["household"], found["account"]
    if home:
        output.heading(t("customer.household", id=home["household_id"], count=home["customers"]))
        region = " ".join(home[part] for part in ("province", "city", "district") if home[part])
        output.facts([
            (t("customer.members"), t("ui.comma").join(home["members"])), (t("customer.head"), home["head"] or ""),
            (t("customer.children"), "" if home["children"] is None else str(home["children"])),
            (t("customer.region"), region),
        ])  # fmt: skip
    if account:
        output.heading(t("customer.account", id=account["account_id"]))
        known = {item["name"]: item for item in items}
        output.facts(
            (account_head(name, known), account_cell(name, value, known))
            for name, value in account.items()
            if value is not None and name != "account_id"
        )


def _segment(item: dict[str, Any]) -> str:
    return f"{pick(item['persona'], item['segment'])} ({item['segment']})" if item["segment"] else "–"


@command("search", text="help.customer.search", keys=SEARCH_KEYS)
@click.argument("text")
@option("--limit", key="limit", type=click.IntRange(1, 10_000), default=20, show_default=True)
@shows()
def customer_search(view: View, text: str, limit: int) -> None:
    """Find customers by ID, attribute or key."""
    with view.snapshot() as snapshot:
        found = search_customers(snapshot, text, limit=limit + 1)  # one more tells whether there are more
        more = len(found["found"]) > limit
        view.show(found | {"found": found["found"][:limit]}, lambda told: _search(told, snapshot, more=more))


def _search(found: dict[str, Any], snapshot: Snapshot, *, more: bool) -> None:
    if not found["found"]:
        output.line(t("customer.none"))
        return
    from huaxiang.app.finding import describe_customers

    titles = {item["name"]: item.get("title") for item in snapshot.manifest.get("attributes", ())}
    who = describe_customers(snapshot, [item["customer_id"] for item in found["found"]])
    rows = [
        (
            item["customer_id"], told["name"] or "–", told["phone"] or "–",
            t("ui.comma").join(pick(titles.get(name), t_or(f"customer.by.{name}", name)) for name in item["matched"]),
        )
        for item, told in zip(found["found"], who, strict=True)
    ]  # fmt: skip
    columns = [t("customer.id"), t("customer.name"), t("customer.phone"), t("customer.matched")]
    empty = {number for number in (1, 2) if all(row[number] == "–" for row in rows)}
    kept = [number for number in range(len(columns)) if number not in empty]
    output.table([columns[n] for n in kept], [[row[n] for n in kept] for row in rows])
    if more:
        output.line(t("customer.first", count=len(rows)))
