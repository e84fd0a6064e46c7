"""How strongly two categorical columns, or two sets, go together: chi-square, Cramér's V, phi and lift."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from huaxiang.learn.evidence import benjamini_hochberg

Floats = NDArray[np.float64]
FEW = 5.0
"""Expected count below which chi-square is no good approximation (Cochran 1954)."""


@dataclass(frozen=True)
class Contingency:
    """The test of independence of a table. `few`: share of cells with an expected count below 5. V: 0 (independent) … 1."""

    chi_square: float
    degrees: int
    p: float
    cramers_v: float
    few: float
    customers: int


def contingency(counts: ArrayLike) -> Contingency | None:
    """Test a table of counts for independence (Pearson); rows and columns without anybody don't count. None below 2 × 2.

    Cramér's V = sqrt(χ² ÷ (n · (min(rows, columns) − 1))), without correction for bias.
    """
    table = np.asarray(counts, dtype=np.float64)
    table = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]
    if min(table.shape) < 2:
        return None
    from scipy import special

    n = float(table.sum())
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / n
    chi_square = float(((table - expected) ** 2 / expected).sum())
    degrees = (table.shape[0] - 1) * (table.shape[1] - 1)
    v = float(np.sqrt(chi_square / (n * (min(table.shape) - 1))))
    return Contingency(
        chi_square,
        degrees,
        float(special.chdtrc(degrees, chi_square)),
        min(v, 1.0),
        float((expected < FEW).mean()),
        int(n),
    )


@dataclass(frozen=True)
class Pairs:
    """Pairs of sets, arrays of one length: customers in both, lift (both ÷ expected), phi (−1 … 1), p, and q after Benjamini–Hochberg."""

    both: Floats
    lift: Floats
    phi: Floats
    p: Floats
    q: Floats


def pairs(both: ArrayLike, first: ArrayLike, second: ArrayLike, of: ArrayLike) -> Pairs:
    """Compare how often two sets meet with independence. `of`: the customers of whom both columns are known; `first`, `second`: those of
    them in each set. Test: Pearson's chi-square with one degree of freedom, without continuity correction; a pair with an expected count
    below 5 in any of the four cells, or a set that is nobody or everybody, is not tested: p and q are NaN.
    """
    from scipy import special

    x, a, b, n = (np.asarray(v, dtype=np.float64) for v in (both, first, second, of))
    with np.errstate(divide="ignore", invalid="ignore"):
        lift = x * n / (a * b)
        phi = (n * x - a * b) / np.sqrt(a * b * (n - a) * (n - b))
        least = np.minimum(a, n - a) * np.minimum(b, n - b) / n
        p = np.asarray(special.chdtrc(1, n * phi**2), dtype=np.float64)
    p = np.where(least >= FEW, p, np.nan)
    return Pairs(x, lift, phi, p, benjamini_hochberg(p))
