"""The public function of probabilistic matching: from records to scored pairs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from huaxiang.learn.matching import blocking, observe, scoring, weighing
from huaxiang.learn.matching.blocking import Rule, Skipped
from huaxiang.learn.matching.fields import Field, choose_fields
from huaxiang.learn.matching.increment import IN_ORDER, Index, distinct, find_pairs
from huaxiang.learn.matching.levels import Comparison, comparisons_of
from huaxiang.learn.matching.model import MatchModel, Weights
from huaxiang.learn.matching.narrow import read_pairs
from huaxiang.learn.matching.prepare import Database, helpers
from huaxiang.learn.matching.scorer import PairScorer
from huaxiang.learn.matching.terms import add_terms, count_terms
from huaxiang.learn.matching.training import Evidence, Patterns, train
from huaxiang.learn.texts import held_by_many, is_ascending, one_chunk
from huaxiang.spec.people import MatchingSpec

_SCHEMA = pa.schema(
    [
        ("left", pa.int32()),
        ("right", pa.int32()),
        ("weight", pa.float64()),
        ("probability", pa.float64()),
        ("levels", pa.string()),
    ]
)
_FEW_PAIRS = 300_000
"""Below so many candidates all are weighed at once: setting up a filter would cost more."""
_FEW_NEW = 0.1
"""Up to this share of new records their pairs are looked up in the index one by one; else the database joins all at once."""
_NO_INDEX = pa.table({"digest": pa.array([], pa.string())})


@dataclass(frozen=True)
class Scored:
    """Scored pairs of records.

    `pairs`: left, right (record numbers, left < right), weight (log2 of the odds), probability, levels (JSON {field: level}), every
    pair from the review threshold up, sorted. `skipped_blocks`: values too common to compare all who share them.
    `index`: what blocking knows of each record by digest; handed to the next run, it spares reading all old records again.
    """

    pairs: pa.Table
    model: MatchModel
    skipped_blocks: tuple[Skipped, ...]
    index: pa.Table
    _records: pa.Table
    _threads: int
    _read: pa.Table | None = None

    def score(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Weights of any pairs of record numbers, by the same model. One call has a fixed cost: ask for many pairs at once."""
        return self._scorer.score(np.asarray(left), np.asarray(right))

    def expect(self, numbers: np.ndarray) -> None:
        """Announce records that pairs will be asked of: they are read at once with the first question."""
        self._scorer.expect(numbers)

    @cached_property
    def _scorer(self) -> PairScorer:
        return PairScorer(self._records, self.model, self._threads, self._read)


def score_pairs(  # noqa: PLR0913  one call of the build, everything optional by name
    records: pa.Table,
    spec: MatchingSpec,
    *,
    model: MatchModel | None = None,
    new: np.ndarray | None = None,
    keys: Sequence[str] = (),
    index: pa.Table | None = None,
    threads: int = 2,
) -> Scored:
    """Compare the records that describe people and score the pairs that may be one person.

    `records`: one row per description, with `digest` and one column per field; only rows with `describes` (when there is such a
    column) are compared. `model`: nothing is trained, the given one is used. `new`: only pairs with a new record are scored; they
    get what a full run with that model gives them. `keys`: strong keys; records that share a value teach the model what one
    person's records look like. `index`: that of an earlier run with the same model; without it the result is the same, later.
    The result doesn't depend on the order of the rows, nor on `threads`.

    Raises UsageError when `spec` names fields that the records don't have.
    """
    order = _order(records)
    ordered = records if order is None else records.take(pa.array(order))
    fields = model.fields if model else choose_fields(ordered, spec)
    fresh = np.ones(records.num_rows, dtype=bool) if new is None else np.asarray(new, dtype=bool)
    if order is not None:
        fresh = fresh[order]
    people = _people(ordered)
    if not fields or len(people) < 2 or not fresh.any():
        return _nothing(records, model, fields, index, threads)
    described = ordered if len(people) == len(ordered) else ordered.take(pa.array(people))
    crowds, told = _crowds(described, fields, spec.max_block)
    described = _without(described, crowds)
    db = Database(threads)
    try:
        run = _Run(db, spec, fields, tuple(keys), index, partly=not fresh[people].all())
        known = run.known(model, described, fresh[people])
        if model is not None and known is not None:
            pairs, skipped = run.score_new(model, _numbered(described, people, fresh[people]), known)
        else:
            db.load("source", _numbered(described, people, fresh[people]))
            pairs, model, skipped = run.score(model)
    finally:
        db.close()
    return Scored(
        _renumber(pairs, order),
        model,
        (*told, *skipped),
        run.index if run.index is not None else _NO_INDEX,
        _without(records, crowds),
        threads,
        _renumber_read(run.read, order),
    )


