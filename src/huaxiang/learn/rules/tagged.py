"""Tags of customers as transactions: an item is a value of a tag (or a member of a list); what is unknown is kept apart from what isn't so.

A rule between two tags is measured among the customers for whom both are known. Otherwise two questions of one survey would seem to go
together wonderfully, only because the same few people answered them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from huaxiang.learn.rules.rules import Rules
from huaxiang.learn.rules.significance import corrected, fisher_exact
from huaxiang.learn.rules.transactions import Codes, Counts, Mask, Transactions, Words, count_together, pack, popcount

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Column:
    """Values held: customer `rows[i]` has `values[codes[i]]` (values ascending); `known`: whose value is known at all."""

    rows: NDArray[np.int64]
    codes: NDArray[np.int64]
    values: tuple[str, ...]
    known: Mask


def read_items(column: pa.ChunkedArray) -> Column:
    """Items of a text, boolean or list column. Of a boolean only `true` is an item; an empty list is unknown, as in the manifest."""
    column = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    known = _flags(pc.is_valid(column))
    rows = np.arange(len(column), dtype=np.int64)
    if pa.types.is_boolean(column.type):
        held = rows[_flags(pc.fill_null(column, False))]
        return Column(held, np.zeros(len(held), np.int64), ("true",), known)
    if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
        lengths = pc.fill_null(pc.list_value_length(column), 0).to_numpy(zero_copy_only=False)
        rows, column = np.repeat(rows, lengths), pc.list_flatten(column)
        known = np.asarray(lengths > 0)
    present = _flags(pc.is_valid(column))
    codes, values = _coded(column.filter(pa.array(present)))
    return Column(rows[present], codes, values, known)


def _flags(column: pa.Array) -> Mask:
    return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.bool_)


def _coded(column: pa.Array) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    coded = pc.dictionary_encode(pc.cast(column, pa.string()))
    words = [str(word) for word in coded.dictionary.to_pylist()]
    order = sorted(range(len(words)), key=words.__getitem__)
    position = np.zeros(len(words), np.int64)
    position[order] = np.arange(len(words))
    indices = np.asarray(coded.indices.to_numpy(zero_copy_only=False), dtype=np.int64)
    return position[indices], tuple(words[i] for i in order)


def determined(columns: Sequence[Column]) -> Mask:
    """[i, j]: of customers who know both, the value of tag i tells that of tag j (a city its province). Lists tell nothing.

    Only where tag i has values that several customers hold: ten a value on average.
    """
    number = len(columns)
    tells = np.zeros((number, number), np.bool_)
    plain = [_single(column) for column in columns]
    for i in range(number):
        for j in range(number):
            first, second = plain[i], plain[j]
            if i == j or first is None or second is None:
                continue
            both = (first >= 0) & (second >= 0)
            pairs = np.unique(first[both] * (second.max(initial=0) + 1) + second[both])
            values = len(np.unique(first[both]))
            others = len(np.unique(second[both]))
            tells[i, j] = len(pairs) == values and others > 1 and both.sum() >= 10 * values
    return tells


def _single(column: Column) -> NDArray[np.int64] | None:
    """The code of each customer, -1 unknown; None when customers may have several, or where only `true` is an item."""
    if column.values == ("true",) or len(column.rows) != column.known.sum():
        return None
    codes = np.full(len(column.known), -1, np.int64)
    codes[column.rows] = column.codes
    return None if (codes >= 0).sum() != len(column.rows) else codes


@dataclass(frozen=True)
class Tagged:
    """`transactions`: their rows are items; `tags`: the tag number of each row; `known`: a row of bits for each tag."""

    transactions: Transactions
    tags: NDArray[np.int64]
    known: Words

    def sizes(self, sets: Codes, knowing: Codes) -> Counts:
        """Customers who hold each set (row numbers, -1 for none) and know the tags of the same row of `knowing`."""
        rows = np.concatenate([sets, knowing], axis=1)
        distinct, which = np.unique(rows, axis=0, return_inverse=True)
        words = np.concatenate([self.transactions.words, self.known])
        everyone = pack(np.ones(self.transactions.size, np.bool_))
        return count_together(words, distinct.astype(np.int32, copy=False), everyone)[which.reshape(-1)]

    def knowing(self, rules: Rules) -> Codes:
        """The tags of each rule that somebody does not know, each once, as `sizes` takes them."""
        complete = popcount(self.known) == self.transactions.size
        at = np.where(complete, -1, len(self.tags) + np.arange(len(self.known)))
        row_of = np.append(at[self.tags], -1).astype(np.int32)
        rows = np.sort(row_of[np.concatenate([rules.antecedent, rules.consequent], axis=1)], axis=1)
        rows[:, 1:][rows[:, 1:] == rows[:, :-1]] = -1
        return rows[:, (rows >= 0).any(axis=0)]


def tag_customers(columns: Sequence[Column], members: Mask, min_count: int) -> tuple[Tagged, Tagged]:
    """The items of `members`, and the same items of everyone; only items that `min_count` members hold."""
    offsets = np.cumsum([0, *(len(column.values) for column in columns)])
    rows = np.concatenate([column.rows for column in columns])
    codes = np.concatenate([column.codes + offset for column, offset in zip(columns, offsets[:-1], strict=True)])
    position, inside = np.cumsum(members) - 1, members[rows]
    count = int(members.sum())
    mine = Transactions.from_pairs(position[rows[inside]], codes[inside], count, min_count=min_count)
    kept = np.isin(codes, mine.codes)
    base = Transactions.from_pairs(rows[kept], codes[kept], len(members))
    tags = np.searchsorted(offsets, mine.codes, side="right") - 1
    known = [pack(np.stack([column.known[chosen] for column in columns])) for chosen in (members, slice(None))]
    return Tagged(mine, tags, known[0]), Tagged(base, tags, known[1])


def known_rules(rules: Rules, tagged: Tagged, *, held: bool = False) -> Rules:
    """The same rules (codes are row numbers of `tagged`), measured among those for whom all tags of the rule are known.

    `held`: the counts that the rules bring are those of these very customers, so that rules over complete tags are right already.
    """
    knowing = tagged.knowing(rules)
    counted = np.asarray((knowing >= 0).any(axis=1)) if held else np.ones(len(rules), np.bool_)
    part, knowing = rules.take(counted), knowing[counted]
    both = np.concatenate([part.antecedent, part.consequent], axis=1)
    sets = {"both": both, "with_antecedent": part.antecedent, "with_consequent": part.consequent, "size": both[:, :0]}
    found = {name: getattr(rules, name).copy() for name in sets}
    for name, chosen in sets.items():
        if not (held and name == "both"):  # whoever holds all items knows all tags
            found[name][counted] = tagged.sizes(chosen, knowing)
    return replace(rules, **found)


@dataclass(frozen=True)
class Worth:
    """`improvement`: confidence less that of the best rule with one item fewer on the left; `p`: of the rule against each of those, the
    largest; `p_corrected`: for all rules of the search.
    """

    improvement: Floats
    p: Floats
    p_corrected: Floats


def rule_worth(rules: Rules, tagged: Tagged, items: int) -> Worth:
    """Test rules (measured by `known_rules`) against their simpler forms: Webb's productive rules (2007), by Fisher's exact test.

    The simplest form, nothing → C, is the share of C; so a rule with one item on its left is tested for dependence as usual. `items`:
    how many items the search went through.
    """
    knowing = tagged.knowing(rules)
    best, p = np.full(len(rules), -np.inf), np.zeros(len(rules))
    for column in range(rules.antecedent.shape[1]):
        chosen = np.flatnonzero(rules.antecedent[:, column] >= 0)
        less = rules.antecedent[chosen].copy()
        less[:, column] = -1
        part = rules.take(chosen)
        simpler = tagged.sizes(less, knowing[chosen])
        then = tagged.sizes(np.concatenate([less, part.consequent], axis=1), knowing[chosen])
        best[chosen] = np.maximum(best[chosen], then / np.maximum(simpler, 1))
        p[chosen] = np.maximum(p[chosen], fisher_exact(part.both, part.with_antecedent, then, simpler))
    lengths = (rules.antecedent >= 0).sum(axis=1) + (rules.consequent >= 0).sum(axis=1)
    return Worth(rules.confidence - best, p, corrected(p, lengths, items))
