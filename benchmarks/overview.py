"""How fast the overview and the analyses answer: `python benchmarks/overview.py --customers 1000000 --folder DIR`.

A generated snapshot: 40 tags of `customers.py`, RFM scores, a lifecycle, provinces with cities, 10 events and 3 orders a customer.
Times are those of HTTP requests to the application in this process (Starlette's test client), after the overview was computed once.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from customers import generate

EVENTS = ("view", "search", "cart", "pay", "share")
STAGES = ("potential", "first_purchase", "active", "sleeping", "churned")
DAYS = 730
AS_OF = np.datetime64("2026-06-30")
ANALYSES: dict[str, dict[str, Any]] = {
    "funnel": {"steps": [{"source": "events", "where": "event = 'view'"}, {"source": "events", "where": "event = 'cart'"},
                         {"source": "orders"}], "window": 30},
    "retention": {"first": {"source": "orders"}, "return": {"source": "orders"}},
    "path": {"anchor": {"source": "orders"}, "events": [{"source": "events", "by": "event"}, {"source": "orders"}]},
    "distribution": {"of": "spend", "audience": "stage = 'active'"},
    "cross": {"rows": "stage", "columns": "enum_7"},
    "network": {},
}  # fmt: skip


def rows(path: Path, ids: pa.Array, each: int, time_field: str) -> int:
    """Write dated rows of the customers; return how many."""
    rng = np.random.default_rng(each)
    size = len(ids) * each
    who = np.sort(rng.integers(0, len(ids), size))
    moments = (AS_OF + 1).astype("datetime64[us]") - (rng.random(size) ** 1.5 * DAYS * 86_400e6).astype(
        "timedelta64[us]"
    )
    events = pa.DictionaryArray.from_arrays(
        pa.array(rng.integers(0, len(EVENTS), size).astype(np.int32)), pa.array(EVENTS)
    )
    table = pa.table({
        "customer_id": ids.take(pa.array(who)), time_field: pa.array(moments), "event": events.cast(pa.string()),
        "amount": pa.array(np.round(rng.lognormal(4, 1, size), 2)),
    })  # fmt: skip
    pq.write_table(table, path, compression="zstd", compression_level=1)
    return size


def publish(folder: Path, customers: int) -> None:
    """Publish the snapshot in a project in name only."""
    from huaxiang.app.wiring import snapshot_store
    from huaxiang.index import build_index
    from huaxiang.learn.describe import distribution, known

    folder.mkdir(parents=True)
    (folder / "huaxiang.yaml").write_text("name: benchmark\n", "utf-8")
    draft = snapshot_store(folder).begin()
    path = draft.table("customers")
    generate(path, customers)
    table = pq.read_table(path)
    rng = np.random.default_rng(3)
    places = rng.integers(0, 300, customers)
    made: dict[str, tuple[str, pa.Array, dict[str, Any]]] = {
        "spend": (
            "number",
            pa.array(np.round(rng.lognormal(6, 1.2, customers), 2)),
            {"measure": "sum", "lineage": ["source:orders.amount"]},
        ),
        "province": ("enum", pa.array(np.char.add("p", (places // 10).astype(str))), {"attribute": "province"}),
        "city": ("enum", pa.array(np.char.add("c", places.astype(str))), {"attribute": "city"}),
        "stage": ("enum", pa.array(np.array(STAGES)[rng.integers(0, 5, customers)]), {"kind": "lifecycle"}),
    }
    for part in "rfm":
        of = {"rfm": {"of": "rfm", "part": part, "recency": "int_0", "frequency": "int_1", "monetary": "spend"}}
        made[f"rfm_{part}"] = ("integer", pa.array(rng.integers(1, 6, customers)), of)
    tags = []
    kinds = {
        "enum": "enum",
        "int": "integer",
        "bool": "boolean",
        "date": "date",
        "amount": "number",
        "ratio": "number",
        "likes": "list",
    }
    for name, (_, column, _) in made.items():
        table = table.append_column(name, column)
    for name in table.column_names[1:]:
        kind, more = (made[name][0], made[name][2]) if name in made else (kinds[name.partition("_")[0]], {})
        column = table.column(name)
        tags.append({"name": name, "title": None, "kind": "fact", "class": "other", "value_type": kind, "values": {}, "status": "online",
                     "coverage": known(column) / customers, "distribution": distribution(column, kind), "lineage": []} | more)  # fmt: skip
    pq.write_table(table, path, compression="zstd", compression_level=1)
    build_index(path, draft.folder / "index")
    ids = table.column("customer_id").combine_chunks()
    types = {"customer_id": "VARCHAR", "event": "VARCHAR", "amount": "DOUBLE"}
    sources = []
    for name, each, field, entity in (("events", 10, "occurred_at", "event"), ("orders", 3, "ordered_at", "order")):
        loaded = rows(draft.table(f"source_{name}"), ids, each, field)
        sources.append({"name": name, "title": None, "entity": entity, "fields": types | {field: "TIMESTAMP"}, "time": field,
                        "loaded": loaded, "last_at": str(AS_OF), "columns": []})  # fmt: skip
    project = {"name": "benchmark", "title": None, "language": "zh-CN", "currency": "CNY", "timezone": "Asia/Shanghai"}
    draft.publish({"as_of": str(AS_OF), "engine": "duckdb", "version": "0", "customers": customers, "tags": tags, "sources": sources,
                   "audiences": [], "attributes": [], "project": project, "quality": {}}).close()  # fmt: skip


def timed(call: Callable[[], Any], asked: int) -> list[float]:
    """Milliseconds of each call, sorted."""
    found = []
    for _ in range(asked):
        begin = time.perf_counter()
        call()
        found.append((time.perf_counter() - begin) * 1000)
    return sorted(found)


def main() -> None:
    """Make the snapshot unless it is there, and print a table."""
    from starlette.testclient import TestClient

    from huaxiang.app.overview import overview
    from huaxiang.app.wiring import open_snapshot
    from huaxiang.serve.api.application import create_app
    from huaxiang.serve.api.settings import Settings

    told = argparse.ArgumentParser()
    told.add_argument("--customers", type=int, default=1_000_000)
    told.add_argument("--folder", type=Path, required=True)
    told.add_argument("--asked", type=int, default=20)
    chosen = told.parse_args()
    if not chosen.folder.is_dir():
        publish(chosen.folder, chosen.customers)
    begin = time.perf_counter()
    overview(open_snapshot(chosen.folder))
    print(f"overview computed in {time.perf_counter() - begin:.1f} s")
    with TestClient(
        create_app(Settings(chosen.folder, no_auth=True, rate=0.0)), base_url="http://127.0.0.1/api/v1/"
    ) as client:
        print("| asked | first | p50 | p95 |\n| --- | --- | --- | --- |")
        asks: dict[str, Callable[[], Any]] = {"overview": lambda: client.get("overview").raise_for_status()}
        for name, body in ANALYSES.items():
            asks[name] = lambda name=name, body=body: client.post(f"analysis/{name}", json=body).raise_for_status()
        for name, call in asks.items():
            first = timed(call, 1)[0]
            found = timed(call, chosen.asked)
            print(f"| {name} | {first:.0f} | {found[len(found) // 2]:.0f} | {found[int(len(found) * 0.95) - 1]:.0f} |")


if __name__ == "__main__":
    main()
