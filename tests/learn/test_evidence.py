"""The statistics against hand calculation, SciPy, and simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats
from scipy.stats.contingency import relative_risk

from huaxiang.learn.evidence import (
    benjamini_hochberg,
    compare_means,
    compare_shares,
    ratio_interval,
    two_proportions_p,
)

tables = st.tuples(st.integers(1, 80), st.integers(1, 400), st.data())


def one(*counts: float) -> list[np.ndarray]:
    return [np.array([float(c)]) for c in counts]


def test_tgi_by_hand() -> None:
    # 37 of 185 known in the segment, 72 of 801 in the base: 20% against 8.988…%.
    got = compare_shares(37, 185, 72, 801)
    assert got.share_segment[0] == 0.2
    assert got.share_base[0] == 72 / 801
    assert got.tgi[0] == pytest.approx(100 * 0.2 * 801 / 72)
    # By hand: pooled p = 72/801, z = (37/185 − 35/616) / sqrt(p(1−p)(1/185 + 1/616)).
    pooled = 72 / 801
    z = (37 / 185 - 35 / 616) / np.sqrt(pooled * (1 - pooled) * (1 / 185 + 1 / 616))
    assert got.p[0] == pytest.approx(2 * stats.norm.sf(z), rel=1e-12)


def profile_chi2(x1: int, n1: int, x2: int, n2: int, theta: float) -> float:
    """Score statistic of p1 = θ·p2 with the restricted likelihood maximised numerically."""

    def loss(p2: float) -> float:
        p1 = theta * p2
        terms = ((x1, p1), (n1 - x1, 1 - p1), (x2, p2), (n2 - x2, 1 - p2))
        return -sum(x * np.log(p) for x, p in terms if x)

    top = min(1.0, 1 / theta)
    p2 = optimize.minimize_scalar(loss, bounds=(1e-12, top * (1 - 1e-12)), method="bounded", options={"xatol": 1e-14}).x
    p1 = theta * p2
    return (x1 - n1 * p1) ** 2 / (n1 * p1 * (1 - p1)) + (x2 - n2 * p2) ** 2 / (n2 * p2 * (1 - p2))


@pytest.mark.parametrize("table", [(37, 185, 35, 616), (3, 40, 20, 90), (12, 15, 200, 400), (1, 50, 1, 70)])
def test_interval_ends_are_where_the_score_test_turns(table: tuple[int, int, int, int]) -> None:
    low, high = ratio_interval(*one(*table))
    for end in (low[0], high[0]):
        assert profile_chi2(*table, end) == pytest.approx(stats.chi2.ppf(0.95, 1), rel=1e-4)
    assert low[0] < (table[0] / table[1]) / (table[2] / table[3]) < high[0]


def test_interval_agrees_with_katz_log_for_large_counts() -> None:
    katz = relative_risk(3_700, 18_500, 3_500, 61_600).confidence_interval(0.95)
    low, high = ratio_interval(*one(3_700, 18_500, 3_500, 61_600))
    assert (low[0], high[0]) == (pytest.approx(katz.low, rel=1e-3), pytest.approx(katz.high, rel=1e-3))


def test_interval_maps_to_the_base_through_the_weight_of_the_segment() -> None:
    low, high = ratio_interval(*one(37, 185, 35, 616))
    got = compare_shares(37, 185, 72, 801)
    weight = 185 / 801
    assert got.low[0] == pytest.approx(100 * low[0] / (weight * low[0] + 1 - weight))
    assert got.high[0] == pytest.approx(100 * high[0] / (weight * high[0] + 1 - weight))


def test_zero_cells_have_sensible_ends() -> None:
    got = compare_shares([0, 5, 0, 10, 10], [10, 5, 50, 100, 10], [5, 5, 0, 10, 20], [100, 100, 500, 100, 20])
    assert got.tgi[0] == 0
    assert got.low[0] == 0
    assert 100 < got.high[0] < 1_000  # nobody of ten says little
    assert got.tgi[1] == got.high[1] == 2_000  # all holders are in the segment: 100/w is the highest TGI there is
    assert got.low[1] > 1_000
    assert np.isnan(got.tgi[2])
    assert (got.low[2], got.high[2], got.p[2]) == (0, 1_000, 1)
    assert (got.tgi[3], got.low[3], got.high[3], got.p[3]) == (100, 100, 100, 1)  # the segment is everyone
    assert got.p[4] == 1  # everybody has it
    assert not np.isnan(np.concatenate([got.low, got.high, got.p])).any()


def test_an_expected_count_of_just_five_is_no_small_one() -> None:
    p = two_proportions_p(*one(60, 70, 70, 70))[0]
    assert p == pytest.approx(float(stats.chi2_contingency([[60, 10], [70, 0]], correction=False)[1]), rel=1e-9)


def test_counts_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="holders must not exceed"):
        compare_shares(9, 5, 20, 100)


@settings(max_examples=150, deadline=None)
@given(tables)
def test_p_equals_scipy_and_the_interval_never_contradicts_it(drawn: tuple[int, int, st.DataObject]) -> None:
    n1, n2, data = drawn
    x1, x2 = data.draw(st.integers(0, n1)), data.draw(st.integers(0, n2))
    p = two_proportions_p(*one(x1, n1, x2, n2))[0]
    table = [[x1, n1 - x1], [x2, n2 - x2]]
    holders = x1 + x2
    if holders in (0, n1 + n2):
        assert p == 1
        return
    if min(n1, n2) * min(holders, n1 + n2 - holders) < 5 * (n1 + n2):
        assert p == pytest.approx(float(stats.fisher_exact(table)[1]), rel=1e-9)
        return
    assert p == pytest.approx(float(stats.chi2_contingency(table, correction=False)[1]), rel=1e-9, abs=1e-300)
    low, high = ratio_interval(*one(x1, n1, x2, n2))
    if abs(p - 0.05) > 1e-6:
        assert (p < 0.05) == bool(low[0] > 1 or high[0] < 1)


def test_interval_covers_the_truth_in_95_of_100() -> None:
    rng = np.random.default_rng(7)
    runs, n1, n2 = 4_000, 60, 300
    weight = n1 / (n1 + n2)
    for p1, p2 in ((0.2, 0.1), (0.05, 0.05), (0.6, 0.8)):
        x1, x2 = rng.binomial(n1, p1, runs), rng.binomial(n2, p2, runs)
        got = compare_shares(x1, n1, x1 + x2, n1 + n2)
        truth = 100 * p1 / (weight * p1 + (1 - weight) * p2)
        covered = ((got.low <= truth) & (truth <= got.high)).mean()
        assert 0.935 <= covered <= 0.975, (p1, p2, covered)


def test_means_against_scipy_and_fieller_by_duality() -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(50, 10, 400)
    members = np.arange(400) < 90
    values[members] += 4
    values[[5, 200]] = np.nan
    got = compare_means(values, members)
    assert got is not None
    known = ~np.isnan(values)
    inside, outside = values[known & members], values[known & ~members]
    assert got.p == pytest.approx(stats.ttest_ind(inside, outside, equal_var=False).pvalue, rel=1e-10)
    assert (got.n_segment, got.n_base) == (89, 398)
    assert got.index == pytest.approx(100 * inside.mean() / values[known].mean())
    assert got.median_segment == np.median(inside)
    assert got.low is not None
    assert got.high is not None
    # At the interval's ends the t statistic of m1 − θ·m2 is exactly the critical value.
    v1, v2 = inside.var(ddof=1) / inside.size, outside.var(ddof=1) / outside.size
    freedom = (v1 + v2) ** 2 / (v1**2 / (inside.size - 1) + v2**2 / (outside.size - 1))
    weight = inside.size / 398
    for end in (got.low, got.high):
        share = end / 100
        theta = share * (1 - weight) / (1 - weight * share)
        t = abs(inside.mean() - theta * outside.mean()) / np.sqrt(v1 + theta**2 * v2)
        assert t == pytest.approx(stats.t.ppf(0.975, freedom), rel=1e-9)


def test_one_giant_makes_no_finding() -> None:
    values = np.full(300, 10.0) + np.arange(300) % 7
    members = np.arange(300) < 40
    values[0] = 100_000.0
    got = compare_means(values, members)
    assert got is not None
    assert got.index is not None
    assert got.index > 500
    assert got.p > 0.05


def test_means_without_sense_have_no_index() -> None:
    members = np.arange(6) < 3
    assert compare_means(np.array([1.0, np.nan, np.nan, 2, 3, 4]), members) is None
    negative = compare_means(np.array([-1.0, -2, -3, -4, -5, -6]), members)
    assert negative is not None
    assert (negative.index, negative.low) == (None, None)
    near_zero = compare_means(np.array([5.0, 6, 7, -1, 0, 1.2]), members)
    assert near_zero is not None
    assert near_zero.low is None  # the rest's mean is not clearly above zero: a ratio to it has no bounds


def test_zeros_only_in_the_segment() -> None:
    values = np.concatenate([np.zeros(50), np.linspace(1, 9, 200)])
    got = compare_means(values, np.arange(250) < 50)
    assert got is not None
    assert got.index == 0
    assert got.high is not None
    assert got.high < 100
    assert got.p < 1e-10


@pytest.mark.parametrize("skewed", [False, True])
def test_means_interval_covers_and_test_holds_its_level(skewed: bool) -> None:
    rng = np.random.default_rng(11)
    runs, n1, n2 = 800, 80, 320
    members = np.arange(n1 + n2) < n1
    covered = rejected = 0
    for _ in range(runs):
        values = rng.lognormal(3, 0.8, n1 + n2) if skewed else rng.normal(100, 30, n1 + n2)
        got = compare_means(values, members)
        assert got is not None
        assert got.low is not None
        assert got.high is not None
        covered += got.low <= 100 <= got.high
        rejected += got.p <= 0.05
    assert 0.92 <= covered / runs <= 0.975
    assert rejected / runs <= 0.065


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=60))
def test_q_equals_scipy(p: list[float]) -> None:
    np.testing.assert_allclose(benjamini_hochberg(p), stats.false_discovery_control(p), rtol=1e-12, atol=1e-300)


def test_q_leaves_missing_tests_out() -> None:
    q = benjamini_hochberg([0.01, np.nan, 0.04])
    assert np.isnan(q[1])
    assert q[[0, 2]].tolist() == [0.02, 0.04]
    assert np.isnan(benjamini_hochberg([np.nan])).all()


def test_false_discoveries_stay_below_alpha() -> None:
    """80 true nulls and 20 real differences, 400 times: the mean share of false ones among discoveries."""
    rng = np.random.default_rng(3)
    n1, n2, shares = 150, 600, []
    p2 = rng.uniform(0.1, 0.6, (400, 100))
    p1 = np.where(np.arange(100) < 20, np.minimum(p2 * 1.5, 0.95), p2)
    x1, x2 = rng.binomial(n1, p1).ravel(), rng.binomial(n2, p2).ravel()
    for p in compare_shares(x1, n1, x1 + x2, n1 + n2).p.reshape(400, 100):
        found = benjamini_hochberg(p) <= 0.05
        shares.append(found[20:].sum() / max(1, found.sum()))
    assert 0.01 < np.mean(shares) <= 0.05
