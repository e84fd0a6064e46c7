"""Who takes part in the benchmark of audiences: ours through the public Python API, DuckDB, ClickHouse, ClickHouse with bitmaps."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from customers import ENUMS, LIST, SHARES

DIMENSIONS = ("enum_1", "enum_3", "enum_5", "enum_7", "enum_8", "enum_9", "enum_10", "enum_11", "enum_12", "bool_1")


@dataclass(frozen=True)
class Question:
    """A condition as our SQL, as DuckDB's and ClickHouse's, and as ClickHouse's bitmaps (None: it has none for it)."""

    ours: str
    wide: str
    bitmap: str | None


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
