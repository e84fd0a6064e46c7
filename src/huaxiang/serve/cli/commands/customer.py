"""`huaxiang customer ID` and `customer search TEXT`."""

from __future__ import annotations

from typing import Any

import click

from huaxiang.app.customer import CUSTOMER_KEYS, SEARCH_KEYS, search_customers, show_customer
from huaxiang.serve.cli import output
from huaxiang.serve.cli.framework import LazyGroup, View, command, option, shows
from huaxiang.serve.cli.texts import pick, t, t_or


class _CustomerGroup(LazyGroup):
    """`customer ID` means `customer show ID`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `show` before what isn't a command. An ID that is one (`search`) is asked for by `customer show search`."""
        if args and args[0] not in self.lazy and args[0] not in {"-h", "--help"}:
            args = ["show", *args]
        return super().parse_args(ctx, args)


customer = _CustomerGroup(
    "customer",
    help="help.customer",
    lazy={"show": f"{__name__}:customer_show", "search": f"{__name__}:customer_search"},
)


@command("show", text="help.customer.show", keys=CUSTOMER_KEYS)
@click.argument("customer_id", metavar="ID")
@shows()
def customer_show(view: View, customer_id: str) -> None:
    """Show one customer in full."""
    with view.snapshot() as snapshot:
        view.show(show_customer(snapshot, customer_id), _show)


def _show(found: dict[str, Any]) -> None:
    output.heading(t("customer.title", id=found["customer_id"]))
    output.line(f"{t('ui.snapshot')} {found['snapshot']} · {t('ui.as_of')} {found['as_of']}")
    for kind in ("attributes", "tags"):
        known = [item for item in found[kind] if item["value"] is not None]
        output.heading(t(f"customer.{kind}", known=len(known), all=len(found[kind])))
        groups = dict.fromkeys(item["class"] for item in known)
        rows = [
            (t_or(f"class.{item['class']}", item["class"] or "–"), pick(item["title"], item["name"]),
             pick(item["value_title"]) or output.value(item["value"], item["value_type"], item["unit"]))
            for group in groups for item in known if item["class"] == group
        ]  # fmt: skip
        if rows:
            output.table((t("tag.class"), t("tag.title"), t("tag.value")), rows)
    if found["segments"]:
        output.heading(t("customer.segments"))
        output.facts((pick(item["title"], item["clustering"]), _segment(item)) for item in found["segments"])
    output.heading(t("customer.audiences", count=len(found["audiences"])))
    output.line(t("ui.comma").join(found["audiences"]) or "–")
    output.heading(t("customer.identity"))
    keys = [(item["key"], item["value"] or t("customer.hidden")) for item in found["identity"]]
    output.table((t("customer.key"), t("tag.value")), keys)
    output.heading(t("customer.records"))
    output.facts((pick(item["title"], item["source"]), output.number(item["rows"])) for item in found["records"])


def _segment(item: dict[str, Any]) -> str:
    return f"{pick(item['persona'], item['segment'])} ({item['segment']})" if item["segment"] else "–"


@command("search", text="help.customer.search", keys=SEARCH_KEYS)
@click.argument("text")
@option("--limit", key="limit", type=click.IntRange(1, 10_000), default=20, show_default=True)
@shows()
def customer_search(view: View, text: str, limit: int) -> None:
    """Find customers by ID, attribute or key."""
    with view.snapshot() as snapshot:
        view.show(search_customers(snapshot, text, limit=limit), _search)


def _search(found: dict[str, Any]) -> None:
    if not found["found"]:
        output.line(t("customer.none"))
        return
    rows = [(item["customer_id"], ", ".join(item["matched"])) for item in found["found"]]
    output.table((t("customer.id"), t("customer.matched")), rows)
