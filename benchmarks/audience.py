"""Audience selection: ours through the public Python API, beside DuckDB and ClickHouse, on the same generated customers.

    python benchmarks/audience.py --customers 10000000
    python benchmarks/audience.py growth --customers 1000000 10000000 50000000

One process asks all contestants in turn, round after round with other constants, and every answer must be the same; printed are medians
in milliseconds and how many times faster ours is than the fastest of the others;
the time that ours takes to read a new text is told apart. Contestants: DuckDB on a wide native table (enums as
ENUM), ClickHouse (chdb) on a wide MergeTree, ClickHouse with a bitmap for each value of an enum, boolean or list tag. Needs chdb.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from customers import ENUMS, ITEMS, LIST, SHARES, generate, publish

DIMENSIONS = ("enum_1", "enum_3", "enum_5", "enum_7", "enum_8", "enum_9", "enum_10", "enum_11", "enum_12", "bool_1")


# ------------------------------------------------------------------------------------------------------------- questions
@dataclass(frozen=True)
class Question:
    """A condition as our SQL, as DuckDB's and ClickHouse's, and as ClickHouse's bitmaps (None: it has none for it)."""

    ours: str
    wide: str
    bitmap: str | None


def _v(tag: str, *values: str) -> str:
    return f"{tag} = '{values[0]}'" if len(values) == 1 else f"{tag} IN ({', '.join(repr(v) for v in values)})"


def _bit(tag: str, *values: str) -> str:
    joined = [f"(SELECT bits FROM bm WHERE tag = '{tag}' AND value = '{v}')" for v in values]
    whole = joined[0]
    for one in joined[1:]:
        whole = f"bitmapOr({whole}, {one})"
    return whole


def three(rng: np.random.Generator) -> Question:
    a, b = (f"v{rng.integers(0, n)}" for n in (4, 5))
    text = f"{_v('enum_3', a)} AND bool_1 AND {_v('enum_7', b, 'v9')}"
    bits = f"bitmapAnd(bitmapAnd({_bit('enum_3', a)}, {_bit('bool_1', 'true')}), {_bit('enum_7', b, 'v9')})"
    return Question(text, text, bits)


def eight(rng: np.random.Generator) -> Question:
    a, b, c, d = (f"v{rng.integers(0, n)}" for n in (2, 7, 12, 30))
    text = (
        f"({_v('enum_0', a)} OR {_v('enum_5', b, 'v7')}) AND NOT ({_v('enum_9', c)} OR bool_2) AND (bool_0 OR {_v('enum_11', d)}) "
        f"AND NOT ({_v('enum_8', 'v2')} AND bool_5) AND {_v('enum_4', 'v0', 'v1', 'v3')}"
    )
    left = f"bitmapAnd(bitmapOr({_bit('enum_0', a)}, {_bit('enum_5', b, 'v7')}), {_bit('enum_4', 'v0', 'v1', 'v3')})"
    inner = f"bitmapAnd({left}, bitmapOr({_bit('bool_0', 'true')}, {_bit('enum_11', d)}))"
    known = f"bitmapAnd({inner}, {_bit('enum_9', '*')})"  # NOT of an unknown value is unknown
    no = f"bitmapAndnot({known}, bitmapOr({_bit('enum_9', c)}, {_bit('bool_2', 'true')}))"
    return Question(text, text, f"bitmapAndnot({no}, bitmapAnd({_bit('enum_8', 'v2')}, {_bit('bool_5', 'true')}))")


def contains(rng: np.random.Generator) -> Question:
    items = [f"t{n}" for n in rng.choice(ITEMS, 5, replace=False)]
    ours = f"list_has_any({LIST}, [{', '.join(repr(i) for i in items)}])"
    return Question(ours, "", _bit(LIST, *items))


def ranges(rng: np.random.Generator) -> Question:
    low, days, least = round(float(rng.uniform(50, 200)), 2), int(rng.integers(200, 1500)), int(rng.integers(140, 160))
    day = np.datetime64("2022-01-08") - days
    text = f"amount_1 BETWEEN {low} AND {round(low + 300, 2)} AND date_2 >= '{day}' AND int_6 >= {least}"
    return Question(text, text, None)


QUESTIONS: dict[str, Callable[[np.random.Generator], Question]] = {
    "3 conditions AND": three, "8 conditions nested": eight, "list contains any of 5": contains, "number and date ranges": ranges,
}  # fmt: skip
WARM = 12
"""Rounds that are left out: sets of single values are made on first use, tables are read for the first time."""
GOALS = {"3 conditions AND": 50, "8 conditions nested": 80, "list contains any of 5": 100, "number and date ranges": 4,
         "breakdown of 10 with TGI": 30, "save in own form": 10, "save as Parquet": 1}  # fmt: skip


