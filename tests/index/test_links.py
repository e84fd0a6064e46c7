"""Which records and evidence are whose."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from huaxiang.index import links
from huaxiang.index.links import Links, build_links

SIZE = 500


def digest(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()[:32]


def world(folder: Path, *, twins: bool = False) -> tuple[Path, Path, Path]:
    """Tables of customers, records sorted by digest, some of them gone, and evidence between them, some of it closed."""
    rng = np.random.default_rng(3)
    owners = {digest(n): f"c{rng.integers(0, 90):03}" for n in range(SIZE)}
    if twins:
        owners |= {"0" * 32: "c001", "0" * 31 + "1": "c002"}
    known = sorted(owners)
    gone = [f"2024-01-{1 + n % 9:02}" if n % 13 == 5 else None for n in range(len(known))]
    known = [d for d, g in zip(known, gone, strict=True) if g is None] + [
        d for d, g in zip(known, gone, strict=True) if g
    ]
    gone.sort(key=lambda day: day is not None)  # as builds write them: those that are gone below the others
    ends = sorted((known[a], known[b]) for a, b in rng.integers(0, len(known), (900, 2)).tolist() if a != b)
    ends.append(("f" * 32, known[0]))  # of a record that is not known any more
    names = sorted({*owners.values(), "c999"})
    tables = {
        "customers": {"customer_id": names},
        "records": {"digest": known, "customer_id": [owners[d] for d in known], "gone": pa.array(gone, pa.string())},
        "evidence": {
            "left": [a for a, _ in ends], "right": [b for _, b in ends],
            "until": pa.array(["2024-02-01" if n % 17 == 3 else None for n in range(len(ends))], pa.string()),
        },
    }  # fmt: skip
    for name, columns in tables.items():
        pq.write_table(pa.table(columns), folder / f"{name}.parquet")
    return tuple(folder / f"{name}.parquet" for name in tables)  # type: ignore[return-value]


def test_all_that_is_hers_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "_BATCH", 64)
    paths = world(tmp_path)
    assert build_links(*paths, tmp_path / "links")
    found = Links.open(tmp_path / "links")
    assert found is not None
    customers, records, evidence = (pq.read_table(path).to_pylist() for path in paths)
    for number, customer in enumerate(customers):
        hers = {n for n, r in enumerate(records) if r["customer_id"] == customer["customer_id"] and r["gone"] is None}
        mine = {records[n]["digest"] for n in hers}
        touch = [n for n, e in enumerate(evidence) if e["until"] is None and {e["left"], e["right"]} & mine]
        assert found.records(number).tolist() == sorted(hers)
        assert found.evidence(number).tolist() == touch
    assert found.records(len(customers) - 1).tolist() == []  # c999 has none


def test_digests_that_begin_alike_are_not_told_apart_and_so_not_written(tmp_path: Path) -> None:
    assert not build_links(*world(tmp_path, twins=True), tmp_path / "links")
    assert Links.open(tmp_path / "links") is None


def test_nobody_has_no_links(tmp_path: Path) -> None:
    texts = {n: pa.array([], pa.string()) for n in ("customer_id", "digest", "gone", "left", "right", "until")}
    pq.write_table(pa.table(texts), tmp_path / "empty.parquet")
    assert build_links(*[tmp_path / "empty.parquet"] * 3, tmp_path / "links")
    assert Links.open(tmp_path / "links") is not None


def test_links_of_another_version_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as older:
        older.setattr(links, "VERSION", 0)
        build_links(*world(tmp_path), tmp_path / "links")
    assert Links.open(tmp_path / "links") is None
