"""Strong keys and decisions to merge: records that share a value are one customer, unless a guard or the size forbids it.

Nearly all components need no look: they are taken whole. Those that break a guard, or are too large, are built up link by link in a
total order (rank, value, then larger groups first).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from huaxiang.learn.identity.guards import MUST, Held, Marks
from huaxiang.learn.identity.keys import chain


@dataclass(frozen=True)
class Link:
    """Codes of one linking rule: records of one code ≥ 0 are tied. `rank`: guards of a lower rank are asked."""

    name: str
    rank: int
    code: np.ndarray


@dataclass(frozen=True)
class Broken:
    """A group too large to be one customer: its records, and the rule and value code that made most of its links."""

    records: np.ndarray
    rule: str
    code: int
    links: int


def components(size: int, edges: Sequence[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """Number of the smallest record in each record's connected component."""
    left = np.concatenate([e[0] for e in edges]) if edges else np.empty(0, dtype=np.int64)
    right = np.concatenate([e[1] for e in edges]) if edges else np.empty(0, dtype=np.int64)
    if not size or not len(left):
        return np.arange(size, dtype=np.int64)
    graph = coo_matrix((np.ones(len(left), dtype=np.int8), (left, right)), shape=(size, size))
    count, label = connected_components(graph, directed=False)
    least = np.full(count, size, dtype=np.int64)
    np.minimum.at(least, label, np.arange(size))
    named: np.ndarray = least[label]
    return named


def join_strong(
    links: Sequence[Link], marks: Marks, rows: np.ndarray, largest: int
) -> tuple[np.ndarray, tuple[Broken, ...]]:
    """Cluster number (its smallest record) per record, and the groups that were broken up."""
    label = components(len(rows), [chain(link.code) for link in links])
    wrong = np.zeros(len(rows), dtype=bool)
    wrong[Held(marks, label).over()] = True
    sizes = np.bincount(label, minlength=len(rows))
    wrong |= sizes > largest
    broken: list[Broken] = []
    suspect = np.flatnonzero(wrong[label])
    order = suspect[np.argsort(label[suspect], kind="stable")]
    for group in np.split(order, np.flatnonzero(np.diff(label[order])) + 1) if len(order) else ():
        parts, fault = _rebuild(np.sort(group), links, marks, rows, largest)
        label[np.sort(group)] = parts
        broken.extend(fault)
    return label, tuple(broken)


def _rebuild(
    group: np.ndarray, links: Sequence[Link], marks: Marks, rows: np.ndarray, largest: int
) -> tuple[np.ndarray, list[Broken]]:
    """Build one component up link by link."""
    own = marks.take(group, len(rows))
    dropped: set[tuple[int, int]] = set()
    broken: list[Broken] = []
    ties = [(n, link.rank, *pair) for n, link in enumerate(links) for pair in _shared(link.code[group])]
    for _attempt in range(16):
        label = _greedy([t for t in ties if (t[0], t[2]) not in dropped], own, rows[group], len(group))
        sizes = np.bincount(label, minlength=len(group))
        worst = int(sizes.argmax())
        members = np.flatnonzero(label == worst)
        left = [t for t in ties if (t[0], t[2]) not in dropped and t[1] > MUST]
        cause = max(((len(np.intersect1d(t[3], members)), -t[0], -t[2]) for t in left), default=(0, 0, 0))
        if sizes[worst] <= largest or cause[0] < 2:
            break
        number, code = -cause[1], -cause[2]
        dropped.add((number, code))
        broken.append(Broken(group[members], links[number].name, code, cause[0] - 1))
    else:
        label = _greedy([t for t in ties if (t[0], t[2]) not in dropped], own, rows[group], len(group), largest)
    return group[label], broken


def _shared(code: np.ndarray) -> list[tuple[int, np.ndarray]]:
    """Values that two or more records hold, ascending, with these records."""
    order = np.argsort(code, kind="stable")
    order = order[np.searchsorted(code[order], 0) :]
    groups = np.split(order, np.flatnonzero(np.diff(code[order])) + 1) if len(order) else []
    return [(int(code[g[0]]), g) for g in groups if len(g) > 1]


def _greedy(
    ties: list[tuple[int, int, int, np.ndarray]], marks: Marks, rows: np.ndarray, size: int, largest: int | None = None
) -> np.ndarray:
    """Join in order of the ties; a value whose groups may not all be one joins each group to the first that takes it."""
    label = np.arange(size)
    for _number, rank, _code, members in ties:
        found = np.unique(label[members])
        if len(found) < 2:
            continue
        weight = {int(c): (-int(rows[label == c].sum()), int(c)) for c in found}
        taken: list[int] = []
        for cluster in sorted(weight, key=weight.__getitem__):
            held = Held(marks, label)
            for place, head in enumerate(taken):
                one, two = np.array([head]), np.array([cluster])
                too_large = rank > MUST and largest is not None and np.isin(label, (head, cluster)).sum() > largest
                if too_large or held.refusing(one, two, rank)[0] >= 0:
                    continue
                label[label == max(head, cluster)] = min(head, cluster)
                taken[place] = min(head, cluster)
                break
            else:
                taken.append(cluster)
    return label
