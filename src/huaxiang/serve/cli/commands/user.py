"""`huaxiang user add | list | disable | enable | password | role | sign-on`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

import click

from huaxiang.app.people import USER_KEYS, USER_ROLES, NewUser, add_user, change_user, invited, list_users
from huaxiang.errors import ProjectInvalid
from huaxiang.serve.cli import output
from huaxiang.serve.cli.framework import LazyGroup, View, command, option, shows
from huaxiang.serve.cli.stateful import state_and_log
from huaxiang.serve.cli.texts import t

_NAMES = ("add", "list", "disable", "enable", "password", "role", "sign-on")
user = LazyGroup("user", help="help.user", lazy={name: f"{__name__}:user_{name.replace('-', '_')}" for name in _NAMES})
_stdin = option("--password-stdin", "stdin", key="password_stdin", is_flag=True)
_name = click.argument("name")


@command("add", text="help.user.add", keys=USER_KEYS)
@_name
@option("--role", key="user_role", type=click.Choice(USER_ROLES), required=True)
@option("--display-name", "display_name", key="display_name", default="")
@option("--keep-password", "keep", key="keep_password", is_flag=True)
@option("--single-sign-on", "sign_on", key="single_sign_on", is_flag=True)
@_stdin
@shows(snapshot=False)
def user_add(view: View, *, name: str, stdin: bool, **told: Any) -> None:
    """Make a user."""
    if told["sign_on"]:
        new = invited(name, told["role"], told["display_name"])
    else:
        new = NewUser(name, told["role"], told["display_name"], _password(stdin=stdin), must_change=not told["keep"])
    with state_and_log(view) as (state, log):
        made = add_user(state, new)
        log.note_local("user_added", f"user {made['name']}", user_role=made["role"])
    view.show(made, _shown("user.added"))


@command("list", text="help.user.list", keys=("people",))
@shows(snapshot=False)
def user_list(view: View) -> None:
    """List the users."""
    with state_and_log(view) as (state, _):
        view.show({"people": list_users(state)}, _list)


def _list(found: dict[str, Any]) -> None:
    if not found["people"]:
        output.line(t("user.none"))
        return
    rows = [
        (each["name"], each["display_name"], each["role"], t(f"user.state.{each['state']}"), t(f"user.way.{each['way']}"),
         output.moment(each["created_at"]))
        for each in found["people"]
    ]  # fmt: skip
    output.table([t(f"user.{head}") for head in ("name", "display_name", "role", "state", "way", "created_at")], rows)


@command("disable", text="help.user.disable", keys=USER_KEYS)
@_name
@shows(snapshot=False)
def user_disable(view: View, name: str) -> None:
    """Let somebody log in no more."""
    _change(view, name, {"disabled": True}, "user.disabled")


@command("enable", text="help.user.enable", keys=USER_KEYS)
@_name
@shows(snapshot=False)
def user_enable(view: View, name: str) -> None:
    """Let somebody log in again."""
    _change(view, name, {"disabled": False}, "user.enabled")


@command("password", text="help.user.password", keys=USER_KEYS)
@_name
@_stdin
@shows(snapshot=False)
def user_password(view: View, name: str, *, stdin: bool) -> None:
    """Give somebody a new password, also in place of single sign-on."""
    _change(view, name, {"password": _password(stdin=stdin)}, "user.password_set")


@command("role", text="help.user.role", keys=USER_KEYS)
@_name
@click.argument("role", type=click.Choice(USER_ROLES))
@shows(snapshot=False)
def user_role(view: View, name: str, role: str) -> None:
    """Give somebody another role."""
    _change(view, name, {"role": role}, "user.role_set")


@command("sign-on", text="help.user.sign-on", keys=USER_KEYS)
@_name
@shows(snapshot=False)
def user_sign_on(view: View, name: str) -> None:
    """Let somebody come in by single sign-on, in place of a password or of an account that the provider made anew."""
    _change(view, name, {"single_sign_on": True}, "user.sign_on_set")


def _change(view: View, name: str, changes: Mapping[str, Any], text: str) -> None:
    issuer = _issuer(view, needed="single_sign_on" in changes)
    with state_and_log(view) as (state, log):
        changed = change_user(state, name, changes, issuer=issuer, at_machine=True)
        told = {f"user_{key}": value for key, value in changes.items() if key != "password"}
        log.note_local("user_changed", f"user {changed['name']}", changed=sorted(changes), **told)
    view.show(changed, _shown(text))


def _issuer(view: View, *, needed: bool) -> str | None:
    """That of single sign-on as huaxiang.yaml says, whose faults hinder nobody where it is not needed: a password can be given then too.

    The secret is not asked for: the server may have it where this command has not. Raises ProjectInvalid, OSError.
    """
    from huaxiang.spec.loader import load_settings

    try:
        oidc = load_settings(view.folder()).oidc
    except (OSError, ProjectInvalid):
        if needed:
            raise
        return None
    return oidc.issuer if oidc is not None else None


def _shown(text: str) -> Callable[[dict[str, Any]], None]:
    return lambda found: output.line(t(text, name=found["name"], role=found["role"]))


def _password(*, stdin: bool) -> str:
    """A password, typed twice or read from a line of the standard input; never an argument, which others could see."""
    if stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return str(click.prompt(t("user.prompt"), hide_input=True, confirmation_prompt=t("user.repeat"), err=True))
