"""Numbers that no exact sum can hold."""

from __future__ import annotations

import math

import pyarrow as pa
from tests.store.test_cleaning import one, run


def test_numbers_that_no_exact_sum_can_hold_are_at_fault() -> None:
    most = [2.0**63, -(2.0**63), 1e21, -1e308, math.inf, -math.inf]
    assert [fault for _, fault, _ in run("number", pa.array(most))] == ["out_of_range"] * 6
    assert [fault for _, fault, _ in run("number", [repr(n) for n in most[:4]])] == ["out_of_range"] * 4
    below = [math.nextafter(2.0**63, 0), -math.nextafter(2.0**63, 0), 1e18, math.nan]
    assert [(value, fault) for value, fault, _ in run("number", pa.array(below))] == [(n, "") for n in below[:3]] + [
        (None, "")
    ]
    assert one("number", 4e18, scale=3)[1] == "out_of_range"
