"""Itemsets, rules and tests of significance equal what brute force finds; and mlxtend's on real receipts."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from huaxiang.learn.rules import (
    Itemsets,
    Rules,
    Thresholds,
    TooManyItemsets,
    Transactions,
    association_rules,
    corrected,
    count_together,
    eclat,
    fisher_exact,
    frequent_itemsets,
    least_count,
    pack,
    unpack,
)

Baskets = list[frozenset[int]]


def bits(baskets: Baskets, **more: int) -> Transactions:
    pairs = [(number, item) for number, basket in enumerate(baskets) for item in basket]
    of, what = (np.array([pair[i] for pair in pairs], dtype=np.int64) for i in (0, 1))
    return Transactions.from_pairs(of, what, len(baskets), **more)


def brute_itemsets(baskets: Baskets, support: float, longest: int | None = None) -> dict[tuple[int, ...], int]:
    items = sorted(set().union(*baskets))
    counts = {
        chosen: sum(set(chosen) <= basket for basket in baskets)
        for length in range(1, (longest or len(items)) + 1)
        for chosen in combinations(items, length)
    }
    return {chosen: count for chosen, count in counts.items() if count and count / len(baskets) >= support}


def sides(rules: Rules) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    return [
        tuple(tuple(code for code in codes if code >= 0) for codes in pair)  # type: ignore[misc]
        for pair in zip(rules.antecedent.tolist(), rules.consequent.tolist(), strict=True)
    ]


def random_baskets(seed: int, count: int, items: int) -> Baskets:
    draw = np.random.default_rng(seed)
    groups = draw.random((count, 1)) < 0.4
    held = draw.random((count, items)) < np.where(groups, 0.6, 0.15) * draw.random(items)
    return [frozenset(np.flatnonzero(row).tolist()) for row in held]


small = st.lists(st.frozensets(st.integers(0, 6)), min_size=1, max_size=90)


@settings(max_examples=150)
@given(small, st.sampled_from([0.01, 0.05, 0.2, 0.5, 1.0]), st.sampled_from([None, 1, 2, 3]))
def test_itemsets_are_those_of_brute_force(baskets: Baskets, support: float, longest: int | None) -> None:
    found = frequent_itemsets(bits(baskets), support, max_length=longest)
    assert found.as_dict() == brute_itemsets(baskets, support, longest)
    for level in found.levels:
        rows = level.items.tolist()
        assert rows == sorted(rows)
        assert all(row == sorted(row) for row in rows)


@pytest.mark.parametrize(("count", "items", "support"), [(3000, 11, 0.004), (700, 12, 0.02), (70_000, 8, 0.001)])
@pytest.mark.parametrize("threads", [1, 2])
def test_large_inputs_too_in_every_way_of_projecting(
    monkeypatch: pytest.MonkeyPatch, count: int, items: int, support: float, threads: int
) -> None:
    monkeypatch.setattr(eclat, "_THREADED", 0)
    baskets = random_baskets(count, count, items)
    held = np.array([[item in basket for basket in baskets] for item in range(items)])
    expected = {
        chosen: both
        for length in range(1, items + 1)
        for chosen in combinations(range(items), length)
        if (both := int(held[list(chosen)].all(axis=0).sum())) and both / count >= support
    }
    transactions = bits(baskets)
    assert frequent_itemsets(transactions, support, threads=threads).as_dict() == expected
    for cheap in ("_AND", "_TAKE", "_GATHER", "_UNPACK"):
        for other in ("_AND", "_TAKE", "_GATHER", "_UNPACK"):
            monkeypatch.setattr(eclat, other, 1e-9 if other == cheap else 1e3)
        assert frequent_itemsets(transactions, support, threads=threads).as_dict() == expected
    monkeypatch.setattr(eclat, "BUDGET", 1)
    monkeypatch.setattr(eclat, "_PAIRED", 0)
    assert frequent_itemsets(transactions, support, threads=threads).as_dict() == expected


def test_support_is_the_exact_share_not_a_rounded_product() -> None:
    assert least_count(0.07, 100) == 7  # 0.07 * 100 is a little above 7
    assert least_count(1e-9, 5) == 1
    assert [least_count(k / 49, 49) for k in range(1, 50)] == list(range(1, 50))


def test_too_many_itemsets_are_refused_before_they_fill_the_memory() -> None:
    baskets = [frozenset(range(18))] * 5
    with pytest.raises(TooManyItemsets):
        frequent_itemsets(bits(baskets), 0.5, most=1000)
    assert len(frequent_itemsets(bits(baskets), 0.5, max_length=2, most=1000)) == 18 + 153
    for support in (0, -1, 1.1):
        with pytest.raises(ValueError, match="min_support"):
            frequent_itemsets(bits(baskets), support)


def test_pairs_may_come_in_any_order_and_twice() -> None:
    of, what = np.array([3, 0, 3, 130, 0, 3]), np.array([7, 2, 7, 2, 9, 2])
    found = Transactions.from_pairs(of, what, 131, min_count=1)
    assert dict(zip(found.codes.tolist(), found.counts().tolist(), strict=True)) == {2: 3, 7: 1, 9: 1}
    assert np.flatnonzero(unpack(found.words[0], 131)).tolist() == [0, 3, 130]
    assert Transactions.from_pairs(of, what, 131, min_count=2).codes.tolist() == [2]
    for bad in (([131], [1]), ([-1], [1]), ([0], [-1]), ([0, 1], [1])):
        with pytest.raises(ValueError):
            Transactions.from_pairs(*bad, 131)
    assert len(frequent_itemsets(Transactions.from_pairs([], [], 0), 0.5)) == 0


@given(st.lists(st.lists(st.booleans(), min_size=70, max_size=70), min_size=1, max_size=5))
def test_packing_goes_there_and_back(rows: list[list[bool]]) -> None:
    held = np.array(rows)
    words = pack(held)
    assert [unpack(row, 70).tolist() for row in words] == rows
    assert Transactions.from_masks(held).counts().tolist() == held.sum(axis=1).tolist()


def test_count_together_within() -> None:
    held = np.random.default_rng(0).random((4, 70_000)) < 0.5
    words, within = pack(held[:3]), held[3]
    sets = np.array([[0, 1], [2, -1], [-1, -1], [1, 2]], np.int32)
    expected = [int((held[[c for c in row if c >= 0]].all(axis=0) & within).sum()) for row in sets]
    assert count_together(words, sets, pack(within)).tolist() == expected


@settings(max_examples=40)
@given(small, st.sampled_from([0.02, 0.1, 0.3]), st.sampled_from([0.0, 0.4, 0.9]), st.sampled_from([0.0, 1.0, 1.2]))
def test_rules_are_those_of_brute_force(baskets: Baskets, support: float, confidence: float, lift: float) -> None:
    itemsets = frequent_itemsets(bits(baskets), support)
    rules = association_rules(itemsets, Thresholds(confidence, lift))
    counts, size = brute_itemsets(baskets, support), len(baskets)
    expected = {}
    for together, both in counts.items():
        for length in range(1, len(together)):
            for left in combinations(together, length):
                right = tuple(item for item in together if item not in left)
                a, c = Fraction(counts[left], size), Fraction(counts[right], size)
                p = Fraction(both, size)
                if float(p / a) >= confidence - 1e-12 and float(p / a / c) >= lift - 1e-12:
                    conviction = float("inf") if p == a else float((1 - c) / (1 - p / a))
                    scale = max(p * (1 - a), a * (c - p))
                    zhang = float((p - a * c) / scale) if scale else 0.0
                    expected[left, right] = [p, p / a, p / a / c, p - a * c, conviction, zhang]
    measures = zip(
        rules.support, rules.confidence, rules.lift, rules.leverage, rules.conviction, rules.zhang, strict=True
    )
    found = dict(zip(sides(rules), measures, strict=True))
    borderline = {rule for rule in found.keys() ^ expected.keys() if _borderline(expected.get(rule), confidence, lift)}
    assert found.keys() - borderline == expected.keys() - borderline
    for rule in found.keys() & expected.keys():
        assert list(found[rule]) == pytest.approx([float(x) for x in expected[rule]], abs=1e-12)


def _borderline(measures: list[Fraction] | None, confidence: float, lift: float) -> bool:
    """A measure that equals the threshold but for rounding may fall either way."""
    return measures is not None and (abs(measures[1] - confidence) < 1e-9 or abs(measures[2] - lift) < 1e-9)


def test_rules_may_be_limited_to_short_consequents() -> None:
    itemsets = frequent_itemsets(bits([frozenset({0, 1, 2, 3})] * 4), 0.5)
    assert len(association_rules(itemsets)) == sum(comb(4, k) * (2**k - 2) for k in (2, 3, 4))
    assert {len(right) for _, right in sides(association_rules(itemsets, Thresholds(max_consequent=1)))} == {1}
    assert len(association_rules(Itemsets((), 0, 1))) == 0


# ---------------------------------------------------------------------------------------------------- significance


def exact_p(x: int, a: int, c: int, n: int) -> Fraction:
    """Twice the smaller hypergeometric tail."""
    point = {k: Fraction(comb(c, k) * comb(n - c, a - k), comb(n, a)) for k in range(max(0, a + c - n), min(a, c) + 1)}
    tails = sum(p for k, p in point.items() if k >= x), sum(p for k, p in point.items() if k <= x)
    # Towards the side on which the observed table lies: the smaller tail, but at the very centre.
    return min(Fraction(1), 2 * (tails[0] if x * n >= a * c else tails[1]))


@given(st.data())
def test_fisher_is_exact(data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 150))
    a, c = data.draw(st.integers(0, n)), data.draw(st.integers(0, n))
    x = data.draw(st.integers(max(0, a + c - n), min(a, c)))
    assert fisher_exact(x, a, c, n)[0] == pytest.approx(float(exact_p(x, a, c, n)), rel=1e-9)


def test_fisher_over_many_large_tables() -> None:
    from scipy.stats import hypergeom

    x, a, c, n = (
        np.array([600, 90, 5200, 0]),
        np.array([2000, 10_000, 50_000, 40]),
        np.array([2400, 400, 100_000, 30]),
        1_000_000,
    )
    upper, lower = hypergeom.sf(x - 1, n, c, a), hypergeom.cdf(x, n, c, a)
    expected = np.minimum(1, 2 * np.minimum(upper, lower))
    assert fisher_exact(x, a, c, n) == pytest.approx(expected, rel=1e-6)
    assert fisher_exact(900_000, 950_000, 940_000, 1_000_000)[0] < 1e-200
    with pytest.raises(ValueError, match="2 × 2"):
        fisher_exact(5, 4, 9, 20)


def test_the_correction_counts_every_rule_of_the_search() -> None:
    rules = {k: sum(1 for _ in range(comb(6, k) * (2**k - 2))) for k in (2, 3, 4)}
    p = 1e-6
    found = corrected([p] * 3, [2, 3, 4], 6)
    assert found == pytest.approx([p * rules[k] * 2 ** (k - 1) for k in (2, 3, 4)])
    assert corrected([0.5, 0.0], [2, 2], 200).tolist() == [1.0, 0.0]


def test_chance_gives_no_significant_rules() -> None:
    """Among independent items, over 40 worlds, hardly one rule in all passes at 5 %."""
    false = 0
    for seed in range(40):
        held = np.random.default_rng(seed).random((12, 400)) < 0.3
        rules = association_rules(frequent_itemsets(Transactions.from_masks(held), 0.01, max_length=3))
        lengths = ((rules.antecedent >= 0).sum(axis=1) + (rules.consequent >= 0).sum(axis=1)).astype(float)
        p = fisher_exact(rules.both, rules.with_antecedent, rules.with_consequent, rules.size)
        false += bool((corrected(p, lengths, 12) <= 0.05).any())
    assert false <= 4  # 2 of 40 are expected at most


# ------------------------------------------------------------------------------------------------------- real data


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_equal_to_mlxtend_on_the_complete_journey() -> None:
    pytest.importorskip("mlxtend", reason="mlxtend is missing: run `python3 run.py long`")
    import pandas as pd
    from benchmarks.rules import complete_journey
    from mlxtend.frequent_patterns import association_rules as their_rules
    from mlxtend.frequent_patterns import fpgrowth

    data = complete_journey()
    held = np.zeros((data.size, int(data.items.max()) + 1), np.bool_)
    held[data.baskets, data.items] = True
    theirs = fpgrowth(pd.DataFrame(held), min_support=0.01)
    itemsets = frequent_itemsets(Transactions.from_pairs(data.baskets, data.items, data.size), 0.01)
    supports = {tuple(sorted(s)): x for s, x in zip(theirs["itemsets"], theirs["support"], strict=True)}
    assert {s: pytest.approx(count / data.size, rel=1e-12) for s, count in itemsets.as_dict().items()} == supports
    assert max(map(len, supports)) >= 4

    table = their_rules(theirs, num_itemsets=data.size, metric="lift", min_threshold=1.2)
    rules = association_rules(itemsets, Thresholds(min_lift=1.2))
    number = {rule: i for i, rule in enumerate(sides(rules))}
    theirs_of = [
        (tuple(sorted(a)), tuple(sorted(c))) for a, c in zip(table["antecedents"], table["consequents"], strict=True)
    ]
    assert set(theirs_of) == number.keys()
    order = [number[rule] for rule in theirs_of]
    names = ("support", "confidence", "lift", "leverage", "conviction", ("zhangs_metric", "zhang"))
    for name in names:
        their, our = name if isinstance(name, tuple) else (name, name)
        np.testing.assert_allclose(
            getattr(rules, our)[order], table[their].to_numpy(), rtol=1e-8, atol=1e-12, err_msg=our
        )
