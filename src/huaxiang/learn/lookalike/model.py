"""Models that rank customers by likeness to a seed, and the trivial one that any of them must beat.

Positive–unlabelled learning (Elkan & Noto 2008): the seed is known to be alike; of the rest nobody knows. Trained as seed against rest, a
classifier's score is not the probability of being alike, but under selection at random it rises with it: it ranks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from huaxiang.learn.lookalike.encode import Encoder, Matrix

ModelName = Literal["logistic", "boosting"]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

STRENGTHS = (0.001, 0.01, 0.1, 1.0)
"""Candidates of C, the inverse of the L2 penalty, for TUNING_ROWS rows; chosen by cross-validated AUC."""
FOLDS = 3
TUNING_ROWS = 12_000


@dataclass(frozen=True)
class Model:
    """`weights` (and `intercept`) of a logistic regression, or `trees`; `note`: how it was fitted."""

    name: ModelName
    weights: Floats | None
    intercept: float
    trees: Any
    settings: dict[str, float]

    def score(self, matrix: Matrix) -> Floats:
        """A score a row; higher is more like the seed. On the scale of log-odds in the training sample."""
        if self.weights is not None:
            return matrix.astype(np.float64) @ self.weights + self.intercept
        return np.asarray(self.trees.decision_function(matrix), dtype=np.float64)


def fit_model(name: ModelName, matrix: Matrix, seed: Mask) -> Model:
    """Fit to the rows of a training sample; both classes weigh the same. Deterministic, on one thread's arithmetic."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        return _logistic(matrix, seed) if name == "logistic" else _boosting(matrix, seed)


def _logistic(matrix: Matrix, seed: Mask) -> Model:
    strength, share = _strength(matrix, seed)
    fitted = _fit(matrix, seed, strength * share)  # C weighs the sum over rows: the same penalty a row
    return Model(
        "logistic", fitted.coef_[0].astype(np.float64), float(fitted.intercept_[0]), None, {"C": strength * share}
    )


def _fit(matrix: Matrix, seed: Mask, strength: float) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=strength, class_weight="balanced", max_iter=300, tol=1e-4).fit(matrix, seed)


def _strength(matrix: Matrix, seed: Mask) -> tuple[float, float]:
    """C by 3-fold cross-validation (of equals the stronger penalty), and the share of the rows that it was found on."""
    rows = _thinned(seed)
    fold = np.zeros(len(rows), np.int64)
    for part in (seed[rows], ~seed[rows]):
        fold[part] = np.arange(int(part.sum())) % FOLDS
    x, y = matrix[rows], seed[rows]
    means = []
    for strength in STRENGTHS:
        scores = [_fold_auc(x, y, fold == number, strength) for number in range(FOLDS)]
        means.append(round(float(np.mean(scores)), 4))
    return STRENGTHS[int(np.argmax(means))], len(rows) / len(seed)


def _fold_auc(x: Matrix, y: Mask, held: Mask, strength: float) -> float:
    fitted = _fit(x[~held], y[~held], strength)
    return auc(x[held].astype(np.float64) @ fitted.coef_[0], y[held])


def _thinned(seed: Mask) -> NDArray[np.int64]:
    """At most TUNING_ROWS rows, evenly taken from seed and rest."""
    parts = []
    for part in (np.flatnonzero(seed), np.flatnonzero(~seed)):
        step = max(1, -(-len(part) * 2 // TUNING_ROWS))
        parts.append(part[::step])
    return np.sort(np.concatenate(parts))


def _boosting(matrix: Matrix, seed: Mask) -> Model:
    from sklearn.ensemble import HistGradientBoostingClassifier

    settings = {
        "learning_rate": 0.1,
        "max_iter": 80,
        "max_leaf_nodes": 15,
        "min_samples_leaf": 40,
        "l2_regularization": 1.0,
    }
    trees = HistGradientBoostingClassifier(
        **settings, class_weight="balanced", early_stopping=False, max_bins=63, random_state=0
    )
    return Model("boosting", None, 0.0, trees.fit(matrix, seed), settings)


def auc(scores: Floats, seed: Mask) -> float:
    """Area under the ROC curve: the chance that one of the seed scores above one of the rest (ties count half)."""
    from scipy.stats import rankdata

    positives = int(seed.sum())
    negatives = len(seed) - positives
    if positives == 0 or negatives == 0:
        return 0.5
    ranks = rankdata(scores)
    return float((ranks[seed].sum() - positives * (positives + 1) / 2) / (positives * negatives))


@dataclass(frozen=True)
class Baseline:
    """One column alone: a logistic regression over its part of the matrix."""

    name: str
    columns: NDArray[np.int64]
    weights: Floats

    def score(self, matrix: Matrix) -> Floats:
        """A score a row."""
        return matrix[:, self.columns].astype(np.float64) @ self.weights


def fit_baseline(encoder: Encoder, matrix: Matrix, seed: Mask) -> Baseline:
    """The single column that tells seed and rest of the training sample best apart: rates of the seed by its values and bins.

    Weights are log-odds of each column of the matrix against the rest (half a customer added to each cell).
    """
    weights = _rates(matrix, seed)
    best: tuple[float, int] = (-1.0, 0)
    for number, span in enumerate(encoder.spans):
        found = auc(matrix[:, span].astype(np.float64) @ weights[span], seed)
        best = max(best, (round(found, 6), -number))
    span = encoder.spans[-best[1]]
    return Baseline(encoder.names[-best[1]], np.arange(span.start, span.stop), weights[span])


def _rates(matrix: Matrix, seed: Mask) -> Floats:
    """Log of (share of the seed that has it ÷ share of the rest); 0 for columns that hold more than ones."""
    plain = ((matrix == 0) | (matrix == 1)).all(axis=0)
    inside, outside = ((matrix[part] > 0.5).sum(axis=0) for part in (seed, ~seed))
    sizes: Sequence[int] = (int(seed.sum()), int((~seed).sum()))
    ratio = ((inside + 0.5) / (sizes[0] + 1)) / ((outside + 0.5) / (sizes[1] + 1))
    return np.where(plain, np.log(ratio), 0.0)
