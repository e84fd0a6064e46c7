"""Analyses by the journey index are those by the rows, and an index is whole, of this snapshot, and written by one process at a time."""

from __future__ import annotations

import random
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.app.audience_shop import MEMBERS, write_shop
from tests.waiting import PATIENCE

from huaxiang.app import journey_index
from huaxiang.app.analysis import streams
from huaxiang.app.analysis.distribution import DistributionAsked, MeasureAsked, distribution
from huaxiang.app.analysis.events import EventAsked, ask
from huaxiang.app.analysis.funnel import FunnelAsked, funnel
from huaxiang.app.analysis.path import PathAsked, paths
from huaxiang.app.analysis.retention import RetentionAsked, retention
from huaxiang.app.analysis.streams import streams_of
from huaxiang.app.build import build
from huaxiang.app.field_rights import RoleFields, view_of
from huaxiang.app.journey_index import folder_of, open_journeys, prepare_journeys, write_journeys
from huaxiang.app.wiring import open_snapshot
from huaxiang.errors import ExpressionError
from huaxiang.index.journeys import build as building
from huaxiang.store.snapshots import Snapshot

PAGES = ("home", "goods", "cart", "", "help")
CHANNELS = ("app", "store", "mini")
EVENTS = (
    EventAsked("visits"), EventAsked("orders"), EventAsked("visits", "page = 'goods'"), EventAsked("visits", "page is null"),
    EventAsked("visits", "page != 'home' or page is null"), EventAsked("orders", "amount > 50"),
    EventAsked("orders", "amount > 50 and channel = 'app'"), EventAsked("orders", "channel in ('store', 'mini')"),
    EventAsked("orders", "amount > 1000000"),
)  # fmt: skip
NAMED = (
    *EVENTS, EventAsked("visits", by="page"), EventAsked("orders", by="channel"), EventAsked("visits", "page != 'cart'", "page"),
    EventAsked("orders", "amount > 50", "channel"), EventAsked("orders", by="order_id"),  # the last has too many values for codes
)  # fmt: skip
AUDIENCES = (None, None, "women", "spend > 200", "gender = 'male' and orders_count >= 2", "spend > 1000000")


def moment(draw: random.Random, *, fine: bool) -> str:
    at = datetime(2026, 1, 1) + timedelta(
        hours=6 * draw.randrange(4 * 183)
    )  # some after the as-of day, many at one moment
    return f"{at:%Y-%m-%d %H:%M:%S}" + (f".{draw.randrange(1000):03}" if fine else "")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, draw = write_shop(tmp_path_factory.mktemp("shop")), random.Random(4)
    with (folder / "data" / "visits.csv").open("a", encoding="utf-8") as file:
        for _ in range(900):
            member = draw.randrange(MEMBERS + 5)  # some of nobody
            file.write(f"M{member:03},{moment(draw, fine=draw.random() < 0.3)},{draw.choice(PAGES)}\n")
    with (folder / "data" / "orders.csv").open("a", encoding="utf-8") as file:
        for number in range(200):  # with some lines each, which stand at one moment
            who, when = draw.randrange(MEMBERS), moment(draw, fine=False)
            for line in range(draw.randint(1, 4)):
                file.write(f"M{who:03},x{number}-{line},{when},{draw.randrange(100)},{draw.choice(CHANNELS)}\n")
    build(folder)
    return folder


@pytest.fixture
def snapshot(shop: Path) -> Iterator[Snapshot]:
    shutil.rmtree(shop / ".huaxiang" / "journeys", ignore_errors=True)
    journey_index._opened.clear()
    yield open_snapshot(shop)
    journey_index._opened.clear()


def asked(draw: random.Random) -> tuple[Any, Any]:
    """A way to ask, and a question."""
    kind = draw.randrange(4)
    if kind == 3:
        measure = MeasureAsked(
            draw.choice(EVENTS), draw.choice(("count", "days")), None, draw.choice((None, 1, 30, 90))
        )
        return distribution, DistributionAsked(measure, draw.choice((None, "women")))
    if kind == 0:
        steps = [draw.choice(EVENTS) for _ in range(draw.randint(2, 4))]
        since = draw.choice((None, "2026-02-01", "2026-04-15"))
        until, by = draw.choice((None, "2026-05-31")), draw.choice((None, "gender"))
        return funnel, FunnelAsked(steps, draw.choice((1, 7, 30, 400)), since, until, by)
    if kind == 1:
        first = draw.choice(EVENTS)
        again = draw.choice((first, *EVENTS))
        unit, way = draw.choice(("day", "week", "month")), draw.choice(("bounded", "unbounded"))
        return retention, RetentionAsked(first, again, unit, draw.randint(1, 8), draw.randint(1, 12), way)
    events = [draw.choice(NAMED) for _ in range(draw.randint(1, 4))]
    direction = draw.choice(("after", "before"))
    return paths, PathAsked(
        draw.choice(EVENTS), events, direction, draw.randint(1, 5), draw.choice((1, 7, 60)), draw.randint(1, 6)
    )


