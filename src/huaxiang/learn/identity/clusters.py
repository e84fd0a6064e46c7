"""Joins groups of records on evidence: agglomeration of mutual nearest neighbours with average linkage and guards.

Every round, each cluster looks for the neighbour it agrees with best; two that chose each other become one. Agreement is a third
of the best pair's match weight and two thirds of the mean over ALL pairs of their records, each counting by the number of fields it
can compare, so that a chain of lucky pairs breaks where the rest speaks against it. Pairs that were never compared are scored when
needed. Where the weights don't decide, a shared contact value does, unless the descriptions contradict. Both linkages are reducible
(a union is never nearer to a third cluster than both its parts, but for the parts' best being different ones), so mutual neighbours
are joined all at once, in every component at the same time, nearly as if one best pair were joined after the other; the result
depends neither on the order of the records nor on what other components hold. Weights are whole multiples of 2⁻¹⁰: sums are exact.

Method: F. Murtagh, "A survey of recent advances in hierarchical clustering algorithms", The Computer Journal 26 (1983), 354–359.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from huaxiang.learn.identity.facts import Facts, points
from huaxiang.learn.identity.guards import Held, Marks

Score = Callable[[np.ndarray, np.ndarray], np.ndarray]
_VOICES = 6
"""So many records of different descriptions speak for a group that strong keys tied."""
_WINDOW = 64
"""Groups that share one contact value are compared with so many next ones (all, nearly always)."""
_STEP = 1024.0
DOUBT = -0.5
"""Mean points up to which descriptions don't contradict: one differing gender among several records is rather a slip of the pen."""
WEIGHT, INFO, POINTS, TOLD, SHARED, BEST = range(6)
TRUST = 1 / 3
"""How much the best pair of two clusters counts against the mean of all: records that lack or misspell much dilute a mean."""
_WIDTH = 6


@dataclass(frozen=True)
class Problem:
    """What is to be joined. `atom`: group per record, named by its smallest record. `pairs`: left, right, weight. `contacts`: value
    codes of each contact key (-1: none, or no say). `speaks`: records whose description counts. `link`: weight from which two are one.
    """

    atom: np.ndarray
    rows: np.ndarray
    facts: Facts
    marks: Marks
    pairs: tuple[np.ndarray, np.ndarray, np.ndarray]
    contacts: Sequence[np.ndarray]
    speaks: np.ndarray
    score: Score | None
    link: float
    largest: int


