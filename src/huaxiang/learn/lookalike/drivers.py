"""What makes customers look like the seed: how much each column matters to the ranking, and how seed and rest differ in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from huaxiang.learn.compare import share_divergence
from huaxiang.learn.lookalike.encode import Encoder, Kind, Matrix, numbers
from huaxiang.learn.lookalike.model import Model, auc

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Driver:
    """`loss`: AUC lost on held-out customers when the column is shuffled (Breiman 2001).

    Of a number `seed` and `rest` are medians (means where the medians are equal: `mean`) and `value` is None; of values they are the
    shares, among customers whose value is known, of the `value` that differs most.
    """

    name: str
    loss: float
    value: str | None
    seed: float | None
    rest: float | None
    mean: bool = False


def drivers_of(encoder: Encoder, model: Model, held: tuple[Matrix, Mask], most: int = 10) -> list[tuple[str, float]]:
    """The columns that matter most with the AUC lost without them, only those that matter at all; on held-out rows of the matrix."""
    matrix, seed = held
    order = np.random.default_rng(0).permutation(len(matrix))
    whole = model.score(matrix)
    losses = []
    for name, span in zip(encoder.names, encoder.spans, strict=True):
        if model.weights is None:
            shuffled = matrix.copy()
            shuffled[:, span] = matrix[order, span]
            scores = model.score(shuffled)
        else:  # of a linear model only the column's own part of the score changes
            own = matrix[:, span].astype(np.float64) @ model.weights[span]
            scores = whole - own + own[order]
        losses.append((name, auc(whole, seed) - auc(scores, seed)))
    ranked = sorted(losses, key=lambda entry: (-round(entry[1], 9), entry[0]))
    return [(name, loss) for name, loss in ranked[:most] if loss > 0.0005]


def describe(name: str, loss: float, column: pa.Array, kind: Kind, seed: Mask) -> Driver:
    """How seed and rest differ in a column."""
    if kind == "number":
        values = numbers(column)
        ours, others = (_middle(values[part], np.median) for part in (seed, ~seed))
        if ours != others:
            return Driver(name, loss, None, ours, others)
        ours, others = (_middle(values[part], np.mean) for part in (seed, ~seed))
        return Driver(name, loss, None, ours, others, mean=True)
    return Driver(name, loss, *_value(column, seed))


def _middle(values: NDArray[np.float64], how: Callable[..., Any]) -> float | None:
    known = values[~np.isnan(values)]
    return float(how(known)) if len(known) else None


def _value(column: pa.Array, seed: Mask) -> tuple[str | None, float | None, float | None]:
    """The value that tells most, and its share among those of seed and rest whose value is known."""
    rows = np.arange(len(column))
    if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
        lengths = pc.fill_null(pc.list_value_length(column), 0).to_numpy(zero_copy_only=False)
        known, rows, items = lengths > 0, np.repeat(rows, lengths), pc.list_flatten(column)
    else:
        known, items = pc.is_valid(column).to_numpy(zero_copy_only=False), column
    coded = pc.dictionary_encode(pc.cast(items, pa.string()))
    codes: Any = pc.fill_null(coded.indices, -1).to_numpy(zero_copy_only=False)
    inside, outside = (
        np.bincount(codes[(codes >= 0) & part[rows]], minlength=len(coded.dictionary)) for part in (seed, ~seed)
    )
    sizes = [int((known & part).sum()) for part in (seed, ~seed)]
    words = [str(word) for word in coded.dictionary.to_pylist()]
    if not words or 0 in sizes:
        return None, None, None
    divergence = [
        share_divergence(int(a), sizes[0], int(a + b), sum(sizes)) for a, b in zip(inside, outside, strict=True)
    ]
    best = min(range(len(words)), key=lambda i: (-round(divergence[i], 9), words[i]))
    return words[best], float(inside[best] / sizes[0]), float(outside[best] / sizes[1])
