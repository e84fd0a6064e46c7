"""Lookalikes 相似人群扩展: from a seed audience to the other customers most like it. Method and limits: docs/lookalike.md."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from huaxiang.app.audiences.staleness import stale_in
from huaxiang.app.lookalike_answer import describe_drivers, feature_report, warnings_of
from huaxiang.app.lookalike_features import Features, choose_features
from huaxiang.app.members import customer_mask, decided_against
from huaxiang.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from huaxiang.app.lookalike_split import Split
    from huaxiang.learn.lookalike import Baseline, Encoder, Lifts, Model
    from huaxiang.store.snapshots import Snapshot

LOOKALIKE_KEYS = (
    "snapshot", "as_of", "seed", "rest", "exclude", "candidates", "size", "share", "least_score", "model", "features", "curve", "auc",
    "baseline", "drivers", "warnings", "note", "file", "seconds", "stale",
)  # fmt: skip
SMALLEST_SEED = 50
TOPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5)
DRIVER_ROWS = {"logistic": 20_000, "boosting": 5_000}
"""Held-out customers on whom the drivers are measured: trees have to score them anew for each column."""
BATCH = 32_768
NOTE = {
    "zh": "正例—未标注学习：其余客户中也可能有尚未发现的同类，因此提升度是下限；分数只用于排序，不是概率。",
    "en": "Positive–unlabelled learning: among the rest there may be customers of the same kind who are not known yet, so lifts are lower "
    "bounds; scores rank, they are no probabilities.",
}  # fmt: skip


@dataclass(frozen=True)
class LookalikeQuestion:
    """How many to find: `size` customers, or a `share` (0–1] of those who are neither seed nor excluded; exactly one of them.

    `exclude`: an audience to leave out; `holdout`: the part of the seed kept for the test.
    """

    size: int | None = None
    share: float | None = None
    exclude: str | None = None
    model: Literal["logistic", "boosting"] = "logistic"
    holdout: float = 0.3


@dataclass(frozen=True)
class Lookalikes:
    """`answer`: LOOKALIKE_KEYS; `ids` and `scores` of the customers found, the most alike first."""

    answer: dict[str, Any]
    ids: pa.Array
    scores: NDArray[np.float64]


@dataclass(frozen=True)
class _Trained:
    encoder: Encoder
    model: Model
    baseline: Baseline
    drivers: list[dict[str, Any]]


def find_lookalikes(snapshot: Snapshot, seed: str, question: LookalikeQuestion, to: Path | None = None) -> Lookalikes:
    """Find the customers most like those of the audience `seed` (a name or condition), and say how good the ranking is.

    Deterministic; equal scores fall in the order of customer IDs. `to`: also write customer_id, score and rank to a .csv or .parquet
    file. Raises UsageError for a seed under 50 customers, too few others, no usable column, or a question out of range.
    """
    from huaxiang.app.lookalike_split import Roles, check_target, split_customers, write_list

    begin = time.perf_counter()
    _check(question)
    if to is not None:
        check_target(to)
    members = customer_mask(snapshot, seed)
    excluded = customer_mask(snapshot, question.exclude) if question.exclude is not None else members & ~members
    roles = Roles(members, excluded, decided_against(snapshot, seed))
    split = split_customers(snapshot.table("customers"), roles, question.holdout)
    size = _breadth(split, question)
    features = choose_features(snapshot.manifest, seed)
    trained = _train(snapshot, features, split, question)
    scores, baseline = _score(snapshot, trained, split)
    lifts, baseline_lifts, gain = _test(scores, baseline, split, size)
    chosen = _top(scores, split, size)
    ids, found = split.ids.take(chosen), scores[chosen]
    if to is not None:
        write_list(to, ids, found)
    answer = {
        "snapshot": snapshot.id, "as_of": snapshot.manifest["as_of"],
        "seed": {"audience": seed, "customers": int(members.sum()), "train": len(split.seed_train), "held_out": len(split.seed_held)},
        "rest": _rest(split, chosen),
        "exclude": question.exclude, "candidates": len(split.candidates), "size": size, "share": round(size / len(split.candidates), 6),
        "least_score": round(float(found[-1]), 6), "model": {"name": question.model, "settings": trained.model.settings},
        "features": feature_report(features, trained.encoder), "curve": _curve(lifts, baseline_lifts, split, size),
        "auc": {"value": round(lifts.auc, 4), "low": round(lifts.auc_low, 4), "high": round(lifts.auc_high, 4)},
        "baseline": _baseline(trained, features, baseline_lifts, gain), "drivers": trained.drivers,
        "warnings": warnings_of(
            lifts, baseline_lifts, gain, features.infos[trained.baseline.name], untested=float(split.undecided[chosen].mean())
        ),
        "note": NOTE, "file": str(to) if to is not None else None, "seconds": round(time.perf_counter() - begin, 1),
        "stale": stale_in(snapshot, seed, question.exclude),
    }  # fmt: skip
    return Lookalikes(answer, ids, found)


def _check(question: LookalikeQuestion) -> None:
    if (question.size is None) == (question.share is None):
        raise UsageError("say how many to find: either a size or a share", "请指定要找多少人：人数或占比，二选一")
    if (question.size is not None and question.size < 1) or (
        question.share is not None and not 0 < question.share <= 1
    ):
        raise UsageError(
            "the size must be at least 1, the share above 0 and at most 100%",
            "人数至少为 1，占比须大于 0 且不超过 100%",
        )
    if question.model not in DRIVER_ROWS:
        known = ", ".join(DRIVER_ROWS)
        raise UsageError(
            f'there is no model "{question.model}"; known: {known}', f"没有模型“{question.model}”；可用：{known}"
        )
    if not 0.1 <= question.holdout <= 0.5:
        raise UsageError("hold out between 0.1 and 0.5 of the seed", "留出比例应在 0.1 到 0.5 之间")


def _breadth(split: Split, question: LookalikeQuestion) -> int:
    seed, others = len(split.seed_train) + len(split.seed_held), len(split.candidates)
    if others < SMALLEST_SEED:
        raise UsageError(
            f"only {others} customers are neither seed nor excluded: nobody to choose among; narrow the seed or the exclusion",
            f"除种子和排除的人群外只剩 {others} 人，无从选择；请收窄种子或排除条件",
        )
    if seed < SMALLEST_SEED:
        raise UsageError(
            f"the seed has {seed} customers who are not excluded; at least {SMALLEST_SEED} are needed to learn from and to test on: "
            "widen its condition or narrow the exclusion",
            f"除去排除的人，种子人群只有 {seed} 人，至少需要 {SMALLEST_SEED} 人才能训练和检验；请放宽种子条件或收窄排除条件",
        )
    size = question.size if question.size is not None else max(1, round((question.share or 0) * others))
    if size > others:
        raise UsageError(
            f"{size:,} are asked for, but only {others:,} customers are neither seed nor excluded; ask for fewer",
            f"要找 {size:,} 人，但除种子和排除的人群外只有 {others:,} 人；请减少人数",
        )
    return size


def _train(snapshot: Snapshot, features: Features, split: Split, question: LookalikeQuestion) -> _Trained:
    from huaxiang.app.lookalike_split import read_rows
    from huaxiang.learn.lookalike import drivers_of, fit_baseline, fit_encoder, fit_model

    if not features.kinds:
        raise UsageError(
            "no column is left to learn from: all are read by the seed's definition, personal, or texts and dates; add tags of other data",
            "没有可用的特征：其余列要么被种子定义用到，要么是个人信息、文本或日期；请增加来自其他数据的标签",
        )
    rows = split.training_rows()
    held = split.driver_rows(DRIVER_ROWS[question.model])
    table = read_rows(snapshot.table("customers"), list(features.kinds), rows | held)
    place = rows[rows | held]
    sample, seed = table.filter(place), split.is_seed[rows]
    encoder = fit_encoder(sample, features.kinds)
    if not encoder.names:
        raise UsageError(
            "every column that is left to learn from is empty or the same for all; add tags that differ between customers",
            "可用的特征全为空或取值都相同；请增加有区分度的标签",
        )
    matrix = encoder.encode(sample)
    model = fit_model(question.model, matrix, seed)
    tested = (encoder.encode(table.filter(held[rows | held])), split.is_seed[held])
    ranked = drivers_of(encoder, model, tested)
    drivers = describe_drivers(ranked, features, sample, seed)
    return _Trained(encoder, model, fit_baseline(encoder, matrix, seed), drivers)


def _score(snapshot: Snapshot, trained: _Trained, split: Split) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Scores of all customers by the model and by the baseline, batch by batch."""
    import numpy as np
    from pyarrow import parquet
    from threadpoolctl import threadpool_limits

    scores, baseline = np.empty(len(split.is_seed)), np.empty(len(split.is_seed))
    at = 0
    with parquet.ParquetFile(snapshot.table("customers")) as file, threadpool_limits(limits=1, user_api="blas"):
        for batch in file.iter_batches(batch_size=BATCH, columns=list(trained.encoder.names)):
            matrix = trained.encoder.encode(batch)
            end = at + len(matrix)
            scores[at:end], baseline[at:end] = trained.model.score(matrix), trained.baseline.score(matrix)
            at = end
    return np.round(scores, 9), np.round(baseline, 9)  # the last bits may depend on the machine's arithmetic


