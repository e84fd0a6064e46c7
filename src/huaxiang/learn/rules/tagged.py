"""Tags of customers as transactions: an item is a value of a tag (or a member of a list); what is unknown is kept apart from what isn't so.

A rule between two tags is measured among the customers for whom both are known. Otherwise two questions of one survey would seem to go
together wonderfully, only because the same few people answered them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from huaxiang.learn.rules.rules import Rules
from huaxiang.learn.rules.significance import corrected, fisher_exact
from huaxiang.learn.rules.transactions import (
    Codes,
    Counts,
    Mask,
    Transactions,
    Words,
    count_pairs,
    count_together,
    count_with,
    pack,
    popcount,
    unpack,
)

Floats = NDArray[np.float64]
_MOST_ROWS = 3000
"""With more items than this it is not looked whether one tag tells another."""


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


@dataclass(frozen=True)
class Items:
    """The items of members (`mine`) and the same items of everyone (`base`).

    `tells[i, j]`: of customers who know both, the value of tag i tells that of tag j (a city its province).
    """

    mine: Tagged
    base: Tagged
    tells: Mask


def tag_customers(base: Tagged, members: Mask, single: Mask) -> Items:
    """The items of `members` besides those of everyone. `single`: tags of which a customer has one value, so that one may tell another."""
    if members.all():
        return Items(base, base, _telling(base, single))
    size = base.transactions.size
    mine, known = (
        np.stack([pack(unpack(row, size)[members]) for row in rows]) for rows in (base.transactions.words, base.known)
    )
    transactions = Transactions(mine, base.transactions.codes, int(members.sum()))
    return Items(Tagged(transactions, base.tags, known), base, _telling(base, single))


def _telling(base: Tagged, single: Mask) -> Mask:
    """Which tag tells which: whoever has some value of the first and knows the second has always the same value of the second."""
    rows = np.flatnonzero(single[base.tags])
    tells = np.zeros((len(single), len(single)), np.bool_)
    if len(rows) > _MOST_ROWS:
        return tells
    words, tags = base.transactions.words[rows], base.tags[rows]
    pairs = count_pairs(words)
    pairs += pairs.T
    for second in np.unique(tags):
        knowing = count_with(words, base.known[second])
        largest = pairs[:, tags == second].argmax(axis=1)
        always = pairs[:, tags == second].max(axis=1) == knowing
        for first in np.unique(tags[tags != second]):
            of = (tags == first) & (knowing > 0)
            tells[first, second] = bool(always[of].all()) and len(np.unique(largest[of])) > 1
    return tells


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
