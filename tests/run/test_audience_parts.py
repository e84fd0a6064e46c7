"""A build counts audiences that speak of what customers did, of lists, samples and ranks; check tells of lists that are missing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from huaxiang.app.build import build, issues_of
from huaxiang.spec.loader import load_project

ORDERS = """\
id,no,time,amount,channel
1,a,2024-06-30 10:00:00,10,web
1,b,2024-06-01 10:00:00,300,shop
2,c,2024-01-05 10:00:00,50,web
2,d,2024-06-20 09:00:00,70,web
3,e,2023-12-31 23:59:59,500,shop
"""
VIEWS = """\
id,no,time,page
1,a,2024-06-29 10:00:00,home
2,b,2024-06-20 09:00:00,home
3,c,2023-12-01 10:00:00,home
4,d,2024-06-01 10:00:00,help
"""
AUDIENCES = {
    "bought": ("did('orders', days => 30)", 2),
    "not_bought": ("not did('orders', days => 30)", 3),
    "nothing": ("sum_of('orders', amount) = 0", 2),
    "mean": ("mean_of('orders', amount) < 100", 1),
    "not_mean": ("not (mean_of('orders', amount) < 100)", 2),
    "after": ("in_sequence('views', 'orders', within => 1)", 1),
    "later": ("in_sequence('views', 'orders')", 2),
    "listed": ("in_list('vip')", 1),
    "both": ("in_audience('bought') and in_list('nobody')", 0),
    "best": ("top(1, spend, not did('orders', days => 60))", 1),
    "last_web": ("last_of('orders', channel) = 'web'", 2),
    "all": ("sample(1)", 5),
    "tree": (
        {"sequence": [{"did": "views", "where": "page = 'home'"}, {"did": "orders"}], "without": {"did": "orders"}},
        2,
    ),
}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    import json

    folder = tmp_path
    common = "purpose: p, legal_basis: contract"
    files = {
        "huaxiang.yaml": "name: shop\nas_of: 2024-06-30\n",
        "orders.csv": ORDERS, "views.csv": VIEWS, "people.csv": "id,city\n" + "".join(f"{n},c\n" for n in range(1, 6)),
        "sources/s.yaml": f"""\
sources:
  - {{name: people, {common}, entity: person, files: people.csv, columns: {{customer_key: id, city: city}}}}
  - {{name: orders, {common}, entity: order, files: orders.csv, columns: {{customer_key: id, order_id: no, ordered_at: time, amount: amount, channel: channel}}}}
  - {{name: views, {common}, entity: event, files: views.csv, columns: {{customer_key: id, event_id: no, occurred_at: time, page: page}}}}
""",
        "tags/t.yaml": "tags:\n  - {name: spend, kind: statistic, source: orders, measure: sum, of: amount}\n",
        "audiences/a.yaml": json.dumps({"audiences": [{"name": n, "when": w} for n, (w, _) in AUDIENCES.items()]}, ensure_ascii=False),
    }  # fmt: skip
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")
    return folder


def test_a_list_that_is_missing_is_told_before_the_build(shop: Path) -> None:
    found = [str(i) for i in issues_of(load_project(shop)) if i.code == "REF006"]
    assert len(found) == 2
    assert 'audience "listed": unknown list "vip"; none was uploaded yet' in found[0]


def test_the_build_counts_them(shop: Path) -> None:
    lists = shop / ".huaxiang" / "lists"
    lists.mkdir(parents=True, exist_ok=True)
    for name in ("vip", "nobody"):
        pq.write_table(pa.table({"customer_id": pa.array([], pa.string())}), lists / f"{name}.parquet")
    first = build(shop)
    people = pq.read_table(shop / ".huaxiang" / "snapshots" / first.snapshot / "tables" / "customers.parquet")
    buyers = people.filter(pa.compute.greater(people["spend"].cast(pa.float64()), 300))["customer_id"].to_pylist()[:1]
    pq.write_table(pa.table({"customer_id": [*buyers, "gone"]}), lists / "vip.parquet")
    manifest: Any = build(shop).manifest
    sizes = {a["name"]: a["size"] for a in manifest["audiences"]}
    assert sizes == {name: size for name, (_, size) in AUDIENCES.items()}
    sources = {s["name"]: s for s in manifest["sources"]}
    assert sources["orders"]["time"] == "ordered_at"
    assert sources["orders"]["fields"]["amount"] == "DECIMAL(18,4)"
    assert sources["people"]["time"] is None
