"""`huaxiang token create | list | revoke`."""

from __future__ import annotations

from typing import Any

import click

from huaxiang.app.rights import ROLES
from huaxiang.app.tokens import CREATED_KEYS, TOKEN_KEYS, create_token, list_tokens, revoke_token
from huaxiang.serve.cli import output
from huaxiang.serve.cli.framework import LazyGroup, View, command, option, shows
from huaxiang.serve.cli.stateful import state_and_log
from huaxiang.serve.cli.texts import t

token = LazyGroup(
    "token", help="help.token", lazy={name: f"{__name__}:token_{name}" for name in ("create", "list", "revoke")}
)


@command("create", text="help.token.create", keys=CREATED_KEYS)
@click.argument("name")
@option("--role", key="role", type=click.Choice(ROLES), required=True)
@option("--expires", key="expires", metavar="DAYS", type=click.IntRange(1, 3650))
@shows(snapshot=False)
def token_create(view: View, name: str, role: str, expires: int | None) -> None:
    """Make a token."""
    with state_and_log(view) as (state, log):
        made = create_token(state, name, role, days=expires)
        log.note_local(
            "token_created", f"token {made['id']} {made['name']}", token_role=role, expires_at=made["expires_at"]
        )
        view.show(made, _created)


def _created(found: dict[str, Any]) -> None:
    until = t("token.until", at=output.moment(found["expires_at"])) if found["expires_at"] else t("token.forever")
    click.echo(t("token.created", name=found["name"], role=found["role"], until=until), err=True)
    output.line(found["token"])


@command("list", text="help.token.list", keys=("tokens",))
@shows(snapshot=False)
def token_list(view: View) -> None:
    """List the tokens."""
    with state_and_log(view) as (state, _):
        view.show({"tokens": list_tokens(state)}, _list)


def _list(found: dict[str, Any]) -> None:
    if not found["tokens"]:
        output.line(t("token.none"))
        return
    rows = [
        (each["id"], each["name"], each["role"], t(f"token.state.{each['state']}"), output.moment(each["created_at"]),
         output.moment(each["expires_at"]))
        for each in found["tokens"]
    ]  # fmt: skip
    output.table([t(f"token.{head}") for head in ("id", "name", "role", "state", "created_at", "expires_at")], rows)


@command("revoke", text="help.token.revoke", keys=TOKEN_KEYS)
@click.argument("name", metavar="NAME|ID")
@shows(snapshot=False)
def token_revoke(view: View, name: str) -> None:
    """End a token."""
    with state_and_log(view) as (state, log):
        ended = revoke_token(state, name)
        log.note_local("token_revoked", f"token {ended['id']} {ended['name']}")
        view.show(ended, lambda found: output.line(t("token.revoked", **_named(found))))


def _named(found: dict[str, Any]) -> dict[str, str]:
    return {"name": found["name"], "id": found["id"]}