def _crowds(described: pa.Table, fields: Sequence[Field], most: int) -> tuple[dict[str, pa.Array], tuple[Skipped, ...]]:
    """Values of normally unique fields (phone, e-mail, ID number) that more than `most` records hold, by field: they are nobody's own,
    nobody compares who shares them, and so they would count as far too rare. Also a report of them.
    """
    found, told = {}, []
    for field in fields:
        if (field.identity or field.kind in ("phone", "email")) and field.name in described.column_names:
            values, counts = held_by_many(one_chunk(described.column(field.name).cast(pa.string())), most)
            if len(values):
                found[field.name] = values
                told.append(Skipped(field.name, len(values), int(counts.sum())))
    return found, tuple(told)


def _without(records: pa.Table, crowds: Mapping[str, pa.Array]) -> pa.Table:
    """The records without those values."""
    for name, values in crowds.items():
        column = records.column(name)
        own = pc.if_else(pc.is_in(column.cast(pa.string()), value_set=values), None, column)
        records = records.set_column(records.column_names.index(name), name, own)
    return records


@dataclass
class _Run:
    db: Database
    spec: MatchingSpec
    fields: tuple[Field, ...]
    keys: tuple[str, ...]
    index: pa.Table | None
    partly: bool
    read: pa.Table | None = None

    def score(self, model: MatchModel | None) -> tuple[pa.Table, MatchModel, tuple[Skipped, ...]]:
        comparisons = comparisons_of(self.fields)
        rules, skipped = self._block(model)
        if not self.db.rows("SELECT count(*) FROM entrants")[0][0]:
            return _SCHEMA.empty_table(), model or _untrained(self.fields, rules), skipped
        fresh = " AND (l.fresh OR r.fresh)" if self.partly else ""
        blocks = [f"l.b{n} = r.b{n}{fresh}" for n in range(len(rules))]
        candidates = scoring.find_candidates(scoring.open_linker(self.db, (), None, blocks))
        if model is None:
            model = self._train(comparisons, candidates, rules)
        add_terms(self.db, "entrants", comparisons, model.terms, model.rarest)
        least = least_of(self.spec)
        if self.db.rows(f"SELECT count(*) FROM {candidates}")[0][0] < _FEW_PAIRS:
            self.db.run(f"CREATE TABLE close AS SELECT join_key_l AS a, join_key_r AS b FROM {candidates}")
        else:
            scoring.filter_candidates(self.db, _with_model(self.db, comparisons, model, blocks, candidates), least)
        wide = observe.side_by_side(self.db, "close", "entrants")
        return self._weigh(wide, comparisons, model), model, skipped

    def known(self, model: MatchModel | None, described: pa.Table, fresh: np.ndarray) -> Index | None:
        """The index brought to the records of now, where it fits and there are few new ones; else None."""
        if model is None or self.index is None or fresh.sum() > _FEW_NEW * len(fresh):
            return None
        if (self.index.schema.metadata or {}).get(b"mark") != blocking.index_mark(self.db, self.fields, model.blocking):
            return None
        return Index.of(self.index, one_chunk(described.column("digest")), fresh)

    def score_new(self, model: MatchModel, numbered: pa.Table, known: Index) -> tuple[pa.Table, tuple[Skipped, ...]]:
        """Score the pairs of new records alone; of the others only those are read that share a value with one."""
        db, comparisons = self.db, comparisons_of(self.fields)
        db.run("SET threads = 1")  # few rows: a second thread waits more than it works
        db.load("source", numbered.take(pa.array(known.unknown)))
        blocking.add_blocks(db, model.blocking, f"({helpers(db, self.fields, 'source')})")
        hashes = db.arrow("SELECT * EXCLUDE (id, fresh) FROM blocks ORDER BY id")
        digest = one_chunk(numbered.column("digest"))
        fresh = one_chunk(numbered.column("fresh")).to_numpy(zero_copy_only=False)
        left, right, skipped = find_pairs(known, hashes, fresh, model.blocking, self.spec.max_block)
        self.index = known.renewed(digest, hashes)
        if not len(left):
            return _SCHEMA.empty_table(), skipped
        concerned = distinct(np.concatenate([left, right]))
        records = numbered.take(pa.array(concerned))
        number = one_chunk(numbered.column("id")).to_numpy()
        pairs = number[left], number[right]
        self.read, (left, right) = read_pairs(db, model, records, pairs, least_of(self.spec))
        place = np.full(int(number.max()) + 1, -1, dtype=np.int64)
        place[self.read.column("id").to_numpy()] = np.arange(self.read.num_rows)
        observe.load_side_by_side(db, "wide", self.read, place[left], place[right])
        return self._weigh("SELECT * FROM wide", comparisons, model), skipped

    def _block(self, model: MatchModel | None) -> tuple[tuple[Rule, ...], tuple[Skipped, ...]]:
        """Leave `entrants`: the helper columns of the records that are compared at all; without a model also `people`, of all."""
        db = self.db
        declared = blocking.declared_rules(self.fields, self.spec)
        rules = model.blocking if model else declared or blocking.default_rules(self.fields)
        if model is None:
            db.run(f"CREATE TABLE people AS {helpers(db, self.fields, 'source')}")
            blocking.add_blocks(db, rules, "people")
        else:
            self._hash(rules)
        costs, skipped = blocking.count_blocks(db, rules, self.spec.max_block, partly=self.partly)
        records = int(db.rows("SELECT count(*) FROM source")[0][0])
        everything = list(range(len(rules)))
        chosen = everything if model or declared else blocking.affordable(costs, records, rules, skipped)
        used = tuple(rules[n] for n in chosen)
        if model is None:
            self._note(blocking.export_blocks(db, chosen, "source"), used)
        blocking.keep_blocks(db, chosen, rules)
        found = "people"
        if model:
            db.run("CREATE TABLE concerned AS SELECT source.* FROM source SEMI JOIN kept USING (id)")
            found = f"({helpers(db, self.fields, 'concerned')})"
        db.run(f"CREATE TABLE entrants AS SELECT p.*, kept.* EXCLUDE (id) FROM {found} p JOIN kept USING (id)")
        db.drop("kept", "concerned")
        names = {r.name for r in used}
        return used, tuple(s for s in skipped if s.rule in names)

    def _hash(self, rules: tuple[Rule, ...]) -> None:
        """Leave `blocks`: hashes from the index as far as it knows the records, else computed."""
        db, mark = self.db, blocking.index_mark(self.db, self.fields, rules)
        known = (
            self.index if self.index is not None and (self.index.schema.metadata or {}).get(b"mark") == mark else None
        )
        if known is not None:
            db.load("known", known)
        unknown = "SELECT source.* FROM source" + (" ANTI JOIN known USING (digest)" if known is not None else "")
        db.run(f"CREATE TABLE unknown AS {unknown}")
        blocking.add_blocks(db, rules, f"({helpers(db, self.fields, 'unknown')})")
        found = blocking.export_blocks(db, range(len(rules)), "unknown")
        whole = found if known is None else pa.concat_tables([known.replace_schema_metadata(None), found])
        self._note(whole.sort_by("digest").combine_chunks(), rules)
        if known is not None:
            blocking.recall_blocks(db, rules, "known")

    def _note(self, index: pa.Table, rules: tuple[Rule, ...]) -> None:
        mark = blocking.index_mark(self.db, self.fields, rules)
        self.index = index.replace_schema_metadata({b"mark": mark, IN_ORDER: str(index.num_rows).encode()})

    def _train(self, comparisons: Sequence[Comparison], candidates: str, rules: tuple[Rule, ...]) -> MatchModel:
        """Train twice: first to learn how many records a person has, then with the rarity of values among strangers."""
        db = self.db
        ids = db.arrow("SELECT id FROM people ORDER BY id").column("id").to_numpy()
        observe.draw_random_pairs(db, ids)
        observe.draw_keyed_pairs(db, self.keys)
        each = observe.draw_blocked_pairs(db, candidates)
        none, _ = count_terms(db, [c for c in comparisons if c.unique], {})
        add_terms(db, "people", [c for c in comparisons if c.unique], none, {})
        for pairs in ("random_pairs", "blocked_pairs", "keyed_pairs"):
            observe.see(db, pairs, comparisons)
        total = len(ids) * (len(ids) - 1) / 2
        weights, match, _ = train(comparisons, self._evidence(comparisons, each, total, terms=False))
        others = 2 * match * total / len(ids)
        own = {name: round(1 + others * w.m[0], 6) for name, w in weights.items()}
        terms, rarest = count_terms(db, comparisons, own)
        terms |= none
        valued = [c for c in comparisons if c.term]
        add_terms(db, "people", valued, {c.term: terms[c.term] for c in valued if c.term}, rarest)
        weights, match, related = train(comparisons, self._evidence(comparisons, each, total, terms=True))
        return MatchModel(self.fields, rules, weights, match, related, terms, rarest, len(ids))

    def _evidence(self, comparisons: Sequence[Comparison], each: float, pairs: float, *, terms: bool) -> Evidence:
        random, blocked, keyed = (
            observe.count_patterns(self.db, f"{kind}_pairs", comparisons, terms=terms)
            for kind in ("random", "blocked", "keyed")
        )
        return Evidence(random, Patterns(blocked.gamma, blocked.count * each, blocked.terms), keyed, pairs)

    def _weigh(self, wide: str, comparisons: Sequence[Comparison], model: MatchModel) -> pa.Table:
        """The pairs of query `wide` that are worth keeping."""
        found = weighing.weigh(self.db, wide, comparisons, model).at_least(least_of(self.spec))
        columns = {
            "left": found.a,
            "right": found.b,
            "weight": found.weight,
            "probability": np.round(1.0 / (1.0 + np.exp2(-found.weight)), 9),
            "levels": found.levels(comparisons),
        }
        return pa.table(columns).cast(_SCHEMA)