def test_answers_by_the_index_are_those_by_the_rows(snapshot: Snapshot) -> None:
    draw = random.Random(7)
    questions = [(*asked(draw), draw.choice(AUDIENCES)) for _ in range(200)]
    by_rows = [tell(snapshot, audience, question) for tell, question, audience in questions]
    assert streams_of(ask(snapshot, None), EVENTS) is None
    assert prepare_journeys(snapshot, 0)
    assert streams_of(ask(snapshot, None), (*EVENTS, *NAMED[:-1])) is not None
    for (tell, question, audience), expected in zip(questions, by_rows, strict=True):
        assert tell(snapshot, audience, question) == expected, (audience, question)


def test_what_a_customer_did_at_one_moment_is_told_once_where_that_is_much_shorter(snapshot: Snapshot) -> None:
    assert prepare_journeys(snapshot, 0)
    held = open_journeys(snapshot)
    orders, visits = held.source("orders"), held.source("visits")
    assert orders is not None and visits is not None
    assert [len(array) for array in visits.once] == [len(visits.starts), len(visits.moments)]
    pairs = {
        (customer, moment)
        for customer in range(len(orders.starts) - 1)
        for moment in orders.moments[orders.starts[customer] : orders.starts[customer + 1]].tolist()
    }
    starts, moments = orders.once
    owners = np.repeat(np.arange(len(starts) - 1), np.diff(starts.astype(np.int64)))
    assert list(zip(owners.tolist(), moments.tolist(), strict=True)) == sorted(pairs)
    assert len(pairs) < 0.75 * len(orders.moments)


