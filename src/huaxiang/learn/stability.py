"""How good is a number of clusters: separation indices, the gap statistic, and stability under resampling.

Silhouette: Rousseeuw 1987. Calinski–Harabasz 1974. Davies–Bouldin 1979. Gap statistic: Tibshirani, Walther & Hastie 2001.
Stability by bootstrap and adjusted Rand index: Hubert & Arabie 1985; Hennig 2007.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, calinski_harabasz_score, davies_bouldin_score, silhouette_score

from huaxiang.learn.features import Floats, tidy

Labels = NDArray[np.int32]

SILHOUETTE_SAMPLE = 5_000
STABILITY_SAMPLE = 10_000
GAP_SAMPLE = 2_000
GAP_REFERENCES = 5
STABLE_ARI = 0.8
"""A candidate counts as stable from this mean adjusted Rand index on."""
TINY_SHARE = 0.02
"""A candidate whose smallest cluster holds less than this share is penalised."""
NEAR_SCORE = 2.0
"""A stable k of the last build is kept when its rank sum is at most this much worse than the best."""

RULES = {
    "fixed": {"zh": "k 由定义指定", "en": "k is fixed by the definition"},
    "rank_sum_stable": {
        "zh": "在稳定且没有过小类的候选中，五项指标（轮廓系数、CH、DB、Gap、稳定性）名次之和最小",
        "en": "lowest sum of ranks over silhouette, Calinski-Harabasz, Davies-Bouldin, gap and stability among the stable "
        "candidates without tiny clusters",
    },
    "rank_sum_all": {
        "zh": "没有稳定的候选：在全部候选中，五项指标名次之和最小，请谨慎使用",
        "en": "no candidate is stable: lowest sum of ranks over the five indices among all; use with care",
    },
    "previous_kept": {
        "zh": "沿用上次的 k：它仍然稳定，名次之和与最优相差不超过 2",
        "en": "k of the last build kept: still stable, its sum of ranks within 2 of the best",
    },
}  # fmt: skip


@dataclass(frozen=True)
class Candidate:
    """One k with all its indices; `centres` (k × features) and `labels` are of the rows it was fitted on."""

    k: int
    centres: Floats
    labels: Labels
    silhouette: float
    calinski_harabasz: float
    davies_bouldin: float
    gap: float
    stability_ari: float
    inertia: float
    smallest_share: float

    def report(self, score: float) -> dict[str, object]:
        """The entry of the manifest's `clusterings[].candidates`; a lower `score` (rank sum) is better."""
        return {
            "k": self.k,
            "silhouette": tidy(self.silhouette),
            "calinski_harabasz": tidy(self.calinski_harabasz),
            "davies_bouldin": tidy(self.davies_bouldin),
            "gap": tidy(self.gap),
            "stability_ari": tidy(self.stability_ari),
            "inertia": tidy(self.inertia),
            "smallest_share": tidy(self.smallest_share),
            "score": score,
        }


def sample_rows(rows: int, size: int, seed: int) -> NDArray[np.int64]:
    """Sorted row numbers of a sample without replacement; all rows when there are no more than `size`."""
    if rows <= size:
        return np.arange(rows, dtype=np.int64)
    return np.sort(np.random.default_rng(seed).choice(rows, size=size, replace=False)).astype(np.int64)


def fit_kmeans(matrix: Floats, k: int, seed: int, n_init: int) -> KMeans:
    """Lloyd's algorithm from `n_init` k-means++ starts."""
    return KMeans(n_clusters=k, n_init=n_init, algorithm="lloyd", random_state=seed, max_iter=300).fit(matrix)


