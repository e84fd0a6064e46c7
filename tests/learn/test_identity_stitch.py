"""Devices in time: spans of sign-ins, second-hand and shared devices."""

from __future__ import annotations

from datetime import datetime, timedelta

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from huaxiang.learn.identity import stitch_devices
from huaxiang.learn.identity.stitch import shared_devices
from huaxiang.spec.models import IdentityKeySpec, Stitch

START = datetime(2024, 1, 1)
KEY = IdentityKeySpec(name="device", field="device_id", role="device", stitch=Stitch(back=10, keep=30, max_customers=2))


def _logins(rows: list[tuple[str, str, float, float]]) -> pa.Table:
    return pa.table({
        "value": pa.array([r[0] for r in rows], pa.string()), "customer_id": pa.array([r[1] for r in rows], pa.string()),
        "since": pa.array([START + timedelta(days=r[2]) for r in rows], pa.timestamp("us")),
        "until": pa.array([START + timedelta(days=r[3]) for r in rows], pa.timestamp("us")),
    })  # fmt: skip


def _owner(spans: pa.Table, value: str, day: float) -> str | None:
    moment = START + timedelta(days=day)
    hits = [
        r["customer_id"]
        for r in spans.to_pylist()
        if r["value"] == value
        and (r["since"] is None or r["since"] <= moment)
        and (r["until"] is None or moment < r["until"])
    ]
    assert len(hits) <= 1
    return hits[0] if hits else None


def test_rows_before_and_after_a_sign_in_belong_to_who_signed_in() -> None:
    spans = stitch_devices(_logins([("d", "a", 50, 60)]), KEY)
    assert [_owner(spans, "d", day) for day in (39, 41, 55, 89, 91)] == [None, "a", "a", "a", None]


def test_a_second_hand_device_changes_its_owner() -> None:
    spans = stitch_devices(_logins([("d", "a", 0, 50), ("d", "b", 200, 210)]), KEY)
    assert [_owner(spans, "d", day) for day in (20, 79, 100, 195, 205)] == ["a", "a", None, "b", "b"]


def test_whoever_signed_in_last_before_has_precedence() -> None:
    spans = stitch_devices(_logins([("d", "a", 0, 0), ("d", "b", 5, 5)]), KEY)
    assert [_owner(spans, "d", day) for day in (4, 5, 6)] == ["a", "b", "b"]


def test_a_shared_device_belongs_to_somebody_on_the_day_of_a_sign_in_only() -> None:
    logins = _logins([("d", who, day, day) for who, day in (("a", 0.5), ("b", 1.5), ("c", 2.5))])
    spans = stitch_devices(logins, KEY)
    assert [_owner(spans, "d", day) for day in (0.1, 0.9, 1.2, 2.9, 3.1)] == ["a", "a", "b", "c", None]
    assert shared_devices(logins, KEY) == [("d", 3)]


def test_a_sign_in_without_time_counts_where_it_is_the_only_customer() -> None:
    logins = pa.table({
        "value": ["d", "x", "x"], "customer_id": ["a", "a", "b"], "since": pa.nulls(3, pa.timestamp("us")), "until": pa.nulls(3, pa.timestamp("us")),
    })  # fmt: skip
    spans = stitch_devices(logins, KEY)
    assert spans.to_pylist() == [{"value": "d", "since": None, "until": None, "customer_id": "a"}]


def test_no_sign_ins_no_spans() -> None:
    assert stitch_devices(_logins([]), KEY).num_rows == 0


@pytest.mark.slow
@given(
    st.lists(
        st.tuples(st.sampled_from("de"), st.sampled_from("abc"), st.integers(0, 120), st.integers(0, 5)),
        min_size=1,
        max_size=12,
    ),
    st.randoms(),
)
def test_spans_equal_the_rule_written_out(rows: list[tuple[str, str, int, int]], random: object) -> None:
    """Each quarter of a day, compared with a search over all sign-ins."""
    full = [(d, who, since + 0.5, since + 0.5 + more) for d, who, since, more in rows]
    mixed = list(full)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    spans = stitch_devices(_logins(full), KEY)
    assert spans.equals(stitch_devices(_logins(mixed), KEY))
    for device in {r[0] for r in full}:
        signs = sorted({(t, who) for d, who, a, b in full if d == device for t in (a, b)})
        public = len({who for _t, who in signs}) > KEY.stitch.max_customers
        for quarter in range(640):
            day = quarter / 4 - 12
            assert _owner(spans, device, day) == _expected(signs, day, public=public)


def _expected(signs: list[tuple[float, str]], day: float, *, public: bool) -> str | None:
    before = [
        s
        for s in signs
        if s[0] <= day and (int(s[0] // 1) == int(day // 1) if public else day - s[0] <= KEY.stitch.keep)
    ]
    if before:
        last = max(t for t, _w in before)
        return max(w for t, w in before if t == last)  # of two in one moment the greater ID: they are sorted so
    after = [
        s
        for s in signs
        if s[0] > day and (int(s[0] // 1) == int(day // 1) if public else s[0] - day <= KEY.stitch.back)
    ]
    if after:
        first = min(t for t, _w in after)
        return next(iter(sorted({w for t, w in after if t == first}, reverse=False)))
    return None
