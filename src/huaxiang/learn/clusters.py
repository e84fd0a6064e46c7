"""K-means over declared features: k chosen by evidence, labels that keep their meaning from build to build."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from huaxiang.errors import LearnError, TooLittleData
from huaxiang.learn.features import Floats, Prepared, prepare_features, tidy
from huaxiang.learn.stability import RULES, Candidate, Labels, assess, choose, rank_sums, sample_rows
from huaxiang.spec.models import ClusteringSpec, Feature

FIT_SAMPLE = 50_000
FULL_ITERATIONS = 5
SAME_CLUSTER = 1.0
"""A cluster keeps the old label when its centre moved at most this many standard deviations (root mean square over features)."""


@dataclass(frozen=True)
class PreviousClusters:
    """What the last build left: label → centre in original units (feature → value), its k, and the highest number ever used."""

    centres: Mapping[str, Mapping[str, float]]
    k: int
    last_number: int

    @classmethod
    def from_manifest(cls, entry: Mapping[str, object] | None) -> PreviousClusters | None:
        """Read an entry of the manifest's `clusterings`; None when there is none."""
        centres = entry.get("centres") if entry else None
        if entry is None or not isinstance(centres, Mapping) or not (centres or entry.get("last_number")):
            return None
        numbers = [int(str(label).removeprefix("c")) for label in centres]
        last = entry.get("last_number")
        return cls(centres=centres, k=len(centres), last_number=max([*numbers, last if isinstance(last, int) else 0]))


@dataclass(frozen=True)
class ClusterResult:
    """`labels`: one str (c1 …) or None a customer, object array in the order given. `report`: the manifest entry."""

    labels: NDArray[np.object_]
    report: dict[str, object]

    def segments(self) -> dict[str, NDArray[np.bool_]]:
        """Label → membership, in label order."""
        sizes = self.report["sizes"]
        assert isinstance(sizes, dict)
        return {label: np.asarray(self.labels == label, dtype=bool) for label in sizes}


def fit_clusters(
    columns: Mapping[str, Floats], spec: ClusteringSpec, previous: PreviousClusters | None = None
) -> ClusterResult:
    """Cluster the customers of `columns` (feature → float64, NaN = missing, equal lengths, sorted by customer).

    Deterministic for equal input, seed and previous clusters, whatever the number of threads. Customers who miss a feature that is
    declared `missing: exclude` get no label. Raises LearnError when there are too few different customers.
    """
    features = [f if isinstance(f, Feature) else Feature(tag=f) for f in spec.features]
    prepared = prepare_features(columns, features, name=spec.name)
    with threadpool_limits(limits=1):
        sample = prepared.matrix[sample_rows(len(prepared.matrix), FIT_SAMPLE, spec.seed)]
        candidates = [assess(sample, k, seed=spec.seed, resamples=spec.resamples) for k in _range_of_k(sample, spec)]
        chosen, rule = choose(candidates, previous.k or None if previous else None, fixed=isinstance(spec.k, int))
        centres, codes = _assign(prepared.matrix, sample, chosen)
    names, last_number = _name(centres, codes, prepared, previous)
    report = {
        "name": spec.name,
        "k": chosen.k,
        "chosen_by": rule,
        "chosen_because": RULES[rule],
        "candidates": [c.report(s) for c, s in zip(candidates, rank_sums(candidates), strict=True)],
        "features": [f.report() for f in prepared.features],
        "stability_ari": tidy(chosen.stability_ari),
        "excluded": int((~prepared.kept).sum()),
        "last_number": last_number,
    } | _describe(columns, prepared, centres, codes, names)
    labels = np.full(len(prepared.kept), None, dtype=object)
    labels[prepared.kept] = np.array(names, dtype=object)[codes]
    return ClusterResult(labels, report)


def no_clusters(
    spec: ClusteringSpec, note: Mapping[str, str], before: Mapping[str, object] | None
) -> dict[str, object]:
    """The manifest entry of a clustering that found no clusters in this build, and why; its numbers go on at the next."""
    last = PreviousClusters.from_manifest(before)
    return {
        "name": spec.name, "k": 0, "chosen_by": None, "chosen_because": None, "candidates": [], "features": [],
        "stability_ari": None, "excluded": 0, "last_number": last.last_number if last else 0, "sizes": {}, "centres": {},
        "means": {}, "note": dict(note),
    }  # fmt: skip


