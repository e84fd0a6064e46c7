"""Who may do what. The one place where rights are asked: faces say who asks and for what, and get an answer or AccessDenied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, get_args

from huaxiang.errors import AccessDenied, UsageError

Role = Literal["admin", "analyst", "marketer", "service", "auditor"]
ROLES: tuple[Role, ...] = get_args(Role)
Right = Literal[
    "read", "customers", "identifiers", "export", "define", "define_tags", "define_sources", "approve", "sql", "decide", "build", "audit",
    "unmask", "raw", "people", "audit_log",
]  # fmt: skip
"""read: figures of all customers · customers: one customer, masked · identifiers: the keys and records that a customer is made of, masked ·
export: IDs and columns of an audience · define: save audiences and lists · define_tags: write tags and personas · define_sources: write
sources and mappings · approve: put what was defined online · sql: SQL audiences · decide: decisions about who is who · build: start a
build · audit: judge the data anew · unmask: personal values in full · raw: texts of source rows · people: users and tokens ·
audit_log: who did what.
"""
RIGHTS: Mapping[Role, frozenset[Right]] = MappingProxyType({
    "admin": frozenset(get_args(Right)),
    "analyst": frozenset({"read", "customers", "identifiers", "export", "define", "define_tags", "define_sources", "approve", "sql",
                          "decide", "build", "audit"}),
    "marketer": frozenset({"read", "customers", "export", "define"}),
    "service": frozenset({"read", "customers", "export", "build", "audit"}),
    "auditor": frozenset({"read", "audit_log"}),
})  # fmt: skip
_ZH: Mapping[Right, str] = MappingProxyType({
    "read": "查看统计数据", "customers": "查看单个客户", "identifiers": "查看身份标识与打通依据", "export": "导出人群",
    "define": "保存人群与名单", "define_tags": "编辑标签与画像", "define_sources": "编辑数据源", "approve": "审批上线",
    "sql": "使用 SQL 人群", "decide": "判定客户是否为同一人", "build": "启动构建", "audit": "执行质量审计",
    "unmask": "查看未脱敏的个人信息", "raw": "查看源数据原文", "people": "管理成员与令牌", "audit_log": "查看审计日志",
})  # fmt: skip


@dataclass(frozen=True)
class Caller:
    """Who asks: the name of a user, a token or a local trial, and its role. `id` tells tokens of the same name apart."""

    id: str
    name: str
    role: Role

    def may(self, right: Right) -> bool:
        """Whether the role has a right."""
        return right in RIGHTS[self.role]


def require(caller: Caller, right: Right) -> None:
    """Raise AccessDenied, naming the roles that may, unless the caller has the right."""
    if not caller.may(right):
        roles = ", ".join(role for role in ROLES if right in RIGHTS[role])
        raise AccessDenied(
            f'role {caller.role} lacks the right "{right}"; these roles have it: {roles}',
            f"角色 {caller.role} 无权{_ZH[right]}；有此权限的角色：{roles.replace(', ', '、')}",
        )


def role_of(text: str) -> Role:
    """Return a role by its name. Raises UsageError for an unknown one."""
    for role in ROLES:
        if role == text:
            return role
    raise UsageError.unknown("role", text, ROLES)
