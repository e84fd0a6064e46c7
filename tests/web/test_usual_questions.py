"""What the pages of analysis ask when they are opened is what the server computes ahead."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import BaseModel
from tests.web.conftest import Opener, Server

from huaxiang.app.completion import completion
from huaxiang.app.wiring import open_snapshot
from huaxiang.serve.api.models.analysis import (
    CrossWanted,
    DistributionWanted,
    FunnelWanted,
    NetworkWanted,
    PathWanted,
    RetentionWanted,
)
from huaxiang.serve.api.usual import usual_questions

pytestmark = pytest.mark.browser
PAGES: dict[str, type[BaseModel]] = {
    "funnel": FunnelWanted, "retention": RetentionWanted, "path": PathWanted, "distribution": DistributionWanted, "cross": CrossWanted,
    "network": NetworkWanted,
}  # fmt: skip


def test_each_page_asks_first_what_the_server_expects(tab: Opener, server: Server) -> None:
    opened = tab()
    asked: dict[str, Any] = {}
    opened.page.on(
        "request", lambda request: asked.setdefault(request.url.rpartition("/api/v1/analysis/")[2], request.post_data)
    )
    for name in PAGES:
        opened.go(f"/analysis/{name}")
    with open_snapshot(server.folder) as snapshot:
        usual = {type(one): one for one in usual_questions(completion(snapshot.manifest))}
    for name, model in PAGES.items():
        assert model.model_validate(json.loads(asked[name])) == usual[model], name