def _range_of_k(sample: Floats, spec: ClusteringSpec) -> range:
    low, high = (spec.k, spec.k) if isinstance(spec.k, int) else spec.k
    different = len(np.unique(sample, axis=0))
    if low < 2 or high < low:
        raise LearnError(
            f'clustering "{spec.name}": k is {low} to {high}; expected at least 2, and the lower number first',
            f"聚类“{spec.name}”：k 为 {low} 至 {high}；应至少为 2，且较小的数在前",
        )
    if different <= low:
        raise TooLittleData(
            f'clustering "{spec.name}": {low} clusters need more than {low} different customers, there are {different}; '
            "lower k, or widen `within`",
            f"聚类“{spec.name}”：分 {low} 群至少要有 {low + 1} 位互不相同的客户，现有 {different} 位；请减小 k，或放宽 `within`",
        )
    return range(low, min(high, different - 1) + 1)


def _assign(matrix: Floats, sample: Floats, chosen: Candidate) -> tuple[Floats, Labels]:
    """Take a fit on a sample to all rows by a few full iterations; the fit itself when the sample was everyone."""
    if len(sample) == len(matrix):
        return chosen.centres, chosen.labels
    model = KMeans(
        n_clusters=chosen.k, init=chosen.centres, n_init=1, algorithm="lloyd", max_iter=FULL_ITERATIONS, tol=0.0
    )
    codes = model.fit_predict(matrix).astype(np.int32)
    return np.asarray(model.cluster_centers_, dtype=np.float64), codes


def _name(
    centres: Floats, codes: Labels, prepared: Prepared, previous: PreviousClusters | None
) -> tuple[list[str], int]:
    """Labels of the clusters 0…k−1, and the highest number used so far: old labels where a cluster goes on, else by size."""
    sizes = np.bincount(codes, minlength=len(centres))
    order = sorted(range(len(centres)), key=lambda i: (-int(sizes[i]), tuple(centres[i])))
    names = _match(centres, prepared, previous) if previous else {}
    last = previous.last_number if previous else 0
    for i in order:
        if i not in names:
            last += 1
            names[i] = f"c{last}"
    return [names[i] for i in range(len(centres))], last


def _match(centres: Floats, prepared: Prepared, previous: PreviousClusters) -> dict[int, str]:
    """Pair new with old centres on the features both have, at the least total squared distance (Hungarian algorithm)."""
    shared = [
        (column, f) for column, f in enumerate(prepared.used) if all(f.tag in old for old in previous.centres.values())
    ]
    if not shared or not previous.centres:
        return {}
    labels = list(previous.centres)
    scaled = [[float(f.scale(np.array(previous.centres[label][f.tag]))) for _, f in shared] for label in labels]
    gaps = centres[:, None, [column for column, _ in shared]] - np.array(scaled)[None, :, :]
    distance = np.sqrt((gaps**2).sum(axis=2) / sum(f.weight for _, f in shared))
    rows, columns = linear_sum_assignment(distance**2)
    return {int(r): labels[c] for r, c in zip(rows, columns, strict=True) if distance[r, c] <= SAME_CLUSTER}


def _describe(
    columns: Mapping[str, Floats], prepared: Prepared, centres: Floats, codes: Labels, names: list[str]
) -> dict[str, object]:
    """Sizes, centres (typical customer, original units) and plain means of the known values, by label in number order."""
    order = sorted(range(len(names)), key=lambda i: int(names[i][1:]))
    sizes = np.bincount(codes, minlength=len(names))
    centre_of: dict[str, dict[str, float]] = {}
    means: dict[str, dict[str, float | None]] = {}
    for i in order:
        centre_of[names[i]] = {
            f.tag: tidy(float(f.unscale(centres[i, column]))) for column, f in enumerate(prepared.used)
        }
        means[names[i]] = {}
        for f in prepared.features:
            known = columns[f.tag][prepared.kept][codes == i]
            known = known[np.isfinite(known)]
            means[names[i]][f.tag] = tidy(float(known.mean())) if known.size else None
    return {"sizes": {names[i]: int(sizes[i]) for i in order}, "centres": centre_of, "means": means}
