"""The lookup on its own: keys by digest, names in all their forms, phone numbers from their end."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from huaxiang.index.lookup import Lookup
from huaxiang.index.lookup.build import Asked, build_lookup, turn_round

NAMES = ["王芳", None, "王芳", "Zoë  O'Neil", "诸葛亮", "王"]
PHONES = ["13800001234", "13900001234", None, "+441632960961", "021-62341234", "x"]


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture
def lookup(tmp_path: Path) -> Lookup:
    ids = [f"c{n}" for n in range(6)]
    mails = ["a@x.cn", None, "b@x.cn", None, None, None]
    pq.write_table(
        pa.table({"customer_id": ids, "name": NAMES, "phone": PHONES, "email": mails}), tmp_path / "c.parquet"
    )
    keys = [("c0", "member", "M1"), ("c4", "member", "M1x"), ("c2", "card", "M1"), ("gone", "member", "M9")]
    table = {
        "customer_id": [k[0] for k in keys], "key": [k[1] for k in keys], "value_digest": [digest(f"{k[1]}:{k[2]}") for k in keys],
    }  # fmt: skip
    pq.write_table(pa.table(table), tmp_path / "i.parquet")
    build_lookup(Asked(tmp_path / "c.parquet", tmp_path / "i.parquet", "name", "phone", ["email"]), tmp_path / "lookup")
    return Lookup.open(tmp_path / "lookup")


def test_keys_are_found_whole(lookup: Lookup) -> None:
    assert {(f.by, *f.rows.tolist()) for f in lookup.by_keys(["M1"])} == {("member", 0), ("card", 2)}
    assert [(f.by, f.rows.tolist()) for f in lookup.by_keys(["b@x.cn"])] == [("email", [2])]
    assert lookup.by_keys(["M9", "M", "b@x"]) == []


def test_no_key_is_held_as_it_is_written(lookup: Lookup, tmp_path: Path) -> None:
    held = (tmp_path / "lookup" / "arrays.bin").read_bytes()
    assert b"b@x.cn" not in held
    assert b"M1x" not in held


@pytest.mark.parametrize(
    ("digits", "rows"),
    [("1234", [0, 1, 4]), ("0001234", [0, 1]), ("13800001234", [0]), ("0961", [3]), ("9999", []), ("34", None)],
)
def test_ends_of_phone_numbers(lookup: Lookup, digits: str, rows: list[int] | None) -> None:
    found = lookup.by_tail(digits)
    assert (found and found.rows.tolist()) == rows


def test_numbers_are_told_as_digits(lookup: Lookup) -> None:
    assert lookup.phones(np.arange(6)) == ["13800001234", "13900001234", None, "441632960961", "2162341234", None]
    assert turn_round(np.array([12345], dtype=np.int64)).tolist() == [54321000000]


@pytest.mark.parametrize(
    ("text", "best"),
    [
        ("王芳", (0, [0, 2])),
        ("王", (0, [5])),
        ("诸", (3, [4])),
        ("zhuge", (4, [4])),
        ("zgl", (5, [4])),
        ("葛", (6, [4])),
        ("zoë o'neil", (0, [3])),
        ("neil", (6, [3])),
    ],
)
def test_names(lookup: Lookup, text: str, best: tuple[int, list[int]]) -> None:
    found = min(lookup.by_name(text), key=lambda f: f.grade)
    assert (found.grade, found.rows.tolist()) == best


def test_nobody_is_called_so(lookup: Lookup) -> None:
    assert lookup.by_name("赵") == []
    assert lookup.by_name("") == []
    assert lookup.names(np.arange(6)) == NAMES


def test_without_anybody(tmp_path: Path) -> None:
    empty = pa.table(
        {
            "customer_id": pa.array([], pa.string()),
            "name": pa.array([], pa.string()),
            "phone": pa.array([], pa.string()),
        }
    )
    pq.write_table(empty, tmp_path / "c.parquet")
    build_lookup(Asked(tmp_path / "c.parquet", None, "name", "phone"), tmp_path / "lookup")
    lookup = Lookup.open(tmp_path / "lookup")
    assert lookup.by_name("王") == []
    assert lookup.by_keys(["M1"]) == []
    found = lookup.by_tail("1234")
    assert found is not None
    assert not len(found.rows)
