"""Single sign-on as written in `huaxiang.yaml`: the OpenID Connect provider, and who may come in with which role."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import Field

from huaxiang.errors import Said
from huaxiang.spec.base import Spec, Title

ISSUER = r"^(https://[^\s/?#@]+|http://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?)(/[^\s?#]*)?$"
SECRET = r"^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$"
HINTS: Mapping[str, str] = MappingProxyType({
    ISSUER: "is no address of a provider; write it as the provider's documentation does: https://… without ? and # (http:// only for this "
    "machine)",
    SECRET: "must name where the secret is kept: env:NAME (an environment variable) or file:PATH; the secret itself does not belong into "
    "the project, and is not shown here",
})  # fmt: skip
"""What is said of a value that doesn't match: the value is not repeated, since it may be a secret."""
HINTS_ZH: Mapping[str, str] = MappingProxyType({
    ISSUER: "不是身份提供方的地址；请照其文档书写：https://…，不含 ? 和 #（http:// 仅限本机）",
    SECRET: "必须说明密钥存放在哪里：env:名称（环境变量）或 file:路径；密钥本身不应写进项目，这里也不显示",
})  # fmt: skip
"""The same in Chinese."""
LoginRole = Literal["admin", "analyst", "marketer", "auditor"]
Claim = Annotated[str, Field(min_length=1, max_length=200)]


class GroupRole(Spec):
    """Members of a group have a role."""

    group: Claim = Field(description="as the provider writes it in the groups claim")
    role: LoginRole


class ClaimNames(Spec):
    """Which claims of the ID token tell what; dots lead into objects (`realm_access.roles`)."""

    name: Claim = Field("preferred_username", description="the login name; `email` must be verified")
    display_name: Claim = "name"
    email: Claim = "email"
    groups: Claim = "groups"


class OidcSpec(Spec):
    """Login by an OpenID Connect provider (docs/people.md)."""

    issuer: Annotated[str, Field(pattern=ISSUER, max_length=200, description="the provider's issuer, as it writes it")]
    client_id: Claim
    client_secret: Annotated[str, Field(pattern=SECRET)] | None = Field(
        None, description="env:NAME or file:PATH (relative to the project); none: a public client, by PKCE alone"
    )
    title: Title = Field(None, description="what stands on the button; default 单点登录 / Single sign-on")
    scopes: tuple[Claim, ...] = ("openid", "profile", "email")
    claims: ClaimNames = ClaimNames()
    roles: tuple[GroupRole, ...] = Field(
        (), description="the first whose group somebody is in decides, at each login; none: roles are given here"
    )
    default_role: LoginRole | None = Field(None, description="of those in none of the groups; none: they are refused")
    create: bool = Field(
        False, description="whether people who are not known yet become users; else they are added before"
    )
    email_domains: tuple[Claim, ...] = Field(
        (), description="only people whose verified e-mail address is in one of these domains"
    )


def oidc_faults(spec: OidcSpec) -> Iterator[tuple[tuple[str | int, ...], Said]]:
    """What can't work though it is written well: the path below `oidc`, and why."""
    if "openid" not in spec.scopes:
        yield (
            ("scopes",),
            Said(
                'scopes must hold "openid": without it the provider sends no ID token',
                "scopes 必须包含 openid：没有它，身份提供方不发送 ID Token",
            ),
        )
    if spec.create and not spec.roles and spec.default_role is None:
        yield (
            ("create",),
            Said(
                "new people would have no role: give `roles` for groups, or a `default_role`",
                "新用户会没有角色：请写 roles（按组授予）或 default_role",
            ),
        )
    seen: set[str] = set()
    for number, each in enumerate(spec.roles):
        if each.group in seen:
            yield (
                ("roles", number, "group"),
                Said(
                    f'group "{each.group}" is listed twice; the first one decides: remove one',
                    f"组“{each.group}”出现了两次；以第一次为准：请删去一个",
                ),
            )
        seen.add(each.group)
