"""`huaxiang audit show | verify`."""

from __future__ import annotations

import json
from typing import Any

import click

from huaxiang.app.audit import VERIFY_KEYS, show_entries, verify, wanted_of
from huaxiang.serve.cli import output
from huaxiang.serve.cli.framework import LazyGroup, View, command, option, shows
from huaxiang.serve.cli.stateful import state_and_log
from huaxiang.serve.cli.texts import t, t_or

audit = LazyGroup("audit", help="help.audit", lazy={name: f"{__name__}:audit_{name}" for name in ("show", "verify")})


@command("show", text="help.audit.show", keys=("entries", "more"))
@option("--who", key="audit_who", metavar="NAME")
@option("--action", key="audit_action", metavar="ACTION")
@option("--object", "about", key="audit_object", metavar="TEXT")
@option("--since", key="audit_since", metavar="DATE")
@option("--until", key="audit_until", metavar="DATE")
@option("--limit", key="limit", type=click.IntRange(1, 100_000), default=50, show_default=True)
@shows(snapshot=False)
def audit_show(view: View, *, limit: int, **wanted: str | None) -> None:
    """Show who did what, newest first."""
    with state_and_log(view) as (state, _):
        view.show(show_entries(state, wanted_of(**wanted), limit=limit), _entries)


def _entries(found: dict[str, Any]) -> None:
    if not found["entries"]:
        output.line(t("audit.none"))
        return
    rows = [
        (str(each["number"]), output.moment(each["at"]), each["who"], each["role"], t_or(f"audit.action.{each['action']}", each["action"]),
         each["object"], json.dumps(each["detail"], ensure_ascii=False) if each["detail"] else "")
        for each in found["entries"]
    ]  # fmt: skip
    heads = [t(f"audit.{head}") for head in ("number", "at", "who", "role", "action", "object", "detail")]
    output.table(heads, rows, right=frozenset({0}))


@command("verify", text="help.audit.verify", keys=VERIFY_KEYS)
@option("--head", key="audit_head", metavar="NUMBER:HASH")
@shows(snapshot=False)
def audit_verify(view: View, head: str | None) -> int:
    """Recompute the chain; the exit code is 1 when it does not hold."""
    folder = view.folder()
    with state_and_log(view) as (state, _):
        found = verify(state, folder, expected=head)
    view.show(found, _verified)
    return 0 if found["valid"] else 1


def _verified(found: dict[str, Any]) -> None:
    output.line(t("audit.valid" if found["valid"] else "audit.broken", entries=output.number(found["entries"])))
    for fault in found["faults"]:
        output.line("  " + t(f"audit.fault.{fault['code']}", number=fault["number"]))
    output.line(t("audit.head", head=found["head"]))