# ------------------------------------------------------------------------------------------------------------- contestants
class Ours:
    """`huaxiang.open(folder).audience(condition)`."""

    name = "ours"

    def __init__(self, folder: Path) -> None:
        import huaxiang

        begin = time.perf_counter()
        self.project = huaxiang.open(folder)
        assert self.project.audience("bool_1").count() >= 0
        self.opened = time.perf_counter() - begin

    def read(self, question: Question) -> None:
        """Read the text of a question, which is timed apart."""
        self.project.audience(question.ours).check()

    def count(self, question: Question) -> int:
        return self.project.audience(question.ours).count()

    def breakdown(self, question: Question) -> dict[str, dict[str | None, tuple[int, int]]]:
        found = self.project.audience(question.ours).breakdown(DIMENSIONS, limit=1_000)
        return {
            t["name"]: {v["value"]: (v["count"], v["base_count"]) for v in t["values"] if v["count"]}
            for t in found["tags"]
        }

    def save(self, question: Question, folder: Path) -> None:
        self.project.index().select(question.ours).save(folder / "ours.npy")

    def parquet(self, question: Question, folder: Path) -> None:
        self.project.audience(question.ours).export(folder / "ours.parquet")


class Duck:
    """DuckDB, wide native table."""

    name = "DuckDB"

    def __init__(self, customers: Path, folder: Path) -> None:
        import duckdb

        self.db = duckdb.connect(str(folder / "wide.duckdb"))
        enums = ", ".join(f"enum_{i}::e{i} AS enum_{i}" for i in range(len(ENUMS)))
        for i, values in enumerate(ENUMS):
            self.db.execute(f"CREATE TYPE e{i} AS ENUM ({', '.join(repr(f'v{j}') for j in range(values))})")
        self.db.execute(f"CREATE TABLE c AS SELECT * REPLACE ({enums}) FROM '{customers}'")

    @staticmethod
    def where(question: Question) -> str:
        if question.wide:
            return question.wide
        items = question.ours[question.ours.index("[") + 1 : -2].split(", ")
        return " OR ".join(f"list_contains({LIST}, {i})" for i in items)

    def count(self, question: Question) -> int:
        return int(self.db.execute(f"SELECT count(*) FROM c WHERE {self.where(question)}").fetchone()[0])  # type: ignore[index]

    def breakdown(self, question: Question) -> dict[str, dict[str | None, tuple[int, int]]]:
        parts = [
            f"SELECT '{d}', {d}::VARCHAR, count(*) FILTER (WHERE {self.where(question)}) AS n, count(*) FROM c GROUP BY ALL HAVING n > 0"
            for d in DIMENSIONS
        ]
        return _broken(self.db.execute(" UNION ALL ".join(parts)).fetchall())

    def save(self, question: Question, _folder: Path) -> None:
        self.db.execute("CREATE OR REPLACE TABLE saved AS SELECT customer_id FROM c WHERE " + self.where(question))

    def parquet(self, question: Question, folder: Path) -> None:
        path = folder / "duckdb.parquet"
        self.db.execute(f"COPY (SELECT customer_id FROM c WHERE {self.where(question)}) TO '{path}' (FORMAT parquet)")


def _broken(rows: Any) -> dict[str, dict[str | None, tuple[int, int]]]:
    found: dict[str, dict[str | None, tuple[int, int]]] = {d: {} for d in DIMENSIONS}
    for dimension, value, count, base in rows:
        if value is not None:
            found[dimension][value] = int(count), int(base)
    return found