def least_of(spec: MatchingSpec) -> float:
    """The weight from which pairs are kept."""
    return math.log2(spec.review / (1 - spec.review)) if spec.review > 0 else -1000.0


def _with_model(
    db: Database, comparisons: Sequence[Comparison], model: MatchModel, blocks: Sequence[str], candidates: str
) -> object:
    linker = scoring.open_linker(db, comparisons, model, blocks)
    linker.table_management.register_blocked_pairs_for_predict(
        db.api.table_to_splink_dataframe("candidates", candidates)
    )
    return linker


def _untrained(fields: tuple[Field, ...], rules: tuple[Rule, ...]) -> MatchModel:
    """The first guesses as a model, when there is nothing to train on."""
    comparisons = comparisons_of(fields)
    weights = {
        c.name: Weights(*(tuple(getattr(lv, k) for lv in c.levels) for k in ("m", "u", "u"))) for c in comparisons
    }
    terms: dict[str, dict[str, float]] = {column: {} for c in comparisons if (column := c.term or c.unique)}
    return MatchModel(fields, rules, weights, 1e-6, 1e-6, terms, dict.fromkeys(terms, 0.5), 0)


def _nothing(
    records: pa.Table, model: MatchModel | None, fields: tuple[Field, ...], index: pa.Table | None, threads: int
) -> Scored:
    known = index if index is not None else _NO_INDEX
    return Scored(_SCHEMA.empty_table(), model or _untrained(fields, ()), (), known, records, threads)


