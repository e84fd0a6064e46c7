"""Association rules: ours against mlxtend (fpgrowth) and efficient-apriori, in one run, on the same baskets, with equal results.

    python benchmarks/rules.py [--baskets 1000000] [--support 0.01] [--limit 600]

Two data sets: the Complete Journey receipts (product categories of each) and generated baskets (patterns that customers buy in part, items
of very different popularity, seeded). Ours is timed from (transaction, item) pairs, so building the bitsets counts; the peers start
from what they want to be given (a boolean table, a list of tuples), and making that does not count. Each is timed to the rules with a
confidence of at least 0.2. A peer that takes longer than `--limit` seconds is stopped, and its ratio is a lower bound.
"""

from __future__ import annotations

import argparse
import multiprocessing
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq

from huaxiang.app.demo_data import find_data
from huaxiang.learn.rules import Thresholds, Transactions, association_rules, frequent_itemsets, least_count

CONFIDENCE = 0.2
GOALS = {"mlxtend": 50, "efficient-apriori": 30}
REPEATS = 5

Found = tuple[dict[tuple[int, ...], int], dict[tuple[tuple[int, ...], tuple[int, ...]], tuple[float, float]]]


class Baskets(NamedTuple):
    """(basket, item) pairs without repetition, and how many baskets there are."""

    name: str
    baskets: np.ndarray
    items: np.ndarray
    size: int


def complete_journey() -> Baskets:
    """Product categories of each receipt."""
    folder: Path = find_data()
    lines = pq.read_table(folder / "transactions.parquet", columns=["basket_id", "product_id"])
    products = pq.read_table(folder / "products.parquet", columns=["product_id", "product_category"])
    joined = lines.join(products, "product_id").filter(pc.field("product_category").is_valid())
    baskets = joined["basket_id"].combine_chunks().dictionary_encode()
    return _unique(
        "Complete Journey", baskets.indices.to_numpy(), _codes(joined["product_category"]), len(baskets.dictionary)
    )


def generated(count: int, *, items: int = 200, seed: int = 20240101) -> Baskets:
    """Baskets after the manner of Agrawal and Srikant (1994): each holds parts of one to three patterns, and some items by chance."""
    draw = np.random.default_rng(seed)
    weights = 1.0 / np.arange(1, items + 1) ** 0.8
    weights /= weights.sum()
    patterns = [draw.choice(items, 2 + draw.poisson(2), replace=False, p=weights) for _ in range(120)]
    popularity = draw.exponential(1.0, len(patterns))
    parts = [_chance(draw, count, weights)]
    for share in (0.8, 0.4, 0.2):
        takers = np.flatnonzero(draw.random(count) < share)
        chosen = draw.choice(len(patterns), len(takers), p=popularity / popularity.sum())
        parts.extend(_taken(draw, takers[chosen == number], pattern) for number, pattern in enumerate(patterns))
    baskets, what = (np.concatenate([part[i] for part in parts]) for i in (0, 1))
    return _unique(f"generated {count:,}", baskets, what, count)


