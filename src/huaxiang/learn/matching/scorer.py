"""Weighs any pairs of records that are asked for, by a trained model; what was read of a record once is kept for the next question."""

from __future__ import annotations

import weakref

import numpy as np
import pyarrow as pa

from huaxiang.learn.matching.levels import comparisons_of
from huaxiang.learn.matching.model import MatchModel
from huaxiang.learn.matching.observe import load_side_by_side
from huaxiang.learn.matching.prepare import Database, helpers
from huaxiang.learn.matching.terms import with_terms
from huaxiang.learn.matching.weighing import weigh


class PairScorer:
    """Opens a database at the first question; it is closed with the scorer."""

    def __init__(self, records: pa.Table, model: MatchModel, threads: int, read: pa.Table | None = None) -> None:
        """`read`: the helper columns of some records, as matching left them; `id` is the record's number."""
        self._records, self._model = records, model
        self._threads = threads if read is None else 1  # few records: a second thread waits more than it works
        self._comparisons = comparisons_of(model.fields)
        self._place = np.full(records.num_rows, -1, dtype=np.int64)
        self._people = read
        if read is not None:
            self._place[read.column("id").to_numpy()] = np.arange(read.num_rows)
        self._db: Database | None = None
        self._expected = np.empty(0, dtype=np.int64)

    def expect(self, numbers: np.ndarray) -> None:
        """Read these records along with those of the next question: each reading has a fixed cost. Others that were read are let go."""
        self._expected = np.asarray(numbers, dtype=np.int64)
        if self._people is not None:
            kept = self._expected[self._place[self._expected] >= 0]
            self._people = self._people.take(pa.array(self._place[kept])).combine_chunks()
            self._place[:] = -1
            self._place[kept] = np.arange(len(kept))

    def score(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Weights of pairs of record numbers, in the order asked."""
        if not len(left):
            return np.empty(0)
        db = self._db or self._open()
        low, high = np.minimum(left, right).astype(np.int64), np.maximum(left, right).astype(np.int64)
        key, back = np.unique(low * len(self._place) + high, return_inverse=True)
        low, high = key // len(self._place), key % len(self._place)
        people = self._read(db, np.concatenate([low, high]))
        load_side_by_side(db, "wide", people, self._place[low], self._place[high])
        return weigh(db, "SELECT * FROM wide", self._comparisons, self._model).weight[back]

    def _open(self) -> Database:
        self._db = db = Database(self._threads)
        weakref.finalize(self, db.close)
        return db

    def _read(self, db: Database, asked: np.ndarray) -> pa.Table:
        """The helper columns of all records read so far, each in row `_place`, the records asked for among them."""
        asked = asked[self._place[asked] < 0]
        if len(asked):
            asked = np.union1d(asked, self._expected[self._place[self._expected] < 0])
            part = self._records.take(pa.array(asked))
            part = part.drop_columns([c for c in ("id", "fresh") if c in part.column_names])
            part = part.append_column("id", pa.array(asked)).append_column("fresh", pa.array(np.ones(len(asked), bool)))
            db.load("source", part)
            found = f"({helpers(db, self._model.fields, 'source')})"
            query = with_terms(db, found, self._comparisons, self._model.terms, self._model.rarest)
            read = db.arrow(f"{query} ORDER BY id")
            before = read.slice(0, 0) if self._people is None else self._people
            db.drop("spelt_source")
            self._place[asked] = before.num_rows + np.arange(len(asked))
            self._people = pa.concat_tables([before, read.select(before.column_names)]).combine_chunks()
        assert self._people is not None
        return self._people
