"""Generated customers for the benchmarks of audiences: 40 tags, skewed, seeded; and a project whose snapshot holds them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

ENUMS = (2, 3, 4, 5, 6, 8, 8, 10, 12, 16, 20, 31, 40, 8)
MEANS = (2, 5, 20, 60, 3, 9, 150, 700)
SHARES = (0.5, 0.2, 0.05, 0.01, 0.7, 0.33)
LIST, ITEMS, HELD = "likes", 200, 5
PIECE = 500_000


def generate(path: Path, customers: int) -> None:
    """Write customers with 40 tags: 14 skewed enums, 8 whole numbers, 6 booleans, 4 dates, 5 amounts, 2 shares, a list of 5 out of 200."""
    rng = np.random.default_rng(20260101)
    writer: pq.ParquetWriter | None = None
    for begin in range(0, customers, PIECE):
        table = piece(rng, begin, min(PIECE, customers - begin))
        writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd", compression_level=1)
        writer.write_table(table, row_group_size=PIECE // 4)
    if writer is not None:
        writer.close()


def piece(rng: np.random.Generator, begin: int, size: int) -> pa.Table:
    """`size` customers with their tags, numbered from `begin`."""
    columns: dict[str, pa.Array] = {
        "customer_id": pa.array(np.char.add("c", np.char.zfill(np.arange(begin, begin + size).astype(str), 9)))
    }
    for i, values in enumerate(ENUMS):
        share = 1 / np.arange(1, values + 1) ** 1.1
        codes = rng.choice(values, size, p=share / share.sum()).astype(np.int32)
        coded = pa.array(codes, mask=rng.random(size) < 0.03 * (i % 4))
        columns[f"enum_{i}"] = pa.DictionaryArray.from_arrays(coded, pa.array([f"v{j}" for j in range(values)])).cast(
            pa.string()
        )
    for i, mean in enumerate(MEANS):
        columns[f"int_{i}"] = pa.array(rng.poisson(mean, size).astype(np.int64))
    for i, share in enumerate(SHARES):
        columns[f"bool_{i}"] = pa.array(rng.random(size) < share)
    for i in range(4):
        days = 19_000 - rng.exponential(400 * (i + 1), size)
        columns[f"date_{i}"] = pa.array(days.astype(np.int32), pa.int32()).cast(pa.date32())
    for i in range(5):
        columns[f"amount_{i}"] = pa.array(np.round(rng.lognormal(5, 1.2, size), 2))
    for i in range(2):
        columns[f"ratio_{i}"] = pa.array(rng.random(size))
    items = np.sort(rng.integers(0, ITEMS, (size, HELD)), axis=1).ravel().astype(np.int32)
    texts = pa.DictionaryArray.from_arrays(pa.array(items), pa.array([f"t{j}" for j in range(ITEMS)])).cast(pa.string())
    columns[LIST] = pa.ListArray.from_arrays(pa.array(np.arange(0, HELD * size + 1, HELD, dtype=np.int32)), texts)
    return pa.table(columns)


def publish(folder: Path, customers: Path, size: int) -> dict[str, float]:
    """Make a project whose snapshot holds the customers and their index; return seconds and peak memory (GB) of the index."""
    from huaxiang.app.wiring import snapshot_store

    folder.mkdir(parents=True)
    (folder / "huaxiang.yaml").write_text("name: benchmark\n", "utf-8")
    draft = snapshot_store(folder).begin()
    target = draft.table("customers")
    target.hardlink_to(customers)
    code = (
        "import json, resource, sys, time; from pathlib import Path; from huaxiang.index import build_index\n"
        "begin = time.perf_counter(); build_index(Path(sys.argv[1]), Path(sys.argv[2]))\n"
        "print(json.dumps([time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6]))"
    )
    words = [sys.executable, "-c", code, str(target), str(draft.folder / "index")]
    seconds, memory = json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)
    kinds = {"enum": "enum", "int": "integer", "bool": "boolean", "date": "date", "amount": "number", "ratio": "number"}
    names = [n for n in pq.read_schema(target).names if n != "customer_id"]
    tags = [{"name": n, "value_type": kinds.get(n.split("_", maxsplit=1)[0], "list")} for n in names]
    draft.publish(
        {"as_of": "2022-01-08", "customers": size, "tags": tags, "attributes": [], "audiences": [], "sources": []}
    ).close()
    return {"seconds": seconds, "memory": memory}
