"""Why somebody whom the provider knows, or says it knows, does not come in."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from huaxiang.errors import AccessDenied

REASONS: Mapping[str, tuple[str, str]] = MappingProxyType({
    "state": (
        "this login was not begun in this browser, was finished already, or took too long; begin again",
        "此次登录不是在本浏览器中发起的，或已经完成、已经过期；请重新登录",
    ),
    "declined": ("the login provider refused the login, or it was broken off there", "统一登录服务拒绝了登录，或登录在那里被取消"),
    "token": (
        "what the login provider signed did not pass the checks; tell an administrator",
        "统一登录服务返回的身份令牌未通过校验；请联系管理员",
    ),
    "unknown": ("nobody here has this account; an administrator has to add it first", "此账号尚未在本系统中开通；请联系管理员添加"),
    "no-role": ("the groups of this account give it no role here; ask an administrator", "此账号所在的组没有本系统的角色；请联系管理员"),
    "disabled": ("this user is disabled", "该用户已停用"),
    "name": (
        "the login provider tells no name that could be a login name here; tell an administrator",
        "统一登录服务没有给出可用作登录名的名称；请联系管理员",
    ),
    "name-taken": (
        "another user has this login name already; an administrator has to decide who it is",
        "该登录名已属于另一位用户；请联系管理员处理",
    ),
    "email": (
        "this account has no verified e-mail address in an allowed domain",
        "此账号没有经过验证且属于允许域名的邮箱",
    ),
    "set-up": (
        "there is no user yet: the first administrator is made by the link that `huaxiang serve` prints",
        "尚未完成初始设置：请先用 huaxiang serve 显示的链接创建管理员",
    ),
    "last-admin": (
        "this is the last administrator, and the groups say another role; make another administrator first",
        "这是最后一位管理员，而所在的组对应其他角色；请先设置另一位管理员",
    ),
})  # fmt: skip
"""Code → what the person is told, in English and Chinese."""


class SignOnRefused(AccessDenied):
    """A login by the provider is refused. `reason`: one of REASONS; `detail`: for the audit log, no personal value; `name`: the user's,
    where it is known.
    """

    def __init__(self, reason: str, detail: str = "", *, name: str = "") -> None:
        self.reason = reason
        self.detail = detail[:60]
        self.name = name
        super().__init__(*REASONS[reason])