def _chance(draw: np.random.Generator, count: int, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    extra = draw.poisson(3.0, count)
    return np.repeat(np.arange(count), extra), draw.choice(len(weights), int(extra.sum()), p=weights)


def _taken(draw: np.random.Generator, takers: np.ndarray, pattern: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    who, which = np.nonzero(draw.random((len(takers), len(pattern))) < 0.7)
    return takers[who], pattern[which]


def _codes(column: Any) -> np.ndarray:
    coded = column.combine_chunks().dictionary_encode()
    order = np.argsort(coded.dictionary.to_numpy(zero_copy_only=False).astype(str))
    return np.argsort(order)[coded.indices.to_numpy()]


def _unique(name: str, baskets: np.ndarray, items: np.ndarray, size: int) -> Baskets:
    pairs = np.unique(baskets.astype(np.int64) * (items.max() + 1) + items)
    return Baskets(name, *np.divmod(pairs, items.max() + 1), size)


def ours(data: Baskets, support: float) -> Callable[[], Found]:
    """From pairs to rules."""

    def run() -> Any:
        bits = Transactions.from_pairs(data.baskets, data.items, data.size, min_count=least_count(support, data.size))
        itemsets = frequent_itemsets(bits, support)
        return itemsets, association_rules(itemsets, Thresholds(min_confidence=CONFIDENCE))

    return run


def ours_found(result: Any) -> Found:
    itemsets, rules = result
    sides = [
        [tuple(c for c in row if c >= 0) for row in codes.tolist()] for codes in (rules.antecedent, rules.consequent)
    ]
    return itemsets.as_dict(), dict(
        zip(zip(*sides, strict=True), zip(rules.confidence, rules.lift, strict=True), strict=True)
    )


def run_mlxtend(data: Baskets, support: float) -> tuple[float, float, Found]:
    """Seconds of fpgrowth, of everything, and what was found."""
    import pandas as pd
    from mlxtend.frequent_patterns import association_rules as rules_of
    from mlxtend.frequent_patterns import fpgrowth

    held = np.zeros((data.size, int(data.items.max()) + 1), np.bool_)
    held[data.baskets, data.items] = True
    table = pd.DataFrame(held)
    begin = time.perf_counter()
    found = fpgrowth(table, min_support=support)
    mined = time.perf_counter() - begin
    rules = rules_of(found, num_itemsets=data.size, metric="confidence", min_threshold=CONFIDENCE)
    seconds = time.perf_counter() - begin
    itemsets = {
        tuple(sorted(s)): round(x * data.size) for s, x in zip(found["itemsets"], found["support"], strict=True)
    }
    columns = (rules[name] for name in ("antecedents", "consequents", "confidence", "lift"))
    return (
        mined,
        seconds,
        (itemsets, {(tuple(sorted(a)), tuple(sorted(c))): (x, y) for a, c, x, y in zip(*columns, strict=True)}),
    )


def run_efficient(data: Baskets, support: float) -> tuple[float, float, Found]:
    """Seconds of apriori, twice, and what was found."""
    from efficient_apriori import apriori

    order = np.lexsort((data.items, data.baskets))
    ends = np.cumsum(np.bincount(data.baskets, minlength=data.size))[:-1]
    baskets = [tuple(part.tolist()) for part in np.split(data.items[order], ends)]
    begin = time.perf_counter()
    itemsets, rules = apriori(baskets, min_support=support, min_confidence=CONFIDENCE)
    seconds = time.perf_counter() - begin
    flat = {tuple(sorted(s)): count for level in itemsets.values() for s, count in level.items()}
    return (
        seconds,
        seconds,
        (flat, {(tuple(sorted(r.lhs)), tuple(sorted(r.rhs))): (r.confidence, r.lift) for r in rules}),
    )


def _peer(run: Callable[..., Any], data: Baskets, support: float, to: Any) -> None:
    warnings.simplefilter("ignore")
    to.send(run(data, support))


def limited(run: Callable[..., Any], data: Baskets, support: float, limit: float) -> tuple[float, float, Found] | None:
    """Run a peer in a process of its own; None when it needed longer than the limit."""
    receive, send = multiprocessing.Pipe(duplex=False)
    child = multiprocessing.Process(target=_peer, args=(run, data, support, send))
    child.start()
    send.close()
    result = receive.recv() if receive.poll(limit) else None
    child.terminate()
    child.join()
    return result


def assert_equal(name: str, mine: Found, theirs: Found) -> None:
    """Itemsets, counts, rules, confidence and lift must be the same."""
    assert mine[0] == theirs[0], f"{name}: other itemsets"
    assert mine[1].keys() == theirs[1].keys(), f"{name}: other rules"
    for rule, measures in mine[1].items():
        np.testing.assert_allclose(measures, theirs[1][rule], rtol=1e-9, err_msg=f"{name} {rule}")


def compare(data: Baskets, support: float, limit: float) -> bool:
    """Print one data set's table; say whether the goals are reached."""
    run, times = ours(data, support), []
    for _ in range(REPEATS):
        begin = time.perf_counter()
        result = run()
        times.append(time.perf_counter() - begin)
    seconds, mine = float(np.median(times)), ours_found(result)
    print(f"\n{data.name}: {data.size:,} baskets, {len(data.items):,} items in them, support {support}")
    print(
        f"  {len(mine[0]):,} itemsets of up to {max(map(len, mine[0]))}, {len(mine[1]):,} rules of confidence {CONFIDENCE}"
    )
    print(f"  huaxiang            {seconds:9.3f} s (median of {REPEATS}, bitsets and rules included)")
    reached = True
    for name, peer in (("mlxtend", run_mlxtend), ("efficient-apriori", run_efficient)):
        found = limited(peer, data, support, limit)
        if found is None:
            print(f"  {name:18} > {limit:8.0f} s  stopped; more than {limit / seconds:.0f}×")
            reached &= limit / seconds >= GOALS[name]
            continue
        assert_equal(name, mine, found[2])
        ratio = found[1] / seconds
        reached &= ratio >= GOALS[name]
        print(f"  {name:18} {found[1]:10.3f} s  {ratio:5.0f}× (goal {GOALS[name]}×)  same itemsets, same rules")
    return reached


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--baskets", type=int, default=1_000_000)
    parser.add_argument("--support", type=float, default=0.01)
    parser.add_argument("--limit", type=float, default=600)
    options = parser.parse_args()
    reached = [
        compare(data, options.support, options.limit) for data in (complete_journey(), generated(options.baskets))
    ]
    print("\ngoals reached" if all(reached) else "\ngoals NOT reached")
    return 0 if all(reached) else 1


if __name__ == "__main__":
    raise SystemExit(main())