class Click:
    """ClickHouse, wide MergeTree."""

    name = "ClickHouse wide"

    def __init__(self, customers: Path, folder: Path) -> None:
        from chdb import session

        self.db = session.Session(str(folder / "clickhouse"))
        names = [n for n in pq.read_schema(customers).names if n != "customer_id"]
        kinds = {"enum": "LowCardinality(Nullable(String))", "int": "Int64", "bool": "Bool", "date": "Date32", "amount": "Float64",
                 "ratio": "Float64", "likes": "Array(LowCardinality(String))"}  # fmt: skip
        columns = ", ".join(f"{n} {kinds[n.split('_', maxsplit=1)[0]]}" for n in names)
        self.ask("CREATE DATABASE b")
        self.ask(f"CREATE TABLE b.c (row UInt32, customer_id String, {columns}) ENGINE = MergeTree ORDER BY row")
        listed = ", ".join(names)
        self.ask(
            f"INSERT INTO b.c SELECT toUInt32(substring(customer_id, 2)) AS row, customer_id, {listed} FROM file('{customers}', Parquet)"
        )

    def ask(self, text: str) -> str:
        return str(self.db.query(text, "TabSeparated"))

    @staticmethod
    def where(question: Question) -> str:
        if question.wide:
            return (
                question.wide.replace("'20", "toDate32('20").replace("' AND int", "') AND int")
                if "date_2" in question.wide
                else question.wide
            )
        return f"hasAny({LIST}, {question.ours[question.ours.index('[') : -1]})"

    def count(self, question: Question) -> int:
        return int(self.ask(f"SELECT count() FROM b.c WHERE {self.where(question)}"))

    def breakdown(self, question: Question) -> dict[str, dict[str | None, tuple[int, int]]]:
        parts = [
            f"SELECT '{d}' AS d, toString({d}) AS v, countIf({self.where(question)}) AS n, count() AS b FROM b.c "
            f"WHERE {d} IS NOT NULL GROUP BY v HAVING n > 0"
            for d in DIMENSIONS
        ]
        return _broken(line.split("\t") for line in self.ask(" UNION ALL ".join(parts)).splitlines())

    def save(self, question: Question, _folder: Path) -> None:
        self.ask(
            "CREATE TABLE IF NOT EXISTS b.saved (bits AggregateFunction(groupBitmap, UInt32)) ENGINE = MergeTree ORDER BY tuple()"
        )
        self.ask(f"INSERT INTO b.saved SELECT groupBitmapState(row) FROM b.c WHERE {self.where(question)}")

    def parquet(self, question: Question, folder: Path) -> None:
        path = folder / "click.parquet"
        path.unlink(missing_ok=True)
        self.ask(
            f"SELECT customer_id FROM b.c WHERE {self.where(question)} ORDER BY row INTO OUTFILE '{path}' FORMAT Parquet"
        )


class Bitmaps:
    """ClickHouse, a bitmap for each value; shares the session of `Click`."""

    name = "ClickHouse bitmaps"

    def __init__(self, click: Click) -> None:
        self.click = click
        click.ask(
            "CREATE TABLE b.bm (tag String, value String, bits AggregateFunction(groupBitmap, UInt32)) "
            "ENGINE = MergeTree ORDER BY (tag, value)"
        )
        for i in range(len(ENUMS)):
            click.ask(
                f"INSERT INTO b.bm SELECT 'enum_{i}', assumeNotNull(enum_{i}), groupBitmapState(row) FROM b.c "
                f"WHERE enum_{i} IS NOT NULL GROUP BY 2"
            )
            click.ask(
                f"INSERT INTO b.bm SELECT 'enum_{i}', '*', groupBitmapState(row) FROM b.c WHERE enum_{i} IS NOT NULL"
            )
        for i in range(len(SHARES)):
            click.ask(
                f"INSERT INTO b.bm SELECT 'bool_{i}', toString(bool_{i}), groupBitmapState(row) FROM b.c GROUP BY 2"
            )
        click.ask(
            f"INSERT INTO b.bm SELECT '{LIST}', arrayJoin({LIST}) AS v, groupBitmapState(row) FROM b.c GROUP BY v"
        )
        click.ask("OPTIMIZE TABLE b.bm FINAL")

    def count(self, question: Question) -> int:
        assert question.bitmap is not None
        return int(self.click.ask(f"SELECT bitmapCardinality({question.bitmap.replace('FROM bm', 'FROM b.bm')})"))

    def breakdown(self, question: Question) -> dict[str, dict[str | None, tuple[int, int]]]:
        assert question.bitmap is not None
        names = ", ".join(repr(d) for d in DIMENSIONS)
        text = (
            f"WITH {question.bitmap.replace('FROM bm', 'FROM b.bm')} AS a SELECT tag, value, bitmapAndCardinality(bits, a) AS n, "
            f"bitmapCardinality(bits) FROM b.bm WHERE tag IN ({names}) AND value <> '*' AND n > 0"
        )
        return _broken(line.split("\t") for line in self.click.ask(text).splitlines())

    def save(self, question: Question, _folder: Path) -> None:
        assert question.bitmap is not None
        self.click.ask(
            "CREATE TABLE IF NOT EXISTS b.saved (bits AggregateFunction(groupBitmap, UInt32)) ENGINE = MergeTree ORDER BY tuple()"
        )
        self.click.ask(f"INSERT INTO b.saved SELECT {question.bitmap.replace('FROM bm', 'FROM b.bm')}")


