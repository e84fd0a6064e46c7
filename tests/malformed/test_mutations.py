"""Random damage to good files of every format: rows are accounted for, or a SourceError says what is wrong."""

from __future__ import annotations

import random
from datetime import datetime
from pathlib import Path

import pytest
from tests.malformed.cases import NAMES, NDJSON, ORDERS, ZH, parquet
from tests.malformed.making import HEAD, ROW, Workbook, load
from tests.told import same_names

from huaxiang.errors import SourceError

MUTATIONS = 40
_INSERTS = (b'"', b"\n", b",", b"\0", b"\xff", b"[", b"{", b"\r")


def seeds(folder: Path) -> dict[str, bytes]:
    parquet({"id": ["a", "b"] * 50, "amount": [1.5, 2.5] * 50, "at": [datetime(2024, 1, 2)] * 100})(folder / "seed")
    return {
        "a.csv": (HEAD + ROW * 20 + 'x,"1\n2",2024-01-01\n').encode(),
        "b.csv": (ZH * 10).encode("gbk"),
        "c.csv": (HEAD + ROW * 5).encode("utf-16"),
        "d.xlsx": Workbook(ORDERS * 5).content(),
        "e.json": f"[{','.join([NDJSON.strip()] * 5)}]".encode(),
        "f.ndjson": (NDJSON * 10).encode(),
        "g.parquet": (folder / "seed").read_bytes(),
    }


def mutate(content: bytes, chance: random.Random) -> bytes:
    data = bytearray(content)
    for _ in range(chance.choice([1, 1, 2, 5, 20])):
        at, kind = chance.randrange(max(len(data), 1)), chance.random()
        if kind < 0.5 and data:
            data[at] = chance.randrange(256)
        elif kind < 0.7:
            del data[at : at + chance.randrange(1, 20)]
        elif kind < 0.9:
            data[at:at] = chance.choice(_INSERTS) * chance.randrange(1, 4)
        else:
            del data[at:]
    return bytes(data)


@pytest.mark.parametrize("name", ["a.csv", "b.csv", "c.csv", "d.xlsx", "e.json", "f.ndjson", "g.parquet"])
def test_damaged_files_end_in_rows_or_a_source_error(name: str, tmp_path: Path) -> None:
    seed = seeds(tmp_path)[name]
    chance = random.Random(name)
    loads, errors = 0, list[SourceError]()
    for _ in range(MUTATIONS):
        (tmp_path / name).write_bytes(mutate(seed, chance))
        try:
            loaded = load(tmp_path, name, **(NAMES if name == "b.csv" else {}))
        except SourceError as error:
            errors.append(error)
        else:
            loads += 1
            report = loaded.report
            assert (len(loaded.rows), len(loaded.rejected)) == (report.loaded, report.set_aside)
            assert report.rows_in == report.loaded + report.set_aside
    assert loads + len(errors) == MUTATIONS
    assert all(str(error).startswith(f'source "orders" {name}') for error in errors)
    assert all(error.zh.startswith(f"数据源“orders” {name}") and not same_names(error) for error in errors)
