"""Users, tokens, rights, and the audit log."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from huaxiang.app import people as of_people
from huaxiang.app import tokens as of_tokens
from huaxiang.app.rights import RIGHTS, ROLES, Caller
from huaxiang.serve.api.answers import Page, answer, page, paged
from huaxiang.serve.api.context import needs, note, server_of
from huaxiang.serve.api.models.people import (
    AuditEntries,
    AuditVerified,
    People,
    Rights,
    Token,
    TokenAsked,
    Tokens,
    User,
    UserAsked,
    UserChange,
)
from huaxiang.serve.api.problems import Problem
from huaxiang.store.state_audit import Wanted

router = APIRouter(tags=["people"])
Managing = Annotated[Caller, needs("people")]
Auditing = Annotated[Caller, needs("audit_log")]
_UNKEPT = {"Cache-Control": "no-store"}


@router.get("/rights", response_model=Rights)
def rights(request: Request, _: Annotated[Caller, needs("read")]) -> Response:
    """Tell which roles have which rights."""
    rows = [
        {"right": right, "roles": [role for role in ROLES if right in RIGHTS[role]]}
        for right in sorted(RIGHTS["admin"])
    ]
    return answer(request, {"rights": rows})


@router.get("/people", response_model=People)
def people(request: Request, _: Managing) -> Response:
    """List the users."""
    server = server_of(request)
    ways = ["password", *(["oidc"] if server.sign_on.setup is not None else ())]
    told = {"people": of_people.list_users(server.state), "roles": list(of_people.USER_ROLES), "ways": ways}
    return answer(request, told)


@router.post("/people", response_model=User, status_code=201)
def add(request: Request, wanted: UserAsked, _: Managing) -> Response:
    """Make a user, who replaces the password at the first login; without a password one who comes in by single sign-on."""
    server = server_of(request)
    if wanted.password is not None:
        new = of_people.NewUser(wanted.name, wanted.role, wanted.display_name, wanted.password, must_change=True)
    elif server.sign_on.setup is not None:
        new = of_people.invited(wanted.name, wanted.role, wanted.display_name)
    else:
        raise Problem(
            "bad-request", "a password is missing; single sign-on is not set up", "缺少密码；本系统未设置单点登录"
        )
    user = of_people.add_user(server.state, new)
    note(request, "user_added", f"user {user['name']}", user_role=user["role"])
    return answer(request, user, status=201)


@router.get("/people/{name}", response_model=User)
def user(request: Request, name: str, _: Managing) -> Response:
    """Show one user."""
    return answer(request, of_people.show_user(server_of(request).state, name))


@router.patch("/people/{name}", response_model=User)
def change(request: Request, name: str, wanted: UserChange, _: Managing) -> Response:
    """Change a user; a new role, a new password and being disabled end their sessions."""
    server = server_of(request)
    changes = {key: value for key, value in wanted.model_dump().items() if value is not None}
    setup = server.sign_on.setup
    issuer = setup.spec.issuer if setup is not None else None
    changed = of_people.change_user(server.state, name, changes, issuer=issuer)
    server.sessions.refresh()
    told = {f"user_{key}": value for key, value in changes.items() if key in ("role", "disabled")}
    note(request, "user_changed", f"user {changed['name']}", changed=sorted(changes), **told)
    return answer(request, changed)


@router.get("/tokens", response_model=Tokens)
def tokens(request: Request, _: Managing) -> Response:
    """List the API tokens."""
    return answer(request, {"tokens": of_tokens.list_tokens(server_of(request).state), "roles": list(ROLES)})


@router.post("/tokens", response_model=Token, status_code=201)
def create(request: Request, wanted: TokenAsked, _: Managing) -> Response:
    """Make an API token; its text is shown this once."""
    made = of_tokens.create_token(server_of(request).state, wanted.name, wanted.role, days=wanted.days)
    note(
        request,
        "token_created",
        f"token {made['id']} {made['name']}",
        token_role=made["role"],
        expires_at=made["expires_at"],
    )
    return answer(request, made, status=201, headers=_UNKEPT)


@router.delete("/tokens/{which}", response_model=Token)
def revoke(request: Request, which: str, _: Managing) -> Response:
    """End a token by ID or name."""
    server = server_of(request)
    ended = of_tokens.revoke_token(server.state, which)
    server.callers.refresh()
    note(request, "token_revoked", f"token {ended['id']} {ended['name']}")
    return answer(request, ended)


Text = Annotated[str | None, Query(max_length=200)]
Moment = Annotated[str | None, Query(max_length=40, description="A day or a moment, ISO 8601")]


async def _filters(
    who: Text = None, action: Text = None, about: Annotated[str | None, Query(alias="object", max_length=200)] = None,
    since: Moment = None, until: Moment = None,
) -> Wanted:  # fmt: skip
    from huaxiang.app.audit import wanted_of

    return wanted_of(who=who, action=action, about=about, since=since, until=until)


@router.get("/audit", response_model=AuditEntries)
def entries(
    request: Request, part: Annotated[Page, Depends(page)], wanted: Annotated[Wanted, Depends(_filters)], _: Auditing
) -> Response:
    """List the entries of the audit log, newest first."""
    from huaxiang.app.audit import show_entries

    before = part.snapshot  # the cursor of this list names the last entry shown: new ones must not move the pages
    if before is not None and not before.isdigit():
        raise Problem("bad-request", "this cursor is of another list", "cursor 属于另一个列表")
    found = show_entries(server_of(request).state, wanted, limit=part.limit, before=int(before) if before else None)
    last = str(found["entries"][-1]["number"]) if found["entries"] else None
    told: dict[str, Any] = {"entries": found["entries"]}
    return answer(
        request, told | paged(request, Page(part.limit, 0, last, part.about), last, more=found["more"]), headers=_UNKEPT
    )


@router.get("/audit/verify", response_model=AuditVerified)
def verify(request: Request, _: Auditing, head: Text = None) -> Response:
    """Recompute the chain of the audit log, and compare it with its anchor and with a head that was written down elsewhere."""
    from huaxiang.app.audit import verify as verify_chain

    server = server_of(request)
    return answer(request, verify_chain(server.state, server.settings.folder, expected=head), headers=_UNKEPT)