# ------------------------------------------------------------------------------------------------------------- the run
@dataclass
class Times:
    """Milliseconds by contestant."""

    taken: dict[str, list[float]] = field(default_factory=dict)

    def time(self, name: str, call: Callable[[], Any]) -> Any:
        begin = time.perf_counter()
        answer = call()
        self.taken.setdefault(name, []).append((time.perf_counter() - begin) * 1000)
        return answer

    def line(self, title: str, *, skip: int) -> str:
        middle = {n: statistics.median(t[skip:] or t) for n, t in self.taken.items()}
        fastest = min(v for n, v in middle.items() if n != "ours")
        told = "  ".join(f"{n} {v:.2f}" for n, v in middle.items())
        first = f"first use {self.taken['ours'][0]:.1f}"
        return f"{title:<26} {told}   = {fastest / middle['ours']:.1f} × the fastest (goal {GOALS[title]} ×; ours at {first} ms)"


def _ms(call: Callable[[], Any]) -> float:
    begin = time.perf_counter()
    call()
    return (time.perf_counter() - begin) * 1000


def ask_all(title: str, contestants: list[Any], rounds: int) -> Iterator[str]:
    """Time one kind of question; the first rounds warm all contestants and are left out."""
    times, rng = Times(), np.random.default_rng(7)
    reading: list[float] = []
    for _ in range(rounds + WARM):
        question = QUESTIONS[title](rng)
        able = [c for c in contestants if not isinstance(c, Bitmaps) or question.bitmap]
        reading.append(_ms(lambda q=question: contestants[0].read(q)))
        answers = {c.name: times.time(c.name, lambda c=c, q=question: c.count(q)) for c in able}
        if len(set(answers.values())) != 1:
            raise SystemExit(f"{title}: answers differ: {answers} for {question.ours}")
    yield times.line(title, skip=WARM) + f"; reading the text {statistics.median(reading[WARM:]):.2f} ms"


def describe_all(contestants: list[Any], rounds: int) -> Iterator[str]:
    """Time the breakdown with TGI, counts of audience and base compared value by value."""
    times, rng = Times(), np.random.default_rng(8)
    for _ in range(rounds + 1):
        question = three(rng)
        contestants[0].read(question)
        answers = {c.name: times.time(c.name, lambda c=c, q=question: c.breakdown(q)) for c in contestants}
        texts = {
            n: {d: {str(v).lower(): c for v, c in found.items()} for d, found in answer.items()}
            for n, answer in answers.items()
        }
        if any(t != texts["ours"] for t in texts.values()):
            raise SystemExit(f"breakdowns differ for {question.ours}")
    yield times.line("breakdown of 10 with TGI", skip=1)


def save_all(contestants: list[Any], rounds: int, folder: Path) -> Iterator[str]:
    """Time selecting and saving."""
    for title, way in (("save in own form", "save"), ("save as Parquet", "parquet")):
        times, rng = Times(), np.random.default_rng(9)
        for _ in range(rounds + 1):
            question = three(rng)
            contestants[0].read(question)
            for c in contestants:
                if hasattr(c, way):
                    times.time(c.name, lambda c=c, q=question, way=way: getattr(c, way)(q, folder))
        yield times.line(title, skip=1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="?", choices=["compare", "growth"], default="compare")
    parser.add_argument("--customers", type=int, nargs="+", default=[10_000_000])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--folder", type=Path, help="keep the generated customers here")
    chosen = parser.parse_args()
    for size in chosen.customers:
        with tempfile.TemporaryDirectory(prefix="huaxiang-audience-") as temporary:
            run(Path(temporary), chosen, size)


def run(folder: Path, chosen: argparse.Namespace, size: int) -> None:
    """One size."""
    kept = chosen.folder or folder
    kept.mkdir(parents=True, exist_ok=True)
    customers = kept / f"customers{size}.parquet"
    if not customers.exists():
        generate(customers, size)
    if kept != folder:
        shutil.copyfile(customers, folder / "customers.parquet")
        customers = folder / "customers.parquet"
    built = publish(folder / "project", customers, size)
    ours = Ours(folder / "project")
    print(f"{size:,} customers × 40 tags: index built in {built['seconds']:.1f} s with {built['memory']:.2f} GB (goal 60 s, 1.5 GB); "
          f"opened and first asked in {ours.opened:.2f} s (goal 2 s)", flush=True)  # fmt: skip
    contestants: list[Any] = [ours, Duck(customers, folder)]
    if chosen.what == "compare":
        click = Click(customers, folder)
        contestants += [click, Bitmaps(click)]
    for title in QUESTIONS:
        for line in ask_all(title, contestants, chosen.rounds):
            print(line, flush=True)
    for line in (*describe_all(contestants, chosen.rounds), *save_all(contestants, chosen.rounds, folder)):
        print(line, flush=True)
    print(
        f"peak memory of all in this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.1f} GB",
        flush=True,
    )


if __name__ == "__main__":
    main()