class _Edges:
    """Sums over the record pairs between two clusters (a < b), sorted by (a, b)."""

    def __init__(self, size: int, a: np.ndarray, b: np.ndarray, sums: np.ndarray) -> None:
        low, high = np.minimum(a, b), np.maximum(a, b)
        key = low * size + high
        order = np.argsort(key, kind="stable")
        key = key[order]
        start = np.flatnonzero(np.r_[True, key[1:] != key[:-1]]) if len(key) else np.empty(0, dtype=np.int64)
        self.size = size
        self.key = key[start]
        self.sums = np.add.reduceat(sums[order], start, axis=0) if len(key) else np.empty((0, _WIDTH))
        if len(key):
            self.sums[:, BEST] = np.maximum.reduceat(sums[order, BEST], start)
        self.a, self.b = self.key // size, self.key % size

    def add(self, at: np.ndarray, sums: np.ndarray) -> None:
        """Add sums to the edges numbered `at`."""
        best = self.sums[:, BEST].copy()
        np.maximum.at(best, at, sums[:, BEST])
        np.add.at(self.sums, at, sums)
        self.sums[:, BEST] = best

    def keep(self, mask: np.ndarray) -> None:
        self.key, self.sums, self.a, self.b = self.key[mask], self.sums[mask], self.a[mask], self.b[mask]

    def lacks(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Which of these cluster pairs have no edge."""
        key = np.minimum(a, b) * self.size + np.maximum(a, b)
        at = np.minimum(np.searchsorted(self.key, key), max(len(self.key) - 1, 0))
        return np.ones(len(key), dtype=bool) if not len(self.key) else self.key[at] != key


def _nothing(size: int) -> np.ndarray:
    sums = np.zeros((size, _WIDTH))
    sums[:, BEST] = -1000.0
    return sums


def join_on_evidence(problem: Problem) -> np.ndarray:
    """Return the cluster of each record, named by its smallest record; whole groups (`atom`) stay whole."""
    return _Agglomeration(problem).run()


class _Agglomeration:
    def __init__(self, problem: Problem) -> None:
        self.p = problem
        self.size = len(problem.atom)
        self.label = problem.atom.copy()
        self.voice = _voices(problem)
        self.rows = np.bincount(self.label, problem.rows, minlength=self.size)
        self.count = np.bincount(self.label, minlength=self.size)
        left, right, weight = problem.pairs
        key = left.astype(np.int64) * self.size + right
        order = np.argsort(key, kind="stable")
        self.known_key, self.known_weight = key[order], weight[order]
        self.voices()

    def voices(self) -> None:
        """Sort the speaking records by cluster."""
        self.voice = self.voice[np.argsort(self.label[self.voice], kind="stable")]
        self.voice_label = self.label[self.voice]

    def forget(self, edges: _Edges) -> None:
        """Leave aside the speakers of clusters that have no edge any more."""
        near = np.zeros(self.size, dtype=bool)
        near[edges.a] = near[edges.b] = True
        keep = near[self.voice_label]
        self.voice, self.voice_label = self.voice[keep], self.voice_label[keep]

    def run(self) -> np.ndarray:
        """Join until nobody may be joined; return the cluster of each record."""
        edges = self.first_edges()
        touched = np.ones(self.size, dtype=bool)
        refused = np.zeros(len(edges.key), dtype=bool)
        while len(edges.key):
            refused = self.refusals(edges, touched, refused)
            like = self.likeness(edges, refused)
            possible = np.isfinite(like)
            if not possible.any():
                break
            hopeful = np.zeros(self.size, dtype=bool)
            hopeful[edges.a[possible]] = hopeful[edges.b[possible]] = True
            alive = hopeful[edges.a] | hopeful[edges.b]
            like, refused = like[alive], refused[alive]
            edges.keep(alive)
            self.forget(edges)
            edges, touched, refused = self.merge(edges, like, refused)
        return self.label

    def first_edges(self) -> _Edges:
        """Edges between atoms that a scored pair or a shared contact value connects, with the sums over all their speakers."""
        left, right, _weight = self.p.pairs
        a, b = [self.label[left]], [self.label[right]]
        shared = [np.zeros(len(left))]
        for code in self.p.contacts:
            one, two = _sharing(code, self.label, self.p.facts.name)
            a.append(one)
            b.append(two)
            shared.append(np.ones(len(one)))
        first, second = np.concatenate(a), np.concatenate(b)
        apart = first != second
        sums = _nothing(int(apart.sum()))
        sums[:, SHARED] = np.concatenate(shared)[apart]
        edges = _Edges(self.size, first[apart], second[apart], sums)
        edges.add(np.arange(len(edges.key)), self.compare(edges.a, edges.b))
        return edges

    def compare(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Sums over all pairs of speakers of the clusters a[i] and b[i]."""
        sums = _nothing(len(a))
        low_a, many_a = self._speakers(a)
        low_b, many_b = self._speakers(b)
        each = many_a * many_b
        owner = np.repeat(np.arange(len(a)), each)
        if not len(owner):
            return sums
        offset = np.arange(len(owner)) - np.repeat(np.cumsum(each) - each, each)
        one = self.voice[low_a[owner] + offset // many_b[owner]]
        two = self.voice[low_b[owner] + offset % many_b[owner]]
        left, right = np.minimum(one, two), np.maximum(one, two)
        info = np.bitwise_count(self.p.facts.known[left] & self.p.facts.known[right]).astype(float)
        given, told = points(self.p.facts, left, right)
        if self.p.score is not None:
            weight = self.weights(left, right)
            sums[:, WEIGHT] = np.bincount(owner, weight * info, minlength=len(a))
            np.maximum.at(sums[:, BEST], owner, weight)
            sums[:, INFO] = np.bincount(owner, info, minlength=len(a))
        sums[:, POINTS] = np.bincount(owner, given * told, minlength=len(a))
        sums[:, TOLD] = np.bincount(owner, told, minlength=len(a))
        return sums

    def _speakers(self, clusters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        low = np.searchsorted(self.voice_label, clusters, side="left")
        return low, np.searchsorted(self.voice_label, clusters, side="right") - low

    def weights(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Match weights of record pairs: known ones are looked up, the others scored."""
        key = left.astype(np.int64) * self.size + right
        at = np.minimum(np.searchsorted(self.known_key, key), max(len(self.known_key) - 1, 0))
        hit = self.known_key[at] == key if len(self.known_key) else np.zeros(len(key), dtype=bool)
        found = np.zeros(len(key))
        found[hit] = self.known_weight[at[hit]]
        if self.p.score is not None and not hit.all():
            fresh, back = np.unique(key[~hit], return_inverse=True)
            found[~hit] = np.asarray(self.p.score(fresh // self.size, fresh % self.size), dtype=float)[back]
        return np.round(np.clip(found, -1000, 1000) * _STEP) / _STEP

    def refusals(self, edges: _Edges, touched: np.ndarray, before: np.ndarray) -> np.ndarray:
        """Which edges guards or the size forbid; asked anew where a cluster has changed."""
        ask = np.flatnonzero(touched[edges.a] | touched[edges.b])
        answer = before.copy()
        if not len(ask):
            return answer
        a, b = edges.a[ask], edges.b[ask]
        concerned = np.zeros(self.size, dtype=bool)
        concerned[a] = concerned[b] = True
        near = concerned[self.label[self.p.marks.record]]
        m = self.p.marks
        marks = Marks(m.guards, m.record[near], m.guard[near], m.value[near], m.first[near], m.last[near])
        guarded = Held(marks, self.label).refusing(a, b) >= 0
        answer[ask] = guarded | (self.count[a] + self.count[b] > self.p.largest)
        return answer

    def likeness(self, edges: _Edges, refused: np.ndarray) -> np.ndarray:
        """How well two clusters agree; -inf where they may not be one. Weights that link stand above shared contact values."""
        s = edges.sums
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = np.where(s[:, INFO] > 0, s[:, WEIGHT] / s[:, INFO], -np.inf)
            mean = (1 - TRUST) * mean + TRUST * s[:, BEST]
            given = np.where(s[:, TOLD] > 0, s[:, POINTS] / s[:, TOLD], 0.0)
        contact = (s[:, SHARED] > 0) & (given > DOUBT)
        tier = np.where(s[:, TOLD] > 0, 100.0 + given, 0.0)
        like = np.where(mean >= self.p.link, 10_000.0 + mean, np.where(contact, tier, -np.inf))
        return np.where(refused, -np.inf, like)

    def merge(self, edges: _Edges, like: np.ndarray, refused: np.ndarray) -> tuple[_Edges, np.ndarray, np.ndarray]:
        """Join the clusters that chose each other; return the edges between the new ones, and which clusters changed."""
        order = np.lexsort((edges.b, edges.a, -(self.rows[edges.a] + self.rows[edges.b]), -like))
        order = order[np.isfinite(like[order])]
        rank = np.full(self.size, len(order), dtype=np.int64)
        places = np.arange(len(order))
        for side in (edges.a, edges.b):
            np.minimum.at(rank, side[order], places)
        mutual = order[(rank[edges.a[order]] == places) & (rank[edges.b[order]] == places)]
        keep, gone = edges.a[mutual], edges.b[mutual]
        into = np.arange(self.size)
        into[gone] = keep
        partner = np.full(self.size, -1, dtype=np.int64)
        partner[keep], touched = gone, np.zeros(self.size, dtype=bool)
        touched[keep] = True
        a, b = into[edges.a], into[edges.b]
        between = a != b
        new = _Edges(self.size, a[between], b[between], edges.sums[between])
        one, two, owner = self._missing(edges, new, partner, touched)
        added = self.compare(one, two)
        new.add(owner, added)
        was = np.zeros(len(new.key), dtype=bool)
        spot = np.searchsorted(new.key, np.minimum(a, b)[between] * self.size + np.maximum(a, b)[between])
        was[spot] = refused[between]
        self.label = into[self.label]
        self.rows[keep] += self.rows[gone]
        self.count[keep] += self.count[gone]
        self.voices()
        return new, touched, was

    def _missing(
        self, old: _Edges, new: _Edges, partner: np.ndarray, touched: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Pairs of old clusters that new edges stand for, but that no old edge connected."""
        changed = np.flatnonzero(touched[new.a] | touched[new.b])
        ones, twos, owners = [], [], []
        for second_a in (False, True):
            for second_b in (False, True):
                a = partner[new.a[changed]] if second_a else new.a[changed]
                b = partner[new.b[changed]] if second_b else new.b[changed]
                real = (a >= 0) & (b >= 0)
                real[real] = old.lacks(a[real], b[real])
                ones.append(a[real])
                twos.append(b[real])
                owners.append(changed[real])
        return np.concatenate(ones), np.concatenate(twos), np.concatenate(owners)


def _voices(problem: Problem) -> np.ndarray:
    """The records that speak for each atom: those that know most, one of each description, at most _VOICES."""
    record = np.flatnonzero(problem.speaks)
    known, alike = problem.facts.known[record], problem.facts.alike[record]
    order = np.lexsort((record, alike, problem.atom[record]))
    atom, same = problem.atom[record][order], alike[order]
    first = np.r_[True, (atom[1:] != atom[:-1]) | (same[1:] != same[:-1])] if len(order) else np.empty(0, dtype=bool)
    record, known = record[order][first], known[order][first]
    order = np.lexsort((record, -np.bitwise_count(known).astype(np.int64), problem.atom[record]))
    atom = problem.atom[record][order]
    start = np.flatnonzero(np.r_[True, atom[1:] != atom[:-1]]) if len(atom) else np.empty(0, dtype=np.int64)
    place = np.arange(len(atom)) - np.repeat(start, np.diff(np.r_[start, len(atom)]))
    return np.sort(record[order][place < _VOICES])


def _sharing(code: np.ndarray, label: np.ndarray, name: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of clusters whose records share a value."""
    record = np.flatnonzero(code >= 0)
    order = np.lexsort((name[record], label[record], code[record]))
    record = record[order]
    value, cluster = code[record], label[record]
    first = np.r_[True, (value[1:] != value[:-1]) | (cluster[1:] != cluster[:-1])] if len(record) else np.empty(0, bool)
    record = record[first]
    record = record[np.lexsort((label[record], name[record], code[record]))]
    value = code[record]
    end = np.searchsorted(value, value, side="right")
    ahead = np.minimum(end - np.arange(len(value)) - 1, _WINDOW)
    one = np.repeat(np.arange(len(value)), ahead)
    two = one + 1 + np.arange(len(one)) - np.repeat(np.cumsum(ahead) - ahead, ahead)
    return label[record[one]], label[record[two]]
