"""Is a rule more than chance? Fisher's exact test, and a correction for all the rules that were looked through."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln

Floats = NDArray[np.float64]
_ENOUGH = 1e-17
_STEPS = 64


def fisher_exact(both: ArrayLike, first: ArrayLike, second: ArrayLike, size: ArrayLike) -> Floats:
    """Two-sided p of independence for many 2 × 2 tables at once: twice the smaller exact (hypergeometric) tail, at most 1.

    `both` of `size` transactions hold A and C, `first` hold A, `second` hold C; all broadcast. Tails are summed term by term from the
    observed table outwards until they no longer change, so that p stays exact where it is tiny. Twice the smaller tail answers
    "either direction?" without favouring one, as the direction of a rule is read off the same data.
    """
    tables = [np.atleast_1d(a).astype(np.float64) for a in np.broadcast_arrays(both, first, second, size)]
    x, a, c, n = tables
    if ((x < 0) | (x > np.minimum(a, c)) | (np.maximum(a, c) > n) | (a + c - x > n)).any():
        raise ValueError("not the counts of a 2 × 2 table")
    # Holding C or not is symmetric: the lower tail of (both, second) is the upper tail of (first - both, size - second).
    point = _log_point(x, a, c, n)
    expected = np.where(n > 0, a * c / np.maximum(n, 1), 0.0)
    over = x >= expected
    tail = _upper_tail(np.where(over, x, a - x), a, np.where(over, c, n - c), n)
    with np.errstate(under="ignore"):
        return np.minimum(1.0, 2 * np.exp(point) * tail)


def _log_point(x: Floats, a: Floats, c: Floats, n: Floats) -> Floats:
    """Logarithm of the hypergeometric probability of exactly the observed table."""
    return _ln_choose(c, x) + _ln_choose(n - c, a - x) - _ln_choose(n, a)


def _ln_choose(n: Floats, k: Floats) -> Floats:
    return np.asarray(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1), dtype=np.float64)


def _upper_tail(x: Floats, a: Floats, c: Floats, n: Floats) -> Floats:
    """Σ P(k) / P(x) over k = x … min(a, c): terms fall from the mode on, each from the one before."""
    total, term = np.ones_like(x), np.ones_like(x)
    left = np.arange(len(x))
    at = x.copy()
    while len(left):
        for _ in range(_STEPS):
            k, aa, cc = at[left], a[left], c[left]
            ratio = (aa - k) * (cc - k) / ((k + 1) * (n[left] - aa - cc + k + 1))
            term[left] *= ratio
            total[left] += term[left]
            at[left] += 1
        left = left[term[left] > _ENOUGH * total[left]]
    return total


def corrected(p: ArrayLike, lengths: ArrayLike, items: int) -> Floats:
    """Correct the p of rules of `lengths` items in all for every rule that a search over `items` items looks through.

    Bonferroni within layers (Webb 2008, "Layered critical values", with halving weights): there are C(items, k)·(2^k - 2) rules of k
    items, and layer k = 2, 3, … may spend 1/2, 1/4, … of the error, so p is multiplied by their product with 2^(k - 1). That holds
    however the rules depend on each other, whatever was asked of support, confidence or lift, and for any greatest length.
    """
    length = np.asarray(lengths, dtype=np.float64)
    ways = _ln_choose(np.full_like(length, float(items)), length) + np.log(2.0**length - 2) + (length - 1) * np.log(2)
    with np.errstate(divide="ignore", under="ignore", over="ignore"):
        least = np.minimum(0.0, np.log(np.asarray(p, dtype=np.float64)) + ways)
        return np.asarray(np.exp(least), dtype=np.float64)
