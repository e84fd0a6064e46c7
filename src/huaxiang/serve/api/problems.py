"""Errors as RFC 9457 problem details: `type` and `code` are stable, `title` and `detail` speak the caller's language.

No stack traces, no customers' values, and no echo of what was sent.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from huaxiang.app.serving import NoSnapshot
from huaxiang.errors import (
    AccessDenied,
    BuildBusy,
    ExpressionError,
    HuaxiangError,
    LearnError,
    NotKnown,
    ProjectInvalid,
    SnapshotError,
    SourceError,
    StorageError,
    UsageError,
    ValueRangeError,
)
from huaxiang.serve.cli.texts import language

MEDIA_TYPE = "application/problem+json"
URN = "urn:huaxiang:problem:"


@dataclass(frozen=True)
class Kind:
    """A kind of problem: HTTP status, and its title in Chinese and English."""

    status: int
    zh: str
    en: str


KINDS: Mapping[str, Kind] = MappingProxyType({
    "bad-request": Kind(400, "请求有误", "The request is wrong"),
    "no-token": Kind(401, "需要登录或有效的令牌", "A login or a valid token is missing"),
    "wrong-login": Kind(401, "登录失败", "The login failed"),
    "sign-on-refused": Kind(403, "单点登录被拒绝", "The single sign-on was refused"),
    "password-change": Kind(403, "需要修改密码", "The password has to be changed"),
    "forbidden": Kind(403, "没有权限", "Not allowed"),
    "not-found": Kind(404, "找不到", "Not found"),
    "method": Kind(405, "不支持这种方法", "Method not allowed"),
    "build-busy": Kind(409, "正在构建", "A build is running"),
    "conflict": Kind(409, "与现状冲突", "In conflict with what is there"),
    "reason": Kind(422, "请说明理由", "A reason is wanted"),
    "set-up": Kind(409, "已完成初始设置", "Set up already"),
    "snapshot-gone": Kind(410, "快照已不存在", "The snapshot is gone"),
    "too-large": Kind(413, "请求体过大", "The body is too large"),
    "media-type": Kind(415, "请用 JSON", "JSON is wanted"),
    "invalid": Kind(422, "参数不合要求", "Parameters are not valid"),
    "expression": Kind(422, "表达式有误", "The expression is wrong"),
    "project-invalid": Kind(422, "项目定义有误", "The project's definitions have faults"),
    "values": Kind(422, "数值超出范围", "Values out of range"),
    "learn": Kind(422, "数据不足以计算", "The data don't allow it"),
    "source": Kind(422, "数据源有误", "A source can't be used"),
    "rate": Kind(429, "请求过于频繁", "Too many requests"),
    "internal": Kind(500, "内部错误", "An unexpected error"),
    "provider": Kind(502, "统一登录服务不可用", "The login provider can't be used"),
    "storage": Kind(503, "存储不可用", "The storage does not work"),
    "no-snapshot": Kind(503, "没有可用的快照", "There is no readable snapshot"),
    "timeout": Kind(504, "处理超时", "It took too long"),
})  # fmt: skip
"""Code → kind. A condition's own codes (EXP…, CON…, SQL…) stand in `code` with the kind `expression`."""

_OF: tuple[tuple[type[HuaxiangError], str], ...] = (
    (ExpressionError, "expression"), (NotKnown, "not-found"), (UsageError, "bad-request"), (AccessDenied, "forbidden"),
    (ProjectInvalid, "project-invalid"), (BuildBusy, "build-busy"), (NoSnapshot, "no-snapshot"), (SnapshotError, "conflict"),
    (StorageError, "storage"), (ValueRangeError, "values"), (LearnError, "learn"), (SourceError, "source"),
)  # fmt: skip


class Problem(HuaxiangError):
    """A problem that only the API knows: `code` is one of KINDS; `extra` are further members of the answer, `headers` of the response."""

    def __init__(self, code: str, en: str, zh: str, **more: Mapping[str, Any]) -> None:
        self.code = code
        self.extra = more.get("extra", {})
        self.headers = more.get("headers", {})
        super().__init__(en, zh)


def problem_response(request: Request, error: HuaxiangError) -> Response:
    """The answer for an error that was foreseen."""
    code = error.code if isinstance(error, Problem) else kind_of(error)
    members = {
        "type": URN + code,
        "title": title_of(code),
        "status": KINDS[code].status,
        "detail": _detail(error),
        "instance": request.url.path,
        "code": code,
    }
    headers: dict[str, str] = {}
    if isinstance(error, Problem):
        members |= error.extra
        headers |= {name: str(value) for name, value in error.headers.items()}
    elif isinstance(error, ExpressionError):
        members |= {"type": URN + error.code, "code": error.code, **_position(error)}
    elif isinstance(error, ProjectInvalid):
        from huaxiang.serve.cli.failures import told_issue

        members["issues"] = [told_issue(issue) for issue in error.issues]
    return write(members, headers)


def write(members: Mapping[str, Any], headers: Mapping[str, str]) -> Response:
    """Problem details as a response."""
    body = json.dumps(members, ensure_ascii=False).encode()
    sent = {"Content-Language": language(), "Cache-Control": "no-store", **headers}
    return Response(body, status_code=int(members["status"]), media_type=MEDIA_TYPE, headers=sent)


def kind_of(error: HuaxiangError) -> str:
    """The code in KINDS that an error of the product has."""
    return next((code for kind, code in _OF if isinstance(error, kind)), "bad-request")


def title_of(code: str) -> str:
    """What a code means, in the caller's language."""
    return KINDS[code].en if language() == "en" else KINDS[code].zh


def of_status(status: int) -> str:
    """The code for a status that the framework gave."""
    known = {
        401: "no-token",
        403: "forbidden",
        404: "not-found",
        405: "method",
        413: "too-large",
        415: "media-type",
        422: "invalid",
    }
    return known.get(status, "bad-request" if status < HTTPStatus.INTERNAL_SERVER_ERROR else "internal")


def _detail(error: HuaxiangError) -> str:
    from huaxiang.serve.cli.failures import issue_line, told

    return "\n".join(map(issue_line, error.issues)) if isinstance(error, ProjectInvalid) else told(error)


def _position(error: ExpressionError) -> dict[str, Any]:
    """Where in the condition the fault lies, as far as it is known; lines and columns count from 1, `path` leads through a tree."""
    path = getattr(error, "path", None)
    told: dict[str, Any] = {"path": list(path)} if path else {}
    if error.span is None:
        return told
    return told | {"span": list(error.span), "line": error.line, "column": error.column}
