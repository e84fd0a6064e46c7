"""Weighs any pairs of records that are asked for, by a trained model; what was read of a record once is kept for the next question."""

from __future__ import annotations

import weakref

import numpy as np
import pyarrow as pa

from huaxiang.learn.matching import scoring
from huaxiang.learn.matching.levels import comparisons_of
from huaxiang.learn.matching.model import MatchModel
from huaxiang.learn.matching.prepare import Database, helpers
from huaxiang.learn.matching.terms import with_terms


class PairScorer:
    """Opens a database at the first question; it is closed with the scorer."""

    def __init__(self, records: pa.Table, model: MatchModel, threads: int) -> None:
        self._records, self._model, self._threads = records, model, threads
        self._comparisons = comparisons_of(model.fields)
        self._read = np.zeros(records.num_rows, dtype=bool)
        self._db: Database | None = None
        self._expected = np.empty(0, dtype=np.int64)

    def expect(self, numbers: np.ndarray) -> None:
        """Read these records along with those of the next question: each reading has a fixed cost."""
        self._expected = np.asarray(numbers, dtype=np.int64)

    def score(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Weights of pairs of record numbers, in the order asked."""
        if not len(left):
            return np.empty(0)
        db = self._db or self._open()
        low, high = np.minimum(left, right).astype(np.int64), np.maximum(left, right).astype(np.int64)
        self._prepare(db, np.unique(np.concatenate([low, high])))
        key, back = np.unique(low * len(self._read) + high, return_inverse=True)
        db.load("each", pa.table({"a": key // len(self._read), "b": key % len(self._read)}))
        weighed = scoring.weigh(db, "each", self._comparisons, self._model, "people")
        found = db.arrow(f"SELECT weight FROM ({weighed}) ORDER BY a, b")
        db.drop("graded_each")
        return np.asarray(found.column("weight").to_numpy())[back]

    def _open(self) -> Database:
        self._db = db = Database(self._threads)
        weakref.finalize(self, db.close)
        return db

    def _prepare(self, db: Database, asked: np.ndarray) -> None:
        """Add to `people` the records asked for that are not there."""
        first = not self._read.any()
        asked = asked[~self._read[asked]]
        if not len(asked):
            return
        asked = np.union1d(asked, self._expected[~self._read[self._expected]])
        part = self._records.take(pa.array(asked))
        part = part.drop_columns([c for c in ("id", "fresh") if c in part.column_names])
        part = part.append_column("id", pa.array(asked)).append_column(
            "fresh", pa.array(np.ones(len(asked), dtype=bool))
        )
        db.load("source", part)
        found = f"({helpers(db, self._model.fields, 'source')})"
        query = with_terms(db, found, self._comparisons, self._model.terms, self._model.rarest)
        db.run(f"CREATE TABLE people AS {query}" if first else f"INSERT INTO people {query}")
        db.drop("spelt_source")
        self._read[asked] = True
