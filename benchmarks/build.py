"""Tag build of 48 statistics over generated events: ours against hand-written DuckDB SQL.

    python benchmarks/build.py --events 10_000_000
    python benchmarks/build.py --events 100_000_000 --rounds 1 --memory 1500MB

Contestants, each in its own process with the same threads and the same DuckDB memory limit, in turn:
a      one hand-written query per tag
b      the best hand-fused SQL over two levels (see by_hand.py)
ours   one AggregateNode through DuckdbEngine
First all three are proved to give equal values on 200,000 events. Printed: wall and CPU seconds, peak memory (VmHWM), ratios.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

CONTESTANTS = ("ours", "b", "a")
_MORE = "6GB"
"""What a contestant gets when it can't do with the memory that all have."""


def main() -> int:
    """Run the benchmark; exit status 1 when values differ."""
    options = _options()
    if options.contestant:
        print(
            json.dumps(
                contest(options.contestant, Path(options.file), options.memory, Path(options.temp), dump=options.dump)
            )
        )
        return 0
    with tempfile.TemporaryDirectory(prefix="huaxiang-bench-", dir=options.temp) as folder:
        _verify(Path(folder), options)
        file = _events(Path(folder), options.events, options.customers)
        results: dict[str, list[dict[str, float]]] = {c: [] for c in options.contestants}
        for number in range(options.rounds):
            for contestant in options.contestants:
                result = _run(contestant, file, options, Path(folder))
                results[contestant].append(result)
                print(f"round {number + 1} {contestant:5} {_line(result)}", flush=True)
        _report(results)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--memory", default="1500MB", help="DuckDB memory limit of every contestant")
    parser.add_argument("--temp", default=tempfile.gettempdir(), help="folder for events and spill files")
    parser.add_argument("--contestants", nargs="+", default=CONTESTANTS, choices=CONTESTANTS)
    parser.add_argument("--contestant", choices=CONTESTANTS, help=argparse.SUPPRESS)
    parser.add_argument("--file", help=argparse.SUPPRESS)
    parser.add_argument("--dump", help=argparse.SUPPRESS)
    return parser.parse_args()


def _events(folder: Path, events: int, customers: int) -> Path:
    from data import write_events

    file = folder / f"events_{events}.parquet"
    started = time.perf_counter()
    write_events(events, customers, file)
    print(
        f"generated {events:,} events, {file.stat().st_size / 1e6:,.0f} MB, in {time.perf_counter() - started:.0f} s",
        flush=True,
    )
    return file


def _run(
    contestant: str, file: Path, options: argparse.Namespace, folder: Path, dump: Path | None = None
) -> dict[str, float]:
    command = [sys.executable, __file__, "--contestant", contestant, "--file", str(file), "--memory", options.memory]
    command += ["--temp", str(folder)] + (["--dump", str(dump)] if dump else [])
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "OutOfMemoryException" in done.stderr and options.memory != _MORE:
        print(f"        {contestant:5} ran out of {options.memory}: tried again with {_MORE}", flush=True)
        more = argparse.Namespace(**(vars(options) | {"memory": _MORE}))
        return _run(contestant, file, more, folder, dump)
    if done.returncode:
        print(done.stderr[-2000:], file=sys.stderr)
        raise SystemExit(f"contestant {contestant} failed")
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def contest(contestant: str, file: Path, memory: str, temp: Path, *, dump: str | None) -> dict[str, float]:
    """Run one contestant in this process and return its figures; with `dump`, also write its values as Parquet."""
    run = {"ours": _ours, "a": _per_tag, "b": _fused}[contestant]
    started = time.perf_counter()
    run(file, memory, temp, dump)
    return {"seconds": time.perf_counter() - started, "cpu": sum(os.times()[:2]), "peak_mb": _peak_mb()}


def _peak_mb() -> float:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1000


def _ours(file: Path, memory: str, temp: Path, dump: str | None) -> None:
    from tags import node

    from huaxiang.engines.duckdb import DuckdbEngine

    engine = DuckdbEngine(memory_limit=memory, temp=temp)
    engine.register("events", file)
    engine.run(node())
    if dump:
        engine.save("tags", Path(dump), order_by=("customer_id",))
    engine.close()