def test_what_the_index_cannot_tell_is_read(snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    question = PathAsked(EventAsked("visits"), [EventAsked("visits", by="page")])
    expected = paths(snapshot, None, question)
    monkeypatch.setattr(building, "MOST_VALUES", 2)  # pages are too many for codes
    assert prepare_journeys(snapshot, 0)
    assert streams_of(ask(snapshot, None), (question.anchor, *question.events)) is None
    assert paths(snapshot, None, question) == expected


def test_a_role_asks_of_no_field_that_it_does_not_see(snapshot: Snapshot) -> None:
    hidden = view_of(snapshot, RoleFields("analyst", {"spend": "hidden"}))
    question = FunnelAsked([EventAsked("visits"), EventAsked("orders", "amount > 50")])
    assert prepare_journeys(snapshot, 0)
    assert funnel(snapshot, None, question)["steps"][1]["customers"] > 0
    with pytest.raises(ExpressionError):
        funnel(hidden, None, question)  # though the whole was asked the same just before


def test_a_small_snapshot_gets_none(snapshot: Snapshot) -> None:
    assert not prepare_journeys(snapshot)
    assert not folder_of(snapshot).exists()


def test_a_large_one_is_written_by_a_process_of_its_own(snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journey_index, "_APART", 0)
    monkeypatch.setattr(journey_index, "write_journeys", None)  # not in this one
    assert prepare_journeys(snapshot, 0)


@pytest.mark.parametrize(
    ("code", "told"), [("raise SystemExit(3)", "exit code 3"), ("import os; os.kill(os.getpid(), 9)", "signal 9")]
)
def test_a_process_that_fails_is_told_in_the_log(
    snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, code: str, told: str
) -> None:
    run = subprocess.run
    monkeypatch.setattr(journey_index, "_APART", 0)
    monkeypatch.setattr(
        journey_index.subprocess, "run", lambda command, **options: run([command[0], "-c", code], **options)
    )
    assert not prepare_journeys(snapshot, 0)
    (record,) = caplog.records
    assert record.levelname == "WARNING" and told in record.getMessage()
    assert "orders" in record.getMessage() and "visits" in record.getMessage()


def test_without_room_for_a_process_the_log_says_so(
    snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object, **__: object) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(journey_index, "_APART", 0)
    monkeypatch.setattr(journey_index.subprocess, "run", full)
    assert not prepare_journeys(snapshot, 0)
    assert "BlockingIOError" in caplog.text and "Resource" not in caplog.text


def test_a_source_that_its_process_can_not_lay_out_is_named(
    snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(journey_index, "_APART", 0)
    monkeypatch.setattr(
        journey_index.subprocess, "run", lambda command, **_: subprocess.CompletedProcess(command, returncode=0)
    )
    assert not prepare_journeys(snapshot, 0)
    assert "can't be laid out" in caplog.text


def test_two_write_one_after_the_other(snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, built = folder_of(snapshot), []
    make = building.build_journeys

    def noted(*asked: Any) -> Any:
        built.append(asked[0].path.name)
        return make(*asked)

    monkeypatch.setattr(building, "build_journeys", noted)
    folder.parent.mkdir()
    with ThreadPoolExecutor(2) as pool:
        with journey_index._turn(folder.parent):
            writing = [pool.submit(write_journeys, snapshot) for _ in range(2)]
            assert not built
        for one in writing:
            one.result(PATIENCE)
    assert sorted(built) == ["source_orders.parquet", "source_visits.parquet"], "the second finds all there"
    assert open_journeys(snapshot).source("visits") is not None


def test_without_room_everything_is_answered_all_the_same(snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(building, "build_journeys", full)
    assert not prepare_journeys(snapshot, 0)
    told = funnel(snapshot, None, FunnelAsked([EventAsked("visits"), EventAsked("orders")]))
    assert told["steps"][0]["customers"] > 0


def test_what_a_killed_process_left_is_never_read(snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", killed)  # the arrays are there, the header is not
        with pytest.raises(KeyboardInterrupt):
            write_journeys(snapshot)
    assert [path.name for path in folder_of(snapshot).iterdir()] == [".unfinished"]
    assert open_journeys(snapshot).source("visits") is None
    write_journeys(snapshot)
    assert sorted(path.name for path in folder_of(snapshot).iterdir()) == ["orders", "visits"]


def test_an_index_of_other_rows_is_not_read(snapshot: Snapshot) -> None:
    write_journeys(snapshot)
    header = folder_of(snapshot) / "visits" / "journeys.json"
    header.write_text(header.read_text("utf-8").replace('"rows": ', '"rows": 1'), "utf-8")
    assert open_journeys(snapshot).source("visits") is None
    assert open_journeys(snapshot).source("orders") is not None


def test_an_index_that_cannot_be_used_is_written_anew(snapshot: Snapshot) -> None:
    write_journeys(snapshot)
    header = folder_of(snapshot) / "visits" / "journeys.json"
    written = header.read_text("utf-8")
    header.write_text(written.replace('"version": ', '"version": 9'), "utf-8")
    orders = (folder_of(snapshot) / "orders").stat().st_ino
    write_journeys(snapshot)
    assert header.read_text("utf-8") == written
    assert (folder_of(snapshot) / "orders").stat().st_ino == orders, "what can be used stays"


def test_what_fails_leaves_nothing_and_takes_nothing_from_other_sources(
    snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = building.build_journeys

    def wrong(table: Any, ids: Any, until: int, folder: Path) -> Any:
        if table.path.name != "source_orders.parquet":
            return make(table, ids, until, folder)
        folder.mkdir(parents=True)
        raise OverflowError

    monkeypatch.setattr(building, "build_journeys", wrong)
    assert not prepare_journeys(snapshot, 0)
    assert [path.name for path in folder_of(snapshot).iterdir()] == ["visits"]


@pytest.mark.parametrize("least", [0, journey_index.LEAST])
def test_indexes_of_older_snapshots_are_removed(snapshot: Snapshot, least: int) -> None:
    folder = folder_of(snapshot).parent
    for name in ("20200101T000000Z-0000", "20200102T000000Z-0000", "20990101T000000Z-0000"):
        (folder / name / "orders").mkdir(parents=True)
    others = [snapshot.folder.parent / name for name in ("20200101T000000Z-0000", "20200102T000000Z-0000")]
    for other in others:
        other.mkdir()
    prepare_journeys(snapshot, least)
    for other in others:
        other.rmdir()
    left = sorted(path.name for path in folder.iterdir() if path.is_dir())
    assert left == ([] if least else ["20200102T000000Z-0000", snapshot.id])


def test_an_index_of_a_snapshot_that_is_published_meanwhile_stays(
    snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process publishes a snapshot and writes its index between the two listings."""
    name = "20990101T000000Z-0000"
    folder, other, listed = folder_of(snapshot).parent, snapshot.folder.parent / name, Path.iterdir
    folder.mkdir()
    begun: list[Path] = []

    def iterdir(path: Path) -> Iterator[Path]:
        found = list(listed(path))
        if not begun:
            begun.append(path)
            other.mkdir()
            (folder / name / "orders").mkdir(parents=True)
        return iter(found)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "iterdir", iterdir)
        journey_index._forget(snapshot, keep_last=True)
    other.rmdir()
    assert begun and (folder / name / "orders").is_dir()


def test_a_value_that_no_condition_can_read_is_left_to_the_engine(
    snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huaxiang.errors import ValueRangeError

    def refuse(*_: object, **__: object) -> None:
        raise ValueRangeError(("the condition",))

    assert prepare_journeys(snapshot, 0)
    monkeypatch.setattr(streams, "_told", refuse)
    assert streams_of(ask(snapshot, None), EVENTS) is None
