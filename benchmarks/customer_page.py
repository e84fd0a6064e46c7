"""How fast customers are found and shown: `python benchmarks/customer_page.py --customers 1000000 --folder DIR`.

A generated snapshot: 40 tags of `customers.py`, names, phone numbers, two keys each, 20 orders and 20 events a customer, sorted as a build
writes them. Times are those of the use-cases in one process, over customers drawn at random; each is asked `--asked` times.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from customers import generate

GROUP = 131_072
PIECE = 100_000
SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许邓冯韩曹曾彭萧蔡潘田董袁于余叶蒋杜苏魏程吕丁沈任"
    "姚卢傅钟姜崔谭廖范汪陆金石戴贾韦夏邱方侯邹熊孟秦白江阎薛尹段雷黎史龙陶贺顾毛郝龚邵万钱严赖覃洪武莫孔"
)
GIVEN = (
    "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂文华建国红玉春梅海燕雪荣爱香月莲真环云珍贞瑞凡佳嘉琼"
    "勤珊莎锦黛青倩婷宁蓓纨苑婕馨瑗琰韵融园艺咏卿聪澜纯毓悦昭冰爽琬茗羽希欣飘育滢馥筠柔竹霭凝晓欢枫芸菲寒"
    "伊亚宜可姬舒影荔枝思"
)


def people(size: int) -> tuple[pa.Array, pa.Array]:
    """Names and phone numbers."""
    rng = np.random.default_rng(7)
    surnames = np.array(list(SURNAMES))[np.minimum(rng.exponential(14, size).astype(int), len(SURNAMES) - 1)]
    first, second = (np.array([*GIVEN])[rng.integers(0, len(GIVEN), size)] for _ in range(2))
    names = np.char.add(np.char.add(surnames, first), np.where(rng.random(size) < 0.8, second, ""))
    phones = 13_000_000_000 + rng.permutation(size).astype(np.int64) * 5_000 + rng.integers(0, 5_000, size)
    return pa.array(names), pa.array(phones.astype(str))


def write_identity(path: Path, ids: list[str], phones: list[str]) -> None:
    """Two keys a customer: a member number that is shown, a phone number of which the digest is kept."""
    schema = pa.schema([(n, pa.string()) for n in ("customer_id", "key", "value_digest", "value")])
    digest = lambda text: hashlib.sha256(text.encode()).hexdigest()  # noqa: E731
    from huaxiang.engines.arrow_io import OWNED_GROUP

    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for at in range(0, len(ids), PIECE):
            rows = [
                row for i, p in zip(ids[at : at + PIECE], phones[at : at + PIECE], strict=True)
                for row in ((i, "member_no", digest(f"member_no:M{i}"), f"M{i}"), (i, "phone", digest(f"phone:{p}"), None))
            ]  # fmt: skip
            found = pa.table([list(c) for c in zip(*rows, strict=True)], schema=schema)
            writer.write_table(found, row_group_size=OWNED_GROUP)


def write_rows(
    path: Path, ids: list[str], each: int, columns: Callable[[np.random.Generator, int], dict[str, pa.Array]]
) -> int:
    """Rows of a source, `each` a customer on average, sorted by customer."""
    from huaxiang.engines.arrow_io import OWNED_GROUP

    rng = np.random.default_rng(11)
    writer, total = None, 0
    for at in range(0, len(ids), PIECE):
        counts = rng.poisson(each, min(PIECE, len(ids) - at))
        owners = pa.array(ids[at : at + PIECE]).take(pa.array(np.repeat(np.arange(len(counts)), counts)))
        size = len(owners)
        table = pa.table({
            "customer_id": owners, **columns(rng, size), "_file": pa.array(np.zeros(size, dtype=np.int32)),
            "_row": pa.array(rng.integers(1, 1 << 40, size)),
        })  # fmt: skip
        writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
        writer.write_table(table, row_group_size=OWNED_GROUP)
        total += size
    assert writer is not None
    writer.close()
    return total


def orders(rng: np.random.Generator, size: int) -> dict[str, pa.Array]:
    """Columns of orders."""
    when = 1_600_000_000 + rng.integers(0, 60_000_000, size)
    return {
        "order_id": pa.array(np.char.add("o", rng.integers(0, 1 << 40, size).astype(str))),
        "ordered_at": pa.array((when * 1_000_000).astype("datetime64[us]")),
        "channel": pa.array(np.array(["天猫", "京东", "门店", "小程序"])[rng.integers(0, 4, size)]),
        "status": pa.array(np.array(["已完成", "已退货"])[rng.integers(0, 2, size)]),
        "amount": pa.array(np.round(rng.lognormal(5, 1, size), 2)),
    }


def events(rng: np.random.Generator, size: int) -> dict[str, pa.Array]:
    """Columns of events."""
    when = 1_600_000_000 + rng.integers(0, 60_000_000, size)
    return {
        "event": pa.array(np.array(["ViewProduct", "SearchProduct", "ClickBanner"])[rng.integers(0, 3, size)]),
        "occurred_at": pa.array((when * 1_000_000).astype("datetime64[us]")),
        "category": pa.array(np.array(["床品", "厨房", "童装", "家具"])[rng.integers(0, 4, size)]),
        "platform": pa.array(np.array(["iOS", "Android"])[rng.integers(0, 2, size)]),
    }


def publish(folder: Path, size: int) -> dict[str, float]:
    """Make a project whose snapshot holds all of it; return seconds of index and lookup."""
    from huaxiang.app.wiring import snapshot_store
    from huaxiang.engines.blocks import FOLDER as ROWS
    from huaxiang.engines.blocks import write_blocks
    from huaxiang.index import build_index
    from huaxiang.index.lookup import FOLDER
    from huaxiang.index.lookup.build import Asked, build_lookup

    folder.mkdir(parents=True)
    (folder / "huaxiang.yaml").write_text("name: benchmark\n", "utf-8")
    draft = snapshot_store(folder).begin()
    plain = folder / "plain.parquet"
    generate(plain, size)
    table = pq.read_table(plain)
    plain.unlink()
    names, phones = people(size)
    ids = table.column("customer_id").to_pylist()
    table = table.append_column("name", names).append_column("phone", phones)
    pq.write_table(table, draft.table("customers"), row_group_size=GROUP, compression="zstd")
    write_identity(draft.table("identity"), ids, phones.to_pylist())
    rows = {"orders": write_rows(draft.table("source_orders"), ids, 20, orders)}
    rows["events"] = write_rows(draft.table("source_events"), ids, 20, events)
    write_blocks(table.schema, table.to_batches(), draft.path(f"{ROWS}/customers.arrow"))
    begin = time.perf_counter()
    build_index(draft.table("customers"), draft.folder / "index")
    indexed = time.perf_counter()
    build_lookup(Asked(draft.table("customers"), draft.table("identity"), "name", "phone"), draft.folder / FOLDER)
    looked = time.perf_counter()
    draft.publish(_manifest(table, size)).close()
    return {"index": indexed - begin, "lookup": looked - indexed, **rows}


def _manifest(table: pa.Table, size: int) -> dict[str, object]:
    kinds = {"enum": "enum", "int": "integer", "bool": "boolean", "date": "date", "amount": "number", "ratio": "number"}
    tags = [
        {"name": n, "title": {"zh": n, "en": n}, "value_type": kinds.get(n.split("_")[0], "list"), "class": "consumption",
         "kind": "statistic",
         "status": "online", "definition": "", "lineage": ["source:orders.amount"], "values": {}, "coverage": 1.0, "unit": None}
        for n in table.column_names if n not in ("customer_id", "name", "phone")
    ]  # fmt: skip
    people = [
        {"name": n, "title": {"zh": n, "en": n}, "value_type": "text", "class": "demographic", "personal": n, "values": {}, "coverage": 1.0}
        for n in ("name", "phone")
    ]  # fmt: skip

    def source(name: str, entity: str, when: str, fields: dict[str, str]) -> dict[str, object]:
        columns = [{"name": c, "type": "text"} for c in fields]
        return {
            "name": name,
            "title": {"zh": name, "en": name},
            "entity": entity,
            "time": when,
            "fields": fields,
            "columns": columns,
        }

    return {
        "as_of": "2022-01-08", "customers": size, "tags": tags, "attributes": people, "audiences": [],
        "identity": {"keys": ["member_no", "phone"], "fields": {"member_no": "member_no", "phone": "phone"},
                     "personal": {"phone": "phone"}},
        "sources": [
            source("orders", "order", "ordered_at", {"customer_id": "VARCHAR", "order_id": "VARCHAR", "ordered_at": "TIMESTAMP",
                   "channel": "VARCHAR", "status": "VARCHAR", "amount": "DOUBLE"}),
            source("events", "event", "occurred_at", {"customer_id": "VARCHAR", "event": "VARCHAR", "occurred_at": "TIMESTAMP",
                   "category": "VARCHAR", "platform": "VARCHAR"}),
        ],
    }  # fmt: skip


def timed(asked: int, ask: Callable[[int], object]) -> dict[str, float]:
    """Milliseconds: the first, median and 95th percentile of the rest."""
    spent = []
    for n in range(asked + 1):
        begin = time.perf_counter()
        ask(n)
        spent.append((time.perf_counter() - begin) * 1000)
    rest = sorted(spent[1:])
    return {
        "first": round(spent[0], 1),
        "p50": round(rest[len(rest) // 2], 1),
        "p95": round(rest[int(len(rest) * 0.95)], 1),
    }


def measure(folder: Path, asked: int) -> dict[str, dict[str, float]]:
    """Times by kind of question."""
    from huaxiang.app.customer import show_customer
    from huaxiang.app.finding import find_customers
    from huaxiang.app.similar import similar_customers
    from huaxiang.app.timeline import customer_timeline
    from huaxiang.app.wiring import open_snapshot

    snapshot = open_snapshot(folder)
    size = snapshot.manifest["customers"]
    draw = random.Random(3)
    some = [f"c{draw.randrange(size):09}" for _ in range(asked + 1)]
    known = pq.read_table(snapshot.table("customers"), columns=["name", "phone"]).slice(0, 100_000).to_pylist()
    who = [known[draw.randrange(len(known))] for _ in range(asked + 1)]
    find = lambda text: find_customers(snapshot, text, limit=20)  # noqa: E731
    return {
        "find: key": timed(asked, lambda n: find(f"M{some[n]}")),
        "find: phone number": timed(asked, lambda n: find(who[n]["phone"])),
        "find: last four digits": timed(asked, lambda n: find(who[n]["phone"][-4:])),
        "find: name": timed(asked, lambda n: find(who[n]["name"])),
        "find: part of a name": timed(asked, lambda n: find(who[n]["name"][1:])),
        "find: surname": timed(asked, lambda n: find(who[n]["name"][:1])),
        "find: pinyin": timed(asked, lambda n: find(("zhangwei", "lina", "wangjing", "zw", "liuy")[n % 5])),
        "find: condition": timed(asked, lambda n: find(f"enum_3 = 'v{n % 5}' and int_2 > {n % 17}")),
        "similar": timed(asked, lambda n: similar_customers(snapshot, some[n])),
        "timeline": timed(asked, lambda n: customer_timeline(snapshot, some[n])),
        "customer": timed(asked, lambda n: show_customer(snapshot, some[n])),
    }


def main() -> None:
    """Generate if need be, measure, print as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--asked", type=int, default=60)
    asked = parser.parse_args()
    if not asked.folder.exists():
        print(json.dumps(publish(asked.folder, asked.customers)), flush=True)
    for name, spent in measure(asked.folder, asked.asked).items():
        print(f"{name:26} {json.dumps(spent)}", flush=True)


if __name__ == "__main__":
    main()
