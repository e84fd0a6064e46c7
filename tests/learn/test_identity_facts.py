"""How alike two names are: edits as by the plain definition."""

from __future__ import annotations

from functools import cache

from hypothesis import given
from hypothesis import strategies as st

from huaxiang.learn.identity.facts import name_points, within

TEXT = st.text("abc", max_size=7)


def edits(one: str, two: str) -> int:
    """Optimal string alignment by its recursion."""

    @cache
    def left(i: int, j: int) -> int:
        if not i or not j:
            return i + j
        ways = [left(i - 1, j) + 1, left(i, j - 1) + 1, left(i - 1, j - 1) + (one[i - 1] != two[j - 1])]
        if i > 1 and j > 1 and one[i - 1] == two[j - 2] and one[i - 2] == two[j - 1]:
            ways.append(left(i - 2, j - 2) + 1)
        return min(ways)

    return left(len(one), len(two))


@given(TEXT, TEXT, st.integers(0, 4))
def test_edits_between_two_texts(one: str, two: str, most: int) -> None:
    assert within(one, two, most) == (edits(one, two) <= most)


def test_points_of_latin_names() -> None:
    assert name_points("anna schmidt", "anna schmitd") == 1  # neighbours swapped
    assert name_points("a schmidt", "anna schmidt") == 1  # an initial
    assert name_points("anna", "anna schmidt") == 1  # a part
    assert name_points("anna schmidt", "otto schmidt") == -2