def _connection(file: Path, memory: str, temp: Path) -> Any:
    import duckdb

    config = {
        "memory_limit": memory,
        "temp_directory": str(temp / f"spill{os.getpid()}"),
        "preserve_insertion_order": "false",
    }
    connection = duckdb.connect(config=config)
    connection.execute("SET enable_progress_bar = false")
    connection.execute(f"CREATE VIEW events AS SELECT * FROM read_parquet('{file}')")
    return connection


def _per_tag(file: Path, memory: str, temp: Path, dump: str | None) -> None:
    from by_hand import one_query_per_tag

    connection = _connection(file, memory, temp)
    queries = one_query_per_tag()
    for name, query in queries.items():
        connection.execute(f"CREATE TEMP TABLE {name} AS {query}").fetchall()
    if dump:
        columns = ", ".join(f"{name}.v AS {name}" for name in queries)
        joins = " ".join(f"LEFT JOIN {name} USING (customer_id)" for name in list(queries)[1:])
        connection.execute(
            f"COPY (SELECT customer_id, {columns} FROM orders_all {joins} ORDER BY customer_id) TO '{dump}'"
        ).fetchall()


def _fused(file: Path, memory: str, temp: Path, dump: str | None) -> None:
    from by_hand import fused

    connection = _connection(file, memory, temp)
    for statement in fused():
        connection.execute(statement).fetchall()
    if dump:
        connection.execute(f"COPY (SELECT * FROM tags ORDER BY customer_id) TO '{dump}'").fetchall()


def _verify(folder: Path, options: argparse.Namespace) -> None:
    """Stop unless all contestants give the same values on a small set."""
    import pyarrow.parquet as pq

    file = _events(folder, 200_000, 20_000)
    values = {}
    for contestant in CONTESTANTS:
        dump = folder / f"{contestant}.parquet"
        _run(contestant, file, options, folder, dump)
        values[contestant] = pq.read_table(dump)
    for contestant in ("a", "b"):
        _compare(values["ours"], values[contestant], contestant)
    print(f"equal values: {values['ours'].num_rows:,} customers × {values['ours'].num_columns - 1} tags", flush=True)


def _compare(ours: Any, theirs: Any, contestant: str) -> None:
    if theirs["customer_id"].to_pylist() != ours["customer_id"].to_pylist():
        raise SystemExit(f"contestant {contestant} has other customers")
    for name in ours.column_names:
        pairs = zip(ours[name].to_pylist(), theirs[name].to_pylist(), strict=True)
        wrong = sum(1 for x, y in pairs if not _same(x, y))
        if wrong:
            raise SystemExit(f"contestant {contestant}: {wrong} values of {name} differ from ours")


def _same(ours: object, theirs: object) -> bool:
    """Equal; 0 counts equal to a missing count; floating-point deviations (`stddev_samp`) to nine digits."""
    if isinstance(ours, float) and isinstance(theirs, float):
        return math.isclose(ours, theirs, rel_tol=1e-9, abs_tol=1e-9)
    return ours == theirs or (ours == 0 and theirs is None)


def _line(result: dict[str, float]) -> str:
    return f"{result['seconds']:8.1f} s wall {result['cpu']:8.1f} s CPU {result['peak_mb']:8.0f} MB peak"


def _report(results: dict[str, list[dict[str, float]]]) -> None:
    middle = {c: {k: statistics.median(r[k] for r in rs) for k in rs[0]} for c, rs in results.items()}
    for contestant, result in middle.items():
        print(f"median {contestant:6} {_line(result)}")
    for contestant in middle:
        if contestant != "ours" and "ours" in middle:
            ratios = {k: middle[contestant][k] / middle["ours"][k] for k in ("seconds", "cpu", "peak_mb")}
            print(
                f"{contestant} ÷ ours: {ratios['seconds']:.2f} wall, {ratios['cpu']:.2f} CPU, {ratios['peak_mb']:.2f} memory"
            )


if __name__ == "__main__":
    sys.exit(main())
