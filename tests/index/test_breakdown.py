"""Breakdowns and spreads equal plain counting, for few members and many, on columns of every kind, and on all threads."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from huaxiang.index import AudienceIndex, Bits, build_index, reading, scanning
from huaxiang.index import build as building

SIZE = 40_000


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> AudienceIndex:
    folder = tmp_path_factory.mktemp("index")
    rng = np.random.default_rng(3)
    lists = [
        None if n % 11 == 0 else [f"t{v}" for v in sorted(set(rng.integers(0, 9, n % 4).tolist()))] for n in range(SIZE)
    ]
    data = pa.table({
        "customer_id": [f"c{n:06d}" for n in range(SIZE)],
        **{f"band_{n}": pa.array(rng.integers(0, n, SIZE), pa.int64(), mask=rng.random(SIZE) < 0.05) for n in (3, 40, 200)},
        "city": pa.array(rng.integers(0, 5, SIZE).astype(str), mask=rng.random(SIZE) < 0.1),
        "days": pa.array(rng.integers(0, 3000, SIZE), pa.int64()), "likes": pa.array(lists, pa.list_(pa.string())),
        "spend": pa.array(np.round(rng.lognormal(3, 1, SIZE), 2), mask=rng.random(SIZE) < 0.2),
    })  # fmt: skip
    pq.write_table(data, folder / "c.parquet")
    build_index(folder / "c.parquet", folder / "index")
    return AudienceIndex.open(folder / "index")


def plain(index: AudienceIndex, bits: Bits, column: str) -> Counter[object]:
    values = pq.read_table(index.folder.parent / "c.parquet", columns=[column]).column(0).to_pylist()
    chosen = [values[r] for r in bits.rows().tolist()]
    return Counter(v for x in chosen for v in ([None] if x is None else x if isinstance(x, list) else [x]))


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.9, 1.0])
def test_breakdowns(index: AudienceIndex, share: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "_LARGE", 1000)
    bits = Bits.from_mask(np.random.default_rng(5).random(SIZE) < share)
    found = AudienceIndex.open(index.folder).breakdown(bits, ["city", "days", "likes"])
    for column, counted in found.items():
        told = dict(zip(counted.values.to_pylist(), counted.counts.tolist(), strict=True))
        expected = plain(index, bits, column)
        assert counted.missing == expected.pop(None, 0)
        assert {v: n for v, n in told.items() if n} == dict(expected)


@pytest.mark.parametrize("share", [0.0005, 0.02, 0.4])
def test_columns_that_lie_together(index: AudienceIndex, share: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_BLOCK", 700)
    monkeypatch.setattr(reading, "_SCAN", 0)  # no column by sets
    bits = Bits.from_mask(np.random.default_rng(5).random(SIZE) < share)
    names = ["band_200", "city", "likes", "band_3", "days", "band_40"]
    found = index.breakdown(bits, names)
    assert list(found) == names
    for column, counted in found.items():
        told = dict(zip(counted.values.to_pylist(), counted.counts.tolist(), strict=True))
        expected = plain(index, bits, column)
        assert counted.missing == expected.pop(None, 0)
        assert {v: n for v, n in told.items() if n} == dict(expected)


@pytest.mark.parametrize("column", ["days", "spend"])
def test_spreads(index: AudienceIndex, column: str) -> None:
    bits = Bits.from_mask(np.random.default_rng(6).random(SIZE) < 0.2)
    values = sorted(v for v, n in plain(index, bits, column).items() if v is not None for _ in range(n))
    spread = index.spread(bits, column, (50, 100))
    assert (spread.known, spread.low, spread.high) == (len(values), values[0], values[-1])
    assert spread.percentiles == (values[-(-len(values) // 2) - 1], values[-1])
    assert spread.mean == pytest.approx(sum(values) / len(values))
    assert index.spread(Bits.none(SIZE), column).known == 0
    with pytest.raises(ValueError, match="holds no numbers"):
        index.spread(bits, "city")


def test_a_set_is_saved_and_read_again(index: AudienceIndex, tmp_path: Path) -> None:
    for share in (0.0, 0.01, 0.5):
        bits = Bits.from_mask(np.random.default_rng(8).random(SIZE) < share)
        bits.save(tmp_path / "a.npy")
        assert Bits.load(tmp_path / "a.npy", SIZE) == bits
    with pytest.raises(ValueError, match="is no set of"):
        Bits.load(tmp_path / "a.npy", SIZE + 64)


def test_ids_and_rows(index: AudienceIndex) -> None:
    bits = Bits.from_rows(SIZE, [7, 3, 39_999, 3])
    assert index.ids(bits).to_pylist() == ["c000003", "c000007", "c039999"]
    assert [index.row_of(i) for i in ("c000003", "nobody", "z")] == [3, None, None]
    assert index.rows_of(pa.array(["c000007", "x", "c000003"])).tolist() == [7, 3]
    with pytest.raises(IndexError):
        Bits.from_rows(SIZE, [SIZE])


@pytest.mark.parametrize("most", [None, 50])
def test_numbers_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int | None) -> None:
    if most is not None:
        monkeypatch.setattr(building, "MOST_VALUES", most)  # columns of numbers become wide
    rng = np.random.default_rng(8)
    cents = [None if n % 7 == 0 else Decimal(int(rng.integers(-500, 500))) / 100 for n in range(3_000)]
    days = pa.array(rng.integers(0, 400, 3_000).astype(np.int32), pa.date32())
    table = {
        "customer_id": [f"c{n:06d}" for n in range(3_000)],
        "money": pa.array(cents, pa.decimal128(10, 2)),
        "day": days,
    }
    pq.write_table(pa.table({**table, "name": ["x"] * 3_000}), tmp_path / "c.parquet")
    build_index(tmp_path / "c.parquet", tmp_path / "index")
    index = AudienceIndex.open(tmp_path / "index")
    assert index.fields["money"].kind == ("codes" if most is None else "wide")
    for share in (0.0, 0.2, 1.0):
        bits = Bits.from_mask(rng.random(3_000) < share)
        for column in ("money", "day"):
            assert index.in_order(bits, column).tolist() == np.sort(index.numbers(bits, column)[1]).tolist()
    with pytest.raises(ValueError, match="no numbers"):
        index.in_order(index.all, "name")


@pytest.mark.parametrize("numbers", [(-(2**63), 2**63 - 1), (-5 * 10**18, 0, 5 * 10**18), (2**63 - 1, 2**63 - 2)])
def test_the_widest_whole_numbers(tmp_path: Path, numbers: tuple[int, ...]) -> None:
    mine = [None, *numbers, *numbers]
    table = {"customer_id": [f"c{n}" for n in range(len(mine))], "points": pa.array(mine, pa.int64())}
    pq.write_table(pa.table(table), tmp_path / "c.parquet")
    build_index(tmp_path / "c.parquet", tmp_path / "index")
    index = AudienceIndex.open(tmp_path / "index")
    assert sorted(index.numbers(index.all, "points")[1].tolist()) == sorted(float(n) for n in (*numbers, *numbers))
    counted = index.breakdown(index.all, ["points"])["points"]
    assert dict(zip(counted.values.to_pylist(), counted.counts.tolist(), strict=True)) == dict.fromkeys(numbers, 2)
    spread = index.spread(index.all, "points")
    assert (spread.known, spread.low, spread.high) == (2 * len(numbers), min(numbers), max(numbers))
    assert spread.total == 2 * sum(numbers)
    assert float(spread.mean) == pytest.approx(sum(numbers) / len(numbers), abs=1)


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_columns_without_any_value_are_counted_with_others(tmp_path: Path, share: float) -> None:
    rng = np.random.default_rng(9)
    nothing = {f"nothing{n}": pa.nulls(500, pa.string()) for n in range(70)}
    cities = rng.choice(["a", "b"], 500)
    table = {
        "customer_id": [f"c{n:06d}" for n in range(500)],
        **nothing,
        "city": cities,
        "kind": rng.choice(["x", "y"], 500),
    }
    pq.write_table(pa.table(table), tmp_path / "c.parquet")
    build_index(tmp_path / "c.parquet", tmp_path / "index")
    index = AudienceIndex.open(tmp_path / "index")
    bits = Bits.from_mask(rng.random(500) < share)
    found = index.breakdown(bits, [*nothing, "city", "kind"])
    assert {found[name].missing for name in nothing} == {bits.count()}
    counted = dict(zip(found["city"].values.to_pylist(), found["city"].counts.tolist(), strict=True))
    assert counted == {city: int((bits.mask() & (cities == city)).sum()) for city in ("a", "b")}
