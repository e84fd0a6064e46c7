"""Sets of the other values of a column are made ahead: they are the same, and drive out none that was asked for."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.waiting import PATIENCE

from huaxiang.index import AudienceIndex, build_index, fields, select
from huaxiang.index.ahead import Ahead
from huaxiang.index.fields import Field
from huaxiang.plan.predicate import parse_condition

SIZE = 5_000
CITIES = [f"c{n:02}" for n in range(30)]
PICKS = np.random.default_rng(4).integers(0, len(CITIES), SIZE)
COLUMNS = {"city": "VARCHAR", "many": "BIGINT", "likes": "VARCHAR[]"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    columns = {
        "customer_id": [f"c{n:05}" for n in range(SIZE)],
        "city": [CITIES[pick] for pick in PICKS],
        "many": [int(n) % 90 for n in range(SIZE)],
        "likes": [["tea"] * (n % 2) + ["wine"] * (n % 3 == 0) for n in range(SIZE)],
    }
    pq.write_table(pa.table(columns), tmp_path / "customers.parquet")
    build_index(tmp_path / "customers.parquet", tmp_path / "index")
    return tmp_path / "index"


@pytest.fixture
def scans(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was read over all customers."""
    found: list[Any] = []
    scan = select.scan
    monkeypatch.setattr(select, "_MANY", SIZE)
    monkeypatch.setattr(select, "scan", lambda size, test: (found.append(test), scan(size, test))[1])
    return found


def count(index: AudienceIndex, text: str) -> int:
    return index.count(parse_condition(text, COLUMNS).tree, None)  # type: ignore[arg-type]  # nothing is left to the engine


def test_who_asks_for_one_value_finds_the_others_there(folder: Path, scans: list[Any]) -> None:
    index = AudienceIndex.open(folder)
    assert count(index, "city = 'c07'") == int((PICKS == 7).sum())
    index._selection.ahead.wait()
    assert len(scans) in (len(CITIES), len(CITIES) + 1)  # the first may have been made by both
    made = len(scans)
    for place, city in enumerate(CITIES):
        assert count(index, f"city = '{city}'") == int((place == PICKS).sum())
    assert len(scans) == made
    count(index, "many = 3")  # of a column with more values each is made when it is asked for
    index._selection.ahead.wait()
    assert len(scans) == made + 1


def test_who_asks_for_one_value_of_a_list_has_the_sets_of_all_read(
    folder: Path, scans: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[tuple[str, int]] = []
    touch = Field.touch_sets
    monkeypatch.setattr(
        Field, "touch_sets", lambda field, most: (read.append((field.info.name, most)), touch(field, most))[1]
    )
    monkeypatch.setattr(fields, "_STRETCH", 16)
    index = AudienceIndex.open(folder)
    assert count(index, "list_contains(likes, 'tea')") == SIZE // 2
    assert count(index, "list_has_any(likes, ['wine', 'tea'])") == SIZE - sum(
        n % 2 == 0 and n % 3 > 0 for n in range(SIZE)
    )
    index._selection.ahead.wait()
    assert read == [("likes", select._TOUCHED)] and not scans
    assert len(list(index._fields["likes"].touch_sets(select._TOUCHED))) == 2 * -(-SIZE // 64) // 16 + 1
    assert len(list(index._fields["likes"].touch_sets(8 * 16))) == 1


def test_what_is_made_ahead_drives_out_nothing(folder: Path, scans: list[Any]) -> None:
    one = -(-SIZE // 64) * 8
    index = AudienceIndex.open(folder, held_bytes=8 * one)  # seven sets of single values
    count(index, "city in ('c00', 'c01', 'c02')")
    index._selection.ahead.wait()
    made = len(scans)
    assert made < len(CITIES)
    assert count(index, "city in ('c02', 'c01', 'c00')") == int((PICKS < 3).sum())
    assert len(scans) == made


def test_few_customers_need_none(folder: Path) -> None:
    index = AudienceIndex.open(folder)
    count(index, "city = 'c07'")
    assert index._selection.ahead._thread is None


@pytest.mark.parametrize("error", [KeyError, RuntimeError, pa.ArrowNotImplementedError, OSError, MemoryError])
def test_a_column_that_fails_stops_none_of_the_others(caplog: pytest.LogCaptureFixture, error: type[Exception]) -> None:
    made: list[str] = []
    wanted = threading.Event()

    def work(column: str) -> Iterator[None]:
        assert wanted.wait(PATIENCE)
        yield
        if column == "wrong":
            raise error("13800138000")
        made.append(column)

    ahead = Ahead(work)
    for column in ("wrong", "city"):
        ahead.want(column)
    wanted.set()
    ahead.wait()
    assert (made, ahead._thread) == (["city"], None)
    ahead.want("gender")
    ahead.wait()
    assert made == ["city", "gender"]
    assert "13800138000" not in caplog.text
    expected = [] if issubclass(error, (OSError, MemoryError, ValueError)) else [("WARNING", error.__name__)]
    assert [(each.levelname, each.getMessage().rpartition(": ")[2]) for each in caplog.records] == expected


def test_without_room_for_a_thread_it_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    made: list[str] = []

    def work(column: str) -> Iterator[None]:
        made.append(column)
        yield

    def refused(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    ahead = Ahead(work)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refused)
        ahead.want("city")
    ahead.wait()
    assert made == [] and "RuntimeError" in caplog.text
    ahead.want("gender")
    ahead.wait()
    assert made == ["city", "gender"]
