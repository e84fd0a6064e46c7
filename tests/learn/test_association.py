"""Chi-square, Cramér's V, phi and lift against SciPy and their definitions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import chi2_contingency
from scipy.stats.contingency import association

from huaxiang.learn.association import contingency, pairs


@given(arrays(np.int64, st.tuples(st.integers(2, 5), st.integers(2, 5)), elements=st.integers(0, 60)))
def test_a_table_is_tested_as_scipy_tests_it(table: np.ndarray) -> None:
    kept = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]
    found = contingency(table)
    if min(kept.shape) < 2:
        assert found is None
        return
    assert found is not None
    told = chi2_contingency(kept, correction=False)
    assert found.chi_square == pytest.approx(told.statistic)
    assert found.p == pytest.approx(told.pvalue, abs=1e-12)
    assert found.degrees == told.dof
    assert found.cramers_v == pytest.approx(association(kept, method="cramer"), abs=1e-9)
    assert found.few == pytest.approx((told.expected_freq < 5).mean())


@given(st.integers(0, 400), st.integers(0, 400), st.integers(0, 400), st.integers(0, 400))
def test_a_pair_of_sets_is_a_table_of_two_by_two(both: int, only_first: int, only_second: int, neither: int) -> None:
    n, a, b = both + only_first + only_second + neither, both + only_first, both + only_second
    assume(0 < a < n and 0 < b < n)
    found = pairs([both], [a], [b], [n])
    table = np.array([[both, only_first], [only_second, neither]])
    told = chi2_contingency(table, correction=False)
    assert found.lift[0] == pytest.approx(both / (a * b / n))
    assert found.phi[0] ** 2 * n == pytest.approx(told.statistic, abs=1e-8)
    if told.expected_freq.min() < 5:
        assert np.isnan(found.p[0]) and np.isnan(found.q[0])
    else:
        assert found.p[0] == pytest.approx(told.pvalue, abs=1e-12)
        assert found.q[0] == found.p[0], "one comparison needs no correction"


def test_a_set_that_is_everybody_is_not_tested() -> None:
    found = pairs([10, 30], [10, 60], [100, 50], [100, 100])
    assert np.isnan(found.p).tolist() == [True, False]
    assert found.q[1] == found.p[1]
