"""The shortest way to a count: what the index knows is told without routing, injection or a thread.

It answers exactly as the route `POST /query/count` does, and leaves to that route whatever is not plain: another snapshot, a body that
is not valid, a question for the engine.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import ValidationError
from starlette.responses import Response
from starlette.types import Scope

from huaxiang.app.field_rights import FieldRights
from huaxiang.app.rights import Caller, require
from huaxiang.app.serving import Serving
from huaxiang.serve.api.answers import PRIVATE, to_json
from huaxiang.serve.api.models.audiences import CountAsked
from huaxiang.serve.api.settings import CALLER, COUNT


class QuickCounts:
    """Answers counts of the served snapshot."""

    def __init__(self, serving: Serving, rights: FieldRights) -> None:
        self._serving = serving
        self._rights = rights

    def answer(self, scope: Scope, body: bytes, headers: Mapping[bytes, str]) -> Response | None:
        """The answer, None when the route has to give it. Raises what the route would: AccessDenied, SnapshotError, ExpressionError …"""
        if scope["path"] != COUNT or scope["method"] != "POST" or scope["query_string"]:
            return None
        if headers.get(b"content-type", "").partition(";")[0].strip().lower() != "application/json":
            return None
        try:
            when = CountAsked.model_validate_json(body).when
        except ValidationError:
            return None
        caller: Caller = scope[CALLER]
        require(caller, "read")
        served = self._serving.current.seen_at_once(self._rights.of(caller.role))
        if served is None or not served.is_quick(when):
            return None
        return Response(to_json(served.count(when)), media_type="application/json", headers={"Cache-Control": PRIVATE})