def _test(
    scores: NDArray[np.float64], baseline: NDArray[np.float64], split: Split, size: int
) -> tuple[Lifts, Lifts, tuple[float, float, float]]:
    """Lift of model and baseline on held-out customers, and by how much the model's AUC is above."""
    from huaxiang.learn.lookalike import measure_lifts
    from huaxiang.learn.lookalike.lift import auc_difference

    rows = split.test_rows()
    seed = split.is_seed[rows]
    tops = _tops(size, len(split.candidates))
    gain = auc_difference(scores[rows], baseline[rows], seed)
    return measure_lifts(scores[rows], seed, tops), measure_lifts(baseline[rows], seed, tops), gain


def _tops(size: int, others: int) -> list[float]:
    """The shares at which lift is told, with the one asked for unless it is one of them to the customer."""
    asked = [] if any(round(top * others) == size for top in TOPS) else [size / others]
    return sorted([*TOPS, *asked])


def _top(scores: NDArray[np.float64], split: Split, size: int) -> NDArray[np.int64]:
    """Rows of the best candidates; of equals the one with the smaller customer ID, which is the order of the table."""
    import numpy as np

    order = np.argsort(-scores[split.candidates], kind="stable")
    return split.candidates[order[:size]]


def _rest(split: Split, chosen: NDArray[np.int64]) -> dict[str, int]:
    """Customers outside the seed that train and test, and those of whom the data do not tell whether they meet its definition."""
    return {
        "train": len(split.rest_train), "held_out": len(split.rest_held), "undecided": int(split.undecided.sum()),
        "undecided_found": int(split.undecided[chosen].sum()),
    }  # fmt: skip


def _curve(lifts: Lifts, baseline: Lifts, split: Split, size: int) -> list[dict[str, Any]]:
    others = len(split.candidates)
    points = []
    for i, top in enumerate(lifts.tops):
        best = min(1 / top, 1 / split.seed_share())
        lift = {
            "lift": lifts.lift[i],
            "low": lifts.low[i],
            "high": lifts.high[i],
            "baseline": baseline.lift[i],
            "random": 1,
            "best": best,
        }
        points.append(
            {"top": round(top, 6), "customers": round(top * others), "reached": round(float(lifts.reached[i]), 4)}
            | {name: round(float(value), 3) for name, value in lift.items()}
            | {"asked": round(top * others) == size}
        )
    return points


def _baseline(trained: _Trained, features: Features, lifts: Lifts, gain: tuple[float, float, float]) -> dict[str, Any]:
    info = features.infos[trained.baseline.name]
    value, low, high = (round(x, 4) for x in gain)
    return {
        "tag": info["name"], "title": info.get("title"), "auc": round(lifts.auc, 4),
        "model_above": {"value": value, "low": low, "high": high},
    }  # fmt: skip
