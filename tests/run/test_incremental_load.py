"""Loading is restartable, idempotent and incremental: whatever happened before, a load leaves what a load from scratch leaves."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import huaxiang.run.part as part_module
from huaxiang.errors import SourceError
from huaxiang.run.headers import read_header
from huaxiang.run.load import LoadReport, load_source
from huaxiang.spec.models import SourceSpec
from huaxiang.store.collected import Collected

AS_OF = date(2024, 6, 30)
COLUMNS = {"customer_key": "id", "amount": "amount", "ordered_at": "time"}


def orders(files: Any = "in", columns: dict[str, Any] | None = None, **more: Any) -> SourceSpec:
    base = {"name": "orders", "purpose": "tests", "legal_basis": "contract", "entity": "order", "files": files}
    return SourceSpec.model_validate({**base, "columns": columns or COLUMNS, **more})


def load(folder: Path, source: SourceSpec, store: str | None = "store", **options: Any) -> LoadReport:
    collected = Collected(folder / store) if store else None
    return load_source(
        source, folder, folder / "out.pq", folder / "bad.pq", **{"as_of": AS_OF, "collected": collected, **options}
    )


def results(folder: Path, source: SourceSpec, store: str | None = "store") -> tuple[bytes, bytes, dict[str, Any]]:
    """Bytes of both tables, and the report without how much of it was known."""
    report = asdict(load(folder, source, store))
    for name in ("reused", "raw"):
        report.pop(name)
    assert report["rows_in"] == report["loaded"] + report["set_aside"] + report["left_out"]
    return (folder / "out.pq").read_bytes(), (folder / "bad.pq").read_bytes(), report


def write(folder: Path, name: str, rows: Sequence[str]) -> None:
    path = folder / "in" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(["id,amount,time", *rows]) + "\n")


def three(folder: Path) -> None:
    write(folder, "a.csv", ["1,10,2024-01-01", "2,x,2024-01-02"])
    write(folder, "b.csv", ["3,30,2024-01-03"])
    write(folder, "c.csv", ["4,40,2024-12-31"])


def test_a_file_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    three(tmp_path)
    first = results(tmp_path, orders())
    opened: list[str] = []
    original = part_module.open_file

    def open_file(request: Any) -> Any:
        opened.append(request.path.name)
        return original(request)

    monkeypatch.setattr(part_module, "open_file", open_file)
    assert results(tmp_path, orders()) == first
    assert opened == []
    write(tmp_path, "b.csv", ["3,30,2024-01-03", "5,50,2024-01-04"])
    write(tmp_path, "d.csv", ["6,60,2024-01-05"])
    report = load(tmp_path, orders())
    assert (opened, report.reused, report.loaded) == (["b.csv", "d.csv"], 2, 5)
    (tmp_path / "in" / "a.csv").unlink()  # files move up by one
    assert load(tmp_path, orders()).reused == 3
    assert opened == ["b.csv", "d.csv"]
    assert len(list((tmp_path / "store").iterdir())) == 3  # the part of the lost file went with it


@pytest.mark.parametrize(
    ("change", "reused"),
    [
        (
            {
                "title": "Orders",
                "owner": "me",
                "unique": ["amount"],
                "where": "amount > 1",
                "max_bad_share": 0.5,
                "trust": 0.9,
            },
            3,
        ),
        ({"columns": {**COLUMNS, "amount": {"from": "amount", "minimum": 20}}}, 0),
        ({"columns": {"customer_key": "id"}}, 0),
        ({"encoding": "gb18030"}, 0),
    ],
)
def test_only_what_decides_on_rows_asks_for_a_new_reading(tmp_path: Path, change: dict[str, Any], reused: int) -> None:
    three(tmp_path)
    load(tmp_path, orders())
    assert load(tmp_path, orders(**change)).reused == reused


def test_the_day_matters_where_the_mapping_says_so(tmp_path: Path) -> None:
    three(tmp_path)
    load(tmp_path, orders())
    assert load(tmp_path, orders(), as_of=date(2025, 1, 1)).reused == 3
    strict = orders(columns={**COLUMNS, "ordered_at": {"from": "time", "not_after_as_of": True}})
    assert load(tmp_path, strict).loaded == 2
    later = load(tmp_path, strict, as_of=date(2025, 1, 1))
    assert (later.reused, later.loaded) == (0, 3)
    assert load(tmp_path, strict, as_of=date(2025, 1, 1), timezone="UTC").reused == 0


def test_the_same_file_twice_changes_nothing(tmp_path: Path) -> None:
    three(tmp_path)
    before = results(tmp_path, orders())
    shutil.copy(tmp_path / "in" / "a.csv", tmp_path / "in" / "z again.csv")
    table, rejected, report = results(tmp_path, orders())
    assert (table, rejected) == before[:2]
    assert (report["rows_in"], report["loaded"], report["left_out_reasons"]) == (6, 3, {"same_file": 2})
    assert [(file["path"], file["rows"], file["same_as"]) for file in report["files"]][-1] == (
        "in/z again.csv",
        2,
        "in/a.csv",
    )


def test_empty_files_are_not_the_same_file(tmp_path: Path) -> None:
    three(tmp_path)
    for name in ("x.csv", "y.csv"):
        (tmp_path / "in" / name).touch()
    assert [file.format for file in load(tmp_path, orders()).files] == ["csv", "csv", "csv", "empty", "empty"]


@pytest.mark.parametrize("file", ["clean.parquet", "rejected.parquet", "part.json"])
def test_a_part_that_is_not_whole_is_read_again(tmp_path: Path, file: str) -> None:
    three(tmp_path)
    first = results(tmp_path, orders())
    damaged = next((tmp_path / "store").glob(f"*/{file}"))
    damaged.unlink()  # the table of the last load may be the same file under another name
    damaged.write_bytes(b"{")
    report = load(tmp_path, orders())
    assert report.reused == 2
    assert results(tmp_path, orders()) == first


def test_a_part_of_one_file_is_the_table_itself(tmp_path: Path) -> None:
    write(tmp_path, "a.csv", ["1,10,2024-01-01"])
    load(tmp_path, orders())
    part = next((tmp_path / "store").glob("*/clean.parquet"))
    assert part.samefile(tmp_path / "out.pq")
    load(tmp_path, orders(), store=None)
    assert (tmp_path / "out.pq").read_bytes() == part.read_bytes()


# kill -9

SCRIPT = """
import sys
from pathlib import Path
from tests.run.test_incremental_load import load, orders
load(Path(sys.argv[1]), orders())
"""


def start(folder: Path, failpoint: str = "") -> subprocess.Popen[bytes]:
    environment = os.environ | {"HUAXIANG_FAILPOINTS": failpoint}
    return subprocess.Popen([sys.executable, "-c", SCRIPT, str(folder)], env=environment, cwd=Path(__file__).parents[2])


def test_a_killed_load_goes_on_where_it_was(tmp_path: Path) -> None:
    three(tmp_path)
    process = start(tmp_path, "clean.part")
    assert process.wait(60) == -signal.SIGKILL
    assert load(tmp_path, orders()).reused == 1


@pytest.mark.slow
def test_killed_at_random_moments(tmp_path: Path) -> None:
    for name in "abcdef":
        write(tmp_path, f"{name}.csv", [f"{n},{n},2024-01-{1 + n % 28:02d}" for n in range(20_000)] + [name])
    expected = results(tmp_path, orders(), store=None)
    moments = random.Random(7)
    for _ in range(12):
        process = start(tmp_path)
        try:
            process.wait(moments.uniform(0.8, 2.5))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        write(tmp_path, "f.csv", [f"{moments.random()},1,2024-01-01"])
    assert results(tmp_path, orders()) == results(tmp_path, orders(), store=None) != expected
    assert not list((tmp_path / "store").glob(".*"))


# Any history equals a load from scratch

NAMES = ("a", "b", "c")
DAYS = ("20240501", "20240502")


def csv_step(folder: Path, step: tuple[str, int, int]) -> None:
    kind, which, value = step
    path = folder / "in" / f"{NAMES[which]}.csv"
    if kind == "append":
        rows = path.read_text().splitlines()[1:] if path.exists() else []
        write(folder, path.name, [*rows, f"{value},{'x' if value == 3 else value},2024-01-0{value + 1}"])
    elif kind == "deliver" and path.exists():
        shutil.copy(path, folder / "in" / f"again {value}.csv")
    elif kind == "drop" and path.exists():
        path.unlink()
    elif kind == "change":
        write(folder, path.name, [f"{value}{which},{value},2024-02-01"] * (value + 1))


def ga4_step(folder: Path, step: tuple[str, int, int]) -> None:
    kind, which, value = step
    day = DAYS[which % 2]
    rows = [
        {
            "event_name": f"e{n}",
            "event_timestamp": 1714557600000000 + n,
            "event_date": day,
            "user_pseudo_id": f"p{value}",
        }
        for n in range(value + 1)
    ]
    name = {"append": f"events_intraday_{day}", "deliver": f"late/events_{day}", "drop": "", "change": f"events_{day}"}[
        kind
    ]
    if name:
        path = folder / "in" / f"{name}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(json.dumps(row) + "\n" for row in rows) + ("broken\n" if value == 2 else ""))
    else:
        (folder / "in" / f"events_{day}.jsonl").unlink(missing_ok=True)


def segment_step(folder: Path, step: tuple[str, int, int]) -> None:
    kind, which, value = step
    path = folder / "in" / f"{NAMES[which]}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    line = {
        "type": "track",
        "event": kind,
        "messageId": f"m{value}",
        "userId": "u",
        "timestamp": f"2024-05-0{which + 1}T00:00:00Z",
    }
    if kind == "drop":
        path.unlink(missing_ok=True)
    else:
        with path.open("a" if kind == "append" else "w") as file:
            file.write((json.dumps(line) + "\n") * (2 if kind == "change" else 1))


EVENT = {"customer_key": "user_id", "anonymous_id": "anonymous_id", "event": "event", "occurred_at": "occurred_at"}
KINDS = {
    "csv": (csv_step, orders()),
    "ga4": (ga4_step, orders(entity="event", format="ga4", columns=EVENT)),
    "segment": (segment_step, orders(entity="event", format="segment", columns=EVENT)),
}
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["append", "deliver", "change", "drop", "crash", "load"]), st.integers(0, 2), st.integers(0, 3)
    ),
    min_size=1,
    max_size=12,
)


class Crash(BaseException):
    """The end of a process, as far as one process can play it."""


def crash(folder: Path, source: SourceSpec, after: int) -> None:
    """Load, and die when the `after`-th part is half written."""
    original, left = part_module.RowWriter._flush, [after]

    def flush(writer: Any) -> None:
        original(writer)
        left[0] -= 1
        if left[0] < 0:
            raise Crash

    part_module.RowWriter._flush = flush  # type: ignore[method-assign]
    try:
        load(folder, source)
    except (Crash, SourceError):
        pass
    finally:
        part_module.RowWriter._flush = original  # type: ignore[method-assign]


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=25, deadline=None)
@given(steps=STEPS)
def test_any_history_equals_a_load_from_scratch(
    tmp_path_factory: pytest.TempPathFactory, kind: str, steps: list[tuple[str, int, int]]
) -> None:
    folder = tmp_path_factory.mktemp(kind)
    change, source = KINDS[kind]
    for step in steps:
        if step[0] == "crash":
            crash(folder, source, step[2])
        elif step[0] == "load":
            try:
                load(folder, source)
            except SourceError:
                assert not (folder / "in").is_dir() or not any(path.is_file() for path in (folder / "in").rglob("*"))
        else:
            change(folder, step)
    if (folder / "in").is_dir() and any(path.is_file() for path in (folder / "in").rglob("*")):
        assert results(folder, source) == results(folder, source, "fresh") == results(folder, source, None)
        assert not list((folder / "store").glob(".*"))


# Headers


def test_the_header_of_every_file_is_checked(tmp_path: Path) -> None:
    three(tmp_path)
    assert read_header(orders(), tmp_path) == ("id", "amount", "time")
    (tmp_path / "in" / "c.csv").write_text("id,amout,time\n1,2,3\n")
    with pytest.raises(SourceError, match=r'in/c\.csv: no column "amount"; did you mean "amout"'):
        read_header(orders(), tmp_path)
    (tmp_path / "in" / "c.csv").write_bytes(
        "编号,金额\n".encode("gb18030") + "1,张三丰\n".encode("gb18030") * 30_000 + b"\xff\xff"
    )
    with pytest.raises(SourceError, match=r"in/c\.csv: no columns"):
        read_header(orders(), tmp_path)


def test_the_header_of_a_long_file_is_read_from_its_beginning(tmp_path: Path) -> None:
    for encoding in ("utf-8", "utf-8-sig", "gb18030", "utf-16"):
        (tmp_path / "a.csv").write_text("编号,金额\n" + "张三丰,2\n" * 40_000, encoding)
        assert read_header(orders("a.csv", {"customer_key": "编号"}), tmp_path) == ("编号", "金额")
