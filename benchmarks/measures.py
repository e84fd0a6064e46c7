"""How right a linking of records is: precision, recall and F1 of pairs, of records and of whole people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Quality:
    """Precision, recall and F1 of pairs of records, of records (B³: Bagga & Baldwin 1998), and of whole people (clusters that are
    exactly right: Menestrina, Whang & Garcia-Molina 2010).
    """

    pairs: tuple[float, float, float]
    records: tuple[float, float, float]
    clusters: tuple[float, float, float]

    def __str__(self) -> str:
        told = (("pairs", self.pairs), ("B³", self.records), ("clusters", self.clusters))
        return "   ".join(f"{name}  P {p:.4f}  R {r:.4f}  F1 {f:.4f}" for name, (p, r, f) in told)


def f1(precision: float, recall: float) -> tuple[float, float, float]:
    """Precision, recall and their harmonic mean."""
    return precision, recall, 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def pairs_in(sizes: np.ndarray) -> float:
    """Pairs of records within groups of these sizes."""
    return float((sizes.astype(np.int64) * (sizes.astype(np.int64) - 1) // 2).sum())


def quality(found: np.ndarray, truth: np.ndarray) -> Quality:
    """Compare two labellings of the same records."""
    cells, inverse, together = np.unique(
        np.column_stack([found, truth]), axis=0, return_inverse=True, return_counts=True
    )
    found_names, own, sizes = np.unique(found, return_inverse=True, return_counts=True)
    true_names, real, people = np.unique(truth, return_inverse=True, return_counts=True)
    right = pairs_in(together)
    exact = int(
        ((together[inverse.ravel()] == sizes[own]) & (together[inverse.ravel()] == people[real])).astype(float)
        @ (1 / sizes[own])
        + 0.5
    )
    shares = [
        float((together**2 / counts[np.searchsorted(names, cells[:, side])]).sum() / len(found))
        for side, (names, counts) in enumerate(((found_names, sizes), (true_names, people)))
    ]
    return Quality(
        f1(right / max(pairs_in(sizes), 1), right / max(pairs_in(people), 1)),
        f1(*shares),
        f1(exact / len(sizes), exact / len(people)),
    )
