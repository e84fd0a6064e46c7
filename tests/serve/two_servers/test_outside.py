"""A server opens no connection to anywhere."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.running import serving
from tests.serve.two_servers.pair import browser, log_in

pytestmark = pytest.mark.slow


_WATCH = """
import sys
def _watch(event, arguments):
    outside = event in ('socket.getaddrinfo', 'socket.gethostbyname') or (
        event in ('socket.connect', 'socket.sendto', 'socket.sendmsg') and isinstance(arguments[1], tuple))
    if outside:
        with open({path!r}, 'a') as file:
            print(event, arguments[1:] if event.startswith('socket.c') else arguments, file=file)
sys.addaudithook(_watch)
"""


def test_a_server_opens_no_connection(built: Path, tmp_path: Path) -> None:
    said = tmp_path / "outside.txt"
    folder = shutil.copytree(built, tmp_path / "shop")
    with serving(folder, first=_WATCH.format(path=str(said))) as address:
        client = browser(address)
        log_in(client, "admin").raise_for_status()
        customer = client.post("query/ids", json={"when": "customer_id is not null", "limit": 1}).json()["ids"][0]
        paths = client.get("openapi.json").json()["paths"]
        asked = 0
        for path, methods in paths.items():
            if "get" not in methods or path.endswith("/events"):
                continue
            url = path.replace("{customer_id}", customer).replace("{name}", "gender").replace("{source}", "orders")
            needed = {
                p["name"]: "orders_count > 1"
                for p in methods["get"].get("parameters", ())
                if p["in"] == "query" and p.get("required")
            }
            assert client.get(f"{address}{url}", params=needed).status_code < 500, url
            asked += 1
        for path, body in (
            ("query/breakdown", {"when": "orders_count > 1", "by": ["gender"]}), ("query/lookalike", {"seed": "orders_count > 3"}),
            ("query/export", {"when": "orders_count > 1", "columns": ["gender"]}), ("query/sql", {"sql": "select customer_id from customers"}),
            ("customers/search", {"text": "王"}),
        ):  # fmt: skip
            assert client.post(path, json=body).status_code < 500, path
        assert asked > 40
        for page in ("/", "/audiences", "/login"):
            assert client.get(f"{address}{page}").status_code in (200, 404, 503)
    assert not said.exists(), said.read_text("utf-8")