def _order(records: pa.Table) -> np.ndarray | None:
    """Positions of the records by digest; None when they stand so."""
    digest = one_chunk(records.column("digest"))
    return None if is_ascending(digest) else pc.sort_indices(digest).to_numpy()


def _people(records: pa.Table) -> np.ndarray:
    if "describes" not in records.column_names:
        return np.arange(records.num_rows)
    return np.flatnonzero(one_chunk(records.column("describes")).fill_null(False).to_numpy(zero_copy_only=False))


def _numbered(records: pa.Table, numbers: np.ndarray, fresh: np.ndarray) -> pa.Table:
    kept = [c for c in records.column_names if c not in ("id", "fresh")]
    return (
        records.select(kept)
        .append_column("id", pa.array(numbers.astype(np.int64)))
        .append_column("fresh", pa.array(fresh))
    )


def _renumber(pairs: pa.Table, order: np.ndarray | None) -> pa.Table:
    """From positions by digest back to the record numbers of the table that was given."""
    if order is None:
        return pairs
    sides = [order[pairs.column(c).to_numpy()] for c in ("left", "right")]
    table = pairs.set_column(0, "left", pa.array(np.minimum(*sides), pa.int32()))
    table = table.set_column(1, "right", pa.array(np.maximum(*sides), pa.int32()))
    return table.sort_by([("left", "ascending"), ("right", "ascending")])


def _renumber_read(read: pa.Table | None, order: np.ndarray | None) -> pa.Table | None:
    if read is None or order is None:
        return read
    return read.set_column(read.column_names.index("id"), "id", pa.array(order[read.column("id").to_numpy()]))