def assess(matrix: Floats, k: int, *, seed: int, resamples: int) -> Candidate:
    """Fit `k` clusters to `matrix` (rows × features) and compute every index."""
    model = fit_kmeans(matrix, k, seed, n_init=10)
    labels = model.labels_.astype(np.int32)
    rows = sample_rows(len(matrix), SILHOUETTE_SAMPLE, seed)
    sampled = labels[rows]
    several = len(np.unique(sampled)) > 1
    sizes = np.bincount(labels, minlength=k)
    return Candidate(
        k=k,
        centres=np.asarray(model.cluster_centers_, dtype=np.float64),
        labels=labels,
        silhouette=float(silhouette_score(matrix[rows], sampled)) if several and len(rows) > k else 0.0,
        calinski_harabasz=float(calinski_harabasz_score(matrix, labels)) if len(matrix) > k else 0.0,
        davies_bouldin=float(davies_bouldin_score(matrix, labels)) if len(matrix) > k else 0.0,
        gap=gap_statistic(matrix, k, seed),
        stability_ari=stability(matrix, labels, k, seed=seed, resamples=resamples),
        inertia=float(model.inertia_),
        smallest_share=float(sizes.min() / len(labels)),
    )


def stability(matrix: Floats, labels: Labels, k: int, *, seed: int, resamples: int) -> float:
    """Mean adjusted Rand index between `labels` and the labels that clusterings of bootstrap resamples give to the same rows."""
    rows = sample_rows(len(matrix), STABILITY_SAMPLE, seed + 1)
    points, reference = matrix[rows], labels[rows]
    agreement = []
    for i in range(resamples):
        drawn = np.sort(np.random.default_rng([seed, k, i]).integers(0, len(points), len(points)))
        resample = points[drawn]
        if len(np.unique(resample, axis=0)) < k:
            continue
        agreement.append(adjusted_rand_score(reference, fit_kmeans(resample, k, seed + i, n_init=3).predict(points)))
    return float(np.mean(agreement)) if agreement else 0.0


def gap_statistic(matrix: Floats, k: int, seed: int) -> float:
    """E*[ln W_k] − ln W_k against uniform points in the box along the principal axes; higher is better."""
    points = matrix[sample_rows(len(matrix), GAP_SAMPLE, seed + 2)]
    centred = points - points.mean(axis=0)
    axes = np.linalg.svd(centred, full_matrices=False)[2]
    turned = centred @ axes.T
    low, high = turned.min(axis=0), turned.max(axis=0)
    within = float(fit_kmeans(points, k, seed, n_init=3).inertia_)
    rng = np.random.default_rng([seed, 3])
    expected = []
    for i in range(GAP_REFERENCES):
        reference = rng.uniform(low, high, size=turned.shape)
        expected.append(np.log(max(float(fit_kmeans(reference, k, seed + i, n_init=1).inertia_), 1e-12)))
    return float(np.mean(expected) - np.log(max(within, 1e-12)))


def rank_sums(candidates: Sequence[Candidate]) -> list[float]:
    """Sum of each candidate's ranks over the five indices (1 = best, ties share), plus the penalty for tiny clusters."""
    table = np.array(
        [(-c.silhouette, -c.calinski_harabasz, c.davies_bouldin, -c.gap, -c.stability_ari) for c in candidates]
    )
    ranks = rankdata(np.round(table, 6), axis=0).sum(axis=1)
    tiny = np.array([c.smallest_share < TINY_SHARE for c in candidates])
    return [float(x) for x in ranks + len(candidates) * tiny]


def choose(candidates: Sequence[Candidate], previous_k: int | None, *, fixed: bool = False) -> tuple[Candidate, str]:
    """The candidate to use, and the code of the rule that chose it (a key of RULES, explained in docs/personas.md)."""
    if fixed:
        return candidates[0], "fixed"
    scores = dict(zip((c.k for c in candidates), rank_sums(candidates), strict=True))
    sound = [c for c in candidates if c.stability_ari >= STABLE_ARI and c.smallest_share >= TINY_SHARE]
    pool = sound or list(candidates)
    best = min(pool, key=lambda c: (scores[c.k], -c.stability_ari, c.k))
    kept = next((c for c in sound if c.k == previous_k), None)
    if kept is not None and kept is not best and scores[kept.k] <= scores[best.k] + NEAR_SCORE:
        return kept, "previous_kept"
    return best, "rank_sum_stable" if sound else "rank_sum_all"
